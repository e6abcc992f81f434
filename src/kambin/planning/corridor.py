"""The corridor of a technique: which paths belong to it, and what keeps the others out."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.frames import Side
from kambin.knowledge import Corridor, Technique, value
from kambin.planning.cost_kernels import find_angles, find_length
from kambin.planning.docking import find_docking_limit_mm
from kambin.planning.entries import Entries, cast_rays
from kambin.planning.geometry import LevelGeometry, cross_pedicle_line, find_foramen_fault
from kambin.planning.kernels import Scalar
from kambin.planning.landmarks import find_excess_mm, find_excluding, find_stopped
from kambin.planning.root_side import measure_roots_ahead_mm
from kambin.planning.skin import Skin
from kambin.planning.targets import Targets
from kambin.planning.tools import Toolset

SEARCHED_LENGTHS = 2.0
"""How far rays look for skin beyond the corridor's length, to say by how much it is too far."""


@dataclass(frozen=True, slots=True)
class CorridorLack:
    """The bound that the line nearest to the corridor misses.

    Parameters
    ----------
    structure : str, key of what makes the bound
    lack_mm : float, mm, or none where no skin is in the image at all
    why : str, one sentence
    """

    structure: str
    lack_mm: float | None
    why: str


def find_allowed(
    entries: Entries, targets: Targets, geometry: LevelGeometry, tools: Toolset
) -> NDArray[np.bool_]:
    """Return which candidates are in the corridor and dock in the foramen, shape (E, T, S).

    Parameters
    ----------
    entries : Entries
    targets : Targets
    geometry : LevelGeometry
    tools : Toolset, whose technique gives corridor and docking distances

    Notes
    -----
    Where the waist of the foramen is measured, the cannula ends no further out than 2 mm beyond
    it; else, or where the tools say so, its outer mouth bounds docking (docs/adr/0007). Paths that
    cross the exiting root on its far side are left out (``root_side``), and what the landmarks of
    the C-arm exclude for a zone, too. The search asks
    ``CorridorNumbers`` path by path; this is what it must agree with.
    """
    corridor, stops = tools.technique.corridor, find_stops_mm(tools.technique)
    points, aims = entries.points_lps_mm, targets.points_lps_mm
    passes = ~find_foramen_fault(geometry, points, aims)
    theta, phi, length = find_path_angles(points, aims, geometry.side)
    passes &= (length <= corridor.length_max_mm) & (length > stops[-1])
    passes &= (theta >= corridor.axial_inclination_min_deg) & (
        theta <= corridor.axial_inclination_max_deg
    )
    passes &= (phi >= corridor.craniocaudal_min_deg) & (phi <= corridor.craniocaudal_max_deg)
    passes &= measure_roots_ahead_mm(geometry, points, aims) >= 0
    limit = find_docking_limit_mm(geometry, points, aims, tools)
    allowed: NDArray[np.bool_] = passes[..., None] & (stops <= limit[..., None])
    for row in find_excluding(targets.zone):
        allowed &= ~find_stopped(geometry, points, aims, stops, row)
    return allowed


