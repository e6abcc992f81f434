"""The compiled marches of one axis and of many, against plain numpy and closed forms."""

import numba
import numpy as np
import pytest

from kambin.planning.axis_kernels import march_axes, nearest_to_segment
from kambin.planning.poses import STEEPEST_RATIO

SHAPE = (21, 17, 15)
ALONG = np.arange(-2.0, 14.01, 0.25)
FIRSTS = np.array([0, 8, 31], dtype=np.int64)
CAP_MM = 9.0


def _slope(values: np.ndarray) -> float:
    """The largest rise from node to node along an axis."""
    return max(float(np.abs(np.diff(values, axis=axis)).max()) for axis in range(3))


def _march(
    values: np.ndarray, targets: np.ndarray, ways: np.ndarray, firsts: np.ndarray = FIRSTS
) -> np.ndarray:
    per_mm = (max(_slope(values), 1.0) * STEEPEST_RATIO * float(np.abs(ways).max() + 1e-9), 4.0)
    return march_axes(values, targets, ways, ALONG, firsts, CAP_MM, per_mm)


def _sample(values: np.ndarray, node: np.ndarray) -> float:
    """The trilinear value at one place on the grid, corner by corner."""
    base = np.minimum(node.astype(int), np.array(values.shape) - 2)
    share = node - base
    total = 0.0
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(corner, share, 1 - share))
        total += weight * float(values[tuple(base + corner)])
    return total


def _march_plainly(values: np.ndarray, target: np.ndarray, way: np.ndarray) -> list[float]:
    """Every sample of an axis, none leapt over."""
    gaps = np.full(len(ALONG), CAP_MM)
    for n, along in enumerate(ALONG):
        node = target + along * way
        if ((node >= 0) & (node <= np.array(values.shape) - 1)).all():
            gaps[n] = min(CAP_MM, _sample(values, node))
    return [float(gaps[first:].min()) for first in FIRSTS]


def _ball(radius_mm: float = 3.0) -> np.ndarray:
    nodes = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
    return (np.linalg.norm(nodes - (11, 8, 7), axis=-1) - radius_mm).astype(np.float32)


def _axes(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    ways = rng.normal(size=(count, 3))
    return rng.uniform(-3, 20, (count, 3)), ways / np.linalg.norm(ways, axis=1, keepdims=True)


@pytest.mark.parametrize("seed", range(6))
def test_leaps_over_a_random_field_miss_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.uniform(-1, 8, SHAPE).astype(np.float32)
    targets, ways = _axes(rng, 12)
    found = _march(values, targets, ways)
    plain = [_march_plainly(values, *axis) for axis in zip(targets, ways, strict=True)]
    assert found == pytest.approx(np.array(plain), abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_leaps_over_a_distance_miss_nothing(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    targets, ways = _axes(rng, 20)
    found = _march(_ball(), targets, ways)
    plain = [_march_plainly(_ball(), *axis) for axis in zip(targets, ways, strict=True)]
    assert found == pytest.approx(np.array(plain), abs=1e-5)
    assert (found < CAP_MM).any()


def test_an_axis_beside_the_grid_meets_nothing() -> None:
    far = np.array([[100.0, 100.0, 100.0]])
    assert (_march(_ball(), far, np.array([[1.0, 0.0, 0.0]])) == CAP_MM).all()


def test_an_axis_that_enters_the_grid_late_is_measured_there() -> None:
    # From 1.5 nodes before the grid straight through the middle of the ball.
    start, way = np.array([[-1.5, 8.0, 7.0]]), np.array([[1.0, 0.0, 0.0]])
    whole = _march(_ball(), start, way)
    assert whole[0, 0] == pytest.approx(_march_plainly(_ball(), start[0], way[0])[0], abs=1e-5)
    assert whole[0, 0] == pytest.approx(-3.0, abs=0.3)


def test_a_deeper_part_is_never_clearer_than_a_shallower_one(rng: np.random.Generator) -> None:
    found = _march(_ball(), *_axes(rng, 40))
    assert (np.diff(found, axis=1) >= 0).all()


def test_the_last_node_of_the_grid_counts() -> None:
    values = np.full(SHAPE, 5.0, np.float32)
    values[-1, -1, -1] = 1.0
    corner = np.array(SHAPE, float)[None] - 1
    still = np.zeros((1, 3))
    assert _march(values, corner, still)[0, 0] == pytest.approx(1.0)


def test_a_field_that_is_far_everywhere_is_capped(rng: np.random.Generator) -> None:
    values = np.full(SHAPE, 50.0, np.float32)
    assert (_march(values, *_axes(rng, 5)) == CAP_MM).all()


def test_one_and_two_threads_march_alike(rng: np.random.Generator) -> None:
    axes = _axes(rng, 60)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one = _march(_ball(), *axes)
        numba.set_num_threads(min(2, numba.config.NUMBA_NUM_THREADS))
        two = _march(_ball(), *axes)
    finally:
        numba.set_num_threads(before)
    assert np.array_equal(one, two)


# One segment and many points


@pytest.mark.parametrize(
    ("point", "gap", "share"),
    [
        ((5.0, 3.0, 0.0), 3.0, 0.5),
        ((-4.0, 3.0, 0.0), 5.0, 0.0),
        ((16.0, 0.0, 8.0), 10.0, 1.0),
        ((2.0, 0.0, 0.0), 0.0, 0.2),
    ],
)
def test_a_point_is_nearest_to_its_foot_or_to_an_end(
    point: tuple[float, float, float], gap: float, share: float
) -> None:
    found = nearest_to_segment(np.array([point]), np.zeros(3), np.array([10.0, 0.0, 0.0]))
    assert found == pytest.approx((gap, share))


def test_of_two_points_alike_near_the_first_is_named() -> None:
    points = np.array([[2.0, 1.0, 0.0], [8.0, -1.0, 0.0]])
    assert nearest_to_segment(points, np.zeros(3), np.array([10.0, 0.0, 0.0]))[1] == 0.2


def test_no_points_are_infinitely_far() -> None:
    gap, _ = nearest_to_segment(np.zeros((0, 3)), np.zeros(3), np.ones(3))
    assert gap == np.inf


def test_turning_the_segment_round_turns_the_share_round(rng: np.random.Generator) -> None:
    points, start, end = rng.normal(0, 9, (30, 3)), rng.normal(size=3), rng.normal(5, 1, 3)
    there, back = nearest_to_segment(points, start, end), nearest_to_segment(points, end, start)
    assert there[0] == pytest.approx(back[0], abs=1e-9)
    assert there[1] == pytest.approx(1 - back[1], abs=1e-9)
