"""Discs, modelled as columns between two bodies, and their frames."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy.completion_types import WorkingBone
from kambin.anatomy.disc_rims import find_margin_mm, in_body
from kambin.anatomy.keys import Level, StructureKey
from kambin.anatomy.plates import axes_towards
from kambin.anatomy.sampling import Sampler
from kambin.anatomy.sigma import surface_sigma_mm
from kambin.anatomy.structures import DiscFrame, Origin, Structure, VertebraFrame
from kambin.anatomy.working import SURFACE_EPSILON, region_of_nodes
from kambin.frames import RigidTransform
from kambin.knowledge import value, values

COLUMN_STEP_MM = 1.0
"""Spacing of the columns: that of the working grid they are written to."""

HEIGHT_STEP_MM = 0.5
"""Spacing along a column; the crossing is interpolated between."""


@dataclass(frozen=True, slots=True)
class DiscColumns:
    """The columns between two bodies, in the frame of the disc.

    Parameters
    ----------
    level : Level
    lps_from_disc : RigidTransform
    u_mm, v_mm : float array, 1-D, mm, left and posterior coordinate of the columns
    top_mm, bottom_mm : float array, shape (U, V), mm, where the bone above and below begins
    margin_mm : float array, shape (U, V), mm, how far inside the outline a column stands
    accepted : bool array, shape (U, V), columns inside the outline that end at both plates
    """

    level: Level
    lps_from_disc: RigidTransform
    u_mm: NDArray[np.float64]
    v_mm: NDArray[np.float64]
    top_mm: NDArray[np.float64]
    bottom_mm: NDArray[np.float64]
    margin_mm: NDArray[np.float64]
    accepted: NDArray[np.bool_]


def find_columns(
    level: Level,
    bones: tuple[Sampler, Sampler],
    frames: tuple[VertebraFrame, VertebraFrame],
    whole: Sampler,
) -> DiscColumns | None:
    """Measure the columns between the bodies of one level.

    Parameters
    ----------
    level : Level
    bones : Samplers of the vertebra above and below, smoothed
    frames : VertebraFrames of the vertebra above and below
    whole : Sampler of all vertebrae together, whose rims are not smoothed down

    Returns
    -------
    DiscColumns, or none when the bodies do not face each other

    Notes
    -----
    A column is disc only inside the rims of both plates: columns behind them run from one
    pedicle to the next and would fill the foramen (recipes 3). Its height counts only if it
    ends near both plates: at a rounded rim a column slips past the plate.
    """
    lps_from_disc = _mid_frame(level, frames)
    half_u = value("completion_bone.disc_half_width_limit_mm")
    u = np.arange(-half_u, half_u + COLUMN_STEP_MM, COLUMN_STEP_MM)
    reach = value("completion_bone.disc_reach_mm")
    w = np.arange(0.0, reach, HEIGHT_STEP_MM)
    top = _first_bone_mm(bones[0], frames[0], lps_from_disc, u, w)
    bottom = -_first_bone_mm(bones[1], frames[1], lps_from_disc, u, -w)
    margin = find_margin_mm(whole, frames, lps_from_disc, u)
    if margin is None:
        return None
    most = value("completion_bone.disc_gap_excess_mm")
    ends = [
        np.abs(found - _plate_mm(plate, lps_from_disc, u)) <= most
        for found, plate in ((top, frames[0].lower_plate), (bottom, frames[1].upper_plate))
    ]
    accepted = _tidy(ends[0] & ends[1] & (margin >= -SURFACE_EPSILON))
    if not accepted.any():
        return None
    return DiscColumns(level, lps_from_disc, u, u, top, bottom, margin, accepted)


def _plate_mm(
    plate: RigidTransform, lps_from_disc: RigidTransform, across_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the height of a plate's plane over the columns, shape (U, U), mm."""
    disc_from_lps = lps_from_disc.inverse()
    x, y, z = disc_from_lps.points(plate.origin_mm)
    normal = disc_from_lps.rotation @ plate.rotation[:, 2]
    u, v = np.meshgrid(across_mm - x, across_mm - y, indexing="ij")
    height: NDArray[np.float64] = z - (u * normal[0] + v * normal[1]) / normal[2]
    return height


