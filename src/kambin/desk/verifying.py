"""A plan held against its case as it is now: by its hash, then by the second checker."""

from collections.abc import Callable
from pathlib import Path

from kambin.anatomy import Anatomy, Case
from kambin.core import PlanError, StoreError, require_code
from kambin.desk.gate import CheckedCase, read_checked_case, require_answered
from kambin.planning import FindingRecord, Plan, Refusal, Verification, verify_plan


def check_plan(
    folder: Path, plan: Plan, complete: Callable[[Case], Anatomy]
) -> tuple[CheckedCase, Verification]:
    """Return the case with its checks, and the second checker's answer on a plan.

    Parameters
    ----------
    folder : the case folder, read anew
    plan : Plan, edited or not
    complete : completes the anatomy of the case that was read; not asked where that changed

    Raises
    ------
    AnatomyError  (AN-020, AN-021) while a finding of the case stops or waits for a person
    StoreError, InputError  as ``read_case``
    """
    checked = read_checked_case(folder, verify=False)
    if checked.case.sha256 != plan.case_sha256:
        # a changed case may not even be completed any more; that it changed is the answer
        return checked, refuse_plan(stale_plan(checked.case.sha256, plan))
    require_answered(checked)
    return checked, verify_plan(checked.case, complete(checked.case), plan)


def stale_plan(case_sha256: str, plan: Plan | Refusal, where: str = "case_sha256") -> PlanError:
    """Return the reason why a plan no longer counts: its case is another one now.

    Parameters
    ----------
    case_sha256 : str, of the case as it is now
    plan : Plan or Refusal
    where : str, what names the two to a person, or the field of the document

    Returns
    -------
    PlanError  (PL-020), to be raised or shown
    """
    return PlanError(
        code="PL-020",
        what="The case changed after planning, or is another one",
        where=where,
        why=f"The plan was made on {plan.case_sha256[:12]}, this case is {case_sha256[:12]}.",
        next_step=require_code("PL-020").next_step,
    )


def refuse_plan(error: PlanError | StoreError) -> Verification:
    """Return the verdict on a plan that could not even be compared.

    Parameters
    ----------
    error : why there was nothing to compare
    """
    found = (record_error(error),)
    return Verification(valid=False, max_difference_mm=None, agreement_mm=0.0, findings=found)


def record_error(error: PlanError | StoreError) -> FindingRecord:
    """Return an error as a finding that blocks.

    Parameters
    ----------
    error : why something cannot be compared, or does not agree
    """
    return FindingRecord(
        code=error.code,
        severity="BLOCK",
        what=error.what,
        where=error.where,
        why=error.why,
        next_step=error.next_step,
    )
