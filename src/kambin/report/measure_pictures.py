"""Annotated pictures of what was measured: disc from below, foramen from the side, window."""

from collections.abc import Iterable
from dataclasses import replace
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon
from numpy.typing import NDArray
from skimage.measure import find_contours

from kambin.anatomy import Anatomy, Case, Structure
from kambin.frames import Side
from kambin.imaging import Plane, reslice
from kambin.measure import Measurements, Site, Waist, Window, measure_window
from kambin.measure.foramen import find_lattice, find_site_waist
from kambin.measure.silhouette import see
from kambin.measure.site import SideView
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
from kambin.report.pictures import Picture
from kambin.report.view_planes import ViewPlane

_WIDTH_IN = 4.0
_PIXEL_MM = 0.25
_WINDOW_HU = (-250.0, 650.0)
_AXIAL_MM, _SIDE_MM = (100.0, 90.0), (56.0, 56.0)
_BEHIND_MM = 18.0
_VIEWED_DEG = 45.0
_VEIL = 0.22
_LINE = 28
_NAME_MARGIN_MM = 3.0


def draw_measured_pictures(case: Case, anatomy: Anatomy, measured: Measurements) -> list[Picture]:
    """Return the annotated pictures of every level and side that was measured.

    Parameters
    ----------
    case : Case, for its image
    anatomy : Anatomy of the same case
    measured : Measurements of it
    """
    base = Site(anatomy)
    found = []
    for level in anatomy.disc_frames:
        rows = [row for row in measured if row.level == str(level)]
        if not rows:
            continue
        site = replace(base, level=level)
        found.append(_axial(case, site, measured))
        for side in Side:
            # Only sides that were asked for have rows.
            if any(row.side is side for row in rows):
                found += _side_pictures(replace(site, side=side))
    return found


def _axial(case: Case, site: Site, measured: Measurements) -> Picture:
    """Draw the section through the middle of the disc, from below, with the joint angles."""
    level, frame = site.level, site.disc().lps_from_disc
    centre = frame.points([0.0, _BEHIND_MM, 0.0])
    view = _view("axial", centre, frame.rotation[:, 0], frame.rotation[:, 1], _AXIAL_MM)
    kinds = ("vertebra", "sap", "disc", "dural_sac", "exiting_root", "traversing_root", "drg")
    figure, axes = _new_picture(case, view)
    seen = [
        one
        for kind in kinds
        for key, one in site.anatomy.structures.items()
        if key.kind == kind and _draw_outline(axes, site, one, view)
    ]
    for side in Side:
        row = measured.find("facet_angle", str(level), side)
        if row is None or row.value is None or row.reading.point_lps_mm is None:
            continue
        # Drawn from the number itself: a wrong side or a wrong sign would be seen.
        angle = np.radians(row.value)
        along = frame.rotation[:, :2] @ [side.lateral_sign_lps * np.sin(angle), np.cos(angle)]
        ends = [row.reading.point_lps_mm + sign * 12.0 * along for sign in (-1, 1)]
        line = _picture_mm(view, np.array(ends))
        axes.plot(*line.T, color=TOOL_CYAN, lw=1.4, path_effects=cased(TOOL_CYAN, 1.4))
        x_mm, y_mm = line[1].tolist()
        write_label(axes, x_mm, y_mm, f"{side.letter} {row.value:.0f} deg")
    area = measured.find("sac_area", str(level))
    words = "" if area is None or area.value is None else f"; sac {area.value:.0f} mm2"
    return _finish(
        figure, axes, view, f"{level} axial", f"Section through the disc, from below{words}", seen
    )


def _side_pictures(site: Site) -> list[Picture]:
    """Draw the waist of the foramen and the window along the usual inclination."""
    found = []
    waist = find_site_waist(site)
    if waist is not None:
        found.append(_foramen(site, waist))
    windows = {}
    for kind in ("neural", "bony"):
        windows[kind] = measure_window(
            site, axial_inclination_deg=_VIEWED_DEG, craniocaudal_deg=0.0, kind=kind
        )
    known = {kind: one for kind, one in windows.items() if isinstance(one, Window)}
    if known:
        found.append(_window(site, known))
    return found


