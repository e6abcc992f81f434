"""What a pane shows: the slice as JPEG, and over it lines, tools, handles, cursor and names."""

from base64 import b64encode
from collections.abc import Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, Case, Level
from kambin.app.logic.pane_geometry import PaneView
from kambin.app.logic.pane_labels import Box, Label
from kambin.app.logic.pane_outlines import (
    Cut,
    draw_cut,
    draw_leaders,
    draw_painted,
    draw_tool_lines,
    find_cuts,
    find_tool_lines,
    name_cuts,
)
from kambin.app.logic.panes import TRAJECTORY
from kambin.app.logic.turns import in_turn
from kambin.imaging import Volume
from kambin.report.letters import direction_letters
from kambin.report.slices import slice_jpeg
from kambin.report.source import SoftRegion, outlined_structures, shown_volume
from kambin.report.tool_outlines import DrawnTool

_CAPTION_PX, _LETTER_PX, _HANDLE_PX, _WORD_PX = 22.0, 34.0, 22.0, 66.0
_SCALE_SHARE, _SCALE_PX = 0.45, 30.0
_BUTTONS_PX, _RAISED_PX = (244.0, 36.0), 60.0
_ON_PLANE_MM = 0.05
_THIRD = frozenset({"coronal", *TRAJECTORY})

ToolLines = list[tuple[str, list[NDArray[np.float64]]]]
"""Name and lines, x and y in pixels, of each tool that a pane cuts."""


@dataclass(frozen=True, slots=True)
class PaneGround:
    """What the panes of one case and level are drawn from, prepared once.

    Parameters
    ----------
    volume : Volume, HU
    regions : what is outlined; empty before there is an anatomy
    """

    volume: Volume
    regions: tuple[SoftRegion, ...] = ()


@dataclass(frozen=True, slots=True)
class Overlay:
    """What lies over all slices.

    Parameters
    ----------
    cursor_lps_mm : float array, shape (3,), mm, LPS
    tools : the tools at their true diameter, the last one on top
    handles : points that can be dragged, by name, mm, LPS
    hidden : names of structures that are not outlined
    painted : SoftRegion, what a brush has painted, or none
    """

    cursor_lps_mm: NDArray[np.float64]
    tools: tuple[DrawnTool, ...] = ()
    handles: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    painted: SoftRegion | None = None


@in_turn
def prepare_panes(
    case: Case, anatomy: Anatomy | None, level: Level | None, centre_lps_mm: NDArray[np.float64]
) -> PaneGround | None:
    """Return what panes are drawn from, or none where there is neither image nor anatomy.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy, or none before it is completed; then nothing is outlined
    level : Level, or none before a person confirmed it
    centre_lps_mm : float array, shape (3,), mm, LPS, the middle of what is shown
    """
    if anatomy is None:
        return None if case.image is None else PaneGround(case.image)
    volume = shown_volume(case, anatomy, centre_lps_mm)
    if level is None:
        return PaneGround(volume)
    regions = outlined_structures(anatomy, level, centre_lps_mm)
    for region in regions:
        # Made now and not at the first slice, which a person waits for.
        _ = region.cut_shape
    return PaneGround(volume, regions)


class PanePainter:
    """Draws panes, and keeps what a moved cursor or a moved path does not change.

    Parameters
    ----------
    ground : PaneGround
    """

    def __init__(self, ground: PaneGround) -> None:
        self._ground = ground
        self._slices: dict[str, tuple[Hashable, str]] = {}
        self._cuts: dict[str, tuple[Hashable, tuple[Cut, ...], list[dict[str, Any]]]] = {}
        self._tools: dict[str, tuple[Hashable, ToolLines]] = {}
        self._names: dict[str, tuple[Hashable, tuple[Label, ...]]] = {}
        # one helper: a slice is sampled and compressed there while its lines are found here
        self._beside = ThreadPoolExecutor(1, "kambin-slice")

    @in_turn
    def show(
        self, view: PaneView, overlay: Overlay, *, words: str = "", lines: bool = True
    ) -> dict[str, Any]:
        """Return a pane as a screen draws it; places are pixels from the upper left corner.

        Parameters
        ----------
        view : PaneView
        overlay : Overlay
        words : str, where the slice lies
        lines : bool, whether structures are outlined and named; false for the slice at once

        Returns
        -------
        dict of ``src``, ``width``, ``height``, ``mm_per_px``, ``title``, ``slice_words``,
        ``letters`` (left, right, top, bottom), ``outlines`` (key, d, colour, width, dash,
        modelled), ``tools`` (name, d, colour, width, dash, fill), ``handles`` (name, x, y,
        behind_mm), ``cursor`` (x, y) and ``labels`` (text, x, y, anchor, colour); colour and dash
        as SVG has them, widths in pixels of the screen
        """
        width, height = view.size_px
        address = self._beside.submit(self.address, view)
        x, y, _ = view.xy(overlay.cursor_lps_mm).tolist()
        tools = self._find_tools(view, overlay.tools)
        cuts, outlines = self._find(view, overlay.hidden) if lines else ((), [])
        labels = self._name(view, overlay, cuts, tools) if cuts else ()
        return {
            "src": address.result(),
            "width": width,
            "height": height,
            "mm_per_px": view.mm_per_px,
            "title": view.section.title,
            "slice_words": words,
            "letters": asdict(view.letters),
            "outlines": [*outlines, *draw_leaders(labels)],
            "tools": [
                *_show_painted(view, overlay.painted),
                *(draw_tool_lines(name, found) for name, found in tools),
            ],
            "handles": _show_handles(view, overlay.handles),
            "cursor": {"x": round(x, 2), "y": round(y, 2)},
            "labels": [_show_label(one) for one in labels],
        }

    def address(self, view: PaneView) -> str:
        """Return a pane's slice as a data address; the last one again for the same request.

        Parameters
        ----------
        view : PaneView
        """
        name, wanted = view.section.name, (_plane_key(view), view.window)
        known = self._slices.get(name)
        if known is None or known[0] != wanted:
            jpeg = b64encode(slice_jpeg(self._ground.volume, view.request)).decode("ascii")
            known = self._slices[name] = (wanted, "data:image/jpeg;base64," + jpeg)
        return known[1]

    def _find(
        self, view: PaneView, hidden: frozenset[str]
    ) -> tuple[tuple[Cut, ...], list[dict[str, Any]]]:
        """Return what a pane cuts, and the same as it is drawn."""
        name, wanted = view.section.name, (_plane_key(view), hidden)
        known = self._cuts.get(name)
        if known is None or known[0] != wanted:
            cuts = find_cuts(view, self._ground.regions, hidden)
            known = self._cuts[name] = (wanted, cuts, [draw_cut(cut) for cut in cuts])
        return known[1:]

    def _find_tools(self, view: PaneView, tools: tuple[DrawnTool, ...]) -> ToolLines:
        """Return the lines of the tools that a pane cuts."""
        name, wanted = view.section.name, (_plane_key(view), tuple(map(_tool_key, tools)))
        known = self._tools.get(name)
        if known is None or known[0] != wanted:
            known = self._tools[name] = (wanted, find_tool_lines(view, tools))
        return known[1]

    def _name(
        self, view: PaneView, overlay: Overlay, cuts: tuple[Cut, ...], tools: ToolLines
    ) -> tuple[Label, ...]:
        """Return the names of what a pane cuts; the same again where nothing moved."""
        handles = _show_handles(view, overlay.handles)
        ends = tuple((one["x"], one["y"]) for one in handles)
        drawn = tuple(map(_tool_key, overlay.tools))
        name, wanted = view.section.name, (_plane_key(view), overlay.hidden, drawn, ends)
        known = self._names.get(name)
        if known is None or known[0] != wanted:
            over = [line for _, found in tools for line in found]
            has_buttons = view.section.name in _THIRD
            taken = _taken(view.size_px, handles, has_buttons=has_buttons)
            placed = name_cuts(view, cuts, over, taken)
            known = self._names[name] = (wanted, placed)
        return known[1]


