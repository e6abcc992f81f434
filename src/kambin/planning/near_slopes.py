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
    Within a cell the derivative along an axis is linear in either other coordinate, so that the
    squared gradient is convex along every axis and largest at a corner of the cell, where it is
    that of the three edges that meet. The straight way between a point of a block and one no
    further from it than ``NEAR_NODES`` stays in the 27 blocks around, so that it rises by at most
    the largest gradient of their cells, times its length.
    """
    blocks = tuple((size + EDGE - 1) // EDGE for size in field.shape)
    steepest = np.zeros(blocks, dtype=np.float32)
    _find_steepest(np.ascontiguousarray(field), steepest)
    found: NDArray[np.float32] = _join(steepest)
    return found


@njit(parallel=True, cache=True)
def _find_steepest(  # pragma: no cover
    field: NDArray[np.float32], steepest: NDArray[np.float32]
) -> None:
    """Fill the largest squared gradient in the cells that begin in every block, (A, B, C)."""
    ni, nj, nk = field.shape
    for a in prange(steepest.shape[0]):
        for i in range(a * EDGE, min(ni - 1, a * EDGE + EDGE)):
            for j in range(nj - 1):
                b = j // EDGE
                for k in range(nk - 1):
                    c = k // EDGE
                    top = _find_corner(field, i, j, k)
                    steepest[a, b, c] = max(steepest[a, b, c], top)


@njit(inline="always")
def _find_corner(  # pragma: no cover
    field: Scalar, i: Scalar, j: Scalar, k: Scalar
) -> Scalar:
    """Return the largest squared gradient in one cell: that at one of its corners."""
    n000, n001 = field[i, j, k], field[i, j, k + 1]
    n010, n011 = field[i, j + 1, k], field[i, j + 1, k + 1]
    n100, n101 = field[i + 1, j, k], field[i + 1, j, k + 1]
    n110, n111 = field[i + 1, j + 1, k], field[i + 1, j + 1, k + 1]
    # Squared rises along the edges that begin at the low corner or run beside these.
    x00, x01 = (n100 - n000) ** 2, (n101 - n001) ** 2
    x10, x11 = (n110 - n010) ** 2, (n111 - n011) ** 2
    y00, y01 = (n010 - n000) ** 2, (n011 - n001) ** 2
    y10, y11 = (n110 - n100) ** 2, (n111 - n101) ** 2
    z00, z01 = (n001 - n000) ** 2, (n011 - n010) ** 2
    z10, z11 = (n101 - n100) ** 2, (n111 - n110) ** 2
    # At a corner the three edges that meet there are the gradient.
    near = max(
        x00 + y00 + z00,
        x01 + y01 + z00,
        x10 + y00 + z01,
        x11 + y01 + z01,
    )
    far = max(
        x00 + y10 + z10,
        x01 + y11 + z10,
        x10 + y10 + z11,
        x11 + y11 + z11,
    )
    return max(near, far)


@njit(parallel=True, cache=True)
def _join(steepest: NDArray[np.float32]) -> NDArray[np.float32]:  # pragma: no cover
    """Return the largest gradient of each block and its neighbours."""
    na, nb, nc = steepest.shape
    joined = np.empty((na, nb, nc), dtype=np.float32)
    for a in prange(na):
        for b in range(nb):
            for c in range(nc):
                top = np.float32(0)
                for i in range(max(0, a - 1), min(na, a + 2)):
                    for j in range(max(0, b - 1), min(nb, b + 2)):
                        for k in range(max(0, c - 1), min(nc, c + 2)):
                            top = max(top, steepest[i, j, k])
                joined[a, b, c] = math.sqrt(top)
    return joined


@njit(nogil=True)
def find_near_slope(
    slopes: NDArray[np.float32], x: Scalar, y: Scalar, z: Scalar
) -> Scalar:  # pragma: no cover
    """Return the steepest slope near a place given in nodes, mm per node."""
    return slopes[int(x) // EDGE, int(y) // EDGE, int(z) // EDGE]
