"""Balls around balls: the points of a list, halved along their longest axis again and again."""

from dataclasses import dataclass

import numpy as np
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
        centres, radii, nearest = _bound(sorted_points.astype(np.float64), spans)
        return cls(sorted_points, order, centres, radii, spans, children, nearest)

    def least(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the least value of every node's points, shape (B,).

        Parameters
        ----------
        values : float array, shape (N,), one per point in the order of the list
        """
        gather, starts = _gather(self.spans)
        ordered = np.asarray(values, dtype=np.float64)[self.order]
        least: NDArray[np.float64] = np.minimum.reduceat(ordered[gather], starts)
        return least

    def widened(self, reach_nodes: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the radii of balls that hold all points and what lies within their reach.

        Parameters
        ----------
        reach_nodes : float array, shape (N,), in the order of the list, node spacings
        """
        most = -self.least(-np.asarray(reach_nodes, dtype=np.float64))
        return (self.radii + most).astype(np.float32) + np.float32(ROUNDING_NODES)


def _halve(
    points: NDArray[np.float64], leaf_size: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the order of the points, and per node its span and first child."""
    order = np.arange(len(points))
    spans, children = [(0, len(points))], [-1]
    for node, (first, last) in enumerate(spans):
        if last - first <= leaf_size:
            continue
        part = order[first:last]
        column = points[part, int(np.argmax(np.ptp(points[part], axis=0)))]
        order[first:last] = part[np.argsort(column, kind="stable")]
        middle = first + (last - first) // 2
        children[node] = len(spans)
        # The list grows while it is walked: the children's turn comes after their parent's.
        spans += [(first, middle), (middle, last)]
        children += [-1, -1]
    return order, np.array(spans, dtype=np.int64), np.array(children, dtype=np.int64)


def _bound(
    points: NDArray[np.float64], spans: NDArray[np.int64]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Return centre, radius and nearest point of every node."""
    gather, starts = _gather(spans)
    lengths = spans[:, 1] - spans[:, 0]
    held = points[gather]
    low, high = np.minimum.reduceat(held, starts), np.maximum.reduceat(held, starts)
    centres = (0.5 * (low + high)).astype(np.float32)
    away = np.square(held - np.repeat(centres.astype(np.float64), lengths, axis=0)).sum(axis=1)
    furthest = np.sqrt(np.maximum.reduceat(away, starts))
    # One point is its own ball, exactly.
    radii = np.where(furthest > 0, furthest + ROUNDING_NODES, 0.0).astype(np.float32)
    is_nearest = away == np.repeat(np.minimum.reduceat(away, starts), lengths)
    nodes = np.repeat(np.arange(len(spans)), lengths)
    _, first = np.unique(nodes[is_nearest], return_index=True)
    return centres, radii, gather[is_nearest][first]


def _gather(spans: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the points of all nodes one after the other, and where each node's begin."""
    lengths = spans[:, 1] - spans[:, 0]
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    return np.arange(lengths.sum()) + np.repeat(spans[:, 0] - starts, lengths), starts
