"""Layers a second way: where the ray crosses the surfaces of the labels, without the march."""

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.measure import marching_cubes
from tests.unit.approaches.made_back import make_back, make_way

from kambin.anatomy import Structure
from kambin.approaches.layers import Layer, find_layers
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.knowledge import value

WAYS = [
    ((100.0, 0.0, 0.0), (10.0, 0.0, 0.0)),
    ((99.0, 11.3, -7.9), (8.3, -4.4, 5.1)),
    ((98.5, -20.0, 14.0), (4.0, 6.0, -3.0)),
]


def find_crossings(
    region: LabelMap, entry: NDArray[np.float64], way: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Depths at which a ray meets the triangles of a mask's surface, mm (Moeller, Trumbore)."""
    values = np.pad((region.values > 0).astype(np.float32), 1)
    points, faces, _, _ = marching_cubes(values, 0.5)
    corners = region.lps_mm(points - 1.0)[faces]
    a, b, c = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normal = np.cross(way, c)
    slope = (b * normal).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        away = entry - a
        u = (away * normal).sum(axis=1) / slope
        other = np.cross(away, b)
        v = (other @ way) / slope
        depth = (c * other).sum(axis=1) / slope
        hit = np.isfinite(depth) & (u >= 0) & (v >= 0) & (u + v <= 1) & (depth > 0)
    # a ray through an edge meets two triangles at one place
    return np.unique(depth[hit].round(5))


def _length_inside(
    structure: Structure, entry: NDArray[np.float64], way: NDArray[np.float64], length: float
) -> float:
    borders = find_crossings(structure.region, entry, way)
    borders = np.append(borders[borders < length], [length] if len(borders) % 2 else [])
    # what begins inside ends at the first crossing; with the end of the way, pairs are left
    ends = np.concatenate([[0.0], borders, [length]])
    middles = 0.5 * (ends[1:] + ends[:-1])
    parity = np.searchsorted(find_crossings(structure.region, entry, way), middles) % 2 == 1
    return float(np.diff(ends)[parity].sum())


def _lengths(layers: tuple[Layer, ...], name: str) -> float:
    return sum(one.length_mm for one in layers if name in one.structures)


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(("entry_mm", "target_mm"), WAYS)
def test_lengths_are_those_between_the_crossings(
    side: Side, entry_mm: tuple[float, float, float], target_mm: tuple[float, float, float]
) -> None:
    back = make_back(side)
    plan = make_way(side, entry_mm=entry_mm, target_mm=target_mm)
    layers = find_layers(back, plan)
    entry = np.array(plan.trajectory.entry_lps_mm)
    way = (np.array(plan.trajectory.target_lps_mm) - entry) / plan.trajectory.length_mm
    step = value("layers.march_step_mm")
    compared = 0
    for key, structure in back.structures.items():
        if key.kind == "skin":
            continue
        expected = _length_inside(structure, entry, way, plan.trajectory.length_mm)
        assert _lengths(layers, str(key)) == pytest.approx(expected, abs=2 * step)
        compared += expected > 1
    assert compared == 3


def test_the_second_way_sees_a_border_that_is_moved() -> None:
    back, plan = make_back(), make_way()
    muscle = next(one for key, one in back.structures.items() if key.kind == "erector_spinae")
    affine = muscle.region.lps_from_ijk.copy()
    affine[0, 3] += 1.0
    entry, way = np.array([100.0, 0, 0]), np.array([-1.0, 0, 0])
    here = find_crossings(muscle.region, entry, way)
    moved = find_crossings(LabelMap(muscle.region.values, affine, "patient"), entry, way)
    assert moved == pytest.approx(here - 1.0)
    assert here == pytest.approx([29.5, 59.5])
    assert plan.trajectory.length_mm == 90.0
