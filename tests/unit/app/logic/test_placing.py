"""Side and level: a person with a name says both, and nothing is chosen beforehand."""

from pathlib import Path

import pytest
from tests.unit.app.logic.made_session import BY, NOON, deliver_plan, made_path, opened_session

from kambin.app.logic.loading import wish_of
from kambin.app.logic.placing import confirm_place, draw_count, list_levels
from kambin.app.logic.session import Session
from kambin.core import KambinError, RequestError
from kambin.exchange import find_answer_file
from kambin.frames import Side
from kambin.knowledge import technique
from kambin.planning import Plan


@pytest.fixture
def session(tmp_path: Path) -> Session:
    made = opened_session(tmp_path)
    made.place = made.history = None
    return made


def test_nothing_is_confirmed_before_somebody_does(session: Session) -> None:
    assert session.place is None
    assert list_levels(session) == ("L4-L5",)
    assert list_levels(Session()) == ()


def test_who_confirmed_it_and_when_is_known(session: Session) -> None:
    place = confirm_place(session, "L4-L5", "left", "  A.   Surgeon ", zone="foraminal")
    assert (place.by, place.at, place.name, place.key) == (BY, NOON, "L4-L5 LEFT", "L4-L5-left")
    assert (place.zone, place.side) == ("foraminal", Side.LEFT)
    assert session.place is place


@pytest.mark.parametrize(
    ("level", "side", "by", "zone", "missing"),
    [
        ("", "left", BY, None, "a level"),
        ("L4-L5", "", BY, None, "a side"),
        ("L4-L5", "left", " ", None, "a name"),
        ("L4-L5", "Left", BY, None, "left or right"),
        ("L4-L5", "both", BY, None, "left or right"),
        ("L4-L5", "left", BY, "nowhere", "paracentral"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_guessed(
    session: Session, level: str, side: str, by: str, zone: str | None, missing: str
) -> None:
    with pytest.raises(RequestError) as refused:
        confirm_place(session, level, side, by, zone=zone)
    assert refused.value.code == "RQ-182"
    assert missing in refused.value.why
    assert session.place is None


@pytest.mark.parametrize(("level", "code"), [("L5-S1", "AN-152"), ("L9-L8", "RQ-002")])
def test_a_level_that_this_patient_has_not_is_refused(
    session: Session, level: str, code: str
) -> None:
    with pytest.raises(KambinError) as refused:
        confirm_place(session, level, "left", BY)
    assert refused.value.code == code


def test_without_a_case_there_is_nothing_to_confirm_or_draw() -> None:
    with pytest.raises(RequestError):
        confirm_place(Session(), "L4-L5", "left", BY)
    with pytest.raises(RequestError):
        draw_count(Session())


def test_the_picture_is_that_of_the_report(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def draw(case: object, check: object, mark: object = None) -> bytes:
        asked.extend((case, check, str(mark)))
        return b"png"

    monkeypatch.setattr("kambin.app.logic.placing.draw_level_picture", draw)
    assert draw_count(session, "L4-L5") == b"png"
    assert session.checked is not None
    assert asked == [session.checked.case, session.checked.check, "L4-L5"]


def test_the_plan_of_the_place_is_taken_up_and_that_of_the_other_side_is_not(
    session: Session,
) -> None:
    confirm_place(session, "L4-L5", "left", BY, zone="paracentral")
    plan = deliver_plan(session)
    confirm_place(session, "L4-L5", "right", BY, zone="paracentral")
    assert session.answer is None
    confirm_place(session, "L4-L5", "left", BY, zone="paracentral")
    assert session.answer == plan
    assert session.request is not None
    assert session.request.side is Side.LEFT
    assert session.wish.cannula_mm == plan.cannula_mm


def test_the_same_place_again_keeps_the_path_under_the_hand(session: Session) -> None:
    from kambin.app.logic.undo import Undo  # noqa: PLC0415

    confirm_place(session, "L4-L5", "left", BY)
    session.history = Undo(made_path())
    confirm_place(session, "L4-L5", "left", "Another Surgeon")
    assert session.history is not None
    assert session.place is not None
    assert session.place.by == "Another Surgeon"


def test_an_edited_plan_is_told_and_not_shown(session: Session) -> None:
    confirm_place(session, "L4-L5", "left", BY)
    deliver_plan(session)
    assert session.folder is not None
    file = find_answer_file(session.folder / "plans" / "L4-L5-left")
    file.write_text(file.read_text("utf-8").replace('"cannula_mm": 7.5', '"cannula_mm": 6.5'))
    confirm_place(session, "L4-L5", "right", BY)
    confirm_place(session, "L4-L5", "left", BY)
    assert session.answer is None
    assert session.messages[-1].code == "PL-090"


def test_a_newer_plan_is_told_and_left_alone(session: Session) -> None:
    confirm_place(session, "L4-L5", "left", BY)
    deliver_plan(session)
    assert session.folder is not None
    file = find_answer_file(session.folder / "plans" / "L4-L5-left")
    newer = file.read_text("utf-8").replace('"schema_version": 2', '"schema_version": 99')
    file.write_text(newer)
    confirm_place(session, "L4-L5", "right", BY)
    confirm_place(session, "L4-L5", "left", BY)
    assert session.answer is None
    assert session.messages[-1].code == "ST-004"
    assert file.read_text("utf-8") == newer


def test_a_stale_plan_is_shown_and_said_to_be_stale(session: Session) -> None:
    confirm_place(session, "L4-L5", "left", BY)
    deliver_plan(session, case_sha256="d" * 64)
    assert isinstance(session.answer, Plan)
    assert session.messages[-1].code == "PL-020"
    assert "stale" in session.messages[-1].what


def test_weights_of_the_technique_are_not_taken_for_the_surgeons_own(session: Session) -> None:
    confirm_place(session, "L4-L5", "left", BY)
    usual = technique("outside-in").weights.model_dump()
    plan = deliver_plan(session, weights={**usual, "reach": usual["reach"] + 1})
    assert dict(wish_of(plan).weights) == {"reach": usual["reach"] + 1}
    assert plan.weights["clearance"] == usual["clearance"]
