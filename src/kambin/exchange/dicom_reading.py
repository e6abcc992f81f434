"""DICOM files in: found in a folder, checked to the last byte, and only then parsed."""

import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import config, dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from kambin.core import InputError
from kambin.exchange.dicom_structure import StructureFault, is_dicom, walk_file
from kambin.exchange.streams import damaged, explained_reading, shown_name
from kambin.knowledge import value

_HEAD_BYTES = 512
_ARCHIVES = ((0, b"PK"), (0, b"7z\xbc\xaf"), (0, b"Rar!"), (257, b"ustar"), (0, b"BZh"))
"""Offset and first bytes of archives; gzip is left to the readers of single images."""

_DICOM_ENDINGS = (".dcm", ".dicom", ".ima")
_LIBRARY_ERRORS = (
    ArithmeticError,
    AttributeError,
    EOFError,
    InvalidDicomError,
    LookupError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
)
"""What pydicom and its decoders raise on broken files, each seen or documented."""


def is_dicom_input(path: Path) -> bool:
    """Return whether a path is for the DICOM readers: a folder, a DICOM file or an archive.

    Parameters
    ----------
    path : what stands after ``-i`` or ``--labels``
    """
    path = Path(path)
    if path.is_dir():
        return True
    head = _head_of(path) if path.is_file() else b""
    return is_dicom(head) or _is_archive(head) or path.name.lower().endswith(_DICOM_ENDINGS)


def is_dicom_file(path: Path) -> bool:
    """Return whether a file begins like DICOM, whatever its name.

    Raises
    ------
    InputError  (IN-001) if it cannot be opened
    """
    with explained_reading(path):
        return is_dicom(_head_of(path))


def find_dicom_files(path: Path) -> tuple[list[Path], list[Path]]:
    """Return the DICOM files of a folder, searched through, and the files that are none.

    Parameters
    ----------
    path : a folder or one file; DICOMDIR is never followed, because it may name any path

    Raises
    ------
    InputError  (IN-067) for an archive, a link or a device; (IN-068) for too many files;
        (IN-001, IN-002) for what is empty or called DICOM and is none
    """
    path = Path(path)
    files, others = [], []
    for file in _walk_folder(path) if path.is_dir() else [path]:
        with explained_reading(file):
            head = _head_of(file)
        if path == file and _is_archive(head):
            raise _not_followed(file, "It is an archive, which could hold anything.")
        if is_dicom(head):
            if file.name.upper() != "DICOMDIR":
                files.append(file)
        elif not head or file.name.lower().endswith(_DICOM_ENDINGS):
            # a slice that lost its content must not pass as a stranger
            raise damaged(file, "It is empty." if not head else "It does not begin like DICOM.")
        else:
            others.append(file)
    return files, others


def read_dataset(path: Path, *, pixels: bool) -> Dataset:
    """Read a DICOM file whose structure has been walked to the end.

    Parameters
    ----------
    path : a file
    pixels : bool, with the pixel data or only the header

    Raises
    ------
    InputError  (IN-001) if it cannot be opened; (IN-002) if it is cut off or broken;
        (IN-004) if it is too large; (IN-068) if it is nested or filled as no scanner does
    """
    with explained_reading(path):
        size, limit = path.stat().st_size, int(value("input_limits.most_bytes"))
        if size > limit:
            raise InputError(
                code="IN-004",
                what="The file is too large",
                where=shown_name(path),
                why=f"It has {size / 10.0**9:.1f} GB; the limit is {limit / 10.0**9:.1f} GB.",
                next_step="Export the lumbar spine alone, and import that.",
            )
        data = path.read_bytes()
    _require_structure(data, path)
    with explained_parsing(path):
        return dcmread(BytesIO(data), stop_before_pixels=not pixels)


@contextmanager
def explained_parsing(path: Path) -> Iterator[None]:
    """Turn what pydicom and its decoders raise into our words; what they print is dropped.

    Raises
    ------
    InputError  (IN-002)
    """
    strictness = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.IGNORE
    try:
        # recorded, not shown: the library's warnings quote header values, names among them
        with warnings.catch_warnings(record=True):
            warnings.simplefilter("always")
            yield
    except _LIBRARY_ERRORS as error:
        # not the library's message, which may quote what is private
        raise damaged(path, f"Its header or pixels are broken ({type(error).__name__}).") from None
    finally:
        config.settings.reading_validation_mode = strictness


def numbers_of(dataset: Any, keyword: str, count: int) -> tuple[float, ...]:
    """Return the numbers of an element, or none of them if one is missing or no number.

    Parameters
    ----------
    dataset : pydicom data set
    keyword : str, such as ``PixelSpacing``
    count : int, how many there have to be
    """
    found = dataset.get(keyword)
    if found is None or isinstance(found, (str, bytes)):
        return ()
    try:
        numbers = tuple(float(n) for n in (found if hasattr(found, "__len__") else (found,)))
    except (TypeError, ValueError):
        return ()
    return numbers if len(numbers) == count else ()


def word_of(dataset: Any, keyword: str) -> str:
    """Return an element as one plain word, or an empty string if it is not there.

    Parameters
    ----------
    dataset : pydicom data set
    keyword : str, such as ``Modality``
    """
    found = dataset.get(keyword)
    if found is None:
        return ""
    # a person's name can be walked letter by letter, and is one word all the same
    many = isinstance(found, Sequence) and not isinstance(found, (str, bytes))
    text = "\\".join(str(part) for part in found) if many else str(found)
    return text.strip("\0 ")


def _require_structure(data: bytes, path: Path) -> None:
    try:
        walk_file(data)
    except StructureFault as fault:
        if not fault.is_limit:
            raise damaged(path, fault.why) from fault
        raise InputError(
            code="IN-068",
            what="The DICOM file has an impossible structure",
            where=shown_name(path),
            why=fault.why,
            next_step="Export the study again; no scanner writes such files.",
        ) from fault


def _walk_folder(folder: Path) -> list[Path]:
    limit, files, folders = int(value("dicom_limits.most_files")), [], [folder]
    while folders:
        with explained_reading(folder):
            entries = sorted(folders.pop().iterdir())
        for entry in entries:
            if entry.is_symlink():
                raise _not_followed(entry, "It is a link, which may lead anywhere.")
            if entry.is_dir():
                folders.append(entry)
            elif entry.is_file():
                files.append(entry)
            else:
                raise _not_followed(entry, "It is a device or a pipe and no file.")
        if len(files) > limit:
            raise InputError(
                code="IN-068",
                what="There are too many files",
                where=shown_name(folder),
                why=f"It holds over {limit} files.",
                next_step="Give the folder of one study.",
            )
    return sorted(files)


def _not_followed(path: Path, why: str) -> InputError:
    return InputError(
        code="IN-067",
        what="Archives, links and devices are not opened",
        where=shown_name(path),
        why=f"{why} Nothing was unpacked or followed.",
        next_step="Unpack or copy it with the tools of the system, and give the folder of files.",
    )


def _is_archive(head: bytes) -> bool:
    return any(head[at : at + len(magic)] == magic for at, magic in _ARCHIVES)


def _head_of(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEAD_BYTES)
