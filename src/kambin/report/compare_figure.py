"""One figure of six ways to operate: the same view, with what each takes in colour."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import NDArray

from kambin.approaches import Ground, Measured
from kambin.approaches.costs import find_widest_cannula
from kambin.imaging import LabelMap
from kambin.report.camera import Camera
from kambin.report.compare_section import LEGEND, TARGET_COLOUR, draw_way_section, find_tissues
from kambin.report.figure import draw_letters, draw_scale_bar, new_figure, plain, png_bytes
from kambin.report.meshes import capsule_surface, region_surface
from kambin.report.palette import (
    FRAGMENT_MAGENTA,
    IVORY,
    NERVE_YELLOW,
    REMOVED_ORANGE,
    TOOL_CYAN,
)
from kambin.report.render import Mesh, render_scene

_WIDTH_IN, _HEIGHT_IN = 15.0, 7.4
_PANEL_PX = (360, 400)
_HEIGHT_MM = 92.0
_REACH_MM = 52.0
_TUBE_MM = 90.0
_BONE_KINDS = (
    "body", "body_rim", "pedicle", "pedicle_rim", "lamina", "sp", "tp", "iap", "sap", "pars",
    "arch_base", "arch",
)  # fmt: skip


def draw_comparison(ground: Ground, found: Mapping[str, Measured]) -> bytes:
    """Return the figure as PNG: above all ways from behind, below each cut along its axis.

    Parameters
    ----------
    ground : Ground
    found : mapping of a way's name to Measured
    """
    figure = new_figure(_WIDTH_IN, _HEIGHT_IN)
    nerves = _find_nerves(ground)
    wide = 1.0 / len(found)
    for number, one in enumerate(found.values()):
        above = figure.add_axes((number * wide, 0.50, wide, 0.42))
        below = figure.add_axes((number * wide, 0.09, wide, 0.40))
        _draw_from_behind(above, ground, one, nerves)
        draw_way_section(below, ground, one)
        above.set_title(plain(one.cost.title), size=9, family=["DejaVu Sans"])
    level, side = ground.geometry.level, ground.geometry.side
    figure.text(
        0.01,
        0.975,
        f"{level}  {side.value.upper()} side  -  above: seen from behind; below: cut along the "
        f"way, seen from the feet. {tell_modelled(ground)}",
        size=9,
        family=["DejaVu Sans"],
    )
    figure.legend(
        handles=[
            *(Patch(color=colour, label=name) for name, colour in LEGEND.items()),
            Line2D([], [], ls="", marker="+", color=TARGET_COLOUR, label="target"),
        ],
        loc="lower center",
        ncols=len(LEGEND) // 2 + 1,
        fontsize=8,
        frameon=False,
    )
    return png_bytes(figure)


def tell_modelled(ground: Ground) -> str:
    """Return which of the tissues in the figure no image shows, as a sentence.

    Parameters
    ----------
    ground : Ground
    """
    names = [
        name for name, parts in find_tissues(ground).items() if any(p.is_modelled for p in parts)
    ]
    return f"Modelled, at least in part: {', '.join(names)}." if names else ""


def _draw_from_behind(axes: Axes, ground: Ground, one: Measured, nerves: list[Mesh]) -> None:
    camera = Camera.from_behind(ground.target_lps_mm, _HEIGHT_MM)
    image = render_scene([*_find_meshes(ground, one), *nerves], camera, _PANEL_PX)
    half_h = 0.5 * _HEIGHT_MM
    half_w = half_h * _PANEL_PX[0] / _PANEL_PX[1]
    axes.imshow(image, extent=(-half_w, half_w, -half_h, half_h), interpolation="bilinear")
    axes.set_axis_off()
    draw_letters(axes, camera.letters)
    draw_scale_bar(axes)
    if one.cost.refused is not None:
        axes.text(
            0.5, 0.08, f"no way: {one.cost.refused.structure} binds", size=8, ha="center",
            transform=axes.transAxes, color="firebrick", family=["DejaVu Sans"],
        )  # fmt: skip


def _find_meshes(ground: Ground, one: Measured) -> list[Mesh]:
    kept, gone = _split_bone(ground, one)
    meshes = [Mesh(region_surface(kept), IVORY)]
    if gone is not None:
        meshes.append(Mesh(region_surface(gone), REMOVED_ORANGE))
    tube = _find_tube(one)
    if tube is not None:
        meshes.append(Mesh(capsule_surface(*tube), TOOL_CYAN, 0.45))
    return meshes


def _find_nerves(ground: Ground) -> list[Mesh]:
    """Return sac, roots and fragment, the same in every panel."""
    level, side, meshes = ground.geometry.level, ground.geometry.side, []
    for name, colour in (
        # as in the sections below: one name, one colour
        ("dural_sac", LEGEND["sac"]),
        (f"traversing_root:{level.lower}:{side}", NERVE_YELLOW),
        (f"exiting_root:{level.upper}:{side}", NERVE_YELLOW),
        ("fragment", FRAGMENT_MAGENTA),
    ):
        structure = ground.anatomy.find(name)
        if structure is not None:
            meshes.append(Mesh(region_surface(_crop(ground, structure.region)), colour))
    return meshes


def _find_tube(
    one: Measured,
) -> tuple[NDArray[np.float64], NDArray[np.float64], float] | None:
    """Return the tube of a way: its ends, mm, LPS, and its radius, mm."""
    if one.plan is not None:
        cannula = find_widest_cannula(one.plan)
        tip, entry = np.array(cannula.tip_lps_mm), np.array(one.plan.trajectory.entry_lps_mm)
        way = (entry - tip) / np.linalg.norm(entry - tip)
        return tip, tip + _TUBE_MM * way, cannula.radius_mm
    if one.way is None or one.way.approach.tube_mm is None:
        return None
    way_back = one.way
    start = way_back.aim_lps_mm if way_back.approach.bone == "tube" else way_back.window_lps_mm
    radius_mm = 0.5 * way_back.approach.require("tube_mm")
    return start, way_back.window_lps_mm + _TUBE_MM * way_back.outward, radius_mm


def _split_bone(ground: Ground, one: Measured) -> tuple[LabelMap, LabelMap | None]:
    """Return the bone of the level that stays, and what goes, as maps of 0 and 1."""
    level = ground.geometry.level
    cut = {part.structure.key: part for part in one.costs.bone}
    kept, gone = [], []
    for key, structure in ground.anatomy.structures.items():
        is_part = key.place in (level.upper, level.lower) and key.kind in _BONE_KINDS
        if not (is_part or (key.kind == "sacrum" and level.lower == "S1")):
            continue
        points = ground.voxels_lps_mm(structure)
        taken = np.zeros(len(points), dtype=bool)
        if key in cut:
            taken = 2 * cut[key].grains >= cut[key].per_voxel
        kept.append(points[~taken])
        gone.append(points[taken])
    removed = np.concatenate(gone)
    return _as_map(ground, np.concatenate(kept)), _as_map(ground, removed) if len(removed) else None


def _as_map(ground: Ground, points: NDArray[np.float64]) -> LabelMap:
    """Return points of the working grid near the target as a map of 0 and 1."""
    grid = ground.anatomy.working_grid
    near = points[(np.abs(points - ground.target_lps_mm) <= _REACH_MM).all(axis=1)]
    nodes = np.rint(grid.ijk(near if len(near) else points[:1])).astype(int)
    first = nodes.min(axis=0)
    values = np.zeros(nodes.max(axis=0) - first + 1, dtype=np.uint8)
    values[tuple((nodes - first).T)] = 1
    affine = grid.lps_from_ijk
    affine[:3, 3] = grid.origin_lps_mm + first * grid.spacing_mm
    return LabelMap(values, affine, grid.frame_id)


def _crop(ground: Ground, region: LabelMap) -> LabelMap:
    """Return a region without what lies far from the target."""
    ijk = np.argwhere(region.values > 0)
    points = region.lps_mm(ijk)
    near = (np.abs(points - ground.target_lps_mm) <= _REACH_MM).all(axis=1)
    values = np.zeros(region.shape, dtype=np.uint8)
    values[tuple(ijk[near].T)] = 1
    return LabelMap(values, region.lps_from_ijk, region.frame_id)
