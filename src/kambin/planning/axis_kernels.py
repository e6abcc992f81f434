"""Jitted distances between one straight axis and many points, and of many axes in one field."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def nearest_to_segment(  # pragma: no cover - compiled
    points: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> tuple[float, float]:
    """Return the least distance of points from a segment, mm, and where along it, 0 to 1.

    Parameters
    ----------
    points : float array, shape (N, 3), mm, LPS
    start, end : float array, shape (3,), mm, LPS, two different points
    """
    a, b, c = end[0] - start[0], end[1] - start[1], end[2] - start[2]
    square = a * a + b * b + c * c
    nearest, share = math.inf, 0.0
    for n in range(points.shape[0]):
        x, y, z = points[n, 0] - start[0], points[n, 1] - start[1], points[n, 2] - start[2]
        along = min(1.0, max(0.0, (x * a + y * b + z * c) / square))
        dx, dy, dz = x - along * a, y - along * b, z - along * c
        gap = dx * dx + dy * dy + dz * dz
        if gap < nearest:
            nearest, share = gap, along
    return math.sqrt(nearest), share
