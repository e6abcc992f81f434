"""The compiled tree of balls equals one that is built node by node in plain numpy."""

import numpy as np
import pytest

from kambin.planning.ball_tree import ROUNDING_NODES, BallTree


def halve_plainly(points: np.ndarray, leaf_size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Order of the points, spans and first children, by a stable sort along the longest axis."""
    order = np.arange(len(points))
    spans, children = [(0, len(points))], [-1]
    for node, (first, last) in enumerate(spans):
        if last - first > leaf_size:
            part = order[first:last]
            column = points[part, int(np.argmax(np.ptp(points[part], axis=0)))]
            order[first:last] = part[np.argsort(column, kind="stable")]
            middle = first + (last - first) // 2
            children[node] = len(spans)
            spans += [(first, middle), (middle, last)]
            children += [-1, -1]
    return order, np.array(spans), np.array(children)


def some_points(rng: np.random.Generator, *, on_nodes: bool) -> np.ndarray:
    """Points of a lattice, which are full of ties, or anywhere."""
    count = int(rng.integers(1, 300))
    spots = rng.integers(0, 6, (count, 3)) if on_nodes else rng.normal(0, 9, (count, 3))
    return spots.astype(np.float32)


@pytest.mark.parametrize("seed", range(40))
def test_the_compiled_tree_is_the_plain_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points, leaf_size = some_points(rng, on_nodes=seed % 2 == 0), int(rng.integers(1, 20))
    tree = BallTree.of(points, leaf_size)
    order, spans, children = halve_plainly(points.astype(float), leaf_size)
    assert np.array_equal(tree.order, order)
    assert np.array_equal(tree.spans, spans)
    assert np.array_equal(tree.children, children)
    assert np.array_equal(tree.points, points[order])
    values = rng.normal(size=len(points))
    for node, (first, last) in enumerate(spans):
        held = tree.points[first:last].astype(float)
        centre = 0.5 * (held.min(axis=0) + held.max(axis=0))
        assert np.array_equal(tree.centres[node], centre.astype(np.float32))
        away = np.square(held - tree.centres[node].astype(float)).sum(axis=1)
        furthest = np.sqrt(away.max())
        assert tree.nearest[node] == first + np.argmin(away)
        assert tree.radii[node] == np.float32(furthest + ROUNDING_NODES * (furthest > 0))
        assert tree.least(values)[node] == values[order[first:last]].min()
