"""No two threads run parallel kernels at once where that would end the process."""

import threading
import time
from types import SimpleNamespace

import pytest

from kambin.app.logic import jobs, turns
from kambin.app.logic.turns import Turns, in_turn, need_turns


def _overlap(kept: Turns) -> int:
    """Return how many of four threads were at most within a turn at once."""
    within, most = 0, 0

    def work() -> None:
        nonlocal within, most
        for _ in range(5):
            with kept.mine():
                within += 1
                most = max(most, within)
                time.sleep(0.001)
                within -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    return most


def test_one_at_a_time_where_it_is_needed_and_nobody_waits_where_not() -> None:
    assert _overlap(Turns(are_needed=True)) == 1
    assert _overlap(Turns(are_needed=False)) > 1


def test_whoever_waits_has_a_turn_between_two_batches() -> None:
    kept, done, said = Turns(are_needed=True), threading.Event(), []

    def other() -> None:
        with kept.mine():
            said.append("other")
        done.set()

    with kept.mine():
        waiting = threading.Thread(target=other)
        waiting.start()
        until = time.monotonic() + 10
        while not said and time.monotonic() < until:
            kept.pass_on()
        # the turn is one's own again
        with kept.mine():
            said.append("mine")
    assert done.wait(10)
    waiting.join(10)
    assert said == ["other", "mine"]


def test_a_turn_that_ends_in_an_error_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Turns(are_needed=True)
    monkeypatch.setattr(turns, "TURNS", kept)

    @in_turn
    def fail(word: str) -> None:
        raise ValueError(word)

    with pytest.raises(ValueError, match="as given"):
        fail("as given")
    assert _overlap(kept) == 1


def test_a_job_has_its_turn_and_passes_it_on_at_every_breath(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept = Turns(are_needed=True)
    monkeypatch.setattr(jobs, "TURNS", kept)
    passed: list[int] = []
    monkeypatch.setattr(kept, "pass_on", lambda: passed.append(1))
    told = SimpleNamespace(report=lambda *_: None)
    progress = jobs._JobProgress(told, threading.Event())  # type: ignore[arg-type]

    def work(given: jobs._JobProgress) -> bool:
        given.step("a", 0, 1)
        free: list[bool] = []
        other = threading.Thread(target=lambda: free.append(kept._lock.acquire(blocking=False)))
        other.start()
        other.join(10)
        return free == [False]

    assert jobs._work(SimpleNamespace(work=work), progress)  # type: ignore[arg-type]
    assert passed == [1]


@pytest.mark.parametrize(
    ("layer", "there", "needed"),
    [
        ("default", ("omppool",), False),
        ("default", ("tbbpool",), False),
        ("default", (), True),
        ("workqueue", ("omppool", "tbbpool"), True),
        ("omp", (), False),
    ],
)
def test_turns_are_needed_without_a_layer_that_bears_several(
    monkeypatch: pytest.MonkeyPatch, layer: str, there: tuple[str, ...], needed: bool
) -> None:
    monkeypatch.setattr(turns.numba.config, "THREADING_LAYER", layer)
    monkeypatch.setattr(turns, "_is_there", lambda name: name in there)
    assert need_turns() is needed
