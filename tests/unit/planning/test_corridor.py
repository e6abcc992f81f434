"""What keeps straight lines out of a corridor, and by how many millimetres."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.laid_roots import a_line
from tests.unit.planning.small_problems import a_body, a_level, some_entries, the_tools

from kambin.frames import Side
from kambin.knowledge import technique
from kambin.planning.corridor import find_allowed, find_corridor_lack, find_stops_mm
from kambin.planning.entries import Entries
from kambin.planning.geometry import WaistPlane
from kambin.planning.targets import Targets

CORRIDOR = technique("outside-in").corridor
WIDE_BODY = a_body(lambda x, y, z: np.hypot(x, y) < 140, half_mm=(150, 150, 110), spacing_mm=5.0)


def _one_target(*point_mm: float) -> Targets:
    point = np.array(point_mm, float)
    return Targets(point, point[None], np.zeros(1), None)


@pytest.mark.parametrize(
    ("target", "structure"),
    [
        ((5.0, 15.0, 70.0), "pedicle:L4:left"),
        ((5.0, 15.0, -90.0), "pedicle:L5:left"),
        ((5.0, 60.0, 0.0), "iap:L4:left"),
    ],
)
def test_a_target_beyond_the_foramen_names_what_bounds_it(target, structure: str) -> None:
    lack = find_corridor_lack(WIDE_BODY, a_level(), CORRIDOR, _one_target(*target))
    assert lack.structure == structure
    assert lack.lack_mm is not None
    assert lack.lack_mm > 0
    assert f"{lack.lack_mm:.1f} mm" in lack.why


def test_a_target_further_up_lacks_more() -> None:
    targets = [_one_target(5.0, 15.0, up) for up in (60.0, 70.0)]
    low, high = (find_corridor_lack(WIDE_BODY, a_level(), CORRIDOR, t).lack_mm for t in targets)
    assert low is not None
    assert high is not None
    assert low < high < low + 10.5


def test_a_slim_body_is_too_near_to_the_midline() -> None:
    slim = a_body(lambda x, y, z: np.hypot(x, y) < 40, half_mm=(60, 60, 60), spacing_mm=2.0)
    lack = find_corridor_lack(slim, a_level(), CORRIDOR, _one_target(5.0, 15.0, 0.0))
    assert lack.structure == "skin"
    assert "midline" in lack.why
    # No entry lies more than the body's radius from the midline.
    assert lack.lack_mm is not None
    assert CORRIDOR.lateral_min_mm - 42.0 < lack.lack_mm < CORRIDOR.lateral_min_mm - 30.0


def test_a_body_without_skin_in_the_image_gives_no_number() -> None:
    cut = a_body(lambda x, y, z: x < 1e9, half_mm=(60, 60, 60), spacing_mm=2.0)
    lack = find_corridor_lack(cut, a_level(), CORRIDOR, _one_target(5.0, 15.0, 0.0))
    assert (lack.structure, lack.lack_mm) == ("skin", None)


def test_both_sides_lack_the_same() -> None:
    left, right = (
        find_corridor_lack(
            WIDE_BODY, a_level(side), CORRIDOR, _one_target(side.lateral_sign_lps * 5, 15, 70)
        )
        for side in Side
    )
    assert left.lack_mm == pytest.approx(right.lack_mm, abs=1e-6)
    assert (left.structure, right.structure) == ("pedicle:L4:left", "pedicle:L4:right")


def test_a_zone_that_the_landmarks_exclude_names_what_they_guard() -> None:
    # 2 mm behind the wall at 4 mm from the midline: medial of the pedicle, still behind.
    point = np.array([4.0, 22.0, 0.0])
    asked = Targets(point, point[None], np.zeros(1), "paracentral")
    lack = find_corridor_lack(WIDE_BODY, a_level(), CORRIDOR, asked)
    assert lack.structure == "dural_sac"
    assert "too early medial" in lack.why
    # The pedicles stand 10 mm lateral, the stop begins 2 mm medial of that and 2 mm behind.
    assert lack.lack_mm is not None
    assert 2.0 < lack.lack_mm <= 4.0
    named = Targets(point, point[None], np.zeros(1), None)
    assert find_corridor_lack(WIDE_BODY, a_level(), CORRIDOR, named).structure != "dural_sac"


def test_candidates_that_the_landmarks_exclude_are_left_out_for_a_zone_alone() -> None:
    point = np.array([4.0, 22.0, 0.0])
    entries = some_entries(point, [(50.0, 10.0), (60.0, 12.0)], 120.0)
    asked = {
        zone: Targets(point, point[None], np.zeros(1), zone)
        for zone in (None, "paracentral", "central")
    }
    allowed = {
        zone: find_allowed(entries, targets, a_level(), the_tools()).any()
        for zone, targets in asked.items()
    }
    assert allowed == {None: True, "paracentral": False, "central": True}


def test_the_waist_bounds_how_far_out_a_cannula_may_dock() -> None:
    point = np.array([10.0, 16.0, 0.0])
    entries = some_entries(point, [(53.0, 0.0)], 120.0)
    targets = Targets(point, point[None], np.zeros(1), None)
    waist = WaistPlane(np.array([14.0, 19.0, 2.0]), np.array([1.0, 0.0, 0.0]), 120.0)
    found = {
        at_mouth: find_allowed(
            entries,
            targets,
            replace(a_level(), waist=waist),
            replace(the_tools(), docks_at_mouth=at_mouth),
        )[0, 0]
        for at_mouth in (False, True)
    }
    stops = find_stops_mm(the_tools().technique)
    # 4 mm lateral is 5 mm along a path at 53 degrees; 2 mm more are allowed.
    assert stops[found[False]].max() == 6.0
    assert stops[found[True]].max() == 14.0


def _foraminal() -> tuple[Targets, Entries]:
    point = np.array([10.0, 16.0, 0.0])
    return _one_target(*point), some_entries(point, [(53.0, 0.0), (60.0, 10.0)], 120.0)


@pytest.mark.parametrize(("ahead_mm", "passes"), [(3.0, True), (1.5, True), (-3.0, False)])
@pytest.mark.parametrize("zone", [None, "central", "foraminal", "extraforaminal"])
def test_paths_on_the_far_side_of_the_root_are_left_out_for_every_zone(
    ahead_mm: float, passes: bool, zone: str | None
) -> None:
    targets, entries = _foraminal()
    middle = 0.9 * targets.points_lps_mm[0] + 0.1 * entries.points_lps_mm.mean(axis=0)
    level = replace(a_level(), root_mm=a_line(middle, ahead_mm, 9))
    allowed = find_allowed(entries, replace(targets, zone=zone), level, the_tools())
    plain = find_allowed(entries, replace(targets, zone=zone), a_level(), the_tools())
    assert plain.any()
    assert np.array_equal(allowed, plain if passes else np.zeros_like(plain))


@pytest.mark.parametrize(
    "shift_mm", [(-40.0, 0.0, 0.0), (0.0, 40.0, 40.0)], ids=["medial of it", "above it"]
)
def test_a_path_that_does_not_cross_the_root_is_not_refused(shift_mm: tuple[float, ...]) -> None:
    targets, entries = _foraminal()
    line = a_line(targets.points_lps_mm[0] + np.array(shift_mm), -8.0)
    allowed = find_allowed(entries, targets, replace(a_level(), root_mm=line), the_tools())
    assert np.array_equal(allowed, find_allowed(entries, targets, a_level(), the_tools()))


def test_a_root_behind_every_path_is_what_keeps_all_lines_out() -> None:
    """Wide enough for all angles of the technique: the nearest line says by how much it misses."""
    target = _one_target(10.0, 16.0, 0.0)
    line = np.array([[11.0, 56.0, 21.0], [11.5, -14.0, -49.0]])
    level = replace(a_level(), root_mm=line)
    lack = find_corridor_lack(WIDE_BODY, level, CORRIDOR, target)
    assert lack.structure == "exiting_root:L4:left"
    assert "ventral and cranial" in lack.why
    deeper = replace(a_level(), root_mm=line + np.array([0.0, 2.0, -2.0]))
    further = find_corridor_lack(WIDE_BODY, deeper, CORRIDOR, target)
    assert lack.lack_mm is not None
    assert further.lack_mm == pytest.approx(lack.lack_mm + np.sqrt(8.0), abs=0.3)
    free = find_corridor_lack(WIDE_BODY, a_level(), CORRIDOR, target)
    assert free.structure != "exiting_root:L4:left"
