"""What of the fragment is grasped and seen on a way from behind."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.approaches.back_ways import BackWay, find_back_way, find_skin
from kambin.approaches.exposure_fields import FAR_MM, find_fields
from kambin.approaches.ground import Ground
from kambin.approaches.retraction import Retraction, find_retraction
from kambin.imaging import Grid
from kambin.knowledge import instruments, value
from kambin.knowledge.approaches import approaches
from kambin.planning.reach import has_fragment
from kambin.planning.reach_ground import ReachGround
from kambin.planning.reach_handling import Handling, find_handling
from kambin.planning.reach_kernels import BENT, RIGID, SEEN, free_extents, trace_reach
from kambin.planning.shafts import Shaft, find_across, turn_shaft
from kambin.planning.tools import find_toolset

NO_FRAGMENT = "The case has no fragment."
"""Why reach and sight are null."""

TURN_DEG = math.degrees(2 * math.pi)
"""Directions about an axis run through one turn."""

AIM_EPSILON = 10.0**-6
"""An axis that passes the target by less, mm, goes through it."""

NO_CAPSULES = np.zeros((0, 3 + 3 + 1))
"""Bone that is cut is taken out of the obstacles; nothing is left for the kernels to ream."""


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a way from behind reaches, and what it has to move for that.

    Parameters
    ----------
    reachable_fraction, visible_fraction : float, of the fragment, or none without one
    root_retraction_mm : float, mm, or none where neither root nor sac is assessed
    retraction_sigma_mm : float, mm, of the surface that asks for it, or none
    retraction_structure : str, which asks for it, or empty
    limited_by : tuple of str, what keeps the way from being used in full: ``retraction`` beyond
        what the table allows, ``aim`` where no tilt of the axis meets the target
    """

    reachable_fraction: float | None
    visible_fraction: float | None
    root_retraction_mm: float | None
    retraction_sigma_mm: float | None
    retraction_structure: str
    limited_by: tuple[str, ...]


def expose_approach(ground: Ground, name: str) -> Exposure:
    """Return what of the fragment one way from behind reaches and sees.

    Parameters
    ----------
    ground : Ground
    name : str, one of the ways from behind

    Raises
    ------
    AnatomyError  (AN-011) if the lamina of the level is not assessed
    """
    return expose(ground, find_back_way(ground, approaches()[name]))


def expose(ground: Ground, way: BackWay) -> Exposure:
    """Return what of the fragment a way from behind reaches and sees.

    Parameters
    ----------
    ground : Ground
    way : BackWay

    Notes
    -----
    The same kernels, forceps and scope as for the plan through the foramen, so that only the way
    differs. Bone that is cut is gone, root and sac are moved medially as far as needed, at most
    as far as the table allows. A scope sees from the tip of its tube; through a window one sees
    along all lines that the channel from the skin lets through.
    """
    retraction = find_retraction(ground, way.room)
    most_mm = way.approach.retraction_max_mm.value
    needed = None if retraction is None else retraction.needed_mm
    limited: tuple[str, ...] = ()
    if needed is not None and needed > most_mm:
        limited += ("retraction",)
    if np.linalg.norm(way.aim_lps_mm - ground.target_lps_mm) > AIM_EPSILON:
        limited += ("aim",)
    seen: tuple[float, float] | None = None
    if has_fragment(ground.anatomy):
        moved_mm = 0.0 if needed is None else min(needed, most_mm)
        seen = _trace(ground, way, retraction, moved_mm)
    return Exposure(
        reachable_fraction=None if seen is None else seen[0],
        visible_fraction=None if seen is None else seen[1],
        root_retraction_mm=needed,
        retraction_sigma_mm=None if retraction is None else retraction.sigma_mm,
        retraction_structure="" if retraction is None else retraction.structure,
        limited_by=limited,
    )


def _trace(
    ground: Ground, way: BackWay, retraction: Retraction | None, moved_mm: float
) -> tuple[float, float]:
    """Return which shares of the fragment are grasped and seen."""
    handling = find_handling(find_toolset(ground.request))
    reach = ReachGround(ground.anatomy, ground.geometry)
    points, group = reach.find_blocks(handling.block_mm)
    tips, tilt_deg = _find_tips(ground, way)
    shafts = _find_shafts(way, tips, tilt_deg, handling)
    corners = np.concatenate([reach.corners_lps_mm, tips])
    grid = _find_grid(ground, corners, handling)
    moved = () if retraction is None else retraction.moved
    shaft_mm = max(handling.rigid_mm, handling.bent_mm)
    bone, soft = find_fields(ground, way, grid, {s.key: moved_mm for s in moved}, shaft_mm)
    cut = np.full(grid.shape, FAR_MM, dtype=np.float32)
    frame = np.array([*grid.origin_lps_mm, grid.spacing_mm, value("reach.bone_contact_mm")])
    world = (bone, soft, cut, frame, NO_CAPSULES)
    starts = np.array([shaft.tip_lps_mm for shaft in shafts])
    ways = np.array([shaft.way for shaft in shafts])
    step, most = value("reach.ray_step_mm"), float(np.linalg.norm(points - tips[0], axis=1).max())
    extent = np.stack(
        [
            free_extents(*world, starts, ways, most + handling.past_mm, need, step)
            for need in (handling.rigid_mm, handling.bent_mm)
        ],
        axis=1,
    )
    views, shape = _find_views(way, shafts, tilt_deg, handling)
    found, _ = trace_reach(
        *world, points, starts, ways, extent, views, shape, handling.bends_rad, step
    )
    weights = np.bincount(group, minlength=len(points)) / len(group)
    grasped, seen = (found & (RIGID | BENT)) > 0, (found & SEEN) > 0
    return float(weights[grasped].sum()), float(weights[seen].sum())


