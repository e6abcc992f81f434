"""Tools off the planned axis: where a tilt takes them, and how much room they have there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.unit.planning.small_problems import a_block, a_hazard, a_structure, ball, the_tools

from kambin.anatomy import StructureKey
from kambin.imaging import Grid
from kambin.knowledge import value
from kambin.planning import Group
from kambin.planning.fields import Hazard, HazardSet
from kambin.planning.shafts import (
    Shaft,
    find_across,
    measure_depth_in_channel_mm,
    measure_room_mm,
    turn_shaft,
)
from kambin.planning.tools import Tool

AXIS = Shaft(np.array([10.0, 0.0, 0.0]), np.array([90.0, 0.0, 0.0]))
GRID = Grid.around(
    (-10, -20, -20), (60, 20, 20), spacing_mm=1.0, anchor_lps_mm=(0, 0, 0), frame_id="patient"
)
ROOT, SAP, IAP = "exiting_root:L4:left", "sap:L5:left", "iap:L4:left"
TUBE = Tool("cannula", "cannula-7.5", 3.75)
LINE = Tool("reamer", "centre line", 0.0)
NOTHING_REAMED = np.zeros((0, 7))

unit = st.tuples(*[st.floats(-1, 1)] * 3).map(np.array).filter(lambda v: np.linalg.norm(v) > 0.1)


def _hazards(*hazards: Hazard) -> HazardSet:
    return HazardSet(GRID, hazards)


def _ball(name: str, group: Group, radius_mm: float = 4.0) -> Hazard:
    """A ball about (20, 0, 10), known everywhere on the grid."""
    structure = a_structure(name, a_block((-8, -18, -18), (58, 18, 18), spacing_mm=2.0))
    made = a_hazard(name, group, GRID, ball((20, 0, 10), radius_mm))
    return Hazard(made.key, group, structure, made.field, 99.0)


def _room(
    hazard: Hazard, points: object, tool: Tool = TUBE, reamed: object = NOTHING_REAMED
) -> NDArray[np.float64]:
    return measure_room_mm(
        _hazards(hazard), the_tools(), tool, np.array(points, dtype=float), reamed
    )


# Where a shaft goes


def test_a_shaft_looks_from_its_outer_end_to_its_tip() -> None:
    assert AXIS.length_mm == 80.0
    assert AXIS.way.tolist() == [-1.0, 0.0, 0.0]
    assert AXIS.capsule(3.75).tolist() == [10, 0, 0, 90, 0, 0, 3.75]


def test_samples_run_from_the_tip_to_the_outer_end_in_small_steps() -> None:
    points = AXIS.samples()
    assert np.array_equal(points[0], AXIS.tip_lps_mm)
    assert np.array_equal(points[-1], AXIS.outer_lps_mm)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert steps.max() <= value("planning.path_step_mm") + 1e-9


@given(way=unit)
def test_the_directions_across_an_axis_are_a_right_angled_pair(way: NDArray[np.float64]) -> None:
    way = way / np.linalg.norm(way)
    up, side = find_across(way)
    frame = np.stack([way, up, side])
    assert frame @ frame.T == pytest.approx(np.eye(3), abs=1e-6)
    # the first is cranial as far as the axis lets it, so it never looks down
    assert up[2] >= -1e-6


def test_along_the_patient_s_own_axis_across_begins_at_the_back() -> None:
    up, side = find_across(np.array([0.0, 0.0, -1.0]))
    assert up.tolist() == [0.0, 1.0, 0.0]
    assert side.tolist() == [1.0, 0.0, 0.0]


@given(tilt=st.floats(0, 40), azimuth=st.floats(0, 360), ahead=st.floats(0, 80))
def test_a_turned_shaft_keeps_its_length_its_pivot_and_its_angle(
    tilt: float, azimuth: float, ahead: float
) -> None:
    pivot = AXIS.tip_lps_mm - ahead * AXIS.way
    turned = turn_shaft(AXIS, pivot, tilt, azimuth)
    assert turned.length_mm == pytest.approx(AXIS.length_mm)
    assert np.cross(pivot - turned.tip_lps_mm, turned.way) == pytest.approx(np.zeros(3), abs=1e-9)
    assert np.linalg.norm(turned.tip_lps_mm - pivot) == pytest.approx(ahead, abs=1e-9)
    angle = np.degrees(np.arccos(np.clip(turned.way @ AXIS.way, -1, 1)))
    assert angle == pytest.approx(tilt, abs=1e-5)


def test_a_tilt_of_nothing_leaves_the_shaft_where_it_is() -> None:
    turned = turn_shaft(AXIS, np.array([25.0, 0, 0]), 0.0, 123.0)
    assert turned.tip_lps_mm == pytest.approx(AXIS.tip_lps_mm)
    assert turned.outer_lps_mm == pytest.approx(AXIS.outer_lps_mm)


@pytest.mark.parametrize(("azimuth", "axis", "sign"), [(0, 2, 1), (180, 2, -1), (90, 1, 1)])
def test_the_tip_goes_to_the_azimuth_and_the_outer_end_to_the_other_side(
    azimuth: float, axis: int, sign: int
) -> None:
    turned = turn_shaft(AXIS, np.array([30.0, 0, 0]), 10.0, azimuth)
    assert turned.tip_lps_mm[axis] * sign == pytest.approx(20 * np.sin(np.radians(10)))
    assert turned.outer_lps_mm[axis] * sign == pytest.approx(-60 * np.sin(np.radians(10)))


@given(tilt=st.floats(1, 30), azimuth=st.floats(0, 360))
def test_in_a_mirror_a_turn_goes_the_other_way_about(tilt: float, azimuth: float) -> None:
    mirror = np.array([-1.0, 1.0, 1.0])
    other = Shaft(AXIS.tip_lps_mm * mirror, AXIS.outer_lps_mm * mirror)
    pivot = np.array([30.0, 0.0, 0.0])
    here = turn_shaft(AXIS, pivot, tilt, azimuth)
    there = turn_shaft(other, pivot * mirror, tilt, 360 - azimuth)
    assert there.tip_lps_mm == pytest.approx(here.tip_lps_mm * mirror)
    assert there.outer_lps_mm == pytest.approx(here.outer_lps_mm * mirror)


# How much room it has


def test_the_room_beside_a_root_is_the_gap_less_radius_and_margin() -> None:
    hazard = _ball(ROOT, Group.NERVE)
    points = [(20.0, 0, -3), (20, 0, -1), (14, 0, 2)]
    margin = the_tools().margin_mm(TUBE, Group.NERVE, hazard.structure)
    gaps = [9.0, 7.0, 6.0]
    assert _room(hazard, points) == pytest.approx([g - 3.75 - margin for g in gaps], abs=0.06)


@pytest.mark.parametrize("radius", [1.0, 2.5, 4.0])
def test_a_wider_tool_has_as_much_less_room(radius: float) -> None:
    hazard = _ball(ROOT, Group.NERVE)
    thin = _room(hazard, [(20.0, 0, -1)], Tool("cannula", "made", 0.0))
    wide = _room(hazard, [(20.0, 0, -1)], Tool("cannula", "made", radius))
    assert thin - wide == pytest.approx(radius)


def test_without_anything_near_the_room_is_as_far_as_fields_reach() -> None:
    room = measure_room_mm(_hazards(), the_tools(), TUBE, AXIS.samples(), NOTHING_REAMED)
    assert set(room.tolist()) == {value("planning.field_reach_mm")}


def test_of_several_structures_the_nearest_to_its_margin_says_the_room() -> None:
    root, process = _ball(ROOT, Group.NERVE), _ball(IAP, Group.NEVER)
    points = np.array([[20.0, 0, -1], [20, 0, 1]])
    both = measure_room_mm(_hazards(root, process), the_tools(), TUBE, points, NOTHING_REAMED)
    assert np.array_equal(both, np.minimum(_room(root, points), _room(process, points)))
    assert both[0] < value("planning.field_reach_mm")


def test_what_is_only_watched_takes_no_room() -> None:
    hazard = _ball("segmental_artery:L4:left", Group.WATCHED)
    assert _room(hazard, [(20.0, 0, 10)]) == pytest.approx(value("planning.field_reach_mm"))


def test_bone_that_the_reamer_takes_is_in_the_way_of_the_cannula_alone() -> None:
    hazard = _ball(SAP, Group.REMOVABLE)
    inside = [(20.0, 0, 9)]
    assert _room(hazard, inside, LINE, None) == pytest.approx(value("planning.field_reach_mm"))
    assert _room(hazard, inside)[0] < 0


def test_in_a_channel_the_bone_is_no_nearer_than_its_wall() -> None:
    hazard = _ball(SAP, Group.REMOVABLE, 8.0)
    channel = np.array([[0.0, 0, 10, 60, 0, 10, 4.0]])
    room = _room(hazard, [(20.0, 0, 10), (20, 0, 11)], TUBE, channel)
    # 4 and 3 mm from the wall, of which the tube needs its radius without what it may press
    least = TUBE.radius_mm - value("margins.rim_contact_mm")
    assert room == pytest.approx([4.0 - least, 3.0 - least])
    assert _room(hazard, [(20.0, 0, 10)], TUBE)[0] < room[0]


@given(shift=st.floats(0, 3))
@settings(max_examples=20)
def test_a_wider_channel_never_leaves_less_room(shift: float) -> None:
    hazard = _ball(SAP, Group.REMOVABLE, 8.0)
    points = [(20.0, 0, 10 + n) for n in range(-9, 10, 3)]
    narrow, wide = (
        _room(hazard, points, TUBE, np.array([[0.0, 0, 10, 60, 0, 10, 2.0 + more]]))
        for more in (0.0, shift)
    )
    assert (wide >= narrow).all()


def test_bone_that_must_stay_is_not_opened_by_a_channel() -> None:
    hazard = _ball(IAP, Group.NEVER)
    channel = np.array([[0.0, 0, 10, 60, 0, 10, 4.0]])
    inside = [(20.0, 0, 9)]
    assert _room(hazard, inside, TUBE, channel)[0] == _room(hazard, inside, TUBE)[0] < 0


def test_where_no_field_reaches_the_faces_of_the_voxels_answer() -> None:
    # The same block with and without a field: the way to its faces is the same to a voxel.
    region = a_block((18, -4, 8), (24, 4, 14))
    structure = a_structure(ROOT, region)
    without = Hazard(StructureKey.parse(ROOT), Group.NERVE, structure, None, 0.0)
    margin = the_tools().margin_mm(TUBE, Group.NERVE, structure)
    room = _room(without, [(21.0, 0, 5.5), (21, 0, 2.5)])
    assert room == pytest.approx([2 - 3.75 - margin, 5 - 3.75 - margin], abs=0.01)


# Depth in a channel


def test_depth_in_a_channel_is_counted_from_its_wall() -> None:
    channel = np.array([[0.0, 0, 0, 20, 0, 0, 4.0]])
    points = np.array([[10.0, 0, 0], [10, 3, 0], [10, 0, 6], [-3, 0, 0], [22, 0, 0]])
    assert measure_depth_in_channel_mm(points, channel) == pytest.approx([4, 1, -2, 1, 2])


def test_of_two_channels_the_deeper_counts() -> None:
    channels = np.array([[0.0, 0, 0, 20, 0, 0, 4.0], [0, 3, 0, 20, 3, 0, 2.0]])
    points = np.array([[10.0, 3, 0], [10, 0, 0], [10, 5, 0]])
    assert measure_depth_in_channel_mm(points, channels) == pytest.approx([2, 4, 0])


def test_where_nothing_is_reamed_nothing_is_deep() -> None:
    assert (measure_depth_in_channel_mm(AXIS.samples(), NOTHING_REAMED) == -np.inf).all()
