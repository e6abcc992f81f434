"""Calls of the brush: painting the fragment on the slices."""

import math

import numpy as np
from numpy.typing import NDArray

from kambin.app.logic import painting
from kambin.app.logic.draft import not_understood
from kambin.app.logic.editing import remove_fragment_task
from kambin.app.logic.pane_geometry import PaneView
from kambin.app.state import STILLS
from kambin.app.verbs.bench import Bench


class PaintVerbs:
    """Calls of the brush.

    Parameters
    ----------
    bench : Bench
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._session = bench.session
        self._views = bench.views

    def paint_begin(self) -> None:
        """Take the brush: go on with the fragment of the case, or make one."""
        painting.begin_painting(self._session)

    def paint_end(self) -> None:
        """Put the brush away; what was not kept is gone."""
        painting.end_painting(self._session)

    def paint_move(
        self, pane: str, points: list[str], radius_mm: float, erases: bool, done: bool
    ) -> None:
        """Paint where the hand has been in a slice since the last call, ``x y`` each."""
        view = self._views.find_view(pane)
        if view is None or pane in STILLS:
            raise not_understood(where="view", why="There is no such view to paint in now.")
        places = [to_place(one, view) for one in points]
        self._views.first = pane
        painting.move_brush(self._session, places, radius_mm, erases=erases, done=done)

    def paint_keep(self) -> None:
        """Write what was painted into the case, as its fragment."""
        self._bench.jobs.start(painting.keep_task(self._session))

    def fragment_remove(self) -> None:
        """Take the fragment out of the case; what it covered comes back."""
        self._bench.jobs.start(remove_fragment_task(self._session))


def to_place(typed: str, view: PaneView) -> NDArray[np.float64]:
    """Return the point of the patient at a place of a pane, shape (3,), mm, LPS.

    Parameters
    ----------
    typed : str, two numbers, pixels to the right and down
    view : PaneView

    Raises
    ------
    RequestError  (RQ-180) if it is no place
    """
    try:
        x, y = (float(part) for part in typed.split())
    except ValueError:
        x = y = math.nan
    if not (math.isfinite(x) and math.isfinite(y)):
        raise not_understood(where="view", why="A place in a view is two numbers.")
    return view.point_lps_mm(x, y)
