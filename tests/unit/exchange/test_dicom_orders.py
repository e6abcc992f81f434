"""G01, G07: however slices are stored, named and numbered, the image is the same."""

from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from tests.fault.dicom_files import (
    Grid,
    reordered,
    slice_dataset,
    spine_affine,
    write,
    write_enhanced,
    write_series,
)

from kambin.core import InputError
from kambin.exchange.dicom_image import DicomImage, DicomRequest, read_dicom_image

SHAPE = (7, 6, 5)
ORDERS = list(product(permutations(range(3)), product((False, True), repeat=3)))


def _grid() -> Grid:
    """No two voxels alike, and no two axes of one length or spacing."""
    values = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE) - 300
    affine = spine_affine() @ np.diag([1.5, 2.0, 2.5, 1.0])
    return Grid(values, affine)


def _read(path: Path, **said: object) -> DicomImage:
    return read_dicom_image(path, DicomRequest(**said))  # type: ignore[arg-type]


def _same(image: DicomImage, grid: Grid) -> None:
    assert np.array_equal(image.volume.values, grid.values)
    assert np.allclose(image.volume.lps_from_ijk, grid.lps_from_ijk, atol=1e-3)


@pytest.mark.parametrize(("order", "flips"), ORDERS)
def test_all_48_storage_orders_give_one_image(
    tmp_path: Path, order: tuple[int, int, int], flips: tuple[bool, bool, bool]
) -> None:
    grid = _grid()
    _same(_read(write_series(tmp_path, reordered(grid, order, flips))), grid)


@given(st.permutations(range(SHAPE[2])), st.permutations(range(SHAPE[2])))
@settings(max_examples=15)
def test_g07_names_and_instance_numbers_play_no_part(
    tmp_path_factory: pytest.TempPathFactory, names: list[int], numbers: list[int]
) -> None:
    grid, folder = _grid(), tmp_path_factory.mktemp("shuffled")
    for k in range(SHAPE[2]):
        ds = slice_dataset(grid, k)
        ds.InstanceNumber = numbers[k]
        write(ds, folder / str(names[k] % 2) / f"IM{names[k]}")
    _same(_read(folder), grid)


def test_g07_frames_of_a_multi_frame_file_may_be_stored_in_any_order(tmp_path: Path) -> None:
    grid = _grid()
    for number, order in enumerate(([0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3])):
        file = write_enhanced(tmp_path / f"{number}.dcm", grid, order)
        _same(_read(file), grid)
        image = _read(file)
        assert image.facts["modality"] == "MR"


def test_a_multi_frame_file_that_describes_fewer_frames_is_refused(tmp_path: Path) -> None:
    file = write_enhanced(tmp_path / "mr.dcm", _grid())
    data = file.read_bytes()
    at = data.index(b"\x28\x00\x08\x00IS")
    file.write_bytes(data[: at + 8] + b"9 " + data[at + 10 :])
    with pytest.raises(InputError, match=r"IN-002.*9 frames are announced, 5 are described"):
        _read(file)


@pytest.mark.parametrize("angle_deg", [3.0, 20.0, 44.0])
def test_g01_an_oblique_series_keeps_its_place(tmp_path: Path, angle_deg: float) -> None:
    grid = _grid()
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    turn = np.eye(4)
    turn[1:3, 1:3] = ((c, -s), (s, c))
    turned = Grid(grid.values, turn @ grid.lps_from_ijk)
    image = _read(write_series(tmp_path, turned))
    _same(image, turned)
    # the far corner, computed without the affine that the reader made
    corner = turned.lps_from_ijk @ (*np.subtract(SHAPE, 1), 1)
    assert image.volume.lps_mm(np.subtract(SHAPE, 1)) == pytest.approx(corner[:3], abs=0.01)


def test_slices_of_unsigned_twelve_bits_with_overlays_give_the_same_values(tmp_path: Path) -> None:
    grid = _grid()

    def change(ds: Dataset, _: int) -> None:
        stored = np.frombuffer(ds.PixelData, "<i2").astype(np.int64) + 1024
        ds.RescaleIntercept, ds.PixelRepresentation, ds.BitsStored, ds.HighBit = -1024, 0, 12, 11
        # an old overlay in the bits that belong to no value
        stored[::2] |= 0xF000
        ds.PixelData = stored.astype("<u2").tobytes()

    _same(_read(write_series(tmp_path, grid, change=change)), grid)


def test_slices_of_signed_twelve_bits_keep_their_sign(tmp_path: Path) -> None:
    grid = _grid()

    def change(ds: Dataset, _: int) -> None:
        ds.BitsStored, ds.HighBit = 12, 11
        ds.PixelData = (np.frombuffer(ds.PixelData, "<i2") & 0x0FFF).astype("<u2").tobytes()

    _same(_read(write_series(tmp_path, grid, change=change)), grid)


def test_a_slope_that_is_no_whole_number_is_kept_as_it_is(tmp_path: Path) -> None:
    def change(ds: Dataset, _: int) -> None:
        ds.RescaleSlope, ds.RescaleIntercept = 0.25, 0.5

    image = _read(write_series(tmp_path, _grid(), change=change))
    assert image.volume.values.dtype == np.float32
    assert np.array_equal(image.volume.values, _grid().values * 0.25 + 0.5)


def test_each_mr_slice_is_scaled_by_itself_and_needs_no_scale(tmp_path: Path) -> None:
    def change(ds: Dataset, k: int) -> None:
        if k == 2:
            ds.RescaleSlope, ds.RescaleIntercept = 2, 1

    image = _read(write_series(tmp_path, _grid(), change=change, modality="MR"))
    wanted = _grid().values.copy()
    wanted[:, :, 2] = wanted[:, :, 2] * 2 + 1
    assert np.array_equal(image.volume.values, wanted)
    assert image.findings == ()


def test_pixels_need_not_be_square(tmp_path: Path) -> None:
    image = _read(write_series(tmp_path, _grid()))
    assert image.volume.spacing_mm == pytest.approx((6.0, 8.0, 10.0))


def test_positions_rounded_to_a_tenth_are_one_even_stack(tmp_path: Path) -> None:
    affine = np.diag([6.0, 8.0, 7.33, 1.0])

    def change(ds: Dataset, _: int) -> None:
        ds.ImagePositionPatient = [round(float(v), 1) for v in ds.ImagePositionPatient]

    image = _read(write_series(tmp_path, Grid(_grid().values, affine), change=change))
    assert image.volume.spacing_mm[2] == pytest.approx(7.33, abs=0.02)
