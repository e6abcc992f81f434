"""How a way from behind is laid on a level of a few blocks: axis, borders, window and channel."""

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from tests.unit.approaches.made_back import structure
from tests.unit.approaches.small_ground import block, ground_of, region_where

from kambin.anatomy import Structure, StructureKey
from kambin.approaches.back_ways import BackWay, find_aim_mm, find_back_way, find_skin
from kambin.approaches.ground import Ground
from kambin.approaches.solids import Everything
from kambin.core import AnatomyError
from kambin.frames import Side
from kambin.knowledge import value
from kambin.knowledge.approaches import approaches

BACK = tuple(name for name, row in approaches().items() if row.corridor != "foramen")
WINDOWS = tuple(name for name in BACK if approaches()[name].bone != "tube")
UPPER = "L4"


def the_back(side: Side = Side.LEFT) -> tuple[Structure, ...]:
    """Laminae, spinous process and joints: all from 30 to 40 mm behind the disc's centre."""
    joints = []
    for one in Side:
        sign = one.lateral_sign_lps
        for name, low, high in ((f"iap:L4:{one}", 34.0, 40.0), (f"sap:L5:{one}", 28.0, 33.0)):
            x = sorted((sign * 12.0, sign * 22.0))
            joints.append(block(name, (x[0], low, -8), (x[1], high, 8), 1.0))
    return (
        block("lamina:L4", (-10, 30, 8), (10, 40, 22), 1.0),
        block("lamina:L5", (-10, 30, -30), (10, 40, -14), 1.0),
        block("sp:L4", (-2, 40, 4), (2, 60, 16), 1.0),
        *joints,
    )


@lru_cache
def the_ground(side: Side = Side.LEFT, lateral_mm: float = 9.0, cranial_mm: float = 0.0) -> Ground:
    target = (side.lateral_sign_lps * lateral_mm, 15.0, cranial_mm)
    return ground_of(*the_back(side), side=side, target_mm=target)


@lru_cache
def the_way(name: str, side: Side = Side.LEFT, lateral_mm: float = 9.0) -> BackWay:
    return find_back_way(the_ground(side, lateral_mm), approaches()[name])


def inside(solid, *points: tuple[float, float, float]) -> list[bool]:
    found: list[bool] = (solid.gap_mm(np.array(points, dtype=float)) <= 0).tolist()
    return found


@pytest.mark.parametrize("name", BACK)
def test_target_window_and_skin_lie_on_one_axis(name: str) -> None:
    way, ground = the_way(name), the_ground()
    assert np.linalg.norm(way.outward) == pytest.approx(1)
    ahead = (way.window_lps_mm - way.aim_lps_mm) @ way.outward
    assert way.aim_lps_mm + ahead * way.outward == pytest.approx(way.window_lps_mm)
    assert way.window_lps_mm[1] == pytest.approx(ground.lamina_mm[1])
    # the tilts are those of the axis in both planes of the disc
    lateral, posterior, cranial = ground.axes_lps @ way.outward
    assert math.degrees(math.atan2(lateral, posterior)) == pytest.approx(way.lateral_tilt_deg)
    assert math.degrees(math.atan2(cranial, posterior)) == pytest.approx(way.cranial_tilt_deg)


@pytest.mark.parametrize("name", BACK)
def test_tilts_are_steps_within_the_limits_of_the_table(name: str) -> None:
    for lateral_mm in (2.0, 9.0, 14.0):
        way = the_way(name, lateral_mm=lateral_mm)
        assert -value("exposure.tilt_medial_max_deg") <= way.lateral_tilt_deg
        assert way.lateral_tilt_deg <= value("exposure.tilt_lateral_max_deg")
        assert abs(way.cranial_tilt_deg) <= value("exposure.tilt_along_max_deg")
        steps = way.cranial_tilt_deg / value("exposure.tilt_step_deg")
        assert steps == pytest.approx(round(steps))


