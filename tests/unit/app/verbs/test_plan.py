"""Calls about the plan: each starts what it says, refuses what it must, and says why."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.unit.app.logic.made_session import BY, deliver_plan, made_path, written_session
from tests.unit.app.verbs.made_bench import MadeDesk, made_desk, refused
from tests.unit.exchange.made_plans import a_refusal, smallest

from kambin.app.logic.checklist import LOOKED, list_items
from kambin.app.logic.draft import HandPath
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Task
from kambin.app.verbs.plan import PlanVerbs
from kambin.planning import Alternative, Plan

OTHER = smallest(
    Alternative,
    name="least_bone",
    entry_lps_mm=(70.0, 60.0, 4.0),
    target_lps_mm=(8.0, 12.0, 0.0),
    stop_mm=3.0,
)


@pytest.fixture
def desk(tmp_path: Path) -> MadeDesk:
    """A desk with a plan that asks PL-090 and has one other way."""
    session = written_session(tmp_path)
    deliver_plan(session, alternatives=(OTHER,))
    return made_desk(session)


@pytest.fixture
def verbs(desk: MadeDesk) -> PlanVerbs:
    return PlanVerbs(desk.bench)


def plan_of(desk: MadeDesk) -> Plan:
    assert isinstance(desk.session.answer, Plan)
    return desk.session.answer


def done(desk: MadeDesk) -> dict[str, bool]:
    return {item.code: item.is_done for item in list_items(desk.session)}


# making


def test_a_plan_is_made_with_technique_and_cannula(desk: MadeDesk, verbs: PlanVerbs) -> None:
    verbs.plan_make("outside-in", " 7,5 ")
    assert desk.session.wish.technique == "outside-in"
    assert desk.session.wish.cannula_mm == 7.5
    assert desk.jobs.titles == ["planning"]


def test_an_empty_form_is_the_usual_technique_and_its_own_cannula(
    desk: MadeDesk, verbs: PlanVerbs
) -> None:
    verbs.plan_make("outside-in", "6.3")
    verbs.plan_make("", "  ")
    assert (desk.session.wish.technique, desk.session.wish.cannula_mm) == (None, None)


@pytest.mark.parametrize(
    ("technique", "cannula", "code"),
    [
        ("outside-in", "thick", "RQ-180"),
        ("outside-in", "nan", "RQ-180"),
        ("outside-in", "-3", "PL-031"),
        ("outside-in", "0", "PL-031"),
    ],
)
def test_what_cannot_be_asked_starts_nothing_and_keeps_the_wish(
    desk: MadeDesk, verbs: PlanVerbs, technique: str, cannula: str, code: str
) -> None:
    wish = desk.session.wish
    error = refused(lambda: verbs.plan_make(technique, cannula))
    assert error.code == code
    assert error.next_step
    assert desk.session.wish == wish
    assert desk.jobs.tasks == []


def test_a_technique_that_does_not_exist_ends_in_its_name_and_no_plan(
    desk: MadeDesk, verbs: PlanVerbs
) -> None:
    before = plan_of(desk)
    wish = desk.session.wish
    # told at once, and not when the work has come to it
    error = refused(lambda: verbs.plan_make("no-such-technique", ""))
    assert desk.jobs.tasks == []
    assert desk.session.wish is wish
    assert "no-such-technique" in f"{error.where} {error.why}"
    assert desk.session.answer is before


def test_without_a_place_nothing_is_planned() -> None:
    desk = made_desk(Session())
    error = refused(lambda: PlanVerbs(desk.bench).plan_make("", ""))
    assert error.code == "RQ-181"
    assert error.why == "Nobody has confirmed level and side in this session."
    assert error.next_step == "Go to step 2, Side and level."
    assert desk.jobs.tasks == []


def test_without_an_anatomy_nothing_is_planned(desk: MadeDesk, verbs: PlanVerbs) -> None:
    desk.session.anatomy = None
    error = refused(lambda: verbs.plan_make("", ""))
    assert (error.code, error.why) == ("RQ-181", "The anatomy has not been completed.")
    assert error.next_step == "Go to step 3, Anatomy."


def test_a_running_job_is_asked_to_stop(desk: MadeDesk, verbs: PlanVerbs) -> None:
    verbs.plan_cancel()
    assert desk.jobs.cancelled == 1
    assert plan_of(desk) is desk.session.answer


# choosing


def test_another_way_comes_under_the_hand_and_can_be_undone(
    desk: MadeDesk, verbs: PlanVerbs
) -> None:
    before = plan_of(desk)
    verbs.pick_choose("least_bone")
    assert desk.session.history is not None
    wanted = HandPath.of(OTHER.entry_lps_mm, OTHER.target_lps_mm, OTHER.stop_mm)
    assert desk.session.history.present == wanted
    assert desk.session.answer is before
    verbs.pick_choose("plan")
    assert desk.session.history.present == HandPath.of_plan(before)
    assert wanted in desk.session.history.past


@pytest.mark.parametrize("name", ["", "Plan", "most_reach", "least bone"])
def test_a_way_that_the_plan_has_not_is_refused(
    desk: MadeDesk, verbs: PlanVerbs, name: str
) -> None:
    history = desk.session.history
    error = refused(lambda: verbs.pick_choose(name))
    assert (error.code, error.why) == ("RQ-180", "The plan has no such way.")
    assert desk.session.history == history


@pytest.mark.parametrize("answer", [None, a_refusal()])
def test_without_a_plan_there_is_no_way_to_choose(answer: object) -> None:
    session = Session()
    session.answer = answer  # type: ignore[assignment]
    error = refused(lambda: PlanVerbs(made_desk(session).bench).pick_choose("plan"))
    assert error.why == "There is no plan."


def test_a_locked_path_is_kept_against_another_way(desk: MadeDesk, verbs: PlanVerbs) -> None:
    history = desk.session.history
    desk.session.is_locked = True
    error = refused(lambda: verbs.pick_choose("least_bone"))
    assert error.code == "RQ-183"
    assert desk.session.history == history


# measuring and sealing


def test_measuring_and_sealing_are_long_work(desk: MadeDesk, verbs: PlanVerbs) -> None:
    verbs.pick_choose("least_bone")
    verbs.path_measure()
    verbs.path_seal()
    assert desk.jobs.titles == ["measuring the path", "making a plan of this path"]
    assert [task.step for task in desk.jobs.tasks] == ["examine", "plan"]


@pytest.mark.parametrize(
    "act", [lambda verbs: verbs.path_measure(), lambda verbs: verbs.path_seal()]
)
def test_without_a_path_nothing_is_measured_or_sealed(
    desk: MadeDesk, verbs: PlanVerbs, act: Callable[[PlanVerbs], None]
) -> None:
    desk.session.history = None
    error = refused(lambda: act(verbs))
    assert (error.code, error.why) == ("RQ-181", "There is no path yet.")
    assert desk.jobs.tasks == []


# comparing


def test_two_versions_are_compared_under_their_numbers(desk: MadeDesk, verbs: PlanVerbs) -> None:
    deliver_plan(desk.session, cannula_mm=6.3, alternatives=(OTHER,))
    assert desk.heard_of(lambda: verbs.versions_compare("1", " 2 ")) == {"answer"}
    columns, rows = desk.screens.differences
    assert columns == ("v1", "v2")
    assert [row.values for row in rows if row.differs] == [("7.50", "6.30")]
    verbs.versions_compare("2", "1")
    turned_columns, turned = desk.screens.differences
    assert turned_columns == ("v2", "v1")
    assert [row.values[::-1] for row in turned] == [row.values for row in rows]


@pytest.mark.parametrize("number", ["0", "2", "99", "-1"])
def test_a_version_that_is_not_there_is_named(
    desk: MadeDesk, verbs: PlanVerbs, number: str
) -> None:
    before = desk.screens.differences
    error = refused(lambda: verbs.versions_compare("1", number))
    assert (error.code, error.why) == ("RQ-181", f"There is no version {number}.")
    assert desk.screens.differences == before


@pytest.mark.parametrize(
    ("left", "right"), [("", "1"), ("1", "v2"), ("one", "1"), ("1.5", "1"), ("1", "2,9")]
)
def test_what_is_no_number_of_a_version_is_refused(verbs: PlanVerbs, left: str, right: str) -> None:
    error = refused(lambda: verbs.versions_compare(left, right))
    assert (error.code, error.where) == ("RQ-180", "version")


def test_six_ways_are_reckoned_only_of_a_question(desk: MadeDesk, verbs: PlanVerbs) -> None:
    verbs.ways_compare()
    assert desk.jobs.titles == ["six ways to operate"]
    assert desk.jobs.tasks[0].step == "compare"
    desk.session.request = None
    error = refused(verbs.ways_compare)
    assert (error.code, error.why) == ("RQ-181", "There is no plan yet.")


# signing


def test_what_the_plan_asks_is_accepted_by_name(desk: MadeDesk, verbs: PlanVerbs) -> None:
    assert not done(desk)["PL-090"]
    assert desk.heard_of(lambda: verbs.finding_accept("PL-090", BY)) == {"answer"}
    assert done(desk)["PL-090"]


@pytest.mark.parametrize(("code", "by"), [("PL-090", "  "), ("PL-090", ""), ("PL-095", BY)])
def test_nobody_accepts_without_a_name_or_what_is_not_asked(
    desk: MadeDesk, verbs: PlanVerbs, code: str, by: str
) -> None:
    error = refused(lambda: verbs.finding_accept(code, by))
    assert error.code == "RQ-006"
    assert not done(desk)["PL-090"]


@pytest.mark.parametrize("code", LOOKED)
def test_a_line_is_ticked_and_unticked(desk: MadeDesk, verbs: PlanVerbs, code: str) -> None:
    verbs.sign_tick(code, True)
    assert done(desk)[code]
    assert not any(done(desk)[other] for other in LOOKED if other != code)
    verbs.sign_tick(code, False)
    assert not done(desk)[code]


@pytest.mark.parametrize("code", ["PL-090", "fresh", "place", "path", "", "look-"])
def test_what_is_no_line_for_a_hand_is_not_ticked(
    desk: MadeDesk, verbs: PlanVerbs, code: str
) -> None:
    before = done(desk)
    error = refused(lambda: verbs.sign_tick(code, True))
    assert (error.code, error.why) == ("RQ-186", "Open: This line is not ticked by hand.")
    assert done(desk) == before


def test_only_the_plan_that_was_on_the_screen_is_signed(desk: MadeDesk, verbs: PlanVerbs) -> None:
    verbs.finding_accept("PL-090", BY)
    for code in LOOKED:
        verbs.sign_tick(code, True)
    seen = plan_of(desk).content_sha256
    assert seen is not None
    for sha in ("", seen[:-1], seen.upper() + "x"):
        error = refused(lambda sha=sha: verbs.sign(BY, sha))
        assert (error.code, error.why) == ("RQ-180", "Another plan was on the screen.")
    assert desk.jobs.tasks == []
    verbs.sign(BY, seen)
    assert desk.jobs.titles == ["signing"]


def test_a_plan_made_meanwhile_is_not_signed_by_the_old_hash(
    desk: MadeDesk, verbs: PlanVerbs
) -> None:
    seen = plan_of(desk).content_sha256
    deliver_plan(desk.session, cannula_mm=6.3)
    error = refused(lambda: verbs.sign(BY, seen or ""))
    assert error.why == "Another plan was on the screen."


def test_an_open_line_is_told_before_anything_is_signed(desk: MadeDesk, verbs: PlanVerbs) -> None:
    error = refused(lambda: verbs.sign(BY, plan_of(desk).content_sha256 or ""))
    assert (error.code, error.where) == ("RQ-186", "PL-090")
    assert error.why.startswith("Open: A question of the plan")
    assert desk.jobs.tasks == []


@pytest.mark.parametrize("by", ["", "   "])
def test_nobody_signs_without_a_name(desk: MadeDesk, verbs: PlanVerbs, by: str) -> None:
    verbs.finding_accept("PL-090", BY)
    for code in LOOKED:
        verbs.sign_tick(code, True)
    error = refused(lambda: verbs.sign(by, plan_of(desk).content_sha256 or ""))
    assert error.code == "RQ-100"
    assert desk.jobs.tasks == []


def test_an_unsigned_plan_is_not_locked(desk: MadeDesk, verbs: PlanVerbs) -> None:
    error = refused(verbs.plan_lock)
    assert error.code == "PL-102"


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (lambda verbs: verbs.plan_lock(), "There is no plan yet."),
        (lambda verbs: verbs.finding_accept("PL-090", BY), "There is no plan that asks anything."),
        (lambda verbs: verbs.sign_tick("look-nerve", True), "There is no plan to sign."),
        (lambda verbs: verbs.print_report(), "There is no answer to print."),
        (lambda verbs: verbs.export(), "There is no plan to print a sheet of."),
        (lambda verbs: verbs.ways_compare(), "There is no plan yet."),
    ],
)
def test_without_a_plan_each_call_says_so(act: Callable[[PlanVerbs], None], why: str) -> None:
    desk = made_desk(Session())
    error = refused(lambda: act(PlanVerbs(desk.bench)))
    assert (error.code, error.why) == ("RQ-181", why)
    assert error.next_step == "Go to step 4, Plan."
    assert desk.jobs.tasks == []


# printing


@dataclass(frozen=True)
class Written:
    """Files of a task that were written, one of them not."""

    page: Path
    print: Path | None


@dataclass(frozen=True, slots=True)
class Slotted:
    """The same without a dictionary, with pictures."""

    page: Path
    pictures: tuple[Path, ...] = ()


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ((Path("a.pdf"), Path("b.svg")), ("Report: a.pdf", "Report: b.svg")),
        (Written(Path("a.html"), Path("a.pdf")), ("Report: a.html", "Report: a.pdf")),
        (Written(Path("a.html"), None), ("Report: a.html",)),
        (Slotted(Path("a.html")), ("Report: a.html",)),
        (
            Slotted(Path("a.html"), (Path("p/1.png"), Path("p/2.png"))),
            ("Report: a.html", "Report: 2 files in p"),
        ),
    ],
)
def test_what_was_written_is_told_with_its_place_once_it_is_there(
    desk: MadeDesk, verbs: PlanVerbs, made: object, words: tuple[str, ...]
) -> None:
    taken: list[object] = []
    verbs._start_writing(Task("writing", "sign", lambda _: made, taken.append), "Report")
    assert desk.screens.made == ()
    desk.jobs.run()
    assert desk.screens.made == words
    assert taken == [made]


def test_a_sheet_leaves_the_report_told_and_a_new_report_takes_its_place(
    desk: MadeDesk, verbs: PlanVerbs
) -> None:
    for name, file in (("Report", "a"), ("Sheet", "b"), ("Report", "c")):
        task = Task("writing", "sign", lambda _, file=file: (Path(file),), lambda _: None)
        verbs._start_writing(task, name)
        desk.jobs.run()
    assert desk.screens.made == ("Sheet: b", "Report: c")


def test_report_and_sheet_are_long_work_of_the_last_step(desk: MadeDesk, verbs: PlanVerbs) -> None:
    verbs.print_report()
    verbs.export()
    assert desk.jobs.titles == ["writing the report", "writing the sheet"]
    assert {task.step for task in desk.jobs.tasks} == {"sign"}
    assert desk.screens.made == ()


def test_a_sheet_is_of_a_plan_and_not_of_a_refusal(desk: MadeDesk, verbs: PlanVerbs) -> None:
    desk.session.answer = a_refusal()
    error = refused(verbs.export)
    assert error.why == "There is no plan to print a sheet of."


def test_a_sheet_of_a_plan_on_another_case_is_not_written(desk: MadeDesk, verbs: PlanVerbs) -> None:
    desk.session.answer = replace_case(plan_of(desk))
    verbs.export()
    error = refused(desk.jobs.run)
    assert error.code in {"PL-020", "ST-012"}
    assert desk.screens.made == ()


def replace_case(plan: Plan) -> Plan:
    return plan.model_copy(update={"case_sha256": "f" * 64})


def test_the_path_of_the_made_session_is_not_that_of_the_plan(desk: MadeDesk) -> None:
    # else the tests of choosing would choose what is there already
    assert HandPath.of_plan(plan_of(desk)) != made_path()
    assert replace(made_path(), stop_mm=1.0) != made_path()
