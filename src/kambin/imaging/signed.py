"""Signed distance to the sub-voxel surface of a structure, at every node of a grid."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.core import InputError
from kambin.imaging._crossing_kernels import LEVEL, find_crossings, find_normals, shrink_to_discs
from kambin.imaging._field_kernels import spread_parabolas
from kambin.imaging.field import Field
from kambin.imaging.grid import Grid
from kambin.imaging.occupancy import (
    bounds_of_inside,
    resample_to_grid,
    smooth_fractions,
    smooth_labels,
)
from kambin.imaging.volume import LabelMap, Volume

DISC_RADIUS = 0.75
"""Radius of the tangent disc at each surface point, nodes: a little more than half the
diagonal of the square lattice in which an axis-aligned face is sampled."""

DISC_REACH = 5
"""Nodes up to which distances are measured to discs; beyond, points are within 0.03 nodes."""

OUTSIDE_MM = 20.0
"""How far beyond the grid the structure is followed; farther parts only bound from below."""

THICK_SIGMA = 0.12
THIN_SIGMA = 0.35
"""Standard deviation of the field's error, in voxels of the label, where the structure is
thick and where it is thinner than about three voxels (measured on analytic shapes)."""

FRACTION_SIGMA = 0.05
"""The same for a fractional occupancy, in voxels."""


class _Source(NamedTuple):
    """An occupancy on voxels of any orientation."""

    values: NDArray[np.float32]
    ijk_from_lps: NDArray[np.float64]
    voxel_mm: float


def signed_distance(region: LabelMap, grid: Grid) -> Field:
    """Measure how far every node lies from a labelled structure, below the size of a voxel.

    Parameters
    ----------
    region : LabelMap of 0 and 1, shape (I, J, K), best cropped with ``crop_region``;
        what touches the border of its array is taken to go on beyond it
    grid : Grid

    Returns
    -------
    Field, mm, positive outside, with its slope and its own standard error

    Raises
    ------
    InputError  (IN-040) if the region is empty, (IN-042) if region and grid lie in
        different frames

    Notes
    -----
    The labels are smoothed by less than a voxel (``smooth_labels``); the 0.5 level is found
    on all grid lines, and distances are those to small tangent discs there. An axis-aligned
    face carries no information below the voxel: its error reaches half a voxel.

    References
    ----------
    Felzenszwalb and Huttenlocher 2012, Theory of Computing 8:415 (distance transform)
    """
    _require_frame(region.frame_id, grid)
    occupancy, thin_share = smooth_labels(region)
    voxel_mm = float(region.spacing_mm.max())
    sigma = THICK_SIGMA + (THIN_SIGMA - THICK_SIGMA) * thin_share
    source = _Source(occupancy, region.ijk_from_lps, float(region.spacing_mm.min()))
    return Field.measured(grid, _distances(source, grid), sigma * voxel_mm)


def signed_distance_from_fractions(fractions: Volume, grid: Grid) -> Field:
    """Measure distances from how much of each voxel a structure fills.

    Parameters
    ----------
    fractions : Volume, shape (I, J, K), 0 to 1, the share of each voxel inside
    grid : Grid

    Returns
    -------
    Field, mm, positive outside; five times as exact as from labels

    Raises
    ------
    InputError  (IN-040) if no voxel is more than half filled, (IN-042) if frames differ
    """
    _require_frame(fractions.frame_id, grid)
    occupancy = smooth_fractions(fractions.values)
    source = _Source(occupancy, fractions.ijk_from_lps, float(fractions.spacing_mm.min()))
    sigma_mm = FRACTION_SIGMA * float(fractions.spacing_mm.max())
    return Field.measured(grid, _distances(source, grid), sigma_mm)


def signed_distance_from_occupancy(occupancy: ArrayLike, grid: Grid) -> Field:
    """Measure distances to the 0.5 level of an occupancy that is given on the grid itself.

    Parameters
    ----------
    occupancy : float array, shape ``grid.shape``, 0 to 1, smooth over about a voxel
    grid : Grid

    Returns
    -------
    Field, mm, positive outside

    Raises
    ------
    InputError  (IN-040) if no node is inside, (IN-041) if the shape is another
    """
    values = np.ascontiguousarray(occupancy, dtype=np.float32)
    if values.shape != grid.shape:
        raise InputError(
            code="IN-041",
            what="An occupancy does not fit its grid",
            where=f"values of shape {values.shape}",
            why=f"The grid has the shape {grid.shape}.",
            next_step="Make the occupancy on the grid it is used with.",
        )
    ijk_from_lps = np.linalg.inv(grid.lps_from_ijk).astype(np.float64, copy=False)
    source = _Source(values, ijk_from_lps, grid.spacing_mm)
    return Field.measured(grid, _distances(source, grid), FRACTION_SIGMA * grid.spacing_mm)


def _require_frame(frame_id: str, grid: Grid) -> None:
    if frame_id != grid.frame_id:
        raise InputError(
            code="IN-042",
            what="Two arrays lie in different frames",
            where=f"region in {frame_id}, grid in {grid.frame_id}",
            why="A distance between points of different frames means nothing.",
            next_step="Use images and labels of one study, or register them first.",
        )


def _distances(source: _Source, grid: Grid) -> NDArray[np.float32]:
    """Return signed distances, mm, on the grid; it is refined if coarser than the voxels."""
    finer = max(1, math.ceil(grid.spacing_mm / source.voxel_mm - 1e-6))
    box = _working_grid(source, grid, finer)
    nodes = resample_to_grid(source.values, source.ijk_from_lps, box.grid)
    distances = _unsigned_distances(source, box.grid, nodes)
    signed = np.where(nodes >= LEVEL, -distances, distances)
    cut = tuple(
        slice(first, first + (size - 1) * finer + 1, finer)
        for first, size in zip(box.before, grid.shape, strict=True)
    )
    kept: NDArray[np.float32] = np.ascontiguousarray(signed[cut])
    kept *= np.float32(box.grid.spacing_mm)
    return _bound_by_border(kept, box, grid)


class _Box(NamedTuple):
    """The grid one computes on: the asked one, refined, and longer where the structure is."""

    grid: Grid
    before: tuple[int, int, int]
    cut_low_mm: NDArray[np.float64]
    cut_high_mm: NDArray[np.float64]


def _working_grid(source: _Source, grid: Grid, finer: int) -> _Box:
    """Extend the grid by up to OUTSIDE_MM towards what of the structure lies beyond it."""
    spacing = grid.spacing_mm / finer
    low, high = bounds_of_inside(source.values, source.ijk_from_lps)
    beyond_low = np.maximum(grid.origin_lps_mm - low, 0.0)
    beyond_high = np.maximum(high - grid.high_lps_mm, 0.0)
    before = np.ceil(np.minimum(beyond_low, OUTSIDE_MM) / spacing - 1e-9).astype(int)
    after = np.ceil(np.minimum(beyond_high, OUTSIDE_MM) / spacing - 1e-9).astype(int)
    a, b, c = (before + after + (np.array(grid.shape) - 1) * finer + 1).tolist()
    work = Grid(grid.origin_lps_mm - before * spacing, spacing, (a, b, c), grid.frame_id)
    first, second, third = before.tolist()
    return _Box(
        work,
        (first, second, third),
        np.where(beyond_low > OUTSIDE_MM, before * spacing, np.inf),
        np.where(beyond_high > OUTSIDE_MM, after * spacing, np.inf),
    )


def _bound_by_border(values: NDArray[np.float32], box: _Box, grid: Grid) -> NDArray[np.float32]:
    """Limit |distance| by the way to what was not followed, so that it never says too much."""
    for axis in range(3):
        steps = np.arange(grid.shape[axis]) * grid.spacing_mm
        limit = np.minimum(steps + box.cut_low_mm[axis], steps[::-1] + box.cut_high_mm[axis])
        if np.isfinite(limit).any():
            shape = [1, 1, 1]
            shape[axis] = -1
            bound = limit.astype(np.float32).reshape(shape)
            values = np.clip(values, -bound, bound)
    return values


def _unsigned_distances(
    source: _Source, grid: Grid, nodes: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the distance of each node to the nearest surface disc, node units."""
    affine = (source.ijk_from_lps @ grid.lps_from_ijk)[:3]
    parts = max(1, math.ceil(2.0 * grid.spacing_mm / source.voxel_mm - 1e-6))
    along = [_cross(source.values, affine, nodes, axis, parts) for axis in range(3)]
    points = np.concatenate([pts for pts, _ in along])
    distances = _spread([squares for _, squares in along])
    step = 0.5 * source.voxel_mm / grid.spacing_mm
    normals = find_normals(source.values, affine, points, step)
    shrink_to_discs(distances, points, normals, DISC_RADIUS, DISC_REACH)
    return distances


