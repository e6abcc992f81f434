"""What is saved of a session: everything but that a person confirmed side and level (S08)."""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from kambin.app.logic.draft import HandPath
from kambin.app.logic.kept import KeptPlace
from kambin.app.logic.painted import Painting
from kambin.app.logic.saved_painting import SavedPainting
from kambin.app.logic.session import Session
from kambin.app.logic.undo import UNDO_STEPS, Undo
from kambin.app.logic.wish import PlanWish
from kambin.knowledge import Margins
from kambin.planning.certainty_models import Setting
from kambin.planning.documents import Point

SAVED_VERSION: Final = 1
"""Version of ``workstation.json``."""


class _Saved(BaseModel):
    """A part of the file: no field is unknown, no number is none."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SavedPath(_Saved):
    """One path under the hand, mm, LPS."""

    entry_lps_mm: Point
    target_lps_mm: Point
    stop_mm: float = Field(ge=0)

    def to_path(self) -> HandPath:
        """Return the path."""
        return HandPath(self.entry_lps_mm, self.target_lps_mm, self.stop_mm)


class SavedWish(_Saved):
    """Technique and tools that were wished for."""

    technique: str | None
    cannula_mm: float | None
    margins: Margins
    weights: dict[str, float]
    errors: Setting


class SavedPlace(_Saved):
    """What was worked on at one level and side: the paths with those before and after."""

    past: tuple[SavedPath, ...] = Field(max_length=UNDO_STEPS)
    present: SavedPath | None
    future: tuple[SavedPath, ...]
    is_locked: bool
    wish: SavedWish


class SavedSession(_Saved):
    """The file ``workstation.json`` of a case folder.

    Notes
    -----
    The names of places are where paths were moved, never that somebody confirmed one.
    """

    schema_version: Literal[1] = SAVED_VERSION
    case_sha256: str
    step: str
    cursor_lps_mm: Point
    hidden: tuple[str, ...]
    ticks: tuple[tuple[str, str], ...]
    places: dict[str, SavedPlace]
    painting: SavedPainting | None = None


def save_session(session: Session) -> SavedSession | None:
    """Return what is to be saved of a session, or none without a case.

    Parameters
    ----------
    session : Session
    """
    if session.checked is None:
        return None
    places = dict(session.kept)
    if session.place is not None:
        places[session.place.key] = keep_place(session)
    x, y, z = (float(part) for part in session.cursor_lps_mm)
    return SavedSession(
        case_sha256=session.checked.case.sha256,
        step=session.step,
        cursor_lps_mm=(x, y, z),
        hidden=tuple(sorted(session.hidden)),
        ticks=tuple(sorted(session.ticks)),
        places={name: _save_place(place) for name, place in sorted(places.items())},
        painting=_save_painting(session),
    )


def keep_place(session: Session) -> KeptPlace:
    """Return what the session has at its present place.

    Parameters
    ----------
    session : Session
    """
    return KeptPlace(session.history, session.is_locked, session.wish)


def restore_places(saved: SavedSession) -> dict[str, KeptPlace]:
    """Return what was worked on at each place.

    Parameters
    ----------
    saved : SavedSession
    """
    return {name: _restore_place(place) for name, place in saved.places.items()}


def restore_painting(saved: SavedSession) -> Painting | None:
    """Return what was being painted, or none.

    Parameters
    ----------
    saved : SavedSession

    Raises
    ------
    RequestError  (RQ-085) if a stroke is none
    """
    return None if saved.painting is None else saved.painting.to_painting(saved.case_sha256)


def _save_painting(session: Session) -> SavedPainting | None:
    painting, checked = session.painting, session.checked
    # of another content of the case nothing is kept
    if painting is None or checked is None or painting.case_sha256 != checked.case.sha256:
        return None
    return SavedPainting.of(painting)


def _save_place(place: KeptPlace) -> SavedPlace:
    line, wish = place.history, place.wish
    return SavedPlace(
        past=() if line is None else tuple(_save_path(path) for path in line.past),
        present=None if line is None else _save_path(line.present),
        future=() if line is None else tuple(_save_path(path) for path in line.future),
        is_locked=place.is_locked,
        wish=SavedWish(
            technique=wish.technique,
            cannula_mm=wish.cannula_mm,
            margins=wish.margins,
            weights=dict(wish.weights),
            errors=wish.errors,
        ),
    )


def _save_path(path: HandPath) -> SavedPath:
    return SavedPath(
        entry_lps_mm=path.entry_lps_mm, target_lps_mm=path.target_lps_mm, stop_mm=path.stop_mm
    )


def _restore_place(saved: SavedPlace) -> KeptPlace:
    history = None
    if saved.present is not None:
        history = Undo(
            saved.present.to_path(),
            tuple(path.to_path() for path in saved.past),
            tuple(path.to_path() for path in saved.future),
        )
    return KeptPlace(history, saved.is_locked, PlanWish(**saved.wish.model_dump()))
