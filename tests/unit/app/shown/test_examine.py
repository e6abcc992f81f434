"""The panel of the path under the hand: its words for each side, each gap and each verdict."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.app.logic.made_session import made_path, moved_session
from tests.unit.app.verbs.made_bench import measured
from tests.unit.planning.made_level import (
    make_clearance,
    make_plan,
    make_resection,
    make_stage,
    make_tolerance,
)

from kambin.app.logic.draft import Draft, HandPath, Verdict
from kambin.app.logic.session import Session
from kambin.app.shown.examine import ROWS, find_own_plan, gap_rows, show_examine
from kambin.frames import Side
from kambin.planning import Certainty, Plan, PlanRequest, Reach
from kambin.planning.bone_models import DiameterVolume

ROOT = "exiting_root:L4:left"


@pytest.fixture
def session() -> Session:
    return measured(moved_session())


def with_plan(session: Session, **parts: Any) -> Plan:
    """Give the session a plan whose path lies under the hand."""
    plan = make_plan((make_stage("cannula", make_clearance()),), **parts)
    assert session.draft is not None
    assert session.place is not None
    session.answer = plan
    session.request = PlanRequest(session.place.level, session.place.side)
    session.draft = replace(session.draft, path=HandPath.of_plan(plan))
    return plan


def fact(shown: Any, label: str) -> str:
    return next(one.value for one in shown.facts if one.label == label)


# the path


def test_the_entry_is_told_on_the_side_of_the_patient(session: Session) -> None:
    assert fact(show_examine(session), "entry").endswith(" mm left")


def test_without_a_confirmed_place_no_side_is_told(session: Session) -> None:
    session.place = None
    assert "left" not in fact(show_examine(session), "entry")
    assert "right" not in fact(show_examine(session), "entry")


def test_left_and_right_say_the_same_numbers_with_their_own_side(session: Session) -> None:
    mirror = measured(moved_session(Side.RIGHT), Side.RIGHT)
    left, right = show_examine(session), show_examine(mirror)
    assert fact(right, "entry").endswith(" mm right")
    assert [one.value.replace("right", "left") for one in right.facts] == [
        one.value for one in left.facts
    ]
    assert [row.gap for row in right.rows] == [row.gap for row in left.rows]
    assert [row.words.replace("right", "left") for row in right.rows] == [
        row.words for row in left.rows
    ]
    assert right.entry[0] == f"{-float(left.entry[0]):.1f}"
    assert right.verdict == left.verdict


def test_the_height_has_a_word_and_no_sign(session: Session) -> None:
    assert session.draft is not None
    assert session.draft.evaluation is not None
    found = session.draft.evaluation
    for height, words in ((12.4, "12 mm cranial"), (-12.4, "12 mm caudal")):
        entry = found.entry.model_copy(update={"cranial_of_disc_line_mm": height})
        session.draft = replace(session.draft, evaluation=replace(found, entry=entry))
        assert fact(show_examine(session), "height") == words


def test_bone_that_was_not_assessed_is_said_so(session: Session) -> None:
    assert session.draft is not None
    assert session.draft.evaluation is not None
    bone = make_resection(volume_mm3=None)
    found = replace(session.draft.evaluation, resection=bone)
    session.draft = replace(session.draft, evaluation=found)
    assert fact(show_examine(session), "bone taken") == "not assessed"


def test_both_ends_are_told_in_the_axes_of_the_patient(session: Session) -> None:
    shown, path = show_examine(session), made_path()
    assert shown.entry == tuple(f"{x:.1f}" for x in path.entry_lps_mm)
    assert shown.target == tuple(f"{x:.1f}" for x in path.target_lps_mm)


def test_nothing_yet_has_neither_path_nor_numbers() -> None:
    shown = show_examine(Session(), "v3")
    assert not shown.has_path
    assert (shown.facts, shown.rows, shown.largest, shown.certain) == ((), (), (), ())
    assert shown.title == ""


@pytest.mark.parametrize("tone", ["stop", "care"])
def test_a_path_without_numbers_has_its_verdict_and_no_number(tone: str) -> None:
    session = Session()
    words = "ENTRY NOT ON THE SKIN: no path begins there."
    session.draft = Draft(made_path(), Verdict(tone, words, ("It lies 4.0 mm off.",)))
    shown = show_examine(session)
    assert (shown.verdict, shown.tone) == ("ENTRY NOT ON THE SKIN", tone)
    assert shown.reason == "No path begins there."
    assert shown.has_path
    assert (shown.facts, shown.rows, shown.largest) == ((), (), ())
    assert [one.label for one in shown.certain] == ["live numbers"]
    (row,) = shown.findings
    assert (row.what, row.next_step) == ("It lies 4.0 mm off.", "Move the path, or undo.")
    assert row.severity == {"stop": "stop", "care": "answer"}[tone]


def test_every_reason_against_a_path_is_listed(session: Session) -> None:
    assert session.draft is not None
    shown = show_examine(session)
    assert shown.verdict == "NOT A PLAN"
    assert [row.what for row in shown.findings] == list(session.draft.verdict.reasons)
    assert {row.severity for row in shown.findings} == {"stop"}
    assert not any(row.asks for row in shown.findings)


# gaps


def test_what_is_modelled_is_marked_in_its_row_with_its_sigma(session: Session) -> None:
    rows = show_examine(session).rows
    marks = {row.words.split()[0]: row.sure for row in rows}
    assert marks["exiting"] == "m ±2.5"
    assert marks["trav."] == "m ±2.5"
    assert marks["dural"] == "s ±1.0"
    assert marks["SAP"] == "s ±0.5"


def test_what_stands_on_the_screen_is_limited_and_the_rest_is_counted(session: Session) -> None:
    assert session.draft is not None
    assert session.draft.evaluation is not None
    every = gap_rows(session.draft.evaluation.stages)
    shown = show_examine(session)
    assert len(every) > ROWS
    assert shown.rows == every[:ROWS]
    assert shown.more_rows == len(every) - ROWS
    gaps = [float(row.gap.split()[0]) for row in every]
    nerves = [row.words.startswith(("exiting", "trav.", "dural", "DRG")) for row in every]
    assert nerves == sorted(nerves, reverse=True)
    assert gaps[: sum(nerves)] == sorted(gaps[: sum(nerves)])
    assert gaps[sum(nerves) :] == sorted(gaps[sum(nerves) :])


def test_few_rows_leave_none_over() -> None:
    session = Session()
    session.draft = Draft(made_path(), Verdict("good", "Measured."))
    assert show_examine(session).more_rows == 0


@pytest.mark.parametrize(
    ("structure", "words"),
    [
        ("sap:L5:left", "SAP L5 left"),
        ("iap:L4:right", "IAP L4 right"),
        ("traversing_root:L5:left", "trav. root L5 left"),
        ("drg:L4:right", "DRG L4 right"),
        ("segmental_artery:L4:left", "seg. artery L4 left"),
        ("sp:L4", "SP L4"),
        ("tp:L4:left", "TP L4 left"),
        ("pedicle_rim:L5:left", "pedicle border L5 left"),
        ("body_rim:L5", "rim of body L5"),
        ("vena_cava", "vena cava"),
    ],
)
def test_names_are_short_and_keep_place_and_side(structure: str, words: str) -> None:
    (row,) = gap_rows((make_stage("cannula", make_clearance(structure)),))
    assert (row.key, row.words) == (structure, words)


@pytest.mark.parametrize(
    ("gap", "margin", "doubt", "word", "tone"),
    [
        (0.99, 1.0, True, "under margin 1.0", "stop"),
        (1.0, 1.0, True, "within doubt", "care"),
        (1.0, 1.0, False, "clear", "good"),
        (-2.0, -1.5, False, "under margin -1.5", "stop"),
        (-1.5, -1.5, True, "overlaps", "care"),
        (-0.1, None, False, "overlaps", "care"),
        (0.0, None, True, "within doubt", "care"),
        (0.0, None, False, "clear", "good"),
    ],
)
def test_the_word_of_a_gap_turns_exactly_at_its_bounds(
    gap: float, margin: float | None, doubt: bool, word: str, tone: str
) -> None:
    row = make_clearance(clearance_mm=gap, hard_margin_mm=margin, inside_uncertainty=doubt)
    (shown,) = gap_rows((make_stage("cannula", row),))
    assert (shown.word, shown.tone) == (word, tone)
    assert shown.gap == f"{gap:.1f} mm"


def test_a_gap_is_of_the_tool_that_comes_nearest() -> None:
    stages = tuple(
        make_stage(tool, make_clearance(ROOT, clearance_mm=gap))
        for tool, gap in (("needle", 4.0), ("reamer", 1.2), ("cannula", 2.0))
    )
    (row,) = gap_rows(stages)
    assert (row.at, row.gap) == ("reamer", "1.2 mm")
    assert gap_rows(()) == ()


# the large numbers


def test_the_room_reads_depth_angle_and_the_nearest_nerve_with_its_word(session: Session) -> None:
    shown = show_examine(session)
    depth, angle, nearest = shown.largest
    assert depth.value == fact(shown, "depth")
    assert angle.value.endswith("°")
    assert nearest.label == f"to {shown.rows[0].words}, modelled, {shown.rows[0].word}"
    assert nearest.label.startswith("to exiting root L4 left, modelled, under margin")
    assert nearest.value == shown.rows[0].gap


def test_without_any_gap_the_room_reads_two_numbers(session: Session) -> None:
    assert session.draft is not None
    assert session.draft.evaluation is not None
    found = replace(session.draft.evaluation, stages=())
    session.draft = replace(session.draft, evaluation=found)
    assert len(show_examine(session).largest) == 2


# live, or of a plan


def test_a_path_that_was_moved_is_live_and_a_plan_is_not(session: Session) -> None:
    plan = with_plan(session)
    assert find_own_plan(session) is plan
    shown = show_examine(session, "v3")
    assert not shown.live
    assert shown.title == "outside-in, cannula 7.5 mm · v3"
    assert session.draft is not None
    session.draft = replace(session.draft, path=made_path())
    assert find_own_plan(session) is None
    moved = show_examine(session, "v3")
    assert moved.live
    assert moved.title == "outside-in, cannula 7.5 mm · v3 · moved by hand"
    assert moved.certain[-1].label == "live numbers"
    assert moved.curve is None
    assert moved.tolerance_mm == 0.0


def test_a_plan_tells_what_the_hand_may_err_and_the_likeliest_contact(session: Session) -> None:
    certainty = Certainty(
        contact_probability={"sap:L5:left": 0.02, ROOT: 0.123, "dural_sac": 0.123},
        tolerance_entry_mm=0.5,
        tolerance_angle_deg=0.3,
        not_assessed_reason=None,
        tolerance=make_tolerance(),
    )
    with_plan(session, certainty=certainty)
    shown = show_examine(session)
    told = {one.label: one.value for one in shown.certain}
    assert told["the hand may err"] == "0.5 mm at skin, 0.3°"
    # of two that are equally likely the first by name: the same words every time
    assert told["likeliest contact: dural sac"] == "12.3 %"
    assert len([one for one in told if one.startswith("likeliest")]) == 1
    assert shown.tolerance_mm == 0.5


def test_a_plan_that_was_not_assessed_says_so_and_draws_no_circle(session: Session) -> None:
    certainty = Certainty(
        contact_probability={},
        tolerance_entry_mm=None,
        tolerance_angle_deg=None,
        not_assessed_reason="No skin.",
    )
    with_plan(session, certainty=certainty)
    shown = show_examine(session)
    told = {one.label: one.value for one in shown.certain}
    assert told["the hand may err"] == "not assessed at skin, not assessed"
    assert shown.tolerance_mm == 0.0
    assert not [label for label in told if label.startswith("likeliest")]


@pytest.mark.parametrize(
    ("reached", "seen", "words"),
    [
        (0.5, 0.25, "50 % reached, 25 % seen"),
        (0.0, None, "0 % reached, not assessed seen"),
        (None, None, None),
    ],
)
def test_reach_is_told_where_there_is_a_fragment(
    session: Session, reached: float | None, seen: float | None, words: str | None
) -> None:
    reach = Reach(
        reachable_fraction=reached,
        visible_fraction=seen,
        residual_mm3=None,
        not_assessed_reason=None if reached is not None else "The case has no fragment.",
    )
    with_plan(session, reach=reach)
    told = {one.label: one.value for one in show_examine(session).certain}
    assert told.get("fragment") == words


def test_the_curve_is_that_of_the_plan(session: Session) -> None:
    points = tuple(DiameterVolume(diameter_mm=d, volume_mm3=10 * d) for d in (6.0, 8.0))
    with_plan(session, resection=make_resection(volume_against_diameter=points))
    curve = show_examine(session).curve
    assert curve is not None
    assert curve.across == "6.0 to 8.0 mm diameter"
