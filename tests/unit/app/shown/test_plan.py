"""The panel of planning: what can be asked, the answer with its picks, and a refusal."""

from typing import Any

import pytest
from tests.unit.exchange.made_plans import a_refusal, smallest
from tests.unit.planning.made_level import make_clearance, make_plan, make_resection, make_stage

from kambin.app.logic.draft import HandPath
from kambin.app.logic.session import Session
from kambin.app.logic.undo import Undo
from kambin.app.logic.wish import PlanWish
from kambin.app.shown.plan import THE_PLAN, show_plan
from kambin.app.state import PlanView
from kambin.knowledge import techniques
from kambin.planning import Alternative, FindingRecord, Plan, Reach, Refusal
from kambin.planning.choice_models import Objectives
from kambin.planning.models import Binding

NEXT = "Segment finer."


def way(name: str = "least_bone", **parts: Any) -> Alternative:
    objectives = smallest(Objectives, **parts)
    made: Alternative = smallest(
        Alternative,
        name=name,
        why="drg:L4:left is 2 mm nearer.",
        entry_lps_mm=(70.0, 60.0, 4.0),
        target_lps_mm=(8.0, 12.0, 0.0),
        stop_mm=3.0,
        objectives=objectives,
    )
    return made


def plan_of(**parts: Any) -> Plan:
    return make_plan((make_stage("cannula", make_clearance()),), **parts)


def shown_with(answer: Plan | Refusal | None, path: HandPath | None = None) -> PlanView:
    session = Session()
    session.answer = answer
    session.history = None if path is None else Undo(path)
    return show_plan(session, running=False)


def finding(code: str, severity: str, **parts: str) -> FindingRecord:
    words = {"what": "What", "where": "needle", "why": "Why.", "next_step": NEXT, **parts}
    return FindingRecord(code=code, severity=severity, **words)


def refusal_of(**parts: Any) -> Refusal:
    usual: dict[str, Any] = {
        "level": "L4-L5",
        "side": "left",
        "decidable": True,
        "binding": Binding(structure="drg:L4:left", deficit_mm=1.5, stage="reamer"),
        "findings": (finding("PL-001", "BLOCK"),),
    }
    return a_refusal().model_copy(update={**usual, **parts})


# what can be asked


def test_every_technique_can_be_chosen_and_the_usual_one_stands_first() -> None:
    shown = shown_with(None)
    assert [one.value for one in shown.techniques] == ["", *techniques()]
    assert shown.techniques[0].title == "the usual one"
    assert all(one.title and "_" not in one.title for one in shown.techniques)


def test_cannulas_are_told_in_millimetres() -> None:
    shown = shown_with(None)
    assert all(one.title == f"{one.value} mm" for one in shown.cannulas)
    sizes = [float(one.value) for one in shown.cannulas]
    assert sizes == sorted(sizes)


@pytest.mark.parametrize(
    ("technique", "cannula", "words"),
    [(None, None, ("", "")), ("far-lateral", 7.0, ("far-lateral", "7")), (None, 6.3, ("", "6.3"))],
)
def test_what_was_asked_last_stands_in_the_form(
    technique: str | None, cannula: float | None, words: tuple[str, str]
) -> None:
    session = Session()
    session.wish = PlanWish(technique=technique, cannula_mm=cannula)
    shown = show_plan(session, running=False)
    assert (shown.technique, shown.cannula) == words


@pytest.mark.parametrize("running", [True, False])
def test_a_running_job_is_told(running: bool) -> None:
    assert show_plan(Session(), running=running).running is running


def test_nothing_yet_has_neither_plan_nor_refusal_nor_proof() -> None:
    shown = shown_with(None)
    assert (shown.made, shown.picks, shown.certificate, shown.refusal) == ("", (), (), None)


# a plan


@pytest.mark.parametrize(
    ("side", "status", "words"),
    [
        ("left", "ready", "PLAN MADE: L4-L5 LEFT, READY"),
        ("right", "ready", "PLAN MADE: L4-L5 RIGHT, READY"),
        ("right", "needs_confirmation", "PLAN MADE: L4-L5 RIGHT, A PERSON MUST ANSWER"),
    ],
)
def test_a_plan_is_told_with_level_side_and_state(side: str, status: str, words: str) -> None:
    plan = plan_of().model_copy(update={"side": side, "status": status})
    assert shown_with(plan).made == words


def test_the_plan_stands_before_its_other_ways() -> None:
    shown = shown_with(plan_of(alternatives=(way(), way("most_reach"))))
    assert [one.name for one in shown.picks] == [THE_PLAN, "least_bone", "most_reach"]
    assert [one.title for one in shown.picks] == ["The plan", "least bone", "most reach"]
    assert shown.picks[1].trade == "ganglion (DRG) L4 left is 2 mm nearer."


