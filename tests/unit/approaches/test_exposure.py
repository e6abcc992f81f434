"""What is grasped and seen of a ball at the end of a way from behind, past walls."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from tests.unit.approaches.made_back import structure
from tests.unit.approaches.small_ground import block, ground_of, mirrored, region_where

from kambin.anatomy import Structure
from kambin.approaches.back_ways import BackWay, find_back_way
from kambin.approaches.exposure import Exposure, expose, expose_approach
from kambin.approaches.ground import Ground
from kambin.core import AnatomyError
from kambin.frames import Side
from kambin.knowledge.approaches import approaches

NAMES = ("interlaminar", "microdiscectomy_tubular", "open_fenestration")
TARGET = (5.0, 15.0, 0.0)
"""Left, behind the disc; the lamina lies 15 to 25 mm behind it and above."""

NO_TILT = (0.0, 0.0)


def the_lamina(sign: int = 1) -> Structure:
    """High enough to be in nobody's way; it says how far behind the window lies."""
    return block("lamina:L4", *_ordered(sign, (-2, 30, 24), (10, 40, 34)))


def the_fragment(spacing_mm: float = 0.5) -> Structure:
    x, y, z = TARGET
    inside = {"radius": 2.0, "x": x, "y": y, "z": z}
    low, high = (tuple(v + s * 4.0 for v in TARGET) for s in (-1, 1))
    return structure("fragment", region_where(inside, low=low, high=high, spacing_mm=spacing_mm))


def wall(name: str, low_x: float = -25.0, high_x: float = 35.0) -> Structure:
    """A plate of 1 mm between the fragment and all tips."""
    return block(name, (low_x, 17.25, -22.0), (high_x, 18.25, 22.0), 1.0)


def _ordered(sign: int, low, high) -> tuple:
    x = sorted((sign * low[0], sign * high[0]))
    return (x[0], *low[1:]), (x[1], *high[1:])


def look(name: str, *parts: Structure, most_mm: float | None = None) -> Exposure:
    ground = ground_of(the_lamina(), the_fragment(), *parts, target_mm=TARGET)
    return expose(ground, straight(ground, name, most_mm))


def straight(ground: Ground, name: str, most_mm: float | None = None) -> BackWay:
    """The way without a tilt, moving nerves by no more than it is told."""
    row = approaches()[name]
    ground.tilts[name if row.bone == "tube" else "microdiscectomy_tubular"] = NO_TILT
    way = find_back_way(ground, row)
    if most_mm is None:
        return way
    limit = row.retraction_max_mm.model_copy(update={"value": most_mm})
    return replace(way, approach=row.model_copy(update={"retraction_max_mm": limit}))


@lru_cache
def free(name: str) -> Exposure:
    return look(name)


@pytest.mark.parametrize("name", NAMES)
def test_with_nothing_in_the_way_all_is_seen_and_grasped(name: str) -> None:
    assert free(name).visible_fraction == pytest.approx(1)
    assert free(name).reachable_fraction == pytest.approx(1)
    assert free(name).limited_by == ()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["body:L4", "exiting_root:L4:left"])
def test_a_ball_behind_a_wall_is_neither_seen_nor_grasped(name: str, kind: str) -> None:
    found = look(name, wall(kind))
    assert found.visible_fraction == 0
    assert found.reachable_fraction == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_wall_that_does_not_block_changes_nothing(name: str) -> None:
    assert look(name, wall("flavum:L4-L5")) == free(name)


def test_half_a_wall_hides_something_and_not_all() -> None:
    found = look("microdiscectomy_tubular", wall("body:L4", low_x=5.0))
    whole = free("microdiscectomy_tubular")
    assert 0 < found.reachable_fraction <= whole.reachable_fraction
    assert 0 < found.visible_fraction <= whole.visible_fraction
    slit = (wall("body:L4", low_x=5.5), wall("body:L5", high_x=4.5))
    narrow = look("microdiscectomy_tubular", *slit)
    # an open jaw reaches past a slit that its tip does not pass, sight is narrowed by it
    assert 0 < narrow.visible_fraction < found.visible_fraction < whole.visible_fraction
    shut = (wall("body:L4", low_x=4.5), wall("body:L5", high_x=4.5))
    assert look("microdiscectomy_tubular", *shut).visible_fraction == 0


def test_a_wall_of_bone_that_is_cut_is_none() -> None:
    name = "open_fenestration"
    kept, cut = (look(name, wall(kind)) for kind in ("pars:L4:left", "lamina:L5"))
    assert kept.visible_fraction == 0
    assert cut.visible_fraction > 0.5
    assert cut.reachable_fraction > 0.5


