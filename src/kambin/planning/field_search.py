"""The certified search through one margin field: the best of all pairs of entry and target.

Benchmarks and tests ask it; plans come from ``staged_search``, whose kernels share how values are
compared (``find_edge``, ``keep_better``).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from kambin.planning.ball_tree import BallTree, find_ball
from kambin.planning.branch_and_bound import (
    Expand,
    Expanded,
    Forest,
    Incumbent,
    Pairs,
    find_floor,
    search_pairs,
    split_pairs,
)
from kambin.planning.cost_kernels import (
    COST_EPSILON_MM,
    Costs,
    find_least_way_cost,
    find_way_cost,
)
from kambin.planning.kernels import Float32, Scalar
from kambin.planning.slack import Slack
from kambin.planning.walk_kernels import walk_bound, walk_exactly

ENTRY_LEAF, TARGET_LEAF = 64, 8
"""Points of a leaf. Paths of a ball of entries lie close together near the target, where bone is,
those of a ball of targets do not: leaves hold many entries and few targets. With 32 and 32 a real
atlas takes up to twice as long, with 256 and 8 a narrow level three times."""

PAIR_BATCH = 512
"""Pairs of balls between two looks at the best value: of 2,048 a fifth are split in vain."""

NO_REACH = np.float32(0.0)
"""Radius of the ball of one point."""


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One margin field, and the ends of the paths through it.

    Parameters
    ----------
    field : float32 array, shape (I, J, K), mm
    entries, targets : float32 arrays, shape (N, 3), node coordinates strictly inside the grid
    step : float, distance of samples from the target on, node spacings
    costs : Costs
    cap_mm : float, mm, the clearance beyond which more is not rewarded
    spacing_mm : float, mm per node
    """

    field: Float32
    entries: Float32
    targets: Float32
    step: float
    costs: Costs
    cap_mm: float = np.inf
    spacing_mm: float = 1.0

    @property
    def lines(self) -> tuple[np.uint64, np.uint64]:
        """Return how far apart rows and planes of the flat field lie."""
        _, rows, row = self.field.shape
        return np.uint64(row), np.uint64(rows * row)


@dataclass(frozen=True, slots=True)
class FieldAnswer:
    """The best path, and the proof.

    Parameters
    ----------
    value_mm : float, mm, its clearance, capped, minus what it costs; -inf if none reaches the start
    entry, target : int, its place in the lists, -1 without one
    upper_mm : float, mm, what no pair exceeds; the largest value of all
    nodes : int, pairs of balls looked at
    """

    value_mm: float
    entry: int
    target: int
    upper_mm: float
    nodes: int


def search_field(
    problem: FieldProblem, *, quantum_mm: float = 0.0, reach_mm: float = -np.inf
) -> FieldAnswer:
    """Find the best of all pairs of entry and target, without looking at all.

    Parameters
    ----------
    problem : FieldProblem
    quantum_mm : float, mm; smaller differences are ties, broken by the order of the lists
    reach_mm : float, mm, a value that has to be reached: without an answer none does

    Returns
    -------
    FieldAnswer, equal to that of trying all pairs
    """
    forest = Forest(
        BallTree.of(problem.entries, ENTRY_LEAF), BallTree.of(problem.targets, TARGET_LEAF)
    )
    expand = make_expand(problem, forest, quantum_mm)
    start = None
    if np.isfinite(reach_mm):
        # Whatever reaches the value counts: what stands for it lies just below, after all places.
        below = float(np.nextafter(reach_mm, -np.inf))
        start = Incumbent(below, Incumbent().place, below)
    found = search_pairs(forest, expand, quantum_mm=quantum_mm, start=start, batch=PAIR_BATCH)
    best = found.incumbent
    if best.place == Incumbent().place:
        return FieldAnswer(-np.inf, -1, -1, found.upper_mm, found.nodes)
    entry, target = divmod(best.place, len(problem.targets))
    return FieldAnswer(best.value_mm, entry, target, best.most_mm, found.nodes)


