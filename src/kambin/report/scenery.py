"""Where the pictures of a report look, and which tools they show."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, DiscFrame, Level, StructureKey
from kambin.frames import Side
from kambin.planning import Plan, Refusal, SkinMap
from kambin.report.tool_outlines import (
    DrawnTool,
    capsule_distance_mm,
    drawn_tools,
    nearest_tools,
)
from kambin.report.view_planes import ViewPlane, orthogonal_planes, tool_planes

NOT_A_PLAN = "NOT A PLAN"
"""Stands in every picture of a refusal, because it may show the path that came nearest."""

# A plan's axial picture also has to show the skin entry; a refusal's shows what binds.
_FRAME_MM, _REFUSAL_FRAME_MM = 190.0, 150.0
# Nearer to the target, where the picture matters, than to the skin.
_MIDDLE_SHARE = 0.3
_SAME_MM = 0.5


@dataclass(frozen=True, slots=True)
class Scenery:
    """Where the pictures look and which tools they show.

    Parameters
    ----------
    level, side : what is planned
    focus_lps_mm : float array, shape (3,), mm, LPS, the target, or the disc in a refusal
    outward_lps : float array, shape (3,), LPS, unit vector from the target to the skin
    tools : the tools; none in a refusal
    planes : the sections
    binding : StructureKey of what forbids the path, or none
    is_plan : bool; what is not is said so in every picture
    """

    level: Level
    side: Side
    focus_lps_mm: NDArray[np.float64]
    outward_lps: NDArray[np.float64]
    tools: tuple[DrawnTool, ...]
    planes: tuple[ViewPlane, ...]
    binding: StructureKey | None
    is_plan: bool

    @property
    def caption(self) -> str:
        """Return level and side in words."""
        text = f"{self.level} {self.side.value.upper()} side"
        return text if self.is_plan else f"{text}\n{NOT_A_PLAN}"

    @property
    def middle_lps_mm(self) -> NDArray[np.float64]:
        """Return a point on the way from the target to the skin, shape (3,), mm, LPS."""
        if not self.tools:
            return self.focus_lps_mm
        way = self.tools[0].outside_lps_mm - self.focus_lps_mm
        middle: NDArray[np.float64] = self.focus_lps_mm + _MIDDLE_SHARE * way
        return middle


def plan_scenery(plan: Plan) -> Scenery:
    """Return what the pictures of a plan look at.

    Parameters
    ----------
    plan : Plan

    Raises
    ------
    RequestError  (RQ-002) if the plan names no disc level
    InputError  (IN-045) if entry and target are one point
    """
    entry = np.array(plan.trajectory.entry_lps_mm)
    target = np.array(plan.trajectory.target_lps_mm)
    cannula = [stage for stage in plan.stages if stage.tool == "cannula"]
    # The last cannula is the one that stays; without any, one looks at the target.
    docking = np.array(cannula[-1].tip_lps_mm) if cannula else target
    return Scenery(
        Level.parse(plan.level),
        Side(plan.side),
        target,
        (entry - target) / np.linalg.norm(entry - target),
        drawn_tools(plan),
        (
            *tool_planes(entry, target, docking),
            *orthogonal_planes(target, width_mm=_FRAME_MM, towards_lps_mm=entry),
        ),
        None,
        True,
    )


def refusal_scenery(anatomy: Anatomy, refusal: Refusal, skin: SkinMap | None) -> Scenery:
    """Return what the pictures of a refusal look at: where the nearest path fails.

    Parameters
    ----------
    anatomy : Anatomy
    refusal : Refusal
    skin : SkinMap with the path that came nearest, or none if nothing is known of it

    Raises
    ------
    RequestError  (RQ-002) if the refusal names no disc level
    """
    level, side = Level.parse(refusal.level), Side(refusal.side)
    binding = next((k for k in anatomy.structures if str(k) == refusal.binding.structure), None)
    if binding is not None and binding.kind == "skin":
        binding = None  # it is everywhere: nothing to look at
    focus = _posterior_corner(anatomy.disc_frames[level], side)
    # With no path at all one looks from half way between the back and the asked side.
    outward = np.array([side.lateral_sign_lps, 1.0, 0.0]) / np.sqrt(2.0)
    tools: tuple[DrawnTool, ...] = ()
    planes: tuple[ViewPlane, ...] = ()
    if skin is not None and skin.nearest is not None:
        entry, focus = skin.nearest.entry_lps_mm, skin.nearest.target_lps_mm
        outward = (entry - focus) / np.linalg.norm(entry - focus)
        tools = nearest_tools(skin.nearest, skin.tools)
        planes = tool_planes(entry, focus, focus + skin.nearest.stop_mm * outward)
    shown = focus if binding is None else _nearest_point(anatomy, binding, focus, outward)
    planes += orthogonal_planes(shown, width_mm=_REFUSAL_FRAME_MM)
    return Scenery(level, side, focus, outward, tools, planes, binding, False)


def _posterior_corner(frame: DiscFrame, side: Side) -> NDArray[np.float64]:
    """Return the posterior margin of the disc half way to the side, mm, LPS."""
    lateral_mm = side.lateral_sign_lps * frame.half_width_mm / 2
    return frame.lps_from_disc.points([lateral_mm, frame.posterior_rim_y_mm, 0.0])


def _nearest_point(
    anatomy: Anatomy,
    key: StructureKey,
    focus_lps_mm: NDArray[np.float64],
    outward_lps: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return where a structure comes nearest to the axis, mm, LPS."""
    region = anatomy.require(key).region
    points = region.lps_mm(np.argwhere(region.values > 0))
    if not len(points):
        return focus_lps_mm
    far = focus_lps_mm + _FRAME_MM * outward_lps
    distance_mm = capsule_distance_mm(points, focus_lps_mm, far, 0.0)
    # The middle of all that are nearly nearest: a single voxel would be a matter of chance.
    nearest: NDArray[np.float64] = points[distance_mm <= distance_mm.min() + _SAME_MM].mean(axis=0)
    return nearest
