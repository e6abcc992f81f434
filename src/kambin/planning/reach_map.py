"""What is known of each voxel of the fragment, and what of it stays behind."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from kambin.anatomy import Anatomy, StructureKey
from kambin.planning.evaluate import to_point
from kambin.planning.fields import find_faces
from kambin.planning.geometry import LevelGeometry
from kambin.planning.reach_models import Residual
from kambin.planning.shafts import Shaft

NEITHER, REMOVABLE, VISIBLE, BOTH, OUTSIDE = range(5)
"""Classes of the voxel map; the last is not of the fragment."""


@dataclass(frozen=True, slots=True)
class ReachMap:
    """What is known of each voxel of the fragment.

    Parameters
    ----------
    classes : uint8 array, shape of the fragment's region: 0 neither, 1 removable, 2 visible,
        3 both, 4 not of the fragment
    lps_from_ijk : float array, shape (4, 4), mm, of that region
    rigid : bool array, the same shape, what straight forceps reach
    best_rotation : int, of the scope, by what it shows
    shown_by_best : bool array, the same shape
    swivels : tuple of Shaft, the cannula in every direction that it has room for
    asked : int, directions that were tried
    """

    classes: NDArray[np.uint8]
    lps_from_ijk: NDArray[np.float64]
    rigid: NDArray[np.bool_]
    best_rotation: int
    shown_by_best: NDArray[np.bool_]
    swivels: tuple[Shaft, ...]
    asked: int

    @property
    def residual(self) -> NDArray[np.bool_]:
        """Return the voxels that no forceps reaches."""
        left: NDArray[np.bool_] = (self.classes == NEITHER) | (self.classes == VISIBLE)
        return left

    def share(self, *classes: int) -> float:
        """Return the share of the fragment in some classes."""
        mine = self.classes[self.classes != OUTSIDE]
        return float(np.isin(mine, classes).mean())


def describe_residual(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    found: ReachMap,
    trees: dict[StructureKey, cKDTree] | None = None,
) -> Residual | None:
    """Return what no forceps reaches, its largest piece and how near nerves are to that.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    found : ReachMap
    trees : of the faces of nerves, filled where one is lacking, or none

    Returns
    -------
    Residual, or none where all is reached
    """
    if not found.residual.any():
        return None
    voxel_mm3 = float(abs(np.linalg.det(found.lps_from_ijk[:3, :3])))
    pieces, count = ndimage.label(found.residual, structure=np.ones((3, 3, 3)))
    sizes = np.bincount(pieces.ravel())[1:]
    ijk = np.argwhere(pieces == int(np.argmax(sizes)) + 1).astype(np.float64)
    points = ijk @ found.lps_from_ijk[:3, :3].T + found.lps_from_ijk[:3, 3]
    level, side = geometry.level, geometry.side
    kept = {} if trees is None else trees
    names = (
        StructureKey("exiting_root", level.upper, side),
        StructureKey("traversing_root", level.lower, side),
        StructureKey("dural_sac"),
    )
    return Residual(
        volume_mm3=int(found.residual.sum()) * voxel_mm3,
        pieces=count,
        largest_mm3=int(sizes.max()) * voxel_mm3,
        centroid_lps_mm=to_point(points.mean(axis=0)),
        distances_mm={str(key): _find_gap_mm(anatomy, key, points, kept) for key in names},
    )


def _find_gap_mm(
    anatomy: Anatomy,
    key: StructureKey,
    points_lps_mm: NDArray[np.float64],
    trees: dict[StructureKey, cKDTree],
) -> float | None:
    """Return the least distance of points to a structure, mm, negative inside; none without it."""
    structure = anatomy.find(key)
    if structure is None:
        return None
    region = structure.region
    if key not in trees:
        trees[key] = cKDTree(find_faces(region))
    away = trees[key].query(points_lps_mm)[0]
    nodes = np.rint(region.ijk(points_lps_mm)).astype(int)
    held = ((nodes >= 0) & (nodes < np.array(region.shape))).all(axis=1)
    inside = np.zeros(len(points_lps_mm), dtype=bool)
    inside[held] = region.values[tuple(nodes[held].T)] > 0
    return float(np.where(inside, -away, away).min())
