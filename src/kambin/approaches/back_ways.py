"""The ways from behind: where their window lies, how they run, and what they cut."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.approaches.ground import Ground
from kambin.approaches.solids import (
    Box,
    Common,
    Everything,
    Half,
    Joined,
    Near,
    Solid,
    Tube,
    Without,
)
from kambin.frames import Side
from kambin.knowledge.approaches import Approach, approaches
from kambin.knowledge.constants import value

TIE_EPSILON = 10.0**-6
"""Volumes that differ by less, mm3, are the same: the straighter way is then taken."""

Axis = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Where a way begins in the patient, and a point beyond the skin, each of shape (3,), mm, LPS."""


@dataclass(frozen=True, slots=True)
class BackWay:
    """One way from behind on one patient.

    Parameters
    ----------
    approach : Approach
    aim_lps_mm, window_lps_mm : float array, shape (3,), mm, LPS: the target or what is nearest to
        it, and the middle of the window half through the lamina; both on the axis
    outward : float array, shape (3,), unit vector of the axis from the target to the skin, LPS
    lateral_tilt_deg, cranial_tilt_deg : float, degrees, of the axis from the disc's posterior
        axis, positive where the skin end is lateral, or cranial
    opening : Solid, what tube or window takes up, of bone that may be cut or not
    cut : Solid, what is cut of lamina and facet
    cut_upper : Solid, what is cut of lamina and spinous process of the upper vertebra
    flavum : Solid, what is cut of the ligamentum flavum
    aside : Solid, in which muscle is dilated, split or held aside
    detached : Solid, in which muscle is taken off the bone; none where it is not
    room : Tube, what has to get to the target beside the root
    """

    approach: Approach
    aim_lps_mm: NDArray[np.float64]
    window_lps_mm: NDArray[np.float64]
    outward: NDArray[np.float64]
    lateral_tilt_deg: float
    cranial_tilt_deg: float
    opening: Solid
    cut: Solid
    cut_upper: Solid
    flavum: Solid
    aside: Solid
    detached: Solid | None
    room: Tube

    def find_cut(self, key: StructureKey, upper: str) -> Solid:
        """Return what is cut of a bone.

        Parameters
        ----------
        key : StructureKey
        upper : str, the upper vertebra of the level
        """
        is_upper = key.kind in ("lamina", "sp") and key.place == upper
        return self.cut_upper if is_upper else self.cut

    def find_passage(self) -> Tube | None:
        """Return the tube as far as it goes in, which bone cannot share with it; else none.

        Notes
        -----
        Through a window only lamina and joint are cut: what is beside them is left standing.
        """
        if self.approach.bone != "tube":
            return None
        tip = self.aim_lps_mm + self.approach.require("dock_mm") * self.outward
        end = self.window_lps_mm + value("exposure.wound_mm") * self.outward
        return Tube(tip, end, 0.5 * self.approach.require("tube_mm"))


def find_back_way(ground: Ground, approach: Approach) -> BackWay:
    """Return the way from behind with the least bone in its way.

    Parameters
    ----------
    ground : Ground
    approach : Approach with a tube or a retractor

    Raises
    ------
    AnatomyError  (AN-011) if the lamina of the level is not assessed

    Notes
    -----
    The axis is turned in steps about the target in both planes of the disc. A window stays on its
    side of the midline. Of the ways with the least bone the straightest is taken. Retractors of
    all sizes and the tube of a microdiscectomy share one axis, that of the smallest window, so
    that the larger operation holds the smaller.
    """
    ground.require_back()
    leading = _find_leading(approach)
    if leading.name not in ground.tilts:
        ground.tilts[leading.name] = _find_best_tilt(ground, leading)
    return _lay(ground, approach, ground.tilts[leading.name])


def find_skin(ground: Ground, way: BackWay) -> NDArray[np.float64] | None:
    """Return where the axis of a way meets the skin, shape (3,), mm, LPS, or none.

    Parameters
    ----------
    ground : Ground
    way : BackWay
    """
    if ground.skin is None:
        return None
    far_mm = value("exposure.wound_mm")
    found = ground.skin.find_exits(way.window_lps_mm, way.outward[None], far_mm)[0]
    return found if np.isfinite(found).all() else None


