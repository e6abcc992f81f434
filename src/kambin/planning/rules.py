"""Every hard rule, asked of one path: what is demanded, what it has, and whether that holds."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from kambin.anatomy import Anatomy, Case, StructureKey
from kambin.core import Finding, Severity
from kambin.knowledge import rules, stages, value
from kambin.planning.bone_models import Resection
from kambin.planning.choice_models import Docking, Landmark, Rule
from kambin.planning.corridor import find_path_angles
from kambin.planning.evaluate import Path
from kambin.planning.fields import HazardSet
from kambin.planning.geometry import LevelGeometry, cross_pedicle_line
from kambin.planning.landmarks import find_excluding
from kambin.planning.models import Stage
from kambin.planning.policy import BONE, FULL_LENGTH, Group
from kambin.planning.remarks import make_finding
from kambin.planning.skin import Skin
from kambin.planning.tools import Toolset

NONE_NEAR = "Nothing of the kind is known near the tools, or nothing is demanded of them there."
"""Why a rule has no value."""

SKIN_SEARCH_SHARE = 0.5
"""How far beyond the entry its line is followed to the skin, as a share of the way inside."""

RULE_EPSILON = 10.0**-6
"""A bound met to a nanometre is met: documents round to this."""


@dataclass(frozen=True, slots=True)
class RuledPath:
    """A path with everything that the rules ask.

    Parameters
    ----------
    geometry : LevelGeometry
    tools : Toolset
    path : Path
    stages : tuple of Stage, with clearances and landmarks
    docking : Docking
    zone : str or none, as it was asked for
    resection : Resection, or none where only the axis is asked
    bone_length_mm : float, mm, of the needle's axis inside bone, or none
    skin_gap_mm : float, mm, of the entry from the skin, or none
    skin_allowed_mm : float, mm
    spacing_mm : float, mm, the coarsest of labels and image, or none
    knows_root : bool, whether the exiting root is known, or none
    root_ahead_mm : float, mm, how far the exiting root lies ventral and cranial of the axis where
        they cross, or none
    """

    geometry: LevelGeometry
    tools: Toolset
    path: Path
    stages: tuple[Stage, ...]
    docking: Docking
    zone: str | None
    resection: Resection | None = None
    bone_length_mm: float | None = None
    skin_gap_mm: float | None = None
    skin_allowed_mm: float = 0.0
    spacing_mm: float | None = None
    knows_root: bool | None = None
    root_ahead_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer to one rule: value, threshold, and where it was found."""

    rule: str
    value: float | None
    threshold: float
    stage: str | None = None
    structure: str | None = None
    reason: str = NONE_NEAR


def assess_rules(ruled: RuledPath) -> tuple[Rule, ...]:
    """Ask every rule of the register of a path.

    Parameters
    ----------
    ruled : RuledPath

    Returns
    -------
    tuple of Rule, in the order of the register
    """
    asked = {one.rule: one for one in _ask(ruled)}
    return tuple(_answer(asked[name]) for name in rules())


def _ask(ruled: RuledPath) -> Iterator[Asked]:
    yield from _ask_margins(ruled)
    yield from _ask_corridor(ruled)
    yield from _ask_ends(ruled)
    yield from _ask_places(ruled)
    yield from _ask_persons(ruled)
    yield from _ask_bone(ruled)


def _answer(asked: Asked) -> Rule:
    """Return the rule's record; what has no value passes, with the reason."""
    row = rules()[asked.rule]
    sign = 1 if row.comparison == "at least" else -1
    has_value = asked.value is not None
    lacks = asked.value is not None and sign * (asked.value - asked.threshold) < -RULE_EPSILON
    return Rule(
        id=asked.rule,
        what=row.what,
        value=asked.value,
        threshold=asked.threshold,
        comparison=row.comparison,
        unit=row.unit,
        source=row.source,
        stage=asked.stage,
        structure=asked.structure,
        severity=row.severity,
        passed=not lacks,
        not_assessed_reason=None if has_value else asked.reason,
    )


BLIND_SLIM = frozenset({"needle", "guidewire"})
"""Stages that reach the target unseen."""

MARGIN_RULES = {
    "nerve-needle": (BLIND_SLIM, {Group.NERVE}),
    "sac-needle": (BLIND_SLIM, {Group.SAC}),
    "nerve-tube": (frozenset(stages()) - FULL_LENGTH, {Group.NERVE}),
    "sac-tube": (frozenset(stages()) - FULL_LENGTH, {Group.SAC}),
    "organ": (frozenset(stages()), {Group.ORGAN}),
    "vessel": (frozenset(stages()), {Group.VESSEL}),
    "never-bone-tube": (frozenset(stages()) - FULL_LENGTH, {Group.NEVER}),
    "bone-needle": (BLIND_SLIM, set(BONE)),
    "rim-contact": (frozenset(stages()) - FULL_LENGTH, {Group.RIM, Group.REMOVABLE}),
}
"""Which stages keep off which groups; the structure nearest to its margin answers."""


