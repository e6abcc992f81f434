"""Cutting structures out of a label map."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from kambin.core import InputError
from kambin.imaging.grid import Grid
from kambin.imaging.volume import LabelMap


def crop_region(labels: LabelMap, values: Iterable[int] | int, margin_voxels: int = 3) -> LabelMap:
    """Return one structure as a small map of 0 and 1 with its place in the patient.

    Parameters
    ----------
    labels : LabelMap, shape (I, J, K)
    values : int, or the label values that together make the structure
    margin_voxels : int, background kept on each side, as far as the image goes

    Returns
    -------
    LabelMap of uint8, 0 and 1, in the frame of ``labels``

    Raises
    ------
    InputError  (IN-040) if no voxel has one of the values
    """
    # Sorted, so that a set gives the same bytes at every run.
    wanted = [values] if isinstance(values, int | np.integer) else sorted(values)
    return region_from_mask(np.isin(labels.values, wanted), labels, margin_voxels)


def crop_regions(labels: LabelMap, margin_voxels: int = 3) -> dict[int, LabelMap]:
    """Return each structure of a label map as a small map of 0 and 1, by its label.

    The same maps as of ``crop_region``, with one pass over the whole map for all of them.

    Parameters
    ----------
    labels : LabelMap of integers from 0, the background, upwards, shape (I, J, K)
    margin_voxels : int, background kept on each side, as far as the image goes

    Returns
    -------
    dict of label to LabelMap of uint8, 0 and 1, in the frame of ``labels``, in rising order
    """
    regions = {}
    for value, found in enumerate(ndimage.find_objects(labels.values), start=1):
        if found is not None:
            low = np.array([part.start for part in found], dtype=np.int64)
            high = np.array([part.stop for part in found], dtype=np.int64)
            box = _widen(low, high, margin_voxels, labels.shape)
            regions[value] = _cut(labels.values[box] == value, box, labels)
    return regions


def region_from_mask(mask: ArrayLike, like: LabelMap | Grid, margin_voxels: int = 3) -> LabelMap:
    """Return a structure, given as a mask on a known grid, as a small map of 0 and 1.

    Parameters
    ----------
    mask : bool array, shape (I, J, K), on the voxels of ``like``
    like : LabelMap or Grid that says where the voxels lie
    margin_voxels : int, background kept on each side, as far as the array goes

    Returns
    -------
    LabelMap of uint8, 0 and 1, in the frame of ``like``

    Raises
    ------
    InputError  (IN-040) if the mask is empty, (IN-041) if its shape is another
    """
    inside = np.asarray(mask, dtype=bool)
    if inside.shape != like.shape:
        raise InputError(
            code="IN-041",
            what="A mask does not fit its grid",
            where=f"mask of shape {inside.shape}",
            why=f"The grid has the shape {like.shape}.",
            next_step="Resample the mask to the grid first.",
        )
    box = _widen(*_find_extent(inside), margin_voxels, like.shape)
    return _cut(inside[box], box, like)


def _widen(
    low: NDArray[np.int64], high: NDArray[np.int64], margin_voxels: int, shape: tuple[int, int, int]
) -> tuple[slice, slice, slice]:
    """Return the box with a margin, as far as the image goes; ``high`` lies behind the last."""
    # Three voxels hold the Gaussian of the smoothing (3 sigma of one voxel); none are invented
    # beyond the image, where a structure is taken to go on.
    low = np.maximum(low - margin_voxels, 0)
    high = np.minimum(high + margin_voxels, shape)
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return i, j, k


def _cut(
    inside: NDArray[np.bool_], box: tuple[slice, slice, slice], like: LabelMap | Grid
) -> LabelMap:
    affine = like.lps_from_ijk.copy()
    # The cut array has another first voxel, at the same place in the patient.
    affine[:3, 3] += affine[:3, :3] @ np.array([part.start for part in box])
    return LabelMap(inside.astype(np.uint8), affine, like.frame_id)


def _find_extent(inside: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first index of the mask along each axis and the one behind its last, (3,) each."""
    # Axis by axis: a list of all voxels of a trunk would be larger than the image.
    low, high = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int64)
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        hits = np.flatnonzero(inside.any(axis=others))
        if hits.size == 0:
            raise InputError(
                code="IN-040",
                what="A structure has no voxels",
                where=f"map of shape {inside.shape}",
                why="None of the asked label values occurs in it.",
                next_step="Check the names of the labels, or treat the structure as missing.",
            )
        low[axis], high[axis] = hits[0], hits[-1] + 1
    return low, high
