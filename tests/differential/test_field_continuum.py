"""What lies between the listed paths never exceeds the bound over the continuum."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.weighted import find_costs_plainly
from scipy.ndimage import map_coordinates

from kambin.planning.cost_kernels import Costs
from kambin.planning.field_continuum import bound_field_continuum
from kambin.planning.field_search import FieldProblem, search_field

SHAPE = (26, 24, 22)
GOAL = np.array([4.0, 11.0, 10.0])


def weigh(entries: np.ndarray, targets: np.ndarray, slope: float) -> Costs:
    """Costs of entries off a line, of targets off a goal, of length and of angles."""
    return Costs(
        slope * np.abs(entries[:, 1].astype(float) - 12.0),
        slope * np.linalg.norm(targets.astype(float) - GOAL, axis=1),
        per_mm=0.02,
        per_deg=0.03,
        theta_deg=(60.0, 80.0),
        phi_deg=(-5.0, 5.0),
        entry_slope=slope,
        target_slope=slope,
    )


def a_problem(seed: int, counts: tuple[int, int] = (70, 50)) -> FieldProblem:
    """Balls of bone between a patch of skin and a cloud of targets, and weighted costs."""
    rng = np.random.default_rng(seed)
    nodes = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
    field = np.full(SHAPE, 6.0)
    for _ in range(6):
        centre, radius = rng.uniform(3, 20, 3), rng.uniform(1.0, 4.0)
        field = np.minimum(field, np.linalg.norm(nodes - centre, axis=-1) - radius)
    entries = rng.uniform((18, 3, 3), (23, 20, 18), (counts[0], 3)).astype(np.float32)
    targets = rng.uniform((3, 6, 6), (6, 17, 15), (counts[1], 3)).astype(np.float32)
    costs = weigh(entries, targets, float(rng.choice([0.0, 0.2])))
    cap_mm = float(rng.choice([1.5, np.inf]))
    return FieldProblem(field.astype(np.float32), entries, targets, 0.5, costs, cap_mm)


def values_plainly(problem: FieldProblem) -> np.ndarray:
    """The value of every pair: scipy's interpolation, and numpy's angles."""
    ways = problem.entries[:, None].astype(float) - problem.targets
    lengths = np.linalg.norm(ways, axis=2)
    clear = np.full(lengths.shape, problem.cap_mm)
    for n in range(int(lengths.max() / problem.step) + 1):
        points = problem.targets + ways * (n * problem.step / lengths)[..., None]
        there = map_coordinates(problem.field.astype(float), np.moveaxis(points, 2, 0), order=1)
        clear = np.where(n * problem.step <= lengths, np.minimum(clear, there), clear)
    return clear - find_costs_plainly(problem, 0)


@pytest.mark.parametrize("seed", range(12))
def test_the_weighted_search_equals_plain_numpy_over_all_pairs(seed: int) -> None:
    problem = a_problem(seed)
    values = values_plainly(problem)
    found = search_field(problem)
    assert found.value_mm == pytest.approx(values.max(), abs=2e-5)
    assert values[found.entry, found.target] == pytest.approx(values.max(), abs=2e-5)


@pytest.mark.parametrize("seed", range(24))
def test_no_path_near_the_listed_ones_exceeds_the_bound(seed: int) -> None:
    problem, rng = a_problem(seed), np.random.default_rng(seed)
    slope = problem.costs.entry_slope
    reaches = rng.uniform(0.05, 1.0, 2)
    found = search_field(problem)
    bound = bound_field_continuum(problem, found.value_mm, (reaches[0], reaches[1]))
    assert bound.upper_mm >= found.value_mm
    for _ in range(6):
        ends = []
        for points, reach in zip((problem.entries, problem.targets), reaches, strict=True):
            shift = rng.normal(size=points.shape)
            shift *= (reach - 1e-4) / np.linalg.norm(shift, axis=1, keepdims=True)
            ends.append((points + shift).astype(np.float32))
        near = replace(
            problem, entries=ends[0], targets=ends[1], costs=weigh(ends[0], ends[1], slope)
        )
        assert search_field(near).value_mm <= bound.upper_mm + 1e-6


@pytest.mark.parametrize("counts", [(1, 1), (1, 5), (6, 1)])
def test_short_lists_have_a_bound_too(counts: tuple[int, int]) -> None:
    problem = a_problem(3, counts)
    found = search_field(problem)
    bound = bound_field_continuum(problem, found.value_mm, (0.3, 0.3))
    assert found.value_mm < bound.upper_mm < found.value_mm + 2.0


def test_the_bound_closes_in_on_the_best_as_the_surroundings_shrink() -> None:
    problem = replace(a_problem(5), cap_mm=np.inf)
    best_mm = search_field(problem).value_mm
    gaps = [
        bound_field_continuum(problem, best_mm, (reach, reach)).upper_mm - best_mm
        for reach in (1.0, 0.5, 0.1, 0.01)
    ]
    assert gaps == sorted(gaps, reverse=True)
    assert gaps[0] > 0.2
    assert gaps[-1] < 0.1
