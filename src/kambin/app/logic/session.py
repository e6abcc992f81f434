"""The session: what the workstation knows of the one case that is open."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy
from kambin.app.logic.draft import Draft, HandPath
from kambin.app.logic.ground import Ground
from kambin.app.logic.kept import KeptPlace
from kambin.app.logic.messages import Message
from kambin.app.logic.painted import Painting
from kambin.app.logic.place import Place
from kambin.app.logic.undo import Undo
from kambin.app.logic.wish import PlanWish
from kambin.core import Clock
from kambin.desk.clock import SystemClock
from kambin.desk.gate import CheckedCase
from kambin.planning import Plan, PlanRequest, Refusal

EVENTS = ("case", "place", "anatomy", "answer", "draft", "cursor", "job", "message")
"""What a listener may hear."""

Listener = Callable[[str], None]
"""Called with one of ``EVENTS`` after the session changed, in the thread of the change."""

MESSAGES_KEPT = 50
"""Older messages go; the list is for reading, not for a record."""


@dataclass(eq=False)
class Session:
    """One case, one place, one plan and one path under the hand; changed by one thread alone.

    Every verb lives in a file of its own and is a function of the session; long ones are a
    ``tasks.Task``, whose work sees a frozen copy and whose result is taken by the owner's thread.

    Parameters
    ----------
    clock : Clock, for the moments of a person's answers
    folder : the case folder
    checked : CheckedCase, the case with what its checks say
    anatomy : Anatomy, once completed
    place : Place, none until a person confirmed it (S08: anew after every start)
    wish : PlanWish, technique and tools, which no person need confirm
    request : PlanRequest of the answer
    answer : Plan or Refusal, and the file in which it lies
    ground : what paths at this place are measured on, once prepared
    history : the paths under the hand, present, past and undone
    hovering : HandPath while a hand drags and has not let go; no step of the history
    draft : Draft, numbers and verdict of the path under the hand
    is_locked : bool, the path under the hand is not to be moved
    cursor_lps_mm : float array, shape (3,), mm, LPS, where all panes pass through
    hidden : keys of structures whose outlines are not drawn
    painting : Painting, what is being painted of the fragment, or none
    kept : what was worked on at other places of this case, by their name
    ticks : hash of a plan's content and line of its checklist, as a person ticked them
    step : str, name of the step that is shown
    messages : what was said, the newest last
    """

    clock: Clock = field(default_factory=SystemClock)
    folder: Path | None = None
    checked: CheckedCase | None = None
    anatomy: Anatomy | None = None
    place: Place | None = None
    wish: PlanWish = field(default_factory=PlanWish)
    request: PlanRequest | None = None
    answer: Plan | Refusal | None = None
    answer_file: Path | None = None
    ground: Ground | None = None
    history: Undo[HandPath] | None = None
    hovering: HandPath | None = None
    draft: Draft | None = None
    is_locked: bool = False
    cursor_lps_mm: NDArray[np.float64] = field(default_factory=lambda: np.zeros(3))
    hidden: frozenset[str] = frozenset()
    painting: Painting | None = None
    ticks: frozenset[tuple[str, str]] = frozenset()
    kept: dict[str, KeptPlace] = field(default_factory=dict)
    step: str = "case"
    messages: tuple[Message, ...] = ()
    _listeners: list[Listener] = field(default_factory=list, repr=False)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Have a listener called after each change, and return what ends that.

        Parameters
        ----------
        listener : called with one of ``EVENTS``
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def publish(self, *events: str) -> None:
        """Tell all listeners what changed, in the order in which they came.

        Parameters
        ----------
        events : of ``EVENTS``

        Raises
        ------
        LookupError  for an event that does not exist; a bug of ours
        """
        for event in events:
            if event not in EVENTS:
                msg = f"no event {event}"
                raise LookupError(msg)
            for listener in tuple(self._listeners):
                listener(event)

    def tell(self, *messages: Message) -> None:
        """Say something to the person at the screen.

        Parameters
        ----------
        messages : Message, the newest last
        """
        if messages:
            self.messages = (*self.messages, *messages)[-MESSAGES_KEPT:]
            self.publish("message")

    def dismiss(self, message: Message) -> None:
        """Take a message away that was read.

        Parameters
        ----------
        message : Message; one that is gone already is no mistake
        """
        self.messages = tuple(one for one in self.messages if one is not message)
        self.publish("message")

    def set_cursor(self, point_lps_mm: NDArray[np.float64]) -> None:
        """Have all panes pass through a point.

        Parameters
        ----------
        point_lps_mm : float array, shape (3,), mm, LPS; what is not finite changes nothing
        """
        point = np.asarray(point_lps_mm, dtype=np.float64)
        if np.isfinite(point).all():
            self.cursor_lps_mm = point
            self.publish("cursor")
