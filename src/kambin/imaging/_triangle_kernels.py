"""Jitted exact distances from points and segments to triangles, through a tree of balls."""

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

STACK_SIZE = 128
"""Open nodes of a descent; a balanced tree of a billion triangles needs 60."""

FLAT_EPSILON = 1e-12
"""Squared length, mm^2, under which an edge or a segment counts as a point."""

FACE = 6
"""Feature number of a triangle's inside; 0 to 2 are its corners, 3 to 5 the edges after them."""


@njit(cache=True, inline="always")
def dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the scalar product of two vectors, shape (3,)."""
    return float(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


@njit(cache=True)
def closest_on_triangle(  # noqa: PLR0911 - one return for each Voronoi region
    p: NDArray[np.float64],
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    c: NDArray[np.float64],
    closest: NDArray[np.float64],
) -> int:
    """Fill ``closest`` with the triangle's point nearest to p; return the feature it lies on.

    Voronoi regions of the triangle (Ericson 2005, Real-Time Collision Detection, 5.1.5).
    """
    ab, ac, ap = b - a, c - a, p - a
    d1, d2 = dot(ab, ap), dot(ac, ap)
    if d1 <= 0.0 and d2 <= 0.0:
        closest[:] = a
        return 0
    bp = p - b
    d3, d4 = dot(ab, bp), dot(ac, bp)
    if d3 >= 0.0 and d4 <= d3:
        closest[:] = b
        return 1
    vc = d1 * d4 - d3 * d2
    if vc <= 0.0 and d1 >= 0.0 and d3 <= 0.0:
        closest[:] = a + ab * (d1 / (d1 - d3))
        return 3
    cp = p - c
    d5, d6 = dot(ab, cp), dot(ac, cp)
    if d6 >= 0.0 and d5 <= d6:
        closest[:] = c
        return 2
    vb = d5 * d2 - d1 * d6
    if vb <= 0.0 and d2 >= 0.0 and d6 <= 0.0:
        closest[:] = a + ac * (d2 / (d2 - d6))
        return 5
    va = d3 * d6 - d5 * d4
    if va <= 0.0 and d4 >= d3 and d5 >= d6:
        closest[:] = b + (c - b) * ((d4 - d3) / ((d4 - d3) + (d5 - d6)))
        return 4
    total = va + vb + vc
    closest[:] = a + ab * (vb / total) + ac * (vc / total)
    return FACE


@njit(cache=True)
def build_tree(
    corners: NDArray[np.float64], leaf_size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Sort triangles, shape (M, 3, 3), into a balanced tree of balls.

    Returns
    -------
    order : shape (M,), the triangles in leaf order
    spans : shape (nodes, 4), first and last + 1 in ``order``, left child, right child (or -1)
    balls : shape (nodes, 4), centre and radius, mm
    """
    size = corners.shape[0]
    centres = (corners[:, 0] + corners[:, 1] + corners[:, 2]) / 3.0
    order = np.arange(size)
    spans = np.empty((4 * (size // leaf_size + 1) + 1, 4), dtype=np.int64)
    balls = np.empty((spans.shape[0], 4), dtype=np.float64)
    spans[0, 0], spans[0, 1], spans[0, 2], spans[0, 3] = 0, size, -1, -1
    count, node = 1, 0
    while node < count:
        first, last = spans[node, 0], spans[node, 1]
        low, high = np.full(3, np.inf), np.full(3, -np.inf)
        for n in range(first, last):
            for corner in range(3):
                for axis in range(3):
                    value = corners[order[n], corner, axis]
                    low[axis] = min(low[axis], value)
                    high[axis] = max(high[axis], value)
        middle = 0.5 * (low + high)
        radius = 0.0
        for n in range(first, last):
            for corner in range(3):
                away = corners[order[n], corner] - middle
                radius = max(radius, dot(away, away))
        balls[node, :3], balls[node, 3] = middle, math.sqrt(radius)
        if last - first > leaf_size:
            axis = int(np.argmax(high - low))
            part = order[first:last]
            order[first:last] = part[np.argsort(centres[part, axis], kind="mergesort")]
            half = (first + last) // 2
            spans[node, 2], spans[node, 3] = count, count + 1
            spans[count, 0], spans[count, 1] = first, half
            spans[count + 1, 0], spans[count + 1, 1] = half, last
            spans[count, 2:] = -1
            spans[count + 1, 2:] = -1
            count += 2
        node += 1
    return order, spans[:count].copy(), balls[:count].copy()


@njit(cache=True, inline="always")
def _ball_gap(p: NDArray[np.float64], ball: NDArray[np.float64]) -> float:
    away = p - ball[:3]
    return float(math.sqrt(dot(away, away)) - ball[3])


@njit(cache=True)
def nearest_point(
    p: NDArray[np.float64],
    corners: NDArray[np.float64],
    order: NDArray[np.int64],
    spans: NDArray[np.int64],
    balls: NDArray[np.float64],
    nearest: NDArray[np.float64],
) -> tuple[float, int, int]:
    """Fill ``nearest`` with the surface point nearest to p.

    Returns
    -------
    its distance in mm, its triangle and the feature of the triangle it lies on
    """
    stack = np.empty(STACK_SIZE, dtype=np.int64)
    trial = np.empty(3, dtype=np.float64)
    stack[0], open_nodes = 0, 1
    best, face, feature = math.inf, -1, FACE
    while open_nodes > 0:
        open_nodes -= 1
        node = stack[open_nodes]
        if _ball_gap(p, balls[node]) >= best:
            continue
        if spans[node, 2] < 0:
            for n in range(spans[node, 0], spans[node, 1]):
                t = order[n]
                on = closest_on_triangle(p, corners[t, 0], corners[t, 1], corners[t, 2], trial)
                away = p - trial
                gap = math.sqrt(dot(away, away))
                if gap < best:
                    best, face, feature = gap, t, on
                    nearest[:] = trial
            continue
        left, right = spans[node, 2], spans[node, 3]
        if _ball_gap(p, balls[left]) < _ball_gap(p, balls[right]):
            left, right = right, left
        stack[open_nodes], stack[open_nodes + 1] = left, right
        open_nodes += 2
    return best, face, feature


@njit(cache=True, parallel=True)
def signed_distances(
    points: NDArray[np.float64],
    corners: NDArray[np.float64],
    normals: NDArray[np.float64],
    order: NDArray[np.int64],
    spans: NDArray[np.int64],
    balls: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return signed distances of points, shape (N,), mm, and the nearest surface points.

    ``normals``, shape (M, 7, 3), are the angle-weighted pseudo-normals of each triangle's
    features; their sign is right even where the nearest point is an edge or a corner
    (Baerentzen and Aanaes 2005, IEEE TVCG 11:243).
    """
    gaps = np.empty(points.shape[0], dtype=np.float64)
    feet = np.empty_like(points)
    for n in prange(points.shape[0]):
        gap, face, feature = nearest_point(points[n], corners, order, spans, balls, feet[n])
        outward = dot(points[n] - feet[n], normals[face, feature])
        gaps[n] = gap if outward >= 0.0 else -gap
    return gaps, feet


@njit(cache=True)
def segment_to_point(
    a: NDArray[np.float64], b: NDArray[np.float64], p: NDArray[np.float64]
) -> float:
    """Return the distance of a point from the segment a to b."""
    along = b - a
    length = dot(along, along)
    t = 0.0 if length < FLAT_EPSILON else min(1.0, max(0.0, dot(p - a, along) / length))
    away = p - (a + along * t)
    return float(math.sqrt(dot(away, away)))


@njit(cache=True)
def closest_of_segments(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    c: NDArray[np.float64],
    d: NDArray[np.float64],
    on_second: NDArray[np.float64],
) -> float:
    """Return the distance of two segments and fill the nearest point of the second, c to d.

    Clamped minimum of the quadratic (Ericson 2005, Real-Time Collision Detection, 5.1.9).
    """
    u, v, w = b - a, d - c, a - c
    uu, vv, uv = dot(u, u), dot(v, v), dot(u, v)
    uw, vw = dot(u, w), dot(v, w)
    s = 0.0
    if uu >= FLAT_EPSILON:
        cross = uu * vv - uv * uv
        if cross > FLAT_EPSILON * uu * vv:
            s = min(1.0, max(0.0, (uv * vw - uw * vv) / cross))
    t = 0.0 if vv < FLAT_EPSILON else (uv * s + vw) / vv
    if t < 0.0 or t > 1.0:
        t = min(1.0, max(0.0, t))
    if uu >= FLAT_EPSILON:
        s = min(1.0, max(0.0, (uv * t - uw) / uu))
    on_second[:] = c + v * t
    away = a + u * s - on_second
    return float(math.sqrt(dot(away, away)))


@njit(cache=True)
def pierces(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    p: NDArray[np.float64],
    q: NDArray[np.float64],
    r: NDArray[np.float64],
) -> bool:
    """Return whether the segment a to b passes through the triangle p, q, r."""
    normal = np.cross(q - p, r - p)
    side_a, side_b = dot(a - p, normal), dot(b - p, normal)
    if side_a * side_b > 0.0 or side_a == side_b:
        return False
    x = a + (b - a) * (side_a / (side_a - side_b))
    first = dot(np.cross(q - p, x - p), normal)
    second = dot(np.cross(r - q, x - q), normal)
    third = dot(np.cross(p - r, x - r), normal)
    return bool(first >= 0.0 and second >= 0.0 and third >= 0.0)


@njit(cache=True)
def segment_to_triangle(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    corners: NDArray[np.float64],
    nearest: NDArray[np.float64],
) -> float:
    """Return the distance of a segment and a triangle, 0 if it is pierced; fill the point."""
    trial = np.empty(3, dtype=np.float64)
    best = math.inf
    for end in range(2):
        p = a if end == 0 else b
        closest_on_triangle(p, corners[0], corners[1], corners[2], trial)
        away = p - trial
        gap = math.sqrt(dot(away, away))
        if gap < best:
            best = gap
            nearest[:] = trial
    for edge in range(3):
        gap = closest_of_segments(a, b, corners[edge], corners[(edge + 1) % 3], trial)
        if gap < best:
            best = gap
            nearest[:] = trial
    if best > 0.0 and pierces(a, b, corners[0], corners[1], corners[2]):
        return 0.0
    return float(best)


@njit(cache=True)
def segment_distance(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    corners: NDArray[np.float64],
    order: NDArray[np.int64],
    spans: NDArray[np.int64],
    balls: NDArray[np.float64],
    nearest: NDArray[np.float64],
) -> float:
    """Return the distance of a segment from the surface, 0 where it passes through it."""
    stack = np.empty(STACK_SIZE, dtype=np.int64)
    trial = np.empty(3, dtype=np.float64)
    stack[0], open_nodes = 0, 1
    best = math.inf
    while open_nodes > 0 and best > 0.0:
        open_nodes -= 1
        node = stack[open_nodes]
        if segment_to_point(a, b, balls[node, :3]) - balls[node, 3] >= best:
            continue
        if spans[node, 2] < 0:
            for n in range(spans[node, 0], spans[node, 1]):
                gap = segment_to_triangle(a, b, corners[order[n]], trial)
                if gap < best:
                    best = gap
                    nearest[:] = trial
            continue
        left, right = spans[node, 2], spans[node, 3]
        gap_left = segment_to_point(a, b, balls[left, :3]) - balls[left, 3]
        if gap_left < segment_to_point(a, b, balls[right, :3]) - balls[right, 3]:
            left, right = right, left
        stack[open_nodes], stack[open_nodes + 1] = left, right
        open_nodes += 2
    return float(best)


@njit(cache=True)
def deepest_on_segment(
    ends: NDArray[np.float64],
    corners: NDArray[np.float64],
    normals: NDArray[np.float64],
    order: NDArray[np.int64],
    spans: NDArray[np.int64],
    balls: NDArray[np.float64],
    tolerance: float,
    point: NDArray[np.float64],
) -> float:
    """Return the least signed distance along a segment to the tolerance, mm; fill the point.

    The signed distance changes by at most the way gone, so a stretch whose middle lies less
    deep than the deepest point by its half length can be dropped; others are halved.
    """
    a, b = ends[0], ends[1]
    length = math.sqrt(dot(b - a, b - a))
    foot = np.empty(3, dtype=np.float64)
    middles = np.empty(2 * STACK_SIZE, dtype=np.float64)
    widths = np.empty(2 * STACK_SIZE, dtype=np.float64)
    middles[0], widths[0] = 0.5, 0.5
    waiting, deepest = 1, math.inf
    while waiting > 0:
        waiting -= 1
        at, width = middles[waiting], widths[waiting]
        p = a + (b - a) * at
        gap, face, feature = nearest_point(p, corners, order, spans, balls, foot)
        if dot(p - foot, normals[face, feature]) < 0.0:
            gap = -gap
        if gap < deepest:
            deepest = gap
            point[:] = foot
        if gap - length * width < deepest - tolerance:
            middles[waiting], widths[waiting] = at - 0.5 * width, 0.5 * width
            middles[waiting + 1], widths[waiting + 1] = at + 0.5 * width, 0.5 * width
            waiting += 2
    return float(deepest)
