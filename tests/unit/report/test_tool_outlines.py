"""The tools are drawn at their true diameter, measured in millimetres and in pixels."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread

from kambin.anatomy import Case
from kambin.planning import Plan
from kambin.report.scenery import plan_scenery
from kambin.report.sections import draw_section
from kambin.report.tool_outlines import (
    OUTSIDE_MM,
    DrawnTool,
    capsule_distance_mm,
    cut_outlines_mm,
    drawn_tools,
    shadow_outline_mm,
)
from kambin.report.view_planes import tool_planes

TARGET, ENTRY = np.array([8.0, 1.0, 0.0]), np.array([80.0, 60.0, 25.0])
OUTWARD = (ENTRY - TARGET) / np.linalg.norm(ENTRY - TARGET)


def a_tool(radius_mm: float, stop_mm: float = 0.0) -> DrawnTool:
    tip = TARGET + stop_mm * OUTWARD
    return DrawnTool("cannula", radius_mm, tip, ENTRY + OUTSIDE_MM * OUTWARD)


def test_only_needle_reamer_and_cannula_are_drawn(a_plan: Callable[[str], Plan]) -> None:
    names = [tool.name for tool in drawn_tools(a_plan("left"))]
    assert names == ["cannula", "reamer", "needle"]


def test_the_widest_of_a_kind_is_drawn(a_plan: Callable[[str], Plan]) -> None:
    plan = a_plan("left")
    thin = next(stage for stage in plan.stages if stage.tool == "reamer")
    wide = thin.model_copy(update={"radius_mm": 4.5, "instrument": "own"})
    both = plan.model_copy(update={"stages": (*plan.stages, wide)})
    reamer = next(tool for tool in drawn_tools(both) if tool.name == "reamer")
    assert reamer.radius_mm == 4.5


def test_tools_end_at_their_own_tip_and_outside_the_skin(a_plan: Callable[[str], Plan]) -> None:
    plan = a_plan("right")
    tools = {tool.name: tool for tool in drawn_tools(plan)}
    for name, tool in tools.items():
        stage = next(stage for stage in plan.stages if stage.tool == name)
        assert tool.tip_lps_mm == pytest.approx(stage.tip_lps_mm)
        away = tool.outside_lps_mm - np.array(plan.trajectory.entry_lps_mm)
        assert np.linalg.norm(away) == pytest.approx(OUTSIDE_MM)


def test_the_distance_to_a_rod_is_that_to_its_axis_less_its_radius() -> None:
    points = np.array([[0.0, 5.0, 0.0], [0.0, 0.0, -3.0], [0.0, 0.0, 12.0]])
    found = capsule_distance_mm(points, (0, 0, 0), (0, 0, 10.0), 2.0)
    assert found == pytest.approx([3.0, 1.0, 0.0])


@pytest.mark.parametrize("radius_mm", [0.65, 2.5, 3.75, 5.0])
@pytest.mark.parametrize("place", [0, 1])
def test_the_outline_along_the_tool_is_one_diameter_wide(radius_mm: float, place: int) -> None:
    view = tool_planes(ENTRY, TARGET, TARGET)[place]
    lines = cut_outlines_mm(a_tool(radius_mm), view)
    assert len(lines) == 1
    start, end = view.picture_mm(view.plane.pixels(np.stack([TARGET, ENTRY]))[:, :2])
    axis = (end - start) / np.linalg.norm(end - start)
    offset = lines[0] - start
    along, across = offset @ axis, offset @ np.array([-axis[1], axis[0]])
    shaft = (along > 5.0) & (along < 90.0)
    width_mm = across[shaft].max() - across[shaft].min()
    assert width_mm == pytest.approx(2 * radius_mm, abs=0.15)
    assert along.min() == pytest.approx(-radius_mm, abs=0.15)


def test_across_the_tool_its_outline_is_a_circle_of_its_diameter() -> None:
    view = tool_planes(ENTRY, TARGET, TARGET + 8.0 * OUTWARD)[2]
    (circle,) = cut_outlines_mm(a_tool(3.75), view)
    radii = np.linalg.norm(circle, axis=1)
    assert radii == pytest.approx(np.full(len(circle), 3.75), abs=0.05)


def test_before_its_tip_a_tool_is_not_cut() -> None:
    view = tool_planes(ENTRY, TARGET, TARGET)[2]
    assert cut_outlines_mm(a_tool(3.75, stop_mm=12.0), view) == []


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_printed_cannula_measures_its_diameter_in_pixels(
    side: str, a_plan: Callable[[str], Plan], a_small_case: Case, tmp_path: pytest.TempPathFactory
) -> None:
    """In the picture file itself, on the section across the tool, to 0.5 mm."""
    scenery = plan_scenery(a_plan(side))
    view = next(view for view in scenery.planes if view.name == "probe-eye")
    assert a_small_case.image is not None
    cannula = next(tool for tool in scenery.tools if tool.name == "cannula")
    file = tmp_path / "probe.png"
    file.write_bytes(draw_section(a_small_case.image, view, (), (cannula,), caption="x"))
    picture = imread(file)[..., :3]
    cyan = (picture[..., 2] - picture[..., 0] > 0.35) & (picture[..., 1] > 0.5)
    row = cyan[picture.shape[0] // 2]
    line = np.flatnonzero(row)
    pixel_mm = view.size_mm[0] / picture.shape[1]
    measured_mm = (line.max() - line.min()) * pixel_mm
    assert measured_mm == pytest.approx(7.5, abs=0.5)


@given(st.floats(-50, 50), st.floats(-50, 50), st.floats(0.3, 6.0), st.floats(0.0, 2 * np.pi))
def test_a_shadow_is_one_diameter_wide_in_every_direction(
    x: float, y: float, radius_mm: float, turn_rad: float
) -> None:
    tip = np.array([x, y])
    axis = np.array([np.cos(turn_rad), np.sin(turn_rad)])
    outline = shadow_outline_mm(tip, tip + 60.0 * axis, radius_mm)
    across = (outline - tip) @ np.array([-axis[1], axis[0]])
    along = (outline - tip) @ axis
    assert across.max() - across.min() == pytest.approx(2 * radius_mm, rel=1e-2)
    assert along.min() == pytest.approx(-radius_mm, rel=1e-2)
    assert along.max() == pytest.approx(60.0 + radius_mm, rel=1e-2)
