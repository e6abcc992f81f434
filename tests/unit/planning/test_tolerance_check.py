"""What the second checker demands of poses, and which of them it lets pass."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.made_level import GRID as MADE_GRID
from tests.unit.planning.made_level import make_anatomy, make_region, make_structure
from tests.unit.planning.posed_level import (
    GEOMETRY,
    LENGTH_MM,
    PATH,
    ROOT,
    a_hazard_near,
    a_tool,
    plane,
    surroundings,
)
from tests.unit.planning.small_problems import the_tools

from kambin.anatomy import Anatomy
from kambin.imaging import LabelMap
from kambin.planning.error_model import PathFrame
from kambin.planning.poses import Poses, Surroundings, across
from kambin.planning.rulers import Rulers
from kambin.planning.tolerance import Cone
from kambin.planning.tolerance_check import (
    CHECKED_SAMPLES,
    check_cone,
    draw_inside,
    find_demands,
    find_passing,
)

FRAME = PathFrame.of(PATH, GEOMETRY.side)
WALL_MM = 6.5
"""The face of the made wall above the path: its lowest voxels lie at 7 mm."""

ENDS = np.array([PATH.entry_lps_mm, PATH.target_lps_mm])
NO_PARTS = frozenset()


@pytest.fixture(scope="module")
def a_wall() -> Anatomy:
    wall = make_region(lambda x, y, z: (z >= 7) & (z <= 10) & (x > 0) & (abs(y) <= 14), MADE_GRID)
    return make_anatomy({ROOT: make_structure(ROOT, wall, sigma_mm=0.0)})


@pytest.fixture(scope="module")
def rulers(a_wall: Anatomy) -> Rulers:
    return Rulers(a_wall, ENDS, 20.0)


def _around(field_mm: float = WALL_MM) -> Surroundings:
    tools = replace(the_tools(), tools=(a_tool("needle", 0.6),))
    return surroundings(tools, [a_hazard_near(plane(field_mm), sigma_mm=0.0)])[0]


def _cone(entry_mm: float, angle_rad: float = 0.0, joint: float = 0.7) -> Cone:
    return Cone(entry_mm, angle_rad, joint, ROOT, is_capped=False)


def _errors(poses: Poses) -> tuple[np.ndarray, np.ndarray]:
    """How far the entry is off, mm, and by how much the axis is tilted, rad."""
    offsets = np.linalg.norm(poses.entries_lps_mm - PATH.entry_lps_mm, axis=1)
    return offsets, np.arccos(np.clip(poses.ways @ FRAME.axes[0], -1, 1))


def test_a_demand_is_radius_and_margin_less_what_the_checkers_may_differ_by(
    rulers: Rulers,
) -> None:
    around = _around()
    (demand,) = find_demands(around, rulers, NO_PARTS)
    assert demand.gap_mm == pytest.approx(WALL_MM, abs=0.1)
    assert demand.stop_index == 0
    # A needle of 0.6 mm, 1 mm from a root that is known exactly, 0.3 mm of agreement.
    assert demand.limit_mm == pytest.approx(0.6 + 1.0 - 0.3)
    assert demand.limit_mm < float(around.needs_mm()[0, 0])


def test_what_is_far_from_the_tools_demands_nothing(a_wall: Anatomy) -> None:
    nowhere = Rulers(a_wall, ENDS + np.array([0, 0, 200.0]), 5.0)
    assert find_demands(_around(), nowhere, NO_PARTS) == []


def test_what_no_pose_can_reach_demands_nothing_and_is_not_measured(a_wall: Anatomy) -> None:
    around = _around()
    # Inside its array: where that cuts a wall, the surface goes on beyond it.
    region = make_region(
        lambda x, y, z: (z >= 7) & (z <= 10) & (x > 0) & (x < 85) & (abs(y) <= 14), MADE_GRID
    )
    labelled = np.argwhere(region.values > 0)
    low, high = labelled.min(axis=0) - 1, labelled.max(axis=0) + 2
    affine = region.lps_from_ijk.copy()
    affine[:3, 3] = region.lps_mm(low)
    held = region.values[tuple(map(slice, low, high))]
    boxed = make_structure(ROOT, LabelMap(held, affine, region.frame_id), sigma_mm=0.0)
    some = Rulers(make_anatomy({ROOT: boxed}), ENDS, 20.0)
    everything = find_demands(around, Rulers(a_wall, ENDS, 20.0), NO_PARTS)
    # The wall is 6.5 mm off, a needle needs 1.6 mm, and a voxel's doubt is 2.7 mm.
    assert find_demands(around, some, NO_PARTS, farthest_mm=1.0) == []
    near = find_demands(around, some, NO_PARTS, farthest_mm=6.0)
    assert [d.gap_mm for d in near] == pytest.approx([d.gap_mm for d in everything])
    poses = draw_inside(around, FRAME, _cone(1.0))
    passes, measured = find_passing(around, GEOMETRY, everything, poses)
    assert passes.all()
    assert measured == 0


def test_poses_pass_up_to_the_limit_and_not_beyond(rulers: Rulers) -> None:
    around = _around()
    demands = find_demands(around, rulers, NO_PARTS)
    room = demands[0].gap_mm - demands[0].limit_mm
    up = np.sign((FRAME.axes[1:] @ np.array([0.0, 0.0, 1.0])).round(9))
    shifts = np.array([[0.0, 0.0], *(s * up for s in (room - 0.1, room + 0.1)), -9.0 * up])
    poses = Poses.of(PATH, FRAME, across(shifts), np.zeros((4, 2)))
    passes, measured = find_passing(around, GEOMETRY, demands, poses)
    assert passes.tolist()[:3] == [True, True, False]
    # The planned pose and the one just inside move less than the wall leaves them.
    assert measured == 2


def test_a_pose_beside_the_foramen_does_not_pass_though_it_meets_nothing() -> None:
    around = _around()
    sunk = Poses.of(PATH, FRAME, across(np.array([[0.0, 0.0]])), np.array([[0.0, 0.0]]))
    assert find_passing(around, GEOMETRY, (), sunk)[0].all()
    way = FRAME.axes[1:] @ np.array([0.0, 0.0, 1.0])
    below = Poses.of(PATH, FRAME, across(-9.0 * way[None]), np.zeros((1, 2)))
    assert not find_passing(around, GEOMETRY, (), below)[0].any()


def test_drawn_poses_stay_inside_the_cone() -> None:
    cone = _cone(2.0, 0.05)
    offsets, tilts = _errors(draw_inside(_around(), FRAME, cone))
    assert len(offsets) == CHECKED_SAMPLES
    assert offsets.max() == pytest.approx(2.0, abs=1e-9)
    assert tilts.max() == pytest.approx(0.05, abs=1e-6)
    both = (offsets > 1e-9) & (tilts > 1e-6)
    joint = np.hypot(offsets[both] / 2.0, tilts[both] / 0.05)
    assert joint.max() <= cone.joint_share + 1e-4


def test_one_in_eight_poses_is_off_in_one_way_alone_on_the_border() -> None:
    offsets, tilts = _errors(draw_inside(_around(), FRAME, _cone(2.0, 0.05)))
    alone = CHECKED_SAMPLES // 8
    assert (np.abs(offsets - 2.0) < 1e-9).sum() == alone
    assert (np.abs(tilts - 0.05) < 1e-6).sum() == alone


def test_drawn_offsets_point_everywhere() -> None:
    poses = draw_inside(_around(), FRAME, _cone(2.0, 0.0, 1.0))
    shifts = (poses.entries_lps_mm - PATH.entry_lps_mm) @ FRAME.axes[1:].T
    turns = np.degrees(np.arctan2(shifts[:, 1], shifts[:, 0]))
    assert np.histogram(turns, bins=12, range=(-180, 180))[0].min() > CHECKED_SAMPLES // 24


def test_the_same_cone_draws_the_same_poses() -> None:
    first, second = (draw_inside(_around(), FRAME, _cone(1.0, 0.02)) for _ in range(2))
    assert np.array_equal(first.entries_lps_mm, second.entries_lps_mm)
    assert np.array_equal(first.ways, second.ways)


@pytest.mark.parametrize("grants_mm", [2.0, 4.5])
def test_a_cone_that_surfaces_confirm_is_kept_whole(
    a_wall: Anatomy, rulers: Rulers, grants_mm: float
) -> None:
    checked = check_cone(a_wall, _around(), GEOMETRY, rulers, _cone(grants_mm))
    assert (checked.share, checked.poses) == (1.0, CHECKED_SAMPLES)


def test_a_cone_too_large_is_cut_to_what_the_surface_leaves(
    a_wall: Anatomy, rulers: Rulers
) -> None:
    granted = 9.0
    checked = check_cone(a_wall, _around(15.0), GEOMETRY, rulers, _cone(granted))
    room = WALL_MM - (0.6 + 1.0 - 0.3)
    assert checked.share * granted == pytest.approx(room, abs=0.15)
    assert checked.share < 1.0


def test_a_tilt_too_large_is_cut_to_what_the_surface_leaves(
    a_wall: Anatomy, rulers: Rulers
) -> None:
    granted = 0.14
    checked = check_cone(a_wall, _around(15.0), GEOMETRY, rulers, _cone(0.0, granted))
    room = WALL_MM - (0.6 + 1.0 - 0.3)
    # The tip goes LENGTH sin(angle) up while it shortens by little.
    assert LENGTH_MM * math.sin(checked.share * granted) == pytest.approx(room, abs=0.2)


def test_a_cone_of_which_nothing_passes_is_cut_to_nothing(a_wall: Anatomy) -> None:
    low = make_region(lambda x, y, z: (abs(z) <= 3) & (x > 30) & (x < 40) & (abs(y) < 5), MADE_GRID)
    anatomy = make_anatomy({ROOT: make_structure(ROOT, low, sigma_mm=0.0)})
    checked = check_cone(anatomy, _around(), GEOMETRY, Rulers(anatomy, ENDS, 20.0), _cone(1.0))
    assert checked.share == 0.0
    assert checked.measured == 0
