"""Whatever is written, undone, redone, signed and locked: the folder is what a list would be."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from tests.unit.exchange.made_plans import a_plan, a_refusal

from kambin.core import PlanError, RequestError, StoreError
from kambin.exchange import (
    SignRequest,
    find_answer_file,
    keep_answer,
    lock_plan_file,
    read_answer,
    read_history,
    read_plan,
    read_signatures,
    require_replaceable,
    sign_plan_file,
    step_history,
)
from kambin.planning import Plan, Refusal

AT = "2026-03-04T12:00:00+00:00"
CASE = "c" * 64
REFUSED = 0.0
"""What stands for a refusal among the diameters that tell the plans apart."""

diameters = st.sampled_from([5.0, 6.0, 7.5, 9.0])
persons = st.sampled_from(["A. Surgeon", "B. Surgeon"])


def _answer(diameter_mm: float) -> Plan | Refusal:
    if diameter_mm == REFUSED:
        return a_refusal()
    return a_plan(level="L4-L5", cannula_mm=diameter_mm, case_sha256=CASE)


class PlanFolder(RuleBasedStateMachine):
    """A folder beside a list with a place in it, and the names under each plan."""

    @initialize(first=diameters)
    def begin(self, first: float) -> None:
        self.room = tempfile.TemporaryDirectory()
        self.folder = Path(self.room.name)
        self.line: list[float] = [first]
        self.place = 0
        self.written = 1
        self.names: dict[float, list[str]] = {}
        self.locked: set[float] = set()
        keep_answer(_answer(first), self.folder, at=AT)

    def teardown(self) -> None:
        if hasattr(self, "room"):
            self.room.cleanup()

    @property
    def now(self) -> float:
        return self.line[self.place]

    def _put(self, diameter_mm: float) -> None:
        if diameter_mm == self.now:
            return
        self.line = [*self.line[: self.place + 1], diameter_mm]
        self.place += 1
        self.written += 1

    @rule(diameter_mm=st.just(REFUSED) | diameters)
    def write(self, diameter_mm: float) -> None:
        answer = _answer(diameter_mm)
        if self.now in self.locked and diameter_mm != self.now:
            with pytest.raises(StoreError, match="ST-010"):
                keep_answer(answer, self.folder, at=AT)
            return
        keep_answer(answer, self.folder, at=AT)
        self._put(diameter_mm)

    @rule(diameter_mm=diameters)
    def write_a_new_version(self, diameter_mm: float) -> None:
        keep_answer(_answer(diameter_mm), self.folder, at=AT, new_version=True)
        self._put(diameter_mm)

    @rule(back=st.booleans())
    def step(self, back: bool) -> None:
        after = self.place + (-1 if back else 1)
        if not 0 <= after < len(self.line):
            with pytest.raises(RequestError, match="RQ-101"):
                step_history(self.folder, back=back, at=AT)
        elif self.now in self.locked:
            with pytest.raises(StoreError, match="ST-010"):
                step_history(self.folder, back=back, at=AT)
        else:
            step_history(self.folder, back=back, at=AT)
            self.place = after

    @precondition(lambda self: self.now != REFUSED)
    @rule(by=persons)
    def sign(self, by: str) -> None:
        content = read_plan(self.folder / "plan.json").content_sha256
        sign_plan_file(self.folder, SignRequest(by, AT, content, CASE, (), None))
        under = self.names.setdefault(self.now, [])
        if by not in under:
            under.append(by)

    @precondition(lambda self: self.now != REFUSED)
    @rule()
    def lock(self) -> None:
        if self.names.get(self.now):
            assert all(s.is_locked for s in lock_plan_file(self.folder, at=AT, case_sha256=CASE))
            self.locked.add(self.now)
            return
        with pytest.raises(PlanError, match="PL-102"):
            lock_plan_file(self.folder, at=AT, case_sha256=CASE)

    @invariant()
    def the_answer_is_the_one_of_the_list(self) -> None:
        found = read_answer(find_answer_file(self.folder))
        if self.now == REFUSED:
            assert isinstance(found, Refusal)
        else:
            assert isinstance(found, Plan)
            assert found.cannula_mm == self.now

    @invariant()
    def the_history_has_every_version_and_the_same_way(self) -> None:
        history = read_history(self.folder)
        assert len(history.versions) == self.written
        assert (len(history.line), history.place) == (len(self.line), self.place)
        assert (history.undone is None) == (self.place == 0)
        assert (history.redone is None) == (self.place == len(self.line) - 1)

    @invariant()
    def the_names_are_those_under_this_content(self) -> None:
        signatures = read_signatures(self.folder, case_sha256=CASE)
        assert sorted(s.by for s in signatures if s.is_valid) == sorted(
            self.names.get(self.now, [])
        )
        assert len(signatures) == sum(len(names) for names in self.names.values())
        locked = any(s.is_valid and s.is_locked for s in signatures)
        assert locked == (self.now in self.locked)

    @invariant()
    def a_lock_and_nothing_else_stops_a_new_plan(self) -> None:
        if self.now in self.locked:
            with pytest.raises(StoreError, match="ST-010"):
                require_replaceable(self.folder)
        else:
            assert require_replaceable(self.folder) == read_history(self.folder).head_sha256


TestPlanFolder = PlanFolder.TestCase
# every step waits for the disk; long walks find more than many short ones
TestPlanFolder.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
