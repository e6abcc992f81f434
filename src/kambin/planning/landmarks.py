"""Tips and paths in the true pictures of the C-arm: which lines they pass, and what that means."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.knowledge import LandmarkRow, landmarks, stages
from kambin.planning.choice_models import Landmark
from kambin.planning.geometry import LevelGeometry

SAMPLES_DECIMALS = 9
"""Coordinates are compared at a nanometre, so that a mirrored border is decided alike."""


def find_lines_mm(geometry: LevelGeometry) -> dict[str, float]:
    """Return where the vertical lines of the true AP picture lie, mm lateral of the midline.

    Parameters
    ----------
    geometry : LevelGeometry, whose disc frame looks along the level's posterior axis
    """
    medial, half_width = geometry.medial_pedicle_mm, 0.5 * geometry.pedicle_width_mm
    return {
        "SL": 0.0,
        "half": 0.5 * medial,
        "MPL": medial,
        "midPL": geometry.pedicle_centre_mm,
        "LPL": geometry.pedicle_centre_mm + half_width,
    }


def find_view_mm(
    geometry: LevelGeometry, points_lps_mm: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points as the two true pictures show them.

    Parameters
    ----------
    geometry : LevelGeometry
    points_lps_mm : float array, shape (..., 3), mm, LPS

    Returns
    -------
    mm lateral of the spinous line in true AP, along the level's posterior axis; mm behind the
    posterior vertebral line in true lateral, along its lateral axis, each of shape (...)
    """
    local = geometry.surgical_mm(points_lps_mm)
    lateral, behind = local[..., 0], local[..., 1] - geometry.wall_mm
    return lateral.round(SAMPLES_DECIMALS), behind.round(SAMPLES_DECIMALS)


