"""The panes of slices: kept in step with the session, painted only where something changed."""

import asyncio
import time
from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np
from trame_server.state import State

from kambin.anatomy.fragment_site import FRAGMENT_KEY
from kambin.app.logic.bulls_eye import find_aim, show_bulls_eye
from kambin.app.logic.draft import Draft, HandPath
from kambin.app.logic.painted_preview import PaintedPreview
from kambin.app.logic.painting import is_painting
from kambin.app.logic.pane_geometry import PaneView
from kambin.app.logic.pane_pictures import (
    Overlay,
    PanePainter,
    find_slice_words,
    prepare_panes,
)
from kambin.app.logic.panes import ORTHOGONAL, Axis, Panes
from kambin.app.logic.session import Session
from kambin.app.screens import Screens
from kambin.app.state import EYE, PANES, PARTS, STILLS, Pictures, pane_name
from kambin.app.stills import FILMS, SKIN, Stills
from kambin.app.ui.screen import publish
from kambin.core import KambinError
from kambin.planning import Plan
from kambin.report.tool_outlines import OUTSIDE_MM, DrawnTool

SENT_S, REST_S, LATEST_S = 0.01, 0.06, 0.2
"""What sending takes, how long a hand rests before the other panes follow, and the latest of that.

A wheel that is turned comes again sooner; panes that nobody looks at must not hold up the one that
somebody does.
"""

_DRAWN = ("cannula", "needle")
_OF_WHAT = {
    "along-flat": "the path",
    "along-upright": "the path",
    "probe-eye": "the cannula's tip",
}


