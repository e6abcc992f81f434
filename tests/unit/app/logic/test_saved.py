"""What is saved of a session comes back the same, and of side and level nothing is confirmed."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from tests.unit.app.logic.made_session import BY, made_path, made_place, opened_session

from kambin.app.logic.draft import HandPath
from kambin.app.logic.kept import KeptPlace
from kambin.app.logic.saved import (
    SAVED_VERSION,
    SavedSession,
    keep_place,
    restore_places,
    save_session,
)
from kambin.app.logic.session import Session
from kambin.app.logic.undo import UNDO_STEPS, Undo
from kambin.app.logic.wish import PlanWish
from kambin.frames import Side

LEFT, RIGHT = made_place().key, made_place(Side.RIGHT).key


def _path(number: int) -> HandPath:
    return HandPath((float(number), 1.0, 2.0), (0.0, 0.0, 0.0), 3.0)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session with something of everything that is kept."""
    made = opened_session(tmp_path)
    made.step, made.is_locked = "examine", True
    made.cursor_lps_mm = np.array([1.25, -2.5, 3.0])
    made.hidden = frozenset({"skin", "aorta"})
    made.ticks = frozenset({("e" * 64, "look-way"), ("d" * 64, "look-nerve")})
    made.wish = PlanWish(cannula_mm=6.5, weights={"clearance": 0.5}, margins="plan-only")
    made.history = Undo(made_path()).do(_path(1)).do(_path(2)).undo()
    return made


def _saved(session: Session) -> SavedSession:
    saved = save_session(session)
    assert saved is not None
    return saved


def _reread(session: Session) -> SavedSession:
    return SavedSession.model_validate_json(_saved(session).model_dump_json())


def test_without_a_case_there_is_nothing_to_save() -> None:
    assert save_session(Session()) is None


def test_what_was_saved_is_read_again_digit_for_digit(session: Session) -> None:
    saved = _reread(session)
    assert saved == _saved(session)
    assert saved.schema_version == SAVED_VERSION
    assert saved.cursor_lps_mm == (1.25, -2.5, 3.0)
    assert (saved.step, saved.hidden) == ("examine", ("aorta", "skin"))
    assert saved.ticks == (("d" * 64, "look-nerve"), ("e" * 64, "look-way"))
    assert session.checked is not None
    assert saved.case_sha256 == session.checked.case.sha256


def test_paths_before_now_and_undone_come_back_with_wish_and_lock(session: Session) -> None:
    (place,) = restore_places(_reread(session)).values()
    assert place == keep_place(session)
    assert place.history is not None
    assert place.history.present == _path(1)
    assert place.history.past == (made_path(),)
    assert place.history.future == (_path(2),)
    assert place.is_locked
    assert place.wish == session.wish


def test_a_place_without_a_path_has_none_afterwards(session: Session) -> None:
    session.history = None
    (place,) = restore_places(_reread(session)).values()
    assert place.history is None
    assert place.wish == session.wish


def test_places_that_were_left_are_kept_beside_the_present_one(session: Session) -> None:
    other = KeptPlace(Undo(_path(9)), is_locked=False, wish=PlanWish())
    session.kept = {RIGHT: other}
    places = restore_places(_reread(session))
    assert places == {LEFT: keep_place(session), RIGHT: other}
    # what the session keeps was not changed by saving it
    assert session.kept == {RIGHT: other}


def test_the_present_paths_of_a_place_take_the_place_of_older_ones(session: Session) -> None:
    session.kept = {LEFT: KeptPlace(Undo(_path(9)), is_locked=False, wish=PlanWish())}
    assert restore_places(_reread(session)) == {LEFT: keep_place(session)}


def test_without_a_place_only_what_was_left_is_saved(session: Session) -> None:
    session.place = None
    assert _saved(session).places == {}


def test_nothing_says_that_somebody_confirmed_a_place(session: Session) -> None:
    assert session.place is not None
    text = _saved(session).model_dump_json()
    session.place = replace(session.place, by="somebody else", at="2020-01-01T00:00:00+00:00")
    assert _saved(session).model_dump_json() == text
    assert BY not in text
    assert "confirmed" not in text


def test_the_order_of_sets_and_places_is_not_that_of_chance(session: Session) -> None:
    other = KeptPlace(None, is_locked=False, wish=PlanWish())
    for kept in ({RIGHT: other, "L1-L2-left": other}, {"L1-L2-left": other, RIGHT: other}):
        session.kept = kept
        assert list(_saved(session).places) == sorted([LEFT, RIGHT, "L1-L2-left"])


def _first_place(document: dict[str, Any]) -> dict[str, Any]:
    place: dict[str, Any] = document["places"][LEFT]
    return place


def _of_newer_version(document: dict[str, Any]) -> None:
    document["schema_version"] = SAVED_VERSION + 1


def _with_a_confirmation(document: dict[str, Any]) -> None:
    document["confirmed_by"] = BY


def _without_step(document: dict[str, Any]) -> None:
    del document["step"]


def _flat_cursor(document: dict[str, Any]) -> None:
    document["cursor_lps_mm"] = [1.0, 2.0]


def _cursor_nowhere(document: dict[str, Any]) -> None:
    document["cursor_lps_mm"] = [1.0, 2.0, float("nan")]


def _path_without_end(document: dict[str, Any]) -> None:
    _first_place(document)["present"]["entry_lps_mm"] = [float("inf"), 0.0, 0.0]


def _docked_behind_the_target(document: dict[str, Any]) -> None:
    _first_place(document)["present"]["stop_mm"] = -1.0


def _too_many_steps(document: dict[str, Any]) -> None:
    place = _first_place(document)
    place["past"] = [place["present"]] * (UNDO_STEPS + 1)


def _unknown_margins(document: dict[str, Any]) -> None:
    _first_place(document)["wish"]["margins"] = "none"


@pytest.mark.parametrize(
    "spoil",
    [
        _of_newer_version,
        _with_a_confirmation,
        _without_step,
        _flat_cursor,
        _cursor_nowhere,
        _path_without_end,
        _docked_behind_the_target,
        _too_many_steps,
        _unknown_margins,
    ],
)
def test_what_we_never_wrote_is_not_read(session: Session, spoil: Any) -> None:
    document = json.loads(_saved(session).model_dump_json())
    SavedSession.model_validate_json(json.dumps(document))
    spoil(document)
    with pytest.raises(ValidationError):
        SavedSession.model_validate_json(json.dumps(document))
