"""Progress bars on standard error, only when there is something to wait for."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from kambin.cli.output import console

PATIENCE_S = 2.0
"""A person waits this long without wondering whether anything happens."""


class ShownProgress:
    """Shows how far a long computation has come, once it takes more than two seconds.

    Parameters
    ----------
    bars : the display of the terminal
    now_s : clock, seconds; handed in so that tests need not wait
    """

    def __init__(self, bars: Progress, now_s: Callable[[], float] = time.monotonic) -> None:
        self._bars = bars
        self._now_s = now_s
        self._begin_s = now_s()
        self._tasks: dict[str, TaskID] = {}

    def step(self, title: str, done: int, total: int) -> None:
        """Report that ``done`` of ``total`` parts of the work ``title`` are finished."""
        if title not in self._tasks:
            self._tasks[title] = self._bars.add_task(title, total=total)
        self._bars.update(self._tasks[title], completed=done, total=total)
        # a bar that flashes for a tenth of a second only makes people look for what they missed
        if self._now_s() - self._begin_s > PATIENCE_S and not self._bars.live.is_started:
            self._bars.start()


@contextmanager
def shown_progress() -> Iterator[ShownProgress]:
    """Give a command its progress display, and take it down however the command ends."""
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeElapsedColumn(),
        console=console(stderr=True),
        # taken off the screen when done: what stays there is the answer
        transient=True,
    )
    try:
        yield ShownProgress(bars)
    finally:
        # after an error, too, or the terminal would stay without its cursor
        bars.stop()
