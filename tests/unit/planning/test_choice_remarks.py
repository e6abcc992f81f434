"""What is said or asked about landmarks, docking and preferences, word by word."""

from dataclasses import replace

import pytest
from tests.unit.planning.made_choices import DOCKING, PREFERENCE
from tests.unit.planning.small_problems import the_tools

from kambin.core import Severity, require_code
from kambin.knowledge import landmarks, value
from kambin.planning.choice_models import Landmark
from kambin.planning.choice_remarks import (
    remark_docking,
    remark_landmarks,
    remark_preferences,
    tell_usual_case,
)
from kambin.planning.remarks import make_finding

WHERE = "L4-L5 left"


def _seen(state: str | None = "too-early-medial", **parts: object) -> Landmark:
    row = None if state is None else landmarks()[state]
    usual: dict[str, object] = {
        "ap_zone": "SL-MPL",
        "ap_lateral_mm": 6.0,
        "lateral_mm_of_pvl": 4.0,
        "state": state,
        "title": None if row is None else row.title,
        "action": None if row is None else row.action,
        "policy": None if row is None else row.policy,
        "is_verified": None if row is None else row.is_verified,
        "source": None if row is None else row.source,
    }
    return Landmark.model_validate({**usual, **parts})


# Landmarks


@pytest.mark.parametrize("state", landmarks())
def test_pl_080_follows_the_policy_of_each_row(state: str) -> None:
    row, found = landmarks()[state], remark_landmarks([("needle", _seen(state))])
    if row.policy == "allow":
        assert found == []
        return
    (said,) = found
    assert said.code == "PL-080"
    assert said.severity is (Severity.CONFIRM if row.stops else Severity.NOTE)
    assert said.what.startswith(row.title)
    assert said.what.endswith("(unverified)") is not row.is_verified
    assert row.action in said.why


@pytest.mark.parametrize(
    ("depth", "words"),
    [
        (4.04, "4.0 mm behind the posterior"),
        (-4.06, "4.1 mm in front of the posterior"),
        (0.0, "0.0 mm behind the posterior"),
    ],
)
def test_the_depth_is_said_without_a_sign(depth: float, words: str) -> None:
    (said,) = remark_landmarks([("needle", _seen(lateral_mm_of_pvl=depth))])
    assert words in said.why
    assert "The tip of the needle lies SL-MPL" in said.why


def test_one_state_of_two_tools_is_said_once_of_the_first() -> None:
    (said,) = remark_landmarks([("needle", _seen()), ("guidewire", _seen())])
    assert said.where == "needle"


def test_two_states_are_said_in_their_order() -> None:
    found = remark_landmarks([("needle", _seen()), ("reamer", _seen("reamer-past-pedicle"))])
    assert [f.where for f in found] == ["needle", "reamer"]
    assert [f.severity for f in found] == [Severity.CONFIRM, Severity.NOTE]


def test_a_tool_without_a_landmark_or_state_is_not_remarked() -> None:
    assert remark_landmarks([("cannula", None), ("needle", _seen(None))]) == []


# Docking


def test_pl_085_a_foramen_without_a_waist_is_a_note() -> None:
    unmeasured = DOCKING.model_copy(update={"waist_distance_mm": None})
    (said,) = remark_docking(unmeasured, WHERE)
    assert (said.code, said.severity, said.where) == ("PL-085", Severity.NOTE, WHERE)


@pytest.mark.parametrize(("beyond_mm", "asks"), [(-0.01, False), (0.0, False), (0.01, True)])
def test_pl_081_asks_from_just_beyond_the_allowance(beyond_mm: float, asks: bool) -> None:
    assert DOCKING.waist_distance_mm is not None
    stop = DOCKING.waist_distance_mm + value("planning.waist_allowance_mm") + beyond_mm
    found = remark_docking(DOCKING.model_copy(update={"stop_mm": stop}), WHERE)
    assert [f.code for f in found] == (["PL-081"] if asks else [])
    assert all(f.severity is Severity.CONFIRM for f in found)


def test_pl_081_says_how_far_out_the_cannula_docks() -> None:
    (said,) = remark_docking(DOCKING.model_copy(update={"stop_mm": 9.4}), WHERE)
    assert "docks 4.4 mm outside the waist" in said.what
    assert "At most 2.0 mm are usual" in said.why


# Preferences


def test_pl_086_all_that_is_left_is_said_in_one_note() -> None:
    flat = PREFERENCE.model_copy(update={"value": 40.0, "is_left": True})
    far = PREFERENCE.model_copy(
        update={
            "name": "lateral_of_midline_mm",
            "value": 141.6,
            "low": 77.0,
            "high": 140.0,
            "unit": "mm",
            "is_left": True,
        }
    )
    (said,) = remark_preferences([flat, PREFERENCE, far], WHERE)
    assert (said.code, said.severity, said.where) == ("PL-086", Severity.NOTE, WHERE)
    assert said.why == (
        "axial inclination 40, usual 47 to 61 deg; lateral of midline 142, usual 77 to 140 mm."
    )


def test_what_is_kept_is_not_remarked() -> None:
    assert remark_preferences([PREFERENCE], WHERE) == []
    assert remark_preferences([], WHERE) == []


# The usual case


def test_the_usual_case_is_said_with_the_margin_and_changes_nothing_else() -> None:
    found = make_finding("PL-001", Severity.BLOCK, what="a", where="b", why="c.")
    told = tell_usual_case(found, replace(the_tools(), margins="plan-only"))
    assert told.why.startswith("c. With 3 mm to root, ganglion and sac")
    assert replace(told, why=found.why) == found


@pytest.mark.parametrize("code", ["PL-080", "PL-081", "PL-085", "PL-086"])
def test_every_code_said_here_has_a_page(code: str) -> None:
    entry = require_code(code)
    assert entry.title
    assert entry.cause
    assert entry.next_step
