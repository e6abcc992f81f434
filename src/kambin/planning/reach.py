"""What of the fragment can be grasped and seen from the docked cannula, and what stays behind."""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy
from kambin.knowledge import value
from kambin.planning.evaluate import Path
from kambin.planning.fields import HazardSet
from kambin.planning.geometry import LevelGeometry, cross_pedicle_line
from kambin.planning.reach_ground import ReachGround
from kambin.planning.reach_handling import Handling, find_handling
from kambin.planning.reach_kernels import BENT, RIGID, SEEN, free_extents, trace_reach
from kambin.planning.reach_map import (
    BOTH,
    NEITHER,
    OUTSIDE,
    REMOVABLE,
    VISIBLE,
    ReachMap,
    describe_residual,
)
from kambin.planning.reach_models import Reach
from kambin.planning.reach_scene import FAR_MM, FRAGMENT, ReachScene
from kambin.planning.shafts import Shaft, find_across, measure_room_mm, turn_shaft
from kambin.planning.tools import Toolset

NO_FRAGMENT = "The case has no fragment."
"""Why reach is null."""

TURN_DEG = math.degrees(2 * math.pi)
"""Directions about an axis run through one turn."""


def measure_reach(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    path: Path,
    tools: Toolset,
    hazards: HazardSet,
    reamed: NDArray[np.float64],
    *,
    quick: bool = False,
    ground: ReachGround | None = None,
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
    ground : ReachGround that was prepared before, or none

    Returns
    -------
    Reach, and the map of the fragment's voxels; null and none without a fragment
    """
    if not has_fragment(anatomy):
        return no_reach(NO_FRAGMENT), None
    ground = ground or ReachGround(anatomy, geometry)
    handling = find_handling(tools, quick=quick)
    ways = find_swivels(geometry, path, tools, hazards, reamed, handling)
    scene = make_scene(ground, path, tools, ways[0], reamed, handling, is_kept=quick)
    found = map_reach(ground, scene, path, ways, reamed, handling)
    reach = _describe(ground, scene, found)
    if quick:
        return reach, found
    more: dict[str, float] = {}
    if scene.modelled:
        bare = replace(scene, soft=scene.sure)
        freed = map_reach(ground, bare, path, ways, reamed, handling)
        more["without_modelled_fraction"] = freed.share(REMOVABLE, BOTH)
    bare = replace(scene, cut=np.full_like(scene.cut, FAR_MM))
    freed = map_reach(ground, bare, path, ways, reamed, handling)
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
    return map_path(anatomy, geometry, path, tools, hazards, reamed).share(REMOVABLE, BOTH)


def map_path(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    path: Path,
    tools: Toolset,
    hazards: HazardSet,
    reamed: NDArray[np.float64],
    *,
    ground: ReachGround | None = None,
) -> ReachMap:
    """Return per voxel of the fragment what reaches and what sees it, as ``measure_reach`` does.

    Parameters
    ----------
    anatomy : Anatomy with a fragment
    geometry : LevelGeometry
    path : Path of the cannula
    tools : Toolset
    hazards : HazardSet, what limits the swivel
    reamed : float array, shape (K, 7), mm: capsules of bone that is gone
    ground : ReachGround that was prepared before, or none
    """
    ground, handling = ground or ReachGround(anatomy, geometry), find_handling(tools)
    swivels = find_swivels(geometry, path, tools, hazards, reamed, handling)
    scene = make_scene(ground, path, tools, swivels[0], reamed, handling)
    return map_reach(ground, scene, path, swivels, reamed, handling)


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
    ground: ReachGround,
    path: Path,
    tools: Toolset,
    swivels: tuple[Shaft, ...],
    reamed: NDArray[np.float64],
    handling: Handling,
    *,
    is_kept: bool = False,
) -> ReachScene:
    """Return what blocks sight and tools between the cannula and all of the fragment.

    Parameters
    ----------
    ground : ReachGround of the fragment
    path : Path
    tools : Toolset
    swivels : tuple of Shaft
    reamed : float array, shape (K, 7), mm: capsules of bone that is gone
    handling : Handling
    is_kept : bool, whether one box about the fragment serves all paths that end in it
    """
    most = path.stop_mm + handling.past_mm
    ends = [point for s in swivels for point in (s.tip_lps_mm, s.tip_lps_mm + most * s.way)]
    return ground.make_scene(
        np.array(ends), reamed, handling, frees_rim=tools.frees_rim, is_kept=is_kept
    )


def map_reach(
    ground: ReachGround,
    scene: ReachScene,
    path: Path,
    swivels: tuple[tuple[Shaft, ...], int],
    reamed: NDArray[np.float64],
    handling: Handling,
) -> ReachMap:
    """Return per voxel of the fragment what reaches and what sees it.

    Parameters
    ----------
    ground : ReachGround of the fragment
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
    region = ground.anatomy.require(FRAGMENT).region
    points, group = ground.find_blocks(handling.block_mm)
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
    at = tuple(ground.ijk.T)
    classes = np.full(region.shape, OUTSIDE, dtype=np.uint8)
    classes[at] = (grasped * REMOVABLE + seen * VISIBLE).astype(np.uint8)[group]
    weights = np.bincount(group, minlength=len(points))
    bits = (shown[:, None] >> np.arange(views.shape[1], dtype=np.uint32)) & 1
    best = int(np.argmax(weights @ bits))
    rigid, by_best = (np.zeros(region.shape, dtype=bool) for _ in range(2))
    rigid[at] = ((found & RIGID) > 0)[group]
    by_best[at] = (bits[:, best] > 0)[group]
    return ReachMap(classes, region.lps_from_ijk, rigid, best, by_best, shafts, asked)


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


def _describe(ground: ReachGround, scene: ReachScene, found: ReachMap) -> Reach:
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
        residual=describe_residual(ground.anatomy, ground.geometry, found, ground.trees),
        blockers_modelled=tuple(str(key) for key in scene.modelled),
        not_assessed_reason=None,
    )