def _foramen(site: Site, waist: Waist) -> Picture:
    """Draw the section of the waist with its outline and its three sizes."""
    yaw, pitch = np.radians([waist.yaw_deg, waist.pitch_deg])
    side_view = find_lattice(site).view
    flat = np.array([np.cos(yaw), -np.sin(yaw), 0.0])
    backward = np.array([np.sin(yaw), np.cos(yaw), 0.0])
    upward = np.cos(pitch) * np.array([0.0, 0.0, 1.0]) - np.sin(pitch) * flat
    right, up = (_direction(side_view, axis) for axis in (backward, upward))
    view = _view("foramen", waist.outline_lps_mm[:-1].mean(axis=0), right, -up, _SIDE_MM)
    figure, axes = _new_picture(None, view)
    level = site.level
    keys = () if level is None else (
        f"vertebra:{level.upper}", f"vertebra:{level.lower}", f"disc:{level}",
        f"exiting_root:{level.upper}:{site.side}", f"drg:{level.upper}:{site.side}",
    )  # fmt: skip
    structures = [one for key in keys if (one := site.anatomy.find(key)) is not None]
    seen = [one for one in structures if _draw_outline(axes, site, one, view)]
    _name_pedicles(axes, site, view)
    line = _picture_mm(view, waist.outline_lps_mm)
    axes.add_patch(Polygon(line, closed=True, facecolor=TOOL_CYAN, alpha=_VEIL, lw=0))
    axes.plot(*line.T, color=TOOL_CYAN, lw=1.6, path_effects=cased(TOOL_CYAN, 1.6))
    sizes = f"{waist.height_mm:.1f} x {waist.width_mm:.1f} mm, {waist.area_mm2:.0f} mm2"
    title = f"{level} {site.side} foramen"
    return _finish(figure, axes, view, title, f"Waist, height x width, area: {sizes}", seen)


def _window(site: Site, windows: dict[str, Window]) -> Picture:
    """Draw the silhouettes along the trajectory, both polygons and their circles."""
    first = next(iter(windows.values()))
    sight, level = first.sight, site.level
    # Seen from the skin: what lies outward of the plane is nearer to the eye.
    right, up, outward = (
        _direction(sight.view, axis) for axis in (sight.lateral, sight.upward, sight.outward)
    )
    right = right if np.cross(right, up) @ outward > 0 else -right
    view = _view("window", sight.lps_mm(np.array([0.0, 2.0])), right, -up, _SIDE_MM)
    figure, axes = _new_picture(None, view)
    seen = []
    if level is not None:
        bone = site.anatomy.require(f"vertebra:{level.lower}")
        above = site.anatomy.require(f"vertebra:{level.upper}")
        for key, whole in (
            (f"vertebra:{level.upper}", None), (f"body:{level.lower}", bone),
            (f"body_rim:{level.lower}", bone), (f"pedicle:{level.lower}:{site.side}", bone),
            (f"disc:{level}", None), (f"sap:{level.lower}:{site.side}", bone),
            ("dural_sac", None), (f"exiting_root:{level.upper}:{site.side}", None),
        ):  # fmt: skip
            one = above if key == f"vertebra:{level.upper}" else site.anatomy.find(key)
            if one is None:
                continue
            seen.append(one)
            picture = see(site, sight, (one,), whole=whole, from_mm=-4.0)
            steps = picture.lateral_mm[0], picture.upward_mm[0]
            pixel = picture.lateral_mm[1] - picture.lateral_mm[0]
            # Open where the picture ends: a line along its border would look like anatomy.
            for line in find_contours(picture.filled, 0.5):  # type: ignore[no-untyped-call]
                _draw_line(axes, one, _picture_mm(view, sight.lps_mm(line * pixel + steps)))
        _name_pedicles(axes, site, view)
    words = []
    for kind, window in windows.items():
        diameter = window.values["diameter"]
        words.append(f"{kind} {diameter:.1f} mm, {window.values['area']:.0f} mm2")
        if window.is_shut:
            continue
        style = "-" if kind == "neural" else "--"
        line = _picture_mm(view, window.outline_lps_mm())
        axes.add_patch(Polygon(line, closed=True, fill=False, ec=TOOL_CYAN, lw=1.6, ls=style))
        middle = _picture_mm(view, window.centre_lps_mm()[None])[0]
        axes.add_patch(
            Circle(middle.tolist(), diameter / 2, fill=False, ec="white", lw=1.2, ls=style)
        )
    caption = f"At 45 and 0 degrees to the disc: {'; '.join(words)} (dashed)"
    return _finish(figure, axes, view, f"{level} {site.side} window", caption, seen)


