"""A plan on its case as it is now: another case is the answer, before anything is completed."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.app.logic.made_session import made_anatomy, made_checked
from tests.unit.exchange.made_plans import a_plan

from kambin.anatomy import Anatomy, Case
from kambin.core import AnatomyError, Finding, PlanError, Severity, StoreError, read_codes
from kambin.desk import verifying
from kambin.desk.gate import CheckedCase
from kambin.desk.verifying import check_plan, record_error, refuse_plan, stale_plan
from kambin.planning import Plan, Verification

CONFIRMED = Verification(valid=True, max_difference_mm=0.25, agreement_mm=0.5, findings=())


def _never(*_: object) -> Anatomy:
    pytest.fail("the anatomy was completed")


@pytest.fixture
def checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CheckedCase:
    """A case that lies in its folder, in which no check found anything."""
    made = made_checked(tmp_path)
    _lay(made, monkeypatch)
    return made


def _lay(checked: CheckedCase, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Have a case lie in any folder, and return how its hash was asked for."""
    asked: list[bool] = []

    def read(folder: Path, *, verify: bool = True) -> CheckedCase:
        assert folder == checked.folder
        asked.append(verify)
        return checked

    monkeypatch.setattr(verifying, "read_checked_case", read)
    return asked


def _plan_of(checked: CheckedCase) -> Plan:
    return a_plan(case_sha256=checked.case.sha256)


def test_the_second_checker_is_asked_with_what_was_completed_of_that_case(
    checked: CheckedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[object] = []

    def verify(*words: object) -> Verification:
        given.extend(words)
        return CONFIRMED

    def complete(case: Case) -> Anatomy:
        assert case is checked.case
        return made_anatomy()

    monkeypatch.setattr(verifying, "verify_plan", verify)
    plan = _plan_of(checked)
    assert check_plan(checked.folder, plan, complete) == (checked, CONFIRMED)
    assert given[0] is checked.case
    assert given[1] is made_anatomy()
    assert given[2] is plan


def test_a_case_that_changed_is_read_and_told_not_refused_on_reading(
    checked: CheckedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _lay(checked, monkeypatch)
    check_plan(checked.folder, a_plan(case_sha256="d" * 64), _never)
    assert asked == [False]


def test_a_plan_of_another_case_does_not_hold_and_nothing_is_completed(
    checked: CheckedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifying, "verify_plan", _never)
    read, verdict = check_plan(checked.folder, a_plan(case_sha256="d" * 64), _never)
    assert read is checked
    assert not verdict.valid
    assert verdict.max_difference_mm is None
    assert [f.code for f in verdict.findings] == ["PL-020"]
    assert "d" * 12 in verdict.findings[0].why


def test_another_case_is_the_answer_even_where_it_is_stopped(
    checked: CheckedCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = Finding("IN-022", Severity.BLOCK, "what", "where", "why", "next")
    _lay(replace(checked, findings=(stop,)), monkeypatch)
    _, verdict = check_plan(checked.folder, a_plan(case_sha256="d" * 64), _never)
    assert [f.code for f in verdict.findings] == ["PL-020"]


@pytest.mark.parametrize(
    ("severity", "code"), [(Severity.BLOCK, "AN-020"), (Severity.CONFIRM, "AN-021")]
)
def test_a_case_that_stops_or_asks_is_not_verified_on(
    checked: CheckedCase, monkeypatch: pytest.MonkeyPatch, severity: Severity, code: str
) -> None:
    found = Finding("IN-022", severity, "what", "where", "why", "next")
    _lay(replace(checked, findings=(found,)), monkeypatch)
    with pytest.raises(AnatomyError) as refused:
        check_plan(checked.folder, _plan_of(checked), _never)
    assert refused.value.code == code


def test_a_stale_plan_names_both_cases_and_the_next_step() -> None:
    error = stale_plan("e" * 64, a_plan(case_sha256="d" * 64), "CASE PLAN")
    assert isinstance(error, PlanError)
    assert (error.code, error.where) == ("PL-020", "CASE PLAN")
    assert "made on dddddddddddd, this case is eeeeeeeeeeee" in error.why
    assert error.next_step == read_codes()["PL-020"].next_step
    assert stale_plan("e" * 64, a_plan()).where == "case_sha256"


@pytest.mark.parametrize("kind", [PlanError, StoreError])
def test_what_cannot_be_compared_is_against_the_plan(
    kind: type[PlanError] | type[StoreError],
) -> None:
    code = "PL-091" if kind is PlanError else "ST-011"
    error = kind(code=code, what="what", where="where", why="why", next_step="next")
    verdict = refuse_plan(error)
    assert not verdict.valid
    assert verdict.findings == (record_error(error),)
    # no number stands for a comparison that was not made
    assert verdict.max_difference_mm is None


def test_an_error_as_a_finding_blocks_and_keeps_its_parts() -> None:
    error = StoreError(code="ST-011", what="a", where="b", why="c", next_step="d")
    found = record_error(error)
    assert found.severity == Severity.BLOCK
    assert (found.code, found.what, found.where) == ("ST-011", "a", "b")
    assert (found.why, found.next_step) == ("c", "d")
