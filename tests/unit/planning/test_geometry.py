"""The level as the surgeon sees it, and which lines pass its foramen."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.simple_spine import LEVEL, mirror_spine
from tests.unit.planning.small_problems import MIRROR, a_level

from kambin.anatomy import Anatomy, Level
from kambin.core import AnatomyError
from kambin.frames import Side, direction_from_angles
from kambin.knowledge import value
from kambin.planning.geometry import (
    LevelGeometry,
    cross_pedicle_line,
    find_foramen_fault,
    find_level_geometry,
)


def _find(anatomy: Anatomy, side: Side = Side.LEFT) -> LevelGeometry:
    return find_level_geometry(anatomy, level=LEVEL, side=side)


def _with_pedicles(anatomy: Anatomy, vertebra: str, pedicles: dict) -> Anatomy:
    frame = replace(anatomy.vertebra_frames[vertebra], pedicles=pedicles)
    return replace(anatomy, vertebra_frames={**anatomy.vertebra_frames, vertebra: frame})


@pytest.mark.parametrize("side", Side)
def test_the_boxes_give_the_lines_they_were_made_from(side: Side, a_simple_spine: Anatomy) -> None:
    level = _find(a_simple_spine, side)
    assert level.medial_pedicle_mm == pytest.approx(10.5)
    assert level.pedicle_centre_mm == pytest.approx(16.0)
    assert level.pedicle_width_mm == pytest.approx(11.0)
    assert level.foramen_top_mm == pytest.approx(19 + 1 - 7)
    assert level.foramen_floor_mm == pytest.approx(-19 + 5 + 7)
    assert (level.wall_mm, level.half_width_mm) == (18.0, 25.0)


def test_pedicle_lines_are_the_mean_of_above_and_below(a_simple_spine: Anatomy) -> None:
    wide = dict.fromkeys(Side, (20.0, 21.5, 1.0, 15.0, 14.0))
    level = _find(_with_pedicles(a_simple_spine, "L4", wide))
    assert level.pedicle_centre_mm == pytest.approx((20 + 16) / 2)
    assert level.pedicle_width_mm == pytest.approx((15 + 11) / 2)
    assert level.medial_pedicle_mm == pytest.approx(18 - 6.5)


def test_without_a_caudal_pedicle_the_end_plate_is_the_floor(a_simple_spine: Anatomy) -> None:
    level = _find(_with_pedicles(a_simple_spine, "L5", {}))
    assert level.foramen_floor_mm == -5.0  # half the disc's 10 mm
    assert level.pedicle_width_mm == pytest.approx(11.0)


def test_without_an_upper_pedicle_the_foramen_has_the_usual_height(
    a_simple_spine: Anatomy,
) -> None:
    level = _find(_with_pedicles(a_simple_spine, "L4", {}))
    assert level.foramen_top_mm == value("planning.foramen_height_mm")


def test_a_pedicle_of_the_other_side_is_no_help(a_simple_spine: Anatomy) -> None:
    right_only = {Side.RIGHT: (16.0, 21.5, 1.0, 11.0, 14.0)}
    spine = a_simple_spine
    for vertebra in ("L4", "L5"):
        spine = _with_pedicles(spine, vertebra, right_only)
    with pytest.raises(AnatomyError, match="AN-011") as caught:
        _find(spine, Side.LEFT)
    assert caught.value.where == "pedicle:L5:left"
    assert _find(spine, Side.RIGHT).pedicle_centre_mm == pytest.approx(16.0)


def test_a_disc_that_is_not_assessed_is_named(a_simple_spine: Anatomy) -> None:
    with pytest.raises(AnatomyError, match="AN-011") as caught:
        find_level_geometry(a_simple_spine, level=Level("L3", "L4"), side=Side.LEFT)
    assert caught.value.where == "disc:L3-L4"


@pytest.mark.parametrize("vertebra", ["L4", "L5"])
def test_a_vertebra_that_is_not_assessed_is_named(vertebra: str, a_simple_spine: Anatomy) -> None:
    frames = {v: f for v, f in a_simple_spine.vertebra_frames.items() if v != vertebra}
    with pytest.raises(AnatomyError, match="AN-011") as caught:
        _find(replace(a_simple_spine, vertebra_frames=frames))
    assert caught.value.where == f"vertebra:{vertebra}"


def test_the_mirrored_spine_has_the_same_lines(a_simple_spine: Anatomy) -> None:
    narrow = {
        Side.LEFT: (17.0, 21.5, 1.5, 9.0, 13.0),
        Side.RIGHT: (16.0, 21.5, 1.0, 11.0, 14.0),
    }
    spine = _with_pedicles(a_simple_spine, "L4", narrow)
    for side in Side:
        here, there = _find(spine, side), _find(mirror_spine(spine), side.opposite)
        assert replace(here, side=there.side, lps_from_disc=there.lps_from_disc) == there


@pytest.mark.parametrize("side", Side)
def test_lateral_is_counted_towards_the_asked_side(side: Side) -> None:
    level = a_level(side, origin_lps_mm=(1.0, 2.0, 3.0))
    outwards = level.surgical_mm((1 + 30 * side.lateral_sign_lps, 7.0, 8.0))
    assert outwards == pytest.approx([30.0, 5.0, 5.0])


@pytest.mark.parametrize("side", Side)
def test_there_and_back_is_the_same_point(side: Side, rng: np.random.Generator) -> None:
    level = a_level(side, tilt_deg=-17.0, origin_lps_mm=(4.0, -5.0, 60.0))
    points = rng.uniform(-80, 80, (3, 7, 3))
    assert level.lps_mm(level.surgical_mm(points)) == pytest.approx(points, abs=1e-12)
    assert level.surgical_mm(level.lps_mm(points)) == pytest.approx(points, abs=1e-12)


def test_a_tilted_disc_has_its_own_back_and_top() -> None:
    level = a_level(tilt_deg=30.0)
    up = (0.0, np.cos(np.radians(30)), np.sin(np.radians(30)))
    assert level.surgical_mm(up) == pytest.approx([0.0, 1.0, 0.0], abs=1e-12)


def test_a_path_crosses_the_line_by_proportion() -> None:
    entry, target = [(50.0, 60.0, 20.0)], [(10.0, 16.0, 0.0)]
    crossing = cross_pedicle_line(a_level(), entry, target, 15.0)
    assert crossing.shape == (1, 1, 3)
    assert crossing[0, 0] == pytest.approx([15.0, 16 + 44 / 8, 20 / 8])


def test_a_target_beyond_the_line_is_its_own_crossing() -> None:
    crossing = cross_pedicle_line(a_level(), [(50.0, 60.0, 20.0)], [(24.0, 9.0, 1.0)], 15.0)
    assert crossing[0, 0] == pytest.approx([24.0, 9.0, 1.0])


def test_a_path_that_never_reaches_the_line_is_followed_to_the_skin() -> None:
    sagittal = cross_pedicle_line(a_level(), [(5.0, 90.0, 0.0)], [(5.0, 18.0, 0.0)], 15.0)
    assert sagittal[0, 0] == pytest.approx([5.0, 90.0, 0.0])


def test_every_entry_is_paired_with_every_target(rng: np.random.Generator) -> None:
    entries, targets = rng.uniform(40, 90, (4, 3)), rng.uniform(5, 12, (3, 3))
    together = cross_pedicle_line(a_level(), entries, targets, 15.0)
    assert together.shape == (4, 3, 3)
    for e, entry in enumerate(entries):
        for t, target in enumerate(targets):
            alone = cross_pedicle_line(a_level(), [entry], [target], 15.0)[0, 0]
            assert together[e, t] == pytest.approx(alone, abs=1e-12)


def _fault_at(lateral: float, posterior: float, cranial: float, level: LevelGeometry) -> bool:
    """Whether a path through a point of the pedicle line does not pass the foramen."""
    point = np.array([lateral, posterior, cranial])
    way = 20 * direction_from_angles(60.0, 10.0)
    ends = level.lps_mm(point + way)[None], level.lps_mm(point - way / 4)[None]
    return bool(find_foramen_fault(level, *ends)[0, 0])


@pytest.mark.parametrize(
    ("posterior", "cranial", "is_fault"),
    [
        (20.0, 0.0, False),
        (20.0, 11.9, False),  # under the upper pedicle
        (20.0, 12.1, True),
        (20.0, -7.9, False),  # above the caudal pedicle
        (20.0, -8.1, True),
        (31.9, 0.0, False),  # 14 mm behind the wall at 18
        (32.1, 0.0, True),
        (5.0, 0.0, False),  # through the disc, in front of the foramen
    ],
)
def test_the_foramen_is_bounded_by_pedicles_and_depth(
    posterior: float, cranial: float, is_fault: bool
) -> None:
    for side in Side:
        for tilt in (0.0, 25.0):
            level = a_level(side, tilt_deg=tilt, origin_lps_mm=(2.0, 3.0, 4.0))
            assert _fault_at(15.0, posterior, cranial, level) is is_fault


def test_a_lateral_target_itself_must_lie_in_the_foramen() -> None:
    entry = [(60.0, 50.0, 13.0)]
    inside, above = [(20.0, 10.0, 11.0)], [(20.0, 10.0, 13.0)]
    assert not find_foramen_fault(a_level(), entry, inside)[0, 0]
    assert find_foramen_fault(a_level(), entry, above)[0, 0]


def test_the_interlaminar_window_is_no_foramen() -> None:
    # Steep from behind: it passes the pedicle line far behind the posterior wall.
    fault = find_foramen_fault(a_level(), [(30.0, 90.0, 0.0)], [(8.0, 18.0, 0.0)])
    assert fault.dtype == bool
    assert fault[0, 0]


def test_faults_are_the_same_in_the_mirror(rng: np.random.Generator) -> None:
    entries = rng.uniform((30, 20, -40), (90, 90, 40), (40, 3))
    targets = rng.uniform((0, 10, -8), (25, 20, 8), (20, 3))
    left = find_foramen_fault(a_level(Side.LEFT, tilt_deg=9.0), entries, targets)
    right = find_foramen_fault(
        a_level(Side.RIGHT, tilt_deg=9.0), entries * MIRROR, targets * MIRROR
    )
    assert np.array_equal(left, right)
    assert 0 < left.sum() < left.size
