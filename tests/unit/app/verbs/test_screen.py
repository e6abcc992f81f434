"""Calls about the screen alone: nothing of the case, the plan or the path changes."""

from collections.abc import Callable

import numpy as np
import pytest
from tests.unit.app.logic.made_session import moved_session
from tests.unit.app.verbs.made_bench import MadeDesk, made_desk

from kambin.app.binding import READING, public_names
from kambin.app.logic.draft import Draft, HandPath, Verdict
from kambin.app.logic.messages import Message
from kambin.app.logic.session import Session
from kambin.app.shown.layout import FOURTHS, THIRDS
from kambin.app.verbs import GROUPS
from kambin.app.verbs.screen import ScreenVerbs, nearest_on_axis

PATH = HandPath((0.0, 100.0, 0.0), (0.0, 0.0, 0.0), 0.0)
DRAFT = Draft(PATH, Verdict("good", "made"))


@pytest.fixture
def desk() -> MadeDesk:
    session = Session()
    session.draft = DRAFT
    return made_desk(session)


@pytest.fixture
def verbs(desk: MadeDesk) -> ScreenVerbs:
    return ScreenVerbs(desk.bench)


def test_a_stage_is_drawn_alone_and_picked_again_all_are(
    desk: MadeDesk, verbs: ScreenVerbs
) -> None:
    assert desk.heard_of(lambda: verbs.stage_pick("reamer")) == {"draft"}
    assert desk.screens.stage == "reamer"
    verbs.stage_pick("cannula")
    assert desk.screens.stage == "cannula"
    verbs.stage_pick("cannula")
    assert desk.screens.stage == ""
    verbs.stage_pick("")
    assert desk.screens.stage == ""


@pytest.mark.parametrize("name", [one.value for one in THIRDS])
def test_each_third_view_can_be_picked(desk: MadeDesk, verbs: ScreenVerbs, name: str) -> None:
    fourth = desk.screens.layout.fourth
    verbs.layout_pick("third", name)
    assert (desk.screens.layout.third, desk.screens.layout.fourth) == (name, fourth)


@pytest.mark.parametrize("name", [one.value for one in FOURTHS])
def test_each_fourth_view_can_be_picked(desk: MadeDesk, verbs: ScreenVerbs, name: str) -> None:
    third = desk.screens.layout.third
    verbs.layout_pick("fourth", name)
    assert (desk.screens.layout.third, desk.screens.layout.fourth) == (third, name)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("third", "skin"),
        ("fourth", "coronal"),
        ("third", ""),
        ("first", "coronal"),
        ("", "space"),
        ("fourth", "Space"),
    ],
)
def test_a_view_that_cannot_stand_there_changes_nothing(
    desk: MadeDesk, verbs: ScreenVerbs, place: str, name: str
) -> None:
    before = desk.screens.layout
    verbs.layout_pick(place, name)
    assert desk.screens.layout == before


@pytest.mark.parametrize("name", ["along-flat", "along-upright", "probe-eye"])
def test_a_view_of_the_path_is_brought_to_the_path(
    desk: MadeDesk, verbs: ScreenVerbs, name: str
) -> None:
    desk.session.cursor_lps_mm = np.array([30.0, 40.0, -20.0])
    verbs.layout_pick("third", name)
    assert desk.session.cursor_lps_mm == pytest.approx([0.0, 40.0, 0.0])


def test_a_view_that_is_not_of_the_path_keeps_the_cursor(
    desk: MadeDesk, verbs: ScreenVerbs
) -> None:
    desk.session.cursor_lps_mm = np.array([30.0, 40.0, -20.0])
    verbs.layout_pick("third", "coronal")
    verbs.layout_pick("fourth", "skin")
    assert desk.session.cursor_lps_mm == pytest.approx([30.0, 40.0, -20.0])


