"""Unsigned and signed distances from an occupancy, on any lattice of nodes."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from kambin.imaging._crossing_kernels import (
    DISC_REACH,
    LEVEL,
    find_crossings,
    fit_discs,
    shrink_to_discs,
)
from kambin.imaging._field_kernels import resample
from kambin.imaging._spread_kernels import spread_parabolas
from kambin.imaging.grid import Grid

SAMPLES_PER_VOXEL = 2.0
"""Samples of the occupancy per voxel along a grid line: a part of one voxel has one inside."""

STEP_VOXELS = 0.5
"""Half width of the central difference that gives the normal, voxels."""

SPARE_NODES = 2
"""Nodes kept around the box of a structure; smoothing moves a surface by less than one."""

Box = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""First and last + 1 node along L, P, S; beyond the grid where negative or too large."""


class Source(NamedTuple):
    """An occupancy on voxels of any orientation, and the box that holds the structure.

    Parameters
    ----------
    values : float32 array, shape (I, J, K), 0 to 1
    ijk_from_lps : float array, shape (4, 4), voxel index from mm
    voxel_mm : float, mm, the smallest spacing
    low_lps_mm, high_lps_mm : float arrays, shape (3,), mm, LPS
    """

    values: NDArray[np.float32]
    ijk_from_lps: NDArray[np.float64]
    voxel_mm: float
    low_lps_mm: NDArray[np.float64]
    high_lps_mm: NDArray[np.float64]


def find_box(source: Source, grid: Grid, outside_mm: float) -> Box:
    """Return the nodes around a structure, up to ``outside_mm`` beyond the grid.

    Parameters
    ----------
    source : Source
    grid : Grid
    outside_mm : float, mm, how far beyond the grid the structure is followed

    Returns
    -------
    three pairs of node numbers, first and last + 1 along L, P, S
    """
    # The tiny terms keep rounding from adding a node on one side of a mirrored structure only.
    spare = math.ceil(outside_mm / grid.spacing_mm - 1e-9)
    low = np.floor(grid.ijk(source.low_lps_mm) + 1e-6).astype(int) - SPARE_NODES
    high = np.ceil(grid.ijk(source.high_lps_mm) - 1e-6).astype(int) + SPARE_NODES + 1
    low = np.maximum(low, -spare)
    high = np.minimum(high, np.array(grid.shape) + spare)
    # A structure wholly beyond reach gets an empty span, not a negative one.
    x, y, z = ((int(a), max(int(a), int(b))) for a, b in zip(low, high, strict=True))
    return x, y, z


def measure_signed(source: Source, grid: Grid, outside_mm: float) -> NDArray[np.float32]:
    """Return signed distances to the part of a structure that ``outside_mm`` lets in.

    Parameters
    ----------
    source : Source
    grid : Grid
    outside_mm : float, mm, how far beyond the grid the structure is followed

    Returns
    -------
    float32 array, shape ``grid.shape``, mm; sqrt(FAR) nodes where nothing was found

    References
    ----------
    Felzenszwalb and Huttenlocher 2012, Theory of Computing 8:415,
    doi 10.4086/toc.2012.v008a019 (passes of parabolas)
    """
    box = find_box(source, grid, outside_mm)
    first = np.array([span[0] for span in box], dtype=np.float64)
    shape = tuple(b - a for a, b in box)
    affine = (source.ijk_from_lps @ grid.lps_from_ijk)[:3]
    # Kernels count nodes from the box, which may start before the grid or inside it.
    affine[:, 3] += affine[:, :3] @ first
    nodes = np.empty(shape, dtype=np.float32)
    resample(source.values, affine, nodes)
    # Samples between the nodes, or a part thinner than their distance could slip through.
    parts = max(1, math.ceil(SAMPLES_PER_VOXEL * grid.spacing_mm / source.voxel_mm - 1e-6))
    # Lines along all three axes: a face parallel to one kind of line is met by the others.
    along = [_cross(source.values, affine, nodes, axis, parts, box, grid) for axis in range(3)]
    distances = _spread([squares for _, squares in along], box, grid.shape)
    points = np.concatenate([found for found, _ in along])
    # Sorted by plane, so that one thread can own one plane of nodes.
    points = points[np.argsort(points[:, 0], kind="stable")]
    discs = fit_discs(
        source.values, affine, points, STEP_VOXELS * source.voxel_mm / grid.spacing_mm
    )
    # From here on indices of the grid: discs reach nodes outside the box.
    shrunk = _shrink(distances, points + first, discs)
    # Only nodes of the box can lie inside; all others keep their positive distance.
    inside = tuple(slice(max(0, a), max(0, b)) for a, b in box)
    kept = tuple(
        slice(max(0, -a), max(0, n - a)) for (a, _), n in zip(box, grid.shape, strict=True)
    )
    shrunk[inside] *= np.where(nodes[kept] >= LEVEL, np.float32(-1.0), np.float32(1.0))
    shrunk *= np.float32(grid.spacing_mm)
    return shrunk


