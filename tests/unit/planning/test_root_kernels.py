"""The side of the root by the kernels and by numpy, path by path and for balls of paths."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.laid_roots import COURSE, a_line, a_random_line
from tests.unit.planning.small_problems import MIRROR, a_level

from kambin.frames import Side
from kambin.planning.geometry import LevelGeometry
from kambin.planning.root_kernels import find_root_ahead, runs_ahead_of_root
from kambin.planning.root_side import AHEAD, measure_roots_ahead_mm, pack_root

pytestmark = pytest.mark.kernels
LOW, HIGH = np.array([-2.0, 8.0, -14.0]), np.array([24.0, 24.0, 14.0])
BEFORE = np.arange(5.0)
"""Numbers that stand before the root in the array of the kernels."""


def _ends(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Targets in and around the foramen, entries dorsal and lateral of them, surgical, mm."""
    targets = rng.uniform(LOW, HIGH, (count, 3))
    ways = rng.uniform((20, 5, -25), (90, 90, 60), (count, 3))
    return targets + ways, targets


def _level(line_mm: np.ndarray | None, side: Side = Side.LEFT, **more) -> LevelGeometry:
    return replace(a_level(side, **more), root_mm=line_mm)


def _by_kernel(level: LevelGeometry, entries: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """What the kernel says of points in LPS, every pair."""
    packed = np.concatenate([BEFORE, pack_root(level)])
    e, t = level.surgical_mm(entries), level.surgical_mm(targets)
    return np.array([[find_root_ahead(a, b, packed, len(BEFORE)) for b in t] for a in e])


@pytest.mark.parametrize("seed", range(12))
def test_kernel_and_numpy_agree_to_the_last_bit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    entries, targets = _ends(rng, 24)
    level = _level(
        a_random_line(rng, (16.0, 18.0, 4.0)), tilt_deg=4.0 * seed, origin_lps_mm=(3.0, -70.0, 900)
    )
    points = level.lps_mm(entries), level.lps_mm(targets)
    ours, plain = _by_kernel(level, *points), measure_roots_ahead_mm(level, *points)
    assert np.array_equal(ours, plain)
    assert 0.05 < np.isfinite(plain).mean() < 1, "some cross, some do not"


def test_both_sides_of_the_root_occur_among_these() -> None:
    ahead = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        entries, targets = _ends(rng, 24)
        ahead.append(_by_kernel(_level(a_random_line(rng, (16, 18, 4))), entries, targets))
    assert (np.stack(ahead) < 0).mean() > 0.05
    assert (np.stack(ahead)[np.isfinite(ahead)] > 0).mean() > 0.05


@pytest.mark.parametrize(
    "line_mm", [None, np.empty((0, 3)), np.array([[16.0, 18.0, 4.0]])], ids=["none", "empty", "dot"]
)
def test_without_a_line_nothing_is_crossed(line_mm: np.ndarray | None) -> None:
    level = _level(line_mm)
    entries, targets = _ends(np.random.default_rng(0), 4)
    assert np.isinf(_by_kernel(level, entries, targets)).all()
    assert np.isinf(measure_roots_ahead_mm(level, entries, targets)).all()
    packed = np.concatenate([BEFORE, pack_root(level)])
    assert not len(pack_root(level))
    assert not runs_ahead_of_root(90, 80, 20, 0.0, 6, 18, 0, 0.0, packed, len(BEFORE))


def test_a_path_and_a_root_along_the_sight_cross_nowhere() -> None:
    target = np.array([[6.0, 18.0, 0.0]])
    line, across = a_line(target[0] + (5.0, 0.0, 0.0), 1.0), target - 30.0 * AHEAD
    in_depth = np.stack([target[0], target[0] + AHEAD])
    for level, entry in ((_level(line), across), (_level(in_depth), target + 9)):
        assert np.isinf(measure_roots_ahead_mm(level, entry, target)).all()
        assert np.isinf(_by_kernel(level, entry, target)).all()


def test_a_crossing_at_a_point_of_the_root_is_counted_once() -> None:
    entry, target = np.array([[90.0, 80.0, 20.0]]), np.array([[6.0, 18.0, 0.0]])
    middle = target[0] + 0.25 * (entry - target)[0]
    line = np.stack([middle - 8 * COURSE, middle, middle + 8 * COURSE]) - 2.0 * AHEAD
    level = _level(line)
    assert measure_roots_ahead_mm(level, entry, target) == pytest.approx(-2.0)
    assert _by_kernel(level, entry, target) == pytest.approx(-2.0)


def test_no_path_asks_nothing() -> None:
    level = _level(a_line((16, 18, 4), 1.0))
    assert measure_roots_ahead_mm(level, np.empty((0, 3)), np.ones((2, 3))).shape == (0, 2)
    assert measure_roots_ahead_mm(level, np.ones((2, 3)), np.empty((0, 3))).shape == (2, 0)


def test_many_paths_at_once_are_as_they_are_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    entries, targets = _ends(rng, 9)
    level = _level(a_random_line(rng, (16, 18, 4)))
    whole = measure_roots_ahead_mm(level, entries, targets)
    monkeypatch.setattr("kambin.planning.root_side.CROSSINGS_BATCH", 1)
    assert np.array_equal(measure_roots_ahead_mm(level, entries, targets), whole)


@pytest.mark.parametrize("seed", range(4))
def test_the_mirrored_level_has_the_same_sides(seed: int) -> None:
    rng = np.random.default_rng(seed)
    entries, targets = _ends(rng, 12)
    line = a_random_line(rng, (16, 18, 4))
    here, there = _level(line), _level(line, Side.RIGHT)
    ahead = measure_roots_ahead_mm(here, entries, targets)
    assert np.isfinite(ahead).any()
    assert np.array_equal(measure_roots_ahead_mm(there, entries * MIRROR, targets * MIRROR), ahead)
    assert np.array_equal(_by_kernel(there, entries * MIRROR, targets * MIRROR), ahead)


def _in_ball(rng: np.random.Generator, middle: np.ndarray, reach: float) -> np.ndarray:
    """Places in a ball, half of them on its surface."""
    ways = rng.normal(size=(40, 3))
    ways /= np.linalg.norm(ways, axis=1)[:, None]
    return middle + reach * np.where(rng.random(40) < 0.5, 1.0, rng.random(40))[:, None] * ways


@pytest.mark.parametrize("seed", range(60))
def test_balls_are_refused_only_if_all_their_paths_cross_on_the_far_side(seed: int) -> None:
    rng = np.random.default_rng(seed)
    level = _level(a_random_line(rng, (14.0, 19.0, 3.0), away_mm=9.0))
    packed = np.concatenate([BEFORE, pack_root(level)])
    entries, targets = _ends(rng, 30)
    for entry, target in zip(entries, targets, strict=True):
        reach_e, reach_t = rng.choice([0.0, 0.5, 3.0, 12.0]), rng.choice([0.0, 0.3, 1.0, 3.0])
        if runs_ahead_of_root(*entry, reach_e, *target, reach_t, packed, len(BEFORE)):
            ends = _in_ball(rng, entry, reach_e), _in_ball(rng, target, reach_t)
            assert (measure_roots_ahead_mm(level, *ends) < 0).all()


def test_single_paths_and_small_balls_on_the_far_side_are_refused() -> None:
    """The gate is sound where it never fires; here it has to, or the search bounds what is left."""
    alone, small, wrong = 0, 0, 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        level = _level(a_random_line(rng, (14.0, 19.0, 3.0), away_mm=9.0))
        packed = np.concatenate([BEFORE, pack_root(level)])
        for entry, target in zip(*_ends(rng, 20), strict=True):
            if find_root_ahead(entry, target, packed, len(BEFORE)) < -1.0:
                wrong += 1
                alone += runs_ahead_of_root(*entry, 0.0, *target, 0.0, packed, len(BEFORE))
                small += runs_ahead_of_root(*entry, 1.0, *target, 0.25, packed, len(BEFORE))
    assert wrong > 30
    assert alone > 0.8 * wrong
    assert small > 0.4 * wrong
