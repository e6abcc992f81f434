"""What blocks forceps and sight: distances to walls, which bone counts as what, and its box."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from tests.unit.planning import made_level as level

from kambin.anatomy import Anatomy, Origin, Structure
from kambin.frames import Side
from kambin.imaging import Grid, region_from_mask
from kambin.knowledge import value
from kambin.planning.geometry import find_level_geometry
from kambin.planning.reach_scene import (
    FAR_MM,
    NEAR_MM,
    ReachScene,
    build_scene,
    find_obstacles,
)

GRID = Grid.around(
    (-20, -16, -16), (24, 16, 16), spacing_mm=1.0, anchor_lps_mm=(0, 0, 0), frame_id=level.FRAME
)
X, Y, Z = np.meshgrid(*GRID.axes_mm(), indexing="ij")
CORNERS = np.array([[-8.0, -4, -4], [12.0, 4, 4]])
NOTHING_REAMED = np.zeros((0, 7))
SHAFT_MM = 1.75


def _make(name: str, inside: NDArray[np.bool_], **parts: object) -> Structure:
    return level.make_structure(name, region_from_mask(inside, GRID), **parts)


FRAGMENT = _make("fragment", (X + 6) ** 2 + Y**2 + Z**2 <= 4)


def _wall(name: str, **parts: object) -> Structure:
    """A wall from x = 2.5 to x = 5.5 mm across everything."""
    return _make(name, (X >= 3) & (X <= 5), **parts)


def _build(
    *structures: Structure,
    reamed: NDArray[np.float64] = NOTHING_REAMED,
    frees_rim: bool = False,
    side: Side = level.SIDE,
    spacing_mm: float = 1.0,
) -> ReachScene:
    anatomy: Anatomy = level.make_anatomy({str(s.key): s for s in (FRAGMENT, *structures)})
    return build_scene(
        anatomy,
        find_level_geometry(anatomy, level=level.LEVEL, side=side),
        CORNERS,
        reamed,
        frees_rim=frees_rim,
        shaft_mm=SHAFT_MM,
        spacing_mm=spacing_mm,
    )


def _at(scene: ReachScene, field: NDArray[np.float32], point: object) -> float:
    node = np.rint(scene.grid.ijk(np.array([point], dtype=float)))[0].astype(int)
    return float(field[tuple(node)])


@pytest.mark.parametrize("spacing", [0.5, 1.0])
@pytest.mark.parametrize("x", [-4.0, 0.0, 2.0, 4.0, 8.0])
def test_the_distance_to_a_wall_is_that_to_its_face(x: float, spacing: float) -> None:
    scene = _build(_wall(level.SAC), spacing_mm=spacing)
    expected = max(2.5 - x, x - 5.5)
    assert _at(scene, scene.soft, (x, 0, 8)) == pytest.approx(expected, abs=0.51 * spacing)


def test_the_box_holds_all_corners_and_room_around_them() -> None:
    scene = _build()
    room = value("reach.scene_room_mm")
    assert scene.holds(CORNERS)
    assert scene.holds(np.array([CORNERS[0] - room, CORNERS[1] + room]))
    assert not scene.holds(CORNERS + np.array([2 * room, 0, 0]))


def test_the_kernels_get_the_first_node_the_spacing_and_the_contact() -> None:
    scene = _build()
    assert scene.frame.tolist() == [
        *scene.grid.origin_lps_mm,
        scene.grid.spacing_mm,
        value("reach.bone_contact_mm"),
    ]
    bone, soft, cut = scene.fields
    assert bone is scene.bone
    assert soft is scene.soft
    assert cut is scene.cut


def test_where_nothing_blocks_everything_is_far() -> None:
    scene = _build()
    assert all((field == FAR_MM).all() for field in (*scene.fields, scene.sure))
    assert scene.blockers == scene.modelled == ()


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("lamina:L4", "bone"),
        ("iap:L4:left", "bone"),
        ("sap:L5:right", "bone"),
        ("sap:L5:left", "cut"),
        ("dural_sac", "soft"),
        ("traversing_root:L5:left", "soft"),
        ("aorta", "soft"),
        ("kidney:left", "soft"),
    ],
)
def test_each_structure_blocks_as_what_it_is(name: str, field: str) -> None:
    scene = _build(_wall(name))
    assert [str(key) for key in scene.blockers] == [name]
    for other in ("bone", "soft", "cut"):
        assert (_at(scene, getattr(scene, other), (4, 0, 0)) < 0) is (other == field)


def test_from_the_other_side_the_other_process_may_be_reamed() -> None:
    scene = _build(_wall("sap:L5:right"), side=Side.RIGHT)
    assert _at(scene, scene.cut, (4, 0, 0)) < 0
    assert (scene.bone == FAR_MM).all()


@pytest.mark.parametrize("frees", [True, False])
def test_the_rim_may_be_reamed_only_where_the_plan_says_so(frees: bool) -> None:
    scene = _build(_wall(level.RIM), frees_rim=frees)
    assert (_at(scene, scene.cut, (4, 0, 0)) < 0) is frees
    assert (_at(scene, scene.bone, (4, 0, 0)) < 0) is not frees


@pytest.mark.parametrize("name", ["disc:L4-L5", "flavum:L4-L5", "psoas:left", "skin"])
def test_disc_ligament_muscle_and_skin_do_not_block(name: str) -> None:
    scene = _build(_wall(name))
    assert scene.blockers == ()
    assert all((field == FAR_MM).all() for field in scene.fields)


@pytest.mark.parametrize(
    ("origin", "modelled"), [(Origin.MODELLED, (level.SAC,)), (Origin.SEGMENTED, ())]
)
def test_a_modelled_sac_is_a_guess_and_a_segmented_one_is_sure(
    origin: Origin, modelled: tuple[str, ...]
) -> None:
    scene = _build(_wall(level.SAC, origin=origin))
    assert tuple(str(key) for key in scene.modelled) == modelled
    assert _at(scene, scene.soft, (4, 0, 0)) < 0
    assert (_at(scene, scene.sure, (4, 0, 0)) < 0) is (not modelled)


def test_a_modelled_segmental_artery_blocks_nothing() -> None:
    scene = _build(_wall("segmental_artery:L4:left", origin=Origin.MODELLED))
    assert scene.blockers == ()


def test_what_is_far_from_the_box_is_not_named() -> None:
    high = _make(level.SAC, Z > 14)
    assert _build(high).blockers == ()


def test_bone_in_a_channel_is_gone_and_its_wall_stays() -> None:
    channel = np.array([[-4.0, 0, 0, 20, 0, 0, 3.0]])
    scene = _build(_wall(level.SAP), reamed=channel)
    assert _at(scene, scene.cut, (4, 0, 0)) == pytest.approx(3.0, abs=0.6)
    assert _at(scene, scene.cut, (4, 6, 0)) < 0


def test_a_channel_takes_no_bone_that_must_stay() -> None:
    channel = np.array([[-4.0, 0, 0, 20, 0, 0, 3.0]])
    scene = _build(_wall("lamina:L4"), reamed=channel)
    assert _at(scene, scene.bone, (4, 0, 0)) < 0


def test_where_the_fragment_lies_nothing_else_is() -> None:
    # a sac all over the fragment, as a model that does not know of it draws it
    sac = _make(level.SAC, X <= -3)
    scene = _build(sac)
    assert _at(scene, scene.soft, (-6, 0, 0)) >= SHAFT_MM
    assert _at(scene, scene.soft, (-6, 5, 0)) < 0
    assert _at(scene, scene.soft, (0, 0, 0)) == pytest.approx(2.5, abs=0.51)


def test_two_blockers_of_a_kind_are_one_field() -> None:
    near, far = _make(level.SAC, X >= 8), _make("traversing_root:L5:left", X <= -10)
    both = _build(near, far)
    alone = [_build(one).soft for one in (near, far)]
    assert [str(key) for key in both.blockers] == [level.SAC, "traversing_root:L5:left"]
    assert np.allclose(both.soft, np.minimum(*alone))


def test_what_a_narrower_box_names_is_what_a_box_of_its_own_would() -> None:
    structures = (_wall(level.SAC, origin=Origin.MODELLED), _make("exiting_root:L4:left", Z > 9))
    anatomy = level.make_anatomy({str(s.key): s for s in (FRAGMENT, *structures)})
    geometry = find_level_geometry(anatomy, level=level.LEVEL, side=level.SIDE)
    parts = {"frees_rim": False, "shaft_mm": SHAFT_MM, "spacing_mm": 1.0}
    wide = find_obstacles(anatomy, geometry, CORNERS * 1.5, **parts)
    for corners in (CORNERS, CORNERS * 0.4):
        alone = find_obstacles(anatomy, geometry, corners, **parts).scene
        narrow = wide.narrow(anatomy, corners).scene
        assert (narrow.blockers, narrow.modelled) == (alone.blockers, alone.modelled)
    assert len(wide.scene.blockers) == 2


def test_near_bone_that_is_left_a_scene_reamed_later_is_one_reamed_at_once() -> None:
    reamed = np.array([[-9.0, 0, 0, 9, 0, 0, 3.0]])
    anatomy = level.make_anatomy({str(s.key): s for s in (FRAGMENT, _wall("sap:L5:left"))})
    geometry = find_level_geometry(anatomy, level=level.LEVEL, side=level.SIDE)
    found = find_obstacles(
        anatomy, geometry, CORNERS, frees_rim=False, shaft_mm=SHAFT_MM, spacing_mm=0.5
    )
    before, after = found.scene.cut, found.ream(reamed).cut
    at_once = _build(_wall("sap:L5:left"), reamed=reamed, spacing_mm=0.5).cut
    assert np.array_equal(after, at_once)
    assert (after >= before).all()
    assert (after > before).any()
    assert np.array_equal(found.ream(NOTHING_REAMED).cut, before)
    near = after < NEAR_MM - 0.5
    assert near.any()
    left = after < 0
    to_left = ndimage.distance_transform_edt(~left, sampling=0.5) - 0.25
    assert np.abs(after - to_left)[near & ~left].max() < 1e-5
