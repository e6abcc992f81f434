"""What holds for any clearance, any path and any document of planning."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.unit.planning.made_level import (
    LEVEL,
    ROOT,
    SIDE,
    make_anatomy,
    make_box,
    make_clearance,
    make_plan,
    make_resection,
    make_stage,
    make_structure,
)
from tests.unit.planning.posed_level import a_hazard_near, a_tool, plane, surroundings
from tests.unit.planning.small_problems import the_tools

from kambin.anatomy import Origin, Tube
from kambin.planning import Clearance, Path, PlanRequest, hash_content, round_document, seal_plan
from kambin.planning.certainty import find_slack_mm
from kambin.planning.contact import SCRAMBLES_SAMPLES, rate_contact
from kambin.planning.error_model import PathFrame
from kambin.planning.evaluate import find_uncertainty_mm
from kambin.planning.policy import Group
from kambin.planning.refusal import find_binding, judge_refusal
from kambin.planning.remarks import remark_missing
from kambin.planning.resection import classify_stability, is_in_capsule
from kambin.planning.tolerance import SLACK_TOLERANCE, find_cone
from kambin.planning.tubes import measure_tube_clearance

gaps = st.floats(-20, 200, allow_nan=False)
sigmas = st.floats(0.05, 5)
margins = st.none() | st.floats(-1.5, 11)
points = st.tuples(*[st.floats(-150, 150)] * 3)
shares = st.floats(0, 1)
names = st.sampled_from(["aorta", "colon", "dural_sac", ROOT, "kidney:left", "pedicle:L4:left"])

ORDER = ["intact", "minor", "moderate", "at_risk"]
BOX = make_box((0, 3), (0, 3), (0, 3))
PLAN = make_plan((make_stage("needle", make_clearance()),))
SEEN, MODELLED = (
    make_anatomy({ROOT: make_structure(ROOT, BOX, origin=origin)})
    for origin in (Origin.SEGMENTED, Origin.MODELLED)
)


@st.composite
def rows(draw: st.DrawFn) -> Clearance:
    """Any row of any stage."""
    return make_clearance(
        draw(names),
        clearance_mm=draw(gaps),
        sigma_mm=draw(sigmas),
        hard_margin_mm=draw(margins),
    )


@st.composite
def paths(draw: st.DrawFn) -> Path:
    """Any straight axis of 10 mm or more that docks somewhere on its way."""
    entry, target = np.array(draw(points)), np.array(draw(points))
    length = float(np.linalg.norm(entry - target))
    assume(length > 10)
    return Path(entry, target, draw(st.floats(0, 0.9)) * length)


# Certainty


def _rate(
    clearances: list[float], sigma: float, known: list[bool] | None = None
) -> tuple[float, float, float]:
    """Contact of a needle at some clearances, each as often as the other in every scramble."""
    poses = np.tile(clearances, SCRAMBLES_SAMPLES)
    exact = np.ones(len(poses), bool) if known is None else np.tile(known, SCRAMBLES_SAMPLES)
    found = rate_contact(poses, exact, sigma, "needle")
    return found.low, found.probability, found.high


@given(gaps, gaps, sigmas)
def test_more_room_never_makes_contact_likelier(a: float, b: float, sigma: float) -> None:
    near, far = sorted((a, b))
    chances = [_rate([gap], sigma)[1] for gap in (near, far)]
    assert 0 <= chances[1] <= chances[0] <= 1


@given(gaps, sigmas)
def test_room_and_overlap_are_each_others_complement(gap: float, sigma: float) -> None:
    assert sum(_rate([sign * gap], sigma)[1] for sign in (1, -1)) == pytest.approx(1)


@given(gaps, sigmas, st.floats(0.1, 10))
def test_contact_depends_on_the_gap_in_sigmas_alone(gap: float, sigma: float, scale: float) -> None:
    one, other = (_rate([k * gap], k * sigma)[1] for k in (1.0, scale))
    assert one == pytest.approx(other, rel=1e-6, abs=1e-12)


@given(st.lists(gaps, min_size=2, max_size=8), sigmas)
def test_the_chance_of_many_poses_is_the_mean_of_theirs(found: list[float], sigma: float) -> None:
    alone = [_rate([gap], sigma)[1] for gap in found]
    assert _rate(found, sigma)[1] == pytest.approx(np.mean(alone), abs=1e-12)


@given(st.lists(st.tuples(gaps, st.booleans()), min_size=1, max_size=8), sigmas)
def test_a_gap_known_from_below_lowers_the_low_end_and_nothing_else(
    found: list[tuple[float, bool]], sigma: float
) -> None:
    clearances, known = map(list, zip(*found, strict=True))
    low, chance, high = _rate(clearances, sigma, known)
    sure = _rate(clearances, sigma)
    assert (chance, high) == sure[1:]
    assert low <= sure[0] + 1e-12
    assert low <= chance <= high


@given(st.lists(rows(), min_size=1, max_size=6))
def test_the_slack_is_the_least_over_rows_in_any_order(found: list[Clearance]) -> None:
    together = find_slack_mm([make_stage("needle", *found)])
    apart = find_slack_mm([make_stage("needle", row) for row in reversed(found)])
    assert together == apart
    assert all(
        together <= row.clearance_mm - row.hard_margin_mm
        for row in found
        if row.hard_margin_mm is not None
    )


@settings(max_examples=6)
@given(st.floats(-1, 4))
def test_a_tolerance_is_granted_exactly_if_there_is_slack(slack: float) -> None:
    # The wall stands off the needle's radius, its margin of 2 mm from a root, and the slack.
    assume(abs(slack - SLACK_TOLERANCE) > 1e-3)
    tools = replace(the_tools(), tools=(a_tool("needle", 0.6),))
    around, stages = surroundings(tools, [a_hazard_near(plane(2.6 + slack))])
    assert find_slack_mm(stages) == pytest.approx(slack, abs=1e-4)
    cone = find_cone(around, PathFrame.of(around.path, SIDE))
    assert (cone is None) is (slack <= SLACK_TOLERANCE)
    if cone is not None:
        # The tip of a turn by this angle moves by no more than the slack.
        assert around.path.length_mm * np.sin(cone.angle_rad) <= slack + 0.02
        assert cone.entry_mm <= slack + 0.02


@given(st.sampled_from(Group), st.floats(0, 5), st.booleans())
def test_uncertainty_is_two_sigma_or_more(group: Group, sigma: float, unresolved: bool) -> None:
    shown = find_uncertainty_mm(group, sigma, unresolved=unresolved)
    assert shown >= 2 * sigma
    assert shown >= find_uncertainty_mm(group, sigma, unresolved=False)


# Refusals


@given(st.floats(0.001, 20), sigmas, st.booleans(), st.booleans())
def test_a_refusal_is_decided_by_the_rule_and_by_nothing_else(
    deficit: float, sigma: float, modelled: bool, passes_without: bool
) -> None:
    row = make_clearance(clearance_mm=1 - deficit, hard_margin_mm=1.0, sigma_mm=sigma)
    anatomy = MODELLED if modelled else SEEN
    verdict = judge_refusal(
        anatomy, (make_stage("needle", row),), deficit, lambda key: passes_without
    )
    expected = deficit >= 2 * sigma or (modelled and not passes_without)
    assert verdict.decidable is expected
    assert verdict.finding.code == ("PL-001" if expected else "PL-002")
    assert verdict.binding.deficit_mm == deficit


@given(st.lists(rows(), min_size=1, max_size=6), st.floats(0.001, 20))
def test_what_binds_is_never_better_than_another(found: list[Clearance], deficit: float) -> None:
    demanded = [row for row in found if row.hard_margin_mm is not None]
    assume(demanded)
    _, row = find_binding((make_stage("cannula", *found),), deficit)
    assert row.hard_margin_mm is not None
    assert row.clearance_mm - row.hard_margin_mm == find_slack_mm([make_stage("x", *demanded)])


# The swept tool


@given(paths(), shares)
def test_every_tip_lies_on_the_axis(path: Path, share: float) -> None:
    tip = path.tip_lps_mm(share * path.length_mm)
    to_target = np.linalg.norm(tip - path.target_lps_mm)
    to_entry = np.linalg.norm(tip - path.entry_lps_mm)
    assert to_target == pytest.approx(share * path.length_mm, abs=1e-9)
    assert to_target + to_entry == pytest.approx(path.length_mm)


@given(paths())
def test_samples_hold_both_ends_and_the_docking_point(path: Path) -> None:
    found, along = path.samples()
    assert found[0] == pytest.approx(path.target_lps_mm)
    assert found[-1] == pytest.approx(path.entry_lps_mm)
    assert path.stop_mm in along
    assert np.diff(along).max() <= 0.25 + 1e-9


@given(paths(), st.floats(0.1, 10), points, shares)
def test_the_swept_tool_is_all_within_its_radius_of_the_used_axis(
    path: Path, radius: float, point: tuple[float, float, float], share: float
) -> None:
    used = path.stop_mm + share * (path.length_mm - path.stop_mm)
    way = np.subtract(point, path.target_lps_mm)
    assume(np.linalg.norm(way) > 1)
    near = path.tip_lps_mm(used) + 0.999 * radius * way / np.linalg.norm(way)
    assert is_in_capsule(near[None], path, radius).all()


@given(paths(), st.floats(0.1, 10), st.lists(points, min_size=1, max_size=20))
def test_a_wider_tool_sweeps_all_that_a_thinner_one_does(
    path: Path, radius: float, found: list[tuple[float, float, float]]
) -> None:
    thin = is_in_capsule(np.array(found), path, radius)
    wide = is_in_capsule(np.array(found), path, 2 * radius)
    assert not (thin & ~wide).any()


@given(paths(), st.floats(0.1, 30), st.lists(points, min_size=1, max_size=20))
def test_the_mirrored_tool_sweeps_the_mirrored_points(
    path: Path, radius: float, found: list[tuple[float, float, float]]
) -> None:
    mirror = np.array([-1.0, 1, 1])
    other = Path(path.entry_lps_mm * mirror, path.target_lps_mm * mirror, path.stop_mm)
    here = is_in_capsule(np.array(found), path, radius)
    there = is_in_capsule(np.array(found) * mirror, other, radius)
    assert here.tolist() == there.tolist()


@given(shares, shares, st.booleans())
def test_keeping_more_of_the_joint_is_never_worse(a: float, b: float, touched: bool) -> None:
    less, more = sorted((a, b))
    classes = [ORDER.index(classify_stability(kept, touched=touched)) for kept in (less, more)]
    assert classes[1] <= classes[0]


# Tubes


@given(points, points, points, points, st.floats(0.5, 5))
def test_the_distance_to_a_tube_does_not_know_the_direction_of_the_tool(
    start: Any, end: Any, low: Any, high: Any, radius: float
) -> None:
    assume(np.linalg.norm(np.subtract(start, end)) > 1)
    tube = Tube(np.array([low, high]), np.array([radius, radius]))
    there, back = (measure_tube_clearance(*way, tube)[0] for way in ((start, end), (end, start)))
    assert there == pytest.approx(back, abs=1e-9)


@given(points, points, points, points, st.floats(0.5, 5), st.floats(0, 3))
def test_a_thicker_tube_is_nearer_by_as_much(
    start: Any, end: Any, low: Any, high: Any, radius: float, more: float
) -> None:
    thin, thick = (
        measure_tube_clearance(start, end, Tube(np.array([low, high]), np.full(2, r)))[0]
        for r in (radius, radius + more)
    )
    assert thin - thick == pytest.approx(more, abs=1e-9)


@given(points, points, points, points)
def test_a_mirrored_tube_is_as_far_from_the_mirrored_tool(
    start: Any, end: Any, low: Any, high: Any
) -> None:
    mirror = np.array([-1.0, 1, 1])
    here = measure_tube_clearance(start, end, Tube(np.array([low, high]), np.array([1.0, 2.0])))
    tube = Tube(np.array([low, high]) * mirror, np.array([1.0, 2.0]))
    there = measure_tube_clearance(start * mirror, end * mirror, tube)
    assert here[0] == there[0]
    assert (here[1] * mirror).tolist() == there[1].tolist()


# Documents


@given(st.lists(rows(), max_size=4))
def test_rounding_a_document_twice_changes_nothing(found: list[Clearance]) -> None:
    once = round_document(make_stage("needle", *found))
    assert round_document(once) == once
    for row, raw in zip(once.clearances, found, strict=True):
        assert row.clearance_mm == pytest.approx(raw.clearance_mm, abs=5.1e-7)


@given(st.lists(rows(), max_size=4))
def test_a_sealed_plan_keeps_its_seal_through_json(found: list[Clearance]) -> None:
    plan = make_plan((make_stage("needle", *found),))
    again = type(plan).model_validate(json.loads(plan.model_dump_json()))
    assert again == plan
    assert hash_content(again) == plan.content_sha256
    assert seal_plan(again) == plan


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3))
def test_seals_differ_exactly_if_the_written_numbers_do(a: float, b: float) -> None:
    one, other = (make_resection(volume_mm3=v) for v in (a, b))
    seals = {hash_content(PLAN.model_copy(update={"resection": r})) for r in (one, other)}
    written = {round_document(r).volume_mm3 for r in (one, other)}
    assert len(seals) == len(written)


@given(st.dictionaries(names, shares, min_size=1))
def test_the_seal_does_not_depend_on_the_order_of_names(chances: dict[str, float]) -> None:
    seals = {
        hash_content(
            PLAN.model_copy(
                update={
                    "certainty": PLAN.certainty.model_copy(
                        update={"contact_probability": dict(order)}
                    )
                }
            )
        )
        for order in (chances.items(), reversed(chances.items()))
    }
    assert len(seals) == 1


@given(st.lists(names, unique=True))
def test_missing_structures_are_all_named(missing: list[str]) -> None:
    found = remark_missing(tuple(missing), LEVEL, SIDE)
    assert ("PL-010" in [f.code for f in found]) is bool(missing)
    assert ("PL-013" in [f.code for f in found]) is (ROOT in missing)
    assert all(name in found[-1].where for name in missing)


@given(st.floats(min_value=0, exclude_min=True, allow_nan=False, allow_infinity=False))
def test_any_finite_diameter_may_be_asked_for(size: float) -> None:
    assert PlanRequest(LEVEL, SIDE, cannula_mm=size).cannula_mm == size
