"""The renderer shows the nearest surface, mixes veils, mirrors truly and repeats itself."""

import numpy as np
import pytest
from numpy.typing import NDArray

from kambin.imaging import LabelMap
from kambin.report import (
    Camera,
    Mesh,
    PictureSurface,
    capsule_surface,
    region_surface,
    render_scene,
)
from kambin.report.raster import draw_triangles, empty_buffers, vertex_normals

RED, GREEN, BLUE = (0.9, 0.1, 0.1), (0.1, 0.9, 0.1), (0.1, 0.1, 0.9)
SIZE_PX = (120, 90)


def a_ball(centre: tuple[float, float, float], radius_mm: float) -> PictureSurface:
    spacing = 1.0
    half = int(radius_mm) + 3
    nodes = np.arange(-half, half + 1) * spacing
    x, y, z = np.meshgrid(nodes, nodes, nodes, indexing="ij")
    affine = np.eye(4)
    affine[:3, 3] = np.array(centre) - half
    inside = (x**2 + y**2 + z**2 <= radius_mm**2).astype(np.uint8)
    return region_surface(LabelMap(inside, affine, "patient"))


def seen_from_behind(meshes: list[Mesh], height_mm: float = 60.0) -> NDArray[np.uint8]:
    return render_scene(meshes, Camera.from_behind((0.0, 0.0, 0.0), height_mm), SIZE_PX)


