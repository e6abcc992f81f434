"""The patient's level in space, with the tools and the bone that is taken away."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import DISC_LEVELS, VERTEBRAE, Anatomy, Level, Structure, StructureKey
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.report.camera import Camera
from kambin.report.figure import (
    draw_letters,
    draw_scale_bar,
    draw_title,
    new_figure,
    picture_axes,
    png_bytes,
    write_label,
)
from kambin.report.meshes import capsule_surface, region_surface
from kambin.report.palette import REMOVED_ORANGE, TOOL_CYAN, find_look
from kambin.report.render import Mesh, render_scene
from kambin.report.source import crop_near
from kambin.report.tool_outlines import DrawnTool, capsule_distance_mm

_SHOWN_MM = 95.0
# From the side the pelvis stands before L5-S1; as a veil it is still seen.
_HIDING_OPACITY = 0.28
_VEILED_CANNULA = 0.45
_NEEDLE_GREY = (0.25, 0.25, 0.28)
_SIZE_PX = (640, 640)
_WIDTH_IN = 4.0
_ALWAYS = frozenset(
    {"dural_sac", "exiting_root", "traversing_root", "drg", "fragment", "aorta", "vena_cava"}
)


def scene_meshes(
    anatomy: Anatomy,
    level: Level,
    centre_lps_mm: NDArray[np.float64],
    tools: Sequence[DrawnTool],
    binding: StructureKey | None = None,
) -> tuple[Mesh, ...]:
    """Return the surfaces of a level's neighbourhood, the tools and the removed bone.

    Parameters
    ----------
    anatomy : Anatomy
    level : Level
    centre_lps_mm : float array, shape (3,), mm, LPS; only what lies near it is drawn
    tools : the tools; what the reamer takes of the superior articular process is orange
    binding : StructureKey of what forbids the path, drawn orange
    """
    reamer = next((tool for tool in tools if tool.name == "reamer"), None)
    meshes = []
    for key, structure in sorted(anatomy.structures.items(), key=lambda item: str(item[0])):
        near = crop_near(structure.region, centre_lps_mm, _SHOWN_MM)
        if near is None or not (_is_shown(key, level) or key == binding):
            continue
        if key == StructureKey("vertebra", level.lower) and reamer is not None:
            # Cut out and drawn by itself: two surfaces at one place would both show in patches.
            taken = _taken_bone(anatomy, level, reamer)
            near = _without(near, taken)
            meshes += [Mesh(region_surface(part), REMOVED_ORANGE, name="removed") for part in taken]
        colour = REMOVED_ORANGE if key == binding else find_look(key).colour
        opacity = _HIDING_OPACITY if key.kind in ("ilium", "hip") else 1.0
        meshes.append(Mesh(region_surface(near), colour, opacity, str(key)))
    return (*meshes, *_tool_meshes(tools))


def draw_scene(meshes: Sequence[Mesh], camera: Camera, *, title: str, caption: str) -> bytes:
    """Return a picture in space as PNG with letters and a scale bar.

    Parameters
    ----------
    meshes : the surfaces
    camera : Camera
    title : str
    caption : str, level and side in words

    Returns
    -------
    bytes of a PNG
    """
    image = render_scene(meshes, camera, _SIZE_PX)
    half = camera.height_mm / 2
    figure = new_figure(_WIDTH_IN, _WIDTH_IN)
    axes = picture_axes(figure, (-half, half, half, -half))
    axes.imshow(image, extent=(-half, half, half, -half), interpolation="bilinear", aspect="auto")
    axes.set_xlim(-half, half)
    axes.set_ylim(half, -half)
    for mesh in meshes:
        if mesh.name.startswith("vertebra:") and len(mesh.surface.vertices_lps_mm):
            middle = mesh.surface.vertices_lps_mm.mean(axis=0) - camera.centre_lps_mm
            x_mm, y_mm = float(middle @ camera.right_lps), float(-middle @ camera.up_lps)
            # A name at the edge would run under the letters.
            if max(abs(x_mm), abs(y_mm)) < 0.85 * half:
                write_label(axes, x_mm, y_mm, mesh.name.split(":")[1], size_pt=8)
    draw_letters(axes, camera.letters)
    draw_title(axes, title, caption)
    draw_scale_bar(axes)
    return png_bytes(figure)


def see_through_tools(meshes: Sequence[Mesh]) -> tuple[Mesh, ...]:
    """Return the scene with a veiled cannula, so that its mouth does not hide what it aims at.

    Parameters
    ----------
    meshes : the surfaces of a scene
    """
    return tuple(
        replace(mesh, opacity=_VEILED_CANNULA) if mesh.name == "cannula" else mesh
        for mesh in meshes
    )


def scene_cameras(
    centre_lps_mm: NDArray[np.float64], outward_lps: NDArray[np.float64]
) -> tuple[tuple[str, str, Camera], ...]:
    """Return the three views of a report: name, title and camera.

    Parameters
    ----------
    centre_lps_mm : float array, shape (3,), mm, LPS
    outward_lps : float array, shape (3,), LPS, unit vector from the target to the entry
    """
    # From the side that is operated on, or the spine would hide the tools.
    sideways = float(np.sign(outward_lps[0]))
    behind = np.array([-0.12 * sideways, -0.93, -0.34])
    beside = np.array([-0.97 * sideways, -0.20, -0.12])
    return (
        ("space-behind", "From behind and above", _look(behind, centre_lps_mm, 190.0)),
        ("space-side", "From the side", _look(beside, centre_lps_mm, 130.0)),
        ("space-along", "Down the tools", _look(-outward_lps, centre_lps_mm, 90.0)),
    )


def _look(
    view_lps: NDArray[np.float64], centre_lps_mm: NDArray[np.float64], height_mm: float
) -> Camera:
    return Camera.looking(view_lps, centre_lps_mm=centre_lps_mm, height_mm=height_mm)


def _is_shown(key: StructureKey, level: Level) -> bool:
    if key.kind == "vertebra":
        return key.place in VERTEBRAE
    if key.kind == "disc":
        return key.place in DISC_LEVELS
    if key.kind in ("exiting_root", "drg", "segmental_artery"):
        return key.place in (level.upper, level.lower)
    return key.kind in _ALWAYS or key.kind in (
        "sacrum",
        "ilium",
        "hip",
        "iliac_artery",
        "iliac_vein",
    )


def _taken_bone(anatomy: Anatomy, level: Level, reamer: DrawnTool) -> list[LabelMap]:
    """Return what the reamer takes of the lower vertebra's superior articular processes."""
    found = [anatomy.find(StructureKey("sap", level.lower, side)) for side in Side]
    parts = [_inside_tool(sap, reamer) for sap in found if sap is not None]
    return [part for part in parts if part.values.any()]