@pytest.mark.parametrize("name", BACK)
def test_the_other_side_of_a_symmetric_level_is_the_mirror_image(name: str) -> None:
    left, right = the_way(name), the_way(name, Side.RIGHT)
    mirror = np.array([-1, 1, 1])
    for field in ("aim_lps_mm", "window_lps_mm", "outward"):
        assert getattr(left, field) * mirror == pytest.approx(getattr(right, field)), field
    assert left.lateral_tilt_deg == right.lateral_tilt_deg
    spots = np.random.default_rng(5).uniform((-40, 0, -40), (40, 90, 40), (3000, 3))
    for field in ("opening", "cut", "cut_upper", "flavum", "aside"):
        one, other = (
            getattr(way, field).gap_mm(points) <= 0
            for way, points in ((left, spots), (right, spots * mirror))
        )
        assert one.any(), field
        # muscle on bone is told by the nearest voxel; a tie may go either way
        assert (one != other).mean() < 0.001, field


def test_no_other_tilt_has_less_bone_in_its_way() -> None:
    ground = the_ground()
    way = the_way("interlaminar")
    least = ground.estimate_bone_mm3(way.opening)
    for tilt in ((0.0, 0.0), (0.0, -12.0), (6.0, 6.0), (-6.0, 12.0), (0.0, 24.0)):
        other = replace(ground)
        other.tilts["interlaminar"] = tilt
        laid = find_back_way(other, approaches()["interlaminar"])
        assert (laid.lateral_tilt_deg, laid.cranial_tilt_deg) == tilt
        assert other.estimate_bone_mm3(laid.opening) >= least


def test_where_no_bone_is_in_the_way_the_straight_way_is_taken() -> None:
    # between the laminae, medial of the joints
    way = the_way("interlaminar", lateral_mm=6.0)
    assert the_ground(lateral_mm=6.0).estimate_bone_mm3(way.opening) == 0
    assert (way.lateral_tilt_deg, way.cranial_tilt_deg) == (0.0, 0.0)
    assert way.outward == pytest.approx([0, 1, 0])


def test_all_windows_share_the_axis_of_the_smallest() -> None:
    first = the_way(WINDOWS[0])
    for name in WINDOWS[1:]:
        assert the_way(name).outward == pytest.approx(first.outward)
        assert the_way(name).window_lps_mm == pytest.approx(first.window_lps_mm)
    assert len(the_ground().tilts) <= 2


@pytest.mark.parametrize("name", BACK)
@pytest.mark.parametrize("lateral_mm", [0.0, 3.0, 9.0, 20.0, 40.0])
def test_a_window_keeps_to_its_side_and_off_the_lateral_joint(name, lateral_mm) -> None:
    row = approaches()["microdiscectomy_tubular" if name in WINDOWS else name]
    half = 0.5 * row.require("tube_mm" if row.bone == "tube" else "window_width_mm")
    ground = the_ground(lateral_mm=lateral_mm)
    medial, lateral = ground.joint_mm(Side.LEFT)
    border = max(half, medial + row.require("facet_share") * (lateral - medial))
    middle = the_way(name, lateral_mm=lateral_mm).window_lps_mm[0]
    step_mm = (ground.lamina_mm[1] - 15) * math.tan(math.radians(6))
    assert half - step_mm <= middle <= border + step_mm


def test_the_aim_is_the_target_or_the_nearest_that_a_tilt_reaches() -> None:
    row = approaches()["interlaminar"]
    for lateral_mm in (4.0, 9.0, 14.0):
        aim = find_aim_mm(the_ground(lateral_mm=lateral_mm), row)
        assert aim == pytest.approx([lateral_mm, 15, 0])
    far = find_aim_mm(the_ground(lateral_mm=40.0), row)
    assert far[0] < 40
    assert far[1:] == pytest.approx([15, 0])
    medial, lateral = the_ground().joint_mm(Side.LEFT)
    border = medial + row.require("facet_share") * (lateral - medial)
    tilt = math.radians(value("exposure.tilt_medial_max_deg"))
    assert far[0] == pytest.approx(border + (35 - 15) * math.tan(tilt))


# --- what is cut --------------------------------------------------------------------------------


