"""The side of the root as a condition of every search: against all paths tried, one by one."""

from dataclasses import replace

import numpy as np
import pytest
from tests.differential.test_skin_stages import a_crop, map_crop, try_all
from tests.unit.planning.laid_roots import a_line, a_random_line
from tests.unit.planning.small_problems import TARGET, many_paths, mirror_problem, random_balls
from tests.unit.planning.test_search import loops

from kambin.knowledge import value
from kambin.planning import Path
from kambin.planning.continuum import bound_between
from kambin.planning.problem import Problem
from kambin.planning.root_side import measure_root_ahead_mm, measure_roots_ahead_mm
from kambin.planning.search import NO_KEYS, combine_margins, find_best_path
from kambin.planning.search_problem import find_staged_problem

pytestmark = pytest.mark.kernels
QUANTUM = value("planning.objective_quantum_mm")
SEEDS = range(10)


def beside_a_root(problem: Problem, seed: int) -> Problem:
    """The problem with a root at random across its paths."""
    line = a_random_line(np.random.default_rng(seed), np.add(TARGET, (5.0, 4.0, 1.0)))
    return replace(problem, geometry=replace(problem.geometry, root_mm=line))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_search_finds_what_loops_find_beside_a_root(seed: int) -> None:
    problem = beside_a_root(many_paths(list(random_balls(seed))), seed)
    found, (slack, objective) = find_best_path(problem), loops(problem)
    if not np.isfinite(slack).any():
        assert found.best is None or not found.is_feasible
        return
    assert found.best is not None
    assert found.is_feasible is bool(np.isfinite(objective).any())
    if found.is_feasible:
        assert found.best.objective_mm == pytest.approx(objective.max(), abs=QUANTUM + 2e-3)
    else:
        # of the paths that keep the root's side, none lacks less
        assert found.best.slack_mm >= slack.max() - 1.1
    path = Path(found.best.entry_lps_mm, found.best.target_lps_mm, found.best.stop_mm)
    assert (measure_root_ahead_mm(problem.geometry, path) or 0.0) >= 0


def test_some_of_these_roots_change_the_answer() -> None:
    changed = 0
    for seed in SEEDS:
        problem = many_paths(list(random_balls(seed)))
        here, there = find_best_path(problem), find_best_path(beside_a_root(problem, seed))
        assert there.best is None or there.rank <= (here.rank[0], here.rank[1] + QUANTUM)
        changed += there.best is None or there.rank != here.rank
    assert changed >= 2


def test_a_root_behind_all_paths_leaves_none_and_one_ahead_of_them_leaves_all() -> None:
    problem = many_paths()
    entries, targets = problem.entries.points_lps_mm, problem.targets.points_lps_mm
    middle = 0.8 * targets.mean(axis=0) + 0.2 * entries.mean(axis=0)
    found = {}
    for ahead_mm in (-40.0, 40.0):
        level = replace(problem.geometry, root_mm=a_line(middle, ahead_mm))
        assert np.isfinite(measure_roots_ahead_mm(level, entries, targets)).all()
        found[ahead_mm] = find_best_path(replace(problem, geometry=level))
    assert found[-40.0].best is None
    assert found[40.0].rank == find_best_path(problem).rank


@pytest.mark.parametrize("seed", SEEDS)
def test_the_mirrored_problem_has_the_mirrored_answer(seed: int) -> None:
    problem = beside_a_root(many_paths(list(random_balls(seed))), seed)
    here, there = find_best_path(problem), find_best_path(mirror_problem(problem))
    assert here.is_feasible is there.is_feasible
    if here.best is not None and there.best is not None:
        assert there.best.objective_mm == pytest.approx(here.best.objective_mm, abs=1e-3)


@pytest.mark.parametrize("seed", range(6))
def test_every_entry_of_the_map_has_the_room_of_its_best_path(seed: int) -> None:
    problem = beside_a_root(a_crop(seed), seed)
    ours, plain = map_crop(problem), try_all(problem)
    best = plain.max(axis=(1, 2), initial=-np.inf)
    seen = np.isfinite(best)
    assert (np.isfinite(ours.room_mm) == seen).all()
    assert np.abs(ours.room_mm[seen] - best[seen]).max(initial=0.0) <= 2e-5


@pytest.mark.parametrize("seed", range(4))
def test_the_bound_of_the_continuum_counts_the_right_side_of_the_root_alone(seed: int) -> None:
    """No more than without the root, no less than any path that keeps its side."""
    problem = a_crop(seed)
    rooted = beside_a_root(problem, seed)
    found = find_best_path(rooted)
    if not found.is_feasible or found.best is None:
        pytest.skip("no path keeps the side of this root")
    least, uppers = found.best.objective_mm, []
    for one in (rooted, problem):
        staged = find_staged_problem(one, combine_margins(one, NO_KEYS).fields)
        uppers.append(bound_between(one, staged, least).upper_mm)
    assert least - 1e-6 <= uppers[0] <= uppers[1] + 1e-6
