"""Logs that only grow: each entry carries the hash of all before it, so that a change is seen."""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from kambin.core import StoreError
from kambin.exchange.documents import SCHEMA_VERSION, tell_unreadable, to_plain, write_document

NOTHING_BEFORE = "0" * 64
"""What the first entry of a log names as its predecessor."""

Entry = Mapping[str, Any]
"""One entry of a log: what happened, with ``previous_sha256`` and its own ``sha256``."""


def hash_entry(entry: Entry) -> str:
    """Return the SHA-256 of what an entry says and of all entries before it.

    Parameters
    ----------
    entry : its own ``sha256`` is left out, ``previous_sha256`` is in it

    References
    ----------
    Haber and Stornetta 1991, J Cryptology 3:99, doi 10.1007/BF00196791 (linked time stamps)
    """
    said = {name: part for name, part in entry.items() if name != "sha256"}
    return sha256(json.dumps(to_plain(said), sort_keys=True).encode("utf-8")).hexdigest()


def find_head(entries: Iterable[Entry]) -> str:
    """Return the hash of the last entry, which stands for the whole log."""
    head = NOTHING_BEFORE
    for entry in entries:
        head = str(entry["sha256"])
    return head


def add_entry(entries: tuple[Entry, ...], said: Entry) -> tuple[Entry, ...]:
    """Return the log with one more entry, linked to those before it.

    Parameters
    ----------
    entries : the log so far
    said : what the new entry says, of plain values
    """
    linked = {**said, "previous_sha256": find_head(entries)}
    return (*entries, {**linked, "sha256": hash_entry(linked)})


def read_log(file: Path) -> tuple[Entry, ...]:
    """Return the entries of a log, oldest first; none if there is no such file.

    Raises
    ------
    StoreError  (ST-011) if it is damaged or an entry was changed, taken out or put in;
        (ST-004) if it is of a newer version
    """
    if not file.exists():
        return ()
    try:
        document = json.loads(file.read_text("utf-8"))
        version, entries = document["schema_version"], tuple(document["entries"])
        if version > SCHEMA_VERSION:
            raise _newer(file, version)
        _require_linked(file, entries)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise log_changed(file, tell_unreadable(error)) from error
    return entries


def write_log(file: Path, entries: tuple[Entry, ...]) -> None:
    """Write a log, atomically.

    Raises
    ------
    StoreError  (ST-001) if it cannot be written; the older one stays whole
    """
    write_document({"schema_version": SCHEMA_VERSION, "entries": entries}, file)


def log_changed(file: Path, why: str) -> StoreError:
    """Return the error for a log, a version or a signature that is not what was written."""
    return StoreError(
        code="ST-011",
        what="The history or the signatures of a plan were changed after they were written",
        where=file.name,
        why=why,
        next_step="Restore the folder from a backup, or plan into a new one; nothing in this "
        "folder counts as signed or locked.",
    )


def _require_linked(file: Path, entries: tuple[Entry, ...]) -> None:
    before = NOTHING_BEFORE
    for number, entry in enumerate(entries, 1):
        if entry["previous_sha256"] != before or entry["sha256"] != hash_entry(entry):
            raise log_changed(file, f"Entry {number} does not match the hash written with it.")
        before = entry["sha256"]


def _newer(file: Path, version: int) -> StoreError:
    return StoreError(
        code="ST-004",
        what="A document is of a newer version",
        where=file.name,
        why=f"It has version {version}, {SCHEMA_VERSION} is understood.",
        next_step="Update the software; the file was not changed.",
    )
