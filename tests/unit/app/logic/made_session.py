"""Sessions for tests: on a spine of boxes, on its mirror image, and without any patient."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from tests.unit.exchange.made_plans import ASKED
from tests.unit.planning.made_level import make_clearance, make_plan, make_stage
from tests.unit.planning.simple_spine import (
    LEVEL,
    build_case,
    build_simple_spine,
    mirror_spine,
)

from kambin.anatomy import Anatomy, CaseCheck, LevelScheme
from kambin.app.logic.draft import HandPath
from kambin.app.logic.ground import Ground, prepare_ground
from kambin.app.logic.loading import load_answer
from kambin.app.logic.making import find_folder
from kambin.app.logic.place import Place
from kambin.app.logic.session import Session
from kambin.app.logic.undo import Undo
from kambin.desk.gate import CheckedCase
from kambin.desk.planning import write_answer
from kambin.exchange import read_case, write_case
from kambin.frames import Side
from kambin.planning import Plan, PlanRequest

NOON = "2026-03-04T12:00:00+00:00"
BY = "A. Surgeon"


class NoonClock:
    """A clock that stands at noon."""

    def now(self) -> datetime:
        """Return noon."""
        return datetime(2026, 3, 4, 12, tzinfo=UTC)


@cache
def made_ground(side: Side = Side.LEFT) -> Ground:
    """Return the ground of the spine of boxes, or on the right that of its mirror image."""
    anatomy = made_anatomy(side)
    request = PlanRequest(LEVEL, side, zone="paracentral")
    return prepare_ground(build_case(anatomy), anatomy, request)


@cache
def made_anatomy(side: Side = Side.LEFT) -> Anatomy:
    """Return the spine of boxes, or on the right its mirror image."""
    spine = build_simple_spine()
    return spine if side is Side.LEFT else mirror_spine(spine)


def made_path(side: Side = Side.LEFT) -> HandPath:
    """Return a path in the middle of the corridor, the same on the other side in a mirror."""
    middle = made_ground(Side.LEFT).middle()
    assert middle is not None
    sign = 1 if side is Side.LEFT else -1
    return HandPath.of(
        middle.entry_lps_mm * (sign, 1, 1), middle.target_lps_mm * (sign, 1, 1), middle.stop_mm
    )


def made_place(side: Side = Side.LEFT) -> Place:
    """Return the confirmed place of the spine of boxes."""
    return Place(LEVEL, side, BY, NOON, zone="paracentral")


def made_checked(folder: Path, side: Side = Side.LEFT) -> CheckedCase:
    """Return the spine of boxes as a case in which no check found anything."""
    anatomy = made_anatomy(side)
    scheme = LevelScheme("5 lumbar", ("L4", "L5"), True, False)
    check = CaseCheck(scheme, ("L4-L5",), ())
    return CheckedCase(folder, build_case(anatomy), check, ())


def moved_session(side: Side = Side.LEFT) -> Session:
    """Return a session with a path under the hand."""
    session = Session(clock=NoonClock())
    session.anatomy, session.place = made_anatomy(side), made_place(side)
    session.ground, session.history = made_ground(side), Undo(made_path(side))
    return session


def opened_session(folder: Path, side: Side = Side.LEFT) -> Session:
    """Return a session with an open case, a place and a path under the hand."""
    session = moved_session(side)
    session.folder, session.checked = folder, made_checked(folder, side)
    return session


def written_session(folder: Path, side: Side = Side.LEFT) -> Session:
    """Return an opened session whose case lies in its folder, labels alone."""
    session = opened_session(folder, side)
    write_case(build_case(made_anatomy(side)), folder, force=True)
    checked = made_checked(folder, side)
    session.checked = replace(checked, case=read_case(folder))
    return session


def deliver_plan(session: Session, **parts: object) -> Plan:
    """Write a plan of the session's case that asks PL-090 into its place, and show it."""
    assert session.checked is not None
    assert session.place is not None
    known = {
        "case_sha256": session.checked.case.sha256,
        "level": str(session.place.level),
        "side": session.place.side.value,
        "findings": (ASKED,),
    }
    made = make_plan((make_stage("cannula", make_clearance()),), **{**known, **parts})
    write_answer(made, find_folder(session), clock=NoonClock())
    session.answer = session.answer_file = session.history = None
    load_answer(session)
    assert isinstance(session.answer, Plan)
    return session.answer
