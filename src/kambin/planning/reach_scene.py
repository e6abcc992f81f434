"""What blocks forceps and sight around a fragment, as two distance fields."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy import Anatomy, Structure, StructureKey
from kambin.imaging import Grid
from kambin.knowledge import value
from kambin.planning.bone_kernels import union_shares
from kambin.planning.geometry import LevelGeometry
from kambin.planning.policy import BONE, NEURAL, Group, find_hazards

FRAGMENT = StructureKey("fragment")
"""What is to be taken out."""

HALF = 0.5
"""The share of a node inside a structure at which its surface lies."""


@dataclass(frozen=True, slots=True)
class ReachScene:
    """What blocks sight and tools in a box around fragment and cannula.

    Parameters
    ----------
    grid : Grid
    bone : float32 array, shape ``grid.shape``, mm, distance to bone that stays
    soft : float32 array, mm, distance to nerves, sac, vessels and organs
    sure : float32 array, the same without modelled nerves and a modelled sac
    cut : float32 array, mm, distance to bone that a reamer may take and leaves, up to ``NEAR_MM``
    blockers : keys of what blocks in the box, sorted
    modelled : those of them that no image shows
    """

    grid: Grid
    bone: NDArray[np.float32]
    soft: NDArray[np.float32]
    sure: NDArray[np.float32]
    cut: NDArray[np.float32]
    blockers: tuple[StructureKey, ...]
    modelled: tuple[StructureKey, ...]

    @property
    def frame(self) -> NDArray[np.float64]:
        """Return first node, spacing and contact with bone, shape (5,), as the kernels want it."""
        contact = value("reach.bone_contact_mm")
        return np.array([*self.grid.origin_lps_mm, self.grid.spacing_mm, contact])

    @property
    def fields(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return bone, soft and cut, as the kernels want them."""
        return self.bone, self.soft, self.cut

    def holds(self, points_lps_mm: NDArray[np.float64]) -> bool:
        """Return whether all points, shape (N, 3), mm, LPS, lie in the box."""
        nodes = self.grid.ijk(points_lps_mm)
        return bool(((nodes >= 0) & (nodes <= np.array(self.grid.shape) - 1)).all())


@dataclass(frozen=True, slots=True)
class Obstacles:
    """What blocks in a box before anything is reamed; only the reamed bone changes with a path.

    Parameters
    ----------
    scene : ReachScene in which no bone is gone
    cut : bool array, shape of the grid, nodes of bone that a reamer may take
    fragment : bool array, the same shape
    room_mm : float, mm, that the thickest forceps have inside the fragment
    insides : per blocker of the scene, where its nodes start, shape (3,), and which they are
    """

    scene: ReachScene
    cut: NDArray[np.bool_]
    fragment: NDArray[np.bool_]
    room_mm: float
    insides: tuple[tuple[NDArray[np.int64], NDArray[np.bool_]], ...]

    def ream(self, reamed: NDArray[np.float64]) -> ReachScene:
        """Return the scene after some bone is gone.

        Parameters
        ----------
        reamed : float array, shape (K, 7), mm: capsules of bone that is gone
        """
        grid = self.scene.grid
        nodes = np.argwhere(self.cut)
        places = np.ascontiguousarray(grid.origin_lps_mm + grid.spacing_mm * nodes)
        gone = union_shares(places, np.zeros((3, 3)), reamed, 1) > 0
        if not gone.any():
            return self.scene
        left = self.cut.copy()
        left[tuple(nodes[gone].T)] = False
        return replace(self.scene, cut=_measure_near_mm(left, self.fragment, self.room_mm, grid))

    def narrow(self, anatomy: Anatomy, corners_lps_mm: NDArray[np.float64]) -> "Obstacles":
        """Return the same, naming only what blocks in the smaller box around some points.

        Parameters
        ----------
        anatomy : Anatomy, whose working grid anchors the nodes
        corners_lps_mm : float array, shape (N, 3), mm, LPS
        """
        grid = self.scene.grid
        inner = _find_grid(anatomy, corners_lps_mm, grid.spacing_mm)
        first = np.rint(grid.ijk(inner.origin_lps_mm)).astype(int)
        stop = first + inner.shape
        near = []
        for key, (start, inside) in zip(self.scene.blockers, self.insides, strict=True):
            low = np.clip(first - start, 0, inside.shape)
            high = np.clip(stop - start, 0, inside.shape)
            part = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
            near += [key] if inside[part].any() else []
        modelled = tuple(key for key in self.scene.modelled if key in near)
        scene = replace(self.scene, blockers=tuple(near), modelled=modelled)
        return replace(self, scene=scene)


