"""Room around tools that leave the planned axis: tilted reamers, a cannula that swivels."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from kambin.knowledge import value
from kambin.planning.fields import Hazard, HazardSet
from kambin.planning.policy import Group
from kambin.planning.tools import Tool, Toolset


@dataclass(frozen=True, slots=True)
class Shaft:
    """A straight tool off the planned axis.

    Parameters
    ----------
    tip_lps_mm, outer_lps_mm : float array, shape (3,), mm, LPS
    tilt_deg : float, degrees, to the planned axis
    azimuth_deg : float, degrees, direction of the tilt about the axis, from cranial
    """

    tip_lps_mm: NDArray[np.float64]
    outer_lps_mm: NDArray[np.float64]
    tilt_deg: float = 0.0
    azimuth_deg: float = 0.0

    @property
    def length_mm(self) -> float:
        """Return the way from tip to outer end, mm."""
        return float(np.linalg.norm(self.outer_lps_mm - self.tip_lps_mm))

    @property
    def way(self) -> NDArray[np.float64]:
        """Return the unit vector from the outer end to the tip and on."""
        way: NDArray[np.float64] = (self.tip_lps_mm - self.outer_lps_mm) / self.length_mm
        return way

    def capsule(self, radius_mm: float) -> NDArray[np.float64]:
        """Return the swept tool, shape (7,): tip, outer end, radius, mm, LPS."""
        return np.array([*self.tip_lps_mm, *self.outer_lps_mm, radius_mm])

    def samples(self) -> NDArray[np.float64]:
        """Return points of the tool's centre line, shape (N, 3), mm, LPS, from the tip."""
        count = int(np.ceil(self.length_mm / value("planning.path_step_mm"))) + 1
        shares = np.linspace(0, 1, count)[:, None]
        points: NDArray[np.float64] = self.tip_lps_mm + shares * (
            self.outer_lps_mm - self.tip_lps_mm
        )
        return points


