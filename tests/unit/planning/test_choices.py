"""All that is said of one path beside its numbers, put together."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from tests.unit.planning.made_level import (
    GAPS_MM,
    ROOT,
    SAP,
    SKIN_GRID,
    make_anatomy,
    make_region,
    make_structure,
    make_structures,
)
from tests.unit.planning.small_problems import a_technique, many_paths, some_targets
from tests.unit.planning.small_questions import (
    ANGLES,
    a_question,
    among_balls,
    open_tools,
    skin_and,
    with_waist_at,
)

from kambin.anatomy import Anatomy
from kambin.knowledge import rules
from kambin.planning import Group, Path
from kambin.planning.choices import (
    Choice,
    assess_choice,
    assess_evaluation,
    describe_choice,
    tell_stages,
)
from kambin.planning.evaluator import Evaluation, Evaluator
from kambin.planning.question import Question
from kambin.planning.reach_choice import ReachChoice
from kambin.planning.room_choice import measure_hand_room
from kambin.planning.search import SearchResult, find_best_path


def _evaluate(question: Question, result: SearchResult) -> Evaluation:
    best = result.best
    assert best is not None
    path = Path(best.entry_lps_mm, best.target_lps_mm, best.stop_mm)
    return Evaluator.of(question).evaluate(path, certainty=False, quick=True)


def _describe(question: Question, **more: SearchResult) -> tuple[Evaluation, Choice]:
    result = find_best_path(question.problem)
    evaluation = _evaluate(question, result)
    chosen = ReachChoice(result, more.get("proved", result), reasons=("reaches more",) * len(more))
    return evaluation, describe_choice(question, chosen, evaluation)


@cache
def _usual() -> tuple[Question, Evaluation, Choice]:
    question = a_question(with_waist_at(among_balls(2), 14.0))
    return (question, *_describe(question))


def test_every_part_of_a_choice_is_said() -> None:
    _, evaluation, choice = _usual()
    assert [rule.id for rule in choice.rules] == list(rules())
    assert [s.tool for s in choice.stages] == [s.tool for s in evaluation.stages]
    assert choice.docking.stop_mm == evaluation.path.stop_mm
    assert choice.objectives.bone_mm3 is None
    assert choice.objectives.not_measured["bone_mm3"] == evaluation.resection.not_assessed_reason
    assert choice.target_choice.zone is None
    assert len(choice.preferences) == 3
    assert choice.explanation[0].startswith("It is worth the most of 384")
    assert choice.explanation[-len(choice.alternatives) :] == tuple(
        f"{other.name}: {other.why}" for other in choice.alternatives
    )


def test_the_hand_s_room_of_the_plan_is_measured_as_that_of_its_alternatives() -> None:
    question, _, choice = _usual()
    best = find_best_path(question.problem).best
    assert best is not None
    assert choice.objectives.tolerance_entry_mm == measure_hand_room(question, best).entry_mm > 0


def test_bone_that_is_not_assessed_in_the_plan_is_in_no_alternative() -> None:
    _, _, choice = _usual()
    assert choice.alternatives
    for other in choice.alternatives:
        assert other.objectives.bone_mm3 is None
        assert (
            other.objectives.not_measured["bone_mm3"] == choice.objectives.not_measured["bone_mm3"]
        )
        assert "bone" not in other.why


def test_a_search_that_found_nothing_leaves_nothing_to_describe() -> None:
    question, evaluation, _ = _usual()
    nothing = SearchResult(None, False, 0, 0)
    with pytest.raises(LookupError, match="a path that the search found"):
        describe_choice(question, ReachChoice(nothing, nothing), evaluation)


def test_a_pick_for_reach_says_what_the_best_would_be_worth() -> None:
    question = a_question(among_balls(2))
    result = find_best_path(question.problem)
    assert result.best is not None
    more = replace(result.best, objective_mm=result.best.objective_mm + 0.4)
    _, choice = _describe(question, proved=replace(result, best=more))
    assert "is worth 0.40 mm of clearance more; this one reaches more" in choice.explanation[0]


def test_the_rules_of_an_evaluation_are_those_of_its_choice() -> None:
    question, evaluation, choice = _usual()
    assert assess_evaluation(question, evaluation) == choice.rules


def test_pl_085_without_a_waist_the_mouth_bounds_docking() -> None:
    _, choice = _describe(a_question(among_balls(2)))
    assert "PL-085" in {f.code for f in choice.remarks}
    assert choice.docking.bounded_by == "mouth"
    rule = next(rule for rule in choice.rules if rule.id == "docking-waist")
    assert (rule.value, rule.passed) == (None, True)
    assert rule.not_assessed_reason == "The waist of the foramen is not measured."


@pytest.mark.parametrize("known", [True, False])
def test_whether_the_root_is_known_is_asked_of_the_anatomy(known: bool) -> None:
    anatomy = skin_and(ROOT) if known else skin_and()
    question = a_question(among_balls(2), anatomy)
    _, evaluation, _ = _usual()
    found = assess_choice(question, evaluation.path, (), evaluation.resection)
    rule = next(rule for rule in found if rule.id == "root-assessed")
    assert rule.passed is known
    assert rule.structure == ROOT


def test_a_path_without_any_stage_asks_for_no_margin() -> None:
    question, evaluation, _ = _usual()
    found = assess_choice(question, evaluation.path, (), evaluation.resection)
    margins = [rule for rule in found if rule.id.endswith(("-needle", "-tube"))]
    assert len(margins) >= 4
    assert all(rule.value is None and rule.not_assessed_reason for rule in margins)


# Bevel and landmarks


def test_only_the_cannula_has_a_bevel_and_each_seen_tool_a_landmark() -> None:
    _, _, choice = _usual()
    assert [s.tool for s in choice.stages if s.bevel is not None] == ["cannula"]
    seen = {s.tool for s in choice.stages if s.landmark is not None}
    assert {"needle", "guidewire"} <= seen


def test_without_a_fragment_the_opening_looks_at_the_target() -> None:
    question = a_question(among_balls(2), skin_and(ROOT))
    _, choice = _describe(question)
    bevel = next(s.bevel for s in choice.stages if s.tool == "cannula")
    assert bevel is not None
    assert bevel.towards in ("target", None)
    assert bevel.away_from == ROOT
    assert bevel.convention == "bevel-1"


def _with_fragment(empty: bool) -> Anatomy:
    box = make_region(
        lambda x, y, z: (abs(x - 9) < 3) & (abs(y - 24) < 5) & (z < 2) & (z > -20), SKIN_GRID
    )
    if empty:
        box = replace(box, values=np.zeros_like(box.values))
    made = make_structures()
    return make_anatomy({"skin": made["skin"], "fragment": make_structure("fragment", box)})


def test_a_fragment_is_what_the_opening_looks_at() -> None:
    question = a_question(among_balls(2), _with_fragment(empty=False))
    _, evaluation, _ = _usual()
    told = tell_stages(question, evaluation.path, evaluation.stages)
    bevel = next(s.bevel for s in told if s.tool == "cannula")
    assert bevel is not None
    assert bevel.towards == "fragment"
    # The fragment lies below the target: the opening is turned to the lower half of the clock.
    assert bevel.working_clock in (4, 5, 6, 7, 8)
    assert bevel.insertion_deg is None
    assert "root is not assessed" in (bevel.not_assessed_reason or "")


def test_an_empty_fragment_is_none() -> None:
    question = a_question(among_balls(2), _with_fragment(empty=True))
    _, evaluation, _ = _usual()
    told = tell_stages(question, evaluation.path, evaluation.stages)
    bevel = next(s.bevel for s in told if s.tool == "cannula")
    assert bevel is not None
    assert bevel.towards in ("target", None)


# What breaks


def test_a_broken_margin_is_said_as_a_finding_that_blocks() -> None:
    near = many_paths(
        [(ROOT, Group.NERVE, lambda x, y, z: 0.5 + 0.0 * x)], angles=ANGLES, tools=open_tools()
    )
    _, choice = _describe(a_question(near))
    blocking = [f for f in choice.remarks if f.severity == "BLOCK"]
    assert {f.where for f in blocking} >= {ROOT}
    assert any(f.why.startswith("nerve-needle: ") for f in blocking)


def test_the_process_of_the_made_level_gives_its_shares_to_the_rules() -> None:
    made = make_structures()
    anatomy = make_anatomy({name: made[name] for name in (*GAPS_MM, "skin") if name in made})
    question = a_question(among_balls(2), anatomy)
    evaluation, choice = _describe(question)
    assert SAP in {str(key) for key in anatomy.structures}
    by_id = {rule.id: rule for rule in choice.rules}
    assert by_id["sap-volume"].value == evaluation.resection.sap_fraction


def test_a_technique_with_no_usual_range_leaves_only_the_rules() -> None:
    problem = among_balls(2)
    tools = replace(problem.tools, technique=a_technique(preferred={}))
    aimed = replace(problem, tools=tools, targets=some_targets(problem.targets.points_lps_mm))
    _, choice = _describe(a_question(aimed))
    assert choice.preferences == ()
    assert "PL-086" not in {f.code for f in choice.remarks}
    assert choice.objectives.angles_left_deg == choice.objectives.lateral_left_mm == 0.0