def _find_best_tilt(ground: Ground, approach: Approach) -> tuple[float, float]:
    """Return the tilt with the least bone, of those the straightest, lateral and cranial, deg."""
    aim = find_aim_mm(ground, approach)
    low, high = _find_borders_mm(ground, approach)
    best: tuple[tuple[float, float, int], tuple[float, float]] | None = None
    for number, tilt in enumerate(_list_tilts()):
        middle = _find_window(ground, aim, tilt)[0]
        if not low - TIE_EPSILON <= middle <= high + TIE_EPSILON:
            continue
        cost = ground.estimate_bone_mm3(_lay(ground, approach, tilt).opening)
        rank = (round(cost / TIE_EPSILON) * TIE_EPSILON, math.hypot(*tilt), number)
        if best is None or rank < best[0]:
            best = (rank, tilt)
    # The borders may lie between two steps of the tilt: then the straight way is told.
    return (0.0, 0.0) if best is None else best[1]


def _find_leading(approach: Approach) -> Approach:
    """Return the row whose axis a way takes: its own tube's, or that of the smallest window."""
    if approach.bone == "tube":
        return approach
    rows = [row for row in approaches().values() if row.bone == "window"]
    return min((*rows, approach), key=lambda row: row.require("window_width_mm"))


def _list_tilts() -> list[tuple[float, float]]:
    """Return the tilts that are tried, lateral and cranial, degrees."""
    step = value("exposure.tilt_step_deg")
    medial, lateral, along = (
        round(value(f"exposure.tilt_{name}_max_deg") / step)
        for name in ("medial", "lateral", "along")
    )
    sideways = [step * n for n in range(-medial, lateral + 1)]
    return [(a, step * n) for a in sideways for n in range(-along, along + 1)]


def _find_window(
    ground: Ground, target_mm: NDArray[np.float64], tilt_deg: tuple[float, float]
) -> NDArray[np.float64]:
    """Return where an axis through the target crosses the lamina, surgical disc frame, mm."""
    away = float(ground.lamina_mm[1] - target_mm[1])
    lateral, cranial = (math.tan(math.radians(tilt)) for tilt in tilt_deg)
    return target_mm + away * np.array([lateral, 1.0, cranial])


def _find_borders_mm(ground: Ground, approach: Approach) -> tuple[float, float]:
    """Return between which lines the middle of a window lies, mm lateral of the midline.

    Notes
    -----
    Its medial edge keeps to its side of the midline, its middle does not leave the part of the
    joint that may be cut: further out lie the facet and what is beside it, no way from behind.
    """
    field = "tube_mm" if approach.bone == "tube" else "window_width_mm"
    low = 0.5 * approach.require(field)
    medial, lateral = ground.joint_mm(ground.geometry.side) or (low, low)
    return low, max(low, medial + approach.require("facet_share") * (lateral - medial))


def find_aim_mm(ground: Ground, approach: Approach) -> NDArray[np.float64]:
    """Return the point a way aims at, surgical disc frame, shape (3,), mm.

    Parameters
    ----------
    ground : Ground
    approach : Approach from behind

    Notes
    -----
    The target, or where it lies farther to a side than the largest tilt reaches from its window,
    the nearest point that is within reach of it.
    """
    target = ground.geometry.surgical_mm(ground.target_lps_mm)
    low, high = _find_borders_mm(ground, approach)
    away_mm = float(ground.lamina_mm[1] - target[1])
    medial, lateral = (
        away_mm * math.tan(math.radians(value(f"exposure.tilt_{name}_max_deg")))
        for name in ("medial", "lateral")
    )
    aim: NDArray[np.float64] = target.copy()
    aim[0] = np.clip(target[0], low - lateral, high + medial)
    return aim


