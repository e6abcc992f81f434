"""Moving the path by hand: dragged, typed or nudged; the entry stays on the skin."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.app.logic.closed import step_closed
from kambin.app.logic.draft import HandPath, require_finite, require_point
from kambin.app.logic.ground import Ground
from kambin.app.logic.judging import judge_path
from kambin.app.logic.session import Session
from kambin.app.logic.turns import in_turn
from kambin.app.logic.undo import Undo
from kambin.core import RequestError
from kambin.frames import angles_from_direction, direction_from_angles

End = Literal["entry", "target"]
"""Which disc the hand has taken."""

Axis = Literal["left", "posterior", "cranial"]
"""Along which axis of the patient a nudge goes, where it is positive."""

NUDGE_MM, NUDGE_DEG = 0.5, 0.5
"""One press of an arrow key."""


def drag(session: Session, end: End, point_lps_mm: ArrayLike, *, done: bool) -> None:
    """Move entry or target to where the hand is.

    Parameters
    ----------
    session : Session with a path
    end : ``entry``, which slides on the skin along the line from the target through the hand;
        or ``target``
    point_lps_mm : float array, shape (3,), mm, LPS, under the hand
    done : bool, the hand has let go: this is a step of the history

    Raises
    ------
    RequestError  (RQ-180) for no point; (RQ-181) without a path; (RQ-183) while it is locked
    """
    ground, now = _require_free(session)
    point = require_point(point_lps_mm)
    if end == "target":
        moved = HandPath(now.entry_lps_mm, point, now.stop_mm)
    else:
        moved = _enter_through(ground, now, np.subtract(point, now.target_lps_mm), point)
    _put(session, moved, done=done)


def type_point(session: Session, end: End, point_lps_mm: ArrayLike) -> None:
    """Set entry or target to typed coordinates, as one step.

    Parameters
    ----------
    session : Session with a path
    end : ``entry``, which is put on the skin along its line, or ``target``
    point_lps_mm : float array, shape (3,), mm, LPS

    Raises
    ------
    RequestError  as ``drag``
    """
    drag(session, end, point_lps_mm, done=True)


def type_angles(session: Session, axial_inclination_deg: float, craniocaudal_deg: float) -> None:
    """Turn the path about its target to two typed angles in the patient's frame, as one step.

    Parameters
    ----------
    session : Session with a path
    axial_inclination_deg, craniocaudal_deg : float, degrees, convention ``kambin-1``, towards
        the side of the place

    Raises
    ------
    RequestError  as ``drag``
    """
    ground, now = _require_free(session)
    for number, name in ((axial_inclination_deg, "axial"), (craniocaudal_deg, "cranio-caudal")):
        require_finite(number, f"{name} angle")
    way = direction_from_angles(axial_inclination_deg, craniocaudal_deg) * _signs(ground)
    usual = np.add(now.target_lps_mm, way * now.length_mm)
    _put(session, _enter_through(ground, now, way, usual), done=True)


def type_docking(session: Session, stop_mm: float) -> None:
    """Dock the cannula another distance short of the target, as one step.

    Parameters
    ----------
    session : Session with a path
    stop_mm : float, mm, at least 0

    Raises
    ------
    RequestError  as ``drag``
    """
    _, now = _require_free(session)
    require_finite(stop_mm, "docking distance")
    _put(session, HandPath(now.entry_lps_mm, now.target_lps_mm, max(stop_mm, 0.0)), done=True)


def nudge(
    session: Session, end: End, axis: Literal["left", "posterior", "cranial"], steps: int
) -> None:
    """Move entry or target by half millimetres along one axis of the patient.

    Parameters
    ----------
    session : Session with a path
    end : ``entry`` or ``target``
    axis : towards the patient's left, back or head; negative steps go the other way
    steps : int, of ``NUDGE_MM``

    Raises
    ------
    RequestError  as ``drag``
    """
    _, now = _require_free(session)
    point = np.array(now.entry_lps_mm if end == "entry" else now.target_lps_mm)
    point[("left", "posterior", "cranial").index(axis)] += NUDGE_MM * steps
    drag(session, end, point, done=True)


def nudge_angle(session: Session, which: Literal["axial", "craniocaudal"], steps: int) -> None:
    """Turn the path about its target by half degrees.

    Parameters
    ----------
    session : Session with a path
    which : ``axial`` inclination or ``craniocaudal`` angle
    steps : int, of ``NUDGE_DEG``

    Raises
    ------
    RequestError  as ``drag``
    """
    ground, now = _require_free(session)
    if not now.length_mm > 0:
        raise _no_direction()
    axial, craniocaudal = angles_from_direction(now.way * _signs(ground))
    turn = NUDGE_DEG * steps
    if which == "axial":
        type_angles(session, axial + turn, craniocaudal)
    else:
        type_angles(session, axial, craniocaudal + turn)


def undo(session: Session) -> None:
    """Go one step back; nothing where there is none.

    Raises
    ------
    RequestError  (RQ-183) while the path is locked
    """
    _walk(session, back=True)


def redo(session: Session) -> None:
    """Go one step forward again; nothing where there is none.

    Raises
    ------
    RequestError  (RQ-183) while the path is locked
    """
    _walk(session, back=False)


def set_lock(session: Session, *, locked: bool) -> None:
    """Lock the path under the hand against every move, undo and redo; or free it.

    Parameters
    ----------
    session : Session
    locked : bool
    """
    session.is_locked = locked
    # a hand that was dragging has let go of nothing
    session.hovering = None
    _judge(session)


def begin_path(session: Session, path: HandPath | None = None) -> None:
    """Take a path under the hand where there is none: that of the plan, or the middle entry.

    Parameters
    ----------
    session : Session with a prepared ground
    path : HandPath, or none for the middle of the corridor

    Raises
    ------
    RequestError  (RQ-181) without a ground; (RQ-183) while it is locked; (RQ-184) where no ray
        of the technique meets skin
    """
    if session.ground is None:
        raise step_closed(mend="plan", why="Nothing is prepared to measure a path on.")
    _require_unlocked(session)
    if path is None:
        middle = session.ground.middle()
        if middle is None:
            raise RequestError(
                code="RQ-184",
                what="There is no path to begin with",
                where=session.place.name if session.place else "",
                why="No line of this technique runs from the target to the skin of this image.",
                next_step="Choose another technique, or type the coordinates of an entry.",
            )
        path = HandPath.of(middle.entry_lps_mm, middle.target_lps_mm, middle.stop_mm)
    session.history = Undo(path) if session.history is None else session.history.do(path)
    session.hovering = None
    _judge(session)


def _walk(session: Session, *, back: bool) -> None:
    if session.history is None:
        return
    _require_unlocked(session)
    session.hovering = None
    session.history = session.history.undo() if back else session.history.redo()
    _judge(session)


def _put(session: Session, path: HandPath, *, done: bool) -> None:
    if session.history is None:
        raise step_closed(mend="plan", why="There is no path yet.")
    session.hovering = None if done else path
    if done:
        session.history = session.history.do(path)
    _judge(session)


def _judge(session: Session) -> None:
    """Measure the path that is shown now, and tell it."""
    if session.history is not None and session.ground is not None:
        session.draft = judge_path(session.ground, session.hovering or session.history.present)
    session.publish("draft")


@in_turn
def _enter_through(
    ground: Ground, now: HandPath, way: NDArray[np.float64], usual: ArrayLike
) -> HandPath:
    """Return the path whose entry lies where a way from the target leaves the skin.

    Where it leaves none, the entry is where the hand is, and the verdict says that it is off.
    """
    length = float(np.linalg.norm(way))
    found = np.asarray(usual, dtype=np.float64)
    # what overflows has no direction, and what has none meets no skin
    if 0 < length < np.inf:
        region = ground.question.skin.region
        reach_mm = float(np.linalg.norm(np.array(region.shape) * region.spacing_mm))
        exits = ground.question.skin.find_exits(
            np.array(now.target_lps_mm), (way / length)[None], reach_mm
        )[0]
        found = exits if np.isfinite(exits).all() else found
    return HandPath.of(found, now.target_lps_mm, now.stop_mm)


def _signs(ground: Ground) -> NDArray[np.float64]:
    """Return what turns LPS into (lateral to the side, posterior, cranial), shape (3,)."""
    return np.array([ground.question.problem.geometry.side.lateral_sign_lps, 1.0, 1.0])


def _require_free(session: Session) -> tuple[Ground, HandPath]:
    """Return the ground and the path that is shown, if it may be moved."""
    if session.ground is None or session.history is None:
        raise step_closed(mend="plan", why="There is no path yet.")
    _require_unlocked(session)
    # a drag moves on from what was settled: half-way points add nothing up
    return session.ground, session.history.present


def _require_unlocked(session: Session) -> None:
    if session.is_locked:
        raise RequestError(
            code="RQ-183",
            what="The path is locked",
            where="path under the hand",
            why="Somebody locked it, so that nobody moves it by mistake.",
            next_step="Unlock it, then move it.",
        )


def _no_direction() -> RequestError:
    return RequestError(
        code="RQ-180",
        what="What was typed is not understood",
        where="angle",
        why="Entry and target coincide: a path without length has no angle to turn.",
        next_step="Undo, or type two distinct points.",
    )
