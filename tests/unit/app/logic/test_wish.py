"""A wish and a confirmed place are the question that the planner is asked."""

import math
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.app.logic.made_session import made_place

from kambin.app.logic.wish import PlanWish
from kambin.core import RequestError
from kambin.frames import Side
from kambin.knowledge import techniques
from kambin.planning import PlanRequest
from kambin.planning.certainty_models import DEFAULT_SETTING

WEIGHT = next(iter(next(iter(techniques().values())).weights.model_dump()))


@pytest.mark.parametrize("side", list(Side))
def test_without_a_wish_everything_is_the_planners_own(side: Side) -> None:
    place = made_place(side)
    assert PlanWish().request_at(place) == PlanRequest(place.level, side, zone=place.zone)
    assert PlanWish().errors == DEFAULT_SETTING


@pytest.mark.parametrize("technique", sorted(techniques()))
def test_every_technique_can_be_wished_for(technique: str) -> None:
    asked = PlanWish(technique=technique).request_at(made_place())
    assert asked.technique == technique


def test_every_part_of_the_wish_is_in_the_question() -> None:
    wish = PlanWish(cannula_mm=6.5, margins="plan-only", weights={WEIGHT: 0.25})
    asked = wish.request_at(made_place())
    assert asked.cannula_mm == 6.5
    assert asked.margins == "plan-only"
    assert asked.weights == {WEIGHT: 0.25}


def test_who_confirmed_the_place_does_not_change_the_question() -> None:
    place = made_place()
    other = replace(place, by="B. Reader", at="2027-01-01T00:00:00+00:00")
    assert PlanWish().request_at(place) == PlanWish().request_at(other)


def test_a_target_of_the_hand_stands_for_the_zone() -> None:
    place = replace(made_place(), zone=None, target_lps_mm=(1.0, 2.0, 3.0))
    asked = PlanWish().request_at(place)
    assert asked.zone is None
    assert asked.target_lps_mm == (1.0, 2.0, 3.0)


@pytest.mark.parametrize(
    ("part", "wrong", "code"),
    [
        ("cannula_mm", math.nan, "PL-031"),
        ("cannula_mm", -7.5, "PL-031"),
        ("weights", {"beauty": 1.0}, "PL-083"),
        ("weights", {WEIGHT: -1.0}, "PL-083"),
        ("margins", "none at all", "PL-084"),
    ],
)
def test_what_no_planner_accepts_is_refused(part: str, wrong: Any, code: str) -> None:
    wish = replace(PlanWish(), **{part: wrong})
    with pytest.raises(RequestError) as refused:
        wish.request_at(made_place())
    assert refused.value.code == code


def test_wishes_are_values_that_can_be_kept_in_a_set() -> None:
    one, two = PlanWish(weights={WEIGHT: 1.0}), PlanWish(weights={WEIGHT: 1.0})
    assert len({one, two}) == 1
    assert PlanWish(weights={WEIGHT: 2.0}) != one
