"""What one ``--labels`` names: the evidence for each name, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from kambin.anatomy import StructureKey
from kambin.core import InputError
from kambin.exchange import nifti_bytes, read_dialects
from kambin.exchange.sources import LabelSource, read_mask, read_sources
from kambin.imaging import LabelMap

SHAPE = (10, 10, 10)


def write_labels(file: Path, *labels: int) -> Path:
    """A label map with one voxel of each label."""
    values = np.zeros(SHAPE, np.uint16)
    values.ravel()[: len(labels)] = labels
    small = values.astype(np.uint8) if max(labels, default=0) < 256 else values
    label_map = LabelMap(small, np.diag([4.0, 4.0, 4.0, 1.0]), "patient")
    file.write_bytes(nifti_bytes(label_map))
    return file


def write_words(file: Path, words: dict[int, str]) -> Path:
    file.write_text(json.dumps({str(value): word for value, word in words.items()}))
    return file


def named(source: LabelSource) -> dict[int, str]:
    return {value: str(key) for value, key in source.names.items()}


def test_a_sidecar_of_its_own_name_is_for_the_file(tmp_path: Path) -> None:
    file = write_labels(tmp_path / "seg.nii.gz", 1, 2)
    write_words(tmp_path / "seg.json", {1: "left kidney", 2: "hip_right", 3: "not there"})
    (source,) = read_sources(file, "auto")
    assert named(source) == {1: "kidney:left", 2: "ilium:right"}
    assert (source.dialect, source.format, source.where) == ("sidecar", "nifti", "seg.nii.gz")


def test_its_own_sidecar_wins_over_that_of_the_folder(tmp_path: Path) -> None:
    file = write_labels(tmp_path / "seg.nii.gz", 1, 2)
    write_words(tmp_path / "seg.json", {1: "aorta", 2: "spleen"})
    write_words(tmp_path / "labels.json", {1: "liver", 2: "colon"})
    assert named(read_sources(file, "auto")[0]) == {1: "aorta", 2: "spleen"}


def test_keys_of_our_own_in_a_sidecar_are_our_dialect(tmp_path: Path) -> None:
    file = write_labels(tmp_path / "seg.nii.gz", 7, 9)
    write_words(tmp_path / "seg.json", {7: "sap:L5:left", 9: "vertebra:L5"})
    (source,) = read_sources(file, "auto")
    assert source.dialect == "kambin"
    assert named(source) == {7: "sap:L5:left", 9: "vertebra:L5"}


@pytest.mark.parametrize("dialect", ["sidecar", "kambin"])
def test_a_sidecar_may_be_asked_for(tmp_path: Path, dialect: str) -> None:
    file = write_labels(tmp_path / "seg.nii.gz", 7)
    write_words(tmp_path / "labels.json", {7: "vertebra:L5"})
    assert named(read_sources(file, dialect)[0]) == {7: "vertebra:L5"}


def test_labels_that_the_sidecar_does_not_name_are_refused(tmp_path: Path) -> None:
    file = write_labels(tmp_path / "seg.nii.gz", 1, 2, 3)
    write_words(tmp_path / "seg.json", {1: "aorta"})
    with pytest.raises(InputError, match=r"IN-017.*The labels 2, 3 have no name in sidecar"):
        read_sources(file, "auto")


def test_many_labels_without_a_name_are_counted(tmp_path: Path) -> None:
    file = write_labels(tmp_path / "seg.nii.gz", *range(1, 21))
    write_words(tmp_path / "seg.json", {1: "aorta"})
    with pytest.raises(InputError, match=r"IN-017.*2, 3, 4.*and 7 more"):
        read_sources(file, "auto")


@pytest.mark.parametrize("dialect", ["embedded", "masks", "sidecar", "kambin"])
def test_evidence_that_is_asked_for_and_not_there_is_refused(tmp_path: Path, dialect: str) -> None:
    file = write_labels(tmp_path / "seg.nii.gz", 1, 2)
    with pytest.raises(InputError, match=rf"IN-017.*{dialect} was asked for"):
        read_sources(file, dialect)


def test_the_word_of_a_dialect_may_be_written_large(tmp_path: Path) -> None:
    file = write_labels(tmp_path / "seg.nii.gz", 27, 28)
    assert read_sources(file, "TotalSegmentator")[0].dialect == "totalsegmentator"


def test_labels_a_tool_writes_and_we_do_not_use_are_unknown(tmp_path: Path) -> None:
    table = read_dialects()["totalspineseg"]
    spare = min(table.values - set(table.names))
    file = write_labels(tmp_path / "seg.nii.gz", 45, spare)
    (source,) = read_sources(file, "totalspineseg")
    assert source.unknown == {spare: f"label {spare}"}
    assert named(source) == {45: "vertebra:L5"}


def test_two_names_for_one_structure_are_refused_with_both_labels(tmp_path: Path) -> None:
    file = write_labels(tmp_path / "seg.nii.gz", 3, 8)
    write_words(tmp_path / "seg.json", {3: "vertebrae_L5", 8: "L5"})
    with pytest.raises(InputError, match=r"IN-018.*Labels 3 and 8 both mean vertebra:L5"):
        read_sources(file, "auto")


def test_two_unknown_names_may_be_alike(tmp_path: Path) -> None:
    file = write_labels(tmp_path / "seg.nii.gz", 1, 3, 8)
    write_words(tmp_path / "seg.json", {1: "L5", 3: "blob", 8: "blob"})
    assert read_sources(file, "auto")[0].unknown == {3: "blob", 8: "blob"}


def test_an_empty_label_map_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"IN-024.*seg.nii.gz"):
        read_sources(write_labels(tmp_path / "seg.nii.gz"), "auto")


def test_values_that_no_table_has_are_ambiguous(tmp_path: Path) -> None:
    file = write_labels(tmp_path / "seg.nii.gz", 60_000, 60_001)
    with pytest.raises(InputError, match=r"IN-015.*no table that is known"):
        read_sources(file, "auto")


def test_a_file_whose_name_holds_an_equals_sign_is_a_file(tmp_path: Path) -> None:
    file = write_labels(tmp_path / "seg.nii.gz", 1)
    strange = file.rename(tmp_path / "skin=1.nii.gz")
    with pytest.raises(InputError, match="IN-015"):
        read_sources(strange, "auto")
    (source,) = read_sources(f"skin={strange}", "auto")
    assert named(source) == {1: "skin"}


@pytest.mark.parametrize(
    ("name", "key"),
    [("fragment", "fragment"), ("disc_L4-L5", "disc:L4-L5"), ("exiting_root:L4:left",) * 2],
)
def test_a_mask_takes_the_name_before_the_equals_sign(tmp_path: Path, name: str, key: str) -> None:
    file = write_labels(tmp_path / "anything.nii.gz", 255)
    (source,) = read_sources(f"{name}={file}", "auto")
    assert named(source) == {255: key}
    assert source.dialect == "masks"


def test_a_name_before_the_equals_sign_must_be_known(tmp_path: Path) -> None:
    file = write_labels(tmp_path / "x.nii.gz", 1)
    with pytest.raises(InputError, match=r"IN-022.*--labels wart=\.\.\."):
        read_sources(f"wart={file}", "auto")


def test_a_mask_that_is_not_there_is_told_by_the_reader(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="IN-001"):
        read_sources(f"skin={tmp_path / 'none.nii'}", "auto")


def test_a_mask_of_several_labels_is_refused_with_its_structure(tmp_path: Path) -> None:
    file = write_labels(tmp_path / "x.nii.gz", 1, 2)
    with pytest.raises(InputError, match=r"IN-026.*skin alone, but has the labels 1, 2"):
        read_mask(file, StructureKey("skin"))


def test_a_mask_of_zeros_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="IN-024"):
        read_mask(write_labels(tmp_path / "x.nii.gz"), StructureKey("skin"))


def test_a_folder_gives_a_source_per_mask_and_leaves_empty_ones_out(tmp_path: Path) -> None:
    write_labels(tmp_path / "skin.nii.gz", 1)
    write_labels(tmp_path / "vertebrae_L5.nii.gz", 1)
    write_labels(tmp_path / "liver.nii.gz")
    write_labels(tmp_path / "notes.nii.gz", 4)
    (tmp_path / "readme.txt").write_text("x")
    bone, skin = read_sources(tmp_path, "auto")
    assert [named(bone), named(skin)] == [{1: "vertebra:L5"}, {1: "skin"}]
    assert bone.unknown == {-2: "notes"}
    assert skin.unknown == {}


def test_a_folder_whose_masks_are_all_empty_is_refused(tmp_path: Path) -> None:
    write_labels(tmp_path / "liver.nii.gz")
    with pytest.raises(InputError, match="IN-024"):
        read_sources(tmp_path, "auto")


@pytest.mark.parametrize("files", [[], ["one.nii.gz"], ["one.nii.gz", "two.nii.gz"]])
def test_a_folder_without_a_known_name_is_refused(tmp_path: Path, files: list[str]) -> None:
    for name in files:
        write_labels(tmp_path / name, 1)
    with pytest.raises(InputError, match=rf"IN-027.*None of its {len(files)} image files"):
        read_sources(tmp_path, "auto")
