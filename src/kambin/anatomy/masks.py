"""Masks: read from labels, shrunk, grown and filled, voxel for voxel as scipy would, but sooner."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_MIDDLE = np.zeros((3, 3, 3), dtype=bool)
_MIDDLE[1, 1, 1] = True
"""A voxel with nothing beside it."""


def find_labelled(values: NDArray[Any], numbers: Iterable[int]) -> NDArray[np.bool_]:
    """Return which voxels carry one of some label values, bool array of the same shape.

    Parameters
    ----------
    values : integer array, shape (I, J, K)
    numbers : label values, a few of them
    """
    found = np.zeros(values.shape, dtype=bool)
    for number in numbers:
        found |= values == number
    return found


def shrink_by_box(mask: NDArray[np.bool_], reach_voxels: Sequence[int]) -> NDArray[np.bool_]:
    """Keep the voxels around which a whole box is in the mask; beyond the border all is.

    Parameters
    ----------
    mask : bool array, shape (I, J, K)
    reach_voxels : int along i, j, k, from the middle of the box to its faces
    """
    return _slide_box(mask, reach_voxels, np.logical_and, beyond=True)


def grow_by_box(mask: NDArray[np.bool_], reach_voxels: Sequence[int]) -> NDArray[np.bool_]:
    """Add the voxels around which a box meets the mask, bool array of the same shape.

    Parameters
    ----------
    mask : bool array, shape (I, J, K)
    reach_voxels : int along i, j, k, from the middle of the box to its faces
    """
    return _slide_box(mask, reach_voxels, np.logical_or, beyond=False)


def _slide_box(
    mask: NDArray[np.bool_], reach_voxels: Sequence[int], combine: np.ufunc, *, beyond: bool
) -> NDArray[np.bool_]:
    """Combine the voxels in the box around each; a line of voxels at a time."""
    for axis, reach in enumerate(reach_voxels):
        margin = [(reach, reach) if a == axis else (0, 0) for a in range(mask.ndim)]
        line = np.pad(mask, margin, constant_values=beyond).swapaxes(0, axis)
        done, length = 1, 2 * reach + 1
        while done < length:
            # Two overlapping lines make one of up to twice the length.
            step = min(done, length - done)
            line = combine(line[:-step], line[step:])
            done += step
        mask = line.swapaxes(0, axis)
    return mask


def close_in_slices(mask: NDArray[np.bool_], disc: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Close narrow gaps of a mask within every axial slice.

    Parameters
    ----------
    mask : bool array, shape (I, J, K)
    disc : bool array, shape (2 A + 1, 2 B + 1), point symmetric: what fits into no gap

    Returns
    -------
    bool array, shape (I + 2, J + 2, K), with a rim of background around every slice
    """
    rim = [size // 2 * 2 + 1 for size in disc.shape]
    padded = np.pad(mask, [(rim[0], rim[0]), (rim[1], rim[1]), (0, 0)])
    return _over_disc(_over_disc(padded, disc, np.logical_or), disc, np.logical_and)


def _over_disc(
    mask: NDArray[np.bool_], disc: NDArray[np.bool_], combine: np.ufunc
) -> NDArray[np.bool_]:
    """Combine the voxels under a disc wherever all of it lies in the slice."""
    rows, columns = (n - size + 1 for n, size in zip(mask.shape[:2], disc.shape, strict=True))
    places = np.argwhere(disc)
    first, *others = (mask[i : i + rows, j : j + columns] for i, j in places)
    found = first.copy()
    for shifted in others:
        combine(found, shifted, out=found)
    return found


def fill_slices(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill the holes of a mask in every axial slice, bool array of the same shape.

    Parameters
    ----------
    mask : bool array, shape (I, J, K); a hole is background that the slice's border does
        not reach
    """
    return fill_holes(mask, axes=(0, 1))


def fill_holes(mask: NDArray[np.bool_], *, axes: tuple[int, ...] = (0, 1, 2)) -> NDArray[np.bool_]:
    """Fill the background that steps along some axes do not bring to the border.

    Parameters
    ----------
    mask : bool array, shape (I, J, K)
    axes : the axes along which background hangs together

    Returns
    -------
    bool array, shape (I, J, K)
    """
    # Background that looks straight out of the array is no hole: little is left to search.
    filled = np.ones(mask.shape, dtype=bool)
    for axis in axes:
        for way in (1, -1):
            filled &= _behind(mask, axis, way)
    hidden = filled & ~mask
    low, high = find_box_ijk(hidden)
    if low[0] > high[0]:
        return filled
    # What is hidden lies off the border, so a rim around it is in the array.
    rim = [int(axis in axes) for axis in range(mask.ndim)]
    box = tuple(slice(a - r, b + 1 + r) for a, b, r in zip(low, high, rim, strict=True))
    hidden = hidden[box]
    steps = find_beside(_MIDDLE, axes=axes) | _MIDDLE
    numbered, count = ndimage.label(hidden, structure=steps)
    is_hole = np.ones(count + 1, dtype=bool)
    is_hole[0] = False
    is_hole[numbered[find_beside(~filled[box], axes=axes) & hidden]] = False
    filled[box] = mask[box] | is_hole[numbered]
    return filled


def find_beside(mask: NDArray[np.bool_], *, axes: tuple[int, ...] = (0, 1, 2)) -> NDArray[np.bool_]:
    """Return the voxels that share a face with a voxel of a mask, bool array of the same shape.

    Parameters
    ----------
    mask : bool array, shape (I, J, K)
    axes : the axes across which faces count
    """
    beside = np.zeros(mask.shape, dtype=bool)
    for axis in axes:
        here, there = np.moveaxis(beside, axis, 0), np.moveaxis(mask, axis, 0)
        here[1:] |= there[:-1]
        here[:-1] |= there[1:]
    return beside


def find_box_ijk(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return first and last voxel of a mask along each axis, two int arrays, shape (3,).

    Notes
    -----
    An empty mask gives a box whose last index is before its first.
    """
    ends = []
    for axis in range(3):
        line = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        ends.append((line[0], line[-1]) if len(line) else (0, -1))
    both = np.array(ends, dtype=np.int64)
    return both[:, 0], both[:, 1]


def _behind(mask: NDArray[np.bool_], axis: int, way: int) -> NDArray[np.bool_]:
    """Return the mask and what lies behind it, seen along an axis, bool array."""
    shadow = mask.copy()
    for before, here in pairwise(np.moveaxis(shadow, axis, 0)[::way]):
        np.logical_or(here, before, out=here)
    return shadow
