"""Pairs of balls of the planner's search, bounded and tried, jitted for two cores."""

import numpy as np
from numba import njit, prange

from kambin.planning.ball_tree import find_ball
from kambin.planning.branch_and_bound import Pairs
from kambin.planning.cost_kernels import find_least_way_cost, find_way_cost
from kambin.planning.field_search import NO_REACH, find_edge, keep_better
from kambin.planning.kernels import Scalar
from kambin.planning.staged_kernels import SPACING
from kambin.planning.staged_pairs import bound_pair, measure_pair


@njit(parallel=True, cache=True)
def bound_pairs(  # pragma: no cover # noqa: PLR0913, PLR0917
    fields: Scalar,
    lines: Scalar,
    slacks: Scalar,
    plan: Scalar,
    counts: Scalar,
    stop_costs: Scalar,
    numbers: Scalar,
    gate: Scalar,
    entry_nodes: Scalar,
    target_nodes: Scalar,
    pairs: Pairs,
    floor: float,
) -> Scalar:
    """Return what no candidate of each pair of balls exceeds, -inf where none reaches the floor.

    Parameters
    ----------
    fields : tuple of the four fields, flat: full length, docking, all bone, removable bone
    lines : pair of uint64, nodes between rows and between planes
    slacks : tuple of a float32 array, shape (4, 2), mm per node, and the slopes near every place
        of the first two fields
    plan : float array, shape (11,), ``StagedProblem.plan``
    counts : int64 array, shape (3,), ``StagedProblem.counts``
    stop_costs : float array, shape (S,), mm
    numbers, gate : float arrays, ``Costs.numbers`` and ``Gate.numbers``
    entry_nodes, target_nodes : tuples of centres in nodes, radii, centres in mm, least costs
    pairs : int64 array, shape (2, P)
    floor : float, mm, smaller values are not asked for
    """
    e_centres, e_radii, e_middles, e_least = entry_nodes
    t_centres, t_radii, t_middles, t_least = target_nodes
    bounds = np.full(pairs.shape[1], -np.inf)
    for p in prange(pairs.shape[1]):
        # Compiled loops over threads take no tuples of tuples.
        fixed = fields, lines, slacks, plan, counts, stop_costs
        e, t = pairs[0, p], pairs[1, p]
        way = e_middles[e] - t_middles[t]
        reach = (np.float64(e_radii[e]) + np.float64(t_radii[t])) * plan[SPACING]
        cost = e_least[e] + t_least[t]
        cost += find_least_way_cost(way[0], way[1], way[2], reach, numbers)
        entry = e_centres[e], e_radii[e], e_middles[e]
        target = t_centres[t], t_radii[t], t_middles[t]
        work = np.empty(stop_costs.shape[0]), np.empty(stop_costs.shape[0])
        bound = bound_pair(fixed, gate, entry, target, cost, floor, work)
        if bound >= floor:
            bounds[p] = bound
    return bounds