def _inside_tool(structure: Structure, tool: DrawnTool) -> LabelMap:
    region = structure.region
    inside = region.values > 0
    points = region.lps_mm(np.argwhere(inside))
    taken = np.zeros(region.shape, np.uint8)
    distance_mm = capsule_distance_mm(points, tool.tip_lps_mm, tool.outside_lps_mm, tool.radius_mm)
    taken[inside] = distance_mm <= 0
    return LabelMap(taken, region.lps_from_ijk, region.frame_id)


def _without(region: LabelMap, parts: Sequence[LabelMap]) -> LabelMap:
    """Return a region without the voxels that lie in any of the parts."""
    values = region.values.copy()
    inside = np.argwhere(values > 0)
    points = region.lps_mm(inside)
    for part in parts:
        # Through millimetres: the two crops begin at different voxels.
        index = np.rint(part.ijk(points)).astype(int)
        ok = ((index >= 0) & (index < part.shape)).all(axis=1)
        hit = np.zeros(len(inside), bool)
        hit[ok] = part.values[tuple(index[ok].T)] > 0
        values[tuple(inside[hit].T)] = 0
    return LabelMap(values, region.lps_from_ijk, region.frame_id)


def _tool_meshes(tools: Sequence[DrawnTool]) -> list[Mesh]:
    """Return needle and cannula; the needle is dark so that it shows inside the cannula."""
    return [
        Mesh(
            capsule_surface(tool.outside_lps_mm, tool.tip_lps_mm, tool.radius_mm),
            _NEEDLE_GREY if tool.name == "needle" else TOOL_CYAN,
            1.0,
            tool.name,
        )
        for tool in tools
        if tool.name in ("needle", "cannula")
    ]
