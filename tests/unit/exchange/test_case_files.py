"""Case folders and documents: whole or not there, and checked when they are read."""

import errno
import json
import os
import shutil
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from pydantic import BaseModel
from tests.fault.made_files import L4, L5, spine_image, spine_labels

from kambin.anatomy import Case, Confirmation, StructureKey
from kambin.core import StoreError
from kambin.exchange import (
    PATIENT_FRAME,
    hash_case,
    read_case,
    read_case_summary,
    read_confirmations,
    record_confirmation,
    settle_case,
    to_json,
    to_plain,
    write_bytes_atomically,
    write_case,
    write_document,
)
from kambin.imaging import LabelMap, Volume

ANSWER = Confirmation("A. Surgeon", "2026-01-02T03:04:05+00:00", "AN-114", "accepted")


def _affine() -> np.ndarray:
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = (-45.123456, -40.0, 812.5)
    return affine


@pytest.fixture
def case() -> Case:
    """A made spine with its image."""
    return Case(
        Volume(spine_image(), _affine(), PATIENT_FRAME),
        LabelMap(spine_labels(), _affine(), PATIENT_FRAME),
        {L5: StructureKey("vertebra", "L5"), L4: StructureKey("vertebra", "L4")},
        "totalsegmentator",
    )


@pytest.fixture
def folder(case: Case, tmp_path: Path) -> Path:
    """The made spine on disk."""
    return write_case(case, tmp_path / "case")


def test_a_case_comes_back_as_it_was_written(case: Case, folder: Path) -> None:
    back = read_case(folder)
    assert np.array_equal(back.image.values, case.image.values)
    assert np.array_equal(back.labels.values, case.labels.values)
    assert back.names == case.names
    assert list(back.names) == [L5, L4]
    assert back.dialect == case.dialect
    assert np.abs(back.labels.lps_from_ijk - _affine()).max() <= 0.001
    assert back.sha256 == settle_case(case).sha256 == hash_case(back.image, back.labels, back.names)


def test_a_case_says_what_it_is_without_its_arrays(folder: Path, tmp_path: Path) -> None:
    whole = read_case(folder)
    (folder / "image.nii.gz").write_bytes(b"not looked at")
    summary = read_case_summary(folder)
    assert summary.sha256 == whole.sha256
    assert summary.structures == ("vertebra:L4", "vertebra:L5")
    assert summary.shape == whole.labels.shape
    assert summary.spacing_mm == (4.0, 4.0, 4.0)
    assert summary.has_image
    assert summary.findings == ()
    with pytest.raises(StoreError, match="ST-005"):
        read_case_summary(tmp_path)


def test_all_48_storage_orders_are_one_case(case: Case) -> None:
    hashes = set()
    for order, flips in product(permutations(range(3)), product((False, True), repeat=3)):
        image = _reordered(case.image, order, flips)
        labels = _reordered(case.labels, order, flips)
        hashes.add(settle_case(replace(case, image=image, labels=labels)).sha256)
    assert hashes == {settle_case(case).sha256}


def _reordered(
    voxels: Volume | LabelMap, order: tuple[int, ...], flips: tuple[bool, ...]
) -> Volume | LabelMap:
    values, affine = voxels.values.transpose(order), voxels.lps_from_ijk.copy()
    affine[:, :3] = voxels.lps_from_ijk[:, list(order)]
    for axis, flipped in enumerate(flips):
        if flipped:
            values = np.flip(values, axis)
            affine[:, 3] += affine[:, axis] * (values.shape[axis] - 1)
            affine[:, axis] *= -1.0
    return type(voxels)(values, affine, voxels.frame_id)


@pytest.mark.parametrize("change", ["voxel", "label", "name", "place"])
def test_whatever_changes_changes_the_hash(case: Case, change: str) -> None:
    image, labels, names = spine_image(), spine_labels(), dict(case.names)
    affine = _affine()
    if change == "voxel":
        image[3, 3, 3] += 1
    elif change == "label":
        labels[3, 3, 3] = 99
    elif change == "name":
        names[L4], names[L5] = names[L5], names[L4]
    else:
        affine[0, 3] += 0.01
    other = Case(
        Volume(image, affine, PATIENT_FRAME), LabelMap(labels, affine, PATIENT_FRAME), names, "x"
    )
    assert settle_case(other).sha256 != settle_case(case).sha256


def test_types_that_hold_the_same_are_one_case(case: Case) -> None:
    wide = replace(
        case,
        image=Volume(spine_image().astype(np.int32), _affine(), "elsewhere"),
        labels=LabelMap(spine_labels().astype(np.int64), _affine(), "elsewhere"),
    )
    assert settle_case(wide).sha256 == settle_case(case).sha256
    assert settle_case(wide).image.frame_id == PATIENT_FRAME


