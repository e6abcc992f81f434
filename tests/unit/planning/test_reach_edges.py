"""Reach at its edges: no fragment, an empty one, one far away, a tube that cannot turn, drags."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning import made_level as level
from tests.unit.planning.test_reach import (
    GRID,
    HANDLING,
    NOTHING,
    PATH,
    STILL,
    World,
    X,
    Y,
    Z,
)

from kambin.anatomy import Anatomy, Structure
from kambin.frames import Side
from kambin.imaging import LabelMap, region_from_mask
from kambin.knowledge import value
from kambin.planning import Path
from kambin.planning.geometry import find_level_geometry
from kambin.planning.reach import (
    NO_FRAGMENT,
    find_pivot,
    find_swivels,
    has_fragment,
    make_scene,
    map_reach,
    measure_reach,
    measure_reachable,
    no_reach,
)
from kambin.planning.reach_ground import ReachGround
from kambin.planning.reach_map import BOTH, NEITHER, OUTSIDE, REMOVABLE, VISIBLE
from kambin.planning.reach_models import Reach
from kambin.planning.resection import find_capsule

COARSE = replace(HANDLING, azimuth_deg=90.0, bend_step_deg=20.0, block_mm=2.0)


def _block(
    name: str, low: tuple[float, ...], high: tuple[float, ...], **parts: object
) -> Structure:
    inside = np.ones(GRID.shape, dtype=bool)
    for axis, a, b in zip((X, Y, Z), low, high, strict=True):
        inside &= (axis >= a) & (axis <= b)
    return level.make_structure(name, region_from_mask(inside, GRID), **parts)


FRAGMENT = _block("fragment", (-8, -3, -6), (-2, 3, 6))
SAC = _block(level.SAC, (2, -20, -20), (4, 20, -3))


@pytest.fixture(scope="module")
def half_hidden() -> World:
    """A fragment of which a sac hides the lower part."""
    return World(FRAGMENT, SAC)


@pytest.fixture(scope="module")
def measured(half_hidden: World) -> Reach:
    return _measure(half_hidden)


def _measure(world: World, *, quick: bool = False, path: Path = PATH) -> Reach:
    found, _ = measure_reach(
        world.anatomy, world.geometry, path, world.tools, world.hazards, NOTHING, quick=quick
    )
    return found


# No fragment


def test_an_empty_fragment_is_no_fragment() -> None:
    region = FRAGMENT.region
    empty = LabelMap(np.zeros_like(region.values), region.lps_from_ijk, region.frame_id)
    world = World(level.make_structure("fragment", empty))
    assert not has_fragment(world.anatomy)
    assert _measure(world).not_assessed_reason == NO_FRAGMENT


def test_a_case_with_one_voxel_of_fragment_has_one() -> None:
    one = World(_block("fragment", (-4, 0, 0), (-4, 0, 0)))
    assert has_fragment(one.anatomy)
    assert _measure(one, quick=True).reachable_fraction == 1.0


def test_what_is_not_assessed_is_null_with_its_reason() -> None:
    document = no_reach("The labels do not say.").model_dump()
    assert document.pop("not_assessed_reason") == "The labels do not say."
    assert set(document.values()) == {None, ()}


# A fragment elsewhere


def test_a_fragment_behind_the_tube_is_neither_reached_nor_seen() -> None:
    world = World(_block("fragment", (30, -3, -3), (36, 3, 3)))
    found = world.map(COARSE)
    assert found.share(NEITHER) == 1.0


def test_a_fragment_beyond_all_forceps_is_seen_and_stays() -> None:
    # straight forceps end 15 mm past the target, at x = -11, their jaw 4 mm further
    world = World(_block("fragment", (-19, -2, -2), (-17, 2, 2)))
    found = world.map(STILL)
    assert found.share(VISIBLE) == 1.0
    assert found.residual.sum() == (found.classes != OUTSIDE).sum()


def test_a_fragment_out_of_reach_is_told_with_its_whole_volume() -> None:
    world = World(_block("fragment", (-19, -2, -2), (-17, 2, 2)))
    # the tube looks at a target 16 mm further out
    reach = _measure(world, path=replace(PATH, target_lps_mm=np.array([20.0, 0, 0])))
    assert reach.reachable_fraction == 0
    assert reach.residual is not None
    assert reach.residual.volume_mm3 == reach.residual_mm3 == reach.fragment_mm3
    assert reach.residual.pieces == 1


def test_docking_nearer_reaches_more_of_a_deep_fragment() -> None:
    world = World(_block("fragment", (-18, -9, -9), (-10, 9, 9)))
    shares = [
        world.map(COARSE, path=replace(PATH, stop_mm=s)).share(REMOVABLE, BOTH) for s in (20.0, 6.0)
    ]
    # both go as far past the target: what a nearer tube wins, it wins by the turn of its tip
    assert shares[0] <= shares[1] + 0.05
    assert shares[1] > 0


# What the document says


def test_the_shares_of_a_document_belong_together(measured: Reach) -> None:
    assert measured.not_assessed_reason is None
    parts = [measured.reachable_fraction, measured.visible_fraction, measured.both_fraction]
    reach, seen, both = parts
    assert None not in parts
    # those reached or seen, and those neither, are all
    assert reach + seen - both + measured.neither_fraction == pytest.approx(1)
    assert measured.rigid_fraction <= reach
    assert measured.visible_best_rotation_fraction <= seen
    assert both <= min(reach, seen)


def test_what_is_left_and_what_is_reached_are_the_fragment(measured: Reach) -> None:
    voxels = int(FRAGMENT.region.values.sum()) * 0.5**3
    assert measured.fragment_mm3 == pytest.approx(voxels)
    reached = measured.reachable_fraction * measured.fragment_mm3
    assert reached + measured.residual_mm3 == pytest.approx(measured.fragment_mm3)


def test_the_best_rotation_is_one_of_those_that_were_tried(measured: Reach) -> None:
    step = 360 / value("reach.scope_rotations")
    turns = measured.best_rotation_deg / step
    assert turns == pytest.approx(round(turns))
    assert 0 <= measured.best_rotation_deg < 360


def test_without_an_obstacle_never_less_is_reached(measured: Reach) -> None:
    assert measured.without_removable_fraction >= measured.reachable_fraction
    # the sac of this scene is segmented: no guess is in the way
    assert measured.blockers_modelled == ()
    assert measured.without_modelled_fraction is None


def test_a_dragged_path_does_not_ask_what_single_obstacles_take(half_hidden: World) -> None:
    quick = _measure(half_hidden, quick=True)
    assert quick.without_removable_fraction is None
    assert quick.reachable_fraction is not None


def test_the_share_alone_is_that_of_the_document(half_hidden: World, measured: Reach) -> None:
    alone = measure_reachable(
        half_hidden.anatomy,
        half_hidden.geometry,
        PATH,
        half_hidden.tools,
        half_hidden.hazards,
        NOTHING,
    )
    assert alone == measured.reachable_fraction


def test_a_modelled_sac_costs_what_it_hides() -> None:
    sac = _block(level.SAC, (2, -20, -20), (4, 20, 20), origin=level.Origin.MODELLED)
    found = _measure(World(FRAGMENT, sac))
    assert found.blockers_modelled == (level.SAC,)
    assert found.reachable_fraction == 0
    assert found.without_modelled_fraction > 0.3


def test_bone_left_ahead_costs_what_it_hides() -> None:
    found = _measure(World(FRAGMENT, _block(level.SAP, (2, -20, -20), (4, 20, 20))))
    assert found.reachable_fraction == 0
    assert found.without_removable_fraction > 0.3
    assert found.without_modelled_fraction is None


# Blocks of voxels


@pytest.mark.parametrize("block", [0.5, 1.0, 2.0, 4.0])
def test_coarser_blocks_count_every_voxel_of_the_fragment(half_hidden: World, block: float) -> None:
    found = half_hidden.map(replace(COARSE, block_mm=block))
    assert np.array_equal(found.classes != OUTSIDE, FRAGMENT.region.values > 0)
    fine = half_hidden.map(replace(COARSE, block_mm=0.5))
    assert found.share(REMOVABLE, BOTH) == pytest.approx(fine.share(REMOVABLE, BOTH), abs=0.1)


# The swivel


def test_without_swivel_only_the_planned_direction_is_asked(half_hidden: World) -> None:
    shafts, asked = find_swivels(
        half_hidden.geometry, PATH, half_hidden.tools, half_hidden.hazards, NOTHING, STILL
    )
    assert (len(shafts), asked) == (1, 1)
    assert shafts[0].tilt_deg == 0


def test_a_tube_that_is_held_all_round_keeps_its_direction() -> None:
    walls = [
        _block("iap:L4:left", (8, -20, 5), (30, 20, 9)),
        _block("lamina:L4", (8, -20, -9), (30, 20, -5)),
        _block("lamina:L5", (8, 5, -9), (30, 9, 9)),
        _block("pars:L4:left", (8, -9, -9), (30, -5, 9)),
    ]
    world = World(FRAGMENT, *walls)
    shafts, asked = find_swivels(
        world.geometry, PATH, world.tools, world.hazards, NOTHING, HANDLING
    )
    assert asked == 25
    assert len(shafts) == 1
    assert _measure(world, quick=True).swivel_deg == 0


def test_no_larger_tilt_is_free_where_a_smaller_one_is_not() -> None:
    root = level.make_tube(level.ROOT, [(11, -15, 6.45), (11, 15, 6.45)], 2.0)
    world = World(FRAGMENT, root)
    shafts, _ = find_swivels(world.geometry, PATH, world.tools, world.hazards, NOTHING, HANDLING)
    tilts = {(s.azimuth_deg, s.tilt_deg) for s in shafts if s.tilt_deg > 0}
    assert 0 < len(tilts) < 24
    assert all((azimuth, 5.0) in tilts for azimuth, tilt in tilts if tilt == 10.0)


@pytest.mark.parametrize(("stop", "pivot"), [(2.0, 16.0), (6.0, 16.0), (20.0, 24.0)])
def test_the_pivot_is_the_pedicle_line_or_the_tip_if_that_lies_further_out(
    half_hidden: World, stop: float, pivot: float
) -> None:
    assert half_hidden.geometry.pedicle_centre_mm == 16.0
    found = find_pivot(half_hidden.geometry, replace(PATH, stop_mm=stop))
    assert found == pytest.approx([pivot, 0, 0])


# The mirror


def _mirrored(structure: Structure) -> Structure:
    region = structure.region
    affine = region.lps_from_ijk.copy()
    affine[0, 3] = -(affine[0, 3] + affine[0, 0] * (region.shape[0] - 1))
    flipped = LabelMap(region.values[::-1], affine, region.frame_id)
    return level.make_structure(str(structure.key).replace("left", "right"), flipped)


def test_in_a_mirror_as_much_is_reached_and_the_mirrored_part_stays() -> None:
    parts = (
        _block("fragment", (-8, -4, -9), (-2, 2, 9)),
        _block(level.SAC, (2, -20, -20), (4, 20, -2)),
        _block("iap:L4:left", (-2, 2, 3), (4, 8, 9)),
    )
    here = World(*parts)
    anatomy: Anatomy = level.make_anatomy({str(s.key): s for s in map(_mirrored, parts)})
    there = World(*parts)
    there.anatomy = anatomy
    there.geometry = find_level_geometry(anatomy, level=level.LEVEL, side=Side.RIGHT)
    flip = np.array([-1.0, 1, 1])
    path = Path(PATH.entry_lps_mm * flip, PATH.target_lps_mm * flip, PATH.stop_mm)
    channel = find_capsule(path, 0.0)[None]
    # no swivel: the fields of what limits it are not what is mirrored here
    still = replace(STILL, bend_deg=60.0, bend_step_deg=10.0)
    swivels = find_swivels(there.geometry, path, there.tools, there.hazards, channel, still)
    ground = ReachGround(anatomy, there.geometry)
    scene = make_scene(ground, path, there.tools, swivels[0], channel, still)
    found = map_reach(ground, scene, path, swivels, channel, still)
    expected = here.map(still)
    # a sample on a surface to the last bit may fall either way
    different = found.classes[::-1] != expected.classes
    assert different.sum() <= 0.02 * (expected.classes != OUTSIDE).sum()
    assert 0.1 < expected.share(REMOVABLE, BOTH) < 0.95
