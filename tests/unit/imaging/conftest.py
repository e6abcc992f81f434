"""Small shapes that can be checked by eye."""

import numpy as np
import pytest

from kambin.imaging import Grid, LabelMap


@pytest.fixture
def a_cube_of_labels() -> LabelMap:
    """A cube of 6 voxels in an array of 12, 1 mm, its centre at the origin."""
    values = np.zeros((12, 12, 12), dtype=np.uint8)
    values[3:9, 3:9, 3:9] = 1
    affine = np.eye(4)
    affine[:3, 3] = -5.5
    return LabelMap(values, affine, "frame")


@pytest.fixture
def a_small_grid() -> Grid:
    """17 nodes per axis, 0.75 mm, centred at the origin."""
    return Grid(np.full(3, -6.0), 0.75, (17, 17, 17), "frame")