def _cross(
    values: NDArray[np.float32],
    affine: NDArray[np.float64],
    nodes: NDArray[np.float32],
    axis: int,
    parts: int,
    box: Box,
    grid: Grid,
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return the crossings on the lines along one axis, and squared distances on the lines.

    The squares have the size of the box across the lines and that of the grid along them.
    """
    order = [a for a in range(3) if a != axis] + [axis]
    # The kernel walks along the last axis, where neighbours lie beside each other in memory.
    turned = np.ascontiguousarray(nodes.transpose(order))
    columns = np.ascontiguousarray(affine[:, [*order, 3]])
    squares = np.empty((*turned.shape[:2], grid.shape[axis]), dtype=np.float32)
    inside = turned >= LEVEL
    # Parts between nodes may be crossed twice; then the guess is too small and is made again.
    capacity = 64 + int(np.count_nonzero(inside[:, :, 1:] != inside[:, :, :-1]))
    found = capacity + 1
    while found > capacity:
        capacity = max(capacity, found)
        points = np.empty((capacity, 3))
        found = find_crossings(values, columns, turned, parts, box[axis][0], squares, points)
    back = np.argsort(order)
    return points[:found, back], np.ascontiguousarray(squares.transpose(back))


def _spread(
    along: list[NDArray[np.float32]], box: Box, shape: tuple[int, int, int]
) -> NDArray[np.float32]:
    """Return the distance of each node to the nearest crossing, from those on the lines.

    A crossing lies on a grid line, so that two passes of exact parabolas carry it to all
    nodes; the pass that two kinds of lines share is made once. Arrays grow from the box
    to the grid with each pass.
    """
    # Crossings of x lines spread along y, those of y lines along x; z then serves both.
    on_x, on_y, on_z = along
    nx, ny, nz = shape
    flat = np.empty((nx, ny, on_x.shape[2]), dtype=np.float32)
    _pass(on_x, box, 1, flat, join=False)
    _pass(on_y, box, 0, flat, join=True)
    squares = np.empty(shape, dtype=np.float32)
    _pass(flat, box, 2, squares, join=False)
    steep = np.empty((nx, on_z.shape[1], nz), dtype=np.float32)
    _pass(on_z, box, 0, steep, join=False)
    _pass(steep, box, 1, squares, join=True)
    # In place: another array of ten million nodes would cost 40 MB.
    distances: NDArray[np.float32] = np.sqrt(squares, out=squares)
    return distances


def _pass(
    squares: NDArray[np.float32], box: Box, axis: int, spread: NDArray[np.float32], *, join: bool
) -> None:
    spread_parabolas(_lines(squares, axis), box[axis][0], _lines(spread, axis), join)


def _lines(values: NDArray[np.float32], axis: int) -> NDArray[np.float32]:
    """View a contiguous array, shape (A, B, C), as (outer, along ``axis``, inner)."""
    # A view, never a copy: the passes write through it.
    a, b, c = values.shape
    return values.reshape(((1, a, b * c), (a, b, c), (a * b, c, 1))[axis])


def _shrink(
    distances: NDArray[np.float32], points: NDArray[np.float64], discs: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the distances to discs, sorted points given as indices of the grid."""
    planes = np.arange(-DISC_REACH, distances.shape[0] + DISC_REACH)
    starts = np.searchsorted(points[:, 0], planes.astype(np.float64))
    # Discs read the one array and lower the other, or their order would show in the result.
    shrunk = distances.copy()
    shrink_to_discs(distances, points, discs, starts, shrunk)
    return shrunk
