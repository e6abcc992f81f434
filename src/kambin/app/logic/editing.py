"""Changing the anatomy of the open case: fragment, masks, roots; older plans are stale then."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from kambin.anatomy import Anatomy, Case, StructureKey
from kambin.anatomy.fragment_wish import FragmentWish
from kambin.app.logic.closed import step_closed
from kambin.app.logic.messages import Message
from kambin.app.logic.opening import refresh_case
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Task
from kambin.core import Progress
from kambin.desk.edits import (
    draw_root,
    place_drawn,
    place_wished,
    remove_fragment,
    replace_mask,
)
from kambin.desk.gate import CheckedCase, read_checked_case
from kambin.desk.workbench import complete_once
from kambin.exchange.markups import DrawnCurve


def show_structure(session: Session, key: str, *, shown: bool) -> None:
    """Draw the outline of a structure, or leave it out; nothing of the anatomy changes.

    Parameters
    ----------
    session : Session
    key : str, of a structure
    shown : bool
    """
    session.hidden = session.hidden - {key} if shown else session.hidden | {key}
    session.publish("anatomy")


def fragment_task(
    session: Session, wish: FragmentWish, *, replacing: bool = False
) -> Task[CheckedCase]:
    """Return the task that places a fragment by its parameters, as ``kambin fragment`` does.

    Parameters
    ----------
    session : Session with an open case
    wish : FragmentWish
    replacing : bool, in the place of the old one

    Raises
    ------
    RequestError  (RQ-181) without a case
    """

    def _change(folder: Path, progress: Progress) -> None:
        def _complete(case: Case) -> Anatomy:
            return complete_once(case, progress)

        place_wished(folder, wish, _complete, replacing=replacing)

    return _aiming(session, change_task(session, "placing the fragment", _change))


def contours_task(
    session: Session, contours: Sequence[Path], *, replacing: bool = False
) -> Task[CheckedCase]:
    """Return the task that fills a fragment from closed curves drawn in slices.

    Parameters
    ----------
    session : Session with an open case
    contours : files of closed curves, ``mrk.json``
    replacing : bool, in the place of the old one

    Raises
    ------
    RequestError  (RQ-181) without a case
    """
    task = change_task(
        session,
        "drawing the fragment",
        lambda folder, _: place_drawn(folder, contours, replacing=replacing),
    )
    return _aiming(session, task)


def remove_fragment_task(session: Session) -> Task[CheckedCase]:
    """Return the task that takes the fragment out.

    Parameters
    ----------
    session : Session with an open case

    Raises
    ------
    RequestError  (RQ-181) without a case
    """
    return change_task(
        session, "taking the fragment out", lambda folder, _: remove_fragment(folder)
    )


def replace_mask_task(session: Session, key: str, file: Path) -> Task[CheckedCase]:
    """Return the task that replaces a structure by a mask file on the same grid.

    Parameters
    ----------
    session : Session with an open case
    key : str, of a structure
    file : the mask

    Raises
    ------
    RequestError  (RQ-181) without a case
    AnatomyError  (AN-010) for what is no key
    """
    known = StructureKey.parse(key)

    def _change(folder: Path, _: Progress) -> None:
        replace_mask(folder, known, file)

    return change_task(session, "replacing a mask", _change)


def draw_root_task(
    session: Session, key: str, curve: DrawnCurve, *, radius_mm: float | None = None
) -> Task[CheckedCase]:
    """Return the task that draws a root anew as a line with a radius.

    Parameters
    ----------
    session : Session with an open case
    key : str, of a root or a ganglion
    curve : DrawnCurve, from the sac outward or back, mm, LPS
    radius_mm : float, mm, or none for the curve's own or that of the literature

    Raises
    ------
    RequestError  (RQ-181) without a case
    AnatomyError  (AN-010) for what is no key
    """
    known = StructureKey.parse(key)
    return change_task(
        session,
        "drawing a root",
        lambda folder, _: draw_root(folder, known, curve, radius_mm=radius_mm),
    )


def change_task(
    session: Session, title: str, change: Callable[[Path, Progress], None]
) -> Task[CheckedCase]:
    """Return the task that changes the folder and reads it again.

    Parameters
    ----------
    session : Session with an open case
    title : str, of the task
    change : changes the folder, whole or not at all

    Raises
    ------
    RequestError  (RQ-181) without a case
    """
    folder = session.folder
    if folder is None:
        raise step_closed(mend="case", why="No case is open.")

    def _work(progress: Progress) -> CheckedCase:
        change(folder, progress)
        progress.step("checking the case", 1, 2)
        return read_checked_case(folder)

    def _take(checked: CheckedCase) -> None:
        # another case may have been opened meanwhile
        if session.folder == folder:
            refresh_case(session, checked)

    return Task(title, "anatomy", _work, _take)


def aim_at_fragment(session: Session) -> None:
    """Have the plan aim at the fragment that was just put in, and no longer at a zone.

    Parameters
    ----------
    session : Session
    """
    place = session.place
    if place is None or place.zone is None:
        return
    session.place = replace(place, zone=None)
    session.tell(
        Message(
            "note",
            "anatomy",
            what="Plans aim at the fragment of this case now",
            where=place.name,
            why=f"The zone {place.zone} that was named before is less than what lies there.",
            next_step="Name a zone at side and level if you mean another place.",
        )
    )
    session.publish("place")


def _aiming(session: Session, task: Task[CheckedCase]) -> Task[CheckedCase]:
    """Return a task after which plans aim at the fragment."""

    def _take(checked: CheckedCase) -> None:
        task.take(checked)
        if session.folder == checked.folder:
            aim_at_fragment(session)

    return replace(task, take=_take)
