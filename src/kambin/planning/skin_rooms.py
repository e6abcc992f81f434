"""The largest clearance that every entry on the skin offers, exactly, through one margin field.

One field without stages or costs: benchmarks and tests ask it, skin maps ask ``skin_stages``.
"""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from kambin.planning.ball_tree import BallTree
from kambin.planning.field_search import FieldProblem, measure_slack
from kambin.planning.kernels import Float32, Scalar
from kambin.planning.walk_kernels import walk_bound, walk_exactly

LEAF_BATCH = 16
"""Points of a leaf, of entries and of targets (recipes B1.2)."""

STACK_BINS = 128
"""Nodes of a tree that can wait: one per level, and trees of 2^64 points do not exist."""


def find_skin_rooms(problem: FieldProblem, floor_mm: float) -> NDArray[np.float64]:
    """Find the largest clearance of each entry over all targets.

    Parameters
    ----------
    problem : FieldProblem, whose costs are left out of account
    floor_mm : float, mm, such as the radius of a needle; smaller values are not asked for

    Returns
    -------
    float array, shape (E,), mm, in the order of the entries, not more than the cap; -inf where no
    target reaches the floor

    Notes
    -----
    Leaf by leaf of the entries, the targets' balls are walked through depth first, the better
    bound first; a ball is left out when no entry of the leaf can gain by it. Leaves do not know
    of each other: any number of threads gives the same answer.
    """
    entries = BallTree.of(problem.entries, LEAF_BATCH)
    targets = BallTree.of(problem.targets, LEAF_BATCH)
    slack = measure_slack(problem)
    settings = np.array(
        [problem.step, slack.steep_mm, slack.far_mm, problem.cap_mm], dtype=np.float32
    )
    # What stands for the floor lies just below it, so that a path that reaches it is better.
    below = np.nextafter(np.float32(floor_mm), np.float32(-np.inf))
    found = map_leaves(
        np.ascontiguousarray(problem.field).reshape(-1),
        problem.lines,
        settings,
        np.flatnonzero(entries.children < 0),
        (entries.points, entries.centres, entries.radii, entries.spans),
        (targets.points, targets.centres, targets.radii, targets.spans),
        targets.children,
        below,
    )
    rooms = np.empty(len(found))
    rooms[entries.order] = np.where(found > below, found, -np.inf)
    return rooms


@njit(parallel=True, cache=True)
def map_leaves(  # pragma: no cover
    field: Float32,
    lines: Scalar,
    settings: Float32,
    leaves: NDArray[np.int64],
    entries: Scalar,
    targets: Scalar,
    children: NDArray[np.int64],
    below: Scalar,
) -> Float32:
    """Return the largest value of each entry above ``below``, else ``below``, in tree order."""
    row, plane = lines
    step, steep, far, cap = settings[0], settings[1], settings[2], settings[3]
    e_points, e_centres, e_radii, e_spans = entries
    _, t_centres, t_radii, _ = targets
    best = np.full(e_points.shape[0], below, dtype=np.float32)
    for p in prange(leaves.shape[0]):
        leaf = leaves[p]
        first, last = e_spans[leaf]
        stack = np.zeros(STACK_BINS, dtype=np.int64)
        bounds = np.full(STACK_BINS, cap, dtype=np.float32)
        waiting = 1
        while waiting:
            waiting -= 1
            node, least = stack[waiting], best[first:last].min()
            if bounds[waiting] <= least:
                continue
            child = children[node]
            if child < 0:
                try_leaf(field, lines, settings, e_points, first, last, targets, node, best)
                continue
            pair = np.empty(2, dtype=np.float32)
            for n in range(2):
                pair[n] = walk_bound(
                    field,
                    row,
                    plane,
                    e_centres[leaf],
                    e_radii[leaf],
                    t_centres[child + n],
                    t_radii[child + n],
                    step,
                    steep,
                    far,
                    cap,
                    least,
                )
            better = 1 if pair[1] > pair[0] else 0
            # The better of the two lies on top.
            stack[waiting], bounds[waiting] = child + 1 - better, pair[1 - better]
            stack[waiting + 1], bounds[waiting + 1] = child + better, pair[better]
            waiting += 2
    return best


@njit(nogil=True)
def try_leaf(  # pragma: no cover # noqa: PLR0913, PLR0917
    field: Float32,
    lines: Scalar,
    settings: Float32,
    points: Float32,
    first: Scalar,
    last: Scalar,
    targets: Scalar,
    node: Scalar,
    best: Float32,
) -> None:
    """Raise the best values of a leaf's entries by what the targets of one leaf offer."""
    row, plane = lines
    step, steep, far, cap = settings[0], settings[1], settings[2], settings[3]
    t_points, t_centres, t_radii, t_spans = targets
    failed = 0
    for i in range(first, last):
        if best[i] >= cap:
            continue
        bound = walk_bound(
            field,
            row,
            plane,
            points[i],
            np.float32(0.0),
            t_centres[node],
            t_radii[node],
            step,
            steep,
            far,
            cap,
            best[i],
        )
        if bound <= best[i]:
            continue
        for j in range(t_spans[node, 0], t_spans[node, 1]):
            value, is_exact, at = walk_exactly(
                field, row, plane, points[i], t_points[j], step, steep, far, cap, best[i], failed
            )
            if not is_exact:
                failed = at
            elif value > best[i]:
                best[i] = value
