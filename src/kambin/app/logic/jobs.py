"""One long job at a time in a thread, with its progress, and a person who may cancel it."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Cancelled, Task, tell_failure
from kambin.app.logic.turns import TURNS
from kambin.core import RequestError, breathing

Deliver = Callable[[Callable[[], None]], None]
"""Has something called in the thread that owns the session, soon."""

TELL_EVERY_S = 0.1
"""Progress is told no oftener: a screen is not redrawn for every candidate."""


@dataclass(frozen=True, slots=True)
class JobState:
    """How far the job has come.

    Parameters
    ----------
    title : str, of the task
    what : str, the part it is at
    done, total : int, parts of it
    is_cancelling : bool, a person asked it to stop, and it does so at its next step
    """

    title: str
    what: str = ""
    done: int = 0
    total: int = 0
    is_cancelling: bool = False

    @property
    def share(self) -> float:
        """Return the share that is done, 0 to 1."""
        return self.done / self.total if self.total else 0.0


class Jobs:
    """Runs the tasks of a session one at a time.

    Parameters
    ----------
    session : Session
    deliver : has a function called in the thread that owns the session
    now_s : clock, seconds; handed in so that tests need not wait
    """

    def __init__(
        self,
        session: Session,
        deliver: Deliver,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._deliver = deliver
        self._now_s = now_s
        self._cancelled = threading.Event()
        self._handed = threading.Event()
        self._told_s = -TELL_EVERY_S
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kambin-job")
        self.state: JobState | None = None

    @property
    def is_running(self) -> bool:
        """Return whether a job runs or its result waits to be taken."""
        return self.state is not None

    def start(self, task: Task[Any]) -> None:
        """Run a task in a thread; its result is taken in the session's own thread.

        Parameters
        ----------
        task : Task

        Raises
        ------
        RequestError  (RQ-185) while another one runs
        """
        if self.state is not None:
            raise RequestError(
                code="RQ-185",
                what="Another job is running",
                where=self.state.title,
                why="One long computation runs at a time.",
                next_step="Wait for it, or cancel it.",
            )
        self._cancelled, self._handed = threading.Event(), threading.Event()
        self._told_s = -TELL_EVERY_S
        self.state = JobState(task.title)
        self._session.publish("job")
        progress = _JobProgress(self, self._cancelled)
        future = self._threads.submit(_work, task, progress)
        future.add_done_callback(partial(self._hand_over, task, self._cancelled, self._handed))

    def cancel(self) -> None:
        """Have the job stop at its next step; nothing it made is taken."""
        if self.state is not None:
            self._cancelled.set()
            self._show(replace(self.state, is_cancelling=True))

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait until the thread has handed over what it made, which may still be delivered.

        Parameters
        ----------
        timeout_s : float, seconds, or none to wait as long as it takes
        """
        if self.state is not None:
            self._handed.wait(timeout_s)

    def close(self) -> None:
        """Cancel what runs and take no more; the process may end at its next step."""
        self.cancel()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _hand_over(
        self,
        task: Task[Any],
        cancelled: threading.Event,
        handed: threading.Event,
        future: Future[Any],
    ) -> None:
        """Have the end of a job told in the session's thread; called in that of the job."""
        self._deliver(lambda: self._end(task, cancelled, future))
        handed.set()

    def _end(self, task: Task[Any], cancelled: threading.Event, future: Future[Any]) -> None:
        """Free the place for the next job, then take what this one made, or say why it did not."""
        self.state = None
        try:
            # whoever cancelled in the last moment wants nothing of it
            if cancelled.is_set() or future.cancelled():
                return
            error = future.exception()
            if error is None:
                task.take(future.result())
            elif isinstance(error, Exception):
                tell_failure(self._session, task, error)
        finally:
            self._session.publish("job")

    def report(self, what: str, done: int, total: int) -> None:
        """Tell how far the job has come, no oftener than a screen can show it.

        Parameters
        ----------
        what : str, the part it is at
        done, total : int
        """
        now = self._now_s()
        if now - self._told_s < TELL_EVERY_S and done < total:
            return
        self._told_s = now

        def _show() -> None:
            # the end of the job may have been delivered before this
            if self.state is not None and not self.state.is_cancelling:
                self._show(JobState(self.state.title, what, done, total))

        self._deliver(_show)

    def _show(self, state: JobState) -> None:
        self.state = state
        self._session.publish("job")


def _work(task: Task[Any], progress: "_JobProgress") -> Any:
    """Do the work of a task in the thread of its job, which a person may cancel at any batch."""
    with TURNS.mine(), breathing(progress.ask):
        return task.work(progress)


class _JobProgress:
    """The progress of one job: told to the screen, and where cancelling takes hold."""

    def __init__(self, jobs: Jobs, cancelled: threading.Event) -> None:
        self._jobs = jobs
        self._cancelled = cancelled

    def step(self, title: str, done: int, total: int) -> None:
        """Report a step, and stop here if a person cancelled."""
        self.ask()
        self._jobs.report(title, done, total)

    def ask(self) -> None:
        """Stop here if a person cancelled; else let those who wait run their kernels first."""
        if self._cancelled.is_set():
            raise Cancelled
        TURNS.pass_on()