def _lay(ground: Ground, approach: Approach, tilt_deg: tuple[float, float]) -> BackWay:
    """Return a way with a given axis."""
    geometry, axes = ground.geometry, ground.axes_lps
    aim_mm = find_aim_mm(ground, _find_leading(approach))
    aim = geometry.lps_mm(aim_mm)
    window = geometry.lps_mm(_find_window(ground, aim_mm, tilt_deg))
    outward = window - aim
    outward = outward / np.linalg.norm(outward)
    across = axes[0] - (axes[0] @ outward) * outward
    across = across / np.linalg.norm(across)
    frame = np.stack([across, outward, np.cross(across, outward)])
    far_mm = value("exposure.wound_mm")
    axis = (aim, window + far_mm * outward)
    opening = _find_opening(ground, approach, axis, frame)
    cut, cut_upper, flavum = _find_cuts(ground, approach, opening, axis)
    aside, detached = _find_muscle(ground, approach, axis, window)
    return BackWay(
        approach=approach,
        aim_lps_mm=aim,
        window_lps_mm=window,
        outward=outward,
        lateral_tilt_deg=tilt_deg[0],
        cranial_tilt_deg=tilt_deg[1],
        opening=opening,
        cut=cut,
        cut_upper=cut_upper,
        flavum=flavum,
        aside=aside,
        detached=detached,
        room=Tube(aim, window, 0.5 * approach.require("room_mm")),
    )


def _find_opening(
    ground: Ground, approach: Approach, axis: Axis, frame: NDArray[np.float64]
) -> Solid:
    """Return what tube or window takes up; a window ends at the midline."""
    if approach.bone == "tube":
        return Tube(*axis, 0.5 * approach.require("tube_mm"))
    mine = Half(ground.geometry.lps_mm(np.zeros(3)), -ground.axes_lps[0])
    wide_mm, high_mm = (approach.require(f"window_{name}_mm") for name in ("width", "height"))
    long_mm = float(np.linalg.norm(axis[1] - axis[0]))
    box = Box(0.5 * (axis[0] + axis[1]), frame, 0.5 * np.array([wide_mm, long_mm, high_mm]))
    return Common((box, mine))


def _find_cuts(
    ground: Ground, approach: Approach, opening: Solid, axis: Axis
) -> tuple[Solid, Solid, Solid]:
    """Return what is cut of bone, of the upper lamina and of the flavum."""
    if approach.bone == "tube":
        # What lies in the way of a tube goes, or it would not pass.
        ring = Tube(*axis, 0.5 * approach.require("flavum_opening_mm"))
        return opening, opening, ring
    limit = _find_limit(ground, approach, ground.geometry.side)
    held, upper = Common((opening, limit)), Common((opening, limit))
    if approach.bone == "laminectomy":
        upper = Common((limit, _find_limit(ground, approach, ground.other_side)))
    mine = Half(ground.geometry.lps_mm(np.zeros(3)), -ground.axes_lps[0])
    flava = {"cut": opening, "side": Joined((opening, mine)), "all": Everything()}
    return held, upper, flava[approach.flavum]


def _find_limit(ground: Ground, approach: Approach, side: Side) -> Solid:
    """Return everything medial of the share of the joint that may be cut."""
    joint = ground.joint_mm(side)
    if joint is None:
        return Everything()
    medial, lateral = joint
    line = medial + approach.require("facet_share") * (lateral - medial)
    sign = 1.0 if side is ground.geometry.side else -1.0
    point = ground.geometry.lps_mm(np.array([sign * line, 0.0, 0.0]))
    return Half(point, sign * ground.axes_lps[0])


def _find_muscle(
    ground: Ground, approach: Approach, axis: Axis, window: NDArray[np.float64]
) -> tuple[Solid, Solid | None]:
    """Return in which solid muscle is pushed aside, and in which it is taken off the bone."""
    deep_mm = value("exposure.wound_mm")
    if approach.corridor == "tube":
        start = axis[0] if approach.bone == "tube" else window
        return Tube(start, axis[1], 0.5 * approach.require("tube_mm")), None
    high_mm, blade_mm = approach.require("incision_mm"), approach.require("blade_mm")
    # Along the disc's own axes: an incision runs along the midline however a window is tilted.
    lateral_mm = 0.0 if approach.both_sides else 0.5 * blade_mm
    behind_mm = float(ground.lamina_mm[0]) + 0.5 * deep_mm
    height_mm = float(ground.geometry.surgical_mm(window)[2])
    wide_mm = 2 * blade_mm if approach.both_sides else blade_mm
    channel = Box(
        ground.geometry.lps_mm(np.array([lateral_mm, behind_mm, height_mm])),
        ground.axes_lps,
        0.5 * np.array([wide_mm, deep_mm, high_mm]),
    )
    if ground.back_bone is None:
        return channel, None
    near = Common((channel, Near(ground.back_bone, value("exposure.strip_mm"))))
    return Without(channel, near), near
