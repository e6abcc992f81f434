"""Integrity and geometry by themselves, where a whole import would hide which part speaks."""

import gzip
import io
import zlib
from pathlib import Path

import numpy as np
import pytest

from kambin.core import InputError
from kambin.exchange import nifti_bytes
from kambin.exchange.geometry import describe_place, greatest_shift_voxels, settle
from kambin.exchange.nifti_header import data_offset, nifti_kind, parse_nifti_header
from kambin.exchange.rasters import (
    RasterHeader,
    require_three_dimensions,
    require_within_budget,
)
from kambin.exchange.reading import read_raster
from kambin.exchange.streams import (
    explained_reading,
    inflate_exactly,
    read_exactly,
    require_end,
)
from kambin.exchange.voxels import count_labels, find_labels, to_file_order, to_row_order
from kambin.imaging import Volume

FILE = Path("scan.nii")


def _affine(x_mm: float = 0.0) -> np.ndarray:
    affine = np.diag([2.0, 3.0, 4.0, 1.0])
    affine[0, 3] = x_mm
    return affine


def test_shift_is_counted_in_the_smaller_voxel() -> None:
    assert greatest_shift_voxels(_affine(), _affine(1.0), (10, 10, 10)) == pytest.approx(0.5)
    longer = _affine()
    longer[2, 2] = 4.4
    assert greatest_shift_voxels(_affine(), longer, (1, 1, 11)) == pytest.approx(2.0)


def test_settled_places_are_equal_for_every_corner() -> None:
    noisy = _affine(12.00004)
    noisy[1, 0] = -0.0
    noisy[0, 0] = 2.0000001
    assert settle(noisy).tobytes() == settle(_affine(12.0)).tobytes()


def test_a_place_is_described_in_one_phrase() -> None:
    assert describe_place(_affine(5.0), (3, 4, 5)) == (
        "LPS 3 x 4 x 5 voxels of 2 x 3 x 4 mm from (5.00, 0.00, 0.00)"
    )


def test_unscaled_voxels_keep_their_type_and_scaled_ones_do_not() -> None:
    data = np.arange(8, dtype=">i2").tobytes()
    plain = RasterHeader((2, 2, 2), np.dtype(">i2"), _affine())
    assert plain.decode(data).dtype == np.int16
    assert plain.decode(data)[1, 0, 0] == 1
    scaled = RasterHeader((2, 2, 2), np.dtype(">i2"), _affine(), 0.5, 10.0)
    assert scaled.decode(data)[0, 0, 1] == 12.0
    assert scaled.decode(data).dtype == np.float32


def test_the_budget_is_judged_without_overflow() -> None:
    with pytest.raises(InputError, match=r"IN-004.*limit"):
        require_within_budget((2**31, 2**31, 2**31), 8, "scan")
    with pytest.raises(InputError, match="IN-004"):
        require_within_budget((800, 800, 900), 8, "scan")
    require_within_budget((512, 512, 600), 2, "scan")


def test_a_slice_a_series_and_a_picture_are_no_volume() -> None:
    for sizes, components in (((5, 5, 1), 1), ((5, 5, 5, 2), 1), ((5, 5, 5), 3), ((5, 5), 1)):
        with pytest.raises(InputError, match="IN-005"):
            require_three_dimensions(sizes, components, "scan")
    require_three_dimensions((5, 5, 5, 1, 1), 1, "scan")


def test_too_few_and_too_many_bytes_are_told() -> None:
    with pytest.raises(InputError, match=r"IN-002.*10 bytes are announced, 4 are there"):
        read_exactly(io.BytesIO(b"1234"), 10, FILE)
    assert read_exactly(io.BytesIO(b"1234"), 4, FILE) == b"1234"
    with pytest.raises(InputError, match=r"IN-002.*More"):
        require_end(io.BytesIO(b"1"), FILE)
    require_end(io.BytesIO(b""), FILE)


@pytest.mark.parametrize("pack", [zlib.compress, gzip.compress])
def test_unpacking_checks_size_and_checksum(pack: object) -> None:
    packed = pack(b"voxels" * 100)
    assert inflate_exactly(packed, 600, FILE) == b"voxels" * 100
    for size in (599, 601):
        with pytest.raises(InputError, match="IN-002"):
            inflate_exactly(packed, size, FILE)
    with pytest.raises(InputError, match="IN-002"):
        inflate_exactly(packed[:-2], 600, FILE)


def test_what_the_system_says_is_turned_into_our_words(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"IN-001.*No such file"):
        read_raster(tmp_path / "none.nii")
    with pytest.raises(InputError, match="IN-002"), explained_reading(FILE):
        raise EOFError
    with pytest.raises(InputError, match=r"IN-002.*Unpacking"), explained_reading(FILE):
        raise zlib.error("bad block")
    with pytest.raises(InputError, match=r"IN-001.*OSError"), explained_reading(FILE):
        raise OSError


def test_what_is_no_nifti_header_is_told() -> None:
    assert nifti_kind(b"") == nifti_kind(b"1234") == 0
    for head in (b"", b"12345678", (348).to_bytes(4, "little") + bytes(344)):
        with pytest.raises(InputError, match="IN-003"):
            data_offset(head, "scan.nii")
        with pytest.raises(InputError, match="IN-003"):
            parse_nifti_header(head, "scan.nii")


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_memory_order_changes_and_voxels_do_not(order: tuple[int, int, int]) -> None:
    values = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6).transpose(order)[::-1]
    rows, file = to_row_order(values), to_file_order(values)
    assert np.array_equal(rows, values)
    assert np.array_equal(file, values)
    assert rows.flags.c_contiguous
    assert file.flags.f_contiguous
    assert to_row_order(rows) is rows
    assert to_file_order(file) is file


def test_labels_are_counted_as_numpy_counts_them() -> None:
    values = np.random.default_rng(3).integers(0, 300, (7, 8, 9)).astype(np.uint16)
    assert np.array_equal(count_labels(values), np.bincount(values.ravel()))
    assert find_labels(values) == set(np.unique(values).tolist()) - {0}
    assert find_labels(np.zeros((2, 2, 2), np.uint8)) == frozenset()


def test_a_large_image_is_packed_in_members_that_read_as_one_file(tmp_path: Path) -> None:
    values = np.arange(220 * 220 * 220, dtype=np.int16).reshape(220, 220, 220)
    data = nifti_bytes(Volume(values, _affine(), "patient"))
    assert data.count(b"\x1f\x8b\x08") >= 3
    assert gzip.decompress(data)[352:] == values.tobytes(order="F")
    (tmp_path / "large.nii.gz").write_bytes(data)
    assert np.array_equal(read_raster(tmp_path / "large.nii.gz").values, values)
