"""Best-first search over pairs of balls, in batches: the same for any number of threads."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.core import breathe
from kambin.planning.ball_tree import BallTree

PAIR_BATCH = 8192
"""Pairs that are looked at with one frozen incumbent (recipes B1.2)."""

TARGET_WEIGHT = 2.0
"""A ball of targets is split before one of entries of less than this many times its radius: near
the target, where it is narrow, both shift a path alike (recipes B1.2)."""

Pairs = NDArray[np.int64]
"""Two rows: nodes of entries and nodes of targets."""


@dataclass(frozen=True, slots=True)
class Incumbent:
    """The best candidate so far.

    Parameters
    ----------
    value_mm : float, mm, of the candidate, -inf before there is one
    place : int, its place in the list: entries first, then targets, then docking distances
    most_mm : float, mm, the largest value of any candidate so far; not less than ``value_mm``, and
        in the same quantum
    """

    value_mm: float = -np.inf
    place: int = np.iinfo(np.int64).max
    most_mm: float = -np.inf


@dataclass(frozen=True, slots=True)
class Expanded:
    """What became of a batch of pairs.

    Parameters
    ----------
    pairs : int64 array, shape (2, P), the parts that are still open
    bounds_mm : float array, shape (P,), mm, what none of their candidates exceeds
    values_mm : float array, shape (V,), mm, exact values of candidates
    places : int64 array, shape (V,), their places in the list
    """

    pairs: Pairs
    bounds_mm: NDArray[np.float64]
    values_mm: NDArray[np.float64]
    places: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search proves.

    Parameters
    ----------
    incumbent : Incumbent, the best of the list
    upper_mm : float, mm, what no candidate exceeds
    nodes : int, pairs of balls that were looked at
    """

    incumbent: Incumbent
    upper_mm: float
    nodes: int


Expand = Callable[[Pairs, Incumbent], Expanded]
"""Splits each pair, bounds its parts, and tries the candidates of pairs of leaves."""


def find_bin(values_mm: NDArray[np.float64] | float, quantum_mm: float) -> NDArray[np.float64]:
    """Return values rounded to a quantum, as whole numbers of it; with 0 as they are."""
    values = np.asarray(values_mm, dtype=np.float64)
    return values if quantum_mm == 0 else np.rint(values / quantum_mm)


def find_floor(best: Incumbent, quantum_mm: float) -> float:
    """Return the least value that can still be a better candidate or a tie, mm."""
    if quantum_mm == 0:
        return best.value_mm
    return (float(find_bin(best.value_mm, quantum_mm)) - 0.5) * quantum_mm


def improve(
    incumbent: Incumbent,
    values_mm: NDArray[np.float64],
    places: NDArray[np.int64],
    quantum_mm: float,
) -> Incumbent:
    """Return the better of an incumbent and some candidates.

    Parameters
    ----------
    incumbent : Incumbent
    values_mm : float array, shape (V,), mm, -inf where there is no candidate
    places : int64 array, shape (V,)
    quantum_mm : float, mm; values that round to the same number of it are ties, which the
        place in the list decides
    """
    kept = np.isfinite(values_mm)
    if not kept.any():
        return incumbent
    values, places = values_mm[kept], places[kept]
    bins = find_bin(values, quantum_mm)
    top = bins == bins.max()
    at = np.flatnonzero(top)[np.argmin(places[top])]
    ours = (float(find_bin(incumbent.value_mm, quantum_mm)), -incumbent.place)
    most = max(incumbent.most_mm, float(values.max()))
    if (float(bins[at]), -int(places[at])) > ours:
        return Incumbent(float(values[at]), int(places[at]), most)
    return Incumbent(incumbent.value_mm, incumbent.place, most)


@dataclass(frozen=True, slots=True)
class Forest:
    """The trees of entries and targets, and where their candidates stand in the list.

    Parameters
    ----------
    entries, targets : BallTree
    stops : int, candidates per pair of points
    """

    entries: BallTree
    targets: BallTree
    stops: int = 1


