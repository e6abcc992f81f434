"""Planning and sealing from the workstation: kept as versions, shown where they belong."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.app.logic.made_session import (
    BY,
    deliver_plan,
    made_anatomy,
    made_ground,
    made_path,
    opened_session,
)
from tests.unit.exchange.made_plans import a_refusal
from tests.unit.planning.made_level import make_clearance, make_plan, make_stage
from tests.unit.planning.simple_spine import LEVEL, build_case

from kambin.app.logic import making, moving, sealing
from kambin.app.logic.draft import HandPath
from kambin.app.logic.making import find_folder, ground_task, plan_task, set_wish
from kambin.app.logic.placing import confirm_place
from kambin.app.logic.sealing import measure_task, seal_task
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Cancelled, Task, run_now
from kambin.app.logic.undo import Undo
from kambin.core import (
    AnatomyError,
    Finding,
    RequestError,
    Severity,
    SilentProgress,
    StoreError,
)
from kambin.desk.planning import write_answer
from kambin.exchange import read_answer
from kambin.frames import Side
from kambin.planning import Plan, PlanRequest, Refusal, plan_trajectory

ASKING = Finding("IN-022", Severity.CONFIRM, "Some names", "labels", "why", "next")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    made = opened_session(tmp_path)
    made.ground = made.history = None
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[PlanRequest]:
    """What the planner was asked; it answers at once with a made plan."""
    requests: list[PlanRequest] = []

    def plan(_case: object, _anatomy: object, request: PlanRequest, **_: object) -> Plan:
        requests.append(request)
        cannula = request.cannula_mm or 7.5
        return make_plan((make_stage("cannula", make_clearance()),), cannula_mm=cannula)

    monkeypatch.setattr(making, "plan_trajectory", plan)
    monkeypatch.setattr(making, "prepare_ground", lambda *_, **__: made_ground())
    return requests


def test_the_wish_and_the_place_are_the_question(
    session: Session, asked: list[PlanRequest]
) -> None:
    set_wish(session, technique="inside-out", cannula_mm=6.0)
    made = run_now(plan_task(session))
    (request,) = asked
    assert (request.level, request.side, request.zone) == (LEVEL, Side.LEFT, "paracentral")
    assert (request.technique, request.cannula_mm) == ("inside-out", 6.0)
    assert session.answer == read_answer(made.file)
    assert made.file.parent == find_folder(session)
    assert session.request == request


def test_the_path_of_the_plan_comes_under_the_hand_as_one_more_step(
    session: Session, asked: list[PlanRequest]
) -> None:
    session.history = Undo(made_path())
    run_now(plan_task(session))
    assert isinstance(session.answer, Plan)
    assert session.history is not None
    assert session.history.present == HandPath.of_plan(session.answer)
    assert session.history.past == (made_path(),)
    assert session.draft is not None
    assert session.cursor_lps_mm == pytest.approx(session.answer.trajectory.target_lps_mm)
    assert len(asked) == 1


def test_a_locked_path_stays_under_the_hand_when_a_plan_is_made(
    session: Session, asked: list[PlanRequest]
) -> None:
    session.history, session.is_locked = Undo(made_path()), True
    run_now(plan_task(session))
    assert session.history == Undo(made_path())
    assert isinstance(session.answer, Plan)
    assert asked


def test_a_refusal_is_an_answer_and_keeps_the_ground_for_the_hand(
    session: Session, asked: list[PlanRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "plan_trajectory", lambda *_, **__: a_refusal())
    run_now(plan_task(session))
    assert isinstance(session.answer, Refusal)
    assert session.history is None
    assert session.ground is not None
    moving.begin_path(session)
    assert session.draft is not None
    assert not asked


def test_what_no_planner_accepts_is_refused_when_it_is_set(session: Session) -> None:
    before = session.wish
    for parts in ({"cannula_mm": -1.0}, {"weights": {"luck": 1.0}}, {"margins": "none"}):
        with pytest.raises(RequestError):
            set_wish(session, **parts)
    assert session.wish == before


def test_nothing_is_planned_while_a_person_is_asked(
    session: Session, asked: list[PlanRequest]
) -> None:
    session.anatomy = replace(made_anatomy(), findings=(ASKING,))
    with pytest.raises(AnatomyError) as refused:
        run_now(plan_task(session))
    assert refused.value.code == "AN-021"
    assert not asked
    assert session.answer is None


def _other_place(session: Session) -> None:
    confirm_place(session, "L4-L5", "right", BY)


def _other_zone(session: Session) -> None:
    confirm_place(session, "L4-L5", "left", BY, zone="foraminal")


def _no_case(session: Session) -> None:
    session.checked = None


@pytest.mark.parametrize("meanwhile", [_other_place, _other_zone, _no_case])
def test_an_answer_to_what_is_no_longer_asked_is_kept_but_not_shown(
    session: Session, asked: list[PlanRequest], meanwhile: Callable[[Session], None]
) -> None:
    task = plan_task(session)
    made = task.work(_Silent())
    meanwhile(session)
    session.answer = None
    task.take(made)
    assert session.answer is None
    assert session.ground is None
    assert made.file.is_file()
    assert asked


def test_a_locked_plan_is_not_planned_over(
    session: Session, asked: list[PlanRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(_: Path) -> str:
        raise StoreError(code="ST-010", what="", where="", why="", next_step="")

    monkeypatch.setattr("kambin.desk.planning.require_replaceable", locked)
    with pytest.raises(StoreError):
        plan_task(session)
    run_now(plan_task(session, new_version=True))
    assert len(asked) == 1


def test_somebody_else_who_planned_meanwhile_is_not_replaced_unseen(
    session: Session, asked: list[PlanRequest]
) -> None:
    task = plan_task(session)
    write_answer(a_refusal(), find_folder(session))
    with pytest.raises(StoreError) as refused:
        run_now(task)
    assert refused.value.code == "ST-012"
    assert session.answer is None
    assert asked


class _Silent:
    """A progress that shows nothing."""

    def step(self, title: str, done: int, total: int) -> None:
        """Ignore the report."""


class _CallingOff:
    """A progress that is called off at the first step after the fields."""

    def step(self, title: str, done: int, total: int) -> None:
        """Stop when the search is about to begin."""
        if title == "searching, choosing, checking":
            raise Cancelled


def test_planning_is_called_off_before_its_search(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        msg = "the search was begun"
        raise AssertionError(msg)

    monkeypatch.setattr("kambin.planning.plan.search", never)
    anatomy, request = made_anatomy(), PlanRequest(LEVEL, Side.LEFT, zone="paracentral")
    with pytest.raises(Cancelled):
        plan_trajectory(build_case(anatomy), anatomy, request, progress=_CallingOff())


def test_a_plan_that_was_opened_is_prepared_and_comes_under_the_hand(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, asked = deliver_plan(session), []

    def prepare(_case: object, _anatomy: object, request: PlanRequest, **words: Any) -> object:
        asked.append((request, words["frees_rim"]))
        return made_ground()

    monkeypatch.setattr(making, "prepare_ground", prepare)
    run_now(ground_task(session))
    assert asked == [(session.request, False)]
    assert session.history == Undo(HandPath.of_plan(plan))
    assert session.draft is not None


def _seal(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Have paths sealed at once, and return what was asked."""
    given: list[dict[str, Any]] = []

    def plan(question: object, path: Any, **words: Any) -> Plan:
        given.append({"question": question, "path": path, **words})
        return make_plan((make_stage("cannula", make_clearance()),), cannula_mm=5.0)

    monkeypatch.setattr(sealing, "plan_given_path", plan)
    session.ground, session.history = made_ground(), Undo(made_path())
    return given


