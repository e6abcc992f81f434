"""The facet joints: the space between superior and inferior process, and the capsule around it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.keys import Level, StructureKey
from kambin.anatomy.sampling import Sampler, find_exit_mm
from kambin.anatomy.sigma import surface_sigma_mm
from kambin.anatomy.structures import Origin, Structure
from kambin.anatomy.working import REGION_MARGIN_VOXELS, SURFACE_EPSILON, resample_indicator
from kambin.core import Finding, Severity, breathe
from kambin.frames import Side
from kambin.imaging import Grid, LabelMap, occupancy_on_grid, region_from_mask
from kambin.knowledge import value

JOINT_KIND = "facet_joint"
CAPSULE_KIND = "facet_capsule"

_ALL_NEIGHBOURS = np.ones((3, 3, 3), dtype=bool)
_HALF = 0.5
"""Share of a node from which it is bone, and of a voxel from which a gap shows."""

_TRIMS = 2
"""Rounds of leaving out what does not face the joint; a third changes nothing any more."""


@dataclass(frozen=True, slots=True)
class _Room:
    """What lies around one joint, on nodes of the working grid.

    Parameters
    ----------
    grid : Grid of the box
    upper, lower : Sampler of the occupancy of both bones, 0 to 1, 0.5 at the surface
    from_superior_mm, from_inferior_mm : float arrays, grid.shape, mm, to the nearest node of
        the superior and of the inferior process
    """

    grid: Grid
    upper: Sampler
    lower: Sampler
    from_superior_mm: NDArray[np.float64]
    from_inferior_mm: NDArray[np.float64]

    @property
    def is_free(self) -> NDArray[np.bool_]:
        """Return which nodes are in neither bone, bool array, grid.shape."""
        free: NDArray[np.bool_] = (self.upper.values < _HALF) & (self.lower.values < _HALF)
        return free


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The nodes midway between both processes, and which way the joint faces there.

    Parameters
    ----------
    mask : bool array, shape of the room
    points_lps_mm : float array, shape (N, 3), mm, LPS
    across_lps : float array, shape (N, 3), unit, from the superior to the inferior process
    normal_lps : float array, shape (3,), unit, their mean
    """

    mask: NDArray[np.bool_]
    points_lps_mm: NDArray[np.float64]
    across_lps: NDArray[np.float64]
    normal_lps: NDArray[np.float64]


def complete_facet_joints(
    bony: BonyAnatomy,
) -> tuple[dict[StructureKey, Structure], tuple[Finding, ...]]:
    """Model every facet joint that no mask gives, with its capsule.

    Parameters
    ----------
    bony : BonyAnatomy

    Returns
    -------
    mapping of StructureKey to Structure: ``facet_joint`` and ``facet_capsule`` by level and
    side, origin modelled, sigma in mm
    AN-290 where joints are not assessed; all of them if the labels do not resolve a facet

    Notes
    -----
    The room between the bones, up to the width of a worn-in joint; where labels touch, the
    sheet of contact. Nothing is modelled above 1.5 mm, where processes are blurred into one.

    References
    ----------
    Simon 2012, Spine 37:1058, PMID 22433501 (width of the joint space)
    """
    limit = value("completion_bone.facet_resolved_mm")
    wanted = [(level, side) for level in bony.levels for side in Side]
    asked = [pair for pair in wanted if _key(JOINT_KIND, *pair) not in bony.given]
    if bony.label_spacing_mm > limit:
        why = f"The labels are {bony.label_spacing_mm:.2f} mm apart; the limit is {limit:g} mm."
        return {}, _say_missing([_key(JOINT_KIND, *pair) for pair in asked], why)
    found: dict[StructureKey, Structure] = {}
    missing = []
    for level, side in asked:
        breathe()
        joint = _model_joint(bony, level, side)
        if joint:
            found |= {s.key: s for s in joint if s.key not in bony.given}
        else:
            missing.append(_key(JOINT_KIND, level, side))
    why = "Its two processes were not found, or do not face each other."
    return found, _say_missing(missing, why)


