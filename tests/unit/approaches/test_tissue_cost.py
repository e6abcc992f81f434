"""Solids, and what they take of a structure: nothing is lost, geometry tells the numbers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kambin.anatomy import Origin, Structure, StructureKey
from kambin.approaches.solids import (
    Capsules,
    Everything,
    Half,
    Tube,
    Without,
)
from kambin.approaches.tissue_cost import (
    add_mm3,
    combine_difference_mm3,
    combine_sigma_mm3,
    take,
)
from kambin.imaging import LabelMap

ORIGIN = np.zeros(3)
UP = np.array([0.0, 0.0, 1.0])


def a_block(shape: tuple[int, int, int] = (20, 20, 20), sigma_mm: float = 0.5) -> Structure:
    values = np.pad(np.ones(shape, dtype=np.uint8), 2)
    affine = np.eye(4)
    affine[:3, 3] = -0.5 * np.array(shape) - 1.5
    region = LabelMap(values, affine, "patient")
    return Structure(StructureKey("lamina", "L4"), region, Origin.SEGMENTED, sigma_mm)


def a_tube(radius_mm: float) -> Tube:
    return Tube(ORIGIN - 50 * UP, ORIGIN + 50 * UP, radius_mm)


def test_a_tube_takes_its_own_volume_out_of_a_block() -> None:
    found = take(a_block(), a_tube(4.0), grain_mm=0.25)
    assert found.volume_mm3 == pytest.approx(math.pi * 16 * 20, rel=0.015)
    assert found.whole_grains == 8000 * 64


@pytest.mark.parametrize("grain_mm", [0.25, 0.5, 1.0, 3.0])
def test_removed_and_kept_are_the_whole_and_the_complement_takes_what_is_kept(
    grain_mm: float,
) -> None:
    block = a_block((9, 11, 7))
    solid = Tube(np.array([-8.0, -3, 1]), np.array([7.0, 4, -2]), 3.3)
    found = take(block, solid, grain_mm=grain_mm)
    rest = take(block, Without(Everything(), solid), grain_mm=grain_mm)
    assert found.removed_grains + found.kept_grains == found.whole_grains
    assert rest.removed_grains == found.kept_grains
    assert 0 < found.removed_grains < found.whole_grains


@settings(max_examples=40, deadline=None)
@given(
    point=st.tuples(*[st.floats(-8, 8)] * 3),
    radius_mm=st.floats(0.3, 9.0),
    more_mm=st.floats(0.0, 3.0),
)
def test_a_wider_tube_never_takes_less_of_any_voxel(point, radius_mm, more_mm) -> None:
    block = a_block((8, 8, 8))
    start, end = np.array(point), np.array([1.0, 2.0, 30.0])
    thin, wide = (
        take(block, Tube(start, end, r), grain_mm=0.5) for r in (radius_mm, radius_mm + more_mm)
    )
    assert (wide.grains >= thin.grains).all()
    assert thin.removed_grains + thin.kept_grains == thin.whole_grains


def test_voxels_that_are_not_asked_in_grains_are_told_as_the_grains_would() -> None:
    block, solid = a_block((12, 12, 12)), Without(a_tube(5.0), a_tube(2.0))
    found = take(block, solid, grain_mm=0.5)
    steps = np.array([-0.25, 0.25])
    offsets = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), -1).reshape(-1, 3)
    points = block.region.lps_mm((found.ijk[:, None] + offsets).reshape(-1, 3))
    by_hand = (solid.gap_mm(points) <= 0).reshape(-1, 8).sum(axis=1)
    assert (by_hand == found.grains).all()


def test_a_grain_on_the_border_belongs_to_one_part_alone() -> None:
    block, half = a_block((4, 4, 4)), Half(np.array([0.5, 0, 0]), np.array([1.0, 0, 0]))
    both = [take(block, solid, grain_mm=1.0) for solid in (half, Without(Everything(), half))]
    assert both[0].removed_grains == 48
    assert both[1].removed_grains == both[0].kept_grains == 16


def test_a_reamer_without_radius_takes_nothing() -> None:
    none = Capsules(np.array([[0, 0, -5, 0, 0, 5, 0.0]]))
    assert take(a_block(), none, grain_mm=1.0).removed_grains == 0


def test_the_surface_inside_is_that_of_the_two_ends_the_tube_leaves_by() -> None:
    found = take(a_block(), a_tube(4.0), grain_mm=0.25)
    # Two round holes; the share of faces is a mean over directions, here the faces are flat.
    holes = 2 * math.pi * 16 * 0.6667
    assert found.surface_mm2 == pytest.approx(holes, rel=0.01)
    assert found.sigma_mm3 == pytest.approx(0.5 * holes, rel=0.01)


def test_half_a_voxel_taken_is_gone() -> None:
    block = a_block((4, 4, 4))
    found = take(block, Half(ORIGIN, np.array([1.0, 0, 0])), grain_mm=0.25)
    assert found.is_gone().sum() == 32
    assert found.is_gone().shape == block.region.shape


def test_the_surfaces_of_two_structures_err_apart_and_one_surface_with_itself() -> None:
    thin, wide = (take(a_block(), a_tube(r), grain_mm=0.5) for r in (3.0, 4.0))
    assert add_mm3((thin, wide)) == thin.volume_mm3 + wide.volume_mm3
    assert combine_sigma_mm3((thin, wide)) == pytest.approx(
        math.hypot(thin.sigma_mm3, wide.sigma_mm3)
    )
    both = combine_difference_mm3((thin,), (wide,))
    assert both == pytest.approx(wide.sigma_mm3 - thin.sigma_mm3)
    assert both < math.hypot(thin.sigma_mm3, wide.sigma_mm3)
    assert combine_difference_mm3((wide,), (wide,)) == 0
    assert combine_difference_mm3((wide,), ()) == pytest.approx(wide.sigma_mm3)
