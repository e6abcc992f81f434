"""Distances from straight axes to one structure, by its surface or its tube, without any field."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.anatomy import Anatomy, Structure, StructureKey
from kambin.imaging import (
    Grid,
    Surface,
    extract_surface,
    keep_clear,
    segment_surface_clearance,
)
from kambin.planning.fields import crop_to_grid
from kambin.planning.tubes import measure_tube_clearance


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
