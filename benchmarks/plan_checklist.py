"""What a surgeon asks of the picture of a plan, answered from the plan and from the labels.

Nothing here reads a distance field of the planner: sides come from the picture's own letters, bone
from points inside the drawn tube, the root from its voxels or its own line.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from kambin.anatomy import Anatomy, Level, Structure, StructureKey
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.knowledge import stages, value
from kambin.planning import Plan
from kambin.planning.models import Stage
from kambin.planning.second_way import find_agreement_mm
from kambin.report.scenery import Scenery, plan_scenery
from kambin.report.tool_outlines import DrawnTool, capsule_distance_mm

PICTURE = "along-flat"
"""The section on which side, tools, bone and root are looked at."""

WHOLE_BONES = frozenset({"vertebra", "sacrum", "ilium", "rib", "femur"})
RIM_KINDS = ("body_rim", "pedicle_rim", "arch_base")
NERVES = ("exiting_root", "drg")
QUESTIONS = ("side letters", "tool ends", "through the process only", "root beside it")
SAMPLE_MM = 0.5
HALF_DIAGONAL = 3**0.5 / 2
END_MM = 0.05
"""Half of the last digit with which the table gives a tool's end."""

BESIDE_MM = 12.0
"""How far from the tube the exiting root is still beside it: about the height of a foramen."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One question of the checklist: whether it holds, and what was found."""

    question: str
    holds: bool
    found: str


def answer_all(plan: Plan, anatomy: Anatomy) -> tuple[Answer, ...]:
    """Return the whole checklist of the picture of a plan."""
    scenery = plan_scenery(plan)
    return (
        check_letters(plan, anatomy, scenery),
        check_ends(plan, scenery.tools),
        check_bone(plan, anatomy, scenery.tools),
        check_root(plan, anatomy, scenery.tools),
    )


def check_letters(plan: Plan, anatomy: Anatomy, scenery: Scenery) -> Answer:
    """Answer whether the skin entry lies towards the letter of the asked side."""
    view = next(view for view in scenery.planes if view.name == PICTURE)
    disc = anatomy.disc_frames[Level.parse(plan.level)].lps_from_disc
    middle = disc.points([0.0, 0.0, 0.0])
    entry = np.array(plan.trajectory.entry_lps_mm)
    across_mm = float((entry - middle) @ np.asarray(view.plane.right_lps))
    letters = view.letters.right if across_mm > 0 else view.letters.left
    letter = plan.side[0].upper()
    # The bone that is reamed says the side once more, whatever the letters are.
    sap = anatomy.require(StructureKey("sap", Level.parse(plan.level).lower, Side(plan.side)))
    sap_lps_mm = sap.region.lps_mm(np.argwhere(sap.region.values > 0)).mean(axis=0)
    same = float((sap_lps_mm - middle) @ np.asarray(view.plane.right_lps)) * across_mm > 0
    found = f"{letters}, {abs(across_mm):.0f} mm from the midline"
    return Answer(QUESTIONS[0], letter in letters and same, found)


def check_ends(plan: Plan, drawn: Iterable[DrawnTool]) -> Answer:
    """Answer whether every tool, as drawn too, ends where the table of the stages says."""
    target = np.array(plan.trajectory.target_lps_mm)
    docking = 0.0 if plan.docking is None else plan.docking.stop_mm
    wrong = [
        f"{stage.instrument} {_end_mm(plan, stage.tip_lps_mm):.1f}"
        for stage in plan.stages
        if not _ends_right(plan, stage, docking)
    ]
    for tool in drawn:
        told = {round(s.stop_mm, 6) for s in plan.stages if s.tool == tool.name}
        length_mm = float(np.linalg.norm(tool.tip_lps_mm - target))
        if min(abs(length_mm - abs(stop)) for stop in told) > END_MM:
            wrong.append(f"drawn {tool.name} {length_mm:.1f}")
    needle, past = (
        next((s.stop_mm for s in plan.stages if s.tool == name), 0.0)
        for name in ("needle", "forceps")
    )
    beyond = max(-past, 0.0) + 0.0
    words = f"needle {needle:.1f}, cannula {docking:.1f} short, forceps {beyond:.1f} past"
    return Answer(
        QUESTIONS[1], not wrong, words + (f"; wrong: {', '.join(wrong)}" if wrong else "")
    )


