"""Jitted gaps between one straight axis and everything around it, in one call."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from kambin.imaging._field_kernels import trilinear

STEEPEST_RATIO = 3.0**0.5
"""Between nodes a trilinear field may rise by this times what it rises from node to node."""

ROUNDING_MM = 10.0**-6
"""Distances of a block and of its faces are rounded differently by less."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@njit(cache=True)
def measure_gaps(  # pragma: no cover # noqa: PLR0913, PLR0917
    target: Floats,
    way: Floats,
    along: Floats,
    firsts: Ints,
    nodes: NDArray[np.float32],
    nodes_from: Ints,
    shapes: Ints,
    places: Floats,
    points: Floats,
    blocks: Floats,
    blocks_from: Ints,
) -> tuple[Floats, Floats]:
    """Return the least gap of parts of an axis to every structure and where, shape (H, S), mm.

    Parameters
    ----------
    target : float array, shape (3,), mm, LPS
    way : float array, shape (3,), unit vector from the target to the entry
    along : float array, shape (N,), mm from the target, ascending, the samples
    firsts : int array, shape (S,), ascending, the first sample of each part; all end at the last
    nodes : float32 array, the values of all fields one after the other, mm
    nodes_from : int array, shape (H,), where the field of a structure starts
    shapes : int array, shape (H, 3), nodes along L, P and S; 0 without a field
    places : float array, shape (H, 6), mm: first node, spacing, reach and steepest rise per mm
    points : float array, shape (F, 3), mm, LPS, middles of faces, block after block
    blocks : float array, shape (B, 6), mm: middle and radius of a block, its first and last point
    blocks_from : int array, shape (H + 1,), the blocks of each structure

    Notes
    -----
    Samples that cannot lower the least value are leapt over; of faces only blocks that may hold
    the nearest are looked at. The answer is that of all samples and all faces.
    """
    parts, last = firsts.shape[0], along.shape[0] - 1
    density = 1.0 / np.diff(along).max()
    gaps = np.empty((shapes.shape[0], parts))
    feet = np.empty((shapes.shape[0], parts))
    for h in range(shapes.shape[0]):
        reach = places[h, 4]
        nx, ny, nz = shapes[h, 0], shapes[h, 1], shapes[h, 2]
        start = nodes_from[h]
        field = nodes[start : start + nx * ny * nz].reshape((nx, ny, nz))
        for s in range(parts):
            end = firsts[s + 1] if s + 1 < parts else along.shape[0]
            gaps[h, s], feet[h, s] = reach, along[last]
            n = firsts[s]
            while nx > 0 and n < end:
                x = (target[0] + along[n] * way[0] - places[h, 0]) / places[h, 3]
                y = (target[1] + along[n] * way[1] - places[h, 1]) / places[h, 3]
                z = (target[2] + along[n] * way[2] - places[h, 2]) / places[h, 3]
                away = max(-x, x - (nx - 1), -y, y - (ny - 1), -z, z - (nz - 1))
                if away > 0.0:
                    # A node of way a spacing of the axis: nothing of the field is leapt over.
                    n += max(1, int(away * places[h, 3] * density))
                    continue
                here = trilinear(field, x, y, z)
                if here < gaps[h, s]:
                    gaps[h, s], feet[h, s] = here, along[n]
                n += max(1, int((here - gaps[h, s]) / places[h, -1] * density))
        # What the deeper part of an axis meets counts for every tool that goes so deep.
        for s in range(parts - 2, -1, -1):
            if gaps[h, s + 1] < gaps[h, s]:
                gaps[h, s], feet[h, s] = gaps[h, s + 1], feet[h, s + 1]
        far, foot = 0.0, -math.inf
        for s in range(parts):
            if gaps[h, s] >= reach:
                low, high = along[firsts[s]], along[last]
                # What is nearest to a longer part is so to a shorter one that still holds its foot.
                if foot < low:
                    far, foot = _find_nearest(
                        target, way, low, high, points, blocks, blocks_from[h], blocks_from[h + 1]
                    )
                gaps[h, s], feet[h, s] = max(far, reach), foot
    return gaps, feet


@njit(cache=True, inline="always")
def _off_axis(  # pragma: no cover - compiled
    x: float, y: float, z: float, way: Floats, low: float, high: float
) -> tuple[float, float]:
    """Return the squared distance of a point, from the target, to a part of the axis, and where."""
    on = min(max(x * way[0] + y * way[1] + z * way[2], low), high)
    x, y, z = x - on * way[0], y - on * way[1], z - on * way[2]
    return x * x + y * y + z * z, on


@njit(cache=True)
def _find_nearest(  # pragma: no cover - compiled
    target: Floats,
    way: Floats,
    low: float,
    high: float,
    points: Floats,
    blocks: Floats,
    first: int,
    stop: int,
) -> tuple[float, float]:
    """Return the least distance of a structure's faces to a part of the axis, mm, and where."""
    away = np.empty(stop - first)
    nearest = first
    for b in range(first, stop):
        square, _ = _off_axis(
            blocks[b, 0] - target[0],
            blocks[b, 1] - target[1],
            blocks[b, 2] - target[2],
            way,
            low,
            high,
        )
        away[b - first] = max(math.sqrt(square) - blocks[b, 3] - ROUNDING_MM, 0.0)
        if away[b - first] < away[nearest - first]:
            nearest = b
    least, place = math.inf, low
    # The block that begins nearest first: hardly any other has to be looked into after it.
    for turn in range(first - 1, stop):
        b = nearest if turn < first else turn
        if away[b - first] ** 2 >= least:
            continue
        for n in range(int(blocks[b, 4]), int(blocks[b, -1])):
            square, on = _off_axis(
                points[n, 0] - target[0],
                points[n, 1] - target[1],
                points[n, 2] - target[2],
                way,
                low,
                high,
            )
            if square < least:
                least, place = square, on
    return math.sqrt(least), place
