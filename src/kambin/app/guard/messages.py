"""What a page may say on its socket: a closed list, checked before anything is called."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

HELLO: Final = "wslink.hello"
STATE_GET, STATE_UPDATE = "trame.state.get", "trame.state.update"
TRIGGER, LIFECYCLE = "trame.trigger", "trame.lifecycle.update"

READING: Final = frozenset(
    {
        HELLO,
        STATE_GET,
        LIFECYCLE,
        "trame.error.client",
        "viewport.geometry.array.get",
        "viewport.geometry.view.get.state",
        "viewport.geometry.view.observer.add",
        "viewport.geometry.view.observer.remove",
    }
)
"""For every tab. The library offers more, such as to end the server: nobody may."""

WRITING: Final = frozenset({TRIGGER, STATE_UPDATE})
"""For the tab that holds the lease."""

LIFE: Final = frozenset({"client_connected", "client_exited", "client_unmounted"})
"""What a page may report of itself; the library would call any handler of that name."""

TAKE_LEASE: Final = "lease_take"
"""The one call of a tab that only reads."""


_TAB_NAME = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Permitted:
    """What the screens leave to a page, beside calls of the tab that writes.

    Parameters
    ----------
    state_keys : names that the tab that writes may set in the shared state
    reading : triggers that change nothing, for every tab
    """

    state_keys: frozenset[str] = frozenset()
    reading: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Message:
    """One call of a page.

    Parameters
    ----------
    number : str, the page's own, to answer to
    method : str, one of the list
    args : what it is called with
    """

    number: str
    method: str
    args: tuple[Any, ...]

    @property
    def trigger(self) -> str | None:
        """Return the name of the trigger that is pulled, if one is."""
        return str(self.args[0]) if self.method == TRIGGER and self.args else None

    @property
    def is_hello(self) -> bool:
        """Return whether this shows the key of the socket."""
        return self.method == HELLO


def read_message(said: object) -> Message | None:
    """Return what a page said, or none if it is no call of the list.

    Parameters
    ----------
    said : what the decoder made of the bytes; any value
    """
    if not isinstance(said, Mapping):
        return None
    number, method, args = said.get("id"), said.get("method"), said.get("args", [])
    if not isinstance(number, str) or not isinstance(args, list) or said.get("kwargs"):
        return None
    # the answer to a message that calls itself the greeting would let its sender in
    if number.startswith("system:") != (method == HELLO):
        return None
    if not isinstance(method, str) or method not in READING | WRITING:
        return None
    return Message(number, method, tuple(args))


def find_tab_name(message: Message) -> str:
    """Return the name that a tab gives itself when it asks for its own lease, or nothing.

    Parameters
    ----------
    message : Message that asks for the lease
    """
    given = message.args[1] if len(message.args) > 1 else None
    if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], str):
        return ""
    return given[0] if _TAB_NAME.fullmatch(given[0]) else ""


def find_message_refusal(message: Message, *, writes: bool, permitted: Permitted) -> str | None:
    """Return the code of what speaks against a message, or none.

    Parameters
    ----------
    message : Message
    writes : bool, whether the tab holds the lease
    permitted : Permitted
    """
    if message.method == LIFECYCLE and not LIFE.issuperset(message.args):
        return "SE-017"
    if message.method == TRIGGER and message.trigger is None:
        return "SE-017"
    if message.method == STATE_UPDATE and not _sets_only(message, permitted.state_keys):
        return "SE-017"
    open_to_all = message.trigger == TAKE_LEASE or message.trigger in permitted.reading
    if message.method in WRITING and not open_to_all and not writes:
        return "SE-015"
    return None


def _sets_only(message: Message, keys: frozenset[str]) -> bool:
    if len(message.args) != 1 or not isinstance(message.args[0], list):
        return False
    return all(
        isinstance(change, Mapping) and change.get("key") in keys for change in message.args[0]
    )
