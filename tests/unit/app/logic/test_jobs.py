"""One long job at a time: it tells how far it is, can be cancelled, and never loses its error."""

import threading
from collections.abc import Callable
from queue import Queue

import pytest

from kambin.app.logic.jobs import Jobs
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Task, run_now
from kambin.core import KambinError, Progress, RequestError, breathe


class _Desk:
    """A session with jobs whose results wait until they are delivered by hand."""

    def __init__(self, now_s: Callable[[], float] = lambda: 0.0) -> None:
        self.calls: Queue[Callable[[], None]] = Queue()
        self.session = Session()
        self.told: list[str] = []
        self.session.subscribe(self.told.append)
        self.jobs = Jobs(self.session, self.calls.put, now_s)
        self.taken: list[object] = []

    def task(self, work: Callable[[Progress], object]) -> Task[object]:
        """Return a task that keeps what its work made."""
        return Task("counting", "plan", work, self.taken.append)

    def settle(self) -> None:
        """Wait for the thread and deliver all that it handed over."""
        self.jobs.wait(10)
        while not self.calls.empty():
            self.calls.get_nowait()()


def test_a_result_is_taken_only_when_it_is_delivered() -> None:
    desk = _Desk()
    desk.jobs.start(desk.task(lambda _: 42))
    desk.jobs.wait(10)
    assert desk.taken == []
    assert desk.jobs.is_running
    desk.settle()
    assert desk.taken == [42]
    assert not desk.jobs.is_running
    assert desk.told[-1] == "job"


def test_a_second_job_is_refused_while_one_runs() -> None:
    desk, go = _Desk(), threading.Event()
    desk.jobs.start(desk.task(lambda _: go.wait(10)))
    with pytest.raises(RequestError) as refused:
        desk.jobs.start(desk.task(lambda _: None))
    assert refused.value.code == "RQ-185"
    assert "counting" in refused.value.where
    go.set()
    desk.settle()
    desk.jobs.start(desk.task(lambda _: 2))
    desk.settle()
    assert desk.taken == [True, 2]


def test_cancelling_stops_at_the_next_step_and_takes_nothing() -> None:
    desk, started, go = _Desk(), threading.Event(), threading.Event()
    after: list[str] = []

    def work(progress: Progress) -> str:
        progress.step("first", 0, 2)
        started.set()
        go.wait(10)
        progress.step("second", 1, 2)
        after.append("never")
        return "made"

    desk.jobs.start(desk.task(work))
    started.wait(10)
    desk.jobs.cancel()
    assert desk.jobs.state is not None
    assert desk.jobs.state.is_cancelling
    go.set()
    desk.settle()
    assert (after, desk.taken, desk.session.messages) == ([], [], ())
    assert not desk.jobs.is_running


def test_cancelling_takes_hold_within_a_stage_that_tells_nothing() -> None:
    desk, started = _Desk(), threading.Event()

    def work(_: Progress) -> str:
        started.set()
        # as the search does between its batches; without an end if nobody ends it
        while not over.is_set():
            breathe()
        return "made"

    over = threading.Event()
    desk.jobs.start(desk.task(work))
    started.wait(10)
    desk.jobs.cancel()
    desk.settle()
    over.set()
    assert (desk.taken, desk.session.messages) == ([], ())
    assert not desk.jobs.is_running


def test_what_was_made_after_the_last_step_is_not_taken_when_cancelled() -> None:
    desk = _Desk()
    desk.jobs.start(desk.task(lambda _: "made"))
    desk.jobs.wait(10)
    desk.jobs.cancel()
    desk.settle()
    assert desk.taken == []


def test_an_error_is_told_with_its_step_and_next_step() -> None:
    desk = _Desk()
    error = RequestError(code="RQ-002", what="W", where="X", why="Y", next_step="Z")

    def work(_: Progress) -> object:
        raise error

    desk.jobs.start(desk.task(work))
    desk.settle()
    (message,) = desk.session.messages
    assert (message.kind, message.step, message.code) == ("error", "plan", "RQ-002")
    assert (message.what, message.why, message.next_step) == ("W", "Y", "Z")


def test_a_bug_is_told_without_the_text_of_the_exception() -> None:
    desk = _Desk()

    def work(_: Progress) -> object:
        msg = "/home/somebody/patient.nii"
        raise ValueError(msg)

    desk.jobs.start(desk.task(work))
    desk.settle()
    (message,) = desk.session.messages
    assert "ValueError" in message.why
    assert "somebody" not in repr(message)


def test_a_result_that_cannot_be_taken_frees_the_place_and_is_heard_of() -> None:
    desk = _Desk()

    def take(_: object) -> None:
        raise KeyError

    desk.jobs.start(Task("counting", "plan", lambda _: 1, take))
    # in the thread that owns the session, which says it where it belongs
    with pytest.raises(KeyError):
        desk.settle()
    assert not desk.jobs.is_running
    assert desk.told[-1] == "job"


def test_a_closed_desk_takes_nothing_more() -> None:
    desk, started = _Desk(), threading.Event()

    def work(progress: Progress) -> str:
        started.set()
        while True:
            progress.step("waiting", 0, 1)

    desk.jobs.start(desk.task(work))
    started.wait(10)
    desk.jobs.close()
    desk.settle()
    assert desk.taken == []
    with pytest.raises(RuntimeError):
        desk.jobs.start(desk.task(lambda _: 1))


def test_progress_is_told_no_oftener_than_a_screen_can_show_and_its_end_always() -> None:
    desk = _Desk()
    seen: list[int] = []

    def look(_: str) -> None:
        if desk.jobs.state is not None:
            seen.append(desk.jobs.state.done)

    desk.session.subscribe(look)

    def work(progress: Progress) -> None:
        for done in range(1, 101):
            progress.step("counting", done, 100)

    desk.jobs.start(desk.task(work))
    desk.settle()
    assert seen == [0, 1, 100]


def test_done_in_the_callers_thread_an_error_leaves_the_session_as_it_was() -> None:
    desk = _Desk()
    assert run_now(desk.task(lambda _: 7)) == 7

    def work(_: Progress) -> object:
        raise RequestError(code="RQ-002", what="", where="", why="", next_step="")

    with pytest.raises(KambinError):
        run_now(desk.task(work))
    assert desk.taken == [7]
