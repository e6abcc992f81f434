"""The dural sac: given, seen below L2, or modelled."""

import numpy as np
import pytest
from tests.unit.anatomy.box_bones import CENTRES, GRID, all_nodes, box_bones, with_given

from kambin.anatomy import BonyAnatomy, Origin
from kambin.anatomy.canal import (
    find_canal,
    find_canal_space,
    occupied_by_bone_or_disc,
    region_on_grid,
)
from kambin.anatomy.sac import CORD_KEY, complete_sac, cord_above_sac

LEFT = np.array([1.0, 0.0, 0.0])


@pytest.fixture(scope="module")
def a_spine_of_boxes() -> BonyAnatomy:
    return box_bones()


def a_tube(radius: float, low: float, high: float) -> np.ndarray:
    x, y, z = all_nodes()
    return ((x**2 + (y - 24.5) ** 2) <= radius**2) & (z >= low) & (z <= high)


def complete(bony: BonyAnatomy):
    curve = find_canal(bony)
    assert curve is not None
    return complete_sac(bony, find_canal_space(bony, curve))


def area_mm2(mask: np.ndarray, z: float) -> float:
    return float(mask[:, :, int(np.rint(GRID.ijk([0, 0, z])[2]))].sum())


def test_a_modelled_sac_has_a_human_size_and_says_that_it_is_modelled(a_spine_of_boxes):
    sac = complete(a_spine_of_boxes)
    mask = region_on_grid(sac.structure, GRID)

    assert sac.structure.origin is Origin.MODELLED
    assert sac.structure.sigma_mm == 1.0
    assert sac.structure.quality["seen_share"] == 0.0
    assert 124 <= area_mm2(mask, CENTRES["L4"]) <= 204
    assert not (mask & occupied_by_bone_or_disc(a_spine_of_boxes)).any()


def test_a_modelled_sac_narrows_to_its_end(a_spine_of_boxes):
    sac = complete(a_spine_of_boxes)
    mask = region_on_grid(sac.structure, GRID)

    at_end = sac.curve.centres_lps_mm[-1, 2]
    assert area_mm2(mask, at_end + 4) < 0.5 * area_mm2(mask, at_end + 25)


def test_a_given_sac_is_never_replaced(a_spine_of_boxes):
    bony = with_given(a_spine_of_boxes, "dural_sac", a_tube(5.0, -60.0, 120.0))

    sac = complete(bony)

    assert sac.structure.origin is Origin.SEGMENTED
    assert sac.edges_mm([[0, 24.5, 20.0]], [LEFT], 99.0) == pytest.approx(5.0, abs=0.7)


def test_a_cord_label_below_l2_is_taken_as_sac_and_continued(a_spine_of_boxes):
    bony = with_given(a_spine_of_boxes, "spinal_cord", a_tube(6.0, -20.0, 150.0))

    sac = complete(bony)
    mask = region_on_grid(sac.structure, GRID)

    assert sac.structure.origin is Origin.SEGMENTED
    assert 0.5 < sac.structure.quality["seen_share"] < 1.0
    assert area_mm2(mask, 20.0) == pytest.approx(np.pi * 36, rel=0.1)
    assert area_mm2(mask, -40.0) > 60, "continued below the label"
    assert area_mm2(mask, 140.0) > 1.1 * np.pi * 36, "above L2 the label is cord, not sac"


def test_a_short_cord_label_leaves_the_sac_modelled(a_spine_of_boxes):
    sac = complete(with_given(a_spine_of_boxes, "spinal_cord", a_tube(6.0, 60.0, 150.0)))

    assert sac.structure.origin is Origin.MODELLED
    assert 0.0 < sac.structure.quality["seen_share"] < 0.5


def test_a_thin_cord_label_is_not_taken_as_sac(a_spine_of_boxes):
    sac = complete(with_given(a_spine_of_boxes, "spinal_cord", a_tube(3.0, -20.0, 150.0)))

    assert sac.structure.quality["seen_share"] == 0.0


def test_the_dura_is_met_by_a_ray_from_inside_and_not_from_outside(a_spine_of_boxes):
    sac = complete(a_spine_of_boxes)

    inside = sac.edges_mm([[0, 24.5, 37.0]], [LEFT], 99.0)

    assert inside == pytest.approx(0.78 * 9.75, abs=0.7)
    assert sac.edges_mm([[30.0, 24.5, 37.0]], [LEFT], 99.0) == 99.0


def heights_mm(structure) -> tuple[float, float]:
    z = structure.region.lps_mm(np.argwhere(structure.region.values > 0))[:, 2]
    return z.min(), z.max()


def test_what_a_cord_label_shows_below_the_conus_is_told_as_sac_alone(a_spine_of_boxes):
    """One thing with two names, one of them wrong, and two sigmas, was told before."""
    bony = with_given(a_spine_of_boxes, "spinal_cord", a_tube(6.0, -20.0, 150.0))
    conus = bony.vertebra_frames["L2"].upper_plate.origin_mm[2]

    cord = cord_above_sac(bony, complete(bony))

    assert cord is not None
    low, high = heights_mm(cord)
    assert low == pytest.approx(conus, abs=2.0)
    assert high == pytest.approx(150.0, abs=1.0)
    assert cord.sigma_mm == bony.structures[CORD_KEY].sigma_mm


def test_nothing_is_left_of_a_cord_label_that_lies_below_the_conus(a_spine_of_boxes):
    bony = with_given(a_spine_of_boxes, "spinal_cord", a_tube(6.0, -20.0, 60.0))

    assert cord_above_sac(bony, complete(bony)) is None


def test_a_cord_label_stays_where_a_given_sac_does_not_reach(a_spine_of_boxes):
    bony = with_given(a_spine_of_boxes, "spinal_cord", a_tube(6.0, -60.0, 60.0))
    bony = with_given(bony, "dural_sac", a_tube(7.0, 0.0, 100.0))

    cord = cord_above_sac(bony, complete(bony))

    assert cord is not None
    assert heights_mm(cord) == pytest.approx((-60.0, 0.0), abs=2.0)
