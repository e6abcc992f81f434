"""Lines of sight and forceps through what blocks them, jitted, with a plain twin."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from kambin.planning.bone_kernels import segment_distance

Float = NDArray[np.float64]
"""Points, directions or lengths."""

EDGE_EPSILON = 1e-3
"""The last node of a field is left by this part of a voxel, so that it has a neighbour."""

RIGID, BENT, SEEN = 1, 2, 4
"""Bits of the answer for one point: straight forceps, articulated forceps, sight."""


@njit(cache=True, inline="always")
def _sample(  # pragma: no cover - compiled
    values: NDArray[np.float32], x: float, y: float, z: float
) -> float:
    """Return a field between its nodes at one continuous index, held beyond the border."""
    x = min(max(x, 0.0), values.shape[0] - 1 - EDGE_EPSILON)
    y = min(max(y, 0.0), values.shape[1] - 1 - EDGE_EPSILON)
    z = min(max(z, 0.0), values.shape[2] - 1 - EDGE_EPSILON)
    i, j, k = int(x), int(y), int(z)
    u, v, w = x - i, y - j, z - k
    low = (values[i, j, k] * (1 - w) + values[i, j, k + 1] * w) * (1 - v) + (
        values[i, j + 1, k] * (1 - w) + values[i, j + 1, k + 1] * w
    ) * v
    high = (values[i + 1, j, k] * (1 - w) + values[i + 1, j, k + 1] * w) * (1 - v) + (
        values[i + 1, j + 1, k] * (1 - w) + values[i + 1, j + 1, k + 1] * w
    ) * v
    return float(low * (1 - u) + high * u)


@njit(cache=True, inline="always")
def _room(  # pragma: no cover # noqa: PLR0913, PLR0917
    bone: NDArray[np.float32],
    soft: NDArray[np.float32],
    cut: NDArray[np.float32],
    frame: Float,
    reamed: Float,
    x: float,
    y: float,
    z: float,
    need: float,
) -> bool:
    """Return whether a point is as far from all that blocks as is needed.

    Of bone that is reamed the wall of the channel is left: it is as far as the point lies deep.
    """
    i, j, k = (x - frame[0]) / frame[3], (y - frame[1]) / frame[3], (z - frame[2]) / frame[3]
    if _sample(soft, i, j, k) < need:
        return False
    # A shaft may press on bone that it slides on; a line of sight has no side to press with.
    slide = max(need - frame[4], 0.0)
    if _sample(bone, i, j, k) < slide:
        return False
    if _sample(cut, i, j, k) >= slide:
        return True
    for n in range(reamed.shape[0]):
        if reamed[n, -1] - segment_distance(x, y, z, reamed[n]) >= slide:
            return True
    return False


@njit(cache=True)
def is_free(  # pragma: no cover # noqa: PLR0913, PLR0917
    bone: NDArray[np.float32],
    soft: NDArray[np.float32],
    cut: NDArray[np.float32],
    frame: Float,
    reamed: Float,
    start: Float,
    end: Float,
    need: float,
    step: float,
) -> bool:
    """Return whether every sample between two points has the room that is needed."""
    dx, dy, dz = end[0] - start[0], end[1] - start[1], end[2] - start[2]
    length = math.sqrt(dx * dx + dy * dy + dz * dz)
    count = math.ceil(length / step)
    for n in range(count + 1):
        s = n / count if count else 0.0
        if not _room(
            bone,
            soft,
            cut,
            frame,
            reamed,
            start[0] + s * dx,
            start[1] + s * dy,
            start[2] + s * dz,
            need,
        ):
            return False
    return True


@njit(cache=True)
def trace_reach(  # pragma: no cover # noqa: PLR0913, PLR0917
    bone: NDArray[np.float32],
    soft: NDArray[np.float32],
    cut: NDArray[np.float32],
    frame: Float,
    reamed: Float,
    points: Float,
    tips: Float,
    ways: Float,
    extent: Float,
    views: Float,
    shape: Float,
    bends: Float,
    step: float,
) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """Return what is grasped and seen of some points, and by which rotations of the scope.

    Parameters
    ----------
    bone, soft : float32 arrays, shape (I, J, K), mm, distance to bone that stays, and to nerves,
        sac, vessels and organs
    cut : float32 array, the same shape, mm, distance to bone that may be reamed
    frame : float array, shape (5,), mm, LPS: the first node, the spacing, and how deep the side of
        a shaft may press on bone
    reamed : float array, shape (K, 7), mm: capsules of bone that is gone
    points : float array, shape (N, 3), mm, LPS
    tips, ways : float arrays, shape (S, 3), mm, LPS: end of the cannula and unit direction in it
    extent : float array, shape (S, 2), mm: how far straight and articulated forceps go on freely
    views : float array, shape (S, R, 3), unit directions of view per rotation
    shape : float array: cosine of half the field of view, cosines of the narrowest and the widest
        angle to the axis that any rotation shows, reach of the jaw, radius of the bend, radius of
        the articulated forceps, mm
    bends : float array, shape (B,), radians, rising from 0
    step : float, mm, of the samples

    Returns
    -------
    uint8 array, shape (N,), bits RIGID, BENT and SEEN
    uint32 array, shape (N,), one bit per rotation of the scope that shows the point
    """
    found = np.zeros(points.shape[0], dtype=np.uint8)
    shown = np.zeros(points.shape[0], dtype=np.uint32)
    rotations = views.shape[1]
    all_shown = np.uint32((np.uint64(1) << np.uint64(rotations)) - np.uint64(1))
    for n in range(points.shape[0]):
        point = points[n]
        for s in range(tips.shape[0]):
            if shown[n] == all_shown and found[n] & (RIGID | BENT) == (RIGID | BENT):
                break
            wx, wy, wz = point[0] - tips[s, 0], point[1] - tips[s, 1], point[2] - tips[s, 2]
            away = math.sqrt(wx * wx + wy * wy + wz * wz)
            along = wx * ways[s, 0] + wy * ways[s, 1] + wz * ways[s, 2]
            if shown[n] != all_shown and shape[2] * away <= along <= shape[1] * away:
                bits = np.uint32(0)
                for r in range(rotations):
                    dot = wx * views[s, r, 0] + wy * views[s, r, 1] + wz * views[s, r, 2]
                    if dot >= shape[0] * away:
                        bits |= np.uint32(1) << np.uint32(r)
                if bits & ~shown[n] and is_free(
                    bone, soft, cut, frame, reamed, tips[s], point, 0.0, step
                ):
                    found[n] |= SEEN
                    shown[n] |= bits
            if not found[n] & (RIGID | BENT):
                found[n] |= _grasp(
                    bone,
                    soft,
                    cut,
                    frame,
                    reamed,
                    point,
                    tips[s],
                    ways[s],
                    extent[s],
                    shape,
                    bends,
                    step,
                )
            elif not found[n] & RIGID:
                found[n] |= RIGID & _grasp(
                    bone,
                    soft,
                    cut,
                    frame,
                    reamed,
                    point,
                    tips[s],
                    ways[s],
                    extent[s],
                    shape,
                    bends[:0],
                    step,
                )
    return found, shown


@njit(cache=True)
def _grasp(  # pragma: no cover # noqa: PLR0913, PLR0917
    bone: NDArray[np.float32],
    soft: NDArray[np.float32],
    cut: NDArray[np.float32],
    frame: Float,
    reamed: Float,
    point: Float,
    tip: Float,
    way: Float,
    extent: Float,
    shape: Float,
    bends: Float,
    step: float,
) -> int:
    """Return the bits of the forceps that grasp a point from one direction of the cannula."""
    wx, wy, wz = point[0] - tip[0], point[1] - tip[1], point[2] - tip[2]
    ahead = wx * way[0] + wy * way[1] + wz * way[2]
    ax, ay, az = wx - ahead * way[0], wy - ahead * way[1], wz - ahead * way[2]
    aside = math.sqrt(ax * ax + ay * ay + az * az)
    jaw, radius = shape[3], shape[4]
    if aside > 0.0:
        ax, ay, az = ax / aside, ay / aside, az / aside
    found = 0
    place, last = np.empty(3), np.empty(3)
    # First straight forceps, then articulated ones from straight to most bent.
    for b in range(-1, bends.shape[0]):
        bend = 0.0 if b < 0 else bends[b]
        over, beyond = radius * (1.0 - math.cos(bend)), radius * math.sin(bend)
        base = min(max(ahead - beyond, 0.0), extent[0] if b < 0 else extent[1])
        if math.hypot(ahead - base - beyond, aside - over) > jaw:
            continue
        clear = True
        for axis in range(3):
            last[axis] = tip[axis] + base * way[axis]
        pieces = math.ceil(radius * bend / step)
        for p in range(1, pieces + 1):
            part = bend * p / pieces
            out, on = radius * (1.0 - math.cos(part)), base + radius * math.sin(part)
            place[0] = tip[0] + on * way[0] + out * ax
            place[1] = tip[1] + on * way[1] + out * ay
            place[2] = tip[2] + on * way[2] + out * az
            if not _room(bone, soft, cut, frame, reamed, place[0], place[1], place[2], shape[-1]):
                clear = False
                break
            last[:] = place
        if clear and is_free(bone, soft, cut, frame, reamed, last, point, 0.0, step):
            found |= RIGID | BENT if b < 0 else BENT
            break
    return found


@njit(cache=True)
def free_extents(  # pragma: no cover # noqa: PLR0913, PLR0917
    bone: NDArray[np.float32],
    soft: NDArray[np.float32],
    cut: NDArray[np.float32],
    frame: Float,
    reamed: Float,
    tips: Float,
    ways: Float,
    most: float,
    need: float,
    step: float,
) -> Float:
    """Return how far a straight tool goes on from each tip before something blocks it, mm."""
    free = np.zeros(tips.shape[0])
    for s in range(tips.shape[0]):
        count = int(most / step)
        for n in range(count + 1):
            on = n * step
            if not _room(
                bone,
                soft,
                cut,
                frame,
                reamed,
                tips[s, 0] + on * ways[s, 0],
                tips[s, 1] + on * ways[s, 1],
                tips[s, 2] + on * ways[s, 2],
                need,
            ):
                break
            free[s] = on
    return free
