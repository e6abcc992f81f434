"""Rows G11 to G19 and A06, A07 as far as a reader can tell: values, field of view, grids."""

from pathlib import Path

import numpy as np
import pytest
from tests.e2e.command_line import run_kambin
from tests.fault.made_files import (
    AORTA,
    L4,
    L5,
    SLOPE,
    expect_import_refusal,
    name_labels,
    poke,
    ras_affine,
    save,
    save_spine,
    spine_image,
    spine_labels,
)

from kambin.exchange import find_import_findings, read_case


@pytest.fixture
def spine(tmp_path: Path) -> tuple[Path, Path]:
    """Image and labels of a made spine."""
    return save_spine(tmp_path)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_g15_missing_values_beside_the_spine_stop_the_import(
    spine: tuple[Path, Path], tmp_path: Path, number: float
) -> None:
    image, labels = spine
    values = spine_image().astype(np.float32)
    values[12, 10, 12] = number
    save(image, values)
    expect_import_refusal(
        "IN-011", tmp_path, image, labels, says=("1 voxels", "around (", "beside the vertebrae")
    )


def test_g15_missing_values_far_away_ask_a_person(tmp_path: Path) -> None:
    wide = np.full((24, 60, 26), -1000, np.float32)
    wide[:, :22] = spine_image()
    wide[3, 55, 3] = np.nan
    labels = np.zeros((24, 60, 26), np.uint8)
    labels[:, :22] = spine_labels()
    image, seg = save(tmp_path / "ct.nii", wide), save(tmp_path / "seg.nii", labels)
    name_labels(seg)
    done = run_kambin("import", "-i", image, "--labels", seg, "-o", tmp_path / "case", "--json")
    assert done.code == 0, done.errors
    (finding,) = done.document["findings"]
    assert (finding["code"], finding["severity"]) == ("IN-011", "CONFIRM")
    assert "1 voxels" in finding["why"]
    right, front, up = (ras_affine() @ (3, 55, 3, 1))[:3]
    assert f"around ({-right:.0f}, {-front:.0f}, {up:.0f}) mm LPS" in finding["why"]
    case = read_case(tmp_path / "case")
    assert np.isfinite(case.image.values).all()
    assert [f.code for f in find_import_findings(case)] == ["IN-011"]


def test_g18_a_field_smaller_than_a_vertebra_is_refused(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    _, labels = spine
    save(labels, spine_labels()[8:14])
    expect_import_refusal("IN-025", tmp_path, None, labels, says=("24 x 88 x 104", "30 mm"))


def test_g19_another_part_of_the_body_is_named(spine: tuple[Path, Path], tmp_path: Path) -> None:
    _, labels = spine
    values = spine_labels()
    values[values != AORTA] = 0
    values[2:9, 2:9, 2:9] = 90
    save(labels, values)
    name_labels(labels, {AORTA: "aorta", 90: "brain"})
    expect_import_refusal("IN-019", tmp_path, None, labels, says=("aorta", "brain"))


def test_a06_an_empty_label_map_is_refused(spine: tuple[Path, Path], tmp_path: Path) -> None:
    _, labels = spine
    save(labels, np.zeros_like(spine_labels()))
    expect_import_refusal("IN-024", tmp_path, None, labels, says=("seg.nii",))


def test_a07_another_shape_is_refused_with_both(spine: tuple[Path, Path], tmp_path: Path) -> None:
    image, labels = spine
    save(labels, spine_labels()[:, :, :-2])
    expect_import_refusal("IN-012", tmp_path, image, labels, says=("24 x 22 x 26", "24 x 22 x 24"))


def test_a07_another_place_is_refused_with_the_distance(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    image, labels = spine
    affine = ras_affine()
    affine[2, 3] += 6.0
    save(labels, spine_labels(), affine)
    expect_import_refusal("IN-012", tmp_path, image, labels, says=("1.50 voxels apart",))


def test_a07_another_spacing_is_refused(spine: tuple[Path, Path], tmp_path: Path) -> None:
    image, labels = spine
    save(labels, spine_labels(), ras_affine(3.5))
    expect_import_refusal("IN-012", tmp_path, image, labels, says=("3.5 x 3.5 x 3.5",))


def test_a07_another_storage_order_of_the_same_grid_is_accepted(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    image, labels = spine
    turned = ras_affine()[:, [2, 0, 1, 3]]
    save(labels, spine_labels().transpose(2, 0, 1), turned)
    case = tmp_path / "case"
    assert run_kambin("import", "-i", image, "--labels", labels, "-o", case).code == 0
    bone = read_case(case)
    inside = bone.image.values[np.isin(bone.labels.values, (L4, L5))]
    assert set(inside.tolist()) == {300}


def test_a07_labels_of_another_patient_lie_in_air(spine: tuple[Path, Path], tmp_path: Path) -> None:
    image, labels = spine
    shifted = np.full_like(spine_image(), -1000)
    shifted[:12] = 40
    save(image, shifted)
    expect_import_refusal("IN-013", tmp_path, image, labels, says=("%", "-300 HU"))


def test_labels_stored_as_fractions_are_refused_with_the_voxel(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    _, labels = spine
    values = spine_labels().astype(np.float32)
    values[9, 8, 7] = 25.4
    save(labels, values)
    expect_import_refusal("IN-016", tmp_path, None, labels, says=("25.4", "(9, 8, 7)"))


def test_labels_scaled_by_the_header_are_refused(spine: tuple[Path, Path], tmp_path: Path) -> None:
    _, labels = spine
    poke(labels, SLOPE, "2f", 0.5, 0.2)
    expect_import_refusal("IN-016", tmp_path, None, labels)


def test_negative_labels_are_refused(spine: tuple[Path, Path], tmp_path: Path) -> None:
    _, labels = spine
    save(labels, spine_labels().astype(np.int16) - 1)
    expect_import_refusal("IN-016", tmp_path, None, labels, says=("-1",))


def test_whole_numbers_stored_as_floats_are_labels(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    _, labels = spine
    save(labels, spine_labels().astype(np.float64))
    assert run_kambin("import", "--labels", labels, "-o", tmp_path / "case").code == 0
