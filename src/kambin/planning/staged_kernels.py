"""All stages of one path, exactly; and what no path of two balls exceeds.

The value of a candidate is gain * clearance - costs, where clearance is the least of: the full
length's field on the whole path, the docking tools' field from the docking point outwards, each
not counting more than is wished, and what the needle's way inside bone leaves of its limit.
"""

import math

import numpy as np
from numba import njit

from kambin.planning.kernels import Scalar
from kambin.planning.near_slopes import NEAR_NODES, find_near_slope
from kambin.planning.slack import ROUNDING_MM, SPREAD
from kambin.planning.walk_kernels import (
    CLOSEST_HOP,
    HOP,
    NARROWEST,
    count_safe,
    find_shift,
    find_stride,
    sample,
)

FULL, DOCKING, BONE, REMOVABLE = range(4)
"""Rows of the table of slacks; the fields come in this order."""

GAIN, REQUIRED, BONE_COST, BONE_LIMIT, STEP, SPACING, STOP_STEP = range(4, 11)
"""Places in ``StagedProblem.plan``."""

LEAST_MM = -(10.0**6)
"""Below every field; a finite number where nothing is required."""


@njit(nogil=True)
def find_section(d: Scalar, radius_mm: Scalar) -> Scalar:  # pragma: no cover
    """Return the area of a tool's section inside a flat surface at distance d, mm2."""
    if d >= radius_mm:
        return 0.0
    d = max(d, -radius_mm)
    return radius_mm * radius_mm * math.acos(d / radius_mm) - d * math.sqrt(
        radius_mm * radius_mm - d * d
    )


@njit(nogil=True)
def measure_docking(  # pragma: no cover  # noqa: PLR0913, PLR0917
    field: Scalar,
    lines: Scalar,
    entry: Scalar,
    target: Scalar,
    step: Scalar,
    slacks: Scalar,
    every: Scalar,
    cap: Scalar,
    low: Scalar,
    wide: Scalar,
) -> Scalar:
    """Fill the least value from each docking point outwards; return the first that reaches low.

    Stops of which it does not are filled with -inf: what a stopped walk saw is no value.
    """
    row, plane = lines
    steep, far = slacks[0][DOCKING, 0], slacks[0][DOCKING, 1]
    dx, dy, dz, last, _ = find_stride(entry, target, step)
    x, y, z = target[0], target[1], target[2]
    stops = wide.shape[0]
    wide[:] = -np.inf
    least = cap
    n = (stops - 1) * every
    while n <= last:
        s = np.float32(n)
        value = sample(field, row, plane, x + s * dx, y + s * dy, z + s * dz)
        if value < least:
            least = value
            if least < low:
                return stops
            n += 1
        else:
            n += 1 + count_safe(value - least, steep, far, step)
    wide[stops - 1] = least
    for j in range(stops - 2, -1, -1):
        n = j * every
        while n < min((j + 1) * every, last + 1):
            s = np.float32(n)
            value = sample(field, row, plane, x + s * dx, y + s * dy, z + s * dz)
            if value < least:
                least = value
                if least < low:
                    return j + 1
                n += 1
            else:
                n += 1 + count_safe(value - least, steep, far, step)
        wide[j] = least
    return 0


