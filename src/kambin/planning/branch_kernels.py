"""Branches of the merge tree of all pairs: what stays apart as less clearance is asked."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.spatial import KDTree

from kambin.planning.kernels import Scalar


@dataclass(frozen=True, slots=True)
class Branches:
    """The branches that persist, longest first.

    Parameters
    ----------
    persistence_mm : float array, shape (B,), mm
    members : tuple of B int64 arrays, places of the pairs in the flat list of entries by targets
    """

    persistence_mm: NDArray[np.float64]
    members: tuple[NDArray[np.int64], ...]


def find_branches(
    slack_mm: NDArray[np.floating],
    entries_mm: NDArray[np.float64],
    targets_mm: NDArray[np.float64],
    *,
    near_mm: float,
    persistence_mm: float,
    least_pairs: int,
) -> Branches:
    """Return the branches of the pairs that pass, by union in descending slack.

    Parameters
    ----------
    slack_mm : float array, shape (E, T), mm; below 0 a pair does not pass
    entries_mm : float array, shape (E, 3), mm
    targets_mm : float array, shape (T, 3), mm
    near_mm : float, mm, entries or targets no further apart are neighbours
    persistence_mm : float, mm, by how much the best of a branch exceeds where it meets another
    least_pairs : int, pairs that a branch has at least

    Notes
    -----
    Two pairs are neighbours if they share the target and their entries are neighbours, or the
    other way round. Where two branches meet the one with the lower best ends (the elder rule); if
    it does not persist its pairs go over to the other. Of equals the first in the list is better.
    """
    flat = np.asarray(slack_mm, dtype=np.float64).reshape(-1)
    order = np.argsort(-flat, kind="stable")
    order = np.ascontiguousarray(order[: int((flat >= 0).sum())])
    owners, deaths = _grow(
        order,
        flat,
        *find_neighbours(entries_mm, near_mm),
        *find_neighbours(targets_mm, near_mm),
        persistence_mm,
        least_pairs,
    )
    found = []
    for owner in np.unique(owners[order]):
        own = order[owners[order] == owner]
        persists = float(flat[owner] - deaths[owner])
        if persists >= persistence_mm and len(own) >= least_pairs:
            found.append((persists, np.sort(own)))
    found.sort(key=lambda one: (-one[0], int(one[1][0])))
    return Branches(np.array([p for p, _ in found]), tuple(own for _, own in found))


def find_neighbours(
    points_mm: NDArray[np.float64], near_mm: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where each point's neighbours begin, shape (N + 1,), and all neighbours in a row.

    Parameters
    ----------
    points_mm : float array, shape (N, 3), mm
    near_mm : float, mm
    """
    pairs = KDTree(points_mm).query_pairs(near_mm, output_type="ndarray").astype(np.int64)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    counts = np.bincount(both[:, 0], minlength=len(points_mm))
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), both[:, 1].copy()


@njit(nogil=True)
def _find_root(parents: Scalar, node: Scalar) -> Scalar:  # pragma: no cover
    while parents[node] != node:
        parents[node] = parents[parents[node]]
        node = parents[node]
    return node


@njit(nogil=True)
def _join(  # pragma: no cover  # noqa: PLR0913, PLR0917
    here: Scalar,
    there: Scalar,
    level: Scalar,
    slack: Scalar,
    ranks: Scalar,
    parents: Scalar,
    owners: Scalar,
    sizes: Scalar,
    deaths: Scalar,
    persistence: Scalar,
    least: Scalar,
) -> None:
    """Unite two components; the younger branch ends here, or goes over to the elder."""
    elder, younger = _find_root(parents, here), _find_root(parents, there)
    if elder == younger:
        return
    if ranks[younger] < ranks[elder]:
        elder, younger = younger, elder
    # The root of a component is the pair it was born with, which is also its branch.
    parents[younger] = elder
    deaths[younger] = level
    if slack[younger] - level < persistence or sizes[younger] < least:
        owners[younger] = elder
        sizes[elder] += sizes[younger]


@njit(cache=True)
def _grow(  # pragma: no cover
    order: Scalar,
    slack: Scalar,
    entry_starts: Scalar,
    entry_near: Scalar,
    target_starts: Scalar,
    target_near: Scalar,
    persistence: Scalar,
    least: Scalar,
) -> Any:
    """Return for every pair the pair its branch was born with, and where each branch ends."""
    count, row = slack.shape[0], target_starts.shape[0] - 1
    ranks = np.full(count, count, dtype=np.int64)
    parents, owners = np.arange(count), np.arange(count)
    sizes, deaths = np.ones(count, dtype=np.int64), np.zeros(count)
    for rank in range(order.shape[0]):
        here = order[rank]
        ranks[here] = rank
        e, t = here // row, here % row
        first_e, first_t = entry_starts[e], target_starts[t]
        beside = entry_starts[e + 1] - first_e
        every = beside + target_starts[t + 1] - first_t
        # A pair where branches meet is the eldest's, so that it is united with that one first.
        eldest = here
        for n in range(2 * every):
            m = n % every
            if m < beside:
                there = entry_near[first_e + m] * row + t
            else:
                there = e * row + target_near[first_t + m - beside]
            if ranks[there] == count:
                continue
            if n < every:
                root = _find_root(parents, there)
                eldest = root if ranks[root] < ranks[eldest] else eldest
                continue
            for other in (eldest, there):
                _join(
                    here,
                    other,
                    slack[here],
                    slack,
                    ranks,
                    parents,
                    owners,
                    sizes,
                    deaths,
                    persistence,
                    least,
                )
    for rank in range(order.shape[0]):
        owners[order[rank]] = _find_root(owners, order[rank])
    return owners, deaths
