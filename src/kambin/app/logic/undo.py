"""A line of states that can be walked back and forth: a hundred steps, then the oldest goes."""

from dataclasses import dataclass, replace
from typing import Generic, TypeVar

UNDO_STEPS = 100
"""Steps back that are kept."""

State = TypeVar("State")
"""What is kept at each step; states are compared, never changed."""


@dataclass(frozen=True, slots=True)
class Undo(Generic[State]):
    """The present state with those before and those that were undone.

    Parameters
    ----------
    present : the state now
    past : states before it, the oldest first, at most ``UNDO_STEPS``
    future : states that were undone, the next one first
    """

    present: State
    past: tuple[State, ...] = ()
    future: tuple[State, ...] = ()

    def do(self, state: State) -> "Undo[State]":
        """Return the line with a new present; what was undone is gone, and no step is empty."""
        if state == self.present:
            return self
        return Undo(state, (*self.past, self.present)[-UNDO_STEPS:])

    def undo(self) -> "Undo[State]":
        """Return the line one step back, or as it is where there is none."""
        if not self.past:
            return self
        return replace(
            self,
            present=self.past[-1],
            past=self.past[:-1],
            future=(self.present, *self.future),
        )

    def redo(self) -> "Undo[State]":
        """Return the line one step forward again, or as it is where there is none."""
        if not self.future:
            return self
        return replace(
            self,
            present=self.future[0],
            past=(*self.past, self.present)[-UNDO_STEPS:],
            future=self.future[1:],
        )
