"""The panel of signing: the checklist, who signed, and what no longer counts."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.app.logic.made_session import BY, deliver_plan, written_session
from tests.unit.exchange.made_plans import a_refusal

from kambin.app.logic.answering import accept_of_plan
from kambin.app.logic.checklist import LOOKED, tick
from kambin.app.logic.session import Session
from kambin.app.shown.sign import show_sign
from kambin.app.state import SignView
from kambin.core import StoreError
from kambin.frames import Side


@pytest.fixture
def session(tmp_path: Path) -> Session:
    session = written_session(tmp_path)
    deliver_plan(session)
    return session


def words(session: Session) -> dict[str, str]:
    return {row.code: row.words for row in show_sign(session, ()).rows}


def signed(**parts: Any) -> Any:
    return SimpleNamespace(
        by=BY,
        at="2026-03-04T12:00:00+00:00",
        is_valid=parts.get("is_valid", True),
        is_locked=parts.get("is_locked", False),
        why_not=parts.get("why_not", ""),
    )


@pytest.mark.parametrize("made", [(), ("Report: a.pdf",)])
def test_without_a_plan_there_is_nothing_to_sign(made: tuple[str, ...]) -> None:
    session = Session()
    assert show_sign(session, made) == SignView()
    session.answer = a_refusal()
    assert show_sign(session, made) == SignView()


def test_each_line_says_who_looks_at_it(session: Session) -> None:
    kinds = {row.code: row.kind for row in show_sign(session, ()).rows}
    assert {code for code, kind in kinds.items() if kind == "tick"} == set(LOOKED)
    assert {code for code, kind in kinds.items() if kind == "answer"} == {"PL-090"}
    assert {code for code, kind in kinds.items() if kind == "seen"} == {"place", "fresh", "path"}


@pytest.mark.parametrize("side", list(Side))
def test_the_place_is_told_by_its_side_and_the_person(tmp_path: Path, side: Side) -> None:
    session = written_session(tmp_path, side)
    deliver_plan(session)
    said = words(session)["place"]
    assert said == f"L4-L5 {side.value.upper()} was confirmed by {BY} in this session."


def test_until_a_person_confirmed_the_place_its_line_is_open(session: Session) -> None:
    session.place = None
    rows = {row.code: row for row in show_sign(session, ()).rows}
    assert rows["place"].words == "Nobody confirmed side and level in this session."
    assert not rows["place"].done


def test_only_a_checklist_without_an_open_line_is_complete(session: Session) -> None:
    accept_of_plan(session, ["PL-090"], BY)
    for code in LOOKED:
        assert not show_sign(session, ()).complete
        tick(session, code, done=True)
    shown = show_sign(session, ())
    assert shown.complete
    assert all(row.done for row in shown.rows)
    tick(session, "look-tools", done=False)
    assert not show_sign(session, ()).complete


def test_the_plan_of_another_side_is_not_the_confirmed_place(session: Session) -> None:
    assert session.answer is not None
    session.answer = session.answer.model_copy(update={"side": "right"})
    rows = {row.code: row for row in show_sign(session, ()).rows}
    assert not rows["place"].done


@pytest.mark.parametrize(
    ("parts", "said", "locked"),
    [
        ({}, f"Signed by {BY}, 2026-03-04 12:00 UTC", False),
        ({"is_locked": True}, f"Signed by {BY}, 2026-03-04 12:00 UTC, locked", True),
        (
            {"is_valid": False, "why_not": "The plan changed."},
            f"The signature of {BY} no longer counts: The plan changed.",
            False,
        ),
        (
            {"is_valid": False, "is_locked": True, "why_not": "The plan changed."},
            f"The signature of {BY} no longer counts: The plan changed.",
            False,
        ),
    ],
)
def test_a_signature_says_whether_it_counts(
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    parts: dict[str, Any],
    said: str,
    locked: bool,
) -> None:
    monkeypatch.setattr("kambin.app.shown.sign.list_signatures", lambda _: (signed(**parts),))
    shown = show_sign(session, ())
    assert shown.signed == (said,)
    assert shown.locked is locked


def test_a_file_that_cannot_be_read_leaves_no_line_to_tick(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_session: Session) -> None:
        raise StoreError(
            code="ST-011", what="It was changed", where="plan", why="A byte.", next_step="Look."
        )

    monkeypatch.setattr("kambin.app.shown.sign.list_signatures", broken)
    shown = show_sign(session, ("Report: a.pdf",))
    assert shown.signed == ("It was changed. A byte.",)
    assert (shown.rows, shown.complete, shown.locked) == ((), False, False)
    assert shown.sha256 == getattr(session.answer, "content_sha256", "")


def test_what_was_printed_is_told_under_the_checklist(session: Session) -> None:
    made = ("Report: a.pdf", "Procedure sheet: b.html")
    assert show_sign(session, made).made == made
