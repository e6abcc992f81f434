"""Gaps of one straight axis to everything around it, measured at once: for drag and guidance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kambin.planning.fields import Hazard, HazardSet
from kambin.planning.gap_kernels import STEEPEST_RATIO, measure_gaps

BLOCK_STEP_MM = 9.0
"""Faces in one cube of this width are one block: the quickest of those from 6 to 24 mm."""


@dataclass(frozen=True, slots=True)
class GapMeter:
    """Fields and faces of all hazards, one after the other, as one kernel reads them.

    Parameters
    ----------
    nodes : float32 array, the values of all fields, mm
    nodes_from : int array, shape (H,), where each field starts
    shapes : int array, shape (H, 3), nodes along L, P and S; 0 without a field
    places : float array, shape (H, 6), mm: first node, spacing, reach and steepest rise per mm
    points_lps_mm : float array, shape (F, 3), mm, LPS, middles of faces, block after block
    blocks : float array, shape (B, 6), mm: middle and radius of a block, its first and last point
    blocks_from : int array, shape (H + 1,), the blocks of each hazard
    """

    nodes: NDArray[np.float32]
    nodes_from: NDArray[np.int64]
    shapes: NDArray[np.int64]
    places: NDArray[np.float64]
    points_lps_mm: NDArray[np.float64]
    blocks: NDArray[np.float64]
    blocks_from: NDArray[np.int64]

    @classmethod
    def of(cls, hazards: Sequence[Hazard]) -> Self:
        """Return the meter of some hazards.

        Parameters
        ----------
        hazards : sequence of Hazard
        """
        fields = [hazard.field for hazard in hazards]
        sizes = [0 if field is None else field.values.size for field in fields]
        nodes = np.empty(sum(sizes), dtype=np.float32)
        starts = np.cumsum([0, *sizes]).astype(np.int64)
        shapes = np.zeros((len(hazards), 3), dtype=np.int64)
        places = np.zeros((len(hazards), 2 * 3))
        for h, (hazard, field) in enumerate(zip(hazards, fields, strict=True)):
            places[h] = [0, 0, 0, 1, hazard.reach_mm, 1]
            if field is not None:
                nodes[starts[h] : starts[h + 1]] = field.values.ravel()
                shapes[h], grid = field.values.shape, field.grid
                rise = max(field.slope, 1.0) * STEEPEST_RATIO
                places[h] = [*grid.origin_lps_mm, grid.spacing_mm, hazard.reach_mm, rise]
        cut = [cut_into_blocks(hazard.faces.points_lps_mm) for hazard in hazards]
        points = np.concatenate([np.zeros((0, 3)), *(points for points, _ in cut)])
        before = np.cumsum([0, *(len(points) for points, _ in cut)])
        # Points are counted through all hazards.
        blocks = [b + np.array([0] * 4 + [n] * 2) for (_, b), n in zip(cut, before, strict=False)]
        counts = [0, *(len(b) for b in blocks)]
        return cls(
            nodes=nodes,
            nodes_from=starts[:-1],
            shapes=shapes,
            places=places,
            points_lps_mm=points,
            blocks=np.concatenate([np.zeros((0, 2 * 3)), *blocks]),
            blocks_from=np.cumsum(counts).astype(np.int64),
        )

    def measure(
        self,
        target_lps_mm: NDArray[np.float64],
        way: NDArray[np.float64],
        along_mm: NDArray[np.float64],
        stops_mm: Sequence[float],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the gap of an axis to every hazard for tools that end at some stops, and where.

        Parameters
        ----------
        target_lps_mm : float array, shape (3,), mm, LPS
        way : float array, shape (3,), unit vector from the target to the entry, LPS
        along_mm : float array, shape (N,), mm from the target, ascending, the samples
        stops_mm : sequence of float, mm, ascending, where tools end, samples among others

        Returns
        -------
        gaps : float array, shape (H, S), mm, from the axis, negative inside
        feet : float array, shape (H, S), mm, where on the axis, counted from the target

        Notes
        -----
        The same gaps as ``Hazard.find_gaps`` gives one by one.
        """
        found: tuple[NDArray[np.float64], NDArray[np.float64]] = measure_gaps(
            np.asarray(target_lps_mm, dtype=np.float64),
            way,
            along_mm,
            np.searchsorted(along_mm, stops_mm).astype(np.int64),
            self.nodes,
            self.nodes_from,
            self.shapes,
            self.places,
            self.points_lps_mm,
            self.blocks,
            self.blocks_from,
        )
        return found


def find_gap_meter(hazards: HazardSet) -> GapMeter:
    """Return the meter of all hazards of a question, made when first asked for.

    Parameters
    ----------
    hazards : HazardSet

    Notes
    -----
    A plan asks it for a dozen paths; making it takes a hundred times as long as asking it.
    """
    if not hazards.meters:
        hazards.meters.append(GapMeter.of(hazards.hazards))
    return hazards.meters[0]


def cut_into_blocks(
    points_lps_mm: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points in the order of the cubes they lie in, and a ball around those of each cube.

    Parameters
    ----------
    points_lps_mm : float array, shape (F, 3), mm, LPS

    Returns
    -------
    the points, shape (F, 3), and the balls, shape (B, 6): middle and radius, mm, first point and
    the one after the last
    """
    if not len(points_lps_mm):
        return points_lps_mm, np.zeros((0, 2 * 3))
    cubes = ((points_lps_mm - points_lps_mm.min(axis=0)) / BLOCK_STEP_MM).astype(np.int64)
    wide = cubes.max(axis=0) + 1
    names = (cubes[:, 0] * wide[1] + cubes[:, 1]) * wide[2] + cubes[:, 2]
    order = np.argsort(names, kind="stable")
    points = np.ascontiguousarray(points_lps_mm[order])
    firsts = np.flatnonzero(np.diff(names[order], prepend=-1))
    low, high = (bound.reduceat(points, firsts) for bound in (np.minimum, np.maximum))
    radii = 0.5 * np.linalg.norm(high - low, axis=1)
    stops = np.append(firsts[1:], len(points))
    return points, np.column_stack([0.5 * (low + high), radii, firsts, stops])
