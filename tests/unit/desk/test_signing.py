"""A name under a plan: only of a person, only of what holds, only of what was looked at."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.app.logic.made_session import BY, NOON, NoonClock, made_checked
from tests.unit.exchange.made_plans import ASKED, a_plan, a_refusal

from kambin.anatomy import Confirmation
from kambin.core import AnatomyError, KambinError, PlanError, RequestError
from kambin.desk.gate import CheckedCase
from kambin.desk.planning import write_answer
from kambin.desk.signing import LONGEST_NAME, Check, require_name, sign_answer
from kambin.exchange import read_plan, read_signatures, record_plan_confirmation
from kambin.planning import FindingRecord, Plan, Verification

CLOCK = NoonClock()
CONFIRMED = Verification(valid=True, max_difference_mm=0.25, agreement_mm=0.5, findings=())


def _checks(folder: Path, verdict: Verification = CONFIRMED, *own: Confirmation) -> Check:
    """Return a check that confirms any plan on a case with answers of its own."""
    made = made_checked(folder)
    checked = replace(made, case=replace(made.case, confirmations=own))

    def check(_plan: Plan) -> tuple[CheckedCase, Verification]:
        return checked, verdict

    return check


def _never(_plan: Plan) -> Any:
    pytest.fail("the plan was checked")


def _accept(file: Path, code: str = ASKED.code) -> None:
    record_plan_confirmation(file, Confirmation(BY, NOON, code, "accepted"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A plan file whose question was answered."""
    plan = a_plan(case_sha256=made_checked(tmp_path).case.sha256)
    written = write_answer(plan, tmp_path / "plans", clock=CLOCK)
    _accept(written)
    return written


def _is_unsigned(file: Path) -> bool:
    return read_signatures(file) == ()


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("A. Surgeon", "A. Surgeon"),
        ("  A. \t Surgeon \n", "A. Surgeon"),
        ("x" * LONGEST_NAME, "x" * LONGEST_NAME),
        (" " * LONGEST_NAME + "x", "x"),
    ],
)
def test_a_name_loses_only_blanks_that_nobody_meant(said: str, name: str) -> None:
    assert require_name(said) == name


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "Nobody is named."),
        (" \t\n", "Nobody is named."),
        ("x" * (LONGEST_NAME + 1), "It is longer than a name."),
    ],
)
def test_what_is_no_name_is_refused_and_not_repeated(said: str, why: str) -> None:
    with pytest.raises(RequestError) as refused:
        require_name(said)
    assert refused.value.code == "RQ-100"
    assert refused.value.why == why
    assert "xxx" not in str(refused.value)


def test_a_signature_says_who_when_what_and_what_was_accepted(file: Path, tmp_path: Path) -> None:
    signed = sign_answer(file, f" {BY} ", CLOCK, _checks(tmp_path))
    assert (signed.by, signed.at) == (BY, NOON)
    assert signed.content_sha256 == read_plan(file).content_sha256
    assert signed.case_sha256 == made_checked(tmp_path).case.sha256
    assert signed.accepted == (ASKED.code,)
    assert (signed.is_valid, signed.is_locked) == (True, False)
    assert read_signatures(file) == (signed,)


def test_the_plan_of_the_file_is_what_is_checked(file: Path, tmp_path: Path) -> None:
    seen: list[str] = []

    def check(plan: Plan) -> tuple[CheckedCase, Verification]:
        seen.append(plan.content_sha256)
        return _checks(tmp_path)(plan)

    sign_answer(file, BY, CLOCK, check)
    assert seen == [read_plan(file).content_sha256]


def test_answers_of_the_case_to_other_questions_stand_not_under_the_plan(
    file: Path, tmp_path: Path
) -> None:
    own = Confirmation("B. Reader", NOON, "AN-112", "accepted")
    signed = sign_answer(file, BY, CLOCK, _checks(tmp_path, CONFIRMED, own))
    assert signed.accepted == (ASKED.code,)


def test_the_same_name_twice_is_one_signature_and_two_names_are_two(
    file: Path, tmp_path: Path
) -> None:
    for name in (BY, BY, "B. Reader"):
        sign_answer(file, name, CLOCK, _checks(tmp_path))
    assert [one.by for one in read_signatures(file)] == [BY, "B. Reader"]


