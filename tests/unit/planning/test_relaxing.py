"""What is tried, with a person's word, when nothing passes as it was asked."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.simple_spine import LEVEL, Recipe, build_case, build_simple_spine

from kambin.anatomy import Anatomy
from kambin.core import Severity
from kambin.frames import Side
from kambin.knowledge import rules
from kambin.planning import Plan, PlanRequest, Refusal, find_toolset, plan_trajectory
from kambin.planning.choice_remarks import tell_usual_case
from kambin.planning.geometry import LevelGeometry, WaistPlane
from kambin.planning.question import Question, prepare_question
from kambin.planning.relaxing import find_relaxations
from kambin.planning.remarks import make_finding

ASKED = PlanRequest(LEVEL, Side.LEFT, zone="paracentral")


def _waist_at(lateral_mm: float):
    """A foramen that is narrowest at one lateral distance, whatever the labels say."""

    def measure(anatomy: Anatomy, geometry: LevelGeometry) -> LevelGeometry:
        plane = WaistPlane(np.array([lateral_mm, 22.0, 2.0]), np.array([1.0, 0, 0]), 120.0)
        return replace(geometry, waist=plane)

    return measure


def _patch(monkeypatch: pytest.MonkeyPatch, lateral_mm: float) -> None:
    for module in ("question", "rules_check"):
        monkeypatch.setattr(f"kambin.planning.{module}.with_waist", _waist_at(lateral_mm))


@pytest.fixture(scope="module")
def a_spine() -> Anatomy:
    return build_simple_spine()


def _question(anatomy: Anatomy, request: PlanRequest = ASKED) -> Question:
    return prepare_question(build_case(anatomy), anatomy, request)


def test_without_a_waist_only_the_rim_is_left_to_free(a_spine: Anatomy) -> None:
    tried = list(find_relaxations(_question(a_spine)))
    assert [(t.docks_at_mouth, t.frees_rim) for t in tried] == [(False, True)]


def test_with_a_waist_the_mouth_comes_before_the_rim(
    a_spine: Anatomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    _patch(monkeypatch, 14.0)
    tried = list(find_relaxations(_question(a_spine)))
    assert [(t.docks_at_mouth, t.frees_rim) for t in tried] == [(True, False), (True, True)]
    plain = replace(ASKED, technique="inside-out")
    tried = list(find_relaxations(_question(a_spine, plain)))
    assert [(t.docks_at_mouth, t.frees_rim) for t in tried] == [(True, False)]


def test_pl_081_a_plan_that_needs_the_mouth_asks_and_one_at_the_waist_does_not(
    a_spine: Anatomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = build_case(a_spine)
    answers = []
    for lateral in (11.0, 30.0):
        _patch(monkeypatch, lateral)
        answers.append(plan_trajectory(case, a_spine, ASKED))
    bounds = []
    for answer in answers:
        assert isinstance(answer, Plan), answer
        assert answer.docking is not None
        codes = {f.code for f in answer.findings}
        rule = next(rule for rule in answer.rules if rule.id == "docking-waist")
        bounds.append(answer.docking.bounded_by)
        assert answer.docking.stop_mm <= answer.docking.limit_mm + 1e-6
        assert ("PL-081" in codes) is not rule.passed
    assert bounds[1] == "waist"


def test_plan_only_margins_refuse_and_say_that_it_is_usual() -> None:
    # A thick root before a large joint, and no reamer for a wide tube.
    narrow = build_simple_spine(Recipe(root_scale=2.0, sap_extra_mm=6.0))
    request = replace(ASKED, technique="inside-out", cannula_mm=10.0, margins="plan-only")
    assert find_toolset(request).margins == "plan-only"
    answer = plan_trajectory(build_case(narrow), narrow, request)
    assert isinstance(answer, Refusal), answer
    assert answer.margins == "plan-only"
    assert "usual case" in answer.findings[0].why
    assert [rule.id for rule in answer.rules] == list(rules())
    broken = [rule for rule in answer.rules if not rule.passed and rule.severity == "BLOCK"]
    assert answer.binding.structure in {rule.structure for rule in broken}


def test_a_refusal_under_fluoroscopy_is_not_called_usual() -> None:
    found = make_finding("PL-001", Severity.BLOCK, what="a", where="b", why="c")
    tools = find_toolset(ASKED)
    assert tell_usual_case(found, tools) == found
    assert "usual case" in tell_usual_case(found, replace(tools, margins="plan-only")).why
