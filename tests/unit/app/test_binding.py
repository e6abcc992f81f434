"""Calls go in and values come out: the binding on a spine of boxes, without a browser."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from tests.unit.app.logic.made_session import (
    deliver_plan,
    made_path,
    opened_session,
    written_session,
)
from trame.app import get_server

from kambin.app import views
from kambin.app.binding import Binding, public_names
from kambin.app.logic.judging import judge_path
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Task
from kambin.app.state import EVERYTHING
from kambin.app.verbs import GROUPS
from kambin.core import Progress
from kambin.frames import Side

SETTLED_S = 20.0


class Desk:
    """A bound session whose page is this test."""

    def __init__(self, session: Session) -> None:
        self.server = get_server(f"test-{uuid4().hex}", client_type="vue3")
        self.session = session
        self.triggers: dict[str, Callable[..., None]] = self.server.controller._triggers
        self.binding = Binding(self.server, session)

    def __getitem__(self, name: str) -> Any:
        return self.server.state[name]

    async def pull(self, name: str, *given: object) -> None:
        """Call what a page would call, and let all that it began come to its end."""
        self.triggers[name](*given)
        await self.settle()

    async def settle(self) -> None:
        """Wait until no task of the loop and no job is left."""
        for _ in range(int(SETTLED_S / 0.02)):
            await asyncio.sleep(0.02)
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            if not rest and not self.binding.jobs.is_running:
                return
        pytest.fail("it never came to rest")

    @property
    def said(self) -> list[str]:
        return [message["what"] for message in self["footer"]["messages"]]


def with_path(session: Session) -> Session:
    """Return the session with the numbers of its path."""
    assert session.ground is not None
    assert session.history is not None
    session.draft = judge_path(session.ground, session.history.present)
    session.step = "examine"
    return session


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session with a case, a place and a path under the hand."""
    return with_path(opened_session(tmp_path))


def played(session: Session, *calls: tuple[Any, ...]) -> Desk:
    """Return the desk after some calls of a page."""

    async def play() -> Desk:
        desk = Desk(session)
        session.publish("case", "place", "anatomy", "draft", "cursor")
        await desk.pull("layout_pick", "third", "along-flat")
        for name, *given in calls:
            await desk.pull(name, *given)
        return desk

    return asyncio.run(play())


def test_every_value_is_there_before_a_page_opens() -> None:
    desk = Desk(Session())
    for kind in EVERYTHING:
        assert set(desk[kind.NAME]) == {field.name for field in fields(kind)}
    assert desk["rail"]["steps"][1]["closed"] == "No case is open."


def test_every_public_verb_is_a_trigger() -> None:
    desk = Desk(Session())
    for group in GROUPS:
        for name in public_names(group):
            assert name in desk.triggers


def test_numbers_of_a_dragged_path_leave_before_its_pictures_are_drawn(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "SENT_S", 0.0)
    order: list[str] = []

    async def play() -> None:
        desk = Desk(session)
        session.publish("case", "place", "anatomy", "draft", "cursor")
        await desk.pull("layout_pick", "third", "along-flat")
        draw = desk.binding.views.refresh
        monkeypatch.setattr(
            desk.binding.views, "refresh", lambda changed: (order.append("drawn"), draw(changed))
        )
        over = desk["over_along_flat"]["handles"][0]
        desk.triggers["path_drag"]("entry", "along-flat", over["x"] + 3, over["y"], False)
        assert desk["examine_view"]["live"]
        # what the line needs to send them: some rounds of the loop
        for _ in range(5):
            await asyncio.sleep(0)
            order.append("round")
        await desk.settle()

    asyncio.run(play())
    assert order == [*5 * ["round"], "drawn"]


def test_side_and_level_stand_in_the_header(session: Session) -> None:
    header = played(session)["header"]
    assert (header["level"], header["side"]) == ("L4-L5", "LEFT")
    assert "A. Surgeon" in header["confirmed"]
    assert header["use"] == "research use only"


def test_the_mirrored_session_says_right(tmp_path: Path) -> None:
    desk = played(with_path(opened_session(tmp_path, Side.RIGHT)))
    assert desk["header"]["side"] == "RIGHT"
    assert desk["examine_view"]["facts"][0]["value"].endswith("right")


