"""Sampling a scalar on the working grid at points and along rays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.anatomy._sampling_kernels import sample_points, sample_slopes
from kambin.imaging import Grid

RAY_STEP_MM = 0.5
"""Half of the working spacing: a crossing of a trilinear field is never skipped by more."""


@dataclass(frozen=True, slots=True)
class Sampler:
    """A scalar on part of the working grid, trilinear between its nodes.

    Parameters
    ----------
    values : float32 array, shape (I, J, K)
    origin_lps_mm : float array, shape (3,), mm, LPS, the node (0, 0, 0)
    spacing_mm : float, mm
    """

    values: NDArray[np.float32]
    origin_lps_mm: NDArray[np.float64]
    spacing_mm: float

    def sample(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return the scalar at points, shape (..., 3), mm, LPS; beyond the border, its value."""
        points = np.ascontiguousarray(points_lps_mm, dtype=np.float64)
        # Bone that leaves the image goes on: zeros beyond the border would be a surface.
        found: NDArray[np.float64] = sample_points(
            self.values, self.origin_lps_mm, self.spacing_mm, points.reshape(-1, 3)
        )
        return found.reshape(points.shape[:-1])

    def gradient(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return the central difference over one node spacing, shape (..., 3), per mm."""
        points = np.ascontiguousarray(points_lps_mm, dtype=np.float64)
        # A whole spacing: within one cell the trilinear slope jumps at every node.
        found: NDArray[np.float64] = sample_slopes(
            self.values, self.origin_lps_mm, self.spacing_mm, points.reshape(-1, 3)
        )
        return found.reshape(points.shape)

    def nodes_lps_mm(self) -> NDArray[np.float64]:
        """Return the places of all nodes, shape (I, J, K, 3), mm, LPS."""
        nodes = np.empty((*self.values.shape, 3))
        for axis, count in enumerate(self.values.shape):
            along = self.origin_lps_mm[axis] + np.arange(count) * self.spacing_mm
            nodes[..., axis] = np.expand_dims(along, [a for a in range(3) if a != axis])
        return nodes

    def places_lps_mm(self, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the places of some nodes, shape (N, 3), mm, LPS.

        Parameters
        ----------
        chosen : bool array, shape (I, J, K)
        """
        ijk = np.ascontiguousarray(np.argwhere(chosen))
        places: NDArray[np.float64] = self.origin_lps_mm + ijk * self.spacing_mm
        return places


def crop_of_grid(
    values: NDArray[np.float32], grid: Grid, low_ijk: ArrayLike, high_ijk: ArrayLike
) -> Sampler:
    """Return the sampler of a box of the working grid.

    Parameters
    ----------
    values : float32 array, grid.shape
    grid : Grid
    low_ijk, high_ijk : int array, shape (3,), first and last node; clipped to the grid

    Returns
    -------
    Sampler on a view of the values, its origin in mm, LPS
    """
    low = np.maximum(np.asarray(low_ijk, dtype=int), 0)
    high = np.minimum(np.asarray(high_ijk, dtype=int) + 1, grid.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    return Sampler(values[box], grid.origin_lps_mm + low * grid.spacing_mm, grid.spacing_mm)


def find_exit_mm(
    occupancy: Sampler,
    starts_lps_mm: ArrayLike,
    direction: ArrayLike,
    *,
    reach_mm: float,
    entering: bool = False,
) -> NDArray[np.float64]:
    """Return how far each ray goes until it leaves the bone, or enters it.

    Parameters
    ----------
    occupancy : Sampler of 0 to 1, 0.5 at the surface
    starts_lps_mm : float array, shape (N, 3), mm, LPS
    direction : float array, shape (3,), or (N, 3) for one of each ray, unit, LPS
    reach_mm : float, mm, length of the rays
    entering : bool, look for the way in instead of the way out

    Returns
    -------
    float array, shape (N,), mm; NaN where the ray finds no such crossing
    """
    starts = np.asarray(starts_lps_mm, dtype=np.float64)
    along = np.arange(0.0, reach_mm + RAY_STEP_MM, RAY_STEP_MM)
    towards = np.asarray(direction, dtype=np.float64)[..., None, :]
    points = starts[:, None, :] + along[None, :, None] * towards
    height = occupancy.sample(points) - 0.5
    height = -height if entering else height
    # A change of sign, not the first free sample: a ray that starts outside has left nothing.
    falls = (height[:, :-1] > 0) & (height[:, 1:] <= 0)
    first = falls.argmax(axis=1)
    row = np.arange(len(starts))
    before, after = height[row, first], height[row, first + 1]
    # Rays without a crossing divide by what they like; they are NaN in the end.
    with np.errstate(invalid="ignore", divide="ignore"):
        crossing = along[first] + RAY_STEP_MM * before / (before - after)
    return np.where(falls.any(axis=1), crossing, np.nan)
