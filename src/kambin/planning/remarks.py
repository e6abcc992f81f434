"""What a plan has to say to the surgeon beside its numbers."""

from collections.abc import Iterable, Mapping

import numpy as np

from kambin.anatomy import Anatomy, Case, Level, StructureKey
from kambin.anatomy.levels import find_index_remark, find_scheme_remark
from kambin.core import Finding, Severity, require_code
from kambin.frames import Side
from kambin.knowledge import value
from kambin.planning.bone_models import Resection
from kambin.planning.documents import FindingRecord
from kambin.planning.evaluate import is_resolved
from kambin.planning.geometry import LevelGeometry
from kambin.planning.models import Clearance, Stage, Trajectory
from kambin.planning.policy import FULL_LENGTH, NEURAL, Group, read_groups
from kambin.planning.targets import measure_fragment_gap_mm

_NEURAL_NAMES = frozenset(group.value for group in NEURAL)


def make_finding(code: str, severity: Severity, *, what: str, where: str, why: str) -> Finding:
    """Return a finding of planning; its next step is that of the code's register.

    Parameters
    ----------
    code : str, registered
    severity : Severity
    what, where, why : str
    """
    return Finding(code, severity, what, where, why, require_code(code).next_step)


def to_records(findings: Iterable[Finding]) -> tuple[FindingRecord, ...]:
    """Return findings as the documents carry them."""
    return tuple(FindingRecord.model_validate(f.as_document()) for f in findings)


def find_not_assessed(anatomy: Anatomy, *, level: Level, side: Side) -> tuple[str, ...]:
    """Return the names of structures a plan should know of and does not.

    Parameters
    ----------
    anatomy : Anatomy
    level : Level
    side : Side
    """
    names = [
        name.format(upper=level.upper, lower=level.lower, side=side)
        for name in read_groups()["expected"]["keys"]
    ]
    return tuple(sorted(n for n in names if anatomy.find(StructureKey.parse(n)) is None))


def remark_plan(
    case: Case,
    anatomy: Anatomy,
    geometry: LevelGeometry,
    trajectory: Trajectory,
    stages: tuple[Stage, ...],
    resection: Resection,
) -> tuple[Finding, ...]:
    """Return everything that is worth a sentence about a plan, most severe first.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy
    geometry : LevelGeometry
    trajectory : Trajectory
    stages : tuple of Stage with their clearances
    resection : Resection
    """
    level, side = geometry.level, geometry.side
    missing = find_not_assessed(anatomy, level=level, side=side)
    target_mm = float(geometry.surgical_mm(trajectory.target_lps_mm)[0])
    found = [
        *remark_index(anatomy),
        *_remark_nerves(stages),
        *_remark_rim(stages, freed=resection.rim_is_removed),
        *remark_resolution(case, anatomy),
        *_remark_resection(resection, f"{level} {side}"),
        *_remark_midline(target_mm, f"{level} {side}"),
        *_remark_fragment(anatomy, trajectory, f"{level} {side}"),
        *_remark_uncertainty(stages),
        *_remark_arteries(stages),
        *_remark_docking(stages),
        *remark_modelled(anatomy, stages),
        *remark_missing(missing, level, side),
    ]
    return sort_remarks(found)


