"""The report of an answer, with the confirmations and signatures beside it."""

from pathlib import Path

from kambin.anatomy import Anatomy
from kambin.core import FieldStore, Progress
from kambin.desk.answers import with_answers
from kambin.desk.gate import CheckedCase
from kambin.exchange import read_signatures
from kambin.planning import Plan, Refusal
from kambin.report import ReportPaths, write_report


def report_answer(
    checked: CheckedCase,
    anatomy: Anatomy,
    answer: Plan | Refusal,
    file: Path,
    out: Path,
    *,
    progress: Progress,
    store: FieldStore | None = None,
    compares: bool = False,
) -> ReportPaths:
    """Write the report of an answer in a file.

    Parameters
    ----------
    checked : CheckedCase
    anatomy : Anatomy, completed from the case
    answer : Plan or Refusal
    file : where the answer was read from
    out : the folder to write
    progress : Progress
    store : FieldStore with the distance fields of the plan, or none
    compares : bool, whether a page sets the other ways to operate beside the answer

    Raises
    ------
    PlanError, StoreError  as ``write_report``, ``read_plan_confirmations``, ``read_signatures``
    """
    case = with_answers(checked.case, answer, file)
    return write_report(
        case,
        anatomy,
        answer,
        out,
        case_findings=checked.findings,
        signatures=read_signatures(file, case_sha256=case.sha256),
        progress=progress,
        store=store,
        compares=compares,
    )
