"""An upload waits for a name of its case; a newer one takes its place."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kambin.app.guard.uploads import Receiving, Upload, UploadLimits
from kambin.app.logic.session import Session
from kambin.app.verbs.uploads import UploadVerbs
from kambin.core import KambinError, RequestError


def _came(parent: Path) -> Upload:
    with Receiving(parent, UploadLimits(free_bytes=0)) as receiving:
        receiving.place("labels", "seg.nii").write_bytes(b"x")
        return receiving.finish()


@pytest.fixture
def started() -> list[Any]:
    return []


@pytest.fixture
def verbs(started: list[Any]) -> UploadVerbs:
    bench: Any = SimpleNamespace(session=Session(), jobs=SimpleNamespace(start=started.append))
    return UploadVerbs(bench)


def test_what_came_is_made_a_case_once(
    verbs: UploadVerbs, started: list[Any], tmp_path: Path
) -> None:
    upload = _came(tmp_path)
    verbs._keep(upload)
    verbs.upload_make(str(tmp_path / "case"))
    assert [task.title for task in started] == ["importing"]
    with pytest.raises(RequestError):
        verbs.upload_make(str(tmp_path / "other"))
    # it lies there until the task is done with it
    assert upload.folder.is_dir()


def test_without_files_there_is_nothing_to_make(verbs: UploadVerbs, tmp_path: Path) -> None:
    with pytest.raises(RequestError) as caught:
        verbs.upload_make(str(tmp_path / "case"))
    assert caught.value.code == "RQ-181"


def test_a_newer_upload_takes_the_place_of_the_one_that_waits(
    verbs: UploadVerbs, tmp_path: Path
) -> None:
    first, second = _came(tmp_path), _came(tmp_path)
    verbs._keep(first)
    verbs._keep(second)
    assert not first.folder.exists()
    assert second.folder.is_dir()


def test_a_name_that_cannot_be_used_leaves_the_files_waiting(
    verbs: UploadVerbs, started: list[Any], tmp_path: Path
) -> None:
    verbs._keep(_came(tmp_path))
    for name in ("", "a\0b", str(tmp_path)):
        with pytest.raises(KambinError):
            verbs.upload_make(name)
    verbs.upload_make(str(tmp_path / "case"))
    assert len(started) == 1
