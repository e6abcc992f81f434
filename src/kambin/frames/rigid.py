"""Rigid transforms named target_from_source that refuse to be a mirror."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.core import InputError

ORTHONORMAL_TOLERANCE = 1e-6
"""Largest entry of R.T @ R - I; double precision leaves 1e-12, text files with 7 digits 1e-6."""

_EYE4 = np.eye(4)


@dataclass(frozen=True, slots=True)
class RigidTransform:
    """A rotation and a shift from one named frame into another.

    Parameters
    ----------
    target, source : str, the frames, as in ``lps_from_disc``
    matrix : float array, shape (4, 4), mm, homogeneous, target from source

    Raises
    ------
    InputError  (IN-020) if the matrix is not finite, not orthonormal or a mirror
    """

    target: str
    source: str
    matrix: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Keep a private read-only copy, and refuse what is not a rigid motion."""
        # A copy: what was checked here must not change under a plan that uses it.
        matrix = np.array(self.matrix, dtype=np.float64)
        matrix.setflags(write=False)
        object.__setattr__(self, "matrix", matrix)
        reason = _find_fault(matrix)
        if reason:
            raise InputError(
                code="IN-020",
                what="A transform is not a rigid motion",
                where=f"{self.target}_from_{self.source}",
                why=reason,
                next_step="Check the frames it was made from; a mirror is never a rigid motion.",
            )

    @classmethod
    def from_axes(
        cls, target: str, source: str, axes: ArrayLike, origin_mm: ArrayLike
    ) -> "RigidTransform":
        """Build the transform from the source axes and origin, given in the target frame.

        Parameters
        ----------
        target, source : str
        axes : float array, shape (3, 3), columns are the source axes in the target frame
        origin_mm : float array, shape (3,), mm, the source origin in the target frame

        Raises
        ------
        InputError  (IN-020) as the constructor
        """
        matrix = np.eye(4)
        matrix[:3, :3] = np.asarray(axes, dtype=np.float64)
        matrix[:3, 3] = np.asarray(origin_mm, dtype=np.float64)
        return cls(target, source, matrix)

    @property
    def rotation(self) -> NDArray[np.float64]:
        """Return the rotation, shape (3, 3), no unit; its columns are the source axes."""
        return self.matrix[:3, :3]

    @property
    def origin_mm(self) -> NDArray[np.float64]:
        """Return the source origin in the target frame, shape (3,), mm."""
        return self.matrix[:3, 3]

    def points(self, points_mm: ArrayLike) -> NDArray[np.float64]:
        """Map points, shape (..., 3), mm, from the source to the target frame.

        Parameters
        ----------
        points_mm : float array, shape (..., 3), mm, in the source frame
        """
        return np.asarray(points_mm, dtype=np.float64) @ self.rotation.T + self.origin_mm

    def vectors(self, vectors: ArrayLike) -> NDArray[np.float64]:
        """Map directions, shape (..., 3), from the source to the target frame.

        Parameters
        ----------
        vectors : float array, shape (..., 3), mm for a way, no unit for a direction
        """
        # No shift: a direction has no place.
        return np.asarray(vectors, dtype=np.float64) @ self.rotation.T

    def inverse(self) -> "RigidTransform":
        """Return the transform from target to source."""
        matrix = np.eye(4)
        # Transposed and not inverted, so that going there and back adds no rounding to the axes.
        matrix[:3, :3] = self.rotation.T
        matrix[:3, 3] = -self.rotation.T @ self.origin_mm
        return RigidTransform(self.source, self.target, matrix)

    def __matmul__(self, other: "RigidTransform") -> "RigidTransform":
        """Compose ``a_from_b @ b_from_c`` into ``a_from_c``.

        Raises
        ------
        InputError  (IN-021) if the inner frames differ
        """
        # Any two matrices multiply; only the names show that one of them is the wrong way round.
        if self.source != other.target:
            raise InputError(
                code="IN-021",
                what="Two transforms do not meet in one frame",
                where=f"{self.target}_from_{self.source} @ {other.target}_from_{other.source}",
                why=f"{self.source} is not {other.target}.",
                next_step="Compose transforms whose inner frame names match.",
            )
        return RigidTransform(self.target, other.source, self.matrix @ other.matrix)


def _find_fault(matrix: NDArray[np.float64]) -> str:
    """Return why the matrix is not a rigid motion, or an empty string."""
    # In this order: each test relies on what the one before has shown.
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        return "It is not a finite 4 x 4 matrix."
    if np.abs(matrix[3] - _EYE4[3]).max() > ORTHONORMAL_TOLERANCE:
        return "Its last row is not 0 0 0 1."
    rotation = matrix[:3, :3]
    error = float(np.abs(rotation.T @ rotation - np.eye(3)).max())
    if error > ORTHONORMAL_TOLERANCE:
        return f"Its axes are not orthonormal (error {error:.2g})."
    # A mirror is orthonormal, too; it would swap the patient's sides without a word.
    if np.linalg.det(rotation) < 0:
        return "It is a mirror (determinant -1)."
    return ""
