"""What is saved of a session is what is taken up: every path, wish, tick and view, and no more."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.unit.app.logic.made_session import NoonClock, made_checked

from kambin.app.logic.autosave import attach, restore
from kambin.app.logic.closed import STEPS
from kambin.app.logic.draft import HandPath
from kambin.app.logic.kept import KeptPlace
from kambin.app.logic.opening import take_case
from kambin.app.logic.saved import SavedSession, restore_places, save_session
from kambin.app.logic.session import Session
from kambin.app.logic.undo import UNDO_STEPS, Undo
from kambin.app.logic.wish import PlanWish
from kambin.exchange import to_json

MM = st.floats(-500, 500, allow_nan=False).map(lambda number: round(number, 6) + 0.0)
POINTS = st.tuples(MM, MM, MM)
PATHS = st.builds(HandPath, POINTS, POINTS, st.floats(0, 30).map(lambda mm: round(mm, 6)))
LINES = st.builds(
    Undo,
    PATHS,
    st.lists(PATHS, max_size=6).map(tuple),
    st.lists(PATHS, max_size=6).map(tuple),
)
WISHES = st.builds(
    PlanWish,
    technique=st.none() | st.sampled_from(["outside-in", "inside-out"]),
    cannula_mm=st.none() | st.sampled_from([6.3, 7.5]),
    margins=st.sampled_from(["fluoroscopy", "plan-only"]),
    weights=st.dictionaries(st.sampled_from(["reach", "clearance"]), st.sampled_from([0.5, 3.0])),
    errors=st.sampled_from(["uncompensated", "compensated"]),
)
KEPT = st.builds(KeptPlace, st.none() | LINES, st.booleans(), WISHES)
PLACES = st.dictionaries(st.sampled_from(["L4-L5-left", "L4-L5-right", "L5-S1-left"]), KEPT)
TICKS = st.frozensets(st.tuples(st.sampled_from(["a" * 64, "b" * 64]), st.just("look-way")))
HIDDEN = st.frozensets(st.sampled_from(["skin", "dural_sac", "disc:L4-L5"]))


def _session(folder: Path) -> Session:
    session = Session(clock=NoonClock())
    take_case(session, made_checked(folder))
    return session


@given(PLACES, TICKS, HIDDEN, POINTS, st.sampled_from(STEPS))
def test_a_session_comes_back_as_it_was(
    places: dict[str, KeptPlace],
    ticks: frozenset[tuple[str, str]],
    hidden: frozenset[str],
    cursor: tuple[float, float, float],
    step: str,
) -> None:
    with TemporaryDirectory() as name:
        session = _session(Path(name))
        attach(session)
        session.kept, session.ticks, session.hidden = dict(places), ticks, hidden
        session.cursor_lps_mm, session.step = np.array(cursor), step
        session.publish("case")
        again = _session(Path(name))
    assert again.kept == places
    # a mapping is no part of what makes two wishes equal to a set, but it is saved
    assert [dict(k.wish.weights) for k in again.kept.values()] == [
        dict(places[name].wish.weights) for name in again.kept
    ]
    assert (again.ticks, again.hidden) == (ticks, hidden)
    assert again.cursor_lps_mm == pytest.approx(cursor)
    assert again.place is None
    assert again.step in ("case", "place")


@given(PLACES)
def test_the_same_state_is_the_same_bytes(places: dict[str, KeptPlace]) -> None:
    texts = set()
    for order in (list(places), list(reversed(places))):
        session = _session(Path("no/such/folder"))
        session.kept = {name: places[name] for name in order}
        texts.add(to_json(save_session(session)))
    assert len(texts) == 1


@given(st.lists(PATHS, min_size=UNDO_STEPS + 1, max_size=UNDO_STEPS + 1, unique=True))
def test_more_steps_than_are_kept_are_no_file_of_ours(paths: list[HandPath]) -> None:
    session = _session(Path("no/such/folder"))
    session.kept = {"L4-L5-left": KeptPlace(Undo(paths[0], tuple(paths)), False, PlanWish())}
    with pytest.raises(ValidationError):
        save_session(session)


def test_without_a_case_nothing_is_saved_or_taken_up() -> None:
    session = Session()
    assert save_session(session) is None
    restore(session)
    assert session.messages == ()


def test_an_unknown_field_is_not_read_over() -> None:
    session = _session(Path("no/such/folder"))
    saved = save_session(session)
    assert saved is not None
    document = saved.model_dump(mode="json")
    assert restore_places(SavedSession.model_validate_json(to_json(document))) == {}
    with pytest.raises(ValidationError):
        SavedSession.model_validate({**document, "confirmed_by": "A. Surgeon"})
