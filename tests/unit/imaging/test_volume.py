import numpy as np
import pytest

from kambin.core import InputError
from kambin.imaging import LabelMap, Volume


def test_the_voxels_cannot_be_changed() -> None:
    volume = Volume(np.zeros((2, 2, 2)), np.eye(4), "frame")
    with pytest.raises(ValueError, match="read-only"):
        volume.values[0, 0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        volume.lps_from_ijk[0, 0] = 2.0


def test_spacing_and_bounds_are_in_millimetres() -> None:
    affine = np.diag([-0.5, 2.0, 3.0, 1.0])
    volume = Volume(np.zeros((3, 4, 5)), affine, "frame")
    assert volume.spacing_mm == pytest.approx(np.array([0.5, 2.0, 3.0]))
    low, high = volume.bounds_lps_mm()
    assert low == pytest.approx(np.array([-1.0, 0.0, 0.0]))
    assert high == pytest.approx(np.array([0.0, 6.0, 12.0]))


def test_a_canonical_array_is_left_as_it_is() -> None:
    values = np.arange(24.0).reshape(2, 3, 4)
    assert np.array_equal(Volume(values, np.eye(4), "frame").canonical().values, values)


@pytest.mark.parametrize(
    ("values", "affine", "reason"),
    [
        (np.zeros((2, 2)), np.eye(4), "2 dimensions"),
        (np.zeros((2, 0, 2)), np.eye(4), "three are needed"),
        (np.zeros((2, 2, 2)), np.eye(3), "not a finite 4 x 4"),
        (np.zeros((2, 2, 2)), np.diag([1.0, np.nan, 1.0, 1.0]), "not a finite"),
        (np.zeros((2, 2, 2)), np.diag([1.0, 0.0, 1.0, 1.0]), "singular"),
        (np.zeros((2, 2, 2)), np.eye(4) + 0.4 * np.eye(4, k=1) * [1, 1, 0, 0], "not orthogonal"),
    ],
)
def test_g02_g14_g20_a_grid_that_is_none_is_refused(values, affine, reason) -> None:
    with pytest.raises(InputError, match=f"IN-014.*{reason}"):
        Volume(values, affine, "frame")


@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.bool_])
def test_labels_are_whole_numbers(kind) -> None:
    assert LabelMap(np.zeros((2, 2, 2), dtype=kind), np.eye(4), "frame").shape == (2, 2, 2)


def test_labels_with_fractions_are_refused() -> None:
    with pytest.raises(InputError, match="IN-016"):
        LabelMap(np.zeros((2, 2, 2), dtype=np.float32), np.eye(4), "frame")
