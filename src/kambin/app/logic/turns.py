"""Parallel kernels one after the other, where what spreads them over the cores bears no two.

Of numba's threading layers OpenMP and TBB may be entered by several threads at once; the one that
is always there, ``workqueue``, ends the process instead.
"""

import importlib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import numba

Given = ParamSpec("Given")
Result = TypeVar("Result")

_BEARING_SEVERAL = ("tbbpool", "omppool")
_HAND_OVER_S = 0.002


class Turns:
    """Who may run kernels now.

    Parameters
    ----------
    are_needed : bool, whether two threads may not run them at once; else nobody waits
    """

    def __init__(self, *, are_needed: bool) -> None:
        self.are_needed = are_needed
        self._lock = threading.RLock()
        self._waiting = 0

    @contextmanager
    def mine(self) -> Iterator[None]:
        """Wait for one's turn and keep it; within a turn of the same thread it is had already."""
        if not self.are_needed:
            yield
            return
        self._waiting += 1
        self._lock.acquire()
        self._waiting -= 1
        try:
            yield
        finally:
            self._lock.release()

    def pass_on(self) -> None:
        """Let others have a turn in between; called by whoever has one, between two batches."""
        if not self.are_needed or not self._waiting:
            return
        self._lock.release()
        # a lock that is taken again at once is never had by those who wait
        time.sleep(_HAND_OVER_S)
        self._lock.acquire()


def need_turns() -> bool:
    """Return whether kernels may not be run by two threads at once on this machine."""
    asked = str(getattr(numba.config, "THREADING_LAYER", "default"))
    if asked in {"tbb", "omp", "threadsafe"}:
        return False
    return asked == "workqueue" or not any(_is_there(name) for name in _BEARING_SEVERAL)


def _is_there(name: str) -> bool:
    try:
        importlib.import_module(f"numba.np.ufunc.{name}")
    except ImportError:
        return False
    return True


TURNS = Turns(are_needed=need_turns())
"""Those of this process."""


def in_turn(work: Callable[Given, Result]) -> Callable[Given, Result]:
    """Return a function that waits for its turn to run kernels.

    Parameters
    ----------
    work : function that runs kernels
    """

    @wraps(work)
    def _in_turn(*given: Given.args, **named: Given.kwargs) -> Result:
        with TURNS.mine():
            return work(*given, **named)

    return _in_turn
