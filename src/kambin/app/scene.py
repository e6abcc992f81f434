"""The scene in space: the neighbourhood of the level, and the tools of the path under the hand."""

import asyncio

import numpy as np
from numpy.typing import NDArray
from trame_server.state import State

from kambin.anatomy import Anatomy, Level
from kambin.app.logic.draft import Draft
from kambin.app.logic.session import Session
from kambin.app.logic.turns import in_turn
from kambin.app.ui.space import Prepared, SpaceView, prepare_meshes
from kambin.planning.evaluator import Evaluation
from kambin.report.meshes import capsule_surface
from kambin.report.palette import TOOL_CYAN
from kambin.report.render import Mesh
from kambin.report.scene import scene_cameras, scene_meshes
from kambin.report.tool_outlines import OUTSIDE_MM

NEEDLE_WHITE = (0.95, 0.95, 0.95)
CAMERA = "ui_camera"
"""Name under which the browser finds where the scene is looked at from."""


class Scene:
    """Keeps the scene in step with the session.

    Parameters
    ----------
    space : SpaceView
    session : Session
    state : trame State
    """

    def __init__(self, space: SpaceView, session: Session, state: State) -> None:
        self._space = space
        self._session = session
        self._state = state
        self._shown: object = None
        self._task: asyncio.Task[None] | None = None
        self._is_behind = False

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all that is in the scene."""
        return self._space.names

    def refresh(self, changed: frozenset[str]) -> None:
        """Show what changed; surfaces are made in a thread of their own.

        Parameters
        ----------
        changed : events of the session
        """
        if changed & {"anatomy", "place"}:
            self._begin_anatomy()
        if not changed & {"draft", "answer"}:
            return
        # describing the scene here and drawing it there keep numbers from a hand that moves on
        self._is_behind = self._session.hovering is not None
        if not self._is_behind:
            self.show_tools()

    def follow(self) -> None:
        """Have the tools follow a hand that drags and now rests, if they have not yet."""
        if self._is_behind:
            self.show_tools()

    def show_tools(self) -> None:
        """Draw the tools of the path under the hand."""
        self._is_behind = False
        draft = self._session.draft
        found = None if draft is None else draft.evaluation
        self._space.show_tools(() if draft is None or found is None else tool_meshes(draft, found))
        self._space.push(settled=self._session.hovering is None)

    def look(self, name: str) -> None:
        """Look at the scene from one of the report's three places.

        Parameters
        ----------
        name : ``space-behind``, ``space-side`` or ``space-along``
        """
        centre, draft = self._centre(), self._session.draft
        if centre is None:
            return
        outward = np.array([0.0, 1.0, 0.0]) if draft is None else draft.path.way
        length = float(np.linalg.norm(outward))
        if self._session.place is not None and draft is None:
            outward = np.array([self._session.place.side.lateral_sign_lps, 1.0, 0.0])
            length = float(np.linalg.norm(outward))
        if not length > 0:
            return
        for kind, _, camera in scene_cameras(centre, outward / length):
            if kind == name:
                with self._state:
                    self._state[CAMERA] = self._space.look(camera)
                self._space.push()

    def _begin_anatomy(self) -> None:
        anatomy, place = self._session.anatomy, self._session.place
        wanted = None if anatomy is None or place is None else (id(anatomy), place.level)
        if wanted == self._shown:
            return
        self._shown = wanted
        self._space.show_anatomy(())
        centre = self._centre()
        if anatomy is None or place is None or centre is None:
            self._space.push()
            return
        self._task = asyncio.get_running_loop().create_task(
            self._make(anatomy, place.level, centre, wanted)
        )

    async def _make(
        self, anatomy: Anatomy, level: Level, centre: NDArray[np.float64], wanted: object
    ) -> None:
        def _prepare() -> tuple[Prepared, ...]:
            return prepare_meshes(in_turn(scene_meshes)(anatomy, level, centre, ()))

        # nobody who asks for a slice or whether the server lives waits for surfaces
        prepared = await asyncio.to_thread(_prepare)
        if self._shown == wanted:
            self._space.show_anatomy(prepared)
            self.look("space-behind")

    def _centre(self) -> NDArray[np.float64] | None:
        anatomy, place = self._session.anatomy, self._session.place
        if anatomy is None or place is None or place.level not in anatomy.disc_frames:
            return None
        return anatomy.disc_frames[place.level].lps_from_disc.origin_mm


def tool_meshes(draft: Draft, found: Evaluation) -> tuple[Mesh, ...]:
    """Return needle and cannula of a path at their true diameter.

    Parameters
    ----------
    draft : Draft
    found : Evaluation of it
    """
    way = draft.path.way / draft.path.length_mm
    outside = draft.entry_lps_mm + OUTSIDE_MM * way
    widest = {stage.tool: stage for stage in sorted(found.stages, key=lambda one: one.radius_mm)}
    return tuple(
        Mesh(
            capsule_surface(outside, widest[name].tip_lps_mm, widest[name].radius_mm),
            colour,
            opacity,
            name,
        )
        for name, colour, opacity in (("cannula", TOOL_CYAN, 0.55), ("needle", NEEDLE_WHITE, 1.0))
        if name in widest
    )
