"""The certified search over entries, targets and docking distances of a planner's problem."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kambin.planning.ball_tree import BallTree
from kambin.planning.branch_and_bound import (
    Expanded,
    Forest,
    Incumbent,
    Pairs,
    Searched,
    find_floor,
    search_pairs,
    split_pairs,
)
from kambin.planning.corridor_kernels import CorridorNumbers
from kambin.planning.cost_kernels import Costs
from kambin.planning.gate_kernels import Gate
from kambin.planning.kernels import Float32
from kambin.planning.near_slopes import find_near_slopes
from kambin.planning.slack import Slack
from kambin.planning.staged_expand import bound_pairs, measure_pairs, try_pairs

BOUND: Any = bound_pairs
TRY: Any = try_pairs
MEASURE: Any = measure_pairs
"""The kernels, called with what ``find_fixed`` returns first."""

ENTRY_LEAF, TARGET_LEAF, PAIR_BATCH = 32, 8, 512
"""Points of a leaf, and pairs of balls between two looks at the best value. Leaves hold many
entries and few targets, as in ``field_search``; most paths that the ball of a leaf lets pass fail
where the one before failed, so that trying them costs less than bounding smaller balls."""


@dataclass(frozen=True, slots=True)
class StagedProblem:
    """What the search needs of a planner's problem: numbers alone.

    Parameters
    ----------
    fields : four float32 arrays, shape (I, J, K), mm: of what goes to the target, of what docks,
        of all bone, and of removable bone
    origin_mm : float array, shape (3,), mm, LPS, of the first node
    spacing_mm : float, mm per node
    stop_costs_mm : float array, shape (S,), mm, what each docking distance costs
    stop_step_mm : float, mm between docking distances; the first is 0
    step_mm : float, mm between samples of clearance, counted from the target
    bone_step_mm : float, mm between samples of bone, a multiple
    bone_reach_mm : float, mm from the target within which removable bone is looked for
    radius_mm : float, mm, of the tool that removes bone
    wished_mm : pair of float, mm, clearances beyond which more is not rewarded, of the full
        length and of what docks
    bone_limit_mm : float, mm, longest way inside bone
    gain : float, worth of 1 mm of clearance
    bone_cost_per_mm3 : float, mm
    costs : Costs
    gate : Gate, necessary conditions of the corridor for balls
    corridor : CorridorNumbers, its conditions for each path
    slacks : four Slack of the fields, or none to measure them for each search
    near_slopes : two float32 arrays, mm per node, of the first two fields (``find_near_slopes``),
        or none to find them for each search
    """

    fields: tuple[Float32, Float32, Float32, Float32]
    origin_mm: NDArray[np.float64]
    spacing_mm: float
    stop_costs_mm: NDArray[np.float64]
    stop_step_mm: float
    step_mm: float
    bone_step_mm: float
    bone_reach_mm: float
    radius_mm: float
    wished_mm: tuple[float, float]
    bone_limit_mm: float
    gain: float
    bone_cost_per_mm3: float
    costs: Costs
    gate: Gate
    corridor: CorridorNumbers
    slacks: tuple[Slack, Slack, Slack, Slack] | None = None
    near_slopes: tuple[Float32, Float32] | None = None

    @property
    def lines(self) -> tuple[np.uint64, np.uint64]:
        """Return how far apart rows and planes of the flat fields lie."""
        _, rows, row = self.fields[0].shape
        return np.uint64(row), np.uint64(rows * row)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Return samples between stops, between samples of bone, and of these near the target."""
        return np.array(
            [
                round(self.stop_step_mm / self.step_mm),
                round(self.bone_step_mm / self.step_mm),
                round(self.bone_reach_mm / self.bone_step_mm),
            ]
        )

    def plan(self, require_mm: float) -> NDArray[np.float64]:
        """Return the other numbers that the kernels read, shape (11,)."""
        return np.array(
            [
                self.step_mm / self.spacing_mm,
                *self.wished_mm,
                self.radius_mm,
                self.gain,
                require_mm,
                self.bone_cost_per_mm3 * self.bone_step_mm,
                self.bone_limit_mm,
                self.step_mm,
                self.spacing_mm,
                self.stop_step_mm,
            ]
        )

    def nodes(self, points_mm: NDArray[np.float64]) -> Float32:
        """Return points, shape (N, 3), as node coordinates."""
        return ((points_mm - self.origin_mm) / self.spacing_mm).astype(np.float32)


@dataclass(frozen=True, slots=True)
class StagedAnswer:
    """The best candidate of the list, and the proof.

    Parameters
    ----------
    value_mm : float, mm; -inf if no candidate is allowed, or none passes
    at : places of entry, target and docking distance in their lists, or none
    upper_mm : float, mm, what no candidate of the list exceeds
    nodes : int, pairs of balls looked at
    """

    value_mm: float
    at: tuple[int, int, int] | None
    upper_mm: float
    nodes: int


