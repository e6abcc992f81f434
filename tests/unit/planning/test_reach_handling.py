"""How forceps and scope are handled: rows of the table, and what the plan's own tools change."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.unit.planning.made_level import find_tools

from kambin.knowledge import instruments, value
from kambin.planning.reach_handling import Handling, find_handling
from kambin.planning.tools import Tool, Toolset

HANDLING = find_handling(find_tools())


def _with(stage: str, instrument: str) -> Toolset:
    """The tools with one more, or with another in its place."""
    tools = find_tools()
    made = Tool(stage, instrument, instruments()[instrument].radius_mm)
    return replace(tools, tools=(*(t for t in tools.tools if t.stage != stage), made))


def test_the_defaults_are_the_rows_of_the_table() -> None:
    assert (HANDLING.swivel_deg, HANDLING.bend_deg) == (
        value("reach.swivel_deg"),
        value("reach.bend_deg"),
    )
    assert (HANDLING.jaw_mm, HANDLING.past_mm) == (
        value("reach.jaw_reach_mm"),
        value("reach.past_target_mm"),
    )
    assert HANDLING.field_deg == value("reach.field_of_view_deg")


@pytest.mark.parametrize(
    ("field", "fine", "coarse"),
    [
        ("azimuth_deg", "swivel_azimuth_deg", "quick_azimuth_deg"),
        ("bend_step_deg", "bend_step_deg", "quick_bend_step_deg"),
        ("block_mm", "block_mm", "quick_block_mm"),
        ("spacing_mm", "obstacle_spacing_mm", "quick_spacing_mm"),
    ],
)
def test_a_quick_answer_is_coarser_in_each_of_its_steps(field: str, fine: str, coarse: str) -> None:
    quick = find_handling(find_tools(), quick=True)
    assert getattr(HANDLING, field) == value(f"reach.{fine}")
    assert getattr(quick, field) == value(f"reach.{coarse}") > getattr(HANDLING, field)


def test_a_quick_answer_handles_the_same_tools() -> None:
    quick = find_handling(find_tools(), quick=True)
    for field in ("swivel_deg", "bend_deg", "jaw_mm", "rigid_mm", "bent_mm", "past_mm", "view_deg"):
        assert getattr(quick, field) == getattr(HANDLING, field)


@pytest.mark.parametrize("name", ["forceps-2.5", "forceps-3.5"])
def test_the_plan_s_own_forceps_are_the_straight_ones(name: str) -> None:
    found = find_handling(_with("forceps", name))
    assert found.rigid_mm == instruments()[name].radius_mm
    assert found.bent_mm == instruments()["forceps-articulated-2.5"].radius_mm


def test_without_forceps_of_its_own_the_articulated_ones_go_straight_too() -> None:
    tools = find_tools()
    bare = replace(tools, tools=tuple(t for t in tools.tools if t.stage != "forceps"))
    found = find_handling(bare)
    assert found.rigid_mm == found.bent_mm


def test_the_plan_s_own_scope_says_where_it_looks() -> None:
    scopes = {n: t.view_deg for n, t in instruments().items() if t.kind == "scope" and t.view_deg}
    assert scopes
    for name, view in scopes.items():
        assert find_handling(_with("scope", name)).view_deg == view


def test_without_a_scope_the_usual_view_is_taken() -> None:
    tools = find_tools()
    bare = replace(tools, tools=tuple(t for t in tools.tools if t.stage != "scope"))
    assert find_handling(bare).view_deg == value("reach.view_deg")


def test_the_arc_is_that_of_the_articulated_forceps() -> None:
    assert HANDLING.bend_radius_mm == instruments()["forceps-articulated-2.5"].lateral_reach_mm


@pytest.mark.parametrize(
    ("swivel", "tilts"), [(0.0, []), (4.9, []), (5.0, [5]), (10.0, [5, 10]), (14.0, [5, 10])]
)
def test_tilts_rise_in_whole_steps_up_to_the_swivel(swivel: float, tilts: list[float]) -> None:
    assert replace(HANDLING, swivel_deg=swivel).tilts_deg.tolist() == tilts


def test_the_tilts_of_less_swivel_are_among_those_of_more() -> None:
    tilts = [set(replace(HANDLING, swivel_deg=s).tilts_deg.tolist()) for s in (3, 7, 12, 18, 20)]
    assert all(less <= more for less, more in pairwise(tilts))
    assert tilts[0] < tilts[-1]


@pytest.mark.parametrize(("bend", "step", "count"), [(0.0, 5.0, 1), (60.0, 5.0, 13), (0.3, 0.1, 4)])
def test_bends_rise_from_straight_in_whole_steps(bend: float, step: float, count: int) -> None:
    bends = replace(HANDLING, bend_deg=bend, bend_step_deg=step).bends_rad
    assert len(bends) == count
    assert bends[0] == 0
    assert np.degrees(bends[-1]) == pytest.approx(bend)


def _cosines_deg(handling: Handling) -> list[float]:
    return np.degrees(np.arccos(handling.shape[:3])).tolist()


@pytest.mark.parametrize(
    ("view", "field", "narrow", "wide"),
    [(30.0, 80.0, 0.0, 70.0), (30.0, 40.0, 10.0, 50.0), (0.0, 80.0, 0.0, 40.0)],
)
def test_the_kernel_gets_the_cone_that_all_rotations_sweep(
    view: float, field: float, narrow: float, wide: float
) -> None:
    handling = replace(HANDLING, view_deg=view, field_deg=field)
    assert _cosines_deg(handling) == pytest.approx([field / 2, narrow, wide], abs=1e-6)
    assert handling.shape[3:].tolist() == [
        HANDLING.jaw_mm,
        HANDLING.bend_radius_mm,
        HANDLING.bent_mm,
    ]