@njit(nogil=True)
def measure_bone(  # pragma: no cover  # noqa: PLR0913, PLR0917
    field: Scalar,
    lines: Scalar,
    entry: Scalar,
    target: Scalar,
    step: Scalar,
    slacks: Scalar,
    every: Scalar,
    coarse: Scalar,
    near: Scalar,
    radius_mm: Scalar,
    section: Scalar,
) -> None:
    """Fill the sections inside removable bone, summed from each docking point outwards, mm2."""
    row, plane = lines
    steep, far = slacks[0][REMOVABLE, 0], slacks[0][REMOVABLE, 1]
    dx, dy, dz, last, _ = find_stride(entry, target, step)
    x, y, z = target[0], target[1], target[2]
    stops = section.shape[0]
    section[:] = 0.0
    n = 0
    while n <= min(last, near * coarse):
        s = np.float32(n)
        d = sample(field, row, plane, x + s * dx, y + s * dy, z + s * dz)
        area = find_section(np.float64(d), radius_mm)
        if area > 0:
            section[min(n // every, stops - 1)] += area
            n += coarse
        else:
            safe = count_safe(np.float32(d - radius_mm), steep, far, step)
            n += coarse * (1 + safe // coarse)
    for j in range(stops - 2, -1, -1):
        section[j] += section[j + 1]


@njit(nogil=True)
def count_inside(  # pragma: no cover
    field: Scalar,
    lines: Scalar,
    entry: Scalar,
    target: Scalar,
    step: Scalar,
    slacks: Scalar,
    most: Scalar,
) -> Scalar:
    """Return how many samples lie inside bone; counting stops beyond ``most``."""
    row, plane = lines
    steep, far = slacks[0][BONE, 0], slacks[0][BONE, 1]
    dx, dy, dz, last, _ = find_stride(entry, target, step)
    x, y, z = target[0], target[1], target[2]
    inside = 0
    n = 0
    while n <= last:
        s = np.float32(n)
        value = sample(field, row, plane, x + s * dx, y + s * dy, z + s * dz)
        if value < 0:
            inside += 1
            if inside > most:
                return inside
            n += 1
        else:
            n += 1 + count_safe(value, steep, far, step)
    return inside


@njit(nogil=True)
def find_need(cost: Scalar, floor: Scalar, plan: Scalar) -> Scalar:  # pragma: no cover
    """Return the clearance from which a candidate of some cost reaches the floor, mm."""
    return max(plan[REQUIRED], (floor + cost) / plan[GAIN] - 1e-5, LEAST_MM)


@njit(nogil=True)
def measure_stops(  # pragma: no cover
    fixed: Scalar,
    entry: Scalar,
    target: Scalar,
    bits: Scalar,
    slim: Scalar,
    cost: Scalar,
    floor: Scalar,
    work: Scalar,
) -> Scalar:
    """Fill the value of every docking distance of one path, -inf where it is below the floor.

    ``slim`` is the clearance of the full length; returns whether any value is not -inf.
    """
    fields, lines, slacks, plan, counts, stop_costs = fixed
    wide, _, found, _ = work
    stops = stop_costs.shape[0]
    found[:] = -np.inf
    cheapest = np.inf
    for j in range(stops):
        if (bits >> j) & 1:
            cheapest = min(cheapest, stop_costs[j])
    need = find_need(cost + cheapest, floor, plan)
    step, low = np.float32(plan[0]), np.float32(need)
    if not need <= min(plan[1], plan[2]) or slim < low:
        return False
    cap = np.float32(plan[2])
    first = measure_docking(
        fields[DOCKING], lines, entry, target, step, slacks, counts[0], cap, low, wide
    )
    if first >= stops:
        return False
    most = int((plan[BONE_LIMIT] - need) / plan[STEP]) + 1
    inside = count_inside(fields[BONE], lines, entry, target, step, slacks, most)
    spare = min(np.float64(slim), plan[BONE_LIMIT] - inside * plan[STEP])
    if spare < plan[REQUIRED]:
        return False
    any_found = False
    for j in range(first, stops):
        if (bits >> j) & 1:
            value = plan[GAIN] * min(spare, np.float64(wide[j])) - cost - stop_costs[j]
            if value >= floor:
                found[j] = value
                any_found = True
    if not any_found or plan[BONE_COST] == 0:
        return any_found
    return charge_bone(fixed, entry, target, first, floor, work)


@njit(nogil=True)
def charge_bone(  # pragma: no cover
    fixed: Scalar, entry: Scalar, target: Scalar, first: Scalar, floor: Scalar, work: Scalar
) -> Scalar:
    """Take what each docking distance removes of bone from its value; return whether any is left.

    ``first`` is the first docking distance that was found; -inf where a value fell below the floor.
    """
    fields, lines, slacks, plan, counts, _ = fixed
    _, section, found, _ = work
    every, coarse, near = counts[0], counts[1], counts[2]
    field, step, radius_mm = fields[REMOVABLE], np.float32(plan[0]), plan[3]
    measure_bone(field, lines, entry, target, step, slacks, every, coarse, near, radius_mm, section)
    any_found = False
    for j in range(first, found.shape[0]):
        if found[j] > -np.inf:
            found[j] -= plan[BONE_COST] * section[j]
            if found[j] < floor:
                found[j] = -np.inf
            else:
                any_found = True
    return any_found


@njit(nogil=True)
def add_slack(
    value: Scalar, shift: Scalar, slacks: Scalar, which: Scalar
) -> Scalar:  # pragma: no cover
    """Return a sampled value plus all that a shifted path may have more, float64."""
    table = slacks[0]
    rise = min(table[which, 0] * shift, table[which, 1] * math.sqrt(shift * shift + SPREAD))
    return np.float64(value) + rise + ROUNDING_MM


@njit(nogil=True)
def add_near_slack(  # pragma: no cover
    value: Scalar, shift: Scalar, slacks: Scalar, which: Scalar, slope: Scalar
) -> Scalar:
    """Return the same where the surroundings of the sample are known to be no steeper."""
    if shift > NEAR_NODES:
        return add_slack(value, shift, slacks, which)
    return np.float64(value) + slope * shift + ROUNDING_MM


@njit(nogil=True)
def bound_candidates(  # pragma: no cover  # noqa: PLR0913, PLR0917
    fields: Scalar,
    lines: Scalar,
    slacks: Scalar,
    entry: Scalar,
    reach_e: Scalar,
    target: Scalar,
    reach_t: Scalar,
    last_stop: Scalar,
    cost: Scalar,
    floor: Scalar,
    plan: Scalar,
    counts: Scalar,
    stop_costs: Scalar,
    wide: Scalar,
    section: Scalar,
) -> Scalar:
    """Return a value that no candidate of a pair of balls exceeds; ``walk_bound`` has the proof.

    All docking distances are bounded in one walk, so that the pair is as narrow in them as it
    can be. ``last_stop`` is the furthest that may be allowed.
    """
    row, plane = lines
    step, wish_full, wish_docking, radius_mm = plan[0], plan[1], plan[2], plan[3]
    gain, bone_cost = plan[GAIN], plan[BONE_COST]
    every, coarse, near = counts[0], counts[1], counts[2]
    cap = min(wish_full, wish_docking)
    need = find_need(cost + stop_costs[0], floor, plan)
    if not need <= cap:
        return -np.inf
    rho = np.float64(reach_e) + np.float64(reach_t)
    dx, dy, dz, _, length = find_stride(entry, target, np.float32(step))
    if length <= NARROWEST * rho:
        return gain * cap - cost - stop_costs[0]
    shortest = length - rho
    excess = rho * rho / (2.0 * shortest)
    last = int((shortest - 1e-3) / step)
    x, y, z = target[0], target[1], target[2]
    full, outer = wish_full, wish_docking
    for j in range(last_stop + 1):
        wide[j] = wish_docking
    outermost = last_stop * every
    n = 0
    while n <= last:
        s = np.float32(n)
        share = min(1.0, n * step / shortest)
        shift = find_shift(share, np.float64(reach_e), np.float64(reach_t)) + share * excess + 1e-4
        px, py, pz = x + s * dx, y + s * dy, z + s * dz
        whole = sample(fields[FULL], row, plane, px, py, pz)
        slope = find_near_slope(slacks[1], px, py, pz)
        whole = add_near_slack(whole, shift, slacks, FULL, slope)
        full = min(full, whole)
        docked = sample(fields[DOCKING], row, plane, px, py, pz)
        slope = find_near_slope(slacks[2], px, py, pz)
        docked = add_near_slack(docked, shift, slacks, DOCKING, slope)
        if n >= outermost:
            outer = min(outer, docked)
        else:
            wide[n // every] = min(wide[n // every], docked)
        if full < need or outer < need:
            return -np.inf
        hop = max(
            min(whole - full, docked - min(outer, full)) / slacks[0][FULL, 1], CLOSEST_HOP * shift
        )
        if n < outermost:
            hop = min(hop, 2.0 * every * step)
        n += max(1, int(HOP * hop / step))
    wide[last_stop] = min(wide[last_stop], outer)
    for j in range(last_stop - 1, -1, -1):
        # A tool that goes further in also goes through all that lies further out.
        wide[j] = min(wide[j], wide[j + 1])
    section[:] = 0.0
    stops = wide[: last_stop + 1], stop_costs, section
    best = find_best_stop(full, stops, need, gain, cost, bone_cost)
    if best < floor or bone_cost == 0:
        return best
    near_last = min(last, near * coarse)
    reach = np.float64(reach_e), np.float64(reach_t), shortest, excess
    way = (x, y, z), (dx, dy, dz), near_last, every, coarse, step
    bound_bone(fields[REMOVABLE], lines, slacks, way, reach, radius_mm, section, last_stop)
    return find_best_stop(full, stops, need, gain, cost, bone_cost)


@njit(nogil=True)
def find_best_stop(  # pragma: no cover
    full: Scalar, stops: Scalar, need: Scalar, gain: Scalar, cost: Scalar, bone_cost: Scalar
) -> Scalar:
    """Return the largest value of the docking distances whose clearance reaches the need."""
    wide, stop_costs, section = stops
    best = -np.inf
    for j in range(wide.shape[0]):
        if wide[j] >= need:
            value = gain * min(full, wide[j]) - cost - stop_costs[j] - bone_cost * section[j]
            best = max(best, value)
    return best


@njit(nogil=True)
def bound_bone(  # pragma: no cover
    field: Scalar,
    lines: Scalar,
    slacks: Scalar,
    way: Scalar,
    reach: Scalar,
    radius_mm: Scalar,
    section: Scalar,
    last_stop: Scalar,
) -> None:
    """Fill the least that any path of two balls takes of removable bone, mm2 as ``measure_bone``.

    The section grows as the surface comes nearer, so that the section at the distance plus slack
    is the least; samples that are left out count as nothing.
    """
    row, plane = lines
    start, stride, last, every, coarse, step = way
    reach_e, reach_t, shortest, excess = reach
    section[:] = 0.0
    n = 0
    while n <= last:
        s = np.float32(n)
        share = min(1.0, n * step / shortest)
        shift = find_shift(share, reach_e, reach_t) + share * excess + 1e-4
        value = sample(
            field,
            row,
            plane,
            start[0] + s * stride[0],
            start[1] + s * stride[1],
            start[2] + s * stride[2],
        )
        d = add_slack(value, shift, slacks, REMOVABLE)
        if d < radius_mm:
            section[min(n // every, last_stop)] += find_section(d, radius_mm)
            n += coarse
        else:
            n += coarse * max(1, int((d - radius_mm) / slacks[0][REMOVABLE, 1] / (step * coarse)))
    for j in range(last_stop - 1, -1, -1):
        section[j] += section[j + 1]
