"""Images and label maps: immutable arrays with their place in the patient."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.core import InputError
from kambin.frames import nearest_axes

ORTHOGONAL_TOLERANCE = 1e-4
"""Largest cosine between two voxel axes; headers with 6 digits leave 1e-5."""


@dataclass(frozen=True, slots=True)
class _Voxels:
    """An array of voxels whose index (i, j, k) is mapped to LPS millimetres.

    Parameters
    ----------
    values : array, shape (I, J, K); a read-only view is kept
    lps_from_ijk : float array, shape (4, 4), mm, maps voxel centres to LPS
    frame_id : str, frame of reference; arrays of different frames never mix

    Raises
    ------
    InputError  (IN-014) if the shape is not three-dimensional, the affine is not finite,
        singular, or sheared
    """

    values: NDArray[Any]
    lps_from_ijk: NDArray[np.float64]
    frame_id: str

    def __post_init__(self) -> None:
        """Freeze both arrays and check the geometry."""
        # A view: a copy of a whole-trunk CT would double the memory for nothing.
        values = self.values.view()
        values.setflags(write=False)
        affine = np.array(self.lps_from_ijk, dtype=np.float64)
        affine.setflags(write=False)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "lps_from_ijk", affine)
        reason = _find_geometry_fault(values, affine)
        if reason:
            raise InputError(
                code="IN-014",
                what="The voxel grid is not usable",
                where=f"array of shape {values.shape}",
                why=reason,
                next_step="Resample the image to an orthogonal grid and import it again.",
            )

    @property
    def spacing_mm(self) -> NDArray[np.float64]:
        """Return the distance of neighbouring voxel centres along i, j, k, shape (3,), mm."""
        spacing: NDArray[np.float64] = np.sqrt((self.lps_from_ijk[:3, :3] ** 2).sum(axis=0))
        return spacing

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return the number of voxels along i, j, k."""
        i, j, k = self.values.shape
        return i, j, k

    @property
    def ijk_from_lps(self) -> NDArray[np.float64]:
        """Return the inverse of the affine, shape (4, 4), voxel indices from mm."""
        return np.linalg.inv(self.lps_from_ijk).astype(np.float64, copy=False)

    def lps_mm(self, ijk: ArrayLike) -> NDArray[np.float64]:
        """Map voxel indices, shape (..., 3), to LPS millimetres."""
        linear = self.lps_from_ijk[:3, :3]
        points: NDArray[np.float64] = np.asarray(ijk, dtype=np.float64) @ linear.T
        return points + self.lps_from_ijk[:3, 3]

    def ijk(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Map LPS points, shape (..., 3), mm, to continuous voxel indices."""
        inverse = self.ijk_from_lps
        return np.asarray(points_lps_mm, dtype=np.float64) @ inverse[:3, :3].T + inverse[:3, 3]

    def bounds_lps_mm(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the lower and upper corner of all voxel centres, each shape (3,), mm, LPS."""
        last = np.array(self.shape, dtype=np.float64) - 1.0
        corners = self.lps_mm(
            np.array([[a, b, c] for a in (0, last[0]) for b in (0, last[1]) for c in (0, last[2])])
        )
        return corners.min(axis=0), corners.max(axis=0)

    def canonical(self) -> Self:
        """Return the same voxels with axes permuted and flipped to run most nearly along L, P, S.

        All 48 orders of one array become the same array, so that nothing later depends
        on how a file was stored. No voxel value is interpolated.
        """
        pairs = nearest_axes(self.lps_from_ijk)
        order = [[axis for axis, _ in pairs].index(lps) for lps in range(3)]
        values = self.values.transpose(order)
        affine: NDArray[np.float64] = self.lps_from_ijk.copy()
        affine[:, :3] = self.lps_from_ijk[:, order]
        for axis, source in enumerate(order):
            # The origin moves with a flip: the voxel that was last along the axis is now the first.
            if pairs[source][1] < 0:
                values = np.flip(values, axis)
                affine[:, 3] += affine[:, axis] * (values.shape[axis] - 1)
                affine[:, axis] *= -1.0
        # One order in memory, too, so that no kernel runs slower on one file than on another.
        return type(self)(np.ascontiguousarray(values), affine, self.frame_id)


@dataclass(frozen=True, slots=True)
class Volume(_Voxels):
    """An image: Hounsfield units for CT, arbitrary units for MR."""


@dataclass(frozen=True, slots=True)
class LabelMap(_Voxels):
    """A map of integers, each naming a structure; 0 is background."""

    def __post_init__(self) -> None:
        """Refuse labels that are not integers.

        Raises
        ------
        InputError  (IN-016) if the values are not of an integer type
        """
        # Not super(): a dataclass with slots is made anew, and super() would ask the first one.
        _Voxels.__post_init__(self)
        # Booleans pass, because a mask is a label map of one structure.
        if self.values.dtype.kind not in "iub":
            raise InputError(
                code="IN-016",
                what="Labels are not integers",
                where=f"array of type {self.values.dtype}",
                why="A label names a structure; a fraction names none.",
                next_step="Export the segmentation as a label map, not as probabilities.",
            )


def _find_geometry_fault(values: NDArray[Any], affine: NDArray[np.float64]) -> str:
    """Return why the grid is not usable, or an empty string."""
    if values.ndim != 3 or min(values.shape, default=0) < 1:
        return f"It has {values.ndim} dimensions; three are needed."
    if affine.shape != (4, 4) or not np.isfinite(affine).all():
        return "The affine is not a finite 4 x 4 matrix."
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    # Parallel axes have lengths and pass here; the test of right angles finds them.
    if lengths.min() <= 0.0:
        return "The affine is singular."
    # Spacings come from the columns, never from a header field that may disagree.
    axes = affine[:3, :3] / lengths
    shear = float(np.abs(axes.T @ axes - np.eye(3)).max())
    if shear > ORTHOGONAL_TOLERANCE:
        return f"The voxel axes are not orthogonal (cosine {shear:.3g})."
    return ""
