"""Where a plan, its versions, its history and its signatures lie, and who may write there."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from kambin.exchange.documents import writing_failed

PLAN_FILE = "plan.json"
REFUSAL_FILE = "refusal.json"
HISTORY_FILE = "history.json"
SIGNATURES_FILE = "signatures.json"
VERSIONS_FOLDER = "versions"

_STEM = "plan"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The places of one plan: the answer as it is now, and what is kept about it.

    Parameters
    ----------
    folder : the folder of the plan
    stem : str, name of the plan file without its ending
    """

    folder: Path
    stem: str = _STEM

    @classmethod
    def at(cls, place: Path) -> "Shelf":
        """Return the shelf of a plan file, of a refusal file, or of the folder that holds one."""
        place = Path(place)
        if place.is_dir() or place.suffix != ".json":
            return cls(place)
        return cls(place.parent, _STEM if place.name == REFUSAL_FILE else place.stem)

    @classmethod
    def of_version(cls, file: Path) -> "Shelf | None":
        """Return the shelf that keeps a file as one of its versions, or none."""
        folder = Path(file).parent
        # nothing else has this ending: a version is opened where it is kept, to be read alone
        if not folder.name.endswith(f".{VERSIONS_FOLDER}"):
            return None
        return cls(folder.parent, folder.name.removesuffix(f".{VERSIONS_FOLDER}"))

    def answer_file(self, kind: str) -> Path:
        """Return the file of the answer of a kind, ``plan`` or ``refusal``."""
        name = REFUSAL_FILE if kind == "refusal" and self.stem == _STEM else f"{self.stem}.json"
        return self.folder / name

    @property
    def history_file(self) -> Path:
        """Return the log of versions."""
        return self.folder / f"{self.stem}.{HISTORY_FILE}"

    @property
    def signatures_file(self) -> Path:
        """Return the log of signatures and locks."""
        return self.folder / f"{self.stem}.{SIGNATURES_FILE}"

    def version_file(self, number: int) -> Path:
        """Return where the bytes of one version are kept."""
        return self.folder / f"{self.stem}.{VERSIONS_FOLDER}" / f"{number:04d}.json"

    def find_answers(self) -> dict[str, tuple[str, bytes]]:
        """Return SHA-256 and bytes of the answers that lie here, by their kind."""
        found = {}
        # a plan that was given another name has no refusal beside it
        for kind in ("plan", "refusal") if self.stem == _STEM else ("plan",):
            file = self.answer_file(kind)
            if file.is_file():
                data = file.read_bytes()
                found[kind] = (sha256(data).hexdigest(), data)
        return found

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody else write here meanwhile; a process that dies gives the place free.

        Raises
        ------
        StoreError  (ST-001) if the folder cannot be made or opened

        References
        ----------
        flock(2), https://man7.org/linux/man-pages/man2/flock.2.html
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # the folder itself is locked: no file is left over for someone to wonder about
            descriptor = os.open(self.folder, os.O_RDONLY)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except OSError as error:
            raise writing_failed(self.folder, 0, error) from error
        try:
            yield
        finally:
            os.close(descriptor)
