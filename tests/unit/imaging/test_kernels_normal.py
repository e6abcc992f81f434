"""Neighbours and normals of triangles: against a plain computation and on solids known by heart."""

import numpy as np
import pytest

from kambin.imaging import Surface, extract_surface, region_from_mask
from kambin.imaging._normal_kernels import find_neighbours, measure_normals
from kambin.imaging.grid import Grid

pytestmark = pytest.mark.kernels

TETRAHEDRON = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
CORNERS = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])


@pytest.fixture(scope="module")
def a_lump() -> Surface:
    grid = Grid.around((0, 0, 0), (12, 12, 12), spacing_mm=1.0, anchor_lps_mm=0.0, frame_id="a")
    rng = np.random.default_rng(2)
    mask = np.zeros(grid.shape, dtype=bool)
    mask[3:9, 3:9, 3:9] = rng.random((6, 6, 6)) > 0.3
    return extract_surface(region_from_mask(mask, grid))


def _plain(faces: np.ndarray, corners: np.ndarray, across: np.ndarray) -> np.ndarray:
    """The same with numpy alone."""
    sides = np.roll(corners, -1, axis=1) - corners
    units = sides / np.linalg.norm(sides, axis=2, keepdims=True)
    normal = np.cross(sides[:, 0], sides[:, 1])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    angles = np.arccos(-np.einsum("fij,fij->fi", units, np.roll(units, 1, axis=1)))
    at_vertex = np.zeros((faces.max() + 1, 3))
    for corner in range(3):
        np.add.at(at_vertex, faces[:, corner], angles[:, corner, None] * normal)
    edges = normal[:, None] + normal[across]
    return np.concatenate([at_vertex[faces], edges, normal[:, None]], axis=1)


def test_each_face_of_a_tetrahedron_borders_on_the_other_three() -> None:
    found = find_neighbours(TETRAHEDRON, 4)
    for own, others in enumerate(found.tolist()):
        assert sorted([own, *others]) == [0, 1, 2, 3]
    normals = measure_normals(TETRAHEDRON, CORNERS[TETRAHEDRON], found)
    assert normals[0, 6] == pytest.approx([0.0, 0.0, -1.0])
    assert normals[2, 6] == pytest.approx(np.full(3, 3.0**-0.5))


def test_an_edge_without_a_pair_is_told_and_one_that_runs_twice_too() -> None:
    assert (find_neighbours(TETRAHEDRON[:3], 4) < 0).sum() == 3
    doubled = np.concatenate([TETRAHEDRON, TETRAHEDRON[:1]])
    assert (find_neighbours(doubled, 4)[0] == -2).all()
    turned = TETRAHEDRON.copy()
    turned[0] = turned[0, ::-1]
    assert (find_neighbours(turned, 4) < 0).any()


def test_the_neighbour_runs_the_other_way_along_the_edge(a_lump: Surface) -> None:
    found = find_neighbours(a_lump.faces, int(a_lump.faces.max()) + 1)
    for c in range(3):
        a, b = a_lump.faces[:, c], a_lump.faces[:, (c + 1) % 3]
        other = a_lump.faces[found[:, c]]
        back = [(other[:, k] == b) & (other[:, (k + 1) % 3] == a) for k in range(3)]
        assert np.any(back, axis=0).all()


def test_normals_are_those_of_a_plain_computation(a_lump: Surface) -> None:
    across = find_neighbours(a_lump.faces, int(a_lump.faces.max()) + 1)
    corners = np.ascontiguousarray(a_lump.corners_lps_mm)
    found = measure_normals(a_lump.faces, corners, across)
    assert np.abs(found - _plain(a_lump.faces, corners, across)).max() < 1e-9
