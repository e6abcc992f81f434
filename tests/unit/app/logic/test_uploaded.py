"""Files that came over the page become a case, or nothing at all (W-10)."""

from pathlib import Path

import numpy as np
import pytest
from tests.fault.made_files import NAMES, save, spine_image, spine_labels
from tests.unit.app.logic.made_session import NoonClock

from kambin.app.guard.uploads import Receiving, Upload, UploadLimits
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import run_now
from kambin.app.logic.uploaded import upload_task, upload_wish
from kambin.core import InputError, StoreError

SMALL = UploadLimits(free_bytes=0)


@pytest.fixture
def session() -> Session:
    return Session(clock=NoonClock())


def _received(parent: Path, *files: tuple[str, str, bytes]) -> Upload:
    with Receiving(parent, SMALL) as receiving:
        for role, name, data in files:
            receiving.place(role, name).write_bytes(data)
        return receiving.finish()


def _nifti(folder: Path, values: np.ndarray) -> bytes:
    return save(folder / "made.nii", values).read_bytes()


def _masks(folder: Path) -> list[tuple[str, str, bytes]]:
    labels = spine_labels()
    return [
        ("mask", f"{name}.nii", _nifti(folder, (labels == value).astype(np.uint8)))
        for value, name in NAMES.items()
    ]


def test_an_image_and_masks_become_the_case_that_is_open(session: Session, tmp_path: Path) -> None:
    image = ("image", "MEIER^HANS.nii", _nifti(tmp_path, spine_image()))
    upload = _received(tmp_path, image, *_masks(tmp_path))
    run_now(upload_task(session, upload, tmp_path / "case"))
    assert session.folder == tmp_path / "case"
    assert session.checked is not None
    assert {"vertebra:L4", "vertebra:L5", "sacrum"} <= set(
        map(str, session.checked.case.names.values())
    )
    assert not upload.folder.exists()
    kept = b"".join(f.read_bytes() for f in (tmp_path / "case").rglob("*") if f.is_file())
    assert b"MEIER" not in kept


def test_what_cannot_be_imported_leaves_neither_case_nor_files(
    session: Session, tmp_path: Path
) -> None:
    upload = _received(tmp_path, ("image", "a.nii", b"no image"), *_masks(tmp_path))
    task = upload_task(session, upload, tmp_path / "case")
    with pytest.raises(InputError):
        run_now(task)
    assert session.folder is None
    assert not (tmp_path / "case").exists()
    assert not upload.folder.exists()


def test_a_folder_that_is_there_is_kept_and_the_files_wait(
    session: Session, tmp_path: Path
) -> None:
    (tmp_path / "case").mkdir()
    (tmp_path / "case" / "mine.txt").write_text("mine")
    upload = _received(tmp_path, *_masks(tmp_path))
    with pytest.raises(StoreError) as caught:
        upload_task(session, upload, tmp_path / "case")
    assert caught.value.code == "ST-002"
    assert upload.folder.is_dir()


def test_one_image_is_a_file_and_several_are_a_series(tmp_path: Path) -> None:
    labels = ("labels", "seg.nii", b"x")
    one = _received(tmp_path, ("image", "ct.nii.gz", b"x"), labels)
    assert upload_wish(one).image == one.of("image")[0].path
    several = _received(tmp_path, ("image", "1.dcm", b"x"), ("image", "2.dcm", b"x"), labels)
    assert upload_wish(several).image == several.folder / "image"
    none = _received(tmp_path, labels, ("fragment", "hernia.nii", b"x"))
    assert upload_wish(none).image is None
    assert upload_wish(none).fragment == none.of("fragment")[0].path
    assert upload_wish(none).labels == (none.of("labels")[0].path,)


def test_a_mask_says_its_structure_and_nothing_else(tmp_path: Path) -> None:
    upload = _received(tmp_path, ("mask", "C:\\out/vertebrae_L4.nii.gz", b"x"))
    (given,) = upload_wish(upload).labels
    name, _, path = str(given).partition("=")
    assert name == "vertebrae_L4"
    assert Path(path) == upload.files[0].path


@pytest.mark.parametrize("name", ["", ".nii", "a b.nii", "x=passwd", "..", "a.b.nii", "é.nii"])
def test_a_mask_without_a_structure_is_not_accepted(tmp_path: Path, name: str) -> None:
    upload = _received(tmp_path, ("mask", name, b"x"))
    with pytest.raises(InputError) as caught:
        upload_wish(upload)
    assert caught.value.code == "IN-121"


def test_an_image_alone_is_not_accepted(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        upload_wish(_received(tmp_path, ("image", "ct.nii", b"x")))
    assert caught.value.code == "IN-121"
