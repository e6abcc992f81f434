"""The question behind an answer, asked again: nothing of it is lost on the way."""

import pytest
from tests.unit.planning.made_level import make_plan
from tests.unit.planning.test_models import REFUSAL

from kambin.core import RequestError
from kambin.knowledge import techniques
from kambin.planning.asked_again import repeat_plan_request, repeat_request

WHOLE = make_plan(())
USUAL = techniques()[WHOLE.technique].weights.model_dump()
WEIGHT = sorted(USUAL)[0]


def test_the_weights_of_a_surgeon_are_asked_again() -> None:
    other = USUAL | {WEIGHT: USUAL[WEIGHT] + 0.25}
    for document in (WHOLE, REFUSAL):
        asked = repeat_request(
            document.model_copy(
                update={"weights": other, "technique": WHOLE.technique, "zone": "central"}
            )
        )
        assert asked is not None
        assert asked.weights == {WEIGHT: USUAL[WEIGHT] + 0.25}


def test_what_was_done_against_errors_is_asked_again() -> None:
    certainty = WHOLE.certainty.model_copy(update={"setting": "compensated"})
    other = WHOLE.model_copy(update={"certainty": certainty})
    assert repeat_plan_request(other).errors == "compensated"


def test_the_same_question_gives_the_same_request() -> None:
    first, again = repeat_plan_request(WHOLE), repeat_plan_request(WHOLE)
    assert first == again


def test_a_document_of_no_lumbar_level_has_no_question() -> None:
    with pytest.raises(RequestError) as refused:
        repeat_plan_request(WHOLE.model_copy(update={"level": "C5-C6"}))
    assert refused.value.code == "RQ-002"