def _key(kind: str, level: Level, side: Side) -> StructureKey:
    return StructureKey(kind, str(level), side)


def _say_missing(missing: list[StructureKey], why: str) -> tuple[Finding, ...]:
    if not missing:
        return ()
    where = ", ".join(str(key) for key in missing)
    return (finding_of("AN-290", Severity.NOTE, where=where, why=why),)


def _model_joint(bony: BonyAnatomy, level: Level, side: Side) -> tuple[Structure, ...]:
    """Return joint space and capsule, or nothing if the processes do not meet."""
    room = _find_room(bony, level, side)
    inside = None if room is None else _find_space(room)
    cranial = bony.vertebra_frames[level.lower].lps_from_vertebra.rotation[:, 2]
    sheet = None if room is None or inside is None else _find_sheet(room, inside, cranial)
    if room is None or inside is None or sheet is None:
        return ()
    quality = _describe(bony, level, side, room, sheet)
    if quality["area_mm2"] < value("completion_soft.joint_least_mm2"):
        return ()
    # Without what lies between other faces of the bones, such as the tip and the lamina below.
    half_mm = value("completion_soft.joint_gap_most_mm") / 2 + room.grid.spacing_mm
    space = inside & (_away_mm(sheet.mask, room.grid) <= half_mm)
    sigma = surface_sigma_mm("sap", bony.label_spacing_mm)
    joint = Structure(
        _key(JOINT_KIND, level, side),
        region_from_mask(space, room.grid),
        Origin.MODELLED,
        sigma,
        method="Room between superior and inferior process; where labels touch, their contact.",
        quality=quality,
    )
    return joint, *_wrap(joint.key, space, room, sigma)


def _wrap(
    joint: StructureKey, space: NDArray[np.bool_], room: _Room, sigma_mm: float
) -> tuple[Structure, ...]:
    """Return the capsule: what lies around a joint space and is no bone."""
    thickness = value("completion_soft.capsule_mm")
    shell = ~space & (_away_mm(space, room.grid) <= thickness) & room.is_free
    if not shell.any():
        return ()
    key = StructureKey(CAPSULE_KIND, joint.place, joint.side)
    # Its outer face is a thickness of the literature, not a surface that any label shows.
    sigma = float(np.hypot(sigma_mm, thickness / 2))
    method = "Shell around the joint space outside bone, thickness of the literature."
    region = region_from_mask(shell, room.grid)
    return (Structure(key, region, Origin.MODELLED, sigma, method=method),)


def _find_room(bony: BonyAnatomy, level: Level, side: Side) -> _Room | None:
    """Look at both bones where their two processes lie near each other."""
    superior = bony.structures.get(StructureKey("sap", level.lower, side))
    inferior = bony.structures.get(StructureKey("iap", level.upper, side))
    if superior is None or inferior is None:
        return None
    # As wide as joint and capsule, so that neither is cut by the box.
    margin = sum(value(f"completion_soft.{n}_mm") for n in ("joint_gap_most", "capsule"))
    bounds = np.array([s.region.bounds_lps_mm() for s in (superior, inferior)])
    grid = _part_of(
        bony.working_grid, bounds[:, 0].max(axis=0) - margin, bounds[:, 1].min(axis=0) + margin
    )
    if grid is None:
        return None
    from_mm = []
    for process in (superior, inferior):
        share, box = resample_indicator(process.region.values != 0, process.region, grid)
        here = np.zeros(grid.shape, dtype=bool)
        here[box] = share >= _HALF
        if not here.any():
            return None
        from_mm.append(_away_mm(here, grid))
    upper, lower = (
        Sampler(_occupancy(bony, name, grid), grid.origin_lps_mm, grid.spacing_mm)
        for name in (level.upper, level.lower)
    )
    return _Room(grid, upper, lower, *from_mm)


