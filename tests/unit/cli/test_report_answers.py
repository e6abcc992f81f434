"""A person's answers to a plan reach its report, and only the report of that plan."""

from pathlib import Path

import numpy as np
import pytest
from tests.unit.exchange.made_plans import ASKED, a_plan, a_refusal

from kambin.anatomy import Case, Confirmation
from kambin.desk.answers import with_answers
from kambin.exchange import read_plan, record_plan_confirmation, write_plan
from kambin.imaging import LabelMap

OF_CASE = Confirmation("A. Surgeon", "2026-01-01T00:00:00+00:00", "AN-114", "accepted")
OF_PLAN = Confirmation("B. Reader", "2026-01-02T00:00:00+00:00", ASKED.code, "accepted")


@pytest.fixture
def case() -> Case:
    """A case with one answer of its own."""
    labels = LabelMap(np.zeros((2, 2, 2), np.uint8), np.eye(4), "patient")
    return Case(None, labels, {}, "kambin", (OF_CASE,), "aa")


def test_answers_of_case_and_plan_are_joined(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    write_plan(a_plan(level="L4-L5"), file)
    assert with_answers(case, read_plan(file), file).confirmations == (OF_CASE,)
    record_plan_confirmation(file, OF_PLAN)
    joined = with_answers(case, read_plan(file), file)
    assert joined.confirmations == (OF_CASE, OF_PLAN)
    assert joined.accepted_codes == {"AN-114", ASKED.code}
    assert joined.sha256 == case.sha256


def test_a_plan_made_anew_asks_again(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    write_plan(a_plan(level="L4-L5"), file)
    record_plan_confirmation(file, OF_PLAN)
    write_plan(a_plan(level="L3-L4"), file)
    assert with_answers(case, read_plan(file), file).confirmations == (OF_CASE,)


def test_a_refusal_has_no_answers(case: Case, tmp_path: Path) -> None:
    assert with_answers(case, a_refusal(), tmp_path / "refusal.json") is case
