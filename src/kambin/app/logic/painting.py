"""Painting the fragment on the slices: strokes that can be undone, until they are kept."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.fragment_before import find_before
from kambin.anatomy.fragment_brush import Point, Stroke
from kambin.app.logic.closed import step_closed
from kambin.app.logic.editing import aim_at_fragment, change_task
from kambin.app.logic.opening import require_place
from kambin.app.logic.painted import Painting
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Task
from kambin.core import Progress, RequestError
from kambin.desk.edits import repaint
from kambin.desk.gate import CheckedCase
from kambin.exchange.strokes import MOST_STROKES

DECIMALS = 3
"""Digits of a painted point, mm: a file keeps them all, so that it paints the same again."""

_THINNING = 0.1
"""Points of a hand nearer to each other than this share of the brush's radius are one."""


def begin_painting(session: Session) -> None:
    """Begin to paint on the fragment of the case, or to make one.

    Parameters
    ----------
    session : Session with a confirmed place

    Raises
    ------
    RequestError  (RQ-181) without a case or place
    """
    require_place(session)
    if session.checked is None:
        raise step_closed(mend="case", why="No case is open.")
    if session.painting is None:
        case = session.checked.case
        session.painting = Painting(case.sha256, find_before(case))
        session.publish("anatomy")


def end_painting(session: Session) -> None:
    """Put the brush away; strokes that were not kept are gone, the case stays as it is.

    Parameters
    ----------
    session : Session
    """
    session.painting = None
    session.publish("anatomy")


def move_brush(
    session: Session,
    points_lps_mm: Sequence[NDArray[np.float64]],
    radius_mm: float,
    *,
    erases: bool,
    done: bool,
) -> None:
    """Draw on with the stroke under the hand, or begin one.

    Parameters
    ----------
    session : Session that is being painted in
    points_lps_mm : float arrays, shape (3,), mm, LPS, where the hand has been since
    radius_mm : float, mm, of the brush
    erases : bool, takes away
    done : bool, the hand has let go: this is one step

    Raises
    ------
    RequestError  (RQ-181) if nobody began to paint; (RQ-085) for what is no stroke, and the one
        under the hand is gone then
    """
    now = require_painting(session)
    held = now.under_hand
    known = () if held is None else held.points_lps_mm
    session.painting = replace(now, under_hand=None)
    if len(now.strokes) >= MOST_STROKES:
        raise RequestError(
            code="RQ-085",
            what="The fragment has too many strokes",
            where="fragment",
            why=f"It was painted with {MOST_STROKES} of them.",
            next_step="Keep it, end painting and begin again on what was kept.",
        )
    points = _thinned(known, points_lps_mm, _THINNING * radius_mm)
    if points:
        # one stroke has one brush: that with which it was begun
        stroke = (
            Stroke(points, radius_mm, erases)
            if held is None
            else replace(held, points_lps_mm=points)
        )
        session.painting = _drawn(now, stroke, done=done)
    session.publish(*(("cursor", "anatomy") if done else ("cursor",)))


def undo_stroke(session: Session) -> None:
    """Take the last stroke back; without one nothing happens.

    Parameters
    ----------
    session : Session that is being painted in

    Raises
    ------
    RequestError  (RQ-181) if nobody began to paint
    """
    now = require_painting(session)
    if now.strokes:
        *left, last = now.strokes
        session.painting = replace(
            now, strokes=tuple(left), undone=(last, *now.undone), under_hand=None
        )
    session.publish("cursor", "anatomy")


def redo_stroke(session: Session) -> None:
    """Paint the stroke again that was taken back last; without one nothing happens.

    Parameters
    ----------
    session : Session that is being painted in

    Raises
    ------
    RequestError  (RQ-181) if nobody began to paint
    """
    now = require_painting(session)
    if now.undone:
        session.painting = replace(
            now, strokes=(*now.strokes, now.undone[0]), undone=now.undone[1:], under_hand=None
        )
    session.publish("cursor", "anatomy")


def keep_task(session: Session) -> Task[CheckedCase]:
    """Return the task that writes what was painted into the case, as ``kambin fragment`` does.

    Parameters
    ----------
    session : Session that is being painted in

    Raises
    ------
    RequestError  (RQ-181) if nobody began to paint

    Notes
    -----
    The work raises RequestError (RQ-086) if nothing is left of the fragment.
    """
    now = require_painting(session)

    def _change(folder: Path, progress: Progress) -> None:
        progress.step("painting the fragment", 0, 2)
        repaint(folder, now.strokes, now.before)

    task = change_task(session, "keeping what was painted", _change)

    def _take(checked: CheckedCase) -> None:
        painting = session.painting
        if session.folder == checked.folder and painting is not None:
            # strokes that came meanwhile stay, and are not kept yet
            session.painting = replace(painting, case_sha256=checked.case.sha256, kept=now.strokes)
        task.take(checked)
        if now.strokes and session.folder == checked.folder:
            aim_at_fragment(session)

    return replace(task, take=_take)


def is_painting(session: Session) -> bool:
    """Return whether the hand paints now: at the step of the anatomy, with the brush out.

    Parameters
    ----------
    session : Session
    """
    return session.painting is not None and session.step == "anatomy"


def require_painting(session: Session) -> Painting:
    """Return what is being painted.

    Parameters
    ----------
    session : Session

    Raises
    ------
    RequestError  (RQ-181) if nobody began to paint
    """
    if session.painting is None:
        raise step_closed(mend="anatomy", why="Nobody has taken the brush.")
    return session.painting


def _drawn(now: Painting, stroke: Stroke, *, done: bool) -> Painting:
    if not done:
        return replace(now, under_hand=stroke)
    return replace(now, strokes=(*now.strokes, stroke), undone=(), under_hand=None)


def _thinned(
    known: tuple[Point, ...], more: Sequence[NDArray[np.float64]], least_mm: float
) -> tuple[Point, ...]:
    """Return points with more of them behind, without those that are hardly another place."""
    points = list(known)
    for one in more:
        x, y, z = (round(float(part), DECIMALS) + 0.0 for part in one)
        if not points or np.linalg.norm(np.subtract(points[-1], (x, y, z))) >= least_mm:
            points.append((x, y, z))
    return tuple(points)