def test_a_tube_cuts_what_lies_inside_of_it_and_nothing_else() -> None:
    way = the_way("interlaminar", lateral_mm=6.0)
    half = 0.5 * approaches()["interlaminar"].require("tube_mm")
    for height in (20.0, 35.0, 60.0):
        assert inside(way.cut, (6, height, half - 0.1), (6, height, half + 0.1)) == [True, False]
        assert inside(way.cut, (6 - half + 0.1, height, 0)) == [True]
    assert way.cut_upper is way.cut is way.opening
    assert way.detached is None
    # it begins at the target
    assert inside(way.cut, (6, 14.9, 0), (6, 15.1, 0)) == [False, True]


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_is_as_wide_and_high_as_its_row_and_ends_at_the_midline(name: str) -> None:
    way, row = the_way(name), approaches()[name]
    across = np.cross([0.0, 0, 1], way.outward)
    across = -across / np.linalg.norm(across)
    up = np.cross(across, way.outward)
    wide, high = (row.require(f"window_{field}_mm") for field in ("width", "height"))
    for direction, size in ((across, wide), (up, high)):
        for sign in (1, -1):
            for more, expected in ((-0.2, True), (0.2, False)):
                point = way.window_lps_mm + sign * (0.5 * size + more) * direction
                held = expected and point[0] >= 0
                assert inside(way.opening, tuple(point)) == [held], (direction, sign, more)


def test_bone_is_cut_up_to_the_share_of_the_joint_and_no_further() -> None:
    for name in WINDOWS:
        medial, lateral = the_ground().joint_mm(Side.LEFT)
        line = medial + approaches()[name].require("facet_share") * (lateral - medial)
        spots = np.random.default_rng(3).uniform((0, 25, -12), (30, 45, 12), (4000, 3))
        held = the_way(name).cut.gap_mm(spots) <= 0
        assert held.any()
        assert spots[held, 0].max() <= line
        opening = the_way(name).opening.gap_mm(spots) <= 0
        assert (held == (opening & (spots[:, 0] <= line))).all()


def test_a_laminectomy_takes_the_upper_arch_between_both_joints() -> None:
    way = the_way("open_laminectomy")
    lamina = [(0.0, 35.0, 15.0), (-9.0, 35.0, 20.0), (9.0, 35.0, 20.0)]
    assert inside(way.cut_upper, *lamina) == [True] * 3
    assert inside(way.cut_upper, (21, 35, 15), (-21, 35, 15)) == [False, False]
    for key, solid in (
        (StructureKey("lamina", UPPER), way.cut_upper),
        (StructureKey("sp", UPPER), way.cut_upper),
        (StructureKey("lamina", "L5"), way.cut),
        (StructureKey("iap", UPPER, Side.LEFT), way.cut),
        (StructureKey("sap", "L5", Side.LEFT), way.cut),
    ):
        assert way.find_cut(key, UPPER) is solid, key


def test_the_flavum_is_cut_inside_the_window_on_one_side_or_wholly() -> None:
    here, opposite, high = (9.0, 25.0, 0.0), (-9.0, 25.0, 0.0), (3.0, 25.0, 18.0)
    cut = {name: inside(the_way(name).flavum, here, opposite, high) for name in WINDOWS}
    assert cut["microdiscectomy_tubular"] == [True, False, False]
    assert cut["open_fenestration"] == [True, False, True]
    assert cut["open_laminectomy"] == [True, True, True]
    assert isinstance(the_way("open_laminectomy").flavum, Everything)
    # a tube's opening has its own width, narrower or wider than the tube
    ring = the_way("interlaminar", lateral_mm=6.0).flavum
    half = 0.5 * approaches()["interlaminar"].require("flavum_opening_mm")
    assert inside(ring, (6, 25, half - 0.1), (6, 25, half + 0.1)) == [True, False]


# --- muscle and skin ----------------------------------------------------------------------------


def test_muscle_is_taken_off_near_bone_and_held_aside_beyond() -> None:
    way = the_way("open_fenestration")
    strip = value("exposure.strip_mm")
    height = float(way.window_lps_mm[2])
    # behind the inferior process, whose back lies at 40 mm; its last voxel half a mm before
    near, far = (17.0, 39.5 + strip - 0.6, height), (17.0, 39.5 + strip + 0.6, height)
    assert inside(way.detached, near, far) == [True, False]
    assert inside(way.aside, near, far) == [False, True]
    # the channel begins at the front of the lamina
    spots = np.random.default_rng(4).uniform((-50, 20, -50), (50, 150, 50), (3000, 3))
    off, aside = (solid.gap_mm(spots) <= 0 for solid in (way.detached, way.aside))
    assert not (off & aside).any()
    row = approaches()["open_fenestration"]
    channel = (spots[:, 0] >= 0) & (spots[:, 0] <= row.require("blade_mm"))
    channel &= abs(spots[:, 2] - height) <= 0.5 * row.require("incision_mm")
    channel &= spots[:, 1] >= the_ground().lamina_mm[0]
    assert ((off | aside) == channel).all()


