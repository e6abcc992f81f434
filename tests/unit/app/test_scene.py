"""The scene in space: tools at their true diameter, and never the anatomy of another place."""

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.app.logic.made_session import made_anatomy, opened_session

from kambin.anatomy import Level
from kambin.app import scene as app_scene
from kambin.app.logic.judging import judge_path
from kambin.app.logic.session import Session
from kambin.app.scene import CAMERA, Scene, tool_meshes
from kambin.frames import Side
from kambin.report.render import Camera, Mesh
from kambin.report.tool_outlines import OUTSIDE_MM

MADE = "made surface"


class Space:
    """Stands for the view of the browser, and remembers what it was shown."""

    def __init__(self) -> None:
        self.anatomy: list[object] = []
        self.tools: list[Sequence[Mesh]] = []
        self.cameras: list[Camera] = []
        self.pushed = 0
        self.settled: list[bool] = []
        self.names = ("skin-0",)

    def show_anatomy(self, meshes: object) -> None:
        self.anatomy.append(meshes)

    def show_tools(self, meshes: Sequence[Mesh]) -> None:
        self.tools.append(meshes)

    def look(self, camera: Camera) -> list[float]:
        self.cameras.append(camera)
        return [float(x) for x in camera.view_lps]

    def push(self, *, settled: bool = True) -> None:
        self.pushed += 1
        self.settled.append(settled)


class State(dict[str, Any]):
    """Stands for the state of the browser."""

    def __enter__(self) -> "State":
        return self

    def __exit__(self, *_: object) -> None:
        return


def _scene(session: Session) -> tuple[Scene, Space, State]:
    space, state = Space(), State()
    return Scene(space, session, state), space, state  # type: ignore[arg-type]


@pytest.fixture(params=list(Side))
def session(request: pytest.FixtureRequest, tmp_path: Path) -> Session:
    """A session with the numbers of its path, on each side."""
    made = opened_session(tmp_path, request.param)
    assert made.ground is not None
    assert made.history is not None
    made.draft = judge_path(made.ground, made.history.present)
    return made


def test_tools_have_their_diameter_and_lie_on_the_path(session: Session) -> None:
    draft = session.draft
    assert draft is not None
    assert draft.evaluation is not None
    meshes = {mesh.name: mesh for mesh in tool_meshes(draft, draft.evaluation)}
    assert list(meshes) == ["cannula", "needle"]
    unit = draft.path.way / draft.path.length_mm
    for name, mesh in meshes.items():
        widest = max(s.radius_mm for s in draft.evaluation.stages if s.tool == name)
        points = np.asarray(mesh.surface.vertices_lps_mm) - draft.entry_lps_mm
        off = np.linalg.norm(points - np.outer(points @ unit, unit), axis=1)
        assert off.max() == pytest.approx(widest, abs=0.05)
        # flat ends: the outer one lies outside the skin, the inner one at the deepest tip
        assert (points @ unit).max() == pytest.approx(OUTSIDE_MM, abs=0.05)


def test_tools_follow_a_hand_that_rests_and_none_that_moves_on(session: Session) -> None:
    scene, space, _ = _scene(session)
    assert session.history is not None
    session.hovering = session.history.present
    for _ in range(50):
        scene.refresh(frozenset({"draft"}))
    assert (space.tools, space.pushed) == ([], 0)
    for _ in range(3):
        # once, however often the hand is told to rest
        scene.follow()
        assert (len(space.tools), space.pushed) == (1, 1)
    assert len(space.tools[-1]) == 2
    scene.refresh(frozenset({"draft"}))
    session.hovering = None
    # let go: drawn at once, and what waited is not drawn as well
    scene.refresh(frozenset({"draft"}))
    scene.follow()
    assert space.pushed == 2
    # the whole scene is described only of what the hand has let go of
    assert space.settled == [False, True]


