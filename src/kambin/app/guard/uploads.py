"""Files from a page: counted while they come, kept in a private folder, whole or not at all."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import Final, Self

from kambin.core import InputError

ROLES: Final = ("image", "labels", "mask", "fragment")
"""What a file is for; a folder of that name holds it."""

ENDINGS: Final = (".nii.gz", ".nii", ".nrrd", ".mha", ".dcm")
"""Kinds of files whose name the readers compare with the content; all others lose theirs."""

GIB: Final = 2**30


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """How much one upload may bring.

    Parameters
    ----------
    files : how many, with those inside archives
    bytes_sent, bytes_kept : as they come, and once archives are unpacked
    expansion : how many times its packed size an archive may grow
    free_bytes : what must stay free on the disk
    """

    files: int = 20_000
    bytes_sent: int = 4 * GIB
    bytes_kept: int = 8 * GIB
    expansion: int = 200
    free_bytes: int = 2 * GIB


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """One file that came.

    Parameters
    ----------
    role : one of ``ROLES``
    shown_name : str, what the sender calls it: to be shown, never to be opened
    path : where it lies, under a name of ours
    """

    role: str
    shown_name: str
    path: Path


@dataclass(slots=True)
class Upload:
    """What came whole; whoever takes it discards it.

    Parameters
    ----------
    folder : private to this user, one folder a role in it
    files : in the order in which they came
    """

    folder: Path
    files: list[UploadedFile] = field(default_factory=list)

    def of(self, role: str) -> tuple[UploadedFile, ...]:
        """Return the files of a role."""
        return tuple(file for file in self.files if file.role == role)

    def discard(self) -> None:
        """Remove everything that came."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Receiving:
    """An upload that is coming: what it has brought so far, and the limits it is held to.

    Used as a context, it leaves nothing behind unless it was finished.

    Parameters
    ----------
    parent : a private folder
    limits : UploadLimits
    free : returns the free bytes of the disk of a folder
    """

    def __init__(
        self,
        parent: Path,
        limits: UploadLimits | None = None,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self.limits = limits or UploadLimits()
        self._free = free
        self._sent = self._kept = 0
        self._finished = False
        self.upload = Upload(Path(mkdtemp(prefix="upload-", dir=parent)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what came of an upload that was not finished."""
        if not self._finished:
            self.upload.discard()

    def finish(self) -> Upload:
        """Return the upload, which from now on is the caller's.

        Raises
        ------
        InputError  (IN-121) if nothing came
        """
        if not self.upload.files:
            raise not_accepted(why="The upload holds no file.")
        self._finished = True
        return self.upload

    def place(self, role: str, shown_name: str) -> Path:
        """Return where the next file goes, under a name of ours.

        Parameters
        ----------
        role : str, what the page says the file is for
        shown_name : str, what the sender calls the file

        Raises
        ------
        InputError  (IN-120) for one file too many; (IN-121) for a role that does not exist
        """
        if role not in ROLES:
            raise not_accepted(why="A file is for nothing that an upload may bring.")
        if len(self.upload.files) >= self.limits.files:
            raise over_limit(why=f"It brings more than {self.limits.files} files.")
        folder = self.upload.folder / role
        folder.mkdir(mode=0o700, exist_ok=True)
        lower = shown_name.lower()
        ending = next((end for end in ENDINGS if lower.endswith(end)), "")
        path = folder / f"{len(self.upload.files):05}{ending}"
        self.upload.files.append(UploadedFile(role, shown_name, path))
        return path

    def count_sent(self, size: int) -> None:
        """Add what came over the line; a length that was announced counts for nothing.

        Raises
        ------
        InputError  (IN-120) over the limit
        """
        self._sent += size
        if self._sent > self.limits.bytes_sent:
            raise over_limit(why=f"It is larger than {self.limits.bytes_sent} bytes.")

    def count_kept(self, size: int) -> None:
        """Add what is about to be written.

        Raises
        ------
        InputError  (IN-120) over the limit, or when the disk would be full
        """
        self._kept += size
        if self._kept > self.limits.bytes_kept:
            raise over_limit(why=f"Unpacked it is larger than {self.limits.bytes_kept} bytes.")
        if self._free(self.upload.folder) - size < self.limits.free_bytes:
            raise over_limit(why="The disk would be full.")

    def forget_last(self) -> None:
        """Forget the file that came last: it is an archive, and its files take its place."""
        self.upload.files.pop()


def over_limit(why: str) -> InputError:
    """Return the error of an upload that brings too much."""
    return InputError(
        code="IN-120",
        what="The upload exceeds a limit",
        where="upload",
        why=why,
        next_step="Upload one study, or start the workstation with a case from kambin import.",
    )


def not_accepted(why: str) -> InputError:
    """Return the error of an upload that is not one of ours."""
    return InputError(
        code="IN-121",
        what="The upload is not accepted",
        where="upload",
        why=why,
        next_step="Choose the files again in the workstation's own form.",
    )
