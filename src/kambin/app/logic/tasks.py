"""Work that takes longer than a blink: done apart, and taken by the session when it is whole."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from kambin.app.logic.messages import bug_message, error_message
from kambin.app.logic.session import Session
from kambin.core import KambinError, Progress, SilentProgress

Result = TypeVar("Result")
"""What the work makes."""


class Cancelled(Exception):
    """Raised by the progress of a work that a person cancelled, at its next step."""


@dataclass(frozen=True, slots=True)
class Task(Generic[Result]):
    """A piece of work, in two halves: nothing is replaced before its new one is whole.

    Parameters
    ----------
    title : str, such as ``planning``
    step : str, the step at which its error is shown
    work : makes the result in any thread; it may not touch the session
    take : gives the result to the session, in the thread that owns it
    """

    title: str
    step: str
    work: Callable[[Progress], Result]
    take: Callable[[Result], None]


def run_now(task: Task[Result], progress: Progress | None = None) -> Result:
    """Do a task in the caller's thread and return what it made.

    Parameters
    ----------
    task : Task
    progress : Progress or none

    Raises
    ------
    KambinError  what the work raises; the session is as it was
    """
    made = task.work(progress or SilentProgress())
    task.take(made)
    return made


def tell_failure(session: Session, task: Task[Result], error: Exception) -> None:
    """Say in the session why a task made nothing.

    Parameters
    ----------
    session : Session
    task : Task
    error : what its work raised
    """
    if isinstance(error, KambinError):
        session.tell(error_message(error, task.step))
    else:
        session.tell(bug_message(error, task.step))
