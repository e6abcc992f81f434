"""Surfaces of structures as triangles, made from the labels without any distance field."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage import measure

from kambin.core import InputError
from kambin.imaging._normal_kernels import find_neighbours, measure_normals
from kambin.imaging._triangle_kernels import Tree, build_tree
from kambin.imaging.volume import LabelMap

LEAF_SIZE = 8
"""Triangles per leaf of the search tree."""

MESH_SIGMA = 0.62
"""Gaussian of the surface, voxels: it takes the steps off, and what it takes from edges is
what twicing takes too. Of 0.4 to 0.9 the width whose surfaces lie neither within nor around
those of the fields, for whole bones as for thin parts (docs/adr/0006)."""

SOLID_PEAK = 0.65
"""Where nothing within a voxel is fuller than this after smoothing, the labels are kept: a
plate of one voxel peaks at 0.58, one of two at 0.78 (erf)."""

TIE_BREAK = 1e-3
"""What kept labels exceed 1 by: at a level halfway between, marching cubes cannot tell how four
voxels that touch at corners only are joined, and leaves edges with four triangles."""

HELD = np.float32(0.5 + 2.0 * TIE_BREAK)
"""Least level in the middle of a labelled voxel: just inside."""

BEYOND_VOXELS = 16
"""How far a structure cut by the border of its array is continued before it is closed."""

ROOM_VOXELS = 4
"""Background kept about a structure: more than the Gaussian reaches, so that all that is farther
away is left out without changing a triangle."""


# The library is not typed; under this name strict checking goes on around the one call.
_MARCHING_CUBES: Any = measure.marching_cubes


class SurfaceTree(NamedTuple):
    """Triangles in a tree of balls, with the normals that tell inside from outside."""

    tree: Tree
    normals: NDArray[np.float64]


# Without slots: the cached tree needs a place to live.
@dataclass(frozen=True)
class Surface:
    """The closed surface of one structure.

    Parameters
    ----------
    vertices_lps_mm : float array, shape (N, 3), mm, LPS
    faces : int array, shape (M, 3), vertex numbers, counter-clockwise seen from outside
    frame_id : str, frame of reference

    Raises
    ------
    InputError  (IN-044) if there is no triangle, or one names a vertex that is not there
    """

    vertices_lps_mm: NDArray[np.float64]
    faces: NDArray[np.int64]
    frame_id: str

    def __post_init__(self) -> None:
        """Keep read-only copies, and refuse what is no surface."""
        vertices = np.array(self.vertices_lps_mm, dtype=np.float64).reshape(-1, 3)
        faces = np.array(self.faces, dtype=np.int64).reshape(-1, 3)
        if not faces.size or faces.min() < 0 or faces.max() >= len(vertices):
            where = f"{len(vertices)} vertices, {len(faces)} faces"
            why = "It has no triangle, or a triangle names a vertex that is not there."
            raise _not_usable(where, why)
        for array in (vertices, faces):
            array.setflags(write=False)
        object.__setattr__(self, "vertices_lps_mm", vertices)
        object.__setattr__(self, "faces", faces)

    @property
    def corners_lps_mm(self) -> NDArray[np.float64]:
        """Return the corners of the triangles, shape (M, 3, 3), mm, LPS."""
        return self.vertices_lps_mm[self.faces]

    @property
    def volume_mm3(self) -> float:
        """Return the enclosed volume, mm^3; negative if the triangles face inwards."""
        # Seen from one of its own vertices: far from the origin the terms would cancel digits.
        a, b, c = np.moveaxis(self.corners_lps_mm - self.vertices_lps_mm[0], 1, 0)
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)

    @cached_property
    def tree(self) -> SurfaceTree:
        """Return the triangles sorted for fast distance queries; made at the first use.

        Raises
        ------
        InputError  (IN-044) if the surface is not closed: then nothing is inside

        References
        ----------
        Baerentzen and Aanaes 2005, IEEE TVCG 11:243, doi 10.1109/TVCG.2005.49 (the normals)
        """
        corners = np.ascontiguousarray(self.corners_lps_mm)
        normals = _feature_normals(self.faces, corners)
        order, spans, balls = build_tree(corners, LEAF_SIZE)
        return SurfaceTree((corners[order], order, spans, balls), normals)


def extract_surface(region: LabelMap) -> Surface:
    """Make the closed surface of a labelled structure, independently of any distance field.

    Parameters
    ----------
    region : LabelMap of 0 and 1, shape (I, J, K)

    Returns
    -------
    Surface, mm, LPS, facing outwards

    Raises
    ------
    InputError  (IN-040) if the region is empty

    Notes
    -----
    Marching cubes at 0.5 of the labels after a Gaussian of 0.62 voxel; parts too thin for that
    keep their labels, and every labelled voxel its middle. A structure that the border of the
    array cuts is continued by 16 voxels and closed there, so that the cut is no false surface.

    References
    ----------
    Lorensen and Cline 1987, Computer Graphics 21:163, doi 10.1145/37401.37422
    Lewiner et al. 2003, J Graphics Tools 8:1, doi 10.1080/10867651.2003.10487582 (the cases)
    """
    inside = region.values != 0
    if not inside.any():
        raise InputError(
            code="IN-040",
            what="A structure has no voxels",
            where=f"map of shape {region.shape}",
            why="All its voxels are background.",
            next_step="Check the names of the labels, or treat the structure as missing.",
        )
    raw, first = _continue_beyond(inside)
    smooth = ndimage.gaussian_filter(raw, MESH_SIGMA, mode="constant")
    solid = ndimage.maximum_filter(smooth, size=3) >= SOLID_PEAK
    level = np.where(solid, smooth, raw * np.float32(1.0 + TIE_BREAK))
    # A thin end on a thick part has a full neighbour; its middle is kept all the same.
    level = np.where(raw > 0.0, np.maximum(level, HELD), level)
    # No degenerate triangles: without a normal the sign of a distance would be lost.
    vertices, faces, _, _ = _MARCHING_CUBES(level, 0.5, allow_degenerate=False)
    points = region.lps_mm(vertices.astype(np.float64) + first)
    surface = Surface(points, faces, region.frame_id)
    # An array stored mirrored turns the triangles inside out.
    if surface.volume_mm3 < 0.0:
        surface = Surface(points, faces[:, ::-1], region.frame_id)
    return surface


def _continue_beyond(
    inside: NDArray[np.bool_],
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return a structure with room about it, continued where its array cuts it.

    Returns
    -------
    float32 array of 0 and 1, and the index in ``inside`` of its first voxel, shape (3,)
    """
    box, cut, room = [], [], []
    for axis in range(3):
        hits = np.flatnonzero(inside.any(axis=tuple({0, 1, 2} - {axis})))
        low, high = int(hits[0]), int(hits[-1]) + 1
        touches = (low == 0, high == inside.shape[axis])
        box.append(slice(low, high))
        cut.append(tuple(BEYOND_VOXELS if touch else 0 for touch in touches))
        # Continued, then capped: a cap at the cut itself would be a face that is not there.
        room.append(tuple(1 if touch else ROOM_VOXELS for touch in touches))
    raw = np.pad(inside[tuple(box)].astype(np.float32), cut, mode="edge")
    starts = [part.start - a[0] - b[0] for part, a, b in zip(box, cut, room, strict=True)]
    return np.pad(raw, room), np.array(starts)


def _feature_normals(faces: NDArray[np.int64], corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return pseudo-normals of corners 0-2, edges 0-1, 1-2, 2-0 and face, shape (M, 7, 3)."""
    neighbours = find_neighbours(faces, int(faces.max()) + 1)
    # Each edge a to b must occur once as b to a: that is what closed and oriented means.
    if (neighbours < 0).any():
        where = f"{len(faces)} faces"
        raise _not_usable(where, "Its triangles do not close: an edge has no pair.")
    normals: NDArray[np.float64] = measure_normals(faces, corners, neighbours)
    return normals


def _not_usable(where: str, why: str) -> InputError:
    return InputError(
        code="IN-044",
        what="A surface is not usable",
        where=where,
        why=why,
        next_step="Make the surface from a label map, or close it in the tool it came from.",
    )