def test_a_path_has_a_verdict_gaps_and_three_large_numbers(session: Session) -> None:
    shown = played(session)["examine_view"]
    assert shown["has_path"]
    assert shown["verdict"]
    assert shown["rows"][0]["gap"].endswith(" mm")
    assert all(row["word"] for row in shown["rows"])
    assert len(shown["largest"]) == 3
    assert shown["live"]


def test_panes_are_painted_with_letters_tools_and_both_ends(session: Session) -> None:
    desk = played(session, ("pane_size", "axial", 300, 200))
    ground, over = desk["pane_axial"], desk["over_axial"]
    assert ground["src"].startswith("data:image/jpeg;base64,")
    assert (ground["width"], ground["height"]) == (300, 200)
    assert ground["letters"] == {"left": "R", "right": "L", "top": "A", "bottom": "P"}
    assert [handle["name"] for handle in over["handles"]] == ["entry", "target"]
    assert desk["tools_along_flat"]["tools"]
    # a pane that is not seen is not painted
    assert desk["pane_coronal"] is None


def test_the_hand_drags_the_entry_and_undo_brings_it_back(session: Session) -> None:
    before = made_path()

    async def play() -> None:
        desk = Desk(session)
        session.publish("case", "place", "anatomy", "draft", "cursor")
        await desk.pull("layout_pick", "third", "along-flat")
        handle = desk["over_along_flat"]["handles"][0]
        x, y = handle["x"] - 10, handle["y"]
        await desk.pull("path_drag", "entry", "along-flat", x, y, False)
        assert session.history is not None
        assert session.history.present == before
        assert session.draft is not None
        assert session.draft.path != before
        await desk.pull("path_drag", "entry", "along-flat", x, y, True)
        assert session.history.present != before
        assert desk["header"]["can_undo"]
        await desk.pull("undo")
        assert session.history.present == before
        await desk.pull("redo")
        assert session.history.present != before

    asyncio.run(play())


@pytest.mark.parametrize("side", list(Side))
def test_an_arrow_moves_the_entry_the_way_it_points(tmp_path: Path, side: Side) -> None:
    session = with_path(opened_session(tmp_path, side))
    before = np.array(made_path(side).target_lps_mm)
    played(session, ("path_nudge", "target", "axial", 1, 0, False))
    assert session.history is not None
    # the reader's right is the patient's left, whatever side is operated on
    assert np.array(session.history.present.target_lps_mm) - before == pytest.approx([0.5, 0, 0])


@pytest.mark.parametrize("side", list(Side))
def test_an_arrow_turns_the_path_the_way_it_points(tmp_path: Path, side: Side) -> None:
    session = with_path(opened_session(tmp_path, side))
    played(session, ("path_nudge", "entry", "axial", 1, 0, True))
    assert session.history is not None
    moved = np.subtract(session.history.present.entry_lps_mm, made_path(side).entry_lps_mm)
    assert moved[0] > 0


def test_a_locked_path_says_so_and_stays(session: Session) -> None:
    desk = played(session, ("lock",), ("path_nudge", "entry", "axial", 1, 0, False))
    assert desk["header"]["locked"]
    assert "The path is locked." in desk.said
    assert session.history is not None
    assert session.history.present == made_path()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (("path_type", "entry", 0, "many"), "What was typed is not understood."),
        (("path_type", "entry", 7, "1"), "What was typed is not understood."),
        (("path_type", "elbow", 0, "1"), "What was typed is not understood."),
        (("path_drag", "entry", "attic", 1.0, 1.0, True), "What was typed is not understood."),
        (("path_drag", "entry"), "What the page asked is not understood."),
        (("step_open", 9), "What was typed is not understood."),
        (("pick_choose", "plan"), "What was typed is not understood."),
        (("case_open", " "), "What was typed is not understood."),
        (("place_confirm", "L4-L5", "left", "", "", []), "Side and level are not confirmed."),
        (("place_confirm", "L4-L5", "middle", "", "A", []), "Side and level are not confirmed."),
        (("sign", "A. Surgeon", "0" * 64), "What was typed is not understood."),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_changes(
    session: Session, call: tuple[Any, ...], said: str
) -> None:
    desk = played(session, call)
    assert said in desk.said
    assert session.history is not None
    assert session.history.present == made_path()


