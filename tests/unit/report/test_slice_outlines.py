"""Outlines as SVG: the same line, in few and short numbers."""

import re

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree
from skimage.measure import find_contours

from kambin.anatomy import Anatomy, Level
from kambin.report.slice_outlines import all_outlines_mm, region_outlines_mm, svg_path
from kambin.report.source import SoftRegion, outlined_structures
from kambin.report.view_planes import ViewPlane, orthogonal_planes, tool_planes

ENTRY, TARGET = np.array([80.0, 60.0, 25.0]), np.array([8.0, 1.0, 0.0])


@pytest.fixture(scope="module")
def the_regions(a_small_anatomy: Anatomy) -> tuple[SoftRegion, ...]:
    return outlined_structures(a_small_anatomy, Level.parse("L4-L5"), np.zeros(3))


def the_views() -> list[ViewPlane]:
    return [*orthogonal_planes(TARGET, width_mm=150.0), *tool_planes(ENTRY, TARGET, TARGET)]


def numbers(path: str) -> NDArray[np.float64]:
    return np.array(re.findall(r"-?\d+\.\d+", path), float).reshape(-1, 2)


def off_line(points: NDArray[np.float64], line: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far points are from a line, not only from its corners."""
    start, way = line[:-1], np.diff(line, axis=0)
    length = np.maximum((way * way).sum(-1), 1e-12)
    away = points[:, None] - start
    share = np.clip((away * way).sum(-1) / length, 0.0, 1.0)
    return np.linalg.norm(away - share[..., None] * way, axis=-1).min(axis=1)


@pytest.mark.parametrize("view", the_views()[::2], ids=lambda view: view.name)
def test_outlines_are_those_of_every_pixel_to_a_hundredth_of_a_millimetre(
    view: ViewPlane, the_regions: tuple[SoftRegion, ...]
) -> None:
    points = view.plane.points_lps_mm()
    found = 0
    for region in the_regions:
        inverse = np.linalg.inv(region.lps_from_ijk)
        ijk = points @ inverse[:3, :3].T + inverse[:3, 3]
        share = map_coordinates(region.share, np.moveaxis(ijk, -1, 0), order=1)
        expected = [view.picture_mm(line) for line in find_contours(share, 0.5)]
        lines = region_outlines_mm(region, view)
        assert len(lines) == len(expected), str(region.key)
        if lines:
            here, there = np.concatenate(lines), np.concatenate(expected)
            assert cKDTree(here).query(there)[0].max() < 0.01, str(region.key)
            assert cKDTree(there).query(here)[0].max() < 0.01, str(region.key)
        found += len(lines)
    assert found > 3


@pytest.mark.parametrize("view", the_views(), ids=lambda view: view.name)
def test_an_svg_path_moves_no_line_by_a_tenth_of_a_millimetre(
    view: ViewPlane, the_regions: tuple[SoftRegion, ...]
) -> None:
    for lines in all_outlines_mm(the_regions, view):
        for line in lines:
            path = svg_path([line])
            shown = numbers(path)
            if path.endswith("Z"):
                shown = np.concatenate([shown, shown[:1]])
            assert off_line(line, shown).max() < 0.1
            assert len(shown) <= len(line)


def test_all_outlines_are_those_of_each(the_regions: tuple[SoftRegion, ...]) -> None:
    view = the_views()[0]
    together = all_outlines_mm(the_regions, view)
    for lines, region in zip(together, the_regions, strict=True):
        alone = region_outlines_mm(region, view)
        assert [line.tolist() for line in lines] == [line.tolist() for line in alone]


def test_a_closed_line_ends_with_z_and_an_open_one_does_not() -> None:
    square = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0], [0.0, 0.0]])
    assert svg_path([square]) == "M0.00 0.00L4.00 0.00L4.00 4.00L0.00 4.00Z"
    assert svg_path([square[:-1]]) == "M0.00 0.00L4.00 0.00L4.00 4.00L0.00 4.00"
    assert svg_path([square, square[:2] + 0.126]).count("M") == 2


def test_a_line_of_one_point_is_nothing_and_thinning_can_be_off() -> None:
    assert svg_path([np.zeros((1, 2))]) == ""
    line = np.column_stack([np.linspace(0, 9, 10), np.zeros(10)])
    assert svg_path([line]) == "M0.00 0.00L9.00 0.00"
    assert svg_path([line], thinning=0.0).count("L") == 9
