"""Bends the drawn root lines out of bone, disc and fragment, no further than needed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey, Tube
from kambin.phantom.shapes import Piece, Shape
from kambin.phantom.solids import Corners

RELAX_ITERATIONS = 32
"""Rounds of pushing and smoothing; smoothing ends after 24, the rest only pushes."""

GRADIENT_STEP_MM = 0.25
"""Half width of the central difference; below any radius of curvature of bone."""

# Share of the way to the neighbours' middle; at 1 a zigzag changes sign and never fades.
_STIFFNESS = 0.5
# mm beyond the box of an obstacle at which a line still feels it, about a root's radius.
_REACH = 3


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A shape that lines keep out of.

    Parameters
    ----------
    shape : Shape
    gap_mm : float, mm, between the surfaces of shape and root
    """

    shape: Shape
    gap_mm: float


def relax_lines(
    lines: Mapping[StructureKey, Tube], obstacles: tuple[Obstacle, ...]
) -> dict[StructureKey, Tube]:
    """Push lines out of obstacles and keep them smooth.

    Parameters
    ----------
    lines : mapping of StructureKey to Tube
    obstacles : Obstacle

    Returns
    -------
    mapping with the same keys, points of shape (N, 3), mm, LPS, bent; radii unchanged
    """
    keys = list(lines)
    counts = [len(lines[key].points_lps_mm) for key in keys]
    stops = np.cumsum(counts)
    # All lines in one array: each obstacle is asked once a round, not once a root.
    points = np.vstack([lines[key].points_lps_mm for key in keys])
    radii = np.concatenate([lines[key].radii_mm for key in keys])
    starts = stops - np.array(counts)
    near = [_pruned(obstacle, points) for obstacle in obstacles]
    obstacles = tuple(obstacle for obstacle in near if obstacle.shape.pieces)
    boxes = [obstacle.shape.bounds_lps_mm() for obstacle in obstacles]
    drawn = points
    for round_number in range(RELAX_ITERATIONS):
        # Smoothing draws lines back into bone, so it fades and pushing has the last word.
        smoothing = _STIFFNESS * max(0.0, 1 - 4 / 3 * round_number / RELAX_ITERATIONS)
        push = _push(points, radii, obstacles, boxes)
        # The way from the drawn line is smoothed, not the line: its own bends are drawn, not noise.
        points = points + smoothing * _bend(points - drawn, starts, stops) + push
        if round_number == RELAX_ITERATIONS * 3 // 4:
            # Smoothing has ended: from here on no point is compared with where it was drawn.
            points = _respaced(points, starts, stops)
    return {
        key: Tube(points[stop - count : stop], lines[key].radii_mm)
        for key, stop, count in zip(keys, stops, counts, strict=True)
    }


def _respaced(
    points: NDArray[np.float64], starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the lines with even steps again: pushing crowds points, which shrinks ganglia."""
    spaced = points.copy()
    for start, stop in zip(starts, stops, strict=True):
        line = points[start:stop]
        steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
        along = np.concatenate([[0.0], np.cumsum(steps)])
        even = np.linspace(0, along[-1], len(line))
        spaced[start:stop] = np.column_stack([np.interp(even, along, c) for c in line.T])
    return spaced


def _pruned(obstacle: Obstacle, points: NDArray[np.float64]) -> Obstacle:
    """Return the obstacle without the pieces that no point will come near."""

    def is_near(piece: Piece) -> bool:
        """Return whether a point lies in the box of the piece, with its margin."""
        low, high = piece.bounds_lps_mm()
        margin = 3 * _REACH
        return bool(((points > low - margin) & (points < high + margin)).all(axis=1).any())

    shape = obstacle.shape
    pieces = tuple(piece for piece in shape.pieces if is_near(piece))
    cuts = tuple(piece for piece in shape.cuts if is_near(piece))
    return replace(obstacle, shape=replace(shape, pieces=pieces, cuts=cuts))


def _bend(
    moves: NDArray[np.float64], starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the pull of each move towards the middle of its neighbours on its line."""
    pull = np.zeros_like(moves)
    pull[1:-1] = (moves[:-2] + moves[2:]) / 2 - moves[1:-1]
    # Ends are drawn, not found: they keep their place unless bone pushes them.
    pull[starts] = 0
    pull[stops - 1] = 0
    return pull


def _push(
    points: NDArray[np.float64],
    radii: NDArray[np.float64],
    obstacles: tuple[Obstacle, ...],
    boxes: list[Corners],
) -> NDArray[np.float64]:
    """Return the move that brings each point to its distance from all obstacles."""
    push = np.zeros_like(points)
    for obstacle, (low, high) in zip(obstacles, boxes, strict=True):
        wanted = radii + obstacle.gap_mm
        near = ((points > low - _REACH - 1) & (points < high + _REACH + 1)).all(axis=1)
        if not near.any():
            continue
        here = points[near]
        lack = wanted[near] - obstacle.shape.distance(here)
        close = lack > 0
        if close.any():
            slope = _slope(obstacle.shape, here[close])
            index = np.flatnonzero(near)[close]
            # Half the way: between two near walls a whole one would throw the root back and forth.
            push[index] += slope * lack[close, None] / 2
    return push


def _slope(shape: Shape, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the unit direction away from a shape, shape (N, 3)."""
    step = GRADIENT_STEP_MM * np.vstack([np.eye(3), -np.eye(3)])
    around = (points[:, None, :] + step).reshape(-1, 3)
    found = shape.distance(around).reshape(len(points), 2, 3)
    slope = found[:, 0] - found[:, 1]
    # On the ridge between two ways out the slope is nought: no push beats a wild one.
    length = np.linalg.norm(slope, axis=1, keepdims=True)
    unit: NDArray[np.float64] = slope / np.maximum(length, GRADIENT_STEP_MM / 4)
    return unit
