"""The picture of a classified herniation: an axial and a sagittal section with its lines."""

from collections.abc import Iterable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, Case, StructureKey
from kambin.imaging import Plane, Volume, reslice
from kambin.measure.herniation_types import Herniation
from kambin.measure.herniation_words import describe_classes
from kambin.report.figure import (
    cased,
    draw_letters,
    draw_scale_bar,
    draw_title,
    new_figure,
    plain,
    png_bytes,
    write_label,
)
from kambin.report.palette import find_look
from kambin.report.slice_outlines import region_outlines_mm
from kambin.report.source import SoftRegion, crop_near, shown_volume, soften
from kambin.report.view_planes import ViewPlane

_WIDTH_MM, _HEIGHT_MM, _PIXEL_MM = 76.0, 64.0, 0.2
_WINDOW_HU = (-250.0, 650.0)
_PAGE_IN = (9.2, 5.4)
_SHOWN = frozenset(
    {"vertebra", "disc", "dural_sac", "canal", "exiting_root", "traversing_root", "drg"}
    | {"fragment", "sap", "iap"}
)
_LINE_COLOURS = {
    "L": "#00c7dc",
    "d": "#7dd956",
    "h": "#ff5ad2",
    "base": "#ff9f1c",
    "depth": "#ff5ad2",
}
_ZONE_COLOUR = "#9fc6ff"
_ZONE_LABELS_MM = {"subarticular": 4.0, "foraminal": 6.0}


def draw_herniation(case: Case, anatomy: Anatomy, found: Herniation) -> Figure:
    """Return a page with the fragment in the plane of its disc and in a sagittal plane.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy, completed
    found : Herniation of that anatomy

    Returns
    -------
    matplotlib Figure with the patient's letters at every side

    Notes
    -----
    Axial: seen from the feet, the patient's left on the right. Drawn are the facet line L,
    d and h of the MSU size, the borders of the zones, base and depth of the morphology; on
    the sagittal picture the end plates and pedicle margins that migration is counted from.
    """
    frame = anatomy.disc_frames[found.level].lps_from_disc
    middle = found["migration"].points["middle"][0]
    volume = shown_volume(case, anatomy, middle)
    regions = _regions(anatomy, middle)
    left, posterior, cranial = frame.rotation.T
    at_depth = found["msu_size"].points["h"].mean(axis=0)
    views = (
        # Midline and both facets on one picture: moved sideways to the disc's own midline.
        ViewPlane("axial", "Plane of the disc", _plane(
            at_depth - left * float((at_depth - frame.origin_mm) @ left), left, posterior)),
        ViewPlane("sagittal", "Sagittal plane of the middle", _plane(middle, posterior, -cranial)),
    )  # fmt: skip
    figure = new_figure(*_PAGE_IN)
    side = "midline" if found.side is None else str(found.side)
    lines = (_axial_lines(found), _sagittal_lines(found))
    for number, (view, drawn) in enumerate(zip(views, lines, strict=True)):
        axes = figure.add_axes((0.005 + 0.5 * number, 0.31, 0.49, 0.685))
        _draw_view(axes, view, volume, regions)
        _draw_lines(axes, view, drawn)
        draw_letters(axes, view.letters)
        draw_title(axes, view.title, f"{found.level}, patient's {side}, {found.origin}")
        draw_scale_bar(axes)
    _write_words(figure, found)
    return figure


def draw_herniation_png(case: Case, anatomy: Anatomy, found: Herniation) -> bytes:
    """Return the page of ``draw_herniation`` as PNG: same input, same bytes.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy, completed
    found : Herniation of that anatomy
    """
    return png_bytes(draw_herniation(case, anatomy, found))


def _plane(
    centre: NDArray[np.float64], right: NDArray[np.float64], down: NDArray[np.float64]
) -> Plane:
    return Plane(centre, right, down, _WIDTH_MM, _HEIGHT_MM, _PIXEL_MM)


def _regions(anatomy: Anatomy, centre_lps_mm: NDArray[np.float64]) -> tuple[SoftRegion, ...]:
    """Return the outlines to draw, the fragment last so that nothing hides it."""
    found = []
    for key, structure in anatomy.structures.items():
        if key.kind in _SHOWN:
            near = crop_near(structure.region, centre_lps_mm, _WIDTH_MM)
            if near is not None:
                found.append(soften(key, near, modelled=structure.is_modelled))
    return tuple(sorted(found, key=lambda region: (region.key.kind == "fragment", str(region.key))))


