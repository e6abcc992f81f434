"""Picture surfaces lie where the voxels are, keep their size and stay closed."""

import numpy as np
import pytest
from numpy.typing import NDArray

from kambin.imaging import LabelMap
from kambin.report import PictureSurface, capsule_surface, region_surface


def enclosed_mm3(surface: PictureSurface) -> float:
    a, b, c = (surface.vertices_lps_mm[surface.faces[:, k]] for k in range(3))
    return abs(float((a * np.cross(b, c)).sum()) / 6.0)


def is_closed(faces: NDArray[np.int64]) -> bool:
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    forward = {tuple(edge) for edge in edges.tolist()}
    return all((b, a) in forward for a, b in forward)


def a_block(spacing_mm: float) -> LabelMap:
    values = np.zeros((20, 16, 12), np.uint8)
    values[4:16, 4:12, 3:9] = 1
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = (5.0, -7.0, 11.0)
    return LabelMap(values, affine, "patient")


@pytest.mark.parametrize("spacing_mm", [0.75, 1.0, 3.0])
def test_a_block_keeps_its_place_and_size(spacing_mm: float) -> None:
    surface = region_surface(a_block(spacing_mm))
    middle = surface.vertices_lps_mm.mean(axis=0)
    expected = np.array([5.0, -7.0, 11.0]) + spacing_mm * np.array([9.5, 7.5, 5.5])
    assert middle == pytest.approx(expected, abs=0.1 * spacing_mm)
    assert enclosed_mm3(surface) == pytest.approx(12 * 8 * 6 * spacing_mm**3, rel=0.08)
    assert is_closed(surface.faces)


def test_a_region_that_touches_the_border_is_closed_there() -> None:
    values = np.ones((6, 6, 6), np.uint8)
    surface = region_surface(LabelMap(values, np.eye(4), "patient"))
    assert is_closed(surface.faces)
    assert surface.vertices_lps_mm.min() == pytest.approx(-0.5, abs=0.3)


def test_one_voxel_does_not_vanish() -> None:
    values = np.zeros((5, 5, 5), np.uint8)
    values[2, 2, 2] = 1
    assert len(region_surface(LabelMap(values, np.eye(4), "patient")).faces) > 0


def test_nothing_gives_no_triangle() -> None:
    empty = region_surface(LabelMap(np.zeros((4, 4, 4), np.uint8), np.eye(4), "patient"))
    assert empty.vertices_lps_mm.shape == (0, 3)
    assert empty.faces.shape == (0, 3)


@pytest.mark.parametrize("direction", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0.6, -0.5, 0.3)])
def test_a_rod_has_its_radius_length_and_outward_faces(direction: tuple[float, ...]) -> None:
    axis = np.array(direction) / np.linalg.norm(direction)
    start = np.array([3.0, 2.0, 1.0])
    rod = capsule_surface(start, start + 40.0 * axis, 3.75)
    offset = rod.vertices_lps_mm - start
    along = offset @ axis
    across = np.linalg.norm(offset - along[:, None] * axis, axis=1)
    assert along.min() == pytest.approx(0.0, abs=1e-9)
    assert along.max() == pytest.approx(40.0)
    assert across.max() == pytest.approx(3.75)
    assert enclosed_mm3(rod) == pytest.approx(np.pi * 3.75**2 * 40.0, rel=0.02)
