import numpy as np
import pytest

from kambin.core import InputError
from kambin.imaging import occupancy_on_grid
from kambin.imaging.occupancy import bounds_of_inside, smooth_fractions, smooth_labels


def test_the_surface_of_a_cube_is_at_one_half(a_cube_of_labels, a_small_grid) -> None:
    occupancy = occupancy_on_grid(a_cube_of_labels, a_small_grid)
    assert occupancy.dtype == np.float32
    assert occupancy.min() == 0.0
    assert occupancy.max() == 1.0
    # The faces lie at -3 and 3 mm, which are nodes 4 and 12.
    assert occupancy[[4, 12], 8, 8] == pytest.approx([0.5, 0.5], abs=0.08)


def test_a_single_voxel_does_not_vanish() -> None:
    values = np.zeros((9, 9, 9), dtype=np.uint8)
    values[4, 4, 4] = 1
    occupancy, thin_share = smooth_labels(values)
    assert occupancy[4, 4, 4] > 0.5
    assert thin_share > 0.9


def test_a_voxel_beside_a_block_does_not_vanish() -> None:
    values = np.zeros((16, 12, 12), dtype=np.uint8)
    values[:8, 2:10, 2:10] = 1
    values[9, 6, 6] = 1
    occupancy, _ = smooth_labels(values)
    assert occupancy[9, 6, 6] >= 0.5


def test_a_plate_of_one_voxel_does_not_vanish() -> None:
    values = np.zeros((9, 12, 12), dtype=np.uint8)
    values[4] = 1
    assert (smooth_labels(values)[0][4] > 0.5).all()


def test_nothing_stays_nothing_and_all_stays_all() -> None:
    empty, share = smooth_labels(np.zeros((5, 5, 5)))
    assert not empty.any()
    assert share == 1.0
    assert (smooth_labels(np.ones((5, 5, 5)))[0] == 1.0).all()


def test_a_thick_block_is_not_thin() -> None:
    values = np.zeros((20, 20, 20), dtype=np.uint8)
    values[5:15, 5:15, 5:15] = 1
    assert smooth_labels(values)[1] < 0.05


def test_smoothing_commutes_exactly_with_mirroring(rng) -> None:
    values = rng.random((11, 12, 13)) < 0.3
    straight, _ = smooth_labels(values)
    mirrored, _ = smooth_labels(values[::-1])
    assert np.array_equal(straight, mirrored[::-1])


def test_a_half_filled_voxel_has_the_surface_in_its_middle() -> None:
    fractions = np.zeros((12, 12, 12), dtype=np.float32)
    fractions[4:10, 3:9, 3:9] = 1.0
    fractions[3, 3:9, 3:9] = 0.5
    smooth = smooth_fractions(fractions)
    assert smooth[3, 6, 6] == pytest.approx(0.5, abs=0.05)
    assert smooth[2, 6, 6] < 0.05
    assert smooth[4, 6, 6] > 0.95


def test_the_box_holds_the_structure(a_cube_of_labels) -> None:
    low, high = bounds_of_inside(a_cube_of_labels.values != 0, a_cube_of_labels.lps_from_ijk)
    assert low == pytest.approx(np.full(3, -3.5))
    assert high == pytest.approx(np.full(3, 3.5))


def test_the_box_of_a_cut_structure_goes_on() -> None:
    inside = np.ones((4, 4, 4), dtype=bool)
    low, high = bounds_of_inside(inside, np.eye(4))
    assert low == pytest.approx(np.full(3, -16.0))
    assert high == pytest.approx(np.full(3, 19.0))


def test_an_empty_structure_has_no_box() -> None:
    with pytest.raises(InputError, match="IN-040"):
        bounds_of_inside(np.zeros((3, 3, 3), dtype=bool), np.eye(4))