def test_labels_beyond_a_byte_are_kept(case: Case, tmp_path: Path) -> None:
    values = spine_labels().astype(np.uint16)
    values[values == L4] = 1204
    labels = LabelMap(values, _affine(), PATIENT_FRAME)
    names = {1204: StructureKey("vertebra", "L4")}
    big = replace(case, image=None, labels=labels, names=names)
    assert np.array_equal(read_case(write_case(big, tmp_path / "big")).labels.values, values)


def test_fractional_images_are_kept(case: Case, tmp_path: Path) -> None:
    values = spine_image() + 0.25
    image = Volume(values.astype(np.float64), _affine(), PATIENT_FRAME)
    back = read_case(write_case(replace(case, image=image), tmp_path / "soft"))
    assert np.array_equal(back.image.values, values.astype(np.float32))


def test_two_writes_give_the_same_bytes(case: Case, folder: Path, tmp_path: Path) -> None:
    other = write_case(case, tmp_path / "other")
    for file in sorted(folder.iterdir()):
        assert file.read_bytes() == (other / file.name).read_bytes()


def test_confirmations_travel_with_the_case_and_not_with_its_hash(
    case: Case, tmp_path: Path
) -> None:
    confirmed = replace(case, confirmations=(ANSWER,))
    back = read_case(write_case(confirmed, tmp_path / "case"))
    assert back.confirmations == (ANSWER,)
    assert back.sha256 == settle_case(case).sha256


def test_answers_are_added_and_never_lost(folder: Path) -> None:
    record_confirmation(folder, ANSWER)
    record_confirmation(folder, replace(ANSWER, code="scheme", value="5 lumbar"))
    answers = read_case(folder).confirmations
    assert [a.code for a in answers] == ["AN-114", "scheme"]
    assert read_case(folder).accepted_codes == {"AN-114", "scheme"}


def test_an_answer_needs_a_case(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="ST-005"):
        record_confirmation(tmp_path, ANSWER)


@pytest.mark.parametrize("text", ["{", '{"schema_version": 1}', '{"confirmations": []}'])
def test_damaged_answers_are_refused(folder: Path, text: str) -> None:
    (folder / "confirmations.json").write_text(text)
    with pytest.raises(StoreError, match="ST-005"):
        read_confirmations(folder)


def test_p01_a_changed_label_is_noticed_and_can_still_be_looked_at(folder: Path) -> None:
    before = read_case(folder)
    changed = replace(before, labels=_without(before.labels, L4))
    _overwrite_labels(folder, changed)
    with pytest.raises(StoreError, match="ST-003"):
        read_case(folder)
    assert read_case(folder, verify=False).sha256 not in ("", before.sha256)


def _without(labels: LabelMap, value: int) -> LabelMap:
    values = np.where(labels.values == value, 0, labels.values).astype(np.uint8)
    return LabelMap(values, labels.lps_from_ijk, labels.frame_id)


def _overwrite_labels(folder: Path, changed: Case) -> None:
    other = write_case(changed, folder.with_name("changed"))
    shutil.copy(other / "labels.nii.gz", folder / "labels.nii.gz")


def test_p01_changed_names_are_noticed(folder: Path) -> None:
    file = folder / "case.json"
    file.write_text(file.read_text().replace("vertebra:L4", "vertebra:L3"))
    with pytest.raises(StoreError, match="ST-003"):
        read_case(folder)


def test_p01_a_moved_array_is_noticed(folder: Path, case: Case) -> None:
    moved = _affine()
    moved[0, 3] += 8.0
    labels = LabelMap(case.labels.values, moved, PATIENT_FRAME)
    _overwrite_labels(folder, replace(case, labels=labels))
    with pytest.raises(StoreError, match="ST-003"):
        read_case(folder)


def test_p02_a_newer_case_is_refused(folder: Path) -> None:
    file = folder / "case.json"
    file.write_text(file.read_text().replace('"schema_version": 1', '"schema_version": 99'))
    with pytest.raises(StoreError, match=r"ST-004.*99"):
        read_case(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema_version": "1"}', "\x00"])
def test_a_damaged_case_file_is_refused(folder: Path, text: str) -> None:
    (folder / "case.json").write_text(text)
    with pytest.raises(StoreError, match="ST-005"):
        read_case(folder)


@pytest.mark.parametrize("name", ["labels", "image", "names", "dialect", "sha256"])
def test_an_incomplete_case_file_is_refused(folder: Path, name: str) -> None:
    document = json.loads((folder / "case.json").read_text())
    del document[name]
    (folder / "case.json").write_text(json.dumps(document))
    with pytest.raises(StoreError, match=rf"ST-005.*{name}"):
        read_case(folder)


def test_a_folder_without_case_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="ST-005"):
        read_case(tmp_path / "nowhere")


