"""What would become of a plan: the bowel sinks, the back is flexed, another cannula is taken."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from kambin.anatomy import Anatomy, Case, Level
from kambin.core import FieldStore, Finding, RequestError, Severity
from kambin.frames import Side
from kambin.knowledge import value
from kambin.planning.asked_again import repeat_plan_request
from kambin.planning.comparison import compare_numbers, compare_stages, find_changed
from kambin.planning.evaluate import Path
from kambin.planning.evaluator import Evaluation, Evaluator
from kambin.planning.geometry import find_level_geometry
from kambin.planning.models import Plan
from kambin.planning.plan import plan_trajectory
from kambin.planning.positions import flex_level, shift_bowel
from kambin.planning.refusal import find_binding
from kambin.planning.remarks import make_finding, to_records
from kambin.planning.request import PlanRequest
from kambin.planning.sealing import round_document
from kambin.planning.tools import Tool
from kambin.planning.what_if_models import Assumed, NewBest, WhatIf, WhatIfState

PRONE_RULE = (
    "Colon, small bowel, duodenum and stomach move straight to the back; nothing else does."
)
FLEXION_RULE = (
    "The upper vertebra turns forward about the middle of the disc, with all above it and the "
    "roots and ganglia that leave under its pedicles; disc, sac, traversing roots, flavum, organs, "
    "muscles and skin stay."
)
CANNULA_RULE = "Dilators, reamer and cannula of the other diameter take the same axis and docking."
SACRAL_RULE = "In papers hip flexion takes lordosis from L1-L2 to L4-L5 and leaves L5-S1 unchanged."


@dataclass(frozen=True, slots=True)
class Assumption:
    """What is assumed beside the plan.

    Parameters
    ----------
    prone_mm : float, mm, how far the bowel moves towards the back; 0 for not at all
    flexion_deg : float, degrees, by which the level is flexed; negative extends it
    cannula_mm : float, mm, outer diameter of another cannula, or none for that of the plan

    Raises
    ------
    RequestError  (RQ-107) if nothing is assumed, or more than the limits allow
    """

    prone_mm: float = 0.0
    flexion_deg: float = 0.0
    cannula_mm: float | None = None

    def __post_init__(self) -> None:
        """Refuse what says nothing, and what no patient does."""
        prone, flexion = value("what_if.prone_max_mm"), value("what_if.flexion_max_deg")
        why = ""
        if self.prone_mm == 0 and self.flexion_deg == 0 and self.cannula_mm is None:
            why = "Nothing is assumed."
        elif not 0 <= self.prone_mm <= prone:
            why = f"The bowel is moved by 0 to {prone:g} mm, {self.prone_mm:g} was asked for."
        elif not abs(self.flexion_deg) <= flexion:
            why = f"A level is flexed by up to {flexion:g} deg, {self.flexion_deg:g} was asked for."
        if why:
            raise RequestError(
                code="RQ-107",
                what="This assumption is not accepted",
                where="kambin whatif",
                why=why,
                next_step="Give --prone MM, --flexion DEG or --cannula MM within the limits.",
            )


def what_if(
    case: Case,
    anatomy: Anatomy,
    plan: Plan,
    assumption: Assumption,
    *,
    replan: bool = False,
    store: FieldStore | None = None,
) -> WhatIf:
    """Measure the path of a plan again under an assumption, with all else equal.

    Parameters
    ----------
    case : Case the plan was made on
    anatomy : Anatomy, completed from the case
    plan : Plan, which is not changed
    assumption : Assumption
    replan : bool, whether the best path under the assumption is looked for as well
    store : FieldStore or none, where distance fields are kept between calls

    Returns
    -------
    WhatIf; certainty is not assessed, since nobody knows how sure an assumption is

    Raises
    ------
    RequestError  (RQ-041, RQ-042) for an unknown tool or technique
    AnatomyError  (AN-011) if the case does not hold the level
    """
    level, side = Level.parse(plan.level), Side(plan.side)
    assumed, description = _assume(anatomy, level, plan, assumption)
    asked = repeat_plan_request(plan)
    other = replace(asked, cannula_mm=description.cannula_mm)
    path = _find_path(plan)
    before = _evaluate(case, anatomy, asked, path, plan, store)
    after = _evaluate(case, assumed, other, path, plan, store)
    states = [
        _describe_state(found, who, level, side)
        for found, who in ((before, anatomy), (after, assumed))
    ]
    clearances = tuple(compare_stages(before.stages, after.stages))
    nearer, farther = find_changed(clearances)
    best = _find_best(case, assumed, other, plan, store) if replan else None
    return round_document(
        WhatIf(
            case_sha256=case.sha256,
            plan_content_sha256=plan.content_sha256,
            level=plan.level,
            side=plan.side,
            assumed=description,
            before=states[0],
            after=states[1],
            numbers=tuple(compare_numbers(_to_numbers(before), _to_numbers(after))),
            clearances=clearances,
            nearer=nearer,
            farther=farther,
            new_best=best,
            findings=to_records(_remark(plan, description, states)),
        )
    )


def _assume(
    anatomy: Anatomy, level: Level, plan: Plan, assumption: Assumption
) -> tuple[Anatomy, Assumed]:
    """Return the patient under the assumption, and what was done to get there."""
    moved: tuple[str, ...] = ()
    rotated: tuple[str, ...] = ()
    rules = []
    if assumption.prone_mm:
        anatomy, moved = shift_bowel(anatomy, assumption.prone_mm)
        rules.append(PRONE_RULE)
    if assumption.flexion_deg:
        anatomy, rotated = flex_level(anatomy, level, assumption.flexion_deg)
        rules += [FLEXION_RULE, *([SACRAL_RULE] if level.lower == "S1" else [])]
    if assumption.cannula_mm is not None:
        rules.append(CANNULA_RULE)
    return anatomy, Assumed(
        prone_mm=assumption.prone_mm,
        flexion_deg=assumption.flexion_deg,
        cannula_mm=plan.cannula_mm if assumption.cannula_mm is None else assumption.cannula_mm,
        moved=moved,
        rotated=rotated,
        rules=tuple(rules),
    )


def _find_path(plan: Plan) -> Path:
    """Return the axis of a plan with the end of every tool, as its stages say.

    Another cannula comes with tools of other names: of a stage they end where its deepest does.
    """
    stop = max(stage.stop_mm for stage in plan.stages if stage.tool in ("cannula", "needle"))
    axis = plan.trajectory
    usual = Path(np.array(axis.entry_lps_mm), np.array(axis.target_lps_mm), stop)
    own: dict[str, float] = {}
    for stage in plan.stages:
        tool = Tool(stage.tool, stage.instrument, stage.radius_mm)
        if stage.stop_mm != usual.stop_of(tool):
            own[stage.instrument] = stage.stop_mm
    for name in {stage.tool for stage in plan.stages if stage.instrument in own}:
        own[name] = min(stage.stop_mm for stage in plan.stages if stage.tool == name)
    return replace(usual, own_stops_mm=own)


def _evaluate(
    case: Case,
    anatomy: Anatomy,
    request: PlanRequest,
    path: Path,
    plan: Plan,
    store: FieldStore | None,
) -> Evaluation:
    evaluator = Evaluator.prepare(case, anatomy, request, around=path, store=store)
    tools = replace(evaluator.tools, frees_rim=plan.resection.rim_is_removed)
    return evaluator.with_tools(tools).evaluate(path, certainty=False)


def _describe_state(found: Evaluation, anatomy: Anatomy, level: Level, side: Side) -> WhatIfState:
    geometry = find_level_geometry(anatomy, level=level, side=side)
    stage, row = find_binding(found.stages, max(0.0, -found.slack_mm))
    return WhatIfState(
        passes=found.slack_mm >= 0,
        slack_mm=found.slack_mm,
        binding_structure=row.structure,
        binding_stage=stage.tool,
        foramen_height_mm=geometry.foramen_top_mm - geometry.foramen_floor_mm,
    )


def _to_numbers(found: Evaluation) -> Mapping[str, Any]:
    parts = ("entry", "angles", "resection", "reach")
    return {name: getattr(found, name).model_dump() for name in parts}


def _find_best(
    case: Case, anatomy: Anatomy, request: PlanRequest, plan: Plan, store: FieldStore | None
) -> NewBest:
    """Return the best path under the assumption in a few numbers: it is no plan."""
    answer = plan_trajectory(case, anatomy, request, store=store)
    codes = tuple(dict.fromkeys(finding.code for finding in answer.findings))
    if not isinstance(answer, Plan):
        return NewBest(
            passes=False,
            status="refused",
            entry_lps_mm=None,
            entry_moved_mm=None,
            axial_inclination_to_patient_deg=None,
            craniocaudal_to_patient_deg=None,
            objective_mm=answer.certificate.objective_mm,
            binding_structure=answer.binding.structure,
            deficit_mm=answer.binding.deficit_mm,
            findings=codes,
        )
    entry = answer.trajectory.entry_lps_mm
    return NewBest(
        passes=True,
        status=answer.status,
        entry_lps_mm=entry,
        entry_moved_mm=float(np.linalg.norm(np.subtract(entry, plan.trajectory.entry_lps_mm))),
        axial_inclination_to_patient_deg=answer.angles.axial_inclination_to_patient_deg,
        craniocaudal_to_patient_deg=answer.angles.craniocaudal_to_patient_deg,
        objective_mm=answer.certificate.objective_mm,
        binding_structure=None,
        deficit_mm=None,
        findings=codes,
    )


def _remark(plan: Plan, assumed: Assumed, states: list[WhatIfState]) -> Iterator[Finding]:
    where = f"{plan.level} {plan.side}"
    told = [
        words
        for words, is_so in (
            (f"bowel {assumed.prone_mm:g} mm further back", assumed.prone_mm > 0),
            (f"{plan.level} flexed by {assumed.flexion_deg:g} deg", assumed.flexion_deg != 0),
            (f"a cannula of {assumed.cannula_mm:g} mm", assumed.cannula_mm != plan.cannula_mm),
        )
        if is_so
    ]
    yield make_finding(
        "PL-109",
        Severity.NOTE,
        what="This is an assumption and no plan",
        where=where,
        why=f"Assumed: {', '.join(told) or 'the cannula of the plan'}. No image shows it.",
    )
    before, after = states
    if before.passes and not after.passes:
        yield make_finding(
            "PL-110",
            Severity.NOTE,
            what="Under the assumption the path of the plan breaks a margin",
            where=after.binding_structure,
            why=f"At the {after.binding_stage} by {-after.slack_mm:.2f} mm; on the images "
            f"{before.slack_mm:.2f} mm are left.",
        )
    if assumed.prone_mm > 0 and not assumed.moved:
        yield make_finding(
            "PL-111",
            Severity.NOTE,
            what="No bowel is in the labels, so none was moved",
            where=where,
            why="What is not in the labels is not assessed; that nothing changes says nothing.",
        )