def test_nobody_signs_and_the_minute_of_the_check_is_not_spent(file: Path) -> None:
    with pytest.raises(RequestError) as refused:
        sign_answer(file, "  ", CLOCK, _never)
    assert refused.value.code == "RQ-100"
    assert _is_unsigned(file)


def test_a_refusal_is_not_signed(tmp_path: Path) -> None:
    written = write_answer(a_refusal(), tmp_path, clock=CLOCK)
    with pytest.raises(PlanError, match="there is nothing to sign") as refused:
        sign_answer(written, BY, CLOCK, _never)
    assert refused.value.code == "PL-091"
    assert _is_unsigned(written)


def test_an_edited_plan_is_not_checked_at_all(file: Path) -> None:
    text = file.read_text("utf-8")
    edited = text.replace('"cannula_mm": 1.0', '"cannula_mm": 2.0')
    assert edited != text
    file.write_text(edited, "utf-8")
    with pytest.raises(PlanError) as refused:
        sign_answer(file, BY, CLOCK, _never)
    assert refused.value.code == "PL-090"


@pytest.mark.parametrize("gone", [Path.unlink, lambda file: file.write_text("{}", "utf-8")])
def test_what_is_no_plan_is_not_signed(file: Path, gone: Callable[[Path], object]) -> None:
    gone(file)
    with pytest.raises(KambinError) as refused:
        sign_answer(file, BY, CLOCK, _never)
    assert refused.value.code == "PL-091"


def test_what_the_second_checker_stops_is_not_signed(file: Path, tmp_path: Path) -> None:
    against = CONFIRMED.model_copy(update={"valid": False})
    with pytest.raises(PlanError, match="the second checker disagrees") as refused:
        sign_answer(file, BY, CLOCK, _checks(tmp_path, against))
    assert refused.value.code == "PL-100"
    assert _is_unsigned(file)


def test_a_finding_of_the_checker_stops_even_beside_a_yes(file: Path, tmp_path: Path) -> None:
    found = FindingRecord(
        code="PL-020", severity="BLOCK", what="w", where="x", why="y", next_step="z"
    )
    with pytest.raises(PlanError, match="PL-020") as refused:
        sign_answer(
            file, BY, CLOCK, _checks(tmp_path, CONFIRMED.model_copy(update={"findings": (found,)}))
        )
    assert refused.value.code == "PL-100"
    assert _is_unsigned(file)


def test_an_open_question_is_not_signed_and_the_call_names_the_plan(tmp_path: Path) -> None:
    written = write_answer(a_plan(), tmp_path / "plans", clock=CLOCK)
    with pytest.raises(PlanError) as refused:
        sign_answer(written, BY, CLOCK, _checks(tmp_path), "CASE/PLAN")
    assert refused.value.code == "PL-101"
    assert refused.value.next_step.endswith(
        f"kambin confirm CASE/PLAN --by NAME --accept {ASKED.code}"
    )
    assert _is_unsigned(written)
    _accept(written)
    assert sign_answer(written, BY, CLOCK, _checks(tmp_path)).by == BY


def test_a_case_that_asks_stops_the_signature(file: Path) -> None:
    def check(_plan: Plan) -> Any:
        raise AnatomyError(code="AN-021", what="w", where="x", why="y", next_step="z")

    with pytest.raises(AnatomyError) as refused:
        sign_answer(file, BY, CLOCK, check)
    assert refused.value.code == "AN-021"
    assert _is_unsigned(file)


def test_a_plan_that_was_replaced_during_the_check_is_not_signed(tmp_path: Path) -> None:
    """What a person looked at is the content before the minute of the check."""
    plain = a_plan().model_copy(update={"findings": ()})
    written = write_answer(plain, tmp_path / "plans", clock=CLOCK)

    def check(plan: Plan) -> tuple[CheckedCase, Verification]:
        write_answer(plan.model_copy(update={"cannula_mm": 6.5}), written.parent, clock=CLOCK)
        return _checks(tmp_path)(plan)

    with pytest.raises(KambinError) as refused:
        sign_answer(written, BY, CLOCK, check)
    assert refused.value.code == "ST-012"
    assert read_plan(written).cannula_mm == 6.5
    assert _is_unsigned(written)
