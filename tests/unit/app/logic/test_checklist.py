"""The checklist before signing: every line can be open, and each belongs to one content."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.app.logic.made_session import (
    BY,
    deliver_plan,
    made_path,
    opened_session,
)
from tests.unit.exchange.made_plans import ASKED, a_refusal

from kambin.anatomy import Level
from kambin.app.logic.answering import accept_of_plan
from kambin.app.logic.checklist import LOOKED, list_items, not_ready, require_complete, tick
from kambin.app.logic.draft import HandPath
from kambin.app.logic.session import Session
from kambin.app.logic.undo import Undo
from kambin.core import RequestError
from kambin.planning import Plan

SEEN = ["place", "fresh", "path"]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session with a plan that asks one question; nobody has looked at anything."""
    made = opened_session(tmp_path)
    deliver_plan(made)
    return made


def _complete(session: Session) -> None:
    accept_of_plan(session, [ASKED.code], BY)
    for code in LOOKED:
        tick(session, code, done=True)


def _plan(session: Session) -> Plan:
    assert isinstance(session.answer, Plan)
    return session.answer


def _open(session: Session) -> list[str]:
    return [item.code for item in list_items(session) if not item.is_done]


def test_what_the_program_sees_comes_before_what_it_asks(session: Session) -> None:
    items = list_items(session)
    assert [one.code for one in items] == [*SEEN, ASKED.code, *LOOKED]
    assert [one.code for one in items if not one.is_asked] == SEEN
    assert all(one.words for one in items)


def test_nothing_that_a_person_looks_at_is_ticked_beforehand(session: Session) -> None:
    assert _open(session) == [ASKED.code, *LOOKED]


def test_the_line_of_the_place_says_who_confirmed_it(session: Session) -> None:
    (line, *_) = list_items(session)
    assert line.words == f"L4-L5 LEFT was confirmed by {BY} in this session."
    session.place = None
    (line, *_) = list_items(session)
    assert "Nobody confirmed" in line.words
    assert not line.is_done


def test_another_level_than_that_of_the_plan_is_open(session: Session) -> None:
    _complete(session)
    assert session.place is not None
    session.place = replace(session.place, level=Level("L3", "L4"))
    assert _open(session) == ["place"]


def test_a_case_that_changed_is_open(session: Session) -> None:
    _complete(session)
    assert session.checked is not None
    case = replace(session.checked.case, sha256="d" * 64)
    session.checked = replace(session.checked, case=case)
    assert "fresh" in _open(session)


def test_a_path_that_is_the_plans_own_is_done_and_any_other_is_open(session: Session) -> None:
    _complete(session)
    own = HandPath.of_plan(_plan(session))
    session.history = Undo(own)
    assert _open(session) == []
    session.history = session.history.do(made_path())
    assert _open(session) == ["path"]
    session.history = session.history.undo()
    assert _open(session) == []
    # a hand that has not let go may still go anywhere
    session.hovering = own
    assert _open(session) == ["path"]


@pytest.mark.parametrize("code", sorted(LOOKED))
def test_each_line_of_the_person_is_needed(session: Session, code: str) -> None:
    _complete(session)
    assert require_complete(session) is session.answer
    tick(session, code, done=False)
    with pytest.raises(RequestError) as refused:
        require_complete(session)
    assert (refused.value.code, refused.value.where) == ("RQ-186", code)
    assert LOOKED[code] in refused.value.why


def test_an_unanswered_question_is_needed_too(session: Session) -> None:
    for code in LOOKED:
        tick(session, code, done=True)
    with pytest.raises(RequestError) as refused:
        require_complete(session)
    assert refused.value.where == ASKED.code
    accept_of_plan(session, [ASKED.code], BY)
    assert require_complete(session) is session.answer


def test_the_first_open_line_is_named(session: Session) -> None:
    session.place = None
    with pytest.raises(RequestError) as refused:
        require_complete(session)
    assert refused.value.where == "place"


@pytest.mark.parametrize("code", [*SEEN, ASKED.code, "look-elsewhere", ""])
def test_no_other_line_is_ticked_by_hand(session: Session, code: str) -> None:
    with pytest.raises(RequestError) as refused:
        tick(session, code, done=True)
    assert refused.value.code == "RQ-186"
    assert session.ticks == frozenset()


def test_a_tick_is_heard_of_and_twice_is_once(session: Session) -> None:
    heard: list[str] = []
    session.subscribe(heard.append)
    for _ in range(2):
        tick(session, "look-way", done=True)
    assert heard == ["answer", "answer"]
    assert session.ticks == {(_plan(session).content_sha256, "look-way")}
    for _ in range(2):
        tick(session, "look-way", done=False)
    assert session.ticks == frozenset()


def test_the_next_content_is_looked_at_anew_and_the_one_before_stays_ticked(
    session: Session,
) -> None:
    _complete(session)
    before, file = session.answer, session.answer_file
    deliver_plan(session, cannula_mm=6.0)
    assert _open(session) == [ASKED.code, *LOOKED]
    session.answer, session.answer_file = before, file
    assert not set(_open(session)) & set(LOOKED)


@pytest.mark.parametrize("answer", [None, a_refusal()])
def test_without_a_plan_there_is_no_checklist(session: Session, answer: object) -> None:
    session.answer = answer  # type: ignore[assignment]
    assert list_items(session) == ()
    for act in (require_complete, lambda one: tick(one, "look-way", done=True)):
        with pytest.raises(RequestError) as refused:
            act(session)
        assert refused.value.code == "RQ-181"


def test_what_is_open_is_quoted() -> None:
    error = not_ready(words="Something.", code="look-way")
    assert (error.code, error.where, error.why) == ("RQ-186", "look-way", "Open: Something.")
