"""The six section planes of a report, rolled so that the patient is upright."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.imaging import Plane
from kambin.report.letters import EdgeLetters, find_edge_letters

Vector = NDArray[np.float64]
"""A point or direction, float64, shape (3,), LPS."""

_LEFT = np.array([1.0, 0.0, 0.0])
_POSTERIOR = np.array([0.0, 1.0, 0.0])
_CRANIAL = np.array([0.0, 0.0, 1.0])
_MARGIN_MM = 24.0
_PROBE_MM = 64.0
_FLAT_SHARE = 0.8
# Steeper than any corridor, head up no longer says which way a picture is rolled.
_STEEP_DEG = 50.0
_COLUMNS = 480


@dataclass(frozen=True, slots=True)
class ViewPlane:
    """One section of the patient as it is printed.

    Parameters
    ----------
    name : str, for file names and anchors
    title : str, as printed
    plane : Plane
    """

    name: str
    title: str
    plane: Plane

    @property
    def letters(self) -> EdgeLetters:
        """Return the patient's letters at the four sides."""
        return find_edge_letters(self.plane.right_lps, self.plane.down_lps)

    @property
    def size_mm(self) -> tuple[float, float]:
        """Return width and height of the picture, mm."""
        rows, columns = self.plane.shape
        return columns * self.plane.pixel_mm, rows * self.plane.pixel_mm

    @property
    def extent_mm(self) -> tuple[float, float, float, float]:
        """Return left, right, bottom and top of the picture, mm from its centre, down positive."""
        width_mm, height_mm = self.size_mm
        return (-width_mm / 2, width_mm / 2, height_mm / 2, -height_mm / 2)

    def picture_mm(self, pixels: ArrayLike) -> NDArray[np.float64]:
        """Map (row, column) pixel indices, shape (..., 2), to (right, down) from the centre, mm."""
        index = np.asarray(pixels, np.float64)
        middle = (np.array(self.plane.shape) - 1.0) / 2.0
        mapped: NDArray[np.float64] = ((index - middle) * self.plane.pixel_mm)[..., ::-1]
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

    Raises
    ------
    InputError  (IN-045) if the width is not positive

    Notes
    -----
    Radiological: the axial section is seen from the feet, the patient's left is on the right
    of axial and coronal pictures, anterior is on the left of the sagittal one.
    """
    point = np.asarray(point_lps_mm, np.float64)
    towards = point if towards_lps_mm is None else np.asarray(towards_lps_mm, np.float64)
    # Moved within its own plane only: the height stays that of the point.
    beside = point + (towards - point) / 2 * (_LEFT + _POSTERIOR)
    high_mm = _FLAT_SHARE * width_mm
    return (
        _view("axial", "Axial", beside, (_LEFT, _POSTERIOR), (width_mm, high_mm)),
        _view("sagittal", "Sagittal", point, (_POSTERIOR, -_CRANIAL), (high_mm, high_mm)),
        _view("coronal", "Coronal", point, (_LEFT, -_CRANIAL), (high_mm, high_mm)),
    )


def tool_planes(
    entry_lps_mm: ArrayLike, target_lps_mm: ArrayLike, docking_lps_mm: ArrayLike
) -> tuple[ViewPlane, ViewPlane, ViewPlane]:
    """Return two sections along the tools and one across them, as the tool's tip sees.

    Parameters
    ----------
    entry_lps_mm, target_lps_mm : float array, shape (3,), mm, LPS
    docking_lps_mm : float array, shape (3,), mm, LPS, the tip of the cannula

    Raises
    ------
    InputError  (IN-045) if entry and target are one point

    Notes
    -----
    All three are rolled so that the patient's head, or for the flat one the patient's back,
    stays where the orthogonal sections have it. Their letters are computed, not assumed. The
    pictures turn with the axis and never jump, also where it is upright; see ``tool_axes``.
    """
    entry = np.asarray(entry_lps_mm, np.float64)
    target = np.asarray(target_lps_mm, np.float64)
    length_mm = float(np.linalg.norm(entry - target))
    outward = (entry - target) / length_mm
    right, upright = tool_axes(outward)
    middle, wide_mm = (entry + target) / 2, length_mm + 2 * _MARGIN_MM
    size_mm = (wide_mm, _FLAT_SHARE * wide_mm)
    flat = _unit(_LEFT - upright * (upright @ _LEFT))
    down = -_unit(_CRANIAL - right * (right @ _CRANIAL))
    return (
        _view(
            "along-flat",
            "Along the tools, nearly axial",
            middle,
            (flat, np.cross(upright, flat)),
            size_mm,
        ),
        _view(
            "along-upright",
            "Along the tools, upright",
            middle,
            (np.cross(down, right), down),
            size_mm,
        ),
        _view(
            "probe-eye",
            "Probe's eye, at the cannula's tip",
            np.asarray(docking_lps_mm, np.float64),
            (right, -upright),
            (_PROBE_MM, _PROBE_MM),
        ),
    )


def tool_axes(outward_lps: ArrayLike) -> tuple[Vector, Vector]:
    """Return the right and the upper side of what the tool's tip sees, with the head up.

    Parameters
    ----------
    outward_lps : float array, shape (3,), unit vector from the target to the skin, LPS

    Returns
    -------
    right, up : float array, shape (3,), unit vectors, LPS; both lie across the axis

    Notes
    -----
    The nearer an axis comes to the body's own, the more head up would spin the picture. From 50
    degrees on the roll therefore passes over to that of an axis in the midline, and there is no
    direction from the back or the flank at which it jumps.
    """
    outward = np.asarray(outward_lps, np.float64)
    azimuth_rad = float(np.arctan2(outward @ _LEFT, outward @ _POSTERIOR))
    height = float(np.clip(outward @ _CRANIAL, -1.0, 1.0))
    level = np.sin(azimuth_rad) * _LEFT + np.cos(azimuth_rad) * _POSTERIOR
    up = np.sqrt(1.0 - height * height) * _CRANIAL - height * level
    steep_deg = abs(float(np.degrees(np.arcsin(height))))
    share = np.clip((steep_deg - _STEEP_DEG) / (90.0 - _STEEP_DEG), 0.0, 1.0)
    # Smooth at both ends, so that nothing is felt where it begins.
    roll_rad = np.sign(height) * share * share * (3.0 - 2.0 * share) * azimuth_rad
    up = _unit(np.cos(roll_rad) * up + np.sin(roll_rad) * np.cross(outward, up))
    # Right is view cross up, as for a camera; the other way round is a mirror.
    return _unit(np.cross(-outward, up)), up


def _view(
    name: str,
    title: str,
    centre_lps_mm: Vector,
    axes: tuple[Vector, Vector],
    size_mm: tuple[float, float],
) -> ViewPlane:
    right, down = axes
    pixel_mm = size_mm[0] / _COLUMNS
    return ViewPlane(name, title, Plane(centre_lps_mm, right, down, *size_mm, pixel_mm))


def _unit(vector: Vector) -> Vector:
    unit: Vector = vector / np.linalg.norm(vector)
    return unit
