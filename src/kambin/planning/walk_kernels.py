"""Walks along straight paths through one field: exact values, and bounds for a pair of balls.

Compiled without fastmath: a sum is rounded in one way wherever it is compiled, so that a search
and the trial of every path see the same bits.
"""

import math

import numpy as np
from numba import njit

from kambin.knowledge import value as read_value
from kambin.planning.kernels import Float32, Scalar, sample_lines
from kambin.planning.slack import ROUNDING_MM, SPREAD

NARROWEST = 3 / 2
"""A pair of balls whose distance is less than this many radii has no direction to speak of."""

CLOSEST_HOP = 1 / 4
"""Share of the shift of a pair of balls below which a bound does not look closer."""

HOP = read_value("planning.bound_hop")
"""Share of the way to the next possible lower value that a bound hops over (recipes B1.2)."""


sample = njit(nogil=True)(sample_lines)
"""The trilinear value at node coordinates, without fastmath; its oracle is ``sample_plainly``."""


@njit(nogil=True)
def find_stride(entry: Scalar, target: Scalar, step: Scalar) -> Scalar:  # pragma: no cover
    """Return the way from one sample to the next, float32, and the number of the last sample."""
    vx = np.float64(entry[0]) - np.float64(target[0])
    vy = np.float64(entry[1]) - np.float64(target[1])
    vz = np.float64(entry[2]) - np.float64(target[2])
    length = math.sqrt(vx * vx + vy * vy + vz * vz)
    unit = np.float64(step) / max(length, np.float64(step))
    last = int(length / np.float64(step))
    return np.float32(vx * unit), np.float32(vy * unit), np.float32(vz * unit), last, length


@njit(nogil=True)
def count_safe(  # pragma: no cover
    spare: Scalar, steep: Scalar, far: Scalar, step: Scalar
) -> Scalar:
    """Return how many samples cannot have lost so much, given in mm.

    Inverse of ``Slack.at_mm``: whichever of its two bounds reaches further.
    """
    spare -= np.float32(2 * ROUNDING_MM)
    if spare <= 0:
        return 0
    reach = spare / steep
    squared = (spare / far) * (spare / far) - np.float32(SPREAD)
    if squared > reach * reach:
        reach = math.sqrt(squared)
    return int(reach / step)


@njit(nogil=True)
def walk_exactly(  # pragma: no cover  # noqa: PLR0913, PLR0917
    field: Float32,
    row: Scalar,
    plane: Scalar,
    entry: Scalar,
    target: Scalar,
    step: Scalar,
    steep: Scalar,
    far: Scalar,
    cap: Scalar,
    floor: Scalar,
    first: Scalar = 0,
) -> Scalar:
    """Return the least of cap and all samples, whether it is, and the sample that fell below floor.

    Samples are left out only where the slack proves that none of them is less than the least so
    far: the result is that of looking at all. A walk that fell below ``floor`` stops, and its
    value is then only *at most*: never a lower bound (recipes B5.2).

    ``first`` is the number of a sample to look at before all others: where one path fails, its
    neighbours mostly fail, too.
    """
    dx, dy, dz, last, _ = find_stride(entry, target, step)
    x, y, z = target[0], target[1], target[2]
    if 0 < first <= last:
        s = np.float32(first)
        value = sample(field, row, plane, x + s * dx, y + s * dy, z + s * dz)
        if value < min(floor, cap):
            return value, False, first
    least = cap
    n = 0
    while n <= last:
        s = np.float32(n)
        value = sample(field, row, plane, x + s * dx, y + s * dy, z + s * dz)
        if value < least:
            least = value
            if least < floor:
                return least, False, n
            n += 1
        else:
            n += 1 + count_safe(value - least, steep, far, step)
    return least, True, 0


@njit(nogil=True)
def find_shift(share: Scalar, reach_e: Scalar, reach_t: Scalar) -> Scalar:  # pragma: no cover
    """Return how far two paths of a pair of balls lie apart at a share of the way, nodes.

    The largest of |t_along + (1 - share) t_across + share e_across| over |t| <= reach_t and
    |e| <= reach_e; see ``walk_bound``.
    """
    if reach_t * (2.0 - share) <= (1.0 - share) * reach_e:
        return (1.0 - share) * reach_t + share * reach_e
    return math.sqrt(reach_t * reach_t + share * reach_e * reach_e / (2.0 - share))


@njit(nogil=True)
def walk_bound(  # pragma: no cover  # noqa: PLR0913, PLR0917
    field: Float32,
    row: Scalar,
    plane: Scalar,
    entry: Scalar,
    reach_e: Scalar,
    target: Scalar,
    reach_t: Scalar,
    step: Scalar,
    steep: Scalar,
    far: Scalar,
    cap: Scalar,
    floor: Scalar,
) -> Scalar:
    """Return a value that no path of a pair of balls exceeds: an upper bound, mm.

    Let t and e be the offsets of a path's ends from the centres, w = e - t, u the direction and
    l the length of the centre path, v the path's way. At n steps from the target the two lie

        t_along u + (1 - share) t_across + share e_across - share excess u

    apart, with share = n step / |v| and excess = l + w_along - |v| between 0 and the negative of
    |w|^2 / 2 (l - |w|). Sample n exists on every path if n step <= l - |w|. The value there is
    at most that of the centre path plus the slack of this shift, whichever samples are looked
    at. A bound below ``floor`` is returned as soon as it is known.
    """
    rho = np.float64(reach_e) + np.float64(reach_t)
    dx, dy, dz, _, length = find_stride(entry, target, step)
    if length <= NARROWEST * rho:
        return cap
    shortest = length - rho
    excess = rho * rho / (2.0 * shortest)
    last = int((shortest - 1e-3) / np.float64(step))
    x, y, z = target[0], target[1], target[2]
    bound = cap
    n = 0
    while n <= last:
        s = np.float32(n)
        share = min(1.0, n * np.float64(step) / shortest)
        shift = find_shift(share, np.float64(reach_e), np.float64(reach_t)) + share * excess + 1e-4
        value = sample(field, row, plane, x + s * dx, y + s * dy, z + s * dz)
        slack = min(steep * shift, far * math.sqrt(shift * shift + SPREAD))
        value = np.float32(value + slack + ROUNDING_MM)
        if value < bound:
            bound = value
            if bound < floor:
                return bound
        # Any choice of samples gives a bound; the hop is how far a lower one must be at least.
        n += max(1, int(HOP * max((value - bound) / far, CLOSEST_HOP * shift) / step))
    return bound
