"""How much one page may send (W-16)."""

import pytest

from kambin.app.guard.limits import MESSAGE_BYTES, Allowance


class _Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_burst_ends_where_the_bucket_does() -> None:
    allowance = Allowance(_Clock(), per_s=2, at_once=5)
    assert [allowance.take() for _ in range(7)] == [True] * 5 + [False] * 2


def test_it_fills_at_its_rate_and_no_further() -> None:
    clock = _Clock()
    allowance = Allowance(clock, per_s=2, at_once=5)
    while allowance.take():
        pass
    clock.now_s += 1.0
    assert [allowance.take() for _ in range(3)] == [True, True, False]
    clock.now_s += 3600
    assert sum(allowance.take() for _ in range(9)) == 5


def test_a_clock_that_goes_back_gives_nothing() -> None:
    clock = _Clock()
    allowance = Allowance(clock, per_s=2, at_once=1)
    assert allowance.take()
    clock.now_s = -50.0
    assert not allowance.take()


@pytest.mark.parametrize("at_once", [1, 4])
def test_a_hand_that_drags_is_never_stopped(at_once: int) -> None:
    clock = _Clock()
    allowance = Allowance(clock, at_once=400)
    for _ in range(1200):
        clock.now_s += 1 / 60
        assert all(allowance.take() for _ in range(at_once if at_once < 3 else 3))


def test_a_message_is_at_most_a_megabyte() -> None:
    assert MESSAGE_BYTES <= 2**20
