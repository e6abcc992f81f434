"""From the path under the hand to the next version: of this case and place, or not at all."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.app.logic.made_session import deliver_plan, made_path, opened_session
from tests.unit.planning.made_level import make_clearance, make_plan, make_stage

from kambin.anatomy import Level
from kambin.app.logic import sealing
from kambin.app.logic.draft import Draft, HandPath, Verdict
from kambin.app.logic.making import find_folder
from kambin.app.logic.sealing import measure_task, seal_task
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Cancelled, run_now
from kambin.core import (
    AnatomyError,
    Finding,
    PlanError,
    RequestError,
    Severity,
    SilentProgress,
    StoreError,
)
from kambin.exchange import read_history
from kambin.frames import Side
from kambin.planning import Path as PlannedPath
from kambin.planning import Plan


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session whose paths are sealed at once."""
    made = opened_session(tmp_path)
    assert made.checked is not None
    known = {"case_sha256": made.checked.case.sha256, "cannula_mm": 5.0}

    def plan(*_: object, **__: object) -> Plan:
        return make_plan((make_stage("cannula", make_clearance()),), **known)

    monkeypatch.setattr(sealing, "plan_given_path", plan)
    monkeypatch.setattr(
        sealing, "judge_path", lambda _ground, path, quick: _draft(path, quick=quick)
    )
    monkeypatch.setattr(
        "kambin.app.logic.making.judge_path", lambda _ground, path: _draft(path, quick=True)
    )
    return made


def _draft(path: HandPath, *, quick: bool) -> Draft:
    return Draft(path, Verdict("care", "Measured."), is_quick=quick)


def _written(session: Session) -> int:
    return len(read_history(find_folder(session)).versions)


def test_a_sealed_path_is_the_plan_of_its_place(session: Session) -> None:
    heard: list[str] = []
    session.subscribe(heard.append)
    made = run_now(seal_task(session))
    assert session.answer is made.answer
    assert session.answer_file == made.file == find_folder(session) / "plan.json"
    assert _written(session) == 1
    assert "answer" in heard


def test_a_path_that_a_hand_still_holds_is_the_one_that_is_sealed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.history is not None
    known = session.history.present
    sealed: list[PlannedPath] = []
    held = replace(known, entry_lps_mm=(known.entry_lps_mm[0] + 3.0, *known.entry_lps_mm[1:]))
    session.hovering = held
    plan = sealing.plan_given_path
    monkeypatch.setattr(
        sealing,
        "plan_given_path",
        lambda ground, path, **given: (sealed.append(path), plan(ground, path, **given))[1],
    )
    run_now(seal_task(session))
    assert [HandPath.of(p.entry_lps_mm, p.target_lps_mm, p.stop_mm) for p in sealed] == [held]
    assert session.hovering is None
    # steps of the history: the plan of it, what the hand held, and what was before
    assert session.history.undo().present == held
    assert session.history.undo().undo().present == known


def _no_case(session: Session) -> None:
    session.checked = None


def _no_ground(session: Session) -> None:
    session.ground = None


def _no_path(session: Session) -> None:
    session.history = None


def _no_place(session: Session) -> None:
    session.place = None


@pytest.mark.parametrize("lose", [_no_case, _no_ground, _no_path, _no_place])
def test_without_all_it_needs_nothing_is_sealed(
    session: Session, lose: Callable[[Session], None]
) -> None:
    lose(session)
    with pytest.raises(RequestError) as refused:
        seal_task(session)
    assert refused.value.code == "RQ-181"


def _other_level(session: Session) -> None:
    assert session.place is not None
    session.place = replace(session.place, level=Level("L3", "L4"))


def _other_side(session: Session) -> None:
    assert session.place is not None
    session.place = replace(session.place, side=Side.RIGHT)


def _other_content(session: Session) -> None:
    assert session.checked is not None
    case = replace(session.checked.case, sha256="d" * 64)
    session.checked = replace(session.checked, case=case)


