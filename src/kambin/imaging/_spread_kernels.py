"""Jitted passes along one axis: parabolas, symmetric smoothing, and the highest neighbour."""

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

FAR = 2.0**40
"""Squared distance, in node units, of a node that no surface point has reached; a power of
two, so that it is the same number in single precision."""

LINES_CHUNK = 64
"""Neighbouring lines one thread works on, so that it reads whole cache lines."""


@njit(cache=True, parallel=True)
def spread_parabolas(
    squares: NDArray[np.float32], first: int, spread: NDArray[np.float32], join: bool
) -> None:
    """Fill g(n) = min over m of f(m) + (n - m)^2 along the middle axis.

    ``squares``, f, has the shape (outer, M, inner) and its m starts at ``first``; ``spread``,
    g, has the shape (outer, N, inner) and starts at 0; with ``join`` it keeps what is lower.

    References
    ----------
    Felzenszwalb and Huttenlocher 2012, Theory of Computing 8:415,
    doi 10.4086/toc.2012.v008a019, algorithm 1 (lower envelope of parabolas)
    """
    outer, size, inner = squares.shape
    chunks = (inner + LINES_CHUNK - 1) // LINES_CHUNK
    for task in prange(outer * chunks):
        o, start = task // chunks, (task % chunks) * LINES_CHUNK
        # In double precision: where two parabolas meet is a difference of two large squares.
        heights = np.empty(size, dtype=np.float64)
        tips = np.empty(size, dtype=np.int64)
        starts = np.empty(size + 1, dtype=np.float64)
        for line in range(start, min(inner, start + LINES_CHUNK)):
            count = 0
            for m in range(size):
                height = float(squares[o, m, line])
                heights[m] = height
                # Where nothing was crossed there is no parabola.
                if height >= FAR:
                    continue
                begin = -FAR
                # A parabola that would begin before the one below it hides that one for good.
                while count > 0:
                    tip = tips[count - 1]
                    begin = 0.5 * ((height - heights[tip]) / (m - tip) + (m + tip)) + first
                    if begin > starts[count - 1]:
                        break
                    count -= 1
                    begin = -FAR
                tips[count] = m
                starts[count] = begin
                count += 1
            starts[count] = FAR
            # Nodes and parabolas both ascend, so one sweep serves the line.
            at = 0
            for n in range(spread.shape[1]):
                value = np.float32(FAR)
                if count > 0:
                    while starts[at + 1] < n:
                        at += 1
                    gap = float(n - first - tips[at])
                    value = np.float32(gap * gap + heights[tips[at]])
                if not join or value < spread[o, n, line]:
                    spread[o, n, line] = value


@njit(cache=True, parallel=True)
def smooth_planes(
    values: NDArray[np.float32], weights: NDArray[np.float32], smoothed: NDArray[np.float32]
) -> None:
    """Average planes, shape (N, M), with symmetric weights; border planes go on outside.

    ``weights`` holds the central weight and those of the neighbours on either side. The
    two sides are added before they are weighted, so that a mirrored array gives exactly
    the mirrored average.

    Parameters
    ----------
    values : float32 array, shape (N, M)
    weights : float32 array, shape (W,), for 0 to W - 1 voxels away
    smoothed : float32 array, shape (N, M), filled
    """
    size, inner = values.shape
    for n in prange(size):
        for line in range(inner):
            smoothed[n, line] = weights[0] * values[n, line]
        for step in range(1, weights.shape[0]):
            low, high = max(0, n - step), min(size - 1, n + step)
            for line in range(inner):
                smoothed[n, line] += weights[step] * (values[low, line] + values[high, line])


@njit(cache=True, parallel=True)
def highest_planes(values: NDArray[np.float32], reach: int, highest: NDArray[np.float32]) -> None:
    """Take the highest value within ``reach`` planes, shape (N, M).

    Parameters
    ----------
    values : float32 array, shape (N, M)
    reach : int, voxels
    highest : float32 array, shape (N, M), filled
    """
    size, inner = values.shape
    for n in prange(size):
        for line in range(inner):
            highest[n, line] = values[n, line]
        for m in range(max(0, n - reach), min(size, n + reach + 1)):
            for line in range(inner):
                highest[n, line] = max(highest[n, line], values[m, line])
