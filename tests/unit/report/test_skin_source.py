"""The planner is asked again for the skin map, and what it cannot say is said."""

from collections.abc import Callable

import numpy as np
import pytest

from kambin.anatomy import Anatomy, Case, Level
from kambin.core import AnatomyError, SilentProgress
from kambin.frames import Side
from kambin.planning import Plan, PlanRequest, Refusal, SkinMap
from kambin.report import skin_source
from kambin.report.skin_source import find_skin_map, skin_picture


def a_map() -> SkinMap:
    entries = np.array([[70.0, 40.0, 30.0], [80.0, 40.0, 10.0]])
    return SkinMap(
        entries, np.array([70.0, 80.0]), np.array([25.0, 5.0]), np.array([0.5, -1.0]), None, ()
    )


@pytest.fixture
def the_asked(monkeypatch: pytest.MonkeyPatch) -> list[PlanRequest]:
    """The requests that reach the planner, whose answer is made up here."""
    asked: list[PlanRequest] = []

    def answer(case: Case, anatomy: Anatomy, request: PlanRequest, **_: object) -> SkinMap:
        asked.append(request)
        return a_map()

    monkeypatch.setattr(skin_source, "plan_skin_map", answer)
    return asked


def test_the_plans_own_request_is_asked_again(
    the_asked: list[PlanRequest],
    a_small_case: Case,
    a_small_anatomy: Anatomy,
    a_plan: Callable[[str], Plan],
) -> None:
    find_skin_map(
        a_small_case, a_small_anatomy, a_plan("right"), progress=SilentProgress(), store=None
    )
    (request,) = the_asked
    assert (str(request.level), str(request.side), request.zone) == (
        "L4-L5",
        "right",
        "paracentral",
    )
    assert (request.technique, request.cannula_mm) == ("outside-in", 7.5)
    assert request.target_lps_mm is None


def test_a_plan_to_a_given_point_asks_for_its_point(
    the_asked: list[PlanRequest],
    a_small_case: Case,
    a_small_anatomy: Anatomy,
    a_plan: Callable[[str], Plan],
) -> None:
    plan = a_plan("left").model_copy(update={"zone": None})
    find_skin_map(a_small_case, a_small_anatomy, plan, progress=SilentProgress(), store=None)
    assert the_asked[0].target_lps_mm == plan.trajectory.target_lps_mm


def test_a_refusal_of_a_point_that_is_not_known_says_so(
    the_asked: list[PlanRequest], a_small_case: Case, a_small_anatomy: Anatomy, a_refusal: Refusal
) -> None:
    refusal = a_refusal.model_copy(update={"zone": None})
    said = find_skin_map(
        a_small_case, a_small_anatomy, refusal, progress=SilentProgress(), store=None
    )
    assert isinstance(said, str)
    assert "not known" in said
    assert the_asked == []


def test_what_planning_lacks_is_said_and_not_hidden(
    a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> None:
    """The patient of boxes has no vertebral frames: the planner raises, the report says why."""
    said = find_skin_map(
        a_small_case, a_small_anatomy, a_plan("left"), progress=SilentProgress(), store=None
    )
    assert isinstance(said, str)
    assert said.startswith("The skin map is not drawn:")
    with pytest.raises(AnatomyError, match="AN-011"):
        skin_source.plan_skin_map(
            a_small_case,
            a_small_anatomy,
            PlanRequest(*_level_and_side(a_plan("left")), zone="paracentral"),
        )


def _level_and_side(plan: Plan):
    return Level.parse(plan.level), Side(plan.side)


@pytest.mark.parametrize(("side", "sign"), [("left", 1.0), ("right", -1.0)])
def test_lateral_becomes_the_patients_left_with_the_plans_entry(
    side: str, sign: float, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> None:
    plan = a_plan(side)
    picture = skin_picture(a_map(), a_small_anatomy, plan)
    assert picture.left_mm == pytest.approx([sign * 70.0, sign * 80.0])
    assert picture.entry_mm == pytest.approx(
        (sign * plan.entry.lateral_of_midline_mm, plan.entry.cranial_of_disc_line_mm)
    )
    assert picture.disc_line_lps_mm == pytest.approx(5.0)
    assert picture.midline_lps_mm == pytest.approx(0.0)


def test_a_refusal_has_no_entry_on_its_map(a_small_anatomy: Anatomy, a_refusal: Refusal) -> None:
    assert skin_picture(a_map(), a_small_anatomy, a_refusal).entry_mm is None
