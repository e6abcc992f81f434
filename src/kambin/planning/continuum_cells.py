"""Cells of skin and of target between the listed points, halved as far as a bound asks for."""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from kambin.frames import Side
from kambin.knowledge import value
from kambin.planning.corridor import find_path_angles
from kambin.planning.geometry import LevelGeometry

Floats = NDArray[np.float64]

COORDINATE_DECIMALS = 6
"""Coordinates of a lattice that agree to this many decimals of a mm are one."""


class Cells(Protocol):
    """Parts of a surface or of a space, each with a ball that holds it."""

    @property
    def centres_mm(self) -> Floats:
        """Return the middle of each, shape (N, 3), mm, LPS."""

    @property
    def radii_mm(self) -> Floats:
        """Return how far each goes from its middle, shape (N,), mm."""

    def __len__(self) -> int:
        """Return how many there are."""

    def halved(self, places: NDArray[np.int64]) -> Self:
        """Return both halves of some cells, those of one side by side."""

    def joined(self, more: Self) -> Self:
        """Return these cells and more of them."""


@dataclass(frozen=True, slots=True)
class SkinCells:
    """Four-sided patches of the skin, linear along both of their sides.

    Parameters
    ----------
    corners_mm : float array, shape (N, 2, 2, 3), mm, LPS
    """

    corners_mm: Floats

    @classmethod
    def between(cls, points_mm: Floats, origin_mm: Floats, side: Side) -> "SkinCells":
        """Return the patches around the points in which a lattice of rays meets the skin.

        Parameters
        ----------
        points_mm : float array, shape (E, 3), mm, LPS, in any order
        origin_mm : float array, shape (3,), mm, LPS, from where the rays were cast
        side : Side

        Notes
        -----
        Each point has four, which end half way to its neighbours; where a neighbour is not
        listed the skin goes on as it comes from the opposite side.
        """
        theta, phi, _ = find_path_angles(points_mm, origin_mm[None], side)
        angles = np.column_stack([theta[:, 0], phi[:, 0]])
        steps = np.rint((angles - angles.min(axis=0)) / value("planning.lattice_step_deg"))
        at = steps.astype(np.int64) + 1
        lattice = np.full((*(at.max(axis=0) + 2), 3), np.nan)
        lattice[at[:, 0], at[:, 1]] = points_mm
        near = [[lattice[at[:, 0] + a, at[:, 1] + b] for b in (-1, 0, 1)] for a in (-1, 0, 1)]
        middle = near[1][1]
        whole = np.empty((3, 3, len(points_mm), 3))
        for a, b in ((0, 1), (2, 1), (1, 0), (1, 2)):
            # Beyond the list it goes on straight; alone it ends.
            beyond = 2 * middle - near[2 - a][2 - b]
            other = np.where(np.isnan(near[a][b]), beyond, near[a][b])
            whole[a, b] = 0.5 * (middle + np.where(np.isnan(other), middle, other))
        whole[1, 1] = middle
        for a, b in ((0, 0), (0, 2), (2, 0), (2, 2)):
            mean = np.mean([middle, near[a][1], near[1][b], near[a][b]], axis=0)
            flat = whole[a, 1] + whole[1, b] - middle
            whole[a, b] = np.where(np.isnan(mean), flat, mean)
        # (3, 3, E, 3) to four squares of (E, 2, 2, 3).
        spread = whole.transpose(2, 0, 1, 3)
        quarters = [spread[:, a : a + 2, b : b + 2] for a in (0, 1) for b in (0, 1)]
        return cls(np.stack(quarters, axis=1).reshape(-1, 2, 2, 3))

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.corners_mm)

    def joined(self, more: "SkinCells") -> "SkinCells":
        """Return these patches and more of them."""
        return SkinCells(np.concatenate([self.corners_mm, more.corners_mm]))

    @property
    def centres_mm(self) -> Floats:
        """Return the middle of each, shape (N, 3), mm, LPS."""
        middles: Floats = self.corners_mm.mean(axis=(1, 2))
        return middles

    @property
    def radii_mm(self) -> Floats:
        """Return how far the furthest corner lies from the middle, shape (N,), mm."""
        away = np.linalg.norm(self.corners_mm - self.centres_mm[:, None, None], axis=-1)
        radii: Floats = away.max(axis=(1, 2))
        return radii

    def halved(self, places: NDArray[np.int64]) -> "SkinCells":
        """Return both halves of some patches across their longer side, side by side."""
        whole = self.corners_mm[places]
        first = np.linalg.norm(whole[:, 1] - whole[:, 0], axis=-1).sum(axis=1)
        second = np.linalg.norm(whole[:, :, 1] - whole[:, :, 0], axis=-1).sum(axis=1)
        turned = second > first
        # Turned so that the longer side comes first; turned back afterwards.
        whole[turned] = whole[turned].swapaxes(1, 2)
        middle = whole.mean(axis=1)
        halves = np.stack(
            [np.stack([whole[:, 0], middle], axis=1), np.stack([middle, whole[:, 1]], axis=1)],
            axis=1,
        )
        halves[turned] = halves[turned].swapaxes(2, 3)
        return SkinCells(halves.reshape(-1, 2, 2, 3))


