"""Other ways than the plan: the best under other weights, none of them worse in everything."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kambin.knowledge import TradeOff, Weights, trade_offs, value
from kambin.planning.choice_models import Alternative, Objectives
from kambin.planning.evaluate import Path, evaluate, to_point
from kambin.planning.explanation import compare_words
from kambin.planning.objective_rows import ROWS, ObjectiveRow
from kambin.planning.objectives import measure_objectives
from kambin.planning.problem import Problem
from kambin.planning.question import Question
from kambin.planning.reach import has_fragment
from kambin.planning.reach_choice import Ranked, measure_share, weigh
from kambin.planning.room_choice import measure_hand_room
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


def find_alternatives(
    question: Question, plan: Way, asked: Sequence[Ranked] = ()
) -> tuple[Alternative, ...]:
    """Return other ways, each the best of all listed candidates under other weights.

    Parameters
    ----------
    question : Question that the plan was found for
    plan : Way of the plan
    asked : sequence of Ranked, paths whose reach was asked

    Returns
    -------
    tuple of Alternative, at most ``planning.alternatives_max`` in the order of the table, each
    noticeably better than the plan in what it was sought for, none of which another one or the
    plan betters in all objectives
    """
    ways = [plan]
    for trade_off in trade_offs().values():
        weights = trade_off.weigh(question.problem.tools.technique.weights)
        found = (
            _find_under(question.problem, weights) if trade_off.factors else _find_most_reach(asked)
        )
        if found is not None and not _is_known(found, ways):
            judged = _judge(question, found, plan.objectives.not_measured.get("bone_mm3"))
            ways.append(Way(found, judged, trade_off, weights))
    others = [_tell(way, plan) for way in find_front(ways) if _gains_on(plan, way)]
    return tuple(others[: int(value("planning.alternatives_max"))])


def _find_under(problem: Problem, weights: Weights) -> Candidate | None:
    """Return the best of all listed candidates under some weights, or none."""
    found = find_best_path(weigh(problem, weights))
    return found.best if found.is_feasible else None


def _find_most_reach(asked: Sequence[Ranked]) -> Candidate | None:
    """Return the path of most reach, of equals the one of most worth, or none if none was asked."""
    most = max((row.reachable for row in asked), default=0.0)
    return next((row.candidate for row in asked if row.reachable == most), None)


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
    """Return whether a way is noticeably better than the plan in what it was sought for."""
    most = None if way.trade_off is None else way.trade_off.most
    return any(row.name == most and _gain(row, plan, way) > 0 for row in ROWS)


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


def _judge(question: Question, candidate: Candidate, bone_reason: str | None) -> Objectives:
    """Return what a candidate is judged by; of its bone nothing where the plan says why not."""
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
    reachable = None
    if has_fragment(question.anatomy):
        reachable = measure_share(question.anatomy, problem, candidate)
    return measure_objectives(
        question.anatomy,
        problem,
        path,
        stages,
        candidate,
        tolerance_entry_mm=measure_hand_room(question, candidate).entry_mm,
        reachable_fraction=reachable,
        bone_reason=bone_reason,
    )


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
