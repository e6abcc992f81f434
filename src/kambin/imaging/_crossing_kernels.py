"""Jitted search for the points where grid lines pass a surface, and the tangent discs there."""

import math

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from kambin.imaging._field_kernels import trilinear
from kambin.imaging._spread_kernels import FAR

SECANT_ITERATIONS = 3
"""Secant steps per crossing; the occupancy is almost linear there, so three leave 1e-4 voxel."""

LEVEL = 0.5
"""Occupancy at the surface."""

FLATNESS = 0.06
"""How far, in nodes, the surface may leave a tangent disc at its rim."""

DISC_RADIUS = 0.75
"""Radius of the tangent disc at each surface point, nodes: a little more than half the
diagonal of the square lattice in which an axis-aligned face is sampled."""

DISC_REACH = 6
DISC_TAPER = 4.0
"""Nodes up to which distances are measured to discs, and over how many nodes before that
the discs shrink to points, so that there is no step; beyond, points are within 0.03 nodes."""

DISC_BESIDE = 2.5
"""Nodes beside a disc's axis beyond which another disc is always nearer."""


@njit(cache=True, inline="always")
def _occupancy_at(
    values: NDArray[np.float32], index_from_node: NDArray[np.float64], a: float, b: float, c: float
) -> float:
    x = (
        index_from_node[0, 0] * a
        + index_from_node[0, 1] * b
        + index_from_node[0, 2] * c
        + index_from_node[0, 3]
    )
    y = (
        index_from_node[1, 0] * a
        + index_from_node[1, 1] * b
        + index_from_node[1, 2] * c
        + index_from_node[1, 3]
    )
    z = (
        index_from_node[2, 0] * a
        + index_from_node[2, 1] * b
        + index_from_node[2, 2] * c
        + index_from_node[2, 3]
    )
    return trilinear(values, x, y, z)


@njit(cache=True)
def find_crossings(
    values: NDArray[np.float32],
    index_from_node: NDArray[np.float64],
    nodes: NDArray[np.float32],
    parts: int,
    first: int,
    squares: NDArray[np.float32],
    points: NDArray[np.float64],
) -> int:
    """Find where lines along the last axis pass the 0.5 level, and how far nodes are from it.

    Parameters
    ----------
    values : occupancy on the label voxels
    index_from_node : shape (3, 4), label index from index in ``nodes``
    nodes : occupancy at the nodes of the box around the structure, shape (A, B, C)
    parts : int, into how many parts each step between nodes is divided
    first : int, place of the box's first node on the longer line of ``squares``
    squares : shape (A, B, N), filled with the squared distance to the nearest crossing on
        the same line, node units, FAR where there is none
    points : shape (P, 3), filled with the crossings as indices of ``nodes``

    Returns
    -------
    the number of crossings; when it exceeds P only the first P were stored
    """
    na, nb, nc = nodes.shape
    found = 0
    on_line = np.empty(max(nc - 1, 0) * parts + 1, dtype=np.float64)
    for a in range(na):
        for b in range(nb):
            count = 0
            for c in range(nc - 1):
                low, high = float(nodes[a, b, c]), float(nodes[a, b, c + 1])
                # Smoothing makes a part between two nodes show at one of them; 0 and 0 has none.
                if (low <= 0.0 and high <= 0.0) or (low >= 1.0 and high >= 1.0):
                    continue
                before = low
                for part in range(parts):
                    end = c + (part + 1.0) / parts
                    # The last sample is the node itself, so that neighbours share one value.
                    after = high
                    if part + 1 < parts:
                        after = _occupancy_at(values, index_from_node, a, b, end)
                    if (before >= LEVEL) != (after >= LEVEL):
                        t = _refine(
                            values, index_from_node, a, b, end - 1.0 / parts, end, before, after
                        )
                        # Squares count along the grid's line, points along that of the box.
                        on_line[count] = t + first
                        count += 1
                        # Counted even when full, so that the caller knows the size it needs.
                        if found < points.shape[0]:
                            points[found, 0], points[found, 1], points[found, 2] = a, b, t
                        found += 1
                    before = after
            _fill_squares(squares, a, b, on_line, count)
    return found


@njit(cache=True, inline="always")
def _refine(
    values: NDArray[np.float32],
    index_from_node: NDArray[np.float64],
    a: int,
    b: int,
    start: float,
    end: float,
    before: float,
    after: float,
) -> float:
    """Return the place of the 0.5 level between two samples that lie on either side of it."""
    # The level stays between the two samples, so the place cannot leave the step.
    t = start
    for _ in range(SECANT_ITERATIONS):
        t = start + (end - start) * ((LEVEL - before) / (after - before))
        at = _occupancy_at(values, index_from_node, a, b, t)
        if (at >= LEVEL) == (before >= LEVEL):
            start, before = t, at
        else:
            end, after = t, at
    return t


@njit(cache=True, inline="always")
def _fill_squares(
    squares: NDArray[np.float32], a: int, b: int, on_line: NDArray[np.float64], count: int
) -> None:
    """Write the squared distance to the nearest of ``count`` ascending places on a line."""
    # Places ascend, so the nearest one never moves back.
    nearest = 0
    for c in range(squares.shape[2]):
        if count == 0:
            squares[a, b, c] = FAR
            continue
        while nearest + 1 < count and abs(on_line[nearest + 1] - c) <= abs(on_line[nearest] - c):
            nearest += 1
        gap = on_line[nearest] - c
        squares[a, b, c] = gap * gap