def test_the_path_under_the_hand_is_sealed_as_the_next_version(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = deliver_plan(session)
    given = _seal(session, monkeypatch)
    session.request = made_ground().question.request
    run_now(seal_task(session))
    assert given[0]["path"].entry_lps_mm == pytest.approx(made_path().entry_lps_mm)
    # the proof of the search is that of the plan that answered the same question
    assert given[0]["certificate"] == plan.certificate
    assert isinstance(session.answer, Plan)
    assert session.answer.cannula_mm == 5.0


def test_a_proof_of_another_question_is_not_taken(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver_plan(session)
    given = _seal(session, monkeypatch)
    assert session.request != made_ground().question.request
    run_now(seal_task(session))
    assert given[0]["certificate"] is None


TASKS: tuple[Callable[[Session], Task[Any]], ...] = (seal_task, measure_task)


@pytest.mark.parametrize("act", TASKS)
def test_without_a_path_there_is_nothing_to_seal_or_measure(
    session: Session, act: Callable[[Session], Task[Any]]
) -> None:
    with pytest.raises(RequestError) as refused:
        act(session)
    assert refused.value.code == "RQ-181"


def test_numbers_of_a_path_that_was_moved_on_are_not_shown(session: Session) -> None:
    session.ground, session.history = made_ground(), Undo(made_path())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            sealing, "judge_path", lambda ground, path, quick: moving.judge_path(ground, path)
        )
        task = measure_task(session)
        thorough = replace(task.work(_Silent()), is_quick=False)
    task.take(thorough)
    assert session.draft is thorough
    moving.nudge(session, "target", "cranial", 1)
    live = session.draft
    task.take(thorough)
    assert session.draft is live


@pytest.mark.parametrize("task", [plan_task, ground_task])
def test_the_first_path_of_a_ground_is_judged_in_the_job_and_holds_up_no_hand(
    session: Session,
    asked: list[PlanRequest],
    monkeypatch: pytest.MonkeyPatch,
    task: Callable[[Session], Task[Any]],
) -> None:
    del asked
    judged: list[HandPath] = []
    judge = making.judge_path
    monkeypatch.setattr(
        making, "judge_path", lambda ground, path: (judged.append(path), judge(ground, path))[1]
    )
    made = task(session)
    found = made.work(SilentProgress())
    assert judged == [made_path()]
    # and only what is shown is judged in the thread of the server
    made.take(found)
    assert len(judged) <= 2


def test_a_ground_that_no_ray_leaves_is_not_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "judge_path", lambda *_: pytest.fail("there is no path"))
    making.judge_once(SimpleNamespace(middle=lambda: None))  # type: ignore[arg-type]