class Views:
    """What the panes show; they follow the session, and the session never asks them.

    Parameters
    ----------
    state : trame State
    session : Session
    screens : Screens
    """

    def __init__(self, state: State, session: Session, screens: Screens) -> None:
        self._state = state
        self._session = session
        self._screens = screens
        self._painter: PanePainter | None = None
        self._ground_of: Hashable = None
        self._case_of: str | None = None
        self._making: asyncio.Task[None] | None = None
        self._making_stills: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None
        self._rests_s = 0.0
        self.held = ""
        self.first = ""
        self.panes = Panes.about(np.zeros(3))
        self.stills = Stills(session)
        self._preview = PaintedPreview()

    def refresh(self, changed: frozenset[str]) -> None:
        """Follow what changed and paint it; to be called while the state is open.

        Parameters
        ----------
        changed : events of the session
        """
        if changed & {"case", "anatomy", "place"}:
            self._prepare()
        if changed & {"answer", "draft"}:
            self._turn()
        if self._session.hovering is not None and self.held in PANES:
            # numbers that follow a hand come next: they do not wait for panes beside it
            self.first = self.held
        if changed & {"case", "anatomy", "cursor", "draft", "answer"}:
            self.panes = self.panes.at_cursor(self._session.cursor_lps_mm)
            self.paint()
            self._paint_stills()
            self._paint_eye()

    def paint(self) -> None:
        """Publish the pane that is looked at, and the others as soon as the hand rests."""
        first, self.first = self.first, ""
        if not first:
            self._paint_all(PANES)
            return
        self._paint_all((first,))
        now_s = time.monotonic()
        self._rests_s = now_s + REST_S
        if self._following is None:
            follow = self._follow(now_s + LATEST_S)
            self._following = asyncio.get_running_loop().create_task(follow)

    async def _follow(self, latest_s: float) -> None:
        # a moment later in any case: what was painted first has to leave the machine first
        await asyncio.sleep(SENT_S)
        while (wait_s := min(self._rests_s, latest_s) - time.monotonic()) > 0:
            await asyncio.sleep(wait_s)
        self._following = None
        with self._state:
            self._paint_all(PANES)

    def _paint_all(self, names: tuple[str, ...]) -> None:
        seen = {"axial", "sagittal", self._screens.layout.third}
        for name in names:
            if name in seen and self._painter is not None and self.panes.has(name):
                self._paint(name, self._painter)
            else:
                self._state[pane_name(name)] = None

    def find_view(self, name: str) -> PaneView | None:
        """Return a pane as it stands, or none where there is none.

        Parameters
        ----------
        name : str
        """
        return self.panes.view(name) if self.panes.has(name) else None

    def _paint_stills(self) -> None:
        """Publish skin map or C-arm pair if they are looked at; begin to make them if need be."""
        fourth = self._screens.layout.fourth
        if fourth == "space":
            return
        stills, answer = self.stills, self._session.answer
        if answer is not None and self._session.anatomy is not None and stills.is_stale:
            self._making_stills = asyncio.get_running_loop().create_task(self._make_stills())
        overlay, made = self._overlay(), None if stills.is_stale else stills.made
        for name in STILLS:
            self._state[pane_name(name)] = None
        if made is None:
            words = "They are being made." if answer is not None else "The plan comes first."
            publish(self._state, Pictures(words))
        elif fourth == SKIN and isinstance(made.skin, str):
            publish(self._state, Pictures(made.skin))
        elif fourth == SKIN and not isinstance(made.skin, str):
            self._publish(SKIN, made.skin.show(overlay))
        else:
            for pane, name in FILMS:
                view = made.films.view(name, made.centre_lps_mm)
                self._publish(pane, view.show(overlay))

    async def _make_stills(self) -> None:
        if await self.stills.make():
            with self._state:
                self._paint_stills()

    def _paint_eye(self) -> None:
        """Publish the bull's eye: the path under the hand against the plan."""
        draft, plan = self._session.draft, self._session.answer
        if draft is None or not draft.path.length_mm > 0:
            self._state[EYE] = None
            return
        actual = _axis_of(draft.path)
        planned = _axis_of(HandPath.of_plan(plan)) if isinstance(plan, Plan) else actual
        most = draft.path.length_mm
        depth = most if self._screens.depth_mm is None else self._screens.depth_mm
        self._state[EYE] = show_bulls_eye(
            find_aim(planned, actual), depth_mm=depth, depth_most_mm=most
        )

    def _paint(self, name: str, painter: PanePainter) -> None:
        view = self.panes.view(name)
        shown = painter.show(view, self._overlay(), words=self._words(name, view))
        self._publish(name, shown)

    def _publish(self, name: str, shown: dict[str, Any]) -> None:
        key = pane_name(name)
        # in parts: what did not change is not sent again, and a picture is large
        for prefix, names in PARTS.items():
            self._state[key.replace("pane_", prefix)] = {one: shown[one] for one in names}

    def _overlay(self) -> Overlay:
        session, draft = self._session, self._session.draft
        if is_painting(session):
            # the brush alone: a disc of the path would catch the hand
            hidden = session.hidden | {str(FRAGMENT_KEY)}
            region = self._preview.region(session)
            return Overlay(session.cursor_lps_mm, hidden=hidden, painted=region)
        if draft is None:
            return Overlay(session.cursor_lps_mm, hidden=session.hidden)
        return Overlay(
            session.cursor_lps_mm,
            drawn_stages(draft, self._screens.stage),
            {"entry": draft.entry_lps_mm, "target": draft.target_lps_mm},
            session.hidden,
        )

    def _words(self, name: str, view: PaneView) -> str:
        draft = self._session.draft
        if name not in ORTHOGONAL:
            return find_slice_words(view, self.panes.off_axis_mm(name), _OF_WHAT[name])
        home = self.panes.home_lps_mm if draft is None else draft.target_lps_mm
        off_mm = float((self.panes.cursor_lps_mm - home) @ view.plane.normal_lps)
        return find_slice_words(view, off_mm, "the middle" if draft is None else "the target")

    def _turn(self) -> None:
        """Turn the views of the path; a plan that is new is shown as the report shows it."""
        draft = self._session.draft
        if draft is None:
            return
        axis = _axis_of(draft.path)
        answer = getattr(self._session.answer, "content_sha256", None)
        if answer != self._screens.answer_seen and axis.has_direction:
            self._screens.answer_seen = answer
            self._screens.pick("third", "probe-eye")
            publish(self._state, self._screens.layout)
            self.panes = self.panes.on_path(axis)
        else:
            held = self.held if self._session.hovering is not None else ""
            self.panes = self.panes.turned(axis, held=held)

    def _prepare(self) -> None:
        """Begin to make what panes are drawn from, in a thread of its own."""
        session = self._session
        place, checked = session.place, session.checked
        wanted: Hashable = None
        if checked is not None:
            level = None if place is None else place.level
            wanted = (checked.case.sha256, id(session.anatomy), level)
        if wanted == self._ground_of:
            return
        case = None if checked is None else checked.case.sha256
        if case != self._case_of:
            self._case_of = case
            # another case: nothing of the one before may be seen under its name
            self._painter = None
            self.panes = replace(Panes.about(session.cursor_lps_mm), gazes=self.panes.gazes)
        self._ground_of = wanted
        if wanted is not None:
            self._making = asyncio.get_running_loop().create_task(self._make(wanted))

    async def _make(self, wanted: Hashable) -> None:
        session = self._session
        checked, anatomy, place = session.checked, session.anatomy, session.place
        if checked is None:
            return
        level = None if place is None else place.level
        centre = session.cursor_lps_mm
        if anatomy is not None and level is not None and level in anatomy.disc_frames:
            centre = anatomy.disc_frames[level].lps_from_disc.origin_mm
        try:
            ground = await asyncio.to_thread(prepare_panes, checked.case, anatomy, level, centre)
        except KambinError:
            # the steps say what is wrong with the case; without a ground there is no picture
            return
        if self._ground_of != wanted:
            return
        self._painter = None if ground is None else PanePainter(ground)
        # whoever paints keeps the slice in which he paints
        is_free = session.draft is None and session.painting is None
        if is_free and level is not None and anatomy is not None:
            self.panes = replace(Panes.about(centre), gazes=self.panes.gazes)
            session.set_cursor(centre)
        with self._state:
            self.paint()


def _axis_of(path: HandPath) -> Axis:
    return Axis.of(path.entry_lps_mm, path.target_lps_mm, path.stop_mm)


def drawn_stages(draft: Draft, stage: str) -> tuple[DrawnTool, ...]:
    """Return the tools of a path that are drawn, the last one on top.

    Parameters
    ----------
    draft : Draft
    stage : str, the tool that is drawn alone; empty for needle and cannula
    """
    if draft.evaluation is None or not draft.path.length_mm > 0:
        return ()
    outside = draft.entry_lps_mm + OUTSIDE_MM * draft.path.way / draft.path.length_mm
    widest = {one.tool: one for one in sorted(draft.evaluation.stages, key=lambda s: s.radius_mm)}
    return tuple(
        DrawnTool(name, widest[name].radius_mm, np.array(widest[name].tip_lps_mm), outside)
        for name in ((stage,) if stage else _DRAWN)
        if name in widest
    )