def holds(
    row: LandmarkRow,
    geometry: LevelGeometry,
    lateral_mm: NDArray[np.float64],
    behind_mm: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Return where tips are in the state of a row, shape of the coordinates.

    Parameters
    ----------
    row : LandmarkRow
    geometry : LevelGeometry
    lateral_mm, behind_mm : float array, mm, as ``find_view_mm`` returns them
    """
    low, high = find_borders_mm(row, geometry)
    front, back = find_depths_mm(row, geometry)
    inside = (lateral_mm >= low) & (lateral_mm <= high)
    if row.along == "path":
        return inside & (behind_mm > front)
    found: NDArray[np.bool_] = inside & (behind_mm >= front) & (behind_mm <= back)
    return found


def find_borders_mm(row: LandmarkRow, geometry: LevelGeometry) -> tuple[float, float]:
    """Return between which lines a row holds, mm lateral of the midline."""
    lines = find_lines_mm(geometry)
    # Being at a line counts for a state and not for a stop: nobody reads a picture to the mm.
    slack = -row.slack_mm if row.stops else row.slack_mm
    low = lines[row.medial] - slack if row.medial else -np.inf
    high = lines[row.lateral] + slack if row.lateral else np.inf
    return low, high


def find_depths_mm(row: LandmarkRow, geometry: LevelGeometry) -> tuple[float, float]:
    """Return between which depths a row holds, mm behind the posterior vertebral line."""
    if row.of_pvl_mm is not None:
        return row.of_pvl_mm
    front, back = row.of_disc or (-np.inf, np.inf)
    # The disc's frame has its origin in the middle of the disc.
    depth_mm = 2 * geometry.wall_mm
    return front * depth_mm, back * depth_mm


def find_stopped(
    geometry: LevelGeometry,
    entries_lps_mm: NDArray[np.float64],
    targets_lps_mm: NDArray[np.float64],
    stops_mm: NDArray[np.float64],
    row: LandmarkRow,
) -> NDArray[np.bool_]:
    """Return which candidates a row would stop, shape (E, T, S).

    Parameters
    ----------
    geometry : LevelGeometry
    entries_lps_mm : float array, shape (E, 3), mm, LPS
    targets_lps_mm : float array, shape (T, 3), mm, LPS
    stops_mm : float array, shape (S,), mm short of the target where wide tools end
    row : LandmarkRow
    """
    lateral, behind = _see_candidates(geometry, entries_lps_mm, targets_lps_mm, stops_mm, row)
    stopped = holds(row, geometry, lateral, behind)
    return np.broadcast_to(stopped, (*stopped.shape[:2], len(stops_mm)))


def find_excess_mm(
    geometry: LevelGeometry,
    entries_lps_mm: NDArray[np.float64],
    targets_lps_mm: NDArray[np.float64],
    row: LandmarkRow,
) -> NDArray[np.float64]:
    """Return how far each path would have to move to leave the state of a row, shape (E, T), mm.

    Parameters
    ----------
    geometry : LevelGeometry
    entries_lps_mm : float array, shape (E, 3), mm, LPS
    targets_lps_mm : float array, shape (T, 3), mm, LPS
    row : LandmarkRow

    Returns
    -------
    mm to the nearest of the row's borders, 0 where the path is not in that state
    """
    at_target = np.zeros(1)
    lateral, behind = _see_candidates(geometry, entries_lps_mm, targets_lps_mm, at_target, row)
    (low, high), (front, back) = find_borders_mm(row, geometry), find_depths_mm(row, geometry)
    ways = [behind - front, lateral - low, high - lateral]
    if row.along != "path":
        ways.append(back - behind)
    stopped = holds(row, geometry, lateral, behind)
    excess: NDArray[np.float64] = np.where(stopped, np.minimum.reduce(ways), 0.0)[..., 0]
    return excess


def _see_candidates(
    geometry: LevelGeometry,
    entries_lps_mm: NDArray[np.float64],
    targets_lps_mm: NDArray[np.float64],
    stops_mm: NDArray[np.float64],
    row: LandmarkRow,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where a row sees the tips, mm lateral and behind the wall, shape (E, T, S or 1)."""
    goes_on = any(stages()[stage].end != "docking" for stage in row.stages)
    ends = np.zeros(1) if goes_on else stops_mm
    entries, targets = geometry.surgical_mm(entries_lps_mm), geometry.surgical_mm(targets_lps_mm)
    way = entries[:, None, :] - targets[None, :, :]
    way /= np.maximum(np.linalg.norm(way, axis=-1, keepdims=True), np.finfo(float).tiny)
    tips = targets[None, :, None, :] + ends[None, None, :, None] * way[:, :, None, :]
    lateral, behind = tips[..., 0], tips[..., 1]
    if row.along == "path":
        behind = np.maximum(behind, _cross_line(geometry, row, tips, way[:, :, None, :]))
    behind = behind - geometry.wall_mm
    return lateral.round(SAMPLES_DECIMALS), behind.round(SAMPLES_DECIMALS)


def _cross_line(
    geometry: LevelGeometry,
    row: LandmarkRow,
    tips_mm: NDArray[np.float64],
    way: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return how far back paths are where they cross the lateral line of a row, mm.

    A straight way is furthest back at one of its ends: medial of the line, at it or at the tip.
    """
    line_mm = find_lines_mm(geometry)[row.lateral] - row.slack_mm
    left_mm = np.maximum(line_mm - tips_mm[..., 0], 0)
    outward = np.maximum(way[..., 0], np.finfo(float).eps)
    crossing: NDArray[np.float64] = tips_mm[..., 1] + left_mm / outward * way[..., 1]
    return crossing


def find_excluding(zone: str | None) -> tuple[LandmarkRow, ...]:
    """Return the rows that no candidate may meet; none for a target that somebody named.

    Parameters
    ----------
    zone : str or none, as it was asked for
    """
    if zone is None:
        return ()
    return tuple(
        row
        for row in landmarks().values()
        if row.policy == "exclude" and zone not in row.confirm_zones
    )


def describe_landmark(
    geometry: LevelGeometry, stage: str, entry_lps_mm: ArrayLike, tip_lps_mm: ArrayLike
) -> Landmark | None:
    """Say what the C-arm shows of a tool's tip, or none where no row speaks of the stage.

    Parameters
    ----------
    geometry : LevelGeometry
    stage : str
    entry_lps_mm, tip_lps_mm : float array, shape (3,), mm, LPS
    """
    entry, tip = (np.asarray(p, dtype=np.float64)[None] for p in (entry_lps_mm, tip_lps_mm))
    lateral, behind = (float(v[0]) for v in find_view_mm(geometry, tip))
    rows = [row for row in landmarks().values() if stage in row.stages]
    at_tip = np.zeros(1)
    found = next(
        (row for row in rows if find_stopped(geometry, entry, tip, at_tip, row).all()), None
    )
    return Landmark(
        ap_zone=find_ap_zone(geometry, lateral),
        ap_lateral_mm=lateral,
        lateral_mm_of_pvl=behind,
        state=None if found is None else found.name,
        title=None if found is None else found.title,
        action=None if found is None else found.action,
        policy=None if found is None else found.policy,
        is_verified=None if found is None else found.is_verified,
        source=None if found is None else f"{found.source} [{found.tag}]",
    )


def find_ap_zone(geometry: LevelGeometry, lateral_mm: float) -> str:
    """Return between which lines of the AP picture a point lies, ``SL-MPL`` and the like.

    Parameters
    ----------
    geometry : LevelGeometry
    lateral_mm : float, mm lateral of the spinous line
    """
    lines = {name: mm for name, mm in find_lines_mm(geometry).items() if name != "half"}
    if lateral_mm < 0:
        return "beyond SL"
    inner = [name for name, mm in lines.items() if mm <= lateral_mm][-1]
    outer = next((name for name, mm in lines.items() if mm > lateral_mm), None)
    return f"lateral of {inner}" if outer is None else f"{inner}-{outer}"
