"""How far root and sac must be moved medially so that a tool gets to the fragment."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Structure
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
    inside the room has to go as far as to the room's medial wall, with half a voxel for its own
    width, and so has what lies lateral of the room and would be drawn into it on that way. What
    overlaps the fragment is not in the way: the fragment has moved it already, and no image of
    these patients shows where to.
    """
    known = (ground.anatomy.find(key) for key in ground.moved_nerves)
    moved = tuple(structure for structure in known if structure is not None)
    if not moved:
        return None
    medial = -ground.axes_lps[0]
    ways = []
    for index, structure in enumerate(moved):
        points = ground.voxels_lps_mm(structure)
        points = points[~_is_in_fragment(ground, points)]
        half_mm = 0.5 * float(structure.region.spacing_mm.max())
        into, out = _measure_ways_mm(points, room, medial)
        ways.append(np.stack([into, out + half_mm, np.full(len(into), index)], axis=1))
    needed_mm, asks = _find_free_mm(np.concatenate(ways))
    if asks is None:
        return Retraction(0.0, moved[0].sigma_mm, "", moved)
    return Retraction(needed_mm, moved[asks].sigma_mm, str(moved[asks].key), moved)


def _find_free_mm(ways: NDArray[np.float64]) -> tuple[float, int | None]:
    """Return the least way at which no voxel is in the room, mm, and whose voxel asks for it.

    Rows of ``ways`` (N, 3): how far a voxel goes until it is in the room, and until it is out.
    """
    rows = ways[np.argsort(ways[:, 0], kind="stable")]
    farthest = np.maximum.accumulate(rows[:, 1])
    # the first voxel that has not come to the room when all before it have left it
    before = np.concatenate([[0.0], farthest[:-1]])
    waits = np.flatnonzero(rows[:, 0] > np.maximum(before, 0.0))
    count = int(waits[0]) if len(waits) else len(rows)
    if not count:
        return 0.0, None
    last = int(np.argmax(rows[:count, 1]))
    return float(rows[last, 1]), int(rows[last, 2])


def _measure_ways_mm(
    points: Points, room: Tube, direction: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how far points go in a direction into a tube and out of it, each (M,), mm.

    Of the points are told those that are inside (the way in is negative) or come to it.
    """
    way = room.end_lps_mm - room.start_lps_mm
    way = way / np.linalg.norm(way)
    apart = points - room.start_lps_mm
    apart = apart - (apart @ way)[:, None] * way
    across = direction - (direction @ way) * way
    square = max(float(across @ across), PARALLEL_EPSILON)
    middle = apart @ across
    inside = room.radius_mm**2 - (apart**2).sum(axis=1)
    chord = np.sqrt(np.maximum(middle**2 + square * inside, 0.0))
    into, out = (-chord - middle) / square, (chord - middle) / square
    # a tube has ends: where a line is nearest to its axis it may be beyond them
    nearest = points + np.maximum(-middle / square, 0.0)[:, None] * direction
    is_inside_now = room.gap_mm(points) <= 0
    comes = (into > 0) & (chord > 0) & (room.gap_mm(nearest) <= 0)
    meets = is_inside_now | comes
    return np.where(is_inside_now, np.minimum(into, 0.0), into)[meets], out[meets]


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
    after = is_in_voxel(structure.region, points + moved_mm * ground.axes_lps[0])
    if structure.key.kind == "dural_sac":
        return after & is_in_voxel(structure.region, points)
    return after


def _is_in_fragment(ground: Ground, points: Points) -> NDArray[np.bool_]:
    fragment = ground.anatomy.find("fragment")
    if fragment is None:
        return np.zeros(len(points), dtype=bool)
    return is_in_voxel(fragment.region, points)


def is_in_voxel(region: LabelMap, points: Points) -> NDArray[np.bool_]:
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
