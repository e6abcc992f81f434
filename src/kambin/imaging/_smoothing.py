"""Separable filters that commute exactly with mirroring the array."""

import numpy as np
from numpy.typing import NDArray

from kambin.imaging._spread_kernels import highest_planes, smooth_planes

REACH_SIGMAS = 3.0
"""Where the Gaussian is cut off; what is left out weighs 0.3 %."""


def blur(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Return the Gaussian average of an array, shape (I, J, K); ``sigma`` in voxels."""
    steps = np.arange(int(np.ceil(REACH_SIGMAS * sigma)) + 1)
    weights = np.exp(-0.5 * (steps / sigma) ** 2)
    # Divided after the cut, so that a constant stays the same constant.
    weights = (weights / (weights[0] + 2.0 * weights[1:].sum())).astype(np.float32)
    for _ in range(3):
        planes = np.ascontiguousarray(values)
        smoothed = np.empty_like(planes)
        smooth_planes(_planes(planes), weights, _planes(smoothed))
        # Three turns bring each axis to the front once, and then the first one back.
        values = smoothed.transpose(1, 2, 0)
    return np.ascontiguousarray(values)


def highest(values: NDArray[np.float32], reach: int) -> NDArray[np.float32]:
    """Return the highest value in the cube of ``reach`` voxels around each, shape (I, J, K)."""
    # The cube is the highest of three lines, one axis after the other.
    for _ in range(3):
        planes = np.ascontiguousarray(values)
        found = np.empty_like(planes)
        highest_planes(_planes(planes), reach, _planes(found))
        values = found.transpose(1, 2, 0)
    return np.ascontiguousarray(values)


def _planes(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return values.reshape(values.shape[0], -1)
