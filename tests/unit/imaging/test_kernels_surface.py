"""The triangle kernels against dense samples and brute force; also run without JIT."""

import numba
import numpy as np
import pytest

from kambin.imaging import Surface
from kambin.imaging._triangle_kernels import (
    build_tree,
    deepest_on_segment,
    nearest_point,
    segment_distance,
    segments_clear,
    signed_distances,
)
from kambin.imaging._vector_kernels import (
    clamp,
    closest_of_segments,
    closest_on_triangle,
    cross,
    pierces,
    point_to_segment,
    segment_to_triangle,
)

pytestmark = pytest.mark.kernels

A, B, C = (0.0, 0.0, 0.0), (4.0, 0.0, 0.0), (0.0, 3.0, 0.0)


def spread_over(a, b, c, count: int = 40) -> np.ndarray:
    """Many points of a triangle."""
    u, v = (w.ravel() for w in np.meshgrid(np.linspace(0, 1, count), np.linspace(0, 1, count)))
    a, b, c = (np.array(p) for p in (a, b, c))
    return a + (u * (1 - v))[:, None] * (b - a) + (u * v)[:, None] * (c - a)


@pytest.mark.parametrize(
    ("point", "feature", "closest"),
    [
        ((-1.0, -1.0, 1.0), 0, A),
        ((6.0, -1.0, 0.0), 1, B),
        ((-1.0, 5.0, 2.0), 2, C),
        ((2.0, -2.0, 1.0), 3, (2.0, 0.0, 0.0)),
        ((3.5, 3.5, 0.0), 4, (2.0, 1.5, 0.0)),
        ((-2.0, 1.0, 0.0), 5, (0.0, 1.0, 0.0)),
        ((1.0, 1.0, -3.0), 6, (1.0, 1.0, 0.0)),
    ],
)
def test_each_feature_of_a_triangle_has_its_region(point, feature, closest) -> None:
    found, on = closest_on_triangle(point, A, B, C)
    assert on == feature
    dense = np.linalg.norm(spread_over(A, B, C) - point, axis=1).min()
    assert np.linalg.norm(np.subtract(found, point)) == pytest.approx(dense, abs=0.02)
    assert found == pytest.approx(closest, abs=0.3)


def test_vectors() -> None:
    assert cross((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)) == (0.0, 0.0, 1.0)
    assert [clamp(t) for t in (-1.0, 0.3, 2.0)] == [0.0, 0.3, 1.0]


def test_a_point_and_a_segment() -> None:
    assert point_to_segment((2.0, 1.0, 0.0), A, B) == pytest.approx(1.0)
    assert point_to_segment((7.0, 4.0, 0.0), A, B) == pytest.approx(5.0)
    assert point_to_segment((3.0, 4.0, 0.0), A, A) == pytest.approx(5.0)


def test_two_segments_against_dense_points(rng) -> None:
    t = np.linspace(0.0, 1.0, 60)[:, None]
    for a, b, c, d in rng.normal(size=(15, 4, 3)):
        first, second = a + t * (b - a), c + t * (d - c)
        dense = np.linalg.norm(first[:, None] - second[None], axis=2).min()
        gap, point = closest_of_segments(tuple(a), tuple(b), tuple(c), tuple(d))
        assert dense - 0.08 <= gap <= dense + 1e-9
        assert np.linalg.norm(second - point, axis=1).min() < 0.05


@pytest.mark.parametrize(
    ("segments", "gap"),
    [
        (((0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 0)), 1.0),
        (((0, 0, 0), (1, 0, 0), (3, 0, 0), (5, 0, 0)), 2.0),
        (((0, 0, 0), (0, 0, 0), (1, 0, 0), (1, 0, 0)), 1.0),
        (((0, 0, 0), (0, 0, 0), (-1, 2, 0), (1, 2, 0)), 2.0),
        (((-1, 2, 0), (1, 2, 0), (0, 0, 0), (0, 0, 0)), 2.0),
    ],
)
def test_segments_that_are_parallel_or_points(segments, gap) -> None:
    a, b, c, d = (tuple(float(x) for x in p) for p in segments)
    assert closest_of_segments(a, b, c, d)[0] == pytest.approx(gap)


@pytest.mark.parametrize(
    ("start", "end", "through"),
    [
        ((1.0, 1.0, -1.0), (1.0, 1.0, 1.0), True),
        ((3.5, 2.5, -1.0), (3.5, 2.5, 1.0), False),
        ((1.0, 1.0, 1.0), (1.0, 1.0, 2.0), False),
        ((1.0, 1.0, 1.0), (2.0, 1.0, 1.0), False),
    ],
)
def test_a_segment_pierces_a_triangle_or_not(start, end, through) -> None:
    assert pierces(start, end, A, B, C) is through
    assert (segment_to_triangle(start, end, A, B, C)[0] == 0.0) is through