def find_path_angles(
    entries_lps_mm: NDArray[np.float64], targets_lps_mm: NDArray[np.float64], side: Side
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return axial inclination, cranio-caudal angle and length of all paths, shape (E, T).

    Parameters
    ----------
    entries_lps_mm : float array, shape (E, 3), mm, LPS
    targets_lps_mm : float array, shape (T, 3), mm, LPS
    side : Side towards which lateral is counted

    Returns
    -------
    degrees and degrees in the patient's frame, convention ``kambin-1``, and mm

    Notes
    -----
    To the last bit what the kernels of the search find: rays of the lattice lie on the very
    limits of a corridor, and search and rules must not part there.
    """
    ways = entries_lps_mm[:, None, :] - targets_lps_mm[None, :, :]
    found = _find_ways(np.ascontiguousarray(ways.reshape(-1, 3)), float(side.lateral_sign_lps))
    theta, phi, length = found.reshape(3, *ways.shape[:2])
    return theta, phi, length


@njit(cache=True)
def _find_ways(ways_mm: Scalar, sign: Scalar) -> NDArray[np.float64]:  # pragma: no cover
    """Return both angles, degrees, and the length, mm, of ways of shape (N, 3); shape (3, N)."""
    found = np.empty((3, ways_mm.shape[0]))
    for n in range(ways_mm.shape[0]):
        vx, vy, vz = ways_mm[n]
        found[2, n] = find_length(vx, vy, vz)
        found[0, n], found[1, n] = find_angles(vx, vy, vz, found[2, n], sign)
    return found


def find_stops_mm(technique: Technique) -> NDArray[np.float64]:
    """Return the docking distances that are tried, mm short of the target, shape (S,).

    Parameters
    ----------
    technique : Technique
    """
    step = value("planning.stop_step_mm")
    count = int(technique.stop_max_mm / step) + 1
    return np.array([step * n for n in range(count)], dtype=np.float64)


def find_corridor_lack(
    skin: Skin, geometry: LevelGeometry, corridor: Corridor, targets: Targets
) -> CorridorLack:
    """Return what keeps every straight line out of a corridor, for the line nearest to it.

    Parameters
    ----------
    skin : Skin
    geometry : LevelGeometry
    corridor : Corridor of the technique
    targets : Targets

    Notes
    -----
    Bounds in degrees count as the way the entry would have to move on the skin, so that all are
    mm and the least of the largest is the deficit, as for the margins (architecture 8.3).
    """
    rays = cast_rays(corridor, geometry.side)
    reach_mm = SEARCHED_LENGTHS * corridor.length_max_mm
    points = skin.find_exits(targets.centre_lps_mm, rays, reach_mm)
    entries = points[np.isfinite(points).all(axis=1)]
    if not len(entries):
        return CorridorLack("skin", None, "No skin is in the image where the rays should meet it.")
    lacks = _measure_lacks(geometry, corridor, entries, targets.points_lps_mm)
    for row in find_excluding(targets.zone):
        guarded = row.guards.format(upper=geometry.level.upper, side=geometry.side)
        words = f"the C-arm would say stop: {row.title.lower()}."
        lacks[guarded, words] = find_excess_mm(geometry, entries, targets.points_lps_mm, row)
    names = tuple(lacks)
    stacked = np.stack([lacks[name] for name in names])
    worst = stacked.max(axis=0)
    e, t = np.unravel_index(int(np.argmin(worst)), worst.shape)
    structure, words = names[int(np.argmax(stacked[:, e, t]))]
    lack_mm = float(worst[e, t])
    return CorridorLack(structure, lack_mm, f"The nearest line misses by {lack_mm:.1f} mm: {words}")


def _measure_lacks(
    geometry: LevelGeometry,
    corridor: Corridor,
    entries_lps_mm: NDArray[np.float64],
    targets_lps_mm: NDArray[np.float64],
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Return per bound, as structure and words, what each path lacks, shape (E, T), mm."""
    level, side = geometry.level, geometry.side
    line_mm = geometry.pedicle_centre_mm
    crossing = cross_pedicle_line(geometry, entries_lps_mm, targets_lps_mm, line_mm)
    behind_mm = geometry.wall_mm + value("planning.foramen_depth_mm")
    theta, phi, length = find_path_angles(entries_lps_mm, targets_lps_mm, side)
    lateral = np.broadcast_to(geometry.surgical_mm(entries_lps_mm)[:, 0, None], length.shape)
    turned = _outside(theta, corridor.axial_inclination_min_deg, corridor.axial_inclination_max_deg)
    tilted = _outside(phi, corridor.craniocaudal_min_deg, corridor.craniocaudal_max_deg)
    upper, lower = (str(StructureKey("pedicle", v, side)) for v in (level.upper, level.lower))
    joint = str(StructureKey("iap", level.upper, side))
    root = str(StructureKey("exiting_root", level.upper, side))
    ahead = measure_roots_ahead_mm(geometry, entries_lps_mm, targets_lps_mm)
    return {
        (upper, "it runs above the foramen."): crossing[..., 2] - geometry.foramen_top_mm,
        (lower, "it runs below the foramen."): geometry.foramen_floor_mm - crossing[..., 2],
        (joint, "it runs behind the foramen."): crossing[..., 1] - behind_mm,
        ("skin", "the entry is too near to the midline."): corridor.lateral_min_mm - lateral,
        ("skin", "the skin is too far away."): length - corridor.length_max_mm,
        ("skin", "its angles leave the technique's."): np.radians(np.hypot(turned, tilted))
        * length,
        (root, "it crosses the root on its ventral and cranial side."): -ahead,
    }


def _outside(angles_deg: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    beyond: NDArray[np.float64] = np.maximum(np.maximum(low - angles_deg, angles_deg - high), 0.0)
    return beyond