def test_without_numbers_no_tool_is_drawn(session: Session) -> None:
    scene, space, _ = _scene(session)
    assert session.draft is not None
    for draft in (None, replace(session.draft, evaluation=None)):
        session.draft = draft
        scene.show_tools()
        assert space.tools[-1] == ()


def test_other_events_leave_the_scene_alone(session: Session) -> None:
    scene, space, _ = _scene(session)
    scene.refresh(frozenset({"cursor", "message", "job"}))
    assert (space.anatomy, space.tools, space.pushed) == ([], [], 0)
    assert scene.names == ("skin-0",)


@pytest.mark.parametrize("name", ["space-behind", "space-side", "space-along"])
@pytest.mark.parametrize("has_path", [True, False])
def test_one_looks_from_the_side_that_is_operated_on(
    session: Session, name: str, has_path: bool
) -> None:
    scene, space, state = _scene(session)
    if not has_path:
        session.draft = None
    scene.look(name)
    (camera,) = space.cameras
    assert session.place is not None
    assert np.sign(camera.view_lps[0]) == -session.place.side.lateral_sign_lps
    assert camera.centre_lps_mm == pytest.approx((0, 0, 0))
    assert state[CAMERA] == [float(x) for x in camera.view_lps]


@pytest.mark.parametrize("name", ["", "space-inside"])
def test_from_a_place_that_is_not_there_nothing_is_looked_at(session: Session, name: str) -> None:
    scene, space, state = _scene(session)
    scene.look(name)
    assert (space.cameras, space.pushed, state) == ([], 0, {})


def test_without_place_or_anatomy_there_is_no_middle_to_look_at(session: Session) -> None:
    scene, space, _ = _scene(session)
    place = session.place
    assert place is not None
    session.place = replace(place, level=Level("L1", "L2"))
    scene.look("space-behind")
    session.place, session.anatomy = place, None
    scene.look("space-behind")
    assert space.cameras == []


def _prepare(meshes: tuple[str, ...]) -> tuple[str, ...]:
    # the event loop, in which slices and numbers are told, is that of the main thread
    assert threading.current_thread() is not threading.main_thread()
    return meshes


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Level]:
    """Have surfaces made at once, and return for which levels."""
    levels: list[Level] = []

    def make(_anatomy: object, level: Level, *_: object) -> tuple[str, ...]:
        levels.append(level)
        return (MADE,)

    monkeypatch.setattr(app_scene, "scene_meshes", make)
    monkeypatch.setattr(app_scene, "prepare_meshes", _prepare)
    return levels


async def _settle() -> None:
    await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))


def test_surfaces_are_made_once_for_an_anatomy_and_a_level(
    session: Session, made: list[Level]
) -> None:
    scene, space, _ = _scene(session)

    async def play() -> None:
        for event in ("place", "anatomy", "place"):
            scene.refresh(frozenset({event}))
            await _settle()

    asyncio.run(play())
    assert len(made) == 1
    assert space.anatomy == [(), (MADE,)]
    assert len(space.cameras) == 1


def test_surfaces_of_a_place_that_was_left_are_not_shown(
    session: Session, made: list[Level]
) -> None:
    scene, space, _ = _scene(session)

    async def play() -> None:
        scene.refresh(frozenset({"place"}))
        session.place = None
        scene.refresh(frozenset({"place"}))
        await _settle()

    asyncio.run(play())
    assert (MADE,) not in space.anatomy
    assert space.anatomy[-1] == ()
    assert len(made) == 1


def test_another_anatomy_is_made_anew(session: Session, made: list[Level]) -> None:
    scene, space, _ = _scene(session)

    async def play() -> None:
        scene.refresh(frozenset({"anatomy"}))
        await _settle()
        session.anatomy = replace(made_anatomy())
        scene.refresh(frozenset({"anatomy"}))
        await _settle()

    asyncio.run(play())
    assert len(made) == 2
    assert space.anatomy == [(), (MADE,), (), (MADE,)]
