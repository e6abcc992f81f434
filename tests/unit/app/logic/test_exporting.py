"""Print and export: what was shown, of the case as it lies there, where it was asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.app.logic.made_session import deliver_plan, opened_session
from tests.unit.exchange.made_plans import a_refusal

from kambin.app.logic import exporting
from kambin.app.logic.exporting import procedure_task, report_task
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Task, run_now
from kambin.core import PlanError, RequestError
from kambin.planning import Plan

Act = Callable[..., Task[Any]]
ACTS = pytest.mark.parametrize("act", [report_task, procedure_task])


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What was written; nothing is drawn."""
    given: list[tuple[Any, ...]] = []

    def report(*words: Any, progress: object) -> str:
        assert progress is not None
        given.append(words)
        return "report"

    def write(*words: Any) -> str:
        given.append(words)
        return "sheet"

    monkeypatch.setattr(exporting, "report_answer", report)
    monkeypatch.setattr(exporting, "make_procedure", lambda *_, accepted: accepted)
    monkeypatch.setattr(exporting, "write_procedure", write)
    return given


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session with a plan of the case that lies there."""
    opened = opened_session(tmp_path)
    deliver_plan(opened)
    assert opened.checked is not None
    case = opened.checked.case
    monkeypatch.setattr(exporting, "read_case", lambda _folder, *, verify: case)
    return opened


@ACTS
def test_it_is_written_where_it_was_asked_for_and_heard_of(
    session: Session, made: list[tuple[Any, ...]], tmp_path: Path, act: Act
) -> None:
    heard: list[str] = []
    session.subscribe(heard.append)
    out = tmp_path / "elsewhere"
    run_now(act(session, out))
    ((*words,),) = made
    assert out in words
    assert session.answer in words
    assert heard == ["answer"]


@ACTS
@pytest.mark.parametrize("part", ["checked", "anatomy", "answer", "answer_file"])
def test_without_all_it_needs_nothing_is_printed(
    session: Session, made: list[tuple[Any, ...]], act: Act, part: str
) -> None:
    setattr(session, part, None)
    with pytest.raises(RequestError) as refused:
        act(session)
    assert refused.value.code == "RQ-181"
    assert made == []


def test_a_refusal_is_printed_and_has_no_sheet(
    session: Session, made: list[tuple[Any, ...]]
) -> None:
    refusal = a_refusal()
    session.answer = refusal
    # a refusal of another content of the case is as stale as a plan
    with pytest.raises(PlanError) as stale:
        run_now(report_task(session))
    assert stale.value.code == "PL-020"
    assert made == []
    assert session.checked is not None
    digest = session.checked.case.sha256
    session.answer = refusal.model_copy(update={"case_sha256": digest})
    run_now(report_task(session))
    assert len(made) == 1
    with pytest.raises(RequestError):
        procedure_task(session)


@ACTS
def test_a_plan_of_another_case_is_not_printed(
    session: Session, made: list[tuple[Any, ...]], act: Act
) -> None:
    deliver_plan(session, case_sha256="d" * 64)
    assert isinstance(session.answer, Plan)
    with pytest.raises(PlanError) as refused:
        run_now(act(session))
    assert refused.value.code == "PL-020"
    assert made == []
