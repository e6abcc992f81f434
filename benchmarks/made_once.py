"""Things that take long to make, made once and kept in a folder that several processes share.

A made patient, or a completed one, is kept there under a name that says all that it depends on.
"""

import copyreg
import fcntl
import hashlib
import pickle
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, TypeVar

from kambin.anatomy import Anatomy, Case, complete

ROOT = Path(__file__).parents[1]

T = TypeVar("T")

HELD = 2
"""Completed patients that a process holds in memory; more are read again from the folder."""


def name_code(paths: Iterable[str]) -> str:
    """Return a name that changes with everything in some folders and files of the repository."""
    digest = hashlib.sha256()
    for path in (ROOT / name for name in paths):
        files = [path] if path.is_file() else path.rglob("*")
        for file in sorted(one for one in files if one.suffix in (".py", ".toml")):
            digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


class MadeOnce:
    """A folder of things that were made once, by whichever process was first.

    Parameters
    ----------
    folder : Path, the same for all processes
    """

    def __init__(self, folder: Path) -> None:
        """Make the folder if there is none."""
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self._complete = lru_cache(maxsize=HELD)(self._find_completed)

    def find(self, name: str, make: Callable[[Path], None]) -> Path:
        """Return what lies under a name, a file or a folder that ``make`` wrote; never change it.

        Parameters
        ----------
        name : str
        make : called with a path to write to, if nobody has made it yet
        """
        place = self.folder / name
        with self._locked(name):
            if not place.exists():
                with TemporaryDirectory(dir=self.folder) as unfinished:
                    make(Path(unfinished) / name)
                    (Path(unfinished) / name).rename(place)
        return place

    def keep(self, name: str, make: Callable[[], T]) -> T:
        """Return what was made once under a name; every process reads its own copy of it.

        Parameters
        ----------
        name : str, which says all that it depends on
        make : called if nobody has made it yet
        """
        with self.find(name, lambda file: _save(make(), file)).open("rb") as file:
            kept: T = pickle.load(file)
        return kept

    @contextmanager
    def _locked(self, name: str) -> Iterator[None]:
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def complete(self, case: Case) -> Anatomy:
        """Return the completed anatomy of a case that was read from its folder."""
        assert case.sha256, "only a case with a hash can be told from another"
        return self._complete(_Wanted(case))

    def _find_completed(self, wanted: "_Wanted") -> Anatomy:
        return self.keep(f"anatomy-{wanted.name}", lambda: complete(wanted.case))


class _Wanted:
    """A case by all that its completion depends on."""

    def __init__(self, case: Case) -> None:
        self.case = case
        told = (case.sha256, case.confirmations, sorted(case.source.items()), case.dialect)
        self.name = hashlib.sha256(repr(told).encode()).hexdigest()[:24]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Wanted) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)


def _fix(mapping: dict[Any, Any]) -> "MappingProxyType[Any, Any]":
    return MappingProxyType(mapping)


class _Pickler(pickle.Pickler):
    """Knows the mappings that cannot be changed, which plain pickle refuses."""

    dispatch_table = copyreg.dispatch_table | {MappingProxyType: lambda m: (_fix, (dict(m),))}


def _save(made: Any, file: Path) -> None:
    with file.open("wb") as opened:
        _Pickler(opened, protocol=5).dump(made)
