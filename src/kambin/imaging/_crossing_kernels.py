"""Jitted search for the points where grid lines pass the surface, and their tangent discs."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from kambin.imaging._field_kernels import FAR, trilinear

SECANT_ITERATIONS = 3
"""Secant steps per crossing; the occupancy is almost linear there, so three leave 1e-4 voxel."""

LEVEL = 0.5
"""Occupancy at the surface."""


@njit(cache=True, inline="always")
def _occupancy_at(
    values: NDArray[np.float32], affine: NDArray[np.float64], a: float, b: float, c: float
) -> float:
    x = affine[0, 0] * a + affine[0, 1] * b + affine[0, 2] * c + affine[0, 3]
    y = affine[1, 0] * a + affine[1, 1] * b + affine[1, 2] * c + affine[1, 3]
    z = affine[2, 0] * a + affine[2, 1] * b + affine[2, 2] * c + affine[2, 3]
    return trilinear(values, x, y, z)


@njit(cache=True)
def find_crossings(
    values: NDArray[np.float32],
    affine: NDArray[np.float64],
    nodes: NDArray[np.float32],
    parts: int,
    squares: NDArray[np.float32],
    points: NDArray[np.float64],
) -> int:
    """Find where lines along the last axis pass the 0.5 level, and how far nodes are from it.

    Parameters
    ----------
    values : occupancy on the label voxels
    affine : shape (3, 4), label index from node index
    nodes : occupancy at the nodes, shape (A, B, C)
    parts : int, into how many parts each step between nodes is divided
    squares : shape (A, B, C), filled with the squared distance to the nearest crossing on
        the same line, node units, FAR where there is none
    points : shape (N, 3), filled with the crossings in node units

    Returns
    -------
    the number of crossings; when it exceeds N only the first N were stored
    """
    na, nb, nc = nodes.shape
    found = 0
    on_line = np.empty((nc - 1) * parts + 1, dtype=np.float64)
    for a in range(na):
        for b in range(nb):
            count = 0
            for c in range(nc - 1):
                low, high = nodes[a, b, c], nodes[a, b, c + 1]
                if (low <= 0.0 and high <= 0.0) or (low >= 1.0 and high >= 1.0):
                    continue
                before = float(low)
                for part in range(parts):
                    end = c + (part + 1.0) / parts
                    after = float(high)
                    if part + 1 < parts:
                        after = _occupancy_at(values, affine, a, b, end)
                    if (before >= LEVEL) != (after >= LEVEL):
                        t = _refine(values, affine, a, b, end - 1.0 / parts, end, before, after)
                        on_line[count] = t
                        count += 1
                        if found < points.shape[0]:
                            points[found, 0], points[found, 1], points[found, 2] = a, b, t
                        found += 1
                    before = after
            _fill_squares(squares, a, b, on_line, count)
    return found


@njit(cache=True, inline="always")
def _refine(
    values: NDArray[np.float32],
    affine: NDArray[np.float64],
    a: int,
    b: int,
    start: float,
    end: float,
    before: float,
    after: float,
) -> float:
    """Return the place of the 0.5 level between two samples that lie on either side of it."""
    t = start
    for _ in range(SECANT_ITERATIONS):
        t = start + (end - start) * ((LEVEL - before) / (after - before))
        at = _occupancy_at(values, affine, a, b, t)
        if (at >= LEVEL) == (before >= LEVEL):
            start, before = t, at
        else:
            end, after = t, at
        if abs(after - before) < 1e-6:
            break
    return t


@njit(cache=True, inline="always")
def _fill_squares(
    squares: NDArray[np.float32], a: int, b: int, on_line: NDArray[np.float64], count: int
) -> None:
    """Write the squared distance to the nearest of ``count`` ascending places on a line."""
    nearest = 0
    for c in range(squares.shape[2]):
        if count == 0:
            squares[a, b, c] = FAR
            continue
        while nearest + 1 < count and abs(on_line[nearest + 1] - c) <= abs(on_line[nearest] - c):
            nearest += 1
        gap = on_line[nearest] - c
        squares[a, b, c] = gap * gap


@njit(cache=True)
def find_normals(
    values: NDArray[np.float32],
    affine: NDArray[np.float64],
    points: NDArray[np.float64],
    step: float,
) -> NDArray[np.float64]:
    """Return the unit normals of the 0.5 level at points, both in node units, shape (N, 3).

    Central differences of the occupancy over ``step`` nodes; zero where it is flat.
    """
    normals = np.zeros_like(points)
    for n in range(points.shape[0]):
        a, b, c = points[n, 0], points[n, 1], points[n, 2]
        ga = _occupancy_at(values, affine, a - step, b, c) - _occupancy_at(
            values, affine, a + step, b, c
        )
        gb = _occupancy_at(values, affine, a, b - step, c) - _occupancy_at(
            values, affine, a, b + step, c
        )
        gc = _occupancy_at(values, affine, a, b, c - step) - _occupancy_at(
            values, affine, a, b, c + step
        )
        length = math.sqrt(ga * ga + gb * gb + gc * gc)
        if length > 0.0:
            normals[n, 0], normals[n, 1], normals[n, 2] = ga / length, gb / length, gc / length
    return normals


@njit(cache=True)
def shrink_to_discs(
    distances: NDArray[np.float32],
    points: NDArray[np.float64],
    normals: NDArray[np.float64],
    radius: float,
    reach: int,
) -> None:
    """Lower unsigned distances to those to tangent discs, in place, all in node units.

    A set of discs is a surface without the gaps of a set of points, and the distance to
    it is exactly 1-Lipschitz. Only nodes closer than ``reach`` are touched.
    """
    nx, ny, nz = distances.shape
    for n in range(points.shape[0]):
        x, y, z = points[n, 0], points[n, 1], points[n, 2]
        u, v, w = normals[n, 0], normals[n, 1], normals[n, 2]
        for i in range(max(0, int(x) - reach), min(nx, int(x) + reach + 2)):
            for j in range(max(0, int(y) - reach), min(ny, int(y) + reach + 2)):
                for k in range(max(0, int(z) - reach), min(nz, int(z) + reach + 2)):
                    now = distances[i, j, k]
                    dx, dy, dz = i - x, j - y, k - z
                    square = dx * dx + dy * dy + dz * dz
                    if now > reach or square >= (now + radius) * (now + radius):
                        continue
                    height = dx * u + dy * v + dz * w
                    beside = math.sqrt(max(square - height * height, 0.0)) - radius
                    gap = abs(height)
                    if beside > 0.0:
                        gap = math.sqrt(height * height + beside * beside)
                    if gap < now:
                        distances[i, j, k] = gap
