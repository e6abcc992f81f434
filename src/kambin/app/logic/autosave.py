"""Saving the session after each change, and taking it up again after any end (R01, S08)."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from kambin.app.logic.messages import Message, error_message
from kambin.app.logic.saved import (
    SAVED_VERSION,
    SavedSession,
    restore_painting,
    restore_places,
    save_session,
)
from kambin.app.logic.session import Session
from kambin.core import RequestError, StoreError
from kambin.exchange import to_json, write_bytes_atomically

SAVED_FILE = "workstation.json"
"""In the case folder; a case that is copied takes it along."""

_SAVING = frozenset({"case", "place", "anatomy", "answer", "draft"})


def attach(session: Session) -> Callable[[], None]:
    """Have the session saved after each change, and return what ends that.

    Parameters
    ----------
    session : Session
    """
    return session.subscribe(_Saver(session))


def restore(session: Session) -> None:
    """Take up what was saved of the case that was just opened; what cannot be is set aside.

    Side and level are never among it: a person confirms them anew. Publishes only messages.

    Parameters
    ----------
    session : Session with a case, before its first change
    """
    if session.folder is None or session.checked is None:
        return
    file = session.folder / SAVED_FILE
    if not file.is_file():
        return
    saved = _read(file, session.checked.case.sha256)
    if isinstance(saved, str):
        _set_aside(session, file, saved)
        return
    try:
        session.painting = restore_painting(saved)
    except RequestError as error:
        _set_aside(session, file, f"A stroke in it is none: {error.why}")
        return
    session.kept = restore_places(saved)
    session.hidden, session.ticks = frozenset(saved.hidden), frozenset(saved.ticks)
    session.cursor_lps_mm = np.array(saved.cursor_lps_mm)
    if saved.step != "case" or saved.places:
        session.step = "place"
        session.tell(
            Message(
                "note",
                "place",
                what="The last session of this case was taken up again",
                why="Paths, undo, tools and views are as they were left.",
                next_step="Confirm side and level: they are asked anew after every start.",
            )
        )


class _Saver:
    """Writes the session when it differs from what lies there."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._written: tuple[Path, bytes] | None = None
        self._has_failed = False

    def __call__(self, event: str) -> None:
        """Save after an event that changes what is kept."""
        # a hand that drags changes nothing that is kept until it lets go
        if event not in _SAVING or self._session.hovering is not None:
            return
        saved, folder = save_session(self._session), self._session.folder
        if saved is None or folder is None:
            return
        whole = (folder / SAVED_FILE, to_json(saved).encode("utf-8"))
        if whole == self._written:
            return
        try:
            write_bytes_atomically(*whole)
        except StoreError as error:
            # told once, and not after each move of the hand
            if not self._has_failed:
                self._has_failed = True
                self._session.tell(error_message(error, self._session.step))
            return
        self._written, self._has_failed = whole, False


def _read(file: Path, case_sha256: str) -> SavedSession | str:
    """Return what was saved, or one sentence that says why it cannot be taken up."""
    try:
        document = json.loads(file.read_text("utf-8"))
        version = document.get("schema_version")
    except (OSError, ValueError, AttributeError, RecursionError):
        return "It is damaged."
    if type(version) is not int or version > SAVED_VERSION:
        return "It was written by a newer version of the software."
    try:
        saved = SavedSession.model_validate_json(json.dumps(document))
    except ValidationError as error:
        place = ".".join(str(part) for part in error.errors()[0]["loc"])
        return f"It is damaged at {place}."
    if saved.case_sha256 != case_sha256:
        return "It belongs to another content of this case: images, labels or drawings changed."
    return saved


def _set_aside(session: Session, file: Path, why: str) -> None:
    """Keep a file that cannot be taken up under another name, and say so."""
    number = 1
    while (aside := file.with_name(f"workstation.{number}.json")).exists():
        number += 1
    try:
        file.rename(aside)
    except OSError:
        # it stays where it is, and the next save fails as loudly
        aside = file
    session.tell(
        Message(
            "note",
            "case",
            what="The last session of this case was set aside",
            where=aside.name,
            why=why,
            next_step="Begin anew; plans and their versions are not touched.",
        )
    )
