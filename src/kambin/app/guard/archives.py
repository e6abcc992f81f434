"""Archives of DICOM files: unpacked after their list was found harmless, and counted then."""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kambin.app.guard.uploads import Receiving, not_accepted, over_limit
from kambin.core import InputError

ZIP_HEAD: Final = b"PK\x03\x04"
NESTED_HEADS: Final = (b"PK", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\x1f\x8b", b"\xfd7zXZ")
"""How archives begin; in an archive of images none of them has a place."""

CHUNK_BYTES: Final = 2**18
LIST_BYTES_EACH: Final = 1024
"""Of the list of an archive for each of its files, names included."""

LONGEST_NAME: Final = 255
_END: Final = struct.Struct("<4s4H2LH")
_END_HEAD: Final = b"PK\x05\x06"
_ENCRYPTED: Final = 0x1
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def is_archive(head: bytes) -> bool:
    """Return whether a file begins like a zip archive, whatever its name."""
    return head.startswith(ZIP_HEAD) or head.startswith(_END_HEAD)


def unpack_archive(archive: Path, role: str, receiving: Receiving) -> None:
    """Unpack an archive into an upload, under names of ours.

    Parameters
    ----------
    archive : a file of the upload
    role : what its files are for
    receiving : Receiving

    Raises
    ------
    InputError  (IN-067) for a name that leads elsewhere, a link, a device, another archive inside;
        (IN-120) over a limit; (IN-002) if it is broken
    """
    _require_short_list(archive, receiving.limits.files)
    packed = archive.stat().st_size
    most = packed * receiving.limits.expansion
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = [entry for entry in opened.infolist() if not entry.is_dir()]
            for entry in entries:
                _require_plain(entry)
            if not entries:
                raise not_accepted(why="The archive is empty.")
            for entry in entries:
                most -= _unpack(opened, entry, role, receiving, most)
    # of an archive that was made to break its reader, as the library's documentation lists them
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _broken() from error


def _unpack(
    opened: zipfile.ZipFile, entry: zipfile.ZipInfo, role: str, receiving: Receiving, most: int
) -> int:
    """Write one entry and return its size, which is counted and not believed."""
    size = 0
    path = receiving.place(role, entry.filename)
    with path.open("xb") as out:
        for chunk in _chunks(opened, entry):
            if size == 0 and chunk.startswith(NESTED_HEADS):
                raise _not_followed(why="It holds another archive.")
            size += len(chunk)
            if size > most:
                raise over_limit(why=f"It grows more than {receiving.limits.expansion} times.")
            receiving.count_kept(len(chunk))
            out.write(chunk)
    return size


def _chunks(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with opened.open(entry) as inside:
        while chunk := inside.read(CHUNK_BYTES):
            yield chunk


def _require_short_list(archive: Path, most: int) -> None:
    """Refuse an archive whose list alone would fill the memory, before it is read."""
    with archive.open("rb") as file:
        size = archive.stat().st_size
        file.seek(max(0, size - _END.size - 2**16))
        tail = file.read()
    at = tail.rfind(_END_HEAD)
    if at < 0 or len(tail) - at < _END.size:
        raise _broken()
    _, disk, _, _, count, list_bytes, _, _ = _END.unpack_from(tail, at)
    # the largest numbers there are mean that others follow, of archives larger than any of ours
    if count > most or list_bytes > most * LIST_BYTES_EACH:
        raise over_limit(why=f"It brings more than {most} files.")
    if disk != 0:
        raise _not_followed(why="It is one of several parts.")


def _require_plain(entry: zipfile.ZipInfo) -> None:
    name, mode = entry.orig_filename, entry.external_attr >> 16
    parts = name.replace("\\", "/").split("/")
    if name.startswith(("/", "\\")) or ".." in parts or ":" in name or "\0" in name:
        raise _not_followed(why="A name in it leads out of the archive.")
    if len(name) > LONGEST_NAME:
        raise _not_followed(why="A name in it is too long.")
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise _not_followed(why="It holds a link or a device.")
    if entry.flag_bits & _ENCRYPTED:
        raise _not_followed(why="It is locked with a password.")
    if entry.compress_type not in _METHODS:
        raise _not_followed(why="It is packed in an unusual way.")


def _not_followed(why: str) -> InputError:
    return InputError(
        code="IN-067",
        what="The archive is not unpacked",
        where="upload",
        why=why,
        next_step="Unpack the archive with the system's tools and upload the files.",
    )


def _broken() -> InputError:
    return InputError(
        code="IN-002",
        what="The archive is damaged or cut off",
        where="upload",
        why="Its list or its content does not read to the end.",
        next_step="Export the study again and upload it.",
    )
