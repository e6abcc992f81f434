"""Completing the anatomy of the open case, so that it can be looked through."""

from kambin.anatomy import Anatomy
from kambin.app.logic.closed import step_closed
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Task
from kambin.core import Progress
from kambin.desk.gate import require_answered
from kambin.desk.workbench import complete_once


def complete_task(session: Session) -> Task[Anatomy]:
    """Return the task that completes the anatomy of the open case.

    Parameters
    ----------
    session : Session

    Raises
    ------
    RequestError  (RQ-181) without a case
    """
    checked = session.checked
    if checked is None:
        raise step_closed(mend="case", why="No case is open.")

    def _work(progress: Progress) -> Anatomy:
        require_answered(checked)
        return complete_once(checked.case, progress)

    def _take(anatomy: Anatomy) -> None:
        # another case may have been opened meanwhile: its anatomy is another one
        if session.checked is not None and session.checked.case.sha256 == checked.case.sha256:
            session.anatomy = anatomy
            session.publish("anatomy")

    return Task("completing the anatomy", "anatomy", _work, _take)
