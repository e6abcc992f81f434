"""One pair of the planner's search: of two balls, bounded, and of two points, measured."""

import numpy as np
from numba import njit

from kambin.planning.corridor_kernels import find_pair
from kambin.planning.gate_kernels import find_stop_limit
from kambin.planning.kernels import Scalar
from kambin.planning.staged_kernels import (
    FULL,
    SPACING,
    STOP_STEP,
    bound_candidates,
    find_need,
    measure_stops,
)
from kambin.planning.walk_kernels import walk_exactly


@njit(nogil=True)
def bound_pair(  # pragma: no cover
    fixed: Scalar,
    gate: Scalar,
    entry: Scalar,
    target: Scalar,
    cost: Scalar,
    floor: Scalar,
    work: Scalar,
) -> Scalar:
    """Return what no candidate of two balls exceeds, -inf where none belongs to the corridor.

    Parameters
    ----------
    fixed : tuple of fields, lines, slacks, plan, counts and stop costs, as ``find_fixed`` has them
    gate : float array, ``Gate.numbers``
    entry, target : tuples of a ball's centre and radius in nodes and its centre in mm
    cost : float, mm, the least of both balls, without docking and bone
    floor : float, mm, smaller values are not asked for
    work : two float arrays, shape (S,), to be overwritten
    """
    fields, lines, slacks, plan, counts, stop_costs = fixed
    e_centre, e_radius, e_mm = entry
    t_centre, t_radius, t_mm = target
    limit = find_stop_limit(
        e_mm[0],
        e_mm[1],
        e_mm[2],
        np.float64(e_radius) * plan[SPACING],
        t_mm[0],
        t_mm[1],
        t_mm[2],
        np.float64(t_radius) * plan[SPACING],
        gate,
    )
    if limit < 0:
        return -np.inf
    return bound_candidates(
        fields,
        lines,
        slacks,
        e_centre,
        e_radius,
        t_centre,
        t_radius,
        min(stop_costs.shape[0] - 1, int(limit / plan[STOP_STEP])),
        cost,
        floor,
        plan,
        counts,
        stop_costs,
        work[0],
        work[1],
    )


@njit(nogil=True)
def measure_pair(  # pragma: no cover
    fixed: Scalar,
    corridor: Scalar,
    entry: Scalar,
    target: Scalar,
    cost: Scalar,
    floor: Scalar,
    work: Scalar,
) -> Scalar:
    """Fill the value of every docking distance of one path; return whether any reaches the floor.

    Parameters
    ----------
    fixed : tuple of fields, lines, slacks, plan, counts and stop costs, as ``find_fixed`` has them
    corridor : tuple of stops in mm, limits and landmarks as ``CorridorNumbers`` has them
    entry, target : tuples of a point in nodes, in mm, and in the surgical frame
    cost : float, mm, without docking and bone
    floor : float, mm, smaller values are -inf
    work : three float arrays, shape (S,): two to be overwritten, and the values, which hold
        nothing where none reaches the floor; and an int64 array, shape (1,), where the path
        before failed, zero at first
    """
    fields, lines, slacks, plan, _, stop_costs = fixed
    failed = work[3]
    need = find_need(cost + stop_costs[0], floor, plan)
    if not need <= min(plan[1], plan[2]):
        return False
    # Before the corridor: six of seven paths fail here, and asking it takes as long as this walk.
    slim, is_exact, at = walk_exactly(
        fields[FULL],
        lines[0],
        lines[1],
        entry[0],
        target[0],
        np.float32(plan[0]),
        slacks[0][FULL, 0],
        slacks[0][FULL, 1],
        np.float32(plan[1]),
        np.float32(need),
        failed[0],
    )
    if not is_exact:
        failed[0] = at
        return False
    stops, limits, rows = corridor
    bits = find_pair(entry[1], target[1], entry[2], target[2], stops, limits, rows)
    if bits == 0:
        return False
    return measure_stops(fixed, entry[0], target[0], bits, slim, cost, floor, work)
