"""Bytes of a file, read to the very end so that a cut or a flipped bit cannot hide."""

import gzip
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from kambin.core import InputError

_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 1 << 20
"""Bytes moved at a time; large enough to be fast, small beside any image."""


@contextmanager
def explained_reading(path: Path) -> Iterator[None]:
    """Turn what the system and zlib say about a bad file into our words.

    Raises
    ------
    InputError  (IN-001) if the file cannot be opened; (IN-002) if it is cut off or its
        checksum is wrong
    """
    try:
        yield
    except EOFError as error:
        raise damaged(path, "The compressed data end before their end mark.") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise damaged(path, f"Unpacking failed: {error}.") from error
    # after gzip's own error, which is an OSError, too
    except OSError as error:
        raise InputError(
            code="IN-001",
            what="A file cannot be read",
            where=shown_name(path),
            why=f"The system says: {error.strerror or type(error).__name__}.",
            next_step="Check that the file exists and that you may read it.",
        ) from error


def shown_name(path: Path) -> str:
    """Return a file name as it may be shown: what steers a terminal or hides letters is escaped.

    Parameters
    ----------
    path : a file or folder

    References
    ----------
    Unicode UTS 39, section 5.4 and UAX 9: marks of writing direction can reverse a name
    """
    return "".join(
        c if unicodedata.category(c)[0] not in "CZ" or c == " " else f"\\u{ord(c):04x}"
        for c in path.name
    )


def damaged(path: Path, why: str) -> InputError:
    """Return the error for a file that is cut off or has changed bits (IN-002)."""
    return InputError(
        code="IN-002",
        what="The file is damaged or cut off",
        where=shown_name(path),
        why=why,
        next_step="Copy or export it again from its source; nothing was imported.",
    )


def open_unpacked(path: Path) -> IO[bytes]:
    """Open a file for reading, unpacking gzip by its content and not by its name.

    Raises
    ------
    OSError  what the system says; ``explained_reading`` turns it into our words
    """
    # a .nii.gz that is not packed, or a .nii that is, tells itself by two bytes
    with path.open("rb") as probe:
        packed = probe.read(2) == _GZIP_MAGIC
    return cast("IO[bytes]", gzip.open(path, "rb") if packed else path.open("rb"))


def read_exactly(stream: IO[bytes], size: int, path: Path) -> bytearray:
    """Read a stated number of bytes.

    Raises
    ------
    InputError  (IN-002) if fewer are there
    """
    data = bytearray(size)
    view, got = memoryview(data), 0
    while got < size:
        # gzip may give less than asked for long before its end
        count = stream.readinto(view[got : got + _CHUNK])  # type: ignore[attr-defined]
        if not count:
            raise damaged(path, f"{size} bytes are announced, {got} are there.")
        got += count
    return data


def require_end(stream: IO[bytes], path: Path) -> None:
    """Read on to the end, which makes gzip check its checksum, and refuse a longer file.

    Raises
    ------
    InputError  (IN-002) if bytes follow that the header does not account for
    """
    # a larger file than its header says is a header with a flipped bit, or another file
    if stream.read(1):
        raise damaged(path, "More bytes follow than its header announces.")


def inflate_exactly(packed: bytes, size: int, path: Path) -> bytes:
    """Unpack zlib or gzip data of a stated size, checking its checksum.

    Parameters
    ----------
    packed : bytes, zlib or gzip
    size : int, bytes, as the header announces
    path : the file, for the message

    Raises
    ------
    InputError  (IN-002) if the size or the checksum is wrong

    References
    ----------
    RFC 1950 (zlib) and RFC 1952 (gzip), https://www.rfc-editor.org/rfc/rfc1952
    """
    # 47 lets zlib see for itself whether zlib (MetaImage) or gzip (NRRD) was used
    engine = zlib.decompressobj(wbits=47)
    # never more than announced: a few kilobytes may unpack to gigabytes
    data = engine.decompress(packed, size + 1)
    # the end mark and the checksum may still lie in the unread tail
    data += engine.decompress(engine.unconsumed_tail, 1)
    if len(data) != size or not engine.eof:
        raise damaged(path, f"{size} bytes are announced, {len(data)} or another number follow.")
    return data
