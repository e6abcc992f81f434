"""Which tools of a path are drawn in the slices."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.app.logic.made_session import opened_session

from kambin.app.logic.draft import Draft, HandPath
from kambin.app.logic.judging import judge_path
from kambin.app.views import drawn_stages
from kambin.report.tool_outlines import OUTSIDE_MM


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    """The path under the hand with its numbers."""
    session = opened_session(tmp_path)
    assert session.ground is not None
    assert session.history is not None
    return judge_path(session.ground, session.history.present)


def test_unasked_the_needle_lies_on_top_of_the_cannula(draft: Draft) -> None:
    assert [tool.name for tool in drawn_stages(draft, "")] == ["cannula", "needle"]


def test_every_tool_can_be_drawn_alone_at_its_widest(draft: Draft) -> None:
    assert draft.evaluation is not None
    for name in {stage.tool for stage in draft.evaluation.stages}:
        (tool,) = drawn_stages(draft, name)
        widest = max(s.radius_mm for s in draft.evaluation.stages if s.tool == name)
        assert (tool.name, tool.radius_mm) == (name, widest)


def test_a_tool_that_the_path_has_not_is_not_drawn(draft: Draft) -> None:
    assert drawn_stages(draft, "hammer") == ()


def test_a_path_without_numbers_or_length_has_no_tools(draft: Draft) -> None:
    assert drawn_stages(replace(draft, evaluation=None), "") == ()
    point = HandPath(draft.path.target_lps_mm, draft.path.target_lps_mm, 0.0)
    assert drawn_stages(replace(draft, path=point), "") == ()


def test_tools_come_from_outside_the_skin_along_the_path(draft: Draft) -> None:
    unit = draft.path.way / draft.path.length_mm
    outside = draft.entry_lps_mm + OUTSIDE_MM * unit
    assert draft.evaluation is not None
    for tool in drawn_stages(draft, ""):
        ends = (getattr(tool, name) for name in tool.__slots__)
        points = [end for end in ends if isinstance(end, np.ndarray)]
        assert any(np.allclose(point, outside) for point in points)
        for point in points:
            off = point - draft.entry_lps_mm
            assert np.linalg.norm(off - (off @ unit) * unit) == pytest.approx(0.0, abs=0.01)
