"""The exact map of the skin for all stages equals trying every path at every sample."""

from dataclasses import replace
from functools import cache

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.planning.small_problems import (
    TARGET,
    a_problem,
    mirror_problem,
    random_balls,
    some_entries,
    some_targets,
    the_tools,
)

from kambin.knowledge import value
from kambin.planning.corridor import find_allowed
from kambin.planning.problem import Problem
from kambin.planning.search import NO_KEYS, combine_margins, march_candidates
from kambin.planning.search_problem import find_staged_problem
from kambin.planning.skin_stages import StageRooms, find_stage_rooms

QUANTUM = value("planning.objective_quantum_mm")
SEEDS = st.integers(0, 400)


@cache
def a_crop(seed: int) -> Problem:
    """A patch of skin and a cloud of targets, with nerves and bones at random between."""
    rng = np.random.default_rng(seed)
    angles = [(theta, phi) for theta in range(34, 76, 4) for phi in range(-12, 26, 4)]
    targets = np.array(TARGET) + rng.uniform((-3, -2, -4), (4, 3, 4), (21, 3))
    return a_problem(
        some_entries(TARGET, angles, 45.0),
        some_targets([TARGET, *targets]),
        list(random_balls(seed)),
    )


def map_crop(problem: Problem, floor_mm: float = -np.inf) -> StageRooms:
    """The rooms as the map of the skin finds them."""
    staged = find_staged_problem(problem, combine_margins(problem, NO_KEYS).fields)
    return find_stage_rooms(staged, quantum_mm=QUANTUM, floor_mm=floor_mm)


def try_all(problem: Problem) -> np.ndarray:
    """The room of every candidate, shape (E, T, S), every sample looked at."""
    margins, entries = combine_margins(problem, NO_KEYS), problem.entries.points_lps_mm
    step_mm = value("planning.evaluation_step_mm")
    tried = march_candidates(problem, margins, entries, step_mm, thorough=True).slack_mm
    allowed = find_allowed(problem.entries, problem.targets, problem.geometry, problem.tools)
    return np.where(allowed, tried.astype(np.float64), -np.inf)


@pytest.mark.parametrize("seed", range(20))
def test_every_entry_has_the_room_of_its_best_path(seed: int) -> None:
    problem = a_crop(seed)
    ours, plain = map_crop(problem), try_all(problem)
    best = plain.max(axis=(1, 2))
    seen = np.isfinite(best)
    assert seen.any()
    assert (np.isfinite(ours.room_mm) == seen).all()
    assert np.abs(ours.room_mm[seen] - best[seen]).max() <= 2e-5
    # the path that is told has that room, to within a tie
    told = plain[np.flatnonzero(seen), ours.targets[seen], ours.stops[seen]]
    assert (best[seen] - told).max() <= QUANTUM
    assert (ours.targets[~seen] == -1).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_floor_only_hides_what_lies_below(seed: int) -> None:
    problem = a_crop(seed)
    low, floor = map_crop(problem), 0.0
    floor = float(np.median(low.room_mm[np.isfinite(low.room_mm)]))
    high = map_crop(problem, floor)
    shown = np.isfinite(high.room_mm)
    assert 0 < shown.sum() < len(shown)
    assert (high.room_mm[shown] == low.room_mm[shown]).all()
    assert (low.room_mm[~shown] < floor).all()


def test_one_and_two_threads_give_the_same_map() -> None:
    problem, threads = a_crop(3), numba.get_num_threads()
    maps = []
    try:
        for count in {1, numba.config.NUMBA_NUM_THREADS}:
            numba.set_num_threads(count)
            maps.append(map_crop(problem))
    finally:
        numba.set_num_threads(threads)
    for found in maps:
        assert (found.room_mm == maps[0].room_mm).all()
        assert (found.targets == maps[0].targets).all()
        assert (found.stops == maps[0].stops).all()


@given(SEEDS, st.sampled_from(["outside-in", "mobile-outside-in", "inside-out"]))
@settings(max_examples=6)
def test_the_mirrored_patient_has_the_mirrored_map(seed: int, name: str) -> None:
    problem = replace(a_crop(seed), tools=the_tools(name))
    ours, theirs = map_crop(problem), map_crop(mirror_problem(problem))
    seen = np.isfinite(ours.room_mm)
    assert (np.isfinite(theirs.room_mm) == seen).all()
    assert np.abs(ours.room_mm[seen] - theirs.room_mm[seen]).max(initial=0.0) <= 1e-4
    # the lists are mirrored, too: their places stay
    assert (ours.targets == theirs.targets).all()
    assert (ours.stops == theirs.stops).all()


@given(SEEDS, st.tuples(st.floats(5.0, 10.0), st.floats(5.0, 10.0)))
@settings(max_examples=12)
def test_no_entry_has_more_room_for_a_wider_cannula(seed: int, sizes) -> None:
    narrow, wide = (
        map_crop(replace(a_crop(seed), tools=the_tools(cannula_mm=size))).room_mm
        for size in sorted(sizes)
    )
    assert (np.isfinite(narrow) == np.isfinite(wide)).all()
    seen = np.isfinite(wide)
    assert (wide[seen] <= narrow[seen] + 2e-5).all()


def test_a_wider_cannula_does_lose_room_and_skin() -> None:
    narrow, wide = (
        map_crop(replace(a_crop(1), tools=the_tools(cannula_mm=size))).room_mm for size in (5, 10)
    )
    assert (wide < narrow - 0.5).any()
    assert (wide >= 0).sum() <= (narrow >= 0).sum()
