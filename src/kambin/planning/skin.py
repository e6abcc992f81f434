"""Where rays from inside the body meet the real skin."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from kambin.imaging import LabelMap
from kambin.knowledge import value

INSIDE_LEVEL = 0.5
"""Trilinear occupancy of the surface of a binary mask."""

RAYS_BATCH = 64
"""Rays that are sampled at once: their places stay in the fast memory."""


@dataclass(frozen=True, slots=True)
class Skin:
    """The body's mask, as far as rays can meet it.

    Parameters
    ----------
    region : LabelMap of 0 and 1, the body, filled
    """

    region: LabelMap

    def find_exits(
        self, origin_lps_mm: ArrayLike, directions: ArrayLike, length_mm: float
    ) -> NDArray[np.float64]:
        """Return where rays leave the body for good, shape (N, 3), mm, LPS.

        Parameters
        ----------
        origin_lps_mm : float array, shape (3,), mm, LPS, inside the body
        directions : float array, shape (N, 3), unit vectors
        length_mm : float, mm, how far the rays go

        Returns
        -------
        float array, shape (N, 3), mm, LPS; rows of NaN where the ray stays inside, starts
        outside, or leaves the image before it meets skin
        """
        step = min(value("planning.path_step_mm"), float(self.region.spacing_mm.min()))
        persist = value("planning.skin_persist_mm")
        along = np.arange(0, length_mm + persist, step)
        rays = np.asarray(directions, dtype=np.float64)
        inside = self._sample(np.asarray(origin_lps_mm, dtype=np.float64), rays, along)
        exits = _find_exit_index(inside > INSIDE_LEVEL, round(persist / step))
        found = exits >= 0
        before = np.maximum(exits, 0)
        rows = np.arange(len(rays))
        high, low = inside[rows, before], inside[rows, before + 1]
        share = (high - INSIDE_LEVEL) / np.maximum(high - low, np.finfo(float).tiny)
        distance = along[before] + share * step
        skin: NDArray[np.float64] = np.asarray(origin_lps_mm) + rays * distance[:, None]
        skin[~found | (distance > length_mm) | ~self._is_inside_image(skin)] = np.nan
        return skin

    def _sample(
        self,
        origin_lps_mm: NDArray[np.float64],
        rays: NDArray[np.float64],
        along: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return the trilinear occupancy along rays, shape (N, M); 0 outside the image."""
        sampled = np.zeros((len(rays), len(along)))
        if not sampled.size:
            return sampled
        # A ray is straight: nothing on it lies beyond both of its ends.
        ends = origin_lps_mm + rays[:, None] * along[[0, -1], None]
        nodes = self.region.ijk(ends.reshape(-1, 3))
        low = np.maximum(np.floor(nodes.min(axis=0)).astype(int) - 1, 0)
        high = np.minimum(np.ceil(nodes.max(axis=0)).astype(int) + 2, self.region.shape)
        box = tuple(slice(int(a), int(max(a, b))) for a, b in zip(low, high, strict=True))
        part = self.region.values[box].astype(np.float32)
        if not part.size:
            return sampled
        for first in range(0, len(rays), RAYS_BATCH):
            some = slice(first, first + RAYS_BATCH)
            points = origin_lps_mm + rays[some, None] * along[:, None]
            nodes = self.region.ijk(points.reshape(-1, 3)).T - low[:, None]
            found = ndimage.map_coordinates(
                part, nodes, order=1, mode="constant", cval=0, output=np.float64
            )
            sampled[some] = found.reshape(-1, len(along))
        return sampled

    def _is_inside_image(self, points_lps_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which points lie a voxel inside the array: its border is not skin."""
        nodes = self.region.ijk(points_lps_mm)
        held = (nodes >= 1) & (nodes <= np.array(self.region.shape) - 2)
        inside: NDArray[np.bool_] = np.all(held, axis=-1)
        return inside


def _find_exit_index(inside: NDArray[np.bool_], persist: int) -> NDArray[np.int64]:
    """Return per ray the last inside sample before ``persist`` outside ones, or -1."""
    run = np.cumsum(inside, axis=1)
    later = np.pad(run, ((0, 0), (0, persist)), mode="edge")[:, persist:]
    leaves = inside[:, :-1] & (later[:, :-1] == run[:, :-1])
    first = leaves.argmax(axis=1)
    found: NDArray[np.int64] = np.where(leaves.any(axis=1) & inside[:, 0], first, -1)
    return found
