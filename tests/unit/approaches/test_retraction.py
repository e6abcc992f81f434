"""How far root and sac go: discs and single voxels, where the way can be written down."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.unit.approaches.made_back import structure
from tests.unit.approaches.small_ground import (
    SPACING_MM,
    block,
    ground_of,
    mirrored,
    region_where,
)

from kambin.anatomy import Structure
from kambin.approaches.retraction import find_retraction, is_held_after, is_in_voxel
from kambin.approaches.solids import Tube
from kambin.frames import Side
from kambin.imaging import LabelMap

HALF_MM = 0.5 * SPACING_MM
ROOT = "traversing_root:L5:left"


def a_sac(radius_mm: float = 6.0, x_mm: float = 0.0) -> Structure:
    return structure("dural_sac", region_where({"radius": radius_mm, "x": x_mm}))


def a_room(x_mm: float, radius_mm: float, tilt: float = 0.0) -> Tube:
    """A tube from behind, across the sac, ``x_mm`` beside the midline."""
    end = np.array([x_mm + tilt * 30, 30.0, 0.0])
    return Tube(np.array([x_mm - tilt * 30, -30.0, 0.0]), end, radius_mm)


@pytest.mark.parametrize("sac_mm", [4.0, 6.0, 9.0])
@pytest.mark.parametrize("radius_mm", [2.0, 3.0, 4.0])
def test_a_round_sac_moves_by_what_it_overlaps_the_tube(sac_mm, radius_mm) -> None:
    ground = ground_of(a_sac(sac_mm))
    for beside_mm in (sac_mm - 1.0, sac_mm, sac_mm + radius_mm - 1.0):
        found = find_retraction(ground, a_room(beside_mm, radius_mm))
        assert found is not None
        overlap = sac_mm - (beside_mm - radius_mm)
        # the sac's side is known to a voxel
        assert found.needed_mm == pytest.approx(overlap, abs=SPACING_MM)
        assert found.structure == "dural_sac"
        assert found.sigma_mm == 0.5


def test_a_tube_that_leaves_the_sac_alone_moves_nothing() -> None:
    found = find_retraction(ground_of(a_sac(6.0)), a_room(10.0, 3.5))
    assert found is not None
    assert (found.needed_mm, found.structure) == (0.0, "")
    assert [str(one.key) for one in found.moved] == ["dural_sac"]


def test_without_a_nerve_nothing_is_known() -> None:
    exiting = structure("exiting_root:L4:left", region_where({"radius": 6.0}))
    assert find_retraction(ground_of(), a_room(0, 3)) is None
    assert find_retraction(ground_of(exiting), a_room(0, 3)) is None


def test_the_root_of_the_other_side_or_level_is_not_moved() -> None:
    for name in ("traversing_root:L5:right", "traversing_root:L4:left"):
        other = structure(name, region_where({"radius": 6.0}))
        assert find_retraction(ground_of(other), a_room(0, 3)) is None
    mine = structure(ROOT, region_where({"radius": 6.0}))
    assert find_retraction(ground_of(mine), a_room(0, 3)).needed_mm > 5


def test_of_root_and_sac_the_farther_one_asks_for_it() -> None:
    root = replace(structure(ROOT, region_where({"radius": 1.5, "x": 8.0})), sigma_mm=2.5)
    ground = ground_of(root, a_sac(6.0))
    beside = find_retraction(ground, a_room(11.0, 3.0))
    assert (beside.structure, beside.sigma_mm) == (ROOT, 2.5)
    assert beside.needed_mm == pytest.approx(8 + 1.5 - (11 - 3), abs=SPACING_MM)
    narrow = find_retraction(ground_of(root, a_sac(12.0)), a_room(11.0, 3.0))
    assert (narrow.structure, narrow.sigma_mm) == ("dural_sac", 0.5)
    assert [str(one.key) for one in narrow.moved] == [ROOT, "dural_sac"]


@pytest.mark.parametrize("tilt", [0.0, 0.1, -0.2])
def test_a_mirrored_patient_asks_for_the_same_on_the_other_side(tilt: float) -> None:
    sac = a_sac(6.0, x_mm=1.25)
    left = find_retraction(ground_of(sac), a_room(7.0, 3.0, tilt))
    right = find_retraction(ground_of(mirrored(sac), side=Side.RIGHT), a_room(-7.0, 3.0, -tilt))
    assert left.needed_mm == pytest.approx(right.needed_mm)
    assert left.needed_mm > 0
    # medial is not the same way on both sides
    swapped = find_retraction(ground_of(sac, side=Side.RIGHT), a_room(7.0, 3.0, tilt))
    assert swapped.needed_mm > left.needed_mm + 1


@given(beside_mm=st.floats(0, 10), radius_mm=st.floats(0.5, 5), more_mm=st.floats(0, 3))
def test_a_wider_tube_never_asks_for_less(beside_mm, radius_mm, more_mm) -> None:
    ground = ground_of(a_coarse_sac())
    thin, wide = (
        find_retraction(ground, a_room(beside_mm, r)).needed_mm
        for r in (radius_mm, radius_mm + more_mm)
    )
    assert wide >= thin >= 0


def a_coarse_sac() -> Structure:
    low, high = (-8.0, -8.0, -4.0), (8.0, 8.0, 4.0)
    return structure("dural_sac", region_where({"radius": 6.0}, low=low, high=high, spacing_mm=1.0))


def a_grain(x: float, y: float, z: float) -> Structure:
    """One voxel of a sac, half a millimetre wide, about a point."""
    low, high = (tuple(v + s * HALF_MM for v in (x, y, z)) for s in (-1, 1))
    return block("dural_sac", low, high)


@given(
    place=st.tuples(*[st.floats(-2, 2)] * 3),
    along=st.tuples(st.floats(-0.9, 0.9), st.just(1.0), st.floats(-0.9, 0.9)),
    radius_mm=st.floats(0.5, 5),
)
def test_a_single_voxel_goes_exactly_to_the_wall_of_a_tilted_tube(place, along, radius_mm) -> None:
    way = np.array(along)
    room = Tube(-40 * way, 40 * way, radius_mm)
    point = np.array(place)
    assume(room.gap_mm(point[None])[0] < -1e-6)
    found = find_retraction(ground_of(a_grain(*place)), room)
    moved_mm = found.needed_mm - HALF_MM
    assert moved_mm >= 0
    # medial of the left side is to the patient's right, which is towards smaller x
    assert room.gap_mm((point - [moved_mm, 0, 0])[None])[0] == pytest.approx(0, abs=1e-6)


def test_a_tube_along_the_way_of_retraction_is_a_long_way_and_not_a_failure() -> None:
    room = Tube(np.array([-20.0, 0, 0]), np.array([20.0, 0, 0]), 3.0)
    found = find_retraction(ground_of(a_sac(2.0)), room)
    assert np.isfinite(found.needed_mm)
    assert found.needed_mm > 100


def test_what_lies_in_the_fragment_is_not_in_the_way() -> None:
    room = a_room(6.0, 3.0)
    fragment = block("fragment", (1.0, -8.0, -8.0), (9.0, 8.0, 8.0))
    free = find_retraction(ground_of(a_sac(6.0), fragment), room)
    assert (free.needed_mm, free.structure) == (0.0, "")
    # of the sac's right half and the tube about it the medial quarter is outside of the fragment
    less = block("fragment", (4.0, -8.0, -8.0), (9.0, 8.0, 8.0))
    part = find_retraction(ground_of(a_sac(6.0), less), room).needed_mm
    assert part == pytest.approx(4.0 - 3.0, abs=SPACING_MM)
    assert part < find_retraction(ground_of(a_sac(6.0)), room).needed_mm


# --- where nerves are afterwards ----------------------------------------------------------------


def test_a_root_moves_as_a_whole_and_keeps_its_volume() -> None:
    root = structure(ROOT, region_where({"radius": 2.0, "x": 5.0, "y": 1.0, "z": -3.0}))
    ground = ground_of(root)
    points = region_where().lps_mm(np.argwhere(region_where().values > 0))
    before = points[is_in_voxel(root.region, points)]
    after = points[is_held_after(ground, root, points, 4.0)]
    assert len(after) == len(before) > 200
    assert after.mean(axis=0) == pytest.approx(before.mean(axis=0) - [4, 0, 0])


def test_a_sac_is_pressed_in_and_its_far_side_stays() -> None:
    sac = a_sac(6.0)
    ground = ground_of(sac)
    points = region_where().lps_mm(np.argwhere(region_where().values > 0))
    before, after = is_in_voxel(sac.region, points), is_held_after(ground, sac, points, 3.0)
    assert (before | ~after).all()
    lateral = points[after, 0].max()
    assert lateral == pytest.approx(6 - 3, abs=SPACING_MM)
    assert points[after, 0].min() == points[before, 0].min()


@given(moved_mm=st.floats(0, 12), more_mm=st.floats(0, 4))
def test_a_sac_that_is_pressed_further_holds_no_more(moved_mm, more_mm) -> None:
    sac = a_coarse_sac()
    ground = ground_of(sac)
    points = ground.voxels_lps_mm(sac)
    less, more = (is_held_after(ground, sac, points, m) for m in (moved_mm, moved_mm + more_mm))
    assert more.sum() <= less.sum()
    assert is_held_after(ground, sac, points, 0.0).all()


@pytest.mark.parametrize("side", list(Side))
def test_medial_is_towards_the_midline_from_either_side(side: Side) -> None:
    sign = side.lateral_sign_lps
    root = structure(f"traversing_root:L5:{side}", region_where({"radius": 2.0, "x": sign * 6.0}))
    ground = ground_of(root, side=side)
    there, shift = ground.voxels_lps_mm(root), np.array([sign * 3.0, 0, 0])
    assert is_held_after(ground, root, there - shift, 3.0).all()
    assert not is_held_after(ground, root, there + shift, 3.0).any()


def test_moved_by_what_was_found_a_room_beside_the_sac_is_free_of_it() -> None:
    # nothing of the sac lies lateral of these rooms
    sac = a_sac(6.0)
    ground = ground_of(sac)
    for beside_mm, radius_mm, tilt in ((6.0, 3.0, 0.0), (7.0, 4.0, 0.1), (8.0, 3.0, -0.15)):
        room = a_room(beside_mm, radius_mm, tilt)
        needed = find_retraction(ground, room).needed_mm
        points = ground.voxels_lps_mm(sac)
        points = points[room.gap_mm(points) <= 0]
        assert len(points)
        assert not is_held_after(ground, sac, points, needed).any()
        assert is_held_after(ground, sac, points, needed - 2 * SPACING_MM).any()


@given(beside_mm=st.floats(-6, 10), radius_mm=st.floats(0.5, 5))
def test_moved_by_what_was_found_no_room_holds_any_of_it(beside_mm, radius_mm) -> None:
    # also of rooms inside the sac, into which its lateral side is drawn
    sac = a_coarse_sac()
    ground, room = ground_of(sac), a_room(beside_mm, radius_mm)
    needed = find_retraction(ground, room).needed_mm
    after = ground.voxels_lps_mm(sac) - [needed, 0, 0]
    assert room.gap_mm(after).min() >= -1e-9


def test_a_nerve_that_stops_short_of_the_room_is_not_drawn_into_it() -> None:
    sac = a_grain(5.0, 0.0, 0.0)
    near, far = (structure(ROOT, region_where({"radius": 1.0, "x": x})) for x in (9.5, 30.0))
    room = a_room(5.0, 2.0)
    alone = find_retraction(ground_of(sac), room).needed_mm
    assert alone == pytest.approx(2.0 + HALF_MM, abs=0.01)
    # moved so far, the far root has not come to the room; the near one has to pass it
    assert find_retraction(ground_of(sac, far), room).needed_mm == pytest.approx(alone)
    drawn = find_retraction(ground_of(sac, near), room)
    assert drawn.structure == ROOT
    assert drawn.needed_mm == pytest.approx(9.5 + 1.0 - 3.0, abs=SPACING_MM)


# --- points in voxels ---------------------------------------------------------------------------


@given(seed=st.integers(0, 2**16), shift=st.tuples(*[st.floats(-0.49, 0.49)] * 3))
def test_a_point_belongs_to_the_voxel_about_it(seed, shift) -> None:
    rng = np.random.default_rng(seed)
    affine = np.diag([0.7, 1.5, 2.0, 1.0])
    affine[:3, 3] = rng.uniform(-20, 20, 3)
    region = LabelMap((rng.random((4, 5, 3)) < 0.5).astype(np.uint8), affine, "patient")
    ijk = np.argwhere(np.ones(region.shape, dtype=bool))
    found = is_in_voxel(region, region.lps_mm(ijk + np.array(shift)))
    assert (found == (region.values[tuple(ijk.T)] > 0)).all()


def test_beyond_the_array_nothing_is_inside() -> None:
    region = region_where(low=(0, 0, 0), high=(2, 2, 2))
    faces = np.array([[x, 1.0, 1.0] for x in (-0.01, 0.01, 1.99, 2.01, 50.0, -50.0)])
    assert is_in_voxel(region, faces).tolist() == [False, True, True, False, False, False]
    assert is_in_voxel(region, np.zeros((0, 3))).shape == (0,)
