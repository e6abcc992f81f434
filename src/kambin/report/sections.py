"""Sections of the patient with outlines and the tools at their true diameter."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.imaging import Volume
from kambin.report.figure import (
    cased,
    draw_letters,
    draw_scale_bar,
    draw_title,
    new_figure,
    picture_axes,
    png_bytes,
    write_label,
)
from kambin.report.palette import TOOL_CYAN, find_look
from kambin.report.slice_outlines import region_outlines_mm
from kambin.report.slices import ViewRequest, read_slice, slice_jpeg
from kambin.report.source import SoftRegion
from kambin.report.tool_outlines import DrawnTool, cut_outlines_mm
from kambin.report.view_planes import ViewPlane
from kambin.report.words import short_words

_WIDTH_IN = 4.0
_LABEL_LEAST_MM2 = 12.0
_LABEL_ROOM_MM = 0.052
# From the edges to the ends of what stands in the upper left and in the lower left corner, with
# half a name more: (right, down) and (right, up).
_CAPTION_IN, _SCALE_IN = (1.75, 0.42), (1.0, 0.4)
# Both processes of a joint are named already; a third name between them would hide one.
_UNLABELLED = frozenset({"skin", "rib", "facet_joint"})
_TOOL_LINES: dict[str, str] = {"needle": "-", "cannula": "-", "reamer": "--"}


def draw_section(
    volume: Volume,
    view: ViewPlane,
    regions: Sequence[SoftRegion],
    tools: Sequence[DrawnTool],
    *,
    caption: str,
    binding: StructureKey | None = None,
) -> bytes:
    """Return one section as PNG: grey image, outlined structures, true tools, letters, scale.

    Parameters
    ----------
    volume : Volume, shape (I, J, K), HU
    view : ViewPlane
    regions : the structures to outline
    tools : the tools, cut at their true diameter
    caption : str, level and side in words
    binding : StructureKey of the structure that forbids the path; it is hatched
    """
    height_in = _WIDTH_IN * view.size_mm[1] / view.size_mm[0]
    figure = new_figure(_WIDTH_IN, height_in)
    axes = picture_axes(figure, view.extent_mm)
    # The bytes that the workstation shows for the same request: no report shows another slice.
    axes.imshow(
        read_slice(slice_jpeg(volume, ViewRequest(view.plane))),
        cmap="gray",
        vmin=0,
        vmax=255,
        extent=view.extent_mm,
        interpolation="bilinear",
        aspect="auto",
    )
    taken: list[tuple[float, float]] = []
    for region in regions:
        _draw_region(axes, region, view, taken, hatched=region.key == binding)
    # Tools last: nothing may hide where they go.
    for tool in tools:
        draw_tool(axes, cut_outlines_mm(tool, view), tool.name)
    axes.set_xlim(view.extent_mm[0], view.extent_mm[1])
    axes.set_ylim(view.extent_mm[2], view.extent_mm[3])
    draw_letters(axes, view.letters)
    draw_title(axes, view.title, caption)
    draw_scale_bar(axes)
    return png_bytes(figure)


def draw_tool(axes: Axes, outlines_mm: Sequence[NDArray[np.float64]], name: str) -> None:
    """Draw a tool's outline of true width; the line lies on the surface, the inside is veiled.

    Parameters
    ----------
    axes : Axes counting in mm
    outlines_mm : lines of (right, down), each shape (N, 2), mm
    name : str, the stage
    """
    for line in outlines_mm:
        if name == "cannula":
            axes.add_patch(Polygon(line, closed=True, facecolor=TOOL_CYAN, alpha=0.22, lw=0))
        axes.plot(
            line[:, 0],
            line[:, 1],
            color=TOOL_CYAN,
            lw=1.0,
            ls=_TOOL_LINES.get(name, "-"),
            path_effects=cased(TOOL_CYAN, 1.0),
        )


def _draw_region(
    axes: Axes,
    region: SoftRegion,
    view: ViewPlane,
    taken: list[tuple[float, float]],
    *,
    hatched: bool,
) -> None:
    look = find_look(region.key)
    lines = region_outlines_mm(region, view)
    for line in lines:
        axes.plot(
            line[:, 0],
            line[:, 1],
            color=look.colour,
            lw=look.width_pt + (1.2 if hatched else 0.0),
            ls=look.line,
            path_effects=cased(look.colour, look.width_pt),
        )
        if hatched:
            axes.add_patch(
                Polygon(line, closed=True, fill=False, hatch="xxxx", edgecolor="white", lw=0)
            )
    # One name for a structure, in its largest part.
    closed = [line for line in lines if _area_mm2(line) >= _LABEL_LEAST_MM2]
    if closed and region.key.kind not in _UNLABELLED:
        _label(axes, region, max(closed, key=_area_mm2), view, taken)


def _label(
    axes: Axes,
    region: SoftRegion,
    line: NDArray[np.float64],
    view: ViewPlane,
    taken: list[tuple[float, float]],
) -> None:
    """Write a structure's short name in its middle unless the place is taken or off the edge."""
    x_mm, y_mm = ((line.min(axis=0) + line.max(axis=0)) / 2).tolist()
    room_mm = _LABEL_ROOM_MM * view.size_mm[0]
    if abs(x_mm) > 0.42 * view.size_mm[0] or abs(y_mm) > 0.42 * view.size_mm[1]:
        return
    if _is_in_corner(x_mm, y_mm, view):
        return
    if any(abs(x_mm - x) < 2 * room_mm and abs(y_mm - y) < 0.7 * room_mm for x, y in taken):
        return
    taken.append((x_mm, y_mm))
    write_label(axes, x_mm, y_mm, short_words(region.key), size_pt=6.0)


def _is_in_corner(x_mm: float, y_mm: float, view: ViewPlane) -> bool:
    """Return whether the picture's own caption or scale bar would hide a name at a place."""
    inch_mm = view.size_mm[0] / _WIDTH_IN
    right = (x_mm + view.size_mm[0] / 2) / inch_mm
    down, up = ((view.size_mm[1] / 2 + way * y_mm) / inch_mm for way in (1, -1))
    return (right < _CAPTION_IN[0] and down < _CAPTION_IN[1]) or (
        right < _SCALE_IN[0] and up < _SCALE_IN[1]
    )


def _area_mm2(line: NDArray[np.float64]) -> float:
    # The shoelace formula; a line that the border cuts is closed by a straight edge.
    x, y = line[:, 0], line[:, 1]
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