def middle(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return image[SIZE_PX[1] // 2, SIZE_PX[0] // 2].astype(int)


def test_an_empty_scene_is_white() -> None:
    image = seen_from_behind([])
    assert image.shape == (90, 120, 3)
    assert (image == 255).all()


def test_a_surface_without_triangles_is_not_seen() -> None:
    nothing = region_surface(LabelMap(np.zeros((3, 3, 3), np.uint8), np.eye(4), "patient"))
    assert (seen_from_behind([Mesh(nothing, RED)]) == 255).all()


def test_the_nearer_surface_hides_the_farther_in_either_order() -> None:
    near, far = Mesh(a_ball((0, 20, 0), 10.0), RED), Mesh(a_ball((0, -20, 0), 10.0), GREEN)
    for scene in ([near, far], [far, near]):
        red, green, _ = middle(seen_from_behind(scene))
        assert red > 2 * green


def test_from_the_front_the_other_is_nearer() -> None:
    near, far = Mesh(a_ball((0, 20, 0), 10.0), RED), Mesh(a_ball((0, -20, 0), 10.0), GREEN)
    camera = Camera.looking((0.0, 1.0, 0.0), centre_lps_mm=(0, 0, 0), height_mm=60.0)
    red, green, _ = middle(render_scene([near, far], camera, SIZE_PX))
    assert green > 2 * red


def test_a_veil_lets_through_what_lies_behind() -> None:
    veil, behind = Mesh(a_ball((0, 20, 0), 10.0), RED, 0.4), Mesh(a_ball((0, -20, 0), 8.0), GREEN)
    red, green, _ = middle(seen_from_behind([veil, behind]))
    assert green > red > 60


def test_a_veil_behind_something_solid_is_not_seen() -> None:
    veil, solid = Mesh(a_ball((0, -20, 0), 10.0), RED, 0.5), Mesh(a_ball((0, 20, 0), 12.0), GREEN)
    with_veil = seen_from_behind([veil, solid])
    alone = seen_from_behind([solid])
    assert np.abs(middle(with_veil) - middle(alone)).max() <= 8


def test_two_veils_mix_by_depth_and_not_by_order() -> None:
    near, far = Mesh(a_ball((0, 20, 0), 10.0), RED, 0.6), Mesh(a_ball((0, -20, 0), 10.0), BLUE, 0.6)
    first, second = seen_from_behind([near, far]), seen_from_behind([far, near])
    assert (first == second).all()
    red, _, blue = middle(first)
    assert red > blue


def test_the_same_scene_gives_the_same_bytes() -> None:
    scene = [Mesh(a_ball((3, 5, -2), 11.0), RED), Mesh(a_ball((-9, 0, 8), 9.0), GREEN, 0.5)]
    assert seen_from_behind(scene).tobytes() == seen_from_behind(scene).tobytes()


def test_the_left_is_drawn_on_the_left() -> None:
    image = seen_from_behind([Mesh(a_ball((20, 0, 0), 8.0), RED)])
    columns = np.flatnonzero((image < 250).any(axis=(0, 2)))
    assert columns.max() < SIZE_PX[0] / 2


def test_up_is_drawn_up() -> None:
    image = seen_from_behind([Mesh(a_ball((0, 0, 15), 8.0), RED)])
    rows = np.flatnonzero((image < 250).any(axis=(1, 2)))
    assert rows.max() < SIZE_PX[1] / 2


def test_a_ball_has_its_true_size() -> None:
    image = seen_from_behind([Mesh(a_ball((0, 0, 0), 15.0), RED)])
    columns = np.flatnonzero((image < 250).any(axis=(0, 2)))
    measured_mm = len(columns) * 60.0 / SIZE_PX[1]
    assert measured_mm == pytest.approx(30.0, abs=1.0)


@pytest.mark.parametrize("radius_mm", [1.5, 3.75, 5.0])
def test_a_cannula_has_its_true_diameter(radius_mm: float) -> None:
    rod = Mesh(capsule_surface((0, 0, -40.0), (0, 0, 40.0), radius_mm), RED)
    image = seen_from_behind([rod], height_mm=30.0)
    row = image[SIZE_PX[1] // 2]
    measured_mm = int((row < 250).any(axis=1).sum()) * 30.0 / SIZE_PX[1]
    assert measured_mm == pytest.approx(2 * radius_mm, abs=0.5)


def test_light_comes_from_the_viewer_so_that_the_rim_is_darker_than_the_middle() -> None:
    image = seen_from_behind([Mesh(a_ball((0, 0, 0), 20.0), (0.8, 0.8, 0.8))]).astype(int)
    seen = np.flatnonzero((image[45] < 250).any(axis=1))
    assert image[45, seen[1]].sum() < image[45, 60].sum()


def test_what_is_far_away_is_paler() -> None:
    near = middle(seen_from_behind([Mesh(a_ball((0, 0, 0), 10.0), RED)]))
    flag = Mesh(a_ball((20, 100, 20), 3.0), BLUE)
    far = middle(seen_from_behind([Mesh(a_ball((0, 0, 0), 10.0), RED), flag]))
    assert far[1] > near[1]


def test_normals_of_a_ball_point_outwards() -> None:
    ball = a_ball((0, 0, 0), 12.0)
    normals = vertex_normals(ball.vertices_lps_mm, ball.faces)
    outwards = ball.vertices_lps_mm / np.linalg.norm(ball.vertices_lps_mm, axis=1, keepdims=True)
    alignment = np.abs((normals * outwards).sum(axis=1))
    assert np.median(alignment) > 0.97


def test_a_triangle_without_area_is_skipped() -> None:
    depth, normal, owner = empty_buffers((8, 8))
    line = np.array([[1.0, 1.0, 0.0], [5.0, 5.0, 0.0], [3.0, 3.0, 0.0]])
    draw_triangles(line, np.zeros((3, 3)), np.array([[0, 1, 2]]), 0, depth, normal, owner)
    assert (owner == -1).all()


def test_the_kernel_does_the_same_without_compilation() -> None:
    pixels = np.array([[0.5, 0.5, 4.0], [7.0, 1.0, 6.0], [2.0, 7.5, 2.0]])
    normals = np.array([[0.0, 0.0, -1.0]] * 3)
    faces = np.array([[0, 1, 2]])
    drawn = []
    for kernel in (draw_triangles, draw_triangles.py_func):
        buffers = empty_buffers((9, 9))
        kernel(pixels, normals, faces, 3, *buffers)
        drawn.append(buffers)
    for compiled, plain in zip(*drawn, strict=True):
        assert np.allclose(compiled, plain)
    assert (drawn[0][2] == 3).any()
