"""How far root and sac must be moved medially so that a tool gets to the fragment."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Structure, StructureKey
from kambin.approaches.ground import Ground
from kambin.approaches.solids import Points, Tube
from kambin.imaging import LabelMap

PARALLEL_EPSILON = 10.0**-6
"""A tool that runs along the direction of retraction is never left by it."""


@dataclass(frozen=True, slots=True)
class Retraction:
    """What has to be moved medially, and how far.

    Parameters
    ----------
    needed_mm : float, mm, least way medially after which the room is free
    sigma_mm : float, mm, standard deviation of the surface that asks for it
    structure : str, which asks for it, empty where nothing is in the way
    moved : tuple of Structure, traversing root and sac, as far as they are known
    """

    needed_mm: float
    sigma_mm: float
    structure: str
    moved: tuple[Structure, ...]


def find_retraction(ground: Ground, room: Tube) -> Retraction | None:
    """Return how far root and sac must be moved, or none if neither is assessed.

    Parameters
    ----------
    ground : Ground
    room : Tube that must be free of nerves

    Notes
    -----
    Root and sac are moved medially as one, along the disc's lateral axis. Each of their voxels
    inside the room has to go as far as to the room's medial wall; the farthest counts, with half
    a voxel for its own width. What overlaps the fragment is not in the way: the fragment has
    moved it already, and no image of these patients shows where to.
    """
    level, side = ground.geometry.level, ground.geometry.side
    keys = (StructureKey("traversing_root", level.lower, side), StructureKey("dural_sac"))
    moved = tuple(s for s in (ground.anatomy.find(key) for key in keys) if s is not None)
    if not moved:
        return None
    medial = -ground.axes_lps[0]
    found = Retraction(0.0, moved[0].sigma_mm, "", moved)
    for structure in moved:
        region = structure.region
        points = ground.voxels_lps_mm(structure)
        points = points[(room.gap_mm(points) <= 0) & ~_is_in_fragment(ground, points)]
        if not len(points):
            continue
        half_mm = 0.5 * float(region.spacing_mm.max())
        needed = float(_measure_ways_mm(points, room, medial).max()) + half_mm
        if needed > found.needed_mm:
            found = Retraction(needed, structure.sigma_mm, str(structure.key), moved)
    return found


def _measure_ways_mm(
    points: Points, room: Tube, direction: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far points inside a tube go in a direction to its wall, shape (N,), mm."""
    way = room.end_lps_mm - room.start_lps_mm
    way = way / np.linalg.norm(way)
    apart = points - room.start_lps_mm
    apart = apart - (apart @ way)[:, None] * way
    across = direction - (direction @ way) * way
    square = max(float(across @ across), PARALLEL_EPSILON)
    middle = apart @ across
    inside = room.radius_mm**2 - (apart**2).sum(axis=1)
    ways: NDArray[np.float64] = (
        np.sqrt(np.maximum(middle**2 + square * inside, 0.0)) - middle
    ) / square
    return ways


def is_held_after(
    ground: Ground, structure: Structure, points: Points, moved_mm: float
) -> NDArray[np.bool_]:
    """Return where a nerve is after it was moved medially, shape (N,).

    Parameters
    ----------
    ground : Ground
    structure : Structure, the traversing root or the sac
    points : float array, shape (N, 3), mm, LPS
    moved_mm : float, mm

    Notes
    -----
    A root moves as a whole; of the sac the side is pressed in by as much, and its other side
    stays where it is.
    """
    after = is_inside(structure.region, points + moved_mm * ground.axes_lps[0])
    if structure.key.kind == "dural_sac":
        return after & is_inside(structure.region, points)
    return after


def _is_in_fragment(ground: Ground, points: Points) -> NDArray[np.bool_]:
    fragment = ground.anatomy.find("fragment")
    if fragment is None:
        return np.zeros(len(points), dtype=bool)
    return is_inside(fragment.region, points)


def is_inside(region: LabelMap, points: Points) -> NDArray[np.bool_]:
    """Return which points lie in a voxel of a structure, shape (N,).

    Parameters
    ----------
    region : LabelMap of 0 and 1
    points : float array, shape (N, 3), mm, LPS
    """
    low, high = region.bounds_lps_mm()
    # Most points lie outside of the box of most structures.
    wide_mm = region.spacing_mm.max()
    near = np.flatnonzero(((points >= low - wide_mm) & (points <= high + wide_mm)).all(axis=1))
    nodes = np.rint(region.ijk(points[near])).astype(int)
    held = ((nodes >= 0) & (nodes < np.array(region.shape))).all(axis=1)
    inside = np.zeros(len(points), dtype=bool)
    inside[near[held]] = region.values[tuple(nodes[held].T)] > 0
    return inside
