"""From the path under the hand to a plan: held to every rule, checked twice, kept as a version."""

from kambin.app.logic.closed import step_closed
from kambin.app.logic.draft import Draft
from kambin.app.logic.judging import judge_path
from kambin.app.logic.making import MadeAnswer, find_folder, is_of, take_answer
from kambin.app.logic.opening import require_place
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Task
from kambin.core import Progress
from kambin.desk.gate import require_answered
from kambin.desk.planning import find_head, write_answer
from kambin.planning import Plan
from kambin.planning.given_path import plan_given_path


def seal_task(session: Session, *, new_version: bool = False) -> Task[MadeAnswer]:
    """Return the task that makes a plan of the path under the hand, the next version.

    Parameters
    ----------
    session : Session with a path
    new_version : bool, follow a locked plan with another version

    Raises
    ------
    RequestError  (RQ-181) without a path; (PL-020) is raised by the work for a changed case
    StoreError  (ST-010) if the plan of this place is locked

    Notes
    -----
    The work raises PlanError (PL-171) where a rule or the second checker stops the path.
    """
    place, checked, ground = require_place(session), session.checked, session.ground
    if checked is None or ground is None or session.history is None:
        raise step_closed(mend="plan", why="There is no path yet.")
    if session.hovering is not None:
        # what is shown is what is meant, also while a hand still holds it
        session.history = session.history.do(session.hovering)
        session.hovering = None
    path, answer, clock = session.history.present, session.answer, session.clock
    folder, asked = find_folder(session), ground.question.request
    head = find_head(folder, new_version=new_version)
    # the proof of a plan of the same question; another question is searched anew
    own = isinstance(answer, Plan) and session.request == asked
    certificate = answer.certificate if own and isinstance(answer, Plan) else None

    def _work(progress: Progress) -> MadeAnswer:
        require_answered(checked, ground.question.anatomy.findings)
        plan = plan_given_path(
            ground.question, path.as_path(), certificate=certificate, progress=progress
        )
        progress.step("writing the answer", 0, 1)
        file = write_answer(plan, folder, clock=clock, expected=head, new_version=new_version)
        return MadeAnswer(asked, plan, file, ground)

    def _take(made: MadeAnswer) -> None:
        if is_of(session, checked.case.sha256, place):
            take_answer(session, made)

    return Task("making a plan of this path", "plan", _work, _take)


def measure_task(session: Session) -> Task[Draft]:
    """Return the task that measures the path under the hand thoroughly, wherever it strayed.

    Parameters
    ----------
    session : Session with a path

    Raises
    ------
    RequestError  (RQ-181) without a path
    """
    ground = session.ground
    if ground is None or session.history is None:
        raise step_closed(mend="plan", why="There is no path yet.")
    path = session.history.present

    def _work(progress: Progress) -> Draft:
        progress.step("measuring the path", 0, 1)
        return judge_path(ground, path, quick=False)

    def _take(draft: Draft) -> None:
        # moved on meanwhile: the numbers of another path are worse than none
        is_here = session.history is not None and session.history.present == path
        if is_here and session.hovering is None and session.ground is ground:
            session.draft = draft
            session.publish("draft")

    return Task("measuring the path", "examine", _work, _take)
