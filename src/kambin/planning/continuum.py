"""What no path between the listed ones exceeds: the bound over the continuum."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from kambin.planning.ball_tree import BallTree
from kambin.planning.branch_and_bound import PAIR_BATCH, Forest, Pairs, split_pairs
from kambin.planning.staged_search import BOUND, StagedProblem, find_fixed, find_nodes

MOST_PAIRS = 2 * 4 * PAIR_BATCH
"""Pairs of balls after which the bound so far is given: half a second of two cores."""

SKIN_NEIGHBOURS = 3**2 - 1
"""Neighbours of a point of a lattice on the skin."""

BOX_NEIGHBOURS = 3**3 - 1
"""Neighbours of a point of a lattice in space."""


def find_reach_mm(points_mm: NDArray[np.float64], neighbours: int) -> NDArray[np.float64]:
    """Return how far the surroundings of each listed point go, shape (N,), mm.

    Half the way to the furthest of its neighbours in the lattice: half of the diagonal of a cell.

    Parameters
    ----------
    points_mm : float array, shape (N, 3), mm, LPS
    neighbours : int, how many a point inside the lattice has
    """
    if len(points_mm) < 2:
        return np.zeros(len(points_mm))
    count = min(neighbours, len(points_mm) - 1)
    away, _ = KDTree(points_mm).query(points_mm, k=count + 1)
    reach: NDArray[np.float64] = 0.5 * away[:, -1]
    return reach


def bound_continuum(problem: StagedProblem, found_mm: float) -> float:
    """Return what no candidate in the surroundings of the listed ones exceeds, mm.

    Parameters
    ----------
    problem : StagedProblem
    found_mm : float, mm, the value that was found; the bound is never less

    Notes
    -----
    The balls are enlarged by the reach of their points, down to single points. A docking distance
    between two listed ones counts with the field from the outer one outwards and the cost of the
    inner one, and what points cost by themselves falls by at most its weight over their reach.
    """
    corridor, step = problem.corridor, problem.spacing_mm
    reaches = (
        find_reach_mm(corridor.entries_mm, SKIN_NEIGHBOURS),
        find_reach_mm(corridor.targets_mm, BOX_NEIGHBOURS),
    )
    trees = [BallTree.of(problem.nodes(p), 1) for p in (corridor.entries_mm, corridor.targets_mm)]
    wide = [
        replace(tree, radii=tree.widened(reach / step))
        for tree, reach in zip(trees, reaches, strict=True)
    ]
    costs = problem.costs
    loosened = replace(
        problem,
        stop_costs_mm=np.concatenate([problem.stop_costs_mm[:1], problem.stop_costs_mm[:-1]]),
        gate=replace(problem.gate, allowance_mm=problem.gate.allowance_mm + problem.stop_step_mm),
        costs=replace(
            costs,
            entries_mm=costs.entries_mm - costs.entry_slope * reaches[0],
            targets_mm=costs.targets_mm - costs.target_slope * reaches[1],
        ),
    )
    return _bound_all(loosened, Forest(wide[0], wide[1]), found_mm)


def _bound_all(problem: StagedProblem, forest: Forest, found_mm: float) -> float:
    """Return the largest bound of the pairs of points, or of what is left after the budget."""
    given = (*find_fixed(problem, 0.0), problem.gate.numbers)
    nodes = find_nodes(problem, forest)
    pairs: Pairs = np.zeros((2, 1), dtype=np.int64)
    bounds, settled, used = np.full(1, np.inf), found_mm, 0
    while pairs.shape[1]:
        if used >= MOST_PAIRS:
            return max(settled, float(bounds.max()))
        order = np.argsort(-bounds, kind="stable")
        now, later = order[:PAIR_BATCH], order[PAIR_BATCH:]
        used += len(now)
        e, t = pairs[:, now]
        is_single = (forest.entries.children[e] < 0) & (forest.targets.children[t] < 0)
        if is_single.any():
            settled = max(settled, float(bounds[now][is_single].max()))
        halves, _ = split_pairs(forest, pairs[:, now][:, ~is_single])
        found = BOUND(*given, nodes[0], nodes[1], halves, settled)
        pairs = np.concatenate([pairs[:, later], halves], axis=1)
        bounds = np.concatenate([bounds[later], found])
        kept = bounds > settled
        pairs, bounds = np.ascontiguousarray(pairs[:, kept]), bounds[kept]
    return settled
