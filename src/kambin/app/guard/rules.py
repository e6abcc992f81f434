"""The rule about each request, as a plain function of what the request says."""

from dataclasses import dataclass
from enum import StrEnum

from kambin.app.guard.keys import Keys, is_same


class Permission(StrEnum):
    """What a route asks of the one who calls it; a route without one is closed."""

    FIRST_HOP = "first hop"
    """The token in the address, from wherever a person opens it."""
    READ = "read"
    """The cookie."""
    CHANGE = "change"
    """The cookie, and that our own page asks."""


UNSAFE = (Permission.CHANGE,)
"""What a page of somebody else must not be able to start."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of itself; ``None`` where it says nothing.

    Parameters
    ----------
    host : str, the Host header
    origin, fetch_site, fetch_mode : str, what the browser tells of the page that asks
    cookie, bearer, token : str, secrets that were shown
    scheme : str, ``http`` or ``https``
    """

    host: str | None = None
    origin: str | None = None
    fetch_site: str | None = None
    fetch_mode: str | None = None
    cookie: str | None = None
    bearer: str | None = None
    token: str | None = None
    scheme: str = "http"


def find_refusal(
    asked: Asked, permission: Permission | None, hosts: frozenset[str], keys: Keys
) -> str | None:
    """Return the code of what speaks against a request, or none when it may pass.

    Parameters
    ----------
    asked : Asked
    permission : what the route asks; none where no such route was declared
    hosts : by which names the workstation may be called
    keys : Keys

    Notes
    -----
    Host first: a page whose name was made to lead here (DNS rebinding) looks like our own in all
    the rest. A program that shows the token as bearer and no cookie carries nothing that a browser
    would add by itself, so that no page can misuse it (datasette's rule).
    """
    if asked.host not in hosts:
        return "SE-010"
    is_program = asked.cookie is None and is_same(asked.bearer, keys.token)
    if not is_program and not _is_own_page(asked, permission):
        return "SE-011"
    if permission is None:
        # what is not there is told to nobody who may not look
        return "SE-013" if is_program or is_same(asked.cookie, keys.cookie) else "SE-012"
    if permission is Permission.FIRST_HOP:
        return None if is_same(asked.token, keys.token) else "SE-012"
    return None if is_program or is_same(asked.cookie, keys.cookie) else "SE-012"


def _is_own_page(asked: Asked, permission: Permission | None) -> bool:
    if asked.origin is not None and asked.origin != f"{asked.scheme}://{asked.host}":
        return False
    if permission in UNSAFE:
        # the browser always names the page behind these; who names none is no browser
        return asked.origin is not None and asked.fetch_site in (None, "same-origin")
    if permission is Permission.FIRST_HOP:
        # opened from a file or a link, but as a page of its own
        return asked.fetch_mode in (None, "navigate")
    return asked.fetch_site in (None, "same-origin", "none")
