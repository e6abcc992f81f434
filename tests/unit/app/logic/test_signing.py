"""Signing, printing and export: bound to one content of a plan, on the case as it lies there."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.app.logic.made_session import (
    BY,
    deliver_plan,
    made_path,
    written_session,
)
from tests.unit.planning.simple_spine import Recipe, build_case, build_simple_spine

from kambin.app.logic import exporting, signing
from kambin.app.logic.answering import accept_of_plan
from kambin.app.logic.checklist import LOOKED, list_items, tick
from kambin.app.logic.session import Session
from kambin.app.logic.signing import list_signatures, lock_plan, sign_task
from kambin.app.logic.tasks import Task, run_now
from kambin.app.logic.undo import Undo
from kambin.core import KambinError, PlanError, RequestError, StoreError
from kambin.exchange import write_case
from kambin.frames import Side
from kambin.planning import Plan, Verification

CONFIRMED = Verification(valid=True, max_difference_mm=0.1, agreement_mm=0.5, findings=())


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session with a plan of which every line but those of the person is done."""
    made = written_session(tmp_path)
    deliver_plan(made)

    def check(_folder: Path, _plan: Plan, _complete: object) -> tuple[object, Verification]:
        return made.checked, CONFIRMED

    monkeypatch.setattr(signing, "check_plan", check)
    return made


def _tick_all(session: Session) -> None:
    accept_of_plan(session, ["PL-090"], BY)
    for code in LOOKED:
        tick(session, code, done=True)


def _open_lines(session: Session) -> list[str]:
    return [item.code for item in list_items(session) if not item.is_done]


def test_the_checklist_names_what_is_open(session: Session) -> None:
    assert _open_lines(session) == ["PL-090", *LOOKED]
    _tick_all(session)
    assert _open_lines(session) == []
    tick(session, "look-nerve", done=False)
    assert _open_lines(session) == ["look-nerve"]


def test_an_incomplete_checklist_is_not_signed_and_says_which_line(session: Session) -> None:
    _tick_all(session)
    tick(session, "look-way", done=False)
    with pytest.raises(RequestError) as refused:
        sign_task(session, BY)
    assert refused.value.code == "RQ-186"
    assert LOOKED["look-way"] in refused.value.why
    assert list_signatures(session) == ()


def test_ticks_belong_to_one_content_of_a_plan(session: Session) -> None:
    _tick_all(session)
    deliver_plan(session, cannula_mm=6.0)
    assert _open_lines(session) == ["PL-090", *LOOKED]


def test_a_path_that_was_moved_on_is_not_the_one_that_is_signed(session: Session) -> None:
    _tick_all(session)
    session.history = Undo(made_path())
    assert _open_lines(session) == ["path"]


def test_a_place_that_nobody_confirmed_in_this_session_is_open(session: Session) -> None:
    _tick_all(session)
    assert session.place is not None
    session.place = replace(session.place, side=Side.RIGHT)
    assert "place" in _open_lines(session)
    session.place = None
    assert "place" in _open_lines(session)


def test_only_lines_of_the_person_are_ticked(session: Session) -> None:
    for code in ("fresh", "PL-090"):
        with pytest.raises(RequestError) as refused:
            tick(session, code, done=True)
        assert refused.value.code == "RQ-186"


def test_a_complete_plan_is_signed_by_name_and_locked(session: Session) -> None:
    _tick_all(session)
    run_now(sign_task(session, f"  {BY} "))
    (signature,) = list_signatures(session)
    assert isinstance(session.answer, Plan)
    assert (signature.by, signature.is_valid) == (BY, True)
    assert signature.content_sha256 == session.answer.content_sha256
    assert signature.accepted == ("PL-090",)
    (locked,) = lock_plan(session)
    assert locked.is_locked
    with pytest.raises(StoreError) as refused:
        deliver_plan(session, cannula_mm=6.0)
    assert refused.value.code == "ST-010"


