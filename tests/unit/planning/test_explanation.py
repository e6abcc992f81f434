"""Why a plan was picked, in words that a surgeon can check against its numbers."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.made_choices import ALTERNATIVE, OBJECTIVES
from tests.unit.planning.made_level import make_clearance, make_stage
from tests.unit.planning.small_problems import the_tools

from kambin.planning.choice_models import Objectives
from kambin.planning.explanation import NO_OTHER, compare_words, explain_pick, find_closest
from kambin.planning.objective_rows import ROWS, ObjectiveRow
from kambin.planning.reach_choice import ReachChoice
from kambin.planning.search import Candidate, SearchResult


def _result(objective_mm: float, candidates: int = 5000) -> SearchResult:
    best = Candidate(np.zeros(3), np.ones(3), 0.0, 0.5, objective_mm, 0.0)
    return SearchResult(best, True, candidates, 100)


def _explain(
    taken: SearchResult, proved: SearchResult, *own: str, reasons: tuple[str, ...] = ()
) -> tuple[str, ...]:
    chosen = ReachChoice(taken, proved, reasons=reasons)
    *said, none = explain_pick(the_tools(), chosen, (), (), own)
    assert none == NO_OTHER
    return tuple(said)


def _with(row: ObjectiveRow, number: float | None) -> Objectives:
    return OBJECTIVES.model_copy(update={row.name: number})


# Comparing two ways


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_each_objective_is_called_a_gain_one_way_and_a_cost_the_other(row: ObjectiveRow) -> None:
    low, high = _with(row, 10.0), _with(row, 2000.0)
    upwards, downwards = compare_words(low, high), compare_words(high, low)
    assert upwards.startswith("Better" if row.is_more_better else "It costs")
    assert downwards.startswith("It costs" if row.is_more_better else "Better")
    assert upwards.endswith(f"{row.words}.")
    assert f"{row.tell(2000.0)} instead of {row.tell(10.0)}" in upwards


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_a_way_compared_with_itself_is_alike(row: ObjectiveRow) -> None:
    same = _with(row, 42.0)
    assert compare_words(same, same) == "Alike in everything that is compared."


def test_an_unknown_number_is_neither_gain_nor_cost() -> None:
    known = OBJECTIVES.model_copy(update={"nerve_clearance_mm": 9.0})
    unknown = OBJECTIVES.model_copy(update={"nerve_clearance_mm": None})
    assert compare_words(known, unknown) == compare_words(unknown, known)
    assert "instead" not in compare_words(known, unknown)


def test_gains_come_before_costs_and_in_the_order_of_the_rows() -> None:
    other = OBJECTIVES.model_copy(
        update={"room_mm": 1.2, "docking_mm": 3.0, "bone_mm3": 500.0, "off_target_mm": 4.0}
    )
    assert compare_words(OBJECTIVES, other) == (
        "Better: 1.2 instead of 0.2 mm of room above the hard margins; "
        "3.0 instead of 6.0 mm short of the target. "
        "It costs: 500 instead of 300 mm3 of bone in the way; "
        "4.0 instead of 1.0 mm from the goal."
    )


# Why this one


def test_the_best_by_the_weights_is_worth_the_most() -> None:
    (said,) = _explain(_result(1.0), _result(1.0))
    assert (
        said == "It is worth the most of 5,000 listed candidates under the weights of outside-in."
    )


def test_a_path_that_was_taken_for_a_reason_says_what_it_gave_up_and_why() -> None:
    (said,) = _explain(_result(1.0), _result(1.25), reasons=("reaches all", "bears more"))
    assert said == (
        "Of 5,000 listed candidates the best under the weights of outside-in is worth 0.25 mm "
        "of clearance more; this one reaches all, and bears more."
    )


def test_the_candidates_are_those_of_the_proof() -> None:
    (said,) = _explain(_result(1.0, 10), _result(1.0, 7000))
    assert "7,000 listed candidates" in said


def test_own_weights_are_named_in_alphabetical_order() -> None:
    (said,) = _explain(_result(1.0), _result(1.0), "docking_per_mm", "bone_per_cm3")
    assert said.endswith("with your own bone_per_cm3, docking_per_mm.")


def test_a_search_that_found_nothing_has_nothing_to_give_up() -> None:
    nothing = SearchResult(None, False, 5000, 100)
    (said,) = _explain(nothing, nothing)
    assert said.startswith("It is worth the most of 5,000")


@pytest.mark.parametrize(
    ("relaxed", "words"),
    [({"docks_at_mouth": True}, "waist of the foramen"), ({"frees_rim": True}, "takes rim bone")],
)
def test_each_relaxation_is_said_and_only_when_it_was_needed(
    relaxed: dict[str, bool], words: str
) -> None:
    results = ReachChoice(_result(1.0), _result(1.0))
    needed = explain_pick(replace(the_tools(), **relaxed), results, (), (), ())
    usual = explain_pick(the_tools(), results, (), (), ())
    assert [line for line in needed if line not in usual] == [needed[1]]
    assert words in needed[1]


def test_every_alternative_is_listed_last_with_its_words() -> None:
    others = [ALTERNATIVE.model_copy(update={"name": n, "why": f"{n} why"}) for n in ("one", "two")]
    said = explain_pick(the_tools(), ReachChoice(_result(1.0), _result(1.0)), (), others, ())
    assert said[-2:] == ("one: one why", "two: two why")


# What binds


def test_negative_room_is_said_as_such() -> None:
    row = make_clearance(clearance_mm=0.25, hard_margin_mm=1.0)
    assert find_closest([make_stage("cannula", row)]) == (
        "exiting_root:L4:left binds: 0.2 mm to the cannula, 1.0 mm demanded, -0.8 mm to spare."
    )


@pytest.mark.parametrize(
    ("margin_mm", "words"), [(0.0, "no contact allowed"), (-1.5, "contact allowed to 1.5 mm")]
)
def test_a_margin_of_nothing_or_less_is_said_as_contact(margin_mm: float, words: str) -> None:
    row = make_clearance(clearance_mm=0.5, hard_margin_mm=margin_mm)
    said = find_closest([make_stage("reamer", row)])
    assert said == (
        f"exiting_root:L4:left binds: 0.5 mm to the reamer, {words}, "
        f"{0.5 - margin_mm:.1f} mm to spare."
    )


def test_what_is_removed_never_binds() -> None:
    removed = make_clearance("sap:L5:left", clearance_mm=-5.0, hard_margin_mm=None)
    kept = make_clearance(clearance_mm=3.0, hard_margin_mm=1.0)
    said = find_closest([make_stage("reamer", removed, kept)])
    assert said is not None
    assert said.startswith("exiting_root:L4:left binds")


def test_of_two_alike_the_earlier_tool_and_then_the_name_decide() -> None:
    a, b = (make_clearance(name) for name in ("aorta", "colon"))
    early = find_closest([make_stage("needle", b), make_stage("cannula", a)])
    assert early is not None
    assert early.startswith("colon binds: 3.0 mm to the needle")
    same = find_closest([make_stage("needle", b, a)])
    assert same is not None
    assert same.startswith("aorta binds")
