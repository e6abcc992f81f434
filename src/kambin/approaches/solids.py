"""Shapes that cut tissue: tubes, windows, half spaces, the neighbourhood of bone."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Points = NDArray[np.float64]
"""Points, shape (N, 3), mm, LPS."""

BORDER_EPSILON = 1e-9
"""mm; how far outside a point on a border lies that belongs to the other part."""


class Solid(Protocol):
    """Anything that is inside, outside, and knows how far its border is at the least."""

    def gap_mm(self, points_lps_mm: Points) -> NDArray[np.float64]:
        """Return a lower bound of the distance to the border, shape (N,), mm, negative inside.

        Parameters
        ----------
        points_lps_mm : float array, shape (N, 3), mm, LPS

        Notes
        -----
        Its sign is exact, and it changes by no more than a point moves: a voxel whose middle is
        farther from the border than its corner lies wholly on one side.
        """
        ...


@dataclass(frozen=True, slots=True)
class Tube:
    """A cylinder with flat ends.

    Parameters
    ----------
    start_lps_mm, end_lps_mm : float array, shape (3,), mm, LPS, its axis
    radius_mm : float, mm
    """

    start_lps_mm: NDArray[np.float64]
    end_lps_mm: NDArray[np.float64]
    radius_mm: float

    def gap_mm(self, points_lps_mm: Points) -> NDArray[np.float64]:
        """Return how far points are from the wall or an end, as ``Solid``."""
        way = self.end_lps_mm - self.start_lps_mm
        long_mm = float(np.linalg.norm(way))
        apart = points_lps_mm - self.start_lps_mm
        along = apart @ (way / long_mm)
        aside = np.linalg.norm(apart - along[:, None] * (way / long_mm), axis=1)
        ends = np.maximum(-along, along - long_mm)
        gap: NDArray[np.float64] = np.maximum(aside - self.radius_mm, ends)
        return gap


@dataclass(frozen=True, slots=True)
class Capsules:
    """The union of swept tools as the planner gives them.

    Parameters
    ----------
    capsules : float array, shape (K, 7), mm, LPS: tip, outer end and radius
    """

    capsules: NDArray[np.float64]

    def gap_mm(self, points_lps_mm: Points) -> NDArray[np.float64]:
        """Return how far points are from the nearest tool, as ``Solid``."""
        gap = np.full(len(points_lps_mm), np.inf)
        for capsule in self.capsules:
            tip, way, radius_mm = capsule[:3], capsule[3:-1] - capsule[:3], capsule[-1]
            share = np.clip((points_lps_mm - tip) @ way / (way @ way), 0, 1)
            axis = np.linalg.norm(points_lps_mm - tip - share[:, None] * way, axis=1)
            if radius_mm > 0:
                gap = np.minimum(gap, axis - radius_mm)
        return gap


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangular block in any direction.

    Parameters
    ----------
    centre_lps_mm : float array, shape (3,), mm, LPS
    axes : float array, shape (3, 3), rows are unit vectors, LPS
    half_mm : float array, shape (3,), mm, half its size along them
    """

    centre_lps_mm: NDArray[np.float64]
    axes: NDArray[np.float64]
    half_mm: NDArray[np.float64]

    def gap_mm(self, points_lps_mm: Points) -> NDArray[np.float64]:
        """Return how far points are from the nearest face, as ``Solid``."""
        local = (points_lps_mm - self.centre_lps_mm) @ self.axes.T
        gap: NDArray[np.float64] = (np.abs(local) - self.half_mm).max(axis=1)
        return gap


@dataclass(frozen=True, slots=True)
class Half:
    """Everything on one side of a plane.

    Parameters
    ----------
    point_lps_mm : float array, shape (3,), mm, LPS, on the plane
    outward : float array, shape (3,), unit vector, LPS, away from what is inside
    """

    point_lps_mm: NDArray[np.float64]
    outward: NDArray[np.float64]

    def gap_mm(self, points_lps_mm: Points) -> NDArray[np.float64]:
        """Return how far points are from the plane, as ``Solid``."""
        return (points_lps_mm - self.point_lps_mm) @ self.outward


@dataclass(frozen=True, slots=True)
class Near:
    """Everything within a distance of some points, such as the voxels of bone.

    Parameters
    ----------
    tree : cKDTree of points, mm, LPS
    reach_mm : float, mm
    """

    tree: cKDTree
    reach_mm: float

    def gap_mm(self, points_lps_mm: Points) -> NDArray[np.float64]:
        """Return how far points are from the border of the neighbourhood, as ``Solid``."""
        if not len(points_lps_mm):
            return np.zeros(0)
        # Beyond twice the reach it is enough to know that it is: most points lie there.
        most_mm = 2 * self.reach_mm
        away: NDArray[np.float64] = self.tree.query(points_lps_mm, distance_upper_bound=most_mm)[0]
        return np.minimum(away, most_mm) - self.reach_mm


@dataclass(frozen=True, slots=True)
class Everything:
    """All of space."""

    def gap_mm(self, points_lps_mm: Points) -> NDArray[np.float64]:
        """Return that every point is deep inside, as ``Solid``."""
        return np.full(len(points_lps_mm), -np.inf)


@dataclass(frozen=True, slots=True)
class Common:
    """What lies in all of several solids.

    Parameters
    ----------
    parts : tuple of Solid; the later ones are only asked where the former ones hold
    """

    parts: tuple[Solid, ...]

    def gap_mm(self, points_lps_mm: Points) -> NDArray[np.float64]:
        """Return how far points are from the border of the common part, as ``Solid``."""
        gap = self.parts[0].gap_mm(points_lps_mm).copy()
        for part in self.parts[1:]:
            # Outside of one is outside of all: the gap to that one is bound enough.
            held = np.flatnonzero(gap <= 0)
            gap[held] = np.maximum(gap[held], part.gap_mm(points_lps_mm[held]))
        return gap


@dataclass(frozen=True, slots=True)
class Joined:
    """What lies in at least one of several solids.

    Parameters
    ----------
    parts : tuple of Solid
    """

    parts: tuple[Solid, ...]

    def gap_mm(self, points_lps_mm: Points) -> NDArray[np.float64]:
        """Return how far points are from the border of all together, as ``Solid``."""
        gap = self.parts[0].gap_mm(points_lps_mm)
        for part in self.parts[1:]:
            gap = np.minimum(gap, part.gap_mm(points_lps_mm))
        return gap


@dataclass(frozen=True, slots=True)
class Without:
    """What lies in one solid and not in another.

    Parameters
    ----------
    whole, taken : Solid
    """

    whole: Solid
    taken: Solid

    def gap_mm(self, points_lps_mm: Points) -> NDArray[np.float64]:
        """Return how far points are from the border of what is left, as ``Solid``."""
        gap = self.whole.gap_mm(points_lps_mm).copy()
        held = np.flatnonzero(gap <= 0)
        left = -self.taken.gap_mm(points_lps_mm[held])
        # What lies on the border belongs to what is taken, and must not be counted twice.
        left[left == 0] = BORDER_EPSILON
        gap[held] = np.maximum(gap[held], left)
        return gap
