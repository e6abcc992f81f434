"""Names in a pane: beside what they name, over no structure, no other name and no caption.

Each is tied to what it names by a thin line in its own colour, which ends in a dot inside it and
crosses no other name and no other such line.
"""

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
_FARTHEST_SHARE = 0.33
_LEADER_PX, _INSIDE_PX = 5.0, 4.0
_APART_PX, _LEADER_STEP_PX = 7.0, 3.0
_TRIED, _TRIED_AT_MOST = 12, 240

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, pixels."""

Leader = tuple[tuple[float, float], tuple[float, float]]
"""Where a line begins and ends, x and y in pixels."""


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
    leader : the two ends of a thin line, from the name into what it names, pixels, or none where it
        stands right beside it
    """

    text: str
    colour: str
    x: float
    y: float
    leader: Leader | None

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
    # A letter at the very edge is cut by it.
    free[-1, :] = free[:, 0] = free[:, -1] = False
    for box in taken:
        _take(free, box)
    placed: list[Label] = []
    for one in named:
        label = _place(one, free, placed)
        if label is not None:
            left, top, right, bottom = label.box
            _take(free, (left - _APART_PX, top, right + _APART_PX, bottom))
            _take_line(free, label.leader)
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


def _take_line(free: NDArray[np.bool_], leader: Leader | None) -> None:
    if leader is None:
        return
    start, end = np.array(leader)
    count = int(np.hypot(*(end - start)) // _LEADER_STEP_PX) + 2
    places = start + np.linspace(0.0, 1.0, count)[:, None] * (end - start)
    rows, columns = np.clip(
        (places // CELL_PX).astype(int).T[::-1], 0, np.array([free.shape]).T - 1
    )
    free[rows, columns] = False


def _place(one: Named, free: NDArray[np.bool_], placed: Sequence[Label]) -> Label | None:
    """Return the nearest free place from which a line leads to what is named, or none."""
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
    middle = (one.line.min(axis=0) + one.line.max(axis=0)) / 2
    off = np.column_stack([left + columns / 2, top + rows / 2]) * CELL_PX - middle
    # Beside is read more easily than above.
    away = np.hypot(off[:, 0], 1.4 * off[:, 1])
    span = float(np.ptp(one.line, axis=0).max()) / 2
    near = np.flatnonzero(away - span <= _FARTHEST_SHARE * CELL_PX * min(free.shape))
    near = near[np.argsort(away[near], kind="stable")][:_TRIED_AT_MOST]
    for tried in np.split(near, range(_TRIED, len(near), _TRIED)):
        corners = CELL_PX * np.column_stack([left[tried], top[tried]]).astype(np.float64)
        starts, ends = _ways(corners, (wide, high), one.line)
        apart = np.hypot(*(ends - starts).T) >= _LEADER_PX
        fits = ~(apart & _are_crossed(starts, ends, placed))
        if fits.any():
            at = int(np.argmax(fits))
            x, y = corners[at].tolist()
            leader = _lead(starts[at], ends[at], one.line) if apart[at] else None
            return Label(one.text, one.colour, x, y + high, leader)
    return None


def _ways(
    corners: NDArray[np.float64], size: tuple[float, float], line: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both ends of the shortest ways from boxes to an outline, shape (N, 2).

    Parameters
    ----------
    corners : float array, shape (N, 2), pixels, the upper left ones
    size : width and height of each box, pixels
    line : float array, shape (M, 2), pixels
    """
    x, y = line.T
    u, v = corners[:, :1], corners[:, 1:]
    across, down = np.clip(x, u, u + size[0]), np.clip(y, v, v + size[1])
    at = np.argmin((x - across) ** 2 + (y - down) ** 2, axis=1)
    rows = np.arange(len(corners))
    return np.column_stack([across[rows, at], down[rows, at]]), line[at]


def _lead(
    start: NDArray[np.float64], edge: NDArray[np.float64], line: NDArray[np.float64]
) -> Leader:
    """Return a line from a name into its outline, as that of a neighbour may lie on the edge."""
    inner = edge + _INSIDE_PX * (edge - start) / np.linalg.norm(edge - start)
    return _pair(start), _pair(inner if _is_inside(inner, line) else edge)


def _is_inside(point: NDArray[np.float64], line: NDArray[np.float64]) -> bool:
    """Return whether an outline goes around a point: a ray to the right meets it an odd time."""
    (x, y), (u, v) = line.T, np.roll(line, -1, axis=0).T
    meets = (y > point[1]) != (v > point[1])
    across = x + (point[1] - y) * (u - x) / np.where(v == y, 1.0, v - y)
    return bool((meets & (point[0] < across)).sum() % 2)


def _are_crossed(
    starts: NDArray[np.float64], ends: NDArray[np.float64], placed: Sequence[Label]
) -> NDArray[np.bool_]:
    """Return which lines lie under a name that was placed, or cross one of the lines of these."""
    if not placed:
        return np.zeros(len(starts), bool)
    boxes = np.array([one.box for one in placed])
    way = ends - starts
    # A way along an axis is within the two edges across it everywhere or nowhere.
    way = np.where(way == 0.0, 1e-9, way)[:, None]
    enters, leaves = ((boxes[:, i : i + 2] - starts[:, None]) / way for i in (0, 2))
    first = np.minimum(enters, leaves).max(axis=2)
    last = np.maximum(enters, leaves).min(axis=2)
    crossed = ((first <= last) & (last >= 0.0) & (first <= 1.0)).any(axis=1)
    lines = np.array([one.leader for one in placed if one.leader is not None])
    if not len(lines):
        return np.asarray(crossed)
    a, b, p, q = lines[:, 0], lines[:, 1], starts[:, None], ends[:, None]
    crosses = (_turn(p, q, a) * _turn(p, q, b) < 0) & (_turn(a, b, p) * _turn(a, b, q) < 0)
    return np.asarray(crossed | crosses.any(axis=1))


def _turn(
    a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return on which side of the ways from ``a`` to ``b`` points lie, by sign."""
    u, v = b - a, c - a
    return np.asarray(u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0])


def _pair(point: NDArray[np.float64]) -> tuple[float, float]:
    x, y = point.tolist()
    return x, y
