"""Side and level: confirmed by a person on a counted picture, and nothing is chosen beforehand."""

from kambin.anatomy import Level
from kambin.app.logic.closed import step_closed
from kambin.app.logic.loading import load_answer
from kambin.app.logic.opening import forget_plan
from kambin.app.logic.place import Place, is_same_place
from kambin.app.logic.saved import keep_place
from kambin.app.logic.session import Session
from kambin.app.logic.turns import in_turn
from kambin.core import RequestError
from kambin.desk.gate import settle_level
from kambin.frames import Side
from kambin.planning.request import ZONES
from kambin.report.level_picture import draw_level_picture


def list_levels(session: Session) -> tuple[str, ...]:
    """Return the levels of this patient, from head to foot; no one of them is the default.

    Parameters
    ----------
    session : Session
    """
    return () if session.checked is None else session.checked.check.levels_present


@in_turn
def draw_count(session: Session, mark: str | None = None) -> bytes:
    """Return the counted picture on which side and level are confirmed, PNG.

    Parameters
    ----------
    session : Session with an open case
    mark : str, a level to mark, or none

    Raises
    ------
    RequestError  (RQ-181) without a case; (RQ-002) for what is no level
    AnatomyError  as ``draw_level_picture``
    """
    if session.checked is None:
        raise step_closed(mend="case", why="No case is open.")
    level = None if mark is None else Level.parse(mark)
    return draw_level_picture(session.checked.case, session.checked.check, mark=level)


def confirm_place(
    session: Session,
    level: str,
    side: str,
    by: str,
    *,
    zone: str | None = None,
    target_lps_mm: tuple[float, float, float] | None = None,
) -> Place:
    """Take level and side from a person who has seen the counted picture.

    Parameters
    ----------
    session : Session with an open case
    level, side : str, such as ``L4-L5`` and ``left``, the patient's side
    by : str, who confirms
    zone : str, one of ``ZONES``, or none
    target_lps_mm : point, shape (3,), mm, LPS, or none

    Raises
    ------
    RequestError  (RQ-181) without a case; (RQ-182) without a name, level or side; (RQ-002) for
        what is no level; (PL-030) for an unknown zone
    AnatomyError  (AN-152) for a level that this patient does not have
    """
    if session.checked is None:
        raise step_closed(mend="case", why="No case is open.")
    name = " ".join(by.split())
    missing = [
        word
        for word, given in (("a name", name), ("a level", level), ("a side", side))
        if not given
    ]
    if missing or side not in tuple(Side) or zone not in (None, *ZONES):
        raise _not_confirmed(missing, side, zone)
    asked = settle_level(session.checked, Level.parse(level)) or Level.parse(level)
    at = session.clock.now().isoformat(timespec="seconds")
    place = Place(asked, Side(side), name, at, zone, target_lps_mm)
    _take_place(session, place)
    return place


def _take_place(session: Session, place: Place) -> None:
    """Put a confirmed place into the session; what belongs to another place goes."""
    before = session.place
    if before is not None:
        session.kept[before.key] = keep_place(session)
    session.place = place
    if before is None or not is_same_place(before, place):
        forget_plan(session)
        load_answer(session)
        _take_up(session, place)
    session.publish("place", "answer", "draft")


def _take_up(session: Session, place: Place) -> None:
    """Take up what was worked on at a place before."""
    kept = session.kept.pop(place.key, None)
    if kept is not None:
        session.history, session.is_locked = kept.history, kept.is_locked
        session.wish = kept.wish


def _not_confirmed(missing: list[str], side: str, zone: str | None) -> RequestError:
    if missing:
        why = f"Missing: {', '.join(missing)}. There is no default level and no default side."
    elif side not in tuple(Side):
        why = "A side is the patient's own left or right."
    else:
        why = f"A zone is one of {', '.join(ZONES)}; {str(zone)[:20]!r} is none."
    return RequestError(
        code="RQ-182",
        what="Side and level are not confirmed",
        where="side and level",
        why=why,
        next_step="Look at the counted picture, choose level and side, and give your name.",
    )
