"""Any sequence of moves, undo, redo and lock ends where replaying the kept moves ends."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)
from tests.unit.app.logic.made_session import made_checked, made_path, moved_session

from kambin.app.logic import autosave, moving
from kambin.app.logic.draft import Draft, HandPath, Verdict
from kambin.app.logic.ground import Ground
from kambin.app.logic.opening import take_case
from kambin.app.logic.placing import confirm_place
from kambin.app.logic.session import Session
from kambin.core import RequestError

MM = st.floats(-4, 4).map(lambda number: round(number, 2))
POINTS = st.tuples(MM, MM, MM)
ENDS: st.SearchStrategy[moving.End] = st.sampled_from(["entry", "target"])


def _judge(ground: Ground, path: HandPath) -> Draft:
    """Measure nothing: here it counts which path is under the hand."""
    return Draft(path, Verdict("good", "measured elsewhere"))


@contextmanager
def unmeasured() -> Iterator[None]:
    """Have paths judged at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moving, "judge_path", _judge)
        yield


class Hands(RuleBasedStateMachine):
    """A session beside the list of the moves that count."""

    moves: Bundle[object] = Bundle("moves")

    def __init__(self) -> None:
        super().__init__()
        self.quick = unmeasured()
        self.quick.__enter__()
        self.place = TemporaryDirectory()
        self.session = moved_session()
        self.session.place = None
        take_case(self.session, made_checked(Path(self.place.name)))
        autosave.attach(self.session)
        self.kept: list[tuple[str, tuple[float, float, float]]] = []
        self.undone: list[tuple[str, tuple[float, float, float]]] = []
        self.is_locked = False

    @initialize()
    def begin(self) -> None:
        """Put a path under the hand."""
        self._come_back()
        moving.begin_path(self.session, made_path())

    def _come_back(self) -> None:
        """Confirm side and level, as after every start."""
        confirm_place(self.session, "L4-L5", "left", "A. Surgeon", zone="paracentral")
        self.session.ground = moved_session().ground

    def _move(self, session: Session, end: str, by: tuple[float, float, float]) -> None:
        assert session.history is not None
        now = session.history.present
        one: moving.End = "entry" if end == "entry" else "target"
        start = now.entry_lps_mm if one == "entry" else now.target_lps_mm
        point = tuple(a + b for a, b in zip(start, by, strict=True))
        moving.drag(session, one, point, done=True)

    @rule(target=moves, end=ENDS, by=POINTS)
    def move(self, end: str, by: tuple[float, float, float]) -> object:
        """Move one end."""
        assert self.session.history is not None
        before = self.session.history
        if self.is_locked:
            with pytest.raises(RequestError):
                self._move(self.session, end, by)
            return multiple()
        self._move(self.session, end, by)
        if self.session.history == before:
            return multiple()
        self.kept.append((end, by))
        self.undone.clear()
        return by

    @rule(by=POINTS)
    def hover(self, by: tuple[float, float, float]) -> None:
        """Drag without letting go, which is no move."""
        if not self.is_locked:
            moving.drag(self.session, "target", by, done=False)

    @rule()
    def undo(self) -> None:
        """Go back."""
        if self.is_locked:
            return
        moving.undo(self.session)
        if self.kept:
            self.undone.append(self.kept.pop())

    @rule()
    def redo(self) -> None:
        """Go forward."""
        if self.is_locked:
            return
        moving.redo(self.session)
        if self.undone:
            self.kept.append(self.undone.pop())

    @rule()
    def lock(self) -> None:
        """Lock, or free."""
        self.is_locked = not self.is_locked
        moving.set_lock(self.session, locked=self.is_locked)

    @rule()
    def kill_and_open_again(self) -> None:
        """End without a word, and open the same folder in a new session."""
        self.session = Session(clock=self.session.clock)
        take_case(self.session, made_checked(Path(self.place.name)))
        autosave.attach(self.session)
        # asked anew, though all else is there
        assert self.session.place is None
        assert self.session.history is None
        self._come_back()

    @invariant()
    def the_state_is_that_of_the_kept_moves(self) -> None:
        """Replay what counts in a fresh session."""
        fresh = moved_session()
        if self.session.history is None:
            return
        for end, by in self.kept:
            self._move(fresh, end, by)
        assert fresh.history is not None
        assert self.session.history.present == fresh.history.present
        assert len(self.session.history.future) == len(self.undone)
        assert self.session.is_locked == self.is_locked

    def teardown(self) -> None:
        """Take the folder away."""
        self.place.cleanup()
        self.quick.__exit__(None, None, None)


TestHands = Hands.TestCase
TestHands.settings = settings(max_examples=12, stateful_step_count=15, deadline=None)
