"""From a question to a verified plan, or to a refusal with its reason."""

from dataclasses import replace

from kambin.anatomy import Anatomy, Case, StructureKey
from kambin.core import (
    FieldStore,
    Finding,
    Progress,
    Severity,
    SilentProgress,
    find_unanswered,
)
from kambin.knowledge import value
from kambin.planning.certainty import find_rulers, find_slack_mm
from kambin.planning.certainty_models import Certainty
from kambin.planning.choice_models import Rule
from kambin.planning.choice_remarks import tell_usual_case
from kambin.planning.choices import assess_evaluation, describe_choice
from kambin.planning.corridor import find_corridor_lack
from kambin.planning.corridor_branches import find_corridors
from kambin.planning.evaluate import Path, to_point
from kambin.planning.evaluator import Evaluation, Evaluator
from kambin.planning.evidence import find_evidence
from kambin.planning.models import (
    Binding,
    Certificate,
    Plan,
    Refusal,
    SideWitness,
    Stage,
    Trajectory,
)
from kambin.planning.policy import find_same_nerve
from kambin.planning.question import Question, prepare_question
from kambin.planning.reach_choice import ReachChoice, choose_for_reach
from kambin.planning.reach_mouth import tell_mouth
from kambin.planning.reach_remarks import remark_reach
from kambin.planning.refine import search
from kambin.planning.refusal import Verdict, judge_refusal
from kambin.planning.relaxing import relax
from kambin.planning.remarks import (
    find_not_assessed,
    make_finding,
    remark_index,
    remark_missing,
    remark_modelled,
    remark_plan,
    remark_resolution,
    sort_remarks,
    to_records,
)
from kambin.planning.request import PlanRequest
from kambin.planning.room_choice import choose_for_room
from kambin.planning.rulers import Rulers
from kambin.planning.sealing import find_software, round_document, seal_plan
from kambin.planning.search import Candidate, SearchResult
from kambin.planning.stage_ends import with_ends
from kambin.planning.verify import verify_plan

PROVED = "branch and bound over all listed candidates, and over a finer list around the best"
"""How the certificate was obtained."""

STAGES_TITLE, STAGES = "searching, choosing, checking", 4
"""What is told while a plan is made: search, relaxation, choice, and the second checker."""


def plan_trajectory(
    case: Case,
    anatomy: Anatomy,
    request: PlanRequest,
    *,
    progress: Progress | None = None,
    store: FieldStore | None = None,
) -> Plan | Refusal:
    """Find the best straight way to the target, or say why there is none.

    Parameters
    ----------
    case : Case, whose hash the plan carries
    anatomy : Anatomy, completed from the case
    request : PlanRequest
    progress : Progress or none
    store : FieldStore or none, where distance fields are kept between calls

    Returns
    -------
    Plan, confirmed by the second checker; or Refusal with the binding structure and deficit

    Raises
    ------
    RequestError  (PL-032) without a target; (RQ-041, RQ-042) for an unknown tool or technique
    AnatomyError  (AN-011) if disc, vertebrae, pedicles or skin of the level are not assessed

    Notes
    -----
    The search is exact over its lists of entries, targets and docking distances: the certificate
    proves the best of all listed candidates, and ``continuum_gap_mm`` bounds what lies between.
    """
    shown = progress or SilentProgress()
    question = prepare_question(case, anatomy, request, progress=shown, store=store)
    # at each of these a person who waits can also call it off
    shown.step(STAGES_TITLE, 0, STAGES)
    result = search(question.problem, question.skin)
    shown.step(STAGES_TITLE, 1, STAGES)
    if not result.is_feasible:
        question, result = relax(question, result)
    if result.best is None:
        return _refuse_corridor(question, result)
    shown.step(STAGES_TITLE, 2, STAGES)
    chosen = choose_for_room(question, choose_for_reach(question, result))
    evaluator = Evaluator.of(question, store)
    shown.step(STAGES_TITLE, 3, STAGES)
    if not result.is_feasible:
        return _refuse_best(question, result, _evaluate(evaluator, result.best))
    answer = _answer(evaluator, question, chosen)
    if isinstance(answer, Refusal) and chosen.result.best is not result.best:
        # What was taken for reach or for the hand is no reason to refuse what was proved.
        answer = _answer(evaluator, question, ReachChoice(result, result))
    shown.step(STAGES_TITLE, STAGES, STAGES)
    return answer


