"""What reach asks of a level whatever the path: obstacles, blocks of the fragment, nerves."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from kambin.anatomy import Anatomy, StructureKey
from kambin.knowledge import value
from kambin.planning.geometry import LevelGeometry
from kambin.planning.reach_handling import SHARE_EPSILON, Handling
from kambin.planning.reach_scene import FRAGMENT, Obstacles, ReachScene, build_scene, find_obstacles

DISTANCE_DECIMALS = 6
"""Distances are compared in nanometres, so that a mirrored tie is decided alike."""

GROUND_ROOM_MM = 2.0 * value("reach.scene_room_mm")
"""Room beside what forceps come past their target, so that a dragged path stays on the ground."""


@dataclass(frozen=True)
class ReachGround:
    """The fragment of a case with what blocks around it, kept while a path is dragged.

    Parameters
    ----------
    anatomy : Anatomy with a fragment
    geometry : LevelGeometry, whose level and side say which bone may be reamed
    """

    anatomy: Anatomy
    geometry: LevelGeometry
    trees: dict[StructureKey, cKDTree] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )
    _kept: dict[tuple[bool, float, float], Obstacles] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )
    _blocks: dict[float, tuple[NDArray[np.float64], NDArray[np.int64]]] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )

    @cached_property
    def ijk(self) -> NDArray[np.int64]:
        """Return the fragment's voxels, shape (N, 3)."""
        return np.argwhere(self.anatomy.require(FRAGMENT).region.values > 0)

    @cached_property
    def points_lps_mm(self) -> NDArray[np.float64]:
        """Return the middles of the fragment's voxels, shape (N, 3), mm, LPS."""
        return self.anatomy.require(FRAGMENT).region.lps_mm(self.ijk)

    @cached_property
    def corners_lps_mm(self) -> NDArray[np.float64]:
        """Return the corners of the fragment's box, shape (2, 3), mm, LPS."""
        return np.stack([self.points_lps_mm.min(axis=0), self.points_lps_mm.max(axis=0)])

    def find_blocks(self, block_mm: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the voxel nearest to the middle of each block, and the block of each voxel.

        Parameters
        ----------
        block_mm : float, mm, width of a block

        Returns
        -------
        float array, shape (B, 3), mm, LPS, and int array, shape (N,)
        """
        if block_mm not in self._blocks:
            spacing = self.anatomy.require(FRAGMENT).region.spacing_mm
            wide = np.maximum(np.floor(block_mm / spacing + SHARE_EPSILON), 1).astype(int)
            self._blocks[block_mm] = _find_blocks(self.points_lps_mm, self.ijk // wide)
        return self._blocks[block_mm]

    def make_scene(
        self,
        ends_lps_mm: NDArray[np.float64],
        reamed: NDArray[np.float64],
        handling: Handling,
        *,
        frees_rim: bool,
        is_kept: bool,
    ) -> ReachScene:
        """Return what blocks between the fragment and the ends of cannula and forceps.

        Parameters
        ----------
        ends_lps_mm : float array, shape (N, 3), mm, LPS
        reamed : float array, shape (K, 7), mm: capsules of bone that is gone
        handling : Handling
        frees_rim : bool, whether a reamer takes the rim, too
        is_kept : bool, whether one box about the fragment serves all paths whose tools end in it;
            else, and for the others, a box is made for this path alone
        """
        shaft_mm = max(handling.rigid_mm, handling.bent_mm)
        low, high = self.corners_lps_mm
        room = handling.past_mm + GROUND_ROOM_MM
        corners = np.concatenate([self.corners_lps_mm, ends_lps_mm])
        if is_kept and (ends_lps_mm >= low - room).all() and (ends_lps_mm <= high + room).all():
            name = (frees_rim, shaft_mm, handling.spacing_mm)
            if name not in self._kept:
                self._kept[name] = find_obstacles(
                    self.anatomy,
                    self.geometry,
                    np.stack([low - room, high + room]),
                    frees_rim=frees_rim,
                    shaft_mm=shaft_mm,
                    spacing_mm=handling.spacing_mm,
                )
            return self._kept[name].narrow(self.anatomy, corners).ream(reamed)
        return build_scene(
            self.anatomy,
            self.geometry,
            corners,
            reamed,
            frees_rim=frees_rim,
            shaft_mm=shaft_mm,
            spacing_mm=handling.spacing_mm,
        )


def _find_blocks(
    points_lps_mm: NDArray[np.float64], cubes: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the point nearest to the middle of each cube, and the cube of each point."""
    _, group, counts = np.unique(cubes, axis=0, return_inverse=True, return_counts=True)
    group = group.reshape(-1)
    sums = np.stack([np.bincount(group, weights=points_lps_mm[:, n]) for n in range(3)], axis=1)
    away = np.linalg.norm(points_lps_mm - (sums / counts[:, None])[group], axis=1)
    order = np.lexsort((away.round(DISTANCE_DECIMALS), group))
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    return np.ascontiguousarray(points_lps_mm[order[first]]), group