@pytest.mark.parametrize("change", [_other_level, _other_side, _no_place, _other_content, _no_case])
def test_what_was_sealed_for_another_place_or_case_is_kept_and_not_shown(
    session: Session, change: Callable[[Session], None]
) -> None:
    task, folder = seal_task(session), find_folder(session)
    made = task.work(SilentProgress())
    change(session)
    task.take(made)
    assert session.answer is None
    assert (folder / "plan.json").is_file()


@pytest.mark.parametrize(
    ("severity", "code"), [(Severity.BLOCK, "AN-020"), (Severity.CONFIRM, "AN-021")]
)
def test_nothing_is_sealed_on_a_case_that_stops_or_asks(
    session: Session, severity: Severity, code: str
) -> None:
    assert session.checked is not None
    found = Finding("IN-022", severity, "what", "where", "why", "next")
    session.checked = replace(session.checked, findings=(found,))
    with pytest.raises(AnatomyError) as refused:
        run_now(seal_task(session))
    assert refused.value.code == code
    assert _written(session) == 0


def test_a_path_that_a_rule_stops_is_no_version(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> Plan:
        raise PlanError(code="PL-171", what="a", where="b", why="c", next_step="d")

    monkeypatch.setattr(sealing, "plan_given_path", stop)
    before = session.history
    with pytest.raises(PlanError) as refused:
        run_now(seal_task(session))
    assert refused.value.code == "PL-171"
    assert session.answer is None
    assert session.history is before
    assert _written(session) == 0


def test_the_last_step_can_still_be_called_off(session: Session) -> None:
    class Stop:
        def step(self, what: str, done: int, total: int) -> None:
            del done, total
            if what == "writing the answer":
                raise Cancelled

    with pytest.raises(Cancelled):
        run_now(seal_task(session), Stop())
    assert _written(session) == 0
    assert session.answer is None


def test_what_came_in_between_is_not_followed_unseen(session: Session) -> None:
    task = seal_task(session)
    deliver_plan(session, cannula_mm=6.0)
    with pytest.raises(StoreError) as refused:
        task.work(SilentProgress())
    assert refused.value.code == "ST-012"
    assert isinstance(session.answer, Plan)
    assert session.answer.cannula_mm == 6.0


def test_the_path_is_that_of_the_moment_it_was_asked(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def plan(_question: object, path: Any, **_: object) -> Plan:
        given.append(path)
        return make_plan((make_stage("cannula", make_clearance()),))

    monkeypatch.setattr(sealing, "plan_given_path", plan)
    task = seal_task(session)
    assert session.history is not None
    session.history = session.history.do(HandPath((60.0, 60.0, 0.0), (8.0, 12.0, 0.0), 0.0))
    task.work(SilentProgress())
    assert given[0].entry_lps_mm == pytest.approx(made_path().entry_lps_mm)


def test_a_thorough_measure_takes_the_place_of_the_live_numbers(session: Session) -> None:
    heard: list[str] = []
    session.subscribe(heard.append)
    draft = run_now(measure_task(session))
    assert not draft.is_quick
    assert session.draft is draft
    assert heard == ["draft"]


def _moved_on(session: Session) -> None:
    assert session.history is not None
    session.history = session.history.do(HandPath((60.0, 60.0, 0.0), (8.0, 12.0, 0.0), 0.0))


def _hovers(session: Session) -> None:
    session.hovering = made_path()


def _other_ground(session: Session) -> None:
    assert session.ground is not None
    session.ground = replace(session.ground)


@pytest.mark.parametrize("change", [_moved_on, _hovers, _other_ground, _no_path, _no_ground])
def test_numbers_of_another_path_or_ground_are_not_shown(
    session: Session, change: Callable[[Session], None]
) -> None:
    task = measure_task(session)
    draft = task.work(SilentProgress())
    change(session)
    task.take(draft)
    assert session.draft is None