@pytest.mark.parametrize("name", [n for n in BACK if approaches()[n].corridor == "retractor"])
def test_blades_stand_on_one_side_or_on_both(name: str) -> None:
    way, row = the_way(name), approaches()[name]
    blade, height = row.require("blade_mm"), float(way.window_lps_mm[2])
    places = [(sign * (blade + more), 90.0, height) for sign in (1, -1) for more in (-0.5, 0.5)]
    assert inside(way.aside, *places) == [True, False, row.both_sides, False]


def test_without_bone_behind_nothing_is_taken_off() -> None:
    for name in ("interlaminar", "microdiscectomy_tubular"):
        assert the_way(name).detached is None
    tube = the_way("microdiscectomy_tubular")
    # this tube stands on the lamina: in front of that it pushes nothing aside
    middle = 0.5 * (tube.window_lps_mm + tube.aim_lps_mm)
    behind = tube.window_lps_mm + 5 * tube.outward
    assert inside(tube.aside, tuple(middle), tuple(behind)) == [False, True]


def test_the_skin_is_met_on_the_axis_or_not_at_all() -> None:
    way = the_way("interlaminar", lateral_mm=6.0)
    ground = the_ground(lateral_mm=6.0)
    skin = structure("skin", region_where(low=(-60, -60, -60), high=(60, 70, 60), spacing_mm=2.0))
    padded = replace(skin, region=_padded(skin))
    dressed = ground_of(*the_back(), padded, target_mm=(6.0, 15.0, 0.0))
    found = find_skin(dressed, way)
    assert found == pytest.approx([6, 70, 0], abs=1.1)
    bare = replace(
        ground,
        anatomy=replace(
            ground.anatomy,
            structures={k: s for k, s in ground.anatomy.structures.items() if k.kind != "skin"},
        ),
    )
    assert find_skin(bare, way) is None
    assert find_skin(ground, replace(way, window_lps_mm=np.array([500.0, 0, 0]))) is None


def _padded(one: Structure) -> object:
    values = np.pad(one.region.values, 10)
    affine = one.region.lps_from_ijk.copy()
    affine[:3, 3] -= 10 * one.region.spacing_mm
    return type(one.region)(values, affine, one.region.frame_id)


# --- the ground itself --------------------------------------------------------------------------


def test_without_a_lamina_a_way_is_refused_and_the_lamina_named() -> None:
    parts = [one for one in the_back() if str(one.key) != "lamina:L4"]
    ground = ground_of(*parts)
    with pytest.raises(AnatomyError, match="lamina:L4") as raised:
        find_back_way(ground, approaches()["open_fenestration"])
    assert raised.value.code == "AN-011"
    with pytest.raises(AnatomyError) as raised:
        _ = ground.lamina_mm
    assert raised.value.code == "AN-011"


def test_the_face_of_the_joint_is_where_the_processes_meet() -> None:
    ground = the_ground()
    surface, opposite = ground.find_facet_pairs(Side.LEFT)
    sap, iap = (ground.anatomy.require(k) for k in ("sap:L5:left", "iap:L4:left"))
    here, there = sap.region.lps_mm(surface), iap.region.lps_mm(opposite)
    assert len(surface) == len(opposite) >= 10 * 16
    apart = np.linalg.norm(here - there, axis=1)
    assert apart.max() <= value("planning.facet_reach_mm")
    assert apart.min() == pytest.approx(2)
    # voxels between 12 and 22 mm; their middles
    for side in Side:
        assert ground.joint_mm(side) == pytest.approx((12.5, 21.5))
    alone = ground_of(*(one for one in the_back() if one.key.kind != "iap"))
    assert alone.find_facet_pairs(Side.LEFT) is None
    assert alone.joint_mm(Side.LEFT) is None


def test_bone_in_the_way_is_counted_by_its_volume_near_the_target() -> None:
    ground = the_ground()
    near = sum(
        float((s.region.values > 0).sum())
        for s in ground.anatomy.structures.values()
        if s.key.kind in ("lamina", "sp") or str(s.key) in ("iap:L4:left", "sap:L5:left")
    )
    assert ground.estimate_bone_mm3(Everything()) == near
    far = ground_of(*the_back(), target_mm=(0.0, -300.0, 0.0))
    assert far.estimate_bone_mm3(Everything()) == 0
