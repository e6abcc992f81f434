"""Tolerance of the hand: closed forms, what breaks just outside, and the second checker's word."""

import math
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.unit.planning.made_level import (
    LEVEL,
    SIDE,
    find_tools,
    made_level,
)
from tests.unit.planning.made_level import PATH as MADE_PATH
from tests.unit.planning.made_level import ROOT as MADE_ROOT
from tests.unit.planning.posed_level import (
    GEOMETRY,
    LENGTH_MM,
    PATH,
    ROOT,
    a_hazard_near,
    a_tool,
    plane,
    surroundings,
)
from tests.unit.planning.small_problems import ball, the_tools

from kambin.anatomy import Anatomy
from kambin.core import NoStore, SilentProgress
from kambin.planning import Toolset, evaluate
from kambin.planning.certainty import NOTHING_SPARE, assess_certainty, find_rulers
from kambin.planning.certainty_models import Certainty
from kambin.planning.error_model import PathFrame
from kambin.planning.evaluator import build_around
from kambin.planning.fields import Hazard
from kambin.planning.geometry import find_level_geometry
from kambin.planning.poses import Poses, Surroundings, across
from kambin.planning.request import PlanRequest
from kambin.planning.tolerance import Cone, find_cone, find_slacks_mm
from kambin.planning.tolerance_check import draw_inside

FRAME = PathFrame.of(PATH, GEOMETRY.side)
RADIUS_MM, MARGIN_MM = 0.6, 2.0
"""Of the needle, and from a root that is known to a millimetre."""


def _needle() -> Toolset:
    return replace(the_tools(), tools=(a_tool("needle", RADIUS_MM),))


def _around(*hazards: Hazard) -> Surroundings:
    return surroundings(_needle(), hazards)[0]


def _cone(*hazards: Hazard) -> Cone:
    found = find_cone(_around(*hazards), FRAME)
    assert found is not None
    return found


def _slacks(around: Surroundings, offset_mm: float, tilt_rad: float) -> np.ndarray:
    turns = np.linspace(0, 2 * math.pi, 72, endpoint=False)
    circle = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    poses = Poses.of(around.path, FRAME, across(offset_mm * circle), tilt_rad * circle)
    return find_slacks_mm(around, around.needs_mm(), poses)


# Closed forms


@pytest.mark.parametrize("spare_mm", [0.5, 1.0, 3.0])
def test_beside_a_wall_the_entry_may_be_off_by_what_is_spare(spare_mm: float) -> None:
    cone = _cone(a_hazard_near(plane(RADIUS_MM + MARGIN_MM + spare_mm)))
    assert cone.entry_mm == pytest.approx(spare_mm, abs=0.02)
    # The tip comes nearest when the axis is tilted about the entry.
    assert cone.angle_rad == pytest.approx(math.asin(spare_mm / LENGTH_MM), rel=0.03)
    # Both together: s + s must not exceed 1, and on the diagonal of the ellipse each is 0.71.
    assert cone.joint_share == pytest.approx(math.sqrt(0.5), abs=0.02)
    assert (cone.limited_by, cone.is_capped) == (ROOT, False)


def test_a_ball_halfway_lets_the_angle_be_twice_as_large() -> None:
    spare_mm, ball_mm = 1.0, 5.0
    beside = RADIUS_MM + MARGIN_MM + spare_mm + ball_mm
    middle = PATH.tip_lps_mm(0.5 * LENGTH_MM)
    cone = _cone(a_hazard_near(ball((middle[0], 0.0, beside), ball_mm)))
    assert cone.entry_mm == pytest.approx(spare_mm, abs=0.03)
    assert cone.angle_rad == pytest.approx(spare_mm / (0.5 * LENGTH_MM), rel=0.06)


def test_a_tolerance_is_larger_than_what_is_spare_where_the_spare_is_sideways() -> None:
    # A ball before the tip: the slack is that of a push deeper, which no hand error is.
    cone = _cone(a_hazard_near(ball((10.0 - 4.0 - RADIUS_MM - MARGIN_MM - 0.5, 0, 0), 4.0)))
    assert cone.entry_mm > 3 * 0.5


# The border


@pytest.mark.parametrize("height_mm", [3.5, 5.0])
def test_just_inside_nothing_breaks_and_just_outside_a_margin_does(height_mm: float) -> None:
    around = _around(
        a_hazard_near(plane(height_mm)),
        a_hazard_near(ball((40.0, 12.0, 0.0), 6.5), name="dural_sac"),
    )
    cone = find_cone(around, FRAME)
    assert cone is not None
    for share, is_broken in ((0.99, False), (1.05, True)):
        assert bool(_slacks(around, share * cone.entry_mm, 0.0).min() < 0) is is_broken
        assert bool(_slacks(around, 0.0, share * cone.angle_rad).min() < 0) is is_broken


def test_every_drawn_pose_keeps_every_margin() -> None:
    around = _around(
        a_hazard_near(plane(4.0)), a_hazard_near(ball((20.0, -9.0, 3.0), 5.0), name="dural_sac")
    )
    cone = find_cone(around, FRAME)
    assert cone is not None
    poses = draw_inside(around, FRAME, cone)
    assert len(poses) == 1024
    slacks = find_slacks_mm(around, around.needs_mm(), poses)
    assert slacks.min() >= -0.005
    # Near the border, or the draw would prove little.
    assert slacks.min() < 0.05


def test_an_obstacle_that_comes_nearer_shrinks_the_tolerance() -> None:
    cones = [_cone(a_hazard_near(plane(height))) for height in (8.0, 6.0, 4.0, 3.0)]
    assert all(a.entry_mm > b.entry_mm for a, b in pairwise(cones))
    assert all(a.angle_rad > b.angle_rad for a, b in pairwise(cones))


