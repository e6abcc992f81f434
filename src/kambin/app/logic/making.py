"""Making a plan: the search in a task, its answer taken whole and kept as a version."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kambin.app.logic.closed import step_closed
from kambin.app.logic.draft import HandPath
from kambin.app.logic.ground import Ground, prepare_ground
from kambin.app.logic.judging import judge_path
from kambin.app.logic.opening import require_place
from kambin.app.logic.place import Place, is_same_place
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Task
from kambin.app.logic.undo import Undo
from kambin.core import Progress
from kambin.desk.gate import require_answered, settle_level
from kambin.desk.planning import find_head, find_plan_folder, write_answer
from kambin.desk.workbench import MemoryStore
from kambin.planning import Plan, PlanRequest, Refusal, plan_trajectory


@dataclass(frozen=True, slots=True)
class MadeAnswer:
    """An answer with the ground it stands on.

    Parameters
    ----------
    request : PlanRequest
    answer : Plan or Refusal
    file : where it was written
    ground : Ground
    """

    request: PlanRequest
    answer: Plan | Refusal
    file: Path
    ground: Ground


def set_wish(session: Session, **parts: Any) -> None:
    """Set technique, cannula, margins, weights or the setting of errors.

    Parameters
    ----------
    session : Session
    parts : fields of ``PlanWish``

    Raises
    ------
    RequestError  (PL-031, PL-083, PL-084, PL-088) as ``PlanRequest``; nothing was changed
    """
    wish = replace(session.wish, **parts)
    if session.place is not None:
        # asked now, and not when the plan is made minutes later
        wish.request_at(session.place)
    session.wish = wish
    session.publish("answer")


def find_folder(session: Session) -> Path:
    """Return the folder of the answers of the confirmed place.

    Parameters
    ----------
    session : Session

    Raises
    ------
    RequestError  (RQ-181) without a case or place
    """
    place = require_place(session)
    if session.folder is None:
        raise step_closed(mend="case", why="No case is open.")
    return find_plan_folder(session.folder, place.level, place.side)


def plan_task(session: Session, *, new_version: bool = False) -> Task[MadeAnswer]:
    """Return the task that plans the confirmed place with the present wish.

    Parameters
    ----------
    session : Session
    new_version : bool, follow a locked plan with another version

    Raises
    ------
    RequestError  (RQ-181) without a place or an anatomy; (PL-031 and others) as ``PlanRequest``
    StoreError  (ST-010) if the plan of this place is locked
    """
    place, checked, anatomy = require_place(session), session.checked, session.anatomy
    if checked is None or anatomy is None:
        raise step_closed(mend="anatomy", why="The anatomy has not been completed.")
    request = session.wish.request_at(place)
    folder, clock = find_folder(session), session.clock
    head = find_head(folder, new_version=new_version)

    def _work(progress: Progress) -> MadeAnswer:
        require_answered(checked, anatomy.findings)
        settle_level(checked, request.level)
        store = MemoryStore()
        answer = plan_trajectory(checked.case, anatomy, request, progress=progress, store=store)
        ground = prepare_ground(
            checked.case,
            anatomy,
            request,
            frees_rim=isinstance(answer, Plan) and answer.resection.rim_is_removed,
            progress=progress,
            store=store,
        )
        judge_once(ground)
        # the last moment at which a person can cancel: from here on it is written
        progress.step("writing the answer", 0, 1)
        file = write_answer(answer, folder, clock=clock, expected=head, new_version=new_version)
        return MadeAnswer(request, answer, file, ground)

    def _take(made: MadeAnswer) -> None:
        # what was asked of another case or place is in its folder, and not on this screen
        if is_of(session, checked.case.sha256, place):
            take_answer(session, made)

    return Task("planning", "plan", _work, _take)


def judge_once(ground: Ground) -> None:
    """Judge one path of a ground, so that the first one under a hand takes no longer than others.

    Parameters
    ----------
    ground : Ground

    Notes
    -----
    The first judgement makes what all need, and compiles kernels on a new machine: in the thread of
    a job that holds up nobody, in that of the server a hand, every number and every other tab.
    """
    middle = ground.middle()
    if middle is not None:
        judge_path(ground, HandPath.of(middle.entry_lps_mm, middle.target_lps_mm, middle.stop_mm))


def take_answer(session: Session, made: MadeAnswer) -> None:
    """Show an answer; the path of a plan comes under the hand as one more step of its history.

    Parameters
    ----------
    session : Session
    made : MadeAnswer
    """
    session.request, session.answer, session.answer_file = made.request, made.answer, made.file
    session.ground, session.hovering = made.ground, None
    if isinstance(made.answer, Plan) and not session.is_locked:
        path = HandPath.of_plan(made.answer)
        session.history = Undo(path) if session.history is None else session.history.do(path)
        session.cursor_lps_mm = session.cursor_lps_mm * 0 + path.target_lps_mm
    if session.history is not None:
        session.draft = judge_path(made.ground, session.history.present)
    session.publish("answer", "draft", "cursor")


def ground_task(session: Session) -> Task[Ground]:
    """Return the task that prepares the confirmed place for a path under the hand.

    For an answer that was opened and not made here, or a path that begins without a plan.

    Parameters
    ----------
    session : Session

    Raises
    ------
    RequestError  (RQ-181) without a place or an anatomy
    """
    place, checked, anatomy = require_place(session), session.checked, session.anatomy
    if checked is None or anatomy is None:
        raise step_closed(mend="anatomy", why="The anatomy has not been completed.")
    request = session.request or session.wish.request_at(place)
    answer = session.answer
    frees_rim = isinstance(answer, Plan) and answer.resection.rim_is_removed

    def _work(progress: Progress) -> Ground:
        require_answered(checked, anatomy.findings)
        ground = prepare_ground(
            checked.case, anatomy, request, frees_rim=frees_rim, progress=progress
        )
        judge_once(ground)
        return ground

    def _take(ground: Ground) -> None:
        if is_of(session, checked.case.sha256, place):
            session.ground = ground
            settle_path(session)

    return Task("preparing the level", "plan", _work, _take)


def settle_path(session: Session) -> None:
    """Measure what lies under the hand; where nothing does, that is the path of the plan.

    Parameters
    ----------
    session : Session with a ground
    """
    if session.history is None and isinstance(session.answer, Plan):
        session.history = Undo(HandPath.of_plan(session.answer))
    if session.ground is not None and session.history is not None:
        session.draft = judge_path(session.ground, session.history.present)
    session.publish("draft")


def is_of(session: Session, case_sha256: str, place: Place) -> bool:
    """Return whether what was made for a case and place still belongs on this screen.

    Parameters
    ----------
    session : Session
    case_sha256 : str
    place : Place
    """
    checked, now = session.checked, session.place
    return (
        checked is not None
        and checked.case.sha256 == case_sha256
        and now is not None
        and is_same_place(now, place)
    )
