"""G03: a gantry tilt is taken back within the slices, and only where it was asked for."""

import numpy as np
import pytest
from tests.unit.exchange.made_frames import frame

from kambin.core import InputError, Severity
from kambin.exchange.dicom_deshear import report_straightening, require_upright, straighten
from kambin.exchange.dicom_series import Series
from kambin.exchange.dicom_stack import Stack, stack_series
from kambin.knowledge import value

SPACING = (0.5, 0.5)
STEP_MM = 2.0
COUNT = 9


def a_stack(per_slice_mm: tuple[float, float], *, rows: int = 14, columns: int = 12) -> Stack:
    """Slices that each lie further along the rows and columns than the one before."""
    frames = tuple(
        frame(
            (per_slice_mm[0] * n, per_slice_mm[1] * n, STEP_MM * n),
            name=f"{n:03d}.dcm",
            spacing=SPACING,
            Rows=str(rows),
            Columns=str(columns),
        )
        for n in range(COUNT)
    )
    return stack_series(Series("3", frames), "study")


def tilted(degrees: float) -> Stack:
    return a_stack((0.0, STEP_MM * float(np.tan(np.radians(degrees)))))


def places(stack: Stack, values: np.ndarray) -> np.ndarray:
    """Where the bright voxels of stored slices truly lie, mm, LPS, from the slices' headers."""
    ijk = np.argwhere(values > 0)
    origins = np.array([stack.frames[k].position for k in ijk[:, 2]])
    return origins + ijk[:, :2] @ np.array([[SPACING[1], 0, 0], [0, SPACING[0], 0]])


@pytest.mark.parametrize("deshear", [False, True])
def test_an_upright_stack_needs_no_permission(deshear: bool) -> None:
    require_upright(tilted(0.0), "study", deshear=deshear)


@pytest.mark.parametrize("degrees", [-12.0, 1.0, 34.9, 35.1])
def test_a_tilt_is_refused_unless_straightening_was_asked_for(degrees: float) -> None:
    stack = tilted(degrees)
    with pytest.raises(InputError) as caught:
        require_upright(stack, "study", deshear=False)
    assert caught.value.code == "IN-057"
    assert f"{abs(degrees):.2f} degrees off their normal." in caught.value.why
    assert "--deshear" in caught.value.next_step


def test_no_more_than_a_gantry_can_tilt_is_straightened() -> None:
    most = value("dicom_limits.most_tilt_deg")
    require_upright(tilted(most - 0.1), "study", deshear=True)
    with pytest.raises(InputError, match="35 degrees can be straightened") as caught:
        require_upright(tilted(most + 0.1), "study", deshear=True)
    assert caught.value.code == "IN-057"
    assert "--deshear" not in caught.value.next_step


@pytest.mark.parametrize(
    "per_slice_mm", [(0.0, 0.5), (0.0, -0.5), (0.5, 0.0), (-1.0, 0.5), (1.0, -1.0)]
)
def test_by_whole_voxels_every_value_lands_where_its_slice_lay(
    per_slice_mm: tuple[float, float], rng: np.random.Generator
) -> None:
    stack = a_stack(per_slice_mm)
    values = rng.integers(1, 9, stack.shape).astype(np.int16)
    upright, affine = straighten(stack, values, order=1, outside=-1000.0)
    assert upright.dtype == np.int16
    # nothing is lost, and nothing is made
    assert np.count_nonzero(upright != -1000) == values.size
    ijk = np.argwhere(upright != -1000)
    found = ijk @ affine[:3, :3].T + affine[:3, 3]
    order, wanted = np.lexsort(found.T), places(stack, values)
    np.testing.assert_allclose(found[order], wanted[np.lexsort(wanted.T)], atol=1e-9)
    for k in range(COUNT):
        kept = upright[:, :, k][upright[:, :, k] != -1000]
        np.testing.assert_array_equal(kept, values[:, :, k].ravel())


@pytest.mark.parametrize("degrees", [-17.0, 5.0, 23.0])
def test_between_voxels_the_middle_of_a_bright_spot_is_kept(degrees: float) -> None:
    stack = tilted(degrees)
    values = np.zeros(stack.shape, np.float32)
    values[4:8, 5:9, :] = 100.0
    upright, affine = straighten(stack, values, order=1, outside=0.0)
    for k in range(COUNT):
        plane = upright[:, :, k]
        at = np.indices(plane.shape).reshape(2, -1) @ plane.ravel() / plane.sum()
        place = affine @ (*at, k, 1)
        truth = stack.frames[k].position + np.array([5.5 * SPACING[1], 6.5 * SPACING[0], 0.0])
        np.testing.assert_allclose(place[:3], truth, atol=0.02)
        assert plane.sum() == pytest.approx(1600.0, rel=1e-4)


def test_labels_keep_their_numbers() -> None:
    stack = tilted(19.0)
    values = np.zeros(stack.shape, np.uint16)
    values[2:6, 2:6], values[6:10, 6:12] = 3, 700
    upright, _ = straighten(stack, values, order=0, outside=0)
    assert upright.dtype == np.uint16
    assert set(np.unique(upright)) == {0, 3, 700}
    counts = [np.count_nonzero(upright == n) for n in (3, 700)]
    assert counts == [np.count_nonzero(values == n) for n in (3, 700)]


def test_the_box_grows_by_the_drift_and_no_further() -> None:
    stack = a_stack((0.0, 0.3))
    upright, affine = straighten(stack, np.zeros(stack.shape, np.int16), order=1, outside=0.0)
    # eight steps of 0.3 mm are 4.8 voxels of 0.5 mm
    assert upright.shape == (12, 14 + 5, COUNT)
    np.testing.assert_allclose(affine[:3, 3], stack.lps_from_ijk[:3, 3])
    back, moved = straighten(
        a_stack((0.0, -0.3)), np.zeros(stack.shape, np.int16), order=1, outside=0.0
    )
    assert back.shape == upright.shape
    np.testing.assert_allclose(moved[:3, 3], (0.0, -5 * 0.5, 0.0))


def test_what_the_shift_leaves_free_has_the_value_from_outside() -> None:
    stack = a_stack((0.0, 1.0))
    upright, _ = straighten(stack, np.full(stack.shape, 40, np.int16), order=1, outside=-1024.0)
    assert set(np.unique(upright)) == {-1024, 40}
    assert (upright[:, -1, 0] == -1024).all()
    assert (upright[:, 0, -1] == -1024).all()


def test_a_box_beyond_the_memory_is_refused_before_it_is_made() -> None:
    stack = a_stack((0.0, 25.0), rows=8_000, columns=8_000)
    with pytest.raises(InputError) as caught:
        straighten(stack, np.zeros((1, 1, COUNT), np.int16), order=1, outside=0.0)
    assert caught.value.code == "IN-004"


@pytest.mark.parametrize(
    ("per_slice_mm", "shown"),
    [((0.0, 0.5), "(0.000, 0.500) mm"), ((-0.25, 0.5), "(-0.250, 0.500) mm")],
)
def test_a_person_is_told_by_how_much(per_slice_mm: tuple[float, float], shown: str) -> None:
    stack = a_stack(per_slice_mm)
    found = report_straightening(stack, "study")
    assert (found.code, found.severity, found.where) == ("IN-058", Severity.CONFIRM, "study")
    assert shown in found.why
    angle = np.degrees(np.arctan2(np.hypot(*per_slice_mm), STEP_MM))
    assert f"{angle:.2f} degrees" in found.why
