"""The gate before measuring and planning."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from kambin.anatomy import Case, CaseCheck, Confirmation, Level, LevelScheme
from kambin.core import AnatomyError, Finding, Severity, read_codes
from kambin.desk.gate import (
    CheckedCase,
    confirm_call,
    find_questions,
    require_answered,
    settle_level,
)
from kambin.imaging import LabelMap

CASE_CODE = "IN-022"
OTHER_CODE = "IN-011"


def _finding(code: str, severity: Severity) -> Finding:
    return Finding(code, severity, "what", "where", "why", "next step")


def _checked(*findings: Finding, answered: tuple[str, ...] = ()) -> CheckedCase:
    labels = LabelMap(np.zeros((2, 2, 2), np.uint8), np.eye(4), "patient")
    answers = tuple(Confirmation("A", "2026-01-01T00:00:00+00:00", c, "yes") for c in answered)
    case = Case(None, labels, {}, "kambin", answers)
    check = CaseCheck(LevelScheme("5 lumbar", (), True, True), (), ())
    return CheckedCase(Path("some/case"), case, check, findings)


def test_notes_let_pass() -> None:
    require_answered(_checked(_finding(CASE_CODE, Severity.NOTE)))


def test_a_block_stops_and_no_answer_opens_it() -> None:
    checked = _checked(_finding(CASE_CODE, Severity.BLOCK), answered=(CASE_CODE,))
    with pytest.raises(AnatomyError, match=rf"AN-020.*{CASE_CODE}") as caught:
        require_answered(checked)
    assert caught.value.exit_code == 4
    assert [f.code for f in caught.value.findings] == [CASE_CODE]


def test_a_question_stops_until_a_person_answers() -> None:
    question = _finding(CASE_CODE, Severity.CONFIRM)
    with pytest.raises(AnatomyError, match="AN-021") as caught:
        require_answered(_checked(question, question))
    assert caught.value.next_step.endswith(
        f"kambin confirm some/case --by NAME --accept {CASE_CODE}"
    )
    require_answered(_checked(question, answered=(CASE_CODE,)))


def test_questions_of_the_completion_count_too() -> None:
    with pytest.raises(AnatomyError, match=rf"AN-021.*{OTHER_CODE}"):
        require_answered(_checked(), [_finding(OTHER_CODE, Severity.CONFIRM)])


def test_questions_of_each_plan_are_not_asked_of_the_case() -> None:
    later = [code for code, row in read_codes().items() if row.answered_at == "plan"]
    assert later
    question = _finding(later[0], Severity.CONFIRM)
    assert find_questions(_checked(question)) == ()
    require_answered(_checked(question))


def test_the_call_names_each_code_once() -> None:
    findings = [_finding(c, Severity.CONFIRM) for c in (CASE_CODE, OTHER_CODE, CASE_CODE)]
    assert confirm_call(Path("c"), findings) == (
        f"kambin confirm c --by NAME --accept {CASE_CODE} --accept {OTHER_CODE}"
    )


def test_a_checked_case_is_a_value() -> None:
    checked = _checked()
    assert replace(checked, folder=Path("b")).case is checked.case


def test_a_question_of_counting_is_answered_by_the_number_the_labels_show() -> None:
    findings = [_finding(c, Severity.CONFIRM) for c in ("AN-112", OTHER_CODE, "AN-114")]
    assert confirm_call(Path("c"), findings, "4 lumbar") == (
        f'kambin confirm c --by NAME --scheme "4 lumbar" --accept {OTHER_CODE}'
    )
    with pytest.raises(AnatomyError) as caught:
        require_answered(_checked(findings[0]))
    assert caught.value.next_step.endswith('--scheme "5 lumbar"')


def _with_levels(*levels: str, index: str = "") -> CheckedCase:
    scheme = LevelScheme("4 lumbar", ("L3", "L4", "S1"), True, True, index_level=index)
    return replace(_checked(), check=CaseCheck(scheme, levels, ()))


def test_a02_a_level_that_four_lumbar_vertebrae_do_not_have_is_refused_and_the_others_named() -> (
    None
):
    checked = _with_levels("L3-L4", "L4-S1")
    assert settle_level(checked, Level("L4", "S1")) == Level("L4", "S1")
    assert settle_level(checked, None) is None
    for asked in (Level("L4", "L5"), Level("L5", "S1")):
        with pytest.raises(AnatomyError, match=rf"AN-152.*{asked}") as caught:
            settle_level(checked, asked)
        assert caught.value.exit_code == 4
        assert "L3-L4, L4-S1" in caught.value.next_step


def test_a03_of_a_case_with_a_marked_level_there_is_no_other() -> None:
    checked = _with_levels("L3-L4", index="L3-L4")
    assert settle_level(checked, None) == Level("L3", "L4")
    with pytest.raises(AnatomyError, match="AN-152"):
        settle_level(checked, Level("L4", "L5"))


def test_g18_a_missing_skin_stops_planning_and_not_measuring() -> None:
    checked = _checked(_finding("AN-134", Severity.BLOCK))
    require_answered(checked, plans=False)
    with pytest.raises(AnatomyError, match=r"AN-020.*AN-134"):
        require_answered(checked)
    other = _checked(_finding("AN-134", Severity.BLOCK), _finding(CASE_CODE, Severity.BLOCK))
    with pytest.raises(AnatomyError) as caught:
        require_answered(other, plans=False)
    assert [f.code for f in caught.value.findings] == [CASE_CODE]
