"""Step 2: side and level, as they can be chosen and as they were confirmed."""

from kambin.app.logic.placing import list_levels
from kambin.app.logic.session import Session
from kambin.app.shown.findings import show_findings
from kambin.app.state import Choice, PlaceView
from kambin.desk.gate import find_questions
from kambin.planning import ZONES

_SIDES = (Choice("right", "RIGHT of the patient"), Choice("left", "LEFT of the patient"))
"""As they lie on a picture in radiological convention: right is on the reader's left."""


def show_place(session: Session, picture: str) -> PlaceView:
    """Return the panel of side and level; nothing is chosen beforehand.

    Parameters
    ----------
    session : Session
    picture : str, data address of the counted picture
    """
    checked = session.checked
    if checked is None:
        return PlaceView()
    place, scheme = session.place, checked.check.scheme
    more = () if session.anatomy is None else session.anatomy.findings
    told = (
        "" if place is None else f"{place.name}, confirmed by {place.by} at {place.at[11:16]} UTC"
    )
    return PlaceView(
        picture=picture,
        scheme=f"{scheme.name}: {', '.join(scheme.vertebrae)}, from head to foot.",
        levels=tuple(Choice(level, level) for level in list_levels(session)),
        sides=_SIDES,
        zones=(Choice("", "as the case says"), *(Choice(zone, zone) for zone in ZONES)),
        has_fragment=has_fragment(session),
        questions=show_findings(find_questions(checked, more)),
        confirmed=told,
    )


def has_fragment(session: Session) -> bool:
    """Return whether the case itself says what is to be reached.

    Parameters
    ----------
    session : Session
    """
    return session.anatomy is not None and any(
        key.kind == "fragment" for key in session.anatomy.structures
    )
