"""The six section planes of a report, rolled so that the patient is upright."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.report.letters import EdgeLetters, find_edge_letters

Vector = NDArray[np.float64]
"""A point or direction, float64, shape (3,), LPS."""

_LEFT = np.array([1.0, 0.0, 0.0])
_POSTERIOR = np.array([0.0, 1.0, 0.0])
_CRANIAL = np.array([0.0, 0.0, 1.0])
_MARGIN_MM = 24.0


@dataclass(frozen=True, slots=True)
class ViewPlane:
    """One section of the patient as it is printed.

    Parameters
    ----------
    name : str, for file names and anchors
    title : str, as printed
    centre_lps_mm : float array, shape (3,), mm, LPS
    right_lps, down_lps : float array, shape (3,), LPS, orthonormal, of the picture
    width_mm, height_mm : float, mm
    pixel_mm : float, mm
    """

    name: str
    title: str
    centre_lps_mm: Vector
    right_lps: Vector
    down_lps: Vector
    width_mm: float
    height_mm: float
    pixel_mm: float

    @property
    def normal_lps(self) -> Vector:
        """Return the direction of view, into the picture, shape (3,)."""
        return np.cross(self.right_lps, self.down_lps)

    @property
    def letters(self) -> EdgeLetters:
        """Return the patient's letters at the four sides."""
        return find_edge_letters(self.right_lps, self.down_lps)

    @property
    def shape_px(self) -> tuple[int, int]:
        """Return rows and columns."""
        return round(self.height_mm / self.pixel_mm), round(self.width_mm / self.pixel_mm)

    @property
    def extent_mm(self) -> tuple[float, float, float, float]:
        """Return left, right, bottom and top of the picture, mm from its centre, down positive."""
        return (-self.width_mm / 2, self.width_mm / 2, self.height_mm / 2, -self.height_mm / 2)

    def pixel_points_lps_mm(self) -> NDArray[np.float64]:
        """Return the centres of all pixels, shape (rows, columns, 3), mm, LPS."""
        rows, columns = self.shape_px
        x = (np.arange(columns) + 0.5) * self.pixel_mm - self.width_mm / 2
        y = (np.arange(rows) + 0.5) * self.pixel_mm - self.height_mm / 2
        across = x[None, :, None] * self.right_lps
        points: NDArray[np.float64] = self.centre_lps_mm + across + y[:, None, None] * self.down_lps
        return points

    def plane_mm(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Map points, shape (..., 3), mm, LPS, to right, down and into the picture, mm."""
        offset = np.asarray(points_lps_mm, np.float64) - self.centre_lps_mm
        axes = np.column_stack([self.right_lps, self.down_lps, self.normal_lps])
        mapped: NDArray[np.float64] = offset @ axes
        return mapped


def orthogonal_planes(
    point_lps_mm: ArrayLike, *, width_mm: float, towards_lps_mm: ArrayLike | None = None
) -> tuple[ViewPlane, ViewPlane, ViewPlane]:
    """Return the axial, sagittal and coronal section through a point.

    Parameters
    ----------
    point_lps_mm : float array, shape (3,), mm, LPS
    width_mm : float, mm, of the pictures
    towards_lps_mm : float array, shape (3,), mm, LPS; the axial picture is moved in its own
        plane so that it also shows this point, such as the skin entry

    Notes
    -----
    Radiological: the axial section is seen from the feet, the patient's left is on the right
    of axial and coronal pictures, anterior is on the left of the sagittal one.
    """
    point = np.asarray(point_lps_mm, np.float64)
    towards = point if towards_lps_mm is None else np.asarray(towards_lps_mm, np.float64)
    shift = (towards - point) / 2
    pixel_mm = width_mm / 480
    return (
        ViewPlane(
            "axial",
            "Axial",
            point + shift * (_LEFT + _POSTERIOR),
            _LEFT,
            _POSTERIOR,
            width_mm,
            0.8 * width_mm,
            pixel_mm,
        ),
        ViewPlane(
            "sagittal",
            "Sagittal",
            point,
            _POSTERIOR,
            -_CRANIAL,
            0.8 * width_mm,
            0.8 * width_mm,
            pixel_mm,
        ),
        ViewPlane(
            "coronal",
            "Coronal",
            point,
            _LEFT,
            -_CRANIAL,
            0.8 * width_mm,
            0.8 * width_mm,
            pixel_mm,
        ),
    )


def tool_planes(
    entry_lps_mm: ArrayLike, target_lps_mm: ArrayLike, docking_lps_mm: ArrayLike
) -> tuple[ViewPlane, ViewPlane, ViewPlane]:
    """Return two sections along the tools and one across them, as the tool's tip sees.

    Parameters
    ----------
    entry_lps_mm, target_lps_mm : float array, shape (3,), mm, LPS
    docking_lps_mm : float array, shape (3,), mm, LPS, the tip of the cannula

    Notes
    -----
    All three are rolled so that the patient's head, or for the flat one the patient's back,
    stays where the orthogonal sections have it. Their letters are computed, not assumed.
    """
    entry = np.asarray(entry_lps_mm, np.float64)
    target = np.asarray(target_lps_mm, np.float64)
    length_mm = float(np.linalg.norm(entry - target))
    outward = (entry - target) / length_mm
    upright = _unit(_CRANIAL - outward * (outward @ _CRANIAL))
    middle, side_mm = (entry + target) / 2, length_mm + 2 * _MARGIN_MM
    flat_right, flat_down = _roll(outward, np.cross(upright, outward), _LEFT)
    high_right, high_down = _roll(outward, upright, _POSTERIOR, down=-_CRANIAL)
    pixel_mm = side_mm / 480
    return (
        ViewPlane(
            "along-flat",
            "Along the tools, nearly axial",
            middle,
            flat_right,
            flat_down,
            side_mm,
            0.8 * side_mm,
            pixel_mm,
        ),
        ViewPlane(
            "along-upright",
            "Along the tools, upright",
            middle,
            high_right,
            high_down,
            side_mm,
            0.8 * side_mm,
            pixel_mm,
        ),
        ViewPlane(
            "probe-eye",
            "Probe's eye, at the cannula's tip",
            np.asarray(docking_lps_mm, np.float64),
            np.cross(-outward, upright),
            -upright,
            64.0,
            64.0,
            64.0 / 400,
        ),
    )


def _roll(
    first: Vector, second: Vector, right: Vector, down: Vector = _POSTERIOR
) -> tuple[Vector, Vector]:
    """Return right and down axes in the plane of two orthonormal vectors, rolled upright."""
    in_plane_right = _unit(first * (first @ right) + second * (second @ right))
    in_plane_down = first * (first @ down) + second * (second @ down)
    in_plane_down = _unit(in_plane_down - in_plane_right * (in_plane_right @ in_plane_down))
    return in_plane_right, in_plane_down


def _unit(vector: Vector) -> Vector:
    unit: Vector = vector / np.linalg.norm(vector)
    return unit
