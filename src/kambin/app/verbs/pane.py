"""Calls from within a pane: what the hand takes, where it points, how it looks."""

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from kambin.app.logic import moving
from kambin.app.logic.draft import not_understood
from kambin.app.logic.pane_dragging import drag_entry, drag_in_plane
from kambin.app.logic.pane_geometry import PaneView
from kambin.app.state import PANES, STILLS
from kambin.app.stills import FILMS, SKIN
from kambin.app.verbs.bench import Bench
from kambin.app.verbs.path import to_end

LEAST_PX, MOST_PX = 64, 2048
"""Sizes of a pane that are painted; a page may say any number."""

_AXES: Final[tuple[Literal["left", "posterior", "cranial"], ...]] = ("left", "posterior", "cranial")


class PaneVerbs:
    """Calls from within a pane.

    Parameters
    ----------
    bench : Bench
    """

    def __init__(self, bench: Bench) -> None:
        self._session = bench.session
        self._scene = bench.scene
        self._views = bench.views

    def path_drag(self, name: str, pane: str, x: float, y: float, done: bool) -> None:
        """Move entry or target to where the hand is in a pane."""
        end = to_end(name)
        point = self._on_still(end, pane, x, y)
        if point is None:
            point = self._under_hand(end, self._find(pane), x, y)
        # only a pane that is there holds its view while the hand is in it
        self._views.held = "" if done else pane
        moving.drag(self._session, end, point, done=done)

    def path_rest(self) -> None:
        """Have the tools in space follow a hand that drags and has come to rest."""
        self._scene.follow()

    def path_nudge(
        self,
        name: str,
        pane: str,
        right: int,
        down: int,
        turn: bool,
    ) -> None:
        """Move an end by half a millimetre as the arrow points, or turn by half a degree."""
        end, view = to_end(name), self._find(pane)
        way = right * view.plane.right_lps + down * view.plane.down_lps
        if not turn:
            axis = int(np.argmax(np.abs(way)))
            moving.nudge(self._session, end, _AXES[axis], int(np.sign(way[axis])))
        elif down:
            moving.nudge_angle(self._session, "craniocaudal", -int(np.sign(down)))
        else:
            moving.nudge_angle(self._session, "axial", self._outwards(way))

    def cursor_set(self, pane: str, x: float, y: float) -> None:
        """Have all panes pass through the point that was clicked."""
        cursor = self._session.cursor_lps_mm
        point = self._shadowed(pane, x, y, cursor) if pane in STILLS else None
        if pane not in STILLS:
            point = self._find(pane).point_lps_mm(x, y)
            self._views.first = pane
        if point is None:
            return
        self._session.set_cursor(point)

    def pane_scroll(self, pane: str, steps: int) -> None:
        """Move the cursor across a pane; a projection has no depth."""
        if pane in STILLS:
            return
        self._find(pane)
        self._views.first = pane
        self._session.set_cursor(self._views.panes.scrolled(pane, steps).cursor_lps_mm)

    def pane_zoom(self, pane: str, factor: float) -> None:
        """Come nearer in one pane, or go away."""
        if pane in STILLS:
            return
        self._find(pane)
        if factor > 0:
            self._views.panes = self._views.panes.zoomed(pane, factor)
        self._session.publish("cursor")

    def pane_pan(self, pane: str, x: float, y: float) -> None:
        """Move the picture of a pane with the hand."""
        if pane in STILLS:
            return
        self._find(pane)
        self._views.panes = self._views.panes.panned(pane, x, y)
        self._session.publish("cursor")

    def pane_size(self, pane: str, width: int, height: int) -> None:
        """Paint a pane as large as it is on the screen."""
        if pane in STILLS:
            return
        if pane not in PANES:
            raise not_understood(where="view", why="There is no such view.")
        sizes = [min(max(length, LEAST_PX), MOST_PX) for length in (width, height)]
        self._views.panes = self._views.panes.resized(pane, sizes[0], sizes[1])
        self._session.publish("cursor")

    def window_pick(self, name: str) -> None:
        """Show another range of greys."""
        self._views.panes = self._views.panes.windowed(name)
        self._session.publish("cursor")

    def _on_still(
        self, end: Literal["entry", "target"], pane: str, x: float, y: float
    ) -> NDArray[np.float64] | None:
        """Return the point under a hand on the skin map or a projection; none on a slice."""
        ground, history = self._session.ground, self._session.history
        if pane not in STILLS or ground is None or history is None:
            return None
        entry, target = history.present.entry_lps_mm, history.present.target_lps_mm
        made = self._views.stills.made
        if pane != SKIN:
            return self._shadowed(pane, x, y, np.array(entry if end == "entry" else target))
        if made is None or isinstance(made.skin, str):
            return None
        found = made.skin.pick_entry(ground.question.skin, x, y, target)
        return np.array(entry) if found is None else found

    def _shadowed(
        self, pane: str, x: float, y: float, deep_lps_mm: NDArray[np.float64]
    ) -> NDArray[np.float64] | None:
        """Return the point of a beam that is as deep as another one, mm, LPS, or none."""
        made = self._views.stills.made
        for name, film in FILMS:
            if name == pane and made is not None:
                return made.films.view(film, made.centre_lps_mm).point_lps_mm(x, y, deep_lps_mm)
        return None

    def _find(self, pane: str) -> PaneView:
        view = self._views.find_view(pane)
        if view is None:
            raise not_understood(where="view", why="There is no such view now.")
        return view

    def _under_hand(
        self, end: Literal["entry", "target"], view: PaneView, x: float, y: float
    ) -> NDArray[np.float64]:
        ground, history = self._session.ground, self._session.history
        if ground is None or history is None:
            raise not_understood(where="path", why="There is no path yet.")
        entry = np.array(history.present.entry_lps_mm)
        target = np.array(history.present.target_lps_mm)
        if end == "target":
            return drag_in_plane(view, target, x, y)
        found = drag_entry(view, ground.question.skin, entry, target, (x, y))
        return drag_in_plane(view, entry, x, y) if found is None else found

    def _outwards(self, way: NDArray[np.float64]) -> int:
        """Return the sign of the axial angle that turns the entry the way the arrow points."""
        place = self._session.place
        sign = 1.0 if place is None else place.side.lateral_sign_lps
        along = way[0] * sign if abs(way[0]) >= abs(way[1]) else -way[1]
        return int(np.sign(along)) or 1
