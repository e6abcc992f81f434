"""The bone of one level and side that reamers take or must leave, prepared once for all paths."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from kambin.anatomy import Anatomy, Structure, StructureKey
from kambin.knowledge import value
from kambin.planning.geometry import LevelGeometry
from kambin.planning.grains import Grains, Voxels, cut_into_grains
from kambin.planning.policy import Group, find_group


@dataclass(frozen=True, slots=True)
class ProcessGrains:
    """The superior process as grains, which are the same for every path of a level.

    Parameters
    ----------
    sap : Structure
    points_lps_mm : float array, shape (N, 3), mm, LPS, the middles of the grains
    behind_mm, height_mm : float arrays, shape (N,), mm, of the same in the vertebra's frame
    grain_mm : float, mm, their width
    facet : Voxels of the joint's surface, or none without an IAP
    """

    sap: Structure
    points_lps_mm: NDArray[np.float64]
    behind_mm: NDArray[np.float64]
    height_mm: NDArray[np.float64]
    grain_mm: float
    facet: Voxels | None


@dataclass(frozen=True, slots=True)
class Pars:
    """One pars, which should stay.

    Parameters
    ----------
    voxels : Voxels
    thickness_mm : float, mm, where it is thickest, untouched
    """

    voxels: Voxels
    thickness_mm: float

    def measure_left_mm(self, gone: NDArray[np.bool_]) -> float:
        """Return how thick it is at most when some of its voxels, shape (N,), are gone, mm."""
        if not gone.any():
            return self.thickness_mm
        left = self.voxels.structure.region.values > 0
        left[tuple(self.voxels.ijk[gone].T)] = False
        return _measure_thickness_mm(self.voxels.structure, left)


@dataclass(frozen=True)
class LevelBone:
    """All bone of a level that resection asks about; each part is made when first asked for.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    """

    anatomy: Anatomy
    geometry: LevelGeometry

    @cached_property
    def process(self) -> ProcessGrains | None:
        """Return the superior process of the level's side, or none if it is not assessed."""
        level, side = self.geometry.level, self.geometry.side
        sap = self.anatomy.find(StructureKey("sap", level.lower, side))
        frame = self.anatomy.vertebra_frames.get(level.lower)
        if sap is None or frame is None:
            return None
        grains, grain_mm = cut_into_grains(sap)
        local = frame.lps_from_vertebra.inverse().points(grains)
        facet = _find_facet(self.anatomy, self.geometry, sap)
        return ProcessGrains(sap, grains, local[:, 1], local[:, 2], grain_mm, facet)

    @cached_property
    def rims(self) -> tuple[Voxels, ...]:
        """Return the bone at the rim, which goes only where a plan declares it."""
        return tuple(Voxels.of(structure) for structure in self._find(Group.RIM))

    @cached_property
    def iap(self) -> Voxels | None:
        """Return the inferior process of the joint, or none if it is not assessed."""
        level, side = self.geometry.level, self.geometry.side
        iap = self.anatomy.find(StructureKey("iap", level.upper, side))
        return None if iap is None else Voxels.of(iap)

    @cached_property
    def pars(self) -> tuple[Pars, ...]:
        """Return the pars of both vertebrae on the level's side."""
        level, side = self.geometry.level, self.geometry.side
        found = (
            self.anatomy.find(StructureKey("pars", vertebra, side))
            for vertebra in (level.upper, level.lower)
        )
        return tuple(
            Pars(Voxels.of(pars), _measure_thickness_mm(pars, pars.region.values > 0))
            for pars in found
            if pars is not None
        )

    def find_removable(self, *, frees_rim: bool) -> Grains:
        """Return the bone that reamers may take, as grains.

        Parameters
        ----------
        frees_rim : bool, whether the rim may go, too
        """
        return self._removable_and_rim if frees_rim else self._removable

    @cached_property
    def _removable(self) -> Grains:
        return Grains.joined([Grains.of(s) for s in self._find(Group.REMOVABLE)])

    @cached_property
    def _removable_and_rim(self) -> Grains:
        return Grains.joined([Grains.of(s) for s in self._find(Group.REMOVABLE, Group.RIM)])

    def _find(self, *groups: Group) -> Iterator[Structure]:
        """Yield the structures of some groups, in the order of their names."""
        level, side = self.geometry.level, self.geometry.side
        for key, structure in sorted(self.anatomy.structures.items(), key=lambda one: str(one[0])):
            if find_group(key, level=level, side=side) in groups:
                yield structure


def _measure_thickness_mm(structure: Structure, mask: NDArray[np.bool_]) -> float:
    """Return how thick a part of a structure is where it is thickest, mm."""
    spacing = structure.region.spacing_mm
    depth = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=spacing)
    # Where nothing is left there is no voxel whose edge could be taken off.
    return max(2 * float(depth.max()) - float(spacing.max()), 0.0)


def _find_facet(anatomy: Anatomy, geometry: LevelGeometry, sap: Structure) -> Voxels | None:
    """Return the voxels of the facet's surface, or none without an IAP."""
    iap = anatomy.find(StructureKey("iap", geometry.level.upper, geometry.side))
    if iap is None:
        return None
    mask = sap.region.values > 0
    surface = np.argwhere(mask & ~ndimage.binary_erosion(mask))
    others = iap.region.lps_mm(np.argwhere(iap.region.values > 0))
    gap = cKDTree(others).query(sap.region.lps_mm(surface))[0]
    return Voxels.of(sap, surface[gap <= value("planning.facet_reach_mm")])
