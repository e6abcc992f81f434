"""Two plans side by side."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.made_level import (
    ROOT,
    make_clearance,
    make_plan,
    make_resection,
    make_stage,
)

from kambin.core import RequestError
from kambin.planning import Plan, Trajectory, compare_plans, seal_plan
from kambin.planning.comparison import flatten_numbers
from kambin.planning.comparison_models import PlanComparison


def _plan(gap_mm: float = 3.0, **parts: Any) -> Plan:
    rows = (
        make_clearance(ROOT, clearance_mm=gap_mm),
        make_clearance("sap:L5:left", group="removable", clearance_mm=gap_mm),
    )
    return make_plan((make_stage("needle", *rows), make_stage("cannula", *rows)), **parts)


def _row(found: PlanComparison, name: str) -> Any:
    (row,) = (row for row in found.numbers if row.name == name)
    return row


def test_a_plan_does_not_differ_from_itself() -> None:
    found = compare_plans(_plan(), _plan())
    assert {row.difference for row in found.numbers} == {0.0}
    assert {row.difference_mm for row in found.clearances} == {0.0}
    assert found.nearer == found.farther == found.better_a == found.better_b == ()
    assert found.move.entry_mm == found.move.turned_deg == 0.0


def test_every_number_of_both_plans_is_there() -> None:
    plan = _plan()
    said = {k: v for k, v in plan.model_dump().items() if k not in ("stages", "schema_version")}
    names = {name for name, _ in flatten_numbers(said)}
    assert {row.name for row in compare_plans(plan, plan).numbers} == names
    assert {"trajectory.length_mm", "resection.volume_mm3"} <= names


def test_what_only_one_plan_knows_has_no_difference() -> None:
    a, b = _plan(), _plan(resection=make_resection(volume_mm3=None))
    row = _row(compare_plans(a, b), "resection.volume_mm3")
    assert (row.b, row.difference, row.better) == (None, None, "neither")


@pytest.mark.parametrize(
    ("name", "less", "more", "better"),
    [
        ("volume_mm3", 10.0, 90.0, "a"),
        ("sap_fraction", 0.1, 0.4, "a"),
        ("facet_kept_fraction", 0.5, 0.9, "b"),
        ("pars_left_mm", 5.0, 8.0, "b"),
    ],
)
def test_less_bone_and_more_joint_speak_for_a_plan(
    name: str, less: float, more: float, better: str
) -> None:
    a, b = (_plan(resection=make_resection(**{name: v})) for v in (less, more))
    assert _row(compare_plans(a, b), f"resection.{name}").better == better
    other = {"a": "b", "b": "a"}[better]
    assert _row(compare_plans(b, a), f"resection.{name}").better == other


def test_room_to_a_root_is_better_and_room_to_the_process_that_is_reamed_is_not() -> None:
    found = compare_plans(_plan(2.0), _plan(4.0))
    better = {(row.tool, row.structure): row.better for row in found.clearances}
    assert better == {
        ("needle", ROOT): "b",
        ("needle", "sap:L5:left"): "neither",
        ("cannula", ROOT): "b",
        ("cannula", "sap:L5:left"): "neither",
    }
    assert found.farther == (ROOT, "sap:L5:left")
    assert found.nearer == ()
    assert compare_plans(_plan(4.0), _plan(2.0)).nearer == (ROOT, "sap:L5:left")


def test_what_two_checkers_may_disagree_about_is_the_same() -> None:
    found = compare_plans(_plan(2.0), _plan(2.2))
    assert {row.better for row in found.clearances if row.structure == ROOT} == {"same"}
    assert found.farther == ()


def test_far_structures_speak_for_nobody() -> None:
    found = compare_plans(_plan(90.0), _plan(120.0))
    assert {row.better for row in found.clearances} == {"neither"}
    assert found.farther == ()


def test_the_move_is_told_in_the_surgeon_s_directions() -> None:
    a = _plan()
    axis = Trajectory(
        entry_lps_mm=(77.0, 60.0, 12.0), target_lps_mm=(8.0, 12.0, 0.0), length_mm=85.0
    )
    move = compare_plans(a, seal_plan(a.model_copy(update={"trajectory": axis}))).move
    assert move.entry_mm == pytest.approx(13.0)
    assert move.entry_towards_lateral_mm == pytest.approx(5.0)
    assert move.entry_towards_cranial_mm == pytest.approx(12.0)
    assert move.target_mm == 0.0
    ways = [np.array([64.0, 48.0, 0.0]), np.array([69.0, 48.0, 12.0])]
    cosine = ways[0] @ ways[1] / np.prod([np.linalg.norm(w) for w in ways])
    assert move.turned_deg == pytest.approx(np.degrees(np.arccos(cosine)), abs=1e-5)


def test_towards_lateral_is_the_side_of_the_plan() -> None:
    axis = {"entry_lps_mm": (-77.0, 60.0, 0.0), "target_lps_mm": (-8.0, 12.0, 0.0)}
    a = _plan(side="right", trajectory=Trajectory(**axis, length_mm=84.0))
    axis["entry_lps_mm"] = (-80.0, 60.0, 0.0)
    b = _plan(side="right", trajectory=Trajectory(**axis, length_mm=86.0))
    assert compare_plans(a, b).move.entry_towards_lateral_mm == pytest.approx(3.0)


@pytest.mark.parametrize("change", [{"case_sha256": "d" * 64}, {"level": "L5-S1"}])
def test_plans_of_two_questions_are_compared_only_if_asked(change: dict[str, str]) -> None:
    with pytest.raises(RequestError, match="RQ-102"):
        compare_plans(_plan(), _plan(**change))
    found = compare_plans(_plan(), _plan(**change), across=True)
    assert (found.move.entry_mm is None) is ("case_sha256" in change)
    assert (found.move.not_assessed_reason is None) is ("level" in change)


@given(st.floats(-5, 60), st.floats(-5, 60))
def test_the_other_way_round_all_differences_change_their_sign(one: float, other: float) -> None:
    there, back = compare_plans(_plan(one), _plan(other)), compare_plans(_plan(other), _plan(one))
    swapped = {"a": "b", "b": "a"}
    for x, y in zip(there.clearances, back.clearances, strict=True):
        assert x.difference_mm == pytest.approx(-(y.difference_mm or 0.0), abs=2e-6)
        assert x.better == swapped.get(y.better, y.better)
    assert (there.better_a, there.nearer) == (back.better_b, back.farther)


@pytest.mark.parametrize(("chance", "better"), [(0.209, "same"), (0.22, "a"), (0.1, "b")])
def test_a_lesser_chance_of_contact_is_better_if_it_is_not_noise(
    chance: float, better: str
) -> None:
    a, b = (
        _plan(certainty=_plan().certainty.model_copy(update={"contact_probability": {ROOT: p}}))
        for p in (0.2, chance)
    )
    row = _row(compare_plans(a, b), f"certainty.contact_probability.{ROOT}")
    assert row.better == better
