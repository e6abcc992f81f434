"""A plan of a case that passed the gate, and the folder it is kept in."""

from pathlib import Path

from kambin.core import Clock, FieldStore, Progress
from kambin.desk.clock import SystemClock
from kambin.desk.gate import CheckedCase, require_answered, settle_level
from kambin.desk.workbench import complete_once
from kambin.exchange import keep_answer, read_history, require_replaceable
from kambin.planning import Plan, PlanRequest, Refusal, plan_trajectory


def plan_checked(
    checked: CheckedCase,
    request: PlanRequest,
    progress: Progress,
    *,
    store: FieldStore | None = None,
) -> Plan | Refusal:
    """Complete the anatomy of a case and plan, if nothing that the case asks is open.

    Parameters
    ----------
    checked : CheckedCase
    request : PlanRequest
    progress : Progress
    store : FieldStore that keeps the distance fields for a report, or none

    Raises
    ------
    AnatomyError  (AN-020, AN-021) while a finding of the case stops or waits for a person;
        (AN-152) if the patient has no such level
    RequestError, AnatomyError  as ``plan_trajectory``
    """
    require_answered(checked)
    settle_level(checked, request.level)
    anatomy = complete_once(checked.case, progress)
    # once more, because completing the anatomy may raise questions of its own
    require_answered(checked, anatomy.findings)
    return plan_trajectory(checked.case, anatomy, request, progress=progress, store=store)


def find_head(out: Path, *, new_version: bool) -> str:
    """Return the state of a folder that an answer will be written into.

    Parameters
    ----------
    out : the folder, there or not
    new_version : bool, whether a locked plan may be followed by another version

    Raises
    ------
    StoreError  (ST-010) if the plan there is locked; (ST-011) if its history was changed
    """
    return read_history(out).head_sha256 if new_version else require_replaceable(out)


def write_answer(
    answer: Plan | Refusal,
    out: Path,
    *,
    clock: Clock | None = None,
    expected: str | None = None,
    new_version: bool = False,
) -> Path:
    """Write a plan or a refusal into a folder as its next version; the one before is kept.

    Parameters
    ----------
    answer : Plan or Refusal
    out : the folder
    clock : Clock, or none for that of the machine
    expected : str, head of the folder's history when the answer was asked for, or none
    new_version : bool, write although the version there is locked

    Returns
    -------
    the file that was written

    Raises
    ------
    StoreError  (ST-010, ST-011, ST-012, ST-001) as ``keep_answer``
    """
    moment = (clock or SystemClock()).now().isoformat(timespec="seconds")
    return keep_answer(answer, out, at=moment, expected=expected, new_version=new_version)
