"""What is tried, with a person's word, when nothing passes as it was asked."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.small_problems import many_paths
from tests.unit.planning.small_questions import (
    ANGLES,
    a_question,
    among_balls,
    open_tools,
    skin_and,
    with_waist_at,
)

from kambin.core import Severity
from kambin.knowledge import rules, value
from kambin.planning import Group, Refusal, plan_trajectory
from kambin.planning.choice_remarks import tell_usual_case
from kambin.planning.choices import Choice, describe_choice
from kambin.planning.evaluate import Path
from kambin.planning.evaluator import Evaluator
from kambin.planning.question import Question
from kambin.planning.reach_choice import ReachChoice
from kambin.planning.refine import search
from kambin.planning.relaxing import find_relaxations, relax
from kambin.planning.remarks import make_finding
from kambin.planning.search import Problem, SearchResult

ROOT = "exiting_root:L4:left"


def _narrowing(at_target_mm: float, **more) -> Problem:
    """Nerves that leave the more room the further lateral the wide tools end."""
    return many_paths(
        [(ROOT, Group.NERVE, lambda x, y, z: at_target_mm + 0.5 * np.maximum(x - 10, 0) + 0 * y)],
        angles=ANGLES,
        tools=open_tools(**more),
    )


def _beside(name: str, group: Group, gap_mm: float) -> Problem:
    hazards = [(name, group, lambda x, y, z: gap_mm + 0 * x)]
    return many_paths(hazards, angles=ANGLES, tools=open_tools())


def _relax(problem: Problem) -> tuple[SearchResult, Question, SearchResult]:
    question = a_question(problem)
    asked = search(problem, question.skin)
    if asked.is_feasible:
        return asked, question, asked
    return asked, *relax(question, asked)


def _describe(question: Question, result: SearchResult) -> Choice:
    best = result.best
    assert best is not None
    path = Path(best.entry_lps_mm, best.target_lps_mm, best.stop_mm)
    evaluation = Evaluator.of(question).evaluate(path, certainty=False, quick=True)
    return describe_choice(question, ReachChoice(result, result), evaluation)


# What may be relaxed


def test_without_a_waist_only_the_rim_is_left_to_free() -> None:
    tried = list(find_relaxations(a_question(_narrowing(2.0))))
    assert [(t.docks_at_mouth, t.frees_rim) for t in tried] == [(False, True)]


def test_with_a_waist_the_mouth_comes_before_the_rim() -> None:
    question = a_question(with_waist_at(_narrowing(2.0), 14.0))
    tried = list(find_relaxations(question))
    assert [(t.docks_at_mouth, t.frees_rim) for t in tried] == [(True, False), (True, True)]


def test_without_a_reamer_the_rim_stays() -> None:
    plain = replace(_narrowing(2.0), tools=open_tools("inside-out"))
    tried = list(find_relaxations(a_question(with_waist_at(plain, 14.0))))
    assert [(t.docks_at_mouth, t.frees_rim) for t in tried] == [(True, False)]
    assert list(find_relaxations(a_question(plain))) == []


# What relaxing opens


def test_the_mouth_opens_a_way_that_the_waist_closes() -> None:
    asked, question, found = _relax(with_waist_at(_narrowing(1.8), 11.0))
    assert not asked.is_feasible
    assert found.is_feasible
    assert (question.problem.tools.docks_at_mouth, question.problem.tools.frees_rim) == (
        True,
        False,
    )
    assert found.best is not None
    assert asked.best is not None
    assert found.best.stop_mm > asked.best.stop_mm


def test_the_rim_opens_a_way_that_the_mouth_leaves_closed() -> None:
    asked, question, found = _relax(with_waist_at(_beside("body_rim:L5", Group.RIM, 1.0), 14.0))
    assert not asked.is_feasible
    assert found.is_feasible
    assert question.problem.tools.frees_rim
    assert question.problem.tools.docks_at_mouth


@pytest.mark.parametrize(
    ("name", "group"), [("lamina:L4", Group.NEVER), ("colon", Group.ORGAN), (ROOT, Group.NERVE)]
)
def test_no_word_opens_a_way_through_what_must_stay(name: str, group: Group) -> None:
    asked, question, found = _relax(_beside(name, group, 0.5))
    assert not asked.is_feasible
    assert not found.is_feasible
    assert question.problem.tools == open_tools()
    assert found.best is not None
    assert asked.best is not None
    assert found.best.slack_mm == asked.best.slack_mm


def test_everything_that_was_tried_is_counted() -> None:
    asked, _, found = _relax(with_waist_at(_beside("colon", Group.ORGAN, 0.5), 14.0))
    # As asked, at the mouth, and without the rim: three lists of the same kind.
    assert found.candidates >= 3 * 384
    assert found.paths > asked.paths


@pytest.mark.parametrize("seed", [6, 18, 30])
def test_relaxing_never_leaves_less_room(seed: int) -> None:
    asked, _, found = _relax(with_waist_at(among_balls(seed), 13.0))
    assert asked.best is not None
    assert found.best is not None
    assert found.is_feasible or found.best.slack_mm >= asked.best.slack_mm


# What a person is asked then


@pytest.mark.parametrize(("lateral_mm", "at_mouth"), [(11.0, True), (14.0, False), (18.0, False)])
def test_pl_081_a_way_that_needs_the_mouth_asks_and_one_at_the_waist_does_not(
    lateral_mm: float, at_mouth: bool
) -> None:
    _, question, found = _relax(with_waist_at(_narrowing(1.8), lateral_mm))
    assert found.is_feasible
    choice = _describe(question, found)
    rule = next(rule for rule in choice.rules if rule.id == "docking-waist")
    asked = [f for f in choice.remarks if f.code == "PL-081"]
    assert bool(asked) is at_mouth is (not rule.passed)
    assert all(f.severity is Severity.CONFIRM for f in asked)
    assert choice.docking.bounded_by == ("mouth" if at_mouth else "waist")
    assert choice.docking.stop_mm <= choice.docking.limit_mm + 1e-6
    said = "Nothing passes with the cannula's end at the waist of the foramen;"
    assert any(line.startswith(said) for line in choice.explanation) is at_mouth


def test_freeing_the_rim_is_said_and_breaks_no_rule_that_blocks() -> None:
    _, question, found = _relax(_beside("body_rim:L5", Group.RIM, 1.0))
    choice = _describe(question, found)
    assert "Nothing passes unless the reamer takes rim bone." in choice.explanation
    assert {r.id for r in choice.rules if not r.passed and r.structure == "body_rim:L5"} <= {
        "rim-asked"
    }


# Margins of a plan without fluoroscopy


def test_plan_only_margins_refuse_and_say_that_it_is_usual(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # 2.4 mm beside every path: enough for a needle under fluoroscopy, not without.
    tools = replace(open_tools("inside-out"), margins="plan-only")
    near = [(ROOT, Group.NERVE, lambda x, y, z: 2.4 + 0.0 * x)]
    question = a_question(many_paths(near, angles=ANGLES, tools=tools), skin_and(ROOT))
    monkeypatch.setattr("kambin.planning.plan.prepare_question", lambda *a, **k: question)
    answer = plan_trajectory(question.case, question.anatomy, question.request)
    assert isinstance(answer, Refusal), answer
    assert answer.margins == "plan-only"
    assert "usual case" in answer.findings[0].why
    assert [rule.id for rule in answer.rules] == list(rules())
    broken = {rule.id: rule for rule in answer.rules if not rule.passed}
    assert broken["nerve-needle"].threshold == value("margins.plan_only_neural_mm")
    assert answer.binding.structure == ROOT


def test_a_refusal_under_fluoroscopy_is_not_called_usual() -> None:
    found = make_finding("PL-001", Severity.BLOCK, what="a", where="b", why="c")
    tools = open_tools()
    assert tell_usual_case(found, tools) == found
    assert "usual case" in tell_usual_case(found, replace(tools, margins="plan-only")).why
