"""The marks on the back as a sketch: midline, disc line, spinous tips, crest and entry."""

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, Level
from kambin.frames import Side
from kambin.planning import Plan
from kambin.report.camera import Camera
from kambin.report.figure import draw_letters, draw_title, new_figure, plain, png_bytes
from kambin.report.palette import CASING
from kambin.report.skin_map import SkinPicture, draw_bones, draw_entry

_WIDTH_IN, _HEIGHT_IN = 4.4, 3.7
_EDGE_MM, _OTHER_SIDE_MM, _BELOW_MM = 28.0, 52.0, 60.0
_MARKER_PT = 6.0
_ROOM_MM = 9.0
_TIP_WORDS_MM = 13.0
_LABEL_PT = 7.0


def draw_sketch(anatomy: Anatomy, plan: Plan) -> bytes:
    """Return the marks of a plan as PNG, seen from behind: the patient's left is on the left.

    Parameters
    ----------
    anatomy : Anatomy, for the bones beneath
    plan : Plan of the same case
    """
    figure = new_figure(_WIDTH_IN, _HEIGHT_IN)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xticks([])
    axes.set_yticks([])
    picture = find_picture(anatomy, plan)
    entry = picture.entry_mm or (0.0, 0.0)
    _set_limits(axes, -entry[0], entry[1])
    draw_bones(axes, anatomy, picture)
    _draw_lines(axes)
    _draw_tips(axes, anatomy, picture, Level.parse(plan.level))
    _draw_measures(axes, plan, -entry[0], entry[1])
    # seen from behind, x is the way to the patient's right
    draw_entry(axes, -entry[0], entry[1], "")
    draw_letters(axes, Camera.from_behind(np.zeros(3), 1.0).letters)
    draw_title(axes, "Marks, seen from behind", f"{plan.level}, {plan.side.upper()} side")
    return png_bytes(figure)


def find_picture(anatomy: Anatomy, plan: Plan) -> SkinPicture:
    """Return where entry, midline and disc line of a plan lie, mm, as the skin map counts.

    Parameters
    ----------
    anatomy : Anatomy
    plan : Plan of the same case
    """
    sign = Side(plan.side).lateral_sign_lps
    nothing: NDArray[np.float64] = np.zeros(0)
    entry = plan.entry
    frame = anatomy.disc_frames[Level.parse(plan.level)]
    return SkinPicture(
        nothing,
        nothing,
        nothing,
        (sign * entry.lateral_of_midline_mm, entry.cranial_of_disc_line_mm),
        float(frame.lps_from_disc.origin_mm[0]),
        plan.trajectory.entry_lps_mm[2] - entry.cranial_of_disc_line_mm,
    )


def _set_limits(axes: Axes, x_mm: float, y_mm: float) -> None:
    """Show entry, midline and both rows of processes with the same scale both ways."""
    left, right = min(x_mm - _EDGE_MM, -_OTHER_SIDE_MM), max(x_mm + _EDGE_MM, _OTHER_SIDE_MM)
    low, high = min(y_mm - _EDGE_MM, -_BELOW_MM), max(y_mm + 2 * _EDGE_MM, _BELOW_MM)
    aspect = _WIDTH_IN / _HEIGHT_IN
    width = max(right - left, aspect * (high - low))
    middle_x, middle_y = (left + right) / 2, (low + high) / 2
    axes.set_xlim(middle_x - width / 2, middle_x + width / 2)
    axes.set_ylim(middle_y - width / aspect / 2, middle_y + width / aspect / 2)


def _write(axes: Axes, x_mm: float, y_mm: float, text: str) -> None:
    """Write black on white: the ground is paper, and prints in grey."""
    box = {"boxstyle": "round,pad=0.15", "fc": "white", "ec": "none", "alpha": 0.9}
    axes.text(x_mm, y_mm, plain(text), size=_LABEL_PT, ha="center", va="center", bbox=box)


def _draw_lines(axes: Axes) -> None:
    axes.axvline(0.0, color=CASING, lw=1.4)
    axes.axhline(0.0, color=CASING, lw=1.4, ls=(0, (6.0, 2.0)))
    (left, right), (low, _) = axes.get_xlim(), axes.get_ylim()
    _write(axes, 0.0, 0.8 * low, "midline")
    # on the side that the entry leaves free
    far = right if abs(right) < abs(left) else left
    _write(axes, 0.62 * far, 0.0, "disc line")


def _draw_tips(axes: Axes, anatomy: Anatomy, picture: SkinPicture, level: Level) -> None:
    """Mark the spinous tips that a finger finds, of the level and its neighbours in view."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    for key, structure in sorted(anatomy.structures.items(), key=lambda item: str(item[0])):
        if key.kind != "sp":
            continue
        points = structure.region.lps_mm(np.argwhere(structure.region.values > 0))
        if not len(points):
            continue
        at = points[np.argmax(points[:, 1])]
        x_mm = picture.midline_lps_mm - float(at[0])
        y_mm = float(at[2]) - picture.disc_line_lps_mm
        if not (left < x_mm < right and low < y_mm < high):
            continue
        is_own = key.place in (level.upper, level.lower)
        fill = CASING if is_own else "white"
        # above the names of the vertebrae, which would hide it
        axes.plot([x_mm], [y_mm], marker="^", ms=_MARKER_PT, mfc=fill, mec=CASING, zorder=10)
        if is_own:
            away = 1.0 if (picture.entry_mm or (0.0, 0.0))[0] > 0 else -1.0
            _write(axes, x_mm + away * _TIP_WORDS_MM, y_mm, f"tip {key.place}")


def _draw_measures(axes: Axes, plan: Plan, x_mm: float, y_mm: float) -> None:
    """Draw how far lateral and how far from the disc line the entry lies."""
    entry = plan.entry
    arrow = {"arrowstyle": "<->", "color": CASING, "lw": 1.0, "shrinkA": 0.0, "shrinkB": 0.0}
    above = y_mm + 14.0
    axes.annotate("", (0.0, above), (x_mm, above), arrowprops=arrow)
    axes.plot([x_mm, x_mm], [y_mm, above], color=CASING, lw=0.6)
    words = (
        f"{entry.lateral_of_midline_mm:.0f} mm {plan.side.upper()}, "
        f"{entry.along_skin_lateral_mm:.0f} mm by tape"
    )
    _write(axes, x_mm / 2, above + 6.0, words)
    # between entry and midline, clear of the ring and its word
    beside = 0.6 * x_mm
    axes.annotate("", (beside, 0.0), (beside, y_mm), arrowprops=arrow)
    way = entry.cranial_of_disc_line_mm
    words = f"{abs(way):.0f} mm {'cranial' if way >= 0 else 'caudal'}"
    # a short arrow has no room for its words: they stand beyond its end
    beyond = y_mm + (_ROOM_MM if y_mm >= 0 else -_ROOM_MM)
    _write(axes, beside, y_mm / 2 if abs(y_mm) > _ROOM_MM else beyond, words)
    axes.plot([x_mm, beside], [y_mm, y_mm], color=CASING, lw=0.6, ls=(0, (2.0, 2.0)))
