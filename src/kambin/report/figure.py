"""The common frame of every printed picture: letters, scale bar, title, fixed bytes."""

from io import BytesIO

import matplotlib
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

from kambin.report.letters import EdgeLetters
from kambin.report.palette import CASING, Colour

DPI = 160
"""Pixels per inch of the printed pictures."""

_FONT = ["DejaVu Sans"]
_BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.82, "pad": 1.4}


def new_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure of a printed size, drawn without any screen.

    Parameters
    ----------
    width_in, height_in : float, inches
    """
    figure = Figure(figsize=(width_in, height_in), dpi=DPI, facecolor="white")
    # Without pyplot: no screen is needed, and no state passes from one report to the next.
    FigureCanvasAgg(figure)
    return figure


def picture_axes(figure: Figure, extent_mm: tuple[float, float, float, float]) -> Axes:
    """Return axes that fill the figure and count in millimetres.

    Parameters
    ----------
    figure : Figure
    extent_mm : left, right, bottom and top, mm
    """
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_axis_off()
    axes.set_xlim(extent_mm[0], extent_mm[1])
    axes.set_ylim(extent_mm[2], extent_mm[3])
    return axes


def cased(colour: Colour | str, width_pt: float) -> list[withStroke]:
    """Return the dark border that keeps a pale line visible on white bone and in grey."""
    del colour
    return [withStroke(linewidth=width_pt + 1.3, foreground=CASING)]


def write_label(
    axes: Axes, x_mm: float, y_mm: float, text: str, *, size_pt: float = 6.5, colour: str = "white"
) -> Artist:
    """Write a few letters into a picture so that they stand out on any ground.

    Parameters
    ----------
    axes : Axes counting in mm
    x_mm, y_mm : float, mm, the middle of the text
    text : str, taken as it is
    size_pt : float, points
    colour : str
    """
    return axes.text(
        x_mm,
        y_mm,
        plain(text),
        size=size_pt,
        color=colour,
        ha="center",
        va="center",
        family=_FONT,
        path_effects=[withStroke(linewidth=1.6, foreground=CASING)],
        clip_on=True,
    )


def draw_letters(axes: Axes, letters: EdgeLetters) -> None:
    """Draw the patient's letters at the four sides of a picture."""
    # In shares of the picture, so that letters stand at its edges whatever it shows.
    for letter, x, y, across, down in (
        (letters.left, 0.012, 0.5, "left", "center"),
        (letters.right, 0.988, 0.5, "right", "center"),
        (letters.top, 0.5, 0.985, "center", "top"),
        (letters.bottom, 0.5, 0.015, "center", "bottom"),
    ):
        axes.text(
            x,
            y,
            letter,
            transform=axes.transAxes,
            size=11,
            weight="bold",
            family=_FONT,
            ha=across,
            va=down,
            bbox=_BOX,
        )


def draw_title(axes: Axes, title: str, below: str = "") -> None:
    """Draw the name of the picture, and under it level and side in words.

    Parameters
    ----------
    axes : Axes of the picture
    title : str
    below : str, level and side in words
    """
    text = plain(title) if not below else f"{plain(title)}\n{plain(below)}"
    axes.text(
        0.012, 0.985, text, transform=axes.transAxes, size=7, family=_FONT, va="top", bbox=_BOX
    )


def draw_scale_bar(axes: Axes, length_mm: float = 20.0) -> None:
    """Draw a bar of true length into the lower left corner of axes that count in mm.

    Parameters
    ----------
    axes : Axes counting in mm
    length_mm : float, mm
    """
    left, right = axes.get_xlim()
    bottom, top = axes.get_ylim()
    x = left + 0.03 * (right - left)
    y = bottom + 0.035 * (top - bottom)
    high, side = 0.075 * (top - bottom), 0.02 * (right - left)
    corner = (x - side, y - 0.3 * high)
    # On a ground of its own, white on black: seen on bone, on air and in a grey print.
    axes.add_patch(
        Rectangle(corner, length_mm + 2 * side, high, facecolor=CASING, alpha=0.55, lw=0)
    )
    axes.plot([x, x + length_mm], [y, y], color=CASING, lw=4.2, solid_capstyle="butt")
    axes.plot([x, x + length_mm], [y, y], color="white", lw=2.2, solid_capstyle="butt")
    write_label(
        axes, x + length_mm / 2, y + 0.035 * (top - bottom), f"{length_mm / 10:g} cm", size_pt=6.5
    )


def png_bytes(figure: Figure) -> bytes:
    """Return the figure as PNG without date or program name: same input, same bytes.

    References
    ----------
    PNG specification, https://www.w3.org/TR/png
    """
    buffer = BytesIO()
    # A person's own settings may ask for TeX, which changes the letters or is not there.
    with matplotlib.rc_context({"text.usetex": False, "svg.hashsalt": "kambin"}):
        figure.savefig(
            buffer,
            format="png",
            dpi=DPI,
            metadata={"Software": None},
            pil_kwargs={"compress_level": 5},
        )
    return buffer.getvalue()


def plain(text: str) -> str:
    """Return text in which a dollar sign does not start a formula."""
    return text.replace("$", r"\$")
