"""Header, rail and footer: what stands on every screen, for either side and for nothing yet."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.app.logic.made_session import (
    BY,
    made_anatomy,
    made_checked,
    made_path,
    made_place,
)
from tests.unit.exchange.made_plans import a_refusal
from tests.unit.planning.made_level import make_clearance, make_plan, make_stage

from kambin.app.logic.closed import STEPS, TITLES
from kambin.app.logic.draft import Draft, HandPath, Verdict
from kambin.app.logic.jobs import JobState
from kambin.app.logic.messages import Message
from kambin.app.logic.session import Session
from kambin.app.logic.undo import Undo
from kambin.app.shown.footer import show_footer, show_messages
from kambin.app.shown.frame import USE, show_header, show_rail
from kambin.frames import Side

MOVED = replace(made_path(), stop_mm=2.0)


def placed(folder: Path, side: Side = Side.LEFT) -> Session:
    """Return a session with a case, an anatomy and a place, and no path."""
    session = Session()
    session.folder, session.checked = folder, made_checked(folder, side)
    session.anatomy, session.place = made_anatomy(side), made_place(side)
    return session


# the header


@pytest.mark.parametrize(("side", "word"), [(Side.LEFT, "LEFT"), (Side.RIGHT, "RIGHT")])
def test_level_and_side_are_told_with_who_confirmed_them(
    tmp_path: Path, side: Side, word: str
) -> None:
    shown = show_header(placed(tmp_path, side), "v3")
    assert (shown.level, shown.side, shown.version) == ("L4-L5", word, "v3")
    assert shown.confirmed == f"confirmed: 5 lumbar, by {BY}"
    assert shown.case == tmp_path.name


def test_until_somebody_confirmed_no_side_is_told(tmp_path: Path) -> None:
    session = placed(tmp_path)
    session.place = None
    shown = show_header(session)
    assert (shown.level, shown.side, shown.confirmed) == ("", "", "")


def test_every_header_says_what_this_is_for(tmp_path: Path) -> None:
    for session in (Session(), placed(tmp_path)):
        for room in (True, False):
            shown = show_header(session, room=room)
            assert shown.use == USE == "research use only"
            assert shown.room is room


def test_undo_and_redo_are_offered_where_there_is_a_step() -> None:
    session = Session()
    offered = []
    for history in (
        None,
        Undo(made_path()),
        Undo(made_path()).do(MOVED),
        Undo(made_path()).do(MOVED).undo(),
    ):
        session.history = history
        shown = show_header(session)
        offered.append((shown.can_undo, shown.can_redo))
    assert offered == [(False, False), (False, False), (True, False), (False, True)]


def test_a_locked_path_offers_neither() -> None:
    session = Session()
    session.is_locked = True
    for history in (Undo(made_path()).do(MOVED), Undo(made_path()).do(MOVED).undo()):
        session.history = history
        shown = show_header(session)
        assert (shown.locked, shown.can_undo, shown.can_redo) == (True, False, False)


# the rail


def test_eight_steps_stand_in_their_order_with_one_picture_each() -> None:
    rail = show_rail(Session(), "case")
    assert [row.number for row in rail.steps] == list(range(1, 9))
    assert [row.title for row in rail.steps] == [
        *("Case", "Side", "Anatomy", "Plan", "Examine", "Compare", "Rehearse", "Sign"),
    ]
    assert len({row.icon for row in rail.steps}) == 8


def test_without_a_case_all_but_the_first_are_closed_and_say_so() -> None:
    rail = show_rail(Session(), "sign")
    assert [row.closed for row in rail.steps] == ["", *["No case is open."] * 7]
    assert [row.mend for row in rail.steps] == [0, *[1] * 7]
    assert [row.mend_title for row in rail.steps] == ["", *["Case"] * 7]
    assert not any(row.done for row in rail.steps)


@pytest.mark.parametrize("name", STEPS)
def test_a_step_that_is_looked_at_tells_its_own_words(name: str) -> None:
    rail = show_rail(Session(), name)
    row = rail.steps[STEPS.index(name)]
    assert rail.title == TITLES[name]
    told = (rail.current, rail.closed, rail.mend, rail.mend_title)
    assert told == (row.number, row.closed, row.mend, row.mend_title)


def test_a_case_without_a_place_asks_for_it(tmp_path: Path) -> None:
    session = placed(tmp_path)
    session.place = None
    rail = show_rail(session, "plan")
    assert rail.closed == "Nobody has confirmed side and level in this session."
    assert (rail.mend, rail.mend_title) == (2, "Side and level")
    assert [row.done for row in rail.steps] == [True, *[False] * 7]


def test_a_place_without_an_anatomy_waits_for_it(tmp_path: Path) -> None:
    session = placed(tmp_path)
    session.anatomy = None
    rail = show_rail(session, "plan")
    assert rail.closed == "The anatomy has not been completed and looked through."
    assert rail.mend == 3
    assert [row.done for row in rail.steps][:4] == [True, True, False, False]


def test_a_plan_opens_examining_comparing_and_signing(tmp_path: Path) -> None:
    session = placed(tmp_path)
    assert session.checked is not None
    plan = make_plan((make_stage("cannula", make_clearance()),))
    session.answer = plan.model_copy(update={"case_sha256": session.checked.case.sha256})
    rows = {row.title: row for row in show_rail(session, "examine").steps}
    assert (rows["Examine"].closed, rows["Sign"].closed) == ("", "")
    assert rows["Anatomy"].done
    assert rows["Plan"].done
    assert rows["Compare"].closed == ""
    assert rows["Rehearse"].closed == "Rehearsal with C-arm and endoscope comes later."


def test_a_plan_on_another_case_is_not_signed(tmp_path: Path) -> None:
    session = placed(tmp_path)
    plan = make_plan((make_stage("cannula", make_clearance()),))
    session.answer = plan.model_copy(update={"case_sha256": "f" * 64})
    rail = show_rail(session, "sign")
    assert rail.closed == "The case changed after planning: this plan is stale."
    assert rail.mend_title == "Plan"


def test_a_refusal_is_an_answer_and_no_plan(tmp_path: Path) -> None:
    session = placed(tmp_path)
    session.answer = a_refusal()
    rail = show_rail(session, "examine")
    assert rail.closed == "There is no plan: the answer is a refusal, and no path is set."
    assert [row.done for row in rail.steps][2:5] == [True, False, False]


# the footer


def drafted(path: HandPath) -> Session:
    session = Session()
    session.draft = Draft(path, Verdict("good", "Measured."))
    return session


@pytest.mark.parametrize(
    ("asked", "depth", "words"),
    [
        (None, 80.0, "80 of 80 mm"),
        (0.0, 0.0, "0 of 80 mm"),
        (33.33, 33.3, "33 of 80 mm"),
        (500.0, 80.0, "80 of 80 mm"),
    ],
)
def test_the_depth_is_told_within_the_path(asked: float | None, depth: float, words: str) -> None:
    path = HandPath((72.0, 60.0, 0.0), (8.0, 12.0, 0.0), 5.0)
    shown = show_footer(drafted(path), None, stage="", depth_mm=asked)
    assert (shown.depth_mm, shown.depth_most_mm, shown.depth_words) == (depth, 80.0, words)


def test_without_a_path_there_is_no_depth_and_no_stage() -> None:
    shown = show_footer(Session(), None, stage="reamer", depth_mm=40.0)
    assert (shown.depth_mm, shown.depth_most_mm, shown.stages) == (0.0, 0.0, ())
    assert shown.depth_words == "0 of 0 mm"


@pytest.mark.parametrize(
    ("job", "words", "share"),
    [
        (None, "", -1),
        (JobState("planning"), "planning", -1),
        (JobState("planning", "search"), "planning: search", -1),
        (JobState("planning", "search", 0, 8), "planning: search", 0),
        (JobState("planning", "search", 8, 8), "planning: search", 100),
        (JobState("planning", "search", 1, 3), "planning: search", 33),
        (JobState("planning", "search", 1, 4, is_cancelling=True), "planning: stopping", 25),
    ],
)
def test_a_job_tells_what_it_is_at_and_how_far(
    job: JobState | None, words: str, share: int
) -> None:
    shown = show_footer(Session(), job, stage="", depth_mm=None)
    assert (shown.job, shown.job_share) == (words, share)


def test_a_message_has_its_reason_its_next_step_and_its_tone() -> None:
    session = Session()
    session.tell(
        Message("error", "plan", "It failed", "plan.json", "It was changed.", "Open it again."),
        Message("note", "plan", "It is there"),
    )
    note, error = show_messages(session)
    assert (note.tone, note.what, note.why) == ("good", "It is there.", "")
    assert (error.tone, error.what) == ("stop", "It failed.")
    assert (error.why, error.next_step) == ("It was changed.", "Open it again.")
    # the number is that by which it is taken away
    assert session.messages[error.number].what == "It failed"


@pytest.mark.parametrize("count", [0, 1, 3, 4])
def test_at_most_three_messages_stand_there(count: int) -> None:
    session = Session()
    session.tell(*(Message("note", "case", f"Message {n}") for n in range(count)))
    assert len(show_messages(session)) == min(count, 3)
