"""The report of an answer is made with what persons said and signed beside it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.app.logic.made_session import (
    BY,
    NOON,
    NoonClock,
    made_anatomy,
    made_checked,
)
from tests.unit.exchange.made_plans import ASKED, a_plan, a_refusal

from kambin.anatomy import Confirmation
from kambin.core import Finding, KambinError, Severity, SilentProgress
from kambin.desk import reporting
from kambin.desk.gate import CheckedCase
from kambin.desk.planning import write_answer
from kambin.desk.reporting import report_answer
from kambin.desk.workbench import MemoryStore
from kambin.exchange import SignRequest, read_plan, record_plan_confirmation, sign_plan_file
from kambin.planning import Plan, Refusal

CLOCK = NoonClock()
PROGRESS = SilentProgress()
MADE = object()


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    """Have reports made at once, and return what each was made of."""
    given: list[tuple[tuple[Any, ...], dict[str, Any]]] = []

    def write(*words: Any, **named: Any) -> object:
        given.append((words, named))
        return MADE

    monkeypatch.setattr(reporting, "write_report", write)
    return given


def _checked(folder: Path) -> CheckedCase:
    made = made_checked(folder)
    note = Finding("IN-022", Severity.NOTE, "what", "where", "why", "next")
    own = Confirmation("B. Reader", NOON, "AN-112", "accepted")
    return replace(made, case=replace(made.case, confirmations=(own,)), findings=(note,))


def _lay(folder: Path, answer: Plan | Refusal) -> Path:
    return write_answer(answer, folder / "plans", clock=CLOCK)


def _report(checked: CheckedCase, answer: Plan | Refusal, file: Path, **more: Any) -> object:
    return report_answer(
        checked, made_anatomy(), answer, file, checked.folder / "out", progress=PROGRESS, **more
    )


def _sign(file: Path, case_sha256: str) -> None:
    request = SignRequest(
        by=BY,
        at=NOON,
        content_sha256=read_plan(file).content_sha256,
        case_sha256=case_sha256,
        accepted=(ASKED.code,),
        max_difference_mm=0.1,
    )
    sign_plan_file(file, request)


def test_answers_of_case_and_plan_are_in_the_report(
    tmp_path: Path, written: list[tuple[tuple[Any, ...], dict[str, Any]]]
) -> None:
    checked, plan = _checked(tmp_path), a_plan(case_sha256="c" * 64)
    file = _lay(tmp_path, plan)
    record_plan_confirmation(file, Confirmation(BY, NOON, ASKED.code, "accepted"))
    assert _report(checked, plan, file) is MADE
    ((case, anatomy, answer, out), named) = written[0]
    assert case.accepted_codes == {"AN-112", ASKED.code}
    assert anatomy is made_anatomy()
    assert answer is plan
    assert out == tmp_path / "out"
    assert named["case_findings"] == checked.findings
    assert named["progress"] is PROGRESS
    assert named["signatures"] == ()


def test_a_signature_counts_on_its_case_alone(
    tmp_path: Path, written: list[tuple[tuple[Any, ...], dict[str, Any]]]
) -> None:
    checked = _checked(tmp_path)
    plan = a_plan(case_sha256=checked.case.sha256)
    file = _lay(tmp_path, plan)
    _sign(file, checked.case.sha256)
    _report(checked, plan, file)
    changed = replace(checked, case=replace(checked.case, sha256="d" * 64))
    _report(changed, plan, file)
    (own,), (other,) = (named["signatures"] for _, named in written)
    assert (own.by, own.is_valid) == (BY, True)
    assert not other.is_valid
    assert other.why_not


def test_a_refusal_is_reported_with_the_answers_of_the_case_alone(
    tmp_path: Path, written: list[tuple[tuple[Any, ...], dict[str, Any]]]
) -> None:
    checked, refusal = _checked(tmp_path), a_refusal()
    _report(checked, refusal, _lay(tmp_path, refusal))
    ((case, _, answer, _), named) = written[0]
    assert case is checked.case
    assert answer is refusal
    assert named["signatures"] == ()


@pytest.mark.parametrize("compares", [False, True])
def test_fields_and_the_other_ways_are_handed_on(
    tmp_path: Path,
    written: list[tuple[tuple[Any, ...], dict[str, Any]]],
    compares: bool,
) -> None:
    plan, store = a_plan(), MemoryStore()
    file = _lay(tmp_path, plan)
    _report(_checked(tmp_path), plan, file, store=store, compares=compares)
    (_, named) = written[0]
    assert named["store"] is store
    assert named["compares"] is compares


def test_unasked_there_is_no_page_of_other_ways(
    tmp_path: Path, written: list[tuple[tuple[Any, ...], dict[str, Any]]]
) -> None:
    plan = a_plan()
    _report(_checked(tmp_path), plan, _lay(tmp_path, plan))
    (_, named) = written[0]
    assert named["compares"] is False
    assert named["store"] is None


def test_of_changed_signatures_nothing_is_reported(
    tmp_path: Path, written: list[tuple[tuple[Any, ...], dict[str, Any]]]
) -> None:
    checked = _checked(tmp_path)
    plan = a_plan(case_sha256=checked.case.sha256)
    file = _lay(tmp_path, plan)
    _sign(file, checked.case.sha256)
    signed = file.with_name("plan.signatures.json")
    text = signed.read_text("utf-8")
    assert BY in text
    signed.write_text(text.replace(BY, "C. Other"), "utf-8")
    with pytest.raises(KambinError) as refused:
        _report(checked, plan, file)
    assert refused.value.code == "ST-011"
    assert written == []


def test_without_its_file_a_plan_is_not_reported(
    tmp_path: Path, written: list[tuple[tuple[Any, ...], dict[str, Any]]]
) -> None:
    with pytest.raises(KambinError) as refused:
        _report(_checked(tmp_path), a_plan(), tmp_path / "gone.json")
    assert refused.value.code == "PL-091"
    assert written == []
