"""Choosing among good paths the one from which most of the fragment is in reach."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy
from kambin.core import Finding, Severity
from kambin.knowledge import Weights, trade_offs, value
from kambin.planning.corridor import find_allowed, find_stops_mm
from kambin.planning.entries import Entries
from kambin.planning.evaluate import Path
from kambin.planning.problem import Problem
from kambin.planning.question import Question
from kambin.planning.reach import has_fragment, measure_reachable
from kambin.planning.refine import search
from kambin.planning.remarks import make_finding
from kambin.planning.resection import find_capsule
from kambin.planning.search import (
    NO_KEYS,
    Candidate,
    SearchResult,
    combine_margins,
    find_best_path,
    march_candidates,
)
from kambin.planning.search_problem import MM3_PER_CM3


@dataclass(frozen=True, slots=True)
class Ranked:
    """One candidate with its reach.

    Parameters
    ----------
    candidate : Candidate
    reachable : float, share of the fragment that forceps reach
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
    reasons : tuple of str, what the path does better than the best by the objective, as a
        sentence goes on after *this one*
    asked : tuple of Ranked, paths whose reach was asked, the first the one of most worth
    won : the path that is taken and the best by the objective, where reach decided, or none
    """

    result: SearchResult
    proved: SearchResult
    method: str = ""
    findings: tuple[Finding, ...] = ()
    reasons: tuple[str, ...] = ()
    asked: tuple[Ranked, ...] = ()
    won: tuple[Ranked, Ranked] | None = None


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
    Score = objective + weight x reachable share, the weight that of the technique or the
    surgeon's own, the share measured after one axial pass of a reamer as wide as the cannula.
    """
    weight = find_weight_mm(problem)
    ranked = []
    for one in candidates:
        share = measure_share(anatomy, problem, one)
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
    target, it reaches nearly all, or nothing reaches enough more

    Notes
    -----
    Asked are the best by the objective, the best that docks nearer by one or more steps
    (``reach.alternative_step_mm``), the same line docked further out, the best of the targets
    that lie apart from its own, and the best way that is as wide as the forceps all along. Where
    none of these reaches enough (``reach.confirm_share``), also the best under the weights under
    which alternatives are sought: what stands beside the plan may not reach more than it. None is
    asked that is further below the best than the weight of reach can win: a share is at most 1.
    """
    best, request = result.best, question.request
    is_named = request.zone is not None or request.target_lps_mm is not None
    if best is None or not result.is_feasible or is_named or not has_fragment(question.anatomy):
        return ReachChoice(result, result)
    problem, anatomy = question.problem, question.anatomy
    if measure_share(anatomy, problem, best) >= value("reach.note_share"):
        return ReachChoice(result, result)
    others = {id(one): (one, narrowed) for one, narrowed in _find_rivals(problem, best)}
    ranked = rank_by_reach(anatomy, problem, [best, *(one for one, _ in others.values())])
    if max(row.reachable for row in ranked) < value("reach.confirm_share"):
        others |= {id(one): (one, line) for one, line in find_otherwise_weighed(problem)}
        ranked = rank_by_reach(anatomy, problem, [best, *(one for one, _ in others.values())])
    if ranked[0].candidate is best:
        return ReachChoice(result, result, asked=ranked)
    rivals = [ranked[0].candidate, best]
    if (narrowed := others[id(ranked[0].candidate)][1]) is not None:
        refined = search(narrowed, question.skin)
        if refined.best is not None and refined.is_feasible:
            rivals.insert(0, refined.best)
    again = rank_by_reach(anatomy, problem, rivals)
    first, ranked = again[0], (*again, *ranked)
    if first.candidate is best:
        return ReachChoice(result, result, asked=ranked)
    before = next(row for row in again if row.candidate is best)
    return ReachChoice(
        result=replace(result, best=first.candidate),
        proved=result,
        method=f"; the plan is that of most reach within {find_weight_mm(problem):g} mm of it",
        findings=tell_choice(problem, (first, before), f"{request.level} {request.side}"),
        reasons=tell_reasons((first, before)),
        won=(first, before),
        asked=ranked,
    )


def tell_choice(
    problem: Problem, won: tuple[Ranked, Ranked] | None, where: str
) -> tuple[Finding, ...]:
    """Return the note that reach decided, if it did.

    Parameters
    ----------
    problem : Problem
    won : what is taken and the best by the objective, or none
    where : str, level and side
    """
    return () if won is None else (remark_choice(problem, *won, where),)


def tell_reasons(won: tuple[Ranked, Ranked] | None) -> tuple[str, ...]:
    """Return what a path reaches more, if reach decided.

    Parameters
    ----------
    won : what is taken and the best by the objective, or none
    """
    if won is None:
        return ()
    first, before = won
    return (f"reaches {first.reachable:.0%} of the fragment in place of {before.reachable:.0%}",)


def find_weight_mm(problem: Problem) -> float:
    """Return what grasping the whole fragment is worth, mm of the objective.

    Parameters
    ----------
    problem : Problem, of whose technique it is a weight
    """
    return problem.tools.technique.weights.reach


def _find_rivals(problem: Problem, best: Candidate) -> Iterator[tuple[Candidate, Problem | None]]:
    """Yield the best of other dockings, of a wide way and of other targets, with its problem."""
    for further in find_withdrawn(problem, best):
        yield further, None
    elsewhere = [_keep_wide_way(problem), _keep_apart(problem, best)]
    for narrowed in elsewhere:
        if narrowed is not None and (one := _find_passing(narrowed)) is not None:
            yield one, narrowed
    technique, stop = problem.tools.technique, best.stop_mm
    while stop > 0:
        stop = max(stop - value("reach.alternative_step_mm"), 0.0)
        nearer = technique.model_copy(update={"stop_max_mm": stop})
        narrowed = replace(problem, tools=replace(problem.tools, technique=nearer))
        found = _find_passing(narrowed)
        if found is None:
            # What docks nearer still is among what was just tried.
            return
        yield found, narrowed


def find_otherwise_weighed(problem: Problem) -> Iterator[tuple[Candidate, Problem | None]]:
    """Yield the best candidates under other weights, each worth what it is under the own ones.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    iterator of Candidate with the problem of its line, or with none where its docking distance is
    not the one that the own weights like best there
    """
    for trade_off in trade_offs().values():
        weights = trade_off.weigh(problem.tools.technique.weights)
        found = _find_passing(weigh(problem, weights)) if trade_off.factors else None
        if found is None:
            continue
        line = _keep_line(problem, found)
        own = _find_passing(line)
        if own is None:
            continue
        if own.stop_mm == found.stop_mm:
            yield own, line
            continue
        docked = dock_everywhere(problem, own)
        yield from ((one, None) for one in docked if one.stop_mm == found.stop_mm)


def weigh(problem: Problem, weights: Weights) -> Problem:
    """Return the same problem, hard rules and all, under other weights of its objective.

    Parameters
    ----------
    problem : Problem
    weights : Weights
    """
    technique = problem.tools.technique.model_copy(update={"weights": weights})
    return replace(problem, tools=replace(problem.tools, technique=technique))


def find_withdrawn(problem: Problem, best: Candidate) -> Iterator[Candidate]:
    """Yield the same line with its cannula docked further out, as far as that is allowed.

    Parameters
    ----------
    problem : Problem
    best : Candidate of it

    Notes
    -----
    A tip that stands under a fragment cannot come back to it; drawn back, it sees and grasps more.
    What is worse for the objective the search never proposes.
    """
    step_mm = value("reach.alternative_step_mm")
    docked = dock_everywhere(problem, best)
    every = round(step_mm / value("planning.stop_step_mm"))
    yield from [one for one in docked if one.stop_mm > best.stop_mm][every - 1 :: every]


def dock_everywhere(problem: Problem, one: Candidate) -> tuple[Candidate, ...]:
    """Return the line of a candidate at all docking distances that pass, the nearest first.

    Parameters
    ----------
    problem : Problem
    one : Candidate of it
    """
    weights, stops = problem.tools.technique.weights, find_stops_mm(problem.tools.technique)
    line = _keep_line(problem, one)
    allowed = find_allowed(line.entries, line.targets, line.geometry, line.tools)[0, 0]
    fields, entry = combine_margins(line, NO_KEYS), line.entries.points_lps_mm
    fine, coarse = (
        march_candidates(line, fields, entry, value(f"planning.{name}_step_mm"), thorough=True)
        for name in ("evaluation", "path")
    )
    room_mm, bone_mm3 = fine.slack_mm[0, 0], coarse.bone_mm3[0, 0]
    worth_mm = weights.clearance * fine.capped_mm[0, 0] - weights.docking_per_mm * stops
    worth_mm -= weights.bone_per_cm3 / MM3_PER_CM3 * bone_mm3
    now = int(np.argmin(np.abs(stops - one.stop_mm)))
    return tuple(
        replace(
            one,
            stop_mm=float(stops[s]),
            slack_mm=float(room_mm[s]),
            objective_mm=one.objective_mm + float(worth_mm[s] - worth_mm[now]),
            bone_mm3=float(bone_mm3[s]),
        )
        for s in np.flatnonzero(allowed & (room_mm >= 0))
    )


def _find_passing(problem: Problem) -> Candidate | None:
    """Return the best candidate that passes, or none."""
    found = find_best_path(problem)
    return found.best if found.is_feasible else None


def _keep_apart(problem: Problem, best: Candidate) -> Problem | None:
    """Return the problem with the targets that lie apart from the best one's, or none."""
    targets = problem.targets
    away = np.linalg.norm(targets.points_lps_mm - best.target_lps_mm, axis=1)
    apart = away >= value("reach.alternative_apart_mm")
    return _keep_targets(problem, apart) if apart.any() else None


