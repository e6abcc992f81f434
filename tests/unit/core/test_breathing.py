"""A long computation asks at every batch whether it may go on, and nothing else changes."""

import threading

import pytest

from kambin.core import breathe, breathing


class _CalledOff(Exception):
    """Somebody called it off."""


def _call_off() -> None:
    raise _CalledOff


def _count(times: int) -> int:
    done = 0
    for _ in range(times):
        breathe()
        done += 1
    return done


def test_without_anybody_who_asks_work_goes_on() -> None:
    assert _count(3) == 3


def test_every_breath_asks_and_the_first_no_ends_it() -> None:
    asked: list[int] = []

    def ask() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise _CalledOff

    with pytest.raises(_CalledOff), breathing(ask):
        _count(5)
    assert len(asked) == 3


def test_afterwards_nobody_asks_any_more() -> None:
    with pytest.raises(_CalledOff), breathing(_call_off):
        breathe()
    assert _count(2) == 2


def test_one_within_another_gives_back_the_outer_one() -> None:
    asked: list[str] = []
    with breathing(lambda: asked.append("outer")):
        with breathing(lambda: asked.append("inner")):
            breathe()
        breathe()
    assert asked == ["inner", "outer"]


def test_what_is_asked_in_one_thread_ends_no_other() -> None:
    done: list[int] = []
    with breathing(_call_off):
        other = threading.Thread(target=lambda: done.append(_count(4)))
        other.start()
        other.join(10)
    assert done == [4]