def test_a_message_that_was_read_goes(session: Session) -> None:
    desk = played(session, ("step_open", 9))
    number = desk["footer"]["messages"][0]["number"]
    desk = played(session, ("message_dismiss", number))
    assert desk.said == []


def test_a_typed_coordinate_moves_one_axis(session: Session) -> None:
    target = made_path().target_lps_mm
    played(session, ("path_type", "target", 2, f"{target[2] + 1:.1f}".replace(".", ",")))
    assert session.history is not None
    assert session.history.present.target_lps_mm[:2] == target[:2]
    assert session.history.present.target_lps_mm[2] == pytest.approx(target[2] + 1, abs=0.06)


def test_a_closed_step_is_shown_with_its_sentence(session: Session) -> None:
    rail = played(session, ("step_open", 8))["rail"]
    assert rail["current"] == 8
    assert rail["closed"] == "There is no plan to sign."
    assert rail["mend_title"] == "Plan"


def test_the_cursor_goes_where_a_pane_is_clicked_scrolled_and_slid(session: Session) -> None:
    played(session, ("cursor_set", "axial", 100.0, 50.0))
    clicked = session.cursor_lps_mm
    played(session, ("pane_scroll", "axial", 3))
    assert abs(session.cursor_lps_mm[2] - clicked[2]) == pytest.approx(3.0)
    played(session, ("depth_set", 0.0))
    assert session.cursor_lps_mm == pytest.approx(made_path().entry_lps_mm)


def test_zoom_shift_window_and_size_change_the_picture(session: Session) -> None:
    desk = played(session)
    shown = desk["pane_axial"]["src"]
    for call in (
        ("pane_zoom", "axial", 1.5),
        ("pane_pan", "axial", 12.0, 5.0),
        ("window_pick", "bone"),
        ("pane_size", "axial", 320, 200),
    ):
        assert played(session, call)["pane_axial"]["src"] != shown


def test_a_hidden_structure_is_not_outlined(session: Session) -> None:
    def outlined(desk: Desk) -> set[str]:
        drawn = {line["key"] for line in desk["lines_axial"]["outlines"]}
        return {key for key in drawn if not key.startswith("leader-")}

    fly = ("row_fly", "disc:L4-L5")
    shown = outlined(played(session, fly))
    key = next(iter(shown))
    assert key not in outlined(played(session, fly, ("structure_show", key, False)))
    assert key in outlined(played(session, fly, ("structure_show", key, True)))


def test_one_stage_is_drawn_alone(session: Session) -> None:
    tools = played(session, ("stage_pick", "reamer"))["tools_along_flat"]["tools"]
    assert {tool["name"] for tool in tools} <= {"reamer"}


def test_the_scene_holds_the_level_and_its_tools(session: Session) -> None:
    desk = played(session, ("space_look", "space-side"))
    names = desk.binding.scene.names
    assert any(name.startswith("disc:L4-L5") for name in names), names
    assert any(name.startswith("cannula") for name in names)
    assert set(desk["ui_camera"]) == {"position", "focalPoint", "viewUp"}


def test_the_operating_room_is_switched_on_and_off(session: Session) -> None:
    assert played(session, ("theme_room",))["header"]["room"]
    assert not played(session, ("theme_room",), ("theme_room",))["header"]["room"]


def test_a_plan_is_told_with_its_checklist(tmp_path: Path) -> None:
    session = written_session(tmp_path)
    plan = deliver_plan(session)
    desk = played(session, ("step_open", 8))
    sign = desk["sign_view"]
    assert sign["sha256"] == plan.content_sha256
    kinds = {row["code"]: row["kind"] for row in sign["rows"]}
    assert kinds["PL-090"] == "answer"
    assert kinds["look-nerve"] == "tick"
    assert kinds["fresh"] == "seen"
    desk = played(
        session, ("finding_accept", "PL-090", "A. Surgeon"), ("sign_tick", "look-nerve", True)
    )
    done = {row["code"]: row["done"] for row in desk["sign_view"]["rows"]}
    assert done["PL-090"]
    assert done["look-nerve"]
    assert not desk["sign_view"]["complete"]


def test_a_case_that_cannot_be_opened_keeps_the_one_that_is(
    session: Session, tmp_path: Path
) -> None:
    before = session.checked
    desk = played(session, ("case_open", str(tmp_path / "nothing")))
    assert session.checked is before
    assert desk.said


