"""Header and rail: what stands on every screen."""

from kambin.app.logic.closed import STEPS, TITLES, Closed
from kambin.app.logic.painting import is_painting
from kambin.app.logic.session import Session
from kambin.app.logic.steps import gate
from kambin.app.state import Header, Rail, StepRow
from kambin.planning import Plan

USE = "research use only"
"""Stands in the header of every screen."""

_ICONS = {
    "case": "mdi-folder-open-outline",
    "place": "mdi-arrow-left-right",
    "anatomy": "mdi-bone",
    "plan": "mdi-vector-line",
    "examine": "mdi-magnify",
    "compare": "mdi-compare",
    "rehearse": "mdi-play-outline",
    "sign": "mdi-draw-pen",
}
_SHORT = {"place": "Side", "sign": "Sign"}


def show_header(session: Session, version: str = "", *, room: bool = False) -> Header:
    """Return the line above every screen.

    Parameters
    ----------
    session : Session
    version : str, of the plan, such as ``v3``
    room : bool, operating-room mode
    """
    place, history = session.place, session.history
    can_undo = history is not None and bool(history.past) and not session.is_locked
    can_redo = history is not None and bool(history.future) and not session.is_locked
    if is_painting(session) and session.painting is not None:
        can_undo, can_redo = bool(session.painting.strokes), bool(session.painting.undone)
    scheme = "" if session.checked is None else session.checked.check.scheme.name
    return Header(
        case="no case is open" if session.folder is None else session.folder.name,
        level="" if place is None else str(place.level),
        side="" if place is None else place.side.value.upper(),
        confirmed="" if place is None else f"confirmed: {scheme}, by {place.by}",
        use=USE,
        version=version,
        locked=session.is_locked,
        can_undo=can_undo,
        can_redo=can_redo,
        room=room,
    )


def show_rail(session: Session, looked_at: str) -> Rail:
    """Return the eight steps, each open or closed with the sentence that says why.

    Parameters
    ----------
    session : Session
    looked_at : str, name of the step that is shown; it may be a closed one
    """
    closed = {name: gate(session, name) for name in STEPS}
    rows = tuple(_row(session, name, closed[name]) for name in STEPS)
    current = rows[STEPS.index(looked_at)]
    return Rail(
        current=current.number,
        title=TITLES[looked_at],
        closed=current.closed,
        mend=current.mend,
        mend_title=current.mend_title,
        steps=rows,
    )


def _row(session: Session, name: str, closed: Closed | None) -> StepRow:
    return StepRow(
        number=STEPS.index(name) + 1,
        title=_SHORT.get(name, TITLES[name]),
        icon=_ICONS[name],
        closed="" if closed is None else closed.words,
        mend=0 if closed is None else STEPS.index(closed.mend) + 1,
        mend_title="" if closed is None else TITLES[closed.mend],
        done=closed is None and _is_done(session, name),
    )


def _is_done(session: Session, name: str) -> bool:
    done = {
        "case": session.checked is not None,
        "place": session.place is not None,
        "anatomy": session.anatomy is not None and session.answer is not None,
        "plan": isinstance(session.answer, Plan),
    }
    return done.get(name, False)