def _end_mm(plan: Plan, tip_lps_mm: tuple[float, float, float]) -> float:
    """Return how far short of the target a point of the axis lies, mm; negative past it."""
    entry, target = (
        np.array(p) for p in (plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm)
    )
    outward = (entry - target) / np.linalg.norm(entry - target)
    return float((np.array(tip_lps_mm) - target) @ outward)


def _ends_right(plan: Plan, stage: Stage, docking_mm: float) -> bool:
    entry, target = (
        np.array(p) for p in (plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm)
    )
    stop_mm = _end_mm(plan, stage.tip_lps_mm)
    outward = (entry - target) / np.linalg.norm(entry - target)
    on_axis = target + stop_mm * outward
    off_mm = float(np.linalg.norm(np.array(stage.tip_lps_mm) - on_axis))
    if off_mm > END_MM or abs(stop_mm - stage.stop_mm) > END_MM:
        return False
    end = stages()[stage.tool].end
    if end == "target":
        return abs(stop_mm) <= END_MM
    if end == "fragment":
        return -value("planning.forceps_past_mm") - END_MM <= stop_mm <= END_MM
    is_cannula = stage.tool == "cannula"
    return abs(stop_mm - docking_mm) <= END_MM if is_cannula else stop_mm >= docking_mm - END_MM


def check_bone(plan: Plan, anatomy: Anatomy, drawn: Iterable[DrawnTool]) -> Answer:
    """Answer whether the widest drawn tube goes through the superior process alone.

    Notes
    -----
    Points every half millimetre in the tube are asked whether a whole bone of the labels holds
    them. Bones lie on the labels' voxels, their parts on finer ones: what lies further from
    process and rim than half a diagonal of both is neither, and the tube may hold it no deeper
    than two ways to measure may differ (docs/adr/0006).
    """
    tube = find_widest(drawn)
    points, inside_mm = _fill(tube)
    level, side = Level.parse(plan.level), Side(plan.side)
    bone = _is_in(points, (s for k, s in anatomy.structures.items() if k.kind in WHOLE_BONES))
    sap = anatomy.require(StructureKey("sap", level.lower, side))
    rims = [
        anatomy.structures[key]
        for key in anatomy.structures
        if key.kind in RIM_KINDS and key.place == level.lower
    ]
    process = _is_in(points, [sap])
    rim = _is_in(points, rims) & ~process
    other = bone & ~process & ~rim
    known = [s.region.lps_mm(np.argwhere(s.region.values > 0)) for s in (sap, *rims)]
    away_mm = cKDTree(np.concatenate(known)).query(points[other])[0]
    part_mm = float(sap.region.spacing_mm.max())
    other[other] = away_mm > HALF_DIAGONAL * (anatomy.label_spacing_mm + part_mm)
    deepest_mm = float(inside_mm[other].max(initial=0.0))
    mm3 = SAMPLE_MM**3
    found = (
        f"process {process.sum() * mm3:.0f}, rim {rim.sum() * mm3:.0f}, other "
        f"{other.sum() * mm3:.0f} mm³" + (f", {deepest_mm:.1f} mm deep" if other.any() else "")
    )
    return Answer(QUESTIONS[2], deepest_mm <= find_agreement_mm(anatomy.label_spacing_mm), found)


def find_widest(drawn: Iterable[DrawnTool]) -> DrawnTool:
    """Return the widest tube of a picture."""
    return max((tool for tool in drawn if tool.name != "needle"), key=lambda one: one.radius_mm)


