"""The rules by which a number speaks for a plan."""

from fnmatch import fnmatch
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from tests.unit.planning.made_level import (
    ROOT,
    make_clearance,
    make_plan,
    make_resection,
    make_stage,
)

from kambin.knowledge import value
from kambin.planning import Plan, Trajectory, compare_plans
from kambin.planning.comparison import (
    GUARDED,
    LESS_IS_BETTER,
    MORE_IS_BETTER,
    PROBABILITY_TOLERANCE,
    compare_numbers,
    compare_stages,
    find_changed,
    flatten_numbers,
)
from kambin.planning.comparison_models import ComparedNumber, PlanComparison

OTHER = {"a": "b", "b": "a", "same": "same", "neither": "neither"}
numbers = st.floats(-200, 200, allow_nan=False)
plain = st.recursive(
    numbers | st.booleans() | st.text(max_size=3) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
documents = st.dictionaries(st.text("xyz", min_size=1, max_size=3), plain, max_size=4)


def _names(model: type[BaseModel], prefix: str = "") -> list[str]:
    """Every dotted name of a model, of inner models as well."""
    found = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        found.append(f"{prefix}{name}")
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found += _names(kind, f"{prefix}{name}.")
    return found


def _only(found: list[ComparedNumber]) -> ComparedNumber:
    (row,) = found
    return row


# Names


@pytest.mark.parametrize("pattern", [*LESS_IS_BETTER, *MORE_IS_BETTER])
def test_every_pattern_names_a_number_of_the_plan(pattern: str) -> None:
    # a number that was renamed would silently speak for nobody
    names = [*_names(Plan), f"certainty.contact_probability.{ROOT}"]
    assert any(fnmatch(name, pattern) for name in names)


def test_what_is_kept_of_a_joint_counts_as_more_and_what_is_lost_as_less() -> None:
    for name, better in (("facet_kept_fraction", "b"), ("sap_fraction", "a")):
        row = _only(list(compare_numbers({"resection": {name: 0.1}}, {"resection": {name: 0.6}})))
        assert (row.name, row.better) == (f"resection.{name}", better)


@given(documents)
def test_every_number_is_found_once_and_truth_is_none(document: dict[str, Any]) -> None:
    def count(part: Any) -> int:
        if isinstance(part, dict):
            return sum(count(inner) for inner in part.values())
        if isinstance(part, list):
            return sum(count(inner) for inner in part)
        return isinstance(part, float)

    found = list(flatten_numbers(document))
    assert len(found) == count(document)
    assert all(isinstance(number, float) for _, number in found)


def test_places_in_a_list_are_part_of_the_name() -> None:
    document = {"a": {"b": [1, 2.5]}, "c": True, "d": "4", "e": None}
    assert dict(flatten_numbers(document, "p.")) == {"p.a.b.0": 1.0, "p.a.b.1": 2.5}


# The other way round


@given(documents, documents)
def test_the_difference_of_numbers_is_antisymmetric(a: dict[str, Any], b: dict[str, Any]) -> None:
    there = {row.name: row for row in compare_numbers(a, b)}
    back = {row.name: row for row in compare_numbers(b, a)}
    assert there.keys() == back.keys()
    for name, row in there.items():
        other = back[name]
        assert (row.a, row.b) == (other.b, other.a)
        assert (row.difference is None) is (row.a is None or row.b is None)
        assert row.difference is None or row.difference == -(other.difference or 0.0)
        assert row.better == OTHER[other.better]


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 400), st.floats(0, 400))
def test_two_resections_are_judged_alike_from_both_sides(
    kept: float, other_kept: float, volume: float, other_volume: float
) -> None:
    stage = (make_stage("needle", make_clearance()),)
    a = make_plan(stage, resection=make_resection(facet_kept_fraction=kept, volume_mm3=volume))
    b = make_plan(
        stage, resection=make_resection(facet_kept_fraction=other_kept, volume_mm3=other_volume)
    )
    there, back = compare_plans(a, b), compare_plans(b, a)
    assert there.better_a == back.better_b
    assert there.better_b == back.better_a
    assert not set(there.better_a) & set(there.better_b)


@given(st.tuples(*[st.floats(-30, 30)] * 3))
def test_a_plan_that_was_shifted_moves_entry_and_target_alike(
    shift: tuple[float, float, float],
) -> None:
    entry, target = (72.0, 60.0, 0.0), (8.0, 12.0, 0.0)
    moved = [tuple(float(v) for v in np.add(point, shift)) for point in (entry, target)]
    stage = (make_stage("needle", make_clearance()),)
    axis = Trajectory(entry_lps_mm=moved[0], target_lps_mm=moved[1], length_mm=80.0)
    there = compare_plans(make_plan(stage), make_plan(stage, trajectory=axis)).move
    length = float(np.linalg.norm(shift))
    assert there.entry_mm == pytest.approx(length, abs=1e-5)
    assert there.target_mm == pytest.approx(length, abs=1e-5)
    assert there.turned_deg == pytest.approx(0.0, abs=1e-4)
    assert there.entry_towards_lateral_mm == pytest.approx(shift[0], abs=1e-5)
    assert there.entry_towards_cranial_mm == pytest.approx(shift[2], abs=1e-5)


