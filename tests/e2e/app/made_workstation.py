"""A workstation on the spine of boxes, with a path under the hand: open in a moment."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.unit.app.logic.made_panes import made_noise
from tests.unit.app.logic.made_session import deliver_plan, opened_session, written_session
from tests.unit.app.verbs.made_bench import measured
from tests.workstation import Running, running_workstation

from kambin.app.binding import READING, Binding
from kambin.app.guard.messages import Permitted
from kambin.app.logic.session import EVENTS, Session
from kambin.app.server import BuildScreens
from kambin.frames import Side


def seen_session(folder: Path, side: Side) -> Session:
    """Return a session with an image of noise and a path, on one side or the other."""
    session = measured(opened_session(folder, side), side)
    assert session.checked is not None
    case = replace(session.checked.case, image=made_noise(side))
    session.checked = replace(session.checked, case=case)
    return session


def planned_session(folder: Path) -> Session:
    """Return a session whose case and plan lie in their folder, and a path under the hand."""
    session = written_session(folder)
    deliver_plan(session)
    return measured(session)


@contextmanager
def made_workstation(make: Callable[[], Session]) -> Iterator[tuple[Running, Session]]:
    """Start a workstation that shows a session as it was made."""
    session = make()
    with running_workstation(screens=_screens_of(session)) as running:
        yield running, session


def _screens_of(session: Session) -> BuildScreens:
    def build(server: Any, _folder: Path | None) -> Permitted:
        binding = Binding(server, session)
        session.publish(*EVENTS)
        binding.open_when_ready(None)
        return Permitted(reading=READING)

    return build
