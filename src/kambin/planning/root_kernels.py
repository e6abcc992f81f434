"""Where the exiting root lies of an axis, jitted: for one path, and for all paths of two balls.

Seen along ``root_side.AHEAD`` an axis and the root are two lines of one plane. Both kernels read
the root as ``root_side.pack_root`` writes it: its longest part, then lateral, along and ahead of
each point, mm.
"""

import math

import numpy as np
from numba import njit

from kambin.planning.kernels import Scalar

DIAGONAL = float(np.sqrt(0.5))
"""Of the posterior and of the cranial axis: what lies ahead is half ventral, half cranial."""

HOP_SHARE = 1.0 - 1e-9
"""Parts are hopped over while they are shorter than this share of the way to the axis."""

SEEN_EPSILON_MM = 1e-3
"""Room for rounding: a gate may let pass what the corridor stops, never stop what it lets pass."""


@njit(nogil=True)
def find_root_ahead(
    e: Scalar, t: Scalar, numbers: Scalar, first: Scalar
) -> Scalar:  # pragma: no cover
    """Return how far the root lies ahead of a path at the least of their crossings, mm.

    Entry and target in the surgical frame; infinite where the two do not cross or no root is
    known. ``root_side.measure_roots_ahead_mm`` is the oracle, to the last bit.
    """
    last = (numbers.shape[0] - first - 1) // 3 - 1
    least = np.inf
    if last < 1:
        return least
    at = first + 1
    ta, tb, td = t[0], (t[1] + t[2]) * DIAGONAL, (t[2] - t[1]) * DIAGONAL
    wa, wb = e[0] - ta, (e[1] + e[2]) * DIAGONAL - tb
    wd = (e[2] - e[1]) * DIAGONAL - td
    square = wa * wa + wb * wb
    part = math.sqrt(square) * numbers[first]
    if not part > 0.0:
        return least
    k = 0
    here = wa * (numbers[at + 1] - tb) - wb * (numbers[at] - ta)
    while k < last:
        # No vertex on this side of the axis is further along than the way to the axis is wide.
        hop = int(min(abs(here) * HOP_SHARE / part, 1.0 * last))
        if hop > 1:
            k += hop
            if k >= last:
                break
            p = at + 3 * k
            here = wa * (numbers[p + 1] - tb) - wb * (numbers[p] - ta)
            continue
        p, q = at + 3 * k, at + 3 * (k + 1)
        there = wa * (numbers[q + 1] - tb) - wb * (numbers[q] - ta)
        if (here > 0) != (there > 0):
            within = here / (here - there)
            a = numbers[p] + within * (numbers[q] - numbers[p])
            b = numbers[p + 1] + within * (numbers[q + 1] - numbers[p + 1])
            share = ((a - ta) * wa + (b - tb) * wb) / square
            if share >= 0 and share <= 1:
                d = numbers[p + 2] + within * (numbers[q + 2] - numbers[p + 2])
                least = min(least, d - (td + share * wd))
        here = there
        k += 1
    return least


@njit(nogil=True)
def runs_ahead_of_root(  # pragma: no cover  # noqa: PLR0913, PLR0917
    e0: Scalar,
    e1: Scalar,
    e2: Scalar,
    reach_e: Scalar,
    t0: Scalar,
    t1: Scalar,
    t2: Scalar,
    reach_t: Scalar,
    numbers: Scalar,
    first: Scalar,
) -> Scalar:
    """Return whether every path of two balls crosses the root on its far side; surgical frame.

    Proof. Let c be how far along the middle path, as seen, a vertex lies from the middle target,
    and L its length. Where reach_t < c < L - reach_e every path passes c, at a share between
    (c - reach_t) / (L + reach_e - reach_t) and (c + reach_t) / (L - reach_e + reach_t), and there
    lies at most reach_t + share (reach_e - reach_t) beside the middle path, as seen and in depth.
    So a vertex further beside it lies on one side of all paths. Between one vertex on the left of
    all and one on the right of all, with only such c between, every path crosses the root within
    its length; both depths of the crossing lie between those of the vertices and of the shares
    there, as both are linear. Balls of which this is not shown are let pass.
    """
    count = (numbers.shape[0] - first - 1) // 3
    ta, tb, td = t0, (t1 + t2) * DIAGONAL, (t2 - t1) * DIAGONAL
    ua, ub = e0 - ta, (e1 + e2) * DIAGONAL - tb
    wd = (e2 - e1) * DIAGONAL - td
    length = math.sqrt(ua * ua + ub * ub)
    low, high = reach_t + SEEN_EPSILON_MM, length - reach_e - SEEN_EPSILON_MM
    if count < 2 or low >= high:
        return False
    ua, ub = ua / length, ub / length
    wide = max(reach_e, reach_t) + SEEN_EPSILON_MM
    side, root_most, path_least = 0, 0.0, 0.0
    k = 0
    while k < count:
        p = first + 1 + 3 * k
        a, b, depth = numbers[p] - ta, numbers[p + 1] - tb, numbers[p + 2]
        k += 1
        c = ua * a + ub * b
        if c < low or c > high:
            side = 0
            continue
        near = (c - reach_t) / (length + reach_e - reach_t)
        far = (c + reach_t) / (length - reach_e + reach_t)
        reach_near = reach_t + near * (reach_e - reach_t)
        reach_far = reach_t + far * (reach_e - reach_t)
        least = min(td + near * wd - reach_near, td + far * wd - reach_far)
        if side != 0:
            root_most, path_least = max(root_most, depth), min(path_least, least)
        beside = ua * b - ub * a
        if abs(beside) <= max(reach_near, reach_far) + SEEN_EPSILON_MM:
            continue
        now = 1 if beside > 0 else -1
        if side == -now and root_most < path_least - SEEN_EPSILON_MM:
            return True
        side, root_most, path_least = now, depth, least
        hop = int(min((abs(beside) - wide) * HOP_SHARE / numbers[first], 1.0 * count))
        if hop > 1:
            k += hop - 1
    return False