@pytest.mark.parametrize("name", NAMES)
def test_more_retraction_never_shows_less(name: str) -> None:
    root = block("traversing_root:L5:left", (-4.0, 17.25, -14.0), (10.0, 18.25, 14.0), 1.0)
    seen = [look(name, root, most_mm=most) for most in (0.0, 4.0, 8.0, 30.0)]
    for field in ("visible_fraction", "reachable_fraction"):
        shares = [getattr(one, field) for one in seen]
        assert shares == sorted(shares), field
        assert shares[0] < shares[-1], field
    assert {one.root_retraction_mm for one in seen} == {seen[0].root_retraction_mm}
    assert 4 < seen[0].root_retraction_mm < 30
    assert seen[0].limited_by == ("retraction",)
    assert seen[-1].limited_by == ()
    assert seen[0].retraction_structure == "traversing_root:L5:left"


def test_a_nerve_beside_the_way_is_not_moved_and_hides_nothing() -> None:
    sac = block("dural_sac", (-14, 10, -14), (-6, 20, 14), 1.0)
    found = look("microdiscectomy_tubular", sac)
    assert found.root_retraction_mm == 0.0
    assert found.retraction_structure == ""
    assert found.retraction_sigma_mm == 0.5
    assert found.visible_fraction == pytest.approx(1)


@pytest.mark.parametrize("name", NAMES)
def test_without_a_fragment_only_the_retraction_is_told(name: str) -> None:
    root = block("traversing_root:L5:left", (-4.0, 12.0, -14.0), (8.0, 18.0, 14.0), 1.0)
    ground = ground_of(the_lamina(), root, target_mm=TARGET)
    found = expose(ground, straight(ground, name))
    assert found.visible_fraction is found.reachable_fraction is None
    assert found.root_retraction_mm > 5
    assert found.limited_by == (("retraction",) if found.root_retraction_mm > 8 else ())


@pytest.mark.parametrize("name", NAMES)
def test_without_a_nerve_retraction_is_null_and_reach_is_not(name: str) -> None:
    found = free(name)
    assert found.root_retraction_mm is found.retraction_sigma_mm is None
    assert found.retraction_structure == ""
    assert found.visible_fraction is not None


@pytest.mark.parametrize("name", NAMES)
def test_the_mirrored_patient_shows_the_same(name: str) -> None:
    root = block("traversing_root:L5:left", (1.0, 18.5, -14.0), (10.0, 20.5, 14.0), 1.0)
    bar = wall("body:L4", low_x=5.5)
    # finer voxels are asked by one of each block, and which is no mirror image
    ball = the_fragment(spacing_mm=1.0)
    here = ground_of(the_lamina(), ball, root, bar, target_mm=TARGET)
    left = expose(here, straight(here, name))
    assert 0 < left.visible_fraction <= 1
    other = replace(mirrored(root), key=replace(root.key, side=Side.RIGHT))
    parts = (the_lamina(-1), mirrored(ball), mirrored(bar), other)
    ground = ground_of(*parts, side=Side.RIGHT, target_mm=(-TARGET[0], *TARGET[1:]))
    right = expose(ground, straight(ground, name))
    assert right.root_retraction_mm == pytest.approx(left.root_retraction_mm)
    assert right.visible_fraction == pytest.approx(left.visible_fraction)
    assert right.reachable_fraction == pytest.approx(left.reachable_fraction)
    assert right.limited_by == left.limited_by


def test_a_target_off_the_axis_is_said() -> None:
    ground = ground_of(the_lamina(), target_mm=(38.0, 15.0, 0.0))
    found = expose_approach(ground, "interlaminar")
    assert found.limited_by == ("aim",)
    with pytest.raises(AnatomyError) as raised:
        expose_approach(ground_of(the_fragment(), target_mm=TARGET), "interlaminar")
    assert raised.value.code == "AN-011"


def test_shares_weigh_each_part_of_the_fragment_by_its_volume() -> None:
    # a second ball far to the side, out of reach and sight: as large as the first
    region = the_fragment().region
    values = np.zeros((region.shape[0] + 80, *region.shape[1:]), dtype=np.uint8)
    values[: region.shape[0]] = region.values
    values[-region.shape[0] :] = region.values
    both = replace(region, values=values)
    fragment = replace(the_fragment(), region=both)
    bar = wall("body:L4", low_x=10.0, high_x=70.0)
    pillar = block("body:L5", (12.0, -5.0, -22.0), (14.0, 18.0, 22.0), 1.0)
    ground = ground_of(the_lamina(), fragment, bar, pillar, target_mm=TARGET)
    found = expose(ground, straight(ground, "microdiscectomy_tubular"))
    assert found.visible_fraction == pytest.approx(0.5)
    assert found.reachable_fraction == pytest.approx(0.5)
