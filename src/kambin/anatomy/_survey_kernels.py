"""Jitted pass over a label map that counts and places every label at once."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def tally_labels(
    values: NDArray[Any], highest: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Count the voxels of every label value from 1 to ``highest`` and say where they lie.

    Parameters
    ----------
    values : integer array, shape (I, J, K); values beyond the range are passed over
    highest : int

    Returns
    -------
    counts : int array, shape (highest + 1,), voxels
    sums : int array, shape (highest + 1, 3), summed voxel indices i, j, k; integers, so that
        no order of voxels matters
    low, high : int array, shape (highest + 1, 3), first and last index, meaningless without
        a voxel
    """
    counts = np.zeros(highest + 1, dtype=np.int64)
    sums = np.zeros((highest + 1, 3), dtype=np.int64)
    low = np.full((highest + 1, 3), max(values.shape), dtype=np.int64)
    high = np.full((highest + 1, 3), -1, dtype=np.int64)
    first, last = np.empty(3, dtype=np.int64), np.empty(3, dtype=np.int64)
    for i in range(values.shape[0]):
        for j in range(values.shape[1]):
            # Run by run: a label fills its lines with few breaks.
            end = 0
            while end < values.shape[2]:
                number, start = values[i, j, end], end
                while end < values.shape[2] and values[i, j, end] == number:
                    end += 1
                if number < 1 or number > highest:
                    continue
                counts[number] += end - start
                first[:], last[:] = (i, j, start), (i, j, end - 1)
                for axis in range(3):
                    sums[number, axis] += (first[axis] + last[axis]) * (end - start) // 2
                    low[number, axis] = min(low[number, axis], first[axis])
                    high[number, axis] = max(high[number, axis], last[axis])
    return counts, sums, low, high
