"""The second checker: whether a plan is, on surfaces, what it says it is."""

from collections.abc import Iterator

import numpy as np

from kambin.anatomy import Anatomy, Case, Level, StructureKey
from kambin.core import Finding, Severity, find_blocking
from kambin.frames import Side
from kambin.imaging import extract_surface, surface_distance
from kambin.knowledge import technique, value
from kambin.planning.bundle import Bundle
from kambin.planning.fields import crop_to_grid
from kambin.planning.geometry import LevelGeometry, find_foramen_fault, find_level_geometry
from kambin.planning.models import SCHEMA_VERSION, Plan, Verification
from kambin.planning.policy import Group
from kambin.planning.remarks import make_finding, to_records
from kambin.planning.resection_check import check_resection
from kambin.planning.rulers import Rulers
from kambin.planning.rules_check import check_rules
from kambin.planning.sealing import hash_content
from kambin.planning.second_way import (
    Extent,
    Measured,
    find_agreement_mm,
    find_allowed_difference_mm,
    measure_stages,
)

POINT_TOLERANCE_MM = 10.0**-4
"""How far rounded points may lie off their axis: documents keep 1e-6 mm."""


def verify_plan(
    case: Case,
    anatomy: Anatomy,
    plan: Plan,
    *,
    rulers: Rulers | None = None,
    geometry: LevelGeometry | None = None,
) -> Verification:
    """Check a plan against its case by a second computation that shares no field with the first.

    Parameters
    ----------
    case : Case as it is now
    anatomy : Anatomy, completed from that case
    plan : Plan, as read from a file
    rulers : Rulers about the plan's axis that were made before, or none
    geometry : LevelGeometry of the plan's level and side with its waist, or none to find them

    Returns
    -------
    Verification; not valid if any finding blocks

    Raises
    ------
    RequestError  (RQ-002) if the plan names no lumbar level
    AnatomyError  (AN-011) if the case does not hold the level

    Notes
    -----
    Hashes, schema, side said three ways, entry on the skin, passage through the foramen, and
    every clearance measured again from the tool's axis to surfaces made from the labels; removed
    bone measured again in the masks; the hard rules that no other check asks.
    """
    findings = [*_check_document(case, plan), *_check_axis(plan)]
    if any(f.code in ("PL-022", "PL-026") for f in findings):
        return _answer(anatomy, findings, [])
    level, side = Level.parse(plan.level), Side(plan.side)
    geometry = geometry or find_level_geometry(anatomy, level=level, side=side)
    findings += [
        *_check_side(geometry, plan),
        *_check_skin(anatomy, plan),
        *_check_foramen(geometry, plan),
        *_check_stage_tips(plan),
    ]
    measured = measure_stages(anatomy, plan, level=level, side=side, rulers=rulers)
    findings += [*_check_agreement(measured), *_check_margins(plan, measured)]
    findings += check_resection(anatomy, geometry, plan)
    findings += check_rules(anatomy, geometry, plan, measured)
    return _answer(anatomy, findings, measured)


def _answer(anatomy: Anatomy, findings: list[Finding], measured: list[Measured]) -> Verification:
    agreement_mm = find_agreement_mm(anatomy.label_spacing_mm)
    return Verification(
        valid=not find_blocking(findings),
        max_difference_mm=_find_largest(measured, Extent.WHOLE),
        agreement_mm=agreement_mm,
        max_part_difference_mm=_find_largest(measured, Extent.PART, Extent.ALL_PARTS),
        part_agreement_mm=agreement_mm + value("planning.agreement_part_mm"),
        findings=to_records(findings),
    )


def _find_largest(measured: list[Measured], *extents: Extent) -> float | None:
    """Return the largest difference, mm, or none if nothing was compared."""
    found = (m.difference_mm for m in measured if m.extent in extents)
    return max((difference for difference in found if difference is not None), default=None)


def _block(code: str, what: str, where: str, why: str) -> Finding:
    return make_finding(code, Severity.BLOCK, what=what, where=where, why=why)


def _check_document(case: Case, plan: Plan) -> Iterator[Finding]:
    """Yield what hashes and schema say: P01 and P02 of the fault catalogue."""
    if plan.schema_version > SCHEMA_VERSION:
        yield _block(
            "PL-022",
            "The plan is of a newer schema",
            "schema_version",
            f"It is {plan.schema_version}; this version reads up to {SCHEMA_VERSION}.",
        )
        return
    if hash_content(plan) != plan.content_sha256:
        yield _block(
            "PL-021",
            "The plan was changed after it was written",
            "content_sha256",
            "The content does not give the hash written in the plan.",
        )
    if plan.case_sha256 != case.sha256:
        yield _block(
            "PL-020",
            "The case is not the one the plan was made on",
            "case_sha256",
            f"The plan names {plan.case_sha256[:12]}, the case is {case.sha256[:12]}.",
        )


def _check_axis(plan: Plan) -> Iterator[Finding]:
    """Yield what is wrong with entry, target and length: P05."""
    entry, target = (
        np.array(p) for p in (plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm)
    )
    length = float(np.linalg.norm(entry - target))
    stop = max((stage.stop_mm for stage in plan.stages), default=0.0)
    wrong = abs(length - plan.trajectory.length_mm) > POINT_TOLERANCE_MM
    if length <= stop + POINT_TOLERANCE_MM or wrong or not plan.stages:
        yield _block(
            "PL-026",
            "The path is degenerate",
            "trajectory",
            f"Entry and target lie {length:.3f} mm apart, the plan says "
            f"{plan.trajectory.length_mm:.3f} mm and docks {stop:.3f} mm short.",
        )


