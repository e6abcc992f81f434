"""Contact probability: what is counted, where it is a bound, and that it is always the same."""

from dataclasses import replace

import numba
import numpy as np
import pytest
from tests.unit.planning.made_level import make_clearance, make_stage
from tests.unit.planning.posed_level import (
    GEOMETRY,
    ROOT,
    a_hazard_near,
    a_tool,
    plane,
    surroundings,
)
from tests.unit.planning.small_problems import a_block, a_structure, the_tools

from kambin.anatomy import StructureKey
from kambin.planning import Group, Toolset
from kambin.planning.certainty import find_slack_mm
from kambin.planning.contact import (
    Contact,
    assess_contact,
    draw_normal,
    draw_poses,
    find_meant,
    is_counted,
)
from kambin.planning.error_model import ErrorModel
from kambin.planning.fields import Hazard


def _tools(*stages: tuple[str, float]) -> Toolset:
    return replace(the_tools(), tools=tuple(a_tool(stage, radius) for stage, radius in stages))


def _assess(tools: Toolset, *hazards: Hazard, quick: bool = False) -> dict[str, Contact]:
    around, stages = surroundings(tools, hazards)
    model = ErrorModel()
    poses = draw_poses(around, model, GEOMETRY, quick=quick)
    return assess_contact(around, stages, model, poses)


def test_the_widest_tool_is_the_likeliest_to_touch() -> None:
    found = _assess(_tools(("needle", 0.6), ("dilator", 2.0), ("cannula", 3.75)), _root(5.0))
    alone = _assess(_tools(("cannula", 3.75)), _root(5.0))
    assert found[ROOT].stage == "cannula"
    assert found[ROOT].probability == pytest.approx(alone[ROOT].probability, abs=1e-12)


def _root(height_mm: float, **more: float) -> Hazard:
    return a_hazard_near(plane(height_mm), **more)


def test_contact_is_likelier_nearer_and_where_less_is_known() -> None:
    needle = _tools(("needle", 0.6))
    near, far = (_assess(needle, _root(h))[ROOT].probability for h in (2.0, 5.0))
    unsure = _assess(needle, _root(5.0, sigma_mm=3.0))[ROOT].probability
    assert near > unsure > far > 0


def test_a_surface_known_exactly_is_counted_by_poses() -> None:
    found = _assess(_tools(("needle", 0.6)), _root(2.0, sigma_mm=0.0))[ROOT]
    assert (found.probability * 4096) == pytest.approx(round(found.probability * 4096), abs=1e-6)
    assert 0 < found.probability < 0.5


def test_the_interval_holds_the_value_and_shrinks_with_poses() -> None:
    full, quick = (_assess(_tools(("needle", 0.6)), _root(3.0), quick=q)[ROOT] for q in (0, 1))
    for found in (full, quick):
        assert found.low <= found.probability <= found.high
    assert full.high - full.low < quick.high - quick.low
    assert full.probability == pytest.approx(quick.probability, abs=0.01)


def test_the_answer_does_not_depend_on_the_threads() -> None:
    tools, root = _tools(("needle", 0.6), ("cannula", 3.75)), _root(6.0)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one = _assess(tools, root)
        numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
        two = _assess(tools, root)
    finally:
        numba.set_num_threads(before)
    assert one == two


def test_the_drawn_numbers_are_normal_and_the_same_every_time() -> None:
    drawn = draw_normal(8, 9)
    assert drawn.shape == (8, 512, 5)
    draw_normal.cache_clear()
    assert np.array_equal(draw_normal(8, 9), drawn)
    flat = drawn.reshape(-1, 5)
    assert np.abs(flat.mean(axis=0)).max() < 0.005
    assert np.cov(flat.T) == pytest.approx(np.eye(5), abs=0.02)
    assert not np.array_equal(drawn[0], drawn[1])


# What is counted


@pytest.mark.parametrize(
    ("stage", "group", "margin", "counted"),
    [
        ("needle", "nerve", 1.0, True),
        ("cannula", "nerve", 0.0, True),
        ("forceps", "nerve", None, False),
        ("needle", "never", -1.5, False),
        ("cannula", "never", 0.0, True),
        ("cannula", "removable", None, False),
        ("cannula", "rim", -1.5, False),
        ("forceps", "organ", 10.0, True),
        ("cannula", "watched", None, True),
        ("forceps", "watched", None, False),
    ],
)
def test_contact_that_is_meant_is_not_counted(
    stage: str, group: str, margin: float | None, counted: bool
) -> None:
    row = make_clearance(group=group, hard_margin_mm=margin)
    assert is_counted(row, stage) is counted


def test_bone_that_every_tool_may_touch_is_listed() -> None:
    sap = make_clearance("sap:L5:left", group="removable", hard_margin_mm=-1.5)
    lamina = make_clearance("lamina:L4", group="never", hard_margin_mm=-1.5)
    stages = (
        make_stage("needle", sap, lamina),
        make_stage(
            "cannula",
            sap.model_copy(update={"hard_margin_mm": None}),
            lamina.model_copy(update={"hard_margin_mm": 0.0}),
        ),
    )
    assert find_meant(stages) == ("sap:L5:left",)


def test_removable_bone_has_no_probability() -> None:
    sap = a_hazard_near(plane(1.0), name="sap:L5:left", group=Group.REMOVABLE)
    assert _assess(_tools(("needle", 0.6), ("reamer", 3.0), ("cannula", 3.75)), sap) == {}


def test_an_organ_may_also_shift_when_the_patient_turns() -> None:
    tools = _tools(("needle", 0.6))
    organ = a_hazard_near(plane(12.0), name="colon", group=Group.ORGAN)
    vessel = a_hazard_near(plane(12.0), name="aorta", group=Group.VESSEL)
    found = _assess(tools, organ, vessel)
    assert found["colon"].probability > 0.03
    assert found["aorta"].probability < 0.001


# Beyond the fields


def test_a_structure_without_a_field_has_an_upper_bound_and_not_silence() -> None:
    block = a_structure("colon", a_block((5, 28, -5), (60, 40, 5)), sigma_mm=1.0)
    far = Hazard(StructureKey.parse("colon"), Group.ORGAN, block, None, 9.0)
    found = _assess(_tools(("needle", 0.6)), far)["colon"]
    assert found.is_bound
    assert found.low == 0.0
    # The wall stands 27.5 mm off; a bound may be larger than the truth, never smaller.
    near = a_hazard_near(lambda x, y, z: 27.5 - y, name="colon", group=Group.ORGAN, reach_mm=40.0)
    assert found.high >= _assess(_tools(("needle", 0.6)), near)["colon"].probability


def test_a_pose_that_leaves_the_field_bounds_the_contact_from_above() -> None:
    tools = _tools(("needle", 0.6))
    short = _assess(tools, _root(8.0, sigma_mm=3.0, reach_mm=6.0))[ROOT]
    whole = _assess(tools, _root(8.0, sigma_mm=3.0, reach_mm=40.0))[ROOT]
    assert short.is_bound
    assert not whole.is_bound
    assert short.low <= whole.probability <= short.probability


def test_probabilities_are_listed_by_name() -> None:
    names = ("kidney:left", "aorta", "colon")
    hazards = [a_hazard_near(plane(12.0), name=name, group=Group.ORGAN) for name in names]
    assert list(_assess(_tools(("needle", 0.6)), *hazards)) == ["aorta", "colon", "kidney:left"]


# Slack


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
    assert find_slack_mm([stage]) == np.inf
    assert find_slack_mm([]) == np.inf
