"""The secrets of one start: made new each time, kept in a private file, gone at the end."""

import hmac
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

KEY_BYTES = 32
"""256 bits each."""

TOKEN_FILE, HOP_FILE = "token", "open.html"

_HOP_PAGE = """<!doctype html><meta charset="utf-8"><title>Kambin</title>
<meta http-equiv="refresh" content="0;url={address}">
"""


def _new_key() -> str:
    return secrets.token_urlsafe(KEY_BYTES)


@dataclass(frozen=True, slots=True)
class Keys:
    """Three secrets, so that none of them gives another away.

    Parameters
    ----------
    token : str, opens the workstation once, in the address of the first hop
    cookie : str, what the browser carries from then on
    socket : str, what the page says first on its socket
    """

    token: str = field(default_factory=_new_key, repr=False)
    cookie: str = field(default_factory=_new_key, repr=False)
    socket: str = field(default_factory=_new_key, repr=False)


def is_same(said: str | None, secret: str) -> bool:
    """Return whether what a client said is the secret, in a time that tells nothing of either."""
    # an empty secret would be met by an empty answer
    if said is None or not secret:
        return False
    return hmac.compare_digest(said.encode(), secret.encode())


@contextmanager
def kept_privately(keys: Keys, address: str) -> Iterator[Path]:
    """Keep the token where only this user reads it, and remove it at the end.

    Parameters
    ----------
    keys : Keys
    address : str, of the first hop with its token; a page that leads there lies beside the token,
        because what a browser is started with is seen by all users in the list of processes

    Yields
    ------
    the private folder with ``token`` and ``open.html``
    """
    with TemporaryDirectory(prefix="kambin-") as name:
        folder = Path(name)
        _write_private(folder / TOKEN_FILE, keys.token)
        _write_private(folder / HOP_FILE, _HOP_PAGE.format(address=address))
        yield folder


def _write_private(path: Path, text: str) -> None:
    # made with its mode, so that at no moment others may read it
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
