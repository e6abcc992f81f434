"""Calling a long computation off from within: at every batch it asks whether it may go on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ask: ContextVar[Callable[[], None] | None] = ContextVar("kambin_breathing", default=None)


@contextmanager
def breathing(ask: Callable[[], None]) -> Iterator[None]:
    """Have a function called at every breath of what runs within, in this thread alone.

    Parameters
    ----------
    ask : returns, or raises what ends the computation

    Notes
    -----
    It is no parameter of the kernels' callers because it changes no result: a computation that
    is not called off takes the same steps with it and without.
    """
    token = _ask.set(ask)
    try:
        yield
    finally:
        _ask.reset(token)


def breathe() -> None:
    """Ask whether to go on; between batches of work, never while something is half written."""
    ask = _ask.get()
    if ask is not None:
        ask()