def search_pairs(
    forest: Forest,
    expand: Expand,
    *,
    quantum_mm: float,
    start: Incumbent | None = None,
    root_bound_mm: float = np.inf,
    batch: int = PAIR_BATCH,
) -> Searched:
    """Return the best candidate of all pairs, with the proof that none is better.

    Parameters
    ----------
    forest : Forest
    expand : function that splits and bounds pairs of balls
    quantum_mm : float, mm; smaller differences are ties
    start : Incumbent, whose value has to be reached; an empty queue without a candidate is the
        proof that none reaches it
    root_bound_mm : float, mm, what no candidate exceeds
    batch : int, pairs that are looked at with one frozen incumbent

    Notes
    -----
    A pair is dropped when it can hold neither a larger value than any found nor, in the same
    quantum, an earlier place. The incumbent is frozen within a batch, and all choices between
    pairs are made by numpy on their values: threads change nothing.
    """
    best = start or Incumbent()
    places = _Places(forest)
    pairs = np.zeros((2, 1), dtype=np.int64)
    bounds = np.full(1, root_bound_mm)
    nodes = 0
    while pairs.shape[1]:
        kept = is_open(bounds, places.first(pairs), best, quantum_mm)
        pairs, bounds = pairs[:, kept], bounds[kept]
        if not pairs.shape[1]:
            break
        breathe()
        now, later = _split(bounds, batch)
        nodes += len(now)
        found = expand(np.ascontiguousarray(pairs[:, now]), best)
        best = improve(best, found.values_mm, found.places, quantum_mm)
        pairs = np.concatenate([pairs[:, later], found.pairs], axis=1)
        bounds = np.concatenate([bounds[later], found.bounds_mm])
    return Searched(best, best.most_mm, nodes)


class _Places:
    """First places of pairs, from those of their nodes."""

    def __init__(self, forest: Forest) -> None:
        entries, targets = forest.entries, forest.targets
        self._entries = _first(entries)
        self._targets = _first(targets)
        self._row = len(targets.order)
        self._stops = forest.stops

    def first(self, pairs: Pairs) -> NDArray[np.int64]:
        """Return the earliest place in the list that each pair holds, shape (P,)."""
        places: NDArray[np.int64] = (
            self._entries[pairs[0]] * self._row + self._targets[pairs[1]]
        ) * self._stops
        return places


def _first(tree: BallTree) -> NDArray[np.int64]:
    return tree.least(np.arange(len(tree.order), dtype=np.float64)).astype(np.int64)


def is_open(
    bounds_mm: NDArray[np.float64],
    first_places: NDArray[np.int64],
    best: Incumbent,
    quantum_mm: float,
) -> NDArray[np.bool_]:
    """Return which pairs may still hold something better than the incumbent, shape (P,)."""
    mine = find_bin(best.value_mm, quantum_mm)
    earlier = (find_bin(bounds_mm, quantum_mm) >= mine) & (first_places < best.place)
    larger = bounds_mm > best.most_mm
    still: NDArray[np.bool_] = larger | earlier
    return still


def _split(
    bounds_mm: NDArray[np.float64], batch: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which pairs are looked at now, the best bounds, and which later."""
    if len(bounds_mm) <= batch:
        return np.arange(len(bounds_mm)), np.arange(0)
    order = np.argpartition(-bounds_mm, batch - 1)
    return np.sort(order[:batch]), np.sort(order[batch:])


def split_pairs(forest: Forest, pairs: Pairs) -> tuple[Pairs, Pairs]:
    """Return the halves of each pair, and the spans of points that are to be tried.

    Parameters
    ----------
    forest : Forest
    pairs : int64 array, shape (2, P)

    Returns
    -------
    halves : int64 array, shape (2, 2P'), of the pairs that are not two leaves
    spans : int64 array, shape (4, P), of two leaves all their points, else the middle ones
    """
    (e, t), (entries, targets) = pairs, (forest.entries, forest.targets)
    e_child, t_child = entries.children[e], targets.children[t]
    splits_entries = (t_child < 0) | (
        (e_child >= 0) & (entries.radii[e] > TARGET_WEIGHT * targets.radii[t])
    )
    is_leaf = (e_child < 0) & (t_child < 0)
    halves = np.concatenate(
        [
            np.array(
                [np.where(splits_entries, e_child + n, e), np.where(splits_entries, t, t_child + n)]
            )
            for n in range(2)
        ],
        axis=1,
    )[:, np.tile(~is_leaf, 2)]
    e_near, t_near = entries.nearest[e], targets.nearest[t]
    middles = np.array([e_near, e_near + 1, t_near, t_near + 1])
    whole = np.array([*entries.spans[e].T, *targets.spans[t].T])
    return np.ascontiguousarray(halves), np.where(is_leaf, whole, middles)