def find_slice_words(view: PaneView, off_mm: float, of_what: str) -> str:
    """Return in words how far a slice lies from what it is counted from.

    Parameters
    ----------
    view : PaneView
    off_mm : float, mm, away from the viewer
    of_what : str, such as ``the target``
    """
    if abs(off_mm) < _ON_PLANE_MM:
        return f"through {of_what}"
    side = direction_letters(np.sign(off_mm) * view.plane.normal_lps)
    return f"{abs(off_mm):.1f} mm {side} of {of_what}"


def _tool_key(tool: DrawnTool) -> Hashable:
    ends = (tool.tip_lps_mm.tobytes(), tool.outside_lps_mm.tobytes())
    return (tool.name, tool.radius_mm, *ends)


def _plane_key(view: PaneView) -> Hashable:
    plane = view.plane
    places = (plane.centre_lps_mm, plane.right_lps, plane.down_lps)
    return (*(place.tobytes() for place in places), plane.pixel_mm, plane.shape)


def _show_handles(
    view: PaneView, points_lps_mm: Mapping[str, NDArray[np.float64]]
) -> list[dict[str, Any]]:
    shown = []
    for name, point in points_lps_mm.items():
        x, y, behind_mm = (round(number, 2) for number in view.xy(point).tolist())
        shown.append({"name": name, "x": x, "y": y, "behind_mm": behind_mm})
    return shown


def _show_painted(view: PaneView, painted: SoftRegion | None) -> list[dict[str, Any]]:
    cuts = () if painted is None else find_cuts(view, (painted,), ())
    return [draw_painted(cut) for cut in cuts]


def _show_label(label: Label) -> dict[str, Any]:
    place = {"x": label.x, "y": label.y, "anchor": "start"}
    return {"text": label.text, "colour": label.colour} | place


def _taken(
    size_px: tuple[int, int], handles: list[dict[str, Any]], *, has_buttons: bool
) -> list[Box]:
    """Return the boxes of caption, letters, scale bar, buttons and handles, pixels."""
    width, height = size_px
    half, letter = width / 2, _LETTER_PX
    boxes: list[Box] = [
        (0.0, 0.0, width, _CAPTION_PX),
        (half - letter / 2, 0.0, half + letter / 2, _CAPTION_PX + letter),
        (half - letter / 2, height - letter, half + letter / 2, height),
        (0.0, (height - letter) / 2, letter, (height + letter) / 2),
        (width - letter, (height - letter) / 2, width, (height + letter) / 2),
        (0.0, height - _SCALE_PX, _SCALE_SHARE * width, height),
    ]
    if has_buttons:
        # And the lower letter stands above them.
        boxes.append((width - _BUTTONS_PX[0], height - _BUTTONS_PX[1], width, height))
        boxes.append((half - letter / 2, height - _RAISED_PX, half + letter / 2, height))
    return [*boxes, *(_handle_box(one, width) for one in handles)]


def _handle_box(handle: dict[str, Any], width: float) -> Box:
    """Return the room of a disc with its letter and millimetres, which stand to the right of it.

    Near the right edge they stand to the left, as the browser has it.
    """
    x, y = handle["x"], handle["y"]
    word = _HANDLE_PX if abs(handle["behind_mm"]) <= 1.0 else _WORD_PX
    right = x + word if x + word <= width else x + _HANDLE_PX
    left = x - _HANDLE_PX if x + word <= width else x - word
    return (left, y - _HANDLE_PX, right, y + _HANDLE_PX)
