"""Contact probability and hand tolerance against their closed forms."""

import math

import pytest
from tests.unit.planning.made_level import make_clearance, make_stage

from kambin.planning.certainty import (
    NOTHING_SPARE,
    assess_certainty,
    find_contact_probability,
    find_slack_mm,
)


def _chance(clearance_mm: float, sigma_mm: float) -> float:
    return find_contact_probability(make_clearance(clearance_mm=clearance_mm, sigma_mm=sigma_mm))


def _plane(clearance_mm: float, sigma_mm: float) -> float:
    """Return how likely a plane with a normal error lies beyond a gap."""
    return 0.5 * math.erfc(clearance_mm / (sigma_mm * math.sqrt(2)))


@pytest.mark.parametrize("sigma", [0.1, 0.5, 1.0, 2.5])
@pytest.mark.parametrize("clearance", [-3.0, -0.5, 0.0, 0.5, 1.0, 3.0, 10.0])
def test_contact_with_a_plane_is_that_of_the_normal_error(clearance: float, sigma: float) -> None:
    expected = _plane(clearance, sigma)
    assert _chance(clearance, sigma) == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_a_surface_that_is_just_reached_is_touched_every_second_time() -> None:
    assert _chance(0.0, 1.7) == 0.5


@pytest.mark.parametrize(("sigmas", "expected"), [(1, 0.158655), (2, 0.022750), (3, 0.001350)])
def test_contact_at_one_two_and_three_sigma(sigmas: int, expected: float) -> None:
    assert _chance(sigmas * 0.8, 0.8) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("clearance", "expected"), [(1e-9, 0.0), (0.0, 1.0), (-1e-9, 1.0), (5.0, 0.0)]
)
def test_a_surface_that_is_known_exactly_is_touched_or_not(
    clearance: float, expected: float
) -> None:
    assert _chance(clearance, 0.0) == expected


def test_the_largest_probability_over_the_stages_counts() -> None:
    stages = (
        make_stage("needle", make_clearance("dural_sac", clearance_mm=4.0, sigma_mm=1.0)),
        make_stage("cannula", make_clearance("dural_sac", clearance_mm=1.0, sigma_mm=1.0)),
        make_stage("scope", make_clearance("dural_sac", clearance_mm=2.0, sigma_mm=1.0)),
    )
    chances = assess_certainty(stages, slack_mm=1.0, length_mm=100.0).contact_probability
    assert chances == {"dural_sac": pytest.approx(_plane(1.0, 1.0))}


@pytest.mark.parametrize(
    ("margin", "named"), [(None, False), (-1.5, False), (0.0, True), (1.0, True)]
)
def test_only_what_may_not_be_touched_has_a_probability(margin: float | None, named: bool) -> None:
    stage = make_stage("cannula", make_clearance("dural_sac", hard_margin_mm=margin))
    certainty = assess_certainty([stage], slack_mm=1.0, length_mm=100.0)
    assert ("dural_sac" in certainty.contact_probability) is named


def test_probabilities_are_listed_by_name() -> None:
    stage = make_stage("needle", *(make_clearance(n) for n in ("kidney:left", "aorta", "colon")))
    certainty = assess_certainty([stage], slack_mm=1.0, length_mm=100.0)
    assert list(certainty.contact_probability) == ["aorta", "colon", "kidney:left"]


def test_the_tolerance_of_the_entry_is_the_slack() -> None:
    certainty = assess_certainty([make_stage()], slack_mm=0.7, length_mm=100.0)
    assert certainty.tolerance_entry_mm == 0.7
    assert certainty.not_assessed_reason is None


@pytest.mark.parametrize(
    ("slack", "length", "expected_deg"), [(1.0, 2.0, 30.0), (50.0, 100.0, 30.0), (2.0, 1.0, 90.0)]
)
def test_the_tolerance_of_the_angle_moves_the_tip_by_the_slack(
    slack: float, length: float, expected_deg: float
) -> None:
    certainty = assess_certainty([make_stage()], slack_mm=slack, length_mm=length)
    assert certainty.tolerance_angle_deg == pytest.approx(expected_deg)


@pytest.mark.parametrize("slack", [0.0, -1e-6, -5.0])
def test_without_slack_there_is_no_tolerance_and_the_reason_is_given(slack: float) -> None:
    certainty = assess_certainty([make_stage()], slack_mm=slack, length_mm=100.0)
    assert certainty.tolerance_entry_mm is None
    assert certainty.tolerance_angle_deg is None
    assert certainty.not_assessed_reason == NOTHING_SPARE


def test_the_slack_is_the_least_gap_above_its_own_margin() -> None:
    stages = (
        make_stage("needle", make_clearance(clearance_mm=3.0, hard_margin_mm=1.0)),
        make_stage(
            "cannula",
            make_clearance("colon", clearance_mm=11.0, hard_margin_mm=10.5),
            make_clearance("body_rim:L5", clearance_mm=-0.8, hard_margin_mm=-1.5),
        ),
    )
    assert find_slack_mm(stages) == pytest.approx(0.5)


def test_a_broken_margin_is_negative_slack() -> None:
    stage = make_stage("needle", make_clearance(clearance_mm=0.25, hard_margin_mm=1.0))
    assert find_slack_mm([stage]) == -0.75


def test_what_is_removed_has_no_slack() -> None:
    stage = make_stage("reamer", make_clearance("sap:L5:left", hard_margin_mm=None))
    assert find_slack_mm([stage]) == math.inf
    assert find_slack_mm([]) == math.inf
