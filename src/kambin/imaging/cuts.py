"""The lines in which a plane cuts shapes that are given as a share of each voxel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from kambin.imaging._plane_kernels import (
    link_cells,
    mark_blocks,
    mark_corners,
    trace_lines,
)
from kambin.imaging.reslice import Plane

LEVEL = 0.5
"""Share of a voxel at the surface."""

BLOCK_NODES, TILE_PIXELS = 2, 8
"""Voxels and pixels along what is looked at together; of 2 to 4 and 4 to 8 the quickest."""

_CORNERS = np.array([[a, b, c] for a in (0.0, 1.0) for b in (0.0, 1.0) for c in (0.0, 1.0)])
_FROM, _TO = np.array([(a, b) for a in range(8) for b in range(a) if (a ^ b) in (1, 2, 4)]).T


@dataclass(frozen=True, slots=True)
class CutShape:
    """A shape made ready to be cut by many planes.

    Parameters
    ----------
    share : float32 array, shape (I, J, K), 0 to 1, 0.5 at the surface
    ijk_from_lps : float array, shape (4, 4), voxels from mm
    corners_lps_mm : float array, shape (8, 3), mm, LPS, of the box of all voxel centres
    blocks : uint8 array, which blocks of voxels the surface can pass through
    """

    share: NDArray[np.float32]
    ijk_from_lps: NDArray[np.float64]
    corners_lps_mm: NDArray[np.float64]
    blocks: NDArray[np.uint8]

    @classmethod
    def of(cls, share: NDArray[np.float32], lps_from_ijk: NDArray[np.float64]) -> Self:
        """Return the shape of an array of shares.

        Parameters
        ----------
        share : float32 array, shape (I, J, K)
        lps_from_ijk : float array, shape (4, 4), mm
        """
        whole = np.ascontiguousarray(share, dtype=np.float32)
        blocks = np.empty(tuple(-(-n // BLOCK_NODES) for n in whole.shape), np.uint8)
        mark_blocks(whole, LEVEL, BLOCK_NODES, blocks)
        box = _CORNERS * (np.array(whole.shape) - 1.0)
        corners = box @ lps_from_ijk[:3, :3].T + lps_from_ijk[:3, 3]
        inverse: NDArray[np.float64] = np.asarray(np.linalg.inv(lps_from_ijk), np.float64)
        return cls(whole, inverse, corners, blocks)


def cut_shapes(shapes: Sequence[CutShape], plane: Plane) -> list[list[NDArray[np.float64]]]:
    """Return where a plane cuts each shape: lines of (row, column), each shape (N, 2), pixels.

    Parameters
    ----------
    shapes : sequence of CutShape
    plane : Plane

    Returns
    -------
    one list a shape, of float arrays, shape (N, 2); closed lines end with their first point, and
    one that the picture's edge cuts does not

    Notes
    -----
    The level line of the trilinear share on the pixels of the plane, as marching squares draw it.
    Pixels that the surface cannot be near are not sampled.
    """
    if not shapes:
        return []
    away = np.stack([shape.corners_lps_mm for shape in shapes]) - plane.centre_lps_mm
    axes = np.stack([plane.down_lps, plane.right_lps, plane.normal_lps], axis=1)
    corners: NDArray[np.float64] = away @ axes
    depths = corners[..., 2]
    # Wholly before or behind the plane, as most structures are.
    met = (depths.min(axis=1) <= 0) & (depths.max(axis=1) >= 0)
    return [
        _cut(shape, plane, places) if is_met else []
        for shape, places, is_met in zip(shapes, corners, met, strict=True)
    ]


def _cut(
    shape: CutShape, plane: Plane, corners_mm: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    window = _find_window(plane, corners_mm)
    if window is None:
        return []
    low, size = window
    turn = shape.ijk_from_lps[:3, :3] * plane.pixel_mm
    down, right = turn @ plane.down_lps, turn @ plane.right_lps
    middle = shape.ijk_from_lps[:3, :3] @ plane.centre_lps_mm + shape.ijk_from_lps[:3, 3]
    away = low - (np.array(plane.shape) - 1.0) / 2.0
    first = middle + away[0] * down + away[1] * right
    return [line + low for line in _trace(shape, size, np.stack([first, down, right]))]


def _find_window(
    plane: Plane, corners_mm: NDArray[np.float64]
) -> tuple[NDArray[np.int64], tuple[int, int]] | None:
    """Return the first pixel and the shape of what of a picture a box reaches, or none."""
    one, other = corners_mm[_FROM], corners_mm[_TO]
    crosses = (one[:, 2] <= 0) != (other[:, 2] <= 0)
    one, other = one[crosses], other[crosses]
    share = one[:, 2] / (one[:, 2] - other[:, 2])
    # Corners on the plane itself are ends of no edge that crosses it.
    flat = corners_mm[corners_mm[:, 2] == 0, :2]
    places = np.concatenate([one[:, :2] + share[:, None] * (other - one)[:, :2], flat])
    pixels = places / plane.pixel_mm + (np.array(plane.shape) - 1.0) / 2.0
    low = np.maximum(np.floor(pixels.min(axis=0)).astype(np.int64) - 1, 0)
    last = np.minimum(np.ceil(pixels.max(axis=0)).astype(np.int64) + 2, plane.shape)
    rows, columns = (last - low).tolist()
    return None if min(rows, columns) < 2 else (low, (rows, columns))


def _trace(
    shape: CutShape, size: tuple[int, int], steps: NDArray[np.float64]
) -> list[NDArray[np.float64]]:
    """Return the level lines among pixels whose first one and steps are known, (row, column)."""
    found = np.empty(size, np.float32)
    # Zeros that are never touched cost nothing.
    after = np.zeros(2 * found.size, np.int32)
    starts = np.empty(16 * sum(size), np.int32)
    sizes = (BLOCK_NODES, TILE_PIXELS)
    given = (shape.share, LEVEL, shape.blocks, sizes, steps, found, after)
    count = link_cells(*given, starts)
    # A guess that was too small is made again.
    if count > len(starts):
        starts = np.empty(count, np.int32)
        count = link_cells(*given, starts)
    if not count:
        return []
    points = np.empty((2 * count, 2))
    ends = np.empty(count, np.int32)
    lines = trace_lines(found, LEVEL, after, starts[:count], points, ends)
    return np.split(points, ends[:lines])[:-1]


def thin_line(points: NDArray[np.float64], tolerance_mm: float) -> NDArray[np.float64]:
    """Return a line without the points that it can spare, shape (M, 2), mm.

    Parameters
    ----------
    points : float array, shape (N, 2), mm
    tolerance_mm : float, mm, how far the line may move
    """
    keep = np.empty(len(points), np.bool_)
    mark_corners(points, tolerance_mm, keep)
    return points[keep]