def check_root(plan: Plan, anatomy: Anatomy, drawn: Iterable[DrawnTool]) -> Answer:
    """Answer whether the exiting root runs beside the tube: ventral or cranial of it, not in it.

    Notes
    -----
    The side is that of the tube's axis, prolonged beyond its tip where the root lies beyond it.
    """
    tube = find_widest(drawn)
    level, side = Level.parse(plan.level), Side(plan.side)
    found = [(key, s) for key, s in anatomy.structures.items() if is_exiting(key, level, side)]
    if not found:
        return Answer(QUESTIONS[3], False, "not assessed")
    gaps = [(*_nearest(structure, tube), key) for key, structure in found]
    gap_mm, place, key = min(gaps, key=lambda row: row[0])
    axis = tube.outside_lps_mm - tube.tip_lps_mm
    # Across the axis alone: what lies beyond the tip is not ventral of the tube for being ahead.
    along = float((place - tube.tip_lps_mm) @ axis / (axis @ axis))
    local = anatomy.disc_frames[level].lps_from_disc.inverse().matrix[:3, :3]
    _, behind_mm, above_mm = local @ (place - tube.tip_lps_mm - along * axis)
    sides = [
        word
        for word, is_there in (("ventral", behind_mm < 0), ("cranial", above_mm > 0))
        if is_there
    ]
    holds = bool(sides) and -find_agreement_mm(anatomy.label_spacing_mm) <= gap_mm <= BESIDE_MM
    return Answer(
        "root beside it", holds, f"{key.kind} {gap_mm:.1f} mm, {' and '.join(sides) or 'dorsal'}"
    )


def is_exiting(key: StructureKey, level: Level, side: Side) -> bool:
    """Return whether a structure is the root that leaves the asked foramen, or its ganglion."""
    return key.kind in NERVES and (key.place, key.side) == (level.upper, side)


def _nearest(structure: Structure, tube: DrawnTool) -> tuple[float, NDArray[np.float64]]:
    """Return the gap between a nerve and a tube, mm, and the nerve's nearest place, mm, LPS."""
    line = structure.tube
    if line is None:
        places = structure.region.lps_mm(np.argwhere(structure.region.values > 0))
        radii_mm = np.zeros(len(places))
    else:
        shares = np.linspace(0, len(line.points_lps_mm) - 1, 20 * len(line.points_lps_mm))
        index = np.arange(len(line.points_lps_mm))
        places = np.stack([np.interp(shares, index, c) for c in line.points_lps_mm.T], axis=1)
        radii_mm = np.interp(shares, index, line.radii_mm)
    gaps = capsule_distance_mm(places, tube.tip_lps_mm, tube.outside_lps_mm, tube.radius_mm)
    gaps -= radii_mm
    nearest = int(gaps.argmin())
    return float(gaps[nearest]), places[nearest]


def _fill(tube: DrawnTool) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points of a lattice inside a tube, mm, LPS, and how deep in it each lies, mm."""
    axis = tube.outside_lps_mm - tube.tip_lps_mm
    length_mm = float(np.linalg.norm(axis))
    # Along and across the tube: a box round a slanting one would be empty for the most part.
    along = axis / length_mm
    across = np.cross(along, np.eye(3)[np.abs(along).argmin()])
    across /= np.linalg.norm(across)
    reach = tube.radius_mm
    wide = np.arange(-reach, reach + SAMPLE_MM, SAMPLE_MM)
    long = np.arange(-reach, length_mm + reach, SAMPLE_MM)
    steps = np.stack(np.meshgrid(long, wide, wide, indexing="ij"), -1).reshape(-1, 3)
    points = tube.tip_lps_mm + steps @ np.stack([along, across, np.cross(along, across)])
    away = capsule_distance_mm(points, tube.tip_lps_mm, tube.outside_lps_mm, tube.radius_mm)
    return points[away <= 0], -away[away <= 0]


def _is_in(points_lps_mm: NDArray[np.float64], parts: Iterable[Structure]) -> NDArray[np.bool_]:
    """Return which points lie in a voxel of one of some structures, shape (N,)."""
    held = np.zeros(len(points_lps_mm), dtype=bool)
    for part in parts:
        region: LabelMap = part.region
        ijk = np.rint(region.ijk(points_lps_mm)).astype(int)
        within = ((ijk >= 0) & (ijk < np.array(region.shape))).all(axis=1)
        held[within] |= region.values[tuple(ijk[within].T)] > 0
    return held
