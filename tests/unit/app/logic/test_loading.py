"""The answer that lies in the folder of a place: taken up with its question, or told of."""

from pathlib import Path
from typing import Any

import pytest
from tests.unit.app.logic.made_session import NoonClock, deliver_plan, made_place, opened_session
from tests.unit.exchange.made_plans import a_refusal
from tests.unit.planning.made_level import make_clearance, make_plan, make_stage

from kambin.app.logic.loading import load_answer, request_of, wish_of
from kambin.app.logic.making import find_folder
from kambin.app.logic.session import Session
from kambin.app.logic.versions import list_versions
from kambin.app.logic.wish import PlanWish
from kambin.core import RequestError
from kambin.desk.planning import write_answer
from kambin.frames import Side
from kambin.knowledge import techniques
from kambin.planning import Plan, Refusal
from kambin.planning.certainty_models import DEFAULT_SETTING

TECHNIQUE = "outside-in"
USUAL = techniques()[TECHNIQUE].weights.model_dump()
WEIGHT = next(iter(USUAL))


def _plan(**parts: Any) -> Plan:
    return make_plan((make_stage("cannula", make_clearance()),), **parts)


def _refusal(**parts: Any) -> Refusal:
    named = {"level": "L4-L5", "side": "left", "technique": TECHNIQUE} | parts
    return a_refusal().model_copy(update=named)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    made = opened_session(tmp_path)
    made.history = None
    return made


def _reopened(session: Session) -> Session:
    """Return the session as it is before anything of the folder was taken up."""
    session.answer = session.answer_file = session.request = None
    session.wish, session.messages = PlanWish(), ()
    load_answer(session)
    return session


def test_a_plan_comes_with_its_file_its_question_and_its_wish(session: Session) -> None:
    plan = deliver_plan(session, cannula_mm=6.0)
    _reopened(session)
    assert session.answer == plan
    assert session.answer_file == find_folder(session) / "plan.json"
    assert session.request is not None
    assert (session.request.level, session.request.side) == (made_place().level, Side.LEFT)
    assert session.wish.cannula_mm == session.request.cannula_mm == 6.0
    assert session.messages == ()


def test_a_refusal_is_taken_up_too(session: Session) -> None:
    assert session.checked is not None
    refusal = _refusal(case_sha256=session.checked.case.sha256)
    write_answer(refusal, find_folder(session), clock=NoonClock())
    _reopened(session)
    assert isinstance(session.answer, Refusal)
    assert session.answer_file == find_folder(session) / "refusal.json"
    assert session.messages == ()


def test_the_version_that_a_killed_write_named_last_is_the_plan(session: Session) -> None:
    first = deliver_plan(session, cannula_mm=6.0)
    file = find_folder(session) / "plan.json"
    before = file.read_bytes()
    second = deliver_plan(session, cannula_mm=7.0)
    file.write_bytes(before)
    _reopened(session)
    assert session.answer == second != first
    assert session.messages == ()
    assert [one.number for one in list_versions(session)] == [1, 2]


def test_a_plan_whose_history_was_changed_is_shown_and_that_is_told(session: Session) -> None:
    plan = deliver_plan(session)
    (find_folder(session) / "plan.history.json").write_text("[]", "utf-8")
    _reopened(session)
    assert session.answer == plan
    assert [message.code for message in session.messages] == ["ST-011"]


def test_an_empty_folder_leaves_all_as_it_was(session: Session) -> None:
    load_answer(session)
    assert session.answer is session.answer_file is session.request is None
    assert session.messages == ()


def test_without_place_or_case_no_folder_is_looked_into(session: Session) -> None:
    deliver_plan(session)
    for part in ("place", "folder"):
        kept = getattr(session, part)
        setattr(session, part, None)
        assert _reopened(session).answer is None
        setattr(session, part, kept)
    assert _reopened(session).answer is not None


def test_what_lies_there_and_is_no_answer_is_told_and_left(session: Session) -> None:
    deliver_plan(session)
    file = find_folder(session) / "plan.json"
    file.write_text("{}", "utf-8")
    _reopened(session)
    assert session.answer is session.request is session.answer_file is None
    (said,) = session.messages
    assert (said.kind, said.step, said.code) == ("error", "plan", "PL-091")
    assert file.read_text("utf-8") == "{}"


def test_an_answer_of_another_content_of_the_case_is_shown_and_told_stale(
    session: Session,
) -> None:
    deliver_plan(session, case_sha256="d" * 64)
    _reopened(session)
    assert session.answer is not None
    assert [said.code for said in session.messages] == ["PL-020"]


@pytest.mark.parametrize("answer", [_plan(zone="foraminal"), _refusal(zone="foraminal")])
def test_the_question_of_an_answer_has_its_zone(answer: Plan | Refusal) -> None:
    asked = request_of(answer)
    assert (asked.zone, asked.target_lps_mm) == ("foraminal", None)


def test_without_a_zone_the_target_of_the_plan_was_asked_for() -> None:
    plan = _plan(zone=None)
    assert request_of(plan).target_lps_mm == plan.trajectory.target_lps_mm


@pytest.mark.parametrize("side", list(Side))
def test_the_side_of_the_answer_is_that_of_the_question(side: Side) -> None:
    assert request_of(_refusal(side=side.value)).side is side


def test_an_answer_that_names_no_lumbar_level_has_no_question() -> None:
    with pytest.raises(RequestError) as refused:
        request_of(_refusal(level="x"))
    assert refused.value.code == "RQ-002"


def test_only_weights_that_differ_are_the_surgeons_own() -> None:
    own = USUAL | {WEIGHT: USUAL[WEIGHT] + 0.25}
    assert wish_of(_plan(weights=own)).weights == {WEIGHT: USUAL[WEIGHT] + 0.25}
    assert wish_of(_plan(weights=USUAL)).weights == {}


def test_of_a_technique_that_is_gone_every_weight_is_kept() -> None:
    assert wish_of(_plan(technique="gone", weights=USUAL)).weights == USUAL


def test_technique_cannula_and_margins_are_wished_for_again() -> None:
    wish = wish_of(_plan(technique=TECHNIQUE, cannula_mm=5.5, margins="plan-only"))
    assert (wish.technique, wish.cannula_mm, wish.margins) == (TECHNIQUE, 5.5, "plan-only")


def test_a_refusal_and_an_older_plan_have_the_usual_errors() -> None:
    assert wish_of(_refusal()).errors == DEFAULT_SETTING
    certainty = _plan().certainty
    assert certainty.setting is None
    assert wish_of(_plan()).errors == DEFAULT_SETTING
    other = certainty.model_copy(update={"setting": "compensated"})
    assert wish_of(_plan(certainty=other)).errors == "compensated"
