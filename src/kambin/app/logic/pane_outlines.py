"""The lines over a slice: structures, names and the tools at their true diameter, in pixels."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.app.logic.pane_geometry import PaneView
from kambin.app.logic.pane_labels import Box, Label, Named, place_labels
from kambin.imaging import thin_line
from kambin.report.palette import TOOL_CYAN, Colour, find_look
from kambin.report.slice_outlines import all_outlines_mm, svg_path
from kambin.report.source import SoftRegion
from kambin.report.tool_outlines import DrawnTool, cut_outlines_mm
from kambin.report.words import short_words

LEAST_NAMED_MM2 = 6.0
"""Parts smaller than this are drawn and not named, mm2: a root cut across has 12."""

_THINNING_PX = 0.15
_POINT_PX = 1.25
_MODELLED_DASH = "6 3"
_TOOL_DASHES = {"reamer": "7 4"}
_TURN = np.linspace(0.0, 2.0 * np.pi, 9)
_DOT_PX = 1.2 * np.column_stack([np.cos(_TURN), np.sin(_TURN)])
_LUMINANCE = np.array((0.2126, 0.7152, 0.0722))
_LEAST_LUMINANCE = 0.4
_UNNAMED = frozenset({"skin", "rib", "facet_joint"})
_NERVES = ("fragment", "exiting_root", "drg", "traversing_root", "dural_sac")
_VESSELS = ("segmental_artery", "aorta", "vena_cava", "iliac_artery", "iliac_vein")
_FIRST_NAMED = (*_NERVES, "sap", "disc", *_VESSELS, "colon", "kidney", "vertebra")


@dataclass(frozen=True, slots=True)
class Cut:
    """One structure where a plane cuts it.

    Parameters
    ----------
    key : StructureKey
    modelled : bool, whether no image shows this surface
    lines : float arrays, shape (N, 2), x and y in pixels
    """

    key: StructureKey
    modelled: bool
    lines: tuple[NDArray[np.float64], ...]

    @property
    def named(self) -> Named:
        """Return its name at its largest part, with its side, and an m where it is modelled."""
        side = "" if self.key.side is None else f" {self.key.side.value}"
        text = short_words(self.key) + side + (" m" if self.modelled else "")
        return Named(text, _word_colour(find_look(self.key).colour), max(self.lines, key=_area))


def find_cuts(
    view: PaneView, regions: Sequence[SoftRegion], hidden: Collection[str]
) -> tuple[Cut, ...]:
    """Return where a pane cuts what is not hidden; no line moves by more than 0.15 pixels.

    Parameters
    ----------
    view : PaneView
    regions : what can be outlined
    hidden : names of structures that are not
    """
    shown = [region for region in regions if str(region.key) not in hidden]
    found = zip(shown, all_outlines_mm(shown, view.section), strict=True)
    return tuple(
        Cut(
            region.key,
            region.modelled,
            tuple(thin_line(line, _THINNING_PX) for line in view.lines_px(lines)),
        )
        for region, lines in found
        if lines
    )


def find_tool_lines(
    view: PaneView, tools: Sequence[DrawnTool]
) -> list[tuple[str, list[NDArray[np.float64]]]]:
    """Return name and lines, x and y in pixels, of the tools that a pane cuts.

    Parameters
    ----------
    view : PaneView
    tools : sequence of DrawnTool
    """
    found = [(one.name, view.lines_px(cut_outlines_mm(one, view.section))) for one in tools]
    return [(name, lines) for name, lines in found if lines]


def name_cuts(
    view: PaneView,
    cuts: Sequence[Cut],
    over: Sequence[NDArray[np.float64]],
    taken: Sequence[Box],
) -> tuple[Label, ...]:
    """Return the names of what is cut, nerves first, where they cover nothing.

    Parameters
    ----------
    view : PaneView
    cuts : sequence of Cut
    over : float arrays, shape (N, 2), pixels, what else no name may cover, such as tools
    taken : boxes of the screen that are taken already
    """
    wanted = [
        (_rank(one.key), one.named.text, one.named)
        for one in cuts
        if one.key.kind not in _UNNAMED
        and _area(one.named.line) * view.mm_per_px**2 >= LEAST_NAMED_MM2
    ]
    wanted.sort(key=lambda one: one[:2])
    covered = [line for one in cuts if one.key.kind != "skin" for line in one.lines]
    return place_labels([one for *_, one in wanted], [*covered, *over], taken, view.size_px)


def draw_cut(cut: Cut) -> dict[str, Any]:
    """Return a cut as a screen draws it: key, d, colour, width, dash, modelled.

    Parameters
    ----------
    cut : Cut
    """
    look = find_look(cut.key)
    width = round(_POINT_PX * look.width_pt, 2)
    dash = ""
    if not isinstance(look.line, str):
        dash = " ".join(f"{width * part:.1f}" for part in look.line[1])
    elif cut.modelled:
        # The name says it as well: a dash alone could be a kind.
        dash = _MODELLED_DASH
    return {
        "key": str(cut.key),
        "d": svg_path(cut.lines, thinning=0.0),
        "colour": svg_colour(look.colour),
        "width": width,
        "dash": dash,
        "modelled": cut.modelled,
    }


def draw_tool_lines(name: str, lines: Sequence[NDArray[np.float64]]) -> dict[str, Any]:
    """Return a tool as a screen draws it: name, d, colour, width, dash, fill.

    Parameters
    ----------
    name : str, the stage
    lines : float arrays, shape (N, 2), x and y in pixels
    """
    colour = svg_colour(TOOL_CYAN)
    return {
        "name": name,
        "d": svg_path(lines, thinning=_THINNING_PX / 3),
        "colour": colour,
        "width": _POINT_PX,
        "dash": _TOOL_DASHES.get(name, ""),
        # Veiled and not filled: what it goes through is still to be seen.
        "fill": colour + "38" if name == "cannula" else "none",
    }


def draw_painted(cut: Cut) -> dict[str, Any]:
    """Return what a brush has painted as a screen draws it: name, d, colour, width, dash, fill.

    Parameters
    ----------
    cut : Cut
    """
    colour = svg_colour(find_look(cut.key).colour)
    drawn = {"name": "painted", "d": svg_path(cut.lines, thinning=0.0), "colour": colour}
    # Veiled and not filled: what lies under the paint is still to be seen.
    return drawn | {"width": _POINT_PX, "dash": "", "fill": colour + "48"}


def draw_leaders(labels: Sequence[Label]) -> list[dict[str, Any]]:
    """Return the thin lines from names into what they name, each in the colour of its name.

    Parameters
    ----------
    labels : sequence of Label
    """
    drawn = []
    for number, one in enumerate(labels):
        if one.leader is not None:
            line = np.array(one.leader)
            d = svg_path([line, line[1] + _DOT_PX], thinning=0.0)
            look = {"colour": one.colour, "width": 1.0, "dash": "", "modelled": False}
            drawn.append({"key": f"leader-{number}", "d": d} | look)
    return drawn


def _word_colour(colour: Colour) -> str:
    """Return the colour of a word: that of its line, lightened until it is read on bone as well."""
    shown = np.array(colour)
    while float(_LUMINANCE @ shown**2.2) < _LEAST_LUMINANCE:
        shown = shown + 0.1 * (1.0 - shown)
    red, green, blue = shown.tolist()
    return svg_colour((red, green, blue))


def svg_colour(colour: Colour) -> str:
    """Return a colour as SVG writes it, such as ``#0af0c8``.

    Parameters
    ----------
    colour : red, green, blue, each 0..1
    """
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)


def _rank(key: StructureKey) -> int:
    return _FIRST_NAMED.index(key.kind) if key.kind in _FIRST_NAMED else len(_FIRST_NAMED)


def _area(line: NDArray[np.float64]) -> float:
    # The shoelace formula; a line that the border cuts is closed by a straight edge.
    x, y = line[:, 0], line[:, 1]
    return abs(float(x[:-1] @ y[1:] - x[1:] @ y[:-1] + x[-1] * y[0] - x[0] * y[-1])) / 2
