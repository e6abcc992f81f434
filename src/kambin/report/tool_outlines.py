"""The tools at their true diameter, cut by a plane or seen in projection."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.planning import Path, Plan, Stage, Tool
from kambin.report.view_planes import ViewPlane

OUTSIDE_MM = 25.0
"""How much of a tool is drawn outside the skin, mm."""

_ARC_STEPS = 24
# A cap of the thinnest needle on the longest way still has five points.
_CUT_STEPS, _HALVINGS = 96, 30
_DRAWN = ("needle", "reamer", "cannula")


@dataclass(frozen=True, slots=True)
class DrawnTool:
    """One tool of the sequence as a capsule with its name.

    Parameters
    ----------
    name : str, the stage, such as ``needle``
    radius_mm : float, mm, outer
    tip_lps_mm, outside_lps_mm : float array, shape (3,), mm, LPS, the ends of its axis
    """

    name: str
    radius_mm: float
    tip_lps_mm: NDArray[np.float64]
    outside_lps_mm: NDArray[np.float64]


def drawn_tools(plan: Plan) -> tuple[DrawnTool, ...]:
    """Return the tools worth drawing: the needle, the cannula and the largest reamer.

    Returns
    -------
    tuple of DrawnTool, mm, LPS; the needle last, so that it is drawn on top
    """
    entry = np.array(plan.trajectory.entry_lps_mm)
    target = np.array(plan.trajectory.target_lps_mm)
    outside = entry + OUTSIDE_MM * (entry - target) / np.linalg.norm(entry - target)
    return tuple(
        DrawnTool(stage.tool, stage.radius_mm, np.array(stage.tip_lps_mm), outside)
        for stage in _stages_to_draw(plan.stages)
    )


def _stages_to_draw(stages: tuple[Stage, ...]) -> list[Stage]:
    """Return per kind the widest stage, for the kinds that differ on paper."""
    widest: dict[str, Stage] = {}
    for stage in stages:
        known = widest.get(stage.tool)
        if stage.tool in _DRAWN and (known is None or stage.radius_mm > known.radius_mm):
            widest[stage.tool] = stage
    # The cannula first: what is drawn later, at last the needle, lies on top.
    return [widest[kind] for kind in reversed(_DRAWN) if kind in widest]


def nearest_tools(path: Path, tools: Sequence[Tool]) -> tuple[DrawnTool, ...]:
    """Return the tools worth drawing on a path that does not pass.

    Parameters
    ----------
    path : Path, entry, target and docking distance
    tools : the sequence of the technique

    Returns
    -------
    tuple of DrawnTool, mm, LPS; the needle last
    """
    outward = (path.entry_lps_mm - path.target_lps_mm) / path.length_mm
    outside = path.entry_lps_mm + OUTSIDE_MM * outward
    # Sorted, so that the widest of a kind is the one that stays.
    widest = {tool.stage: tool for tool in sorted(tools, key=lambda tool: tool.radius_mm)}
    return tuple(
        DrawnTool(
            kind,
            widest[kind].radius_mm,
            path.tip_lps_mm(0.0 if widest[kind].is_full_length else path.stop_mm),
            outside,
        )
        for kind in reversed(_DRAWN)
        if kind in widest
    )


def capsule_distance_mm(
    points_lps_mm: ArrayLike, start_lps_mm: ArrayLike, end_lps_mm: ArrayLike, radius_mm: float
) -> NDArray[np.float64]:
    """Return the signed distance of points to a round-ended rod, mm, positive outside.

    Parameters
    ----------
    points_lps_mm : float array, shape (..., 3), mm, LPS
    start_lps_mm, end_lps_mm : float array, shape (3,), mm, LPS, its axis
    radius_mm : float, mm

    Returns
    -------
    float array, shape (...), mm

    References
    ----------
    Quilez, distance functions, "capsule", https://iquilezles.org/articles/distfunctions
    """
    points = np.asarray(points_lps_mm, np.float64)
    start, end = np.asarray(start_lps_mm, np.float64), np.asarray(end_lps_mm, np.float64)
    axis = end - start
    share = np.clip(((points - start) @ axis) / (axis @ axis), 0.0, 1.0)
    nearest = start + share[..., None] * axis
    distance: NDArray[np.float64] = np.linalg.norm(points - nearest, axis=-1) - radius_mm
    return distance


def cut_outlines_mm(tool: DrawnTool, view: ViewPlane) -> list[NDArray[np.float64]]:
    """Return where a plane cuts a tool: lines of (right, down) in mm, each shape (N, 2).

    Parameters
    ----------
    tool : DrawnTool
    view : ViewPlane

    Notes
    -----
    In closed form, so that the printed width is the tool's diameter and not that of a thick line.
    In the plane the axis has one direction; at each place along it, the tool is as wide as the
    radius and the distance to the axis leave.
    """
    axes = np.stack([view.plane.right_lps, view.plane.down_lps, view.plane.normal_lps], axis=1)
    ends = (np.stack([tool.tip_lps_mm, tool.outside_lps_mm]) - view.plane.centre_lps_mm) @ axes
    way = ends[1, :2] - ends[0, :2]
    length = float(np.linalg.norm(way))
    # Seen end-on the axis has no direction; any one then gives the circle.
    along = way / length if length > 0 else np.array([1.0, 0.0])
    beside = np.array([-along[1], along[0]])
    places = _cut_places(length, ends[:, 2], tool.radius_mm)
    if places is None:
        return []
    half_mm = np.sqrt(
        np.maximum(tool.radius_mm**2 - _axis_distance_mm(places, length, ends[:, 2]) ** 2, 0.0)
    )
    # At both tips exactly, so that the line closes.
    half_mm[[0, -1]] = 0.0
    line = ends[0, :2] + places[:, None] * along
    sides = (line + half_mm[:, None] * beside, line - half_mm[:, None] * beside)
    return [np.concatenate([sides[0], sides[1][-2::-1]])]


def _axis_distance_mm(
    places_mm: NDArray[np.float64], length_mm: float, depths_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far places on a plane, counted along an axis, are from it, shape (N,), mm."""
    way = np.array([length_mm, depths_mm[1] - depths_mm[0]])
    away = np.column_stack([places_mm, np.full(len(places_mm), -depths_mm[0])])
    share = np.clip(away @ way / (way @ way), 0.0, 1.0)
    off_mm: NDArray[np.float64] = np.linalg.norm(away - share[:, None] * way, axis=1)
    return off_mm