def test_only_what_lies_under_the_hand_is_chosen() -> None:
    other = way()
    plan = plan_of(alternatives=(other, way("most_reach").model_copy(update={"stop_mm": 9.0})))
    of_other = HandPath.of(other.entry_lps_mm, other.target_lps_mm, other.stop_mm)
    elsewhere = HandPath((1.0, 2.0, 3.0), (4.0, 5.0, 6.0), 0.0)
    for path, chosen in (
        (HandPath.of_plan(plan), [True, False, False]),
        (of_other, [False, True, False]),
        (elsewhere, [False, False, False]),
        (None, [False, False, False]),
    ):
        assert [one.chosen for one in shown_with(plan, path).picks] == chosen


@pytest.mark.parametrize(
    ("nerve", "bone", "reach", "words"),
    [
        (2.34, 80.06, 0.456, ("2.3 mm", "80.1 mm³", "46 %")),
        (0.0, 0.0, 0.0, ("0.0 mm", "0.0 mm³", "0 %")),
        (None, None, None, ("not assessed", "not assessed", "not assessed")),
    ],
)
def test_each_way_tells_its_numbers_and_what_was_not_assessed(
    nerve: float | None, bone: float | None, reach: float | None, words: tuple[str, ...]
) -> None:
    parts = {"nerve_clearance_mm": nerve, "bone_mm3": bone, "reachable_fraction": reach}
    plan = plan_of(
        alternatives=(way(**parts),),
        objectives=smallest(Objectives, nerve_clearance_mm=nerve),
        resection=make_resection(volume_mm3=bone),
        reach=Reach(
            reachable_fraction=reach,
            visible_fraction=None,
            residual_mm3=None,
            not_assessed_reason="x" if reach is None else None,
        ),
    )
    for pick in shown_with(plan).picks:
        assert [one.label for one in pick.numbers] == ["to nerves", "bone", "reached"]
        assert tuple(one.value for one in pick.numbers) == words


def test_a_plan_without_objectives_has_no_clearance_of_its_own() -> None:
    assert shown_with(plan_of()).picks[0].numbers[0].value == "not assessed"


def test_the_proof_says_what_it_is_not() -> None:
    certificate = shown_with(plan_of()).certificate
    assert certificate[0].startswith("Among the listed paths: ")
    assert certificate[-1].startswith("A proof about these numbers, not about the patient")
    assert shown_with(refusal_of()).certificate[-1] == certificate[-1]


def test_p06_a_search_that_did_not_close_stands_beside_the_other_plans() -> None:
    plan = plan_of(alternatives=(way(), way("most_room")))
    open_one = plan.certificate.model_copy(update={"continuum_gap_mm": 1.7})
    shown = shown_with(plan.model_copy(update={"certificate": open_one}))
    assert any(
        words.startswith("Between the listed paths: Not closed") for words in shown.certificate
    )
    assert [pick.name for pick in shown.picks] == ["plan", "least_bone", "most_room"]


# a refusal


@pytest.mark.parametrize(
    ("side", "decidable", "what"),
    [
        ("left", True, "NO PLAN: L4-L5 LEFT"),
        ("right", True, "NO PLAN: L4-L5 RIGHT"),
        ("right", False, "CANNOT BE DECIDED: L4-L5 RIGHT"),
    ],
)
def test_a_refusal_says_whether_it_is_one_of_the_patient_or_of_the_labels(
    side: str, decidable: bool, what: str
) -> None:
    shown = shown_with(refusal_of(side=side, decidable=decidable))
    assert shown.refusal is not None
    assert shown.refusal.what == what
    assert "anglion (DRG) L4 left binds at the reamer" in shown.refusal.why
    assert "lacks 1.5 mm" in shown.refusal.why
    assert ("uncertainty" in shown.refusal.why) is not decidable
    assert (shown.made, shown.picks) == ("", ())


def test_the_next_steps_of_what_stops_are_told_once_and_no_others() -> None:
    refusal = refusal_of(
        findings=(
            finding("PL-001", "BLOCK"),
            finding("PL-002", "BLOCK"),
            finding("PL-014", "BLOCK", next_step="Choose another technique."),
            finding("PL-090", "CONFIRM", next_step="Confirm it."),
            finding("PL-095", "NOTE", next_step="Read it."),
        )
    )
    shown = shown_with(refusal).refusal
    assert shown is not None
    assert shown.next_step == f"{NEXT} Choose another technique."


def test_a_refusal_with_a_path_under_the_hand_has_still_no_picks() -> None:
    path = HandPath((1.0, 2.0, 3.0), (4.0, 5.0, 6.0), 0.0)
    shown = shown_with(refusal_of(), path)
    assert shown.refusal is not None
    assert shown.picks == ()
