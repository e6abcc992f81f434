"""The skin map: from where on the back the best path keeps how much room."""

from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle
from matplotlib.tri import Triangulation, TriContourSet
from numpy.typing import NDArray
from skimage.measure import find_contours

from kambin.anatomy import Anatomy, StructureKey
from kambin.knowledge import value
from kambin.report.camera import Camera
from kambin.report.figure import draw_letters, draw_title, new_figure, png_bytes, write_label
from kambin.report.palette import CASING

AXES_BOX = (0.115, 0.115, 0.74, 0.86)
"""Where the map lies in its picture: left, bottom, width and height, as shares."""

_WIDTH_IN, _HEIGHT_IN = 4.6, 4.0
_BAR_BOX = (0.885, 0.2, 0.022, 0.7)
# Finer near zero, where it is decided whether a path passes.
_LEVELS_MM = (-30.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
_LONG_EDGE = 3.0
_LEAST_POINTS = 4
_LANDMARKS = frozenset({"vertebra", "sacrum", "ilium", "hip", "rib"})
_MARGIN_MM = 18.0
_GRID_MM = 10.0


@dataclass(frozen=True, slots=True)
class SkinPicture:
    """The skin as it is drawn: seen from behind, mm from midline and disc line.

    Parameters
    ----------
    left_mm : float array, shape (N,), mm towards the patient's left of the midline
    cranial_mm : float array, shape (N,), mm cranial of the disc line
    room_mm : float array, shape (N,), mm, best clearance above the hard margins from there;
        negative where a margin is broken
    entry_mm : left and cranial of the chosen entry, mm, or none in a refusal
    midline_lps_mm, disc_line_lps_mm : float, mm, LPS x of the midline and z of the disc line
    entry_words : str, what the entry is: that of a plan, or the one with the most room
    """

    left_mm: NDArray[np.float64]
    cranial_mm: NDArray[np.float64]
    room_mm: NDArray[np.float64]
    entry_mm: tuple[float, float] | None
    midline_lps_mm: float
    disc_line_lps_mm: float
    entry_words: str = "entry"


def draw_skin_map(picture: SkinPicture, anatomy: Anatomy, *, caption: str) -> bytes:
    """Return the skin map as PNG, seen from behind: the patient's left is on the left.

    Parameters
    ----------
    picture : SkinPicture
    anatomy : Anatomy, for the outlines of the bones beneath
    caption : str, level and side in words

    Notes
    -----
    Bands differ in lightness in one order and carry their value, and what breaks a margin
    is hatched, so that a grey print says the same.

    References
    ----------
    Nunez, Anderton and Renslow 2018, PLoS ONE 13:e0199239, doi 10.1371/journal.pone.0199239
    (the colours: even in lightness, also without red or green)
    """
    figure = new_figure(_WIDTH_IN, _HEIGHT_IN)
    axes = figure.add_axes(AXES_BOX)
    # Minus infinity: no straight line of the corridor begins there.
    seen = np.isfinite(picture.room_mm)
    # Seen from behind the patient's left is on the left: x is the way to the right.
    x_mm, y_mm = -picture.left_mm[seen], picture.cranial_mm[seen]
    left_mm, right_mm, low_mm, high_mm = skin_limits_mm(picture)
    axes.set_xlim(left_mm, right_mm)
    axes.set_ylim(low_mm, high_mm)
    bands = draw_bands(axes, x_mm, y_mm, picture.room_mm[seen])
    draw_bones(axes, anatomy, picture)
    if bands is not None:
        bar = figure.colorbar(bands, cax=figure.add_axes(_BAR_BOX), ticks=_LEVELS_MM[1:])
        bar.ax.tick_params(labelsize=6.5)
        bar.ax.set_title("room, mm", fontsize=6.5)
    _draw_lines(axes)
    if picture.entry_mm is not None:
        draw_entry(axes, -picture.entry_mm[0], picture.entry_mm[1], picture.entry_words)
    # From the camera and not typed in: should the view change, the letters follow.
    draw_letters(axes, Camera.from_behind(np.zeros(3), 1.0).letters)
    draw_title(axes, "Skin, seen from behind", caption)
    return png_bytes(figure)


def skin_limits_mm(picture: SkinPicture) -> tuple[float, float, float, float]:
    """Return what the map shows: from and to, to the right of the midline and cranial, mm.

    Parameters
    ----------
    picture : SkinPicture

    Returns
    -------
    left, right, low, high : float, mm; the same scale both ways, with midline and disc line
    """
    seen = np.isfinite(picture.room_mm)
    x_mm, y_mm = -picture.left_mm[seen], picture.cranial_mm[seen]
    low_x, high_x = x_mm.min(initial=0.0) - _MARGIN_MM, x_mm.max(initial=0.0) + _MARGIN_MM
    low_y, high_y = y_mm.min(initial=0.0) - _MARGIN_MM, y_mm.max(initial=0.0) + _MARGIN_MM
    aspect = AXES_BOX[2] * _WIDTH_IN / (AXES_BOX[3] * _HEIGHT_IN)
    width = max(high_x - low_x, aspect * (high_y - low_y))
    middle_x, middle_y = (low_x + high_x) / 2, (low_y + high_y) / 2
    half_mm, high_mm = float(width / 2), float(width / aspect / 2)
    return (
        float(middle_x) - half_mm,
        float(middle_x) + half_mm,
        float(middle_y) - high_mm,
        float(middle_y) + high_mm,
    )


def draw_bands(
    axes: Axes, x_mm: NDArray[np.float64], y_mm: NDArray[np.float64], room_mm: NDArray[np.float64]
) -> TriContourSet | None:
    """Draw the bands of equal room, or nothing where there are too few points.

    Parameters
    ----------
    axes : Axes counting in mm, seen from behind
    x_mm, y_mm : float arrays, shape (N,), mm to the right of the midline and cranial
    room_mm : float array, shape (N,), mm
    """
    if len(x_mm) < _LEAST_POINTS or np.ptp(x_mm) == 0 or np.ptp(y_mm) == 0:
        return None
    mesh = Triangulation(x_mm, y_mm)
    corners = np.column_stack([x_mm, y_mm])[mesh.triangles]
    edges = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2)
    # Long triangles bridge places where no entry was tried; they would invent room.
    mesh.set_mask(edges.max(axis=1) > _LONG_EDGE * np.median(edges))
    # Held inside the bands, or the extremes would stay unpainted.
    clipped = np.clip(room_mm, _LEVELS_MM[0] + 1e-6, _LEVELS_MM[-1] - 1e-6)
    axes.tricontourf(mesh, clipped, levels=_LEVELS_MM[:2], colors=["#d9d9d9"], hatches=["////"])
    bands = axes.tricontourf(mesh, clipped, levels=_LEVELS_MM[1:], cmap="cividis")
    lines = axes.tricontour(mesh, clipped, levels=_LEVELS_MM[1:-1], colors="black", linewidths=0.5)
    axes.clabel(lines, fontsize=6, fmt="%g")
    return bands


