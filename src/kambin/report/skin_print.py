"""The skin map on a sheet at true scale, to hold against the back."""

from dataclasses import dataclass
from io import BytesIO

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure
from numpy.typing import NDArray

from kambin.anatomy import Anatomy
from kambin.planning import SkinMap, SkinMapDocument
from kambin.report.camera import Camera
from kambin.report.figure import draw_letters, plain, write_label
from kambin.report.palette import CASING
from kambin.report.skin_document import caption_lines, picture_document
from kambin.report.skin_map import SkinPicture, draw_bands, draw_bones, draw_entry

MM_PER_INCH = 25.4
"""Millimetres in an inch, by definition."""

RULER_MM = 100.0
"""Length of the bar that tells whether a printer kept the scale, mm."""

PAPERS = (("A4", 210.0, 297.0), ("A4 across", 297.0, 210.0), ("A3 across", 420.0, 297.0))
"""Sheets in the order in which they are tried: name, width and height, mm (ISO 216)."""

_EDGE_MM = 8.0
_HEAD_MM = 25.0
_FOOT_MM = 28.0
_ROOM_MM = 12.0
_CENTIMETRE_MM = 10.0
_BESIDE_MM = 11.0
_FONT = "DejaVu Sans"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A paper, and the part of the back that it shows.

    Parameters
    ----------
    paper : str
    width_mm, height_mm : float, mm, of the paper
    left_mm, bottom_mm : float, mm to the right of the midline and cranial of the disc line, of
        the lower left corner of what is drawn
    is_cut : bool, whether open skin lies beyond its edges
    """

    paper: str
    width_mm: float
    height_mm: float
    left_mm: float
    bottom_mm: float
    is_cut: bool

    @property
    def drawn_mm(self) -> tuple[float, float]:
        """Return width and height of what is drawn, mm, on paper and on the back alike."""
        return self.width_mm - 2 * _EDGE_MM, self.height_mm - _HEAD_MM - _FOOT_MM


def print_skin_document(found: SkinMapDocument, skin: SkinMap, anatomy: Anatomy) -> bytes:
    """Return a skin map as a PDF of one page at true scale, seen from behind.

    Parameters
    ----------
    found : SkinMapDocument
    skin : SkinMap with the single entries it was made of
    anatomy : Anatomy, for spinous processes and iliac crests

    Notes
    -----
    One millimetre of the back, as seen level from behind, is one millimetre of paper; a bar of
    100 mm shows whether the printer kept it. The sheet is flat and the skin is not: along a
    curved flank a tape reads more.
    """
    picture = picture_document(found, skin, anatomy)
    sheet = find_sheet(picture)
    figure = Figure(figsize=(sheet.width_mm / MM_PER_INCH, sheet.height_mm / MM_PER_INCH))
    FigureCanvasPdf(figure)
    _draw_back(figure, sheet, picture, anatomy)
    _write_words(figure, sheet, found)
    buffer = BytesIO()
    # No date and no program: the same map gives the same bytes.
    nothing = {"Creator": None, "Producer": None, "CreationDate": None}
    with matplotlib.rc_context({"text.usetex": False, "pdf.compression": 6, "pdf.fonttype": 42}):
        figure.savefig(buffer, format="pdf", metadata=nothing)
    return buffer.getvalue()


def find_sheet(picture: SkinPicture) -> Sheet:
    """Return the smallest paper that holds the midline and all skin that is open.

    Parameters
    ----------
    picture : SkinPicture; where nothing is open all its entries are held
    """
    shown = picture.room_mm >= 0
    shown = shown if shown.any() else np.isfinite(picture.room_mm)
    x_mm = np.append(-picture.left_mm[shown], 0.0)
    y_mm = np.append(picture.cranial_mm[shown], 0.0)
    low, high = np.array([x_mm.min(), y_mm.min()]), np.array([x_mm.max(), y_mm.max()])
    low, high = low - _ROOM_MM, high + _ROOM_MM
    for name, width, height in PAPERS:
        drawn = np.array([width - 2 * _EDGE_MM, height - _HEAD_MM - _FOOT_MM])
        is_held = bool((high - low <= drawn).all())
        if is_held or name == PAPERS[-1][0]:
            break
    left, bottom = (low + high - drawn) / 2
    return Sheet(name, width, height, float(left), float(bottom), not is_held)


def _draw_back(figure: Figure, sheet: Sheet, picture: SkinPicture, anatomy: Anatomy) -> None:
    """Draw map, bones, grid and entry so that data mm are mm of paper."""
    across, up = sheet.drawn_mm
    box = (
        _EDGE_MM / sheet.width_mm,
        _FOOT_MM / sheet.height_mm,
        across / sheet.width_mm,
        up / sheet.height_mm,
    )
    axes = figure.add_axes(box)
    axes.set_xlim(sheet.left_mm, sheet.left_mm + across)
    axes.set_ylim(sheet.bottom_mm, sheet.bottom_mm + up)
    axes.set_xticks([])
    axes.set_yticks([])
    seen = np.isfinite(picture.room_mm)
    draw_bands(axes, -picture.left_mm[seen], picture.cranial_mm[seen], picture.room_mm[seen])
    draw_bones(axes, anatomy, picture)
    _draw_grid(axes)
    _draw_landmarks(axes, anatomy, picture)
    if picture.entry_mm is not None:
        draw_entry(axes, -picture.entry_mm[0], picture.entry_mm[1], picture.entry_words)
    draw_letters(axes, Camera.from_behind(np.zeros(3), 1.0).letters)


def _draw_grid(axes: Axes) -> None:
    """Draw a grid of centimetres with its numbers, the midline and the disc line."""
    for is_across, (low, high), line in (
        (True, axes.get_xlim(), axes.axvline),
        (False, axes.get_ylim(), axes.axhline),
    ):
        for n in range(int(np.ceil(low / _CENTIMETRE_MM)), int(high / _CENTIMETRE_MM) + 1):
            at = n * _CENTIMETRE_MM
            line(at, color=CASING, lw=0.25 if n else 1.4, ls="-" if is_across or n else "--")
            if n % 2 == 0 and n:
                place = (at, axes.get_ylim()[0] + 3) if is_across else (axes.get_xlim()[0] + 5, at)
                write_label(axes, *place, f"{abs(n) if is_across else n:d}", size_pt=7)
    top = axes.get_ylim()[1]
    write_label(axes, 0.0, top - 12, "midline", size_pt=8)
    write_label(axes, axes.get_xlim()[1] - 12, 0.0, "disc line", size_pt=8)


def _draw_landmarks(axes: Axes, anatomy: Anatomy, picture: SkinPicture) -> None:
    """Mark what a finger finds: tips of spinous processes, tops of iliac crests."""
    for key, structure in sorted(anatomy.structures.items(), key=lambda item: str(item[0])):
        if key.kind not in {"sp", "ilium", "hip"}:
            continue
        points = structure.region.lps_mm(np.argwhere(structure.region.values > 0))
        if not len(points):
            continue
        # The tip is what lies furthest behind, the crest what lies highest.
        at = points[np.argmax(points[:, 1] if key.kind == "sp" else points[:, 2])]
        x_mm = picture.midline_lps_mm - float(at[0])
        y_mm = float(at[2]) - picture.disc_line_lps_mm
        (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
        if not (left < x_mm < right and low < y_mm < high):
            continue
        axes.plot([x_mm], [y_mm], marker="^", ms=6, mfc="white", mec=CASING)
        if key.kind == "sp":
            # Away from the edge of the paper, which would cut the name.
            beside = _BESIDE_MM if x_mm + 2 * _BESIDE_MM < right else -_BESIDE_MM
            write_label(axes, x_mm + beside, y_mm, f"tip {key.place}", size_pt=7)
        else:
            write_label(axes, x_mm, y_mm + 5, "top of the crest", size_pt=7)


def _write_words(figure: Figure, sheet: Sheet, found: SkinMapDocument) -> None:
    """Write what the sheet is, how to check its scale, and what it is not."""

    def write(x_mm: float, y_mm: float, text: str, size: float, weight: str = "normal") -> None:
        """Write a line at a place of the sheet, mm from its lower left corner."""
        place = x_mm / sheet.width_mm, y_mm / sheet.height_mm
        figure.text(*place, plain(text), size=size, weight=weight, family=_FONT, va="top")

    top = sheet.height_mm - _EDGE_MM
    write(_EDGE_MM, top, ", ".join(caption_lines(found)), 10, "bold")
    write(
        _EDGE_MM,
        top - 6,
        "Research and teaching only, not for clinical use. Seen from behind: the patient's left is "
        "on the left.",
        7,
    )
    cut = " Open skin goes on beyond the sheet." if sheet.is_cut else ""
    write(
        _EDGE_MM,
        top - 10.5,
        f"Print at 100 % on {sheet.paper.split()[0]}, no fitting to the page; then measure the bar "
        f"below. Hatched: breaks a margin; lighter: more room (0, 0.5, 1, 1.5, 2, 3 mm). "
        f"Grid: 1 cm.{cut}",
        7,
    )
    _draw_ruler(figure, sheet)
    write(
        _EDGE_MM + RULER_MM + 6,
        22.0,
        _find_words(found),
        7,
    )


def _find_words(found: SkinMapDocument) -> str:
    """Return where the marked entry is, and that a flat sheet is no tape."""
    lines = ["The sheet is flat: numbers are level distances,", "a tape along the skin reads more."]
    best = found.best
    if best is None or (best.best_room_mm or -1.0) < 0 or best.entry_lateral_mm is None:
        return "\n".join(["No entry passes: none is marked.", *lines])
    cranial = best.entry_cranial_mm or 0.0
    lines.insert(
        0,
        f"Marked: {best.entry_lateral_mm / 10:.1f} cm {found.side} of the midline, "
        f"{abs(cranial) / 10:.1f} cm {'cranial' if cranial >= 0 else 'caudal'} of the disc line.",
    )
    return "\n".join(lines)


def _draw_ruler(figure: Figure, sheet: Sheet) -> None:
    """Draw the bar of 100 mm with a mark each centimetre."""
    axes = figure.add_axes((0.0, 0.0, 1.0, _FOOT_MM / sheet.height_mm))
    axes.set_xlim(0.0, sheet.width_mm)
    axes.set_ylim(0.0, _FOOT_MM)
    axes.set_axis_off()
    base = 14.0
    axes.plot([_EDGE_MM, _EDGE_MM + RULER_MM], [base, base], color="black", lw=1.2)
    marks: NDArray[np.float64] = np.arange(0.0, RULER_MM + 1, _CENTIMETRE_MM)
    for mark in marks:
        axes.plot([_EDGE_MM + mark] * 2, [base, base + 3], color="black", lw=0.8)
    axes.text(
        _EDGE_MM,
        base - 2,
        "This bar is 100 mm long. If it is not, throw the sheet away.",
        size=7,
        family=_FONT,
        va="top",
    )
