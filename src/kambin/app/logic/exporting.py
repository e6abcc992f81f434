"""Print and export: the report and the procedure sheet of the plan that is shown."""

from pathlib import Path

from kambin.app.logic.answering import find_accepted
from kambin.app.logic.closed import step_closed
from kambin.app.logic.session import Session
from kambin.app.logic.signing import require_shown
from kambin.app.logic.stale import require_fresh
from kambin.app.logic.tasks import Task
from kambin.core import Progress
from kambin.desk.procedures import write_procedure
from kambin.desk.reporting import report_answer
from kambin.exchange import read_case
from kambin.planning import Plan
from kambin.report import ReportPaths
from kambin.report.procedure import make_procedure

REPORT_FOLDER, SHEET_FOLDER = "report", "procedure"
"""Beside the plan of the place."""


def report_task(session: Session, out: Path | None = None) -> Task[ReportPaths]:
    """Return the task that writes the report of the answer that is shown: page, print, pictures.

    Parameters
    ----------
    session : Session with a plan or a refusal
    out : the folder to write, or none for one beside the plan

    Raises
    ------
    RequestError  (RQ-181) without an answer

    Notes
    -----
    The work raises PlanError (PL-020) for a case that changed after planning (P01), and
    StoreError (ST-012) if another plan lies in the file.
    """
    checked, anatomy = session.checked, session.anatomy
    answer, file = session.answer, session.answer_file
    if checked is None or anatomy is None or answer is None or file is None:
        raise step_closed(mend="plan", why="There is no answer to print.")
    folder = out or file.parent / REPORT_FOLDER

    def _work(progress: Progress) -> ReportPaths:
        if isinstance(answer, Plan):
            require_shown(answer, file)
        # a refusal as well: what stood in the way may be gone
        require_fresh(answer, read_case(checked.folder, verify=False).sha256)
        return report_answer(checked, anatomy, answer, file, folder, progress=progress)

    return Task("writing the report", "sign", _work, lambda _: session.publish("answer"))


def procedure_task(session: Session, out: Path | None = None) -> Task[tuple[Path, Path]]:
    """Return the task that writes the procedure sheet of the plan that is shown.

    Doses stand on it only where a weight was told, which the command line asks.

    Parameters
    ----------
    session : Session with a plan
    out : the folder to write, or none for one beside the plan

    Raises
    ------
    RequestError  (RQ-181) without a plan

    Notes
    -----
    The work raises as that of ``report_task``.
    """
    checked, anatomy = session.checked, session.anatomy
    plan, file = session.answer, session.answer_file
    if checked is None or anatomy is None or not isinstance(plan, Plan) or file is None:
        raise step_closed(mend="plan", why="There is no plan to print a sheet of.")
    folder, accepted = out or file.parent / SHEET_FOLDER, find_accepted(session)

    def _work(progress: Progress) -> tuple[Path, Path]:
        progress.step("the procedure sheet", 0, 1)
        require_shown(plan, file)
        require_fresh(plan, read_case(checked.folder, verify=False).sha256)
        found = make_procedure(anatomy, plan, accepted=accepted)
        return write_procedure(folder, found, plan, anatomy)

    return Task("writing the sheet", "sign", _work, lambda _: session.publish("answer"))
