"""One pane: which plane it shows, where a point of the patient lies in it, and back."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.imaging import Plane
from kambin.report.letters import EdgeLetters
from kambin.report.slices import WINDOWS_HU, ViewRequest, WindowName
from kambin.report.view_planes import ViewPlane


@dataclass(frozen=True, slots=True)
class PaneView:
    """One pane as it stands: x runs right and y down from the picture's upper left corner, pixels.

    Parameters
    ----------
    section : ViewPlane, with its name and title
    window : WindowName, the range of greys
    """

    section: ViewPlane
    window: WindowName = "wide"

    @property
    def plane(self) -> Plane:
        """Return the plane that is shown."""
        return self.section.plane

    @property
    def letters(self) -> EdgeLetters:
        """Return the patient's letters at the four sides."""
        return self.section.letters

    @property
    def size_px(self) -> tuple[int, int]:
        """Return width and height of the picture, pixels."""
        rows, columns = self.plane.shape
        return columns, rows

    @property
    def request(self) -> ViewRequest:
        """Return what is asked of the image; the report asks the same of the same plane."""
        return ViewRequest(self.plane, WINDOWS_HU[self.window])

    def xy(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return where points lie: x and y in pixels, and how far behind the plane, mm.

        Parameters
        ----------
        points_lps_mm : float array, shape (..., 3), mm, LPS

        Returns
        -------
        float array, shape (..., 3); negative millimetres are before the plane
        """
        row, column, behind_mm = np.moveaxis(self.plane.pixels(points_lps_mm), -1, 0)
        # A pixel's index is that of its middle, half a pixel from its corner.
        return np.stack([column + 0.5, row + 0.5, behind_mm], axis=-1)

    def point_lps_mm(self, x: float, y: float, *, behind_mm: float = 0.0) -> NDArray[np.float64]:
        """Return the point at a place of the picture, shape (3,), mm, LPS.

        Parameters
        ----------
        x, y : float, pixels
        behind_mm : float, mm, how far behind the plane
        """
        width, height = self.size_px
        right_mm, down_mm = (x - width / 2) * self.mm_per_px, (y - height / 2) * self.mm_per_px
        plane = self.plane
        point: NDArray[np.float64] = (
            plane.centre_lps_mm
            + right_mm * plane.right_lps
            + down_mm * plane.down_lps
            + behind_mm * plane.normal_lps
        )
        return point

    @property
    def mm_per_px(self) -> float:
        """Return the size of a pixel, mm."""
        return self.plane.pixel_mm

    def lines_px(self, lines_mm: Sequence[NDArray[np.float64]]) -> list[NDArray[np.float64]]:
        """Return lines of (right, down) in mm from the middle, each shape (N, 2), as (x, y)."""
        middle = np.array(self.size_px) / 2
        return [line / self.mm_per_px + middle for line in lines_mm]