@dataclass(frozen=True, slots=True)
class BoxCells:
    """Boxes of targets in the surgical frame.

    Parameters
    ----------
    low_mm, high_mm : float arrays, shape (N, 3), mm, surgical disc frame
    geometry : LevelGeometry
    """

    low_mm: Floats
    high_mm: Floats
    geometry: LevelGeometry

    @classmethod
    def between(cls, points_mm: Floats, geometry: LevelGeometry) -> "BoxCells":
        """Return the boxes around the points of a lattice, half way to their neighbours.

        Parameters
        ----------
        points_mm : float array, shape (T, 3), mm, LPS, on a lattice in the surgical frame
        geometry : LevelGeometry

        Notes
        -----
        The outermost boxes end at their points: no target lies outside of the list.
        """
        surgical = geometry.surgical_mm(points_mm)
        low, high = surgical.copy(), surgical.copy()
        for axis in range(3):
            column = surgical[:, axis].round(COORDINATE_DECIMALS)
            rungs, at = np.unique(column, return_inverse=True)
            middles = 0.5 * (rungs[1:] + rungs[:-1])
            low[:, axis] = np.minimum(low[:, axis], np.concatenate([rungs[:1], middles])[at])
            high[:, axis] = np.maximum(high[:, axis], np.concatenate([middles, rungs[-1:]])[at])
        return cls(low, high, geometry)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.low_mm)

    def joined(self, more: "BoxCells") -> "BoxCells":
        """Return these boxes and more of them."""
        low = np.concatenate([self.low_mm, more.low_mm])
        return BoxCells(low, np.concatenate([self.high_mm, more.high_mm]), self.geometry)

    @property
    def centres_mm(self) -> Floats:
        """Return the middle of each, shape (N, 3), mm, LPS."""
        return self.geometry.lps_mm(0.5 * (self.low_mm + self.high_mm))

    @property
    def radii_mm(self) -> Floats:
        """Return half the diagonal of each, shape (N,), mm."""
        radii: Floats = 0.5 * np.linalg.norm(self.high_mm - self.low_mm, axis=1)
        return radii

    def halved(self, places: NDArray[np.int64]) -> "BoxCells":
        """Return both halves of some boxes across their longest side, side by side."""
        low, high = np.repeat(self.low_mm[places], 2, axis=0), np.repeat(self.high_mm[places], 2, 0)
        axis = np.argmax(high - low, axis=1)
        rows = np.arange(len(axis))
        middle = 0.5 * (low[rows, axis] + high[rows, axis])
        first = rows % 2 == 0
        high[rows[first], axis[first]] = middle[first]
        low[rows[~first], axis[~first]] = middle[~first]
        return BoxCells(low, high, self.geometry)
