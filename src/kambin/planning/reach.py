"""What of the fragment can be grasped and seen from the docked cannula, and what stays behind."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from kambin.anatomy import Anatomy, StructureKey
from kambin.knowledge import instruments, value
from kambin.planning.evaluate import Path, to_point
from kambin.planning.fields import HazardSet, find_faces
from kambin.planning.geometry import LevelGeometry, cross_pedicle_line
from kambin.planning.reach_kernels import BENT, RIGID, SEEN, free_extents, trace_reach
from kambin.planning.reach_models import Reach, Residual
from kambin.planning.reach_scene import FAR_MM, FRAGMENT, ReachScene, build_scene
from kambin.planning.shafts import Shaft, find_across, measure_room_mm, turn_shaft
from kambin.planning.tools import Toolset

NO_FRAGMENT = "The case has no fragment."
"""Why reach is null."""

TURN_DEG = math.degrees(2 * math.pi)
"""Directions about an axis run through one turn."""

NEITHER, REMOVABLE, VISIBLE, BOTH, OUTSIDE = range(5)
"""Classes of the voxel map; the last is not of the fragment."""


@dataclass(frozen=True, slots=True)
class Handling:
    """How forceps and scope are handled; the defaults are rows of the table ``reach``.

    Parameters
    ----------
    swivel_deg : float, degrees, largest tilt of the docked cannula
    azimuth_deg : float, degrees, step of the directions of the tilt
    bend_deg, bend_step_deg : float, degrees, of articulated forceps
    bend_radius_mm : float, mm, of their arc
    jaw_mm : float, mm, beside and ahead of the tip that an open jaw grasps
    rigid_mm, bent_mm : float, mm, radii of straight and articulated forceps
    past_mm : float, mm, how far past the target forceps go
    view_deg, field_deg : float, degrees, direction and full angle of the scope's view
    block_mm : float, mm, finer voxels are asked in blocks of this width
    spacing_mm : float, mm, of the fields of what blocks
    """

    swivel_deg: float
    azimuth_deg: float
    bend_deg: float
    bend_step_deg: float
    bend_radius_mm: float
    jaw_mm: float
    rigid_mm: float
    bent_mm: float
    past_mm: float
    view_deg: float
    field_deg: float
    block_mm: float
    spacing_mm: float

    @property
    def tilts_deg(self) -> NDArray[np.float64]:
        """Return the tilts that are tried after 0, rising; those of less swivel are among them."""
        step = value("reach.swivel_step_deg")
        count = int(self.swivel_deg / step + SHARE_EPSILON)
        return np.arange(1, count + 1, dtype=np.float64) * step

    @property
    def bends_rad(self) -> NDArray[np.float64]:
        """Return the bends that are tried, radians, rising from 0."""
        count = int(self.bend_deg / self.bend_step_deg + SHARE_EPSILON)
        bends: NDArray[np.float64] = np.radians(self.bend_step_deg * np.arange(count + 1))
        return bends

    @property
    def shape(self) -> NDArray[np.float64]:
        """Return the numbers of the kernel: cosines of the view, jaw, arc and radius."""
        half = 0.5 * self.field_deg
        narrow, wide = max(self.view_deg - half, 0.0), self.view_deg + half
        cosines = np.cos(np.radians([half, narrow, wide]))
        return np.array([*cosines, self.jaw_mm, self.bend_radius_mm, self.bent_mm])


@dataclass(frozen=True, slots=True)
class ReachMap:
    """What is known of each voxel of the fragment.

    Parameters
    ----------
    classes : uint8 array, shape of the fragment's region: 0 neither, 1 removable, 2 visible,
        3 both, 4 not of the fragment
    lps_from_ijk : float array, shape (4, 4), mm, of that region
    rigid : bool array, the same shape, what straight forceps reach
    best_rotation : int, of the scope, by what it shows
    shown_by_best : bool array, the same shape
    swivels : tuple of Shaft, the cannula in every direction that it has room for
    asked : int, directions that were tried
    """

    classes: NDArray[np.uint8]
    lps_from_ijk: NDArray[np.float64]
    rigid: NDArray[np.bool_]
    best_rotation: int
    shown_by_best: NDArray[np.bool_]
    swivels: tuple[Shaft, ...]
    asked: int

    @property
    def residual(self) -> NDArray[np.bool_]:
        """Return the voxels that no forceps reaches."""
        left: NDArray[np.bool_] = (self.classes == NEITHER) | (self.classes == VISIBLE)
        return left

    def share(self, *classes: int) -> float:
        """Return the share of the fragment in some classes."""
        mine = self.classes[self.classes != OUTSIDE]
        return float(np.isin(mine, classes).mean())


def find_handling(tools: Toolset, *, quick: bool = False) -> Handling:
    """Return how the tools of a plan are handled.

    Parameters
    ----------
    tools : Toolset, whose scope and forceps count where it has them
    quick : bool, coarser, for dragging
    """
    named = {tool.stage: tool for tool in tools.tools}
    scope = instruments().get(named["scope"].instrument) if "scope" in named else None
    view = value("reach.view_deg") if scope is None else scope.view_deg
    bent = next(t for t in instruments().values() if t.lateral_reach_mm is not None)
    rigid = named.get("forceps")
    rows = ("quick_azimuth_deg", "quick_bend_step_deg", "quick_block_mm", "quick_spacing_mm")
    fine = ("swivel_azimuth_deg", "bend_step_deg", "block_mm", "obstacle_spacing_mm")
    azimuth, bend_step, block, spacing = (
        value(f"reach.{row}") for row in (rows if quick else fine)
    )
    return Handling(
        swivel_deg=value("reach.swivel_deg"),
        azimuth_deg=azimuth,
        bend_deg=value("reach.bend_deg"),
        bend_step_deg=bend_step,
        bend_radius_mm=bent.lateral_reach_mm or value("reach.bend_radius_mm"),
        jaw_mm=value("reach.jaw_reach_mm"),
        rigid_mm=bent.radius_mm if rigid is None else rigid.radius_mm,
        bent_mm=bent.radius_mm,
        past_mm=value("reach.past_target_mm"),
        view_deg=value("reach.view_deg") if view is None else view,
        field_deg=value("reach.field_of_view_deg"),
        block_mm=block,
        spacing_mm=spacing,
    )


def measure_reach(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    path: Path,
    tools: Toolset,
    hazards: HazardSet,
    reamed: NDArray[np.float64],
    *,
    quick: bool = False,
) -> tuple[Reach, ReachMap | None]:
    """Measure what of the fragment can be grasped and seen, and what stays behind.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    path : Path of the cannula
    tools : Toolset
    hazards : HazardSet, what limits the swivel
    reamed : float array, shape (K, 7), mm: capsules of bone that is gone
    quick : bool, coarser and without asking what single kinds of obstacle take away, for dragging

    Returns
    -------
    Reach, and the map of the fragment's voxels; null and none without a fragment
    """
    if not has_fragment(anatomy):
        return no_reach(NO_FRAGMENT), None
    handling = find_handling(tools, quick=quick)
    swivels, asked = find_swivels(geometry, path, tools, hazards, reamed, handling)
    scene = make_scene(anatomy, geometry, path, tools, swivels, reamed, handling)
    found = map_reach(anatomy, scene, path, (swivels, asked), reamed, handling)
    reach = _describe(anatomy, geometry, scene, found)
    if quick:
        return reach, found
    ways = (swivels, asked)
    more: dict[str, float] = {}
    if scene.modelled:
        bare = replace(scene, soft=scene.sure)
        freed = map_reach(anatomy, bare, path, ways, reamed, handling)
        more["without_modelled_fraction"] = freed.share(REMOVABLE, BOTH)
    bare = replace(scene, cut=np.full_like(scene.cut, FAR_MM))
    freed = map_reach(anatomy, bare, path, ways, reamed, handling)
    more["without_removable_fraction"] = freed.share(REMOVABLE, BOTH)
    return reach.model_copy(update=more), found


def measure_reachable(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    path: Path,
    tools: Toolset,
    hazards: HazardSet,
    reamed: NDArray[np.float64],
) -> float:
    """Return the share of the fragment that forceps reach, and nothing else.

    Parameters
    ----------
    anatomy : Anatomy with a fragment
    geometry : LevelGeometry
    path : Path of the cannula
    tools : Toolset
    hazards : HazardSet, what limits the swivel
    reamed : float array, shape (K, 7), mm: capsules of bone that is gone
    """
    handling = find_handling(tools)
    swivels = find_swivels(geometry, path, tools, hazards, reamed, handling)
    scene = make_scene(anatomy, geometry, path, tools, swivels[0], reamed, handling)
    return map_reach(anatomy, scene, path, swivels, reamed, handling).share(REMOVABLE, BOTH)


def has_fragment(anatomy: Anatomy) -> bool:
    """Return whether there is a fragment with at least one voxel."""
    fragment = anatomy.find(FRAGMENT)
    return fragment is not None and bool(fragment.region.values.any())


def no_reach(reason: str) -> Reach:
    """Return a reach that is not assessed, with the reason."""
    return Reach(
        reachable_fraction=None,
        visible_fraction=None,
        residual_mm3=None,
        not_assessed_reason=reason,
    )


def find_swivels(
    geometry: LevelGeometry,
    path: Path,
    tools: Toolset,
    hazards: HazardSet,
    reamed: NDArray[np.float64],
    handling: Handling,
) -> tuple[tuple[Shaft, ...], int]:
    """Return the docked cannula in every direction that it has room for, the planned one first.

    Parameters
    ----------
    geometry : LevelGeometry
    path : Path
    tools : Toolset, whose cannula and margins count
    hazards : HazardSet
    reamed : float array, shape (K, 7), mm: capsules of bone that is gone
    handling : Handling

    Returns
    -------
    tuple of Shaft, and how many directions were asked

    Notes
    -----
    The pivot lies on the axis where it passes the foramen, at the sagittal line through the
    pedicles, or at the tip if that lies further out. A tilt counts only after the smaller ones in
    its direction, so that more swivel never takes away. The planned direction has room: the plan
    was checked for it.
    """
    axis = Shaft(path.tip_lps_mm(path.stop_mm), np.asarray(path.entry_lps_mm, dtype=np.float64))
    pivot = find_pivot(geometry, path)
    azimuths = np.arange(0.0, TURN_DEG, handling.azimuth_deg).tolist()
    tilts = handling.tilts_deg.tolist()
    turned = [[turn_shaft(axis, pivot, t, a) for t in tilts] for a in azimuths]
    ways = [shaft for row in turned for shaft in row]
    if not ways:
        return (axis,), 1
    tube = next(tool for tool in tools.tools if tool.stage == "cannula")
    points = [shaft.samples() for shaft in ways]
    starts = np.cumsum([0, *(len(p) for p in points[:-1])])
    room = measure_room_mm(hazards, tools, tube, np.concatenate(points), reamed)
    least = np.minimum.reduceat(room, starts).reshape(len(azimuths), len(tilts))
    passes = np.logical_and.accumulate(least >= 0, axis=1)
    free = [
        s for row, ok in zip(turned, passes, strict=True) for s, k in zip(row, ok, strict=True) if k
    ]
    return (axis, *free), 1 + len(ways)


def find_pivot(geometry: LevelGeometry, path: Path) -> NDArray[np.float64]:
    """Return the point of the axis about which a docked cannula swivels, mm, LPS.

    Parameters
    ----------
    geometry : LevelGeometry
    path : Path
    """
    ends = np.asarray(path.entry_lps_mm)[None], np.asarray(path.target_lps_mm)[None]
    crossing = cross_pedicle_line(geometry, *ends, geometry.pedicle_centre_mm)[0, 0]
    along = float(np.linalg.norm(geometry.lps_mm(crossing) - path.target_lps_mm))
    return path.tip_lps_mm(max(along, path.stop_mm))


def make_scene(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    path: Path,
    tools: Toolset,
    swivels: tuple[Shaft, ...],
    reamed: NDArray[np.float64],
    handling: Handling,
) -> ReachScene:
    """Return what blocks sight and tools between the cannula and all of the fragment.

    Parameters
    ----------
    anatomy : Anatomy with a fragment
    geometry : LevelGeometry
    path : Path
    tools : Toolset
    swivels : tuple of Shaft
    reamed : float array, shape (K, 7), mm: capsules of bone that is gone
    handling : Handling
    """
    most = path.stop_mm + handling.past_mm
    voxels = _find_voxels(anatomy)
    ends = [point for s in swivels for point in (s.tip_lps_mm, s.tip_lps_mm + most * s.way)]
    corners = np.concatenate([voxels.min(axis=0)[None], voxels.max(axis=0)[None], np.array(ends)])
    thick = max(handling.rigid_mm, handling.bent_mm)
    return build_scene(
        anatomy,
        geometry,
        corners,
        reamed,
        frees_rim=tools.frees_rim,
        shaft_mm=thick,
        spacing_mm=handling.spacing_mm,
    )


def map_reach(
    anatomy: Anatomy,
    scene: ReachScene,
    path: Path,
    swivels: tuple[tuple[Shaft, ...], int],
    reamed: NDArray[np.float64],
    handling: Handling,
) -> ReachMap:
    """Return per voxel of the fragment what reaches and what sees it.

    Parameters
    ----------
    anatomy : Anatomy with a fragment
    scene : ReachScene that holds fragment and cannula
    path : Path
    swivels : tuple of Shaft, and how many directions were asked
    reamed : float array, shape (K, 7), mm: capsules of bone that is gone
    handling : Handling

    Notes
    -----
    Removable is what the jaw of straight forceps grasps, along the axis of the cannula in one of
    its directions, or what an articulated tip grasps on an arc out of that axis; no shaft touches
    what blocks, and the last way from the tip to the voxel is free. Visible is what lies in the
    field of view for some rotation and direction with a free line of sight.
    """
    region = anatomy.require(FRAGMENT).region
    ijk = np.argwhere(region.values > 0)
    points, group = _find_blocks(region.lps_mm(ijk), ijk, region.spacing_mm, handling.block_mm)
    shafts, asked = swivels
    tips = np.array([shaft.tip_lps_mm for shaft in shafts])
    ways = np.array([shaft.way for shaft in shafts])
    step, most = value("reach.ray_step_mm"), path.stop_mm + handling.past_mm
    world = (*scene.fields, scene.frame, reamed)
    extent = np.stack(
        [
            free_extents(*world, tips, ways, most, need, step)
            for need in (handling.rigid_mm, handling.bent_mm)
        ],
        axis=1,
    )
    views = _find_views(shafts, handling)
    found, shown = trace_reach(
        *world, points, tips, ways, extent, views, handling.shape, handling.bends_rad, step
    )
    grasped, seen = (found & BENT) > 0, (found & SEEN) > 0
    at = tuple(ijk.T)
    classes = np.full(region.shape, OUTSIDE, dtype=np.uint8)
    classes[at] = (grasped * REMOVABLE + seen * VISIBLE).astype(np.uint8)[group]
    weights = np.bincount(group, minlength=len(points))
    bits = (shown[:, None] >> np.arange(views.shape[1], dtype=np.uint32)) & 1
    best = int(np.argmax(weights @ bits))
    rigid, by_best = (np.zeros(region.shape, dtype=bool) for _ in range(2))
    rigid[at] = ((found & RIGID) > 0)[group]
    by_best[at] = (bits[:, best] > 0)[group]
    return ReachMap(classes, region.lps_from_ijk, rigid, best, by_best, shafts, asked)


def _find_voxels(anatomy: Anatomy) -> NDArray[np.float64]:
    region = anatomy.require(FRAGMENT).region
    return region.lps_mm(np.argwhere(region.values > 0))


def _find_blocks(
    points_lps_mm: NDArray[np.float64],
    ijk: NDArray[np.int64],
    spacing_mm: NDArray[np.float64],
    block_mm: float,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the voxel nearest to the middle of each block, and the block of each voxel."""
    wide = np.maximum(np.floor(block_mm / spacing_mm + SHARE_EPSILON), 1).astype(int)
    _, group, counts = np.unique(ijk // wide, axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    sums = np.stack([np.bincount(group, weights=points_lps_mm[:, n]) for n in range(3)], axis=1)
    away = np.linalg.norm(points_lps_mm - (sums / counts[:, None])[group], axis=1)
    order = np.lexsort((away.round(DISTANCE_DECIMALS), group))
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.ascontiguousarray(points_lps_mm[order[first]]), group


def _find_views(shafts: tuple[Shaft, ...], handling: Handling) -> NDArray[np.float64]:
    """Return the direction of view per swivel and rotation, shape (S, R, 3)."""
    count = int(value("reach.scope_rotations"))
    turns = 2 * np.pi * np.arange(count) / count
    tilt = np.radians(handling.view_deg)
    views = np.zeros((len(shafts), count, 3))
    for n, shaft in enumerate(shafts):
        up, side = find_across(shaft.way)
        lean = np.cos(turns)[:, None] * up + np.sin(turns)[:, None] * side
        views[n] = np.cos(tilt) * shaft.way + np.sin(tilt) * lean
    return views


def _describe(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    scene: ReachScene,
    found: ReachMap,
) -> Reach:
    """Put a map into the plan's document."""
    of_fragment = found.classes != OUTSIDE
    voxel_mm3 = float(abs(np.linalg.det(found.lps_from_ijk[:3, :3])))
    reachable = found.share(REMOVABLE, BOTH)
    left = int(found.residual.sum()) * voxel_mm3
    return Reach(
        reachable_fraction=reachable,
        visible_fraction=found.share(VISIBLE, BOTH),
        both_fraction=found.share(BOTH),
        neither_fraction=found.share(NEITHER),
        rigid_fraction=float(found.rigid[of_fragment].mean()),
        visible_best_rotation_fraction=float(found.shown_by_best[of_fragment].mean()),
        best_rotation_deg=TURN_DEG * found.best_rotation / value("reach.scope_rotations"),
        residual_mm3=left,
        fragment_mm3=int(of_fragment.sum()) * voxel_mm3,
        swivel_deg=max(shaft.tilt_deg for shaft in found.swivels),
        swivel_free_fraction=len(found.swivels) / found.asked,
        residual=describe_residual(anatomy, geometry, found),
        blockers_modelled=tuple(str(key) for key in scene.modelled),
        not_assessed_reason=None,
    )


def describe_residual(
    anatomy: Anatomy, geometry: LevelGeometry, found: ReachMap
) -> Residual | None:
    """Return what no forceps reaches, its largest piece and how near nerves are to that.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    found : ReachMap

    Returns
    -------
    Residual, or none where all is reached
    """
    if not found.residual.any():
        return None
    voxel_mm3 = float(abs(np.linalg.det(found.lps_from_ijk[:3, :3])))
    pieces, count = ndimage.label(found.residual, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(pieces.ravel())[1:]
    ijk = np.argwhere(pieces == int(np.argmax(sizes)) + 1).astype(np.float64)
    points = ijk @ found.lps_from_ijk[:3, :3].T + found.lps_from_ijk[:3, 3]
    level, side = geometry.level, geometry.side
    names = (
        StructureKey("exiting_root", level.upper, side),
        StructureKey("traversing_root", level.lower, side),
        StructureKey("dural_sac"),
    )
    return Residual(
        volume_mm3=int(found.residual.sum()) * voxel_mm3,
        pieces=count,
        largest_mm3=int(sizes.max()) * voxel_mm3,
        centroid_lps_mm=to_point(points.mean(axis=0)),
        distances_mm={str(key): _find_gap_mm(anatomy, key, points) for key in names},
    )


def _find_gap_mm(
    anatomy: Anatomy, key: StructureKey, points_lps_mm: NDArray[np.float64]
) -> float | None:
    """Return the least distance of points to a structure, mm, negative inside; none without it."""
    structure = anatomy.find(key)
    if structure is None:
        return None
    region = structure.region
    away = cKDTree(find_faces(region)).query(points_lps_mm)[0]
    nodes = np.rint(region.ijk(points_lps_mm)).astype(int)
    held = ((nodes >= 0) & (nodes < np.array(region.shape))).all(axis=1)
    inside = np.zeros(len(points_lps_mm), dtype=bool)
    inside[held] = region.values[tuple(nodes[held].T)] > 0
    return float(np.where(inside, -away, away).min())


SHARE_EPSILON = 10.0**-9
"""A ratio that is this near to a whole number is one."""

DISTANCE_DECIMALS = 6
"""Distances are compared in nanometres, so that a mirrored tie is decided alike."""
