"""Jitted inner loops over the nodes of a field: interpolation and slope."""

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

POSITION_STEPS = 2.0**20
"""Positions are rounded to this fraction of a voxel before they are split into an index
and a weight, so that a mirrored position has exactly the mirrored weights."""


@njit(cache=True, inline="always")
def trilinear(values: NDArray[np.float32], x: float, y: float, z: float) -> float:
    """Return an array between its nodes at one continuous index, held beyond the border.

    Parameters
    ----------
    values : float32 array, shape (I, J, K)
    x, y, z : float, voxels
    """
    nx, ny, nz = values.shape
    x = min(max(math.floor(x * POSITION_STEPS + 0.5) / POSITION_STEPS, 0.0), nx - 1.0)
    y = min(max(math.floor(y * POSITION_STEPS + 0.5) / POSITION_STEPS, 0.0), ny - 1.0)
    z = min(max(math.floor(z * POSITION_STEPS + 0.5) / POSITION_STEPS, 0.0), nz - 1.0)
    i, j, k = int(x), int(y), int(z)
    u, v, w = x - i, y - j, z - k
    # At the last node the neighbour is the node itself, with weight 0.
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
    """Return an array at continuous indices, shape (N, 3), held beyond the border.

    Parameters
    ----------
    values : float32 array, shape (I, J, K)
    indices : float array, shape (N, 3), voxels

    Returns
    -------
    float array, shape (N,), in the unit of the values
    """
    found = np.empty(indices.shape[0], dtype=np.float64)
    for n in range(indices.shape[0]):
        found[n] = trilinear(values, indices[n, 0], indices[n, 1], indices[n, 2])
    return found


@njit(cache=True, parallel=True)
def resample(
    values: NDArray[np.float32],
    index_from_node: NDArray[np.float64],
    resampled: NDArray[np.float32],
) -> None:
    """Fill the nodes of one grid from an array on another, trilinear, held beyond its border.

    Parameters
    ----------
    values : float32 array, shape (I, J, K)
    index_from_node : float array, shape (3, 4), index in ``values`` from node
    resampled : float32 array, shape (nodes along L, P, S), filled
    """
    nx, ny, nz = resampled.shape
    for i in prange(nx):
        for j in range(ny):
            for k in range(nz):
                # Written out: a matrix product would allocate an array at every node.
                x = (
                    index_from_node[0, 0] * i
                    + index_from_node[0, 1] * j
                    + index_from_node[0, 2] * k
                    + index_from_node[0, 3]
                )
                y = (
                    index_from_node[1, 0] * i
                    + index_from_node[1, 1] * j
                    + index_from_node[1, 2] * k
                    + index_from_node[1, 3]
                )
                z = (
                    index_from_node[2, 0] * i
                    + index_from_node[2, 1] * j
                    + index_from_node[2, 2] * k
                    + index_from_node[2, 3]
                )
                resampled[i, j, k] = trilinear(values, x, y, z)


@njit(cache=True, parallel=True)
def largest_slope(values: NDArray[np.float32]) -> float:
    """Return the largest |difference| / distance, in nodes, over 13 neighbour directions.

    Parameters
    ----------
    values : float32 array, shape (I, J, K), mm
    """
    nx = values.shape[0]
    # One slot for each plane: threads never write to the same place.
    steepest = np.zeros(nx, dtype=np.float64)
    for i in prange(nx):
        for di in range(min(2, nx - i)):
            for dj in range(-1, 2):
                for dk in range(-1, 2):
                    # Half of the 26 neighbours; the others are the same pairs from the far end.
                    if di > 0 or dj > 0 or (dj == 0 and dk > 0):
                        per_node = 1.0 / math.sqrt(di * di + dj * dj + dk * dk)
                        rise = _largest_rise(values[i], values[i + di], dj, dk)
                        steepest[i] = max(steepest[i], rise * per_node)
    return float(steepest.max())


# A maximum has no rounding, so fastmath changes nothing where no value is missing.
@njit(cache=True, fastmath=True)
def _largest_rise(here: NDArray[np.float32], there: NDArray[np.float32], dj: int, dk: int) -> float:
    """Return the largest |difference| between two planes, one shifted by whole nodes."""
    nj, nk = here.shape
    top = np.float32(0.0)
    for j in range(max(0, -dj), min(nj, nj - dj)):
        for k in range(max(0, -dk), min(nk, nk - dk)):
            top = max(top, abs(there[j + dj, k + dk] - here[j, k]))
    return float(top)