def _name_pedicles(axes: Axes, site: Site, view: ViewPlane) -> None:
    """Write the names of both vertebrae at their pedicles, where those lie in the picture."""
    level, half_mm = site.level, np.array(view.size_mm) / 2
    for name in () if level is None else (level.upper, level.lower):
        pedicle = site.structure("pedicle", name, sided=True)
        if pedicle is None:
            continue
        voxels = pedicle.region.lps_mm(np.argwhere(pedicle.region.values != 0))
        place = _picture_mm(view, voxels.mean(axis=0)[None])[0]
        if (np.abs(place) < half_mm - _NAME_MARGIN_MM).all():
            x_mm, y_mm = place.tolist()
            write_label(axes, x_mm, y_mm, name, size_pt=9)


def _new_picture(case: Case | None, view: ViewPlane) -> tuple[Figure, Axes]:
    figure = new_figure(_WIDTH_IN, _WIDTH_IN * view.size_mm[1] / view.size_mm[0])
    axes = picture_axes(figure, view.extent_mm)
    grey = np.full(view.plane.shape, _WINDOW_HU[0])
    if case is not None and case.image is not None:
        grey = reslice(case.image, view.plane, _WINDOW_HU[0])
    axes.imshow(
        grey, cmap="gray", vmin=_WINDOW_HU[0], vmax=_WINDOW_HU[1], extent=view.extent_mm,
        interpolation="bilinear", aspect="auto",
    )  # fmt: skip
    return figure, axes


def _draw_outline(axes: Axes, site: Site, structure: Structure, view: ViewPlane) -> bool:
    """Draw where the plane cuts a structure; return whether it does."""
    corners = view.plane.pixels(_corners_lps_mm(structure))
    if corners[:, 2].min() > 0 or corners[:, 2].max() < 0:
        return False
    share = site.shapes.sample(structure.region, view.plane.points_lps_mm())
    lines = find_contours(share, 0.5)  # type: ignore[no-untyped-call]
    for line in lines:
        _draw_line(axes, structure, view.picture_mm(line))
    return bool(lines)


def _draw_line(axes: Axes, structure: Structure, line_mm: NDArray[np.float64]) -> None:
    look = find_look(structure.key)
    axes.plot(
        *line_mm.T, color=look.colour, lw=look.width_pt, ls=look.line,
        path_effects=cased(look.colour, look.width_pt),
    )  # fmt: skip


def _finish(
    figure: Figure, axes: Axes, view: ViewPlane, title: str, caption: str, seen: Iterable[Structure]
) -> Picture:
    axes.set_xlim(view.extent_mm[0], view.extent_mm[1])
    axes.set_ylim(view.extent_mm[2], view.extent_mm[3])
    modelled = sorted({one.key.kind.replace("_", " ") for one in seen if one.is_modelled})
    # Said in the picture: it may be cut out of its page.
    tag = f"Modelled, on no image: {', '.join(modelled)}" if modelled else ""
    # Narrow lines leave the letter at the top in sight.
    draw_title(
        axes, title, "\n".join(line for text in (caption, tag) for line in wrap(text, _LINE))
    )
    draw_letters(axes, view.letters)
    draw_scale_bar(axes, 10.0 if view.size_mm[0] < _AXIAL_MM[1] else 20.0)
    name = title.lower().replace(" ", "-")
    alt = f"{title}. {caption}. {tag}"
    return Picture(name, title, alt, png_bytes(figure))


def _view(
    name: str,
    centre_lps_mm: NDArray[np.float64],
    right: NDArray[np.float64],
    down: NDArray[np.float64],
    size_mm: tuple[float, float],
) -> ViewPlane:
    return ViewPlane(name, name, Plane(centre_lps_mm, right, down, *size_mm, _PIXEL_MM))


def _picture_mm(view: ViewPlane, points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    return view.picture_mm(view.plane.pixels(points_lps_mm)[..., :2])


def _direction(side_view: SideView, axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a direction of the side view in LPS, shape (3,)."""
    return side_view.lps_mm(axis) - side_view.lps_mm(np.zeros(3))


def _corners_lps_mm(structure: Structure) -> NDArray[np.float64]:
    last = np.array(structure.region.shape) - 1
    corners = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)]) * last
    return structure.region.lps_mm(corners)
