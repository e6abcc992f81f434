"""What all ways to operate share: the level, the target, the tissues that may be taken."""

import itertools
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from kambin.anatomy import Anatomy, Case, Structure, StructureKey
from kambin.approaches.solids import Solid
from kambin.core import AnatomyError
from kambin.frames import Side
from kambin.knowledge import value
from kambin.planning import PlanRequest
from kambin.planning.evaluate import is_resolved
from kambin.planning.geometry import LevelGeometry, find_level_geometry
from kambin.planning.policy import BONE, Group, find_group, find_hazards
from kambin.planning.skin import Skin
from kambin.planning.targets import find_targets

MUSCLE_KINDS = ("multifidus", "erector_spinae", "quadratus", "psoas")
"""The muscles between skin and spine."""

BACK_MUSCLE_KINDS = ("multifidus", "erector_spinae")
"""Without one of these what a way from behind costs is not known."""

KEPT_KINDS = ("pars", "arch_base", "pedicle")
"""Bone that no window is cut into; it stands in the way of some tubes."""


@dataclass(frozen=True)
class Ground:
    """One patient, level, side and target, prepared once for all ways to operate.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy, completed from the case
    request : PlanRequest
    geometry : LevelGeometry
    target_lps_mm : float array, shape (3,), mm, LPS: middle of the fragment, or of the zone
    """

    case: Case
    anatomy: Anatomy
    request: PlanRequest
    geometry: LevelGeometry
    target_lps_mm: NDArray[np.float64]
    tilts: dict[str, tuple[float, float]] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )
    _pairs: dict[Side, tuple[NDArray[np.int64], NDArray[np.int64]] | None] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )
    _voxels: dict[StructureKey, NDArray[np.float64]] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )

    @classmethod
    def of(cls, case: Case, anatomy: Anatomy, request: PlanRequest) -> "Ground":
        """Return what a request stands on.

        Parameters
        ----------
        case : Case
        anatomy : Anatomy, completed from the case
        request : PlanRequest

        Raises
        ------
        RequestError  (PL-032) if nothing says where the target is
        AnatomyError  (AN-011) if disc, vertebrae or pedicles of the level are not assessed
        """
        geometry = find_level_geometry(anatomy, level=request.level, side=request.side)
        targets = find_targets(anatomy, geometry, request)
        return cls(case, anatomy, request, geometry, np.asarray(targets.centre_lps_mm))

    @property
    def other_side(self) -> Side:
        """Return the patient's side that was not asked for."""
        return Side.RIGHT if self.geometry.side is Side.LEFT else Side.LEFT

    @property
    def axes_lps(self) -> NDArray[np.float64]:
        """Return lateral, posterior and cranial of the disc as unit vectors, rows, LPS."""
        origin = self.geometry.lps_mm(np.zeros(3))
        return self.geometry.lps_mm(np.eye(3)) - origin

    @property
    def is_resolved(self) -> bool:
        """Return whether labels and image show the facet joint."""
        return is_resolved(self.case, self.anatomy)

    @cached_property
    def skin(self) -> Skin | None:
        """Return the skin, or none if nothing shows it."""
        found = self.anatomy.find("skin")
        return None if found is None else Skin(found.region)

    @property
    def lamina_keys(self) -> list[StructureKey]:
        """Return the names of laminae and spinous processes of both vertebrae; at S1 the sacrum."""
        level = self.geometry.level
        places = (level.upper, level.lower)
        keys = [StructureKey(kind, place) for place in places for kind in ("lamina", "sp")]
        return keys + ([StructureKey("sacrum")] if level.lower == "S1" else [])

    @property
    def moved_nerves(self) -> list[StructureKey]:
        """Return the names of what is moved medially: traversing root and sac."""
        root = StructureKey("traversing_root", self.geometry.level.lower, self.geometry.side)
        return [root, StructureKey("dural_sac")]

    @cached_property
    def laminae(self) -> tuple[Structure, ...]:
        """Return lamina and spinous process of both vertebrae; of S1 the back of the sacrum."""
        return self._present(self.lamina_keys)

    @cached_property
    def facets(self) -> tuple[Structure, ...]:
        """Return inferior and superior process of the joint on the asked side."""
        level, side = self.geometry.level, self.geometry.side
        return self._present(
            [StructureKey("iap", level.upper, side), StructureKey("sap", level.lower, side)]
        )

    @cached_property
    def flava(self) -> tuple[Structure, ...]:
        """Return the ligamentum flavum of the level."""
        return self._present([StructureKey("flavum", str(self.geometry.level))])

    @cached_property
    def partes(self) -> tuple[Structure, ...]:
        """Return the pars of both vertebrae on the asked side, which should stay."""
        level, side = self.geometry.level, self.geometry.side
        return self._present([StructureKey("pars", v, side) for v in (level.upper, level.lower)])

    @cached_property
    def rims(self) -> tuple[Structure, ...]:
        """Return the bone at the foramen's lower rim, which goes only where a plan says so."""
        level, side = self.geometry.level, self.geometry.side
        keys = sorted(self.anatomy.structures, key=str)
        return self._present(
            [key for key in keys if find_group(key, level=level, side=side) is Group.RIM]
        )

    @cached_property
    def beside(self) -> tuple[Structure, ...]:
        """Return all other bone of both vertebrae, that no window is cut into."""
        level, side = self.geometry.level, self.geometry.side
        groups = find_hazards(self.anatomy.structures, level=level, side=side)
        cut = {part.key for part in (*self.laminae, *self.facets)}
        return self._present(
            [
                key
                for key, group in groups.items()
                if group in BONE and key.place in (level.upper, level.lower) and key not in cut
            ]
        )

    @cached_property
    def muscles(self) -> tuple[Structure, ...]:
        """Return the muscles of both sides between skin and spine."""
        sides = (self.geometry.side, self.other_side)
        pairs = itertools.product(MUSCLE_KINDS, sides)
        return self._present([StructureKey(kind, "", side) for kind, side in pairs])

    @property
    def knows_muscles(self) -> bool:
        """Return whether a muscle of the back is known on the asked side."""
        side = self.geometry.side
        keys = [StructureKey(kind, "", side) for kind in BACK_MUSCLE_KINDS]
        return bool(self._present(keys))

    @cached_property
    def lamina_mm(self) -> NDArray[np.float64]:
        """Return front, middle and back of the upper lamina, mm behind the disc's centre.

        Raises
        ------
        AnatomyError  (AN-011) if the lamina is not assessed
        """
        lamina = self.anatomy.require(StructureKey("lamina", self.geometry.level.upper))
        behind = self._surgical_mm(lamina)[:, 1]
        return np.array([behind.min(), behind.mean(), behind.max()])

    def joint_mm(self, side: Side) -> tuple[float, float] | None:
        """Return medial and lateral border of the joint's face, mm from the midline, or none.

        Parameters
        ----------
        side : Side
        """
        pairs = self.find_facet_pairs(side)
        if pairs is None:
            return None
        sap = self.anatomy.require(StructureKey("sap", self.geometry.level.lower, side))
        lateral = self.geometry.surgical_mm(sap.region.lps_mm(pairs[0]))[:, 0]
        if side is not self.geometry.side:
            lateral = -lateral
        return max(float(lateral.min()), 0.0), float(lateral.max())

    @cached_property
    def back_bone(self) -> cKDTree | None:
        """Return the voxels of laminae, spinous and inferior processes, as a tree, mm, LPS."""
        level = self.geometry.level
        keys = [StructureKey("iap", level.upper, side) for side in Side]
        parts = [s for s in self.laminae if s.key.kind != "sacrum"] + list(self._present(keys))
        points = [part.region.lps_mm(np.argwhere(part.region.values > 0)) for part in parts]
        return cKDTree(np.concatenate(points)) if points else None

    def find_facet_pairs(self, side: Side) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Return the joint's face on the SAP, shape (N, 3), and the IAP's voxel opposite of each.

        Parameters
        ----------
        side : Side

        Notes
        -----
        The same face as the planner's: surface voxels of the superior process that are near the
        inferior one. None without both.
        """
        if side not in self._pairs:
            self._pairs[side] = self._pair_faces(side)
        return self._pairs[side]

    def _pair_faces(self, side: Side) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        level = self.geometry.level
        sap = self.anatomy.find(StructureKey("sap", level.lower, side))
        iap = self.anatomy.find(StructureKey("iap", level.upper, side))
        if sap is None or iap is None:
            return None
        mask = sap.region.values > 0
        surface = np.argwhere(mask & ~ndimage.binary_erosion(mask))
        others = np.argwhere(iap.region.values > 0)
        gap, nearest = cKDTree(iap.region.lps_mm(others)).query(sap.region.lps_mm(surface))
        near = gap <= value("planning.facet_reach_mm")
        return (surface[near], others[nearest[near]]) if near.any() else None

    def voxels_lps_mm(self, structure: Structure) -> NDArray[np.float64]:
        """Return the middles of a structure's voxels, shape (N, 3), mm, LPS, kept once asked for.

        Parameters
        ----------
        structure : Structure
        """
        if structure.key not in self._voxels:
            ijk = np.argwhere(structure.region.values > 0)
            self._voxels[structure.key] = structure.region.lps_mm(ijk).reshape(-1, 3)
        return self._voxels[structure.key]

    def require_back(self) -> None:
        """Refuse a patient whose level has no lamina to go through.

        Raises
        ------
        AnatomyError  (AN-011)
        """
        if (
            not self.laminae
            or self.anatomy.find(StructureKey("lamina", self.geometry.level.upper)) is None
        ):
            raise AnatomyError(
                code="AN-011",
                what="A structure that the ways from behind need was not assessed",
                where=f"lamina:{self.geometry.level.upper}",
                why="No mask gives it and it could not be modelled.",
                next_step="Add a mask for it, or ask for another level.",
            )

    def _present(self, keys: list[StructureKey]) -> tuple[Structure, ...]:
        found = (self.anatomy.find(key) for key in keys)
        return tuple(structure for structure in found if structure is not None)

    def _surgical_mm(self, structure: Structure) -> NDArray[np.float64]:
        """Return the voxels of a structure as lateral, posterior, cranial of the disc, mm."""
        ijk = np.argwhere(structure.region.values > 0)
        return self.geometry.surgical_mm(structure.region.lps_mm(ijk))

    @cached_property
    def _back_points(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the voxels of the arches near the target, mm, LPS, and their mm3."""
        points, volumes = [np.zeros((0, 3))], [np.zeros(0)]
        level, side = self.geometry.level, self.geometry.side
        keys = [StructureKey(k, v, side) for v in (level.upper, level.lower) for k in KEPT_KINDS]
        for structure in (*self.laminae, *self.facets, *self._present(keys)):
            region = structure.region
            places = region.lps_mm(np.argwhere(region.values > 0))
            away = np.linalg.norm(places - self.target_lps_mm, axis=1)
            near = places[away <= value("exposure.near_mm")]
            points.append(near)
            volumes.append(np.full(len(near), float(np.prod(region.spacing_mm))))
        return np.concatenate(points), np.concatenate(volumes)

    def estimate_bone_mm3(self, cut: Solid) -> float:
        """Return the bone near the target inside a solid by whole voxels, to choose a way.

        Parameters
        ----------
        cut : Solid
        """
        points, volumes = self._back_points
        return float(volumes[cut.gap_mm(points) <= 0].sum())
