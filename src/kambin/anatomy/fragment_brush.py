"""A fragment painted by hand: a round brush that adds or erases, in millimetres of the patient."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import NDArray

from kambin.core import RequestError
from kambin.imaging import LabelMap
from kambin.knowledge import values

Point = tuple[float, float, float]
"""A point, mm, LPS."""

MOST_POINTS = 10**4
"""Points of one stroke; a hand that draws for minutes makes fewer."""

# A voxel's middle on the edge of the brush is inside it, whichever way a coordinate was rounded.
_EDGE_MM = 10.0**-6


@dataclass(frozen=True)
class Stroke:
    """One stroke of a ball-shaped brush along straight lines from point to point.

    Parameters
    ----------
    points_lps_mm : points, at least one, mm, LPS
    radius_mm : float, mm, of the ball
    erases : bool, takes away instead of adding

    Raises
    ------
    RequestError  (RQ-085) if a point is no point, there is none, there are too many, or the
        brush is none of those that can be held
    """

    points_lps_mm: tuple[Point, ...]
    radius_mm: float
    erases: bool = False

    def __post_init__(self) -> None:
        """Refuse what is no stroke."""
        least, most = values("herniation.brush_radius_range_mm")
        # also false for what is no number
        if not least <= self.radius_mm <= most:
            msg = f"A brush of {self.radius_mm:g} mm is none of {least:g} to {most:g} mm."
            raise _refuse(msg)
        if not 0 < len(self.points_lps_mm) <= MOST_POINTS:
            msg = f"It has {len(self.points_lps_mm)} points."
            raise _refuse(msg)
        if not all(len(p) == 3 and all(map(math.isfinite, p)) for p in self.points_lps_mm):
            msg = "A point is three finite numbers."
            raise _refuse(msg)

    @cached_property
    def ends_lps_mm(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the corners of the box that the stroke fills, each shape (3,), mm, LPS."""
        points = np.array(self.points_lps_mm)
        return points.min(axis=0) - self.radius_mm, points.max(axis=0) + self.radius_mm


@dataclass(frozen=True, slots=True)
class Painted:
    """The voxels of a painted shape, in a box of the labels.

    Parameters
    ----------
    first : index of the box's first voxel
    mask : bool array, shape of the box
    """

    first: tuple[int, int, int]
    mask: NDArray[np.bool_]

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> "Painted":
        """Return the shape that a mask has, in the smallest box that holds it.

        Parameters
        ----------
        mask : bool array, shape of the labels, at least one voxel
        """
        ends = []
        for axis in range(3):
            filled = np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis})))
            ends.append((int(filled[0]), int(filled[-1]) + 1))
        (i, i_end), (j, j_end), (k, k_end) = ends
        return cls((i, j, k), np.array(mask[i:i_end, j:j_end, k:k_end]))

    def as_region(self, labels: LabelMap) -> LabelMap:
        """Return the shape with its place in the patient, shape of the box.

        Parameters
        ----------
        labels : LabelMap that was painted on
        """
        affine = labels.lps_from_ijk.copy()
        affine[:3, 3] = labels.lps_mm(self.first)
        return LabelMap(self.mask.astype(np.uint8), affine, labels.frame_id)

    def as_mask(self, labels: LabelMap) -> NDArray[np.bool_]:
        """Return the shape on all voxels of the labels.

        Parameters
        ----------
        labels : LabelMap that was painted on

        Raises
        ------
        RequestError  (RQ-086) if it is empty
        """
        if not self.mask.any():
            raise RequestError(
                code="RQ-086",
                what="Nothing of the painted fragment is left",
                where="fragment",
                why="No middle of a voxel lies in what was painted and not erased.",
                next_step="Paint on this image, with a brush wider than its voxels.",
            )
        whole = np.zeros(labels.shape, dtype=bool)
        whole[_box(self.first, self.mask.shape)] = self.mask
        return whole


