"""Of plans that are worth nearly the same, the one that bears the largest error of the hand."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from kambin.core import Finding, Severity
from kambin.knowledge import value, value_at, values
from kambin.planning.error_model import PathFrame
from kambin.planning.evaluate import Path
from kambin.planning.gap_meter import find_gap_meter
from kambin.planning.poses import Surroundings
from kambin.planning.problem import Problem
from kambin.planning.question import Question
from kambin.planning.reach import has_fragment
from kambin.planning.reach_choice import (
    Ranked,
    ReachChoice,
    dock_everywhere,
    rank_by_reach,
    tell_choice,
    tell_reasons,
)
from kambin.planning.refine import narrow
from kambin.planning.remarks import make_finding
from kambin.planning.search import Candidate, find_roomy_path
from kambin.planning.tolerance import find_cone

ASKED_SAMPLES = 4
"""Paths that are asked for the error of the hand itself, beside the best."""

BEFORE_CHECK = "before the second check"
"""Said with these rooms: the tolerance of a plan is what the second checker leaves of its own."""


@dataclass(frozen=True, slots=True)
class HandRoom:
    """How far the hand may be off before a hard margin breaks on the distance fields.

    Parameters
    ----------
    entry_mm : float, mm, across the axis at the skin, the angle as planned
    angle_deg : float, degrees, about the entry, the entry as planned
    tip_mm : float, mm, what that angle moves the target
    """

    entry_mm: float
    angle_deg: float
    tip_mm: float

    @property
    def least_mm(self) -> float:
        """Return the lesser of what either end of the path may be off, mm."""
        return min(self.entry_mm, self.tip_mm)

    @property
    def words(self) -> str:
        """Return either error as it is said, after ``BEFORE_CHECK``."""
        return f"{self.entry_mm:.1f} mm at the skin or {self.angle_deg:.1f} degrees"


def measure_hand_room(question: Question, one: Candidate) -> HandRoom:
    """Return how far the hand may be off a candidate.

    Parameters
    ----------
    question : Question
    one : Candidate of its problem

    Notes
    -----
    Forceps end at the target here: past it they go under sight.
    """
    problem = question.problem
    path = Path(one.entry_lps_mm, one.target_lps_mm, one.stop_mm)
    hazards = problem.hazards
    around = Surroundings.of(path, problem.tools, hazards.hazards, find_gap_meter(hazards))
    cone = find_cone(around, PathFrame.of(path, problem.geometry.side), joint=False)
    if cone is None:
        return HandRoom(0.0, 0.0, 0.0)
    return HandRoom(cone.entry_mm, math.degrees(cone.angle_rad), cone.angle_rad * path.length_mm)


def choose_for_room(question: Question, chosen: ReachChoice) -> ReachChoice:
    """Return the path of most room for the hand among those that are worth nearly the same.

    Parameters
    ----------
    question : Question
    chosen : ReachChoice, the path so far

    Returns
    -------
    ReachChoice; the same where nothing passes, or nothing as good bears noticeably more

    Notes
    -----
    Paths are worth the same within ``planning.room_band_mm`` of the objective and, with a
    fragment, of objective and reach together. Asked is for the best path that leaves ever more
    clearance above the hard margins, in noticeable steps, until none is worth enough. Clearance is
    an error that is certainly borne; the few that were found are then asked for the error itself.
    """
    best = chosen.result.best
    if best is None or not chosen.result.is_feasible:
        return chosen
    rivals = _find_roomier(question, best, is_listed=best is chosen.proved.best)
    if not rivals:
        return chosen
    before, least_mm = measure_hand_room(question, best), value_at("planning.noticed", "room_mm")
    floor_mm = _rank(question, best).score_mm - value("planning.room_band_mm")
    # The roomiest first: of these the first that keeps its reach is taken.
    for one in rivals[: -ASKED_SAMPLES - 1 : -1]:
        after = measure_hand_room(question, one)
        if after.least_mm - before.least_mm < least_mm:
            continue
        row = _rank(question, one)
        if is_no_less(row.score_mm, floor_mm):
            return _take(question, chosen, row, (before, after))
    return chosen


def _find_roomier(question: Question, best: Candidate, *, is_listed: bool) -> list[Candidate]:
    """Return paths of rising clearance, each the best of its list that is worth enough.

    Where the path was chosen for reach, the list of all holds better ones without it: then only
    the finer lists around it are asked.
    """
    problem, skin, found = question.problem, question.skin, [best]
    floor_mm = best.objective_mm - value("planning.room_band_mm")
    stop_mm = 0.0 if is_listed else best.stop_mm
    if is_listed:
        found += _climb(problem, best, floor_mm)
    steps = zip(values("planning.refine_deg"), values("planning.refine_mm"), strict=True)
    for step_deg, step_mm in steps:
        last = found[-1]
        found += _climb(narrow(problem, skin, last, step_deg, step_mm), last, floor_mm, stop_mm)
    return found[1:]


def _climb(
    problem: Problem, start: Candidate, floor_mm: float, stop_mm: float = 0.0
) -> Iterator[Candidate]:
    """Yield the best paths of a list that leave ever more room, as long as they are worth it.

    None docks nearer than ``stop_mm``: reach had the cannula drawn back.
    """
    step_mm = value_at("planning.noticed", "room_mm")
    room_mm = start.slack_mm + step_mm
    while (one := find_roomy_path(problem, room_mm)) is not None:
        if one.stop_mm < stop_mm:
            one = _draw_back(problem, one, stop_mm)
        if not is_no_less(one.objective_mm, floor_mm):
            return
        yield one
        room_mm = max(one.slack_mm, room_mm) + step_mm


def _draw_back(problem: Problem, one: Candidate, stop_mm: float) -> Candidate:
    """Return a path with its cannula as far out as asked, or as it is where that is not allowed."""
    docked = dock_everywhere(problem, one)
    return next((other for other in docked if other.stop_mm == stop_mm), one)


def _rank(question: Question, one: Candidate) -> Ranked:
    """Return what a path is worth, with what its reach is worth where there is a fragment."""
    if not has_fragment(question.anatomy):
        return Ranked(one, 0.0, one.objective_mm)
    return rank_by_reach(question.anatomy, question.problem, [one])[0]


def is_no_less(one_mm: float, other_mm: float) -> bool:
    """Return whether one worth is at least another, in the steps in which they are compared.

    Parameters
    ----------
    one_mm, other_mm : float, mm
    """
    quantum = value("planning.objective_quantum_mm")
    return round(one_mm / quantum) >= round(other_mm / quantum)


def _take(
    question: Question, chosen: ReachChoice, row: Ranked, rooms: tuple[HandRoom, HandRoom]
) -> ReachChoice:
    """Return the choice with another path, and what it gains and costs."""
    before, after = rooms
    one, best = row.candidate, chosen.result.best or row.candidate
    where = f"{question.request.level} {question.request.side}"
    won = None if chosen.won is None else (row, chosen.won[1])
    return replace(
        chosen,
        result=replace(chosen.result, best=one),
        method=f"{chosen.method}; of plans within {value('planning.room_band_mm'):g} mm of it, "
        "the plan is that of most room for the hand",
        findings=(
            *tell_choice(question.problem, won, where),
            remark_room(rooms, best.objective_mm - one.objective_mm, where),
        ),
        reasons=(
            *tell_reasons(won),
            f"bears, {BEFORE_CHECK}, a hand that is off by {after.words}, in place of "
            f"{before.words}",
        ),
        won=won,
    )


def remark_room(rooms: tuple[HandRoom, HandRoom], lost_mm: float, where: str) -> Finding:
    """Return the note that the path is not the best by the objective, for the hand's sake.

    Parameters
    ----------
    rooms : HandRoom of the path that was best before, and of the one that is taken
    lost_mm : float, mm of the objective between them
    where : str, level and side
    """
    before, after = rooms
    return make_finding(
        "PL-054",
        Severity.NOTE,
        what=f"The path was chosen for room for the hand: {BEFORE_CHECK} {after.words} in place of "
        f"{before.words}",
        where=where,
        why=f"It is {lost_mm:.2f} mm below the best by the objective; up to "
        f"{value('planning.room_band_mm'):g} mm count as equal. The tolerance of the plan is what "
        "the second check leaves, with the forceps as deep as they go.",
    )