def _evaluate(evaluator: Evaluator, one: Candidate) -> Evaluation:
    """Return all numbers of a candidate but its certainty."""
    path = Path(one.entry_lps_mm, one.target_lps_mm, one.stop_mm)
    path = with_ends(evaluator.anatomy, evaluator.hazards, path, evaluator.tools)
    return evaluator.evaluate(path, certainty=False)


def _answer(evaluator: Evaluator, question: Question, chosen: ReachChoice) -> Plan | Refusal:
    """Return the plan of the path that is taken, or the refusal if the second checker stops it."""
    best = chosen.result.best
    if best is None:
        msg = "a choice needs a path that the search found"
        raise LookupError(msg)
    evaluation = _evaluate(evaluator, best)
    # The same surfaces serve the tolerance and the second checker.
    rulers = find_rulers(question.anatomy, evaluation.path, evaluation.stages)
    certainty = evaluator.assess_certainty(evaluation, rulers=rulers)
    plan = describe_plan(question, chosen, evaluation, certainty)
    return _offer(question, chosen.proved, plan, evaluation.stages, rulers)


def _refuse_best(question: Question, result: SearchResult, evaluation: Evaluation) -> Refusal:
    """Return the refusal where nothing passes, by what is nearest to passing."""
    problem, anatomy = question.problem, question.anatomy
    verdict = judge_refusal(
        anatomy,
        evaluation.stages,
        -(result.best.slack_mm if result.best else 0.0),
        lambda key: search(problem, question.skin, find_same_nerve(anatomy, key)).is_feasible,
    )
    verdict = replace(verdict, finding=tell_usual_case(verdict.finding, problem.tools))
    rules = assess_evaluation(question, evaluation)
    return _refuse(question, result, verdict, evaluation.stages, rules)


def describe_plan(
    question: Question, chosen: ReachChoice, evaluation: Evaluation, certainty: Certainty
) -> Plan:
    """Put every number of a path into one sealed document.

    Parameters
    ----------
    question : Question
    chosen : ReachChoice with the path that is taken
    evaluation : Evaluation of that path
    certainty : Certainty of it

    Returns
    -------
    Plan, not yet held against the second checker
    """
    path, resection = evaluation.path, evaluation.resection
    choice = describe_choice(question, chosen, evaluation)
    stages = choice.stages
    case, anatomy, request = question.case, question.anatomy, question.request
    problem, level, side = question.problem, question.request.level, question.request.side
    geometry = problem.geometry
    trajectory = Trajectory(
        entry_lps_mm=to_point(path.entry_lps_mm),
        target_lps_mm=to_point(path.target_lps_mm),
        length_mm=path.length_mm,
    )
    remarks = remark_plan(case, anatomy, geometry, trajectory, stages, resection)
    hint = tell_mouth(question, chosen.result.best, evaluation.reach)
    reach_remarks = remark_reach(resection, evaluation.reach, f"{level} {side}", hint)
    remarks = sort_remarks([*remarks, *choice.remarks, *chosen.findings, *reach_remarks])
    signed = float(geometry.surgical_mm(path.entry_lps_mm)[0]) * side.lateral_sign_lps
    return seal_plan(
        Plan(
            status=find_status(case, remarks),
            case_sha256=case.sha256,
            level=str(level),
            side=side.value,
            side_witness=SideWitness(
                signed_offset_lps_mm=signed,
                guarded_root=str(StructureKey("exiting_root", level.upper, side)),
            ),
            technique=problem.tools.technique.name,
            zone=request.zone,
            cannula_mm=problem.tools.cannula_mm,
            trajectory=trajectory,
            entry=evaluation.entry,
            angles=evaluation.angles,
            stages=stages,
            not_assessed=find_not_assessed(anatomy, level=level, side=side),
            resection=resection,
            reach=evaluation.reach,
            certainty=certainty,
            certificate=_certify(chosen.proved, chosen.method),
            findings=to_records(remarks),
            evidence=find_evidence(problem.tools.technique),
            software=find_software(),
            margins=problem.tools.margins,
            weights=problem.tools.technique.weights.model_dump(),
            docking=choice.docking,
            target_choice=choice.target_choice,
            preferences=choice.preferences,
            objectives=choice.objectives,
            alternatives=choice.alternatives,
            explanation=choice.explanation,
            rules=choice.rules,
            corridors=find_corridors(problem),
        )
    )