def _find_tips(ground: Ground, way: BackWay) -> tuple[NDArray[np.float64], float]:
    """Return from where tools start, shape (N, 3), mm, LPS, and how far they may be tilted."""
    if way.approach.bone == "tube":
        # A tube that goes into the canal ends short of the target and swivels as a cannula does.
        tip = way.aim_lps_mm + way.approach.require("dock_mm") * way.outward
        return tip[None], value("reach.swivel_deg")
    wide_mm, high_mm = (way.approach.require(f"window_{n}_mm") for n in ("width", "height"))
    up, side = find_across(-way.outward)
    count = int(value("exposure.window_tips"))
    places = (np.arange(count) + 0.5) / count - 0.5
    grid = [(a * wide_mm, b * high_mm) for a in places for b in places]
    # At the front of the lamina, where the window opens into the canal.
    front = way.window_lps_mm - 0.5 * float(ground.lamina_mm[2] - ground.lamina_mm[0]) * way.outward
    tips = np.array([front + a * side + b * up for a, b in grid])
    return tips, _measure_tilt_deg(ground, way)


def _measure_tilt_deg(ground: Ground, way: BackWay) -> float:
    """Return how far from the axis one sees and works through the channel to the skin, degrees."""
    field = "tube_mm" if way.approach.corridor == "tube" else "incision_mm"
    skin = find_skin(ground, way)
    if skin is None:
        return value("reach.swivel_deg")
    deep_mm = float(np.linalg.norm(skin - way.window_lps_mm))
    return math.degrees(math.atan2(way.approach.require(field), deep_mm))


def _find_shafts(
    way: BackWay, tips: NDArray[np.float64], tilt_deg: float, handling: Handling
) -> tuple[Shaft, ...]:
    """Return the tools from every tip, along the axis and tilted."""
    tilts = handling.tilts_deg
    tilts = np.append(tilts[tilts < tilt_deg], tilt_deg)
    azimuths = np.arange(0.0, TURN_DEG, handling.azimuth_deg)
    pivot = way.window_lps_mm
    shafts = []
    for tip in tips:
        axis = Shaft(tip, tip + FAR_MM * way.outward)
        # Tube and scope turn about the lamina, what goes through a window about its opening.
        point = pivot if way.approach.bone == "tube" else tip
        shafts.append(axis)
        shafts += [turn_shaft(axis, point, float(t), float(a)) for t in tilts for a in azimuths]
    return tuple(shafts)


def _find_views(
    way: BackWay, shafts: tuple[Shaft, ...], tilt_deg: float, handling: Handling
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return directions of view, shape (S, R, 3), and the numbers of the kernel."""
    if way.approach.sight == "scope":
        scope = instruments()[way.approach.scope].view_deg
        view_deg = handling.view_deg if scope is None else scope
        count = int(value("reach.scope_rotations"))
        turns = 2 * np.pi * np.arange(count) / count
        tilt, views = math.radians(view_deg), np.zeros((len(shafts), count, 3))
        for n, shaft in enumerate(shafts):
            up, side = find_across(shaft.way)
            lean = np.cos(turns)[:, None] * up + np.sin(turns)[:, None] * side
            views[n] = math.cos(tilt) * shaft.way + math.sin(tilt) * lean
        half = 0.5 * handling.field_deg
        limits = (half, max(view_deg - half, 0.0), view_deg + half)
    else:
        views = np.repeat(-way.outward[None, None], len(shafts), axis=0)
        limits = (tilt_deg, 0.0, 2 * tilt_deg)
    shape = np.array([*np.cos(np.radians(limits)), *handling.shape[3:]])
    return views, shape


def _find_grid(ground: Ground, corners: NDArray[np.float64], handling: Handling) -> Grid:
    room = value("reach.scene_room_mm")
    working = ground.anatomy.working_grid
    return Grid.around(
        corners.min(axis=0) - room,
        corners.max(axis=0) + room,
        spacing_mm=handling.spacing_mm,
        anchor_lps_mm=working.origin_lps_mm,
        frame_id=working.frame_id,
    )
