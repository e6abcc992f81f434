"""The scene in space as it is told to a browser: what a hand drags, and what stays."""

from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from trame.app import get_server
from trame_server import Server

from kambin.app.ui.space import REF, SpaceView
from kambin.report.meshes import capsule_surface
from kambin.report.render import Mesh

SCENE = f"scene_{REF}"
STATE_OF_VIEW = "viewport.geometry.view.get.state"


class Line:
    """Stands for the line to the browser, and remembers what goes over it."""

    def __init__(self) -> None:
        self.published: list[tuple[str, Any]] = []
        self.described: list[bool] = []

    def getRPCMethod(self, name: str) -> Any:
        assert name == STATE_OF_VIEW
        return self, Line.describe

    def describe(self, _view: str, whole: bool, **_: object) -> dict[str, bool]:
        self.described.append(whole)
        return {"whole": whole}

    def publish(self, topic: str, content: object) -> None:
        self.published.append((topic, content))

    def push_state_change(self, _state: object) -> None:
        return


@pytest.fixture
def server() -> Server:
    return get_server(f"test-{uuid4().hex}", client_type="vue3")


@pytest.fixture
def space(server: Server) -> SpaceView:
    """A scene in the page of a server that nobody looks at yet."""
    made = SpaceView()
    made.place_in(server)
    return made


@pytest.fixture
def line(server: Server, space: SpaceView) -> Line:
    """The line of a browser that is looking."""
    del space
    server._root_protocol = Line()
    return server._root_protocol


def _needle(radius_mm: float = 1.0) -> Mesh:
    surface = capsule_surface(np.zeros(3), np.array([0.0, 0.0, 90.0]), radius_mm)
    return Mesh(surface, (1.0, 1.0, 1.0), 1.0, "needle")


def test_what_has_settled_is_kept_for_tabs_that_open_later(
    server: Server, space: SpaceView, line: Line
) -> None:
    space.push()
    assert line.published == [("trame.vtk.delta", {"whole": False})]
    assert server.state[SCENE] == {"whole": True}


def test_what_a_hand_drags_is_sent_once_and_not_kept(
    server: Server, space: SpaceView, line: Line
) -> None:
    space.push()
    before = server.state[SCENE]
    line.described.clear()
    space.push(settled=False)
    # describing the scene takes a twentieth of a second, in which no number is told
    assert line.described == [False]
    assert line.published[-1] == ("trame.vtk.delta", {"whole": False})
    assert server.state[SCENE] is before


@pytest.mark.parametrize("settled", [True, False])
def test_with_nobody_on_the_line_nothing_is_sent(space: SpaceView, settled: bool) -> None:
    space.push(settled=settled)


@pytest.mark.parametrize("settled", [True, False])
def test_a_scene_without_a_page_has_nobody_to_tell(settled: bool) -> None:
    SpaceView().push(settled=settled)


def test_a_tool_that_moves_is_the_same_actor_and_one_that_is_gone_goes() -> None:
    space = SpaceView()
    space.show_tools([_needle()])
    (actor,) = space._tools.values()
    space.show_tools([_needle(2.0)])
    assert list(space._tools.values()) == [actor]
    assert actor.GetBounds()[1] == pytest.approx(2.0, abs=0.1)
    space.show_tools([])
    assert space.names == ()
    assert space._renderer.GetActors().GetNumberOfItems() == 0
