"""What a path is judged by: room, bone, muscle, docking, angles and distance from the goal."""

from collections.abc import Iterable

import numpy as np

from kambin.anatomy import Anatomy
from kambin.planning.choice_models import Objectives
from kambin.planning.corridor import find_path_angles
from kambin.planning.evaluate import Path
from kambin.planning.geometry import LevelGeometry
from kambin.planning.models import Stage
from kambin.planning.muscles import measure_muscles
from kambin.planning.policy import FULL_LENGTH, NEURAL, Group
from kambin.planning.problem import Problem
from kambin.planning.search import Candidate
from kambin.planning.tools import Toolset

NOTHING_KNOWN = "No such structure is known near the path."
"""Why a clearance is null."""

NOT_MEASURED = {
    "tolerance_entry_mm": "The path has no room above its hard margins, or was not asked for it.",
    "reachable_fraction": "The case has no fragment.",
}
"""Why another objective is null."""


def measure_objectives(
    anatomy: Anatomy,
    problem: Problem,
    path: Path,
    stages: tuple[Stage, ...],
    found: Candidate,
    *,
    tolerance_entry_mm: float | None = None,
    reachable_fraction: float | None = None,
    bone_reason: str | None = None,
) -> Objectives:
    """Measure everything that a path is judged by.

    Parameters
    ----------
    anatomy : Anatomy
    problem : Problem, whose geometry, targets and tools it belongs to
    path : Path
    stages : tuple of Stage, measured on the path
    found : Candidate, as the search found it
    tolerance_entry_mm : float, mm, or none where it was not asked
    reachable_fraction : float or none
    bone_reason : str, why bone in the way is not assessed, or none where it is
    """
    geometry, tools = problem.geometry, problem.tools
    radius_mm = next(tool.radius_mm for tool in tools.tools if tool.stage == "cannula")
    axes = geometry.lps_mm(np.eye(3)) - geometry.lps_mm(np.zeros(3))
    muscles = measure_muscles(anatomy, path, radius_mm, geometry.side, axes=axes)
    angles_left, lateral_left = find_left(geometry, tools, path)
    goal = np.subtract(path.target_lps_mm, problem.targets.aim_lps_mm)
    known: dict[str, float | None] = {
        "nerve_clearance_mm": find_least_mm(stages, NEURAL),
        "vessel_clearance_mm": find_least_mm(stages, {Group.VESSEL}),
        "organ_clearance_mm": find_least_mm(stages, {Group.ORGAN}),
        "bone_clearance_mm": find_least_mm(wide_stages(stages), {Group.NEVER}),
        "bone_mm3": found.bone_mm3 if bone_reason is None else None,
        "tolerance_entry_mm": tolerance_entry_mm,
        "reachable_fraction": reachable_fraction,
    }
    reasons = NOT_MEASURED | {"bone_mm3": bone_reason or ""}
    return Objectives(
        **known,
        docking_mm=path.stop_mm,
        length_mm=path.length_mm,
        muscle_path_mm={name: length for name, (length, _) in muscles.items()},
        muscle_mm3=sum(volume for _, volume in muscles.values()),
        angles_left_deg=angles_left,
        lateral_left_mm=lateral_left,
        off_target_mm=float(np.linalg.norm(goal)),
        room_mm=found.slack_mm,
        score_mm=found.objective_mm,
        not_measured={
            name: reasons.get(name, NOTHING_KNOWN)
            for name, number in known.items()
            if number is None
        },
    )


def wide_stages(stages: Iterable[Stage]) -> tuple[Stage, ...]:
    """Return the stages whose tools dock short of the target."""
    return tuple(stage for stage in stages if stage.tool not in FULL_LENGTH)


def find_least_mm(stages: Iterable[Stage], groups: Iterable[Group]) -> float | None:
    """Return the least clearance to some groups over the stages that demand one, mm, or none.

    Parameters
    ----------
    stages : iterable of Stage
    groups : iterable of Group
    """
    names = {group.value for group in groups}
    return min(
        (
            row.clearance_mm
            for stage in stages
            for row in stage.clearances
            if row.group in names and row.hard_margin_mm is not None
        ),
        default=None,
    )


def find_left(geometry: LevelGeometry, tools: Toolset, path: Path) -> tuple[float, float]:
    """Return how far angles and entry lie outside the technique's ranges, degrees and mm.

    Parameters
    ----------
    geometry : LevelGeometry
    tools : Toolset
    path : Path
    """
    usual = tools.technique.preferred.get(str(geometry.level))
    if usual is None:
        return 0.0, 0.0
    theta, phi, lateral = find_place(geometry, path)
    angles = _beyond(theta, usual.axial_inclination_deg) + _beyond(phi, usual.craniocaudal_deg)
    return angles, _beyond(lateral, usual.lateral_mm)


def find_place(geometry: LevelGeometry, path: Path) -> tuple[float, float, float]:
    """Return a path's axial inclination, cranio-caudal angle and entry from the midline.

    Parameters
    ----------
    geometry : LevelGeometry
    path : Path

    Returns
    -------
    degrees and degrees in the patient's frame, ``kambin-1``, and mm lateral
    """
    entry, target = (np.array(p)[None] for p in (path.entry_lps_mm, path.target_lps_mm))
    theta, phi, _ = find_path_angles(entry, target, geometry.side)
    lateral = float(geometry.surgical_mm(path.entry_lps_mm)[0])
    return float(theta[0, 0]), float(phi[0, 0]), lateral


def _beyond(number: float, limits: tuple[float, float]) -> float:
    return max(limits[0] - number, number - limits[1], 0.0)
