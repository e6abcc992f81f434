"""Our readers and our writer against nibabel and SimpleITK, voxel by voxel and mm by mm."""

from itertools import permutations, product
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from kambin.core import InputError
from kambin.exchange import PATIENT_FRAME, nifti_bytes, read_label_map, read_volume
from kambin.exchange.reading import read_raster
from kambin.imaging import LabelMap, Volume

LPS_FROM_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
SHARED_FILES = (
    "atlas_vhp_male/vhp_male_lumbar_labels_1mm.nii.gz",
    "ct_l3_patch_subregions/sub-ct_label-22_ct.nii.gz",
    "ct_ts_abdopelvis_3mm/ct.nii.gz",
    "ct_ts_abdopelvis_3mm/labels_totalseg117.nii.gz",
    "ct_ts_dicom_j2k_T11T12/labels_totalseg117.nii.gz",
    "mask_verse004/sub-verse004_seg-vert_msk.nii.gz",
    "mr_t2_ivd11/ivd_11_t.nii.gz",
    "mr_t2_lumbar_1mm_unlabelled/t2_lumbar.nii.gz",
)


def _by_nibabel(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    image = nibabel.load(path)
    return np.asarray(image.dataobj, dtype=np.float64), LPS_FROM_RAS @ image.affine


def _by_itk(path: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    image = SimpleITK.ReadImage(str(path))
    values = SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0).astype(np.float64)
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return values, affine


def _ramp(shape: tuple[int, int, int] = (13, 11, 12)) -> NDArray[np.int16]:
    """Return an array in which every voxel has its own value."""
    return (np.arange(np.prod(shape)).reshape(shape) - 700).astype(np.int16)


def _oblique(spacing: tuple[float, float, float] = (3.0, 4.0, 5.0)) -> NDArray[np.float64]:
    """Return an oblique but orthogonal LPS affine."""
    a, b = np.radians(17.0), np.radians(-8.0)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    nod = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    affine = np.eye(4)
    affine[:3, :3] = turn @ nod * spacing
    affine[:3, 3] = (-31.25, 12.5, 900.75)
    return affine


def _itk_image(values: NDArray[np.generic], affine: NDArray[np.float64]) -> SimpleITK.Image:
    image = SimpleITK.GetImageFromArray(np.ascontiguousarray(values.transpose(2, 1, 0)))
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetDirection((affine[:3, :3] / spacing).ravel().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    return image


@pytest.mark.parametrize("name", SHARED_FILES)
def test_real_files_read_as_nibabel_reads_them(shared_data: Path, name: str) -> None:
    raster = read_raster(shared_data / name)
    values, affine = _by_nibabel(shared_data / name)
    assert np.array_equal(raster.values, values)
    assert np.abs(raster.lps_from_ijk - affine).max() < 1e-4


@pytest.mark.parametrize("name", SHARED_FILES[1:5])
def test_real_files_read_as_simpleitk_reads_them(shared_data: Path, name: str) -> None:
    raster = read_raster(shared_data / name)
    values, affine = _by_itk(shared_data / name)
    assert np.array_equal(raster.values, values)
    assert np.abs(raster.lps_from_ijk - affine).max() < 1e-3


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("compress", [False, True])
def test_every_format_holds_the_same_patient(tmp_path: Path, suffix: str, compress: bool) -> None:
    path = tmp_path / f"image{suffix}"
    SimpleITK.WriteImage(_itk_image(_ramp(), _oblique()), str(path), compress)
    raster = read_raster(path)
    assert np.array_equal(raster.values, _ramp())
    assert np.abs(raster.lps_from_ijk - _oblique()).max() < 1e-4
    itk_values, itk_affine = _by_itk(path)
    assert np.array_equal(raster.values, itk_values)
    assert np.abs(raster.lps_from_ijk - itk_affine).max() < 1e-4


@pytest.mark.parametrize("dtype", ["u1", "i2", "u2", "i4", "u4", "f4", "f8"])
@pytest.mark.parametrize("suffix", [".nii", ".nrrd", ".mha"])
def test_every_voxel_type_is_read(tmp_path: Path, suffix: str, dtype: str) -> None:
    values = np.abs(_ramp()).clip(0, 200).astype(dtype)
    path = tmp_path / f"image{suffix}"
    SimpleITK.WriteImage(_itk_image(values, _oblique()), str(path))
    raster = read_raster(path)
    assert np.array_equal(raster.values, values)
    assert raster.values.dtype == np.dtype(dtype)


@pytest.mark.parametrize("dtype", ["i1", "i8", "u8"])
def test_types_that_only_nibabel_writes_are_read(tmp_path: Path, dtype: str) -> None:
    values = np.abs(_ramp()).clip(0, 100).astype(dtype)
    image = nibabel.Nifti1Image(values, LPS_FROM_RAS @ _oblique(), dtype=dtype)
    nibabel.save(image, tmp_path / "image.nii")
    assert np.array_equal(read_raster(tmp_path / "image.nii").values, values)


@pytest.mark.parametrize("kind", [nibabel.Nifti1Image, nibabel.Nifti2Image])
@pytest.mark.parametrize("endian", ["<", ">"])
def test_both_versions_and_byte_orders_are_read(
    tmp_path: Path, kind: type[nibabel.Nifti1Image], endian: str
) -> None:
    ras = LPS_FROM_RAS @ _oblique()
    header = kind.header_class(endianness=endian)
    image = kind(_ramp(), ras, header.as_byteswapped(endian))
    image.header.set_xyzt_units("mm")
    nibabel.save(image, tmp_path / "image.nii.gz")
    raster = read_raster(tmp_path / "image.nii.gz")
    assert np.array_equal(raster.values, _ramp())
    assert np.abs(raster.lps_from_ijk - _oblique()).max() < 1e-4


def test_a_qform_alone_is_read_as_both_libraries_read_it(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(_ramp(), None)
    image.set_qform(LPS_FROM_RAS @ _oblique(), code=1)
    image.set_sform(None, code=0)
    nibabel.save(image, tmp_path / "image.nii")
    raster = read_raster(tmp_path / "image.nii")
    for read in (_by_nibabel, _by_itk):
        assert np.abs(raster.lps_from_ijk - read(tmp_path / "image.nii")[1]).max() < 1e-3


def test_a_left_handed_qform_is_read_as_nibabel_reads_it(tmp_path: Path) -> None:
    mirrored = LPS_FROM_RAS @ _oblique() @ np.diag([-1.0, 1.0, 1.0, 1.0])
    image = nibabel.Nifti1Image(_ramp(), None)
    image.set_qform(mirrored, code=1)
    image.set_sform(None, code=0)
    nibabel.save(image, tmp_path / "image.nii")
    assert np.linalg.det(mirrored[:3, :3]) < 0
    found = read_raster(tmp_path / "image.nii").lps_from_ijk
    assert np.abs(found - _by_nibabel(tmp_path / "image.nii")[1]).max() < 1e-4


def test_scaled_values_are_nibabel_s(tmp_path: Path) -> None:
    image = nibabel.Nifti1Image(_ramp(), LPS_FROM_RAS @ _oblique())
    image.header.set_slope_inter(0.5, -1024.0)
    nibabel.save(image, tmp_path / "image.nii")
    stored = nibabel.load(tmp_path / "image.nii")
    assert stored.dataobj.slope == 0.5
    raster = read_raster(tmp_path / "image.nii")
    assert np.allclose(raster.values, np.asarray(stored.dataobj), atol=1e-3)


@pytest.mark.parametrize(("space", "signs"), [("RAS", (-1, -1, 1)), ("LAS", (1, -1, 1))])
def test_nrrd_spaces_are_turned_to_lps_as_simpleitk_does(
    tmp_path: Path, space: str, signs: tuple[int, int, int]
) -> None:
    path = tmp_path / "image.nrrd"
    SimpleITK.WriteImage(_itk_image(_ramp(), _oblique()), str(path), False)
    words = {
        "RAS": b"space: right-anterior-superior",
        "LAS": b"space: left-anterior-superior",
    }
    path.write_bytes(path.read_bytes().replace(b"space: left-posterior-superior", words[space]))
    expected = np.diag([*signs, 1.0]) @ _oblique()
    found = read_raster(path).lps_from_ijk
    assert np.abs(found - expected).max() < 1e-4
    assert np.abs(found - _by_itk(path)[1]).max() < 1e-4


def test_what_we_write_both_libraries_read(tmp_path: Path) -> None:
    volume = Volume(_ramp(), _oblique(), PATIENT_FRAME)
    labels = LabelMap(np.abs(_ramp()).clip(0, 255).astype(np.uint8), _oblique(), PATIENT_FRAME)
    for voxels in (volume, labels):
        path = tmp_path / "ours.nii.gz"
        path.write_bytes(nifti_bytes(voxels))
        for read in (_by_nibabel, _by_itk):
            values, affine = read(path)
            assert np.array_equal(values, voxels.values)
            assert np.abs(affine - _oblique()).max() < 1e-3


def test_g21_where_the_libraries_stay_silent_we_refuse(tmp_path: Path) -> None:
    """Half a compressed file: SimpleITK returns zeros; a flipped byte: nibabel returns voxels."""
    path = tmp_path / "half.nii.gz"
    path.write_bytes(nifti_bytes(Volume(_ramp((40, 40, 40)), _oblique(), PATIENT_FRAME)))
    data = bytearray(path.read_bytes())
    data[-8] ^= 0x01
    path.write_bytes(bytes(data))
    assert _by_nibabel(path)[0].shape == (40, 40, 40)
    with pytest.raises(InputError, match="IN-002"):
        read_raster(path)


@given(
    order=st.permutations(range(3)),
    flips=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    corner=st.tuples(st.integers(0, 12), st.integers(0, 10), st.integers(0, 11)),
)
def test_a_landmark_stays_where_it_is_in_every_order(
    tmp_path_factory: pytest.TempPathFactory,
    order: list[int],
    flips: tuple[bool, bool, bool],
    corner: tuple[int, int, int],
) -> None:
    values = np.zeros((13, 11, 12), np.uint8)
    values[corner] = 7
    path = tmp_path_factory.mktemp("order") / "map.nii"
    stored = nibabel.Nifti1Image(values, LPS_FROM_RAS @ _oblique())
    codes = np.stack([order, np.where(flips, -1, 1)], axis=1)
    nibabel.save(stored.as_reoriented(codes), path)
    labels = read_label_map(path)
    found = labels.lps_mm(np.argwhere(labels.values == 7)[0])
    assert np.abs(found - (_oblique() @ [*corner, 1.0])[:3]).max() <= 1e-3


def test_all_48_orders_are_read_as_one_array(tmp_path: Path) -> None:
    affine = np.diag([3.0, 4.0, 5.0, 1.0])
    affine[:3, 3] = (-177.956, -11.319, 94.302)
    stored = nibabel.Nifti1Image(_ramp(), LPS_FROM_RAS @ affine)
    first = read_volume(_saved(stored, tmp_path / "first.nii"))
    for order, flips in product(permutations(range(3)), product((1, -1), repeat=3)):
        turned = stored.as_reoriented(np.stack([order, flips], axis=1))
        volume = read_volume(_saved(turned, tmp_path / "turned.nii"))
        assert np.array_equal(volume.values, first.values)
        assert np.array_equal(volume.lps_from_ijk, first.lps_from_ijk)


def _saved(image: nibabel.Nifti1Image, path: Path) -> Path:
    nibabel.save(image, path)
    return path
