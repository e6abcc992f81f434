"""What several plans mean for each other, whatever their order and what is not known."""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.planning.made_level import (
    ROOT,
    make_clearance,
    make_plan,
    make_resection,
    make_stage,
)

from kambin.planning import Member, Plan, PlanSet, Trajectory, make_plan_set
from kambin.planning.resection import classify_stability

PLACES = [(level, side) for level in ("L3-L4", "L4-L5", "L5-S1") for side in ("left", "right")]
FEW = settings(max_examples=25)
shares = st.none() | st.floats(0, 1)
volumes = st.none() | st.floats(0, 400)
heights = st.floats(-60, 60)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan with any bone and any room, at a height of its own."""
    z = draw(heights)
    row = make_clearance(ROOT, clearance_mm=draw(st.floats(0, 12)))
    target = (8.0, 12.0, z)
    stage = make_stage("cannula", row).model_copy(update={"tip_lps_mm": target, "radius_mm": 3.75})
    axis = Trajectory(entry_lps_mm=(72.0, 60.0, z), target_lps_mm=target, length_mm=80.0)
    bone = make_resection(
        volume_mm3=draw(volumes),
        facet_kept_fraction=draw(shares),
        iap_volume_mm3=draw(st.floats(0, 9)),
        pars_volume_mm3=draw(st.floats(0, 9)),
    )
    return make_plan((stage,), trajectory=axis, resection=bone)


@st.composite
def sets(draw: st.DrawFn) -> list[Plan]:
    """One to three plans of different places."""
    places = draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique=True))
    return [draw(plans()).model_copy(update={"level": a, "side": b}) for a, b in places]


def _set(answers: Any) -> PlanSet:
    return make_plan_set([Member(answer) for answer in answers])


@FEW
@given(sets())
def test_the_order_of_the_members_changes_no_finding(members: list[Plan]) -> None:
    def said(found: PlanSet) -> tuple[Any, ...]:
        codes = sorted((f.code, f.severity) for f in found.findings)
        gaps = sorted(round(pair.gap_mm, 5) for pair in found.tubes)
        return found.status, codes, gaps, {row.level: row for row in found.stability}

    first = said(_set(members))
    assert all(said(_set(turned)) == first for turned in permutations(members))


@FEW
@given(sets())
def test_bone_is_summed_or_not_known(members: list[Plan]) -> None:
    found = _set(members)
    taken = [plan.resection.volume_mm3 for plan in members]
    if None in taken:
        assert found.bone_total_mm3 is None
    else:
        assert found.bone_total_mm3 == pytest.approx(sum(v or 0.0 for v in taken), abs=1e-5)


@FEW
@given(sets())
def test_every_pair_is_looked_at_once(members: list[Plan]) -> None:
    found = _set(members)
    pairs = len(members) * (len(members) - 1) // 2
    assert len(found.entries) == len(found.tubes) == pairs
    assert len({frozenset((pair.a, pair.b)) for pair in found.tubes}) == pairs
    crossing = sum(pair.gap_mm < 0 for pair in found.tubes)
    assert sum(f.code == "PL-104" for f in found.findings) == crossing
    shared = sum(pair.share_incision for pair in found.entries)
    assert sum(f.code == "PL-103" for f in found.findings) == shared


@FEW
@given(sets())
def test_parallel_tubes_are_as_far_apart_as_their_axes(members: list[Plan]) -> None:
    found = _set(members)
    for entry, tube in zip(found.entries, found.tubes, strict=True):
        # all axes of these plans are parallel, and lie above each other
        assert tube.gap_mm == pytest.approx(entry.distance_mm - 7.5, abs=1e-4)


@FEW
@given(st.floats(0, 1), st.floats(0, 1))
def test_two_cut_joints_are_never_judged_better_than_the_worse_one(
    left: float, right: float
) -> None:
    order = ["intact", "minor", "moderate", "at_risk"]
    stage = (make_stage("cannula", make_clearance()),)
    members = [
        make_plan(stage, side=side, resection=make_resection(facet_kept_fraction=share))
        for side, share in (("left", left), ("right", right))
    ]
    (row,) = _set(members).stability
    alone = classify_stability(min(left, right), touched=False)
    assert order.index(row.stability_class) >= order.index(alone)


@FEW
@given(sets())
def test_a_question_of_the_set_keeps_it_from_being_ready(members: list[Plan]) -> None:
    found = _set(members)
    asks = any(finding.severity == "CONFIRM" for finding in found.findings)
    assert found.status == ("needs_confirmation" if asks else "ready")
    assert PlanSet.model_validate_json(found.model_dump_json()) == found