def test_a_segment_and_a_triangle_against_dense_points(rng) -> None:
    t = np.linspace(0.0, 1.0, 50)[:, None]
    for start, end in rng.uniform(-3.0, 5.0, (12, 2, 3)):
        if pierces(tuple(start), tuple(end), A, B, C):
            continue
        path = start + t * (end - start)
        dense = np.linalg.norm(path[:, None] - spread_over(A, B, C)[None], axis=2).min()
        gap, point = segment_to_triangle(tuple(start), tuple(end), A, B, C)
        assert dense - 0.15 <= gap <= dense + 1e-9
        assert np.linalg.norm(path - point, axis=1).min() == pytest.approx(gap, abs=0.1)


def an_octasphere(radius: float, splits: int) -> Surface:
    """A ball of triangles, closed and outward."""
    points = [
        np.array(p, dtype=float)
        for p in [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]
    ]
    faces = [(0, 2, 4), (2, 1, 4), (1, 3, 4), (3, 0, 4), (2, 0, 5), (1, 2, 5), (3, 1, 5), (0, 3, 5)]
    for _ in range(splits):
        middle: dict[tuple[int, int], int] = {}

        def between(a: int, b: int, middle=middle) -> int:
            key = (min(a, b), max(a, b))
            if key not in middle:
                points.append((points[a] + points[b]) / np.linalg.norm(points[a] + points[b]))
                middle[key] = len(points) - 1
            return middle[key]

        split = []
        for a, b, c in faces:
            ab, bc, ca = between(a, b), between(b, c), between(c, a)
            split += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        faces = split
    return Surface(radius * np.array(points), np.array(faces), "frame")


@pytest.fixture(scope="module")
def a_ball() -> Surface:
    return an_octasphere(5.0, 2)


def test_the_tree_holds_each_triangle_once_and_in_its_balls(a_ball) -> None:
    corners = a_ball.corners_lps_mm
    order, spans, balls = build_tree(corners, 8)
    assert sorted(order.tolist()) == list(range(len(corners)))
    for (first, last, left, _), ball in zip(spans, balls, strict=True):
        away = np.linalg.norm(corners[order[first:last]] - ball[:3], axis=2)
        assert away.max() <= ball[3] + 1e-9
        assert (left < 0) == (last - first <= 8)


def test_the_nearest_point_is_that_of_all_triangles(a_ball, rng) -> None:
    tree, _ = a_ball.tree
    for p in rng.uniform(-8.0, 8.0, (10, 3)):
        gaps = []
        for a, b, c in a_ball.corners_lps_mm:
            found, _ = closest_on_triangle(tuple(p), tuple(a), tuple(b), tuple(c))
            gaps.append(np.linalg.norm(np.subtract(found, p)))
        assert nearest_point(tuple(p), tree)[0] == pytest.approx(min(gaps), abs=1e-12)


def test_inside_is_negative_even_nearest_to_corners_and_edges(a_ball, rng) -> None:
    tree, normals = a_ball.tree
    points = rng.normal(size=(40, 3))
    radii = np.linspace(0.5, 9.0, 40)
    points *= (radii / np.linalg.norm(points, axis=1))[:, None]
    gaps, _ = signed_distances(points, tree, normals)
    assert gaps == pytest.approx(radii - 5.0, abs=0.35)


def test_a_segment_is_as_far_as_its_nearest_triangle(a_ball, rng) -> None:
    tree, _ = a_ball.tree
    for start, end in rng.uniform(-9.0, 9.0, (8, 2, 3)):
        oracle = min(
            segment_to_triangle(tuple(start), tuple(end), *(tuple(p) for p in corners))[0]
            for corners in a_ball.corners_lps_mm
        )
        assert segment_distance(tuple(start), tuple(end), tree)[0] == pytest.approx(
            oracle, abs=1e-12
        )


def test_the_deepest_point_of_a_path(a_ball) -> None:
    tree, normals = a_ball.tree
    depth, foot = deepest_on_segment((2.0, -9.0, 0.0), (2.0, 9.0, 0.0), tree, normals, 1e-3)
    assert depth == pytest.approx(-3.0, abs=0.3)
    assert np.linalg.norm(foot) == pytest.approx(5.0, abs=0.3)


@pytest.mark.parametrize("limit", [0.0, 1.0, 3.0])
def test_segments_are_clear_where_each_is_further_than_the_limit(a_ball, rng, limit) -> None:
    tree, normals = a_ball.tree
    # without the compiler a segment takes seconds
    count = 3 if numba.config.DISABLE_JIT else 24
    starts, ends = rng.uniform(-9.0, 9.0, (2, count, 3))
    clear = segments_clear(starts, ends, tree, normals, limit)
    for start, end, is_clear in zip(starts, ends, clear, strict=True):
        gap = segment_distance(tuple(start), tuple(end), tree)[0]
        is_far = gap > 0 and gap >= limit
        if is_far:
            is_far = deepest_on_segment(tuple(start), tuple(end), tree, normals, 1e-3)[0] > 0
        assert is_clear == is_far


def test_a_segment_wholly_inside_is_not_clear(a_ball) -> None:
    tree, normals = a_ball.tree
    inside = np.array([[-1.0, 0.0, 0.0], [0.0, -9.0, 20.0]])
    ends = np.array([[1.0, 0.5, 0.0], [0.0, 9.0, 20.0]])
    assert segments_clear(inside, ends, tree, normals, 0.5).tolist() == [False, True]
