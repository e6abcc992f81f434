"""From labels to a smooth occupancy whose 0.5 level is the surface."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.core import InputError
from kambin.imaging._field_kernels import resample
from kambin.imaging.grid import Grid
from kambin.imaging.volume import LabelMap

SMOOTHING_SIGMA = 1.0
"""Gaussian of the twicing, voxels: the best of the widths tried on slab, cylinder and sphere."""

THIN_PEAK = 0.75
THICK_PEAK = 0.95
"""Blurred by one voxel, a plate of 2.3 voxels peaks at 0.75 and one of 4 at 0.95 (erf);
below the first a part is not smoothed at all, above the second fully."""


FRACTION_SIGMA = 0.6
FRACTION_GAIN = 1.5
"""Gaussian, voxels, and gain of the same step for fractional occupancies: the gain takes
away the second moment of the Gaussian, of the voxel box and of the interpolation."""

BEYOND_VOXELS = 1e4
"""How far a structure that touches the border of its array is taken to go on, voxels."""

LEVEL = 0.5
"""Occupancy at the surface."""


def smooth_labels(region: LabelMap) -> tuple[NDArray[np.float32], float]:
    """Turn a map of 0 and 1 into an occupancy, smoothed by less than a voxel.

    Parameters
    ----------
    region : LabelMap of 0 and 1, shape (I, J, K)

    Returns
    -------
    occupancy : float32 array, shape (I, J, K), 0 to 1, 0.5 at the surface
    thin_share : float, the share of the surface that was too thin to be smoothed

    Notes
    -----
    Twicing 2g - G*g (Stuetzle and Mittal 1979) keeps what a Gaussian shrinks. Where the
    structure, or the gap beside it, is thin, the labels are left as they are.
    """
    raw = (region.values != 0).astype(np.float32)
    blurred = _blur(raw)
    twiced = 2.0 * blurred - _blur(blurred)
    thickness = np.minimum(_peak(blurred), _peak(1.0 - blurred))
    weight = np.clip((thickness - THIN_PEAK) / (THICK_PEAK - THIN_PEAK), 0.0, 1.0)
    smooth = np.clip(weight * twiced + (1.0 - weight) * raw, 0.0, 1.0).astype(np.float32)
    edge = (blurred > 0.25) & (blurred < 0.75)
    thin_share = float((1.0 - weight)[edge].mean()) if edge.any() else 1.0
    return _keep_components(raw, smooth), thin_share


def occupancy_on_grid(region: LabelMap, grid: Grid) -> NDArray[np.float32]:
    """Return how much of a structure is at each node: 0 outside, 1 inside, 0.5 on the surface.

    Parameters
    ----------
    region : LabelMap of 0 and 1, shape (I, J, K)
    grid : Grid

    Returns
    -------
    float32 array, shape ``grid.shape``; beyond the border of ``region`` its border goes on
    """
    occupancy, _ = smooth_labels(region)
    return resample_to_grid(occupancy, region.ijk_from_lps, grid)


def resample_to_grid(
    values: NDArray[np.float32], ijk_from_lps: NDArray[np.float64], grid: Grid
) -> NDArray[np.float32]:
    """Return an array of voxels at the nodes of a grid, trilinear, held beyond its border.

    Parameters
    ----------
    values : float32 array, shape (I, J, K)
    ijk_from_lps : float array, shape (4, 4), voxel index from LPS mm
    grid : Grid

    Returns
    -------
    float32 array, shape ``grid.shape``
    """
    nodes = np.empty(grid.shape, dtype=np.float32)
    resample(np.ascontiguousarray(values), (ijk_from_lps @ grid.lps_from_ijk)[:3], nodes)
    return nodes


def smooth_fractions(fractions: NDArray[np.floating]) -> NDArray[np.float32]:
    """Turn shares of filled voxels into an occupancy whose 0.5 level is not shrunk by the box.

    Parameters
    ----------
    fractions : float array, shape (I, J, K), 0 to 1

    Returns
    -------
    float32 array, shape (I, J, K), 0 to 1
    """
    raw = np.clip(np.asarray(fractions, dtype=np.float32), 0.0, 1.0)
    blurred = ndimage.gaussian_filter(raw, FRACTION_SIGMA, mode="nearest", truncate=4.0)
    again = ndimage.gaussian_filter(blurred, FRACTION_SIGMA, mode="nearest", truncate=4.0)
    sharpened = blurred + FRACTION_GAIN * (blurred - again)
    occupancy: NDArray[np.float32] = np.clip(sharpened, 0.0, 1.0).astype(np.float32)
    return occupancy


def bounds_of_inside(
    occupancy: NDArray[np.float32], ijk_from_lps: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of the box that holds a structure, each shape (3,), mm, LPS.

    A structure that touches the border of its array goes on without end there.

    Parameters
    ----------
    occupancy : float32 array, shape (I, J, K), 0 to 1
    ijk_from_lps : float array, shape (4, 4)

    Raises
    ------
    InputError  (IN-040) if nothing is inside
    """
    spans = []
    for axis in range(3):
        hits = np.flatnonzero((occupancy >= LEVEL).any(axis=tuple({0, 1, 2} - {axis})))
        if hits.size == 0:
            raise InputError(
                code="IN-040",
                what="A structure has no voxels",
                where=f"map of shape {occupancy.shape}",
                why="No voxel is at least half inside.",
                next_step="Check the names of the labels, or treat the structure as missing.",
            )
        last = occupancy.shape[axis] - 1
        low = hits[0] - 1.0 if hits[0] > 0 else -BEYOND_VOXELS
        high = hits[-1] + 1.0 if hits[-1] < last else last + BEYOND_VOXELS
        spans.append((low, high))
    corners = np.array([[a, b, c] for a in spans[0] for b in spans[1] for c in spans[2]])
    lps_from_ijk = np.linalg.inv(ijk_from_lps)
    points = corners @ lps_from_ijk[:3, :3].T + lps_from_ijk[:3, 3]
    return points.min(axis=0), points.max(axis=0)


def _blur(values: NDArray[np.float32]) -> NDArray[np.float32]:
    blurred: NDArray[np.float32] = ndimage.gaussian_filter(
        values, SMOOTHING_SIGMA, mode="nearest", truncate=3.0
    )
    return blurred


def _peak(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the highest value within two voxels, blended so that it changes slowly."""
    highest: NDArray[np.float32] = ndimage.maximum_filter(values, size=5, mode="nearest")
    return _blur(highest)


def _keep_components(raw: NDArray[np.float32], smooth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give back its labels to every component that smoothing made vanish."""
    parts, count = ndimage.label(raw, structure=np.ones((3, 3, 3)))
    peaks = np.zeros(count + 1)
    peaks[1:] = ndimage.maximum(smooth, parts, np.arange(1, count + 1))
    lost = peaks < THIN_PEAK
    lost[0] = False
    kept: NDArray[np.float32] = np.where(lost[parts], raw, smooth)
    return kept