def _check_stage_tips(plan: Plan) -> Iterator[Finding]:
    """Yield stages whose tip is not on the axis where their docking distance says."""
    entry, target = (
        np.array(p) for p in (plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm)
    )
    way = (entry - target) / np.linalg.norm(entry - target)
    for stage in plan.stages:
        gap = float(np.linalg.norm(target + stage.stop_mm * way - np.array(stage.tip_lps_mm)))
        if gap > POINT_TOLERANCE_MM:
            yield _block(
                "PL-021",
                f"The tip of the {stage.tool} is not on the axis",
                stage.tool,
                f"It lies {gap:.3f} mm from where the docking distance puts it.",
            )


def _check_side(geometry: LevelGeometry, plan: Plan) -> Iterator[Finding]:
    """Yield contradictions between word, offset, entry and guarded root: P03."""
    side, level = geometry.side, geometry.level
    lateral = float(geometry.surgical_mm(plan.trajectory.entry_lps_mm)[0])
    stored = plan.side_witness.signed_offset_lps_mm * side.lateral_sign_lps
    root = str(StructureKey("exiting_root", level.upper, side))
    said = {
        "the entry": lateral > 0,
        "the stored offset": stored > 0 and abs(stored - lateral) <= 1,
        "the guarded root": plan.side_witness.guarded_root == root,
        "the lateral distance": abs(plan.entry.lateral_of_midline_mm - abs(lateral)) <= 1,
    }
    against = [name for name, agrees in said.items() if not agrees]
    if against:
        yield _block(
            "PL-023",
            "The plan contradicts itself about the side",
            f"{level} {side}",
            f"The word says {side}; {', '.join(against)} does not agree.",
        )
    if float(geometry.surgical_mm(plan.trajectory.target_lps_mm)[0]) < 0:
        yield make_finding(
            "PL-012",
            Severity.CONFIRM,
            what="The target lies across the midline from the entry",
            where=f"{level} {side}",
            why=f"The entry is on the {side}, the target on the {side.opposite}.",
        )


def _check_skin(anatomy: Anatomy, plan: Plan) -> Iterator[Finding]:
    """Yield an entry that does not lie on the skin: P04."""
    skin = anatomy.require("skin")
    entry = plan.trajectory.entry_lps_mm
    part = crop_to_grid(skin.region, Bundle.around(anatomy, entry, entry).grid)
    allowed = value("planning.agreement_mm") + float(part.spacing_mm.max())
    if part.values.any() and not part.values.all():
        surface = extract_surface(part)
        gap = float(surface_distance([plan.trajectory.entry_lps_mm], surface)[0])
    else:
        gap = np.inf
    if abs(gap) > allowed:
        yield _block(
            "PL-024",
            "The entry is not on the skin",
            "entry",
            f"It lies {gap:.1f} mm from the skin (positive outside), allowed {allowed:.1f} mm.",
        )


def _check_foramen(geometry: LevelGeometry, plan: Plan) -> Iterator[Finding]:
    """Yield a path that does not pass between the pedicles, or enters behind the joint."""
    fault = find_foramen_fault(
        geometry, [plan.trajectory.entry_lps_mm], [plan.trajectory.target_lps_mm]
    )
    if bool(fault[0, 0]):
        yield _block(
            "PL-029",
            "The path does not pass the foramen",
            f"{geometry.level} {geometry.side}",
            "It does not cross the pedicle line between the two pedicles, in front of the lamina.",
        )


def _check_agreement(measured: list[Measured]) -> Iterator[Finding]:
    """Yield clearances in the plan that the surfaces do not confirm."""
    for m in measured:
        if m.stated_mm is None:
            yield _block(
                "PL-027",
                f"The plan does not state how near the {m.stage.tool} comes to {m.key}",
                str(m.key),
                f"On the surfaces it is {m.clearance_mm:.2f} mm.",
            )
        elif m.difference_mm is not None and m.difference_mm > m.allowed_mm and not m.is_cautious:
            yield _block(
                "PL-027",
                f"Two computations disagree about {m.key} and the {m.stage.tool}",
                str(m.key),
                f"The plan says {m.stated_mm:.2f} mm, the surfaces {m.clearance_mm:.2f} mm; "
                f"allowed {m.allowed_mm:.2f} mm.",
            )


def _check_margins(plan: Plan, measured: list[Measured]) -> Iterator[Finding]:
    """Yield margins that are broken on the surfaces by more than the checkers' error."""
    reams = any(tool.stage == "reamer" for tool in technique(plan.technique).tools)
    for m in measured:
        margin = m.margin_mm(
            reams=reams, frees_rim=plan.resection.rim_is_removed, margins=plan.margins
        )
        allowed = find_allowed_difference_mm(m.structure, m.extent)
        if margin is None or m.clearance_mm >= margin - allowed:
            continue
        is_bone = m.group in (Group.NEVER, Group.RIM, Group.REMOVABLE)
        yield _block(
            "PL-028" if is_bone else "PL-025",
            f"The {m.stage.tool} comes too near to {m.key}",
            str(m.key),
            f"{m.clearance_mm:.2f} mm on the surface, at least {margin:.2f} mm demanded.",
        )
