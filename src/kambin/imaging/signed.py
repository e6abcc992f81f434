"""Signed distance to the sub-voxel surface of a structure, at every node of a grid."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.core import InputError
from kambin.imaging._crossing_kernels import DISC_REACH, LEVEL
from kambin.imaging._engine import SPARE_NODES, Source, find_box, measure_signed
from kambin.imaging._field_kernels import resample
from kambin.imaging.field import Field
from kambin.imaging.grid import Grid
from kambin.imaging.occupancy import bounds_of_inside, smooth_fractions, smooth_labels
from kambin.imaging.volume import LabelMap, Volume

OUTSIDE_MM = 20.0
"""How far beyond the grid the structure is followed on lines of the grid itself."""

COARSE_FACTOR = 4
"""How much coarser the lines are on which farther parts are followed: 3 mm lines leave
0.1 mm at 20 mm."""

FINEST_RATIO = 1.5
"""How many voxels a node may span before the lines between nodes are added."""

SPARE_VOXELS = 4
"""Voxels kept around the part of a label map that is smoothed."""

THICK_ERROR = 0.15
THIN_ERROR = 0.35
"""Standard deviation of the field's error, in voxels of the label, where the structure is
thick and where it is thinner than about two voxels (measured on analytic shapes)."""

HELD = np.float32(LEVEL + 1e-3)
"""Least occupancy in the middle of a labelled voxel: just inside."""

FRACTION_ERROR = 0.06
"""The same for a fractional occupancy, in voxels."""


NEAR_MM = 2.0
"""The same where only distances well inside the grid are wanted: room for smoothing alone."""


def signed_distance(region: LabelMap, grid: Grid, *, is_local: bool = False) -> Field:
    """Measure how far every node lies from a labelled structure, below the size of a voxel.

    Parameters
    ----------
    region : LabelMap of 0 and 1, shape (I, J, K), best cropped with ``crop_region``;
        what touches the border of its array is taken to go on beyond it
    grid : Grid
    is_local : bool, whether the structure may be left out of account beyond the grid: then a
        distance is exact where it is less than the way to the border of the grid, and never
        too small elsewhere

    Returns
    -------
    Field, mm, positive outside, with its slope and its own standard error

    Raises
    ------
    InputError  (IN-040) if the region is empty, (IN-042) if region and grid lie in
        different frames

    Notes
    -----
    The labels are smoothed by a voxel or less (``smooth_labels``), and the middle of a labelled
    voxel stays inside; the 0.5 level is found
    on all grid lines, and distances are those to small tangent discs there. An axis-aligned
    face carries no information below the voxel: its error reaches half a voxel.

    References
    ----------
    Felzenszwalb and Huttenlocher 2012, Theory of Computing 8:415,
    doi 10.4086/toc.2012.v008a019 (distance transform)
    """
    _require_frame(region.frame_id, grid)
    # Of the whole region, before the cut: what goes on beyond it must still be known.
    low, high = bounds_of_inside(region.values != 0, region.lps_from_ijk)
    outside_mm = NEAR_MM if is_local else OUTSIDE_MM
    cut = _cut_to(region, grid, outside_mm)
    smooth, thin_share = smooth_labels(cut.values)
    # A ridge one voxel wide on a thick part is smoothed as thick and would be lost. What is
    # labelled keeps at least its middle: no shape that was labelled well loses by that.
    occupancy = np.where(cut.values != 0, np.maximum(smooth, HELD), smooth)
    smallest = float(region.spacing_mm.min())
    source = Source(occupancy, cut.ijk_from_lps, smallest, low, high)
    # Twenty millimetres away the steps of raw labels do not count; smoothing all is saved.
    raw = None if is_local else (region.values != 0).astype(np.float32)
    far = None if raw is None else Source(raw, region.ijk_from_lps, smallest, low, high)
    # Stated for the shape as a whole: the share of thin surface mixes the two errors.
    error = THICK_ERROR + (THIN_ERROR - THICK_ERROR) * thin_share
    values, near = _distances(source, far, grid, outside_mm)
    # The finest axis sets the sampling above, the coarsest the error here.
    return Field.measured(grid, values, error * float(region.spacing_mm.max()), near)


def signed_distance_from_fractions(fractions: Volume, grid: Grid) -> Field:
    """Measure distances from how much of each voxel a structure fills.

    Parameters
    ----------
    fractions : Volume, shape (I, J, K), 0 to 1, the share of each voxel inside
    grid : Grid

    Returns
    -------
    Field, mm, positive outside; about three times as exact as from labels

    Raises
    ------
    InputError  (IN-040) if no voxel is at least half filled, (IN-042) if frames differ

    References
    ----------
    Felzenszwalb and Huttenlocher 2012, Theory of Computing 8:415,
    doi 10.4086/toc.2012.v008a019
    """
    _require_frame(fractions.frame_id, grid)
    low, high = bounds_of_inside(fractions.values >= LEVEL, fractions.lps_from_ijk)
    smallest = float(fractions.spacing_mm.min())
    occupancy = smooth_fractions(fractions.values)
    source = Source(occupancy, fractions.ijk_from_lps, smallest, low, high)
    sigma_mm = FRACTION_ERROR * float(fractions.spacing_mm.max())
    values, near = _distances(source, source, grid)
    return Field.measured(grid, values, sigma_mm, near)


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

    References
    ----------
    Felzenszwalb and Huttenlocher 2012, Theory of Computing 8:415,
    doi 10.4086/toc.2012.v008a019
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
    low, high = bounds_of_inside(values >= LEVEL, grid.lps_from_ijk)
    ijk_from_lps = np.linalg.inv(grid.lps_from_ijk).astype(np.float64, copy=False)
    source = Source(values, ijk_from_lps, grid.spacing_mm, low, high)
    found, near = _distances(source, source, grid)
    return Field.measured(grid, found, FRACTION_ERROR * grid.spacing_mm, near)


def _require_frame(frame_id: str, grid: Grid) -> None:
    # By name: masks of two patients overlap well in numbers (fault A07).
    if frame_id != grid.frame_id:
        raise InputError(
            code="IN-042",
            what="Two arrays lie in different frames",
            where=f"region in {frame_id}, grid in {grid.frame_id}",
            why="A distance between points of different frames means nothing.",
            next_step="Use images and labels of one study, or register them first.",
        )


def _cut_to(region: LabelMap, grid: Grid, outside_mm: float) -> LabelMap:
    """Return the part of a region that can matter near the grid, or all of it if small."""
    # Smoothing runs over every voxel, so what cannot matter is cut off before it.
    reach = outside_mm + SPARE_VOXELS * float(region.spacing_mm.max())
    low, high = grid.origin_lps_mm - reach, grid.high_lps_mm + reach
    box = np.stack([low, high])
    corners = np.array([[box[a, 0], box[b, 1], box[c, 2]] for a, b, c in np.ndindex(2, 2, 2)])
    indices = region.ijk(corners)
    last = np.array(region.shape) - 1
    first = np.clip(np.floor(indices.min(axis=0)).astype(int), 0, last)
    end = np.clip(np.ceil(indices.max(axis=0)).astype(int), 0, last) + 1
    affine = region.lps_from_ijk.copy()
    affine[:3, 3] += affine[:3, :3] @ first
    cut = region.values[tuple(slice(a, b) for a, b in zip(first, end, strict=True))]
    return LabelMap(cut, affine, region.frame_id)


def _distances(
    source: Source, far: Source | None, grid: Grid, outside_mm: float = OUTSIDE_MM
) -> tuple[NDArray[np.float32], tuple[slice, slice, slice] | None]:
    """Return signed distances, mm, and where their slope can exceed 1 (none: anywhere).

    ``far`` is the structure as it is followed farther out, on coarse lines, if it is.
    """
    # Lines farther apart than voxels would miss what lies between them.
    finer = max(1, math.ceil(grid.spacing_mm / source.voxel_mm / FINEST_RATIO - 1e-6))
    a, b, c = ((n - 1) * finer + 1 for n in grid.shape)
    work = Grid(grid.origin_lps_mm, grid.spacing_mm / finer, (a, b, c), grid.frame_id)
    values = np.ascontiguousarray(
        measure_signed(source, work, outside_mm)[::finer, ::finer, ::finer]
    )
    gap = None if far is None else _gap_to_unfollowed(source, grid)
    if gap is None or far is None:
        return values, _near(source, grid, outside_mm)
    # Nearer than the gap the near lines have seen everything; beyond it the coarse ones help.
    distance = np.abs(values)
    bound = np.maximum(gap, np.abs(_coarse_distances(far, grid)))
    # Inside or outside is what the near lines say; the coarse ones may miss a thin part.
    signs = np.where(values < 0.0, np.float32(-1.0), np.float32(1.0))
    return np.where(distance > gap, signs * np.minimum(distance, bound), values), None


def _near(source: Source, grid: Grid, outside_mm: float) -> tuple[slice, slice, slice]:
    """Return the nodes that discs can reach; beyond, distances are those to points."""
    spare = DISC_REACH + SPARE_NODES
    box = find_box(source, grid, outside_mm)
    x, y, z = (
        slice(max(0, first - spare), max(0, min(size, last + spare)))
        for (first, last), size in zip(box, grid.shape, strict=True)
    )
    return x, y, z


def _gap_to_unfollowed(source: Source, grid: Grid) -> NDArray[np.float32] | None:
    """Return each node's way to where the structure was no longer followed, if it goes on."""
    below = grid.origin_lps_mm - OUTSIDE_MM - source.low_lps_mm > 0.0
    above = source.high_lps_mm - grid.high_lps_mm - OUTSIDE_MM > 0.0
    if not (below.any() or above.any()):
        return None
    # The plane where following stopped is nearer than anything behind it: a safe lower bound.
    gap = np.full(grid.shape, np.inf, dtype=np.float32)
    for axis in range(3):
        steps = np.arange(grid.shape[axis]) * grid.spacing_mm + OUTSIDE_MM
        limit = np.full(len(steps), np.inf)
        if below[axis]:
            limit = np.minimum(limit, steps)
        if above[axis]:
            limit = np.minimum(limit, steps[::-1])
        shape = [1, 1, 1]
        shape[axis] = -1
        gap = np.minimum(gap, limit.astype(np.float32).reshape(shape))
    return gap


def _coarse_distances(source: Source, grid: Grid) -> NDArray[np.float32]:
    """Return distances measured on coarse lines over the whole structure, at the nodes.

    The coarse grid has the centre of the grid, so that mirroring one mirrors the other.
    """
    spacing = COARSE_FACTOR * grid.spacing_mm
    a, b, c = (math.ceil((n - 1) / COARSE_FACTOR) + 1 for n in grid.shape)
    centre = (grid.origin_lps_mm + grid.high_lps_mm) / 2.0
    origin = centre - (np.array([a, b, c]) - 1) * spacing / 2.0
    coarse = Grid(origin, spacing, (a, b, c), grid.frame_id)
    # As far as the structure goes: on the coarse lines nothing may be left out.
    reach = np.maximum(origin - source.low_lps_mm, source.high_lps_mm - coarse.high_lps_mm)
    values = measure_signed(source, coarse, max(0.0, float(reach.max())) + spacing)
    nodes = np.empty(grid.shape, dtype=np.float32)
    resample(values, np.linalg.inv(coarse.lps_from_ijk)[:3] @ grid.lps_from_ijk, nodes)
    return nodes
