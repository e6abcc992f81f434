"""Axilla, ganglion and way of a root from numbers alone, and drawn roots at their limits."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.box_bones import (
    CENTRES,
    PEDICLE_HEIGHT,
    PEDICLE_WIDTH,
    PEDICLE_X,
    PEDICLE_Z,
    WALL,
    box_bones,
    frame_of,
)

from kambin.anatomy import BonyAnatomy, Level, StructureKey, Tube
from kambin.anatomy.drawn_roots import (
    DRAWN_STEP_MM,
    _refined,
    check_drawn_levels,
    check_drawn_sides,
)
from kambin.anatomy.laterality import MidsagittalPlane
from kambin.anatomy.root_drafts import RootDraft
from kambin.anatomy.root_fit import ROUNDING_MM, _best_rule, _reluctance_mm, _up_to_ganglion
from kambin.anatomy.root_places import (
    RootRule,
    distal_direction,
    find_nominal_rule,
    find_sacral_way,
    find_under_pedicle,
    ganglion_beside_mm,
)
from kambin.core import Finding, Severity
from kambin.frames import RigidTransform, Side
from kambin.knowledge import value, value_at

key = StructureKey.parse
L45 = Level("L4", "L5")
PLANE = MidsagittalPlane(np.zeros(3), np.array([1.0, 0.0, 0.0]))
FRAMES = {name: frame_of(name) for name in ("L4", "L5")}
RULE = RootRule(60.0, 0.4, 1.5, 0.8)


@pytest.fixture(scope="module")
def a_spine_of_boxes() -> BonyAnatomy:
    return box_bones()


@pytest.mark.parametrize("vertebra", ["L1", "L2", "L3", "L4", "L5"])
@pytest.mark.parametrize("width_mm", [4.0, 9.0, 14.9, 15.1, 19.9, 20.1, 40.0])
def test_a_ganglion_lies_a_share_of_the_pedicle_out_and_no_further(
    vertebra: str, width_mm: float
) -> None:
    share = value_at("completion_nerve.drg_lateral_share", vertebra)
    most = value_at("completion_nerve.drg_lateral_most_mm", vertebra)
    found = ganglion_beside_mm(vertebra, width_mm)
    assert found == pytest.approx(share * width_mm if share * width_mm < most else most)
    assert 0 < found <= most


@pytest.mark.parametrize("level", ["L1-L2", "L3-L4", "L4-L5", "L5-S1"])
def test_the_nominal_rule_of_a_level_is_that_of_its_upper_vertebra(level: str) -> None:
    rule = find_nominal_rule(Level.parse(level))
    upper = level.split("-", maxsplit=1)[0]
    assert rule.angle_deg == value_at("completion_nerve.root_angle_deg", upper)
    assert rule.drift == value_at("completion_nerve.root_drift", upper)
    assert rule.behind_mm == 0.0
    assert rule.below_pedicle_mm == value("completion_nerve.root_below_pedicle_mm")


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("vertebra", ["L4", "L5"])
def test_the_axilla_is_the_lower_medial_corner_of_the_pedicle(side: Side, vertebra: str) -> None:
    axilla, ganglion = find_under_pedicle(FRAMES[vertebra], side, RULE, middle_mm=5.0)
    medial = PEDICLE_X[side] - PEDICLE_WIDTH / 2
    border = CENTRES[vertebra] + PEDICLE_Z - PEDICLE_HEIGHT / 2
    np.testing.assert_allclose(axilla, [side.lateral_sign_lps * medial, WALL + 5.0, border])
    beside = side.lateral_sign_lps * ganglion[0] - medial
    assert beside == pytest.approx(ganglion_beside_mm(vertebra, PEDICLE_WIDTH))
    assert ganglion[1] == pytest.approx(WALL + 5.0 + RULE.behind_mm)
    radius = value_at("completion_nerve.drg_width_mm", vertebra) / 2
    assert border - (ganglion[2] + radius) == pytest.approx(RULE.below_pedicle_mm)


def test_places_under_a_pedicle_follow_a_moved_vertebra() -> None:
    turn = np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    motion = RigidTransform.from_axes("lps", "lps", turn, [4.0, -9.0, 2.0])
    frame = FRAMES["L4"]
    moved = replace(frame, lps_from_vertebra=motion @ frame.lps_from_vertebra)
    for here, there in zip(
        find_under_pedicle(frame, Side.LEFT, RULE, 4.0),
        find_under_pedicle(moved, Side.LEFT, RULE, 4.0),
        strict=True,
    ):
        np.testing.assert_allclose(motion.points(here), there)


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(("angle_deg", "drift"), [(30.0, 0.0), (60.0, 0.5), (85.0, 1.0)])
def test_the_way_beyond_has_its_angle_to_the_disc_and_its_drift(
    a_spine_of_boxes: BonyAnatomy, side: Side, angle_deg: float, drift: float
) -> None:
    rule = RootRule(angle_deg, drift, 0.0, 0.8)
    way = distal_direction(a_spine_of_boxes, L45, side, rule)
    assert np.linalg.norm(way) == pytest.approx(1.0)
    beside = way[0] * side.lateral_sign_lps
    assert np.degrees(np.arctan2(-way[2], beside)) == pytest.approx(angle_deg)
    assert -way[1] / np.hypot(beside, way[2]) == pytest.approx(drift)


def test_without_a_disc_the_angle_is_taken_to_the_body(a_spine_of_boxes: BonyAnatomy) -> None:
    """The boxes' discs and bodies are parallel: both give one direction."""
    bare = replace(a_spine_of_boxes, disc_frames={})
    ways = [distal_direction(bony, L45, Side.LEFT, RULE) for bony in (a_spine_of_boxes, bare)]
    np.testing.assert_allclose(ways[0], ways[1])


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("radius_mm", [1.5, 2.7])
def test_the_sacral_root_runs_medial_of_the_pedicle_and_behind_the_wall(
    side: Side, radius_mm: float
) -> None:
    upper, lower = find_sacral_way(frame_of("S1"), side, radius_mm)
    gap = value("completion_nerve.gap_to_bone_mm")
    beside = PEDICLE_X[side] - PEDICLE_WIDTH / 2 - side.lateral_sign_lps * upper[0]
    assert beside - radius_mm == pytest.approx(gap)
    assert upper[1] - WALL - radius_mm == pytest.approx(gap)
    assert upper[2] - lower[2] == pytest.approx(value("completion_nerve.sacral_root_below_mm"))
    np.testing.assert_allclose(upper[:2], lower[:2])