@njit(parallel=True, cache=True)
def try_pairs(  # pragma: no cover # noqa: PLR0913, PLR0917
    fields: Scalar,
    lines: Scalar,
    slacks: Scalar,
    plan: Scalar,
    counts: Scalar,
    stop_costs: Scalar,
    numbers: Scalar,
    gate: Scalar,
    corridor: Scalar,
    origin: Scalar,
    entries: Scalar,
    targets: Scalar,
    spans: Pairs,
    floor: float,
    quantum: float,
) -> Scalar:
    """Try all candidates of spans of entries and of targets.

    Parameters
    ----------
    fields, lines, slacks, plan, counts, stop_costs, numbers, gate : as ``bound_pairs``
    corridor : tuple of stops in mm, limits and landmarks as ``CorridorNumbers`` has them
    origin : float array, shape (3,), mm, LPS, of the first node
    entries, targets : tuples of points in nodes, in mm, and in the surgical frame, order, costs
    spans : int64 array, shape (4, P), first and one past the last entry, and target
    floor : float, mm, smaller values are not asked for
    quantum : float, mm

    Returns
    -------
    values_mm : float array, shape (2P,), of the pair's first best and of its largest candidate
    places : int64 array, shape (2P,)
    """
    e_points, e_mm, e_surgical, e_order, e_costs = entries
    t_points, t_mm, t_surgical, t_order, t_costs = targets
    count, tried = stop_costs.shape[0], spans.shape[1]
    values = np.full(2 * tried, -np.inf)
    places = np.zeros(2 * tried, dtype=np.int64)
    for p in prange(tried):
        fixed = fields, lines, slacks, plan, counts, stop_costs
        found = np.empty(count)
        work = np.empty(count), np.empty(count), found, np.zeros(1, dtype=np.int64)
        least = floor
        first, last = spans[0, p], spans[1, p]
        middle, reach, _ = find_ball(e_points, first, last)
        middle_mm = origin + plan[SPACING] * middle.astype(np.float64)
        ball, reach_mm = (middle, reach, middle_mm), np.float64(reach) * plan[SPACING]
        cheapest = e_costs[first:last].min()
        for j in range(spans[2, p], spans[3, p]):
            target = t_points[j], t_mm[j], t_surgical[j]
            if last - first > 1:
                # All entries at once: near one target, where bone is, their paths lie together.
                way = middle_mm - t_mm[j]
                cost = cheapest + t_costs[j]
                cost += find_least_way_cost(way[0], way[1], way[2], reach_mm, numbers)
                point = t_points[j], NO_REACH, t_mm[j]
                if bound_pair(fixed, gate, ball, point, cost, least, work) < least:
                    continue
            for i in range(first, last):
                entry = e_points[i], e_mm[i], e_surgical[i]
                cost = e_costs[i] + t_costs[j]
                cost += find_way_cost(
                    e_mm[i, 0] - t_mm[j, 0],
                    e_mm[i, 1] - t_mm[j, 1],
                    e_mm[i, 2] - t_mm[j, 2],
                    numbers,
                )
                if measure_pair(fixed, corridor, entry, target, cost, least, work):
                    place = (e_order[i] * t_points.shape[0] + t_order[j]) * count
                    for k in range(count):
                        if found[k] > -np.inf:
                            keep_better(values, places, 2 * p, found[k], place + k, quantum)
                    least = max(least, find_edge(values[2 * p], quantum))
    return values, places


@njit(parallel=True, cache=True)
def measure_pairs(  # pragma: no cover # noqa: PLR0913, PLR0917
    fields: Scalar,
    lines: Scalar,
    slacks: Scalar,
    plan: Scalar,
    counts: Scalar,
    stop_costs: Scalar,
    numbers: Scalar,
    corridor: Scalar,
    entries: Scalar,
    targets: Scalar,
    entry_costs: Scalar,
    target_costs: Scalar,
    floor: float,
) -> Scalar:
    """Return the value of the best docking distance of every pair, float32, shape (E, T).

    Parameters
    ----------
    fields, lines, slacks, plan, counts, stop_costs, numbers : as ``bound_pairs``
    corridor : tuple of stops in mm, limits and landmarks as ``CorridorNumbers`` has them
    entries, targets : tuples of points in nodes, in mm, and in the surgical frame
    entry_costs, target_costs : float arrays, mm
    floor : float, mm, smaller values are -inf
    """
    e_points, e_mm, e_surgical = entries
    t_points, t_mm, t_surgical = targets
    count = stop_costs.shape[0]
    values = np.full((e_mm.shape[0], t_mm.shape[0]), -np.inf, dtype=np.float32)
    for i in prange(e_mm.shape[0]):
        fixed = fields, lines, slacks, plan, counts, stop_costs
        found = np.empty(count)
        work = np.empty(count), np.empty(count), found, np.zeros(1, dtype=np.int64)
        entry = e_points[i], e_mm[i], e_surgical[i]
        for j in range(t_mm.shape[0]):
            target = t_points[j], t_mm[j], t_surgical[j]
            cost = entry_costs[i] + target_costs[j]
            cost += find_way_cost(
                e_mm[i, 0] - t_mm[j, 0],
                e_mm[i, 1] - t_mm[j, 1],
                e_mm[i, 2] - t_mm[j, 2],
                numbers,
            )
            if measure_pair(fixed, corridor, entry, target, cost, floor, work):
                values[i, j] = found.max()
    return values
