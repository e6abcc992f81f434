"""G04, G05, G06: slices are stacked by geometry, at both sides of every tolerance."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.exchange.made_frames import frame, frames_at, series_at

from kambin.core import InputError, Severity
from kambin.exchange.dicom_series import Series
from kambin.exchange.dicom_stack import Stack, check_thickness, check_tilt_stated, stack_series
from kambin.knowledge import value

EVEN = [0.0, 2.0, 4.0, 6.0, 8.0]


def stacked(heights_mm: list[float], **about: object) -> Stack:
    return stack_series(series_at(heights_mm, **about), "study")


def refusal(series: Series) -> InputError:
    with pytest.raises(InputError) as caught:
        stack_series(series, "study")
    assert caught.value.where == "study"
    return caught.value


def test_the_grid_is_that_of_columns_rows_and_slices() -> None:
    stack = stacked(EVEN)
    assert stack.shape == (6, 4, 5)
    # PixelSpacing is between rows first, between columns second
    assert stack.spacing_mm == pytest.approx((0.7, 0.5, 2.0))
    np.testing.assert_allclose(stack.lps_from_ijk[:3, 3], (-10.0, 5.0, 0.0))
    last = stack.lps_from_ijk @ (5, 3, 4, 1)
    np.testing.assert_allclose(last[:3], (-10 + 5 * 0.7, 5 + 3 * 0.5, 8.0))
    assert stack.tilt_deg == 0.0


@pytest.mark.parametrize("order", [[4, 3, 2, 1, 0], [2, 0, 4, 1, 3]])
def test_the_order_of_the_files_plays_no_part(order: list[int]) -> None:
    frames = frames_at(EVEN)
    stack = stack_series(Series("3", tuple(frames[n] for n in order)), "study")
    assert [f.position[2] for f in stack.frames] == EVEN
    np.testing.assert_array_equal(stack.lps_from_ijk, stacked(EVEN).lps_from_ijk)


def test_a_stack_whose_rows_run_to_the_right_has_its_slices_downwards() -> None:
    stack = stacked(EVEN, directions=(-1, 0, 0, 0, 1, 0))
    # the normal is row x column, so that the grid is never a mirror
    assert np.linalg.det(stack.lps_from_ijk[:3, :3]) > 0
    assert [f.position[2] for f in stack.frames] == EVEN[::-1]


@pytest.mark.parametrize("directions", [(0, 1, 0, 0, 0, -1), (1, 0, 0, 0, 0, -1)])
def test_sagittal_and_coronal_slices_stack_along_their_own_normal(
    directions: tuple[float, ...],
) -> None:
    normal = np.cross(directions[:3], directions[3:])
    frames = tuple(
        frame(normal * 3.0 * n, name=f"{n}.dcm", directions=directions) for n in range(4)
    )
    stack = stack_series(Series("3", frames), "study")
    np.testing.assert_allclose(stack.lps_from_ijk[:3, 2], normal * 3.0)


def test_one_step_may_differ_by_a_tenth_of_a_millimetre_and_no_more() -> None:
    slack = value("dicom_limits.step_mm")
    stacked([0.0, 2.0, 4.0 + 0.9 * slack, 6.0, 8.0])
    told = refusal(series_at([0.0, 2.0, 4.0 + 1.5 * slack, 6.0, 8.0]))
    assert told.code == "IN-056"
    assert "Steps run from 1.850 to 2.150 mm" in told.why


def test_steps_of_twenty_millimetres_may_differ_by_a_hundredth_of_it() -> None:
    slack = 20 * value("dicom_limits.step_fraction")
    stacked([0.0, 20.0, 40.0 + 0.9 * slack, 60.0, 80.0])
    assert refusal(series_at([0.0, 20.0, 40.0 + 1.6 * slack, 60.0, 80.0])).code == "IN-056"


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ((2,), "1 of 8 are not there, at 4.00 mm"),
        ((2, 3), "2 of 8 are not there, at 4.00, 6.00 mm"),
        ((2, 5), "2 of 8 are not there, at 4.00, 10.00 mm"),
        ((1, 3, 5), "3 of 8 are not there, at 2.00, 6.00, 10.00 mm"),
    ],
)
def test_missing_slices_are_named_by_their_place(gone: tuple[int, ...], told: str) -> None:
    heights = [2.0 * n for n in range(8) if n not in gone]
    error = refusal(series_at(heights))
    assert error.code == "IN-054"
    assert told in error.why
    assert "the step is 2.000 mm" in error.why


def test_many_missing_slices_are_counted() -> None:
    error = refusal(series_at([0.0, 1.0, 2.0, 22.0, 23.0]))
    assert "19 of 24 are not there" in error.why
    assert "and 11 more" in error.why


def test_every_second_slice_gone_looks_like_a_wider_step_and_the_thickness_tells() -> None:
    stack = stacked([0.0, 4.0, 8.0])
    assert stack.spacing_mm[2] == 4.0
    (found,) = check_thickness(stack, "study")
    assert (found.code, found.severity) == ("IN-065", Severity.CONFIRM)


@pytest.mark.parametrize(("apart_mm", "is_one_place"), [(0.0, True), (0.3, True), (0.39, True)])
def test_two_slices_at_one_place_are_named(apart_mm: float, is_one_place: bool) -> None:
    error = refusal(series_at([*EVEN, 4.0 + apart_mm]))
    assert (error.code == "IN-055") is is_one_place
    assert "002.dcm and 005.dcm" in error.why
    assert f"{apart_mm:.3f} mm apart" in error.why


def test_a_series_that_holds_every_slice_twice_is_a_duplicate() -> None:
    assert refusal(series_at([*EVEN, *EVEN])).code == "IN-055"


@pytest.mark.parametrize(
    ("change", "tag"),
    [
        ({"position": np.array([])}, "ImagePositionPatient"),
        ({"position": np.array([0.0, np.nan, 4.0])}, "ImagePositionPatient"),
        ({"directions": np.array([])}, "ImageOrientationPatient"),
        ({"directions": np.array([1.0, 0, 0, 0, np.inf, 0])}, "ImageOrientationPatient"),
        ({"spacing": np.array([])}, "PixelSpacing"),
        ({"spacing": np.array([0.0, 0.5])}, "PixelSpacing (zero or negative)"),
        ({"spacing": np.array([-0.5, 0.5])}, "PixelSpacing (zero or negative)"),
    ],
)
def test_a_slice_without_its_place_is_refused_and_nothing_is_assumed(
    change: dict[str, np.ndarray], tag: str
) -> None:
    frames = list(frames_at(EVEN))
    frames[2] = replace(frames[2], **change)
    error = refusal(Series("3", tuple(frames)))
    assert error.code == "IN-059"
    assert f"002.dcm lacks {tag}; nothing is assumed instead." in error.why


@pytest.mark.parametrize(
    ("directions", "is_good"),
    [
        ((1.0005, 0, 0, 0, 1, 0), True),
        ((1.002, 0, 0, 0, 1, 0), False),
        ((1, 0, 0, 0.0005, 1, 0), True),
        ((1, 0, 0, 0.002, 1, 0), False),
        ((0, 0, 0, 0, 0, 0), False),
        ((1, 0, 0, 1, 0, 0), False),
    ],
)
def test_the_two_directions_are_unit_vectors_at_right_angles(
    directions: tuple[float, ...], is_good: bool
) -> None:
    series = series_at(EVEN, directions=directions)
    if not is_good:
        assert "two unit vectors at right angles" in refusal(series).why
        return
    axes = stack_series(series, "study").lps_from_ijk[:3, :3] / (0.7, 0.5, 2.0)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-12)


def test_one_slice_is_no_volume() -> None:
    assert refusal(series_at([4.0])).code == "IN-005"


def test_a_stack_too_large_for_memory_is_refused_by_its_header() -> None:
    assert refusal(series_at(EVEN, Rows="60000", Columns="60000")).code == "IN-004"


def sheared(per_slice_mm: float, count: int = 40) -> Series:
    frames = tuple(
        frame((0.0, per_slice_mm * n, 2.0 * n), name=f"{n:03d}.dcm") for n in range(count)
    )
    return Series("3", frames)


@pytest.mark.parametrize("tilt_deg", [-20.0, -3.0, 3.0, 12.0, 30.0])
def test_a_tilt_is_measured_from_the_places_of_the_slices(tilt_deg: float) -> None:
    stack = stack_series(sheared(2.0 * np.tan(np.radians(tilt_deg))), "study")
    assert stack.tilt_deg == pytest.approx(abs(tilt_deg))
    # in voxels of rows, 0.5 mm apart, and with its sign
    np.testing.assert_allclose(
        stack.shift_ij, (0.0, 4.0 * np.tan(np.radians(tilt_deg))), atol=1e-12
    )
    # the grid itself stays at right angles
    assert stack.lps_from_ijk[1, 2] == 0.0


def test_a_drift_of_rounded_positions_is_no_tilt() -> None:
    assert not stack_series(sheared(0.09 / 39), "study").shift_ij.any()
    assert stack_series(sheared(0.02), "study").shift_ij.any()


@pytest.mark.parametrize(("aside_mm", "is_line"), [(0.08, True), (0.3, False)])
def test_slices_lie_along_one_line(aside_mm: float, is_line: bool) -> None:
    frames = list(frames_at(EVEN))
    frames[2] = replace(frames[2], position=frames[2].position + np.array([aside_mm, 0, 0]))
    series = Series("3", tuple(frames))
    if is_line:
        assert not stack_series(series, "study").shift_ij.any()
        return
    error = refusal(series)
    assert error.code == "IN-056"
    assert "beside the line through the others" in error.why


@pytest.mark.parametrize(
    ("stated", "is_told"),
    [("", False), ("0", False), ("0.09", False), ("-0.11", True), ("12.5", True), ("x", False)],
)
def test_a_stated_tilt_that_the_places_do_not_show_is_asked_about(
    stated: str, is_told: bool
) -> None:
    found = check_tilt_stated(stacked(EVEN, GantryDetectorTilt=stated), "study")
    assert [(f.code, f.severity) for f in found] == [("IN-057", Severity.CONFIRM)] * is_told


def test_a_stated_tilt_that_the_places_show_is_no_finding() -> None:
    series = sheared(2.0 * np.tan(np.radians(10.0)))
    words = {**series.frames[0].header.words, "GantryDetectorTilt": "10"}
    first = replace(series.frames[0], header=replace(series.frames[0].header, words=words))
    stack = stack_series(Series("3", (first, *series.frames[1:])), "study")
    assert check_tilt_stated(stack, "study") == ()


@pytest.mark.parametrize(
    ("thickness_mm", "severity", "word"),
    [
        (0.0, None, ""),
        (2.0, None, ""),
        (2.015, None, ""),
        (1.97, Severity.NOTE, "leave gaps"),
        (1.6, Severity.NOTE, "leave gaps"),
        (1.5, Severity.CONFIRM, "leave gaps"),
        (2.1, Severity.NOTE, "overlap"),
        (6.0, Severity.NOTE, "overlap"),
    ],
)
def test_gaps_and_overlap_are_told_by_their_size(
    thickness_mm: float, severity: Severity | None, word: str
) -> None:
    found = check_thickness(stacked(EVEN, thickness_mm=thickness_mm), "study")
    assert [f.severity for f in found] == ([] if severity is None else [severity])
    assert all(word in f.what and f"{thickness_mm:.3g} mm thick" in f.why for f in found)
