"""Choosing among good paths the one from which most of the fragment is in reach."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from kambin.anatomy import Anatomy
from kambin.core import Finding, Severity
from kambin.knowledge import value
from kambin.planning.evaluate import Path
from kambin.planning.problem import Problem
from kambin.planning.question import Question
from kambin.planning.reach import has_fragment, measure_reach
from kambin.planning.refine import search
from kambin.planning.remarks import make_finding
from kambin.planning.resection import find_capsule
from kambin.planning.search import Candidate, SearchResult, find_best_path


@dataclass(frozen=True, slots=True)
class Ranked:
    """One candidate with its reach.

    Parameters
    ----------
    candidate : Candidate
    reachable : float, share of the fragment that forceps reach, quickly measured
    score_mm : float, mm, its objective and what its reach is worth
    """

    candidate: Candidate
    reachable: float
    score_mm: float


@dataclass(frozen=True, slots=True)
class ReachChoice:
    """The path that is taken, and what was proved.

    Parameters
    ----------
    result : SearchResult with the path that is taken as its best
    proved : SearchResult of the search; its best is the best by the objective alone
    method : str, what the certificate adds to how it was obtained, empty where both are one
    findings : tuple of Finding
    """

    result: SearchResult
    proved: SearchResult
    method: str = ""
    findings: tuple[Finding, ...] = ()


def rank_by_reach(
    anatomy: Anatomy, problem: Problem, candidates: Iterable[Candidate]
) -> tuple[Ranked, ...]:
    """Return candidates by objective and reach together, the best first.

    Parameters
    ----------
    anatomy : Anatomy with a fragment
    problem : Problem they solve
    candidates : iterable of Candidate; of equals the first stays first

    Notes
    -----
    Score = objective + weight x reachable share (``reach.weight_mm``), the share measured quickly
    after one axial pass of a reamer as wide as the cannula.
    """
    weight = value("reach.weight_mm")
    ranked = []
    for one in candidates:
        share = _measure_share(anatomy, problem, one)
        ranked.append(Ranked(one, share, one.objective_mm + weight * share))
    quantum = value("planning.objective_quantum_mm")
    return tuple(sorted(ranked, key=lambda row: -round(row.score_mm / quantum)))


def choose_for_reach(question: Question, result: SearchResult) -> ReachChoice:
    """Return the path of most reach among those that are nearly as good.

    Parameters
    ----------
    question : Question
    result : SearchResult, feasible or not

    Returns
    -------
    ReachChoice; the best by the objective where the case has no fragment, somebody named the
    target, or nothing reaches enough more

    Notes
    -----
    Asked are the best by the objective, the best that docks nearer by one or more steps
    (``reach.alternative_step_mm``) and the best of the targets that lie apart from its own. None
    further below the best than the weight of reach can win, because a share is at most 1.
    """
    best, request = result.best, question.request
    is_named = request.zone is not None or request.target_lps_mm is not None
    if best is None or not result.is_feasible or is_named or not has_fragment(question.anatomy):
        return ReachChoice(result, result)
    problem, anatomy = question.problem, question.anatomy
    others = {}
    for narrowed in _narrow(problem, best):
        found = find_best_path(narrowed)
        if found.best is not None and found.is_feasible:
            others[id(found.best)] = (found.best, narrowed)
    ranked = rank_by_reach(anatomy, problem, [best, *(one for one, _ in others.values())])
    if ranked[0].candidate is best:
        return ReachChoice(result, result)
    refined = search(others[id(ranked[0].candidate)][1], question.skin)
    rivals = [ranked[0].candidate, best]
    if refined.best is not None and refined.is_feasible:
        rivals.insert(0, refined.best)
    again = rank_by_reach(anatomy, problem, rivals)
    first = again[0]
    if first.candidate is best:
        return ReachChoice(result, result)
    before = next(row for row in again if row.candidate is best)
    return ReachChoice(
        result=replace(result, best=first.candidate),
        proved=result,
        method=f"; the plan is that of most reach within {value('reach.weight_mm'):g} mm of it",
        findings=(_remark(question, first, before),),
    )


def _narrow(problem: Problem, best: Candidate) -> Iterator[Problem]:
    """Yield the same problem for nearer docking, and for targets apart from the best one's."""
    technique = problem.tools.technique
    stop, step = best.stop_mm, value("reach.alternative_step_mm")
    while stop > 0:
        stop = max(stop - step, 0.0)
        nearer = technique.model_copy(update={"stop_max_mm": stop})
        yield replace(problem, tools=replace(problem.tools, technique=nearer))
    targets = problem.targets
    away = np.linalg.norm(targets.points_lps_mm - best.target_lps_mm, axis=1)
    apart = away >= value("reach.alternative_apart_mm")
    if apart.any():
        kept = replace(
            targets,
            points_lps_mm=targets.points_lps_mm[apart],
            offsets_mm=targets.offsets_mm[apart],
        )
        yield replace(problem, targets=kept)


def _measure_share(anatomy: Anatomy, problem: Problem, one: Candidate) -> float:
    """Return the share of the fragment that is in reach, measured quickly."""
    tools = problem.tools
    path = Path(one.entry_lps_mm, one.target_lps_mm, one.stop_mm)
    reamed = find_capsule(path, tools.removal_radius_mm if tools.reams else 0.0)[None]
    reach, _ = measure_reach(
        anatomy, problem.geometry, path, tools, problem.hazards, reamed, quick=True
    )
    return reach.reachable_fraction or 0.0


def _remark(question: Question, chosen: Ranked, best: Ranked) -> Finding:
    """Return the note that the path is not the best by the objective alone."""
    lost = best.candidate.objective_mm - chosen.candidate.objective_mm
    return make_finding(
        "PL-052",
        Severity.NOTE,
        what=f"The docking place was chosen for reach: {chosen.reachable:.0%} of the fragment "
        f"in place of {best.reachable:.0%}, {chosen.candidate.stop_mm:.0f} mm short of the target "
        f"in place of {best.candidate.stop_mm:.0f} mm",
        where=f"{question.request.level} {question.request.side}",
        why=f"It is {lost:.2f} mm below the best by the objective; reach of the whole fragment is "
        f"worth {value('reach.weight_mm'):g} mm.",
    )
