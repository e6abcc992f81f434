"""Bone as small equal grains, and how much of it lies inside swept tools."""

import itertools
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Structure
from kambin.knowledge import value
from kambin.planning.bone_kernels import segment_distances, union_shares

FLAT = np.zeros((3, 3))
"""The edges of a grain, whose middle alone is asked."""


@dataclass(frozen=True, slots=True)
class Grains:
    """Bone as equal grains; what one reamer takes is a row of truth values.

    Parameters
    ----------
    points_lps_mm : float array, shape (N, 3), mm, LPS
    volumes_mm3 : float array, shape (N,), mm3
    """

    points_lps_mm: NDArray[np.float64]
    volumes_mm3: NDArray[np.float64]

    @classmethod
    def of(cls, structure: Structure) -> Self:
        """Return all grains of a structure.

        Parameters
        ----------
        structure : Structure
        """
        points, _ = cut_into_grains(structure)
        count = int((structure.region.values > 0).sum())
        each_mm3 = voxel_mm3(structure) * count / max(len(points), 1)
        return cls(points, np.full(len(points), each_mm3))

    @classmethod
    def joined(cls, parts: "list[Grains]") -> Self:
        """Return the grains of several structures, one after the other."""
        points = [np.zeros((0, 3)), *(part.points_lps_mm for part in parts)]
        volumes = [np.zeros(0), *(part.volumes_mm3 for part in parts)]
        return cls(np.ascontiguousarray(np.concatenate(points)), np.concatenate(volumes))

    def inside(self, capsules: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which grains lie in at least one capsule, shape (N,).

        Parameters
        ----------
        capsules : float array, shape (K, 7), mm: tip, outer end and radius
        """
        held: NDArray[np.bool_] = union_shares(self.points_lps_mm, FLAT, capsules, 1) > 0
        return held

    def distances_mm(self, capsule: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far each grain lies from the axis of a capsule, shape (N,), mm.

        Parameters
        ----------
        capsule : float array, shape (7,), mm: tip, outer end and radius; tools of all radii with
            this axis hold what is no farther than their radius
        """
        found: NDArray[np.float64] = segment_distances(self.points_lps_mm, capsule)
        return found

    def keep(self, chosen: NDArray[np.bool_] | slice | NDArray[np.int64]) -> Self:
        """Return some of the grains."""
        points = np.ascontiguousarray(self.points_lps_mm[chosen])
        return type(self)(points, self.volumes_mm3[chosen])

    def volume_mm3(self, chosen: NDArray[np.bool_]) -> float:
        """Return the volume of chosen grains, mm3."""
        return float(self.volumes_mm3[chosen].sum())


@dataclass(frozen=True, slots=True)
class Voxels:
    """Voxels of one structure, of which many tools take different shares.

    Parameters
    ----------
    structure : Structure
    ijk : int array, shape (N, 3), indices of its region
    centres_lps_mm : float array, shape (N, 3), mm, LPS
    """

    structure: Structure
    ijk: NDArray[np.int64]
    centres_lps_mm: NDArray[np.float64]

    @classmethod
    def of(cls, structure: Structure, ijk: NDArray[np.int64] | None = None) -> Self:
        """Return some voxels of a structure, or all.

        Parameters
        ----------
        structure : Structure
        ijk : int array, shape (N, 3), indices of its region, or none for all its voxels
        """
        found = np.argwhere(structure.region.values > 0) if ijk is None else ijk
        centres = structure.region.lps_mm(found).reshape(-1, 3)
        return cls(structure, found, np.ascontiguousarray(centres))

    def measure_shares(self, capsules: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return which share of each voxel lies inside swept tools, shape (N,).

        Parameters
        ----------
        capsules : float array, shape (K, 7), mm, LPS: tip, outer end and radius
        """
        axes = np.ascontiguousarray(self.structure.region.lps_from_ijk[:3, :3])
        count = count_grains(self.structure)
        shares: NDArray[np.float64] = union_shares(self.centres_lps_mm, axes, capsules, count)
        return shares

    def measure_taken_mm3(self, capsules: NDArray[np.float64]) -> float:
        """Return the volume of the voxels inside swept tools, mm3.

        Parameters
        ----------
        capsules : float array, shape (K, 7), mm, LPS: tip, outer end and radius
        """
        return float(self.measure_shares(capsules).sum()) * voxel_mm3(self.structure)


def cut_into_grains(
    structure: Structure, voxels_ijk: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.float64], float]:
    """Return the middles of equal grains of a structure, shape (N, 3), mm, LPS, and their width.

    Parameters
    ----------
    structure : Structure
    voxels_ijk : int array, shape (M, 3), indices of its region, or none for all its voxels
    """
    count = count_grains(structure)
    steps = (np.arange(count) + 0.5) / count - 0.5
    offsets = np.array(list(itertools.product(steps, repeat=3)))
    voxels = np.argwhere(structure.region.values > 0) if voxels_ijk is None else voxels_ijk
    grains = structure.region.lps_mm((voxels[:, None] + offsets).reshape(-1, 3))
    return np.ascontiguousarray(grains), float(structure.region.spacing_mm.max()) / count


def count_grains(structure: Structure) -> int:
    """Return into how many grains an edge of a structure's voxel is cut."""
    wanted = float(structure.region.spacing_mm.max()) / value("planning.bone_grain_mm")
    return max(int(np.ceil(wanted - 10.0**-9)), 1)


def voxel_mm3(structure: Structure) -> float:
    """Return the volume of one voxel of a structure, mm3."""
    return float(np.prod(structure.region.spacing_mm))


def measure_volume_mm3(structure: Structure) -> float:
    """Return the volume of a structure's voxels, mm3."""
    return float((structure.region.values > 0).sum()) * voxel_mm3(structure)
