"""Structures sampled on a lattice in the frame of a disc: left, posterior, cranial."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from kambin.anatomy.structures import Anatomy, DiscFrame
from kambin.imaging import LabelMap

LATTICE_STEP_MM = 0.5
"""Half a voxel of 1 mm; surfaces are interpolated between nodes."""

INSIDE_SHARE = 0.5 - 10.0**-6
"""A node on the surface counts as inside, whichever way its coordinate was rounded."""


@dataclass(frozen=True)
class DiscLattice:
    """Nodes along the axes of a disc's frame, with a node in the midline.

    Parameters
    ----------
    disc : DiscFrame
    low_mm, high_mm : float array, shape (3,), mm, left, posterior, cranial of the disc's
        centre; widened to whole steps
    """

    disc: DiscFrame
    low_mm: NDArray[np.float64]
    high_mm: NDArray[np.float64]

    @cached_property
    def axes_mm(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the coordinates of the nodes, three arrays, mm, disc frame."""
        # Whole multiples of the step: a mirrored patient has the mirrored nodes.
        low = np.floor(self.low_mm / LATTICE_STEP_MM).astype(int)
        high = np.ceil(self.high_mm / LATTICE_STEP_MM).astype(int)
        x, y, z = (LATTICE_STEP_MM * np.arange(a, b + 1) for a, b in zip(low, high, strict=True))
        return x, y, z

    def sample(self, region: LabelMap | None) -> NDArray[np.float64]:
        """Return how much of a structure fills the place of each node, shape (I, J, K), 0 to 1."""
        x, y, z = self.axes_mm
        if region is None:
            return np.zeros((len(x), len(y), len(z)))
        # Indices run evenly along the axes of the lattice: no node has to be mapped on its own.
        lps, frame = region.ijk_from_lps, self.disc.lps_from_disc
        start = lps[:3, :3] @ frame.origin_mm + lps[:3, 3]
        steps = lps[:3, :3] @ frame.rotation
        ijk = (
            start[:, None, None, None]
            + steps[:, 0, None, None, None] * x[:, None, None]
            + steps[:, 1, None, None, None] * y[:, None]
            + steps[:, 2, None, None, None] * z
        )
        return _interpolate(region, ijk.reshape(3, -1)).reshape(ijk.shape[1:])

    def sample_any(self, anatomy: Anatomy, keys: Iterable[str]) -> NDArray[np.float64]:
        """Return the greatest filling of several structures; absent ones do not count."""
        found = [anatomy.find(key) for key in keys]
        filled = [self.sample(one.region) for one in found if one is not None]
        if not filled:
            return self.sample(None)
        top: NDArray[np.float64] = np.maximum.reduce(filled)
        return top


def sample_region(region: LabelMap, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
    """Return how much of a structure fills the place of each point, 0 to 1.

    Parameters
    ----------
    region : LabelMap of 0 and 1
    points_lps_mm : float array, shape (..., 3), mm, LPS

    Returns
    -------
    float array, shape (...), trilinear between voxel centres, 0.5 at the surface, 0 outside
    """
    points = np.asarray(points_lps_mm, dtype=np.float64)
    low, high = region.bounds_lps_mm()
    corners = points.reshape(-1, 3).min(axis=0), points.reshape(-1, 3).max(axis=0)
    reach = region.spacing_mm.max()
    # Most structures of a patient lie elsewhere.
    if (corners[0] > high + reach).any() or (corners[1] < low - reach).any():
        return np.zeros(points.shape[:-1])
    # As one list: a single point has no array to be interpolated in.
    return _interpolate(region, region.ijk(points.reshape(-1, 3)).T).reshape(points.shape[:-1])


def _interpolate(region: LabelMap, ijk: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the filling at places given as voxel indices, shape (3, N), as shape (N,)."""
    least, most = ijk.min(axis=1), ijk.max(axis=1)
    if (least > region.shape).any() or (most < -1).any():
        return np.zeros(ijk.shape[1])
    # Only the box the points reach is turned into numbers: an ilium has millions of voxels.
    first = np.clip(np.floor(least).astype(int), 0, region.shape)
    last = np.clip(np.ceil(most).astype(int) + 1, first, region.shape)
    box = tuple(slice(a, b) for a, b in zip(first, last, strict=True))
    # One free voxel on each side lets a structure at the border end there.
    filled = np.pad((region.values[box] != 0).astype(np.float32), 1)
    found: NDArray[np.float64] = ndimage.map_coordinates(
        filled, ijk - first[:, None] + 1.0, order=1, mode="constant", output=np.float64
    )
    return found


def last_exit_mm(filled: NDArray[np.float64], y_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far posterior a structure reaches in each column.

    Parameters
    ----------
    filled : float array, shape (I, J, K), 0 to 1
    y_mm : float array, shape (J,), mm, ascending

    Returns
    -------
    float array, shape (I, K), mm, linear between nodes; NaN where the column is empty
    """
    flipped = first_entry_mm(filled[:, ::-1, :], -y_mm[::-1])
    return -flipped


def first_entry_mm(filled: NDArray[np.float64], y_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where each column enters a structure from the front.

    Parameters
    ----------
    filled : float array, shape (I, J, K), 0 to 1
    y_mm : float array, shape (J,), mm, ascending

    Returns
    -------
    float array, shape (I, K), mm, linear between nodes; NaN where the column is empty
    """
    inside = filled >= INSIDE_SHARE
    first = inside.argmax(axis=1)
    before = np.maximum(first - 1, 0)
    high = np.take_along_axis(filled, first[:, None, :], axis=1)[:, 0]
    low = np.take_along_axis(filled, before[:, None, :], axis=1)[:, 0]
    # A column that starts inside has no rise; its first node counts.
    rise = np.where(high > low, high - low, 1.0)
    share = np.where(first > 0, np.clip((0.5 - low) / rise, 0.0, 1.0), 0.0)
    place = y_mm[before] + share * (y_mm[first] - y_mm[before])
    return np.where(inside.any(axis=1), place, np.nan)