def _ask_margins(ruled: RuledPath) -> Iterator[Asked]:
    for name, (tools, groups) in MARGIN_RULES.items():
        names = {group.value for group in groups}
        rows = [
            (row.clearance_mm - row.hard_margin_mm, stage.tool, row)
            for stage in ruled.stages
            if stage.tool in tools
            for row in stage.clearances
            if row.group in names and row.hard_margin_mm is not None
        ]
        if not rows:
            yield Asked(name, None, 0.0)
            continue
        _, tool, row = min(rows, key=lambda one: (one[0], one[2].structure))
        yield Asked(name, row.clearance_mm, row.hard_margin_mm or 0.0, tool, row.structure)
    limit = value("margins.needle_bone_length_mm")
    yield Asked("needle-bone-length", ruled.bone_length_mm, limit, "needle")


def _ask_corridor(ruled: RuledPath) -> Iterator[Asked]:
    geometry, corridor = ruled.geometry, ruled.tools.technique.corridor
    entry, target = (np.array(p)[None] for p in (ruled.path.entry_lps_mm, ruled.path.target_lps_mm))
    crossing = cross_pedicle_line(geometry, entry, target, geometry.pedicle_centre_mm)[0, 0]
    behind = geometry.wall_mm + value("planning.foramen_depth_mm")
    level = geometry.level
    upper, lower = (
        str(StructureKey("pedicle", v, geometry.side)) for v in (level.upper, level.lower)
    )
    joint = str(StructureKey("iap", level.upper, geometry.side))
    yield Asked("foramen-top", float(crossing[2]), geometry.foramen_top_mm, None, upper)
    yield Asked("foramen-floor", float(crossing[2]), geometry.foramen_floor_mm, None, lower)
    yield Asked("foramen-depth", float(crossing[1]), behind, None, joint)
    theta, phi, length = (
        float(found[0, 0]) for found in find_path_angles(entry, target, geometry.side)
    )
    lateral = float(geometry.surgical_mm(entry)[0, 0])
    yield Asked("axial-least", theta, corridor.axial_inclination_min_deg)
    yield Asked("axial-most", theta, corridor.axial_inclination_max_deg)
    yield Asked("craniocaudal-least", phi, corridor.craniocaudal_min_deg)
    yield Asked("craniocaudal-most", phi, corridor.craniocaudal_max_deg)
    yield Asked("entry-lateral", lateral, corridor.lateral_min_mm)
    yield Asked("length", length, corridor.length_max_mm)
    yield Asked("side", lateral, 0.0)
    yield Asked("target-side", float(geometry.surgical_mm(target)[0, 0]), 0.0)
    root = str(StructureKey("exiting_root", level.upper, geometry.side))
    why = "The line of the root is not known, or the axis does not cross it."
    yield Asked("root-side", ruled.root_ahead_mm, 0.0, None, root, reason=why)


def _ask_ends(ruled: RuledPath) -> Iterator[Asked]:
    docking = ruled.docking
    yield Asked("docking-limit", docking.stop_mm, docking.limit_mm, "cannula")
    allowed = value("planning.waist_allowance_mm")
    has_waist = docking.waist_distance_mm is not None
    limit = (docking.waist_distance_mm or 0.0) + allowed
    why = "The waist of the foramen is not measured."
    stop = docking.stop_mm if has_waist else None
    yield Asked("docking-waist", stop, limit, "cannula", reason=why)
    ends = [stage.stop_mm for stage in ruled.stages if stage.tool == "reamer"]
    yield Asked("reamer-end", min(ends, default=None), docking.stop_mm, "reamer")
    past = [-stage.stop_mm for stage in ruled.stages if stages()[stage.tool].end == "fragment"]
    limit = value("planning.forceps_past_mm")
    yield Asked("forceps-end", max(past, default=None), limit, "forceps")


def _ask_places(ruled: RuledPath) -> Iterator[Asked]:
    yield Asked("skin", ruled.skin_gap_mm, ruled.skin_allowed_mm, None, "skin")
    seen = [(stage.tool, stage.landmark) for stage in ruled.stages if stage.landmark is not None]
    excluded = [tool for tool, shown in seen if _excludes(shown, ruled.zone)]
    stopped = [tool for tool, shown in seen if shown.policy in ("exclude", "confirm")]
    asked = [tool for tool in stopped if tool not in excluded]
    zone_count = None if ruled.zone is None else float(len(excluded))
    why = "The target was named; a person is asked instead."
    yield Asked("landmark-zone", zone_count, 0.0, next(iter(excluded), None), reason=why)
    yield Asked("landmark-named", float(len(asked)), 0.0, next(iter(asked), None))


def _excludes(shown: Landmark, zone: str | None) -> bool:
    return shown.state in {row.name for row in find_excluding(zone)}


