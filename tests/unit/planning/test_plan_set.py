"""Several plans in one session: each check of a set fires, and only where it should."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.exchange.made_plans import a_refusal
from tests.unit.planning.made_level import (
    ROOT,
    make_clearance,
    make_plan,
    make_resection,
    make_stage,
)

from kambin.core import RequestError
from kambin.planning import Member, Plan, PlanSet, Trajectory, make_plan_set
from kambin.planning.plan_set import measure_gap_mm

LEFT = ((72.0, 60.0, 0.0), (8.0, 12.0, 0.0))


def _plan(
    level: str = "L4-L5",
    side: str = "left",
    ends: tuple[tuple[float, float, float], tuple[float, float, float]] | None = None,
    room_mm: float = 9.0,
    **bone: Any,
) -> Plan:
    entry, target = ends or LEFT
    if ends is None and side == "right":
        entry, target = ((-p[0], *p[1:]) for p in LEFT)
    row = make_clearance(ROOT, clearance_mm=room_mm)
    stage = make_stage("cannula", row)
    stage = stage.model_copy(update={"tip_lps_mm": target, "radius_mm": 3.75})
    axis = Trajectory(entry_lps_mm=entry, target_lps_mm=target, length_mm=80.0)
    return make_plan(
        (stage,), level=level, side=side, trajectory=axis, resection=make_resection(**bone)
    )


def _set(*answers: Any) -> PlanSet:
    return make_plan_set([Member(answer) for answer in answers])


def _codes(found: PlanSet) -> dict[str, str]:
    return {finding.code: finding.severity for finding in found.findings}


def _moved(shift_mm: tuple[float, float, float]) -> Any:
    return tuple(tuple(a + s for a, s in zip(p, shift_mm, strict=True)) for p in LEFT)


def test_one_plan_is_a_set_without_remarks() -> None:
    found = _set(_plan(facet_kept_fraction=1.0))
    assert (found.status, found.findings, found.entries) == ("ready", (), ())
    assert found.bone_total_mm3 == found.bone[0].left_mm3


def test_the_members_are_named_in_their_order() -> None:
    members = [Member(_plan("L5-S1"), "L5-S1-left/plan.json", "a" * 64), Member(_plan())]
    found = make_plan_set(members)
    assert [(m.level, m.file) for m in found.members] == [
        ("L5-S1", "L5-S1-left/plan.json"),
        ("L4-L5", None),
    ]
    assert found.members[0].content_sha256 == members[0].answer.content_sha256


@pytest.mark.parametrize(("shift", "shared"), [(7.9, True), (8.1, False)])
def test_near_entries_share_an_incision(shift: float, shared: bool) -> None:
    found = _set(_plan(), _plan("L5-S1", ends=_moved((0.0, 0.0, shift))))
    assert found.entries[0].distance_mm == pytest.approx(shift)
    assert found.entries[0].share_incision is shared
    assert ("PL-103" in _codes(found)) is shared


@pytest.mark.parametrize(("apart", "crosses"), [(7.4, True), (7.6, False)])
def test_cannulas_that_cross_cannot_be_in_place_together(apart: float, crosses: bool) -> None:
    (x, y, z), (u, v, w) = LEFT
    # across the first in the middle of its way, at a distance of `apart` along the head
    other = ((u, y, z + apart), (x, v, w + apart))
    found = _set(_plan(), _plan("L5-S1", ends=other))
    assert found.tubes[0].gap_mm == pytest.approx(apart - 7.5)
    assert ("PL-104" in _codes(found)) is crosses
    assert found.tubes[0].point_lps_mm == pytest.approx((40.0, 36.0, 0.0))


@given(st.tuples(*[st.floats(-40, 40)] * 3))
def test_the_gap_of_two_tubes_does_not_depend_on_their_order(shift: Any) -> None:
    a, b = _plan(), _plan("L5-S1", ends=_moved(shift))
    assert measure_gap_mm(a, b)[0] == pytest.approx(measure_gap_mm(b, a)[0], abs=1e-9)


def test_both_joints_of_a_level_are_judged_together() -> None:
    both = [_plan(side=side, facet_kept_fraction=0.7) for side in ("left", "right")]
    found = _set(*both)
    assert [row.stability_class for row in found.stability] == ["at_risk"]
    assert _codes(found)["PL-105"] == "CONFIRM"
    assert found.status == "needs_confirmation"
    assert found.bone[0].total_mm3 == pytest.approx(2 * (found.bone[0].left_mm3 or 0.0))


def test_one_cut_joint_of_two_planned_is_not_a_bilateral_loss() -> None:
    found = _set(_plan(facet_kept_fraction=0.9), _plan(side="right", facet_kept_fraction=1.0))
    assert "PL-105" not in _codes(found)
    assert found.stability[0].stability_class == "minor"


def test_a_joint_that_is_not_assessed_asks_all_the_same() -> None:
    found = _set(_plan(facet_kept_fraction=0.9), _plan(side="right", facet_kept_fraction=None))
    assert _codes(found)["PL-105"] == "CONFIRM"
    assert found.stability[0].stability_class == "not_assessed"


def test_the_joints_of_two_levels_are_not_added() -> None:
    found = _set(_plan(facet_kept_fraction=0.7), _plan("L5-S1", facet_kept_fraction=0.7))
    assert found.stability == ()
    assert "PL-105" not in _codes(found)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_pars_cut_from_above_and_below_asks(side: str) -> None:
    upper = _plan("L4-L5", "left", volume_mm3=80.0)
    lower = _plan("L5-S1", side, volume_mm3=40.0, iap_volume_mm3=5.0)
    for members in ((upper, lower), (lower, upper)):
        assert ("PL-106" in _codes(_set(*members))) is (side == "left")


def test_a_lower_level_that_leaves_the_inferior_process_alone_does_not_ask() -> None:
    lower = _plan("L5-S1", volume_mm3=40.0, iap_volume_mm3=0.0, pars_volume_mm3=0.0)
    assert "PL-106" not in _codes(_set(_plan(volume_mm3=80.0), lower))


@pytest.mark.parametrize(("room", "near"), [(1.0, True), (30.0, False)])
def test_a_nerve_that_two_plans_come_near_is_named(room: float, near: bool) -> None:
    found = _set(_plan(room_mm=1.0), _plan("L5-S1", room_mm=room))
    assert ("PL-107" in _codes(found)) is near


def test_a_refused_member_refuses_the_set() -> None:
    refusal = a_refusal().model_copy(update={"case_sha256": "c" * 64, "level": "L5-S1"})
    found = _set(_plan(), refusal)
    assert found.status == "refused"
    assert found.members[1].content_sha256 is None
    assert found.entries == ()


def test_bone_that_is_not_known_makes_no_sum() -> None:
    found = _set(_plan(), _plan("L5-S1", volume_mm3=None))
    assert found.bone_total_mm3 is None
    assert found.bone[0].total_mm3 is not None


@pytest.mark.parametrize(
    "answers",
    [
        (),
        (_plan(), _plan()),
        (_plan(), _plan("L5-S1").model_copy(update={"case_sha256": "d" * 64})),
    ],
    ids=["none", "twice", "two cases"],
)
def test_what_makes_no_set_is_refused(answers: tuple[Plan, ...]) -> None:
    with pytest.raises(RequestError, match="RQ-103"):
        _set(*answers)