def paint(labels: LabelMap, strokes: Sequence[Stroke], before: Painted | None = None) -> Painted:
    """Return the voxels whose middle the brush passed over, one stroke after the other.

    Parameters
    ----------
    labels : LabelMap that says where the voxels lie
    strokes : in the order in which they were made
    before : Painted, what was there already and stays as it is, or none

    Returns
    -------
    Painted, in a box that holds all strokes and all that was there
    """
    whole = _find_box(labels, strokes, before)
    first = (whole[0].start, whole[1].start, whole[2].start)
    painted = Painted(first, np.zeros([one.stop - one.start for one in whole], bool))
    if before is not None:
        shift = [a - b for a, b in zip(before.first, first, strict=True)]
        painted.mask[_box(shift, before.mask.shape)] = before.mask
    for stroke in strokes:
        _apply(labels, painted, stroke)
    return painted


def _apply(labels: LabelMap, painted: Painted, stroke: Stroke) -> None:
    """Change the mask by one stroke, segment by segment."""
    shape = painted.mask.shape
    for start, end in _segments(stroke):
        low, high = np.minimum(start, end), np.maximum(start, end)
        box = _voxels_between(labels, low - stroke.radius_mm, high + stroke.radius_mm)
        # within the mask's own box
        inner = tuple(
            slice(max(one.start - a, 0), max(min(one.stop - a, n), 0))
            for one, a, n in zip(box, painted.first, shape, strict=True)
        )
        part = painted.mask[inner]
        if not part.size:
            continue
        counts = [
            np.arange(one.start + a, one.stop + a)
            for one, a in zip(inner, painted.first, strict=True)
        ]
        lps_mm = labels.lps_mm(np.stack(np.meshgrid(*counts, indexing="ij"), axis=-1))
        within = _distance_mm(lps_mm, start, end) <= stroke.radius_mm + _EDGE_MM
        part[within] = not stroke.erases


def _segments(
    stroke: Stroke,
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    points = np.array(stroke.points_lps_mm)
    if len(points) == 1:
        yield points[0], points[0]
    for number in range(len(points) - 1):
        yield points[number], points[number + 1]


def _distance_mm(
    points: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the distance of points, shape (..., 3), to a straight line between two points."""
    way = end - start
    long2 = float(way @ way)
    share = np.clip((points - start) @ way / long2, 0.0, 1.0) if long2 > 0 else np.zeros(())
    off = points - start - share[..., None] * way
    distance: NDArray[np.float64] = np.sqrt((off**2).sum(axis=-1))
    return distance


def _find_box(
    labels: LabelMap, strokes: Iterable[Stroke], before: Painted | None
) -> tuple[slice, slice, slice]:
    """Return the smallest box of voxels that holds all strokes and what was there."""
    boxes = [_voxels_between(labels, *one.ends_lps_mm) for one in strokes if not one.erases]
    if before is not None:
        i, j, k = _box(before.first, before.mask.shape)
        boxes.append((i, j, k))
    if not boxes:
        return slice(0, 1), slice(0, 1), slice(0, 1)
    i, j, k = (
        slice(min(one[a].start for one in boxes), max(one[a].stop for one in boxes))
        for a in range(3)
    )
    return i, j, k


def _voxels_between(
    labels: LabelMap, low_mm: NDArray[np.float64], high_mm: NDArray[np.float64]
) -> tuple[slice, slice, slice]:
    """Return the voxels of a box of the patient, at least one; at the border, those nearest."""
    corners = np.array(list(product(*zip(low_mm, high_mm, strict=True))))
    ijk = labels.ijk(corners)
    last = np.array(labels.shape) - 1
    first = np.clip(np.floor(ijk.min(axis=0)), 0, last).astype(int)
    final = np.clip(np.ceil(ijk.max(axis=0)), 0, last).astype(int)
    i, j, k = (slice(int(a), int(b) + 1) for a, b in zip(first, final, strict=True))
    return i, j, k


def _box(first: Sequence[int], shape: tuple[int, ...]) -> tuple[slice, ...]:
    return tuple(slice(a, a + n) for a, n in zip(first, shape, strict=True))


def _refuse(why: str) -> RequestError:
    return RequestError(
        code="RQ-085",
        what="The stroke of the brush is not understood",
        where="fragment",
        why=why,
        next_step="Paint again, with a brush of a radius that the workstation offers.",
    )