def _cut_places(
    length_mm: float, depths_mm: NDArray[np.float64], radius_mm: float
) -> NDArray[np.float64] | None:
    """Return places along the axis at which a plane cuts a rod, dense at both ends, or none."""
    low, high = -radius_mm, length_mm + radius_mm
    # Where the axis meets the plane, or its end that is nearer to it.
    rise = depths_mm[1] - depths_mm[0]
    share = np.clip(-depths_mm[0] / rise if rise else 0.0, 0.0, 1.0)
    begin = share * length_mm
    if _axis_distance_mm(np.array([begin]), length_mm, depths_mm)[0] >= radius_mm:
        return None
    # The distance grows both ways from there: each end is found by halving.
    inner, outer = np.array([begin, begin]), np.array([low, high])
    for _ in range(_HALVINGS):
        middle = (inner + outer) / 2
        is_in = _axis_distance_mm(middle, length_mm, depths_mm) < radius_mm
        inner, outer = np.where(is_in, middle, inner), np.where(is_in, outer, middle)
    turn = np.linspace(0.0, np.pi, _CUT_STEPS)
    places: NDArray[np.float64] = inner[0] + (inner[1] - inner[0]) * (1.0 - np.cos(turn)) / 2
    return places


def shadow_outline_mm(
    tip_mm: ArrayLike, outside_mm: ArrayLike, radius_mm: float
) -> NDArray[np.float64]:
    """Return the outline of a round-ended rod in a parallel projection, shape (N, 2), mm.

    Parameters
    ----------
    tip_mm, outside_mm : float array, shape (2,), mm, the projected ends of its axis
    radius_mm : float, mm
    """
    tip, outside = np.asarray(tip_mm, np.float64), np.asarray(outside_mm, np.float64)
    axis = outside - tip
    # Seen end-on the axis has no direction; any start then gives the circle.
    start_rad = np.arctan2(axis[1], axis[0])
    turn_rad = np.linspace(np.pi / 2, 3 * np.pi / 2, _ARC_STEPS) + start_rad
    cap = radius_mm * np.column_stack([np.cos(turn_rad), np.sin(turn_rad)])
    return np.concatenate([tip + cap, outside - cap, tip + cap[:1]])