def _occupancy(bony: BonyAnatomy, vertebra: str, grid: Grid) -> NDArray[np.float32]:
    """Return one bone on the nodes of a small grid, smoothed below the voxel."""
    region = bony.structures[StructureKey("vertebra", vertebra)].region
    corners = [region.ijk(corner) for corner in (grid.origin_lps_mm, grid.high_lps_mm)]
    # Smoothing looks a few voxels around, and all of a vertebra is ten times as much.
    first = np.floor(np.min(corners, axis=0)).astype(int) - 2 * REGION_MARGIN_VOXELS
    stop = np.ceil(np.max(corners, axis=0)).astype(int) + 2 * REGION_MARGIN_VOXELS + 1
    first = np.clip(first, 0, region.shape)
    stop = np.clip(stop, first, region.shape)
    values = region.values[tuple(slice(a, b) for a, b in zip(first, stop, strict=True))]
    occupancy = np.zeros(grid.shape, dtype=np.float32)
    if not values.any():
        return occupancy
    affine = region.lps_from_ijk.copy()
    affine[:3, 3] = region.lps_mm(first)
    found: NDArray[np.float32] = occupancy_on_grid(LabelMap(values, affine, region.frame_id), grid)
    return found


def _part_of(
    whole: Grid, low_lps_mm: NDArray[np.float64], high_lps_mm: NDArray[np.float64]
) -> Grid | None:
    """Return the nodes of a grid between two corners, or none if there are hardly any."""
    first = np.maximum(np.ceil(whole.ijk(low_lps_mm) - SURFACE_EPSILON).astype(int), 0)
    last = np.floor(whole.ijk(high_lps_mm) + SURFACE_EPSILON).astype(int)
    last = np.minimum(last, np.array(whole.shape) - 1)
    if np.any(last - first < 2):
        return None
    a, b, c = (last - first + 1).tolist()
    origin = whole.origin_lps_mm + first * whole.spacing_mm
    return Grid(origin, whole.spacing_mm, (a, b, c), whole.frame_id)


def _away_mm(mask: NDArray[np.bool_], grid: Grid) -> NDArray[np.float64]:
    """Return how far each node lies from the nearest node of a mask, mm."""
    away: NDArray[np.float64] = ndimage.distance_transform_edt(~mask) * grid.spacing_mm
    return away


def _find_space(room: _Room) -> NDArray[np.bool_] | None:
    """Return the nodes between both processes, one piece, or none."""
    step = room.grid.spacing_mm * (1 + SURFACE_EPSILON)
    gap = room.from_superior_mm + room.from_inferior_mm - room.grid.spacing_mm
    open_space = room.is_free & (gap <= value("completion_soft.joint_gap_most_mm"))
    # Labels that touch leave no free node: then the layers that face each other are the joint.
    touching = (room.from_superior_mm <= step) & (room.from_inferior_mm <= step)
    numbered, count = ndimage.label(open_space | touching, structure=_ALL_NEIGHBOURS)
    if count == 0:
        return None
    sizes = np.bincount(numbered.ravel())
    sizes[0] = 0
    found: NDArray[np.bool_] = numbered == int(np.argmax(sizes))
    return found


