"""What a page can ask for: each verb is thin and calls one function of the logic."""

import math
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kambin.app.logic import moving
from kambin.app.logic.closed import STEPS
from kambin.app.logic.completing import complete_task
from kambin.app.logic.draft import HandPath, not_understood
from kambin.app.logic.jobs import Jobs
from kambin.app.logic.making import plan_task, set_wish
from kambin.app.logic.opening import open_task
from kambin.app.logic.placing import confirm_place
from kambin.app.logic.session import Session
from kambin.app.logic.steps import gate, go_to
from kambin.app.scene import Scene
from kambin.app.screens import Screens
from kambin.app.shown.plan import THE_PLAN
from kambin.planning import Plan

VERBS: Final = (
    "case_open",
    "step_open",
    "place_confirm",
    "structure_show",
    "plan_make",
    "plan_cancel",
    "pick_choose",
    "path_type",
    "row_fly",
    "undo",
    "redo",
    "lock",
    "stage_pick",
    "depth_set",
    "layout_pick",
    "message_dismiss",
    "theme_room",
    "space_look",
)
"""Names under which a page pulls them."""


class Verbs:
    """The calls of a page on one session.

    Parameters
    ----------
    session : Session
    jobs : Jobs
    screens : Screens
    scene : Scene
    """

    def __init__(self, session: Session, jobs: Jobs, screens: Screens, scene: Scene) -> None:
        self._session = session
        self._jobs = jobs
        self._screens = screens
        self._scene = scene

    def follow(self, changed: frozenset[str]) -> None:
        """Begin what a person would otherwise wait for, once the way to it is free."""
        session = self._session
        waits = session.place is not None and session.anatomy is None
        asked = bool(changed & {"place", "case"}) and not self._jobs.is_running
        if asked and waits and gate(session, "anatomy") is None:
            self._jobs.start(complete_task(session))

    def case_open(self, folder: str) -> None:
        """Open a case folder."""
        self._jobs.start(open_task(self._session, Path(folder).expanduser()))

    def step_open(self, number: int) -> None:
        """Show a step; a closed one says what is missing."""
        if not 1 <= number <= len(STEPS):
            raise not_understood(where="step", why=f"There are {len(STEPS)} steps.")
        name = STEPS[number - 1]
        self._screens.looked_at = name
        if gate(self._session, name) is None:
            go_to(self._session, name)
        else:
            self._session.publish("case")

    def place_confirm(self, level: str, side: str, zone: str, by: str, answers: list[str]) -> None:
        """Take level and side from a person."""
        confirm_place(self._session, level, side, by, zone=zone or None)
        self.step_open(STEPS.index("anatomy") + 1)

    def structure_show(self, key: str, shown: bool) -> None:
        """Draw the outline of a structure, or do not."""
        hidden = self._session.hidden
        self._session.hidden = hidden - {key} if shown else hidden | {key}
        self._session.publish("anatomy")

    def plan_make(self, technique: str, cannula: str) -> None:
        """Plan the confirmed place."""
        size = None if not cannula.strip() else to_number(cannula, "cannula")
        set_wish(self._session, technique=technique or None, cannula_mm=size)
        self._jobs.start(plan_task(self._session))

    def plan_cancel(self) -> None:
        """Have the running job stop at its next step."""
        self._jobs.cancel()

    def pick_choose(self, name: str) -> None:
        """Take another way of the plan under the hand."""
        plan = self._session.answer
        if not isinstance(plan, Plan):
            raise not_understood(where="pick", why="There is no plan.")
        if name == THE_PLAN:
            moving.begin_path(self._session, HandPath.of_plan(plan))
            return
        for one in plan.alternatives:
            if one.name == name:
                path = HandPath.of(one.entry_lps_mm, one.target_lps_mm, one.stop_mm)
                moving.begin_path(self._session, path)
                return
        raise not_understood(where="pick", why="The plan has no such way.")

    def path_type(self, end: str, axis: int, typed: str) -> None:
        """Set one coordinate of entry or target."""
        history = self._session.history
        if history is None or end not in ("entry", "target") or axis not in range(3):
            raise not_understood(where="path", why="There is no path, or no such end of it.")
        now = history.present
        point = np.array(now.entry_lps_mm if end == "entry" else now.target_lps_mm)
        point[axis] = to_number(typed, end)
        moving.type_point(self._session, "entry" if end == "entry" else "target", point)

    def row_fly(self, key: str) -> None:
        """Have all panes go to where the path is closest to a structure, or to the structure."""
        point = self._closest(key)
        if point is not None:
            self._session.set_cursor(point)

    def undo(self) -> None:
        """Go one step back."""
        moving.undo(self._session)

    def redo(self) -> None:
        """Go one step forward again."""
        moving.redo(self._session)

    def lock(self) -> None:
        """Lock the path under the hand, or free it."""
        moving.set_lock(self._session, locked=not self._session.is_locked)

    def stage_pick(self, name: str) -> None:
        """Draw the tool of one stage, or of all when it is picked again."""
        self._screens.stage = "" if self._screens.stage == name else name
        self._session.publish("draft")

    def depth_set(self, depth_mm: float) -> None:
        """Have all panes pass through the axis at a depth below the skin."""
        draft = self._session.draft
        if draft is None or not draft.path.length_mm > 0:
            return
        self._screens.depth_mm = min(max(depth_mm, 0.0), draft.path.length_mm)
        share = self._screens.depth_mm / draft.path.length_mm
        self._session.set_cursor(draft.entry_lps_mm - share * draft.path.way)
        self._session.publish("draft")

    def layout_pick(self, place: str, name: str) -> None:
        """Put another view into the third or the fourth place."""
        self._screens.pick(place, name)
        self._session.publish("cursor", "case")

    def message_dismiss(self, number: int) -> None:
        """Take a message away that was read."""
        if 0 <= number < len(self._session.messages):
            self._session.dismiss(self._session.messages[number])

    def theme_room(self) -> None:
        """Show the large numbers of the operating room, or the workstation again."""
        self._screens.room = not self._screens.room
        self._session.publish("case")

    def space_look(self, name: str) -> None:
        """Look at the scene from behind, from the side or along the tools."""
        self._scene.look(name)

    def _closest(self, key: str) -> NDArray[np.float64] | None:
        draft, anatomy = self._session.draft, self._session.anatomy
        found = None if draft is None else draft.evaluation
        rows = (
            []
            if found is None
            else [c for stage in found.stages for c in stage.clearances if c.structure == key]
        )
        if rows and self._session.step not in ("anatomy",):
            return np.array(min(rows, key=lambda row: row.clearance_mm).point_lps_mm)
        structure = None if anatomy is None else anatomy.find(key)
        if structure is None:
            return None
        region = structure.region
        inside = region.lps_mm(np.argwhere(region.values > 0))
        middle = inside.mean(axis=0)
        # a voxel of it: the middle of a bent root lies outside
        nearest: NDArray[np.float64] = inside[
            int(np.argmin(np.linalg.norm(inside - middle, axis=1)))
        ]
        return nearest


def to_number(typed: str, name: str) -> float:
    """Return a typed number; a comma is a decimal point.

    Parameters
    ----------
    typed : str
    name : str, of what was typed

    Raises
    ------
    RequestError  (RQ-180) if it is none
    """
    try:
        number = float(typed.strip().replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise not_understood(where=name, why=f"{typed[:20]!r} is no number.")
    return number
