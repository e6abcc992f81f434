"""The certified search over entries, targets and docking distances of a planner's problem."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.planning.ball_tree import BallTree
from kambin.planning.branch_and_bound import (
    Expanded,
    Forest,
    Incumbent,
    Pairs,
    Searched,
    find_bin,
    search_pairs,
)
from kambin.planning.cost_kernels import Costs
from kambin.planning.gate_kernels import Gate
from kambin.planning.kernels import Float32
from kambin.planning.slack import Slack
from kambin.planning.staged_expand import expand_staged

LEAF_SIZE = 4
"""Points of a leaf: a path through all stages costs more to try than a ball to bound."""

Bits = NDArray[np.uint32]
"""Which docking distances of each pair of entry and target are allowed, one bit each."""


@dataclass(frozen=True, slots=True)
class StagedProblem:
    """What the search needs of a planner's problem: numbers alone.

    Parameters
    ----------
    fields : four float32 arrays, shape (I, J, K), mm: of what goes to the target, of what docks,
        of all bone, and of removable bone
    origin_mm : float array, shape (3,), mm, LPS, of the first node
    spacing_mm : float, mm per node
    entries_mm, targets_mm : float arrays, shape (N, 3), mm, LPS
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
    gate : Gate
    """

    fields: tuple[Float32, Float32, Float32, Float32]
    origin_mm: NDArray[np.float64]
    spacing_mm: float
    entries_mm: NDArray[np.float64]
    targets_mm: NDArray[np.float64]
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
    bits: Bits,
    *,
    quantum_mm: float,
    require_mm: float = 0.0,
) -> StagedAnswer:
    """Find the best candidate whose clearance reaches what is required, without trying all.

    Parameters
    ----------
    problem : StagedProblem
    bits : uint32 array, shape (E, T), allowed docking distances
    quantum_mm : float, mm; values that round to the same number of it are ties
    require_mm : float, mm, clearance above the hard margins; -inf to find the largest deficit

    Returns
    -------
    StagedAnswer, equal to that of trying every candidate; without a place it is the proof that
    none passes
    """
    entries = BallTree.of(problem.nodes(problem.entries_mm), LEAF_SIZE)
    targets = BallTree.of(problem.nodes(problem.targets_mm), LEAF_SIZE)
    forest = Forest(entries, targets, len(problem.stop_costs_mm))
    expand = _Expand(problem, bits, forest, quantum_mm, require_mm)
    return _answer(forest, search_pairs(forest, expand, quantum_mm=quantum_mm))


def _answer(forest: Forest, found: Searched) -> StagedAnswer:
    best = found.incumbent
    if not np.isfinite(best.value_mm):
        return StagedAnswer(-np.inf, None, -np.inf, found.nodes)
    path, stop = divmod(best.place, forest.stops)
    entry, target = divmod(path, len(forest.targets.order))
    return StagedAnswer(best.value_mm, (entry, target, stop), found.upper_mm, found.nodes)


class _Expand:
    """Splits and bounds pairs of balls of one problem."""

    def __init__(
        self,
        problem: StagedProblem,
        bits: Bits,
        forest: Forest,
        quantum_mm: float,
        require_mm: float,
    ) -> None:
        slacks = [Slack.measured(field) for field in problem.fields]
        self._quantum_mm = quantum_mm
        self._fixed = (
            tuple(np.ascontiguousarray(field).reshape(-1) for field in problem.fields),
            problem.lines,
            np.array([(s.steep_mm, s.far_mm) for s in slacks], dtype=np.float32),
            problem.plan(require_mm),
            problem.counts,
            problem.stop_costs_mm.astype(np.float64),
            problem.costs.numbers,
            problem.gate.numbers,
            self._nodes(problem, forest.entries, problem.costs.entries_mm),
            self._nodes(problem, forest.targets, problem.costs.targets_mm),
            self._points(forest.entries, problem.entries_mm, problem.costs.entries_mm),
            self._points(forest.targets, problem.targets_mm, problem.costs.targets_mm),
            np.ascontiguousarray(bits),
        )

    def __call__(self, pairs: Pairs, best: Incumbent) -> Expanded:
        """Return what becomes of a batch of pairs with the incumbent frozen."""
        floor = float(find_bin(best.value_mm, self._quantum_mm))
        if self._quantum_mm > 0:
            floor = (floor - 0.5) * self._quantum_mm
        parts, bounds, values, places = expand_staged(*self._fixed, pairs, floor, self._quantum_mm)
        kept = bounds > -np.inf
        return Expanded(parts[:, kept], bounds[kept], values, places)

    @staticmethod
    def _nodes(problem: StagedProblem, tree: BallTree, own_mm: NDArray[np.float64]) -> tuple:  # type: ignore[type-arg]
        middles = problem.origin_mm + problem.spacing_mm * tree.centres.astype(np.float64)
        return (
            tree.centres,
            tree.radii,
            tree.spans,
            tree.children,
            tree.nearest,
            tree.least(own_mm),
            middles,
        )

    @staticmethod
    def _points(
        tree: BallTree, points_mm: NDArray[np.float64], own_mm: NDArray[np.float64]
    ) -> tuple:  # type: ignore[type-arg]
        return tree.points, points_mm[tree.order], tree.order, own_mm[tree.order]
