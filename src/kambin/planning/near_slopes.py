"""The steepest slope of a field near every place: what tightens the bounds of narrow balls."""

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from kambin.planning.kernels import Scalar

EDGE = 2
"""Nodes along the edge of a block."""

NEAR_NODES = float(EDGE)
"""Two points no further apart lie in one block and its neighbours."""


def find_near_slopes(field: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the largest gradient of the interpolant in each block and its neighbours.

    Parameters
    ----------
    field : float32 array, shape (I, J, K), mm

    Returns
    -------
    float32 array, shape (ceil(I / 2), ceil(J / 2), ceil(K / 2)), mm per node

    Notes
    -----
    Within a cell the derivative along an axis is a mean of the differences of neighbours along
    it (``Slack``). The straight way between a point of a block and one no further from it than
    ``NEAR_NODES`` stays in the 27 blocks around, so that it rises by at most the root of the
    squared largest differences there, times its length.
    """
    blocks = tuple((size + EDGE - 1) // EDGE for size in field.shape)
    rises = np.zeros((*blocks, 3), dtype=np.float32)
    _find_rises(np.ascontiguousarray(field), rises)
    found: NDArray[np.float32] = _join(rises)
    return found


@njit(parallel=True, cache=True)
def _find_rises(field: NDArray[np.float32], rises: NDArray[np.float32]) -> None:  # pragma: no cover
    """Fill the largest difference along each axis in the cells of every block, (A, B, C, 3)."""
    ni, nj, nk = field.shape
    none = np.float32(0)
    for a in prange(rises.shape[0]):
        for i in range(a * EDGE, min(ni, a * EDGE + EDGE + 1)):
            # A node on the border of two blocks ends the edges of both.
            is_own = i < a * EDGE + EDGE
            for j in range(nj):
                b, on_row = j // EDGE, j > 0 and j % EDGE == 0
                for k in range(nk):
                    c, on_column = k // EDGE, k > 0 and k % EDGE == 0
                    here = field[i, j, k]
                    x = abs(field[i + 1, j, k] - here) if is_own and i + 1 < ni else none
                    y = abs(field[i, j + 1, k] - here) if j + 1 < nj else none
                    z = abs(field[i, j, k + 1] - here) if k + 1 < nk else none
                    _raise(rises, a, b, c, x, y, z)
                    if on_row:
                        _raise(rises, a, b - 1, c, x, none, z)
                    if on_column:
                        _raise(rises, a, b, c - 1, x, y, none)
                    if on_row and on_column:
                        _raise(rises, a, b - 1, c - 1, x, none, none)


@njit(inline="always")
def _raise(  # pragma: no cover
    rises: Scalar, a: Scalar, b: Scalar, c: Scalar, x: Scalar, y: Scalar, z: Scalar
) -> None:
    """Raise what is known of one block."""
    rises[a, b, c, 0] = max(rises[a, b, c, 0], x)
    rises[a, b, c, 1] = max(rises[a, b, c, 1], y)
    rises[a, b, c, 2] = max(rises[a, b, c, 2], z)


@njit(parallel=True, cache=True)
def _join(rises: NDArray[np.float32]) -> NDArray[np.float32]:  # pragma: no cover
    """Return the root of the squared largest differences of each block and its neighbours."""
    na, nb, nc, _ = rises.shape
    joined = np.empty((na, nb, nc), dtype=np.float32)
    for a in prange(na):
        for b in range(nb):
            for c in range(nc):
                x, y, z = np.float32(0), np.float32(0), np.float32(0)
                for i in range(max(0, a - 1), min(na, a + 2)):
                    for j in range(max(0, b - 1), min(nb, b + 2)):
                        for k in range(max(0, c - 1), min(nc, c + 2)):
                            x = max(x, rises[i, j, k, 0])
                            y = max(y, rises[i, j, k, 1])
                            z = max(z, rises[i, j, k, 2])
                joined[a, b, c] = math.sqrt(x * x + y * y + z * z)
    return joined


@njit(nogil=True)
def find_near_slope(
    slopes: NDArray[np.float32], x: Scalar, y: Scalar, z: Scalar
) -> Scalar:  # pragma: no cover
    """Return the steepest slope near a place given in nodes, mm per node."""
    return slopes[int(x) // EDGE, int(y) // EDGE, int(z) // EDGE]
