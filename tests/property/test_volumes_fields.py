"""What must not change a distance field, and what must change it in a known way."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kambin.imaging import (
    Grid,
    LabelMap,
    extract_surface,
    signed_distance,
    surface_distance,
    tube_distance,
)

ORDERS = list(
    itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3))
)


def a_blob(seed: int) -> LabelMap:
    """A few random boxes in an array of 12 voxels, 1.0 x 0.9 x 1.2 mm."""
    rng = np.random.default_rng(seed)
    values = np.zeros((12, 12, 12), dtype=np.uint8)
    for low in rng.integers(3, 6, (3, 3)):
        high = low + rng.integers(2, 4, 3)
        values[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = 1
    affine = np.diag([1.0, 0.9, 1.2, 1.0])
    affine[:3, 3] = rng.uniform(-7.0, -5.0, 3)
    return LabelMap(values, affine, "frame")


def a_grid(origin=(-6.1, -5.2, -6.7), spacing_mm: float = 0.9) -> Grid:
    return Grid(np.array(origin), spacing_mm, (15, 14, 16), "frame")


def stored(region: LabelMap, order, signs) -> LabelMap:
    values = region.values.transpose(order)
    affine = np.array(region.lps_from_ijk)
    affine[:, :3] = region.lps_from_ijk[:, order]
    for axis, sign in enumerate(signs):
        if sign < 0:
            values = np.flip(values, axis)
            affine[:, 3] += affine[:, axis] * (values.shape[axis] - 1)
            affine[:, axis] *= -1.0
    return LabelMap(values, affine, "frame")


@given(st.sampled_from(ORDERS), st.integers(0, 5))
@settings(max_examples=24)
def test_the_field_does_not_depend_on_how_the_labels_are_stored(order_and_signs, seed) -> None:
    region = a_blob(seed)
    straight = signed_distance(region, a_grid())
    other = signed_distance(stored(region, *order_and_signs), a_grid())
    assert np.abs(other.values - straight.values).max() <= 1e-4
    assert other.sigma_mm == pytest.approx(straight.sigma_mm, rel=1e-5)


@given(st.integers(0, 20), st.lists(st.floats(-300.0, 300.0), min_size=3, max_size=3))
@settings(max_examples=10)
def test_moving_patient_and_grid_together_changes_nothing(seed, shift) -> None:
    region, grid = a_blob(seed), a_grid()
    affine = np.array(region.lps_from_ijk)
    affine[:3, 3] += shift
    moved = signed_distance(
        LabelMap(region.values, affine, "frame"), a_grid(grid.origin_lps_mm + np.array(shift))
    )
    assert moved.values == pytest.approx(signed_distance(region, grid).values, abs=1e-3)


@given(st.integers(0, 20), st.floats(0.5, 3.0))
@settings(max_examples=10)
def test_a_patient_k_times_as_large_has_distances_k_times_as_long(seed, k) -> None:
    region, grid = a_blob(seed), a_grid()
    larger = LabelMap(region.values, np.diag([k, k, k, 1.0]) @ region.lps_from_ijk, "frame")
    straight = signed_distance(region, grid)
    scaled = signed_distance(larger, a_grid(k * grid.origin_lps_mm, k * grid.spacing_mm))
    assert scaled.values == pytest.approx(k * straight.values, abs=2e-3 * k)
    assert scaled.slope == pytest.approx(straight.slope, abs=2e-3)
    assert scaled.sigma_mm == pytest.approx(k * straight.sigma_mm, rel=1e-5)


@given(st.integers(0, 50))
@settings(max_examples=15)
def test_no_value_is_further_from_a_neighbour_than_the_slope_says(seed) -> None:
    field = signed_distance(a_blob(seed), a_grid())
    for axis in range(3):
        rise = np.abs(np.diff(field.values.astype(float), axis=axis)).max()
        assert rise <= field.slope * 0.9 + 1e-5


@given(st.integers(0, 50))
@settings(max_examples=10)
def test_field_and_surface_agree_on_the_side(seed) -> None:
    region = a_blob(seed)
    field = signed_distance(region, a_grid())
    points = np.random.default_rng(seed).uniform(-5.0, 5.0, (100, 3))
    by_field, by_surface = field.sample(points), surface_distance(points, extract_surface(region))
    clear = np.abs(by_field) > 0.6
    assert (np.sign(by_field[clear]) == np.sign(by_surface[clear])).all()


@given(st.integers(0, 50))
@settings(max_examples=15)
def test_mirroring_a_tube_mirrors_its_field(seed) -> None:
    rng = np.random.default_rng(seed)
    points, radii = rng.uniform(-5.0, 5.0, (5, 3)), rng.uniform(0.3, 2.0, 5)
    grid = a_grid()
    twin = a_grid((-grid.high_lps_mm[0], *grid.origin_lps_mm[1:]))
    straight = tube_distance(points, radii, grid)
    mirrored = tube_distance(points * [-1.0, 1.0, 1.0], radii, twin)
    assert np.abs(mirrored.values[::-1] - straight.values).max() <= 1e-4
    assert straight.slope <= 1.001
