"""Jitted distances between points, segments and triangles given as plain tuples.

Tuples live in registers; small arrays would be allocated at every step.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Vector = tuple[float, float, float]
"""A point or a direction, shape (3,), mm, LPS."""

FLAT_EPSILON = 1e-12
"""Squared length, mm^2, under which a segment counts as a point."""

PARALLEL_EPSILON = 1e-12
"""Squared sine under which two segments count as parallel."""

FACE = 6
"""Feature number of a triangle's inside; 0 to 2 are its corners, 3 to 5 the edges after them."""


@njit(cache=True, inline="always")
def vector(row: NDArray[np.float64]) -> Vector:
    """Return an array, shape (3,), as a tuple of three numbers in the same unit."""
    return float(row[0]), float(row[1]), float(row[2])


@njit(cache=True, inline="always")
def minus(a: Vector, b: Vector) -> Vector:
    """Return a - b, in mm for two points."""
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


@njit(cache=True, inline="always")
def along(a: Vector, step: Vector, t: float) -> Vector:
    """Return a + t step, in mm; t has no unit."""
    return a[0] + t * step[0], a[1] + t * step[1], a[2] + t * step[2]


@njit(cache=True, inline="always")
def dot(a: Vector, b: Vector) -> float:
    """Return the scalar product, mm^2 for two vectors in mm."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


@njit(cache=True, inline="always")
def cross(a: Vector, b: Vector) -> Vector:
    """Return the vector product, mm^2 for two vectors in mm."""
    return (
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    )


@njit(cache=True, inline="always")
def length(a: Vector) -> float:
    """Return the length of a vector, in mm for a vector in mm."""
    return math.sqrt(dot(a, a))


@njit(cache=True, inline="always")
def clamp(t: float) -> float:
    """Return t held between 0 and 1."""
    return min(1.0, max(0.0, t))


@njit(cache=True)
def closest_on_triangle(  # noqa: PLR0911 - one return for each Voronoi region
    p: Vector, a: Vector, b: Vector, c: Vector
) -> tuple[Vector, int]:
    """Return the triangle's point nearest to p and the feature it lies on.

    Points are in mm; features are numbered as ``FACE`` says.

    Parameters
    ----------
    p, a, b, c : the point and the corners, shape (3,) each, mm, LPS

    References
    ----------
    Ericson 2005, Real-Time Collision Detection, section 5.1.5 (Voronoi regions)
    """
    # Corners and edges first: the inside is what none of them claims.
    ab, ac = minus(b, a), minus(c, a)
    ap, bp, cp = minus(p, a), minus(p, b), minus(p, c)
    d1, d2 = dot(ab, ap), dot(ac, ap)
    if d1 <= 0.0 and d2 <= 0.0:
        return a, 0
    d3, d4 = dot(ab, bp), dot(ac, bp)
    if d3 >= 0.0 and d4 <= d3:
        return b, 1
    vc = d1 * d4 - d3 * d2
    if vc <= 0.0 and d1 >= 0.0 and d3 <= 0.0:
        return along(a, ab, d1 / (d1 - d3)), 3
    d5, d6 = dot(ab, cp), dot(ac, cp)
    if d6 >= 0.0 and d5 <= d6:
        return c, 2
    vb = d5 * d2 - d1 * d6
    if vb <= 0.0 and d2 >= 0.0 and d6 <= 0.0:
        return along(a, ac, d2 / (d2 - d6)), 5
    va = d3 * d6 - d5 * d4
    if va <= 0.0 and d4 >= d3 and d5 >= d6:
        return along(b, minus(c, b), (d4 - d3) / ((d4 - d3) + (d5 - d6))), 4
    total = va + vb + vc
    return along(along(a, ab, vb / total), ac, vc / total), FACE


@njit(cache=True)
def point_to_segment(p: Vector, a: Vector, b: Vector) -> float:
    """Return the distance of a point from the segment a to b, mm.

    Parameters
    ----------
    p, a, b : the point and the ends, shape (3,) each, mm, LPS
    """
    step = minus(b, a)
    square = dot(step, step)
    t = clamp(dot(minus(p, a), step) / square) if square >= FLAT_EPSILON else 0.0
    return length(minus(p, along(a, step, t)))


@njit(cache=True)
def closest_of_segments(a: Vector, b: Vector, c: Vector, d: Vector) -> tuple[float, Vector]:
    """Return the distance of the segments a-b and c-d, and the nearest point of c-d.

    All in mm.

    Parameters
    ----------
    a, b, c, d : the ends, shape (3,) each, mm, LPS

    References
    ----------
    Ericson 2005, Real-Time Collision Detection, section 5.1.9 (clamped quadratic)
    """
    u, v, w = minus(b, a), minus(d, c), minus(a, c)
    uu, vv, uv, uw, vw = dot(u, u), dot(v, v), dot(u, v), dot(u, w), dot(v, w)
    # For parallel segments any start will do, as both ends are clamped after it.
    s = 0.0
    area = uu * vv - uv * uv
    if area > PARALLEL_EPSILON * uu * vv:
        s = clamp((uv * vw - uw * vv) / area)
    t = clamp((uv * s + vw) / vv) if vv >= FLAT_EPSILON else 0.0
    s = clamp((uv * t - uw) / uu) if uu >= FLAT_EPSILON else 0.0
    second = along(c, v, t)
    return length(minus(along(a, u, s), second)), second


@njit(cache=True)
def pierces(a: Vector, b: Vector, p: Vector, q: Vector, r: Vector) -> bool:
    """Return whether the segment a to b passes through the triangle p, q, r.

    Parameters
    ----------
    a, b, p, q, r : the ends and the corners, shape (3,) each, mm, LPS
    """
    normal = cross(minus(q, p), minus(r, p))
    side_a, side_b = dot(minus(a, p), normal), dot(minus(b, p), normal)
    # A segment within the plane is nearest at its ends or at an edge, not by piercing.
    if side_a * side_b > 0.0 or side_a == side_b:
        return False
    x = along(a, minus(b, a), side_a / (side_a - side_b))
    first = dot(cross(minus(q, p), minus(x, p)), normal)
    second = dot(cross(minus(r, q), minus(x, q)), normal)
    third = dot(cross(minus(p, r), minus(x, r)), normal)
    return min(first, second, third) >= 0.0


@njit(cache=True)
def segment_to_triangle(
    a: Vector, b: Vector, p: Vector, q: Vector, r: Vector
) -> tuple[float, Vector]:
    """Return the distance of segment and triangle, mm, 0 if pierced, and the nearest point.

    Parameters
    ----------
    a, b, p, q, r : the ends and the corners, shape (3,) each, mm, LPS

    References
    ----------
    Ericson 2005, Real-Time Collision Detection, section 5.1.10 (segment and triangle)
    """
    # Unless it pierces, the nearest pair has an end of the segment or a point of an edge.
    nearest, _ = closest_on_triangle(a, p, q, r)
    best = length(minus(a, nearest))
    other, _ = closest_on_triangle(b, p, q, r)
    gap = length(minus(b, other))
    if gap < best:
        best, nearest = gap, other
    for edge in range(3):
        start, end = (p, q) if edge == 0 else ((q, r) if edge == 1 else (r, p))
        gap, other = closest_of_segments(a, b, start, end)
        if gap < best:
            best, nearest = gap, other
    if best > 0.0 and pierces(a, b, p, q, r):
        best = 0.0
    return best, nearest
