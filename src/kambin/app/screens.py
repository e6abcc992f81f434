"""Which values of the state hang on which events of the session."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace

from trame_server.state import State

from kambin.app.logic.jobs import Jobs
from kambin.app.logic.placing import draw_count
from kambin.app.logic.session import EVENTS, Session
from kambin.app.logic.versions import read_versions
from kambin.app.shown.anatomy import show_anatomy
from kambin.app.shown.case import show_case
from kambin.app.shown.compare import NOTHING, Columns, show_compare
from kambin.app.shown.examine import show_examine
from kambin.app.shown.footer import show_footer
from kambin.app.shown.frame import show_header, show_rail
from kambin.app.shown.layout import FOURTHS, THIRDS
from kambin.app.shown.painting import show_painting
from kambin.app.shown.place import show_place
from kambin.app.shown.plan import show_plan
from kambin.app.shown.sign import show_sign
from kambin.app.state import (
    Layout,
    Pictures,
    Shown,
)
from kambin.app.ui.screen import publish
from kambin.core import KambinError


class Screens:
    """What a person looks at beside the session itself, and the values made of both.

    Parameters
    ----------
    state : trame State
    session : Session
    jobs : Jobs
    """

    def __init__(self, state: State, session: Session, jobs: Jobs) -> None:
        self._state = state
        self._session = session
        self._jobs = jobs
        self.looked_at = self._step = session.step
        self.layout = Layout(thirds=THIRDS, fourths=FOURTHS)
        self.stage = ""
        self.depth_mm: float | None = None
        self.room = False
        self.answer_seen: str | None = None
        self.pictures = Pictures("The plan comes first; these views are made of it.")
        self.differences: Columns = NOTHING
        self.ways: Columns = NOTHING
        self.made: tuple[str, ...] = ()
        self._counted = ("", "")
        self._drawing: asyncio.Task[None] | None = None
        self._version = ("", "")

    def refresh_all(self) -> None:
        """Publish every value."""
        self.refresh(frozenset(EVENTS))

    def refresh(self, changed: frozenset[str]) -> None:
        """Publish what hangs on some events.

        Parameters
        ----------
        changed : of ``EVENTS``
        """
        if self._session.step != self._step:
            # shown where the session went by itself, as after a case was taken up again
            self._step = self.looked_at = self._session.step
        for events, show in self._table():
            if events & changed:
                publish(self._state, show())

    def _table(self) -> tuple[tuple[frozenset[str], Callable[[], Shown]], ...]:
        session = self._session
        running = self._jobs.is_running
        return (
            (
                _on("case place anatomy answer draft"),
                lambda: show_header(session, self.version(), room=self.room),
            ),
            (_on("case place anatomy answer draft"), lambda: show_rail(session, self.looked_at)),
            (_on("case"), lambda: show_case(session)),
            (_on("case place anatomy"), lambda: show_place(session, self._picture())),
            (_on("anatomy place answer"), lambda: show_anatomy(session)),
            (_on("case anatomy"), lambda: show_painting(session)),
            (_on("answer draft job"), lambda: show_plan(session, running=running)),
            (_on("answer draft"), lambda: show_examine(session, self.version())),
            (_on("answer case"), lambda: show_compare(session, self.differences, self.ways)),
            (_on("answer place case"), lambda: show_sign(session, self.made)),
            (_on("case answer"), lambda: self.layout),
            (_on("answer"), lambda: self.pictures),
            (
                _on("draft job message answer"),
                lambda: show_footer(
                    session, self._jobs.state, stage=self.stage, depth_mm=self.depth_mm
                ),
            ),
        )

    def version(self) -> str:
        """Return the number of the plan's version, such as ``v3``, or nothing without one."""
        file = self._session.answer_file
        if file is None:
            return ""
        digest = getattr(self._session.answer, "content_sha256", "")
        if self._version[0] != digest:
            # read again only for another answer: every dragged path asks for it
            try:
                history = read_versions(self._session)
            except KambinError:
                return ""
            number = history.line[history.place] if history.line else 0
            self._version = (digest, f"v{number}" if number else "")
        return self._version[1]

    def pick(self, place: str, name: str) -> None:
        """Put another view into the third or the fourth place; an unknown one changes nothing.

        Parameters
        ----------
        place : ``third`` or ``fourth``
        name : str, one of ``shown.layout``
        """
        if place == "third" and name in {one.value for one in THIRDS}:
            self.layout = replace(self.layout, third=name)
        elif place == "fourth" and name in {one.value for one in FOURTHS}:
            self.layout = replace(self.layout, fourth=name)

    def _picture(self) -> str:
        """Return the counted picture, drawn once for a case and a level; empty until it is."""
        checked, place = self._session.checked, self._session.place
        if checked is None:
            return ""
        mark = None if place is None else str(place.level)
        wanted = f"{checked.case.sha256} {mark}"
        if self._counted[0] != wanted:
            self._counted = (wanted, "")
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                # nobody waits for an answer where no server runs
                self._counted = (wanted, _draw_count(self._session, mark))
            else:
                self._drawing = loop.create_task(self._draw(wanted, mark))
        return self._counted[1]

    async def _draw(self, wanted: str, mark: str | None) -> None:
        """Draw the counted picture beside the loop: it takes seconds, in which a hand waits."""
        drawn = await asyncio.to_thread(_draw_count, self._session, mark)
        if self._counted[0] == wanted:
            self._counted = (wanted, drawn)
            with self._state:
                publish(self._state, show_place(self._session, drawn))


def _draw_count(session: Session, mark: str | None) -> str:
    """Return the counted picture as a data address, or nothing where it cannot be drawn."""
    try:
        drawn = draw_count(session, mark)
    except KambinError:
        return ""
    return "data:image/png;base64," + b64encode(drawn).decode("ascii")


def _on(events: str) -> frozenset[str]:
    return frozenset(events.split())
