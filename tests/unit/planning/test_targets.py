"""Where the needle should end: zones, points and the fragment."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.simple_spine import GRID, LEVEL, mirror_spine
from tests.unit.planning.small_problems import MIRROR, a_block, a_level, a_structure

from kambin.anatomy import Anatomy, StructureKey
from kambin.core import AnatomyError, RequestError
from kambin.frames import Side
from kambin.imaging import region_from_mask
from kambin.knowledge import find_target_rule, target_rules, techniques, value
from kambin.planning import ZONES, PlanRequest
from kambin.planning.geometry import LevelGeometry, find_level_geometry
from kambin.planning.kinds import Kind
from kambin.planning.targets import Targets, find_goal_mm, find_targets, find_zone_centre

# Pedicles of the boxes: 10.5 to 21.5 mm lateral. The annulus is the last voxel of the oval
# (x / 25)^2 + (y / 18)^2 <= 1 within 2 mm of the zone's line, and half a voxel more.
ZONE_CENTRES = {
    "central": (0.0, 18.5),
    "paracentral": (10.5, 16.5),
    "subarticular": (12.7, 16.5),
    "foraminal": (16.0, 14.5),
    "extraforaminal": (24.25, 7.5),
}


@pytest.fixture(scope="session")
def the_left_level(a_simple_spine: Anatomy) -> LevelGeometry:
    return find_level_geometry(a_simple_spine, level=LEVEL, side=Side.LEFT)


@pytest.fixture(scope="session")
def the_right_level(a_simple_spine: Anatomy) -> LevelGeometry:
    return find_level_geometry(a_simple_spine, level=LEVEL, side=Side.RIGHT)


def _ask(anatomy: Anatomy, side: Side = Side.LEFT, **what) -> Targets:
    geometry = find_level_geometry(anatomy, level=LEVEL, side=side)
    return find_targets(anatomy, geometry, PlanRequest(LEVEL, side, **what))


@pytest.mark.parametrize("zone", ZONES)
def test_a_zone_lies_on_the_annulus_at_its_share_of_the_pedicle(
    zone: str, a_simple_spine: Anatomy, the_left_level: LevelGeometry
) -> None:
    lateral, posterior = ZONE_CENTRES[zone]
    centre = find_zone_centre(a_simple_spine, the_left_level, zone)
    assert centre == pytest.approx([lateral, posterior, 0.0])


def test_zones_go_outwards_in_the_order_of_their_names(
    a_simple_spine: Anatomy, the_left_level: LevelGeometry
) -> None:
    lateral = [find_zone_centre(a_simple_spine, the_left_level, zone)[0] for zone in ZONES]
    assert lateral == sorted(lateral)
    assert len(set(lateral)) == len(ZONES)


def test_a_zone_never_lies_beyond_the_disc(
    a_simple_spine: Anatomy, the_left_level: LevelGeometry
) -> None:
    narrow = replace(the_left_level, half_width_mm=20.0)
    assert find_zone_centre(a_simple_spine, narrow, "extraforaminal")[0] == 20.0
    assert find_zone_centre(a_simple_spine, narrow, "foraminal")[0] == pytest.approx(16.0)


def test_the_central_zone_is_the_midline_however_wide_the_pedicles(
    a_simple_spine: Anatomy, the_left_level: LevelGeometry
) -> None:
    for medial in (2.0, 14.0):
        other = replace(the_left_level, medial_pedicle_mm=medial)
        assert find_zone_centre(a_simple_spine, other, "central")[0] == 0.0


def test_without_disc_voxels_there_the_posterior_rim_is_the_annulus(
    a_simple_spine: Anatomy, the_left_level: LevelGeometry
) -> None:
    # The pedicles are asked for far outside the disc's mask, but inside its stated width.
    outside = replace(the_left_level, medial_pedicle_mm=60.0, half_width_mm=70.0, wall_mm=17.25)
    assert find_zone_centre(a_simple_spine, outside, "paracentral")[1] == 17.25


def test_a_disc_without_mask_has_no_zones(
    a_simple_spine: Anatomy, the_left_level: LevelGeometry
) -> None:
    kept = {k: s for k, s in a_simple_spine.structures.items() if k.kind != "disc"}
    spine = replace(a_simple_spine, structures=kept)
    with pytest.raises(AnatomyError, match="AN-011"):
        find_zone_centre(spine, the_left_level, "paracentral")


@pytest.mark.parametrize("zone", ZONES)
def test_the_box_of_a_zone_has_the_listed_size(zone: str, a_simple_spine: Anatomy) -> None:
    targets = _ask(a_simple_spine, zone=zone)
    lateral, posterior = ZONE_CENTRES[zone]
    low, high = targets.points_lps_mm.min(axis=0), targets.points_lps_mm.max(axis=0)
    assert len(targets.points_lps_mm) == 5 * 3 * 5
    assert low == pytest.approx([lateral - 4, posterior - 2, -3])
    assert high == pytest.approx([lateral + 4, posterior + 1.5, 3])
    assert targets.zone == zone


def test_the_centre_is_one_of_the_targets(a_simple_spine: Anatomy) -> None:
    targets = _ask(a_simple_spine, zone="paracentral")
    at = int(np.argmin(targets.offsets_mm))
    assert targets.offsets_mm[at] == 0
    assert targets.points_lps_mm[at] == pytest.approx(targets.centre_lps_mm)


def test_offsets_are_distances_from_the_centre(a_simple_spine: Anatomy) -> None:
    for what in ({"zone": "foraminal"}, {"target_lps_mm": (9.0, 17.0, 2.0)}):
        targets = _ask(a_simple_spine, **what)
        away = np.linalg.norm(targets.points_lps_mm - targets.centre_lps_mm, axis=1)
        assert targets.offsets_mm == pytest.approx(away, abs=1e-12)


def test_a_point_is_surrounded_by_a_millimetre(a_simple_spine: Anatomy) -> None:
    targets = _ask(a_simple_spine, target_lps_mm=(9.0, 17.0, 2.0))
    assert targets.centre_lps_mm == pytest.approx([9.0, 17.0, 2.0])
    assert targets.points_lps_mm.min(axis=0) == pytest.approx([8.0, 16.0, 1.0])
    assert targets.points_lps_mm.max(axis=0) == pytest.approx([10.0, 18.0, 3.0])
    assert len(targets.points_lps_mm) == 125
    assert targets.zone is None


def test_a_point_goes_before_a_zone(a_simple_spine: Anatomy) -> None:
    both = _ask(a_simple_spine, target_lps_mm=(9.0, 17.0, 2.0), zone="central")
    alone = _ask(a_simple_spine, target_lps_mm=(9.0, 17.0, 2.0))
    assert np.array_equal(both.points_lps_mm, alone.points_lps_mm)


def _with_fragment(anatomy: Anatomy) -> Anatomy:
    fragment = a_structure("fragment", a_block((6, 16, -3), (10, 21, -1)))
    return replace(anatomy, structures={**anatomy.structures, fragment.key: fragment})


def test_the_fragment_is_aimed_at_in_it_and_in_the_disc_at_its_base(
    a_simple_spine: Anatomy,
) -> None:
    targets = _ask(_with_fragment(a_simple_spine))
    assert targets.centre_lps_mm == pytest.approx([8.0, 18.5, -2.0])
    assert targets.zone is None
    x, y, z = targets.points_lps_mm.T
    nearest = np.clip(targets.points_lps_mm, (6, 16, -3), (10, 21, -1))
    away = np.linalg.norm(targets.points_lps_mm - nearest, axis=1)
    in_disc = (x / 25) ** 2 + (y / 18) ** 2 < 1.1
    assert (away < 0.5).any()
    assert ((away > 0.5) & in_disc).any()
    assert (in_disc | (away < 0.5)).all()
    assert away.max() <= value("planning.fragment_base_mm")
    from_aim = np.linalg.norm(targets.points_lps_mm - targets.aim_lps_mm, axis=1)
    assert targets.offsets_mm == pytest.approx(from_aim)
    assert (np.diff(x) >= 0).all()
    assert np.abs(z + 2).max() >= 2


def test_a_fragment_is_aimed_at_where_its_kind_is(
    a_simple_spine: Anatomy, the_left_level: LevelGeometry
) -> None:
    targets = _ask(_with_fragment(a_simple_spine))
    assert targets.kind == Kind("paracentral", "none")
    assert targets.rule is not None
    assert targets.rule.name == "paracentral"
    # On the medial pedicle line, 2.5 mm behind the annulus there, as high as the fragment.
    lateral, annulus = ZONE_CENTRES["paracentral"]
    assert targets.goal_lps_mm == pytest.approx([lateral, annulus + 2.5, -2.0])
    mirrored = _ask(mirror_spine(_with_fragment(a_simple_spine)), Side.RIGHT)
    assert mirrored.goal_lps_mm == pytest.approx(targets.goal_lps_mm * MIRROR)
    assert mirrored.kind == targets.kind


@pytest.mark.parametrize(
    ("zone", "migration", "rule", "low", "high"),
    [
        ("paracentral", "near-up", "up", 3.0, 10.0),
        ("central", "far-up", "up", 3.0, 10.0),
        ("paracentral", "near-down", "near-down", -14.0, -5.0),
        ("subarticular", "far-down", "far-down", -25.0, -14.0),
        ("foraminal", "none", "foraminal", -4.0, 1.0),
        ("central", "none", "central", -3.0, 3.0),
    ],
)
def test_the_goal_is_at_the_height_of_its_kind_and_as_near_to_the_fragment_as_that_allows(
    zone: str,
    migration: str,
    rule: str,
    low: float,
    high: float,
    a_simple_spine: Anatomy,
    the_left_level: LevelGeometry,
) -> None:
    found = find_target_rule(zone, migration)
    assert found is not None
    assert found.name == rule
    # The disc of the boxes is 10 mm high.
    for height in (-60.0, -8.0, 0.0, 4.0, 60.0):
        centre = np.array([8.0, 20.0, height])
        goal = find_goal_mm(a_simple_spine, the_left_level, found, centre)
        assert goal[2] == pytest.approx(np.clip(height, low, high))


def test_every_kind_at_the_disc_has_a_rule_and_every_rule_its_techniques() -> None:
    for zone in ZONES:
        assert find_target_rule(zone, "none") is not None
    for rule in target_rules().values():
        assert set(rule.techniques) <= set(techniques())
        assert rule.source
    assert find_target_rule("paracentral", "sideways") is None


def test_a_zone_is_its_own_goal_and_has_the_angles_of_its_kind(a_simple_spine: Anatomy) -> None:
    targets = _ask(a_simple_spine, zone="central")
    assert targets.goal_lps_mm is None
    assert np.array_equal(targets.aim_lps_mm, targets.centre_lps_mm)
    assert targets.rule is not None
    assert targets.rule.axial_inclination_deg == (70.0, 90.0)


def test_a_point_that_was_named_has_no_kind(a_simple_spine: Anatomy) -> None:
    targets = _ask(_with_fragment(a_simple_spine), target_lps_mm=(8.0, 18.0, 0.0))
    assert targets.kind is None
    assert targets.rule is None


def test_a_fragment_away_from_the_disc_is_aimed_at_in_itself_alone(
    a_simple_spine: Anatomy,
) -> None:
    fragment = a_structure("fragment", a_block((6, 26, -3), (10, 31, -1)))
    spine = replace(
        a_simple_spine, structures={**a_simple_spine.structures, fragment.key: fragment}
    )
    points = _ask(spine).points_lps_mm
    assert (points[:, 1] > 25.4).all()
    assert len(points) > 1


def test_a_fragment_between_the_lattice_is_aimed_at_on_its_own_side_of_the_midline(
    a_simple_spine: Anatomy,
) -> None:
    # four voxels away from the disc, none within reach of the lattice through their middle at
    # x = -0.5; the two that are nearest to it lie at x = 0.5
    sheet = a_block((-5.5, 31, -3), (2.5, 33, -3))
    kept = np.array([(-5.5, 32, -3), (0.5, 31, -3), (0.5, 33, -3), (2.5, 32, -3)])
    values = np.zeros_like(sheet.values)
    values[tuple(np.rint(sheet.ijk(kept)).astype(int).T)] = 1
    fragment = a_structure("fragment", replace(sheet, values=values))
    spine = replace(
        a_simple_spine, structures={**a_simple_spine.structures, fragment.key: fragment}
    )
    targets = _ask(spine)
    assert targets.centre_lps_mm == pytest.approx([-0.5, 32, -3])
    assert targets.points_lps_mm == pytest.approx(kept[:1])


def test_the_mirrored_fragment_gets_the_mirrored_targets(a_simple_spine: Anatomy) -> None:
    spine = _with_fragment(a_simple_spine)
    mirrored = mirror_spine(spine)
    left, right = _ask(spine, Side.LEFT), _ask(mirrored, Side.RIGHT)
    np.testing.assert_allclose(left.points_lps_mm * MIRROR, right.points_lps_mm, atol=1e-9)


def test_a_zone_goes_before_the_fragment(a_simple_spine: Anatomy) -> None:
    targets = _ask(_with_fragment(a_simple_spine), zone="paracentral")
    assert targets.centre_lps_mm[0] == pytest.approx(10.5)


def test_pl_032_nothing_says_where_the_target_is(
    a_simple_spine: Anatomy, the_left_level: LevelGeometry
) -> None:
    with pytest.raises(RequestError, match="PL-032") as caught:
        find_targets(a_simple_spine, the_left_level, PlanRequest(LEVEL, Side.LEFT))
    assert "L4-L5 left" in caught.value.where
    assert caught.value.exit_code == 2


def test_boxes_turn_with_the_disc(a_simple_spine: Anatomy) -> None:
    tilted = a_level(tilt_deg=20.0, origin_lps_mm=(1.0, 2.0, 3.0))
    request = PlanRequest(LEVEL, Side.LEFT, target_lps_mm=(9.0, 17.0, 2.0))
    targets = find_targets(a_simple_spine, tilted, request)
    local = tilted.surgical_mm(targets.points_lps_mm - targets.centre_lps_mm + (1.0, 2.0, 3.0))
    assert local.min(axis=0) == pytest.approx([-1, -1, -1])
    assert local.max(axis=0) == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("zone", ZONES)
def test_left_and_right_targets_are_mirror_images_in_one_order(
    zone: str, a_simple_spine: Anatomy
) -> None:
    left = _ask(a_simple_spine, Side.LEFT, zone=zone)
    right = _ask(a_simple_spine, Side.RIGHT, zone=zone)
    assert np.array_equal(left.points_lps_mm * MIRROR, right.points_lps_mm)
    assert np.array_equal(left.offsets_mm, right.offsets_mm)


def test_the_mirrored_patient_gets_the_mirrored_targets(a_simple_spine: Anatomy) -> None:
    # A bite out of the disc's left half, so that the two sides differ.
    x, y, z = np.meshgrid(*GRID.axes_mm(), indexing="ij")
    oval = ((x / 25) ** 2 + (y / 18) ** 2 <= 1) & (abs(z) < 5)
    disc = a_structure("disc:L4-L5", region_from_mask(oval & ~((x > 6) & (y > 10)), GRID))
    bitten = replace(a_simple_spine, structures={**a_simple_spine.structures, disc.key: disc})
    here = _ask(bitten, Side.LEFT, zone="paracentral")
    there = _ask(mirror_spine(bitten), Side.RIGHT, zone="paracentral")
    assert here.centre_lps_mm == pytest.approx([10.5, 10.5, 0.0])
    assert here.points_lps_mm * MIRROR == pytest.approx(there.points_lps_mm, abs=1e-12)


def test_the_fragment_is_found_by_its_own_name(a_simple_spine: Anatomy) -> None:
    assert a_simple_spine.find(StructureKey("fragment")) is None
    assert _with_fragment(a_simple_spine).find("fragment") is not None
