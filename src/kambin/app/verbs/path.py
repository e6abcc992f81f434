"""Calls about the path under the hand, and where the panes pass through."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kambin.app.logic import moving, painting
from kambin.app.logic.draft import not_understood
from kambin.app.verbs.bench import Bench, to_number


class PathVerbs:
    """Calls about the path.

    Parameters
    ----------
    bench : Bench
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._session = bench.session

    def path_type(self, end: str, axis: int, typed: str) -> None:
        """Set one coordinate of entry or target."""
        history = self._session.history
        if history is None or axis not in range(3):
            raise not_understood(where="path", why="There is no path, or no such coordinate.")
        chosen, now = to_end(end), history.present
        point = np.array(now.entry_lps_mm if chosen == "entry" else now.target_lps_mm)
        point[axis] = to_number(typed, end)
        moving.type_point(self._session, chosen, point)

    def undo(self) -> None:
        """Go one step back; while the hand paints, one stroke."""
        if painting.is_painting(self._session):
            painting.undo_stroke(self._session)
        else:
            moving.undo(self._session)

    def redo(self) -> None:
        """Go one step forward again; while the hand paints, one stroke."""
        if painting.is_painting(self._session):
            painting.redo_stroke(self._session)
        else:
            moving.redo(self._session)

    def lock(self) -> None:
        """Lock the path under the hand, or free it."""
        moving.set_lock(self._session, locked=not self._session.is_locked)

    def row_fly(self, key: str) -> None:
        """Have all panes go to where the path is closest to a structure, or to the structure."""
        point = self._closest(key)
        if point is not None:
            self._session.set_cursor(point)

    def depth_set(self, depth_mm: float) -> None:
        """Have all panes pass through the axis at a depth below the skin."""
        draft, screens = self._session.draft, self._bench.screens
        if draft is None or not draft.path.length_mm > 0:
            return
        screens.depth_mm = min(max(depth_mm, 0.0), draft.path.length_mm)
        share = screens.depth_mm / draft.path.length_mm
        self._session.set_cursor(draft.entry_lps_mm - share * draft.path.way)

    def _closest(self, key: str) -> NDArray[np.float64] | None:
        draft, anatomy = self._session.draft, self._session.anatomy
        found = None if draft is None else draft.evaluation
        if found is not None and self._session.step != "anatomy":
            rows = [c for stage in found.stages for c in stage.clearances if c.structure == key]
            if rows:
                return np.array(min(rows, key=lambda row: row.clearance_mm).point_lps_mm)
        structure = None if anatomy is None else anatomy.find(key)
        if structure is None:
            return None
        region = structure.region
        inside = region.lps_mm(np.argwhere(region.values > 0))
        off = np.linalg.norm(inside - inside.mean(axis=0), axis=1)
        # a voxel of it: the middle of a bent root lies outside
        nearest: NDArray[np.float64] = inside[int(np.argmin(off))]
        return nearest


def to_end(name: str) -> Literal["entry", "target"]:
    """Return which end of the path is meant.

    Parameters
    ----------
    name : str

    Raises
    ------
    RequestError  (RQ-180) for any other word
    """
    if name == "entry":
        return "entry"
    if name == "target":
        return "target"
    raise not_understood(where="path", why="A path has an entry and a target.")
