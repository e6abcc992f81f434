"""Jitted distances between one straight axis and many points, and of many axes in one field."""

import math

import numpy as np
from numba import njit, prange
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


@njit(cache=True, inline="always")
def _sample(  # pragma: no cover - compiled
    values: NDArray[np.float32], x: float, y: float, z: float
) -> float:
    """Return the trilinear value at node coordinates that lie on the grid."""
    nx, ny, nz = values.shape
    i, j, k = min(int(x), nx - 2), min(int(y), ny - 2), min(int(z), nz - 2)
    u, v, w = x - i, y - j, z - k
    c00 = values[i, j, k] * (1.0 - u) + values[i + 1, j, k] * u
    c10 = values[i, j + 1, k] * (1.0 - u) + values[i + 1, j + 1, k] * u
    c01 = values[i, j, k + 1] * (1.0 - u) + values[i + 1, j, k + 1] * u
    c11 = values[i, j + 1, k + 1] * (1.0 - u) + values[i + 1, j + 1, k + 1] * u
    c0 = c00 * (1.0 - v) + c10 * v
    c1 = c01 * (1.0 - v) + c11 * v
    return float(c0 * (1.0 - w) + c1 * w)


@njit(cache=True, inline="always")
def _beyond(  # pragma: no cover - compiled
    shape: tuple[int, int, int], x: float, y: float, z: float
) -> float:
    """Return how far a place lies outside the grid along its farthest axis, nodes; 0 on it."""
    nx, ny, nz = shape
    a = max(-x, x - (nx - 1))
    b = max(-y, y - (ny - 1))
    c = max(-z, z - (nz - 1))
    return max(0.0, a, b, c)


@njit(cache=True, parallel=True)
def march_axes(  # pragma: no cover - compiled
    values: NDArray[np.float32],
    targets: NDArray[np.float64],
    ways: NDArray[np.float64],
    along: NDArray[np.float64],
    firsts: NDArray[np.int64],
    cap: float,
    per_mm: tuple[float, float],
) -> NDArray[np.float64]:
    """Return the least field value on parts of many axes, shape (P, S), mm, ``cap`` at the most.

    Samples that cannot lower the least value are leapt over: the field changes by at most its
    slope. The answer is that of all samples.

    Parameters
    ----------
    values : float32 array, shape (nodes along L, P, S), mm
    targets : float array, shape (P, 3), nodes, where ``along`` is 0
    ways : float array, shape (P, 3), nodes per mm, from the target to the entry
    along : float array, shape (N,), mm, ascending, the samples
    firsts : int array, shape (S,), ascending, the first sample of each part; all end at the last
    cap : float, mm, what the field says where it ends
    per_mm : largest rise of the field per mm, and samples per mm
    """
    steepest, density = per_mm
    poses, parts = targets.shape[0], firsts.shape[0]
    least = np.empty((poses, parts), dtype=np.float64)
    for p in prange(poses):
        for s in range(parts):
            end = firsts[s + 1] if s + 1 < parts else along.shape[0]
            best = cap
            n = firsts[s]
            while n < end:
                x = targets[p, 0] + along[n] * ways[p, 0]
                y = targets[p, 1] + along[n] * ways[p, 1]
                z = targets[p, 2] + along[n] * ways[p, 2]
                away = _beyond(values.shape, x, y, z)
                if away > 0.0:
                    speed = max(abs(ways[p, 0]), abs(ways[p, 1]), abs(ways[p, 2]))
                    n += max(1, int(away / speed * density))
                    continue
                here = _sample(values, x, y, z)
                best = min(best, here)
                n += max(1, int((here - best) / steepest * density))
            least[p, s] = best
        # What the deeper part of an axis meets counts for every tool that goes so deep.
        for s in range(parts - 2, -1, -1):
            least[p, s] = min(least[p, s], least[p, s + 1])
    return least
