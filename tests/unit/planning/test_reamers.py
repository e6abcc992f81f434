"""Which reamers may be used: the next size up, the steps before it, and the room on their way."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.unit.planning import made_level as level
from tests.unit.planning.posed_level import GRID, PATH, TARGET, a_hazard_near, plane
from tests.unit.planning.small_problems import Formula, a_block, a_structure

from kambin.knowledge import Instrument, instruments, value, values
from kambin.planning import Group
from kambin.planning.fields import HazardSet
from kambin.planning.policy import hard_margin_mm
from kambin.planning.reamers import (
    HALF_TURN_DEG,
    Wish,
    find_candidates,
    find_radii_mm,
    find_reamers,
    find_single_pass,
    find_steps,
    find_widest_mm,
)
from kambin.planning.shafts import Shaft

AXIS = Shaft(TARGET, PATH.entry_lps_mm)
WIDEST_MM = value("planning.single_pass_reamer_mm") / 2
TOOLS = level.find_tools("outside-in", 7.5)


def beside(formula: Formula, group: Group = Group.SAC) -> HazardSet:
    """A body along the whole path, whose distance is a formula."""
    made = a_hazard_near(formula, group=group)
    everywhere = a_structure("dural_sac", a_block(GRID.origin_lps_mm, GRID.high_lps_mm))
    return HazardSet(GRID, (replace(made, structure=everywhere),))


def find_margin_mm() -> float:
    """How near a reamer may come to a sac that is known exactly."""
    margin_mm = hard_margin_mm("reamer", Group.SAC, a_structure("dural_sac"))
    assert margin_mm is not None
    return margin_mm


def test_the_reamers_are_those_of_the_table_within_both_limits() -> None:
    low, high = min(values("planning.curve_diameter_mm")), 2 * WIDEST_MM
    reamers = [tool for tool in instruments().values() if tool.kind == "reamer"]
    left_out = [tool for tool in reamers if tool not in find_reamers()]
    assert left_out
    assert all(not low <= tool.outer_diameter_mm <= high for tool in left_out)
    assert all(low <= tool.outer_diameter_mm <= high for tool in find_reamers())
    assert len(left_out) + len(find_reamers()) == len(reamers)


def test_a_size_of_the_table_is_its_own_reamer_and_between_two_the_next() -> None:
    radii = find_radii_mm()
    for smaller, larger in pairwise(radii):
        for wanted_mm, found_mm in (
            (larger, larger),
            (smaller + 0.01, larger),
            (0.5 * (smaller + larger), larger),
            (larger + 1e-9, larger),
        ):
            tool = find_single_pass(wanted_mm)
            assert tool is not None or wanted_mm > WIDEST_MM
            assert tool is None or tool.radius_mm == found_mm
    thinnest = find_single_pass(0.0)
    assert thinnest is not None
    assert thinnest.radius_mm == radii[0]


def test_nothing_wider_than_a_single_pass_is_offered() -> None:
    assert find_single_pass(WIDEST_MM) is not None
    assert find_single_pass(WIDEST_MM + 0.01) is None
    assert find_single_pass(99.0) is None


@pytest.mark.parametrize("last", find_reamers(), ids=lambda tool: tool.name)
def test_steps_rise_to_the_last_and_hold_it_once(last: Instrument) -> None:
    steps = [tool.radius_mm for tool in find_steps(TOOLS, last)]
    assert steps[-1] == last.radius_mm
    assert steps == sorted(set(steps))
    named = {tool.radius_mm for tool in TOOLS.tools if tool.stage == "reamer"}
    assert set(steps[:-1]) == {mm for mm in named if mm < last.radius_mm}


def test_a_technique_without_reamers_has_no_step_before_the_last() -> None:
    last = find_reamers()[0]
    assert find_steps(level.find_tools("inside-out", 7.5), last) == [last]


@pytest.mark.parametrize("height_mm", [3.0, 4.5, 5.5])
def test_the_room_beside_a_wall_is_its_height_less_the_margin(height_mm: float) -> None:
    found = find_widest_mm(beside(plane(height_mm)), TOOLS, [AXIS])
    assert found == pytest.approx([height_mm - find_margin_mm()], abs=1e-5)


def test_the_nearest_point_of_each_way_decides_for_that_way_alone() -> None:
    # a wall that rises along the path: the tip is nearest to it
    hazards = beside(lambda x, y, z: 0.1 * x + 1.0 - z + 0 * y)
    outer = Shaft(TARGET + np.array([20.0, 0.0, 0.0]), PATH.entry_lps_mm)
    both = find_widest_mm(hazards, TOOLS, [AXIS, outer])
    alone = [find_widest_mm(hazards, TOOLS, [way])[0] for way in (AXIS, outer)]
    assert both.tolist() == alone
    assert both[1] - both[0] == pytest.approx(2.0, abs=1e-5)


def test_removable_bone_is_no_obstacle_to_a_reamer_and_other_bone_is() -> None:
    free = find_widest_mm(HazardSet(GRID, ()), TOOLS, [AXIS])
    assert free == pytest.approx([value("planning.field_reach_mm")])
    assert find_widest_mm(beside(plane(1.0), Group.REMOVABLE), TOOLS, [AXIS]) == pytest.approx(free)
    assert find_widest_mm(beside(plane(1.0), Group.NEVER), TOOLS, [AXIS])[0] < free[0] - 5.0


def ask(hazards: HazardSet, axis_mm: float, *, tilted: bool) -> list[Wish]:
    return find_candidates(PATH, AXIS, hazards, TOOLS, axis_mm=axis_mm, tilted=tilted)


def test_along_the_axis_go_all_reamers_that_have_room() -> None:
    for axis_mm in (0.0, *find_radii_mm(), 99.0):
        found = ask(HazardSet(GRID, ()), axis_mm, tilted=False)
        assert [tool.radius_mm for tool, _, _ in found] == [
            r for r in find_radii_mm() if r <= axis_mm
        ]
        assert all(shaft is AXIS and pivot == "axis" for _, shaft, pivot in found)


def test_with_room_all_around_every_direction_is_offered_once() -> None:
    found = ask(HazardSet(GRID, ()), 99.0, tilted=True)
    around = 2 * HALF_TURN_DEG / value("planning.reamer_azimuth_deg")
    ways = len(values("planning.reamer_tilt_deg")) + len(values("planning.reamer_shift_mm"))
    assert len(found) == (1 + around * ways) * len(find_reamers())
    kept = {"docking": "tip_lps_mm", "skin": "outer_lps_mm"}
    for _, shaft, pivot in found:
        if pivot != "axis":
            held = getattr(shaft, kept[pivot])
            assert held == pytest.approx(getattr(AXIS, kept[pivot]), abs=1e-9)
            assert shaft.length_mm == pytest.approx(AXIS.length_mm)
            assert shaft.tilt_deg > 0


def test_what_is_offered_keeps_off_a_wall_and_leans_away_from_it() -> None:
    margin_mm = find_margin_mm()
    hazards = beside(plane(margin_mm + 3.0))
    found = ask(hazards, 3.0, tilted=True)
    assert 0 < len(found) < len(ask(HazardSet(GRID, ()), 99.0, tilted=True))
    for tool, shaft, _ in found:
        highest = max(shaft.tip_lps_mm[2], shaft.outer_lps_mm[2])
        assert highest + tool.radius_mm + margin_mm <= margin_mm + 3.0 + 1e-5
    assert np.min([shaft.tip_lps_mm[2] for _, shaft, _ in found]) < -1.0