class OpenRoom:
    """Free room that is as large everywhere as it is told."""

    def __init__(self, free_mm: float) -> None:
        self.free_mm = free_mm

    def sample(self, points_lps_mm: np.ndarray) -> np.ndarray:
        return np.full(len(points_lps_mm), self.free_mm) + points_lps_mm[:, 0]


def draft(x_mm: float = 0.0) -> RootDraft:
    """A root of ten points; its ganglion takes points 3 to 6."""
    points = np.zeros((10, 3))
    points[:, 0], points[:, 2] = x_mm, -np.arange(10.0)
    ganglion = np.zeros(10)
    ganglion[3:7] = 3.0
    return RootDraft(key("exiting_root:L4:left"), L45, points, np.full(10, 2.0), ganglion)


def test_a_root_needs_the_room_of_its_ganglion_where_that_is_wider() -> None:
    assert draft().needed_radii_mm.tolist() == [2.0] * 3 + [3.0] * 4 + [2.0] * 3
    assert _up_to_ganglion(draft()) == 7


@pytest.mark.parametrize(
    ("changed", "sigma"),
    [
        ({"angle_deg": 67.0}, "root_angle_sigma_deg"),
        ({"drift": 0.6}, "root_drift_sigma"),
        ({"behind_mm": 3.0}, "drg_sigma_mm"),
        ({"below_pedicle_mm": 2.3}, "drg_sigma_mm"),
    ],
)
def test_one_deviation_from_the_rule_costs_its_reluctance(
    changed: dict[str, float], sigma: str
) -> None:
    ((name, number),) = changed.items()
    deviations = abs(number - getattr(RULE, name)) / value(f"completion_nerve.{sigma}")
    other = replace(RULE, **changed)
    cost = value("completion_nerve.rule_reluctance_mm") * deviations
    assert _reluctance_mm(other, RULE) == pytest.approx(cost)
    assert _reluctance_mm(other, RULE) == _reluctance_mm(RULE, other)
    assert _reluctance_mm(RULE, RULE) == 0.0


@pytest.mark.parametrize(("gain_mm", "moves"), [(0.29, False), (0.31, True)])
def test_another_rule_has_to_gain_more_room_than_it_costs(gain_mm: float, moves: bool) -> None:
    """One deviation costs 0.3 mm: the other rule lays the root into so much more room."""
    other = replace(RULE, drift=RULE.drift + value("completion_nerve.root_drift_sigma"))
    room = OpenRoom(0.0)

    def lay(rule: RootRule) -> RootDraft:
        return draft(gain_mm if rule == other else 0.0)

    best = _best_rule([RULE, other], [lay], room, slice(0, 10))  # type: ignore[arg-type]
    assert (best == other) is moves