def build_scene(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    corners_lps_mm: NDArray[np.float64],
    reamed: NDArray[np.float64],
    *,
    frees_rim: bool,
    shaft_mm: float,
    spacing_mm: float,
) -> ReachScene:
    """Return what blocks sight and tools in the box around some points.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry, whose level and side say which bone may be reamed
    corners_lps_mm : float array, shape (N, 3), mm, LPS: fragment, cannula and ends of forceps
    reamed : float array, shape (K, 7), mm: capsules of bone that is gone
    frees_rim : bool, whether a reamer takes the rim, too
    shaft_mm : float, mm, radius of the thickest forceps; inside the fragment there is that room
    spacing_mm : float, mm, of the fields

    Returns
    -------
    ReachScene
    """
    found = find_obstacles(
        anatomy,
        geometry,
        corners_lps_mm,
        frees_rim=frees_rim,
        shaft_mm=shaft_mm,
        spacing_mm=spacing_mm,
    )
    return found.ream(reamed)


def find_obstacles(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    corners_lps_mm: NDArray[np.float64],
    *,
    frees_rim: bool,
    shaft_mm: float,
    spacing_mm: float,
) -> Obstacles:
    """Return what blocks sight and tools around some points before anything is reamed.

    Parameters
    ----------
    anatomy, geometry, corners_lps_mm, frees_rim, shaft_mm, spacing_mm : as ``build_scene``

    Notes
    -----
    Bone, nerves, sac, vessels and organs block; disc, flavum, muscle and a modelled segmental
    artery do not. Where the fragment lies nothing else is: a modelled root or sac that it pushes
    aside blocks only around it. The fragment's own voxels do not block: what lies behind its
    surface comes into sight and grasp as removal proceeds.
    """
    grid = _find_grid(anatomy, corners_lps_mm, spacing_mm)
    groups = find_hazards(anatomy.structures, level=geometry.level, side=geometry.side)
    reamable = {Group.REMOVABLE, Group.RIM} if frees_rim else {Group.REMOVABLE}
    masks = {name: np.zeros(grid.shape, dtype=bool) for name in ("bone", "soft", "guessed", "cut")}
    blockers, modelled, insides = [], [], []
    for key, group in groups.items():
        structure = anatomy.structures[key]
        box = None if group is Group.WATCHED else _find_box(structure, grid)
        if box is None:
            continue
        inside = _sample(structure, _crop(grid, box)) >= HALF
        if not inside.any():
            continue
        blockers.append(key)
        insides.append((np.array([part.start for part in box]), inside))
        is_guess = group in NEURAL and structure.is_modelled
        if is_guess:
            modelled.append(key)
        name = "soft" if group not in BONE else "cut" if group in reamable else "bone"
        name = "guessed" if is_guess else name
        masks[name][box] |= inside
    fragment = np.zeros(grid.shape, dtype=bool)
    box = _find_box(anatomy.require(FRAGMENT), grid)
    if box is not None:
        fragment[box] = _sample(anatomy.require(FRAGMENT), _crop(grid, box)) > 0
    room = shaft_mm + grid.spacing_mm
    sure = _measure_mm(masks["soft"], fragment, room, grid)
    guessed = _measure_mm(masks["guessed"], fragment, room, grid)
    scene = ReachScene(
        grid=grid,
        bone=_measure_mm(masks["bone"], fragment, room, grid),
        soft=np.minimum(sure, guessed),
        sure=sure,
        cut=_measure_near_mm(masks["cut"], fragment, room, grid),
        blockers=tuple(blockers),
        modelled=tuple(modelled),
    )
    return Obstacles(scene, masks["cut"], fragment, room, tuple(insides))


