"""What holds for any bevel, landmark, docking, rule, front of ways and error of the hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.unit.planning.made_choices import OBJECTIVES
from tests.unit.planning.made_level import make_clearance, make_stage
from tests.unit.planning.posed_level import PATH
from tests.unit.planning.small_problems import MIRROR, a_level, the_tools

from kambin.frames import Side
from kambin.knowledge import LandmarkRow, landmarks, rules, value
from kambin.planning import Path
from kambin.planning.alternatives import Way, find_front, is_bettered
from kambin.planning.bevel import Dial, find_clock, find_lip_mm
from kambin.planning.docking import (
    describe_docking,
    find_docking_limit_mm,
    find_mouth_distance_mm,
    find_waist_distance_mm,
)
from kambin.planning.error_model import ErrorModel, PathFrame
from kambin.planning.explanation import compare_words, find_closest
from kambin.planning.geometry import LevelGeometry, WaistPlane
from kambin.planning.landmarks import (
    describe_landmark,
    find_ap_zone,
    find_excess_mm,
    find_lines_mm,
    find_stopped,
    find_view_mm,
)
from kambin.planning.objective_rows import ROWS
from kambin.planning.poses import Poses
from kambin.planning.rules import RuledPath, assess_rules, find_broken
from kambin.planning.search import Candidate

numbers = st.floats(0, 1000)
angles = st.floats(0, 360, exclude_max=True)
entries = st.tuples(st.floats(45, 140), st.floats(20, 120), st.floats(-40, 60))
tips = st.tuples(st.floats(-4, 24), st.floats(2, 24), st.floats(-6, 10))
rows_of_landmarks = st.sampled_from(list(landmarks().values()))
shifts = st.lists(st.floats(-6, 6), min_size=3, max_size=3)
tilts = st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=2)


@st.composite
def paths(draw: st.DrawFn) -> Path:
    """A path from the left into the foramen."""
    entry, tip = np.array(draw(entries)), np.array(draw(tips))
    return Path(entry, tip, draw(st.floats(0, 14)))


@st.composite
def ways(draw: st.DrawFn) -> Way:
    """A way with any objectives."""
    parts = {row.name: draw(st.integers(0, 4)) * 50.0 for row in ROWS}
    if draw(st.booleans()):
        parts["nerve_clearance_mm"] = None
    nowhere = Candidate(np.zeros(3), np.ones(3), 0.0, 0.0, 0.0, 0.0)
    judged = OBJECTIVES.model_copy(update=parts)
    return Way(nowhere, judged, None, the_tools().technique.weights)


def _mirrored(path: Path) -> Path:
    return Path(path.entry_lps_mm * MIRROR, path.target_lps_mm * MIRROR, path.stop_mm)


def _with_waist(lateral_mm: float, side: Side = Side.LEFT) -> LevelGeometry:
    plane = WaistPlane(np.array([lateral_mm, 20.0, 2.0]), np.array([1.0, 0.0, 0.0]), 120.0)
    return replace(a_level(side), waist=plane)


# The bevel


@given(paths(), angles)
def test_a_direction_at_any_turn_reads_as_that_turn(path: Path, turn: float) -> None:
    dial = Dial.of(path)
    right = np.cross(dial.inward, dial.up)
    way = math.cos(math.radians(turn)) * dial.up + math.sin(math.radians(turn)) * right
    # What of it runs along the axis does not count.
    for found in (dial.turn_deg(way), dial.turn_deg(way + 3 * dial.inward)):
        assert 0 <= found < 360
        assert min(abs(found - turn), 360 - abs(found - turn)) <= 1.5e-6


@given(paths(), angles)
def test_the_mirrored_patient_reads_the_clock_backwards(path: Path, turn: float) -> None:
    dial, other = Dial.of(path), Dial.of(_mirrored(path))
    way = math.cos(math.radians(turn)) * dial.up + math.sin(math.radians(turn)) * np.cross(
        dial.inward, dial.up
    )
    together = dial.turn_deg(way) + other.turn_deg(way * MIRROR)
    assert min(together % 360, 360 - together % 360) <= 2e-6


@given(paths(), st.tuples(*[st.floats(-50, 50)] * 3))
def test_what_lies_across_the_axis_has_nothing_along_it(
    path: Path, vector: tuple[float, float, float]
) -> None:
    dial = Dial.of(path)
    across = dial.across(np.array(vector))
    assert across @ dial.inward == pytest.approx(0.0, abs=1e-9)
    assert np.cross(np.array(vector) - across, dial.inward) == pytest.approx(np.zeros(3), abs=1e-9)


@given(angles)
def test_the_hour_is_within_a_quarter_of_the_clock_of_its_turn(turn: float) -> None:
    hour = find_clock(turn)
    assert hour in range(1, 13)
    off = abs(30.0 * (hour % 12) - turn)
    assert min(off, 360 - off) <= 15.0 + 1e-9


@given(st.floats(1, 15), st.floats(15, 80), st.floats(0.1, 9))
def test_the_lip_grows_with_the_tube_and_shrinks_with_the_angle(
    diameter: float, bevel: float, more: float
) -> None:
    lip = find_lip_mm(diameter, bevel)
    assert find_lip_mm(diameter + more, bevel) > lip > find_lip_mm(diameter, bevel + more)
    assert find_lip_mm(2 * diameter, bevel) == pytest.approx(2 * lip)


# Landmarks


@given(paths(), rows_of_landmarks)
def test_the_mirrored_path_is_in_the_same_state(path: Path, row: LandmarkRow) -> None:
    stops = np.array([0.0, 4.0, 9.0])
    here, there = (
        find_stopped(a_level(side), p.entry_lps_mm[None], p.target_lps_mm[None], stops, row)
        for side, p in ((Side.LEFT, path), (Side.RIGHT, _mirrored(path)))
    )
    assert np.array_equal(here, there)


@given(paths())
def test_what_the_c_arm_shows_is_the_same_from_both_sides(path: Path) -> None:
    seen = [
        describe_landmark(a_level(side), "needle", p.entry_lps_mm, p.target_lps_mm)
        for side, p in ((Side.LEFT, path), (Side.RIGHT, _mirrored(path)))
    ]
    assert seen[0] == seen[1]


@given(paths(), rows_of_landmarks)
def test_the_excess_is_positive_only_where_a_path_is_stopped(path: Path, row: LandmarkRow) -> None:
    ends = (path.entry_lps_mm[None], path.target_lps_mm[None])
    stopped = bool(find_stopped(a_level(), *ends, np.zeros(1), row)[0, 0, 0])
    excess = float(find_excess_mm(a_level(), *ends, row)[0, 0])
    assert excess >= 0
    assert stopped or excess == 0


@given(st.floats(-20, 60))
def test_a_point_lies_between_the_lines_that_its_zone_names(lateral: float) -> None:
    zone, lines = find_ap_zone(a_level(), lateral), find_lines_mm(a_level())
    if zone == "beyond SL":
        assert lateral < 0
    elif zone.startswith("lateral of "):
        assert lateral >= lines[zone.removeprefix("lateral of ")] == max(lines.values())
    else:
        inner, outer = zone.split("-")
        assert lines[inner] <= lateral < lines[outer]


@given(paths(), st.floats(-30, 30), st.tuples(*[st.floats(-90, 90)] * 3))
def test_a_moved_and_tilted_level_shows_the_same_pictures(
    path: Path, tilt: float, origin: tuple[float, float, float]
) -> None:
    level, moved = a_level(), a_level(tilt_deg=tilt, origin_lps_mm=origin)
    local = level.surgical_mm(path.target_lps_mm)
    shown = find_view_mm(moved, moved.lps_mm(local))
    assert shown == pytest.approx(find_view_mm(level, path.target_lps_mm), abs=1e-6)


# Docking


@given(paths(), st.floats(4, 24))
def test_at_the_waist_the_path_is_at_the_waist(path: Path, lateral: float) -> None:
    ends = (path.entry_lps_mm[None], path.target_lps_mm[None])
    found = find_waist_distance_mm(_with_waist(lateral), *ends)
    assert found is not None
    at = path.tip_lps_mm(float(found[0, 0]))
    assert at[0] == pytest.approx(max(lateral, path.target_lps_mm[0]), abs=1e-6)


@given(paths(), st.floats(4, 24))
def test_the_docking_limit_is_the_same_from_both_sides(path: Path, lateral: float) -> None:
    here = describe_docking(_with_waist(lateral), path, the_tools())
    there = describe_docking(_with_waist(lateral, Side.RIGHT), _mirrored(path), the_tools())
    assert here.limit_mm == pytest.approx(there.limit_mm, abs=1e-9)
    assert here.mouth_distance_mm == pytest.approx(there.mouth_distance_mm, abs=1e-9)
    assert (here.bounded_by, there.bounded_by) == ("waist", "waist")


@given(paths(), st.floats(4, 20))
def test_the_mouth_allows_at_least_what_a_waist_medial_of_it_allows(
    path: Path, lateral: float
) -> None:
    ends = (path.entry_lps_mm[None], path.target_lps_mm[None])
    geometry, tools = _with_waist(lateral), the_tools()
    waist = find_docking_limit_mm(geometry, *ends, tools)[0, 0]
    mouth = find_docking_limit_mm(geometry, *ends, replace(tools, docks_at_mouth=True))[0, 0]
    assert waist <= mouth + 1e-9
    assert mouth <= tools.technique.stop_max_mm
    out = find_mouth_distance_mm(geometry, *ends)[0, 0]
    assert mouth == min(out + value("planning.waist_allowance_mm"), tools.technique.stop_max_mm)


# Rules


@given(paths(), st.floats(4, 24))
def test_every_rule_is_answered_and_only_what_lacks_is_broken(path: Path, lateral: float) -> None:
    geometry, tools = _with_waist(lateral), the_tools()
    stages = tuple(
        make_stage(tool.stage, stop_mm=path.stop_of(tool), radius_mm=tool.radius_mm)
        for tool in tools.tools
    )
    docking = describe_docking(geometry, path, tools)
    found = assess_rules(RuledPath(geometry, tools, path, stages, docking, "paracentral"))
    assert [rule.id for rule in found] == list(rules())
    for rule in found:
        assert (rule.value is None) is (rule.not_assessed_reason is not None)
        if rule.value is not None:
            sign = 1 if rule.comparison == "at least" else -1
            assert rule.passed is (sign * (rule.value - rule.threshold) >= -1e-6)
        else:
            assert rule.passed
    assert all(rule.severity == "BLOCK" and not rule.passed for rule in find_broken(found))


# Ways


@given(st.lists(ways(), min_size=1, max_size=7))
def test_nothing_on_the_front_is_bettered_by_anything(found: list[Way]) -> None:
    front = find_front(found)
    assert not any(is_bettered(way, other) for way in front for other in found)
    left = [way for way in found if not any(way is one for one in front)]
    assert all(any(is_bettered(way, other) for other in found) for way in left)


@given(ways(), ways())
def test_two_ways_never_better_each_other_and_words_agree(one: Way, other: Way) -> None:
    assert not (is_bettered(one, other) and is_bettered(other, one))
    said = compare_words(one.objectives, other.objectives)
    if is_bettered(one, other):
        assert said.startswith("Better")
        assert "It costs" not in said


@given(st.lists(st.tuples(st.floats(-3, 30), st.floats(-1.5, 10)), min_size=1, max_size=6))
def test_what_binds_has_the_least_room_of_all(rows: list[tuple[float, float]]) -> None:
    made = [
        make_clearance(f"lamina:L{n}", clearance_mm=gap, hard_margin_mm=margin)
        for n, (gap, margin) in enumerate(rows)
    ]
    least = min(gap - margin for gap, margin in rows)
    said = find_closest([make_stage("needle", *made)])
    assert said is not None
    assert said.endswith(f"{least:.1f} mm to spare.")


# Errors of the hand


@given(shifts, tilts)
def test_a_pose_keeps_its_length_and_its_ends_bound_its_moves(
    shift: list[float], tilt: list[float]
) -> None:
    frame = PathFrame.of(PATH, Side.LEFT)
    poses = Poses.of(PATH, frame, np.array([shift]), np.array([tilt]))
    length = np.linalg.norm(poses.entries_lps_mm - poses.tips_lps_mm(0.0), axis=1)
    assert length == pytest.approx([PATH.length_mm])
    bound = np.linalg.norm(shift) + PATH.length_mm * np.linalg.norm(tilt)
    assert poses.moves_mm(0.0)[0] <= bound + 1e-9
    assert poses.moves_mm(20.0)[0] <= poses.moves_mm(0.0)[0] + 1e-9


@settings(max_examples=40)
@given(paths(), st.sampled_from(["compensated", "uncompensated"]))
def test_a_covariance_is_symmetric_positive_and_the_same_mirrored(path: Path, setting) -> None:
    assume(path.length_mm > 20)
    model = ErrorModel(setting)
    here = model.covariance(path, a_level())
    there = model.covariance(_mirrored(path), a_level(Side.RIGHT))
    assert here == pytest.approx(here.T, abs=1e-12)
    assert np.linalg.eigvalsh(here).min() > 0
    assert there == pytest.approx(here, abs=1e-9)
    assert (np.diag(here) <= np.diag(ErrorModel().covariance(path, a_level())) + 1e-12).all()
