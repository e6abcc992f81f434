"""One tab writes, the others read (W-16)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.app.guard.lease import TAKE_OVER_AFTER_S, Lease


class _Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> _Clock:
    return _Clock()


@pytest.fixture
def lease(clock: _Clock) -> Lease:
    return Lease(clock)


def test_the_first_tab_writes_and_the_second_reads(lease: Lease) -> None:
    lease.join("a")
    lease.join("b")
    assert lease.may_write("a")
    assert not lease.may_write("b")
    assert lease.standing("b").tabs == 2
    assert not lease.standing("b").writer_gone


def test_a_tab_that_is_not_there_neither_writes_nor_takes(lease: Lease) -> None:
    assert not lease.may_write("a")
    assert not lease.take("a")


def test_nobody_takes_from_a_tab_that_is_there(lease: Lease, clock: _Clock) -> None:
    lease.join("a")
    lease.join("b")
    clock.now_s += 1000
    assert not lease.take("b")
    assert lease.may_write("a")


def test_a_writer_that_is_loaded_again_writes_at_once(lease: Lease) -> None:
    for tab, name in (("a", "one"), ("b", "two")):
        lease.join(tab)
        lease.claim(tab, name)
    lease.leave("a")
    lease.join("a again")
    assert not lease.may_write("a again")
    assert lease.claim("a again", "one")
    assert lease.standing("b").writer_gone is False
    # and once more
    lease.leave("a again")
    lease.join("a thrice")
    assert lease.claim("a thrice", "one")


def test_a_name_takes_nothing_from_a_tab_that_is_there(lease: Lease) -> None:
    lease.join("a")
    assert lease.claim("a", "one")
    lease.join("b")
    # as a tab that was duplicated with all that its browser kept
    assert not lease.claim("b", "one")
    assert lease.may_write("a")


@pytest.mark.parametrize("name", ["two", ""])
def test_another_name_waits_like_anybody(lease: Lease, clock: _Clock, name: str) -> None:
    lease.join("a")
    lease.claim("a", "one")
    lease.join("b")
    lease.leave("a")
    assert not lease.claim("b", name)
    clock.now_s += TAKE_OVER_AFTER_S
    assert lease.take("b")
    # the lease went on: the first one's name is worth nothing any more
    lease.join("a again")
    assert not lease.claim("a again", "one")
    assert not lease.claim("never joined", "two")


def test_a_writer_without_a_name_is_nobodys_namesake(lease: Lease) -> None:
    lease.join("a")
    lease.join("b")
    lease.leave("a")
    assert not lease.claim("b", "")


def test_a_reader_takes_over_when_the_writer_is_gone_for_five_seconds(
    lease: Lease, clock: _Clock
) -> None:
    lease.join("a")
    lease.join("b")
    lease.leave("a")
    assert lease.standing("b").writer_gone
    clock.now_s += TAKE_OVER_AFTER_S - 0.01
    assert not lease.standing("b").may_take
    assert not lease.take("b")
    clock.now_s += 0.01
    assert lease.standing("b").may_take
    assert not lease.may_write("b")
    assert lease.take("b")
    assert TAKE_OVER_AFTER_S == 5.0


def test_a_tab_alone_writes_at_once_after_a_reload(lease: Lease) -> None:
    lease.join("a")
    lease.leave("a")
    lease.join("a again")
    assert lease.may_write("a again")


def test_the_lease_comes_back_to_no_tab_by_itself(lease: Lease, clock: _Clock) -> None:
    lease.join("a")
    lease.join("b")
    lease.leave("a")
    clock.now_s += TAKE_OVER_AFTER_S
    assert lease.take("b")
    lease.join("a")
    assert not lease.may_write("a")


def test_a_change_begun_under_an_earlier_lease_is_refused(lease: Lease, clock: _Clock) -> None:
    lease.join("a")
    begun = lease.standing("a").sequence
    assert lease.may_write("a", begun)
    lease.join("b")
    lease.leave("a")
    clock.now_s += TAKE_OVER_AFTER_S
    assert lease.take("b")
    assert lease.standing("b").sequence > begun
    assert not lease.may_write("a", begun)
    assert not lease.may_write("b", begun)


_STEPS = st.lists(
    st.tuples(st.sampled_from(["join", "leave", "take", "wait"]), st.sampled_from("abc"))
)


@given(_STEPS)
def test_at_no_time_do_two_tabs_write(steps: list[tuple[str, str]]) -> None:
    clock = _Clock()
    lease = Lease(clock)
    present: set[str] = set()
    last = 0
    for step, tab in steps:
        if step == "wait":
            clock.now_s += 3
        elif step == "take":
            lease.take(tab)
        elif step == "join" and tab not in present:
            lease.join(tab)
            present.add(tab)
        elif step == "leave":
            lease.leave(tab)
            present.discard(tab)
        writers = [t for t in "abc" if lease.may_write(t)]
        assert len(writers) <= 1
        assert set(writers) <= present
        assert lease.standing("a").sequence >= last
        last = lease.standing("a").sequence