@pytest.mark.parametrize("free_mm", [1.5, 9.0])
def test_what_relaxation_mends_with_ease_is_no_reason_to_move(free_mm: float) -> None:
    """A ganglion of 3 mm in 1.5 mm of room lacks what is tolerated, and not more."""
    other = replace(RULE, drift=RULE.drift + 0.01)
    room = OpenRoom(free_mm)
    best = _best_rule(
        [RULE, other],
        [lambda rule: draft(float(rule == other))],
        room,
        slice(0, 10),  # type: ignore[arg-type]
    )
    assert best == RULE


def test_of_equal_rules_the_first_wins() -> None:
    twin = replace(RULE)
    best = _best_rule([RULE, twin], [lambda _: draft()], OpenRoom(0.0), slice(0, 10))  # type: ignore[arg-type]
    assert best is RULE
    assert ROUNDING_MM < 0.001


def test_only_the_part_up_to_the_ganglion_is_judged_when_its_place_is_chosen() -> None:
    """The far half of the nominal root lies in bone; its near half does not."""
    other = replace(RULE, behind_mm=RULE.behind_mm + 1.5)

    def lay(rule: RootRule) -> RootDraft:
        found = draft(5.0)
        found.points_lps_mm[7:, 0] = 5.0 if rule == other else -40.0
        return found

    rules, room = [RULE, other], OpenRoom(0.0)
    assert _best_rule(rules, [lay], room, slice(0, 7)) == RULE  # type: ignore[arg-type]
    assert _best_rule(rules, [lay], room, slice(0, 10)) == other  # type: ignore[arg-type]


def line(*points: tuple[float, float, float], radius_mm: float = 2.0) -> Tube:
    return Tube(np.array(points), np.full(len(points), radius_mm))


def severities(findings: tuple[Finding, ...]) -> list[Severity]:
    return [finding.severity for finding in findings]


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(
    ("across_mm", "expected"), [(4.9, []), (5.1, [Severity.CONFIRM]), (40.0, [Severity.BLOCK])]
)
def test_a_line_may_begin_a_little_beyond_the_midline(
    side: Side, across_mm: float, expected: list[Severity]
) -> None:
    sign = side.lateral_sign_lps
    tube = line((-sign * across_mm, 20, 45), (sign * 25, 20, 25))
    findings = check_drawn_sides({key(f"exiting_root:L4:{side}"): tube}, PLANE)
    assert severities(findings) == expected
    assert {finding.code for finding in findings} <= {"AN-400"}


def test_lines_are_told_in_the_order_of_their_names() -> None:
    wrong = line((-5, 20, 45), (-25, 20, 25))
    names = ("exiting_root:L5:left", "drg:L4:left", "exiting_root:L4:left")
    findings = check_drawn_sides({key(name): wrong for name in names}, PLANE)
    assert [finding.where for finding in findings] == sorted(names)


def test_a_line_without_a_side_is_not_judged() -> None:
    tube = {StructureKey("exiting_root", "L4"): line((-5, 20, 45), (-25, 20, 25))}
    assert check_drawn_sides(tube, PLANE) == ()
    assert check_drawn_levels(tube, FRAMES) == ()


@pytest.mark.parametrize("step", [-0.1, 0.1])
def test_a_root_that_grazes_its_pedicle_is_believed_and_one_inside_is_asked_about(
    step: float,
) -> None:
    """Half a pedicle's height under its middle, less what a hand may be off."""
    reach = PEDICLE_HEIGHT / 2 - value("completion_nerve.drawn_in_pedicle_most_mm")
    height = CENTRES["L4"] + PEDICLE_Z - reach + step
    tube = line((5, 20, height), (30, 20, height))
    findings = check_drawn_levels({key("exiting_root:L4:left"): tube}, FRAMES)
    assert severities(findings) == ([Severity.CONFIRM] if step > 0 else [])


@pytest.mark.parametrize("length_mm", [0.2, 0.5, 0.7, 10.0, 33.3])
def test_a_drawn_line_is_refined_without_being_changed(length_mm: float) -> None:
    tube = Tube(np.array([[0.0, 0, 0], [length_mm, 0, 0]]), np.array([1.0, 3.0]))
    points, radii = _refined(tube)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert steps.max() <= DRAWN_STEP_MM + 1e-9
    np.testing.assert_allclose(points[[0, -1]], tube.points_lps_mm)
    np.testing.assert_allclose(radii, 1 + 2 * points[:, 0] / length_mm)
    assert len(points) == len(radii) >= 2
