"""Other ways than the plan: the best under other weights, none of them worse in everything."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from kambin.knowledge import TradeOff, Weights, trade_offs, value
from kambin.planning.choice_models import Alternative, Objectives
from kambin.planning.evaluate import Path, evaluate, to_point
from kambin.planning.explanation import compare_words
from kambin.planning.objective_rows import ROWS, ObjectiveRow
from kambin.planning.objectives import measure_objectives
from kambin.planning.problem import Problem
from kambin.planning.question import Question
from kambin.planning.search import Candidate, find_best_path


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One path with what it is judged by.

    Parameters
    ----------
    candidate : Candidate
    objectives : Objectives
    trade_off : TradeOff it was sought for, or none for the plan itself
    weights : Weights under which it is the best
    """

    candidate: Candidate
    objectives: Objectives
    trade_off: TradeOff | None
    weights: Weights


def find_alternatives(question: Question, plan: Way) -> tuple[Alternative, ...]:
    """Return other ways, each the best of all listed candidates under other weights.

    Parameters
    ----------
    question : Question that the plan was found for
    plan : Way of the plan

    Returns
    -------
    tuple of Alternative, in the order of the table, each noticeably better than the plan in
    something, none of which another one or the plan betters in all objectives
    """
    ways = [plan]
    for trade_off in trade_offs().values():
        weights = trade_off.weigh(question.problem.tools.technique.weights)
        found = find_best_path(_weighed(question.problem, weights))
        if found.best is None or not found.is_feasible or _is_known(found.best, ways):
            continue
        ways.append(Way(found.best, _judge(question, found.best), trade_off, weights))
    return tuple(_tell(way, plan) for way in find_front(ways) if _gains_on(plan, way))


def find_front(ways: Sequence[Way]) -> list[Way]:
    """Return the ways that no other one betters in everything.

    Parameters
    ----------
    ways : sequence of Way

    Notes
    -----
    Differences below the resolution of an objective are none.
    """
    return [way for way in ways if not any(is_bettered(way, other) for other in ways)]


def is_bettered(way: Way, other: Way) -> bool:
    """Return whether another way is nowhere worse and somewhere better.

    Parameters
    ----------
    way, other : Way
    """
    gains = [_gain(row, way, other) for row in ROWS]
    return all(gain >= 0 for gain in gains) and any(gain > 0 for gain in gains)


def _gains_on(plan: Way, way: Way) -> bool:
    """Return whether a way is noticeably better than the plan in anything; the plan is not."""
    return any(_gain(row, plan, way) > 0 for row in ROWS)


def _gain(row: ObjectiveRow, way: Way, other: Way) -> int:
    """Return whether another way is better (1), alike (0) or worse (-1) in one objective."""
    steps = row.find_steps(way.objectives, other.objectives)
    return int(np.sign(steps)) if abs(steps) >= 1 else 0


def _is_known(candidate: Candidate, ways: Sequence[Way]) -> bool:
    """Return whether a path is one of those there are already, to the quantum of the search."""
    near_mm = value("planning.objective_quantum_mm")
    return any(
        way.candidate.stop_mm == candidate.stop_mm
        and np.allclose(way.candidate.entry_lps_mm, candidate.entry_lps_mm, rtol=0, atol=near_mm)
        and np.allclose(way.candidate.target_lps_mm, candidate.target_lps_mm, rtol=0, atol=near_mm)
        for way in ways
    )


def _weighed(problem: Problem, weights: Weights) -> Problem:
    technique = problem.tools.technique.model_copy(update={"weights": weights})
    return replace(problem, tools=replace(problem.tools, technique=technique))


def _judge(question: Question, candidate: Candidate) -> Objectives:
    """Return what a candidate is judged by."""
    problem, request = question.problem, question.request
    path = Path(candidate.entry_lps_mm, candidate.target_lps_mm, candidate.stop_mm)
    stages = evaluate(
        question.case,
        question.anatomy,
        path,
        problem.tools,
        level=request.level,
        side=request.side,
        hazards=problem.hazards,
    )
    return measure_objectives(question.anatomy, problem, path, stages, candidate)


def _tell(way: Way, plan: Way) -> Alternative:
    trade_off = way.trade_off
    name = "" if trade_off is None else trade_off.title
    return Alternative(
        name=name,
        why=compare_words(plan.objectives, way.objectives),
        entry_lps_mm=to_point(way.candidate.entry_lps_mm),
        target_lps_mm=to_point(way.candidate.target_lps_mm),
        stop_mm=way.candidate.stop_mm,
        weights=way.weights.model_dump(),
        objective_mm=way.candidate.objective_mm,
        objectives=way.objectives,
    )