@pytest.mark.parametrize("angle_deg", [0.001, 1.0, 30.0, 90.0, 180.0])
def test_the_turn_of_an_axis_by_a_closed_form(angle_deg: float) -> None:
    turn = np.radians(angle_deg)
    way = 80.0 * np.array([0.8 * np.cos(turn) - 0.6 * np.sin(turn), 0, 0])
    way[1] = 80.0 * (0.8 * np.sin(turn) + 0.6 * np.cos(turn))
    entry = tuple(float(v) for v in np.add((8.0, 12.0, 0.0), way))
    axis = Trajectory(entry_lps_mm=entry, target_lps_mm=(8.0, 12.0, 0.0), length_mm=80.0)
    stage = (make_stage("needle", make_clearance()),)
    move = compare_plans(make_plan(stage), make_plan(stage, trajectory=axis)).move
    assert move.turned_deg == pytest.approx(angle_deg, abs=2e-5)
    assert move.target_mm == 0.0


# How much is something


@pytest.mark.parametrize(
    ("name", "tolerance"),
    [
        ("reach.visible_fraction", 1e-6),
        ("certainty.contact_probability.x", PROBABILITY_TOLERANCE),
        ("certainty.tolerance_entry_mm", None),
    ],
)
def test_a_number_counts_only_beyond_what_it_is_known_to(
    name: str, tolerance: float | None
) -> None:
    limit = value("planning.agreement_mm") if tolerance is None else tolerance
    for factor, is_same in ((0.5, True), (2.0, False)):
        row = _only(list(compare_numbers({name: 0.5}, {name: 0.5 + factor * limit})))
        assert (row.better == "same") is is_same


@pytest.mark.parametrize("group", sorted(GUARDED))
def test_room_to_what_is_guarded_speaks_for_a_plan(group: str) -> None:
    a, b = (
        (make_stage("needle", make_clearance("x", group=group, clearance_mm=gap)),)
        for gap in (1.0, 4.0)
    )
    assert [row.better for row in compare_stages(a, b)] == ["b"]
    assert [row.better for row in compare_stages(b, a)] == ["a"]


@pytest.mark.parametrize("group", ["removable", "bone", "disc"])
def test_room_to_what_is_leaned_on_speaks_for_nobody(group: str) -> None:
    a, b = (
        (make_stage("needle", make_clearance("x", group=group, clearance_mm=gap)),)
        for gap in (1.0, 4.0)
    )
    assert [row.better for row in compare_stages(a, b)] == ["neither"]


def test_three_dilators_are_three_tools() -> None:
    rows = [make_clearance(clearance_mm=gap) for gap in (5.0, 4.0, 3.0)]
    stages = tuple(make_stage("dilator", row) for row in rows)
    found = list(compare_stages(stages, stages[:2]))
    assert [row.tool for row in found] == ["dilator", "dilator 2", "dilator 3"]
    assert [row.a_mm for row in found] == [5.0, 4.0, 3.0]
    assert (found[2].b_mm, found[2].difference_mm, found[2].better) == (None, None, "neither")


def test_a_structure_may_be_nearer_at_one_stage_and_farther_at_another() -> None:
    def stages(needle_mm: float, cannula_mm: float) -> tuple[Any, ...]:
        return (
            make_stage("needle", make_clearance(clearance_mm=needle_mm)),
            make_stage("cannula", make_clearance(clearance_mm=cannula_mm)),
        )

    rows = list(compare_stages(stages(2.0, 5.0), stages(5.0, 2.0)))
    assert find_changed(rows) == ((ROOT,), (ROOT,))
    assert find_changed([]) == ((), ())


def test_the_document_knows_no_other_names() -> None:
    stage = (make_stage("needle", make_clearance()),)
    found = compare_plans(make_plan(stage), make_plan(stage))
    again = PlanComparison.model_validate_json(found.model_dump_json())
    assert again == found
    with pytest.raises(ValidationError):
        PlanComparison.model_validate({**found.model_dump(), "winner": "a"})
    with pytest.raises(ValidationError):
        ComparedNumber(name="x", a=1.0, b=2.0, difference=1.0, better="c")  # type: ignore[arg-type]
