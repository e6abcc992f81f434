"""Of plans that are worth nearly the same, the one that bears most of the hand is taken."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from tests.unit.planning.small_problems import MIRROR, mirror_problem
from tests.unit.planning.small_questions import a_question, among_balls

from kambin.knowledge import value, value_at
from kambin.planning.entries import Entries
from kambin.planning.problem import Problem
from kambin.planning.question import Question
from kambin.planning.reach_choice import ReachChoice, dock_everywhere
from kambin.planning.room_choice import choose_for_room, measure_hand_room
from kambin.planning.search import Candidate, SearchResult, find_best_path, find_roomy_path

SEEDS = (1, 2, 3, 4, 7, 8, 9, 10)
BAND_MM = value("planning.room_band_mm")
QUANTUM_MM = value("planning.objective_quantum_mm")
NOTICED_MM = value_at("planning.noticed", "room_mm")


def _every_candidate(problem: Problem) -> list[Candidate]:
    """All candidates that pass, each line marched by itself over all docking distances."""
    every: list[Candidate] = []
    for entry in problem.entries.points_lps_mm:
        for target, off in zip(
            problem.targets.points_lps_mm, problem.targets.offsets_mm, strict=True
        ):
            targets = replace(
                problem.targets, points_lps_mm=target[None], offsets_mm=np.array([off])
            )
            line = replace(problem, entries=Entries(entry[None], 1), targets=targets)
            found = find_best_path(line)
            if found.best is not None and found.is_feasible:
                every += dock_everywhere(line, found.best)
    return every


@pytest.mark.parametrize("seed", [2, 9])
@pytest.mark.parametrize("room_mm", [0.0, 0.4, 1.0, 1.6, 2.4])
def test_the_best_that_leaves_some_room_is_that_of_all_candidates(
    seed: int, room_mm: float
) -> None:
    problem = among_balls(seed)
    roomy = [one.objective_mm for one in _candidates(seed) if one.slack_mm >= room_mm]
    found = find_roomy_path(problem, room_mm)
    assert (found is None) == (not roomy)
    if found is not None:
        assert found.slack_mm >= room_mm
        # The two ways sample bone at the same places and clearance in another order.
        assert found.objective_mm == pytest.approx(max(roomy), abs=QUANTUM_MM)


@cache
def _candidates(seed: int) -> tuple[Candidate, ...]:
    return tuple(_every_candidate(among_balls(seed)))


def test_rooms_above_and_below_the_wish_are_both_asked_for() -> None:
    rooms = [one.slack_mm for seed in (2, 9) for one in _candidates(seed)]
    wished_mm = min(among_balls(2).tools.wished_mm)
    assert min(rooms) < wished_mm < max(rooms)


def _choose(problem: Problem) -> tuple[Question, SearchResult, ReachChoice]:
    question, found = a_question(problem), find_best_path(problem)
    return question, found, choose_for_room(question, ReachChoice(found, found))


@cache
def _chosen(seed: int) -> tuple[Question, SearchResult, ReachChoice]:
    return _choose(among_balls(seed))


def _changed() -> list[int]:
    return [seed for seed in SEEDS if _chosen(seed)[2].findings]


def test_some_paths_are_changed_and_some_are_kept() -> None:
    assert 0 < len(_changed()) < len(SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_taken_bears_more_and_is_worth_nearly_the_same(seed: int) -> None:
    question, found, choice = _chosen(seed)
    best, taken = found.best, choice.result.best
    assert best is not None
    assert taken is not None
    if not choice.findings:
        assert choice == ReachChoice(found, found)
        return
    before, after = (measure_hand_room(question, one) for one in (best, taken))
    assert after.least_mm >= before.least_mm + NOTICED_MM
    assert best.objective_mm - taken.objective_mm <= BAND_MM + QUANTUM_MM
    assert taken.slack_mm > best.slack_mm
    assert choice.proved is found


@pytest.mark.parametrize("seed", SEEDS)
def test_the_change_is_said_with_what_it_gains_and_costs(seed: int) -> None:
    question, found, choice = _chosen(seed)
    if not choice.findings:
        assert choice.reasons == ()
        return
    best, taken = found.best, choice.result.best
    assert best is not None
    assert taken is not None
    (note,), (reason,) = choice.findings, choice.reasons
    before, after = (measure_hand_room(question, one).words for one in (best, taken))
    assert (note.code, note.severity.value) == ("PL-054", "NOTE")
    assert note.what.endswith(f"{after} in place of {before}")
    assert f"{best.objective_mm - taken.objective_mm:.2f} mm below" in note.why
    assert after in reason
    assert f"within {BAND_MM:g} mm" in choice.method


def test_without_a_path_nothing_is_chosen() -> None:
    question, found, _ = _chosen(2)
    for broken in (replace(found, best=None), replace(found, is_feasible=False)):
        refused = ReachChoice(broken, broken)
        assert choose_for_room(question, refused) is refused


def test_the_mirrored_patient_is_given_the_mirrored_path() -> None:
    for seed in _changed()[:2]:
        _, _, choice = _chosen(seed)
        _, _, other = _choose(mirror_problem(among_balls(seed)))
        assert choice.result.best is not None
        assert other.result.best is not None
        here, there = choice.result.best, other.result.best
        assert there.entry_lps_mm == pytest.approx(here.entry_lps_mm * MIRROR, abs=1e-6)
        assert there.target_lps_mm == pytest.approx(here.target_lps_mm * MIRROR, abs=1e-6)
        assert there.stop_mm == here.stop_mm
        assert other.reasons == choice.reasons


def test_a_path_with_no_room_at_all_leaves_the_hand_none() -> None:
    question, found, _ = _chosen(2)
    best = found.best
    assert best is not None
    # Through the nearest ball: the path breaks its margins, and so does every error of the hand.
    into = question.problem.hazards.hazards[0].field
    assert into is not None
    at = np.unravel_index(int(np.argmin(into.values)), into.values.shape)
    broken = replace(
        best, target_lps_mm=into.grid.origin_lps_mm + into.grid.spacing_mm * np.array(at)
    )
    assert measure_hand_room(question, broken).least_mm == 0.0