def find_across(way: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two unit vectors across an axis, the first as cranial as can be, LPS.

    Parameters
    ----------
    way : float array, shape (3,), unit vector
    """
    cranial = np.array([0.0, 0.0, 1.0])
    up = cranial - (cranial @ way) * way
    if np.linalg.norm(up) < PARALLEL_EPSILON:
        up = np.array([0.0, 1.0, 0.0]) - way[1] * way
    up /= np.linalg.norm(up)
    return up, np.cross(way, up)


def turn_shaft(
    shaft: Shaft, pivot_lps_mm: NDArray[np.float64], tilt_deg: float, azimuth_deg: float
) -> Shaft:
    """Return a tool turned about a point of its axis.

    Parameters
    ----------
    shaft : Shaft along the planned axis
    pivot_lps_mm : float array, shape (3,), mm, LPS, on the axis
    tilt_deg : float, degrees
    azimuth_deg : float, degrees, where the tip goes: 0 is cranial
    """
    tilt, azimuth = np.radians([tilt_deg, azimuth_deg])
    up, side = find_across(shaft.way)
    lean = np.cos(azimuth) * up + np.sin(azimuth) * side
    way = np.cos(tilt) * shaft.way + np.sin(tilt) * lean
    ahead = float((shaft.tip_lps_mm - pivot_lps_mm) @ shaft.way)
    tip = pivot_lps_mm + ahead * way
    return Shaft(tip, tip - shaft.length_mm * way, tilt_deg, azimuth_deg)


def measure_room_mm(
    hazards: HazardSet,
    tools: Toolset,
    tool: Tool,
    points_lps_mm: NDArray[np.float64],
    reamed: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """Return how much more room a tool has at points of its centre line than it must, mm.

    Parameters
    ----------
    hazards : HazardSet
    tools : Toolset, which says what each tool must keep off
    tool : Tool, whose radius and margins count
    points_lps_mm : float array, shape (N, 3), mm, LPS
    reamed : float array, shape (K, 7), mm, capsules of bone that is gone; none for a tool that
        takes removable bone away, which then is no obstacle

    Returns
    -------
    float array, shape (N,), mm, negative where a hard margin is broken; not more than fields reach

    Notes
    -----
    What is left of bone that is removed may be pressed upon like a rim. After reaming it is no
    nearer than the wall of the channel: that and its distance before reaming bound it from below.
    """
    cap = value("planning.field_reach_mm")
    room = np.full(len(points_lps_mm), cap)
    first, last = points_lps_mm.min(axis=0), points_lps_mm.max(axis=0)
    channel = np.zeros((0, 3 + 3 + 1)) if reamed is None else reamed
    inside_mm = measure_depth_in_channel_mm(points_lps_mm, channel)
    for hazard in hazards.hazards:
        least, is_cut = _find_least_mm(hazard, tools, tool)
        if least is None or (is_cut and reamed is None):
            continue
        low, high = hazard.faces.bounds_lps_mm
        apart = np.maximum(np.maximum(low - last, first - high), 0.0)
        # Most of the body is farther from all points than any room that is told.
        if apart @ apart >= max(least + cap, 0.0) ** 2:
            continue
        gap = _measure_gap_mm(hazard, points_lps_mm, least + room)
        room = np.minimum(room, (np.maximum(gap, inside_mm) if is_cut else gap) - least)
    return room


def measure_depth_in_channel_mm(
    points_lps_mm: NDArray[np.float64], reamed: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how deep points lie inside the deepest of some channels, shape (N,), mm.

    Parameters
    ----------
    points_lps_mm : float array, shape (N, 3), mm, LPS
    reamed : float array, shape (K, 7), mm: tip, outer end and radius

    Returns
    -------
    mm from the wall, positive inside; minus infinity where nothing is reamed
    """
    depth = np.full(len(points_lps_mm), -np.inf)
    for capsule in reamed:
        tip, way = capsule[:3], capsule[3:-1] - capsule[:3]
        along = np.clip((points_lps_mm - tip) @ way / (way @ way), 0, 1)
        gap = np.linalg.norm(points_lps_mm - tip - along[:, None] * way, axis=1)
        depth = np.maximum(depth, capsule[-1] - gap)
    return depth


def _find_least_mm(hazard: Hazard, tools: Toolset, tool: Tool) -> tuple[float | None, bool]:
    """Return how far a tool's centre line must stay off, mm, and whether the bone is reamed."""
    margin = tools.margin_mm(tool, hazard.group, hazard.structure)
    if margin is not None:
        return tool.radius_mm + margin, False
    if hazard.group in (Group.REMOVABLE, Group.RIM):
        return tool.radius_mm - value("margins.rim_contact_mm"), True
    return None, False


def _measure_gap_mm(
    hazard: Hazard, points_lps_mm: NDArray[np.float64], enough_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return distances to a structure, never too large, exact below ``enough_mm``, shape (N,)."""
    low, high = hazard.faces.bounds_lps_mm
    outside = np.maximum(np.maximum(low - points_lps_mm, points_lps_mm - high), 0)
    gap: NDArray[np.float64] = np.linalg.norm(outside, axis=1)
    wanted = gap < enough_mm
    if hazard.field is not None and wanted.any():
        nodes = hazard.field.grid.ijk(points_lps_mm)
        held = ((nodes >= 0) & (nodes <= np.array(hazard.field.grid.shape) - 1)).all(axis=1)
        held &= wanted
        gap[held] = hazard.field.sample(points_lps_mm[held])
        wanted &= ~held
    if wanted.any():
        asked, most = points_lps_mm[wanted], float(enough_mm[wanted].max())
        faces = hazard.faces.points_lps_mm
        near = (faces >= asked.min(axis=0) - most) & (faces <= asked.max(axis=0) + most)
        near = near.all(axis=1)
        gap[wanted] = cKDTree(faces[near]).query(asked)[0] if near.any() else most
    return gap


PARALLEL_EPSILON = 10.0**-6
"""An axis that is less than this off the patient's has no cranial direction across it."""