def search_staged(
    problem: StagedProblem,
    *,
    quantum_mm: float,
    require_mm: float = 0.0,
) -> StagedAnswer:
    """Find the best candidate whose clearance reaches what is required, without trying all.

    Parameters
    ----------
    problem : StagedProblem
    quantum_mm : float, mm; values that round to the same number of it are ties
    require_mm : float, mm, clearance above the hard margins; -inf to find the largest deficit

    Returns
    -------
    StagedAnswer, equal to that of trying every candidate; without a place it is the proof that
    none passes
    """
    entries = BallTree.of(problem.nodes(problem.corridor.entries_mm), ENTRY_LEAF)
    targets = BallTree.of(problem.nodes(problem.corridor.targets_mm), TARGET_LEAF)
    forest = Forest(entries, targets, len(problem.stop_costs_mm))
    expand = _Expand(problem, forest, quantum_mm, require_mm)
    return _answer(forest, search_pairs(forest, expand, quantum_mm=quantum_mm, batch=PAIR_BATCH))


def _answer(forest: Forest, found: Searched) -> StagedAnswer:
    best = found.incumbent
    if not np.isfinite(best.value_mm):
        return StagedAnswer(-np.inf, None, -np.inf, found.nodes)
    path, stop = divmod(best.place, forest.stops)
    entry, target = divmod(path, len(forest.targets.order))
    return StagedAnswer(best.value_mm, (entry, target, stop), found.upper_mm, found.nodes)


def find_pair_values_mm(problem: StagedProblem, floor_mm: float) -> Float32:
    """Return the value of every pair of entry and target at its best docking distance, mm.

    Parameters
    ----------
    problem : StagedProblem
    floor_mm : float, mm, smaller values are not asked for

    Returns
    -------
    float32 array, shape (E, T), -inf where the value is below the floor or nothing is allowed
    """
    numbers = problem.corridor
    found: Float32 = MEASURE(
        *find_fixed(problem, floor_mm),
        (numbers.stops_mm, numbers.numbers, numbers.rows),
        (problem.nodes(numbers.entries_mm), numbers.entries_mm, numbers.entries_surgical_mm),
        (problem.nodes(numbers.targets_mm), numbers.targets_mm, numbers.targets_surgical_mm),
        problem.costs.entries_mm,
        problem.costs.targets_mm,
        floor_mm,
    )
    return found


def find_fixed(problem: StagedProblem, require_mm: float) -> tuple[Any, ...]:
    """Return what the kernels read of a problem whatever pairs they are asked about."""
    slacks = problem.slacks or tuple(Slack.measured(field) for field in problem.fields)
    near = problem.near_slopes or tuple(find_near_slopes(field) for field in problem.fields[:2])
    return (
        tuple(np.ascontiguousarray(field).reshape(-1) for field in problem.fields),
        problem.lines,
        (np.array([(s.steep_mm, s.far_mm) for s in slacks], dtype=np.float32), *near),
        problem.plan(require_mm),
        problem.counts,
        problem.stop_costs_mm.astype(np.float64),
        problem.costs.numbers,
    )


def find_nodes(problem: StagedProblem, forest: Forest) -> list[tuple[Any, ...]]:
    """Return centres in nodes, radii, centres in mm and least costs of both trees' balls."""
    trees = forest.entries, forest.targets
    own = problem.costs.entries_mm, problem.costs.targets_mm
    return [
        (
            tree.centres,
            tree.radii,
            problem.origin_mm + problem.spacing_mm * tree.centres.astype(np.float64),
            tree.least(costs),
        )
        for tree, costs in zip(trees, own, strict=True)
    ]


class _Expand:
    """Splits and bounds pairs of balls of one problem."""

    def __init__(
        self, problem: StagedProblem, forest: Forest, quantum_mm: float, require_mm: float
    ) -> None:
        corridor, costs = problem.corridor, problem.costs
        self._quantum_mm, self._forest = quantum_mm, forest
        self._given = find_fixed(problem, require_mm)
        self._gate = problem.gate.numbers
        self._origin_mm = np.asarray(problem.origin_mm, dtype=np.float64)
        self._corridor = corridor.stops_mm, corridor.numbers, corridor.rows
        self._nodes = find_nodes(problem, forest)
        self._entries = self._order(
            forest.entries, corridor.entries_mm, corridor.entries_surgical_mm, costs.entries_mm
        )
        self._targets = self._order(
            forest.targets, corridor.targets_mm, corridor.targets_surgical_mm, costs.targets_mm
        )

    def __call__(self, pairs: Pairs, best: Incumbent) -> Expanded:
        """Return what becomes of a batch of pairs with the incumbent frozen."""
        floor = find_floor(best, self._quantum_mm)
        halves, spans = split_pairs(self._forest, pairs)
        bounds = BOUND(*self._given, self._gate, self._nodes[0], self._nodes[1], halves, floor)
        values, places = TRY(
            *self._given,
            self._gate,
            self._corridor,
            self._origin_mm,
            self._entries,
            self._targets,
            spans,
            floor,
            self._quantum_mm,
        )
        kept = bounds > -np.inf
        return Expanded(halves[:, kept], bounds[kept], values, places)

    @staticmethod
    def _order(tree: BallTree, *of_points: NDArray[np.float64]) -> tuple[Any, ...]:
        """Return what belongs to the points, in the order of the leaves."""
        points_mm, surgical_mm, own_mm = (
            np.ascontiguousarray(values[tree.order]) for values in of_points
        )
        return tree.points, points_mm, surgical_mm, tree.order, own_mm
