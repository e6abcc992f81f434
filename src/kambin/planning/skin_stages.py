"""The largest clearance that every entry on the skin offers to all stages, exactly."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from kambin.planning.ball_tree import BallTree
from kambin.planning.branch_and_bound import Forest
from kambin.planning.field_search import find_edge, keep_better
from kambin.planning.kernels import Scalar
from kambin.planning.search_problem import for_deficit
from kambin.planning.skin_rooms import STACK_BINS
from kambin.planning.staged_pairs import bound_pair, measure_pair
from kambin.planning.staged_search import StagedProblem, find_fixed, find_nodes

UNCAPPED_MM = 10.0**6
"""Above every field: a map counts all the room there is, not only what is wished."""

ENTRY_BATCH, TARGET_BATCH = 16, 8
"""Points of a leaf: of the sizes from 1 to 32 these were the quickest."""

NOWHERE = -1
"""The place of the best path of an entry from which none is found."""


@dataclass(frozen=True, slots=True)
class StageRooms:
    """The best path of every entry.

    Parameters
    ----------
    room_mm : float array, shape (E,), mm, least clearance above the hard margins over all stages;
        -inf where no path reaches the floor
    targets, stops : int64 arrays, shape (E,), places in their lists, -1 without a path
    """

    room_mm: NDArray[np.float64]
    targets: NDArray[np.int64]
    stops: NDArray[np.int64]

    @classmethod
    def none(cls, entries: int) -> "StageRooms":
        """Return the rooms of entries from which no path begins.

        Parameters
        ----------
        entries : int
        """
        nowhere = np.full(entries, NOWHERE, dtype=np.int64)
        return cls(np.full(entries, -np.inf), nowhere, nowhere)


def find_stage_rooms(
    problem: StagedProblem, *, quantum_mm: float, floor_mm: float = -np.inf
) -> StageRooms:
    """Find the path with the most room from each entry, over all targets and docking distances.

    Parameters
    ----------
    problem : StagedProblem, whose costs and wishes are left out of account
    quantum_mm : float, mm; of the paths whose room rounds to the same number of it as the most,
        the first of the list is told, so that the mirrored patient gets the mirrored path
    floor_mm : float, mm, smaller values are not asked for

    Returns
    -------
    StageRooms, equal to those of trying every path

    Notes
    -----
    Leaf by leaf of the entries, the targets' balls are walked through depth first, the better
    bound first; a ball is left out when no entry of the leaf can gain by it. Bounds and trials
    are those of the certified search. Leaves do not know of each other: any number of threads
    gives the same answer.
    """
    freed = replace(for_deficit(problem), wished_mm=(UNCAPPED_MM, UNCAPPED_MM))
    corridor = freed.corridor
    entries = BallTree.of(freed.nodes(corridor.entries_mm), ENTRY_BATCH)
    targets = BallTree.of(freed.nodes(corridor.targets_mm), TARGET_BATCH)
    stops = len(freed.stop_costs_mm)
    values, places = MAP(
        *find_fixed(freed, floor_mm),
        (freed.gate.numbers, corridor.stops_mm, corridor.numbers, corridor.rows),
        _order(entries, corridor.entries_mm, corridor.entries_surgical_mm),
        _order(targets, corridor.targets_mm, corridor.targets_surgical_mm),
        *(nodes[:3] for nodes in find_nodes(freed, Forest(entries, targets, stops))),
        np.flatnonzero(entries.children < 0),
        floor_mm,
        quantum_mm,
    )
    room, best = np.empty(len(entries.order)), np.empty(len(entries.order), dtype=np.int64)
    room[entries.order], best[entries.order] = values[:, 1], places[:, 0]
    found = np.isfinite(room)
    return StageRooms(
        room, np.where(found, best // stops, NOWHERE), np.where(found, best % stops, NOWHERE)
    )


def _order(tree: BallTree, *of_points: NDArray[np.float64]) -> tuple[Any, ...]:
    """Return what belongs to the points of a tree, in the order of its leaves."""
    ordered = (np.ascontiguousarray(values[tree.order]) for values in of_points)
    return tree.points, *ordered, tree.order, tree.spans, tree.children


@njit(parallel=True, cache=True)
def _map_leaves(  # pragma: no cover # noqa: PLR0913, PLR0917
    fields: Scalar,
    lines: Scalar,
    slacks: Scalar,
    plan: Scalar,
    counts: Scalar,
    stop_costs: Scalar,
    numbers: Scalar,
    rules: Scalar,
    entries: Scalar,
    targets: Scalar,
    entry_nodes: Scalar,
    target_nodes: Scalar,
    leaves: NDArray[np.int64],
    floor: float,
    quantum: float,
) -> Scalar:
    """Return the first of the best quantum of each entry and the largest, in tree order, (E, 2)."""
    values = np.full((entries[0].shape[0], 2), -np.inf)
    places = np.zeros((entries[0].shape[0], 2), dtype=np.int64)
    for p in prange(leaves.shape[0]):
        # Compiled loops over threads take no tuples of tuples.
        fixed = fields, lines, slacks, plan, counts, stop_costs
        nodes = entry_nodes, target_nodes
        best = values, places
        _map_leaf(leaves[p], fixed, rules, (entries, targets), nodes, best, floor, quantum)
    return values, places


@njit(nogil=True)
def _map_leaf(  # pragma: no cover
    leaf: Scalar,
    fixed: Scalar,
    rules: Scalar,
    points: Scalar,
    nodes: Scalar,
    best: Scalar,
    floor: Scalar,
    quantum: Scalar,
) -> None:
    """Fill the best values of the entries of one leaf."""
    first, last = points[0][-2][leaf]
    children = points[1][-1]
    stack = np.zeros(STACK_BINS, dtype=np.int64)
    bounds = np.full(STACK_BINS, np.inf)
    waiting = 1
    while waiting:
        waiting -= 1
        node, least = stack[waiting], np.inf
        for i in range(first, last):
            least = min(least, _find_least(best[0][i], floor, quantum))
        if bounds[waiting] < least:
            continue
        child = children[node]
        if child < 0:
            _try_leaves(fixed, rules, points, (leaf, node), best, floor, quantum)
            continue
        one = _bound_pair(fixed, rules, nodes, leaf, child, least)
        two = _bound_pair(fixed, rules, nodes, leaf, child + 1, least)
        better = 1 if two > one else 0
        # The better of the two lies on top.
        stack[waiting], bounds[waiting] = child + 1 - better, min(one, two)
        stack[waiting + 1], bounds[waiting + 1] = child + better, max(one, two)
        waiting += 2


@njit(nogil=True)
def _find_least(values: Scalar, floor: Scalar, quantum: Scalar) -> Scalar:  # pragma: no cover
    """Return the least value of an entry that can still be better, or a tie."""
    return max(floor, find_edge(values[0], quantum)) if values[0] > -np.inf else floor


@njit(nogil=True)
def _bound_pair(  # pragma: no cover
    fixed: Scalar, rules: Scalar, nodes: Scalar, entry: Scalar, target: Scalar, floor: Scalar
) -> Scalar:
    """Return what no path of two balls exceeds, -inf where none belongs to the corridor."""
    e_centres, e_radii, e_middles = nodes[0]
    t_centres, t_radii, t_middles = nodes[1]
    stops = fixed[-1].shape[0]
    return bound_pair(
        fixed,
        rules[0],
        (e_centres[entry], e_radii[entry], e_middles[entry]),
        (t_centres[target], t_radii[target], t_middles[target]),
        0.0,
        floor,
        (np.empty(stops), np.empty(stops)),
    )


@njit(nogil=True)
def _try_leaves(  # pragma: no cover
    fixed: Scalar,
    rules: Scalar,
    points: Scalar,
    pair: Scalar,
    best: Scalar,
    floor: Scalar,
    quantum: Scalar,
) -> None:
    """Raise the best values of a leaf's entries by what the targets of one leaf offer."""
    e_points, e_mm, e_surgical, _, e_spans, _ = points[0]
    t_points, t_mm, t_surgical, t_order, t_spans, _ = points[1]
    values, places = best
    stops = fixed[-1].shape[0]
    found = np.empty(stops)
    work = np.empty(stops), np.empty(stops), found, np.zeros(1, dtype=np.int64)
    for i in range(e_spans[pair[0], 0], e_spans[pair[0], 1]):
        entry = e_points[i], e_mm[i], e_surgical[i]
        for j in range(t_spans[pair[1], 0], t_spans[pair[1], 1]):
            target = t_points[j], t_mm[j], t_surgical[j]
            least = _find_least(values[i], floor, quantum)
            if measure_pair(fixed, rules[1:], entry, target, 0.0, least, work):
                for k in range(stops):
                    if found[k] > -np.inf:
                        place = t_order[j] * stops + k
                        keep_better(values[i], places[i], 0, found[k], place, quantum)


MAP: Any = _map_leaves
"""The kernel, called with what ``find_fixed`` returns first."""
