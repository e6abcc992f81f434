"""How much of a structure lies inside a solid, counted in equal grains so that nothing is lost."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Structure
from kambin.approaches.solids import Points, Solid
from kambin.knowledge import value

GRAIN_EPSILON = 1e-9
"""A ratio that is this near to a whole number is one."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a solid takes of a structure, voxel by voxel.

    Parameters
    ----------
    structure : Structure
    ijk : int array, shape (N, 3), indices of its region: all its voxels
    grains : int array, shape (N,), how many of the grains of each voxel are inside
    per_voxel : int, into how many equal grains a voxel is cut
    """

    structure: Structure
    ijk: NDArray[np.int64]
    grains: NDArray[np.int64]
    per_voxel: int

    @property
    def removed_grains(self) -> int:
        """Return how many grains are inside."""
        return int(self.grains.sum())

    @property
    def kept_grains(self) -> int:
        """Return how many grains are outside."""
        return int((self.per_voxel - self.grains).sum())

    @property
    def whole_grains(self) -> int:
        """Return how many grains the structure has."""
        return len(self.ijk) * self.per_voxel

    @property
    def voxel_mm3(self) -> float:
        """Return the volume of a voxel, mm3."""
        return float(np.prod(self.structure.region.spacing_mm))

    @property
    def volume_mm3(self) -> float:
        """Return the volume inside, mm3."""
        return self.removed_grains * self.voxel_mm3 / self.per_voxel

    @property
    def surface_mm2(self) -> float:
        """Return how much of the structure's own surface lies inside, mm2.

        Notes
        -----
        The faces between its voxels and others, each by the share of its voxel that is inside,
        times the mean share of a surface in the faces that stand for it.
        """
        region = self.structure.region
        shares = np.zeros(np.array(region.shape) + 2)
        shares[tuple((self.ijk + 1).T)] = self.grains / self.per_voxel
        held = np.pad(region.values > 0, 1)
        total = 0.0
        for axis in range(3):
            face_mm2 = self.voxel_mm3 / float(region.spacing_mm[axis])
            for step in (1, -1):
                is_open = held & ~np.roll(held, step, axis=axis)
                total += face_mm2 * float(shares[is_open].sum())
        return total * value("exposure.face_share")

    @property
    def sigma_mm3(self) -> float:
        """Return by how much the volume changes when the surface moves by its sigma, mm3."""
        return self.structure.sigma_mm * self.surface_mm2

    def is_gone(self) -> NDArray[np.bool_]:
        """Return the voxels of which half or more is inside, shape of the region."""
        found = np.zeros(self.structure.region.shape, dtype=bool)
        found[tuple(self.ijk[2 * self.grains >= self.per_voxel].T)] = True
        return found


def take(structure: Structure, solid: Solid, *, grain_mm: float) -> Taken:
    """Return what a solid takes of a structure.

    Parameters
    ----------
    structure : Structure
    solid : Solid
    grain_mm : float, mm, the most a grain is wide

    Notes
    -----
    Voxels that the border of the solid cannot cut count whole, the others by their grains: the
    same arithmetic as the planner's resection.
    """
    region = structure.region
    count = max(int(np.ceil(float(region.spacing_mm.max()) / grain_mm - GRAIN_EPSILON)), 1)
    ijk = np.argwhere(region.values > 0)
    gap = solid.gap_mm(np.ascontiguousarray(region.lps_mm(ijk)).reshape(-1, 3))
    # From the middle of a voxel to its corner.
    half_mm = 0.5 * float(np.linalg.norm(region.spacing_mm))
    grains = np.where(gap <= 0, count**3, 0).astype(np.int64)
    cut = np.abs(gap) < half_mm
    if count > 1 and cut.any():
        grains[cut] = _count_inside(structure, solid, ijk[cut], count)
    return Taken(structure, ijk, grains, count**3)


def _count_inside(
    structure: Structure, solid: Solid, ijk: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """Return how many grains of each voxel, shape (N, 3), are inside, shape (N,)."""
    steps = (np.arange(count) + 0.5) / count - 0.5
    found = np.zeros(len(ijk), dtype=np.int64)
    for offset in itertools.product(steps, repeat=3):
        places: Points = structure.region.lps_mm(ijk + np.array(offset)).reshape(-1, 3)
        found += solid.gap_mm(places) <= 0
    return found


def add_mm3(parts: Iterable[Taken]) -> float:
    """Return the volume of several structures together, mm3."""
    return sum(part.volume_mm3 for part in parts)


def combine_sigma_mm3(parts: Iterable[Taken]) -> float:
    """Return the standard deviation of the volume of several structures together, mm3.

    Parameters
    ----------
    parts : iterable of Taken; surfaces of different structures err independently
    """
    return float(np.sqrt(sum(part.sigma_mm3**2 for part in parts)))


def combine_difference_mm3(first: Iterable[Taken], second: Iterable[Taken]) -> float:
    """Return the standard deviation of the difference of two volumes, mm3.

    Parameters
    ----------
    first, second : iterable of Taken, of the same patient

    Notes
    -----
    A surface that lies further out does so for both: only the areas that one of them has more
    of count, structure by structure.
    """
    areas: dict[str, float] = {}
    sigmas: dict[str, float] = {}
    for sign, parts in ((1, first), (-1, second)):
        for part in parts:
            name = str(part.structure.key)
            areas[name] = areas.get(name, 0.0) + sign * part.surface_mm2
            sigmas[name] = part.structure.sigma_mm
    return float(np.sqrt(sum((sigmas[name] * area) ** 2 for name, area in areas.items())))