def test_a_second_obstacle_never_widens_the_tolerance() -> None:
    wall = a_hazard_near(plane(5.0))
    alone = _cone(wall)
    both = _cone(wall, a_hazard_near(ball((30.0, 10.0, 0.0), 6.0), name="dural_sac"))
    assert both.entry_mm <= alone.entry_mm + 0.01
    assert both.angle_rad <= alone.angle_rad + 1e-3
    assert both.limited_by == "dural_sac"


def test_far_from_everything_the_tolerance_is_what_is_looked_for_at_most() -> None:
    cone = _cone(a_hazard_near(plane(20.0), reach_mm=40.0))
    assert cone.is_capped
    assert cone.entry_mm == 10.0


@pytest.mark.parametrize("height_mm", [RADIUS_MM + MARGIN_MM, 1.0, -2.0])
def test_without_slack_there_is_no_tolerance(height_mm: float) -> None:
    assert find_cone(_around(a_hazard_near(plane(height_mm))), FRAME) is None


# The second checker


def _assess_made(shift_mm: float = 0.0) -> tuple[Certainty, Anatomy]:
    """The certainty of the made level, whose root's field may stand off from the root."""
    made = made_level(MADE_ROOT)
    request = PlanRequest(LEVEL, SIDE, zone="paracentral")
    hazards = build_around(
        made.anatomy, request, MADE_PATH, progress=SilentProgress(), store=NoStore()
    ).hazards
    moved = []
    for hazard in hazards:
        assert hazard.field is not None
        field = replace(hazard.field, values=hazard.field.values + np.float32(shift_mm))
        moved.append(replace(hazard, field=field))
    tools = find_tools()
    around = Surroundings.of(MADE_PATH, tools, moved)
    stages = evaluate(made.case, made.anatomy, MADE_PATH, tools, level=LEVEL, side=SIDE)
    geometry = find_level_geometry(made.anatomy, level=LEVEL, side=SIDE)
    rulers = find_rulers(made.anatomy, MADE_PATH, stages)
    return assess_certainty(around, stages, geometry, made.anatomy, rulers=rulers), made.anatomy


@pytest.fixture(scope="module")
def certainty() -> Certainty:
    return _assess_made()[0]


def test_the_second_checker_leaves_what_fields_and_surfaces_agree_on(certainty: Certainty) -> None:
    found = certainty.tolerance
    assert found is not None
    # The root crosses 8 mm above the axis, 2 mm thick: 2.25 mm are left to a cannula of 3.75.
    assert certainty.tolerance_entry_mm == pytest.approx(2.25, abs=0.1)
    assert found.kept_share == 1.0
    assert found.limited_by == MADE_ROOT
    assert found.poses == found.decided_by_displacement + found.measured_on_surfaces == 1024
    assert found.measured_on_surfaces > 0
    assert found.decided_by_displacement > 0


def test_the_second_checker_shrinks_a_tolerance_that_wrong_fields_grant(
    certainty: Certainty,
) -> None:
    wrong, _ = _assess_made(shift_mm=1.5)
    assert wrong.tolerance is not None
    # Fields that stand off by 1.5 mm grant 3.75 mm; surfaces leave 2.25 and their error of 0.3.
    assert wrong.tolerance.kept_share < 0.75
    assert wrong.tolerance_entry_mm == pytest.approx(2.55, abs=0.15)


def test_the_second_checker_may_leave_nothing() -> None:
    wrong, _ = _assess_made(shift_mm=30.0)
    assert wrong.tolerance is not None
    assert wrong.tolerance_entry_mm <= 2.6


def test_the_ellipse_runs_from_the_offset_to_the_angle(certainty: Certainty) -> None:
    found = certainty.tolerance
    assert found is not None
    first, last = found.ellipse[0], found.ellipse[-1]
    assert (first.entry_mm, first.angle_deg) == pytest.approx((found.ellipse_entry_mm, 0.0))
    assert (last.entry_mm, last.angle_deg) == pytest.approx((0.0, found.ellipse_angle_deg))
    assert found.ellipse_entry_mm <= certainty.tolerance_entry_mm
    assert found.ellipse_angle_deg <= certainty.tolerance_angle_deg
    assert found.pivot == "entry"
    assert found.pivot_lps_mm == tuple(MADE_PATH.entry_lps_mm)


def test_a_document_names_its_poses_and_sources(certainty: Certainty) -> None:
    assert (certainty.poses, certainty.seed) == (4096, 0)
    assert (certainty.setting, certainty.displayed_uncertainty_mm) == ("uncompensated", 2.9)
    assert {s.name for s in certainty.error_sources} >= {"respiration", "hand_turn", "prone_shift"}
    assert set(certainty.contact_probability) == set(certainty.contact_interval)
    assert set(certainty.contact_probability) == set(certainty.contact_worst_stage)


def test_the_same_question_has_the_same_answer(certainty: Certainty) -> None:
    assert _assess_made()[0] == certainty


def test_a_path_without_room_says_so() -> None:
    made = made_level(MADE_ROOT)
    tools = find_tools(cannula_mm=8.5)
    close = a_hazard_near(plane(1.0))
    around, stages = surroundings(tools, [close])
    found = assess_certainty(around, stages, GEOMETRY, made.anatomy)
    assert found.tolerance is None
    assert found.tolerance_entry_mm is None
    assert found.not_assessed_reason == NOTHING_SPARE
    assert found.contact_probability[ROOT] > 0.3