def test_a_lost_array_is_named(folder: Path) -> None:
    (folder / "labels.nii.gz").unlink()
    with pytest.raises(StoreError, match=r"ST-005.*labels.nii.gz"):
        read_case(folder)


def test_a_path_in_the_case_file_does_not_lead_out(folder: Path) -> None:
    file = folder / "case.json"
    file.write_text(file.read_text().replace("labels.nii.gz", "../../labels.nii.gz"))
    with pytest.raises(StoreError, match=r"ST-005.*outside"):
        read_case(folder)


def test_an_existing_case_needs_force(case: Case, folder: Path) -> None:
    with pytest.raises(StoreError, match="ST-002"):
        write_case(case, folder)
    write_case(case, folder, force=True)
    assert read_case(folder).names == case.names


def test_an_empty_folder_is_free(case: Case, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    assert read_case(write_case(case, tmp_path / "new")).names == case.names


@pytest.mark.parametrize("step", ["write", "rename"])
def test_r02_a_full_disk_leaves_the_old_case_whole(
    case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    _break_disk(monkeypatch, step, folder)
    with pytest.raises(StoreError, match=r"ST-001.*No space left"):
        write_case(replace(case, image=None), folder, force=True)
    monkeypatch.undo()
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert not list(folder.parent.glob(".case*"))


KILLED = 2**22 + 1
"""A process number no system gives."""


def test_r01_a_process_killed_before_the_new_case_was_whole_changes_nothing(
    case: Case, folder: Path
) -> None:
    half = folder.with_name(f".case.{KILLED}.part")
    half.mkdir()
    (half / "labels.nii.gz").write_bytes(b"half")
    assert read_case(folder).names == case.names
    write_case(case, folder, force=True)
    assert not half.exists()


def test_r01_a_process_killed_between_two_names_loses_nothing(case: Case, folder: Path) -> None:
    former = folder.rename(folder.with_name(f".case.{KILLED}.old"))
    assert read_case(folder).names == case.names
    assert not former.exists()
    folder.rename(former)
    with pytest.raises(StoreError, match="ST-002"):
        write_case(case, folder)
    assert read_case(folder).names == case.names


def test_r01_what_is_no_case_is_not_taken_for_the_lost_one(tmp_path: Path) -> None:
    (tmp_path / f".case.{KILLED}.old").mkdir()
    with pytest.raises(StoreError, match="ST-005"):
        read_case(tmp_path / "case")


def test_what_a_running_process_writes_is_left_alone(case: Case, folder: Path) -> None:
    other = folder.with_name(f".case.{os.getppid()}.part")
    other.mkdir()
    write_case(case, folder, force=True)
    assert other.is_dir()


def _break_disk(monkeypatch: pytest.MonkeyPatch, step: str, folder: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    rename = Path.rename

    def refuse(*_: object) -> None:
        raise full

    def refuse_new(self: Path, target: Path) -> Path:
        if self.name.endswith(".part"):
            raise full
        return rename(self, target)

    if step == "write":
        monkeypatch.setattr(os, "fsync", refuse)
    else:
        monkeypatch.setattr(Path, "rename", refuse_new)


def test_r02_a_full_disk_leaves_the_old_document_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "plan.json"
    write_document({"a": 1}, file)
    _break_disk(monkeypatch, "write", tmp_path)
    with pytest.raises(StoreError, match="ST-001"):
        write_document({"a": 2}, file)
    assert file.read_text() == '{\n "a": 1\n}\n'
    assert os.listdir(tmp_path) == ["plan.json"]  # noqa: PTH208 - names hidden from glob too


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="ST-001"):
        write_bytes_atomically(tmp_path / "file" / "plan.json", b"x")


class _Colour(StrEnum):
    RED = "red"


class _Model(BaseModel):
    depth_mm: float = 0.1 + 0.2


@dataclass(frozen=True)
class _Part:
    point_lps_mm: np.ndarray
    model: _Model


def test_documents_are_sorted_rounded_and_without_nan() -> None:
    part = _Part(np.array([1.0 / 3.0, -0.0, np.nan]), _Model())
    document = {"b": part, "a": {_Colour.RED: {2, 1}}, "c": (np.float32(np.inf), np.int64(3), True)}
    assert json.loads(to_json(document)) == {
        "a": {"red": [1, 2]},
        "b": {"point_lps_mm": [0.333333, 0.0, None], "model": {"depth_mm": 0.3}},
        "c": [None, 3, True],
    }
    assert to_json(document).index('"a"') < to_json(document).index('"b"')
    assert "-0.0" not in to_json(document)
    assert to_json(document).endswith("}\n")


def test_what_json_does_not_know_is_written_as_text() -> None:
    assert to_plain({"key": StructureKey("vertebra", "L4"), "path": Path("a/b"), "none": None}) == {
        "key": {"kind": "vertebra", "place": "L4", "side": None},
        "path": "a/b",
        "none": None,
    }