def measure_slack(problem: FieldProblem, reach_nodes: float = 0.0) -> Slack:
    """Return the slack of the part of the field that holds all paths of a problem.

    Paths, and the middle paths of balls, stay in the box of all ends, and so do all nodes between
    two nodes that a value in it is interpolated from: what lies elsewhere is never met.

    Parameters
    ----------
    problem : FieldProblem
    reach_nodes : float, node spacings, how far ends may lie from the listed ones
    """
    ends = np.concatenate([problem.entries, problem.targets])
    low = np.maximum(np.floor(ends.min(axis=0) - reach_nodes).astype(int), 0)
    high = np.floor(ends.max(axis=0) + reach_nodes).astype(int) + 2
    return Slack.measured(problem.field[tuple(map(slice, low, high))])


def find_given(problem: FieldProblem, reach_nodes: float = 0.0) -> tuple[Any, ...]:
    """Return what the kernels read of a problem whatever pairs they are asked about."""
    slack = measure_slack(problem, reach_nodes)
    settings = np.array(
        [problem.step, slack.steep_mm, slack.far_mm, problem.cap_mm], dtype=np.float32
    )
    return (
        np.ascontiguousarray(problem.field).reshape(-1),
        problem.lines,
        settings,
        problem.costs.numbers,
        problem.spacing_mm,
    )


def make_expand(problem: FieldProblem, forest: Forest, quantum_mm: float) -> Expand:
    """Return the function that splits and bounds pairs of balls of one problem."""
    given = find_given(problem)
    trees = forest.entries, forest.targets
    own = (problem.costs.entries_mm, problem.costs.targets_mm)
    nodes = [(t.centres, t.radii, t.least(c)) for t, c in zip(trees, own, strict=True)]
    points = [(t.points, t.order, c[t.order]) for t, c in zip(trees, own, strict=True)]

    def _expand(pairs: Pairs, best: Incumbent) -> Expanded:
        floor = find_floor(best, quantum_mm)
        halves, spans = split_pairs(forest, pairs)
        bounds = BOUND_FIELD(*given, nodes[0], nodes[1], halves, floor)
        values, places = TRY_FIELD(*given, points[0], points[1], spans, floor, quantum_mm)
        kept = bounds > -np.inf
        return Expanded(halves[:, kept], bounds[kept], values, places)

    return _expand


@njit(nogil=True)
def find_edge(value: Scalar, quantum: Scalar) -> Scalar:  # pragma: no cover
    """Return the least value that rounds to the same quantum."""
    return value if quantum == 0 else (np.rint(value / quantum) - 0.5) * quantum


@njit(nogil=True)
def keep_better(  # pragma: no cover
    values: Scalar, places: Scalar, at: Scalar, value: Scalar, place: Scalar, quantum: Scalar
) -> None:
    """Keep the candidate that stands first in the best quantum at one place, the largest next."""
    if value > values[at + 1] or (value == values[at + 1] and place < places[at + 1]):
        values[at + 1], places[at + 1] = value, place
    mine, its = values[at], value
    if quantum > 0:
        mine, its = np.rint(mine / quantum), np.rint(its / quantum)
    if its > mine or (its == mine and place < places[at]):
        values[at], places[at] = value, place


@njit(parallel=True, cache=True)
def bound_field(  # pragma: no cover # noqa: PLR0913, PLR0917
    field: Float32,
    lines: Scalar,
    settings: Float32,
    numbers: NDArray[np.float64],
    spacing: float,
    entry_nodes: Scalar,
    target_nodes: Scalar,
    pairs: Pairs,
    floor: float,
) -> NDArray[np.float64]:
    """Return what no path of each pair of balls exceeds, -inf where none reaches the floor."""
    row, plane = lines
    step, steep, far, cap = settings[0], settings[1], settings[2], settings[3]
    e_centres, e_radii, e_least = entry_nodes
    t_centres, t_radii, t_least = target_nodes
    bounds = np.full(pairs.shape[1], -np.inf)
    for p in prange(pairs.shape[1]):
        e, t = pairs[0, p], pairs[1, p]
        cost = e_least[e] + t_least[t]
        if cap - cost < floor:
            continue
        cost += find_least_way_cost(
            (np.float64(e_centres[e, 0]) - np.float64(t_centres[t, 0])) * spacing,
            (np.float64(e_centres[e, 1]) - np.float64(t_centres[t, 1])) * spacing,
            (np.float64(e_centres[e, 2]) - np.float64(t_centres[t, 2])) * spacing,
            (np.float64(e_radii[e]) + np.float64(t_radii[t])) * spacing,
            numbers,
        )
        if cap - cost < floor:
            continue
        bound = walk_bound(
            field,
            row,
            plane,
            e_centres[e],
            e_radii[e],
            t_centres[t],
            t_radii[t],
            step,
            steep,
            far,
            cap,
            np.float32(floor + cost - 1e-5),
        )
        value = np.float64(bound) - cost
        if value >= floor:
            bounds[p] = value
    return bounds


