"""Shortest distances between structures, from nerves as balls to voxels as seen from outside."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from kambin.anatomy import Structure
from kambin.imaging import LabelMap


def surface_voxels_lps_mm(region: LabelMap) -> NDArray[np.float64]:
    """Return the centres of the voxels with a free neighbour, shape (N, 3), mm, LPS.

    Parameters
    ----------
    region : LabelMap of 0 and 1
    """
    filled = region.values != 0
    rim = filled & ~ndimage.binary_erosion(filled)
    return region.lps_mm(np.argwhere(rim))


def nearest_gap_mm(
    centres_lps_mm: NDArray[np.float64], radii_mm: NDArray[np.float64], structure: Structure
) -> tuple[float, NDArray[np.float64]]:
    """Return the least gap between balls and a structure, and the place on the structure.

    Parameters
    ----------
    centres_lps_mm : float array, shape (N, 3), mm, LPS
    radii_mm : float array, shape (N,), mm
    structure : Structure

    Returns
    -------
    mm, to within half a voxel, negative where they overlap; and shape (3,), mm, LPS
    """
    surface = surface_voxels_lps_mm(structure.region)
    distances, at = cKDTree(surface).query(centres_lps_mm)
    # A voxel's centre lies half a voxel inside the surface.
    gaps = distances - radii_mm - float(structure.region.spacing_mm.min()) / 2
    least = float(gaps.min())
    # The mean of all equally near places: an argmin would depend on the voxel order.
    near = gaps <= least + float(structure.region.spacing_mm.min()) / 4
    return least, surface[at[near]].mean(axis=0)