@pytest.mark.parametrize("point", [(0.0, 100.0, 0.0), None])
def test_without_a_way_the_cursor_stays(point: tuple[float, float, float] | None) -> None:
    session = Session()
    if point is not None:
        session.draft = Draft(HandPath(point, point, 0.0), Verdict("stop", "none"))
    session.cursor_lps_mm = np.array([1.0, 2.0, 3.0])
    ScreenVerbs(made_desk(session).bench).layout_pick("third", "probe-eye")
    assert session.cursor_lps_mm == pytest.approx([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("point", "nearest"),
    [
        ((5.0, 50.0, 5.0), (0.0, 50.0, 0.0)),
        ((5.0, -30.0, 0.0), (0.0, 0.0, 0.0)),
        ((5.0, 130.0, 0.0), (0.0, 100.0, 0.0)),
        ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
    ],
)
def test_the_nearest_point_lies_between_entry_and_target(
    point: tuple[float, ...], nearest: tuple[float, ...]
) -> None:
    assert nearest_on_axis(DRAFT, np.array(point)) == pytest.approx(nearest)


def test_the_message_that_was_read_goes_and_no_other(desk: MadeDesk, verbs: ScreenVerbs) -> None:
    session = desk.session
    session.tell(*(Message("note", "case", f"Message {n}") for n in range(3)))
    assert desk.heard_of(lambda: verbs.message_dismiss(1)) == {"message"}
    assert [one.what for one in session.messages] == ["Message 0", "Message 2"]


@pytest.mark.parametrize("number", [-1, 3, 10**6])
def test_a_message_that_is_gone_is_no_mistake(
    desk: MadeDesk, verbs: ScreenVerbs, number: int
) -> None:
    desk.session.tell(*(Message("note", "case", f"Message {n}") for n in range(3)))
    assert desk.heard_of(lambda: verbs.message_dismiss(number)) == set()
    assert len(desk.session.messages) == 3


def test_of_two_equal_messages_one_goes(desk: MadeDesk, verbs: ScreenVerbs) -> None:
    desk.session.tell(Message("note", "case", "Twice"), Message("note", "case", "Twice"))
    verbs.message_dismiss(0)
    assert len(desk.session.messages) == 1


def test_the_operating_room_is_a_switch(desk: MadeDesk, verbs: ScreenVerbs) -> None:
    assert desk.heard_of(verbs.theme_room) == {"case"}
    assert desk.screens.room
    verbs.theme_room()
    assert not desk.screens.room


def test_the_scene_is_looked_at_from_where_it_was_asked(desk: MadeDesk, verbs: ScreenVerbs) -> None:
    assert desk.heard_of(lambda: verbs.space_look("space-side")) == set()
    assert desk.scene.looked == ["space-side"]


@pytest.mark.parametrize(
    "act",
    [
        lambda verbs: verbs.stage_pick("needle"),
        lambda verbs: verbs.layout_pick("third", "probe-eye"),
        lambda verbs: verbs.layout_pick("fourth", "carm"),
        lambda verbs: verbs.theme_room(),
        lambda verbs: verbs.space_look("space-behind"),
        lambda verbs: verbs.message_dismiss(0),
    ],
)
def test_looking_changes_neither_path_nor_place_nor_plan(
    act: Callable[[ScreenVerbs], None],
) -> None:
    session = moved_session()
    before = (session.history, session.place, session.answer, session.wish, session.is_locked)
    act(ScreenVerbs(made_desk(session).bench))
    after = (session.history, session.place, session.answer, session.wish, session.is_locked)
    assert after == before


def test_no_call_of_any_group_is_open_to_a_reader() -> None:
    # the guard lets a second tab call what is in READING, and nothing else
    names = {name for group in GROUPS for name in public_names(group)}
    assert {"sign", "place_confirm", "path_drag", "upload_make"} <= names
    assert not names & READING


def test_two_groups_never_answer_to_one_name() -> None:
    names = [name for group in GROUPS for name in public_names(group)]
    assert len(names) == len(set(names))
