"""What the faces hand in: the clock, the progress display and the field store."""

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

# for the names alone: whoever only asks for the help need not wait for numpy
if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


# Protocols and not base classes: what is handed in need not know this package.
class Clock(Protocol):
    """Tells the time; handed in so that tests and replays decide what it is."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        ...


class Progress(Protocol):
    """Shows how far a long computation has come."""

    def step(self, title: str, done: int, total: int) -> None:
        """Report that ``done`` of ``total`` parts of the work ``title`` are finished."""
        ...


class SilentProgress:
    """A progress display that shows nothing."""

    def step(self, title: str, done: int, total: int) -> None:
        """Ignore the report."""


class FieldStore(Protocol):
    """Keeps computed distance fields under a key that names everything they depend on."""

    def find(self, key: str) -> "NDArray[np.float32] | None":
        """Return the stored values, or none.

        Parameters
        ----------
        key : str, a hash of everything the values depend on

        Returns
        -------
        float32 array, shape of the grid that the key names, mm, positive outside; or none
        """
        ...

    def keep(self, key: str, values: "NDArray[np.float32]") -> None:
        """Store the values under the key.

        Parameters
        ----------
        key : str, as for ``find``
        values : float32 array, shape of the grid that the key names, mm, positive outside
        """
        ...


class NoStore:
    """A field store that forgets everything."""

    def find(self, key: str) -> "NDArray[np.float32] | None":
        """Return none."""
        # No error: what is not kept is computed anew, with the same result.

    def keep(self, key: str, values: "NDArray[np.float32]") -> None:
        """Forget the values."""
