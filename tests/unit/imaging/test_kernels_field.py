"""Each jitted kernel against plain numpy or scipy; small, because it also runs without JIT."""

import itertools

import numpy as np
import pytest
from scipy import ndimage

from kambin.imaging._crossing_kernels import (
    DISC_RADIUS,
    DISC_REACH,
    DISC_TAPER,
    find_crossings,
    fit_discs,
    shrink_to_discs,
)
from kambin.imaging._field_kernels import largest_slope, resample, sample_trilinear
from kambin.imaging._spread_kernels import FAR, highest_planes, smooth_planes, spread_parabolas
from kambin.imaging._tube_kernels import tube_distances

pytestmark = pytest.mark.kernels

IDENTITY = np.eye(4)[:3]


def test_trilinear_samples_are_those_of_scipy(rng) -> None:
    values = rng.random((4, 5, 6)).astype(np.float32)
    points = rng.uniform(-2.0, 8.0, (60, 3))
    oracle = ndimage.map_coordinates(values.astype(float), points.T, order=1, mode="nearest")
    assert sample_trilinear(values, points) == pytest.approx(oracle, abs=1e-5)


def test_resampling_is_sampling_at_mapped_nodes(rng) -> None:
    values = rng.random((4, 5, 6)).astype(np.float32)
    affine = np.array([[0.5, 0.1, 0.0, 0.3], [-0.1, 0.6, 0.0, 0.5], [0.0, 0.2, 0.7, -0.4]])
    nodes = np.empty((3, 4, 3), dtype=np.float32)
    resample(values, affine, nodes)
    indices = np.stack(np.indices(nodes.shape), axis=-1).reshape(-1, 3)
    oracle = sample_trilinear(values, indices @ affine[:, :3].T + affine[:, 3])
    assert nodes.ravel() == pytest.approx(oracle, abs=1e-6)


def find_slope(values: np.ndarray) -> float:
    steepest = 0.0
    for step in itertools.product((-1, 0, 1), repeat=3):
        if step > (0, 0, 0):
            here = tuple(
                slice(max(0, -d), n - max(0, d)) for d, n in zip(step, values.shape, strict=True)
            )
            there = tuple(
                slice(max(0, d), n + min(0, d)) for d, n in zip(step, values.shape, strict=True)
            )
            rise = np.abs(values[there] - values[here]).max(initial=0.0)
            steepest = max(steepest, float(rise) / np.linalg.norm(step))
    return steepest


@pytest.mark.parametrize("shape", [(4, 5, 6), (1, 3, 3), (2, 1, 4)])
def test_the_slope_is_the_steepest_of_13_directions(rng, shape) -> None:
    values = rng.random(shape).astype(np.float32)
    assert largest_slope(values) == pytest.approx(find_slope(values), rel=1e-5)


@pytest.mark.parametrize("join", [False, True])
def test_parabolas_are_the_lowest_by_brute_force(rng, join) -> None:
    squares = rng.uniform(0.0, 30.0, (2, 7, 3)).astype(np.float32)
    squares[rng.random(squares.shape) < 0.5] = FAR
    squares[0, :, 0] = FAR
    before = rng.uniform(0.0, 60.0, (2, 9, 3)).astype(np.float32)
    first = -2
    spread = before.copy()
    spread_parabolas(squares, first, spread, join)
    gaps = np.arange(9)[:, None] - (np.arange(7) + first)[None, :]
    oracle = (squares[:, None] + (gaps**2)[None, :, :, None]).min(axis=2)
    oracle = np.minimum(oracle, before) if join else oracle
    known = oracle < FAR / 2
    assert spread[known] == pytest.approx(oracle[known], rel=1e-5)
    assert (spread[~known] >= FAR / 2).all()


def test_smoothing_is_the_correlation_of_scipy(rng) -> None:
    values = rng.random((6, 4)).astype(np.float32)
    weights = np.array([0.4, 0.2, 0.1], dtype=np.float32)
    smoothed = np.empty_like(values)
    smooth_planes(values, weights, smoothed)
    oracle = ndimage.correlate1d(values, [0.1, 0.2, 0.4, 0.2, 0.1], axis=0, mode="nearest")
    assert smoothed == pytest.approx(oracle, abs=1e-6)


def test_the_highest_neighbour_is_that_of_scipy(rng) -> None:
    values = rng.random((6, 4)).astype(np.float32)
    found = np.empty_like(values)
    highest_planes(values, 2, found)
    assert np.array_equal(found, ndimage.maximum_filter1d(values, 5, axis=0, mode="nearest"))


def a_ramp_across(c: float) -> np.ndarray:
    """Occupancy that falls through 0.5 at the index c along the last axis, over 3 voxels."""
    line = np.clip(0.5 - (np.arange(9) - c) / 3.0, 0.0, 1.0).astype(np.float32)
    return np.broadcast_to(line, (3, 3, 9)).copy()


@pytest.mark.parametrize("parts", [1, 3])
def test_lines_meet_a_plane_where_it_is(parts) -> None:
    values = a_ramp_across(4.3)
    squares = np.empty((3, 3, 13), dtype=np.float32)
    points = np.empty((20, 3))
    assert find_crossings(values, IDENTITY, values, parts, 2, squares, points) == 9
    assert points[:9, 2] == pytest.approx(np.full(9, 4.3), abs=1e-3)
    assert squares[1, 1] == pytest.approx((np.arange(13) - 6.3) ** 2, abs=2e-2)


