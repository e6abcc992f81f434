"""How much one client may ask of the workstation."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MESSAGE_BYTES: Final = 1_000_000
"""Of one message from a page: a drag is hundreds of bytes, a page of typed text thousands."""

HELLO_BYTES: Final = 512
"""Of a message before the page has said the key of the socket."""

UNFINISHED_MESSAGES: Final = 2
"""Begun and not yet whole: the server keeps room for each."""

SOCKETS: Final = 8
"""At once; a person has a few tabs open."""

HEARTBEAT_S: Final = 5.0
"""Between two pings: a page that has gone without a word is missed soon."""

GOODBYE_S: Final = 2.0
"""How long a page may take to answer when the server ends: a person waits for the stop."""

MESSAGES_PER_S: Final = 200
"""A hand that drags makes 60 a second, and each asks for some panes."""

MESSAGES_AT_ONCE: Final = 400
"""What may come in one burst."""


@dataclass(slots=True)
class Allowance:
    """A bucket that fills at a steady rate: each message takes one from it.

    Parameters
    ----------
    clock : returns seconds
    per_s, at_once : how fast it fills, and how much it holds
    """

    clock: Callable[[], float]
    per_s: float = MESSAGES_PER_S
    at_once: float = MESSAGES_AT_ONCE
    left: float = MESSAGES_AT_ONCE
    last_s: float | None = None

    def __post_init__(self) -> None:
        self.left = self.at_once

    def take(self) -> bool:
        """Take one, and return whether there was one to take."""
        now_s = self.clock()
        passed_s = 0.0 if self.last_s is None else max(0.0, now_s - self.last_s)
        self.left = min(self.at_once, self.left + passed_s * self.per_s)
        self.last_s = now_s
        if self.left < 1:
            return False
        self.left -= 1
        return True
