"""The exact map of the skin equals looking at every sample of every path."""

from dataclasses import replace

import numba
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from kambin.planning.cost_kernels import Costs
from kambin.planning.field_search import FieldProblem, search_field
from kambin.planning.skin_rooms import find_skin_rooms

SHAPE = (26, 24, 22)


def a_problem(seed: int, cap_mm: float = np.inf) -> FieldProblem:
    """Balls of bone between a patch of skin and a cloud of targets."""
    rng = np.random.default_rng(seed)
    nodes = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
    field = np.full(SHAPE, 6.0)
    for _ in range(5):
        centre, radius = rng.uniform(4, 20, 3), rng.uniform(1.0, 4.0)
        field = np.minimum(field, np.linalg.norm(nodes - centre, axis=-1) - radius)
    entries = rng.uniform((18, 2, 2), (23, 21, 19), (130, 3)).astype(np.float32)
    targets = rng.uniform((2, 5, 5), (6, 18, 16), (90, 3)).astype(np.float32)
    costs = Costs(np.zeros(130), np.zeros(90))
    return FieldProblem(field.astype(np.float32), entries, targets, 0.5, costs, cap_mm)


def rooms_plainly(problem: FieldProblem, floor_mm: float) -> np.ndarray:
    """All samples of all paths, by scipy's trilinear interpolation."""
    ways = problem.entries[:, None].astype(float) - problem.targets
    lengths = np.linalg.norm(ways, axis=2)
    values = np.full(lengths.shape, np.inf)
    for n in range(int(lengths.max() / problem.step) + 1):
        is_on = n * problem.step <= lengths
        points = problem.targets + ways * (n * problem.step / lengths)[..., None]
        there = map_coordinates(problem.field.astype(float), np.moveaxis(points, 2, 0), order=1)
        values = np.where(is_on, np.minimum(values, there), values)
    most = np.minimum(values.max(axis=1), problem.cap_mm)
    return np.where(most >= floor_mm, most, -np.inf)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("floor_mm", [-np.inf, 0.6])
def test_every_entry_has_the_room_of_its_best_path(seed: int, floor_mm: float) -> None:
    problem = a_problem(seed)
    ours, plain = find_skin_rooms(problem, floor_mm), rooms_plainly(problem, floor_mm)
    seen = np.isfinite(plain)
    assert (np.isfinite(ours) == seen).all()
    assert np.abs(ours[seen] - plain[seen]).max(initial=0.0) <= 2e-5


@pytest.mark.parametrize("seed", range(4))
def test_more_room_than_the_cap_is_not_counted(seed: int) -> None:
    problem = a_problem(seed, cap_mm=0.5)
    ours = find_skin_rooms(problem, -1.0)
    assert ours.max() <= 0.5
    plain = rooms_plainly(problem, -1.0)
    seen = np.isfinite(plain)
    assert np.abs(ours[seen] - plain[seen]).max(initial=0.0) <= 2e-5


@pytest.mark.parametrize("seed", range(4))
def test_the_best_entry_is_that_of_the_search(seed: int) -> None:
    problem = a_problem(seed)
    rooms, found = find_skin_rooms(problem, -np.inf), search_field(problem)
    assert rooms.max() == found.value_mm
    assert rooms[found.entry] == found.value_mm


def test_a_higher_floor_only_hides_what_lies_below() -> None:
    problem = a_problem(3)
    low, high = find_skin_rooms(problem, -np.inf), find_skin_rooms(problem, 0.4)
    shown = np.isfinite(high)
    assert 0 < shown.sum() < len(low)
    assert (low[shown] == high[shown]).all()
    assert (low[~shown] < 0.4).all()


def test_no_entry_has_room_where_the_floor_is_out_of_reach() -> None:
    assert np.isneginf(find_skin_rooms(a_problem(0), 6.5)).all()


def test_an_entry_that_just_reaches_the_floor_is_shown() -> None:
    problem = a_problem(5)
    rooms = find_skin_rooms(problem, -np.inf)
    again = find_skin_rooms(problem, float(rooms.max()))
    assert again.max() == rooms.max()


def test_one_and_two_threads_give_the_same_map() -> None:
    problem = a_problem(7)
    threads = numba.get_num_threads()
    maps = []
    try:
        for count in {1, numba.config.NUMBA_NUM_THREADS}:
            numba.set_num_threads(count)
            maps.append(find_skin_rooms(problem, 0.0))
    finally:
        numba.set_num_threads(threads)
    assert all((room == maps[0]).all() for room in maps)


def test_the_order_of_the_entries_is_kept() -> None:
    problem = a_problem(9)
    turned = replace(problem, entries=np.ascontiguousarray(problem.entries[::-1]))
    assert (find_skin_rooms(turned, 0.0)[::-1] == find_skin_rooms(problem, 0.0)).all()
