import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.imaging import LabelMap, Volume

ORDERS = [
    (order, flips)
    for order in itertools.permutations(range(3))
    for flips in itertools.product((False, True), repeat=3)
]


def an_oblique_affine(turn_rad: float) -> np.ndarray:
    c, s = np.cos(turn_rad), np.sin(turn_rad)
    rotation = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])
    affine = np.eye(4)
    affine[:3, :3] = rotation @ np.diag([0.7, 1.1, 2.5])
    affine[:3, 3] = [-40.0, 12.0, 500.0]
    return affine


def reorder(volume, order, flips):
    """The same patient stored with permuted and flipped axes."""
    values = volume.values.transpose(order)
    affine = np.array(volume.lps_from_ijk)
    affine[:, :3] = volume.lps_from_ijk[:, order]
    for axis, flip in enumerate(flips):
        if flip:
            values = np.flip(values, axis)
            affine[:, 3] += affine[:, axis] * (values.shape[axis] - 1)
            affine[:, axis] *= -1.0
    return type(volume)(values, affine, volume.frame_id)


@given(st.sampled_from(ORDERS), st.floats(-0.7, 0.7), st.integers(0, 2**31))
def test_all_48_orders_become_one_array(order_and_flips, turn_rad, seed) -> None:
    values = np.random.default_rng(seed).normal(size=(3, 4, 5))
    volume = Volume(values, an_oblique_affine(turn_rad), "frame")
    stored = reorder(volume, *order_and_flips)
    back = stored.canonical()
    assert np.array_equal(back.values, values)
    assert back.lps_from_ijk == pytest.approx(volume.lps_from_ijk, abs=1e-9)
    assert back.frame_id == "frame"


@given(st.sampled_from(ORDERS))
def test_a_voxel_stays_where_it_is_in_the_patient(order_and_flips) -> None:
    values = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    labels = LabelMap(values, an_oblique_affine(0.3), "frame")
    stored = reorder(labels, *order_and_flips)
    back = stored.canonical()
    for name in (0, 17, 59):
        first = stored.lps_mm(np.argwhere(stored.values == name))
        assert back.lps_mm(np.argwhere(back.values == name)) == pytest.approx(first, abs=1e-9)


@given(st.floats(-0.7, 0.7), st.lists(st.floats(-300.0, 300.0), min_size=3, max_size=3))
def test_indices_and_millimetres_undo_each_other(turn_rad, point) -> None:
    volume = Volume(np.zeros((2, 2, 2)), an_oblique_affine(turn_rad), "frame")
    assert volume.lps_mm(volume.ijk(point)) == pytest.approx(np.array(point), abs=1e-8)
