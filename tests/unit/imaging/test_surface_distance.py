import numpy as np
import pytest

from kambin.imaging import (
    Surface,
    extract_surface,
    keep_clear,
    nearest_on_surface,
    segment_surface_clearance,
    surface_distance,
)


@pytest.fixture
def a_box() -> Surface:
    """The box from the origin to (2, 4, 6) mm, twelve triangles."""
    corners = np.array([[x, y, z] for x in (0, 2) for y in (0, 4) for z in (0, 6)], dtype=float)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    return Surface(corners, np.array(faces), "frame")


def test_the_box_faces_outwards(a_box) -> None:
    assert a_box.volume_mm3 == pytest.approx(48.0)


def test_distances_to_face_edge_and_corner(a_box) -> None:
    points = [[1.0, 2.0, 8.0], [5.0, 8.0, 3.0], [4.0, 6.0, 7.0], [1.0, 2.0, 3.0]]
    assert surface_distance(points, a_box) == pytest.approx([2.0, 5.0, 3.0, -1.0])


def test_the_nearest_point_lies_on_the_surface(a_box) -> None:
    gaps, feet = nearest_on_surface([[5.0, 8.0, 3.0]], a_box)
    assert gaps == pytest.approx([5.0])
    assert feet == pytest.approx(np.array([[2.0, 4.0, 3.0]]))


def test_a_path_beside_the_box(a_box) -> None:
    gap, point = segment_surface_clearance([4.0, -10.0, 3.0], [4.0, 20.0, 3.0], a_box)
    assert gap == pytest.approx(2.0)
    assert point[0] == pytest.approx(2.0)


def test_a_path_past_an_edge(a_box) -> None:
    gap, point = segment_surface_clearance([5.0, 8.0, -5.0], [5.0, 8.0, 20.0], a_box)
    assert gap == pytest.approx(5.0)
    assert point[:2] == pytest.approx([2.0, 4.0])


def test_a_path_through_the_box_is_as_deep_as_its_deepest_point(a_box) -> None:
    gap, point = segment_surface_clearance([0.5, -10.0, 3.0], [0.5, 20.0, 3.0], a_box)
    assert gap == pytest.approx(-0.5, abs=1e-3)
    assert point[0] == pytest.approx(0.0, abs=1e-9)


def test_a_path_wholly_inside_the_box(a_box) -> None:
    gap, _ = segment_surface_clearance([1.0, 1.5, 2.0], [1.0, 2.5, 4.0], a_box)
    assert gap == pytest.approx(-1.0, abs=1e-3)


def test_a_path_without_length_is_a_point(a_box) -> None:
    gap, _ = segment_surface_clearance([1.0, 2.0, 9.0], [1.0, 2.0, 9.0], a_box)
    assert gap == pytest.approx(3.0)


def test_paths_agree_with_dense_points(a_cube_of_labels, rng) -> None:
    surface = extract_surface(a_cube_of_labels)
    for start, end in rng.uniform(-9.0, 9.0, (25, 2, 3)):
        gap, point = segment_surface_clearance(start, end, surface)
        places = np.linspace(0.0, 1.0, 600)[:, None]
        dense = surface_distance(start + places * (end - start), surface).min()
        assert dense - 0.02 <= gap <= dense + 1e-3
        assert surface_distance(point[None], surface) == pytest.approx([0.0], abs=1e-9)


@pytest.mark.parametrize("limit_mm", [-0.9, -0.4, 0.0, 0.3, 1.5, 4.0])
def test_many_lines_keep_clear_as_each_alone(a_box, rng: np.random.Generator, limit_mm) -> None:
    starts = rng.uniform((-6, -20, -6), (10, -4, 10), (200, 3))
    ends = starts + rng.uniform((-3, 19, -3), (3, 25, 3), (200, 3))
    clear = keep_clear(starts, ends, a_box, limit_mm)
    gaps = [
        segment_surface_clearance(start, end, a_box)[0]
        for start, end in zip(starts, ends, strict=True)
    ]
    assert clear.tolist() == [gap >= limit_mm for gap in gaps]
    assert 0 < clear.sum() < len(clear)


def test_a_line_wholly_inside_is_not_clear(a_box) -> None:
    assert not keep_clear([[1.0, 2.0, 2.0]], [[1.0, 2.0, 4.0]], a_box, 0.5)[0]
    assert keep_clear([[1.0, 2.0, 2.0]], [[1.0, 2.0, 4.0]], a_box, -1.1)[0]
