"""The second checker's word on a tolerance: poses inside it, measured on surfaces."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from kambin.anatomy import Anatomy, StructureKey
from kambin.planning.error_model import TILT_AXES, PathFrame
from kambin.planning.geometry import LevelGeometry, find_foramen_fault
from kambin.planning.poses import Poses, Surroundings, across
from kambin.planning.rulers import Ruler, Rulers
from kambin.planning.second_way import Extent, find_allowed_difference_mm, find_parts
from kambin.planning.tolerance import Cone

CHECKED_SAMPLES = 1024
"""Poses drawn inside a tolerance, architecture 8.11."""

ALONE_SAMPLES = 8
"""One pose in so many has an offset alone, and one an angle alone."""

SHRINK_ITERATIONS = 8
"""Trials of the share that is left when a pose fails: to a hundredth."""

FORAMEN_BATCH = 32
"""Poses are asked so many at a time whether they pass the foramen, each with each."""

SEED = 0
"""Of the scramble that the poses are drawn from."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What the second checker left of a tolerance.

    Parameters
    ----------
    share : float, 0 to 1, of the errors that the fields granted
    poses : int, how many were drawn inside, all of which pass
    measured : int, how many of them were measured on surfaces
    """

    share: float
    poses: int
    measured: int


@dataclass(frozen=True, slots=True)
class Demand:
    """How far one axis must stay from one structure on its surface.

    Parameters
    ----------
    ruler : Ruler
    stop_index : int, of the axis's end
    gap_mm : float, mm, of the planned axis
    limit_mm : float, mm, radius and hard margin less what the two checkers may differ by
    """

    ruler: Ruler
    stop_index: int
    gap_mm: float
    limit_mm: float


def check_cone(
    anatomy: Anatomy,
    around: Surroundings,
    geometry: LevelGeometry,
    rulers: Rulers,
    cone: Cone,
) -> Checked:
    """Return how much of a tolerance stays when drawn poses are measured on surfaces.

    Parameters
    ----------
    anatomy : Anatomy
    around : Surroundings of the path
    geometry : LevelGeometry, whose foramen every pose must pass
    rulers : Rulers about the path, with room for the poses
    cone : Cone that the fields grant

    Notes
    -----
    A pose whose points move less than a surface leaves is clear of it without being measured;
    all others are. If one fails, the cone is reduced until all poses drawn inside pass.
    """
    frame = PathFrame.of(around.path, geometry.side)
    parts = find_parts(anatomy, {h.key: h.group for h in around.hazards}, geometry.level)
    demands = find_demands(around, rulers, parts, _find_farthest_mm(around, cone))
    low, high, kept, share = 0.0, 1.0, 0, 1.0
    for _ in range(SHRINK_ITERATIONS):
        poses = draw_inside(around, frame, cone.scaled(share))
        passes, measured = find_passing(around, geometry, demands, poses)
        if passes.all():
            low, kept = share, measured
        else:
            high = share
        # The whole cone first: most pass at once.
        if low >= high:
            break
        share = 0.5 * (low + high)
    return Checked(low, CHECKED_SAMPLES, kept)


@cache
def _draw_unit() -> NDArray[np.float64]:
    """Return numbers of low discrepancy, shape (poses, 4), 0 to 1."""
    sequence = qmc.Sobol(2 * TILT_AXES, scramble=True, rng=np.random.default_rng(SEED))
    drawn: NDArray[np.float64] = sequence.random(CHECKED_SAMPLES)
    drawn.setflags(write=False)
    return drawn


def draw_inside(around: Surroundings, frame: PathFrame, cone: Cone) -> Poses:
    """Return poses inside a cone, most of them near its border.

    Parameters
    ----------
    around : Surroundings of the path
    frame : PathFrame
    cone : Cone
    """
    unit = _draw_unit()
    # Even in the four dimensions of offset and tilt, where most of a ball lies near its border.
    radius = unit[:, 0] ** (1.0 / (2 * TILT_AXES))
    mix, share = 0.5 * math.pi * unit[:, 1], np.full(len(unit), cone.joint_share)
    for turn, alone in enumerate((0.0, 0.5 * math.pi)):
        mix[turn::ALONE_SAMPLES], share[turn::ALONE_SAMPLES] = alone, 1.0
        # On the border itself: these two numbers are what a surgeon reads.
        radius[turn::ALONE_SAMPLES] = 1.0
    first, second = (2 * math.pi * unit[:, 2:]).T
    offset = (radius * share * cone.entry_mm * np.cos(mix))[:, None]
    tilt = (radius * share * cone.angle_rad * np.sin(mix))[:, None]
    return Poses.of(
        around.path,
        frame,
        across(offset * np.stack([np.cos(first), np.sin(first)], axis=1)),
        tilt * np.stack([np.cos(second), np.sin(second)], axis=1),
    )


def _find_farthest_mm(around: Surroundings, cone: Cone) -> float:
    """Return more than any point of any tool moves inside a cone, mm."""
    return cone.entry_mm + (around.path.length_mm - min(around.stops_mm)) * cone.angle_rad


def find_demands(
    around: Surroundings,
    rulers: Rulers,
    parts: frozenset[StructureKey],
    farthest_mm: float = np.inf,
) -> list[Demand]:
    """Return what the surfaces near a path demand of each of its axes.

    Parameters
    ----------
    around : Surroundings of the path
    rulers : Rulers
    parts : keys of what was cut from a bone
    farthest_mm : float, mm, that no tool moves; what is farther than that and its margin demands
        nothing of a pose and is not measured
    """
    needs, path, found = around.needs_mm(), around.path, []
    ends = (path.entry_lps_mm, path.tip_lps_mm(min(around.stops_mm)))
    for h, hazard in enumerate(around.hazards):
        if not np.isfinite(needs[h]).any():
            continue
        ruler = rulers.find(hazard.key, *ends, float(needs[h].max()) + farthest_mm)
        if ruler is None:
            continue
        extent = Extent.PART if hazard.key in parts else Extent.WHOLE
        allowed = find_allowed_difference_mm(hazard.structure, extent)
        for s in np.flatnonzero(np.isfinite(needs[h])):
            gap = ruler.distance_mm(path.entry_lps_mm, path.tip_lps_mm(around.stops_mm[s]))
            found.append(Demand(ruler, int(s), gap, float(needs[h, s]) - allowed))
    return found


def find_passing(
    around: Surroundings, geometry: LevelGeometry, demands: Sequence[Demand], poses: Poses
) -> tuple[NDArray[np.bool_], int]:
    """Return which poses break no margin on the surfaces, shape (P,), and how many were measured.

    Parameters
    ----------
    around : Surroundings of the path
    geometry : LevelGeometry
    demands : sequence of Demand
    poses : Poses
    """
    moves = around.moves_mm(poses)
    passes, measured = _pass_foramen(geometry, poses), np.zeros(len(poses), dtype=bool)
    for demand in demands:
        s = demand.stop_index
        near = demand.gap_mm - moves[:, s] < demand.limit_mm
        asked = np.flatnonzero(near & passes)
        measured |= near
        if len(asked):
            starts, ends = poses.entries_lps_mm, poses.tips_lps_mm(around.stops_mm[s])
            passes[asked] = demand.ruler.keeps_clear(starts[asked], ends[asked], demand.limit_mm)
    return passes, int(measured.sum())


def _pass_foramen(geometry: LevelGeometry, poses: Poses) -> NDArray[np.bool_]:
    """Return which poses run through the foramen, shape (P,)."""
    entries, tips = poses.entries_lps_mm, poses.tips_lps_mm(0.0)
    starts = range(0, len(poses), FORAMEN_BATCH)
    parts = [slice(start, start + FORAMEN_BATCH) for start in starts]
    faults = [np.diagonal(find_foramen_fault(geometry, entries[p], tips[p])) for p in parts]
    passes: NDArray[np.bool_] = ~np.concatenate(faults)
    return passes
