"""The gates of the eight steps: one sentence that says what is missing, and where it is mended."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.app.logic.made_session import deliver_plan, opened_session
from tests.unit.exchange.made_plans import a_refusal

from kambin.app.logic.closed import STEPS, TITLES
from kambin.app.logic.opening import forget_plan
from kambin.app.logic.session import Session
from kambin.app.logic.steps import gate, go_to
from kambin.core import Finding, RequestError, Severity

ASKING = Finding("IN-022", Severity.CONFIRM, "Some names", "labels", "why", "next")
STOPPING = Finding("AN-110", Severity.BLOCK, "The order is wrong", "labels", "why", "next")


def _open(session: Session) -> tuple[str, ...]:
    return tuple(step for step in STEPS if gate(session, step) is None)


def _add(session: Session, finding: Finding) -> None:
    assert session.checked is not None
    session.checked = replace(session.checked, findings=(finding,))


def test_without_a_case_only_the_case_is_open() -> None:
    session = Session()
    assert _open(session) == ("case",)
    closed = gate(session, "sign")
    assert closed is not None
    assert (closed.words, closed.mend) == ("No case is open.", "case")


def test_every_gate_is_one_sentence_and_names_a_step(tmp_path: Path) -> None:
    session = opened_session(tmp_path)
    session.place = session.anatomy = None
    for step in STEPS:
        closed = gate(session, step)
        if closed is not None:
            assert closed.words.endswith(".")
            assert closed.words.count(". ") == 0
            assert closed.mend in TITLES


def test_steps_open_one_after_the_other(tmp_path: Path) -> None:
    session = opened_session(tmp_path)
    place, anatomy = session.place, session.anatomy
    session.place = session.anatomy = None
    forget_plan(session)
    assert _open(session) == ("case", "place")
    session.place = place
    assert _open(session) == ("case", "place", "anatomy")
    session.anatomy = anatomy
    assert _open(session) == ("case", "place", "anatomy", "plan")
    deliver_plan(session)
    assert _open(session) == ("case", "place", "anatomy", "plan", "examine", "compare", "sign")
    assert gate(session, "rehearse") is not None


@pytest.mark.parametrize("finding", [ASKING, STOPPING])
def test_a_finding_that_asks_or_stops_closes_all_behind_the_place(
    tmp_path: Path, finding: Finding
) -> None:
    session = opened_session(tmp_path)
    _add(session, finding)
    assert _open(session) == ("case", "place")
    closed = gate(session, "plan")
    assert closed is not None
    assert finding.code in closed.words
    assert closed.mend == "case"


def test_what_the_completion_asks_closes_the_plan_but_not_the_anatomy(tmp_path: Path) -> None:
    session = opened_session(tmp_path)
    assert session.anatomy is not None
    session.anatomy = replace(session.anatomy, findings=(ASKING,))
    closed = gate(session, "plan")
    assert closed is not None
    assert "IN-022" in closed.words


def test_a_refusal_opens_no_examination_and_is_no_plan_to_sign(tmp_path: Path) -> None:
    session = opened_session(tmp_path)
    session.history = None
    session.answer = a_refusal()
    for step, words in (("examine", "refusal"), ("sign", "no plan")):
        closed = gate(session, step)
        assert closed is not None
        assert words in closed.words
        assert closed.mend == "plan"


def test_a_stale_plan_is_looked_at_and_not_signed(tmp_path: Path) -> None:
    session = opened_session(tmp_path)
    deliver_plan(session, case_sha256="d" * 64)
    assert gate(session, "examine") is None
    closed = gate(session, "sign")
    assert closed is not None
    assert "stale" in closed.words


def test_a_closed_step_is_not_shown(tmp_path: Path) -> None:
    session = opened_session(tmp_path)
    heard: list[str] = []
    session.subscribe(heard.append)
    go_to(session, "examine")
    assert (session.step, heard) == ("examine", ["case"])
    session.place = None
    with pytest.raises(RequestError) as refused:
        go_to(session, "plan")
    assert refused.value.code == "RQ-181"
    assert "Side and level" in refused.value.next_step
    assert session.step == "examine"


def test_other_ways_are_compared_with_a_refusal_and_not_with_nothing(tmp_path: Path) -> None:
    session = opened_session(tmp_path)
    forget_plan(session)
    closed = gate(session, "compare")
    assert closed is not None
    assert closed.mend == "plan"
    session.answer = a_refusal()
    assert gate(session, "compare") is None
    session.place = None
    assert gate(session, "compare") is not None
