"""Documents out: canonical JSON, and files that are either whole or not there."""

import errno
import json
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, is_dataclass
from enum import Enum
from json import JSONDecodeError
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from kambin.core import StoreError

SCHEMA_VERSION = 1
"""Version of the documents that are not pydantic models with a version of their own."""

JSON_DECIMALS = 6
"""Digits after the point in documents: a nanometre when the unit is mm."""


def to_json(document: object) -> str:
    """Return the canonical JSON of a document: same content, same bytes.

    Keys are sorted, numbers are rounded to 1e-6, what is no number becomes ``null``.

    Parameters
    ----------
    document : a mapping, dataclass or pydantic model of plain values and numpy arrays

    References
    ----------
    RFC 8259, section 6, https://www.rfc-editor.org/rfc/rfc8259 (no NaN, no infinity)
    """
    plain = to_plain(document)
    # a NaN that slipped through would be JSON no other program reads: better an error here
    return json.dumps(plain, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_plain(value: object) -> Any:
    """Return a value as the plain types of JSON, rounded, without NaN.

    Parameters
    ----------
    value : a mapping, sequence, set, dataclass, pydantic model, enumeration, number, text or
        numpy array of any shape

    Returns
    -------
    dict, list, str, int, float, bool or none; arrays become nested lists
    """
    plain = _unwrap(value)
    if isinstance(plain, Mapping):
        return {str(to_plain(key)): to_plain(item) for key, item in plain.items()}
    if isinstance(plain, (list, tuple)):
        return [to_plain(item) for item in plain]
    if isinstance(plain, (set, frozenset)):
        # a set has no order of its own; the same content must give the same bytes
        return sorted(to_plain(item) for item in plain)
    if isinstance(plain, float):
        # adding zero turns -0.0 into 0.0; both mean the same and must print the same
        return round(plain, JSON_DECIMALS) + 0.0 if math.isfinite(plain) else None
    return plain if plain is None or isinstance(plain, (str, int)) else str(plain)


def write_document(document: object, path: Path) -> None:
    """Write a document as canonical JSON, atomically.

    Raises
    ------
    StoreError  (ST-001) if it cannot be written; an older file of that name stays whole
    """
    write_bytes_atomically(Path(path), to_json(document).encode("utf-8"))


def write_bytes_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader, or a crash, sees the old or the new one and no mixture.

    Raises
    ------
    StoreError  (ST-001) naming place and size

    References
    ----------
    POSIX rename, https://pubs.opengroup.org/onlinepubs/9699919799/functions/rename.html
    """
    path = Path(path)
    # beside the target, because a rename is atomic only within one file system
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_durably(partial, data)
        partial.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        # the folder itself may be what is broken; the first error is the one to tell
        with suppress(OSError):
            partial.unlink()
        raise writing_failed(path, len(data), error) from error


def write_durably(path: Path, data: bytes) -> None:
    """Write a file and wait until the disk has it; raises what the system raises."""
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        # a new name may reach the disk before the bytes under it, unless one waits for these
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder; raises what the system raises.

    References
    ----------
    fsync(2), https://man7.org/linux/man-pages/man2/fsync.2.html (why the folder, too)
    """
    # a file's name is kept in its folder, which has to reach the disk as well
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def tell_unreadable(error: Exception) -> str:
    """Return why a document of ours cannot be read, as a sentence.

    Parameters
    ----------
    error : what reading the file or its JSON raised
    """
    if isinstance(error, FileNotFoundError):
        return "There is no such file."
    if isinstance(error, OSError):
        # the reason alone: the message names the path
        return f"The system says: {error.strerror or type(error).__name__}."
    if isinstance(error, UnicodeDecodeError):
        return "It is not text in UTF-8."
    if isinstance(error, JSONDecodeError):
        return f"It is not whole JSON: line {error.lineno}, column {error.colno}."
    if isinstance(error, RecursionError):
        return "Its JSON is nested too deeply."
    return "Its content is not what was written."


def require_writable(folder: Path) -> None:
    """Refuse a folder that cannot be made or written, before anything is computed for it.

    Parameters
    ----------
    folder : the folder, there or not

    Raises
    ------
    StoreError  (ST-001) if a file has its name, or that of a folder above it, or this user may not
        write there
    """
    there = Path(folder).absolute()
    while not there.exists():
        there = there.parent
    if not there.is_dir():
        raise writing_failed(there, 0, NotADirectoryError(errno.ENOTDIR, "A file has this name"))
    if not os.access(there, os.W_OK | os.X_OK):
        raise writing_failed(there, 0, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def writing_failed(path: Path, size: int, error: OSError) -> StoreError:
    """Return the error for a file or folder that could not be written (ST-001)."""
    return StoreError(
        code="ST-001",
        what="Writing failed",
        # the name alone: the folders above it may be named after a patient
        where=path.name,
        why=f"{f'{size} bytes' if size else 'Nothing'} could not be written: "
        f"{error.strerror or type(error).__name__}.",
        next_step="Free space or choose another folder and repeat; what was there is intact.",
    )


def _unwrap(value: object) -> object:
    """Return what an enumeration, a model, a dataclass or an array holds."""
    # first of all: our enumerations are strings, too, and go out as plain ones
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, BaseModel):
        return value.model_dump(mode="python")
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    return value