def test_crossings_that_find_no_room_are_counted() -> None:
    values = a_ramp_across(4.3)
    squares = np.empty(values.shape, dtype=np.float32)
    assert find_crossings(values, IDENTITY, values, 2, 0, squares, np.empty((1, 3))) == 9


def test_a_plate_thinner_than_the_nodes_is_crossed_twice() -> None:
    values = np.zeros((1, 1, 9), dtype=np.float32)
    values[..., 4] = 1.0
    nodes = np.ascontiguousarray(values[..., ::2])
    affine = IDENTITY * [1.0, 1.0, 2.0, 1.0]
    squares = np.empty((1, 1, 5), dtype=np.float32)
    points = np.empty((4, 3))
    assert find_crossings(values, affine, nodes, 4, 0, squares, points) == 2
    assert points[:2, 2] == pytest.approx([1.75, 2.25], abs=1e-3)
    assert squares[0, 0, 4] == pytest.approx(1.75**2, abs=1e-2)


def test_a_line_that_meets_nothing_is_far() -> None:
    values = np.zeros((1, 1, 4), dtype=np.float32)
    squares = np.zeros((1, 1, 4), dtype=np.float32)
    assert find_crossings(values, IDENTITY, values, 2, 0, squares, np.empty((1, 3))) == 0
    assert (squares == np.float32(FAR)).all()


def test_discs_on_a_plane_face_outwards_and_are_full() -> None:
    discs = fit_discs(a_ramp_across(4.3), IDENTITY, np.array([[1.0, 1.0, 4.3]]), 0.5)
    assert discs[0] == pytest.approx([0.0, 0.0, 1.0, DISC_RADIUS], abs=1e-4)


def test_discs_at_a_sharp_edge_are_small() -> None:
    values = np.zeros((9, 9, 9), dtype=np.float32)
    values[:, :5, :5] = 1.0
    discs = fit_discs(values, IDENTITY, np.array([[4.0, 4.2, 4.2]]), 0.5)
    assert 0.0 < discs[0, 3] < 0.7 * DISC_RADIUS


def test_where_the_occupancy_is_flat_there_is_no_disc() -> None:
    discs = fit_discs(np.full((3, 3, 3), 0.5, dtype=np.float32), IDENTITY, np.ones((1, 3)), 0.5)
    assert not discs.any()


def measure_disc_distance(nodes, point, normal, radius) -> np.ndarray:
    away = nodes - point
    height = away @ normal
    beside = np.sqrt(np.maximum((away**2).sum(axis=-1) - height**2, 0.0))
    return np.hypot(height, np.maximum(beside - radius, 0.0))


@pytest.mark.parametrize(
    "normal", [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.6, 0.0, 0.8], [0.48, -0.6, 0.64]]
)
def test_distances_to_a_disc_near_its_axis(normal) -> None:
    shape, point, disc = (9, 9, 9), np.array([4.3, 3.9, 4.2]), np.array([*normal, DISC_RADIUS])
    nodes = np.stack(np.indices(shape), axis=-1).astype(float)
    distances = np.linalg.norm(nodes - point, axis=-1).astype(np.float32)
    shrunk = distances.copy()
    planes = np.arange(-DISC_REACH, shape[0] + DISC_REACH, dtype=float)
    starts = np.searchsorted([point[0]], planes)
    shrink_to_discs(distances, point[None], disc[None], starts, shrunk)
    tapered = DISC_RADIUS * np.clip((DISC_REACH - distances) / DISC_TAPER, 0.0, 1.0)
    oracle = measure_disc_distance(nodes, point, disc[:3], tapered)
    near = distances < 2.4
    assert shrunk[near] == pytest.approx(oracle[near], abs=1e-4)
    assert (shrunk <= distances).all()
    assert (shrunk >= oracle - 1e-4).all()


def measure_tube(nodes, points, radii) -> np.ndarray:
    """Distance to very many balls strung along the tube."""
    t = np.linspace(0.0, 1.0, 400)[:, None]
    best = np.full(len(nodes), np.inf)
    for a, b, ra, rb in zip(points[:-1], points[1:], radii[:-1], radii[1:], strict=True):
        centres, sizes = a + t * (b - a), ra + t[:, 0] * (rb - ra)
        gaps = np.linalg.norm(nodes[:, None] - centres[None], axis=2) - sizes
        best = np.minimum(best, gaps.min(axis=1))
    return best


def test_tubes_are_the_union_of_their_balls() -> None:
    points = np.array(
        [[-3.0, 2.0, 2.0], [2.0, 2.0, 3.0], [5.0, 6.0, 3.0], [5.0, 6.5, 3.0], [5.0, 6.5, 3.0]]
    )
    radii = np.array([0.5, 1.5, 1.0, 3.0, 0.2])
    values = np.empty((9, 10, 4), dtype=np.float32)
    tube_distances(points, radii, values)
    nodes = np.stack(np.indices(values.shape), axis=-1).reshape(-1, 3).astype(float)
    oracle = measure_tube(nodes, points, radii).reshape(values.shape)
    outside = oracle > 0.0
    assert values[outside] == pytest.approx(oracle[outside], abs=2e-3)
    assert ((values < 0.0) == (oracle < 0.0)).all()


def test_far_segments_are_dropped_and_change_nothing() -> None:
    points = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [60.0, 0.0, 0.0], [61.0, 0.0, 0.0]])
    radii = np.full(4, 0.5)
    values = np.empty((3, 3, 3), dtype=np.float32)
    tube_distances(points, radii, values)
    assert values[2, 2, 2] == pytest.approx(np.sqrt(8.0) - 0.5, abs=1e-5)
