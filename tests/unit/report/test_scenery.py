"""Where the pictures of a refusal look, and that they never look like a plan."""

import numpy as np
import pytest

from kambin.anatomy import Anatomy
from kambin.planning import Path as ToolPath
from kambin.planning import Refusal, SkinMap, Tool
from kambin.report.scenery import NOT_A_PLAN, refusal_scenery
from kambin.report.tool_outlines import nearest_tools

ENTRY, TARGET = np.array([-80.0, 60.0, 25.0]), np.array([-8.0, 1.0, 0.0])
TOOLS = (
    Tool("needle", "needle-18g", 0.65),
    Tool("dilator", "dilator-3", 1.5),
    Tool("reamer", "reamer-5.5", 2.75),
    Tool("reamer", "reamer-7.5", 3.75),
    Tool("cannula", "cannula-7.5", 3.75),
)


def a_skin_map(nearest: ToolPath | None) -> SkinMap:
    return SkinMap(
        ENTRY[None], np.array([80.0]), np.array([25.0]), np.array([-0.8]), nearest, TOOLS
    )


def test_a_refusal_without_any_path_looks_at_the_binding_structure(
    a_small_anatomy: Anatomy, a_refusal: Refusal
) -> None:
    scenery = refusal_scenery(a_small_anatomy, a_refusal, None)
    assert scenery.tools == ()
    assert [view.name for view in scenery.planes] == ["axial", "sagittal", "coronal"]
    assert str(scenery.binding) == "exiting_root:L4:right"
    root = a_small_anatomy.require("exiting_root:L4:right").region
    nodes = root.lps_mm(np.argwhere(root.values > 0))
    centre = scenery.planes[1].plane.centre_lps_mm
    assert np.linalg.norm(nodes - centre, axis=1).min() < 3.0


def test_the_nearest_path_is_shown_and_said_not_to_be_a_plan(
    a_small_anatomy: Anatomy, a_refusal: Refusal
) -> None:
    skin = a_skin_map(ToolPath(ENTRY, TARGET, 6.0))
    scenery = refusal_scenery(a_small_anatomy, a_refusal, skin)
    assert len(scenery.planes) == 6
    assert scenery.focus_lps_mm == pytest.approx(TARGET)
    assert NOT_A_PLAN in scenery.caption
    assert "L4-L5 RIGHT side" in scenery.caption


def test_a_corridor_without_a_line_still_has_pictures(
    a_small_anatomy: Anatomy, a_refusal: Refusal
) -> None:
    binding = a_refusal.binding.model_copy(update={"structure": "skin", "deficit_mm": None})
    refusal = a_refusal.model_copy(update={"binding": binding})
    scenery = refusal_scenery(a_small_anatomy, refusal, a_skin_map(None))
    assert scenery.binding is None
    assert scenery.planes[0].plane.centre_lps_mm == pytest.approx(scenery.focus_lps_mm)
    assert scenery.focus_lps_mm[0] < 0


def test_tools_of_the_nearest_path_end_where_they_would_dock() -> None:
    tools = {tool.name: tool for tool in nearest_tools(ToolPath(ENTRY, TARGET, 6.0), TOOLS)}
    assert set(tools) == {"needle", "reamer", "cannula"}
    assert tools["needle"].tip_lps_mm == pytest.approx(TARGET)
    assert tools["reamer"].radius_mm == 3.75
    assert np.linalg.norm(tools["cannula"].tip_lps_mm - TARGET) == pytest.approx(6.0)
