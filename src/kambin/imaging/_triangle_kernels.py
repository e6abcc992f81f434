"""Jitted exact distances from points and segments to triangles, through a tree of balls."""

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from kambin.imaging._vector_kernels import (
    FACE,
    Vector,
    along,
    closest_on_triangle,
    dot,
    length,
    minus,
    point_to_segment,
    segment_to_triangle,
    vector,
)

STACK_SIZE = 128
"""Open nodes of a descent; a balanced tree of a billion triangles needs 60."""

Tree = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
"""Corners in tree order, their triangle, the spans of the nodes, and the nodes' balls."""


@njit(cache=True)
def build_tree(
    corners: NDArray[np.float64], leaf_size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Sort triangles, shape (M, 3, 3), into a balanced tree of balls.

    Returns
    -------
    order : shape (M,), the triangles in leaf order
    spans : shape (nodes, 4), first and last + 1 in ``order``, left child, right child (or -1)
    balls : shape (nodes, 4), centre and radius, mm, LPS

    References
    ----------
    Omohundro 1989, Five Balltree Construction Algorithms, ICSI TR-89-063 (median splits)
    """
    size = corners.shape[0]
    centres = (corners[:, 0] + corners[:, 1] + corners[:, 2]) / 3.0
    order = np.arange(size)
    # Leaves are at least half full, which bounds the nodes; unused rows are cut off below.
    spans = np.full((4 * (size // leaf_size + 1) + 1, 4), -1, dtype=np.int64)
    balls = np.empty((spans.shape[0], 4), dtype=np.float64)
    spans[0, 0], spans[0, 1] = 0, size
    count, node = 1, 0
    while node < count:
        first, last = spans[node, 0], spans[node, 1]
        axis = _enclose(corners, order[first:last], balls[node])
        if last - first > leaf_size:
            part = order[first:last].copy()
            # A stable sort: equal centres keep their order, and the tree is the same everywhere.
            order[first:last] = part[np.argsort(centres[part, axis], kind="mergesort")]
            # Halved by count, so that the depth fits the stack for any shape.
            half = (first + last) // 2
            spans[node, 2], spans[node, 3] = count, count + 1
            spans[count, 0], spans[count, 1] = first, half
            spans[count + 1, 0], spans[count + 1, 1] = half, last
            count += 2
        node += 1
    return order, spans[:count].copy(), balls[:count].copy()


@njit(cache=True)
def _enclose(
    corners: NDArray[np.float64], part: NDArray[np.int64], ball: NDArray[np.float64]
) -> int:
    """Fill the ball around some triangles; return the axis along which they spread most."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for t in part:
        for corner in range(3):
            for axis in range(3):
                low[axis] = min(low[axis], corners[t, corner, axis])
                high[axis] = max(high[axis], corners[t, corner, axis])
    ball[:3] = 0.5 * (low + high)
    ball[3] = 0.0
    middle = vector(ball)
    for t in part:
        for corner in range(3):
            ball[3] = max(ball[3], length(minus(vector(corners[t, corner]), middle)))
    return int(np.argmax(high - low))


@njit(cache=True)
def nearest_point(p: Vector, tree: Tree) -> tuple[float, Vector, int, int]:
    """Return the distance of the surface in mm, its nearest point, the triangle, the feature.

    Parameters
    ----------
    p : the point, shape (3,), mm, LPS
    tree : Tree of the triangles
    """
    corners, order, spans, balls = tree
    stack = np.empty(STACK_SIZE, dtype=np.int64)
    stack[0] = 0
    open_nodes = 1
    best, foot, face, feature = math.inf, p, -1, FACE
    while open_nodes > 0:
        open_nodes -= 1
        node = stack[open_nodes]
        if length(minus(p, vector(balls[node]))) - balls[node, 3] >= best:
            continue
        left, right = spans[node, 2], spans[node, 3]
        # The nearer child is looked into first, so that the other can often be dropped.
        if left >= 0:
            gap_left = length(minus(p, vector(balls[left]))) - balls[left, 3]
            if gap_left < length(minus(p, vector(balls[right]))) - balls[right, 3]:
                left, right = right, left
            stack[open_nodes], stack[open_nodes + 1] = left, right
            open_nodes += 2
            continue
        for n in range(spans[node, 0], spans[node, 1]):
            a, b, c = vector(corners[n, 0]), vector(corners[n, 1]), vector(corners[n, 2])
            trial, on = closest_on_triangle(p, a, b, c)
            gap = length(minus(p, trial))
            if gap < best:
                best, foot, face, feature = gap, trial, order[n], on
    return best, foot, face, feature


@njit(cache=True)
def signed_point(p: Vector, tree: Tree, normals: NDArray[np.float64]) -> tuple[float, Vector]:
    """Return the signed distance of one point, mm, and the nearest surface point.

    ``normals``, shape (M, 7, 3), are the angle-weighted pseudo-normals of each triangle's
    features; their sign is right even where the nearest point is an edge or a corner.

    References
    ----------
    Baerentzen and Aanaes 2005, IEEE TVCG 11:243, doi 10.1109/TVCG.2005.49
    """
    gap, foot, face, feature = nearest_point(p, tree)
    if dot(minus(p, foot), vector(normals[face, feature])) < 0.0:
        gap = -gap
    return gap, foot


@njit(cache=True, parallel=True)
def signed_distances(
    points: NDArray[np.float64], tree: Tree, normals: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return signed distances of points, shape (N,), mm, and the nearest surface points."""
    gaps = np.empty(points.shape[0], dtype=np.float64)
    feet = np.empty_like(points)
    for n in prange(points.shape[0]):
        gap, foot = signed_point(vector(points[n]), tree, normals)
        gaps[n] = gap
        feet[n, 0], feet[n, 1], feet[n, 2] = foot
    return gaps, feet


@njit(cache=True)
def segment_distance(a: Vector, b: Vector, tree: Tree) -> tuple[float, Vector]:
    """Return the distance of a segment from the surface, 0 if it pierces it, and the point.

    Parameters
    ----------
    a, b : the ends, shape (3,), mm, LPS
    tree : Tree of the triangles
    """
    corners, _, spans, balls = tree
    stack = np.empty(STACK_SIZE, dtype=np.int64)
    stack[0] = 0
    open_nodes = 1
    best, foot = math.inf, a
    # Once pierced, nothing is nearer; how deep is found by ``deepest_on_segment``.
    while open_nodes > 0 and best > 0.0:
        open_nodes -= 1
        node = stack[open_nodes]
        if point_to_segment(vector(balls[node]), a, b) - balls[node, 3] >= best:
            continue
        left, right = spans[node, 2], spans[node, 3]
        if left >= 0:
            gap_left = point_to_segment(vector(balls[left]), a, b) - balls[left, 3]
            if gap_left < point_to_segment(vector(balls[right]), a, b) - balls[right, 3]:
                left, right = right, left
            stack[open_nodes], stack[open_nodes + 1] = left, right
            open_nodes += 2
            continue
        for n in range(spans[node, 0], spans[node, 1]):
            p, q, r = vector(corners[n, 0]), vector(corners[n, 1]), vector(corners[n, 2])
            gap, trial = segment_to_triangle(a, b, p, q, r)
            if gap < best:
                best, foot = gap, trial
    return best, foot


@njit(cache=True)
def deepest_on_segment(
    a: Vector, b: Vector, tree: Tree, normals: NDArray[np.float64], tolerance: float
) -> tuple[float, Vector]:
    """Return the least signed distance along a segment to the tolerance, mm, and the point.

    The signed distance changes by at most the way gone, so a stretch whose middle lies less
    deep than the deepest point by its half length can be dropped; others are halved.

    Parameters
    ----------
    a, b : the ends, shape (3,), mm, LPS
    tree : Tree of the triangles
    normals : float array, shape (M, 7, 3), as for ``signed_point``
    tolerance : float, mm

    References
    ----------
    Shubert 1972, SIAM Journal on Numerical Analysis 9:379, doi 10.1137/0709036
    (bounds from a known slope)
    """
    way = length(minus(b, a))
    middles = np.empty(STACK_SIZE, dtype=np.float64)
    halves = np.empty(STACK_SIZE, dtype=np.float64)
    middles[0], halves[0] = 0.5, 0.5
    waiting, deepest, point = 1, math.inf, a
    while waiting > 0:
        waiting -= 1
        at, half = middles[waiting], halves[waiting]
        gap, foot = signed_point(along(a, minus(b, a), at), tree, normals)
        if gap < deepest:
            deepest, point = gap, foot
        if gap - way * half < deepest - tolerance:
            middles[waiting], halves[waiting] = at - 0.5 * half, 0.5 * half
            middles[waiting + 1], halves[waiting + 1] = at + 0.5 * half, 0.5 * half
            waiting += 2
    return deepest, point


@njit(cache=True)
def _comes_within(a: Vector, b: Vector, tree: Tree, limit: float) -> bool:
    """Return whether a segment comes nearer than ``limit``, mm, to any triangle."""
    corners, _, spans, balls = tree
    stack = np.empty(STACK_SIZE, dtype=np.int64)
    stack[0] = 0
    open_nodes = 1
    while open_nodes > 0:
        open_nodes -= 1
        node = stack[open_nodes]
        if point_to_segment(vector(balls[node]), a, b) - balls[node, 3] >= limit:
            continue
        if spans[node, 2] >= 0:
            stack[open_nodes], stack[open_nodes + 1] = spans[node, 2], spans[node, 3]
            open_nodes += 2
            continue
        for n in range(spans[node, 0], spans[node, 1]):
            p, q, r = vector(corners[n, 0]), vector(corners[n, 1]), vector(corners[n, 2])
            gap, _ = segment_to_triangle(a, b, p, q, r)
            # A triangle that is pierced is too near for any limit.
            if gap < limit or gap <= 0.0:
                return True
    return False


@njit(cache=True, parallel=True)
def segments_clear(
    starts: NDArray[np.float64],
    ends: NDArray[np.float64],
    tree: Tree,
    normals: NDArray[np.float64],
    limit: float,
) -> NDArray[np.bool_]:
    """Return which segments, shape (P, 3), mm, LPS, lie outside and nowhere within the limit, mm.

    Parameters
    ----------
    starts, ends : float array, shape (P, 3), mm, LPS
    tree : Tree of the triangles
    normals : float array, shape (M, 7, 3), as for ``signed_point``
    limit : float, mm, at least 0
    """
    clear = np.empty(starts.shape[0], dtype=np.bool_)
    for p in prange(starts.shape[0]):
        a, b = vector(starts[p]), vector(ends[p])
        clear[p] = not _comes_within(a, b, tree, limit)
        # What touches no triangle may lie wholly inside.
        if clear[p]:
            clear[p] = signed_point(a, tree, normals)[0] > 0.0
    return clear
