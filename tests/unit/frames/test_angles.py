import numpy as np
import pytest

from kambin.core import InputError
from kambin.frames import CONVENTION, angles_from_direction, direction_from_angles


def test_the_convention_has_a_name() -> None:
    assert CONVENTION == "kambin-1"


@pytest.mark.parametrize(
    ("lateral_posterior_cranial", "angles"),
    [
        ((1.0, 0.0, 0.0), (90.0, 0.0)),
        ((0.0, 1.0, 0.0), (0.0, 0.0)),
        ((0.0, 0.0, 1.0), (0.0, 90.0)),
        ((0.0, 0.0, -2.0), (0.0, -90.0)),
        ((1.0, 1.0, 0.0), (45.0, 0.0)),
        ((-1.0, 1.0, 0.0), (-45.0, 0.0)),
        ((0.0, 1.0, 1.0), (0.0, 45.0)),
    ],
)
def test_plain_directions_have_plain_angles(lateral_posterior_cranial, angles) -> None:
    assert angles_from_direction(lateral_posterior_cranial) == pytest.approx(angles)


def test_a_direction_from_angles_has_length_one() -> None:
    assert np.linalg.norm(direction_from_angles(63.0, -12.0)) == pytest.approx(1.0)


@pytest.mark.parametrize("direction", [(0.0, 0.0, 0.0), (np.nan, 0.0, 1.0), (np.inf, 0.0, 1.0)])
def test_a_direction_without_length_is_refused(direction) -> None:
    with pytest.raises(InputError, match="IN-046"):
        angles_from_direction(direction)
