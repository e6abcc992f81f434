"""An orthographic camera that keeps the patient's head up."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.report.letters import EdgeLetters, find_edge_letters

UPRIGHT_TOLERANCE = 1e-6
"""Least sine between view and up direction; below it the roll of the picture is undefined."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A parallel view of the patient; a millimetre has the same length everywhere in it.

    Parameters
    ----------
    centre_lps_mm : float array, shape (3,), mm, LPS, the middle of the picture
    view_lps : float array, shape (3,), LPS, from the eye into the scene
    height_mm : float, mm, what the picture's height covers
    up_lps : float array, shape (3,), LPS, what is up; the patient's head if not given
    """

    centre_lps_mm: NDArray[np.float64]
    view_lps: NDArray[np.float64]
    height_mm: float
    up_lps: NDArray[np.float64]

    @classmethod
    def looking(
        cls,
        view_lps: ArrayLike,
        *,
        centre_lps_mm: ArrayLike,
        height_mm: float,
        up_lps: ArrayLike = (0.0, 0.0, 1.0),
    ) -> "Camera":
        """Return the camera that looks along a direction with the patient's head up.

        Parameters
        ----------
        view_lps : float array, shape (3,), LPS, from the eye into the scene
        centre_lps_mm : float array, shape (3,), mm, LPS
        height_mm : float, mm
        up_lps : float array, shape (3,), LPS; anterior is taken when one looks along it
        """
        view = np.asarray(view_lps, dtype=np.float64)
        view = view / np.linalg.norm(view)
        up = np.asarray(up_lps, dtype=np.float64)
        # Only what of it lies across the view can point up in the picture.
        up = up - view * (up @ view)
        if np.linalg.norm(up) < UPRIGHT_TOLERANCE:
            # Along the body the head has no direction; anterior is on top, as in an axial section.
            anterior = np.array([0.0, -1.0, 0.0])
            up = anterior - view * (anterior @ view)
        return cls(np.asarray(centre_lps_mm, np.float64), view, height_mm, up / np.linalg.norm(up))

    @classmethod
    def from_behind(cls, centre_lps_mm: ArrayLike, height_mm: float) -> "Camera":
        """Return the view from behind: the patient's left is on the picture's left.

        Parameters
        ----------
        centre_lps_mm : float array, shape (3,), mm, LPS
        height_mm : float, mm
        """
        return cls.looking((0.0, -1.0, 0.0), centre_lps_mm=centre_lps_mm, height_mm=height_mm)

    @classmethod
    def from_left(cls, centre_lps_mm: ArrayLike, height_mm: float) -> "Camera":
        """Return the view from the patient's left: anterior is on the picture's left.

        Parameters
        ----------
        centre_lps_mm : float array, shape (3,), mm, LPS
        height_mm : float, mm
        """
        return cls.looking((-1.0, 0.0, 0.0), centre_lps_mm=centre_lps_mm, height_mm=height_mm)

    @classmethod
    def from_right(cls, centre_lps_mm: ArrayLike, height_mm: float) -> "Camera":
        """Return the view from the patient's right: anterior is on the picture's right.

        Parameters
        ----------
        centre_lps_mm : float array, shape (3,), mm, LPS
        height_mm : float, mm
        """
        return cls.looking((1.0, 0.0, 0.0), centre_lps_mm=centre_lps_mm, height_mm=height_mm)

    @property
    def right_lps(self) -> NDArray[np.float64]:
        """Return where the picture's right side points to in the patient, shape (3,)."""
        # In this order: the other one draws a mirror, with the letters of a mirror.
        return np.cross(self.view_lps, self.up_lps)

    @property
    def letters(self) -> EdgeLetters:
        """Return the patient's letters at the four sides of the picture."""
        return find_edge_letters(self.right_lps, -self.up_lps)

    def pixels(self, points_lps_mm: ArrayLike, size_px: tuple[int, int]) -> NDArray[np.float64]:
        """Map points, shape (N, 3), mm, LPS, to (column, row, depth in mm), shape (N, 3).

        Parameters
        ----------
        points_lps_mm : float array, shape (N, 3), mm, LPS
        size_px : width and height of the picture, pixels
        """
        width, height = size_px
        offset = np.asarray(points_lps_mm, dtype=np.float64) - self.centre_lps_mm
        scale = height / self.height_mm
        return np.column_stack(
            [
                width / 2 + scale * (offset @ self.right_lps),
                # Rows run down, up runs up.
                height / 2 - scale * (offset @ self.up_lps),
                offset @ self.view_lps,
            ]
        )
