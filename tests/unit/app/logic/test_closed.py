"""What is said where a step is not open: which step mends it, by number and by name."""

import pytest

from kambin.app.logic.closed import STEPS, TITLES, Closed, step_closed
from kambin.app.logic.session import Session
from kambin.app.logic.steps import STEPS as GATED


def test_every_step_has_a_title_and_there_are_eight() -> None:
    assert tuple(TITLES) == STEPS
    assert len(STEPS) == len(set(STEPS)) == 8
    assert len(set(TITLES.values())) == 8
    assert GATED == STEPS
    assert Session().step == STEPS[0]


@pytest.mark.parametrize("mend", STEPS)
def test_the_step_that_mends_is_named_as_on_the_rail(mend: str) -> None:
    error = step_closed(mend=mend, why="Something is missing.")
    assert error.code == "RQ-181"
    assert error.why == "Something is missing."
    assert error.where == TITLES[mend]
    number = STEPS.index(mend) + 1
    assert error.next_step == f"Go to step {number}, {TITLES[mend]}."


def test_a_step_that_is_not_there_is_a_bug() -> None:
    with pytest.raises(KeyError):
        step_closed(mend="theatre", why="Nothing.")


def test_why_a_step_is_closed_is_a_value() -> None:
    assert Closed("No case is open.", "case") == Closed("No case is open.", "case")
    assert Closed("No case is open.", "case") != Closed("No case is open.", "place")
