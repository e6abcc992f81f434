"""Masks shrink, grow, close and fill exactly as the slower filters of scipy."""

import numpy as np
import pytest
from scipy import ndimage

from kambin.anatomy.masks import (
    close_in_slices,
    fill_holes,
    fill_slices,
    find_beside,
    find_box_ijk,
    find_labelled,
    grow_by_box,
    shrink_by_box,
)


def random_blobs(rng: np.random.Generator, share: float) -> np.ndarray:
    """Blobs with bays, holes and loose voxels that reach the border of the array too."""
    smooth = ndimage.gaussian_filter(rng.normal(size=(40, 30, 9)), (1.5, 1.5, 0.5))
    return smooth > np.quantile(smooth, share)


def filled_by_scipy(mask: np.ndarray) -> np.ndarray:
    return np.stack([ndimage.binary_fill_holes(s) for s in np.moveaxis(mask, 2, 0)], axis=2)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64])
def test_labelled_voxels_carry_one_of_the_values(rng, dtype):
    values = rng.integers(0, 9, (6, 5, 4)).astype(dtype)
    for numbers in ((), (3,), (2, 5, 8), (4, 300)):
        np.testing.assert_array_equal(find_labelled(values, numbers), np.isin(values, numbers))


def test_a_value_that_the_type_of_the_labels_cannot_hold_is_nowhere():
    assert not find_labelled(np.ones((2, 2, 2), dtype=bool), [7]).any()


@pytest.mark.parametrize("reach", [(0, 0, 0), (1, 1, 1), (3, 2, 0), (4, 5, 6)])
def test_boxes_shrink_and_grow_as_the_filters_of_scipy(rng, reach):
    mask = random_blobs(rng, 0.4)
    size = tuple(2 * r + 1 for r in reach)
    bits = mask.astype(np.uint8)

    shrunk = ndimage.minimum_filter(bits, size, mode="nearest") > 0
    grown = ndimage.maximum_filter(bits, size, mode="nearest") > 0

    np.testing.assert_array_equal(shrink_by_box(mask, reach), shrunk)
    np.testing.assert_array_equal(grow_by_box(mask, reach), grown)


@pytest.mark.parametrize("half", [(1, 1), (2, 2), (1, 3), (0, 2)])
def test_gaps_close_as_by_scipy_without_meeting_the_border(rng, half):
    mask = random_blobs(rng, 0.6)
    u, v = np.ogrid[-half[0] : half[0] + 1, -half[1] : half[1] + 1]
    disc = (u / (half[0] + 0.1)) ** 2 + (v / (half[1] + 0.1)) ** 2 <= 1.0
    far = np.pad(mask, [(9, 9), (9, 9), (0, 0)])

    closed = ndimage.binary_closing(far, disc[:, :, None])

    np.testing.assert_array_equal(close_in_slices(mask, disc), closed[8:-8, 8:-8])


@pytest.mark.parametrize("share", [0.2, 0.4, 0.6])
def test_holes_fill_as_by_scipy(rng, share):
    mask = random_blobs(rng, share)
    filled = fill_slices(mask)

    np.testing.assert_array_equal(filled, filled_by_scipy(mask))
    assert filled.sum() > mask.sum()


def test_closed_cavities_fill_as_by_scipy(rng):
    mask = random_blobs(rng, 0.1)
    filled = fill_holes(mask)

    np.testing.assert_array_equal(filled, ndimage.binary_fill_holes(mask))
    assert filled.sum() > mask.sum()


def test_voxels_beside_a_mask_share_a_face_with_it(rng):
    mask = random_blobs(rng, 0.9)
    np.testing.assert_array_equal(find_beside(mask) | mask, ndimage.binary_dilation(mask))
    assert not find_beside(np.ones((1, 1, 1), dtype=bool)).any()


def test_a_spiral_is_open_and_a_ring_is_not():
    spiral = np.array(
        [
            "#######",
            "#.....#",
            "#.###.#",
            "#.#.#.#",
            "#.#...#",
            "#.#####",
            "#......",
        ]
    )
    mask = np.array([[c == "#" for c in row] for row in spiral])[:, :, None]

    np.testing.assert_array_equal(fill_slices(mask), mask)
    closed = mask.copy()
    closed[6, 1:] = True
    assert fill_slices(closed).all()


def test_filling_leaves_the_given_mask_alone(rng):
    mask = random_blobs(rng, 0.5)
    before = mask.copy()
    fill_slices(mask)
    np.testing.assert_array_equal(mask, before)


def test_nothing_and_everything_stay_as_they_are():
    for mask in (np.zeros((4, 5, 2), dtype=bool), np.ones((4, 5, 2), dtype=bool)):
        np.testing.assert_array_equal(fill_slices(mask), mask)


def test_holes_are_filled_slice_by_slice():
    mask = np.zeros((7, 7, 2), dtype=bool)
    mask[1:6, 1:6] = True
    mask[3, 3, :] = False
    mask[0:4, 3, 1] = False

    filled = fill_slices(mask)

    assert filled[3, 3, 0], "closed"
    assert not filled[3, 3, 1], "open to the border"
    assert filled[:, :, 0].sum() == 25


def test_an_empty_mask_has_an_empty_box() -> None:
    low, high = find_box_ijk(np.zeros((3, 4, 5), bool))
    assert (high < low).all()


def test_the_box_of_a_mask_holds_its_ends() -> None:
    mask = np.zeros((9, 8, 7), bool)
    mask[2, 3, 4] = mask[5, 3, 6] = True
    low, high = find_box_ijk(mask)
    assert low.tolist() == [2, 3, 4]
    assert high.tolist() == [5, 3, 6]