def _draw_lines(axes: Axes) -> None:
    """Draw the centimetre grid, the midline and the disc line, and name them."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    for ticks, line in (
        (np.arange(np.ceil(left / _GRID_MM), right / _GRID_MM) * _GRID_MM, axes.axvline),
        (np.arange(np.ceil(low / _GRID_MM), high / _GRID_MM) * _GRID_MM, axes.axhline),
    ):
        for tick in ticks:
            line(float(tick), color="black", lw=0.25, alpha=0.45)
    axes.axvline(0.0, color=CASING, lw=1.6)
    axes.axhline(0.0, color=CASING, lw=1.6, ls=(0, (6.0, 2.0)))
    labels = np.arange(np.ceil(left / 20.0), right / 20.0) * 20.0
    axes.set_xticks(labels, [f"{abs(tick) / 10:g}" for tick in labels], fontsize=6.5)
    heights = np.arange(np.ceil(low / 20.0), high / 20.0) * 20.0
    axes.set_yticks(heights, [f"{tick / 10:+g}" if tick else "0" for tick in heights], fontsize=6.5)
    axes.set_xlabel("cm from the midline (thick line)", fontsize=7)
    axes.set_ylabel("cm cranial (+) or caudal (-) of the disc line (dashed)", fontsize=7)


def draw_entry(axes: Axes, x_mm: float, y_mm: float, words: str) -> None:
    """Draw the entry as a ring of the incision's length with a cross.

    Parameters
    ----------
    axes : Axes counting in mm, seen from behind
    x_mm, y_mm : float, mm to the right of the midline and cranial
    words : str
    """
    radius_mm = value("report.skin_incision_mm") / 2
    # Black under white shows on every band.
    for colour, width in (("black", 3.0), ("white", 1.4)):
        axes.add_patch(Circle((x_mm, y_mm), radius_mm, fill=False, edgecolor=colour, lw=width))
        axes.plot([x_mm - 9, x_mm + 9], [y_mm, y_mm], color=colour, lw=width * 0.7)
        axes.plot([x_mm, x_mm], [y_mm - 9, y_mm + 9], color=colour, lw=width * 0.7)
    write_label(axes, x_mm, y_mm - 13, words, size_pt=7)


def draw_bones(axes: Axes, anatomy: Anatomy, picture: SkinPicture) -> None:
    """Draw the outlines of the bones beneath the skin, as seen from behind.

    Parameters
    ----------
    axes : Axes counting in mm
    anatomy : Anatomy
    picture : SkinPicture, which says where midline and disc line are
    """
    for key, structure in sorted(anatomy.structures.items(), key=lambda item: str(item[0])):
        if key.kind not in _LANDMARKS:
            continue
        region = structure.region
        # Regions run along L, P, S: their shadow along P is what one sees from behind.
        shadow = np.pad((region.values > 0).any(axis=1).astype(np.float64), 1)
        for line in find_contours(shadow, 0.5):  # type: ignore[no-untyped-call]
            ijk = np.column_stack([line[:, 0] - 1, np.zeros(len(line)), line[:, 1] - 1])
            points = region.lps_mm(ijk)
            axes.plot(
                picture.midline_lps_mm - points[:, 0],
                points[:, 2] - picture.disc_line_lps_mm,
                color="#6b5d45",
                lw=0.7,
            )
        _name_bone(axes, key, structure.region.lps_mm(np.argwhere(region.values > 0)), picture)


def _name_bone(
    axes: Axes, key: StructureKey, points_lps_mm: NDArray[np.float64], picture: SkinPicture
) -> None:
    if key.kind != "vertebra" or not len(points_lps_mm):
        return
    middle = points_lps_mm.mean(axis=0)
    x_mm = picture.midline_lps_mm - float(middle[0])
    y_mm = float(middle[2]) - picture.disc_line_lps_mm
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    if left < x_mm < right and low < y_mm < high:
        write_label(axes, x_mm, y_mm, key.place, size_pt=7)