@njit(parallel=True, cache=True)
def try_field(  # pragma: no cover # noqa: PLR0913, PLR0917
    field: Float32,
    lines: Scalar,
    settings: Float32,
    numbers: NDArray[np.float64],
    spacing: float,
    entries: Scalar,
    targets: Scalar,
    spans: Pairs,
    floor: float,
    quantum: float,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Try all paths of spans of entries and targets; return values and places, shape (2P,)."""
    row, plane = lines
    step, steep, far, cap = settings[0], settings[1], settings[2], settings[3]
    e_points, e_order, e_costs = entries
    t_points, t_order, t_costs = targets
    values = np.full(2 * spans.shape[1], -np.inf)
    places = np.zeros(2 * spans.shape[1], dtype=np.int64)
    for p in prange(spans.shape[1]):
        least, failed = floor, 0
        first, last = spans[0, p], spans[1, p]
        middle, reach, _ = find_ball(e_points, first, last)
        cheapest = e_costs[first:last].min() - COST_EPSILON_MM
        for j in range(spans[2, p], spans[3, p]):
            # All entries at once, seen from one target; one path alone is walked only once.
            if last - first > 1:
                low = np.float32(least + cheapest + t_costs[j] - 1e-5)
                target = t_points[j]
                fan = walk_bound(
                    field, row, plane, middle, reach, target, NO_REACH, step, steep, far, cap, low
                )
                if fan < low:
                    continue
            for i in range(first, last):
                cost = e_costs[i] + t_costs[j]
                if cap - cost < least:
                    continue
                cost += find_way_cost(
                    (np.float64(e_points[i, 0]) - np.float64(t_points[j, 0])) * spacing,
                    (np.float64(e_points[i, 1]) - np.float64(t_points[j, 1])) * spacing,
                    (np.float64(e_points[i, 2]) - np.float64(t_points[j, 2])) * spacing,
                    numbers,
                )
                if cap - cost < least:
                    continue
                low = np.float32(least + cost - 1e-5)
                found, is_exact, at = walk_exactly(
                    field, row, plane, e_points[i], t_points[j], step, steep, far, cap, low, failed
                )
                if not is_exact:
                    failed = at
                else:
                    place = e_order[i] * t_points.shape[0] + t_order[j]
                    keep_better(values, places, 2 * p, np.float64(found) - cost, place, quantum)
                    least = max(least, find_edge(values[2 * p], quantum))
    return values, places


BOUND_FIELD: Any = bound_field
TRY_FIELD: Any = try_field
"""The kernels, called with what ``find_given`` returns first."""


@njit(parallel=True, cache=True)
def try_all(  # pragma: no cover
    field: Float32,
    row: Scalar,
    plane: Scalar,
    entries: Float32,
    targets: Float32,
    step: Scalar,
) -> Float32:
    """Return the least value along every path, looking at every sample, shape (E, T), mm."""
    found = np.empty((entries.shape[0], targets.shape[0]), dtype=np.float32)
    for e in prange(entries.shape[0]):
        for t in range(targets.shape[0]):
            least, _, _ = walk_exactly(
                field,
                row,
                plane,
                entries[e],
                targets[t],
                step,
                np.float32(np.inf),
                np.float32(np.inf),
                np.float32(np.inf),
                np.float32(-np.inf),
            )
            found[e, t] = least
    return found