def test_a_bug_is_told_with_a_number_and_without_its_text(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise LookupError("/home/of/a/patient")

    monkeypatch.setattr("kambin.app.logic.moving.undo", fail)
    desk = played(session, ("undo",))
    (message,) = desk["footer"]["messages"]
    assert message["what"] == "This is a bug in Kambin."
    assert "patient" not in str(message)
    # the next call is answered as if nothing had been
    assert played(session, ("theme_room",))["header"]["room"]


def test_a_job_runs_shows_itself_and_can_be_cancelled(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, taken = threading.Event(), []

    def work(progress: Progress) -> int:
        for part in range(1000):
            progress.step("waiting", part, 1000)
            begun.set()
            threading.Event().wait(0.005)
        return 1

    task = Task("a long job", "plan", work, taken.append)
    monkeypatch.setattr("kambin.app.verbs.plan.plan_task", lambda _: task)

    async def play() -> Desk:
        desk = Desk(session)
        session.publish("case", "place", "anatomy", "draft", "cursor")
        await desk.settle()
        desk.triggers["plan_make"]("", "")
        assert desk["plan_view"]["running"]
        while not begun.is_set():
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.25)
        assert desk["footer"]["job"] == "a long job: waiting"
        # one at a time
        desk.triggers["plan_make"]("", "")
        assert "Another job is running." in desk.said
        await desk.pull("plan_cancel")
        return desk

    desk = asyncio.run(play())
    assert taken == []
    assert desk["footer"]["job"] == ""
    assert not desk["plan_view"]["running"]


def _painted(session: Session, steps: int) -> list[str]:
    """Return the panes in the order in which they are painted while a wheel is turned."""
    painted: list[str] = []

    async def play() -> None:
        desk = Desk(session)
        session.publish("case", "place", "anatomy", "draft", "cursor")
        await desk.pull("layout_pick", "third", "along-flat")
        paint = desk.binding.views._paint

        def noted(name: str, painter: Any) -> None:
            painted.append(name)
            paint(name, painter)

        desk.binding.views._paint = noted  # type: ignore[method-assign]
        for _ in range(steps):
            desk.triggers["pane_scroll"]("axial", 1)
            await asyncio.sleep(0.02)
        await desk.settle()
        assert desk["over_sagittal"]["cursor"]["y"] < desk["pane_sagittal"]["height"] / 2

    asyncio.run(play())
    return painted


def test_while_a_wheel_is_turned_only_its_pane_is_painted(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "REST_S", 1.5)
    monkeypatch.setattr(views, "LATEST_S", 60.0)
    others = ["sagittal", "along-flat"]
    assert _painted(session, 6) == ["axial"] * 7 + others


def test_the_other_panes_follow_a_wheel_that_never_rests(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "REST_S", 60.0)
    monkeypatch.setattr(views, "LATEST_S", 0.0)
    # once at the end would be all that a wheel which goes on leaves them
    assert _painted(session, 6).count("sagittal") > 1


def test_while_a_hand_drags_only_its_pane_is_painted(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "REST_S", 1.5)
    monkeypatch.setattr(views, "LATEST_S", 60.0)
    painted: list[str] = []

    async def play() -> None:
        desk = Desk(session)
        session.publish("case", "place", "anatomy", "draft", "cursor")
        await desk.pull("layout_pick", "third", "along-flat")
        handle, before = desk["over_along_flat"]["handles"][0], desk["tools_sagittal"]
        paint = desk.binding.views._paint

        def noted(name: str, painter: Any) -> None:
            painted.append(name)
            paint(name, painter)

        desk.binding.views._paint = noted  # type: ignore[method-assign]
        for step in range(1, 4):
            place = (handle["x"] - 4 * step, handle["y"])
            desk.triggers["path_drag"]("entry", "along-flat", *place, False)
            await asyncio.sleep(0.02)
        assert desk["tools_sagittal"] == before
        await desk.settle()
        # once the hand rests the others have followed it
        assert desk["tools_sagittal"] != before

    asyncio.run(play())
    assert painted[:3] == ["along-flat"] * 3
    assert sorted(painted[3:]) == ["along-flat", "axial", "sagittal"]
