"""Pairs of balls of the planner's search, split, bounded and tried, jitted for two cores."""

import numpy as np
from numba import njit, prange

from kambin.planning.branch_and_bound import Pairs
from kambin.planning.cost_kernels import find_least_way_cost, find_way_cost
from kambin.planning.field_search import find_edge, keep_better
from kambin.planning.gate_kernels import find_stop_limit
from kambin.planning.kernels import Scalar
from kambin.planning.staged_kernels import bound_candidates, measure_candidates

TARGET_WEIGHT = 2.0


@njit(parallel=True, cache=True)
def expand_staged(  # pragma: no cover  # noqa: PLR0912, PLR0913, PLR0915, PLR0917
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
    entries: Scalar,
    targets: Scalar,
    bits: Scalar,
    pairs: Pairs,
    floor: float,
    quantum: float,
) -> Scalar:
    """Split each pair in two, or try all its candidates.

    Parameters
    ----------
    fields : tuple of four float32 arrays, flat, mm: full length, docking, all bone, removable
    lines : pair of uint64, nodes between rows and planes
    slacks : float32 array, shape (4, 2), mm per node
    plan : float array: step in nodes, two wishes, radius, gain, what is required, cost of bone
        per mm2 of section, limit inside bone, step in mm, spacing in mm, spacing of stops in mm
    counts : int64 array: samples between stops, between samples of bone, of these near the target
    stop_costs : float array, shape (S,), mm
    numbers, gate : as ``Costs.numbers`` and ``Gate.numbers``
    entry_nodes, target_nodes : tuples of the trees' arrays, with least costs and centres in mm
    entries, targets : tuples of points in nodes and in mm, order, and own costs
    bits : uint32 array, shape (E, T), which docking distances of a pair are allowed, by the
        places in the lists
    pairs : int64 array, shape (2, P)
    floor : float, mm, smaller values are not asked for
    quantum : float, mm

    Returns
    -------
    parts (2, 2P), bounds_mm (2P,), values_mm (2P,), places (2P,)
    """
    e_centres, e_radii, e_spans, e_children, e_nearest, e_least, e_middles = entry_nodes
    t_centres, t_radii, t_spans, t_children, t_nearest, t_least, t_middles = target_nodes
    e_points, e_mm, e_order, e_costs = entries
    t_points, t_mm, t_order, t_costs = targets
    count, stops = pairs.shape[1], stop_costs.shape[0]
    row_length = t_points.shape[0]
    spacing = plan[9]
    parts = np.zeros((2, 2 * count), dtype=np.int64)
    bounds = np.full(2 * count, -np.inf)
    values = np.full(2 * count, -np.inf)
    places = np.zeros(2 * count, dtype=np.int64)
    for p in prange(count):
        wide = np.empty(stops)
        section = np.empty(stops)
        found = np.empty(stops)
        e, t = pairs[0, p], pairs[1, p]
        is_leaf = e_children[e] < 0 and t_children[t] < 0
        e_first, e_last = e_spans[e]
        t_first, t_last = t_spans[t]
        if not is_leaf:
            e_first, t_first = e_nearest[e], t_nearest[t]
            e_last, t_last = e_first + 1, t_first + 1
        least = floor
        for i in range(e_first, e_last):
            for j in range(t_first, t_last):
                allowed = bits[e_order[i], t_order[j]]
                if allowed == 0:
                    continue
                cost = (
                    e_costs[i]
                    + t_costs[j]
                    + find_way_cost(
                        e_mm[i, 0] - t_mm[j, 0],
                        e_mm[i, 1] - t_mm[j, 1],
                        e_mm[i, 2] - t_mm[j, 2],
                        numbers,
                    )
                )
                any_found = measure_candidates(
                    fields,
                    lines,
                    slacks,
                    e_points[i],
                    t_points[j],
                    allowed,
                    cost,
                    least,
                    plan,
                    counts,
                    stop_costs,
                    wide,
                    section,
                    found,
                )
                if not any_found:
                    continue
                place = (e_order[i] * row_length + t_order[j]) * stops
                for k in range(stops):
                    if found[k] > -np.inf:
                        keep_better(values, places, 2 * p, found[k], place + k, quantum)
                least = max(least, find_edge(values[2 * p], quantum))
        if is_leaf:
            continue
        splits_entries = t_children[t] < 0 or (
            e_children[e] >= 0 and e_radii[e] > TARGET_WEIGHT * t_radii[t]
        )
        for half in range(2):
            ce, ct = e, t
            if splits_entries:
                ce = e_children[e] + half
            else:
                ct = t_children[t] + half
            reach_e, reach_t = np.float64(e_radii[ce]) * spacing, np.float64(t_radii[ct]) * spacing
            limit = find_stop_limit(
                e_middles[ce, 0],
                e_middles[ce, 1],
                e_middles[ce, 2],
                reach_e,
                t_middles[ct, 0],
                t_middles[ct, 1],
                t_middles[ct, 2],
                reach_t,
                gate,
            )
            if limit < 0:
                continue
            cost = (
                e_least[ce]
                + t_least[ct]
                + find_least_way_cost(
                    e_middles[ce, 0] - t_middles[ct, 0],
                    e_middles[ce, 1] - t_middles[ct, 1],
                    e_middles[ce, 2] - t_middles[ct, 2],
                    reach_e + reach_t,
                    numbers,
                )
            )
            value = bound_candidates(
                fields,
                lines,
                slacks,
                e_centres[ce],
                e_radii[ce],
                t_centres[ct],
                t_radii[ct],
                min(stops - 1, int(limit / plan[10])),
                cost,
                floor,
                plan,
                counts,
                stop_costs,
                wide,
                section,
            )
            if value >= floor:
                parts[0, 2 * p + half], parts[1, 2 * p + half] = ce, ct
                bounds[2 * p + half] = value
    return parts, bounds, values, places
