"""What blocks a way from behind: distances to blocks, where they can be counted by hand."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.approaches.made_back import structure
from tests.unit.approaches.small_ground import block, ground_of, region_where

from kambin.anatomy import Origin, Structure
from kambin.approaches.back_ways import BackWay
from kambin.approaches.exposure_fields import FAR_MM, find_fields
from kambin.approaches.ground import Ground
from kambin.approaches.solids import Everything, Half, Solid, Tube
from kambin.frames import Side
from kambin.imaging import Grid
from kambin.knowledge.approaches import approaches

GRID = Grid(np.array([-11.5, -11.5, -11.5]), 1.0, (24, 24, 24), "patient")
"""Middles of the voxels of blocks whose corners are whole millimetres."""

NOWHERE = Half(np.array([0.0, -900, 0]), np.array([0.0, 1, 0]))
FRAGMENT = block("fragment", (-11, -11, -11), (-8, -8, -8), 1.0)
"""Far from what the tests ask about."""


def a_way(cut: Solid = NOWHERE, upper: Solid | None = None) -> BackWay:
    """A way from straight behind that cuts what it is told to."""
    aim, window = np.zeros(3), np.array([0.0, 30, 0])
    return BackWay(
        approach=approaches()["open_fenestration"],
        aim_lps_mm=aim,
        window_lps_mm=window,
        outward=np.array([0.0, 1, 0]),
        lateral_tilt_deg=0.0,
        cranial_tilt_deg=0.0,
        opening=cut,
        cut=cut,
        cut_upper=cut if upper is None else upper,
        flavum=cut,
        aside=cut,
        detached=None,
        room=Tube(aim, window, 3.0),
    )


def fields(
    *parts: Structure,
    way: BackWay | None = None,
    moved_mm: float | None = None,
    shaft_mm: float = 1.75,
    side: Side = Side.LEFT,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    names = {one.key for one in parts}
    ground = ground_of(*parts, *(() if "fragment" in map(str, names) else (FRAGMENT,)), side=side)
    moved = {} if moved_mm is None else {k: moved_mm for k in names if k.kind != "fragment"}
    return find_fields(ground, way or a_way(), GRID, moved, shaft_mm)


def slab(name: str, low_mm: float = 0.0, high_mm: float = 3.0) -> Structure:
    """A plate across the grid, from ``low`` to ``high`` behind the disc's centre."""
    return block(name, (-12, low_mm, -12), (12, high_mm, 12), 1.0)


BEHIND_MM = np.arange(-11.5, 12)
"""Where the voxels of the grid lie, mm behind the disc's centre."""


def along_y(field: NDArray[np.float32]) -> NDArray[np.float64]:
    """The field on a line from front to back that is far from the fragment."""
    return field[12, :, 12].astype(float)


def test_the_distance_to_a_plate_is_that_to_its_faces() -> None:
    bone, soft = fields(slab("body:L4"))
    expected = np.maximum(0.0 - BEHIND_MM, BEHIND_MM - 3.0)
    assert along_y(bone) == pytest.approx(expected)
    assert (soft == FAR_MM).all()


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("body:L4", 0),
        ("pars:L4:left", 0),
        ("sap:L5:left", 0),
        ("sp:L5", 0),
        ("dural_sac", 1),
        ("exiting_root:L4:left", 1),
        ("traversing_root:L5:right", 1),
        ("aorta", 1),
        ("colon", 1),
    ],
)
def test_bone_and_what_is_soft_are_told_apart(name: str, number: int) -> None:
    found = fields(slab(name))
    assert found[number].min() < 0
    assert (found[1 - number] == FAR_MM).all()


@pytest.mark.parametrize(
    "name", ["disc:L4-L5", "flavum:L4-L5", "multifidus:left", "erector_spinae:right", "skin"]
)
def test_disc_flavum_and_muscle_block_nothing(name: str) -> None:
    for field in fields(slab(name)):
        assert (field == FAR_MM).all()


def test_a_modelled_segmental_artery_is_not_in_the_way_a_segmented_one_is() -> None:
    artery = slab("segmental_artery:L4:left")
    modelled = replace(artery, origin=Origin.MODELLED)
    assert fields(artery)[1].min() < 0
    assert (fields(modelled)[1] == FAR_MM).all()


def test_cut_bone_is_gone_and_the_rest_stays() -> None:
    plate = slab("lamina:L5")
    half = Half(np.zeros(3), np.array([1.0, 0, 0]))
    bone, _ = fields(plate, way=a_way(half))
    whole, _ = fields(plate)
    # what lies right of the patient's midline is cut: x below zero
    lies = (slice(None), 13, 12)
    assert (whole[lies] < 0).all()
    x = GRID.origin_lps_mm[0] + np.arange(24)
    assert bone[lies][x < 0] == pytest.approx(-x[x < 0])
    assert (bone[lies][x > 0] < 0).all()
    assert (fields(plate, way=a_way(Everything()))[0] == FAR_MM).all()


@pytest.mark.parametrize("name", ["pars:L4:left", "body:L5", "pedicle:L5:left", "sap:L5:right"])
def test_bone_that_no_way_from_behind_cuts_stays_whatever_is_cut(name: str) -> None:
    cut, _ = fields(slab(name), way=a_way(Everything()))
    kept, _ = fields(slab(name))
    assert (cut == kept).all()


