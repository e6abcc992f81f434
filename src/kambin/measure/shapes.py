"""The surfaces of structures as occupancies that are sampled between voxels."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from kambin.imaging import LabelMap
from kambin.imaging.occupancy import smooth_labels

Found = TypeVar("Found")


class Shapes:
    """Occupancies of the structures of one patient, each smoothed once and kept."""

    def __init__(self) -> None:
        # Keyed by identity; the region is kept beside it, so that the key stays its own.
        self._kept: dict[int, tuple[LabelMap, NDArray[np.float32]]] = {}
        self._found: dict[Hashable, Any] = {}

    def once(self, key: Hashable, find: Callable[[], Found]) -> Found:
        """Return what was found under a key, looking for it at the first call only.

        Parameters
        ----------
        key : hashable, naming what is looked for and at which place
        find : function that looks for it
        """
        # One search serves several quantities: the waist above all, which costs seconds.
        if key not in self._found:
            self._found[key] = find()
        found: Found = self._found[key]
        return found

    def sample(self, region: LabelMap, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return how much of a structure fills the place of each point, 0 to 1.

        Parameters
        ----------
        region : LabelMap of 0 and 1
        points_lps_mm : float array, shape (..., 3), mm, LPS

        Returns
        -------
        float array, shape (...), trilinear between voxel centres, 0.5 at the surface, 0
        outside; voxel steps are taken off the surface as for the distance fields
        """
        # Smoothing a vertebra costs far more than sampling it, and each bounds two levels.
        if id(region) not in self._kept:
            self._kept[id(region)] = region, smooth_labels(region.values)[0]
        ijk = np.moveaxis(region.ijk(points_lps_mm), -1, 0)
        return _interpolate(self._kept[id(region)][1], ijk)


def _interpolate(filled: NDArray[np.float32], ijk: NDArray[np.float64]) -> NDArray[np.float64]:
    found = np.zeros(ijk.shape[1:])
    # Most places lie nowhere near a structure.
    ends = np.reshape(filled.shape, (3,) + (1,) * (ijk.ndim - 1))
    near = ((ijk > -1) & (ijk < ends)).all(axis=0)
    # One free voxel on each side lets a structure at the border end there.
    found[near] = ndimage.map_coordinates(
        np.pad(filled, 1), ijk[:, near] + 1.0, order=1, mode="constant", output=np.float64
    )
    return found
