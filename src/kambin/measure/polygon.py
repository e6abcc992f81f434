"""Triangles, convex polygons and the largest circle that fits in one."""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog

PARALLEL_EPSILON = 1e-9
"""Normals whose cross product is smaller belong to parallel lines, which do not meet."""


@dataclass(frozen=True, slots=True)
class RightTriangle:
    """What follows from the two legs of a right triangle.

    Parameters
    ----------
    area_mm2 : float, mm2
    hypotenuse_mm : float, mm
    incircle_mm : float, mm, diameter of the inscribed circle
    """

    area_mm2: float
    hypotenuse_mm: float
    incircle_mm: float


def solve_right_triangle(base_mm: float, height_mm: float) -> RightTriangle:
    """Return area, hypotenuse and incircle of a right triangle.

    Parameters
    ----------
    base_mm, height_mm : float, mm, the two legs

    References
    ----------
    Base and height of the cadaver series that is recomputed with it: evidence 3.2 (A4).
    """
    hypotenuse = math.hypot(base_mm, height_mm)
    return RightTriangle(base_mm * height_mm / 2, hypotenuse, base_mm + height_mm - hypotenuse)


def polygon_area_mm2(vertices_mm: ArrayLike) -> float:
    """Return the area of a polygon, mm2.

    Parameters
    ----------
    vertices_mm : float array, shape (N, 2), mm, in order, not closed
    """
    x, y = np.asarray(vertices_mm, dtype=np.float64).T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def inscribed_circle(vertices_mm: ArrayLike) -> tuple[NDArray[np.float64], float]:
    """Return the largest circle in a convex polygon.

    Parameters
    ----------
    vertices_mm : float array, shape (N, 2), mm, of a convex polygon, in order, not closed

    Returns
    -------
    centre, shape (2,), mm, and diameter, mm

    Notes
    -----
    A linear programme: the largest r with n . x + r <= d for every side (Chebyshev centre).

    References
    ----------
    Boyd and Vandenberghe 2004, Convex Optimization, section 8.5.1
    """
    corners = np.asarray(vertices_mm, dtype=np.float64)
    along = np.roll(corners, -1, axis=0) - corners
    normals = np.stack([along[:, 1], -along[:, 0]], axis=1)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    # Outward whichever way round the corners are given.
    middle = corners.mean(axis=0)
    normals *= np.sign(((corners - middle) * normals).sum(axis=1))[:, None]
    offsets = (normals * corners).sum(axis=1)
    found = linprog(
        [0.0, 0.0, -1.0],
        A_ub=np.column_stack([normals, np.ones(len(normals))]),
        b_ub=offsets,
        bounds=[(None, None), (None, None), (0.0, None)],
    )
    return np.array(found.x[:2]), 2 * float(found.x[2])


def inscribed_radii_mm(
    normals: NDArray[np.float64], offsets_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the radius of the largest circle between three or four lines, many at once.

    Parameters
    ----------
    normals : float array, shape (..., N, 2), outward unit normals, N >= 3
    offsets_mm : float array, shape (..., N), mm: inside is where ``normal . x <= offset``

    Returns
    -------
    float array, shape (...), mm; negative if the lines leave no room, infinite if they
    do not close

    Notes
    -----
    Three sides decide the largest circle of a convex polygon. For every three whose normals
    balance (weights >= 0 that sum to 1 and cancel them) the radius is the weighted mean of
    the offsets; the least over all of them is that of the polygon. The weights are also how
    much the radius moves with each line, which gives its uncertainty.
    """
    least = np.full(normals.shape[:-2], np.inf)
    for triple in combinations(range(normals.shape[-2]), 3):
        chosen, offset = normals[..., triple, :], offsets_mm[..., triple]
        weights = np.stack(
            [_cross(chosen[..., (k + 1) % 3, :], chosen[..., (k + 2) % 3, :]) for k in range(3)],
            axis=-1,
        )
        total = weights.sum(axis=-1)
        # One sign: the three lines surround a point, in one order or the other.
        closes = (np.abs(total) > PARALLEL_EPSILON) & (
            (weights >= -PARALLEL_EPSILON).all(axis=-1) | (weights <= PARALLEL_EPSILON).all(axis=-1)
        )
        radius = (weights * offset).sum(axis=-1) / np.where(closes, total, 1.0)
        least = np.where(closes, np.minimum(least, radius), least)
    return least


def intersect_half_planes(
    normals: NDArray[np.float64], offsets_mm: NDArray[np.float64], reach_mm: float
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the polygon between lines.

    Parameters
    ----------
    normals : float array, shape (N, 2), outward unit normals
    offsets_mm : float array, shape (N,), mm: inside is where ``normal . x <= offset``
    reach_mm : float, mm, half the side of the square that bounds an open polygon

    Returns
    -------
    corners, shape (M, 2), mm, in order, and for each the number of the line on which the
    side to the next corner lies, shape (M,), -1 for the square; both empty without room

    References
    ----------
    Sutherland and Hodgman 1974, Communications of the ACM 17:32, doi 10.1145/360767.360802
    """
    corners = reach_mm * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    sides = np.full(4, -1)
    for number, (normal, offset) in enumerate(zip(normals, offsets_mm, strict=True)):
        outside = corners @ normal - offset
        kept: list[tuple[NDArray[np.float64], int]] = []
        for k in range(len(corners)):
            after = (k + 1) % len(corners)
            if outside[k] <= 0:
                kept.append((corners[k], int(sides[k])))
            # One of the two lies outside: the line is crossed between them.
            if (outside[k] <= 0) != (outside[after] <= 0):
                share = outside[k] / (outside[k] - outside[after])
                place = corners[k] + share * (corners[after] - corners[k])
                # Leaving, the next side runs along the line; entering, along the old side.
                kept.append((place, number if outside[k] <= 0 else int(sides[k])))
        if not kept:
            return np.empty((0, 2)), np.empty(0, dtype=np.intp)
        corners = np.array([place for place, _ in kept])
        sides = np.array([side for _, side in kept])
    return corners, sides


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    turned: NDArray[np.float64] = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return turned
