"""Files of a page are read apart: with limits that stop them, and the same case as ever (W-19)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.fault.made_files import NAMES, save, spine_image, spine_labels

from kambin.app.logic import confining
from kambin.app.logic.confining import Confines, import_confined
from kambin.app.logic.sources import ImportWish, import_wish
from kambin.app.logic.tasks import Cancelled
from kambin.core import InputError, SilentProgress, StoreError


@pytest.fixture
def wish(tmp_path: Path) -> ImportWish:
    """An image and two masks."""
    labels = spine_labels()
    masks = tuple(
        f"{name}={save(tmp_path / f'{name}.nii', (labels == value).astype(np.uint8))}"
        for value, name in NAMES.items()
    )
    return ImportWish(save(tmp_path / "image.nii", spine_image()), masks)


def _contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            yield str(file.relative_to(folder)), file.read_bytes()


def test_it_makes_the_same_case_byte_by_byte(wish: ImportWish, tmp_path: Path) -> None:
    apart = import_confined(wish, tmp_path / "a" / "case", SilentProgress())
    here = import_wish(wish, tmp_path / "b" / "case", SilentProgress())
    assert dict(_contents(apart)) == dict(_contents(here))


def test_an_error_comes_back_as_it_was_raised(wish: ImportWish, tmp_path: Path) -> None:
    (tmp_path / "image.nii").write_bytes(b"no image")
    with pytest.raises(InputError) as here:
        import_wish(wish, tmp_path / "case", SilentProgress())
    with pytest.raises(InputError) as apart:
        import_confined(wish, tmp_path / "case", SilentProgress())
    assert apart.value.as_document() == here.value.as_document()
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "mine.txt").write_text("mine")
    with pytest.raises(StoreError):
        import_confined(wish, tmp_path / "case", SilentProgress())


@pytest.mark.parametrize(
    "confines", [Confines(memory_bytes=2**20), Confines(cpu_s=1), Confines(wall_s=1)]
)
def test_too_little_memory_or_time_stops_it(
    wish: ImportWish, tmp_path: Path, confines: Confines
) -> None:
    if confines.cpu_s == 1 or confines.wall_s == 1:
        # so many voxels that one second is not enough
        save(tmp_path / "image.nii", np.zeros((640, 640, 640), np.int16))
    with pytest.raises(InputError) as stopped:
        import_confined(wish, tmp_path / "case", SilentProgress(), confines)
    assert stopped.value.code == "IN-122"
    assert not (tmp_path / "case").exists()


def test_a_person_who_cancels_kills_it(wish: ImportWish, tmp_path: Path) -> None:
    class Impatient:
        steps = 0

        def step(self, _title: str, _done: int, _total: int) -> None:
            self.steps += 1
            if self.steps > 2:
                raise Cancelled

    with pytest.raises(Cancelled):
        import_confined(wish, tmp_path / "case", Impatient())
    assert not (tmp_path / "case").exists()


def test_a_reader_that_falls_over_is_told_as_one(
    wish: ImportWish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confining.sys, "executable", "/bin/false")
    with pytest.raises(InputError) as stopped:
        import_confined(wish, tmp_path / "case", SilentProgress())
    assert stopped.value.code == "IN-122"
