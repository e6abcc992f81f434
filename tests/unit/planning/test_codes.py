"""Every code of planning fires in some test, and says what to do."""

import re
from pathlib import Path
from typing import Any

import pytest
from tests.unit.planning.made_level import LEVEL, SIDE, find_tools

from kambin.core import PlanError, require_code
from kambin.knowledge import Technique, technique
from kambin.planning import PlanRequest, find_toolset

TESTS = Path(__file__).parents[2]
SOURCES = TESTS.parent / "src" / "kambin" / "planning"
PATTERN = re.compile(r'"(PL-\d{3})"')


def _find_codes(folder: Path, pattern: re.Pattern[str]) -> set[str]:
    return {
        code
        for path in sorted(folder.rglob("*.py"))
        if path != Path(__file__)
        for code in pattern.findall(path.read_text("utf-8"))
    }


RAISED = sorted(_find_codes(SOURCES, PATTERN))


def test_planning_raises_codes_at_all() -> None:
    assert {"PL-001", "PL-020", "PL-029"} <= set(RAISED)


def test_every_code_of_planning_is_named_in_a_test() -> None:
    assert set(RAISED) - {"PL-033"} <= _find_codes(TESTS, re.compile(r"PL-\d{3}"))


@pytest.mark.parametrize("code", RAISED)
def test_every_code_of_planning_is_registered_with_a_next_step(code: str) -> None:
    row = require_code(code)
    assert row.title
    assert row.next_step.endswith(".")


# PL-033: a technique without a usable sequence


def _use(monkeypatch: pytest.MonkeyPatch, chosen: Technique) -> None:
    def find(name: str) -> Technique:
        return chosen

    monkeypatch.setattr("kambin.planning.tools.technique", find)


@pytest.mark.parametrize(
    "keep",
    [
        pytest.param(lambda tool: tool.stage != "needle", id="no needle"),
        pytest.param(lambda tool: tool.stage != "cannula", id="no cannula"),
        pytest.param(lambda tool: tool.stage == "needle", id="needle alone"),
        pytest.param(lambda tool: False, id="nothing"),
    ],
)
def test_a_technique_without_needle_or_cannula_is_refused(
    monkeypatch: pytest.MonkeyPatch, keep: Any
) -> None:
    preset = technique("outside-in")
    tools = tuple(tool for tool in preset.tools if keep(tool))
    _use(monkeypatch, preset.model_copy(update={"tools": tools}))
    with pytest.raises(PlanError, match="PL-033") as caught:
        find_toolset(PlanRequest(LEVEL, SIDE))
    assert "outside-in" in caught.value.where


def test_a_needle_that_does_not_come_first_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    preset = technique("outside-in")
    _use(monkeypatch, preset.model_copy(update={"tools": preset.tools[::-1]}))
    with pytest.raises(PlanError, match="PL-033"):
        find_toolset(PlanRequest(LEVEL, SIDE))


def test_needle_and_cannula_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    preset = technique("outside-in")
    tools = tuple(tool for tool in preset.tools if tool.stage in ("needle", "cannula"))
    _use(monkeypatch, preset.model_copy(update={"tools": tools}))
    assert [tool.stage for tool in find_tools().tools] == ["needle", "cannula"]
