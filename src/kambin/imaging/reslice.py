"""Oblique pictures through an image, and its projections as a C-arm would see it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.core import InputError
from kambin.imaging._plane_kernels import sample_plane
from kambin.imaging.volume import LabelMap, Volume

AXES_TOLERANCE = 1e-6
"""Largest deviation of the picture's axes from length 1 and from a right angle."""

AIR_HU = -1000.0
"""Hounsfield units of air, where a beam loses nothing; the definition of the scale."""

BORDER_VOXELS = 0.5
"""How far a voxel reaches beyond its centre; points farther out are outside the image."""


@dataclass(frozen=True, slots=True)
class Plane:
    """A rectangular picture laid through the patient.

    Parameters
    ----------
    centre_lps_mm : float array, shape (3,), mm, LPS, the middle of the picture
    right_lps, down_lps : float arrays, shape (3,), unit vectors, LPS, orthogonal: where the
        picture's right and lower edge lie
    width_mm, height_mm : float, mm
    pixel_mm : float, mm

    Raises
    ------
    InputError  (IN-045) if the axes are not orthogonal unit vectors or a length is not positive
    """

    centre_lps_mm: NDArray[np.float64]
    right_lps: NDArray[np.float64]
    down_lps: NDArray[np.float64]
    width_mm: float
    height_mm: float
    pixel_mm: float

    def __post_init__(self) -> None:
        """Keep read-only copies, and refuse what is no picture."""
        for name in ("centre_lps_mm", "right_lps", "down_lps"):
            vector = np.array(getattr(self, name), dtype=np.float64).reshape(3)
            vector.setflags(write=False)
            object.__setattr__(self, name, vector)
        axes = np.stack([self.right_lps, self.down_lps])
        error = float(np.abs(axes @ axes.T - np.eye(2)).max())
        smallest = min(self.width_mm, self.height_mm, self.pixel_mm)
        sound = np.isfinite(self.centre_lps_mm).all() and error <= AXES_TOLERANCE
        # Written as negations so that not-a-number is refused, too.
        if not sound or not smallest > 0.0:
            raise InputError(
                code="IN-045",
                what="A picture plane is not usable",
                where=f"{self.width_mm} x {self.height_mm} mm at {self.pixel_mm} mm",
                why=f"Its axes miss being orthogonal unit vectors by {error:.3g}.",
                next_step="Give two orthogonal unit vectors and positive lengths.",
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Return the numbers of rows and columns."""
        # At least one pixel: a plane thinner than that still has a picture.
        rows, columns = (
            max(1, round(length / self.pixel_mm)) for length in (self.height_mm, self.width_mm)
        )
        return rows, columns

    @property
    def normal_lps(self) -> NDArray[np.float64]:
        """Return the unit vector away from the viewer, shape (3,), LPS: right x down."""
        return np.cross(self.right_lps, self.down_lps).astype(np.float64, copy=False)

    def points_lps_mm(self) -> NDArray[np.float64]:
        """Return the centres of all pixels, shape (rows, columns, 3), mm, LPS."""
        rows, columns = self.shape
        # Centres lie evenly about the middle, so that a mirrored plane gives the mirrored picture.
        down = (np.arange(rows) - (rows - 1) / 2.0) * self.pixel_mm
        right = (np.arange(columns) - (columns - 1) / 2.0) * self.pixel_mm
        points: NDArray[np.float64] = (
            self.centre_lps_mm
            + down[:, None, None] * self.down_lps
            + right[None, :, None] * self.right_lps
        )
        return points

    def pixels(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Map points to the picture: row, column (pixels) and depth behind it (mm).

        Parameters
        ----------
        points_lps_mm : float array, shape (..., 3), mm, LPS

        Returns
        -------
        float array, shape (..., 3)
        """
        away = np.asarray(points_lps_mm, dtype=np.float64) - self.centre_lps_mm
        rows, columns = self.shape
        row = away @ self.down_lps / self.pixel_mm + (rows - 1) / 2.0
        column = away @ self.right_lps / self.pixel_mm + (columns - 1) / 2.0
        return np.stack([row, column, away @ self.normal_lps], axis=-1)


def reslice(volume: Volume, plane: Plane, fill: float) -> NDArray[np.float32]:
    """Cut an oblique picture out of an image.

    Parameters
    ----------
    volume : Volume, shape (I, J, K), LPS, mm
    plane : Plane
    fill : float, value outside the image, in the unit of the image

    Returns
    -------
    float32 array, shape ``plane.shape``, trilinear
    """
    turn = volume.ijk_from_lps[:3, :3] * plane.pixel_mm
    picture = np.empty(plane.shape, np.float32)
    # Sampling holds the border value; a picture must say where the image ends.
    sample_plane(
        volume.values,
        volume.ijk(plane.centre_lps_mm),
        turn @ plane.down_lps,
        turn @ plane.right_lps,
        BORDER_VOXELS,
        fill,
        picture,
    )
    return picture


def reslice_labels(labels: LabelMap, plane: Plane) -> NDArray[np.int32]:
    """Cut an oblique picture out of a label map: each pixel is the nearest voxel's label.

    Parameters
    ----------
    labels : LabelMap, shape (I, J, K)
    plane : Plane

    Returns
    -------
    int32 array, shape ``plane.shape``; 0 outside the map
    """
    indices = labels.ijk(plane.points_lps_mm()).reshape(-1, 3)
    last = np.array(labels.shape) - 1
    # Nearest and never between: a label of 25.4 names nothing. Clipped only to look up safely.
    i, j, k = np.clip(np.rint(indices), 0, last).astype(np.int64).T
    found: NDArray[np.int32] = labels.values[i, j, k].astype(np.int32)
    found[~_within(indices, labels.shape)] = 0
    return found.reshape(plane.shape)


def _within(indices: NDArray[np.float64], shape: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Return which continuous indices, shape (N, 3), lie inside a voxel of the array."""
    high = np.array(shape) - 1 + BORDER_VOXELS
    inside = (indices >= -BORDER_VOXELS) & (indices <= high)
    return np.asarray(inside.all(axis=1), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Projection:
    """A picture of line integrals, as a C-arm with parallel beams would see the patient.

    Parameters
    ----------
    values : float32 array, shape (rows, columns), mm of water; rows run caudally
    origin_lps_mm : float array, shape (3,), mm, LPS, the centre of pixel (0, 0)
    row_lps_mm, column_lps_mm : float array, shape (3,), mm, LPS, the step to the next row
        and to the next column
    view : "ap" (columns run to the patient's left) or "lateral" (columns run posteriorly)
    """

    values: NDArray[np.float32]
    origin_lps_mm: NDArray[np.float64]
    row_lps_mm: NDArray[np.float64]
    column_lps_mm: NDArray[np.float64]
    view: Literal["ap", "lateral"]

    def pixels(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Map points, shape (..., 3), mm, LPS, to row and column, shape (..., 2)."""
        away = np.asarray(points_lps_mm, dtype=np.float64) - self.origin_lps_mm
        steps = np.stack([self.row_lps_mm, self.column_lps_mm])
        pixels: NDArray[np.float64] = away @ steps.T / (steps**2).sum(axis=1)
        return pixels


def project(volume: Volume, view: Literal["ap", "lateral"]) -> Projection:
    """Make the antero-posterior or lateral projection of a CT, beams along its array axis.

    Parameters
    ----------
    volume : Volume, HU, shape (I, J, K), any orientation
    view : "ap" or "lateral"

    Returns
    -------
    Projection, mm of water along each beam

    Raises
    ------
    InputError  (IN-045) if the view is another word
    """
    if view not in ("ap", "lateral"):
        raise InputError(
            code="IN-045",
            what="A projection is not known",
            where=f"view {view!r}",
            why="Only ap and lateral projections are made.",
            next_step="Ask for ap or lateral.",
        )
    # Beams run along the array axis nearest to the patient axis: no voxel is interpolated.
    lying = volume.canonical()
    beam, across = (1, 0) if view == "ap" else (0, 1)
    # Scanners pad with values below air, where a beam would gain strength.
    water = np.maximum(lying.values.astype(np.float32) - np.float32(AIR_HU), 0.0)
    summed = water.sum(axis=beam, dtype=np.float64) * (lying.spacing_mm[beam] / -AIR_HU)
    top = np.array(lying.shape, dtype=np.float64) - 1.0
    corner = np.zeros(3)
    # The middle of the beam stands for all of it; the top, because rows run caudally.
    corner[beam], corner[2] = top[beam] / 2.0, top[2]
    return Projection(
        np.ascontiguousarray(summed.T[::-1]).astype(np.float32),
        lying.lps_mm(corner),
        -lying.lps_from_ijk[:3, 2],
        lying.lps_from_ijk[:3, across].copy(),
        view,
    )
