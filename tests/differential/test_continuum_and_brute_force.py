"""No path between listed ones exceeds the bound over the continuum; brute force looks for one."""

from dataclasses import replace

import numpy as np
import pytest
from tests.differential.test_search_and_brute_force import (
    SHAPE,
    a_staged_problem,
    measure_plainly,
    random_field,
)
from tests.unit.planning.small_problems import a_level

from kambin.frames import Side, direction_from_angles
from kambin.planning.continuum import End, _between_stops, _CellTree, bound_continuum
from kambin.planning.continuum_cells import BoxCells, SkinCells
from kambin.planning.near_slopes import EDGE, NEAR_NODES, find_near_slopes
from kambin.planning.slack import Slack
from kambin.planning.staged_search import BOUND, StagedProblem, find_fixed, search_staged

HALF_MM = 0.6
GEOMETRY = a_level(Side.LEFT)


def freely(middles_mm: np.ndarray, radii_mm: np.ndarray) -> np.ndarray:
    return np.zeros(len(middles_mm))


def boxes_around(points_mm: np.ndarray) -> BoxCells:
    # the made level lies in the axes of LPS
    return BoxCells(points_mm - HALF_MM, points_mm + HALF_MM, GEOMETRY)


def at_other_places(problem: StagedProblem, entries: np.ndarray, targets: np.ndarray, stops):
    """The same problem with other ends and docking distances, and no costs of points."""
    listed = problem.stop_step_mm * np.arange(len(problem.stop_costs_mm))
    return replace(
        problem,
        stop_costs_mm=np.interp(stops, listed, problem.stop_costs_mm),
        costs=replace(
            problem.costs, entries_mm=np.zeros(len(entries)), targets_mm=np.zeros(len(targets))
        ),
        corridor=replace(
            problem.corridor,
            entries_mm=entries,
            targets_mm=targets,
            entries_surgical_mm=entries,
            targets_surgical_mm=targets,
            stops_mm=stops,
        ),
    )


def sampled_best_mm(problem: StagedProblem, rng: np.random.Generator) -> float:
    """The best of random paths between boxes, docking at any sample or between two."""
    corridor = problem.corridor
    last = corridor.stops_mm[-1]
    stops = np.unique([*np.arange(0, last + 0.1, 0.25), *rng.uniform(0, last, 6)])
    best = -np.inf
    for _ in range(4):
        entries, targets = (
            points[rng.integers(len(points), size=count)]
            + rng.uniform(-HALF_MM, HALF_MM, size=(count, 3))
            for points, count in ((corridor.entries_mm, 60), (corridor.targets_mm, 40))
        )
        nudged = at_other_places(problem, entries, targets, stops)
        best = max(best, float(measure_plainly(nudged, 0.0).max()))
    return best


@pytest.mark.parametrize("seed", range(8))
def test_no_path_between_boxes_exceeds_the_bound(seed: int) -> None:
    problem = a_staged_problem(seed)
    corridor = problem.corridor
    listed = at_other_places(problem, corridor.entries_mm, corridor.targets_mm, corridor.stops_mm)
    found = search_staged(listed, quantum_mm=0.0)
    best = sampled_best_mm(problem, np.random.default_rng(seed))
    if not np.isfinite(max(best, found.value_mm)):
        return
    sides = tuple(
        End(boxes_around(points), freely) for points in (corridor.entries_mm, corridor.targets_mm)
    )
    least = found.value_mm if found.at else best - 1.0
    uppers = [
        bound_continuum(listed, sides, least, 0.2, most).upper_mm for most in (1, 200, 20_000)
    ]
    assert min(uppers) >= max(best, least) - 1e-4
    assert uppers == sorted(uppers, reverse=True)


def test_the_bound_comes_down_to_what_was_found_and_the_gap() -> None:
    closed = 0
    for seed in range(6):
        problem = a_staged_problem(seed)
        corridor = problem.corridor
        listed = at_other_places(
            problem, corridor.entries_mm, corridor.targets_mm, corridor.stops_mm
        )
        best = sampled_best_mm(problem, np.random.default_rng(seed))
        if not np.isfinite(best):
            continue
        sides = tuple(
            End(boxes_around(points), freely)
            for points in (corridor.entries_mm, corridor.targets_mm)
        )
        found = bound_continuum(listed, sides, best, 0.8, 40_000)
        closed += found.upper_mm == best + 0.8
    assert closed >= 2


