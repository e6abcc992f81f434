"""Sheets of a skin map at their edges, and a proof between two of its sentences."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.report.conftest import CERTIFICATE
from tests.unit.report.test_plan_rows import some_objectives

from kambin.planning import Plan, Refusal
from kambin.report.proof_rows import proof_table
from kambin.report.skin_map import SkinPicture
from kambin.report.skin_print import PAPERS, find_sheet


def a_back(left_mm: list[float], cranial_mm: list[float], room_mm: list[float]) -> SkinPicture:
    """Single entries of a back."""
    return SkinPicture(np.array(left_mm), np.array(cranial_mm), np.array(room_mm), None, 0.0, 0.0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_sheet_lies_about_midline_and_safe_skin(sign: float) -> None:
    sheet = find_sheet(a_back([60 * sign, 100 * sign], [-20, 40], [1.0, 0.0]))
    assert (sheet.paper, sheet.is_cut) == ("A4", False)
    # seen from behind the patient's left is on the left, where x is negative
    across, up = sheet.drawn_mm
    assert sheet.left_mm + across / 2 == pytest.approx(-50 * sign)
    assert sheet.bottom_mm + up / 2 == pytest.approx(10.0)


def test_skin_that_breaks_a_margin_needs_no_paper_unless_all_of_it_does() -> None:
    safe = a_back([70.0, 900.0], [0.0, 900.0], [0.0, -0.01])
    assert not find_sheet(safe).is_cut
    assert find_sheet(replace(safe, room_mm=np.array([-1.0, -2.0]))).is_cut
    # where no straight line begins nothing is drawn either
    assert not find_sheet(replace(safe, room_mm=np.array([-1.0, -np.inf]))).is_cut


def test_a_back_without_any_entry_still_has_its_midline() -> None:
    sheet = find_sheet(a_back([], [], []))
    across, up = sheet.drawn_mm
    assert (sheet.left_mm, sheet.bottom_mm) == pytest.approx((-across / 2, -up / 2))


@pytest.mark.parametrize("number", range(len(PAPERS)))
def test_each_paper_holds_what_it_can_to_the_millimetre(number: int) -> None:
    name, width_mm, height_mm = PAPERS[number]
    one = find_sheet(a_back([70.0], [0.0], [1.0]))
    edges = one.width_mm - one.drawn_mm[0], one.height_mm - one.drawn_mm[1]
    # both sides keep room of 12 mm about what is safe
    wide, high = width_mm - edges[0] - 24.0, height_mm - edges[1] - 24.0
    held = find_sheet(a_back([wide - 0.01, 0.0], [0.0, high - 0.01], [1.0, 1.0]))
    over = find_sheet(a_back([wide + 0.01, 0.0], [0.0, high - 0.01], [1.0, 1.0]))
    assert (held.paper, held.is_cut) == (name, False)
    assert (held.width_mm, held.height_mm) == (width_mm, height_mm)
    assert over.paper != name or over.is_cut


# The proof


def says(document: Plan | Refusal, row: str, **fields: float | None) -> str:
    changed = document.model_copy(update={"certificate": CERTIFICATE.model_copy(update=fields)})
    return next(text for name, text in proof_table(changed).rows if name == row)


@pytest.mark.parametrize(("less_mm", "is_told"), [(0.0, False), (0.009, False), (0.02, True)])
def test_a_plan_within_a_tie_of_the_best_is_the_best(
    a_plan: Callable[[str], Plan], less_mm: float, is_told: bool
) -> None:
    objectives = some_objectives(score_mm=1.0 - less_mm)
    plan = a_plan("right").model_copy(update={"objectives": objectives})
    said = says(plan, "Among the listed paths", objective_mm=1.0, gap_mm=0.0)
    assert ("the best of the search" in said) is is_told
    assert ("this plan." in said) is not is_told


def test_a_plan_better_than_the_search_found_is_never_said_to_be_worth_less(
    a_plan: Callable[[str], Plan],
) -> None:
    plan = a_plan("left").model_copy(update={"objectives": some_objectives(score_mm=1.5)})
    assert "less" not in says(plan, "Among the listed paths", objective_mm=1.0, gap_mm=0.0)


def test_a_refusal_says_what_unbounded_means_for_it(a_refusal: Refusal) -> None:
    between = "Between the listed paths"
    assert "might pass" in says(a_refusal, between, continuum_gap_mm=None)
    assert says(a_refusal, between, continuum_gap_mm=-0.2) == "None is worth more either."
    # exactly at the margin a path passes
    assert says(a_refusal, "Among the listed paths", objective_mm=0.0).startswith("Some pass")
