"""A person's answers, each by name: to the case, and to one content of a plan."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.fault.made_files import save_spine
from tests.unit.app.logic.made_session import BY, NOON, NoonClock, deliver_plan, written_session

from kambin.app.logic.answering import (
    accept_findings,
    accept_of_plan,
    confirm_scheme,
    find_accepted,
    mark_level,
)
from kambin.app.logic.opening import open_task
from kambin.app.logic.session import Session
from kambin.app.logic.steps import gate
from kambin.app.logic.tasks import run_now
from kambin.core import Finding, RequestError, Severity
from kambin.desk.gate import find_questions
from kambin.exchange import import_case, read_confirmations

ASKING = Finding("IN-022", Severity.CONFIRM, "Some names", "labels", "why", "next")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """The tiny made patient, whose checks ask several things."""
    files = tmp_path / "files"
    files.mkdir()
    image, labels = save_spine(files)
    made = Session(clock=NoonClock())
    case = import_case(image=image, labels=[labels], out=tmp_path / "case")
    run_now(open_task(made, case))
    return made


def _asked(session: Session) -> tuple[str, ...]:
    assert session.checked is not None
    return tuple(dict.fromkeys(f.code for f in find_questions(session.checked)))


def test_an_answer_carries_name_and_moment_and_is_in_the_folder(session: Session) -> None:
    assert session.folder is not None
    code = _asked(session)[-1]
    accept_findings(session, [code], f" {BY} ")
    assert code not in _asked(session)
    (answer,) = read_confirmations(session.folder)
    assert (answer.by, answer.at, answer.code) == (BY, NOON, code)
    assert code in find_accepted(session)


def test_what_is_not_asked_is_not_answered(session: Session) -> None:
    assert session.folder is not None
    for codes, by in ((["PL-090"], BY), ([_asked(session)[0]], "  ")):
        with pytest.raises(RequestError) as refused:
            accept_findings(session, codes, by)
        assert refused.value.code == "RQ-006"
    assert read_confirmations(session.folder) == ()


def test_what_the_completion_asks_is_answered_on_the_case(tmp_path: Path) -> None:
    session = written_session(tmp_path)
    assert session.anatomy is not None
    session.anatomy = replace(session.anatomy, findings=(ASKING,))
    assert gate(session, "plan") is not None
    accept_findings(session, ["IN-022"], BY)
    assert session.checked is not None
    assert "IN-022" in session.checked.case.accepted_codes


def test_the_count_is_confirmed_on_its_picture(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Path] = []
    monkeypatch.setattr("kambin.app.logic.answering.draw_counted", drawn.append)
    confirm_scheme(session, BY)
    assert session.checked is not None
    assert drawn == [session.checked.folder]
    assert session.checked.check.scheme.confirmed_by == BY


def test_a_level_is_marked_only_where_none_can_be_counted(session: Session) -> None:
    with pytest.raises(RequestError) as refused:
        mark_level(session, "L4-L5", BY)
    assert refused.value.code == "RQ-062"
    assert session.checked is not None
    assert session.checked.check.scheme.index_level == ""


def test_an_answer_to_a_plan_counts_for_that_content_alone(tmp_path: Path) -> None:
    session = written_session(tmp_path)
    deliver_plan(session)
    accept_of_plan(session, ["PL-090"], BY)
    assert "PL-090" in find_accepted(session)
    deliver_plan(session, cannula_mm=6.0)
    assert "PL-090" not in find_accepted(session)


def test_what_a_plan_does_not_ask_is_not_answered(tmp_path: Path) -> None:
    session = written_session(tmp_path)
    deliver_plan(session)
    with pytest.raises(RequestError) as refused:
        accept_of_plan(session, ["IN-022"], BY)
    assert refused.value.code == "RQ-006"


def test_without_a_case_or_a_plan_nothing_is_asked(tmp_path: Path) -> None:
    assert find_accepted(Session()) == frozenset()
    with pytest.raises(RequestError) as refused:
        accept_findings(Session(), ["IN-022"], BY)
    assert refused.value.code == "RQ-181"
    with pytest.raises(RequestError) as refused:
        accept_of_plan(written_session(tmp_path), ["PL-090"], BY)
    assert refused.value.code == "RQ-181"
