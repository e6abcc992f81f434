"""From labels to a smooth occupancy whose 0.5 level is the surface."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from kambin.core import InputError
from kambin.imaging._crossing_kernels import LEVEL
from kambin.imaging._field_kernels import resample
from kambin.imaging._smoothing import blur, highest
from kambin.imaging.grid import Grid
from kambin.imaging.volume import LabelMap

THICK_SIGMA = 1.0
THIN_SIGMA = 0.6
"""Gaussians of the smoothing, voxels, where the structure is thick and where it is thin:
the best of the widths tried on slabs, cylinders and spheres of 1.5 voxels and more."""

LABEL_GAIN = 2.0
FRACTION_GAIN = 2.2
"""How much of what the second blur takes is given back. One is twicing; the rest undoes the
blur of the trilinear interpolation, and for fractions that of the voxel's own box. Chosen
as the least bias on balls and cylinders of 2.7 to 20 voxels; noise grows only slowly."""

FRACTION_SIGMA = 0.8
"""Gaussian for fractional occupancies, voxels; they are smooth already."""

THIN_PEAK = 0.55
THICK_PEAK = 0.80
"""Blurred by one voxel, a plate of 1.5 voxels peaks at 0.55 and one of 2.5 at 0.79 (erf):
up to the first a part is smoothed as thin, from the second on as thick."""

PEAK_REACH = 2
"""Voxels within which the peak is looked for."""

EDGE_BAND = 0.25
"""How far from 0.5 the blurred label may be where the share of thin surface is counted."""

BEYOND_VOXELS = 16
"""How far a structure cut by the border of its array is taken to go on, voxels."""


def smooth_labels(labels: ArrayLike) -> tuple[NDArray[np.float32], float]:
    """Turn a mask into an occupancy, smoothed by a voxel or less.

    Parameters
    ----------
    labels : array, shape (I, J, K), anything but 0 is inside

    Returns
    -------
    occupancy : float32 array, shape (I, J, K), 0 to 1, 0.5 at the surface
    thin_share : float, 0 to 1, the share of the surface that was smoothed as thin

    Notes
    -----
    g + gain (g - G*g) gives back what the Gaussian G takes from curved surfaces (twicing).
    Where the structure, or the gap beside it, is thin, a narrower Gaussian is used; a
    component that would vanish keeps its labels.

    References
    ----------
    Tukey 1977, Exploratory Data Analysis, chapter 16 (twicing)
    """
    raw = (np.asarray(labels) != 0).astype(np.float32)
    once = blur(raw, THICK_SIGMA)
    thick = once + np.float32(LABEL_GAIN) * (once - blur(once, THICK_SIGMA))
    finer = blur(raw, THIN_SIGMA)
    thin = finer + np.float32(LABEL_GAIN) * (finer - blur(finer, THIN_SIGMA))
    # A narrow gap is as easily closed as a thin plate is lost; both count as thin.
    peak = np.minimum(highest(once, PEAK_REACH), highest(1.0 - once, PEAK_REACH))
    span = np.float32(THICK_PEAK - THIN_PEAK)
    weight = np.clip((blur(peak, THICK_SIGMA) - np.float32(THIN_PEAK)) / span, 0.0, 1.0)
    # Blended, not switched, or the surface would step where thick turns into thin.
    smooth = np.clip(thin + weight * (thick - thin), 0.0, 1.0)
    # Judged where the surface may be; a structure without such a place is all thin.
    edge = np.abs(once - LEVEL) < EDGE_BAND
    thin_share = float(1.0 - weight[edge].mean(dtype=np.float64)) if edge.any() else 1.0
    return _keep_components(raw, smooth), thin_share


def smooth_fractions(fractions: ArrayLike) -> NDArray[np.float32]:
    """Turn shares of filled voxels into an occupancy that the voxel's box has not blurred.

    Parameters
    ----------
    fractions : float array, shape (I, J, K), 0 to 1

    Returns
    -------
    float32 array, shape (I, J, K), 0 to 1

    References
    ----------
    Tukey 1977, Exploratory Data Analysis, chapter 16 (twicing)
    """
    raw = np.clip(np.asarray(fractions, dtype=np.float32), 0.0, 1.0)
    once = blur(raw, FRACTION_SIGMA)
    sharp = once + np.float32(FRACTION_GAIN) * (once - blur(once, FRACTION_SIGMA))
    # What fills half of no voxel never reached the level and has nothing to get back.
    return _keep_components((raw >= LEVEL).astype(np.float32), np.clip(sharp, 0.0, 1.0))


def occupancy_on_grid(region: LabelMap, grid: Grid) -> NDArray[np.float32]:
    """Return how much of a structure is at each node: 0 outside, 1 inside, 0.5 on the surface.

    Parameters
    ----------
    region : LabelMap of 0 and 1, shape (I, J, K), LPS, mm
    grid : Grid

    Returns
    -------
    float32 array, shape ``grid.shape``, no unit; beyond the border of ``region`` its border goes on
    """
    occupancy, _ = smooth_labels(region.values)
    nodes = np.empty(grid.shape, dtype=np.float32)
    resample(occupancy, (region.ijk_from_lps @ grid.lps_from_ijk)[:3], nodes)
    return nodes


def bounds_of_inside(
    inside: NDArray[np.bool_], lps_from_ijk: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the corners of the box that holds a structure, each shape (3,), mm, LPS.

    A structure that touches the border of its array is taken to go on for a while.

    Parameters
    ----------
    inside : bool array, shape (I, J, K)
    lps_from_ijk : float array, shape (4, 4), mm

    Returns
    -------
    low, high : float arrays, shape (3,), mm, LPS

    Raises
    ------
    InputError  (IN-040) if nothing is inside
    """
    spans = []
    for axis in range(3):
        hits = np.flatnonzero(inside.any(axis=tuple({0, 1, 2} - {axis})))
        if hits.size == 0:
            raise InputError(
                code="IN-040",
                what="A structure has no voxels",
                where=f"map of shape {inside.shape}",
                why="No voxel is at least half inside.",
                next_step="Check the names of the labels, or treat the structure as missing.",
            )
        last = inside.shape[axis] - 1
        # One voxel more than the centres: the surface lies beyond the outermost of them.
        low = hits[0] - 1 if hits[0] > 0 else -BEYOND_VOXELS
        high = hits[-1] + 1 if hits[-1] < last else last + BEYOND_VOXELS
        spans.append((float(low), float(high)))
    # All eight: on an oblique grid (fault G01) two corners do not bound the box.
    corners = np.array([[a, b, c] for a in spans[0] for b in spans[1] for c in spans[2]])
    points = corners @ lps_from_ijk[:3, :3].T + lps_from_ijk[:3, 3]
    return points.min(axis=0), points.max(axis=0)


def _keep_components(raw: NDArray[np.float32], smooth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give back its labels to every component that smoothing made vanish."""
    # Joined over corners, too: a thin oblique plate touches itself there only.
    parts, count = ndimage.label(raw != 0.0, structure=np.ones((3, 3, 3)))
    if count == 0:
        return smooth
    # A component is lost when none of its voxels is left above the level.
    kept = np.zeros(count + 1, dtype=bool)
    kept[parts[smooth > LEVEL]] = True
    kept[0] = True
    restored: NDArray[np.float32] = np.where(kept[parts], smooth, raw)
    return restored
