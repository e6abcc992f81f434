"""Signing and locking the plan that is shown, on the case as it lies on the disk."""

from pathlib import Path

from kambin.anatomy import Anatomy, Case
from kambin.app.logic.checklist import require_complete
from kambin.app.logic.closed import step_closed
from kambin.app.logic.session import Session
from kambin.app.logic.stale import require_fresh
from kambin.app.logic.tasks import Task
from kambin.core import Progress, SilentProgress, StoreError
from kambin.desk.signing import require_name, sign_answer
from kambin.desk.verifying import check_plan
from kambin.desk.workbench import complete_once
from kambin.exchange import lock_plan_file, read_case, read_plan, read_signatures
from kambin.planning import Plan, Signature


def list_signatures(session: Session) -> tuple[Signature, ...]:
    """Return the signatures under the plan that is shown, and of each whether it counts.

    Parameters
    ----------
    session : Session

    Raises
    ------
    PlanError, StoreError  as ``read_signatures``
    """
    file, checked = session.answer_file, session.checked
    if file is None or checked is None or not isinstance(session.answer, Plan):
        return ()
    return read_signatures(file, case_sha256=checked.case.sha256)


def sign_task(session: Session, by: str) -> Task[Signature]:
    """Return the task that checks the plan a second time on its case and signs it.

    Parameters
    ----------
    session : Session whose checklist is complete
    by : str, who signs

    Raises
    ------
    RequestError  (RQ-100) without a name; (RQ-181, RQ-186) as ``require_complete``

    Notes
    -----
    The work raises PlanError (PL-020) for a changed case, (PL-100, PL-101) for a plan that does
    not hold or still asks, and StoreError (ST-012) if another plan lies in the file.
    """
    name = require_name(by)
    plan = require_complete(session)
    file, folder = _require_file(session), _require_folder(session)
    anatomy, clock, known = session.anatomy, session.clock, session.checked

    def _complete(case: Case) -> Anatomy:
        same = known is not None and case.sha256 == known.case.sha256
        return anatomy if same and anatomy is not None else complete_once(case, SilentProgress())

    def _work(progress: Progress) -> Signature:
        progress.step("the second checker", 0, 1)
        require_shown(plan, file)
        require_fresh(plan, read_case(folder, verify=False).sha256)
        return sign_answer(file, name, clock, lambda one: check_plan(folder, one, _complete))

    return Task("signing", "sign", _work, lambda _: session.publish("answer"))


def lock_plan(session: Session) -> tuple[Signature, ...]:
    """Lock the signed plan: nothing replaces it unasked from now on.

    Parameters
    ----------
    session : Session with a signed plan

    Raises
    ------
    RequestError  (RQ-181) without a plan
    PlanError  (PL-102) if no signature counts
    StoreError  as ``lock_plan_file``
    """
    file, checked = _require_file(session), session.checked
    if checked is None:
        raise step_closed(mend="case", why="No case is open.")
    at = session.clock.now().isoformat(timespec="seconds")
    signatures = lock_plan_file(file, at=at, case_sha256=checked.case.sha256)
    session.publish("answer")
    return signatures


def require_shown(plan: Plan, file: Path) -> None:
    """Refuse to go on where another plan lies in the file than the one that was looked at.

    Parameters
    ----------
    plan : Plan, as it was shown
    file : its file

    Raises
    ------
    StoreError  (ST-012)
    PlanError  (PL-090, PL-091) as ``read_plan``
    """
    if read_plan(file).content_sha256 != plan.content_sha256:
        raise StoreError(
            code="ST-012",
            what="The plan is another one than the one that was looked at",
            where=file.name,
            why="Somebody replaced it meanwhile; nothing was signed or written.",
            next_step="Open the case again, look at the plan as it is, and go on with that.",
        )


def _require_file(session: Session) -> Path:
    if session.answer_file is None:
        raise step_closed(mend="plan", why="There is no plan yet.")
    return session.answer_file


def _require_folder(session: Session) -> Path:
    if session.folder is None:
        raise step_closed(mend="case", why="No case is open.")
    return session.folder
