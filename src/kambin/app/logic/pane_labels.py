"""Names in a pane: beside what they name, over no structure, no other name and no caption."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

CELL_PX = 8
"""Names are placed on a lattice of this spacing, pixels."""

FONT_PX = 12.0
"""Size of the letters on a screen, pixels; the browser draws them at this size."""

_CHARACTER_PX = 0.6 * FONT_PX
_FARTHEST_SHARE = 0.4
_LEADER_PX = 10.0

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, pixels."""


@dataclass(frozen=True, slots=True)
class Named:
    """What wants a name.

    Parameters
    ----------
    text, colour : str
    line : float array, shape (N, 2), x and y in pixels, the outline of its largest part
    """

    text: str
    colour: str
    line: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Label:
    """One name with its place.

    Parameters
    ----------
    text, colour : str
    x, y : float, pixels, where its baseline begins
    leader : the two ends of a thin line to what it names, pixels, or none where it stands beside it
    """

    text: str
    colour: str
    x: float
    y: float
    leader: tuple[tuple[float, float], tuple[float, float]] | None

    @property
    def box(self) -> Box:
        """Return what the letters cover."""
        wide, high = text_size_px(self.text)
        return (self.x, self.y - high, self.x + wide, self.y + 0.25 * high)


def text_size_px(text: str) -> tuple[float, float]:
    """Return the room that a name takes, width and height, pixels.

    Parameters
    ----------
    text : str
    """
    return _CHARACTER_PX * len(text), FONT_PX


def place_labels(
    named: Sequence[Named],
    covered: Sequence[NDArray[np.float64]],
    taken: Sequence[Box],
    size_px: tuple[int, int],
) -> tuple[Label, ...]:
    """Return where names stand; one that finds no free place near enough is left out.

    Parameters
    ----------
    named : what wants a name, the most important first
    covered : float arrays, shape (N, 2), pixels, outlines over which no name may stand
    taken : boxes that are taken already: captions, letters, the scale bar, handles
    size_px : width and height of the picture
    """
    free = _find_free(covered, size_px)
    for box in taken:
        _take(free, box)
    placed = []
    for one in named:
        label = _place(one, free)
        if label is not None:
            _take(free, label.box)
            placed.append(label)
    return tuple(placed)


def _find_free(
    covered: Sequence[NDArray[np.float64]], size_px: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return the cells that no outline and no inside of one touches, with a cell between."""
    columns, rows = (length // CELL_PX for length in size_px)
    sheet = Image.new("1", (columns, rows), 1)
    pen = ImageDraw.Draw(sheet)
    for line in covered:
        if len(line) > 1:
            # With its edge, as what is thinner than a cell has no inside on the lattice.
            places = (line / CELL_PX - 0.5).ravel().tolist()
            pen.polygon(places, fill=0, outline=0)
    free = np.pad(np.array(sheet, bool), 1, constant_values=True)
    around = np.lib.stride_tricks.sliding_window_view(free, (3, 3))
    return np.asarray(around.all(axis=(2, 3)), bool)


def _take(free: NDArray[np.bool_], box: Box) -> None:
    left, top, right, bottom = (edge / CELL_PX for edge in box)
    free[
        max(int(np.floor(top)), 0) : max(int(np.ceil(bottom)), 0),
        max(int(np.floor(left)), 0) : max(int(np.ceil(right)), 0),
    ] = False


def _place(one: Named, free: NDArray[np.bool_]) -> Label | None:
    """Return the free place nearest to what is named, or none."""
    wide, high = text_size_px(one.text)
    columns, rows = (int(np.ceil(length / CELL_PX)) for length in (wide, 1.25 * high))
    if rows > free.shape[0] or columns > free.shape[1]:
        return None
    # How many cells are covered under each place, from one table of sums.
    sums = np.pad(np.cumsum(np.cumsum(~free, axis=0), axis=1), ((1, 0), (1, 0)))
    under = (sums[rows:, columns:] - sums[:-rows, columns:] - sums[rows:, :-columns]) + sums[
        :-rows, :-columns
    ]
    top, left = np.nonzero(under == 0)
    if not len(top):
        return None
    middle = (one.line.min(axis=0) + one.line.max(axis=0)) / 2
    off = np.column_stack([left + columns / 2, top + rows / 2]) * CELL_PX - middle
    # Beside is read more easily than above.
    away = np.hypot(off[:, 0], 1.4 * off[:, 1])
    at = int(np.argmin(away))
    span = float(np.ptp(one.line, axis=0).max()) / 2
    if away[at] - span > _FARTHEST_SHARE * CELL_PX * min(free.shape):
        return None
    x, y = float(left[at] * CELL_PX), float(top[at] * CELL_PX + high)
    return Label(one.text, one.colour, x, y, _leader((x, y - high, x + wide, y), one.line))


def _leader(
    box: Box, line: NDArray[np.float64]
) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return the shortest way from a name's box to an outline, or none where it is short."""
    low, high = np.array(box[:2]), np.array(box[2:])
    edge = np.clip(line, low, high)
    far = np.linalg.norm(line - edge, axis=1)
    at = int(np.argmin(far))
    if far[at] < _LEADER_PX:
        return None
    (x, y), (u, v) = edge[at].tolist(), line[at].tolist()
    return (x, y), (u, v)
