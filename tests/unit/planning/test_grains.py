"""Removable bone as grains: how much there is, which bone counts, and what a row of them weighs."""

import math

import numpy as np
import pytest
from tests.unit.planning import made_level as level
from tests.unit.planning.test_bone_curves import GRID, PATH, X, Y, Z, _scene, _slab

from kambin.anatomy import Structure
from kambin.imaging import region_from_mask
from kambin.knowledge import value, values
from kambin.planning.foraminoplasty import find_grains, measure_needed_mm3
from kambin.planning.grains import Grains
from kambin.planning.level_bone import LevelBone
from kambin.planning.reamers import find_radii_mm
from kambin.planning.resection import find_capsule

FOUR = Grains(np.array([[0.0, 0, 0], [5, 0, 0], [0, 5, 0], [9, 9, 9]]), np.array([1.0, 2, 4, 8]))


def _cube(name: str) -> Structure:
    """A cube of 5 mm on the axis, far smaller than what is looked at around it."""
    inside = (np.abs(X - 15) <= 2) & (np.abs(Y - 16) <= 2) & (np.abs(Z) <= 2)
    return level.make_structure(name, region_from_mask(inside, GRID))


def test_a_row_of_truth_values_weighs_its_grains() -> None:
    assert FOUR.volume_mm3(np.array([True, False, True, False])) == 5.0
    assert FOUR.volume_mm3(np.zeros(4, dtype=bool)) == 0.0


def test_a_grain_lies_inside_any_one_of_the_tools() -> None:
    tools = np.array([[0.0, 0, 0, 5, 0, 0, 1.0], [9, 9, 0, 9, 9, 20, 0.5]])
    assert FOUR.inside(tools).tolist() == [True, True, False, True]
    assert not FOUR.inside(np.zeros((0, 7))).any()


def test_the_grains_of_a_whole_bone_are_its_volume() -> None:
    anatomy, geometry, _ = _scene(_cube(level.SAP))
    found = find_grains(LevelBone(anatomy, geometry), PATH, 3.75, frees_rim=False)
    everything = np.ones(len(found.points_lps_mm), dtype=bool)
    assert found.volume_mm3(everything) == pytest.approx(125.0)
    assert set(np.round(found.volumes_mm3, 9)) == {round(value("planning.bone_grain_mm") ** 3, 9)}
    assert np.abs(found.points_lps_mm - [15, 16, 0]).max() < 2.5


@pytest.mark.parametrize(
    ("name", "frees", "counts"),
    [
        (level.SAP, False, True),
        (level.RIM, False, False),
        (level.RIM, True, True),
        (level.IAP, True, False),
        ("lamina:L4", True, False),
        ("sap:L5:right", True, False),
        ("sap:L4:left", True, False),
        (level.SAC, True, False),
    ],
)
def test_only_bone_that_may_go_is_cut_into_grains(name: str, frees: bool, counts: bool) -> None:
    anatomy, geometry, _ = _scene(_cube(name))
    found = find_grains(LevelBone(anatomy, geometry), PATH, 3.75, frees_rim=frees)
    assert (len(found.points_lps_mm) > 0) is counts
    assert found.points_lps_mm.shape == (len(found.volumes_mm3), 3)


def test_bone_far_from_the_axis_has_no_grains() -> None:
    anatomy, geometry, _ = _scene(_cube(level.SAP))
    aside = np.array([60.0, 0, 0])
    beside = level.Path(PATH.entry_lps_mm + aside, PATH.target_lps_mm + aside, 10.0)
    assert (
        len(find_grains(LevelBone(anatomy, geometry), beside, 3.75, frees_rim=False).points_lps_mm)
        == 0
    )
    assert measure_needed_mm3(anatomy, geometry, beside, 3.75) == 0.0


@pytest.mark.parametrize("radius", [0.0, 1.0, 2.0, 3.5, 4.25])
def test_needed_bone_is_that_within_the_radius(radius: float) -> None:
    anatomy, geometry, _ = _scene(_slab(level.SAP, 13, 20))
    found = measure_needed_mm3(anatomy, geometry, PATH, radius)
    assert found == pytest.approx(math.pi * radius**2 * 8, rel=0.03)
    grains = find_grains(LevelBone(anatomy, geometry), PATH, radius, frees_rim=False)
    assert found == grains.volume_mm3(grains.inside(find_capsule(PATH, radius)[None]))


def test_the_rim_is_needed_only_where_it_may_go() -> None:
    anatomy, geometry, _ = _scene(_slab(level.SAP, 13, 16), _slab(level.RIM, 17, 20))
    kept, freed = (
        measure_needed_mm3(anatomy, geometry, PATH, 3.0, frees_rim=frees) for frees in (False, True)
    )
    assert freed == pytest.approx(2 * kept, rel=0.02)


def test_reamers_of_one_pass_rise_and_end_at_the_widest_that_is_allowed() -> None:
    radii = find_radii_mm()
    assert radii == sorted(radii)
    assert 2 * max(radii) <= value("planning.single_pass_reamer_mm")
    assert 2 * min(radii) >= min(values("planning.curve_diameter_mm"))
