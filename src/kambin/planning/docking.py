"""Where a cannula may end: not further out than the foramen's waist, and a little."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy
from kambin.core import AnatomyError
from kambin.knowledge import value
from kambin.measure import Site
from kambin.measure.foramen import find_site_waist, is_closed
from kambin.planning.choice_models import Docking
from kambin.planning.evaluate import Path
from kambin.planning.geometry import (
    PARALLEL_EPSILON,
    LevelGeometry,
    WaistPlane,
    cross_pedicle_line,
)
from kambin.planning.tools import Toolset


def with_waist(anatomy: Anatomy, geometry: LevelGeometry) -> LevelGeometry:
    """Return the geometry with the waist of its foramen, where it can be measured.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    """
    site = Site(anatomy, level=geometry.level, side=geometry.side)
    try:
        found = find_site_waist(site)
    except AnatomyError:
        # Without a whole vertebra nothing closes the section; the pedicles still bound docking.
        return geometry
    if found is None or is_closed(found):
        return geometry
    yaw_rad, pitch_rad = np.radians([found.yaw_deg, found.pitch_deg])
    normal = [
        np.cos(pitch_rad) * np.cos(yaw_rad),
        -np.cos(pitch_rad) * np.sin(yaw_rad),
        np.sin(pitch_rad),
    ]
    centre = geometry.surgical_mm(found.centre_lps_mm)
    return replace(geometry, waist=WaistPlane(centre, np.array(normal), found.area_mm2))


def find_waist_distance_mm(
    geometry: LevelGeometry,
    entries_lps_mm: NDArray[np.float64],
    targets_lps_mm: NDArray[np.float64],
) -> NDArray[np.float64] | None:
    """Return how far out from its target each path passes the waist, shape (E, T), mm.

    Parameters
    ----------
    geometry : LevelGeometry
    entries_lps_mm : float array, shape (E, 3), mm, LPS
    targets_lps_mm : float array, shape (T, 3), mm, LPS

    Returns
    -------
    mm, 0 for a target that lies outside the waist itself; none without a waist
    """
    if geometry.waist is None:
        return None
    entries, targets = geometry.surgical_mm(entries_lps_mm), geometry.surgical_mm(targets_lps_mm)
    way = entries[:, None, :] - targets[None, :, :]
    way /= np.maximum(np.linalg.norm(way, axis=-1, keepdims=True), PARALLEL_EPSILON)
    ahead = (geometry.waist.centre_mm - targets) @ geometry.waist.normal
    outward = np.maximum(way @ geometry.waist.normal, PARALLEL_EPSILON)
    distance: NDArray[np.float64] = np.maximum(ahead[None, :], 0.0) / outward
    return distance


def find_mouth_distance_mm(
    geometry: LevelGeometry,
    entries_lps_mm: NDArray[np.float64],
    targets_lps_mm: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return how far out from its target each path passes the mouth, shape (E, T), mm.

    Parameters
    ----------
    geometry : LevelGeometry, whose lateral pedicle line is the mouth of the foramen
    entries_lps_mm : float array, shape (E, 3), mm, LPS
    targets_lps_mm : float array, shape (T, 3), mm, LPS
    """
    mouth_mm = geometry.pedicle_centre_mm + 0.5 * geometry.pedicle_width_mm
    crossing = geometry.lps_mm(
        cross_pedicle_line(geometry, entries_lps_mm, targets_lps_mm, mouth_mm)
    )
    distance: NDArray[np.float64] = np.linalg.norm(crossing - targets_lps_mm[None], axis=-1)
    return distance


def find_docking_limit_mm(
    geometry: LevelGeometry,
    entries_lps_mm: NDArray[np.float64],
    targets_lps_mm: NDArray[np.float64],
    tools: Toolset,
) -> NDArray[np.float64]:
    """Return how far short of its target the cannula of each path may end, shape (E, T), mm.

    Parameters
    ----------
    geometry : LevelGeometry
    entries_lps_mm : float array, shape (E, 3), mm, LPS
    targets_lps_mm : float array, shape (T, 3), mm, LPS
    tools : Toolset, which says whether the mouth of the foramen may bound it
    """
    waist = None
    if not tools.docks_at_mouth:
        waist = find_waist_distance_mm(geometry, entries_lps_mm, targets_lps_mm)
    if waist is None:
        waist = find_mouth_distance_mm(geometry, entries_lps_mm, targets_lps_mm)
    limit: NDArray[np.float64] = np.minimum(
        waist + value("planning.waist_allowance_mm"), tools.technique.stop_max_mm
    )
    return limit


def describe_docking(geometry: LevelGeometry, path: Path, tools: Toolset) -> Docking:
    """Say where the cannula of a path ends, and what bounds that.

    Parameters
    ----------
    geometry : LevelGeometry
    path : Path
    tools : Toolset
    """
    ends = (np.array(path.entry_lps_mm)[None], np.array(path.target_lps_mm)[None])
    waist = find_waist_distance_mm(geometry, *ends)
    by_mouth = waist is None or tools.docks_at_mouth
    return Docking(
        stop_mm=path.stop_mm,
        limit_mm=float(find_docking_limit_mm(geometry, *ends, tools)[0, 0]),
        bounded_by="mouth" if by_mouth else "waist",
        waist_distance_mm=None if waist is None else float(waist[0, 0]),
        mouth_distance_mm=float(find_mouth_distance_mm(geometry, *ends)[0, 0]),
        waist_area_mm2=None if geometry.waist is None else geometry.waist.area_mm2,
        stop_max_mm=tools.technique.stop_max_mm,
    )
