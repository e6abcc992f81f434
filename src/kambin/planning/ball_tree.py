"""Balls around balls: the points of a list, halved along their longest axis again and again."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

ROUNDING_NODES = 1e-4
"""Added to every radius: centres are stored in float32."""


@dataclass(frozen=True, slots=True)
class BallTree:
    """A list of points in nested balls; node 0 holds all, a leaf a few.

    Parameters
    ----------
    points : float32 array, shape (N, 3), node spacings, in the order of the leaves
    order : int64 array, shape (N,), place of each of these points in the list
    centres : float32 array, shape (B, 3), node spacings
    radii : float32 array, shape (B,), node spacings, of a ball that holds all points of the node
    spans : int64 array, shape (B, 2), first and one past the last point of the node
    children : int64 array, shape (B,), the first of two children that stand side by side, or -1
    nearest : int64 array, shape (B,), the point of the node nearest to the centre
    """

    points: NDArray[np.float32]
    order: NDArray[np.int64]
    centres: NDArray[np.float32]
    radii: NDArray[np.float32]
    spans: NDArray[np.int64]
    children: NDArray[np.int64]
    nearest: NDArray[np.int64]

    @classmethod
    def of(cls, points: NDArray[np.float32], leaf_size: int) -> "BallTree":
        """Return the tree of a list of points.

        Parameters
        ----------
        points : float32 array, shape (N, 3), node spacings, N >= 1
        leaf_size : int, most points of a leaf

        Notes
        -----
        Halved at the median of the longest axis of the bounding box, by a stable sort: the
        same list gives the same tree. The centre is the middle of the box.
        """
        kept = np.ascontiguousarray(points, dtype=np.float32)
        order, spans, children = _halve(kept.astype(np.float64), leaf_size)
        sorted_points = np.ascontiguousarray(kept[order])
        centres, radii, nearest = _bound(sorted_points, spans)
        return cls(sorted_points, order, centres, radii, spans, children, nearest)

    def least(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the least value of every node's points, shape (B,).

        Parameters
        ----------
        values : float array, shape (N,), one per point in the order of the list
        """
        return _find_least(values[self.order].astype(np.float64), self.spans)

    def widened(self, reach_nodes: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the radii of balls that hold all points and what lies within their reach.

        Parameters
        ----------
        reach_nodes : float array, shape (N,), in the order of the list, node spacings
        """
        most = -self.least(-np.asarray(reach_nodes, dtype=np.float64))
        return (self.radii + most).astype(np.float32) + np.float32(ROUNDING_NODES)


@njit(cache=True)
def _halve(  # pragma: no cover
    points: NDArray[np.float64], leaf_size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the order of the points, and per node its span and first child."""
    count = points.shape[0]
    order = np.arange(count)
    most = 4 * (count // max(leaf_size, 1) + 1) + 1
    spans = np.empty((most, 2), dtype=np.int64)
    children = np.full(most, -1, dtype=np.int64)
    spans[0] = (0, count)
    made, node = 1, 0
    while node < made:
        first, last = spans[node]
        if last - first > leaf_size:
            part = order[first:last].copy()
            axis, longest = 0, -1.0
            for k in range(3):
                column = points[part, k]
                extent = column.max() - column.min()
                if extent > longest:
                    axis, longest = k, extent
            order[first:last] = part[np.argsort(points[part, axis], kind="mergesort")]
            middle = first + (last - first) // 2
            children[node] = made
            spans[made] = (first, middle)
            spans[made + 1] = (middle, last)
            made += 2
        node += 1
    return order, spans[:made].copy(), children[:made].copy()


@njit(cache=True)
def _bound(  # pragma: no cover
    points: NDArray[np.float32], spans: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Return centre, radius and nearest point of every node."""
    count = spans.shape[0]
    centres = np.empty((count, 3), dtype=np.float32)
    radii = np.empty(count, dtype=np.float32)
    nearest = np.empty(count, dtype=np.int64)
    for node in range(count):
        first, last = spans[node]
        for k in range(3):
            column = points[first:last, k]
            centres[node, k] = 0.5 * (np.float64(column.min()) + np.float64(column.max()))
        far, near, at = 0.0, np.inf, first
        for n in range(first, last):
            away = 0.0
            for k in range(3):
                away += (np.float64(points[n, k]) - np.float64(centres[node, k])) ** 2
            far = max(far, away)
            if away < near:
                near, at = away, n
        # One point is its own ball, exactly.
        radii[node] = 0.0 if far == 0.0 else np.sqrt(far) + ROUNDING_NODES
        nearest[node] = at
    return centres, radii, nearest


@njit(cache=True)
def _find_least(  # pragma: no cover
    values: NDArray[np.float64], spans: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the least of each span."""
    least = np.empty(spans.shape[0], dtype=np.float64)
    for node in range(spans.shape[0]):
        least[node] = values[spans[node, 0] : spans[node, 1]].min()
    return least
