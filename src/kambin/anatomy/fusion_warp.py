"""One smooth motion of everything from the motions of the vertebrae."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.frames import RigidTransform
from kambin.imaging import blend_points

INVERSE_ITERATIONS = 50
"""Fixed-point steps towards the inverse; a posture change of 10 degrees needs about 12."""

INVERSE_TOLERANCE_MM = 1e-7
"""Points that miss their origin by less are home."""

VOLUME_STEP_MM = 1.0
"""Way over which the local change of volume is measured."""


@dataclass(frozen=True, slots=True)
class SpineWarp:
    """Where every point of the first image lies in the second.

    Parameters
    ----------
    mr_from_ct : RigidTransform of each vertebra, from cranial to caudal
    centres_ct_mm : float array, shape (N, 3), mm, centres of the vertebrae in the first image

    Notes
    -----
    Between the planes through two neighbouring centres a point moves by the screw between
    both motions, by a share that rises smoothly from one plane to the other: continuous with
    its slope, and rigid near each vertebra. Beyond the first and the last plane everything
    moves with that vertebra.
    """

    mr_from_ct: tuple[RigidTransform, ...]
    centres_ct_mm: NDArray[np.float64]

    def shares(self, points_ct_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where along the column points lie: 0 at the first plane, 1 at the second.

        Parameters
        ----------
        points_ct_mm : float array, shape (N, 3), mm

        Returns
        -------
        float array, shape (N,), 0 to the number of vertebrae less one
        """
        centres, ups = self.centres_ct_mm, self._normals()
        # Positive below a plane: planes are passed from above, one after the other.
        below = np.stack(
            [(centre - points_ct_mm) @ up for centre, up in zip(centres, ups, strict=True)], axis=1
        )
        place = np.zeros(len(points_ct_mm))
        for n in range(len(centres) - 1):
            span = np.maximum(below[:, n] - below[:, n + 1], np.finfo(float).tiny)
            passed = below[:, n] > 0
            place[passed] = n + np.clip(below[passed, n] / span[passed], 0.0, 1.0)
        return place

    def beyond_mm(self, points_ct_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far points lie above the first or below the last plane, (N,), mm, or 0."""
        ups = self._normals()
        above = (points_ct_mm - self.centres_ct_mm[0]) @ ups[0]
        under = (self.centres_ct_mm[-1] - points_ct_mm) @ ups[-1]
        beyond: NDArray[np.float64] = np.maximum(np.maximum(above, under), 0.0)
        return beyond

    def to_mr(self, points_ct_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points of the first image in the second, shape (N, 3), mm."""
        place = self.shares(points_ct_mm)
        moved = self.mr_from_ct[0].points(points_ct_mm)
        for n, (upper, lower) in enumerate(
            zip(self.mr_from_ct[:-1], self.mr_from_ct[1:], strict=True)
        ):
            here = place > n
            s = np.clip(place[here] - n, 0.0, 1.0)
            smooth = s * s * (3.0 - 2.0 * s)
            moved[here] = blend_points(points_ct_mm[here], upper, lower, smooth)
        return moved

    def to_ct(self, points_mr_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points of the second image in the first, shape (N, 3), mm.

        Notes
        -----
        The inverse of ``to_mr`` by fixed-point steps, from the nearest vertebra's motion.
        """
        middle = self.mr_from_ct[len(self.mr_from_ct) // 2].inverse()
        found = middle.points(points_mr_mm)
        for _ in range(INVERSE_ITERATIONS):
            missing = points_mr_mm - self.to_mr(found)
            # The motions differ by few degrees: one of them turned back points the way home.
            found = found + middle.vectors(missing)
            if len(missing) == 0 or np.abs(missing).max() < INVERSE_TOLERANCE_MM:
                break
        return found

    def volume_shares(self, points_ct_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the local change of volume at points, shape (N,); 0 or less is a fold."""
        steps = np.eye(3) * VOLUME_STEP_MM
        columns = [
            (self.to_mr(points_ct_mm + step) - self.to_mr(points_ct_mm - step)) / 2
            for step in steps
        ]
        determinants: NDArray[np.float64] = np.linalg.det(np.stack(columns, axis=2))
        return determinants

    def _normals(self) -> NDArray[np.float64]:
        """Return the cranial normals of the planes through the centres, shape (N, 3)."""
        if len(self.centres_ct_mm) == 1:
            return np.array([[0.0, 0.0, 1.0]])
        # Central differences: the tangent of the column at each vertebra.
        along = -np.gradient(self.centres_ct_mm, axis=0)
        units: NDArray[np.float64] = along / np.linalg.norm(along, axis=1, keepdims=True)
        return units


def lay_warp(ct_from_mr: Sequence[RigidTransform], centres_ct_mm: NDArray[np.float64]) -> SpineWarp:
    """Return the motion of everything from those of the vertebrae.

    Parameters
    ----------
    ct_from_mr : RigidTransform of each vertebra, from cranial to caudal
    centres_ct_mm : float array, shape (N, 3), mm
    """
    return SpineWarp(tuple(motion.inverse() for motion in ct_from_mr), centres_ct_mm)
