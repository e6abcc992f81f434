"""A bench for tests of verbs: real session, screens and views; nothing runs in a thread."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.unit.app.logic.made_session import made_ground, made_path

from kambin.app.logic.judging import judge_path
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Task, run_now
from kambin.app.logic.undo import Undo
from kambin.app.screens import Screens
from kambin.app.verbs.bench import Bench
from kambin.app.views import Views
from kambin.core import KambinError
from kambin.frames import Side


class MadeState(dict[str, Any]):
    """What is sent to the browser, kept in a mapping."""

    def __enter__(self) -> "MadeState":
        return self

    def __exit__(self, *_: object) -> None:
        return None


@dataclass
class MadeJobs:
    """Jobs that are only written down; a test runs them when it wants to."""

    tasks: list[Task[Any]] = field(default_factory=list)
    is_running: bool = False
    state: None = None
    cancelled: int = 0

    def start(self, task: Task[Any]) -> None:
        """Write a task down."""
        self.tasks.append(task)

    def cancel(self) -> None:
        """Count that somebody cancelled."""
        self.cancelled += 1

    @property
    def titles(self) -> list[str]:
        """Return what was begun."""
        return [task.title for task in self.tasks]

    def run(self) -> Any:
        """Run the last task here and now."""
        return run_now(self.tasks[-1])


@dataclass
class MadeScene:
    """A scene that keeps from where it was looked at, and how often it was to follow."""

    looked: list[str] = field(default_factory=list)
    followed: int = 0

    def look(self, name: str) -> None:
        """Keep a name."""
        self.looked.append(name)

    def follow(self) -> None:
        """Count."""
        self.followed += 1


@dataclass
class MadeDesk:
    """A bench with what a test asks of it."""

    session: Session
    jobs: MadeJobs
    screens: Screens
    scene: MadeScene
    views: Views
    bench: Bench
    heard: list[str]

    def heard_of(self, act: Callable[[], None]) -> set[str]:
        """Return the events of one call."""
        self.heard.clear()
        act()
        return set(self.heard)


def made_desk(session: Session) -> MadeDesk:
    """Return a bench on a session."""
    jobs, scene, state = MadeJobs(), MadeScene(), MadeState()
    given: Any = jobs, scene, state
    screens = Screens(given[2], session, given[0])
    views = Views(given[2], session, screens)
    heard: list[str] = []
    session.subscribe(heard.append)
    bench = Bench(session, given[0], screens, given[1], views)
    return MadeDesk(session, jobs, screens, scene, views, bench, heard)


def measured(session: Session, side: Side = Side.LEFT) -> Session:
    """Return the session with the numbers of the path in the middle of its corridor."""
    session.ground, session.history = made_ground(side), Undo(made_path(side))
    session.draft = judge_path(session.ground, session.history.present)
    session.step = "examine"
    return session


def refused(act: Callable[[], object]) -> KambinError:
    """Return the error of a call that has to be refused."""
    with pytest.raises(KambinError) as caught:
        act()
    return caught.value
