"""What no path between the listed ones exceeds, through one margin field.

Benchmarks and tests ask it; the certificate of a plan comes from ``continuum``.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kambin.planning.ball_tree import BallTree
from kambin.planning.branch_and_bound import (
    Expand,
    Expanded,
    Forest,
    Incumbent,
    Pairs,
    search_pairs,
    split_pairs,
)
from kambin.planning.cost_kernels import Costs
from kambin.planning.field_search import BOUND_FIELD, PAIR_BATCH, FieldProblem, find_given

SKIN_SHARE, SPACE_SHARE = np.sqrt(2.0) / 2, np.sqrt(3.0) / 2
"""How far the corner of a square and of a cube lies from its middle, in edges (recipes B1.2)."""


@dataclass(frozen=True, slots=True)
class FieldContinuum:
    """What was proved of the paths between the listed ones.

    Parameters
    ----------
    upper_mm : float, mm, what none of them exceeds
    nodes : int, pairs of balls looked at
    """

    upper_mm: float
    nodes: int


def bound_field_continuum(
    problem: FieldProblem, found_mm: float, reach_nodes: tuple[float, float]
) -> FieldContinuum:
    """Bound the value of all paths whose ends lie in the surroundings of listed ones.

    Parameters
    ----------
    problem : FieldProblem
    found_mm : float, mm, the best listed value; the bound is never less
    reach_nodes : pair of float, node spacings, how far the surroundings of an entry and of a
        target go: ``SKIN_SHARE`` and ``SPACE_SHARE`` of the spacing of a lattice cover all

    Notes
    -----
    The balls of the search are enlarged by the reach, down to single points. What a point costs
    by itself falls by at most its slope times the reach, and never below 0. Best-first as the
    search; a pair of single points that stands in the queue is settled at its bound.
    """
    costs, spacing = problem.costs, problem.spacing_mm
    loosened = replace(
        problem,
        costs=replace(
            costs,
            entries_mm=_lower(costs.entries_mm, costs.entry_slope * reach_nodes[0] * spacing),
            targets_mm=_lower(costs.targets_mm, costs.target_slope * reach_nodes[1] * spacing),
        ),
    )
    trees = [
        replace(tree, radii=tree.widened(np.full(len(points), reach)))
        for points, reach in zip((problem.entries, problem.targets), reach_nodes, strict=True)
        for tree in [BallTree.of(points, 1)]
    ]
    forest = Forest(trees[0], trees[1])
    expand = _make_expand(loosened, forest, max(reach_nodes))
    # All places are 0, so that a tie with the incumbent is never looked at again.
    start = Incumbent(found_mm, 0, found_mm)
    found = search_pairs(forest, expand, quantum_mm=0.0, start=start, batch=PAIR_BATCH)
    return FieldContinuum(found.upper_mm, found.nodes)


def _lower(costs_mm: NDArray[np.float64], fall_mm: float) -> NDArray[np.float64]:
    lowered: NDArray[np.float64] = np.maximum(costs_mm - fall_mm, 0.0)
    return lowered


def _make_expand(problem: FieldProblem, forest: Forest, reach_nodes: float) -> Expand:
    """Return the function that splits pairs of balls and settles pairs of single points."""
    given = find_given(problem, reach_nodes)
    own: Costs = problem.costs
    entries, targets = forest.entries, forest.targets
    nodes = (
        (entries.centres, entries.radii, entries.least(own.entries_mm)),
        (targets.centres, targets.radii, targets.least(own.targets_mm)),
    )

    def _expand(pairs: Pairs, best: Incumbent) -> Expanded:
        halves, _ = split_pairs(forest, pairs)
        # The root of two lists of one point is the only pair of single points that comes here.
        parts = halves if halves.shape[1] else pairs
        bounds = BOUND_FIELD(*given, nodes[0], nodes[1], parts, best.value_mm)
        is_single = (entries.children[parts[0]] < 0) & (targets.children[parts[1]] < 0)
        kept = (bounds > -np.inf) & ~is_single
        settled = bounds[is_single]
        return Expanded(parts[:, kept], bounds[kept], settled, np.zeros(len(settled), np.int64))

    return _expand
