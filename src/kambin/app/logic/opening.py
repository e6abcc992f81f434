"""Opening a case: the new one is whole before the old one goes."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kambin.app.logic.autosave import restore
from kambin.app.logic.closed import step_closed
from kambin.app.logic.place import Place
from kambin.app.logic.session import Session
from kambin.app.logic.stale import is_stale, stale_message
from kambin.app.logic.tasks import Task
from kambin.app.logic.wish import PlanWish
from kambin.core import Progress
from kambin.desk.gate import CheckedCase, read_checked_case


def open_task(session: Session, folder: Path) -> Task[CheckedCase]:
    """Return the task that opens a case folder; a failed opening keeps the old case.

    Parameters
    ----------
    session : Session
    folder : the case folder
    """

    def _work(progress: Progress) -> CheckedCase:
        progress.step("reading the case", 0, 1)
        return read_checked_case(folder)

    return Task("opening a case", "case", _work, lambda checked: take_case(session, checked))


def take_case(session: Session, checked: CheckedCase) -> None:
    """Put a case that was read in the place of the one before, with nothing left of that.

    Parameters
    ----------
    session : Session
    checked : CheckedCase
    """
    session.folder, session.checked = checked.folder, checked
    session.anatomy = None
    session.wish, session.hidden = PlanWish(), frozenset()
    session.step = "case"
    session.cursor_lps_mm = find_middle(checked)
    session.ticks, session.kept, session.painting = frozenset(), {}, None
    forget_place(session)
    restore(session)
    session.publish("case", "anatomy", "place", "answer", "draft", "cursor")


def refresh_case(session: Session, checked: CheckedCase) -> None:
    """Take the same folder after it changed: what hangs on its arrays goes if these did.

    Parameters
    ----------
    session : Session
    checked : CheckedCase of the folder that is open
    """
    before = session.checked
    session.checked = checked
    if before is None or before.case.sha256 != checked.case.sha256:
        session.anatomy = None
        session.ground = session.draft = session.hovering = None
        if session.painting is not None and session.painting.case_sha256 != checked.case.sha256:
            # it was begun on another content of the case
            session.painting = None
        if is_stale(session):
            session.tell(stale_message())
        session.publish("case", "anatomy", "answer", "draft")
        return
    session.publish("case")


def forget_place(session: Session) -> None:
    """Forget level and side with all that hangs on them; publishes nothing.

    Parameters
    ----------
    session : Session
    """
    session.place = None
    forget_plan(session)


def forget_plan(session: Session) -> None:
    """Forget plan and path under the hand; what is kept in files stays there.

    Parameters
    ----------
    session : Session
    """
    session.request = session.answer = session.answer_file = None
    session.ground = session.history = session.hovering = session.draft = None
    session.is_locked = False


def find_middle(checked: CheckedCase) -> NDArray[np.float64]:
    """Return where all panes begin: the middle of the labelled part, shape (3,), mm, LPS.

    Parameters
    ----------
    checked : CheckedCase
    """
    labels = checked.case.labels
    middle: NDArray[np.float64] = labels.lps_mm((np.array(labels.shape) - 1) / 2)
    return middle


def require_place(session: Session) -> Place:
    """Return the confirmed place.

    Parameters
    ----------
    session : Session

    Raises
    ------
    RequestError  (RQ-181) while nobody confirmed one
    """
    if session.place is None:
        raise step_closed(mend="place", why="Nobody has confirmed level and side in this session.")
    return session.place
