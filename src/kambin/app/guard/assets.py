"""The files a browser may ask for: a closed list, made once before the server starts."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TAGS = re.compile(r"<script[^>]*\ssrc=[^>]*></script>|<link rel=\"stylesheet\"[^>]*>")

_PAGE = """<!doctype html>
<html lang="en" data-app-name="kambin" data-launcher-retry="[]" data-session-manager-url="{start}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Kambin</title>
<script src=".{frames}"></script>
{tags}
</head>
<body>
<noscript>The workstation needs JavaScript.</noscript>
<div id="app"></div>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file of the client's libraries.

    Parameters
    ----------
    address : str, its path on the server
    file : Path
    """

    address: str
    file: Path


FRAMES: Final = Asset("/frames.js", Path(__file__).with_name("frames.js"))
"""Reads what the socket says in its order; has to run before the client opens its socket."""


def list_assets(folders: Mapping[str, Path]) -> tuple[Asset, ...]:
    """Return every file below some folders, with the address it gets.

    What a client asks for is looked up here and never joined to a folder, so that no name leads
    out of one.

    Parameters
    ----------
    folders : prefix of the address -> folder
    """
    return tuple(
        Asset(f"{prefix}/{file.relative_to(folder).as_posix()}", file)
        for prefix, folder in folders.items()
        for file in sorted(folder.rglob("*"))
        # a link may lead anywhere, and none of ours is one; what is hidden is not for browsers
        if file.is_file() and not file.is_symlink() and not file.name.startswith(".")
    )


def make_page(client_page: str, start: str) -> str:
    """Return the page of the workstation: our reader of frames, then the client's scripts.

    Nothing is written inside the page. The client's own page starts with a script inside the
    page, which our policy forbids.

    Parameters
    ----------
    client_page : str, the page that the client library ships, for the names of its files
    start : str, where the page asks for the key of its socket
    """
    tags = "\n".join(find_tags(client_page))
    return _PAGE.format(frames=FRAMES.address, tags=tags, start=start)


def find_tags(client_page: str) -> Iterable[str]:
    """Return the tags that load scripts and styles from files, in their order."""
    return _TAGS.findall(client_page)
