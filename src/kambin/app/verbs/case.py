"""Calls of the first three steps: the case, its place, its anatomy."""

from collections.abc import Hashable
from pathlib import Path
from typing import Final

from kambin.anatomy import Level
from kambin.anatomy.fragment_wish import FragmentWish
from kambin.app.logic.answering import accept_findings, confirm_scheme
from kambin.app.logic.closed import STEPS
from kambin.app.logic.completing import complete_task
from kambin.app.logic.draft import not_understood
from kambin.app.logic.editing import (
    draw_root_task,
    fragment_task,
    replace_mask_task,
    show_structure,
)
from kambin.app.logic.making import ground_task
from kambin.app.logic.opening import open_task, require_place
from kambin.app.logic.placing import confirm_place
from kambin.app.logic.sources import ImportWish, import_task, phantom_task
from kambin.app.logic.steps import gate, go_to
from kambin.app.shown.place import has_fragment
from kambin.app.verbs.bench import Bench, to_whole
from kambin.exchange.markups import read_curve
from kambin.frames import Side
from kambin.phantom import PhantomParameters
from kambin.planning import Plan

_COUNTING: Final = frozenset({"AN-112", "AN-114"})
"""Questions about the number of vertebrae: the answer is the number that the picture shows."""


class CaseVerbs:
    """Calls about the case, its place and its anatomy.

    Parameters
    ----------
    bench : Bench
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._session = bench.session
        self._begun: set[Hashable] = set()

    def case_open(self, folder: str) -> None:
        """Open a case folder."""
        self._bench.jobs.start(open_task(self._session, to_path(folder)))

    def case_import(self, image: str, labels: str, into: str) -> None:
        """Make a case of images and labels, and open it."""
        wish = ImportWish(to_path(image) if image.strip() else None, (to_path(labels),))
        self._bench.jobs.start(import_task(self._session, wish, to_path(into)))

    def phantom_make(self, level: str, side: str, into: str) -> None:
        """Make a patient by code, and open it."""
        if side not in tuple(Side):
            raise not_understood(where="side", why="A side is left or right.")
        wish = PhantomParameters(Level.parse(level), Side(side))
        self._bench.jobs.start(phantom_task(self._session, wish, to_path(into)))

    def step_open(self, number: int) -> None:
        """Show a step; a closed one says what is missing."""
        if not 1 <= number <= len(STEPS):
            raise not_understood(where="step", why=f"There are {len(STEPS)} steps.")
        name = STEPS[number - 1]
        self._bench.screens.looked_at = name
        if gate(self._session, name) is None:
            go_to(self._session, name)
        else:
            self._session.publish("case")

    def place_confirm(self, level: str, side: str, zone: str, by: str, answers: list[str]) -> None:
        """Take level and side from a person, with the answers to what the case asks."""
        if _COUNTING & set(answers):
            confirm_scheme(self._session, by)
        accepted = [code for code in answers if code not in _COUNTING]
        if accepted:
            accept_findings(self._session, accepted, by)
        confirm_place(self._session, level, side, by, zone=zone or None)
        self.step_open(STEPS.index("anatomy") + 1)

    def structure_show(self, key: str, shown: bool) -> None:
        """Draw the outline of a structure, or do not."""
        anatomy = self._session.anatomy
        if anatomy is None or anatomy.find(key) is None:
            raise not_understood(where="structure", why="The anatomy has no such structure.")
        show_structure(self._session, key, shown=shown)

    def structure_replace(self, key: str, file: str) -> None:
        """Replace a structure by a mask that was drawn."""
        self._bench.jobs.start(replace_mask_task(self._session, key, to_path(file)))

    def root_draw(self, key: str, file: str) -> None:
        """Draw a root anew from a curve in a file."""
        curve = read_curve(to_path(file))
        self._bench.jobs.start(draw_root_task(self._session, key, curve))

    def fragment_place(self, zone: str, size: str) -> None:
        """Place a fragment by zone and size, in the place of one that is there."""
        place = require_place(self._session)
        wish = FragmentWish(place.level, place.side, zone, size=to_whole(size, "size"))
        replacing = has_fragment(self._session)
        self._bench.jobs.start(fragment_task(self._session, wish, replacing=replacing))

    def begin_waited_for(self) -> None:
        """Begin what a person would otherwise wait for, once; a failure is not tried again."""
        session, jobs = self._session, self._bench.jobs
        if session.place is None or jobs.is_running or gate(session, "anatomy") is not None:
            return
        case = None if session.checked is None else session.checked.case.sha256
        mark = (case, session.place, session.anatomy is None, id(session.answer))
        waits = session.anatomy is None or (
            session.ground is None
            and (isinstance(session.answer, Plan) or session.history is not None)
        )
        if waits and mark not in self._begun:
            self._begun.add(mark)
            task = complete_task(session) if session.anatomy is None else ground_task(session)
            jobs.start(task)


def to_path(typed: str) -> Path:
    """Return the path that was typed; ``~`` is the home folder.

    Parameters
    ----------
    typed : str

    Raises
    ------
    RequestError  (RQ-180) if nothing was typed, or no path can be called so
    """
    name = typed.strip()
    if not name or "\0" in name:
        raise not_understood(where="folder", why="No folder or file is named.")
    return Path(name).expanduser()
