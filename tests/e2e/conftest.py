"""Command lines of these tests complete each patient once, whichever file and worker asks."""

from collections.abc import Iterator

import pytest
from tests.shelf import Shelf

from kambin.desk import workbench
from kambin.desk.workbench import forget_last_case


class SharedBench:
    """Stands for the one slot of the command line."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def __call__(self, work: workbench._Work) -> object:
        return self.shelf.complete(work.case)

    def cache_clear(self) -> None:
        """Forget nothing: what lies on the shelf does not change."""


@pytest.fixture(scope="session")
def its_own_bench() -> object:
    """The command line's own way to complete a case, before anything here replaced it."""
    return workbench._complete


@pytest.fixture(scope="module", autouse=True)
def a_shared_bench(shelf: Shelf, its_own_bench: object) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workbench, "_complete", SharedBench(shelf))
        yield


@pytest.fixture
def an_empty_bench(its_own_bench: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of what two runs make: nothing of an earlier one is at hand."""
    monkeypatch.setattr(workbench, "_complete", its_own_bench)
    forget_last_case()