def _axial_lines(found: Herniation) -> dict[str, NDArray[np.float64]]:
    size, shape = found["msu_size"].points, found["morphology"].points
    lines = {name: size[name] for name in ("L", "d", "h")}
    if "axial_base" in shape:
        lines["base"] = shape["axial_base"]
    zones = found["zone"].points
    return {**lines, **{name: line for name, line in zones.items() if "_from_" in name}}


def _sagittal_lines(found: Herniation) -> dict[str, NDArray[np.float64]]:
    shape = found["morphology"].points
    lines = {
        name.replace("_", " "): line
        for name, line in found["migration"].points.items()
        if len(line) == 2
    }
    if "sagittal_base" in shape:
        lines |= {"base": shape["sagittal_base"], "depth": shape["sagittal_depth"]}
    return lines


def _draw_view(axes: Axes, view: ViewPlane, volume: Volume, regions: Iterable[SoftRegion]) -> None:
    axes.set_axis_off()
    axes.imshow(
        reslice(volume, view.plane, _WINDOW_HU[0]),
        cmap="gray",
        vmin=_WINDOW_HU[0],
        vmax=_WINDOW_HU[1],
        extent=view.extent_mm,
        interpolation="bilinear",
        aspect="equal",
    )
    for region in regions:
        look = find_look(region.key)
        for line in region_outlines_mm(region, view):
            axes.plot(line[:, 0], line[:, 1], color=look.colour, lw=look.width_pt, ls=look.line,
                      path_effects=cased(look.colour, look.width_pt))  # fmt: skip
            if region.key == StructureKey("fragment"):
                axes.fill(line[:, 0], line[:, 1], color=look.colour, alpha=0.25, lw=0)
    axes.set_xlim(view.extent_mm[0], view.extent_mm[1])
    axes.set_ylim(view.extent_mm[2], view.extent_mm[3])


def _draw_lines(axes: Axes, view: ViewPlane, lines: Mapping[str, NDArray[np.float64]]) -> None:
    """Draw named lines; d and h share their place and are moved apart by half a millimetre."""
    for name, ends in lines.items():
        at = view.picture_mm(view.plane.pixels(ends)[..., :2])
        colour = _LINE_COLOURS.get(name, _ZONE_COLOUR)
        shift = {"d": -0.6, "h": 0.6}.get(name, 0.0)
        is_main = name in _LINE_COLOURS
        axes.plot(at[:, 0] + shift, at[:, 1], color=colour, lw=1.4 if is_main else 0.8,
                  ls="-" if is_main else (0, (3.0, 2.0)),
                  path_effects=cased(colour, 1.0))  # fmt: skip
        word = name.split("_from_")[0]
        x, y = (at[-1] if name != "d" else at[0] - [2.0, 0.0]).tolist()
        if name in ("L", "d", "h", "depth"):
            write_label(axes, x + shift + (2.0 if name == "h" else 0.0), y, name,
                        size_pt=8.0, colour=colour)  # fmt: skip
        elif name != "base":
            _label_line(axes, word, (x, y), is_zone="_from_" in name)


def _label_line(axes: Axes, word: str, at_mm: tuple[float, float], *, is_zone: bool) -> None:
    x, y = at_mm
    if is_zone:
        # One below the other: subarticular and foraminal begin a millimetre apart.
        below = _ZONE_LABELS_MM.get(word, 2.0)
        write_label(axes, x, y + below, word[:3], size_pt=5.0, colour=_ZONE_COLOUR)
    else:
        write_label(axes, x + 8.5, y, word, size_pt=5.0, colour=_ZONE_COLOUR)


def _write_words(figure: Figure, found: Herniation) -> None:
    for number, (heading, line) in enumerate(describe_classes(found)):
        y = 0.285 - 0.0265 * number
        figure.text(0.015, y, plain(heading), size=6.5, weight="bold", va="top",
                    family=["DejaVu Sans"])  # fmt: skip
        figure.text(0.115, y, plain(line), size=6.5, va="top", family=["DejaVu Sans"])
