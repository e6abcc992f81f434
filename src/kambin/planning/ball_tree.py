"""Balls around balls: the points of a list, halved along their longest axis again and again."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from kambin.planning.kernels import Scalar

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
        order, spans, children = _HALVE(kept, leaf_size)
        sorted_points = np.ascontiguousarray(kept[order])
        centres, radii, nearest = _BOUND(sorted_points, spans)
        return cls(sorted_points, order, centres, radii, spans, children, nearest)

    def least(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the least value of every node's points, shape (B,).

        Parameters
        ----------
        values : float array, shape (N,), one per point in the order of the list
        """
        ordered = np.asarray(values, dtype=np.float64)[self.order]
        least: NDArray[np.float64] = _LEAST(ordered, self.spans, self.children)
        return least

    def widened(self, reach_nodes: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the radii of balls that hold all points and what lies within their reach.

        Parameters
        ----------
        reach_nodes : float array, shape (N,), in the order of the list, node spacings
        """
        most = -self.least(-np.asarray(reach_nodes, dtype=np.float64))
        return (self.radii + most).astype(np.float32) + np.float32(ROUNDING_NODES)


@njit(cache=True)
def halve_points(points: Scalar, leaf_size: int) -> Any:  # pragma: no cover
    """Return the order of the points, and per node its span and first child.

    Parameters
    ----------
    points : float32 array, shape (N, 3), node spacings
    leaf_size : int, most points of a leaf
    """
    count = points.shape[0]
    order = np.arange(count)
    # Every leaf holds a point, so that there are at most 2 N - 1 nodes.
    spans = np.empty((2 * count, 2), dtype=np.int64)
    children = np.full(2 * count, -1, dtype=np.int64)
    spans[0] = 0, count
    made, node = 1, 0
    while node < made:
        first, last = spans[node]
        if last - first > leaf_size:
            part = order[first:last].copy()
            column = np.empty(last - first)
            axis = find_longest_axis(points, part)
            for n in range(part.shape[0]):
                column[n] = points[part[n], axis]
            order[first:last] = part[np.argsort(column, kind="mergesort")]
            middle = first + (last - first) // 2
            children[node] = made
            spans[made], spans[made + 1] = (first, middle), (middle, last)
            made += 2
        node += 1
    return order, spans[:made].copy(), children[:made].copy()


@njit(nogil=True)
def find_longest_axis(points: Scalar, part: Scalar) -> int:  # pragma: no cover
    """Return the first of the longest axes of the bounding box of some points."""
    longest, most = 0, -1.0
    for axis in range(3):
        low, high = np.inf, -np.inf
        for n in part:
            low = min(low, np.float64(points[n, axis]))
            high = max(high, np.float64(points[n, axis]))
        if high - low > most:
            longest, most = axis, high - low
    return longest


@njit(nogil=True)
def find_ball(points: Scalar, first: Scalar, last: Scalar) -> Any:  # pragma: no cover
    """Return centre and radius of a ball that holds some points, and the one nearest to its centre.

    Parameters
    ----------
    points : float32 array, shape (N, 3), node spacings
    first, last : int, of the points, and one past them
    """
    centre = np.empty(3, dtype=np.float32)
    for axis in range(3):
        low = np.float64(points[first:last, axis].min())
        high = np.float64(points[first:last, axis].max())
        centre[axis] = 0.5 * (low + high)
    closest, furthest, nearest = np.inf, 0.0, first
    for n in range(first, last):
        away = 0.0
        for axis in range(3):
            away += (np.float64(points[n, axis]) - np.float64(centre[axis])) ** 2
        furthest = max(furthest, away)
        if away < closest:
            closest, nearest = away, n
    # One point is its own ball, exactly.
    radius = np.sqrt(furthest) + ROUNDING_NODES if furthest > 0 else 0.0
    return centre, np.float32(radius), nearest


@njit(cache=True)
def bound_nodes(points: Scalar, spans: Scalar) -> Any:  # pragma: no cover
    """Return centre, radius and nearest point of every node.

    Parameters
    ----------
    points : float32 array, shape (N, 3), node spacings, in the order of the leaves
    spans : int64 array, shape (B, 2)
    """
    centres = np.empty((spans.shape[0], 3), dtype=np.float32)
    radii = np.zeros(spans.shape[0], dtype=np.float32)
    nearest = np.empty(spans.shape[0], dtype=np.int64)
    for node in range(spans.shape[0]):
        first, last = spans[node]
        centres[node], radii[node], nearest[node] = find_ball(points, first, last)
    return centres, radii, nearest


@njit(cache=True)
def find_least(values: Scalar, spans: Scalar, children: Scalar) -> Any:  # pragma: no cover
    """Return the least of the values of every node's points, which stand in the leaves' order."""
    least = np.empty(spans.shape[0])
    # Children stand after their parent.
    for node in range(spans.shape[0] - 1, -1, -1):
        child = children[node]
        if child < 0:
            least[node] = values[spans[node, 0] : spans[node, 1]].min()
        else:
            least[node] = min(least[child], least[child + 1])
    return least


_HALVE: Any = halve_points
_BOUND: Any = bound_nodes
_LEAST: Any = find_least
"""The kernels as they are called: numba's types are none that mypy knows."""
