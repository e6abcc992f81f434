"""Is this affine a place in a patient? The limits, on both sides of each."""

import numpy as np
import pytest

from kambin.core import InputError
from kambin.exchange.geometry import (
    describe_place,
    greatest_shift_voxels,
    require_geometry,
    settle,
)

SHAPE = (50, 50, 50)


def an_affine(*spacing_mm: float) -> np.ndarray:
    """Straight axes with these steps, mm."""
    return np.diag([*(spacing_mm or (2.0, 2.0, 2.0)), 1.0])


def turned(angle_deg: float, spacing_mm: float = 2.0) -> np.ndarray:
    """Axes turned about the patient's long axis."""
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    affine = np.eye(4)
    affine[:3, :3] = spacing_mm * np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return affine


@pytest.mark.parametrize("angle_deg", [0.0, 12.0, 45.0, 90.0, 180.0, 271.5])
def test_a_turned_image_lies_in_a_patient(angle_deg: float) -> None:
    require_geometry(turned(angle_deg), SHAPE, "scan")


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_axis_that_runs_the_other_way_is_legal(axis: int) -> None:
    affine = an_affine()
    affine[:, axis] *= -1.0
    require_geometry(affine, SHAPE, "scan")


@pytest.mark.parametrize("angle_deg", [0.5, 3.0, 15.0, 30.0])
def test_shear_is_refused_with_its_angle(angle_deg: float) -> None:
    affine = an_affine()
    tilt = np.radians(angle_deg)
    affine[1:3, 2] = 2.0 * np.sin(tilt), 2.0 * np.cos(tilt)
    with pytest.raises(InputError, match=rf"IN-008.*{angle_deg:.2f} degrees"):
        require_geometry(affine, SHAPE, "scan")


def test_the_digits_of_a_header_are_no_shear() -> None:
    affine = an_affine()
    affine[1, 2] = 2.0 * 0.99e-4
    require_geometry(affine, SHAPE, "scan")


@pytest.mark.parametrize("row", [0, 1, 2])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 10.0**7])
def test_a_number_that_is_none_is_named_by_its_row(row: int, bad: float) -> None:
    affine = an_affine()
    affine[row, 3] = bad
    with pytest.raises(InputError, match=rf"IN-009.*The {'xyz'[row]} row.*absurd"):
        require_geometry(affine, SHAPE, "scan")


@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_row_of_zeros_is_singular(row: int) -> None:
    affine = turned(30.0)
    affine[row, :3] = 0.0
    with pytest.raises(InputError, match=rf"IN-009.*The {'xyz'[row]} row.*zero"):
        require_geometry(affine, SHAPE, "scan")


def test_two_axes_that_run_one_way_are_singular_though_no_row_is_zero() -> None:
    affine = an_affine()
    affine[:3, 2] = affine[:3, 0] = (2.0, 0.0, 2.0)
    with pytest.raises(InputError, match=r"IN-009.*same way"):
        require_geometry(affine, SHAPE, "scan")


@pytest.mark.parametrize(("spacing_mm", "fits"), [(0.04, False), (0.05, True)])
def test_the_finest_voxel(spacing_mm: float, fits: bool) -> None:
    judge((spacing_mm, 2.0, 2.0), (700, 50, 50), "IN-009", fits=fits)


@pytest.mark.parametrize(("spacing_mm", "fits"), [(12.0, True), (12.1, False)])
def test_the_coarsest_voxel(spacing_mm: float, fits: bool) -> None:
    judge((spacing_mm, 2.0, 2.0), SHAPE, "IN-009", fits=fits)


@pytest.mark.parametrize(("voxels", "fits"), [(1250, True), (1251, False)])
def test_the_longest_patient(voxels: int, fits: bool) -> None:
    judge((2.0, 2.0, 2.0), (50, 50, voxels), "IN-010", fits=fits)


@pytest.mark.parametrize(("voxels", "fits"), [(15, True), (14, False)])
def test_the_smallest_field_of_view(voxels: int, fits: bool) -> None:
    judge((2.0, 2.0, 2.0), (voxels, 50, 50), "IN-025", fits=fits)


def judge(
    spacing_mm: tuple[float, ...], shape: tuple[int, int, int], code: str, *, fits: bool
) -> None:
    """Require that a geometry passes, or is refused with a code and the file's name."""
    if fits:
        require_geometry(an_affine(*spacing_mm), shape, "scan")
        return
    with pytest.raises(InputError, match=code) as caught:
        require_geometry(an_affine(*spacing_mm), shape, "scan")
    assert caught.value.where == "scan"


def test_the_refusal_names_size_and_limit() -> None:
    with pytest.raises(InputError, match=r"20 x 2 x 2 mm; 0.05 to 12 mm"):
        require_geometry(an_affine(20.0, 2.0, 2.0), SHAPE, "scan")
    with pytest.raises(InputError, match=r"100 x 100 x 2600 mm; 2500 mm"):
        require_geometry(an_affine(), (50, 50, 1300), "scan")
    with pytest.raises(InputError, match=r"10 x 100 x 100 mm; 30 mm"):
        require_geometry(an_affine(), (5, 50, 50), "scan")


def test_the_same_place_is_no_shift_apart() -> None:
    assert greatest_shift_voxels(turned(30.0), turned(30.0), SHAPE) == 0.0


def test_a_turn_moves_the_far_corner_most() -> None:
    apart = greatest_shift_voxels(turned(0.0), turned(1.0), (101, 1, 1))
    assert apart == pytest.approx(2.0 * 100.0 * np.sin(np.radians(0.5)))


def test_the_shift_of_one_voxel_image_is_that_of_its_origin() -> None:
    other = an_affine()
    other[2, 3] = 3.0
    assert greatest_shift_voxels(an_affine(), other, (1, 1, 1)) == 1.5


def test_settling_keeps_what_files_can_tell_apart_and_is_done_once() -> None:
    noisy = turned(33.3)
    noisy[:3, 3] = (-12.3456789, 0.0004, 1234.5678)
    settled = settle(noisy)
    assert settled[:3, 3].tolist() == [-12.346, 0.0, 1234.568]
    assert np.abs(settled - noisy).max() <= 0.0005
    assert np.array_equal(settle(settled), settled)
    assert not np.signbit(settle(np.diag([-0.0, 2.0, 2.0, 1.0]))[0, 0])


@pytest.mark.parametrize(
    ("flips", "code"), [((1, 1, 1), "LPS"), ((-1, -1, 1), "RAS"), ((-1, 1, -1), "RPI")]
)
def test_a_place_is_told_by_where_its_axes_run(flips: tuple[int, ...], code: str) -> None:
    affine = an_affine() @ np.diag([*flips, 1.0])
    assert describe_place(affine, (2, 3, 4)).startswith(f"{code} 2 x 3 x 4 voxels of 2 x 2 x 2 mm")
