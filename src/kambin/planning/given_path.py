"""A path that a person set by hand, held to every rule and sealed as a plan."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from kambin.core import FieldStore, Finding, PlanError, Progress, Severity, SilentProgress
from kambin.knowledge import value
from kambin.planning.certainty import find_rulers
from kambin.planning.choices import assess_evaluation
from kambin.planning.entries import Entries
from kambin.planning.evaluate import Path
from kambin.planning.evaluator import Evaluation, Evaluator
from kambin.planning.models import Certificate, Plan
from kambin.planning.plan import describe_plan
from kambin.planning.problem import Problem
from kambin.planning.question import Question
from kambin.planning.reach_choice import ReachChoice, dock_everywhere
from kambin.planning.refine import search
from kambin.planning.relaxing import find_relaxations
from kambin.planning.remarks import make_finding
from kambin.planning.rules import remark_broken
from kambin.planning.search import Candidate, SearchResult, find_best_path
from kambin.planning.stage_ends import with_ends
from kambin.planning.verify import verify_plan

BY_HAND = "; the plan is a path that a person set by hand"
"""What the certificate adds to how it was obtained."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A path that no hard rule stops, with the question whose tools it needs."""

    question: Question
    evaluator: Evaluator
    evaluation: Evaluation


def plan_given_path(
    question: Question,
    path: Path,
    *,
    certificate: Certificate | None = None,
    progress: Progress | None = None,
    store: FieldStore | None = None,
) -> Plan:
    """Seal a path that a person set as a plan, if every rule and the second checker let it pass.

    Parameters
    ----------
    question : Question, prepared for the place and the tools
    path : Path; its docking distance is taken to the next step of the technique's list
    certificate : of a plan that answered the same question, or none to search anew: the hand
        changes nothing of what was proved
    progress : Progress or none
    store : FieldStore or none, where distance fields are kept between calls

    Raises
    ------
    PlanError  (PL-171) naming every rule that is broken, or what the second checker says;
        (PL-026) for a path without length

    Notes
    -----
    What a person must confirm is tried only where nothing else lets it pass, in the order in
    which the planner relaxes: docking at the mouth of the foramen, then rim bone.
    """
    progress = progress or SilentProgress()
    progress.step("the path by every rule", 0, 3)
    held = _hold(question, path, store)
    candidate = _find_candidate(held, held.evaluation.path)
    proved = _find_proved(held, certificate)
    progress.step("certainty of the path", 1, 3)
    rulers = find_rulers(question.anatomy, held.evaluation.path, held.evaluation.stages)
    certainty = held.evaluator.assess_certainty(held.evaluation, rulers=rulers)
    chosen = ReachChoice(
        result=replace(proved, best=candidate),
        proved=proved,
        method=BY_HAND,
        findings=(_remark(held, candidate, proved),),
        reasons=("was set by hand and not by the search",),
    )
    plan = describe_plan(held.question, chosen, held.evaluation, certainty)
    progress.step("the second checker", 2, 3)
    verdict = verify_plan(
        question.case,
        question.anatomy,
        plan,
        rulers=rulers,
        geometry=question.problem.geometry,
    )
    blocking = [f for f in (*plan.findings, *verdict.findings) if f.severity == "BLOCK"]
    if blocking:
        first = blocking[0]
        raise _no_plan(question, why=f"{first.what}: {first.why}")
    return plan


def _hold(question: Question, path: Path, store: FieldStore | None) -> _Held:
    """Return the path with the first tools by which no rule stops it."""
    strict = replace(question.problem.tools, frees_rim=False, docks_at_mouth=False)
    asked = replace(question, problem=replace(question.problem, tools=strict))
    broken: list[Finding] = []
    for tools in (strict, *find_relaxations(asked)):
        freed = replace(asked, problem=replace(asked.problem, tools=tools))
        evaluator = Evaluator.of(freed, store)
        stepped = replace(path, stop_mm=_find_step_mm(path.stop_mm))
        ended = with_ends(freed.anatomy, freed.problem.hazards, stepped, tools)
        evaluation = evaluator.evaluate(ended, certainty=False)
        where = f"{question.request.level} {question.request.side}"
        found = remark_broken(assess_evaluation(freed, evaluation), where)
        if not found:
            return _Held(freed, evaluator, evaluation)
        # what the most lenient tools break is what stands in the way for good
        broken = found
    raise _no_plan(
        question,
        why=" ".join(f"{one.what}: {one.why}" for one in broken),
        findings=tuple(broken),
    )


def _find_step_mm(stop_mm: float) -> float:
    step = value("planning.stop_step_mm")
    return step * round(stop_mm / step)


def _find_candidate(held: _Held, path: Path) -> Candidate:
    """Return the line as the search sees it, docked as it was set."""
    problem = held.question.problem
    off_mm = float(np.linalg.norm(np.subtract(path.target_lps_mm, problem.targets.aim_lps_mm)))
    line = replace(
        problem,
        entries=Entries(np.array(path.entry_lps_mm)[None], 1),
        targets=replace(
            problem.targets,
            points_lps_mm=np.array(path.target_lps_mm)[None],
            offsets_mm=np.array([off_mm]),
        ),
    )
    found = find_best_path(line)
    docked = () if found.best is None or not found.is_feasible else _dock(line, found.best)
    for one in docked:
        if np.isclose(one.stop_mm, path.stop_mm):
            return one
    raise _no_plan(
        held.question,
        why=f"The search's own march does not let it pass, docked {path.stop_mm:.0f} mm short.",
    )


def _dock(line: Problem, best: Candidate) -> Iterator[Candidate]:
    yield best
    yield from dock_everywhere(line, best)


def _find_proved(held: _Held, certificate: Certificate | None) -> SearchResult:
    """Return what was proved of the question, from a plan's certificate or by a search."""
    if certificate is None or certificate.objective_mm is None:
        return search(held.question.problem, held.question.skin)
    path, upper = held.evaluation.path, certificate.upper_bound_mm
    gap = certificate.continuum_gap_mm
    best = Candidate(
        path.entry_lps_mm, path.target_lps_mm, path.stop_mm, 0.0, certificate.objective_mm, 0.0
    )
    return SearchResult(
        best=best,
        is_feasible=True,
        candidates=certificate.candidates,
        paths=0,
        upper_bound_mm=upper,
        nodes=certificate.nodes,
        continuum_bound_mm=None if gap is None or upper is None else upper + gap,
    )


def _remark(held: _Held, candidate: Candidate, proved: SearchResult) -> Finding:
    best = proved.best
    lost = 0.0 if best is None else best.objective_mm - candidate.objective_mm
    worth = (
        f"It is worth {lost:.2f} mm less than the best of the search"
        if lost >= 0
        else f"It is worth {-lost:.2f} mm more than the best of the listed paths"
    )
    return make_finding(
        "PL-170",
        Severity.NOTE,
        what="The path was set by hand",
        where=f"{held.question.request.level} {held.question.request.side}",
        why=f"{worth}, by the weights of {held.question.problem.tools.technique.name}.",
    )


def _no_plan(question: Question, *, why: str, findings: tuple[Finding, ...] = ()) -> PlanError:
    return PlanError(
        code="PL-171",
        what="The path that was set by hand is no plan",
        where=f"{question.request.level} {question.request.side}",
        why=why,
        next_step="Move the path until nothing is broken, or plan again.",
        findings=findings,
    )
