"""The isotropic, patient-aligned grid on which distance fields live."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Grid:
    """A box of nodes along L, P and S with one spacing.

    Parameters
    ----------
    origin_lps_mm : float array, shape (3,), mm, LPS, the node (0, 0, 0)
    spacing_mm : float, mm
    shape : number of nodes along L, P, S
    frame_id : str, the frame of reference of the case
    """

    origin_lps_mm: NDArray[np.float64]
    spacing_mm: float
    shape: tuple[int, int, int]
    frame_id: str

    @classmethod
    def around(
        cls,
        low_lps_mm: ArrayLike,
        high_lps_mm: ArrayLike,
        *,
        spacing_mm: float,
        anchor_lps_mm: ArrayLike,
        frame_id: str,
    ) -> "Grid":
        """Return the smallest grid that holds a box and has a node at the anchor.

        Parameters
        ----------
        low_lps_mm, high_lps_mm : float array, shape (3,), mm, LPS, corners of the box
        spacing_mm : float, mm
        anchor_lps_mm : float array, shape (3,), mm, LPS; nodes lie at the anchor plus whole
            multiples of the spacing. An anchor that moves with the image when it is mirrored
            makes the grid of the mirrored image the mirrored grid.
        frame_id : str
        """
        anchor = np.asarray(anchor_lps_mm, dtype=np.float64)
        # Wider by a hair: a corner that rounding puts past its node must not fall off the grid.
        low = np.floor((np.asarray(low_lps_mm) - anchor) / spacing_mm - 1e-9)
        high = np.ceil((np.asarray(high_lps_mm) - anchor) / spacing_mm + 1e-9)
        a, b, c = (high - low + 1).astype(int).tolist()
        return cls(anchor + low * spacing_mm, float(spacing_mm), (a, b, c), frame_id)

    @property
    def lps_from_ijk(self) -> NDArray[np.float64]:
        """Return the affine of the nodes, shape (4, 4), mm."""
        affine = np.diag([self.spacing_mm] * 3 + [1.0])
        affine[:3, 3] = self.origin_lps_mm
        return affine

    @property
    def high_lps_mm(self) -> NDArray[np.float64]:
        """Return the last node, shape (3,), mm, LPS."""
        return self.origin_lps_mm + (np.array(self.shape) - 1) * self.spacing_mm

    def axes_mm(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the LPS coordinates of the nodes along L, P and S, shape (N,) each, mm."""
        x, y, z = (
            self.origin_lps_mm[axis] + self.spacing_mm * np.arange(self.shape[axis])
            for axis in range(3)
        )
        return x, y, z

    def ijk(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Map LPS points, shape (..., 3), mm, to continuous node indices."""
        points = np.asarray(points_lps_mm, dtype=np.float64)
        return (points - self.origin_lps_mm) / self.spacing_mm