@pytest.mark.parametrize("seed", range(8))
def test_small_cells_are_bounded_by_no_less_than_their_paths(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    problem = a_staged_problem(seed)
    last = problem.corridor.stops_mm[-1]
    loosened = _between_stops(
        at_other_places(problem, np.zeros((1, 3)), np.zeros((1, 3)), problem.corridor.stops_mm)
    )
    trees = [
        _CellTree(loosened, End(boxes_around(points), freely))
        for points in (problem.corridor.entries_mm, problem.corridor.targets_mm)
    ]
    for _ in range(6):
        for tree in trees:
            tree.split(np.flatnonzero(tree.children < 0))
    pairs = np.array([rng.integers(len(tree.children), size=60) for tree in trees])
    given = (*find_fixed(loosened, -np.inf), loosened.gate.numbers)
    bounds = BOUND(*given, trees[0].nodes, trees[1].nodes, pairs, -np.inf)
    stops = np.unique([*np.arange(0, last + 0.1, 0.25), *rng.uniform(0, last, 3)])
    corners, checked = np.array(list(np.ndindex(2, 2, 2)), dtype=bool), 0
    for pair, bound in zip(pairs.T, bounds, strict=True):
        # the corners are what lies furthest from the middle of a ball
        ends = [
            np.where(corners, tree._cells.low_mm[at], tree._cells.high_mm[at])
            for tree, node in zip(trees, pair, strict=True)
            if (at := tree._at[node]) >= 0
        ]
        if len(ends) == 2:
            nudged = at_other_places(problem, *ends, stops)
            assert bound >= measure_plainly(nudged, -np.inf).max() - 1e-4
            checked += 1
    assert checked >= 30


# Cells


def rays_to_a_wall(*leave_out: int) -> tuple[np.ndarray, np.ndarray]:
    """Skin at every degree of a lattice, on a tilted plane 100 mm away."""
    normal = np.array([0.9, 0.5, 0.1]) / np.linalg.norm([0.9, 0.5, 0.1])
    ways = np.array([direction_from_angles(60.0 + a, 5.0 + b) for a in range(6) for b in range(5)])
    points = ways * (100.0 / (ways @ normal))[:, None]
    return np.delete(points, leave_out, axis=0), normal


def test_skin_cells_hold_all_the_skin_between_their_rays() -> None:
    points, normal = rays_to_a_wall()
    cells = SkinCells.between(points, np.zeros(3), Side.LEFT)
    assert len(cells) == 4 * len(points)
    rng = np.random.default_rng(1)
    angles = rng.uniform((59.5, 4.5), (65.5, 9.5), size=(400, 2))
    ways = np.array([direction_from_angles(*pair) for pair in angles.tolist()])
    skin = ways * (100.0 / (ways @ normal))[:, None]
    away = np.linalg.norm(skin[:, None] - cells.centres_mm, axis=-1) - cells.radii_mm
    # the lattice of angles is a little bent between its rays
    assert away.min(axis=1).max() <= 0.01


def test_skin_goes_on_straight_where_a_neighbour_is_missing() -> None:
    whole, _ = rays_to_a_wall()
    points, _ = rays_to_a_wall(12, 13)
    cells = SkinCells.between(points, np.zeros(3), Side.LEFT)
    assert np.isfinite(cells.corners_mm).all()
    away = np.linalg.norm(0.5 * (whole[7] + whole[12]) - cells.centres_mm, axis=-1)
    assert (away - cells.radii_mm).min() <= 0.01
    alone = SkinCells.between(points[:1], np.zeros(3), Side.LEFT)
    assert alone.radii_mm == pytest.approx(0.0)


@pytest.mark.parametrize("kind", ["skin", "boxes"])
def test_halves_hold_what_their_whole_holds(kind: str) -> None:
    rng = np.random.default_rng(2)
    if kind == "skin":
        points, _ = rays_to_a_wall()
        cells = SkinCells.between(points, np.zeros(3), Side.LEFT)
        at = cells.corners_mm.reshape(-1, 4, 3)
        inside = np.einsum("sw,nwd->nsd", rng.dirichlet(np.ones(4), size=30), at)
    else:
        cells = boxes_around(rng.uniform(0, 9, size=(20, 3)) * [1, 2, 3])
        inside = cells.low_mm[:, None] + rng.uniform(0, 1.2, size=(20, 30, 3))
    halves = cells.halved(np.arange(len(cells)))
    assert len(halves) == 2 * len(cells)
    middles, radii = (
        x.reshape(len(cells), 2, *x.shape[1:]) for x in (halves.centres_mm, halves.radii_mm)
    )
    away = np.linalg.norm(inside[:, :, None] - middles[:, None], axis=-1) - radii[:, None]
    assert away.min(axis=2).max() <= 1e-9
    assert (radii.max(axis=1) < cells.radii_mm).all()
    assert len(cells.joined(halves)) == 3 * len(cells)


def test_boxes_fill_the_box_of_all_targets_and_no_more() -> None:
    axes = ((-4.0, -2.0, 0.0, 2.0, 4.0), (-2.0, 0.0, 1.5), (-3.0, -1.5, 0.0))
    lattice = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    level = a_level(Side.RIGHT, tilt_deg=20.0, origin_lps_mm=(3.0, 4.0, 5.0))
    cells = BoxCells.between(level.lps_mm(lattice), level)
    assert cells.low_mm.min(axis=0) == pytest.approx([-4.0, -2.0, -3.0])
    assert cells.high_mm.max(axis=0) == pytest.approx([4.0, 1.5, 0.0])
    assert np.prod(cells.high_mm - cells.low_mm, axis=1).sum() == pytest.approx(8 * 3.5 * 3)
    inside = (lattice >= cells.low_mm - 1e-9) & (lattice <= cells.high_mm + 1e-9)
    assert inside.all()


# Slopes


def interpolate(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    low = np.floor(points).astype(int)
    share = points - low
    total = np.zeros(len(points))
    for corner in np.ndindex(2, 2, 2):
        weight = np.where(corner, share, 1 - share).prod(axis=1)
        total += weight * field[tuple((low + corner).T)]
    return total


@pytest.mark.parametrize("seed", range(4))
def test_a_field_rises_no_more_than_its_slope_nearby(seed: int) -> None:
    rng = np.random.default_rng(seed)
    field = random_field(rng, steepness=1.0 + 0.5 * seed)
    slopes = find_near_slopes(field)
    here = rng.uniform(0, np.array(SHAPE) - 1.001, size=(20_000, 3))
    turn = rng.normal(size=here.shape)
    turn *= (rng.uniform(0, NEAR_NODES, len(here)) / np.linalg.norm(turn, axis=1))[:, None]
    there = np.clip(here + turn, 0, np.array(SHAPE) - 1.001)
    rise = np.abs(interpolate(field, there) - interpolate(field, here))
    slope = slopes[tuple((here.astype(int) // EDGE).T)]
    assert (rise <= slope * np.linalg.norm(there - here, axis=1) + 1e-4).all()
    assert slopes.max() <= Slack.measured(field).steep_mm + 1e-5
    # somewhere the surroundings are less steep than the steepest place
    assert np.median(slopes) < 0.9 * slopes.max()


def steepest_corners(field: np.ndarray) -> np.ndarray:
    """The largest gradient in every cell, from the three edges that meet at each of its corners."""
    squares = [np.diff(field.astype(np.float64), axis=axis) ** 2 for axis in range(3)]
    cells = tuple(size - 1 for size in field.shape)
    top = np.zeros(cells)
    for corner in np.ndindex(2, 2, 2):
        total = np.zeros(cells)
        for axis, rises in enumerate(squares):
            at = [slice(c, c + n) for c, n in zip(corner, cells, strict=True)]
            at[axis] = slice(None)
            total += rises[tuple(at)]
        top = np.maximum(top, total)
    return np.sqrt(top)


@pytest.mark.parametrize("seed", range(3))
def test_the_slope_is_that_of_the_steepest_corner_nearby_and_no_more(seed: int) -> None:
    field = random_field(np.random.default_rng(seed), steepness=1.0 + 0.5 * seed)
    slopes, corners = find_near_slopes(field), steepest_corners(field)
    for block in np.ndindex(*slopes.shape):
        near = tuple(slice(max(0, (n - 1) * EDGE), (n + 2) * EDGE) for n in block)
        assert slopes[block] == pytest.approx(corners[near].max(), rel=1e-5)
    # Along each axis by itself the field is steeper somewhere than it is anywhere in one cell.
    assert slopes.max() < Slack.measured(field).steep_mm


def test_a_ramp_has_its_own_slope_everywhere_nearby() -> None:
    gradient = np.array([0.3, -0.8, 0.5])
    ramp = np.einsum("nijk,n->ijk", np.indices((9, 8, 7)), gradient).astype(np.float32)
    assert find_near_slopes(ramp) == pytest.approx(np.linalg.norm(gradient), rel=1e-5)