def _measure_near_mm(
    mask: NDArray[np.bool_], fragment: NDArray[np.bool_], room_mm: float, grid: Grid
) -> NDArray[np.float32]:
    """Return ``_measure_mm`` within ``NEAR_MM`` of a mask, and far elsewhere."""
    distance = np.full(grid.shape, FAR_MM, dtype=np.float32)
    left = mask & ~fragment
    if left.any():
        more = int(np.ceil(NEAR_MM / grid.spacing_mm))
        box = tuple(
            slice(max(part.start - more, 0), part.stop + more)
            for part in ndimage.find_objects(left.astype(np.uint8))[0]
        )
        distance[box] = _measure_mm(left[box], fragment[box], room_mm, grid)
    return distance


def _measure_mm(
    mask: NDArray[np.bool_], fragment: NDArray[np.bool_], room_mm: float, grid: Grid
) -> NDArray[np.float32]:
    """Return the signed distance to a mask without the fragment, and free room inside that."""
    left = mask & ~fragment
    if not left.any():
        return np.full(mask.shape, FAR_MM, dtype=np.float32)
    # From the middle of a voxel to the face between it and its neighbour.
    half = HALF * grid.spacing_mm
    outside = ndimage.distance_transform_edt(~left, sampling=grid.spacing_mm)
    inside = ndimage.distance_transform_edt(left, sampling=grid.spacing_mm)
    distance = np.where(left, half - inside, outside - half)
    distance[fragment] = np.maximum(distance[fragment], room_mm)
    capped: NDArray[np.float32] = np.minimum(distance, FAR_MM).astype(np.float32)
    return capped


def _find_grid(anatomy: Anatomy, corners_lps_mm: NDArray[np.float64], spacing_mm: float) -> Grid:
    working = anatomy.working_grid
    room = value("reach.scene_room_mm")
    return Grid.around(
        corners_lps_mm.min(axis=0) - room,
        corners_lps_mm.max(axis=0) + room,
        spacing_mm=spacing_mm,
        anchor_lps_mm=working.origin_lps_mm,
        frame_id=working.frame_id,
    )


def _find_box(structure: Structure, grid: Grid) -> tuple[slice, slice, slice] | None:
    """Return the nodes of a grid around a structure, or none if it lies outside."""
    low, high = structure.region.bounds_lps_mm()
    first = np.clip(np.floor(grid.ijk(low)).astype(int), 0, np.array(grid.shape))
    stop = np.clip(np.ceil(grid.ijk(high)).astype(int) + 1, 0, np.array(grid.shape))
    if (stop <= first).any():
        return None
    a, b, c = (slice(int(f), int(s)) for f, s in zip(first, stop, strict=True))
    return a, b, c


def _sample(structure: Structure, grid: Grid) -> NDArray[np.float32]:
    """Return how much of each node lies in a structure, trilinear between its voxels."""
    ijk_from_lps = structure.region.ijk_from_lps
    sampled: NDArray[np.float32] = ndimage.affine_transform(
        (structure.region.values > 0).astype(np.float32),
        ijk_from_lps[:3, :3] * grid.spacing_mm,
        offset=ijk_from_lps[:3, :3] @ grid.origin_lps_mm + ijk_from_lps[:3, 3],
        output_shape=grid.shape,
        order=1,
    )
    return sampled


def _crop(grid: Grid, box: tuple[slice, slice, slice]) -> Grid:
    first = np.array([part.start for part in box])
    a, b, c = (part.stop - part.start for part in box)
    return Grid(
        grid.origin_lps_mm + first * grid.spacing_mm, grid.spacing_mm, (a, b, c), grid.frame_id
    )


FAR_MM = 10.0**2
"""Distances are not followed beyond this, mm."""

NEAR_MM = 2.0 * value("reach.scene_room_mm")
"""Bone that reamers leave is measured up to here: more than any tool and its field's nodes need."""
