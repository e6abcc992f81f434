"""The verdict on a path, in words that need no colour: which rule, where, by how much."""

from dataclasses import replace

import pytest
from tests.unit.app.logic.made_session import made_ground, made_path

from kambin.app.logic.judging import judge_path, tell_rule, tell_verdict
from kambin.planning.choice_models import Rule
from kambin.planning.evaluator import Evaluation

HOLDS = Rule(
    id="organ",
    what="Every tool keeps off organs",
    value=5.0,
    threshold=3.0,
    comparison="at least",
    unit="mm",
    source="margins.organ_mm",
    stage="needle",
    structure="kidney:left",
    severity="BLOCK",
    passed=True,
    not_assessed_reason=None,
)
BROKEN = HOLDS.model_copy(update={"value": 1.25, "passed": False})
ASKS = BROKEN.model_copy(update={"severity": "CONFIRM", "id": "nerve-asked"})


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    found = judge_path(made_ground(), made_path()).evaluation
    assert found is not None
    return found


def test_a_broken_rule_is_told_with_structure_stage_and_millimetres() -> None:
    told = tell_rule(BROKEN)
    assert told.startswith("Every tool keeps off organs (kidney left at the needle): 1.2 mm")
    assert "at least 3.0 mm demanded" in told
    assert "misses by 1.8 mm" in told


def test_the_depth_is_that_of_the_closest_point(evaluation: Evaluation) -> None:
    stage = evaluation.stages[0]
    row = stage.clearances[0]
    rule = BROKEN.model_copy(update={"stage": stage.tool, "structure": row.structure})
    assert "mm below the skin" in tell_rule(rule, evaluation)
    elsewhere = rule.model_copy(update={"structure": "kidney:right"})
    assert "below the skin" not in tell_rule(elsewhere, evaluation)


def test_a_share_has_no_unit_and_what_was_not_assessed_no_number() -> None:
    share = BROKEN.model_copy(update={"unit": "1", "structure": None, "stage": None})
    assert tell_rule(share).startswith("Every tool keeps off organs: 1.2, at least 3.0 demanded")
    unknown = BROKEN.model_copy(update={"value": None})
    assert tell_rule(unknown) == "Every tool keeps off organs: not assessed."


def test_what_breaks_comes_before_what_asks(evaluation: Evaluation) -> None:
    stops = tell_verdict((HOLDS, ASKS, BROKEN), evaluation)
    assert stops.tone == "stop"
    assert stops.words.startswith("NOT A PLAN: breaks a hard rule.")
    assert len(stops.reasons) == 2
    assert "breaks 2 hard rules" in tell_verdict((BROKEN, BROKEN), evaluation).words
    asks = tell_verdict((HOLDS, ASKS), evaluation)
    assert asks.tone == "care"
    assert "a person must answer" in asks.words


def test_a_path_that_keeps_all_says_how_much_room_is_left(evaluation: Evaluation) -> None:
    good = tell_verdict((HOLDS,), replace(evaluation, slack_mm=1.26))
    assert (good.tone, good.reasons) == ("good", ())
    assert "1.3 mm of room" in good.words


def test_thorough_numbers_have_what_live_ones_leave_out() -> None:
    live = judge_path(made_ground(), made_path())
    thorough = judge_path(made_ground(), made_path(), quick=False)
    assert live.evaluation is not None
    assert thorough.evaluation is not None
    assert live.evaluation.certainty is None
    assert thorough.evaluation.certainty is not None
    assert live.verdict.tone == thorough.verdict.tone
    assert live.evaluation.stages == thorough.evaluation.stages
