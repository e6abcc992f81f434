"""What the desk does with answers, checks, signatures and folders, on small documents."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from tests.unit.exchange.made_plans import ASKED, a_plan, a_refusal
from tests.unit.planning.made_level import make_clearance, make_plan, make_stage

from kambin.anatomy import Anatomy, Case, CaseCheck, Confirmation, Level, LevelScheme
from kambin.core import AnatomyError, Finding, PlanError, RequestError, Severity, StoreError
from kambin.desk import verifying
from kambin.desk.answers import make_answers, require_asked, with_answers
from kambin.desk.gate import CheckedCase
from kambin.desk.planning import PLANS_FOLDER, find_head, find_plan_folder, write_answer
from kambin.desk.signing import LONGEST_NAME, require_name, sign_answer
from kambin.desk.verifying import check_plan, refuse_plan, stale_plan
from kambin.exchange import (
    lock_plan_file,
    read_history,
    read_plan,
    read_signatures,
    record_plan_confirmation,
)
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.planning import Plan, Verification

NOON = "2026-03-04T12:00:00+00:00"
BY = "A. Surgeon"
VALID = Verification(valid=True, max_difference_mm=0.2, agreement_mm=0.5, findings=())
SHA = "c" * 64


class _Noon:
    def now(self) -> datetime:
        """Return noon."""
        return datetime(2026, 3, 4, 12, tzinfo=UTC)


def _checked(sha256: str = SHA, *findings: Finding) -> CheckedCase:
    labels = LabelMap(np.zeros((2, 2, 2), np.uint8), np.eye(4), "patient")
    check = CaseCheck(LevelScheme("5 lumbar", (), True, True), (), ())
    return CheckedCase(Path("case"), Case(None, labels, {}, "own", (), sha256), check, findings)


def _plan(**parts: object) -> Plan:
    return make_plan((make_stage("cannula", make_clearance()),), **parts)


def _never(_: Case) -> Anatomy:
    msg = "the anatomy was completed"
    raise AssertionError(msg)


@pytest.fixture
def a_file(tmp_path: Path) -> Path:
    """A plan that asks PL-090, in its folder."""
    return write_answer(_plan(findings=(ASKED,)), tmp_path, clock=_Noon())


def test_each_place_of_a_case_has_a_folder_of_its_own() -> None:
    level = Level("L4", "L5")
    folders = {find_plan_folder(Path("case"), level, side) for side in Side}
    assert folders == {
        Path("case") / PLANS_FOLDER / "L4-L5-left",
        Path("case") / PLANS_FOLDER / "L4-L5-right",
    }


def test_an_answer_is_the_next_version_at_the_moment_of_the_clock(tmp_path: Path) -> None:
    head = find_head(tmp_path, new_version=False)
    write_answer(a_plan(), tmp_path, clock=_Noon(), expected=head)
    with pytest.raises(StoreError) as refused:
        write_answer(a_refusal(), tmp_path, clock=_Noon(), expected=head)
    assert refused.value.code == "ST-012"
    (version,) = read_history(tmp_path).versions
    assert (version.number, version.kind, version.at) == (1, "plan", NOON)


def test_a_locked_plan_is_followed_only_where_a_new_version_is_asked(a_file: Path) -> None:
    record_plan_confirmation(a_file, Confirmation(BY, NOON, "PL-090", "accepted"))
    sign_answer(a_file, BY, _Noon(), lambda _: (_checked(), VALID))
    lock_plan_file(a_file, at=NOON, case_sha256=SHA)
    with pytest.raises(StoreError) as refused:
        find_head(a_file.parent, new_version=False)
    assert refused.value.code == "ST-010"
    head = find_head(a_file.parent, new_version=True)
    write_answer(_plan(cannula_mm=6.0), a_file.parent, expected=head, new_version=True)
    assert read_plan(a_file).cannula_mm == 6.0


def test_all_answers_of_one_call_carry_one_name_and_one_moment() -> None:
    answers = make_answers(f" {BY} ", "5 lumbar", ["AN-114"], _Noon(), index=Level("L4", "L5"))
    assert {(answer.by, answer.at) for answer in answers} == {(BY, NOON)}
    assert [(answer.code, answer.value) for answer in answers] == [
        ("scheme", "5 lumbar"),
        ("index", "L4-L5"),
        ("AN-114", "accepted"),
    ]


def test_an_answer_to_what_a_plan_does_not_ask_is_refused() -> None:
    answers = make_answers(BY, None, ["AN-114"], _Noon())
    with pytest.raises(RequestError) as refused:
        require_asked((ASKED,), answers)
    assert refused.value.code == "RQ-006"
    require_asked((ASKED,), make_answers(BY, None, ["PL-090"], _Noon()))


def test_answers_to_a_plan_count_with_those_to_its_case(a_file: Path) -> None:
    case = _checked().case
    assert with_answers(case, read_plan(a_file), a_file).accepted_codes == frozenset()
    record_plan_confirmation(a_file, Confirmation(BY, NOON, "PL-090", "accepted"))
    assert with_answers(case, read_plan(a_file), a_file).accepted_codes == {"PL-090"}
    assert with_answers(case, a_refusal(), a_file) is case


def test_a_changed_case_is_the_answer_and_is_not_completed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verifying, "read_checked_case", lambda *_, **__: _checked("d" * 64))
    checked, verdict = check_plan(Path("case"), _plan(case_sha256=SHA), _never)
    assert checked.case.sha256 == "d" * 64
    assert not verdict.valid
    assert [finding.code for finding in verdict.findings] == ["PL-020"]


def test_a_case_that_asks_is_not_checked_further(monkeypatch: pytest.MonkeyPatch) -> None:
    asking = Finding("IN-022", Severity.CONFIRM, "what", "where", "why", "next")
    monkeypatch.setattr(verifying, "read_checked_case", lambda *_, **__: _checked(SHA, asking))
    with pytest.raises(AnatomyError) as refused:
        check_plan(Path("case"), _plan(case_sha256=SHA), _never)
    assert refused.value.code == "AN-021"


def test_the_second_checker_is_asked_of_the_completed_case(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given: list[object] = []

    def verify(*words: object) -> Verification:
        given.extend(words)
        return VALID

    checked, plan = _checked(), _plan(case_sha256=SHA)
    monkeypatch.setattr(verifying, "read_checked_case", lambda *_, **__: checked)
    monkeypatch.setattr(verifying, "verify_plan", verify)
    found = check_plan(Path("case"), plan, lambda case: case.sha256)  # type: ignore[arg-type, return-value]
    assert found == (checked, VALID)
    assert given == [checked.case, SHA, plan]


def test_what_cannot_be_compared_is_a_finding_that_blocks() -> None:
    error = stale_plan("d" * 64, _plan(case_sha256=SHA))
    (finding,) = refuse_plan(error).findings
    assert (finding.code, finding.severity) == ("PL-020", "BLOCK")
    assert SHA[:12] in finding.why


@pytest.mark.parametrize("name", ["", "  ", "x" * (LONGEST_NAME + 1)])
def test_nobody_signs_without_a_name_or_with_a_text(name: str) -> None:
    with pytest.raises(RequestError) as refused:
        require_name(name)
    assert refused.value.code == "RQ-100"


def test_a_name_has_no_blanks_that_nobody_meant() -> None:
    assert require_name("  A.\t Surgeon \n") == BY


def test_a_refusal_is_not_signed(tmp_path: Path) -> None:
    file = write_answer(a_refusal(), tmp_path)
    with pytest.raises(PlanError) as refused:
        sign_answer(file, BY, _Noon(), lambda _: (_checked(), VALID))
    assert refused.value.code == "PL-091"


def test_a_plan_that_asks_or_does_not_hold_is_not_signed(a_file: Path) -> None:
    with pytest.raises(PlanError) as asks:
        sign_answer(a_file, BY, _Noon(), lambda _: (_checked(), VALID))
    assert asks.value.code == "PL-101"
    record_plan_confirmation(a_file, Confirmation(BY, NOON, "PL-090", "accepted"))
    against = VALID.model_copy(update={"valid": False})
    with pytest.raises(PlanError) as stopped:
        sign_answer(a_file, BY, _Noon(), lambda _: (_checked(), against))
    assert stopped.value.code == "PL-100"
    assert read_signatures(a_file, case_sha256=SHA) == ()
    signature = sign_answer(a_file, BY, _Noon(), lambda _: (_checked(), VALID))
    assert (signature.by, signature.at, signature.accepted) == (BY, NOON, ("PL-090",))