def sort_remarks(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings, the most severe first, then by their codes.

    Parameters
    ----------
    found : iterable of Finding
    """
    order = [Severity.BLOCK, Severity.CONFIRM, Severity.NOTE]
    return tuple(sorted(found, key=lambda finding: (order.index(finding.severity), finding.code)))


def remark_index(anatomy: Anatomy) -> list[Finding]:
    """Return how a person named the level: marked where nothing counted it, or by the count.

    Parameters
    ----------
    anatomy : Anatomy
    """
    if anatomy.scheme.index_level:
        return [find_index_remark(anatomy.scheme)]
    return [find_scheme_remark(anatomy.scheme)] if anatomy.scheme.confirmed_by else []


def remark_resolution(case: Case, anatomy: Anatomy) -> list[Finding]:
    """Return the finding that the facet is not resolved, if so.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy
    """
    if is_resolved(case, anatomy):
        return []
    image_mm = 0.0 if case.image is None else float(case.image.spacing_mm.max())
    spacing, limit = max(image_mm, anatomy.label_spacing_mm), value("margins.resolved_spacing_mm")
    return [
        make_finding(
            "PL-005",
            Severity.CONFIRM,
            what="The bone of the facet is not resolved; entry, angles and organs are usable, "
            "cannula clearance, share of the superior process and stability are not",
            where="labels and image",
            why=f"Spacing {spacing:.2g} mm, limit {limit:.2g} mm.",
        )
    ]


def remark_modelled(anatomy: Anatomy, stages: Iterable[Stage]) -> list[Finding]:
    """Return the note that nerves near the tools are modelled, not seen.

    Parameters
    ----------
    anatomy : Anatomy
    stages : iterable of Stage
    """
    names = {
        row.structure: row.sigma_mm
        for stage in stages
        for row in stage.clearances
        if row.group in _NEURAL_NAMES
        and row.clearance_mm <= value("planning.checked_reach_mm")
        and anatomy.require(row.structure).is_modelled
    }
    if not names:
        return []
    return [
        make_finding(
            "PL-009",
            Severity.NOTE,
            what="Nerves are modelled from the bones, not seen",
            where=", ".join(sorted(names)),
            why=f"Their surface is known to {max(names.values()):.2g} mm (one sigma).",
        )
    ]


def remark_missing(missing: tuple[str, ...], level: Level, side: Side) -> list[Finding]:
    """Return what is said about structures that are not assessed.

    Parameters
    ----------
    missing : names of structures
    level : Level
    side : Side
    """
    found = []
    root = f"exiting_root:{level.upper}:{side}"
    if root in missing:
        found.append(
            make_finding(
                "PL-013",
                Severity.CONFIRM,
                what="The root that leaves this foramen is not assessed",
                where=root,
                why="No mask gives it and it could not be modelled.",
            )
        )
    if missing:
        found.append(
            make_finding(
                "PL-010",
                Severity.NOTE,
                what="Structures near the path are not assessed; they are not clear",
                where=", ".join(missing),
                why="No mask gives them and they were not modelled.",
            )
        )
    return found


def _least(
    stages: Iterable[Stage], groups: frozenset[str], tools: frozenset[str]
) -> Mapping[str, tuple[Stage, Clearance]]:
    """Return per structure of some groups its least clearance to some tools."""
    least: dict[str, tuple[Stage, Clearance]] = {}
    for stage in stages:
        for row in stage.clearances:
            if stage.tool in tools and row.group in groups:
                kept = least.get(row.structure)
                if kept is None or row.clearance_mm < kept[1].clearance_mm:
                    least[row.structure] = (stage, row)
    return least


def _remark_nerves(stages: tuple[Stage, ...]) -> list[Finding]:
    limit = value("margins.needle_root_confirm_mm")
    near = _least(stages, _NEURAL_NAMES, frozenset({"needle"}))
    return [
        make_finding(
            "PL-003",
            Severity.CONFIRM,
            what=f"The needle passes {name} at {row.clearance_mm:.1f} mm",
            where=name,
            why=f"A person confirms below {limit:.1f} mm.",
        )
        for name, (_, row) in sorted(near.items())
        if row.clearance_mm < limit
    ]


def _remark_rim(stages: tuple[Stage, ...], *, freed: bool) -> list[Finding]:
    tools = frozenset(stage.tool for stage in stages) - FULL_LENGTH
    near = _least(stages, frozenset({Group.RIM.value}), tools)
    return [
        make_finding(
            "PL-004",
            Severity.CONFIRM,
            what=f"The {stage.tool} {'takes' if freed else 'presses'} "
            f"{-row.clearance_mm:.1f} mm of {name}",
            where=name,
            why=f"Contact is allowed to {value('margins.rim_contact_mm'):.1f} mm"
            f"{'; nothing passes unless the rim is reamed' if freed else ''}.",
        )
        for name, (stage, row) in sorted(near.items())
        if row.clearance_mm < 0
    ]


def _remark_resection(resection: Resection, where: str) -> list[Finding]:
    limits = (
        ("volume", resection.sap_fraction, "margins.sap_volume_limit"),
        ("ventro-dorsal depth", resection.ventrodorsal_fraction, "margins.sap_ventrodorsal_limit"),
        ("full thickness", resection.full_thickness_fraction, "margins.sap_full_thickness_limit"),
    )
    found = [
        make_finding(
            "PL-006",
            Severity.CONFIRM,
            what=f"The reamer takes {share:.0%} of the superior process ({name})",
            where=where,
            why=f"The limit is {value(row):.0%}.",
        )
        for name, share, row in limits
        if share is not None and share > value(row)
    ]
    return [*found, *_remark_joint(resection, where)]


def _remark_joint(resection: Resection, where: str) -> list[Finding]:
    """Return what goes of the joint; bone that must stay blocks (architecture 8.10)."""
    left, least = resection.pars_left_mm, value("margins.pars_left_mm")
    iap, pars = (mm3 or 0.0 for mm3 in (resection.iap_volume_mm3, resection.pars_volume_mm3))
    if iap > 0 or (pars > 0 and left is not None and left < least):
        taken = "the inferior process" if iap > 0 else "the pars"
        kept = "" if left is None else f"; {left:.1f} mm of the pars stay, at least {least:.1f} mm"
        return [
            make_finding(
                "PL-007",
                Severity.BLOCK,
                what=f"The reamer takes bone of {taken}",
                where=where,
                why=f"What carries the joint must stay{kept}.",
            )
        ]
    if resection.stability_class != "at_risk":
        return []
    return [
        make_finding(
            "PL-015",
            Severity.CONFIRM,
            what="The facet joint is at risk",
            where=where,
            why="More than half of its surface goes, or the pars is touched; pars left "
            f"{'not assessed' if left is None else f'{left:.1f} mm'}.",
        )
    ]


def _remark_midline(target_lateral_mm: float, where: str) -> list[Finding]:
    if target_lateral_mm >= 0:
        return []
    return [
        make_finding(
            "PL-012",
            Severity.CONFIRM,
            what="The target lies across the midline from the entry",
            where=where,
            why=f"The target is {-target_lateral_mm:.1f} mm beyond the midline.",
        )
    ]


def _remark_fragment(anatomy: Anatomy, trajectory: Trajectory, where: str) -> list[Finding]:
    gap = measure_fragment_gap_mm(anatomy, np.array(trajectory.target_lps_mm))
    if not gap:
        return []
    return [
        make_finding(
            "PL-034",
            Severity.NOTE,
            what="The target lies beside the fragment, not in it",
            where=where,
            why=f"The needle ends {gap:.1f} mm from the fragment; the plan's reach says what of it "
            "can be grasped from there.",
        )
    ]


def _remark_uncertainty(stages: tuple[Stage, ...]) -> list[Finding]:
    tools = frozenset(stage.tool for stage in stages)
    groups = _NEURAL_NAMES | {Group.ORGAN.value, Group.VESSEL.value, Group.NEVER.value}
    unsure = [
        f"{name} ({stage.tool} {row.clearance_mm:.1f} +- {row.uncertainty_mm:.1f} mm)"
        for name, (stage, row) in sorted(_least(stages, groups, tools).items())
        if row.inside_uncertainty
    ]
    if not unsure:
        return []
    return [
        make_finding(
            "PL-008",
            Severity.NOTE,
            what="Clearances are inside their uncertainty",
            where="; ".join(unsure),
            why="The gap is smaller than what surface and place in the patient are known to.",
        )
    ]


def _remark_arteries(stages: tuple[Stage, ...]) -> list[Finding]:
    """Return what is said of tools that pass where a modelled artery may lie."""
    limit = value("completion_soft.artery_watch_mm")
    tools = frozenset(stage.tool for stage in stages)
    return [
        make_finding(
            "AN-293",
            Severity.CONFIRM if row.clearance_mm < limit else Severity.NOTE,
            what=f"The {stage.tool} passes {row.clearance_mm:.1f} mm from where {name} is expected",
            where=name,
            why=f"Its course is modelled and known to {row.sigma_mm:.2g} mm (one sigma); a person "
            f"confirms below {limit:.1f} mm. Branches to nerve and disc are not modelled.",
        )
        for name, (stage, row) in sorted(
            _least(stages, frozenset({Group.WATCHED.value}), tools).items()
        )
        if row.clearance_mm < limit or row.inside_uncertainty
    ]


def _remark_docking(stages: tuple[Stage, ...]) -> list[Finding]:
    stop = max(stage.stop_mm for stage in stages)
    if stop <= 0:
        return []
    return [
        make_finding(
            "PL-011",
            Severity.NOTE,
            what=f"The cannula docks {stop:.0f} mm short of the target",
            where="cannula",
            why="The objective or the margins keep it there; needle and forceps go on.",
        )
    ]
