"""Jitted exact distance to a chain of round cones."""

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

BLOCK = 4
"""Nodes per edge of the blocks for which far segments are dropped together."""


@njit(cache=True, inline="always")
def _round_cone(
    x: float, y: float, z: float, points: NDArray[np.float64], radii: NDArray[np.float64], s: int
) -> float:
    """Return the signed distance to the hull of the balls ``s`` and ``s + 1``."""
    ax, ay, az = points[s, 0], points[s, 1], points[s, 2]
    bx, by, bz = points[s + 1, 0] - ax, points[s + 1, 1] - ay, points[s + 1, 2] - az
    px, py, pz = x - ax, y - ay, z - az
    length = math.sqrt(bx * bx + by * by + bz * bz)
    shrink = radii[s] - radii[s + 1]
    if length <= abs(shrink):
        # One ball holds the other: their hull is the larger ball.
        first = math.sqrt(px * px + py * py + pz * pz) - radii[s]
        px, py, pz = px - bx, py - by, pz - bz
        return float(min(first, math.sqrt(px * px + py * py + pz * pz) - radii[s + 1]))
    along = (px * bx + py * by + pz * bz) / length
    beside = math.sqrt(max(px * px + py * py + pz * pz - along * along, 0.0))
    sine = shrink / length
    cosine = math.sqrt(1.0 - sine * sine)
    # Where the point meets the slanted side, measured along the axis.
    # The cosine is zero only by rounding, when one ball touches the other from inside.
    foot = along - beside * sine / cosine if cosine > 0.0 else along
    if foot <= 0.0:
        return float(math.sqrt(along * along + beside * beside) - radii[s])
    if foot >= length:
        rest = along - length
        return float(math.sqrt(rest * rest + beside * beside) - radii[s + 1])
    return float(beside * cosine + along * sine - radii[s])


@njit(cache=True, parallel=True)
def tube_distances(
    points: NDArray[np.float64], radii: NDArray[np.float64], values: NDArray[np.float32]
) -> None:
    """Fill each node with its signed distance to the tube, all in node units.

    Distances are 1-Lipschitz, so a segment farther from the centre of a block than the
    nearest one by the block's diameter cannot be nearest anywhere in it.

    Parameters
    ----------
    points : float array, shape (N, 3), nodes, N >= 2
    radii : float array, shape (N,), nodes
    values : float32 array, shape (nodes along L, P, S), filled
    """
    nx, ny, nz = values.shape
    segments = points.shape[0] - 1
    by, bz = (ny + BLOCK - 1) // BLOCK, (nz + BLOCK - 1) // BLOCK
    half = 0.5 * (BLOCK - 1)
    # A hair more than the diameter: rounding must not drop the nearest segment.
    diameter = 2.0 * math.sqrt(3.0) * half + 1e-6
    for bi in prange((nx + BLOCK - 1) // BLOCK):
        reach = np.empty(segments, dtype=np.float64)
        for block in range(by * bz):
            i0, j0, k0 = bi * BLOCK, (block // bz) * BLOCK, (block % bz) * BLOCK
            best = math.inf
            # The centre of the block decides which segments its nodes must look at.
            for s in range(segments):
                reach[s] = _round_cone(i0 + half, j0 + half, k0 + half, points, radii, s)
                best = min(best, reach[s])
            for i in range(i0, min(i0 + BLOCK, nx)):
                for j in range(j0, min(j0 + BLOCK, ny)):
                    for k in range(k0, min(k0 + BLOCK, nz)):
                        nearest = math.inf
                        for s in range(segments):
                            if reach[s] <= best + diameter:
                                nearest = min(nearest, _round_cone(i, j, k, points, radii, s))
                        values[i, j, k] = nearest
