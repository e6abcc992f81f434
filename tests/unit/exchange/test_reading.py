"""From bytes to voxels in canonical order, by way of our own writer."""

import gzip
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from kambin.core import InputError
from kambin.exchange import PATIENT_FRAME, nifti_bytes, read_label_map, read_volume
from kambin.exchange.nifti_header import data_offset, parse_nifti_header
from kambin.exchange.rasters import Raster, RasterHeader
from kambin.exchange.reading import label_map_of, read_raster, volume_of
from kambin.exchange.streams import open_unpacked
from kambin.imaging import LabelMap, Volume

SHAPE = (12, 11, 10)


def an_affine() -> np.ndarray:
    affine = np.diag([4.0, 5.0, 6.0, 1.0])
    affine[:3, 3] = (-20.0, -30.0, 400.0)
    return affine


def a_raster(values: np.ndarray, affine: np.ndarray | None = None) -> Raster:
    return Raster(values, an_affine() if affine is None else affine, {}, "nifti")


def numbered(dtype: str = "int16") -> np.ndarray:
    return np.arange(np.prod(SHAPE)).reshape(SHAPE).astype(dtype)


@pytest.mark.parametrize("dtype", ["int16", "float32"])
def test_an_image_we_wrote_is_read_voxel_by_voxel(tmp_path: Path, dtype: str) -> None:
    values = numbered(dtype) + (0 if dtype == "int16" else np.float32(0.25))
    file = tmp_path / "ct.nii.gz"
    file.write_bytes(nifti_bytes(Volume(values, an_affine(), "patient")))
    back = read_volume(file)
    assert np.array_equal(back.values, values)
    assert back.values.dtype == dtype
    assert np.array_equal(back.lps_from_ijk, an_affine())
    assert back.frame_id == PATIENT_FRAME


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_labels_we_wrote_are_read_voxel_by_voxel(tmp_path: Path, dtype: str) -> None:
    values = (numbered() % 200).astype(dtype) * (1 if dtype == "uint8" else 300)
    file = tmp_path / "seg.nii.gz"
    file.write_bytes(nifti_bytes(LabelMap(values, an_affine(), "patient")))
    assert np.array_equal(read_label_map(file).values, values)


def test_what_we_write_has_one_place_and_its_unit() -> None:
    data = gzip.decompress(nifti_bytes(Volume(numbered(), an_affine(), "patient")))
    assert struct.unpack("<2h", data[252:256]) == (0, 2)
    assert data[123] == 2
    assert data[344:348] == b"n+1\0"
    assert data_offset(data, "x") == 352
    assert len(data) == 352 + 2 * np.prod(SHAPE)
    header = parse_nifti_header(data, "x")
    assert np.array_equal(header.lps_from_ijk, an_affine())
    assert header.shape == SHAPE


def test_what_we_write_carries_no_time() -> None:
    packed = nifti_bytes(Volume(numbered(), an_affine(), "patient"))
    assert packed[4:8] == bytes(4)
    assert packed == nifti_bytes(Volume(numbered().copy(order="F"), an_affine(), "patient"))


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", ["ct.nii", "ct.nii.gz"])
def test_packing_is_told_by_the_bytes_and_not_by_the_name(
    tmp_path: Path, name: str, packed: bool
) -> None:
    data = gzip.decompress(nifti_bytes(Volume(numbered(), an_affine(), "patient")))
    file = tmp_path / name
    file.write_bytes(gzip.compress(data) if packed else data)
    with open_unpacked(file) as stream:
        assert stream.read() == data
    assert np.array_equal(read_raster(file).values, numbered())


def meta_bytes(values: np.ndarray, *, packed: bool) -> bytes:
    """The same image as a MetaImage."""
    data = values.tobytes(order="F")
    head = (
        f"ObjectType = Image\nNDims = 3\nDimSize = {' '.join(map(str, SHAPE))}\n"
        f"ElementType = MET_SHORT\nCompressedData = {packed}\nElementSpacing = 4 5 6\n"
        "TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = -20 -30 400\nElementDataFile = LOCAL\n"
    )
    return head.encode() + (zlib.compress(data) if packed else data)


def nrrd_bytes(values: np.ndarray, *, packed: bool) -> bytes:
    """The same image as an NRRD."""
    data = values.tobytes(order="F")
    head = (
        f"NRRD0004\ntype: short\ndimension: 3\nsizes: {' '.join(map(str, SHAPE))}\n"
        f"encoding: {'gzip' if packed else 'raw'}\nendian: little\nspace: LPS\n"
        "space directions: (4,0,0) (0,5,0) (0,0,6)\nspace origin: (-20,-30,400)\n\n"
    )
    return head.encode() + (gzip.compress(data) if packed else data)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(("name", "make"), [("ct.mha", meta_bytes), ("ct.nrrd", nrrd_bytes)])
def test_text_formats_hold_the_same_image(
    tmp_path: Path, name: str, make: object, packed: bool
) -> None:
    file = tmp_path / name
    file.write_bytes(make(numbered(), packed=packed))
    raster = read_raster(file)
    assert np.array_equal(raster.values, numbered())
    assert np.array_equal(raster.lps_from_ijk, an_affine())
    assert raster.format == file.suffix[1:]


