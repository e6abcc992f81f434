"""The first two panels: the case with its checks, and side and level without any default."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.app.logic.made_session import BY, made_anatomy, made_checked, made_place

from kambin.anatomy import LevelScheme, StructureKey
from kambin.app.logic.session import Session
from kambin.app.shown.case import show_case
from kambin.app.shown.findings import show_findings
from kambin.app.shown.place import has_fragment, show_place
from kambin.app.state import CaseView, PlaceView
from kambin.core import Finding, Severity
from kambin.frames import Side
from kambin.planning import ZONES
from kambin.planning.models import FindingRecord

ASKING = Finding("IN-022", Severity.CONFIRM, "Some names", "labels", "why", "next")
NOTED = Finding("AN-127", Severity.NOTE, "A root was modelled", "drg:L4:left", "why", "next")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    session = Session()
    session.folder, session.checked = tmp_path, made_checked(tmp_path)
    return session


def asked(session: Session, *findings: Finding) -> Session:
    assert session.checked is not None
    session.checked = replace(session.checked, findings=findings)
    return session


# side and level


def test_without_a_case_nothing_can_be_chosen() -> None:
    assert show_place(Session(), "data:,") == PlaceView()


def test_nothing_is_chosen_before_a_person_chooses(session: Session) -> None:
    shown = show_place(session, "data:image/png;base64,AA")
    assert shown.confirmed == ""
    assert shown.picture == "data:image/png;base64,AA"
    assert [one.value for one in shown.levels] == ["L4-L5"]
    assert [one.value for one in shown.sides] == ["right", "left"]
    assert not any("usual" in one.title for one in (*shown.levels, *shown.sides))


@pytest.mark.parametrize("side", list(Side))
def test_a_side_is_called_that_of_the_patient(session: Session, side: Side) -> None:
    titles = {one.value: one.title for one in show_place(session, "").sides}
    assert titles[side.value] == f"{side.value.upper()} of the patient"


@pytest.mark.parametrize(("side", "word"), [(Side.LEFT, "LEFT"), (Side.RIGHT, "RIGHT")])
def test_a_confirmed_place_is_one_sentence(session: Session, side: Side, word: str) -> None:
    session.place = made_place(side)
    told = show_place(session, "").confirmed
    assert told == f"L4-L5 {word}, confirmed by {BY} at 12:00 UTC"


def test_the_count_is_told_from_head_to_foot(session: Session) -> None:
    assert show_place(session, "").scheme == "5 lumbar: L4, L5, from head to foot."
    assert session.checked is not None
    scheme = LevelScheme("6 lumbar", ("L5", "L6"), True, False)
    check = replace(session.checked.check, scheme=scheme, levels_present=())
    session.checked = replace(session.checked, check=check)
    shown = show_place(session, "")
    assert shown.scheme.startswith("6 lumbar: L5, L6")
    assert shown.levels == ()


def test_a_zone_is_one_that_planning_knows_or_what_the_case_says(session: Session) -> None:
    zones = show_place(session, "").zones
    assert [one.value for one in zones] == ["", *ZONES]
    assert zones[0].title == "as the case says"


def test_only_what_a_person_must_answer_is_asked(session: Session) -> None:
    shown = show_place(asked(session, NOTED, ASKING), "")
    assert [row.code for row in shown.questions] == ["IN-022"]
    assert shown.questions[0].asks
    assert not shown.questions[0].answered


def test_what_completing_asks_is_asked_with_the_place(session: Session) -> None:
    session.anatomy = replace(made_anatomy(), findings=(ASKING, NOTED))
    assert [row.code for row in show_place(session, "").questions] == ["IN-022"]


def test_a_fragment_is_known_once_the_anatomy_has_one(session: Session) -> None:
    assert not has_fragment(session)
    session.anatomy = made_anatomy()
    assert not show_place(session, "").has_fragment
    key = StructureKey.parse("fragment")
    structure = replace(made_anatomy().require("disc:L4-L5"), key=key)
    session.anatomy = replace(
        made_anatomy(), structures={**made_anatomy().structures, key: structure}
    )
    assert show_place(session, "").has_fragment


# the case


def test_without_a_case_there_are_no_facts() -> None:
    assert show_case(Session()) == CaseView()


def test_a_case_is_told_by_its_folder_its_count_and_its_content(session: Session) -> None:
    shown = show_case(session)
    facts = {one.label: one.value for one in shown.facts}
    assert session.folder is not None
    assert session.checked is not None
    assert shown.is_open
    assert facts["Folder"] == session.folder.name
    assert facts["Image"] == "none: labels only"
    assert facts["Counted"] == "5 lumbar"
    assert facts["Levels"] == "L4-L5"
    assert facts["Content"] == session.checked.case.sha256[:12]
    shape = session.checked.case.labels.shape
    assert facts["Labels"] == f"{' x '.join(map(str, shape))} at 4.0 x 4.0 x 4.0 mm"


def test_a_case_without_any_level_says_none(session: Session) -> None:
    assert session.checked is not None
    check = replace(session.checked.check, levels_present=())
    session.checked = replace(session.checked, check=check)
    assert {one.label: one.value for one in show_case(session).facts}["Levels"] == "none"


def test_no_path_of_the_machine_stands_on_the_screen(session: Session) -> None:
    assert session.folder is not None
    assert str(session.folder.parent) not in repr(show_case(session))


def test_what_checks_found_is_told_what_stops_first(session: Session) -> None:
    stop = Finding("AN-020", Severity.BLOCK, "No disc", "disc:L4-L5", "why", "next")
    shown = show_case(asked(session, NOTED, ASKING, stop))
    assert [row.severity for row in shown.findings] == ["stop", "answer", "note"]
    assert shown.findings[0].where == "disc L4-L5"


# findings


def test_no_finding_is_no_row() -> None:
    assert show_findings(()) == ()


def test_of_one_severity_the_order_stays() -> None:
    found = [replace(NOTED, code=code) for code in ("AN-127", "AN-020", "AN-112")]
    assert [row.code for row in show_findings(found)] == ["AN-127", "AN-020", "AN-112"]


def test_the_same_code_at_two_structures_is_two_rows() -> None:
    rows = show_findings([NOTED, replace(NOTED, where="drg:L5:left"), NOTED])
    assert [row.where for row in rows] == ["ganglion (DRG) L4 left", "ganglion (DRG) L5 left"]


@pytest.mark.parametrize(
    ("severity", "word", "asks"),
    [("BLOCK", "stop", False), ("CONFIRM", "answer", True), ("NOTE", "note", False)],
)
def test_a_finding_of_a_plan_is_told_as_one_of_the_case(
    severity: str, word: str, asks: bool
) -> None:
    record = FindingRecord(
        code="PL-090",
        severity=severity,
        what="sap:L5:left is near",
        where="exiting_root:L4:right",
        why="See dural_sac.",
        next_step="Look at vena_cava.",
    )
    case = Finding(
        "PL-090", Severity[severity], record.what, record.where, record.why, record.next_step
    )
    (row,) = show_findings([record], answered={"PL-090"})
    assert (row.severity, row.asks, row.answered) == (word, asks, True)
    assert row.what == "superior articular process L5 left is near"
    assert row.where == "exiting root L4 right"
    assert (row.why, row.next_step) == ("See dural sac.", "Look at vena cava.")
    assert show_findings([case], answered={"PL-090"}) == (row,)


def test_an_answer_to_another_code_answers_nothing() -> None:
    (row,) = show_findings([ASKING], answered={"AN-112", "IN-02"})
    assert not row.answered
