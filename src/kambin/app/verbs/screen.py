"""Calls about what is looked at; they change nothing of the case."""

import numpy as np
from numpy.typing import NDArray

from kambin.app.logic.draft import Draft
from kambin.app.logic.panes import TRAJECTORY
from kambin.app.verbs.bench import Bench


class ScreenVerbs:
    """Calls about the screen alone.

    Parameters
    ----------
    bench : Bench
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._session = bench.session

    def stage_pick(self, name: str) -> None:
        """Draw the tool of one stage, or of all when it is picked again."""
        screens = self._bench.screens
        screens.stage = "" if screens.stage == name else name
        self._session.publish("draft")

    def layout_pick(self, place: str, name: str) -> None:
        """Put another view into the third or the fourth place."""
        self._bench.screens.pick(place, name)
        self._session.publish("case", "cursor")
        draft = self._session.draft
        if name in TRAJECTORY and draft is not None and draft.path.length_mm > 0:
            # a view of the path that does not meet it would show nothing of the tools
            self._session.set_cursor(nearest_on_axis(draft, self._session.cursor_lps_mm))

    def message_dismiss(self, number: int) -> None:
        """Take a message away that was read."""
        if 0 <= number < len(self._session.messages):
            self._session.dismiss(self._session.messages[number])

    def theme_room(self) -> None:
        """Show the large numbers of the operating room, or the workstation again."""
        self._bench.screens.room = not self._bench.screens.room
        self._session.publish("case")

    def space_look(self, name: str) -> None:
        """Look at the scene from behind, from the side or along the tools."""
        self._bench.scene.look(name)


def nearest_on_axis(draft: Draft, point_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the point between entry and target that is nearest to another one, mm, LPS.

    Parameters
    ----------
    draft : Draft whose entry and target are two points
    point_lps_mm : float array, shape (3,), mm, LPS
    """
    way = draft.path.way
    share = float((point_lps_mm - draft.target_lps_mm) @ way / (way @ way))
    nearest: NDArray[np.float64] = draft.target_lps_mm + np.clip(share, 0.0, 1.0) * way
    return nearest
