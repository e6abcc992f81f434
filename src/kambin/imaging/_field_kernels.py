"""Jitted inner loops over the nodes of a field: interpolation, slope, parabolas."""

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

POSITION_STEPS = 2.0**20
"""Positions are rounded to this fraction of a voxel before they are split into an index
and a weight, so that a mirrored position has exactly the mirrored weights."""

FAR = 1e12
"""Squared distance, in node units, of a node that no surface point has reached."""

LINES_CHUNK = 64
"""Neighbouring lines one thread works on, so that it reads whole cache lines."""


@njit(cache=True, inline="always")
def trilinear(values: NDArray[np.float32], x: float, y: float, z: float) -> float:
    """Return an array between its nodes at one continuous index, held beyond the border."""
    nx, ny, nz = values.shape
    x = min(max(math.floor(x * POSITION_STEPS + 0.5) / POSITION_STEPS, 0.0), nx - 1.0)
    y = min(max(math.floor(y * POSITION_STEPS + 0.5) / POSITION_STEPS, 0.0), ny - 1.0)
    z = min(max(math.floor(z * POSITION_STEPS + 0.5) / POSITION_STEPS, 0.0), nz - 1.0)
    i, j, k = int(x), int(y), int(z)
    u, v, w = x - i, y - j, z - k
    i1, j1, k1 = min(i + 1, nx - 1), min(j + 1, ny - 1), min(k + 1, nz - 1)
    c00 = values[i, j, k] * (1.0 - u) + values[i1, j, k] * u
    c10 = values[i, j1, k] * (1.0 - u) + values[i1, j1, k] * u
    c01 = values[i, j, k1] * (1.0 - u) + values[i1, j, k1] * u
    c11 = values[i, j1, k1] * (1.0 - u) + values[i1, j1, k1] * u
    c0 = c00 * (1.0 - v) + c10 * v
    c1 = c01 * (1.0 - v) + c11 * v
    return float(c0 * (1.0 - w) + c1 * w)


@njit(cache=True)
def sample_trilinear(
    values: NDArray[np.float32], indices: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return an array at continuous indices, shape (N, 3), held beyond the border."""
    found = np.empty(indices.shape[0], dtype=np.float64)
    for n in range(indices.shape[0]):
        found[n] = trilinear(values, indices[n, 0], indices[n, 1], indices[n, 2])
    return found


@njit(cache=True, parallel=True)
def resample(
    values: NDArray[np.float32], affine: NDArray[np.float64], resampled: NDArray[np.float32]
) -> None:
    """Fill the nodes of one grid from an array on another; ``affine`` maps node to index."""
    nx, ny, nz = resampled.shape
    for i in prange(nx):
        for j in range(ny):
            for k in range(nz):
                x = affine[0, 0] * i + affine[0, 1] * j + affine[0, 2] * k + affine[0, 3]
                y = affine[1, 0] * i + affine[1, 1] * j + affine[1, 2] * k + affine[1, 3]
                z = affine[2, 0] * i + affine[2, 1] * j + affine[2, 2] * k + affine[2, 3]
                resampled[i, j, k] = trilinear(values, x, y, z)


@njit(cache=True, parallel=True)
def largest_slope(values: NDArray[np.float32]) -> float:
    """Return the largest |difference| / distance, in nodes, over 13 neighbour directions."""
    nx, ny, nz = values.shape
    steepest = np.zeros(nx, dtype=np.float64)
    for i in prange(nx):
        top = 0.0
        for di in range(2):
            if i + di >= nx:
                continue
            for dj in range(-1, 2):
                for dk in range(-1, 2):
                    if di == 0 and (dj < 0 or (dj == 0 and dk <= 0)):
                        continue
                    per_node = 1.0 / math.sqrt(di * di + dj * dj + dk * dk)
                    for j in range(max(0, -dj), min(ny, ny - dj)):
                        for k in range(max(0, -dk), min(nz, nz - dk)):
                            rise = abs(values[i + di, j + dj, k + dk] - values[i, j, k])
                            top = max(top, rise * per_node)
        steepest[i] = top
    return float(steepest.max())


@njit(cache=True, parallel=True)
def spread_parabolas(squares: NDArray[np.float32]) -> None:
    """Replace f by min over m of f(m) + (n - m)^2 along the middle axis, in place.

    ``squares`` has the shape (outer, n, inner), node units. Lower envelope of parabolas
    (Felzenszwalb and Huttenlocher 2012, Theory of Computing 8:415, algorithm 1).
    """
    outer, size, inner = squares.shape
    chunks = (inner + LINES_CHUNK - 1) // LINES_CHUNK
    for task in prange(outer * chunks):
        o, first = task // chunks, (task % chunks) * LINES_CHUNK
        heights = np.empty(size, dtype=np.float64)
        tips = np.empty(size, dtype=np.int64)
        starts = np.empty(size + 1, dtype=np.float64)
        for line in range(first, min(inner, first + LINES_CHUNK)):
            count = 0
            for m in range(size):
                height = float(squares[o, m, line])
                heights[m] = height
                if height >= FAR:
                    continue
                start = -FAR
                while count > 0:
                    tip = tips[count - 1]
                    start = 0.5 * ((height - heights[tip]) / (m - tip) + (m + tip))
                    if start > starts[count - 1]:
                        break
                    count -= 1
                    start = -FAR
                tips[count] = m
                starts[count] = start
                count += 1
            if count == 0:
                continue
            starts[count] = FAR
            at = 0
            for n in range(size):
                while starts[at + 1] < n:
                    at += 1
                gap = float(n - tips[at])
                squares[o, n, line] = gap * gap + heights[tips[at]]