def test_nobody_signs_without_a_name(session: Session) -> None:
    _tick_all(session)
    with pytest.raises(RequestError) as refused:
        sign_task(session, "  ")
    assert refused.value.code == "RQ-100"


def test_an_unsigned_plan_is_not_locked(session: Session) -> None:
    with pytest.raises(PlanError) as refused:
        lock_plan(session)
    assert refused.value.code == "PL-102"


def test_a_plan_that_the_second_checker_stops_is_not_signed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    _tick_all(session)
    against = CONFIRMED.model_copy(update={"valid": False})
    monkeypatch.setattr(signing, "check_plan", lambda *_: (session.checked, against))
    with pytest.raises(PlanError) as refused:
        run_now(sign_task(session, BY))
    assert refused.value.code == "PL-100"
    assert list_signatures(session) == ()


def _sign(session: Session) -> Task[Any]:
    return sign_task(session, BY)


def _print(session: Session) -> Task[Any]:
    return exporting.report_task(session)


def _sheet(session: Session) -> Task[Any]:
    return exporting.procedure_task(session)


ACTS = pytest.mark.parametrize("act", [_sign, _print, _sheet])


@ACTS
def test_a_case_that_changed_on_the_disk_is_neither_signed_nor_printed(
    session: Session, tmp_path: Path, act: Callable[[Session], Task[Any]]
) -> None:
    """P01: the session has not noticed, the files have changed."""
    _tick_all(session)
    task = act(session)
    write_case(build_case(build_simple_spine(Recipe(skin_depth_mm=92.0))), tmp_path / "other")
    for file in (tmp_path / "other").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(PlanError) as refused:
        run_now(task)
    assert refused.value.code == "PL-020"
    assert list_signatures(session) == ()
    assert not list(tmp_path.rglob("*.pdf"))


@ACTS
def test_a_plan_that_was_replaced_by_another_process_is_not_the_one_that_was_looked_at(
    session: Session, act: Callable[[Session], Task[Any]]
) -> None:
    _tick_all(session)
    task, shown = act(session), session.answer
    deliver_plan(session, cannula_mm=6.0)
    session.answer = shown
    with pytest.raises(StoreError) as refused:
        run_now(task)
    assert refused.value.code == "ST-012"


@ACTS
def test_an_edited_plan_file_is_neither_signed_nor_printed(
    session: Session, act: Callable[[Session], Task[Any]]
) -> None:
    """P02: edited by hand after it was shown."""
    _tick_all(session)
    task, file = act(session), session.answer_file
    assert file is not None
    file.write_text(file.read_text("utf-8").replace('"cannula_mm": 7.5', '"cannula_mm": 6.5'))
    with pytest.raises(KambinError) as refused:
        run_now(task)
    assert refused.value.code == "PL-090"


@ACTS
def test_without_a_plan_there_is_nothing_to_sign_or_print(
    act: Callable[[Session], Task[Any]],
) -> None:
    with pytest.raises(RequestError) as refused:
        act(Session())
    assert refused.value.code == "RQ-181"


def test_the_report_and_the_sheet_lie_beside_the_plan(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[object] = []

    def report(*words: object, **_: object) -> None:
        written.append(words[4])

    def procedure(anatomy: object, plan: Plan, *, accepted: frozenset[str]) -> object:
        written.append(sorted(accepted))
        return plan

    def write(out: Path, *_: object) -> None:
        written.append(out)

    monkeypatch.setattr(exporting, "report_answer", report)
    monkeypatch.setattr(exporting, "make_procedure", procedure)
    monkeypatch.setattr(exporting, "write_procedure", write)
    accept_of_plan(session, ["PL-090"], BY)
    run_now(exporting.report_task(session))
    run_now(exporting.procedure_task(session))
    assert session.answer_file is not None
    beside = session.answer_file.parent
    assert written == [beside / "report", ["PL-090"], beside / "procedure"]
