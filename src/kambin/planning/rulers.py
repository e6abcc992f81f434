"""Distances from straight axes to one structure, by its surface or its tube, without any field."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.anatomy import Anatomy, Structure, StructureKey
from kambin.imaging import (
    Grid,
    LabelMap,
    Surface,
    extract_surface,
    keep_clear,
    segment_surface_clearance,
)
from kambin.imaging.surface import BEYOND_VOXELS
from kambin.planning.fields import crop_to_grid
from kambin.planning.tubes import measure_tube_clearance

BOX_STEP_MM = 1.0
"""Where an axis is sampled beside a box: half of it is taken off the distance."""


@dataclass(frozen=True, slots=True)
class Ruler:
    """Measures from a straight axis to one structure, by its tube or its surface.

    Parameters
    ----------
    structure : Structure
    surface : Surface near the axis, none if the structure is a tube
    """

    structure: Structure
    surface: Surface | None

    @classmethod
    def around(
        cls, structure: Structure, ends_lps_mm: ArrayLike, anatomy: Anatomy, reach_mm: float
    ) -> "Ruler | None":
        """Return the ruler of a structure, or none if it is not within reach of the axis.

        Parameters
        ----------
        structure : Structure
        ends_lps_mm : float array, shape (N, 3), mm, LPS, the ends of all tools
        anatomy : Anatomy
        reach_mm : float, mm
        """
        ends = np.asarray(ends_lps_mm, dtype=np.float64)
        low, high = structure.region.bounds_lps_mm()
        if (ends.max(axis=0) + reach_mm < low).any() or (ends.min(axis=0) - reach_mm > high).any():
            return None
        if structure.tube is not None:
            return cls(structure, None)
        box = Grid.around(
            ends.min(axis=0) - reach_mm,
            ends.max(axis=0) + reach_mm,
            spacing_mm=anatomy.working_grid.spacing_mm,
            anchor_lps_mm=anatomy.working_grid.origin_lps_mm,
            frame_id=anatomy.working_grid.frame_id,
        )
        part = crop_to_grid(structure.region, box)
        return cls(structure, extract_surface(part)) if part.values.any() else None

    def distance_mm(self, start_lps_mm: ArrayLike, end_lps_mm: ArrayLike) -> float:
        """Return the least signed distance from a segment to the structure, mm.

        Parameters
        ----------
        start_lps_mm, end_lps_mm : float array, shape (3,), mm, LPS
        """
        ends = (np.asarray(start_lps_mm, dtype=float), np.asarray(end_lps_mm, dtype=float))
        if self.surface is None:
            tube = self.structure.tube
            return np.inf if tube is None else measure_tube_clearance(*ends, tube)[0]
        return segment_surface_clearance(*ends, self.surface)[0]

    def keeps_clear(
        self,
        starts_lps_mm: NDArray[np.float64],
        ends_lps_mm: NDArray[np.float64],
        limit_mm: float,
    ) -> NDArray[np.bool_]:
        """Return which segments stay at least a limit away, shape (P,).

        Parameters
        ----------
        starts_lps_mm, ends_lps_mm : float array, shape (P, 3), mm, LPS
        limit_mm : float, mm; below 0 they may run inside by as much
        """
        if self.surface is not None:
            return keep_clear(starts_lps_mm, ends_lps_mm, self.surface, limit_mm)
        pairs = zip(starts_lps_mm, ends_lps_mm, strict=True)
        return np.array([self.distance_mm(*pair) >= limit_mm for pair in pairs], dtype=bool)


class Rulers:
    """The rulers of all structures near one axis, each made when it is first asked for.

    Parameters
    ----------
    anatomy : Anatomy
    ends_lps_mm : float array, shape (N, 3), mm, LPS, the ends of all tools
    reach_mm : float, mm, up to where distances are wanted
    """

    def __init__(self, anatomy: Anatomy, ends_lps_mm: ArrayLike, reach_mm: float) -> None:
        """Keep what a ruler is made from."""
        self._anatomy = anatomy
        self._ends_lps_mm = np.asarray(ends_lps_mm, dtype=np.float64)
        self._reach_mm = reach_mm
        self._made: dict[StructureKey, Ruler | None] = {}

    def of(self, key: StructureKey) -> Ruler | None:
        """Return the ruler of a structure, or none if it is not within reach.

        Parameters
        ----------
        key : StructureKey
        """
        if key not in self._made:
            structure = self._anatomy.structures[key]
            self._made[key] = Ruler.around(
                structure, self._ends_lps_mm, self._anatomy, self._reach_mm
            )
        return self._made[key]

    def find(
        self, key: StructureKey, start_lps_mm: ArrayLike, end_lps_mm: ArrayLike, within_mm: float
    ) -> Ruler | None:
        """Return ``of``, or none where the box of the labels alone says that nothing is so near.

        Parameters
        ----------
        key : StructureKey
        start_lps_mm, end_lps_mm : float array, shape (3,), mm, LPS, the ends of an axis
        within_mm : float, mm; what is farther from the axis need not be measured
        """
        if key not in self._made:
            structure = self._anatomy.structures[key]
            if find_box_gap_mm(structure, start_lps_mm, end_lps_mm) >= within_mm:
                return None
        return self.of(key)


def find_box_gap_mm(structure: Structure, start_lps_mm: ArrayLike, end_lps_mm: ArrayLike) -> float:
    """Return a lower bound of the distance between an axis and a structure's surface, mm.

    Parameters
    ----------
    structure : Structure
    start_lps_mm, end_lps_mm : float array, shape (3,), mm, LPS, the ends of the axis

    Notes
    -----
    From the box around its voxels, or its tube. The surface lies within a diagonal and an edge of
    a voxel of some labelled middle: farther out no smoothed label is half full. Where the border
    of the array cuts a structure, its surface is continued beyond it.
    """
    start, end = (np.asarray(p, dtype=np.float64) for p in (start_lps_mm, end_lps_mm))
    if structure.tube is None:
        low, high = structure.region.bounds_lps_mm()
        spacing = structure.region.spacing_mm
        beyond = float(np.linalg.norm(spacing) + spacing.max())
        if _is_cut(structure.region):
            beyond += BEYOND_VOXELS * float(spacing.max())
    else:
        points, radii = structure.tube.points_lps_mm, structure.tube.radii_mm
        low, high, beyond = points.min(axis=0), points.max(axis=0), float(radii.max())
    count = int(np.ceil(np.linalg.norm(end - start) / BOX_STEP_MM)) + 1
    axis = start + np.linspace(0.0, 1.0, count)[:, None] * (end - start)
    outside = np.maximum(np.maximum(low - axis, axis - high), 0.0)
    return float(np.linalg.norm(outside, axis=1).min()) - 0.5 * BOX_STEP_MM - beyond


def _is_cut(region: LabelMap) -> bool:
    """Return whether a structure touches the border of its array."""
    faces = (np.take(region.values, end, axis=axis) for axis in range(3) for end in (0, -1))
    return any(bool(face.any()) for face in faces)
