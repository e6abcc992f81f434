"""A person's name under a plan that holds on its case as it is now."""

from collections.abc import Callable
from pathlib import Path

from kambin.anatomy import Case
from kambin.core import Clock, RequestError
from kambin.desk.answers import with_answers
from kambin.desk.gate import CheckedCase
from kambin.exchange import SignRequest, read_answer, sign_plan_file
from kambin.exchange.plan_files import not_a_plan, read_sealed_plan
from kambin.planning import Plan, Refusal, Signature, Verification, require_signable

Check = Callable[[Plan], tuple[CheckedCase, Verification]]
"""Returns the case as it is now, and the second checker's answer on a plan."""

LONGEST_NAME = 200
"""Characters; what is longer is a pasted text and no name."""


def sign_answer(file: Path, by: str, clock: Clock, check: Check, place: str = "PLAN") -> Signature:
    """Check a plan a second time on its case, and sign it.

    Parameters
    ----------
    file : plan file
    by : str, who signs
    clock : Clock
    check : holds a plan against its case as it is now
    place : str, what names the plan in the call that answers what it still asks

    Raises
    ------
    RequestError  (RQ-100) without a name
    PlanError  (PL-100, PL-101) as ``require_signable``; (PL-090, PL-091) as ``read_plan``
    AnatomyError  (AN-020, AN-021) while a finding of the case stops or waits for a person
    StoreError  as ``sign_plan_file`` and ``read_case``
    """
    name = require_name(by)
    answer = read_answer(file)
    if isinstance(answer, Refusal):
        raise not_a_plan(file, "It is a refusal; there is nothing to sign.")
    # before the minute that the check takes: what a person looks at is this content
    plan, content = read_sealed_plan(file)
    checked, verdict = check(plan)
    case: Case = with_answers(checked.case, plan, file)
    accepted = case.accepted_codes
    require_signable(plan, verdict, accepted, place)
    asked = {finding.code for finding in plan.findings}
    request = SignRequest(
        by=name,
        at=clock.now().isoformat(timespec="seconds"),
        content_sha256=content,
        case_sha256=case.sha256,
        accepted=tuple(code for code in accepted if code in asked),
        max_difference_mm=verdict.max_difference_mm,
    )
    return sign_plan_file(file, request)


def require_name(by: str) -> str:
    """Return the name of who signs, without blanks that nobody meant.

    Parameters
    ----------
    by : str

    Raises
    ------
    RequestError  (RQ-100) without a name
    """
    name = " ".join(by.split())
    if not name or len(name) > LONGEST_NAME:
        raise RequestError(
            code="RQ-100",
            what="A signature needs a name",
            where="--by",
            why="Nobody is named." if not name else "It is longer than a name.",
            next_step='Add --by NAME, for example --by "A. Surgeon".',
        )
    return name
