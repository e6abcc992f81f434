"""Who may sign what: nothing that blocks, asks or was not confirmed by the second checker."""

import pytest
from tests.unit.planning.made_level import make_clearance, make_plan, make_stage

from kambin.core import PlanError
from kambin.planning import FindingRecord, Plan, Verification, require_signable

HOLDS = Verification(valid=True, max_difference_mm=0.1, agreement_mm=0.3, findings=())


def _finding(code: str, severity: str) -> FindingRecord:
    return FindingRecord(code=code, severity=severity, what="a", where="b", why="c", next_step="d")  # type: ignore[arg-type]


def _plan(*findings: FindingRecord) -> Plan:
    return make_plan((make_stage("needle", make_clearance()),), findings=findings)


def test_a_plan_that_holds_and_asks_nothing_is_signed() -> None:
    require_signable(_plan(_finding("PL-010", "NOTE")), HOLDS, ())


@pytest.mark.parametrize("where", ["plan", "verification"])
def test_a_block_is_never_signed(where: str) -> None:
    block = _finding("PL-025", "BLOCK")
    plan = _plan(block) if where == "plan" else _plan()
    verdict = HOLDS if where == "plan" else HOLDS.model_copy(update={"findings": (block,)})
    with pytest.raises(PlanError, match=r"PL-100.*PL-025") as stopped:
        require_signable(plan, verdict, ("PL-025",))
    assert [f.code for f in stopped.value.findings] == ["PL-025"]


def test_what_the_second_checker_does_not_confirm_is_not_signed() -> None:
    with pytest.raises(PlanError, match="PL-100"):
        require_signable(_plan(), HOLDS.model_copy(update={"valid": False}), ())


@pytest.mark.parametrize("where", ["plan", "verification"])
def test_every_question_is_answered_before_the_name(where: str) -> None:
    asked = (_finding("PL-004", "CONFIRM"), _finding("PL-012", "CONFIRM"))
    plan = _plan(*asked) if where == "plan" else _plan()
    verdict = HOLDS if where == "plan" else HOLDS.model_copy(update={"findings": asked})
    with pytest.raises(PlanError, match=r"PL-101.*PL-012") as raised:
        require_signable(plan, verdict, ("PL-004",), "folder/plan.json")
    assert raised.value.next_step.endswith(
        "kambin confirm folder/plan.json --by NAME --accept PL-012"
    )
    require_signable(plan, verdict, ("PL-004", "PL-012"))
