"""What several test files ask for and takes long to make: made once, by whichever worker is first.

Two workers run at once and share one folder of the session. A made patient, or a completed one, is
kept there under a name that says all that it depends on.
"""

import copyreg
import fcntl
import hashlib
import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, TypeVar

from tests.e2e.command_line import run_kambin

from kambin.anatomy import Anatomy, Case, complete

T = TypeVar("T")

HELD = 2
"""Completed patients that a worker holds in memory; more are read again from the folder."""

PLACE = ("--level", "L4-L5", "--side", "left")
"""Where the made patients have their herniation."""

COARSE_MM = 1.5
"""Spacing of the made patient, mm: a third of the voxels of 1 mm, and the facet is resolved."""


class Shelf:
    """A folder of things that were made once.

    Parameters
    ----------
    folder : Path, the same for all workers of a session
    """

    def __init__(self, folder: Path) -> None:
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
        """Return what was made once under a name; every worker reads its own copy of it.

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

    def made_patient(self, spacing_mm: float) -> Path:
        """Return the case of a patient made by ``kambin phantom``: a herniation at L4-L5 left."""
        words = (*PLACE, "--herniation", "paracentral", "--seed", 0)

        def make(folder: Path) -> None:
            done = run_kambin("phantom", "-o", folder, *words, "--spacing", spacing_mm)
            assert done.code == 0, done.errors

        return self.find(f"patient-{spacing_mm}", make)

    def made_plan(self, spacing_mm: float) -> Path:
        """Return the folder that ``kambin plan`` made for that patient; copy it to work in it."""
        case = self.made_patient(spacing_mm)

        def make(folder: Path) -> None:
            done = run_kambin("plan", case, *PLACE, "--zone", "paracentral", "-o", folder)
            assert done.code == 0, done.text + done.errors

        return self.find(f"plan-{spacing_mm}", make)

    def real_ct(self, shared_data: Path) -> Path:
        """Return the case of the 3 mm CT with its TotalSegmentator labels, as files give it."""
        folder = shared_data / "ct_ts_abdopelvis_3mm"
        words = ("-i", folder / "ct.nii.gz", "--labels", folder / "labels_totalseg117.nii.gz")

        def make(case: Path) -> None:
            done = run_kambin("import", *words, "-o", case)
            assert done.code == 0, done.errors

        return self.find("real-ct", make)

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
