"""Rows P01 to P05: plans that no longer hold, and how the second checker says so."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.conftest import Planned, a_planned_spine, a_simple_spine  # noqa: F401
from tests.unit.planning.simple_spine import GRID, LEVEL, Recipe, build_case, build_simple_spine

from kambin.anatomy import Anatomy, Origin, Structure, StructureKey
from kambin.core import PlanError
from kambin.frames import Side
from kambin.imaging import region_from_mask
from kambin.planning import (
    Path,
    Plan,
    PlanRequest,
    Verification,
    plan_trajectory,
    seal_plan,
    verify_plan,
)


def _codes(answer: Verification) -> set[str]:
    return {f.code for f in answer.findings if f.severity == "BLOCK"}


def _changed(plan: Plan, **parts: Any) -> Plan:
    return seal_plan(plan.model_copy(update=parts))


def _moved(plan: Plan, shift_mm: tuple[float, float, float]) -> Plan:
    """Return the plan with its whole axis moved, sealed as if it had been planned so."""

    def move(point: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(np.add(point, shift_mm).tolist())

    axis = plan.trajectory.model_copy(
        update={
            "entry_lps_mm": move(plan.trajectory.entry_lps_mm),
            "target_lps_mm": move(plan.trajectory.target_lps_mm),
        }
    )
    stages = tuple(s.model_copy(update={"tip_lps_mm": move(s.tip_lps_mm)}) for s in plan.stages)
    return _changed(plan, trajectory=axis, stages=stages)


def test_p01_a_changed_label_map_makes_the_plan_stale(a_planned_spine: Planned) -> None:  # noqa: F811
    other = replace(a_planned_spine.case, sha256="d" * 64)
    answer = verify_plan(other, a_planned_spine.anatomy, a_planned_spine.plan)
    assert not answer.valid
    assert "PL-020" in _codes(answer)


def test_p02_an_edited_plan_is_refused(a_planned_spine: Planned) -> None:  # noqa: F811
    edited = a_planned_spine.plan.model_copy(update={"cannula_mm": 6.0})
    answer = verify_plan(a_planned_spine.case, a_planned_spine.anatomy, edited)
    assert "PL-021" in _codes(answer)


def test_p02_a_moved_tip_is_refused(a_planned_spine: Planned) -> None:  # noqa: F811
    plan = a_planned_spine.plan
    first = plan.stages[0].model_copy(update={"tip_lps_mm": (0.0, 0.0, 0.0)})
    answer = verify_plan(
        a_planned_spine.case,
        a_planned_spine.anatomy,
        _changed(plan, stages=(first, *plan.stages[1:])),
    )
    assert "PL-021" in _codes(answer)


def test_p02_a_newer_schema_is_not_read(a_planned_spine: Planned) -> None:  # noqa: F811
    newer = _changed(a_planned_spine.plan, schema_version=99)
    answer = verify_plan(a_planned_spine.case, a_planned_spine.anatomy, newer)
    assert _codes(answer) == {"PL-022"}
    assert answer.max_difference_mm is None


def test_p03_a_plan_for_the_other_side_is_refused(a_planned_spine: Planned) -> None:  # noqa: F811
    swapped = _changed(a_planned_spine.plan, side="right")
    answer = verify_plan(a_planned_spine.case, a_planned_spine.anatomy, swapped)
    assert "PL-023" in _codes(answer)


def test_p03_a_fragment_on_the_other_side_of_the_asked_one_must_be_confirmed(
    a_simple_spine: Anatomy,  # noqa: F811
) -> None:
    x, y, z = np.meshgrid(*GRID.axes_mm(), indexing="ij")
    box = (abs(x + 2.0) <= 1.6) & (abs(y - 16.0) <= 2) & (abs(z) <= 2)
    key = StructureKey("fragment")
    fragment = Structure(key, region_from_mask(box, GRID), Origin.DRAWN, 0.5)
    anatomy = replace(a_simple_spine, structures={**a_simple_spine.structures, key: fragment})
    answer = plan_trajectory(build_case(anatomy), anatomy, PlanRequest(LEVEL, Side.LEFT))
    assert isinstance(answer, Plan)
    # It is reached from the left all the same, but only once a person has said so.
    assert answer.trajectory.entry_lps_mm[0] > 0 > answer.trajectory.target_lps_mm[0]
    assert [f.severity for f in answer.findings if f.code == "PL-012"] == ["CONFIRM"]
    assert answer.status == "needs_confirmation"


def test_p03_a_fragment_on_the_asked_side_needs_no_word(
    a_planned_spine: Planned,  # noqa: F811
) -> None:
    assert "PL-012" not in {f.code for f in a_planned_spine.plan.findings}


def test_p04_an_axis_moved_into_the_root_is_refused(a_planned_spine: Planned) -> None:  # noqa: F811
    for row in a_planned_spine.plan.stages[0].clearances:
        if row.structure == "exiting_root:L4:left":
            break
    moved = _moved(a_planned_spine.plan, (0.0, 0.0, 6.0))
    answer = verify_plan(a_planned_spine.case, a_planned_spine.anatomy, moved)
    assert not answer.valid
    assert {"PL-025", "PL-028"} & _codes(answer)
    assert "PL-027" in _codes(answer)


def test_p04_an_entry_off_the_skin_is_refused(a_planned_spine: Planned) -> None:  # noqa: F811
    plan = a_planned_spine.plan
    entry, target = (
        np.array(p) for p in (plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm)
    )
    way = (entry - target) / np.linalg.norm(entry - target)
    axis = plan.trajectory.model_copy(
        update={
            "entry_lps_mm": tuple((entry + 9 * way).tolist()),
            "length_mm": plan.trajectory.length_mm + 9,
        }
    )
    answer = verify_plan(
        a_planned_spine.case, a_planned_spine.anatomy, _changed(plan, trajectory=axis)
    )
    assert "PL-024" in _codes(answer)


def test_p04_bone_that_was_not_planned_is_seen(a_planned_spine: Planned) -> None:  # noqa: F811
    root_moved = build_simple_spine(Recipe(root_shift_mm=-6.0))
    answer = verify_plan(a_planned_spine.case, root_moved, a_planned_spine.plan)
    assert {"PL-025", "PL-027"} & _codes(answer)


def test_p05_coinciding_points_are_refused(a_planned_spine: Planned) -> None:  # noqa: F811
    plan = a_planned_spine.plan
    axis = plan.trajectory.model_copy(
        update={"entry_lps_mm": plan.trajectory.target_lps_mm, "length_mm": 0.0}
    )
    answer = verify_plan(
        a_planned_spine.case, a_planned_spine.anatomy, _changed(plan, trajectory=axis)
    )
    assert "PL-026" in _codes(answer)


@given(
    st.tuples(*[st.floats(-300, 300, allow_nan=False)] * 3),
    st.one_of(st.just(0.0), st.just(float("nan")), st.floats(-5, -0.1)),
)
def test_p05_no_degenerate_path_is_made(point: tuple[float, float, float], stop: float) -> None:
    with pytest.raises(PlanError, match="PL-026"):
        Path(np.array(point), np.array(point), stop)
