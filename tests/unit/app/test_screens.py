"""Which values hang on which events, and what is looked up once and not at every drag."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.app.logic.made_session import deliver_plan, opened_session

from kambin.app import screens as app_screens
from kambin.app.logic.session import EVENTS, Session
from kambin.app.screens import Screens
from kambin.app.shown.layout import FOURTHS, THIRDS
from kambin.app.state import EVERYTHING
from kambin.core import RequestError
from kambin.exchange import History


class Opened(dict[str, Any]):
    """Stands for the state of a server, which is opened to send what changed."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        pass


class Idle:
    """Stands for jobs of which none runs."""

    is_running = False
    state = None


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The levels that were marked on counted pictures."""
    marks: list[str | None] = []

    def draw(_session: Session, mark: str | None) -> bytes:
        marks.append(mark)
        return b"png"

    monkeypatch.setattr(app_screens, "draw_count", draw)
    return marks


Build = Callable[[Session], tuple[Screens, dict[str, Any]]]


@pytest.fixture
def build(drawn: list[str | None]) -> Build:
    assert drawn == []

    def make(session: Session) -> tuple[Screens, dict[str, Any]]:
        state: dict[str, Any] = {}
        jobs: Any = Idle()
        return Screens(state, session, jobs), state  # type: ignore[arg-type]

    return make


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return opened_session(tmp_path)


def test_all_events_publish_every_value(build: Build, session: Session) -> None:
    screens, state = build(session)
    screens.refresh_all()
    assert set(state) == {kind.NAME for kind in EVERYTHING}


@pytest.mark.parametrize(
    ("event", "names"),
    [
        ("cursor", set()),
        ("message", {"footer"}),
        ("job", {"footer", "plan_view"}),
        ("draft", {"footer", "plan_view", "header", "rail", "examine_view"}),
        ("place", {"header", "rail", "place_view", "anatomy_view", "sign_view"}),
        ("anatomy", {"header", "rail", "place_view", "anatomy_view", "paint_view"}),
    ],
)
def test_an_event_publishes_what_hangs_on_it_and_no_more(
    build: Build, session: Session, event: str, names: set[str]
) -> None:
    screens, state = build(session)
    screens.refresh(frozenset({event}))
    assert set(state) == names
    assert event in EVENTS


def test_side_and_level_follow_the_place(build: Build, session: Session) -> None:
    screens, state = build(session)
    screens.refresh(frozenset({"place"}))
    assert (state["header"]["level"], state["header"]["side"]) == ("L4-L5", "LEFT")
    session.place = None
    screens.refresh(frozenset({"place"}))
    assert (state["header"]["level"], state["header"]["side"]) == ("", "")


def test_a_step_the_session_took_by_itself_is_shown(build: Build, session: Session) -> None:
    screens, _ = build(session)
    screens.looked_at = "plan"
    screens.refresh(frozenset({"cursor"}))
    # a person may look elsewhere
    assert screens.looked_at == "plan"
    session.step = "examine"
    screens.refresh(frozenset({"cursor"}))
    assert screens.looked_at == "examine"


def test_the_version_is_read_once_for_an_answer(
    build: Build, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    screens, _ = build(session)
    assert screens.version() == ""
    reads: list[Session] = []
    read = app_screens.read_versions

    def count(one: Session) -> History:
        reads.append(one)
        return read(one)

    monkeypatch.setattr(app_screens, "read_versions", count)
    deliver_plan(session)
    assert [screens.version() for _ in range(3)] == ["v1"] * 3
    assert len(reads) == 1
    deliver_plan(session, cannula_mm=6.0)
    assert screens.version() == "v2"
    assert len(reads) == 2


def test_a_history_that_cannot_be_read_has_no_number(build: Build, session: Session) -> None:
    screens, _ = build(session)
    deliver_plan(session)
    assert session.answer_file is not None
    session.answer_file.with_name("plan.history.json").write_text("{}", "utf-8")
    assert screens.version() == ""


def test_the_counted_picture_is_drawn_once_for_a_case_and_a_level(
    build: Build, session: Session, drawn: list[str | None]
) -> None:
    screens, state = build(session)
    for _ in range(3):
        screens.refresh(frozenset({"place"}))
    assert drawn == ["L4-L5"]
    assert state["place_view"]["picture"] == "data:image/png;base64,cG5n"
    session.place = None
    screens.refresh(frozenset({"place"}))
    assert drawn == ["L4-L5", None]
    assert session.checked is not None
    case = replace(session.checked.case, sha256="d" * 64)
    session.checked = replace(session.checked, case=case)
    screens.refresh(frozenset({"case"}))
    assert drawn == ["L4-L5", None, None]


def test_a_server_answers_while_the_counted_picture_is_drawn(
    build: Build, session: Session, drawn: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes seconds, and a tab that hears nothing for one says so."""
    may_end = threading.Event()
    draw = app_screens.draw_count

    def wait(session: Session, mark: str | None) -> bytes:
        assert may_end.wait(20.0)
        return draw(session, mark)

    monkeypatch.setattr(app_screens, "draw_count", wait)

    async def play() -> tuple[str, str]:
        screens, _ = build(session)
        state: Any = Opened()
        screens._state = state
        screens.refresh(frozenset({"place"}))
        before = state["place_view"]["picture"]
        may_end.set()
        assert screens._drawing is not None
        await screens._drawing
        return before, state["place_view"]["picture"]

    assert asyncio.run(play()) == ("", "data:image/png;base64,cG5n")
    assert drawn == ["L4-L5"]


def test_without_a_case_or_a_picture_none_is_shown(
    build: Build, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise RequestError(code="RQ-181", what="a", where="b", why="c", next_step="d")

    monkeypatch.setattr(app_screens, "draw_count", fail)
    for one in (session, Session()):
        screens, state = build(one)
        screens.refresh(frozenset({"case"}))
        assert state["place_view"]["picture"] == ""


def test_every_view_that_is_offered_can_be_picked(build: Build, session: Session) -> None:
    screens, _ = build(session)
    for choice in THIRDS:
        screens.pick("third", choice.value)
        assert screens.layout.third == choice.value
    for choice in FOURTHS:
        screens.pick("fourth", choice.value)
        assert screens.layout.fourth == choice.value


@pytest.mark.parametrize(
    ("place", "name"), [("third", "skin"), ("fourth", "coronal"), ("first", "skin"), ("third", "")]
)
def test_a_view_that_is_not_offered_changes_nothing(
    build: Build, session: Session, place: str, name: str
) -> None:
    screens, _ = build(session)
    before = screens.layout
    screens.pick(place, name)
    assert screens.layout == before