def test_the_upper_lamina_is_cut_by_its_own_solid() -> None:
    way = a_way(NOWHERE, upper=Everything())
    assert (fields(slab("lamina:L4"), way=way)[0] == FAR_MM).all()
    assert (fields(slab("sp:L4"), way=way)[0] == FAR_MM).all()
    for kept in ("lamina:L5", "sp:L5", "iap:L4:left", "sap:L5:left"):
        assert fields(slab(kept), way=way)[0].min() < 0, kept


@pytest.mark.parametrize("side", list(Side))
def test_a_root_is_blocked_where_it_was_moved_to(side: Side) -> None:
    root = block(f"traversing_root:L5:{side}", (-2, -2, -6), (2, 2, 6), 1.0)
    _, before = fields(root, side=side)
    _, after = fields(root, side=side, moved_mm=4.0)
    # four voxels medially: for the left towards smaller x
    medial = -4 * int(side.lateral_sign_lps)
    held = before < 0
    assert held.sum() == (after < 0).sum() == 4 * 4 * 12
    assert (np.roll(held, medial, axis=0) == (after < 0)).all()


def test_of_a_sac_only_the_side_is_pressed_in() -> None:
    sac = block("dural_sac", (-5, -5, -12), (5, 5, 12), 1.0)
    _, before = fields(sac)
    _, after = fields(sac, moved_mm=4.0)
    x = GRID.origin_lps_mm[0] + np.arange(24)
    assert sorted(x[before[:, 12, 12] < 0]) == [n + 0.5 for n in range(-5, 5)]
    assert sorted(x[after[:, 12, 12] < 0]) == [n + 0.5 for n in range(-5, 1)]
    # there is more room everywhere, or as much
    assert (after >= before).all()


def test_left_and_right_of_a_mirrored_patient_are_mirrored() -> None:
    left = (
        block("traversing_root:L5:left", (2, -2, -12), (6, 2, 12), 1.0),
        block("iap:L4:left", (5, 6, -4), (11, 9, 4), 1.0),
    )
    right = (
        block("traversing_root:L5:right", (-6, -2, -12), (-2, 2, 12), 1.0),
        block("iap:L4:right", (-11, 6, -4), (-5, 9, 4), 1.0),
    )
    middle = block("fragment", (-1, -11, -11), (1, -8, -8), 1.0)
    half = Half(np.array([0.0, 0, 1]), np.array([0.0, 0, 1]))
    here = fields(*left, middle, way=a_way(half), moved_mm=3.0)
    there = fields(*right, middle, way=a_way(half), moved_mm=3.0, side=Side.RIGHT)
    for one, other in zip(here, there, strict=True):
        assert one.min() < 0
        assert (one == other[::-1]).all()


@pytest.mark.parametrize("shaft_mm", [1.0, 1.75, 3.0])
def test_inside_the_fragment_there_is_room_for_the_forceps(shaft_mm: float) -> None:
    plate = slab("body:L5", 0, 6)
    fragment = block("fragment", (-3, 1, -3), (3, 4, 3), 1.0)
    bone, _ = fields(plate, fragment, shaft_mm=shaft_mm)
    inside = bone[9:15, 13:16, 9:15]
    assert (inside >= shaft_mm + GRID.spacing_mm).all()
    # beside it the bone is as deep as it is
    assert (bone[8, 12:18, 12] < 0).all()
    assert (bone[12, 16:18, 12] < 0).all()
    assert (bone[12, 12, 12] < 0).all()


def test_a_fragment_that_holds_all_of_a_structure_leaves_nothing_of_it() -> None:
    root = block("traversing_root:L5:left", (-1, -1, -1), (1, 1, 1), 1.0)
    fragment = block("fragment", (-3, -3, -3), (3, 3, 3), 1.0)
    assert (fields(root, fragment)[1] == FAR_MM).all()


def test_of_several_structures_the_nearest_counts() -> None:
    near, far = slab("body:L4", -9, -7), slab("pars:L4:left", 6, 9)
    both, alone = fields(near, far)[0], [fields(one)[0] for one in (near, far)]
    outside = both > 0
    assert (both == np.minimum(*alone))[outside].all()
    assert ((both < 0) == ((alone[0] < 0) | (alone[1] < 0))).all()


def test_a_structure_at_the_border_of_its_image_is_as_wide_as_its_voxels() -> None:
    # no empty voxel about it, and a grid that asks between middle and face of its voxels
    plate = block("body:L4", (-12, 0, -12), (12, 4, 12), 2.0)
    ground = ground_of(plate, FRAGMENT)
    bone, _ = find_fields(ground, a_way(), GRID, {}, 1.0)
    expected = np.maximum(0.0 - BEHIND_MM, BEHIND_MM - 4.0)
    assert along_y(bone) == pytest.approx(expected)


def test_fields_have_the_shape_and_type_that_the_kernels_ask_for() -> None:
    grid = Grid(np.array([-3.0, -4, -5]), 0.75, (9, 8, 7), "patient")
    ground: Ground = ground_of(slab("body:L4"), structure("fragment", region_where()))
    for field in find_fields(ground, a_way(), grid, {}, 1.0):
        assert field.shape == (9, 8, 7)
        assert field.dtype == np.float32
        assert np.isfinite(field).all()
        assert field.max() <= FAR_MM