def _mid_frame(level: Level, frames: tuple[VertebraFrame, VertebraFrame]) -> RigidTransform:
    """Return the frame midway between the two plates that face each other."""
    above, below = frames[0].lower_plate, frames[1].upper_plate
    # Midway, so that a wedge is shared and neither bone is preferred.
    cranial = above.rotation[:, 2] + below.rotation[:, 2]
    axes = axes_towards(
        above.rotation[:, 1] + below.rotation[:, 1], cranial / np.linalg.norm(cranial)
    )
    origin = (above.origin_mm + below.origin_mm) / 2
    return RigidTransform.from_axes("lps", f"disc_{level}", axes, origin)


def _first_bone_mm(
    bone: Sampler,
    frame: VertebraFrame,
    lps_from_disc: RigidTransform,
    u: NDArray[np.float64],
    w: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return how far along w each column meets the body, shape (U, V), mm, NaN for never."""
    places = lps_from_disc.points(np.stack(np.meshgrid(u, u, w, indexing="ij"), axis=-1))
    local = frame.lps_from_vertebra.inverse().points(places)
    inside = in_body(local, frame.posterior_wall_y_mm)
    height = np.full(inside.shape, -0.5)
    height[inside] += bone.sample(places[inside])
    rises = (height[..., :-1] <= 0) & (height[..., 1:] > 0)
    first = rises.argmax(axis=-1)
    before = np.take_along_axis(height, first[..., None], axis=-1)[..., 0]
    after = np.take_along_axis(height, first[..., None] + 1, axis=-1)[..., 0]
    share = np.where(
        rises.any(axis=-1), before / np.where(before == after, -1.0, before - after), 0
    )
    distance = (first + share) * HEIGHT_STEP_MM
    return np.where(rises.any(axis=-1), distance, np.nan)


def _tidy(accepted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Open by one column, keep the piece in the middle, fill its holes."""
    # Opening cuts single columns that slip past the gap limit beside a pedicle.
    opened = ndimage.binary_opening(accepted)
    pieces, count = ndimage.label(opened)
    if count == 0:
        return accepted & False
    middle = np.indices(opened.shape) - (np.array(opened.shape) - 1)[:, None, None] / 2
    reach = ndimage.minimum((middle**2).sum(axis=0), pieces, np.arange(1, count + 1))
    return np.asarray(ndimage.binary_fill_holes(pieces == int(np.argmin(reach)) + 1), dtype=bool)


def make_disc_frame(columns: DiscColumns) -> DiscFrame:
    """Return the frame of a disc, centred between its anterior and posterior rim.

    Parameters
    ----------
    columns : DiscColumns
    """
    # In the midline: further out the margin curves forward, and would move the centre.
    middle = np.abs(columns.u_mm) <= value("completion_bone.disc_midline_mm")
    front, back = _extent_mm(columns.margin_mm[middle], columns.v_mm)
    if np.isnan(front):
        front, back = _extent_mm(columns.margin_mm, columns.v_mm)
    across = np.array([_extent_mm(row[None], columns.u_mm) for row in columns.margin_mm.T])
    half_width = float(np.nanmax(across[:, 1] - across[:, 0])) / 2
    # x stays in the fitted mid-sagittal plane.
    frame = columns.lps_from_disc
    origin = frame.points([0.0, (front + back) / 2, _between_rims_mm(columns)])
    centred = RigidTransform.from_axes("lps", frame.source, frame.rotation, origin)
    return DiscFrame(
        columns.level,
        centred,
        float(back - front) / 2,
        half_width,
        # A hole that was filled has no bone at one end.
        float(np.nanmedian((columns.top_mm - columns.bottom_mm)[columns.accepted])),
    )


def _between_rims_mm(columns: DiscColumns) -> float:
    """Return the height midway between the rims, mm: the lower plate above is the deeper hollow."""
    nearest, furthest = values("completion_bone.disc_rim_ring_mm")
    ring = columns.accepted & (columns.margin_mm >= nearest) & (columns.margin_mm <= furthest)
    between = (columns.top_mm + columns.bottom_mm)[ring] / 2
    known = between[np.isfinite(between)]
    return float(np.median(known)) if len(known) else 0.0


def _extent_mm(
    margin_mm: NDArray[np.float64], along_mm: NDArray[np.float64]
) -> tuple[float, float]:
    """Return where rows of columns, shape (R, N), enter and leave the outline, mean, mm, or NaN."""
    inside = margin_mm > 0
    ends = []
    for row in margin_mm[inside.any(axis=1)]:
        first, last = np.flatnonzero(row > 0)[[0, -1]]
        ends.append(
            [_zero_mm(row, along_mm, first, first - 1), _zero_mm(row, along_mm, last, last + 1)]
        )
    if not ends:
        return np.nan, np.nan
    front, back = np.mean(ends, axis=0).tolist()
    return front, back


def _zero_mm(
    margin_mm: NDArray[np.float64], along_mm: NDArray[np.float64], inner: int, outer: int
) -> float:
    """Return where the margin is nought between a column inside and its neighbour outside."""
    # An outline beyond the last column ends there.
    if not 0 <= outer < len(along_mm):
        return float(along_mm[inner])
    share = margin_mm[inner] / (margin_mm[inner] - margin_mm[outer])
    return float(along_mm[inner] + share * (along_mm[outer] - along_mm[inner]))


def fill_disc(columns: DiscColumns, bone: WorkingBone, label_spacing_mm: float) -> Structure | None:
    """Write the columns of a disc into the working grid.

    Parameters
    ----------
    columns : DiscColumns
    bone : WorkingBone; a node of bone is never disc
    label_spacing_mm : float, mm, the largest spacing of the labels

    Returns
    -------
    Structure ``disc:<level>``, origin modelled, or none when no node lies between
    """
    grid = bone.grid
    reach = max(float(np.abs(columns.u_mm).max()), value("completion_bone.disc_reach_mm")) + 1
    centre = grid.ijk(columns.lps_from_disc.origin_mm)
    low = np.maximum(np.floor(centre - reach / grid.spacing_mm).astype(int), 0)
    high = np.minimum(np.ceil(centre + reach / grid.spacing_mm).astype(int) + 1, grid.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    crop = Sampler(
        np.zeros(tuple(high - low), np.float32),
        grid.origin_lps_mm + low * grid.spacing_mm,
        grid.spacing_mm,
    )
    local = columns.lps_from_disc.inverse().points(crop.nodes_lps_mm())
    # Nothing added around it: a bulge of 1 mm cost 0.02 to 0.05 of Dice (recipes 3).
    inside = _between(columns, local) & (bone.labels[box] == 0)
    if not inside.any():
        return None
    return Structure(
        StructureKey("disc", str(columns.level)),
        region_of_nodes(grid, np.argwhere(inside) + low),
        Origin.MODELLED,
        surface_sigma_mm("disc", label_spacing_mm),
        method="Columns filled between the bodies; no bulge added.",
    )


def _between(columns: DiscColumns, local: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points, shape (..., 3), mm, in the disc frame, lie in an accepted column."""
    # Heights are carried outwards from the accepted columns so that the rim does not bend, and
    # into holes that were filled, which have none.
    known = columns.accepted & np.isfinite(columns.top_mm + columns.bottom_mm)
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    top, bottom = columns.top_mm[tuple(nearest)], columns.bottom_mm[tuple(nearest)]
    away = ndimage.distance_transform_edt(~columns.accepted)
    # Only as far as a rim is rounded off: where no column ends at both plates there is no disc.
    carried = away * COLUMN_STEP_MM <= value("completion_bone.disc_rim_fillet_mm")
    margin = np.where(carried, columns.margin_mm, -COLUMN_STEP_MM)
    height = local[..., 2]
    # Most points lie above or below all columns and need no closer look.
    inside: NDArray[np.bool_] = height <= top.max() + SURFACE_EPSILON
    inside &= height >= bottom.min() - SURFACE_EPSILON
    height = height[inside]
    at = ((local[inside, :2] - columns.u_mm[0]) / COLUMN_STEP_MM).T
    depth, upper, lower = (
        ndimage.map_coordinates(plane, at, order=1, cval=cval)
        for plane, cval in ((margin, -COLUMN_STEP_MM), (top, 0.0), (bottom, 0.0))
    )
    is_disc = depth >= -SURFACE_EPSILON
    inside[inside] = is_disc & (height <= upper) & (height >= lower)
    return inside
