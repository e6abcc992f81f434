"""Rows G02, G10, G12, G13, G14 and G20: headers no patient can have."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
from tests.e2e.command_line import run_kambin
from tests.fault.made_files import (
    DATATYPE,
    DIM,
    PIXDIM,
    QFORM_CODE,
    SFORM_CODE,
    SROW,
    UNITS,
    expect_import_refusal,
    poke,
    ras_affine,
    save,
    save_spine,
    spine_image,
    spine_labels,
)

from kambin.exchange import read_case, read_volume


@pytest.fixture
def spine(tmp_path: Path) -> tuple[Path, Path]:
    """Image and labels of a made spine that import without a word."""
    return save_spine(tmp_path)


def test_the_unbroken_spine_is_imported(spine: tuple[Path, Path], tmp_path: Path) -> None:
    image, labels = spine
    done = run_kambin("import", "-i", image, "--labels", labels, "-o", tmp_path / "case")
    assert done.code == 0, done.errors
    assert read_case(tmp_path / "case").image is not None


def test_g02_sheared_affine_is_refused_with_its_angle(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    image, labels = spine
    poke(image, SROW + 4, "f", 0.4 * 4.0)
    expect_import_refusal("IN-008", tmp_path, image, labels, says=("21.80 degrees", "ct.nii"))


def test_g10_metres_are_converted(spine: tuple[Path, Path], tmp_path: Path) -> None:
    image, labels = spine
    in_metres = ras_affine()
    in_metres[:3] *= 0.001
    for path, values in ((image, spine_image()), (labels, spine_labels())):
        save(path, values, in_metres)
        poke(path, UNITS, "B", 1)
    case = tmp_path / "case"
    assert run_kambin("import", "-i", image, "--labels", labels, "-o", case).code == 0
    assert read_case(case).labels.spacing_mm == pytest.approx([4.0] * 3, abs=1e-5)


def test_g10_microns_are_converted(spine: tuple[Path, Path], tmp_path: Path) -> None:
    image, _ = spine
    in_microns = ras_affine()
    in_microns[:3] *= 1000.0
    poke(save(image, spine_image(), in_microns), UNITS, "B", 3)
    volume = read_volume(image)
    assert volume.spacing_mm == pytest.approx([4.0] * 3, abs=1e-5)
    assert volume.lps_from_ijk[2, 3] == pytest.approx(812.5, abs=1e-3)


@pytest.mark.parametrize(("factor", "says"), [(0.1, "mm"), (3.0, "mm")])
def test_g10_undeclared_unit_is_refused_by_the_size_of_the_vertebrae(
    tmp_path: Path, factor: float, says: str
) -> None:
    affine = ras_affine()
    affine[:3] *= factor
    _, labels = save_spine(tmp_path)
    # a larger array keeps the field of view legal, so that only the vertebrae look wrong
    values = np.pad(spine_labels(), 32 if factor < 1.0 else 0)
    save(labels, values, affine)
    expect_import_refusal("IN-010", tmp_path, None, labels, says=("20 to 80", says))


def test_g10_an_image_longer_than_a_patient_is_refused(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    _, labels = spine
    wide = np.zeros((700, 8, 8), np.uint8)
    wide[5, 5, 5] = 28
    save(labels, wide)
    expect_import_refusal("IN-010", tmp_path, None, labels, says=("2800",))


def test_g10_a_nonsense_unit_is_refused(spine: tuple[Path, Path], tmp_path: Path) -> None:
    image, labels = spine
    poke(image, UNITS, "B", 7)
    expect_import_refusal("IN-003", tmp_path, image, labels, says=("unit",))


def test_g12_qform_and_sform_that_mirror_each_other_are_refused(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    image, labels = spine
    loaded = nibabel.load(image)
    mirrored = ras_affine() @ np.diag([-1.0, 1.0, 1.0, 1.0])
    loaded.set_qform(mirrored, code=1)
    loaded.set_sform(ras_affine(), code=1)
    nibabel.save(loaded, tmp_path / "two.nii")
    expect_import_refusal(
        "IN-007", tmp_path, tmp_path / "two.nii", labels, says=("RAS", "LAS", "voxels apart")
    )


def test_g12_a_shifted_qform_is_refused_with_the_distance(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    image, labels = spine
    loaded = nibabel.load(image)
    shifted = ras_affine()
    shifted[0, 3] += 8.0
    loaded.set_qform(shifted, code=1)
    loaded.set_sform(ras_affine(), code=1)
    nibabel.save(loaded, tmp_path / "two.nii")
    expect_import_refusal("IN-007", tmp_path, tmp_path / "two.nii", labels, says=("2.0 voxels",))


def test_g12_pixdim_against_sform_is_refused(spine: tuple[Path, Path], tmp_path: Path) -> None:
    image, labels = spine
    poke(image, PIXDIM + 4, "f", 1.0)
    expect_import_refusal("IN-007", tmp_path, image, labels, says=("pixdim",))


def test_g12_a_broken_qform_beside_a_good_sform_is_refused(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    image, labels = spine
    poke(image, QFORM_CODE, "h", 1)
    poke(image, QFORM_CODE + 4, "3f", np.nan, 0.0, 0.0)
    expect_import_refusal("IN-007", tmp_path, image, labels)


def test_g13_no_orientation_is_refused(spine: tuple[Path, Path], tmp_path: Path) -> None:
    image, labels = spine
    poke(poke(image, QFORM_CODE, "h", 0), SFORM_CODE, "h", 0)
    expect_import_refusal("IN-006", tmp_path, image, labels, says=("qform", "ct.nii"))


@pytest.mark.parametrize(
    ("offset", "form", "numbers", "says"),
    [
        (SROW, "f", (np.nan,), "x row"),
        (SROW + 16, "4f", (0.0, 0.0, 0.0, 0.0), "y row"),
        (SROW + 32, "4f", (0.0, 0.0, 0.0, 5.0), "z row"),
        (SROW + 40, "f", (1e30,), "z row"),
        (SROW + 28, "f", (np.inf,), "y row"),
    ],
)
def test_g14_a_broken_row_is_named(
    spine: tuple[Path, Path],
    tmp_path: Path,
    offset: int,
    form: str,
    numbers: tuple[float, ...],
    says: str,
) -> None:
    image, labels = spine
    poke(image, offset, form, *numbers)
    expect_import_refusal("IN-009", tmp_path, image, labels, says=(says,))


def test_g14_a_singular_affine_is_refused(spine: tuple[Path, Path], tmp_path: Path) -> None:
    image, labels = spine
    poke(image, SROW, "12f", 4, 4, 0, 0, 0, 0, 4, 0, 0, 0, 4, 0)
    expect_import_refusal("IN-009", tmp_path, image, labels, says=("singular",))


@pytest.mark.parametrize("spacing", [0.001, 40.0])
def test_g14_impossible_spacing_is_refused(
    spine: tuple[Path, Path], tmp_path: Path, spacing: float
) -> None:
    image, labels = spine
    save(image, spine_image(), ras_affine(spacing))
    expect_import_refusal("IN-009", tmp_path, image, labels, says=(f"{spacing:g}", "0.05 to 12"))


def test_g14_zero_spacing_in_a_qform_is_refused(spine: tuple[Path, Path], tmp_path: Path) -> None:
    image, labels = spine
    poke(poke(image, QFORM_CODE, "h", 1), SFORM_CODE, "h", 0)
    poke(image, PIXDIM + 8, "f", 0.0)
    expect_import_refusal("IN-009", tmp_path, image, labels)


def test_g14_negative_determinant_is_an_axis_flip_and_nothing_else(tmp_path: Path) -> None:
    flipped = ras_affine() @ np.diag([-1.0, 1.0, 1.0, 1.0])
    flipped[0, 3] = ras_affine()[0, 3] + 4.0 * (spine_image().shape[0] - 1)
    one = read_volume(save(tmp_path / "one.nii", spine_image()))
    other = read_volume(save(tmp_path / "other.nii", spine_image()[::-1], flipped))
    assert np.array_equal(one.values, other.values)
    assert np.array_equal(one.lps_from_ijk, other.lps_from_ijk)


@pytest.mark.parametrize(
    ("sizes", "code", "says"),
    [
        ((3, 32000, 32000, 32000), "IN-004", "32000 x 32000 x 32000"),
        ((4, 24, 22, 26, 5), "IN-005", "4 dimensions"),
        ((3, 24, 22, 1), "IN-005", "one slice"),
        ((2, 24, 22), "IN-005", "2 dimensions"),
        ((9, 24, 22, 26), "IN-003", "impossible size"),
        ((3, -5, 22, 26), "IN-003", "impossible size"),
    ],
)
def test_g20_size_is_judged_before_anything_is_allocated(
    spine: tuple[Path, Path], tmp_path: Path, sizes: tuple[int, ...], code: str, says: str
) -> None:
    image, labels = spine
    poke(image, DIM, f"{len(sizes)}h", *sizes)
    expect_import_refusal(code, tmp_path, image, labels, says=(says,))


@pytest.mark.parametrize(
    ("datatype", "code", "says"),
    [(128, "IN-005", "3 values"), (32, "IN-005", "2 values"), (1536, "IN-003", "1536")],
)
def test_g20_colour_and_complex_pictures_are_refused(
    spine: tuple[Path, Path], tmp_path: Path, datatype: int, code: str, says: str
) -> None:
    image, labels = spine
    poke(image, DATATYPE, "h", datatype)
    expect_import_refusal(code, tmp_path, image, labels, says=(says,))


def test_g20_a_trailing_axis_of_one_is_still_one_volume(tmp_path: Path) -> None:
    four = save(tmp_path / "four.nii", spine_image()[..., None])
    assert read_volume(four).shape == spine_image().shape