def _find_sheet(
    room: _Room, space: NDArray[np.bool_], cranial_lps: NDArray[np.float64]
) -> _Sheet | None:
    """Return the nodes midway between both processes that face the way the joint does."""
    ahead = room.from_superior_mm - room.from_inferior_mm
    # Smoothed by a node: steps of voxel distances turn a slope by twenty degrees.
    slopes = np.gradient(ndimage.gaussian_filter(ahead, 1.0), room.grid.spacing_mm)
    ijk = np.argwhere(space & (np.abs(ahead) <= room.grid.spacing_mm * (1 + SURFACE_EPSILON)))
    across = np.column_stack([slope[tuple(ijk.T)] for slope in slopes])
    across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), SURFACE_EPSILON)
    # A lumbar joint stands upright: what looks up or down lies at a tip, on lamina or pars.
    tilt_most = np.sin(np.deg2rad(value("completion_soft.joint_tilt_most_deg")))
    upright = np.abs(across @ cranial_lps) <= tilt_most
    least = np.cos(np.deg2rad(value("completion_soft.joint_turn_most_deg")))
    facing = upright
    for _ in range(_TRIMS):
        normal = across[facing].sum(axis=0)
        length = float(np.linalg.norm(normal))
        # Pieces that face all ways are no joint.
        if length < 1:
            return None
        normal /= length
        facing = upright & (across @ normal >= least)
    mask = np.zeros(space.shape, dtype=bool)
    mask[tuple(ijk[facing].T)] = True
    if not mask.any():
        return None
    points = room.grid.origin_lps_mm + ijk[facing] * room.grid.spacing_mm
    return _Sheet(mask, points, across[facing], normal)


def _gaps_mm(room: _Room, sheet: _Sheet) -> NDArray[np.float64]:
    """Return the room between both bones at each node of a sheet, mm; 0 where they touch."""
    reach = value("completion_soft.joint_gap_most_mm")
    onward, back = (
        find_exit_mm(bone, sheet.points_lps_mm, way, reach_mm=reach, entering=True)
        for bone, way in ((room.upper, sheet.across_lps), (room.lower, -sheet.across_lps))
    )
    gaps: NDArray[np.float64] = np.where(room.is_free[sheet.mask], onward + back, 0.0)
    return gaps


def _describe(
    bony: BonyAnatomy, level: Level, side: Side, room: _Room, sheet: _Sheet
) -> dict[str, float]:
    """Return gap, area, centre, normal and angle of a joint, in the frame of the lower vertebra.

    The normal points from the superior to the inferior process, its first part towards the
    midline; the angle is that between the joint and the sagittal plane, seen from above. The
    area is that of the sheet as it looks along the normal.
    """
    gaps = _gaps_mm(room, sheet)
    # A ray past the rim of a process meets no bone; it measures no gap.
    known = gaps[np.isfinite(gaps)]
    frame = bony.vertebra_frames[level.lower].lps_from_vertebra
    centre = frame.inverse().points(sheet.points_lps_mm.mean(axis=0))
    normal = frame.rotation.T @ sheet.normal_lps
    medial = -float(normal[0]) * side.lateral_sign_lps
    # Seen along the normal, so that a sheet two nodes thick counts once.
    beside, above = _plane_axes(sheet.normal_lps, frame.rotation[:, 2])
    seen = np.column_stack([sheet.points_lps_mm @ beside, sheet.points_lps_mm @ above])
    cells = np.unique(np.floor(seen / room.grid.spacing_mm), axis=0)
    area = float(len(cells)) * room.grid.spacing_mm**2
    return {
        "gap_median_mm": float(np.median(known)) if len(known) else 0.0,
        "gap_least_mm": float(known.min()) if len(known) else 0.0,
        # Half a voxel of gap is the least that labels can show.
        "visible_share": float((gaps > _HALF * bony.label_spacing_mm).mean()),
        "area_mm2": area,
        "centre_lateral_mm": float(centre[0]) * side.lateral_sign_lps,
        "centre_posterior_mm": float(centre[1]),
        "centre_cranial_mm": float(centre[2]),
        "normal_medial": medial,
        "normal_posterior": float(normal[1]),
        "normal_cranial": float(normal[2]),
        "angle_to_sagittal_deg": float(np.degrees(np.arctan2(normal[1], medial))),
    }


def _plane_axes(
    normal_lps: NDArray[np.float64], cranial_lps: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two unit vectors across a normal, shape (3,), the second of them upwards."""
    beside = np.cross(cranial_lps, normal_lps)
    beside /= np.linalg.norm(beside)
    return beside, np.cross(normal_lps, beside)
