"""The page of the six ways in a report: for the answer's own target, or why there is none."""

from dataclasses import replace

import pytest
from tests.unit.approaches.back_of_boxes import build_back
from tests.unit.planning.made_level import make_plan
from tests.unit.planning.simple_spine import Recipe, build_case
from tests.unit.planning.test_models import REFUSAL

from kambin.anatomy import Anatomy
from kambin.core import SilentProgress
from kambin.planning.asked_again import repeat_request
from kambin.report.compare_page import ComparePage, make_compare_page


def make(anatomy: Anatomy, **changed: object) -> ComparePage | str:
    answer = REFUSAL.model_copy(update=changed)
    return make_compare_page(build_case(anatomy), anatomy, answer, progress=SilentProgress())


def test_the_page_has_the_picture_and_all_six_ways() -> None:
    page = make(build_back())
    assert isinstance(page, ComparePage)
    assert page.picture.png.startswith(b"\x89PNG")
    assert "L4-L5, LEFT side" in page.picture.alt
    assert len(page.tables[0].columns) == 1 + 6


def test_without_a_target_the_reason_stands_in_its_place() -> None:
    assert make(build_back(fragment=False)) == (
        "The six ways are not compared: the target of the refused request is not known."
    )


def test_without_a_lamina_the_reason_stands_in_its_place() -> None:
    why = make(build_back(recipe=Recipe(without=("lamina:L4",))))
    assert isinstance(why, str)
    assert "lamina:L4" in why


def test_a_zone_is_asked_again_and_a_point_only_without_fragment() -> None:
    named = repeat_request(REFUSAL.model_copy(update={"zone": "central"}))
    assert named is not None
    assert (named.zone, named.target_lps_mm) == ("central", None)
    plan = make_plan(()).model_copy(update={"zone": None})
    point, fragment = (repeat_request(plan, aims_at_fragment=aims) for aims in (False, True))
    assert point is not None
    assert fragment is not None
    assert point.target_lps_mm == plan.trajectory.target_lps_mm
    assert fragment.target_lps_mm is None
    assert replace(point, target_lps_mm=None) == fragment


@pytest.mark.parametrize("aims", [True, False])
def test_level_side_technique_and_cannula_are_those_of_the_answer(aims: bool) -> None:
    found = repeat_request(REFUSAL.model_copy(update={"zone": "central"}), aims_at_fragment=aims)
    assert found is not None
    assert (str(found.level), found.side.value) == (REFUSAL.level, REFUSAL.side)
    assert (found.technique, found.cannula_mm) == (REFUSAL.technique, REFUSAL.cannula_mm)
