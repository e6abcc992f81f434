import numpy as np
import pytest

from kambin.core import InputError
from kambin.imaging import Grid, tube_distance


@pytest.fixture
def a_grid_around_a_root() -> Grid:
    return Grid(np.array([-5.0, -5.0, -5.0]), 1.0, (11, 11, 16), "frame")


def test_a_capsule_is_exact(a_grid_around_a_root) -> None:
    field = tube_distance([[0.0, 0.0, 0.0], [0.0, 0.0, 5.0]], 2.0, a_grid_around_a_root)
    assert field.sample([[3.0, 4.0, 2.0], [0.0, 0.0, 9.0], [0.0, 0.0, 2.0]]) == pytest.approx(
        [3.0, 2.0, -2.0], abs=1e-5
    )
    assert field.sigma_mm == 0.0
    assert field.slope <= 1.0001


def test_one_point_is_a_ball(a_grid_around_a_root) -> None:
    field = tube_distance([0.0, 0.0, 0.0], [1.5], a_grid_around_a_root)
    assert field.sample([[0.0, 3.0, 4.0]]) == pytest.approx([3.5], abs=1e-5)


@pytest.mark.parametrize(
    ("points", "radii"),
    [
        (np.empty((0, 3)), 1.0),
        ([[0.0, np.nan, 0.0]], 1.0),
        ([[0.0, 0.0, 0.0]], -1.0),
        ([[0.0, 0.0, 0.0]], np.inf),
    ],
)
def test_a_line_that_is_none_is_refused(points, radii, a_grid_around_a_root) -> None:
    with pytest.raises(InputError, match="IN-043"):
        tube_distance(points, radii, a_grid_around_a_root)
