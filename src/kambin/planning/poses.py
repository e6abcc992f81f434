"""A path held slightly wrong in many ways, and how near each comes to everything around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kambin.planning.axis_kernels import march_axes
from kambin.planning.error_model import SPACE_AXES, PathFrame
from kambin.planning.evaluate import Path
from kambin.planning.fields import Hazard
from kambin.planning.gap_kernels import STEEPEST_RATIO
from kambin.planning.gap_meter import GapMeter
from kambin.planning.tools import Toolset


@dataclass(frozen=True, slots=True)
class Poses:
    """Many poses of one path, all as long as it.

    Parameters
    ----------
    path : Path, the pose without error
    entries_lps_mm : float array, shape (P, 3), mm, LPS
    ways : float array, shape (P, 3), unit vectors from the target to the entry, LPS
    """

    path: Path
    entries_lps_mm: NDArray[np.float64]
    ways: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        path: Path,
        frame: PathFrame,
        shifts_mm: NDArray[np.float64],
        tilts_rad: NDArray[np.float64],
    ) -> Self:
        """Return the poses whose entry is shifted and whose axis is then tilted about it.

        Parameters
        ----------
        path : Path
        frame : PathFrame of the path
        shifts_mm : float array, shape (P, 3), mm, along the frame's axes
        tilts_rad : float array, shape (P, 2), rad, towards the frame's second and third axis
        """
        entries = np.asarray(path.entry_lps_mm) + shifts_mm @ frame.axes
        angle = np.linalg.norm(tilts_rad, axis=1, keepdims=True)
        # sinc carries the limit of no tilt, where there is no direction to tilt to.
        across = np.sinc(angle / np.pi) * tilts_rad @ frame.axes[1:]
        return cls(path, entries, np.cos(angle) * frame.axes[0] + across)

    def __len__(self) -> int:
        """Return how many poses there are."""
        return len(self.ways)

    def keep(self, which: NDArray[np.bool_]) -> Self:
        """Return some of the poses, bool array of shape (P,)."""
        return type(self)(self.path, self.entries_lps_mm[which], self.ways[which])

    def tips_lps_mm(self, stop_mm: float) -> NDArray[np.float64]:
        """Return where tools end that stop short of the target, shape (P, 3), mm, LPS."""
        tips: NDArray[np.float64] = (
            self.entries_lps_mm - (self.path.length_mm - stop_mm) * self.ways
        )
        return tips

    def moves_mm(self, stop_mm: float) -> NDArray[np.float64]:
        """Return the farthest that any point of a tool is off its planned place, shape (P,), mm.

        Notes
        -----
        Along the axis the way off is a length of a linear expression: largest at one end.
        """
        at_entry = np.linalg.norm(self.entries_lps_mm - self.path.entry_lps_mm, axis=1)
        at_tip = np.linalg.norm(self.tips_lps_mm(stop_mm) - self.path.tip_lps_mm(stop_mm), axis=1)
        moves: NDArray[np.float64] = np.maximum(at_entry, at_tip)
        return moves


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything around one path, with its gap to the planned axis of each tool.

    Parameters
    ----------
    path : Path
    tools : Toolset
    hazards : tuple of Hazard
    stops_mm : tuple of float, mm, ascending: where tools end, short of the target
    gaps_mm : float array, shape (H, S), mm, from the axis that ends at each stop
    along_mm : float array, shape (N,), mm, the samples of the axis
    """

    path: Path
    tools: Toolset
    hazards: tuple[Hazard, ...]
    stops_mm: tuple[float, ...]
    gaps_mm: NDArray[np.float64]
    along_mm: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        path: Path,
        tools: Toolset,
        hazards: Sequence[Hazard],
        gaps: GapMeter | None = None,
    ) -> Self:
        """Return the surroundings of a path for its tools.

        Parameters
        ----------
        path : Path
        tools : Toolset
        hazards : sequence of Hazard
        gaps : GapMeter of these hazards that was made before, or none
        """
        stops = tuple(sorted({path.stop_of(tool) for tool in tools.tools}))
        meter = gaps or GapMeter.of(hazards)
        along = path.along_mm()
        found, _ = meter.measure(path.target_lps_mm, path.way, along, stops)
        return cls(path, tools, tuple(hazards), stops, found, along)

    def needs_mm(self) -> NDArray[np.float64]:
        """Return how far each structure must stay from each axis, shape (H, S), mm.

        Returns
        -------
        the largest radius plus hard margin over the tools that end there; -inf without demand
        """
        needs = np.full(self.gaps_mm.shape, -np.inf)
        for tool in self.tools.tools:
            s = self.stops_mm.index(self.path.stop_of(tool))
            for h, hazard in enumerate(self.hazards):
                margin = self.tools.margin_mm(tool, hazard.group, hazard.structure)
                if margin is not None:
                    needs[h, s] = max(needs[h, s], tool.radius_mm + margin)
        return needs

    def moves_mm(self, poses: Poses) -> NDArray[np.float64]:
        """Return the farthest that each axis moves, shape (P, S), mm.

        Parameters
        ----------
        poses : Poses
        """
        return np.stack([poses.moves_mm(stop) for stop in self.stops_mm], axis=1)

    def measure(
        self, index: int, poses: Poses, moves_mm: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return how near each pose comes to one structure, and whether that is exact.

        Parameters
        ----------
        index : int, of the hazard
        poses : Poses
        moves_mm : float array, shape (P, S), mm, as ``moves_mm`` gives

        Returns
        -------
        gaps : float array, shape (P, S), mm, never too large
        exact : bool array, shape (P, S); elsewhere the gap is a lower bound

        Notes
        -----
        Beyond the reach of the field a gap is at least the reach, and at least the gap of the
        planned axis less the way the axis moves.
        """
        hazard = self.hazards[index]
        least = self.gaps_mm[index] - moves_mm
        if hazard.field is None:
            return least, np.zeros(least.shape, dtype=bool)
        field, along = hazard.field, self.along_mm
        spacing = field.grid.spacing_mm
        gaps = march_axes(
            field.values,
            np.ascontiguousarray(field.grid.ijk(poses.tips_lps_mm(0.0))),
            np.ascontiguousarray(poses.ways / spacing),
            along,
            np.searchsorted(along, self.stops_mm).astype(np.int64),
            hazard.reach_mm,
            (max(field.slope, 1.0) * STEEPEST_RATIO, 1.0 / float(np.diff(along).max())),
        )
        exact = gaps < hazard.reach_mm
        return np.where(exact, gaps, np.maximum(gaps, least)), exact


def across(shifts_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return shifts across the axis, shape (P, 2), mm, as shifts along all three, shape (P, 3)."""
    padded = np.zeros((len(shifts_mm), SPACE_AXES))
    padded[:, 1:] = shifts_mm
    return padded