def _cross(
    values: NDArray[np.float32],
    affine: NDArray[np.float64],
    nodes: NDArray[np.float32],
    axis: int,
    parts: int,
) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return the crossings on the lines along one axis, and squared distances on the lines."""
    order = [a for a in range(3) if a != axis] + [axis]
    turned = np.ascontiguousarray(nodes.transpose(order))
    columns = np.ascontiguousarray(affine[:, [*order, 3]])
    squares = np.empty(turned.shape, dtype=np.float32)
    inside = turned >= LEVEL
    capacity = 1024 + int(1.25 * np.count_nonzero(inside[:, :, 1:] != inside[:, :, :-1]))
    points = np.empty((capacity, 3))
    found = find_crossings(values, columns, turned, parts, squares, points)
    if found > capacity:
        points = np.empty((found, 3))
        find_crossings(values, columns, turned, parts, squares, points)
    back = np.argsort(order)
    return points[:found, back], np.ascontiguousarray(squares.transpose(back))


def _spread(along: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the distance of each node to the nearest crossing, from those on the lines.

    A crossing lies on a grid line, so that two passes of exact parabolas carry it to all
    nodes; passes that two kinds of lines share are made once.
    """
    on_x, on_y, on_z = along
    _pass(on_x, 1)
    _pass(on_y, 0)
    np.minimum(on_x, on_y, out=on_x)
    _pass(on_x, 2)
    _pass(on_z, 0)
    _pass(on_z, 1)
    np.minimum(on_x, on_z, out=on_x)
    distances: NDArray[np.float32] = np.sqrt(on_x, out=on_x)
    return distances


def _pass(squares: NDArray[np.float32], axis: int) -> None:
    a, b, c = squares.shape
    lines = ((1, a, b * c), (a, b, c), (a * b, c, 1))[axis]
    spread_parabolas(squares.reshape(lines))
