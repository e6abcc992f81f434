"""Who writes: one tab at a time holds the lease, the others read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

TAKE_OVER_AFTER_S: Final = 5.0
"""How long a writer must be gone: a tab that reloads is back before."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What one tab may do now.

    Parameters
    ----------
    writes : bool, whether this tab holds the lease
    may_take : bool, whether it would get the lease if it asked now
    writer_gone : bool, whether the tab that writes has lost its connection
    tabs : int, how many are connected
    sequence : int, grows with each new writer
    """

    writes: bool
    may_take: bool
    writer_gone: bool
    tabs: int
    sequence: int


class Lease:
    """The right to write, of which there is one.

    Parameters
    ----------
    clock : returns seconds that never go back
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._tabs: dict[str, int] = {}
        self._writer: str | None = None
        self._names: dict[str, str] = {}
        self._writer_name = ""
        self._gone_since_s = 0.0
        self._sequence = 0

    def join(self, tab: str) -> None:
        """Add a tab; it writes if nobody else is there."""
        self._tabs[tab] = 0
        # alone, a tab has nobody to take anything from: it may be the writer, reloaded
        if len(self._tabs) == 1:
            self._grant(tab)

    def leave(self, tab: str) -> None:
        """Remove a tab; the lease of a writer stays with it for a while."""
        self._tabs.pop(tab, None)
        self._names.pop(tab, None)
        if tab == self._writer:
            self._gone_since_s = self._clock()

    def take(self, tab: str) -> bool:
        """Give the lease to a tab if its writer has gone long enough; return whether it writes."""
        if self._may_take(tab):
            self._grant(tab)
        return self.may_write(tab)

    def claim(self, tab: str, name: str) -> bool:
        """Say by what name a browser knows a tab; return whether it writes.

        A tab that writes and is loaded again comes as another one with the same name: it has its
        lease again at once, where anybody else waits.

        Parameters
        ----------
        tab : str
        name : str, made by the page, and kept by its browser for this tab alone
        """
        if tab in self._tabs and name:
            self._names[tab] = name
            if self._writer not in self._tabs and name == self._writer_name:
                self._grant(tab)
            if self.may_write(tab):
                self._writer_name = name
        return self.may_write(tab)

    def may_write(self, tab: str, sequence: int | None = None) -> bool:
        """Return whether a tab writes now.

        Parameters
        ----------
        tab : str
        sequence : int, the number under which a change was begun, if it took a while: a change of
            an earlier lease is refused, even if the same tab has the lease again
        """
        mine = tab in self._tabs and tab == self._writer
        return mine and sequence in (None, self._tabs[tab])

    def standing(self, tab: str) -> Standing:
        """Return what a tab may do now."""
        return Standing(
            writes=self.may_write(tab),
            may_take=self._may_take(tab),
            writer_gone=self._writer not in self._tabs,
            tabs=len(self._tabs),
            sequence=self._sequence,
        )

    def _may_take(self, tab: str) -> bool:
        if tab not in self._tabs or self._writer in self._tabs:
            return False
        return self._clock() - self._gone_since_s >= TAKE_OVER_AFTER_S

    def _grant(self, tab: str) -> None:
        self._sequence += 1
        self._writer = tab
        self._writer_name = self._names.get(tab, "")
        self._tabs[tab] = self._sequence