@njit(cache=True, parallel=True)
def fit_discs(
    values: NDArray[np.float32],
    index_from_node: NDArray[np.float64],
    points: NDArray[np.float64],
    step: float,
) -> NDArray[np.float64]:
    """Return the normal and radius of the tangent disc at each point, shape (P, 4), nodes.

    The normal is the central difference of the occupancy over ``step`` nodes, the radius
    shrinks where the surface bends away from the disc: at a sharp edge it is a point.

    Parameters
    ----------
    values : float32 array, shape (I, J, K), occupancy on the label voxels
    index_from_node : float array, shape (3, 4), label index from node
    points : float array, shape (P, 3), nodes, on the surface
    step : float, nodes
    """
    discs = np.zeros((points.shape[0], 4), dtype=np.float64)
    for n in prange(points.shape[0]):
        at = points[n]
        grad = np.empty(3, dtype=np.float64)
        for axis in range(3):
            ahead, behind = at.copy(), at.copy()
            ahead[axis] += step
            behind[axis] -= step
            low = _occupancy_at(values, index_from_node, ahead[0], ahead[1], ahead[2])
            high = _occupancy_at(values, index_from_node, behind[0], behind[1], behind[2])
            # Occupancy falls outwards: behind less ahead points out of the structure.
            grad[axis] = (high - low) / (2.0 * step)
        steep = math.sqrt(grad[0] ** 2 + grad[1] ** 2 + grad[2] ** 2)
        # Without a direction the disc keeps the radius 0 and stays a point.
        if steep <= 0.0:
            continue
        normal = grad / steep
        discs[n, :3] = normal
        # Any two directions in the disc; the least axis of the normal keeps them apart.
        helper = np.zeros(3, dtype=np.float64)
        helper[np.argmin(np.abs(normal))] = 1.0
        first = np.cross(normal, helper)
        first /= math.sqrt(first[0] ** 2 + first[1] ** 2 + first[2] ** 2)
        second = np.cross(normal, first)
        bend = 0.0
        for side in range(-1, 2, 2):
            for turn in range(2):
                rim = at + side * DISC_RADIUS * (first if turn == 0 else second)
                off = _occupancy_at(values, index_from_node, rim[0], rim[1], rim[2]) - LEVEL
                bend = max(bend, abs(off) / steep)
        # A surface that bends by b at the rim bends by b (r / R)^2 at the radius r.
        discs[n, 3] = DISC_RADIUS * min(1.0, math.sqrt(FLATNESS / max(bend, FLATNESS)))
    return discs


@njit(cache=True, parallel=True)
def shrink_to_discs(
    distances: NDArray[np.float32],
    points: NDArray[np.float64],
    discs: NDArray[np.float64],
    starts: NDArray[np.int64],
    shrunk: NDArray[np.float32],
) -> None:
    """Lower ``shrunk``, a copy of the distances to points, to those to discs, node units.

    A set of discs is a surface without the gaps of a set of points. ``points`` is sorted
    along the first axis; ``starts[i]`` is the first of those that can reach plane i, and
    ``starts[i + 2 * DISC_REACH]`` the first of those that lie too far on.

    Parameters
    ----------
    distances : float32 array, shape (nodes along L, P, S), to points, node units
    points : float array, shape (P, 3), nodes, sorted along the first axis
    discs : float array, shape (P, 4), outward unit normal and radius, nodes
    starts : int array, shape (nodes along L + 2 DISC_REACH,)
    shrunk : float32 array, shape of ``distances``, lowered in place
    """
    nx, ny, nz = distances.shape
    for i in prange(nx):
        for n in range(starts[i], starts[i + 2 * DISC_REACH]):
            x, y, z = points[n, 0], points[n, 1], points[n, 2]
            u, v, w = discs[n, 0], discs[n, 1], discs[n, 2]
            dx = i - x
            for j in range(max(0, math.ceil(y) - DISC_REACH), min(ny, int(y) + DISC_REACH + 1)):
                dy = j - y
                flat, lean = dx * dx + dy * dy, dx * u + dy * v
                # Heights at which this column of nodes runs near the disc's axis.
                low, high = -float(DISC_REACH), float(DISC_REACH)
                across = 1.0 - w * w
                root = (lean * w) ** 2 - across * (flat - lean * lean - DISC_BESIDE**2)
                if root < 0.0:
                    continue
                # A disc that lies level has the column as its axis: all heights are near it.
                if across > 1e-9:
                    low = max(low, (lean * w - math.sqrt(root)) / across)
                    high = min(high, (lean * w + math.sqrt(root)) / across)
                for k in range(max(0, math.ceil(z + low)), min(nz, math.floor(z + high) + 1)):
                    now = float(distances[i, j, k])
                    # From the distance to points, not from what other discs left: no order counts.
                    taper = (DISC_REACH - now) / DISC_TAPER
                    radius = discs[n, 3] * min(1.0, taper)
                    dz = k - z
                    square = flat + dz * dz
                    # A disc is at most its radius nearer than its centre; this one cannot help.
                    if radius <= 0.0 or square >= (now + radius) ** 2:
                        continue
                    height = lean + dz * w
                    beside = math.sqrt(max(square - height * height, 0.0)) - radius
                    gap = abs(height)
                    if beside > 0.0:
                        gap = math.sqrt(height * height + beside * beside)
                    shrunk[i, j, k] = min(shrunk[i, j, k], gap)
