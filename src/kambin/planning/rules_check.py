"""The hard rules asked a second time: of the document, on the surfaces."""

from collections.abc import Iterable, Iterator

import numpy as np

from kambin.anatomy import Anatomy
from kambin.core import Finding, Severity
from kambin.knowledge import rules, technique
from kambin.planning.docking import describe_docking, with_waist
from kambin.planning.evaluate import Path
from kambin.planning.geometry import LevelGeometry
from kambin.planning.landmarks import describe_landmark
from kambin.planning.models import Clearance, Plan, Stage
from kambin.planning.remarks import make_finding
from kambin.planning.root_side import measure_root_ahead_mm
from kambin.planning.rules import RuledPath, assess_rules, remark_broken
from kambin.planning.second_way import Extent, Measured
from kambin.planning.tools import Tool, Toolset

OWN_CODES = frozenset({"PL-007", "PL-014", "PL-080", "PL-087", "PL-095"})
"""Codes of the rules that no other check of a plan asks; the rest is said there."""


def check_rules(
    anatomy: Anatomy, geometry: LevelGeometry, plan: Plan, measured: Iterable[Measured]
) -> Iterator[Finding]:
    """Yield the hard rules that a plan breaks, asked of its axis and of the surfaces.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry, whose waist is looked for where it lacks one
    plan : Plan
    measured : iterable of Measured, clearances on the surfaces
    """
    if geometry.waist is None and plan.docking is not None:
        geometry = with_waist(anatomy, geometry)
    assessed = assess_rules(_rule(anatomy, geometry, plan, measured))
    broken = [rule for rule in assessed if rules()[rule.id].code in OWN_CODES]
    yield from remark_broken(broken, f"{plan.level} {plan.side}")
    far_out = next(rule for rule in assessed if rule.id == "docking-waist")
    asked = {finding.code for finding in plan.findings}
    if plan.docking is not None and not far_out.passed and "PL-081" not in asked:
        yield make_finding(
            "PL-087",
            Severity.BLOCK,
            what="The cannula docks outside the waist of the foramen, and nobody is asked",
            where="cannula",
            why=f"{far_out.value:.1f} mm short of the target, at most {far_out.threshold:.1f} mm.",
        )


def _rule(
    anatomy: Anatomy, geometry: LevelGeometry, plan: Plan, measured: Iterable[Measured]
) -> RuledPath:
    """Return the plan's path as the rules ask about it, with clearances of the surfaces."""
    entry, target = (
        np.array(p) for p in (plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm)
    )
    tools = _find_tools(plan)
    stops = [stage.stop_mm for stage in plan.stages if stage.tool == "cannula"]
    path = Path(entry, target, max([0.0, *stops]))
    surfaces = list(measured)
    told = tuple(_retell(geometry, path, stage, surfaces) for stage in plan.stages)
    return RuledPath(
        geometry=geometry,
        tools=tools,
        path=path,
        stages=told,
        docking=describe_docking(geometry, path, tools),
        zone=plan.zone,
        resection=plan.resection,
        knows_root=anatomy.find(f"exiting_root:{geometry.level.upper}:{plan.side}") is not None,
        root_ahead_mm=measure_root_ahead_mm(geometry, path),
    )


def _find_tools(plan: Plan) -> Toolset:
    """Return the tools that the document names."""
    tools = tuple(Tool(s.tool, s.instrument, s.radius_mm) for s in plan.stages)
    return Toolset(
        technique(plan.technique),
        plan.cannula_mm,
        tools,
        frees_rim=plan.resection.rim_is_removed,
        margins=plan.margins,
        # Plans of the first schema were made with the mouth as the bound.
        docks_at_mouth=plan.docking is None or plan.docking.bounded_by == "mouth",
    )


def _retell(geometry: LevelGeometry, path: Path, stage: Stage, surfaces: list[Measured]) -> Stage:
    """Return a stage with its clearances on the surfaces and its landmark taken again."""
    found = {
        str(m.key): m.clearance_mm + m.allowed_mm
        for m in surfaces
        if m.stage is stage and m.extent is not Extent.ALL_PARTS
    }
    rows: tuple[Clearance, ...] = tuple(
        row.model_copy(update={"clearance_mm": found.get(row.structure, row.clearance_mm)})
        for row in stage.clearances
    )
    seen = describe_landmark(geometry, stage.tool, path.entry_lps_mm, stage.tip_lps_mm)
    return stage.model_copy(update={"clearances": rows, "landmark": seen})
