"""Candidate entries: a lattice of angles on the skin, within the corridor."""

import numpy as np
import pytest
from tests.unit.planning.simple_spine import LEVEL, build_case, mirror_spine
from tests.unit.planning.small_problems import MIRROR, a_body, a_level, a_technique, mirrored

from kambin.anatomy import Anatomy
from kambin.frames import Side
from kambin.knowledge import Technique, techniques, value
from kambin.planning.corridor import find_path_angles
from kambin.planning.entries import Entries, find_entries
from kambin.planning.geometry import find_level_geometry
from kambin.planning.skin import Skin

ORIGIN = np.array([10.0, 10.0, 0.0])


@pytest.fixture(scope="module")
def a_round_body() -> Skin:
    return a_body(
        lambda x, y, z: (x / 80) ** 2 + (y / 60) ** 2 + 0 * z <= 1,
        half_mm=(96, 72, 96),
        spacing_mm=4.0,
    )


def small(corridor: dict[str, float] | None = None) -> Technique:
    """A corridor that a small body has."""
    limits = {
        "axial_inclination_min_deg": 40.0,
        "axial_inclination_max_deg": 60.0,
        "craniocaudal_min_deg": -10.0,
        "craniocaudal_max_deg": 20.0,
        "lateral_min_mm": 20.0,
        "length_max_mm": 120.0,
    }
    return a_technique(corridor=limits | (corridor or {}))


def find(skin: Skin, technique: Technique, side: Side = Side.LEFT) -> Entries:
    origin = ORIGIN * (side.lateral_sign_lps, 1, 1)
    return find_entries(skin, a_level(side), technique, origin)


def test_every_angle_of_the_lattice_gets_one_ray(a_round_body: Skin) -> None:
    found = find(a_round_body, small())
    assert value("planning.lattice_step_deg") == 1.0
    assert found.rays == 21 * 31
    assert found.points_lps_mm.shape == (21 * 31, 3)


@pytest.mark.parametrize("name", techniques())
def test_rays_fill_the_corridor_of_every_preset(name: str, a_round_body: Skin) -> None:
    corridor = techniques()[name].corridor
    width = corridor.axial_inclination_max_deg - corridor.axial_inclination_min_deg
    height = corridor.craniocaudal_max_deg - corridor.craniocaudal_min_deg
    near = a_technique(name, corridor={"length_max_mm": 20.0})
    assert find(a_round_body, near).rays == (width + 1) * (height + 1)


def test_entries_keep_the_angles_of_the_corridor(a_round_body: Skin) -> None:
    found = find(a_round_body, small())
    theta, phi, _ = find_path_angles(found.points_lps_mm, ORIGIN[None], Side.LEFT)
    assert theta.min() == pytest.approx(40.0)
    assert theta.max() == pytest.approx(60.0)
    assert phi.min() == pytest.approx(-10.0)
    assert phi.max() == pytest.approx(20.0)


def test_entries_come_in_the_order_of_the_lattice(a_round_body: Skin) -> None:
    found = find(a_round_body, small())
    theta, phi, _ = find_path_angles(found.points_lps_mm, ORIGIN[None], Side.LEFT)
    lattice = [(t, p) for t in range(40, 61) for p in range(-10, 21)]
    assert np.column_stack([theta[:, 0], phi[:, 0]]) == pytest.approx(np.array(lattice), abs=1e-9)


def test_entries_lie_on_the_skin(a_round_body: Skin) -> None:
    x, y, _ = find(a_round_body, small()).points_lps_mm.T
    assert (x / 80) ** 2 + (y / 60) ** 2 == pytest.approx(1.0, abs=0.08)


def test_no_entry_is_nearer_to_the_midline_than_the_corridor_allows(a_round_body: Skin) -> None:
    found = find(a_round_body, small({"lateral_min_mm": 55.0}))
    everything = find(a_round_body, small())
    kept = everything.points_lps_mm[everything.points_lps_mm[:, 0] >= 55.0]
    assert 0 < len(kept) < len(everything.points_lps_mm)
    assert np.array_equal(found.points_lps_mm, kept)
    assert found.rays == everything.rays


def test_no_entry_is_farther_away_than_the_corridor_allows(a_round_body: Skin) -> None:
    def length(entries: Entries) -> np.ndarray:
        return np.linalg.norm(entries.points_lps_mm - ORIGIN, axis=1)

    everything = find(a_round_body, small())
    limit = float(np.median(length(everything))) + 1e-6
    found = find(a_round_body, small({"length_max_mm": limit}))
    kept = everything.points_lps_mm[length(everything) <= limit]
    assert found.points_lps_mm == pytest.approx(kept)


def test_where_the_image_is_cut_there_is_no_entry() -> None:
    cut = a_body(lambda x, y, z: abs(z) + 0 * x + 0 * y < 999, half_mm=(60, 60, 60))
    found = find(cut, small())
    assert found.points_lps_mm.shape == (0, 3)
    assert found.rays == 21 * 31


def test_a_corridor_of_one_angle_is_one_ray(a_round_body: Skin) -> None:
    single = {"axial_inclination_max_deg": 40.0, "craniocaudal_max_deg": -10.0}
    found = find(a_round_body, small(single))
    assert found.rays == 1
    assert len(found.points_lps_mm) == 1


def test_left_and_right_entries_are_mirror_images_in_one_order(a_round_body: Skin) -> None:
    left, right = (find(a_round_body, small(), side).points_lps_mm for side in Side)
    assert left.shape == right.shape
    assert left * MIRROR == pytest.approx(right, abs=1e-9)


def test_the_mirrored_patient_gets_the_mirrored_entries() -> None:
    lopsided = a_body(
        lambda x, y, z: (x / np.where(x > 0, 80, 60)) ** 2 + (y / 60) ** 2 + 0 * z <= 1,
        half_mm=(96, 72, 96),
        spacing_mm=4.0,
    )
    other = Skin(mirrored(lopsided.region))
    for side in Side:
        here, there = find(lopsided, small(), side), find(other, small(), side.opposite)
        assert here.rays == there.rays
        assert here.points_lps_mm * MIRROR == pytest.approx(there.points_lps_mm, abs=1e-9)


def test_entries_of_the_spine_of_boxes_mirror_with_it(a_simple_spine: Anatomy) -> None:
    technique = a_technique("far-lateral")
    found = []
    for anatomy, side in ((a_simple_spine, Side.LEFT), (mirror_spine(a_simple_spine), Side.RIGHT)):
        geometry = find_level_geometry(anatomy, level=LEVEL, side=side)
        skin = Skin(build_case(anatomy).labels)
        origin = ORIGIN * (side.lateral_sign_lps, 1, 1)
        found.append(find_entries(skin, geometry, technique, origin).points_lps_mm)
    assert len(found[0]) > 100
    assert found[0] * MIRROR == pytest.approx(found[1], abs=1e-9)


def test_distance_from_the_midline_is_the_discs_not_the_scanners(a_round_body: Skin) -> None:
    # The patient lies 7 mm to the left of the scanner's middle.
    moved = a_level(origin_lps_mm=(7.0, 0, 0))
    found = find_entries(a_round_body, moved, small({"lateral_min_mm": 45.0}), ORIGIN)
    assert 52.0 <= found.points_lps_mm[:, 0].min() <= 53.0
