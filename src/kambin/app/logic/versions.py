"""The versions of the plan of one place: listed, walked, and two of them side by side."""

from pathlib import Path

from kambin.app.logic.closed import step_closed
from kambin.app.logic.loading import load_answer
from kambin.app.logic.making import find_folder, settle_path
from kambin.app.logic.session import Session
from kambin.core import PlanError
from kambin.exchange import History, Version, read_history, read_plan, step_history
from kambin.exchange.plan_shelf import Shelf
from kambin.planning import Plan, PlanComparison, compare_plans


def read_versions(session: Session) -> History:
    """Return the history of the confirmed place, empty without one.

    Parameters
    ----------
    session : Session

    Raises
    ------
    StoreError  (ST-011) if it was changed; (ST-004) if it is of a newer version
    """
    if session.place is None or session.folder is None:
        return History()
    return read_history(find_folder(session))


def list_versions(session: Session) -> tuple[Version, ...]:
    """Return all versions of the confirmed place, the first one first.

    Parameters
    ----------
    session : Session

    Raises
    ------
    StoreError  as ``read_versions``
    """
    return read_versions(session).versions


def step_version(session: Session, *, back: bool) -> Version:
    """Bring the version before, or the next one again, back as the plan.

    Parameters
    ----------
    session : Session with a confirmed place
    back : bool, one version back; else forward

    Raises
    ------
    RequestError  (RQ-181) without a place; (RQ-101) if there is no such version
    StoreError  (ST-010) if the present version is locked; (ST-011, ST-001) as ``step_history``
    """
    at = session.clock.now().isoformat(timespec="seconds")
    version = step_history(find_folder(session), back=back, at=at)
    session.answer = session.answer_file = None
    load_answer(session)
    settle_path(session)
    session.publish("answer")
    return version


def read_version(session: Session, number: int) -> Plan:
    """Return one version of the plan as it was kept.

    Parameters
    ----------
    session : Session with a confirmed place
    number : int, from 1

    Raises
    ------
    RequestError  (RQ-181) without a place or such a version
    PlanError  (PL-091) if that version is a refusal
    StoreError  as ``read_versions``
    """
    history, shelf = read_versions(session), Shelf.at(find_folder(session))
    version = next((one for one in history.versions if one.number == number), None)
    if version is None:
        raise step_closed(mend="plan", why=f"There is no version {number}.")
    if version.kind != "plan":
        raise PlanError(
            code="PL-091",
            what="This version is no plan",
            where=f"version {number}",
            why="It is a refusal, which has no numbers to compare.",
            next_step="Choose two versions that are plans.",
        )
    return read_plan(_file_of(history, shelf, version))


def compare_versions(session: Session, a: int, b: int) -> PlanComparison:
    """Set two versions side by side.

    Parameters
    ----------
    session : Session with a confirmed place
    a, b : int, numbers of two plans; differences are b minus a

    Raises
    ------
    RequestError, PlanError, StoreError  as ``read_version``; (RQ-102) for two cases
    """
    return compare_plans(read_version(session, a), read_version(session, b))


def _file_of(history: History, shelf: Shelf, version: Version) -> Path:
    """Return where the bytes of a version lie: kept apart, or as the plan itself."""
    if history.current == version:
        return shelf.answer_file("plan")
    return shelf.version_file(version.number)
