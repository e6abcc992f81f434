"""What no path between the listed ones exceeds: the search goes on where the list ends."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kambin.core import breathe
from kambin.knowledge import value
from kambin.planning.ball_tree import ROUNDING_NODES, BallTree
from kambin.planning.branch_and_bound import PAIR_BATCH, Pairs
from kambin.planning.continuum_cells import BoxCells, Cells, Floats, SkinCells
from kambin.planning.problem import Problem
from kambin.planning.staged_search import BOUND, StagedProblem, find_fixed

PAIRS_BATCH = 12 * PAIR_BATCH
"""Pairs of balls after which the bound so far is given: a second of two cores."""

HALVED_BATCH = PAIR_BATCH // 4
"""Pairs that are halved at once: more, and many are halved that no longer hold the bound up."""

TARGET_WEIGHT = 2.0**3
"""Cells of targets are halved before those of entries of less than this many times their radius:
where a path is narrow, a ninth of the way from its target, both shift it alike."""

STOP_SAMPLES = 1
"""Samples of clearance between the docking distances that are told apart."""

Own = Callable[[Floats, Floats], Floats]
"""The least that any point of balls costs by itself, mm, of their middles and radii in mm."""


@dataclass(frozen=True, slots=True)
class Continuum:
    """What was proved of all paths between the listed ones.

    Parameters
    ----------
    upper_mm : float, mm, what none of them exceeds
    pairs : int, pairs of balls that were halved
    """

    upper_mm: float
    pairs: int


@dataclass(frozen=True, slots=True)
class End:
    """One end of the paths.

    Parameters
    ----------
    cells : Cells that hold all places of this end
    own : function, what they cost by themselves
    """

    cells: Cells
    own: Own


def bound_between(problem: Problem, staged: StagedProblem, found_mm: float) -> Continuum:
    """Bound the value of all paths between the listed entries, targets and docking distances.

    Parameters
    ----------
    problem : Problem
    staged : StagedProblem of it
    found_mm : float, mm, the best value that was found; the bound is never less

    Notes
    -----
    The skin goes straight from one listed point to the next (``SkinCells``), and targets fill the
    box of the listed ones (``BoxCells``).
    """
    geometry, targets, costs = problem.geometry, problem.targets, staged.costs
    preferred = problem.tools.technique.preferred.get(str(geometry.level))
    aim_mm = geometry.surgical_mm(targets.aim_lps_mm)

    def find_entry_costs(middles_mm: Floats, radii_mm: Floats) -> Floats:
        """Return the least cost of leaving the usual lateral range in each ball, mm."""
        if preferred is None:
            return np.zeros(len(middles_mm))
        lateral, (low, high) = geometry.surgical_mm(middles_mm)[:, 0], preferred.lateral_mm
        beyond = np.maximum(low - lateral, 0) + np.maximum(lateral - high, 0)
        least: Floats = costs.entry_slope * np.maximum(beyond - radii_mm, 0.0)
        return least

    def find_target_costs(middles_mm: Floats, radii_mm: Floats) -> Floats:
        """Return the least cost of missing the goal in each ball, mm."""
        away = np.linalg.norm(geometry.surgical_mm(middles_mm) - aim_mm, axis=1)
        least: Floats = costs.target_slope * np.maximum(away - radii_mm, 0.0)
        return least

    skin = SkinCells.between(problem.entries.points_lps_mm, targets.centre_lps_mm, geometry.side)
    boxes = BoxCells.between(targets.points_lps_mm, geometry)
    ends = End(skin, find_entry_costs), End(boxes, find_target_costs)
    return bound_continuum(staged, ends, found_mm, value("planning.continuum_gap_mm"))


def bound_continuum(
    problem: StagedProblem,
    ends: tuple[End, End],
    found_mm: float,
    gap_mm: float,
    most_pairs: int = PAIRS_BATCH,
) -> Continuum:
    """Bound the value of all paths whose ends lie in some cells.

    Parameters
    ----------
    problem : StagedProblem, of which the lists of entries and targets are not read
    ends : pair of End, entries and targets
    found_mm : float, mm, the value that was found
    gap_mm : float, mm, how much more than found is not looked at more closely
    most_pairs : int, pairs after which the bound so far is given

    Notes
    -----
    The balls around the cells stand in trees as those of listed points; a pair of single cells
    goes on being halved, the larger one first, as long as its bound exceeds what was found by
    more than the gap. A docking distance between two samples counts with the field from the outer
    one outwards and the cost of the inner one.
    """
    loosened = _between_stops(problem)
    given = (*find_fixed(loosened, 0.0), loosened.gate.numbers)
    entries, targets = (_CellTree(loosened, end) for end in ends)
    pairs: Pairs = np.zeros((2, 1), dtype=np.int64)
    bounds, used, floor = np.full(1, np.inf), 0, found_mm + gap_mm
    while pairs.shape[1] and used < most_pairs:
        breathe()
        # Stable, so that ties are decided by the order in which pairs were made.
        order = np.argsort(-bounds, kind="stable")
        now, later = order[:HALVED_BATCH], order[HALVED_BATCH:]
        used += len(now)
        halves = np.ascontiguousarray(_halve(entries, targets, pairs[:, now]))
        found = BOUND(*given, entries.nodes, targets.nodes, halves, floor)
        # What cannot exceed the floor is settled by it.
        kept = found > floor
        pairs = np.concatenate([pairs[:, later], halves[:, kept]], axis=1)
        bounds = np.concatenate([bounds[later], found[kept]])
    return Continuum(max(floor, float(bounds.max(initial=-np.inf))), used)


def _between_stops(problem: StagedProblem) -> StagedProblem:
    """Return the problem with docking distances a few samples apart, loosened to all between."""
    step_mm = STOP_SAMPLES * problem.step_mm
    listed_mm = problem.stop_step_mm * np.arange(len(problem.stop_costs_mm))
    count = round(listed_mm[-1] / step_mm) + 1
    costs = np.interp(step_mm * np.arange(count), listed_mm, problem.stop_costs_mm)
    return replace(
        problem,
        stop_step_mm=step_mm,
        stop_costs_mm=np.concatenate([costs[:1], costs[:-1]]),
        gate=replace(problem.gate, allowance_mm=problem.gate.allowance_mm + step_mm),
    )


def _halve(entries: "_CellTree", targets: "_CellTree", pairs: Pairs) -> Pairs:
    """Return both halves of each pair, shape (2, 2P)."""
    e, t = pairs
    splits_entries = entries.radii[e] > TARGET_WEIGHT * targets.radii[t]
    entries.split(e[splits_entries])
    targets.split(t[~splits_entries])
    e_child, t_child = entries.children[e], targets.children[t]
    return np.concatenate(
        [
            np.array(
                [np.where(splits_entries, e_child + n, e), np.where(splits_entries, t, t_child + n)]
            )
            for n in range(2)
        ],
        axis=1,
    )


class _CellTree:
    """Nested balls around cells, which grow where they are asked for."""

    def __init__(self, problem: StagedProblem, end: End) -> None:
        cells, spacing = end.cells, problem.spacing_mm
        tree = BallTree.of(problem.nodes(cells.centres_mm), 1)
        self._problem, self._own, self._cells = problem, end.own, cells
        self.children = tree.children.copy()
        self.radii = tree.widened(cells.radii_mm / spacing)
        self._centres = tree.centres
        self._middles_mm = problem.origin_mm + spacing * tree.centres.astype(np.float64)
        self._least_mm = tree.least(end.own(cells.centres_mm, cells.radii_mm))
        self._at = np.where(tree.children < 0, tree.order[tree.spans[:, 0]], -1)

    @property
    def nodes(self) -> tuple[NDArray[np.floating], ...]:
        """Return centres in nodes, radii, centres in mm and least costs of all balls."""
        return self._centres, self.radii, self._middles_mm, self._least_mm

    def split(self, nodes: NDArray[np.int64]) -> None:
        """Make the halves of those that have none yet."""
        whole = np.unique(nodes[self.children[nodes] < 0])
        if not len(whole):
            return
        halves, before = self._cells.halved(self._at[whole]), len(self._cells)
        middles, radii, count = halves.centres_mm, halves.radii_mm, 2 * len(whole)
        reach = (radii / self._problem.spacing_mm + ROUNDING_NODES).astype(np.float32)
        self.children[whole] = len(self.children) + 2 * np.arange(len(whole))
        self.children = np.concatenate([self.children, np.full(count, -1)])
        self.radii = np.concatenate([self.radii, reach])
        self._centres = np.concatenate([self._centres, self._problem.nodes(middles)])
        self._middles_mm = np.concatenate([self._middles_mm, middles])
        self._least_mm = np.concatenate([self._least_mm, self._own(middles, radii)])
        self._at = np.concatenate([self._at, before + np.arange(count)])
        self._cells = self._cells.joined(halves)
