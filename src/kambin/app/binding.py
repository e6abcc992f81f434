"""Ties the session to the screens, and nothing else does: events become values, calls verbs."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from trame_server import Server

from kambin.app.asking import check_arguments
from kambin.app.guard.failures import CaughtFailure
from kambin.app.guard.messages import Permitted
from kambin.app.logic.autosave import attach
from kambin.app.logic.jobs import Jobs
from kambin.app.logic.messages import Message, error_message
from kambin.app.logic.session import Session
from kambin.app.scene import Scene
from kambin.app.screens import Screens
from kambin.app.ui.screen import build_screen
from kambin.app.ui.space import SpaceView
from kambin.app.verbs import GROUPS
from kambin.app.verbs.bench import Bench
from kambin.app.verbs.case import CaseVerbs
from kambin.app.verbs.uploads import UploadVerbs
from kambin.app.views import SENT_S, Views
from kambin.core import KambinError

READING = frozenset({"alive"})
"""Calls that change nothing, open to every tab."""


class Binding:
    """One server, one session: calls go in, values come out.

    Parameters
    ----------
    server : trame Server of client type ``vue3``, not started
    session : Session
    """

    def __init__(self, server: Server, session: Session) -> None:
        self._server = server
        self._session = session
        self._loop: asyncio.AbstractEventLoop | None = None
        self._changed: set[str] = set()
        self.jobs = Jobs(session, self._deliver)
        space = SpaceView()
        build_screen(server, space)
        self.screens = Screens(server.state, session, self.jobs)
        self.scene = Scene(space, session, server.state)
        self.views = Views(server.state, session, self.screens)
        bench = Bench(session, self.jobs, self.screens, self.scene, self.views)
        groups = [group(bench) for group in GROUPS]
        self._case = next(one for one in groups if isinstance(one, CaseVerbs))
        uploads = next(one for one in groups if isinstance(one, UploadVerbs))
        server.controller.upload_received = uploads._keep
        attach(session)
        session.subscribe(self._changed.add)
        self.screens.refresh_all()
        server.trigger("alive")(lambda: True)
        for verbs in groups:
            for name in public_names(type(verbs)):
                server.trigger(name)(self._call(getattr(verbs, name)))

    def open_when_ready(self, folder: Path | None) -> None:
        """Open a case as soon as the server listens.

        Parameters
        ----------
        folder : the case folder, or none
        """

        def _ready(**_state: object) -> None:
            self._loop = asyncio.get_running_loop()
            if folder is not None:
                self._guarded(lambda: self._case.case_open(str(folder)))
            self._refresh()

        self._server.controller.on_server_ready.add(_ready)

    def _call(self, verb: Callable[..., None]) -> Callable[..., None]:
        def _called(*given: object) -> None:
            self._loop = asyncio.get_running_loop()
            self._guarded(lambda: verb(*check_arguments(verb, given)))
            self._refresh()

        return _called

    def _guarded(self, act: Callable[[], None]) -> None:
        """Do what was asked; what goes wrong is told at the step where it happened."""
        caught, whole = CaughtFailure(), False
        with caught:
            try:
                act()
            except KambinError as error:
                self._session.tell(error_message(error, self._session.step))
            whole = True
        if not whole:
            self._session.tell(_failure_message(caught.number, self._session.step))

    def _deliver(self, act: Callable[[], None]) -> None:
        """Have something done in the thread of the server; called from the thread of a job."""

        def _soon() -> None:
            self._guarded(act)
            self._refresh()

        # a job that outlives its server has nobody to tell
        with suppress(RuntimeError):
            if self._loop is not None:
                self._loop.call_soon_threadsafe(_soon)

    def _refresh(self) -> None:
        changed = frozenset(self._changed)
        self._changed.clear()
        if not changed:
            return
        self._guarded(self._case.begin_waited_for)
        changed |= self._changed
        self._changed.clear()
        with self._server.state:
            self.screens.refresh(changed)
        # numbers first: a hand that drags waits for them, and pictures follow once they have left
        wait_s = 0.0 if self._session.hovering is None else SENT_S
        asyncio.get_running_loop().call_later(wait_s, self._show, changed)

    def _show(self, changed: frozenset[str]) -> None:
        with self._server.state:
            self.views.refresh(changed)
        self.scene.refresh(changed)


def public_names(group: type) -> tuple[str, ...]:
    """Return the names of the methods of a group of verbs that a page may call.

    Parameters
    ----------
    group : class of verbs
    """
    return tuple(name for name in vars(group) if not name.startswith("_"))


def build_screens(server: Any, folder: Path | None) -> Permitted:
    """Put the workstation on a server, and return what it leaves to a page.

    Parameters
    ----------
    server : trame Server of client type ``vue3``, not started
    folder : Path of the case, or none
    """
    Binding(server, Session()).open_when_ready(folder)
    return Permitted(reading=READING)


def _failure_message(number: str, step: str) -> Message:
    return Message(
        "error",
        step,
        what="This is a bug in Kambin",
        where=f"failure {number}",
        why=f"Something was not expected here, failure {number}; what was saved has not changed.",
        next_step="Repeat the step; if it fails again, report it with that number.",
    )
