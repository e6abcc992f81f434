"""What one process keeps of the last case, so that its commands do not complete it again."""

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, Case, CaseCheck, Confirmation, check_case, complete
from kambin.core import Progress, SilentProgress


@dataclass(frozen=True, slots=True)
class _Work:
    """A case, compared by its content alone."""

    sha256: str
    confirmations: tuple[Confirmation, ...]
    source: tuple[tuple[str, str], ...]
    case: Case = field(compare=False)
    progress: Progress = field(compare=False)


def check_once(case: Case) -> CaseCheck:
    """Return the checks of a case, from memory if it is the last one that was checked.

    Parameters
    ----------
    case : Case
    """
    return _check(_work(case, SilentProgress()))


def complete_once(case: Case, progress: Progress) -> Anatomy:
    """Return the completed anatomy of a case, from memory if it is the last one completed.

    Parameters
    ----------
    case : Case; its content hash and confirmations tell whether it is the same
    progress : Progress

    Raises
    ------
    AnatomyError  (AN-200, AN-203) as ``complete``
    """
    return _complete(_work(case, progress))


def forget_last_case() -> None:
    """Compute everything anew at the next call."""
    _check.cache_clear()
    _complete.cache_clear()


def _work(case: Case, progress: Progress) -> _Work:
    source = tuple(sorted(case.source.items()))
    return _Work(case.sha256, case.confirmations, source, case, progress)


# One slot: a folder of a hundred cases must not fill the memory.
@lru_cache(maxsize=1)
def _check(work: _Work) -> CaseCheck:
    return check_case(work.case)


@lru_cache(maxsize=1)
def _complete(work: _Work) -> Anatomy:
    return complete(work.case, progress=work.progress)


class MemoryStore:
    """A field store for one question: the report draws with the fields of the plan."""

    def __init__(self) -> None:
        """Begin empty."""
        self._kept: dict[str, NDArray[np.float32]] = {}

    def find(self, key: str) -> NDArray[np.float32] | None:
        """Return the stored values, shape of the field's grid, mm, or none.

        Parameters
        ----------
        key : str
        """
        return self._kept.get(key)

    def keep(self, key: str, values: NDArray[np.float32]) -> None:
        """Store values under a key.

        Parameters
        ----------
        key : str
        values : float32 array, shape of the field's grid, mm
        """
        self._kept[key] = values
