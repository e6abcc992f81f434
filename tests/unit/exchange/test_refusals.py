"""Every refusal of the readers, called directly: one raise, one test."""

from pathlib import Path

import numpy as np
import pytest
from tests.fault.made_files import (
    DATATYPE,
    DIM,
    L4,
    PIXDIM,
    QFORM_CODE,
    SFORM_CODE,
    SROW,
    UNITS,
    poke,
    ras_affine,
    save,
    save_spine,
    spine_image,
    spine_labels,
)

from kambin.anatomy import StructureKey
from kambin.core import InputError, StoreError
from kambin.exchange import PATIENT_FRAME, import_case, read_label_map, read_volume, require_free
from kambin.exchange.geometry import require_geometry
from kambin.exchange.plausibility import (
    require_bone_in_tissue,
    require_lumbar_spine,
    require_vertebra_size,
    settle_missing_values,
)
from kambin.imaging import LabelMap, Volume

NAMES = {L4: StructureKey("vertebra", "L4")}


def _affine(spacing_mm: float = 4.0) -> np.ndarray:
    return np.diag([spacing_mm] * 3 + [1.0])


def _labels(spacing_mm: float = 4.0) -> LabelMap:
    return LabelMap(spine_labels(), _affine(spacing_mm), PATIENT_FRAME)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A good image."""
    return save_spine(tmp_path)[0]


@pytest.mark.parametrize(
    ("offset", "form", "numbers", "code"),
    [
        (SROW + 4, "f", (2.0,), "IN-008"),
        (SROW, "f", (np.nan,), "IN-009"),
        (SROW, "4f", (0.0, 0.0, 0.0, 0.0), "IN-009"),
        (PIXDIM + 8, "f", (7.0,), "IN-007"),
        (UNITS, "B", (5,), "IN-003"),
        (DIM, "8h", (3, 3000, 3000, 3000, 1, 1, 1, 1), "IN-004"),
        (DIM, "8h", (4, 24, 22, 26, 2, 1, 1, 1), "IN-005"),
        (DATATYPE, "h", (2304,), "IN-005"),
        (DATATYPE, "h", (77,), "IN-003"),
        (DIM + 6, "h", (27,), "IN-002"),
        (DIM + 6, "h", (25,), "IN-002"),
    ],
)
def test_one_wrong_number_in_the_header(
    image: Path, offset: int, form: str, numbers: tuple[float, ...], code: str
) -> None:
    poke(image, offset, form, *numbers)
    with pytest.raises(InputError, match=code):
        read_volume(image)


def test_no_orientation(image: Path) -> None:
    poke(poke(image, QFORM_CODE, "h", 0), SFORM_CODE, "h", 0)
    with pytest.raises(InputError, match="IN-006"):
        read_volume(image)


def test_two_places(image: Path) -> None:
    poke(image, QFORM_CODE, "h", 1)
    poke(image, QFORM_CODE + 16, "f", 100.0)
    with pytest.raises(InputError, match=r"IN-007.*voxels apart"):
        read_volume(image)


def test_an_image_is_no_label_map(image: Path) -> None:
    with pytest.raises(InputError, match=r"IN-016.*-1000"):
        read_label_map(image)


def test_labels_beyond_sixteen_bits(tmp_path: Path) -> None:
    file = save(tmp_path / "seg.nii", spine_labels().astype(np.int32) + 70_000)
    with pytest.raises(InputError, match=r"IN-016.*65535"):
        read_label_map(file)


def test_a_label_that_is_infinite(tmp_path: Path) -> None:
    values = spine_labels().astype(np.float32)
    values[1, 2, 3] = np.inf
    with pytest.raises(InputError, match=r"IN-016.*\(1, 2, 3\)"):
        read_label_map(save(tmp_path / "seg.nii", values))


@pytest.mark.parametrize(
    ("spacing_mm", "shape", "code"),
    [
        (0.01, (9000, 9000, 9000), "IN-009"),
        (20.0, (9, 9, 9), "IN-009"),
        (10.0, (300, 9, 9), "IN-010"),
        (1.0, (20, 90, 90), "IN-025"),
    ],
)
def test_sizes_no_patient_has(spacing_mm: float, shape: tuple[int, int, int], code: str) -> None:
    with pytest.raises(InputError, match=code):
        require_geometry(_affine(spacing_mm), shape, "scan")


def test_two_axes_that_run_the_same_way() -> None:
    affine = _affine()
    affine[:, 1] = affine[:, 0]
    affine[1, 2] = 4.0
    with pytest.raises(InputError, match=r"IN-009.*same way"):
        require_geometry(affine, (9, 9, 9), "scan")


def test_no_lumbar_spine() -> None:
    with pytest.raises(InputError, match=r"IN-019.*vertebra:T5"):
        require_lumbar_spine(_labels(), {L4: StructureKey("vertebra", "T5")})
    with pytest.raises(InputError, match=r"IN-019.*nothing known"):
        require_lumbar_spine(_labels(), {})
    require_lumbar_spine(_labels(), {L4: StructureKey("disc", "L4-L5")})
    require_lumbar_spine(_labels(), {L4: StructureKey("disc", "T12-L1")})


@pytest.mark.parametrize("spacing_mm", [0.4, 12.0])
def test_vertebrae_of_a_wrong_size(spacing_mm: float) -> None:
    with pytest.raises(InputError, match="IN-010"):
        require_vertebra_size(_labels(spacing_mm), NAMES)
    require_vertebra_size(_labels(), NAMES)


def test_bone_in_air() -> None:
    air = Volume(np.full_like(spine_image(), -1000), _affine(), PATIENT_FRAME)
    with pytest.raises(InputError, match=r"IN-013.*100 %"):
        require_bone_in_tissue(air, _labels(), NAMES)
    require_bone_in_tissue(Volume(spine_image(), _affine(), PATIENT_FRAME), _labels(), NAMES)


def test_an_image_without_a_single_value() -> None:
    nothing = np.full(spine_image().shape, np.nan, np.float32)
    with pytest.raises(InputError, match="IN-011"):
        settle_missing_values(Volume(nothing, _affine(), PATIENT_FRAME), _labels(), NAMES)


def test_labels_on_two_grids(tmp_path: Path) -> None:
    _, labels = save_spine(tmp_path)
    other = ras_affine()
    other[1, 3] += 4.0
    mask = save(tmp_path / "kidney_left.nii", (spine_labels() == 0).astype(np.uint8), other)
    with pytest.raises(InputError, match=r"IN-012.*seg.nii.*kidney_left.nii.*1.00 voxels"):
        import_case(labels=[labels, mask], out=tmp_path / "case")


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "case").write_bytes(b"precious")
    with pytest.raises(StoreError, match="ST-002"):
        require_free(tmp_path / "case", force=True)
    assert (tmp_path / "case").read_bytes() == b"precious"