def _keep_targets(problem: Problem, kept: NDArray[np.bool_]) -> Problem:
    """Return the problem with some of its targets, shape (T,)."""
    targets = problem.targets
    return replace(
        problem,
        targets=replace(
            targets,
            points_lps_mm=targets.points_lps_mm[kept],
            offsets_mm=targets.offsets_mm[kept],
        ),
    )


def _keep_wide_way(problem: Problem) -> Problem | None:
    """Return the problem with the one line on which even a needle as thick as forceps passes best.

    Where a needle slides along the superior process, forceps on the same axis do not pass.
    """
    tools = problem.tools
    shaft_mm = max((t.radius_mm for t in tools.tools if t.stage == "forceps"), default=0.0)
    thick = tuple(
        replace(tool, radius_mm=max(tool.radius_mm, shaft_mm)) if tool == tools.needle else tool
        for tool in tools.tools
    )
    found = find_best_path(replace(problem, tools=replace(tools, tools=thick)))
    if found.best is None or not found.is_feasible:
        return None
    return _keep_line(problem, found.best)


def _keep_line(problem: Problem, one: Candidate) -> Problem:
    """Return the problem with the one line of a candidate."""
    off_mm = float(np.linalg.norm(one.target_lps_mm - problem.targets.aim_lps_mm))
    return replace(
        problem,
        entries=Entries(one.entry_lps_mm[None], 1),
        targets=replace(
            problem.targets,
            points_lps_mm=one.target_lps_mm[None],
            offsets_mm=np.array([off_mm]),
        ),
    )


