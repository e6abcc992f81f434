"""Calls of the first three steps: the case, its place, its anatomy."""

from pathlib import Path
from typing import Final

from kambin.anatomy import Level
from kambin.app.logic.answering import accept_findings, confirm_scheme
from kambin.app.logic.closed import STEPS
from kambin.app.logic.completing import complete_task
from kambin.app.logic.draft import not_understood
from kambin.app.logic.opening import open_task
from kambin.app.logic.placing import confirm_place
from kambin.app.logic.sources import ImportWish, import_task, phantom_task
from kambin.app.logic.steps import gate, go_to
from kambin.app.verbs.bench import Bench
from kambin.frames import Side
from kambin.phantom import PhantomParameters

_COUNTING: Final = frozenset({"AN-112", "AN-114"})
"""Questions about the number of vertebrae: the answer is the number that the picture shows."""


class CaseVerbs:
    """Calls about the case, its place and its anatomy.

    Parameters
    ----------
    bench : Bench
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._session = bench.session

    def case_open(self, folder: str) -> None:
        """Open a case folder."""
        self._bench.jobs.start(open_task(self._session, to_path(folder)))

    def case_import(self, image: str, labels: str, into: str) -> None:
        """Make a case of images and labels, and open it."""
        wish = ImportWish(to_path(image) if image.strip() else None, (to_path(labels),))
        self._bench.jobs.start(import_task(self._session, wish, to_path(into)))

    def phantom_make(self, level: str, side: str, into: str) -> None:
        """Make a patient by code, and open it."""
        if side not in tuple(Side):
            raise not_understood(where="side", why="A side is left or right.")
        wish = PhantomParameters(Level.parse(level), Side(side))
        self._bench.jobs.start(phantom_task(self._session, wish, to_path(into)))

    def step_open(self, number: int) -> None:
        """Show a step; a closed one says what is missing."""
        if not 1 <= number <= len(STEPS):
            raise not_understood(where="step", why=f"There are {len(STEPS)} steps.")
        name = STEPS[number - 1]
        self._bench.screens.looked_at = name
        if gate(self._session, name) is None:
            go_to(self._session, name)
        else:
            self._session.publish("case")

    def place_confirm(self, level: str, side: str, zone: str, by: str, answers: list[str]) -> None:
        """Take level and side from a person, with the answers to what the case asks."""
        if _COUNTING & set(answers):
            confirm_scheme(self._session, by)
        accepted = [code for code in answers if code not in _COUNTING]
        if accepted:
            accept_findings(self._session, accepted, by)
        confirm_place(self._session, level, side, by, zone=zone or None)
        self.step_open(STEPS.index("anatomy") + 1)
        self.complete_if_free()

    def structure_show(self, key: str, shown: bool) -> None:
        """Draw the outline of a structure, or do not."""
        hidden = self._session.hidden
        self._session.hidden = hidden - {key} if shown else hidden | {key}
        self._session.publish("anatomy", "cursor")

    def complete(self) -> None:
        """Complete the anatomy of the case."""
        self._bench.jobs.start(complete_task(self._session))

    def complete_if_free(self) -> None:
        """Begin what a person would otherwise wait for, once the way to it is free."""
        session = self._session
        waits = session.place is not None and session.anatomy is None
        if waits and not self._bench.jobs.is_running and gate(session, "anatomy") is None:
            self.complete()


def to_path(typed: str) -> Path:
    """Return the path that was typed; ``~`` is the home folder.

    Parameters
    ----------
    typed : str

    Raises
    ------
    RequestError  (RQ-180) if nothing was typed, or no path can be called so
    """
    name = typed.strip()
    if not name or "\0" in name:
        raise not_understood(where="folder", why="No folder or file is named.")
    return Path(name).expanduser()
