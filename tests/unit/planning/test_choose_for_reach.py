"""A plan that is changed for reach, from the question to the path that is taken."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from tests.unit.planning.simple_spine import (
    GRID,
    LEVEL,
    build_case,
    build_simple_spine,
    mirror_spine,
)

from kambin.anatomy import Anatomy, Origin, Structure, StructureKey
from kambin.frames import Side
from kambin.imaging import region_from_mask
from kambin.knowledge import technique, value
from kambin.planning import PlanRequest, reach_choice
from kambin.planning.alternatives import Way, find_alternatives
from kambin.planning.entries import Entries
from kambin.planning.evaluate import Path
from kambin.planning.evaluator import Evaluator
from kambin.planning.objectives import measure_objectives
from kambin.planning.problem import Problem
from kambin.planning.question import Question, prepare_question
from kambin.planning.reach import measure_reachable
from kambin.planning.reach_choice import (
    ReachChoice,
    choose_for_reach,
    dock_everywhere,
    find_otherwise_weighed,
    find_withdrawn,
)
from kambin.planning.resection import find_capsule
from kambin.planning.room_choice import choose_for_room
from kambin.planning.search import Candidate, SearchResult, find_best_path

FRAGMENT = StructureKey("fragment")
WEIGHT_MM = technique("outside-in").weights.reach
EVERY = 2
"""One entry in so many is asked; the lattice of the whole skin takes longer and says the same."""


def _spine(low: tuple[float, ...], high: tuple[float, ...]) -> Anatomy:
    """The spine of boxes with a fragment between two corners."""
    nodes = np.stack(np.meshgrid(*GRID.axes_mm(), indexing="ij"), axis=-1)
    inside = ((nodes >= low) & (nodes <= high)).all(axis=-1)
    made = Structure(FRAGMENT, region_from_mask(inside, GRID), Origin.SEGMENTED, 1.0)
    spine = build_simple_spine()
    return replace(spine, structures={**spine.structures, FRAGMENT: made})


def _ask(anatomy: Anatomy, side: Side = Side.LEFT, **named: object) -> Question:
    whole = prepare_question(build_case(anatomy), anatomy, PlanRequest(LEVEL, side, **named))
    entries = whole.problem.entries
    fewer = Entries(entries.points_lps_mm[::EVERY], entries.rays)
    return replace(whole, problem=replace(whole.problem, entries=fewer))


@dataclass(frozen=True)
class Chosen:
    """A question, what the search answered, and what reach made of it."""

    question: Question
    found: SearchResult
    choice: ReachChoice

    @property
    def best(self) -> Candidate:
        assert self.choice.result.best is not None
        return self.choice.result.best

    def measure(self, one: Candidate) -> float:
        problem = self.question.problem
        path = Path(one.entry_lps_mm, one.target_lps_mm, one.stop_mm)
        reamed = find_capsule(path, problem.tools.removal_radius_mm)[None]
        return measure_reachable(
            self.question.anatomy, problem.geometry, path, problem.tools, problem.hazards, reamed
        )


def _choose(question: Question) -> Chosen:
    found = find_best_path(question.problem)
    return Chosen(question, found, choose_for_reach(question, found))


@pytest.fixture(scope="module")
def changed() -> Chosen:
    """A fragment high under the root, which the path of most clearance passes by."""
    return _choose(_ask(_spine((6, 17, -2), (14, 23, 10))))


@pytest.fixture(scope="module")
def kept() -> Chosen:
    """A fragment on the way of the path of most clearance."""
    return _choose(_ask(_spine((-3, 16, -5), (11, 22, 1))))


def test_a_path_that_reaches_more_takes_the_place_of_the_best(changed: Chosen) -> None:
    best = changed.found.best
    assert best is not None
    assert changed.choice.result.best is not best
    assert changed.measure(changed.best) > changed.measure(best) + 0.3


def test_what_is_won_in_reach_is_worth_what_is_lost(changed: Chosen) -> None:
    best = changed.found.best
    assert best is not None
    lost = best.objective_mm - changed.best.objective_mm
    won = changed.measure(changed.best) - changed.measure(best)
    assert 0 < lost <= WEIGHT_MM * won


def test_the_path_that_is_taken_keeps_every_hard_margin(changed: Chosen) -> None:
    assert changed.best.slack_mm >= 0
    assert changed.choice.result.is_feasible


def test_the_certificate_stays_that_of_the_objective(changed: Chosen) -> None:
    assert changed.choice.proved is changed.found
    assert changed.choice.result.upper_bound_mm == changed.found.upper_bound_mm
    assert changed.choice.result.candidates == changed.found.candidates
    assert f"within {WEIGHT_MM:g} mm" in changed.choice.method


def test_the_change_is_said_once_with_both_shares(changed: Chosen) -> None:
    (note,) = changed.choice.findings
    assert (note.code, note.severity.value) == ("PL-052", "NOTE")
    assert f"{changed.measure(changed.best):.0%} of the fragment in place of" in note.what
    assert note.where == "L4-L5 left"


def test_a_best_path_that_reaches_nearly_all_is_taken(kept: Chosen) -> None:
    assert kept.found.best is not None
    assert kept.measure(kept.found.best) >= value("reach.note_share")
    assert kept.choice == ReachChoice(kept.found, kept.found)


@pytest.mark.parametrize("named", [{"zone": "paracentral"}, {"target_lps_mm": (10.0, 18.0, 0.0)}])
def test_where_somebody_named_the_target_it_is_kept(
    changed: Chosen, named: dict[str, object]
) -> None:
    request = replace(changed.question.request, **named)
    asked = choose_for_reach(replace(changed.question, request=request), changed.found)
    assert asked.result is changed.found
    assert asked.findings == ()


def test_without_a_fragment_the_best_is_taken(changed: Chosen) -> None:
    bare = {k: s for k, s in changed.question.anatomy.structures.items() if k != FRAGMENT}
    anatomy = replace(changed.question.anatomy, structures=bare)
    asked = choose_for_reach(replace(changed.question, anatomy=anatomy), changed.found)
    assert asked.result is asked.proved is changed.found


@pytest.mark.parametrize("broken", [{"best": None}, {"is_feasible": False}])
def test_where_nothing_passes_nothing_is_chosen(changed: Chosen, broken: dict[str, object]) -> None:
    refused = replace(changed.found, **broken)
    asked = choose_for_reach(changed.question, refused)
    assert asked.result is refused
    assert asked.findings == ()


def test_the_mirrored_patient_is_given_the_mirrored_path(changed: Chosen) -> None:
    twin = _choose(_ask(mirror_spine(changed.question.anatomy), Side.RIGHT))
    flip = np.array([-1.0, 1.0, 1.0])
    assert twin.best.entry_lps_mm * flip == pytest.approx(changed.best.entry_lps_mm, abs=0.05)
    assert twin.best.target_lps_mm * flip == pytest.approx(changed.best.target_lps_mm, abs=0.05)
    assert twin.best.stop_mm == changed.best.stop_mm
    assert [f.what for f in twin.choice.findings] == [f.what for f in changed.choice.findings]
    assert twin.choice.findings[0].where == "L4-L5 right"


# What stands beside a plan is asked as well


def test_ways_under_other_weights_pass_and_are_worth_what_they_are_under_the_own_ones(
    changed: Chosen,
) -> None:
    problem, best = changed.question.problem, changed.found.best
    others = list(find_otherwise_weighed(problem))
    assert best is not None
    assert len({one.entry_lps_mm.tobytes() for one, _ in others}) > 1
    for one, line in others:
        assert one.slack_mm >= 0
        assert one.objective_mm <= best.objective_mm + 1e-6
        if line is not None:
            again = find_best_path(line).best
            assert again is not None
            assert again.objective_mm == one.objective_mm
    listed = {entry.tobytes() for entry in problem.entries.points_lps_mm}
    assert {one.entry_lps_mm.tobytes() for one, _ in others} <= listed


def test_the_way_of_most_room_is_taken_where_it_alone_reaches_the_fragment(
    changed: Chosen, monkeypatch: pytest.MonkeyPatch
) -> None:
    question, best = changed.question, changed.found.best
    assert best is not None
    others = [one for one, _ in find_otherwise_weighed(question.problem)]
    near = [one for one in others if best.objective_mm - one.objective_mm < WEIGHT_MM]
    (wanted, *_) = [one for one in near if (one.entry_lps_mm != best.entry_lps_mm).any()]

    def only_from_there(_: Anatomy, __: Problem, one: Candidate) -> float:
        same = np.array_equal(one.entry_lps_mm, wanted.entry_lps_mm)
        return float(same and np.array_equal(one.target_lps_mm, wanted.target_lps_mm))

    monkeypatch.setattr(reach_choice, "measure_share", only_from_there)
    choice = choose_for_reach(question, changed.found)
    assert choice.result.best is not None
    assert choice.result.best.entry_lps_mm == pytest.approx(wanted.entry_lps_mm)
    assert choice.result.best.target_lps_mm == pytest.approx(wanted.target_lps_mm)
    assert choice.won is not None
    assert (choice.won[0].reachable, choice.won[1].reachable) == (1.0, 0.0)
    assert [note.code for note in choice.findings] == ["PL-052"]


def test_a_way_that_is_worth_much_less_is_not_taken_for_its_reach(
    changed: Chosen, monkeypatch: pytest.MonkeyPatch
) -> None:
    question, best = changed.question, changed.found.best
    assert best is not None

    def far(_: Problem) -> Iterator[tuple[Candidate, None]]:
        yield replace(best, objective_mm=best.objective_mm - WEIGHT_MM - 0.1, stop_mm=99.0), None

    monkeypatch.setattr(reach_choice, "find_otherwise_weighed", far)
    monkeypatch.setattr(reach_choice, "measure_share", lambda *g: float(g[2].stop_mm == 99.0))
    choice = choose_for_reach(question, changed.found)
    assert choice.result.best is best
    assert max(row.reachable for row in choice.asked) == 1.0


# What docks further out, and what bears more of the hand


def test_a_cannula_drawn_back_keeps_its_line_and_loses_no_room(changed: Chosen) -> None:
    problem, found = changed.question.problem, changed.found.best
    assert found is not None
    docked = dock_everywhere(problem, found)
    assert [one.stop_mm for one in docked] == sorted({one.stop_mm for one in docked})
    rooms = [one.slack_mm for one in docked]
    assert all(near <= far + 1e-6 for near, far in pairwise(rooms))
    same = next(one for one in docked if one.stop_mm == found.stop_mm)
    assert same.objective_mm == pytest.approx(found.objective_mm)
    assert same.slack_mm == pytest.approx(found.slack_mm, abs=1e-4)
    # What the search says of the same line alone, at the docking distance it likes best.
    assert max(one.objective_mm for one in docked) == pytest.approx(found.objective_mm, abs=0.01)


def test_what_is_drawn_back_lies_further_out_in_steps(changed: Chosen) -> None:
    near = min(dock_everywhere(changed.question.problem, changed.best), key=lambda one: one.stop_mm)
    further = [one.stop_mm for one in find_withdrawn(changed.question.problem, near)]
    step_mm = value("reach.alternative_step_mm")
    assert further
    assert further == [near.stop_mm + step_mm * n for n in range(1, len(further) + 1)]


def test_room_for_the_hand_is_never_paid_for_with_reach(changed: Chosen) -> None:
    room = choose_for_room(changed.question, changed.choice)
    taken = room.result.best
    assert taken is not None
    worth = [one.objective_mm + WEIGHT_MM * changed.measure(one) for one in (changed.best, taken)]
    assert worth[0] - worth[1] <= value("planning.room_band_mm") + 0.01
    # What is said of reach is that of the path that is taken at last.
    assert f"reaches {changed.measure(taken):.0%} of the fragment" in room.reasons[0]
    assert f"{changed.measure(taken):.0%} of the fragment" in room.findings[0].what
    assert room.proved is changed.found


# Beside the plan


def test_the_way_of_most_reach_stands_beside_a_plan_that_reaches_less(changed: Chosen) -> None:
    question, best = changed.question, changed.found.best
    assert best is not None
    path = Path(best.entry_lps_mm, best.target_lps_mm, best.stop_mm)
    stages = Evaluator.of(question).evaluate(path, certainty=False, quick=True).stages
    judged = measure_objectives(
        question.anatomy,
        question.problem,
        path,
        stages,
        best,
        reachable_fraction=changed.measure(best),
    )
    plan = Way(best, judged, None, question.problem.tools.technique.weights)
    others = find_alternatives(question, plan, changed.choice.asked)
    first = others[0]
    assert first.name == "Most of the fragment reached"
    assert first.objectives.reachable_fraction == max(r.reachable for r in changed.choice.asked)
    assert "of the fragment in reach" in first.why
    assert all(other.objectives.reachable_fraction is not None for other in others)
    assert len(others) <= value("planning.alternatives_max")