def measure_share(anatomy: Anatomy, problem: Problem, one: Candidate) -> float:
    """Return the share of the fragment in reach after one axial pass as wide as the cannula.

    Parameters
    ----------
    anatomy : Anatomy with a fragment
    problem : Problem
    one : Candidate of it
    """
    tools, geometry = problem.tools, problem.geometry
    path = Path(one.entry_lps_mm, one.target_lps_mm, one.stop_mm)
    reamed = find_capsule(path, tools.removal_radius_mm if tools.reams else 0.0)[None]
    return measure_reachable(anatomy, geometry, path, tools, problem.hazards, reamed)


def remark_choice(problem: Problem, chosen: Ranked, best: Ranked, where: str) -> Finding:
    """Return the note that the path is not the best by the objective alone.

    Parameters
    ----------
    problem : Problem
    chosen, best : Ranked, what is taken and the best by the objective
    where : str, level and side
    """
    lost = best.candidate.objective_mm - chosen.candidate.objective_mm
    return make_finding(
        "PL-052",
        Severity.NOTE,
        what=f"The docking place was chosen for reach: {chosen.reachable:.0%} of the fragment "
        f"in place of {best.reachable:.0%}, {chosen.candidate.stop_mm:.0f} mm short of the target "
        f"in place of {best.candidate.stop_mm:.0f} mm",
        where=where,
        why=f"It is {lost:.2f} mm below the best by the objective; reach of the whole fragment is "
        f"worth {find_weight_mm(problem):g} mm.",
    )
