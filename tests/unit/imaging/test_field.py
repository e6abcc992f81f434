import numpy as np
import pytest

from kambin.core import InputError
from kambin.imaging import Field, Grid


@pytest.fixture
def a_ramp() -> Field:
    """A field that grows by 2 mm per mm to the left."""
    grid = Grid(np.array([10.0, 0.0, 0.0]), 0.5, (4, 3, 3), "frame")
    values = np.zeros(grid.shape, dtype=np.float32)
    values += np.arange(4, dtype=np.float32)[:, None, None]
    return Field.measured(grid, values, 0.1)


def test_the_slope_is_measured(a_ramp) -> None:
    assert a_ramp.slope == pytest.approx(2.0)


def test_between_nodes_the_field_is_linear(a_ramp) -> None:
    assert a_ramp.sample([[10.25, 0.5, 0.5], [11.0, 0.1, 0.9]]) == pytest.approx([0.5, 2.0])


def test_beyond_the_border_the_field_is_held(a_ramp) -> None:
    assert a_ramp.sample([[0.0, 0.0, 0.0], [99.0, 99.0, 99.0]]) == pytest.approx([0.0, 3.0])


def test_the_values_cannot_be_changed(a_ramp) -> None:
    with pytest.raises(ValueError, match="read-only"):
        a_ramp.values[0, 0, 0] = 1.0


def test_values_of_another_shape_are_refused(a_ramp) -> None:
    with pytest.raises(InputError, match="IN-041"):
        Field(a_ramp.grid, np.zeros((2, 2, 2), dtype=np.float32), 1.0, 0.1)
