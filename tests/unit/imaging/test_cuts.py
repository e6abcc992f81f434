"""Lines in which planes cut shapes, against marching squares on every pixel."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial import cKDTree
from skimage.measure import find_contours

from kambin.imaging import CutShape, Plane, cut_shapes, thin_line

pytestmark = pytest.mark.kernels

AFFINE = np.array(
    [[1.5, 0.0, 0.0, -20.0], [0.0, 0.0, 1.2, -15.0], [0.0, 2.0, 0.0, -18.0], [0.0, 0.0, 0.0, 1.0]]
)
LEFT, BACK, UP = np.eye(3)


def a_blob(seed: int = 3) -> NDArray[np.float32]:
    """A smooth random shape that touches the border of its array on one side."""
    rng = np.random.default_rng(seed)
    noise = gaussian_filter(rng.random((26, 18, 24)), 2.0)
    share = (noise > np.median(noise)).astype(np.float32)
    share[:, :, :2] = 0.0
    return gaussian_filter(share, 0.6)


def a_plane(right: NDArray[np.float64], down: NDArray[np.float64], pixel_mm: float) -> Plane:
    return Plane(np.array([-1.3, 0.7, 0.4]), right, down, 40.0, 34.0, pixel_mm)


def on_every_pixel(share: NDArray[np.float32], plane: Plane) -> list[NDArray[np.float64]]:
    inverse = np.linalg.inv(AFFINE)
    ijk = plane.points_lps_mm() @ inverse[:3, :3].T + inverse[:3, 3]
    values = map_coordinates(share, np.moveaxis(ijk, -1, 0), order=1, cval=0.0)
    return find_contours(values, 0.5)


OBLIQUE = (np.array([0.8, 0.6, 0.0]), np.array([0.36, -0.48, 0.8]))


@pytest.mark.parametrize("axes", [(LEFT, BACK), (BACK, -UP), (LEFT, -UP), OBLIQUE])
@pytest.mark.parametrize("pixel_mm", [0.4, 1.0])
def test_lines_are_those_of_marching_squares_on_every_pixel(
    axes: tuple[NDArray[np.float64], NDArray[np.float64]], pixel_mm: float
) -> None:
    share, plane = a_blob(), a_plane(*axes, pixel_mm)
    (lines,) = cut_shapes([CutShape.of(share, AFFINE)], plane)
    expected = on_every_pixel(share, plane)
    assert sorted(map(len, lines)) == sorted(map(len, expected))
    here, there = np.concatenate(lines), np.concatenate(expected)
    assert cKDTree(here).query(there)[0].max() < 1e-4
    assert cKDTree(there).query(here)[0].max() < 1e-4


def test_lines_are_connected_and_whole() -> None:
    share = a_blob()
    plane = a_plane(LEFT, BACK, 0.5)
    (lines,) = cut_shapes([CutShape.of(share, AFFINE)], plane)
    edge = np.array(plane.shape) - 1.0
    for line in lines:
        assert np.linalg.norm(np.diff(line, axis=0), axis=1).max() <= np.sqrt(2.0) + 1e-6
        if (line[0] != line[-1]).any():
            ends = line[[0, -1]]
            assert ((ends == 0) | (ends == edge)).any(axis=1).all()


def test_two_parts_that_touch_at_a_corner_are_not_joined() -> None:
    share = np.zeros((4, 4, 3), np.float32)
    share[1, 1], share[2, 2] = 1.0, 1.0
    plane = Plane(np.array([1.5, 1.5, 1.0]), LEFT, BACK, 4.0, 4.0, 1.0)
    (lines,) = cut_shapes([CutShape.of(share, np.eye(4))], plane)
    assert [len(line) for line in lines] == [5, 5]


def test_what_a_plane_does_not_meet_has_no_line() -> None:
    shape = CutShape.of(a_blob(), AFFINE)
    above = Plane(np.array([0.0, 0.0, 40.0]), LEFT, BACK, 40.0, 40.0, 0.5)
    beside = Plane(np.array([90.0, 0.0, 0.0]), LEFT, BACK, 40.0, 40.0, 0.5)
    met = a_plane(LEFT, BACK, 0.5)
    assert cut_shapes([shape], above) == [[]]
    assert cut_shapes([shape], beside) == [[]]
    assert cut_shapes([], met) == []
    empty = CutShape.of(np.zeros((5, 5, 5), np.float32), np.eye(4))
    both = cut_shapes([empty, shape], met)
    assert both[0] == []
    assert len(both[1]) > 0


def test_a_plane_through_the_outermost_voxels_cuts_them() -> None:
    share = np.ones((6, 5, 4), np.float32)
    plane = Plane(np.array([2.5, 2.0, 3.0]), LEFT, BACK, 10.0, 10.0, 0.5)
    (lines,) = cut_shapes([CutShape.of(share, np.eye(4))], plane)
    assert len(lines) == 1
    assert (lines[0][0] == lines[0][-1]).all()


def test_more_crossings_than_guessed_are_all_kept() -> None:
    """A checkered shape crosses nearly every cell: more than the first guess holds."""
    i, j = np.meshgrid(np.arange(120), np.arange(120), indexing="ij")
    share = np.repeat(((i + j) % 2).astype(np.float32)[..., None], 2, axis=2)
    plane = Plane(np.array([59.5, 59.5, 0.5]), LEFT, BACK, 120.0, 120.0, 1.0)
    (lines,) = cut_shapes([CutShape.of(share, np.eye(4))], plane)
    assert len(lines) > 118 * 118 / 2


def test_more_straight_crossings_than_guessed_are_all_kept() -> None:
    """Stripes cross nearly every cell, and none twice."""
    share = np.zeros((400, 400, 2), np.float32)
    share[1::2] = 1.0
    plane = Plane(np.array([199.5, 199.5, 0.5]), LEFT, BACK, 400.0, 400.0, 1.0)
    (lines,) = cut_shapes([CutShape.of(share, np.eye(4))], plane)
    assert sum(map(len, lines)) > 398 * 398


@pytest.mark.parametrize("tolerance_mm", [0.02, 0.1, 1.0])
def test_a_thinned_line_moves_by_no_more_than_it_may(tolerance_mm: float) -> None:
    turn = np.linspace(0.0, 2 * np.pi, 400)
    line = np.column_stack([20 * np.cos(turn), 12 * np.sin(turn) + np.cos(5 * turn)])
    line[-1] = line[0]
    thin = thin_line(line, tolerance_mm)
    assert len(thin) < len(line) / 4
    assert (thin[[0, -1]] == line[[0, -1]]).all()
    assert distance_to_line(line, thin).max() <= tolerance_mm + 1e-9


def test_a_straight_line_keeps_its_ends_alone() -> None:
    line = np.column_stack([np.linspace(0, 9, 30), np.linspace(0, 3, 30)])
    assert thin_line(line, 1e-6) == pytest.approx(line[[0, -1]])


def distance_to_line(points: NDArray[np.float64], line: NDArray[np.float64]) -> NDArray[np.float64]:
    start, way = line[:-1], np.diff(line, axis=0)
    away = points[:, None] - start
    share = np.clip((away * way).sum(-1) / (way * way).sum(-1), 0.0, 1.0)
    return np.linalg.norm(away - share[..., None] * way, axis=-1).min(axis=1)
