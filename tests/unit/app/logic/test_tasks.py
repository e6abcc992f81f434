"""Work in two halves: nothing is replaced before its new one is whole."""

from collections.abc import Sequence

import pytest

from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Cancelled, Task, run_now, tell_failure
from kambin.core import KambinError, PlanError, Progress, SilentProgress


class Steps:
    """A progress that remembers its steps, and can be called off at one."""

    def __init__(self, stop_at: str = "") -> None:
        self.seen: list[str] = []
        self._stop_at = stop_at

    def step(self, what: str, done: int, total: int) -> None:
        """Remember a step."""
        assert 0 <= done <= total
        self.seen.append(what)
        if what == self._stop_at:
            raise Cancelled


def _task(taken: list[str], words: Sequence[str] = ("one", "two")) -> Task[str]:
    def work(progress: Progress) -> str:
        for done, what in enumerate(words):
            progress.step(what, done, len(words))
        return "made"

    return Task("making", "plan", work, taken.append)


def test_what_is_made_is_taken_and_returned() -> None:
    taken: list[str] = []
    assert run_now(_task(taken)) == "made"
    assert taken == ["made"]


def test_the_work_is_told_of_in_the_order_of_its_steps() -> None:
    steps = Steps()
    run_now(_task([]), steps)
    assert steps.seen == ["one", "two"]


@pytest.mark.parametrize("at", ["one", "two"])
def test_what_was_called_off_is_not_taken(at: str) -> None:
    taken: list[str] = []
    with pytest.raises(Cancelled):
        run_now(_task(taken), Steps(at))
    assert taken == []


def test_a_person_who_calls_off_made_no_error() -> None:
    assert not issubclass(Cancelled, KambinError)


def test_what_failed_is_not_taken() -> None:
    taken: list[str] = []

    def fail(_: Progress) -> str:
        raise PlanError(code="PL-020", what="a", where="b", why="c", next_step="d")

    with pytest.raises(PlanError):
        run_now(Task("making", "plan", fail, taken.append))
    assert taken == []


def test_work_alone_takes_nothing() -> None:
    taken: list[str] = []
    assert _task(taken).work(SilentProgress()) == "made"
    assert taken == []


def test_an_error_is_told_at_the_step_of_its_task() -> None:
    session = Session()
    error = PlanError(code="PL-020", what="a", where="b", why="c", next_step="d")
    tell_failure(session, _task([]), error)
    (said,) = session.messages
    assert (said.step, said.code, said.what, said.next_step) == ("plan", "PL-020", "a", "d")


def test_a_bug_is_told_at_the_step_of_its_task_without_its_text() -> None:
    session = Session()
    tell_failure(session, _task([]), RuntimeError("/secret/place"))
    (said,) = session.messages
    assert (said.step, said.code) == ("plan", "")
    assert "secret" not in repr(said)
