"""The versions of a plan: walked back and forth, and two of them side by side."""

from pathlib import Path

import pytest
from tests.unit.app.logic.made_session import deliver_plan, opened_session
from tests.unit.exchange.made_plans import a_refusal

from kambin.app.logic.making import find_folder
from kambin.app.logic.session import Session
from kambin.app.logic.versions import (
    compare_versions,
    list_versions,
    read_version,
    read_versions,
    step_version,
)
from kambin.core import PlanError, RequestError
from kambin.desk.planning import write_answer
from kambin.planning import Plan


@pytest.fixture
def session(tmp_path: Path) -> Session:
    made = opened_session(tmp_path)
    deliver_plan(made, cannula_mm=7.5)
    deliver_plan(made, cannula_mm=6.0)
    return made


def _cannula_mm(session: Session) -> float:
    assert isinstance(session.answer, Plan)
    return session.answer.cannula_mm


def test_each_plan_is_a_version_and_the_one_before_comes_back(session: Session) -> None:
    assert [v.number for v in list_versions(session)] == [1, 2]
    heard: list[str] = []
    session.subscribe(heard.append)
    step_version(session, back=True)
    assert _cannula_mm(session) == 7.5
    assert session.wish.cannula_mm == 7.5
    assert "answer" in heard
    step_version(session, back=False)
    assert _cannula_mm(session) == 6.0
    with pytest.raises(RequestError) as refused:
        step_version(session, back=False)
    assert refused.value.code == "RQ-101"


def test_two_versions_are_compared_wherever_one_stands(session: Session) -> None:
    for _ in range(2):
        found = compare_versions(session, 1, 2)
        (row,) = [one for one in found.numbers if one.name == "cannula_mm"]
        assert (row.a, row.b) == (7.5, 6.0)
        if _cannula_mm(session) == 6.0:
            step_version(session, back=True)


def test_a_version_that_is_not_there_or_no_plan_is_refused(session: Session) -> None:
    with pytest.raises(RequestError) as refused:
        read_version(session, 7)
    assert refused.value.code == "RQ-181"
    write_answer(a_refusal(), find_folder(session))
    with pytest.raises(PlanError) as no_plan:
        read_version(session, 3)
    assert no_plan.value.code == "PL-091"


def test_without_a_place_there_are_no_versions() -> None:
    assert list_versions(Session()) == ()
    assert read_versions(Session()).current is None