@pytest.mark.parametrize("change", [-1, 1])
@pytest.mark.parametrize(("name", "make"), [("ct.mha", meta_bytes), ("ct.nrrd", nrrd_bytes)])
def test_a_text_format_with_a_byte_too_few_or_too_many_is_refused(
    tmp_path: Path, name: str, make: object, change: int
) -> None:
    data = make(numbered(), packed=False)
    (tmp_path / name).write_bytes(data[:-1] if change < 0 else data + b"\0")
    with pytest.raises(InputError, match="IN-002"):
        read_raster(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "make", "found"),
    [("ct.nii", meta_bytes, "mha"), ("ct.mha", nrrd_bytes, "nrrd"), ("ct.dcm", nrrd_bytes, "nrrd")],
)
def test_a_name_that_says_otherwise_is_refused(
    tmp_path: Path, name: str, make: object, found: str
) -> None:
    (tmp_path / name).write_bytes(make(numbered(), packed=False))
    with pytest.raises(InputError, match=rf"IN-003.*its content is {found}"):
        read_raster(tmp_path / name)


def test_an_empty_file_and_a_text_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "ct.nii").write_bytes(b"")
    with pytest.raises(InputError, match=r"IN-001.*empty"):
        read_raster(tmp_path / "ct.nii")
    (tmp_path / "ct.nii").write_bytes(b"hello")
    with pytest.raises(InputError, match=r"IN-003.*none of the formats"):
        read_raster(tmp_path / "ct.nii")


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (np.array([-32768.0, 32767.0]), "int16"),
        (np.array([0.0, 32768.0]), "float32"),
        (np.array([0.5, 1.0]), "float32"),
        (np.array([np.nan, 1.0]), "float32"),
        (np.array([0, 255], np.uint8), "int16"),
        (np.array([0, 40_000], np.uint16), "float32"),
        (np.array([-(2**31), 0], np.int32), "float32"),
    ],
)
def test_an_image_is_kept_in_the_leanest_type_that_holds_it(values: np.ndarray, dtype: str) -> None:
    array = np.resize(values, (2, 2, 2))
    volume = volume_of(a_raster(array))
    assert volume.values.dtype == dtype
    assert np.array_equal(volume.values, array.astype(np.float64), equal_nan=True)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [([0, 255], "uint8"), ([0, 256], "uint16"), ([0, 65535], "uint16")],
)
@pytest.mark.parametrize("stored", ["int32", "float32", "float64", "uint16"])
def test_labels_are_kept_in_the_leanest_type_whatever_stored_them(
    values: list[int], dtype: str, stored: str
) -> None:
    array = np.resize(np.array(values), (2, 2, 2)).astype(stored)
    labels = label_map_of(a_raster(array), "seg")
    assert labels.values.dtype == dtype
    assert np.array_equal(labels.values, array)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (0.5, r"\(1, 0, 1\) holds 0.5; 1 voxels"),
        (np.nan, r"\(1, 0, 1\) holds nan"),
        (-1.0, "-1 to 3"),
        (65536.0, "0 to 65536|3 to 65536"),
    ],
)
def test_what_is_no_label_is_named_with_its_value(bad: float, says: str) -> None:
    array = np.full((2, 2, 2), 3.0)
    array[1, 0, 1] = bad
    with pytest.raises(InputError, match=rf"IN-016.*{says}"):
        label_map_of(a_raster(array), "seg")


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_axis_stored_the_other_way_is_turned_and_nothing_moves(axis: int) -> None:
    affine = an_affine()
    affine[:3, 3] += affine[:3, axis] * (SHAPE[axis] - 1)
    affine[:, axis] *= -1.0
    volume = volume_of(a_raster(np.flip(numbered(), axis), affine))
    assert np.array_equal(volume.values, numbered())
    assert np.array_equal(volume.lps_from_ijk, an_affine())


def test_the_origin_is_settled_to_a_micron() -> None:
    affine = an_affine()
    affine[:3, 3] += 0.0000123
    assert np.array_equal(volume_of(a_raster(numbered(), affine)).lps_from_ijk, an_affine())


@pytest.mark.parametrize(
    ("stored", "scaled"),
    [("u1", "float32"), ("i2", "float32"), ("i4", "float64"), ("f4", "float64")],
)
def test_scaling_keeps_every_digit_of_the_stored_number(stored: str, scaled: str) -> None:
    header = RasterHeader((2, 1, 1), np.dtype(stored), an_affine(), 2.0, -1.0)
    values = header.decode(np.array([3, 100], stored).tobytes())
    assert values.dtype == scaled
    assert values.ravel().tolist() == [5.0, 199.0]


def test_the_first_index_runs_fastest_in_a_file() -> None:
    header = RasterHeader((3, 2, 1), np.dtype("u1"), an_affine())
    assert header.decode(bytes(range(6)))[:, :, 0].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert header.data_bytes == 6
