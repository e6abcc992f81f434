"""What the session means on a screen, in words and rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.app.logic.made_session import deliver_plan, opened_session, written_session
from tests.unit.exchange.made_plans import a_refusal
from tests.unit.planning.made_level import make_clearance, make_plan, make_stage

from kambin.app.logic.jobs import JobState
from kambin.app.logic.messages import Message
from kambin.app.logic.session import Session
from kambin.app.shown.anatomy import hex_colour, show_anatomy
from kambin.app.shown.case import show_case
from kambin.app.shown.compare import NOTHING, show_compare, tell_differences
from kambin.app.shown.curve import show_curve
from kambin.app.shown.examine import gap_rows, show_examine, split_verdict
from kambin.app.shown.findings import show_findings
from kambin.app.shown.footer import show_footer
from kambin.app.shown.frame import show_header, show_rail
from kambin.app.shown.place import show_place
from kambin.app.shown.plan import THE_PLAN, show_plan
from kambin.app.shown.sign import show_sign
from kambin.core import Finding, Severity
from kambin.planning import Resection, compare_plans
from kambin.planning.bone_models import DiameterVolume

Bone = Callable[..., Resection]


def finding(code: str, severity: Severity, what: str = "Something") -> Finding:
    return Finding(code, severity, what, "exiting_root:L4:left", "Because.", "Look.")


def test_findings_are_sorted_told_once_and_in_words() -> None:
    rows = show_findings(
        [
            finding("AN-127", Severity.NOTE),
            finding("AN-112", Severity.CONFIRM),
            finding("AN-112", Severity.CONFIRM),
            finding("AN-020", Severity.BLOCK),
        ],
        answered={"AN-112"},
    )
    assert [row.severity for row in rows] == ["stop", "answer", "note"]
    assert [row.answered for row in rows] == [False, True, False]
    assert [row.asks for row in rows] == [False, True, False]
    assert rows[0].where == "exiting root L4 left"


@pytest.mark.parametrize(
    ("words", "verdict", "reason"),
    [
        ("NOT A PLAN: breaks a hard rule. Bone.", "NOT A PLAN", "Breaks a hard rule. Bone."),
        (
            "Keeps every hard rule, with 1.2 mm of room.",
            "Keeps every hard rule",
            "With 1.2 mm of room.",
        ),
        ("Measured.", "Measured.", ""),
    ],
)
def test_a_verdict_is_split_into_what_is_read_from_afar_and_why(
    words: str, verdict: str, reason: str
) -> None:
    assert split_verdict(words) == (verdict, reason)


def test_the_nearest_of_each_kind_stands_once_with_nerves_first() -> None:
    stages = (
        make_stage(
            "cannula",
            make_clearance("exiting_root:L4:left", clearance_mm=5.0),
            make_clearance("exiting_root:L5:left", clearance_mm=7.0),
            make_clearance("kidney:left", clearance_mm=2.0),
        ),
        make_stage("reamer", make_clearance("exiting_root:L4:left", clearance_mm=3.0)),
    )
    rows = gap_rows(stages)
    assert [(row.words, row.gap, row.at) for row in rows] == [
        ("exiting root L4 left", "3.0 mm", "reamer"),
        ("kidney left", "2.0 mm", "cannula"),
    ]


@pytest.mark.parametrize(
    ("parts", "word", "tone"),
    [
        ({"clearance_mm": 0.5, "hard_margin_mm": 1.0}, "under margin 1.0", "stop"),
        (
            {"clearance_mm": -0.5, "hard_margin_mm": None, "group": "removable"},
            "removed",
            "care",
        ),
        ({"clearance_mm": -0.5, "hard_margin_mm": None}, "overlaps", "care"),
        ({"clearance_mm": -0.5, "hard_margin_mm": -1.5}, "overlaps", "care"),
        (
            {"clearance_mm": 2.0, "hard_margin_mm": 1.0, "inside_uncertainty": True},
            "within doubt",
            "care",
        ),
        (
            {"clearance_mm": 9.0, "hard_margin_mm": 1.0, "inside_uncertainty": False},
            "clear",
            "good",
        ),
    ],
)
def test_a_gap_is_told_in_words_and_not_only_in_colours(
    parts: dict[str, Any], word: str, tone: str
) -> None:
    (row,) = gap_rows((make_stage("cannula", make_clearance(**parts)),))
    assert (row.word, row.tone) == (word, tone)


def test_without_a_case_everything_says_so() -> None:
    session = Session()
    assert show_header(session).case == "no case is open"
    assert show_header(session).side == ""
    assert not show_case(session).is_open
    assert show_place(session, "") == show_place(Session(), "")
    assert show_anatomy(session).rows == ()
    assert not show_examine(session).has_path
    assert show_sign(session, ()).rows == ()
    assert show_plan(session, running=False).picks == ()
    rail = show_rail(session, "examine")
    assert (rail.closed, rail.mend) == ("No case is open.", 1)


def test_no_side_is_first_because_it_is_usual(tmp_path: Path) -> None:
    shown = show_place(opened_session(tmp_path), "data:,")
    assert [side.title for side in shown.sides] == ["RIGHT of the patient", "LEFT of the patient"]
    assert shown.confirmed == "L4-L5 LEFT, confirmed by A. Surgeon at 12:00 UTC"


def test_anatomy_tells_origin_and_sigma_of_this_side_alone(tmp_path: Path) -> None:
    session = opened_session(tmp_path)
    session.hidden = frozenset({"disc:L4-L5"})
    shown = show_anatomy(session)
    assert shown.rows
    assert not [row.key for row in shown.rows if row.key.endswith(":right")]
    assert {row.origin for row in shown.rows} <= {"labels", "drawn", "modelled", "phantom"}
    assert [row.key for row in shown.rows if not row.shown] == ["disc:L4-L5"]
    assert shown.others > 0
    assert hex_colour((1.0, 0.0, 0.5)) == "#ff0080"


def test_a_plan_has_itself_among_the_picks(tmp_path: Path) -> None:
    session = written_session(tmp_path)
    deliver_plan(session)
    shown = show_plan(session, running=True)
    assert shown.running
    assert shown.made.startswith("PLAN MADE: L4-L5 LEFT")
    assert shown.picks[0].name == THE_PLAN
    assert shown.certificate[0].startswith("Among the listed paths: ")
    assert shown.refusal is None


def test_a_refusal_says_what_binds_and_what_to_do(tmp_path: Path) -> None:
    session = opened_session(tmp_path)
    session.answer = a_refusal()
    shown = show_plan(session, running=False)
    assert shown.refusal is not None
    assert shown.refusal.what.endswith("LEFT")
    assert shown.refusal.why
    assert shown.picks == ()


def test_a_signature_and_a_hash_are_of_the_plan(tmp_path: Path) -> None:
    session = written_session(tmp_path)
    plan = deliver_plan(session)
    shown = show_sign(session, ("Report: a.pdf",))
    assert shown.sha256 == plan.content_sha256
    assert shown.made == ("Report: a.pdf",)
    assert not shown.complete
    assert shown.signed == ()


def test_a_plan_file_that_was_edited_is_told_where_it_would_be_signed(tmp_path: Path) -> None:
    session = written_session(tmp_path)
    deliver_plan(session)
    assert session.answer_file is not None
    session.answer_file.write_text("{", "utf-8")
    shown = show_sign(session, ())
    assert shown.rows == ()
    assert not shown.complete
    assert shown.signed


def test_versions_are_compared_number_by_number() -> None:
    plans = [
        make_plan((make_stage("cannula", make_clearance(clearance_mm=gap)),)) for gap in (3.0, 5.0)
    ]
    columns, rows = tell_differences(compare_plans(plans[0], plans[1]), "v1", "v2")
    assert columns == ("v1", "v2")
    assert all(len(row.values) == 2 for row in rows)
    assert not any(row.differs for row in rows if row.values[0] == row.values[1])


def test_one_version_is_listed(tmp_path: Path) -> None:
    session = written_session(tmp_path)
    deliver_plan(session)
    shown = show_compare(session, NOTHING, NOTHING)
    assert [one.title for one in shown.versions] == ["v1 plan"]
    assert shown.note == ""


def test_the_curve_of_bone_falls_into_its_box_with_a_mark() -> None:
    plan = make_plan((make_stage("cannula", make_clearance()),))
    points = tuple(
        DiameterVolume(diameter_mm=across, volume_mm3=volume)
        for across, volume in ((6.0, 0.0), (7.5, 80.0), (9.0, 240.0))
    )
    bone = plan.resection.model_copy(update={"volume_against_diameter": points, "volume_mm3": 80.0})
    curve = show_curve(bone)
    assert curve is not None
    assert curve.d == "M0.0 70.0L120.0 46.7L240.0 0.0"
    assert (curve.mark_x, curve.mark_y) == (120.0, 46.7)
    assert "80 mm³" in curve.words
    assert show_curve(bone.model_copy(update={"volume_against_diameter": points[:1]})) is None


def test_the_footer_tells_the_newest_three_messages_and_how_far_a_job_is() -> None:
    session = Session()
    session.tell(*(Message("error" if n % 2 else "note", "case", f"Message {n}") for n in range(5)))
    shown = show_footer(session, JobState("planning", "search", 3, 12), stage="", depth_mm=None)
    assert [one.what for one in shown.messages] == ["Message 4.", "Message 3.", "Message 2."]
    assert [one.number for one in shown.messages] == [4, 3, 2]
    assert [one.tone for one in shown.messages] == ["good", "stop", "good"]
    assert (shown.job, shown.job_share) == ("planning: search", 25)
    stopping = JobState("planning", "search", 3, 12, is_cancelling=True)
    assert show_footer(session, stopping, stage="", depth_mm=None).job == "planning: stopping"
    assert show_footer(session, JobState("x"), stage="", depth_mm=None).job_share == -1
    assert show_footer(session, None, stage="", depth_mm=None).job == ""