def _ask_persons(ruled: RuledPath) -> Iterator[Asked]:
    neural = {Group.NERVE.value, Group.SAC.value}
    near = _find_nearest(ruled.stages, {"needle"}, neural)
    yield Asked("nerve-asked", near[0], value("margins.needle_root_confirm_mm"), *near[1:])
    wide = {stage.tool for stage in ruled.stages} - FULL_LENGTH
    near = _find_nearest(ruled.stages, wide, {Group.RIM.value})
    yield Asked("rim-asked", near[0], 0.0, *near[1:])
    every = {stage.tool for stage in ruled.stages}
    near = _find_nearest(ruled.stages, every, {Group.WATCHED.value})
    yield Asked("artery-asked", near[0], value("completion_soft.artery_watch_mm"), *near[1:])
    yield Asked("resolution", ruled.spacing_mm, value("margins.resolved_spacing_mm"))
    root = str(StructureKey("exiting_root", ruled.geometry.level.upper, ruled.geometry.side))
    known = None if ruled.knows_root is None else float(ruled.knows_root)
    yield Asked("root-assessed", known, 1.0, None, root)


def _find_nearest(
    measured: Iterable[Stage], tools: set[str], groups: set[str]
) -> tuple[float | None, str | None, str | None]:
    """Return the least clearance of some tools to some groups, its stage and structure."""
    rows = [
        (row.clearance_mm, stage.tool, row.structure)
        for stage in measured
        if stage.tool in tools
        for row in stage.clearances
        if row.group in groups
    ]
    return min(rows, key=lambda one: (one[0], one[2])) if rows else (None, None, None)


def _ask_bone(ruled: RuledPath) -> Iterator[Asked]:
    found = ruled.resection
    why = NONE_NEAR if found is None else found.not_assessed_reason or NONE_NEAR
    taken = None if found is None else found.iap_volume_mm3
    yield Asked("iap-kept", taken, 0.0, "reamer", reason=why)
    left = None
    if found is not None and (found.pars_volume_mm3 or 0.0) > 0:
        left = found.pars_left_mm
    yield Asked("pars-kept", left, value("margins.pars_left_mm"), "reamer", reason=why)
    shares = (
        ("sap-volume", None if found is None else found.sap_fraction, "sap_volume_limit"),
        (
            "sap-ventrodorsal",
            None if found is None else found.ventrodorsal_fraction,
            "sap_ventrodorsal_limit",
        ),
        (
            "sap-full-thickness",
            None if found is None else found.full_thickness_fraction,
            "sap_full_thickness_limit",
        ),
    )
    for name, share, row in shares:
        yield Asked(name, share, value(f"margins.{row}"), "reamer", reason=why)
    kept = None if found is None else found.facet_kept_fraction
    lost = None if kept is None else 1 - kept
    yield Asked("facet-kept", lost, value("margins.facet_moderate"), "reamer", reason=why)


def measure_bone_length_mm(hazards: HazardSet, path: Path) -> float:
    """Measure how far the axis runs inside bone, mm.

    Parameters
    ----------
    hazards : HazardSet
    path : Path
    """
    points, along = path.samples()
    step = value("planning.evaluation_step_mm")
    # The ends of the tools lie between the samples that count.
    counted = (along >= 0) & (np.abs(along - step * np.rint(along / step)) < RULE_EPSILON)
    inside = np.zeros(int(counted.sum()), dtype=bool)
    for hazard in hazards.hazards:
        if hazard.group in BONE and hazard.field is not None:
            inside |= hazard.holds(points[counted])
    return float(inside.sum()) * step


def measure_skin_gap_mm(skin: Skin, path: Path) -> float | None:
    """Measure how far the entry lies from where its own line leaves the skin, mm, or none.

    Parameters
    ----------
    skin : Skin
    path : Path
    """
    way = np.subtract(path.entry_lps_mm, path.target_lps_mm) / path.length_mm
    reach_mm = path.length_mm + SKIN_SEARCH_SHARE * path.length_mm
    exits = skin.find_exits(np.asarray(path.target_lps_mm), way[None], reach_mm)[0]
    return float(np.linalg.norm(exits - path.entry_lps_mm)) if np.isfinite(exits).all() else None


def find_skin_allowed_mm(skin: Skin) -> float:
    """Return how far an entry may lie from the skin, mm.

    Parameters
    ----------
    skin : Skin
    """
    return value("planning.agreement_mm") + float(skin.region.spacing_mm.max())


def find_coarsest_mm(case: Case, anatomy: Anatomy) -> float:
    """Return the coarsest spacing of labels and image, mm.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy
    """
    image_mm = 0.0 if case.image is None else float(case.image.spacing_mm.max())
    return max(image_mm, anatomy.label_spacing_mm)


def find_broken(assessed: Iterable[Rule]) -> list[Rule]:
    """Return the rules that stop a plan, in their order.

    Parameters
    ----------
    assessed : iterable of Rule
    """
    return [rule for rule in assessed if not rule.passed and rule.severity == "BLOCK"]


def remark_broken(assessed: Iterable[Rule], where: str) -> list[Finding]:
    """Return a finding that blocks for each rule that stops a plan.

    Parameters
    ----------
    assessed : iterable of Rule
    where : str, level and side
    """
    return [
        make_finding(
            rules()[rule.id].code,
            Severity.BLOCK,
            what=f"A hard rule is broken: {rule.what}",
            where=rule.structure or where,
            why=f"{rule.id}: {rule.value:.2f} {rule.unit}, {rule.comparison} "
            f"{rule.threshold:.2f} {rule.unit} demanded.",
        )
        for rule in find_broken(assessed)
    ]
