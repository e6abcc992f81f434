"""All pictures of one report, in print order."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, Case, Level, StructureKey
from kambin.core import Progress
from kambin.frames import Side
from kambin.planning import Plan, Refusal
from kambin.report.projections import VIEWS, draw_projection
from kambin.report.scene import (
    draw_scene,
    scene_cameras,
    scene_meshes,
    see_through_tools,
)
from kambin.report.sections import draw_section
from kambin.report.skin_map import SkinPicture, draw_skin_map
from kambin.report.source import outlined_structures, shown_volume
from kambin.report.tool_outlines import DrawnTool, drawn_tools
from kambin.report.view_planes import ViewPlane, orthogonal_planes, tool_planes

_FRAME_MM, _REFUSAL_FRAME_MM = 190.0, 150.0
_MIDDLE_SHARE = 0.3


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a report.

    Parameters
    ----------
    name : str, for file names and anchors
    title, alt : str, what it shows, for those who see it and those who do not
    png : bytes
    """

    name: str
    title: str
    alt: str
    png: bytes

    @property
    def aspect(self) -> float:
        """Return width over height, from the file's own header."""
        width, height = struct.unpack(">II", self.png[16:24])
        return float(width / height)


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
    """

    level: Level
    side: Side
    focus_lps_mm: NDArray[np.float64]
    outward_lps: NDArray[np.float64]
    tools: tuple[DrawnTool, ...]
    planes: tuple[ViewPlane, ...]
    binding: StructureKey | None

    @property
    def caption(self) -> str:
        """Return level and side in words."""
        return f"{self.level} {self.side.value.upper()} side"

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
    """
    entry = np.array(plan.trajectory.entry_lps_mm)
    target = np.array(plan.trajectory.target_lps_mm)
    cannula = [stage for stage in plan.stages if stage.tool == "cannula"]
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
    )


def refusal_scenery(anatomy: Anatomy, refusal: Refusal) -> Scenery:
    """Return what the pictures of a refusal look at: the asked side's posterior disc margin.

    Parameters
    ----------
    anatomy : Anatomy
    refusal : Refusal
    """
    level, side = Level.parse(refusal.level), Side(refusal.side)
    frame = anatomy.disc_frames[level]
    sign = side.lateral_sign_lps
    focus = frame.lps_from_disc.points(
        [sign * 0.5 * frame.half_width_mm, frame.posterior_rim_y_mm, 0.0]
    )
    outward = np.array([sign, 1.0, 0.0]) / np.sqrt(2.0)
    key = refusal.binding.structure
    binding = next((known for known in anatomy.structures if str(known) == key), None)
    planes = orthogonal_planes(focus, width_mm=_REFUSAL_FRAME_MM)
    return Scenery(level, side, focus, outward, (), planes, binding)


def draw_pictures(
    case: Case,
    anatomy: Anatomy,
    scenery: Scenery,
    skin: SkinPicture | None,
    progress: Progress,
) -> Iterator[Picture]:
    """Yield every picture of a report, reporting progress.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy
    scenery : Scenery
    skin : SkinPicture, or none if no entry was tried
    progress : Progress
    """
    total = len(scenery.planes) + len(VIEWS) + 3 + int(skin is not None)
    for done, picture in enumerate(_draw_all(case, anatomy, scenery, skin), start=1):
        progress.step("Drawing the report", done, total)
        yield picture


def _draw_all(
    case: Case, anatomy: Anatomy, scenery: Scenery, skin: SkinPicture | None
) -> Iterator[Picture]:
    volume = shown_volume(case, anatomy, scenery.middle_lps_mm)
    regions = outlined_structures(anatomy, scenery.level, scenery.middle_lps_mm)
    caption = scenery.caption
    for plane in scenery.planes:
        png = draw_section(
            volume, plane, regions, scenery.tools, caption=caption, binding=scenery.binding
        )
        yield _picture(plane.name, plane.title, caption, png)
    for view in VIEWS:
        png = draw_projection(volume, view, scenery.middle_lps_mm, scenery.tools, caption=caption)
        yield _picture(f"projection-{view}", f"Projection, {view}", caption, png)
    meshes = scene_meshes(
        anatomy, scenery.level, scenery.focus_lps_mm, scenery.tools, scenery.binding
    )
    for name, title, camera in scene_cameras(scenery.focus_lps_mm, scenery.outward_lps):
        seen = see_through_tools(meshes) if name == "space-along" else meshes
        png = draw_scene(seen, camera, title=title, caption=caption)
        yield _picture(name, title, caption, png)
    if skin is not None:
        png = draw_skin_map(skin, anatomy, caption=caption)
        yield _picture("skin-map", "Skin map", caption, png)


def _picture(name: str, title: str, caption: str, png: bytes) -> Picture:
    return Picture(name, title, f"{title}, {caption}", png)
