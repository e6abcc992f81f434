"""Entry and angles in the surgeon's words, against closed forms."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.small_problems import (
    MIRROR,
    a_block,
    a_body,
    a_level,
    a_structure,
    mirrored,
)

from kambin.anatomy import Anatomy
from kambin.frames import CONVENTION, Side, direction_from_angles
from kambin.planning import Path
from kambin.planning.geometry import LevelGeometry
from kambin.planning.models import Angles, Entry
from kambin.planning.skin import Skin
from kambin.planning.surgeon import describe_angles, describe_entry

TARGET = np.array([10.0, 16.0, 2.0])


@pytest.fixture(scope="module")
def a_box_body() -> Skin:
    """Skin at 51 mm left and right, and at 41 mm behind."""
    return a_body(lambda x, y, z: (abs(x) <= 50) & (abs(y) <= 40) & (abs(z) <= 50))


@pytest.fixture(scope="module")
def a_round_body() -> Skin:
    return a_body(lambda x, y, z: x**2 + y**2 + 0 * z <= 50**2)


@pytest.fixture(scope="module")
def without_processes(a_simple_spine: Anatomy) -> Anatomy:
    kept = {k: s for k, s in a_simple_spine.structures.items() if k.kind != "sp"}
    return replace(a_simple_spine, structures=kept)


def a_path(entry_lps_mm, target_lps_mm=TARGET) -> Path:
    return Path(np.array(entry_lps_mm, float), np.array(target_lps_mm, float), 0.0)


def at_angles(theta_deg: float, phi_deg: float, level: LevelGeometry) -> Angles:
    """Angles of a path of 80 mm at two angles to the patient."""
    sign = level.side.lateral_sign_lps
    way = 80 * direction_from_angles(theta_deg, phi_deg) * (sign, 1, 1)
    return describe_angles(level, a_path(TARGET + way))


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("theta_deg", [0.0, 35.0, 62.5, 90.0])
@pytest.mark.parametrize("phi_deg", [-20.0, 0.0, 33.0])
def test_angles_to_the_patient_are_those_of_the_path(
    theta_deg: float, phi_deg: float, side: Side
) -> None:
    angles = at_angles(theta_deg, phi_deg, a_level(side, tilt_deg=23.0))
    assert angles.axial_inclination_to_patient_deg == pytest.approx(theta_deg, abs=1e-9)
    assert angles.craniocaudal_to_patient_deg == pytest.approx(phi_deg, abs=1e-9)
    assert angles.convention == CONVENTION == "kambin-1"


@pytest.mark.parametrize("side", Side)
def test_to_a_level_disc_both_pairs_of_angles_agree(side: Side) -> None:
    angles = at_angles(55.0, 12.0, a_level(side))
    assert angles.axial_inclination_to_disc_deg == pytest.approx(55.0)
    assert angles.craniocaudal_to_disc_deg == pytest.approx(12.0)


@pytest.mark.parametrize("tilt_deg", [-30.0, 10.0, 25.0])
def test_in_the_sagittal_plane_the_tilt_is_subtracted(tilt_deg: float) -> None:
    angles = at_angles(0.0, 15.0, a_level(tilt_deg=tilt_deg))
    assert angles.craniocaudal_to_disc_deg == pytest.approx(15.0 - tilt_deg)
    assert angles.axial_inclination_to_disc_deg == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("tilt_deg", [-30.0, 25.0])
def test_a_path_along_the_disc_has_no_craniocaudal_angle_to_it(tilt_deg: float) -> None:
    level = a_level(tilt_deg=tilt_deg)
    way = level.lps_from_disc.vectors([np.sin(1.0), np.cos(1.0), 0.0])
    angles = describe_angles(level, a_path(TARGET + 70 * way))
    assert angles.craniocaudal_to_disc_deg == pytest.approx(0.0, abs=1e-9)
    assert angles.axial_inclination_to_disc_deg == pytest.approx(np.degrees(1.0))


def test_tilting_disc_and_path_together_keeps_the_angles_to_the_disc() -> None:
    way = 70 * direction_from_angles(50.0, 20.0)
    straight = describe_angles(a_level(), a_path(way, (0, 0, 0)))
    level = a_level(tilt_deg=18.0)
    turned = describe_angles(level, a_path(level.lps_from_disc.vectors(way), (0, 0, 0)))
    for name in ("axial_inclination_to_disc_deg", "craniocaudal_to_disc_deg"):
        assert getattr(turned, name) == pytest.approx(getattr(straight, name))
    assert turned.craniocaudal_to_patient_deg != pytest.approx(20.0, abs=1.0)


def test_an_entry_caudal_of_the_target_has_a_negative_angle() -> None:
    assert at_angles(50.0, -10.0, a_level()).craniocaudal_to_patient_deg == pytest.approx(-10.0)


def test_angles_do_not_depend_on_the_docking_distance() -> None:
    entry = TARGET + 80 * direction_from_angles(50.0, 10.0)
    assert describe_angles(a_level(), Path(entry, TARGET, 14.0)) == describe_angles(
        a_level(), Path(entry, TARGET, 0.0)
    )


def describe(
    anatomy: Anatomy, skin: Skin, entry_lps_mm, level: LevelGeometry | None = None
) -> Entry:
    return describe_entry(anatomy, level or a_level(), skin, a_path(entry_lps_mm))


@pytest.mark.parametrize("side", Side)
def test_lateral_is_never_negative(side: Side, a_simple_spine: Anatomy, a_box_body: Skin) -> None:
    found = describe(a_simple_spine, a_box_body, (40 * side.lateral_sign_lps, 41, 8), a_level(side))
    assert found.lateral_of_midline_mm == 40.0


def test_lateral_counts_from_the_plane_of_the_disc(
    a_simple_spine: Anatomy, a_box_body: Skin
) -> None:
    level = a_level(origin_lps_mm=(6.0, 0, 0))
    assert describe(a_simple_spine, a_box_body, (40, 41, 8), level).lateral_of_midline_mm == 34.0


def test_depth_is_the_way_from_skin_to_target(a_simple_spine: Anatomy, a_box_body: Skin) -> None:
    found = describe(a_simple_spine, a_box_body, (40, 41, 8))
    assert found.depth_mm == pytest.approx(np.sqrt(30**2 + 25**2 + 6**2))


@pytest.mark.parametrize("tilt_deg", [-20.0, 0.0, 20.0])
def test_height_counts_from_the_disc_line_on_the_back(
    tilt_deg: float, a_simple_spine: Anatomy, a_box_body: Skin
) -> None:
    level = a_level(tilt_deg=tilt_deg, origin_lps_mm=(0, 0, 3.0))
    line = 3.0 + 41 * np.tan(np.radians(tilt_deg))
    found = describe(a_simple_spine, a_box_body, (40, 41, 8), level)
    assert found.cranial_of_disc_line_mm == pytest.approx(8.0 - line)


def test_without_skin_behind_the_disc_its_own_height_is_the_line(a_simple_spine: Anatomy) -> None:
    cut = a_body(lambda x, y, z: (abs(x) <= 50) & (y > -40) & (abs(z) <= 50), half_mm=(60, 60, 60))
    level = a_level(tilt_deg=20.0, origin_lps_mm=(0, 0, 3.0))
    assert describe(a_simple_spine, cut, (51, 30, 8), level).cranial_of_disc_line_mm == 5.0


@pytest.mark.parametrize(
    ("height_mm", "name", "tip_mm"), [(20, "L4", 7), (0, "L4", 7), (-20, "L5", -29), (-11, "L4", 7)]
)
def test_the_nearest_spinous_tip_is_named(
    height_mm: int, name: str, tip_mm: int, a_simple_spine: Anatomy, a_box_body: Skin
) -> None:
    # The processes of the boxes end at y = 70 with z 0 to 14, and at y = 68 with z -36 to -22.
    found = describe(a_simple_spine, a_box_body, (40, 41, height_mm))
    assert found.spinous_tip == name
    assert found.cranial_of_spinous_tip_mm == pytest.approx(height_mm - tip_mm)


def test_the_tip_is_the_hindmost_part_of_the_process(
    a_simple_spine: Anatomy, a_box_body: Skin
) -> None:
    process = a_structure("sp:L4", a_block((-2, 45, 0), (2, 60, 10)))
    hooked = np.array(process.region.values)
    hooked[:, -5:, 5:] = 0  # the last two rows only exist low down
    region = type(process.region)(hooked, process.region.lps_from_ijk, process.region.frame_id)
    spine = replace(
        a_simple_spine,
        structures={**a_simple_spine.structures, process.key: replace(process, region=region)},
    )
    low = region.lps_mm(np.argwhere(hooked > 0))
    behind = low[low[:, 1] >= low[:, 1].max() - 2.0]
    found = describe(spine, a_box_body, (40, 41, 12))
    assert found.cranial_of_spinous_tip_mm == pytest.approx(12 - behind[:, 2].mean())


def test_without_spinous_processes_nothing_is_said_of_them(
    without_processes: Anatomy, a_box_body: Skin
) -> None:
    found = describe(without_processes, a_box_body, (40, 41, 8))
    assert found.spinous_tip is None
    assert found.cranial_of_spinous_tip_mm is None


@pytest.mark.parametrize("side", Side)
def test_on_a_flat_back_the_tape_is_the_distance(
    side: Side, without_processes: Anatomy, a_box_body: Skin
) -> None:
    entry = (36 * side.lateral_sign_lps, 41, 8)
    found = describe(without_processes, a_box_body, entry, a_level(side))
    assert found.along_skin_lateral_mm == pytest.approx(36.0)


def test_round_the_corner_the_tape_goes_both_ways(
    without_processes: Anatomy, a_box_body: Skin
) -> None:
    found = describe(without_processes, a_box_body, (51, 11, 8))
    assert found.along_skin_lateral_mm == pytest.approx(51 + 30, abs=2.0)
    assert found.along_skin_lateral_mm > np.hypot(51, 30)


@pytest.mark.parametrize("theta_deg", [30.0, 60.0, 90.0])
def test_on_a_round_back_the_tape_is_the_arc(
    theta_deg: float, without_processes: Anatomy, a_round_body: Skin
) -> None:
    theta = np.radians(theta_deg)
    entry = (50 * np.sin(theta), 50 * np.cos(theta), 8)
    found = describe(without_processes, a_round_body, entry)
    # Steps of a coarse mask make the tape a little longer than the arc.
    assert found.along_skin_lateral_mm == pytest.approx(50 * theta, rel=0.1)
    assert found.along_skin_lateral_mm >= 2 * 50 * np.sin(theta / 2) - 0.5


def test_the_tape_starts_at_the_midline_of_the_disc(
    without_processes: Anatomy, a_box_body: Skin
) -> None:
    level = a_level(origin_lps_mm=(6.0, 0, 0))
    found = describe(without_processes, a_box_body, (40, 41, 8), level)
    assert found.along_skin_lateral_mm == pytest.approx(34.0)


def test_where_the_image_shows_no_skin_the_tape_is_the_chord(without_processes: Anatomy) -> None:
    full = a_body(lambda x, y, z: abs(x) + abs(y) + abs(z) < 999, half_mm=(60, 60, 60))
    found = describe(without_processes, full, (30, 40, 8))
    assert found.along_skin_lateral_mm == pytest.approx(50.0)


def test_the_mirrored_patient_is_described_by_the_same_numbers(
    without_processes: Anatomy,
) -> None:
    lopsided = a_body(
        lambda x, y, z: (x / np.where(x > 0, 52, 40)) ** 2 + (y / 45) ** 2 + 0 * z <= 1
    )
    entry = np.array([40.0, 29.0, 8.0])
    level = a_level(tilt_deg=12.0, origin_lps_mm=(2.0, 1, 3))
    other = a_level(Side.RIGHT, tilt_deg=12.0, origin_lps_mm=(-2.0, 1, 3))
    here = describe_entry(without_processes, level, lopsided, a_path(entry))
    there = describe_entry(
        without_processes,
        other,
        Skin(mirrored(lopsided.region)),
        a_path(entry * MIRROR, TARGET * MIRROR),
    )
    for name in ("lateral_of_midline_mm", "cranial_of_disc_line_mm", "along_skin_lateral_mm"):
        assert getattr(there, name) == pytest.approx(getattr(here, name), abs=1e-9), name
    assert describe_angles(other, a_path(entry * MIRROR, TARGET * MIRROR)) == describe_angles(
        level, a_path(entry)
    )