def find_status(case: Case, findings: tuple[Finding, ...]) -> str:
    """Return whether a person still has to confirm something of the plan.

    Parameters
    ----------
    case : Case with what was accepted before
    findings : tuple of Finding of the plan
    """
    return "needs_confirmation" if find_unanswered(findings, case.accepted_codes) else "ready"


def _offer(
    question: Question,
    result: SearchResult,
    plan: Plan,
    stages: tuple[Stage, ...],
    rulers: Rulers,
) -> Plan | Refusal:
    """Return the plan if the second checker agrees and nothing blocks; else refuse."""
    verification = verify_plan(
        question.case,
        question.anatomy,
        plan,
        rulers=rulers,
        geometry=question.problem.geometry,
    )
    blocking = [f for f in (*plan.findings, *verification.findings) if f.severity == "BLOCK"]
    if not blocking:
        return plan
    first = blocking[0]
    finding = make_finding(
        first.code, Severity.BLOCK, what=first.what, where=first.where, why=first.why
    )
    slack = find_slack_mm(stages)
    stage, row = min(
        ((s, r) for s in stages for r in s.clearances if r.hard_margin_mm is not None),
        key=lambda pair: pair[1].clearance_mm - (pair[1].hard_margin_mm or 0.0),
    )
    binding = Binding(
        structure=row.structure,
        deficit_mm=max(verification.max_difference_mm or 0.0, -slack),
        stage=stage.tool,
    )
    return _refuse(question, result, Verdict(binding, False, finding), stages, plan.rules)


def _refuse_corridor(question: Question, result: SearchResult) -> Refusal:
    """Return the refusal of a corridor in which no line runs from skin to target."""
    problem = question.problem
    corridor = problem.tools.technique.corridor
    lack = find_corridor_lack(question.skin, problem.geometry, corridor, problem.targets)
    finding = make_finding(
        "PL-014",
        Severity.BLOCK,
        what="No straight line of the technique passes the foramen",
        where=f"{question.request.level} {question.request.side}",
        why=f"{problem.entries.rays} rays at {corridor.axial_inclination_min_deg:.0f} to "
        f"{corridor.axial_inclination_max_deg:.0f} degrees met no skin that sees the target. "
        f"{lack.why}",
    )
    binding = Binding(structure=lack.structure, deficit_mm=lack.lack_mm, stage="needle")
    return _refuse(question, result, Verdict(binding, True, finding), ())


def _refuse(
    question: Question,
    result: SearchResult,
    verdict: Verdict,
    stages: tuple[Stage, ...],
    rules: tuple[Rule, ...] = (),
) -> Refusal:
    anatomy, request = question.anatomy, question.request
    missing = find_not_assessed(anatomy, level=request.level, side=request.side)
    findings = (
        verdict.finding,
        *remark_index(anatomy),
        *remark_resolution(question.case, anatomy),
        *remark_modelled(anatomy, stages),
        *remark_missing(missing, request.level, request.side),
    )
    tools = question.problem.tools
    return round_document(
        Refusal(
            case_sha256=question.case.sha256,
            level=str(request.level),
            side=request.side.value,
            technique=tools.technique.name,
            zone=request.zone,
            cannula_mm=tools.cannula_mm,
            decidable=verdict.decidable,
            binding=verdict.binding,
            certificate=_certify(result),
            not_assessed=missing,
            findings=to_records(findings),
            evidence=find_evidence(tools.technique),
            software=find_software(),
            margins=tools.margins,
            weights=tools.technique.weights.model_dump(),
            rules=rules,
        )
    )


def _certify(result: SearchResult, chosen: str = "") -> Certificate:
    """Return what the search proves, in the steps in which it compares candidates."""
    best, quantum = result.best, value("planning.objective_quantum_mm")
    if best is None or result.upper_bound_mm is None:
        found, upper = None, None
    else:
        found, upper = (
            round(number / quantum) * quantum
            for number in (best.objective_mm, result.upper_bound_mm)
        )
    between = result.continuum_bound_mm
    return Certificate(
        objective_mm=found,
        upper_bound_mm=upper,
        gap_mm=0.0 if found is None or upper is None else upper - found,
        continuum_gap_mm=None if between is None or upper is None else max(between - upper, 0.0),
        candidates=result.candidates,
        nodes=result.nodes,
        method=PROVED + chosen,
    )
