"""A change of the anatomy: told to the desk as it was asked, and taken by its own case alone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.unit.app.logic.made_session import made_checked, opened_session

from kambin.anatomy import Level, StructureKey
from kambin.anatomy.fragment_wish import FragmentWish
from kambin.app.logic import editing
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Task, run_now
from kambin.core import KambinError, RequestError, SilentProgress, StoreError
from kambin.exchange.markups import DrawnCurve
from kambin.frames import Side

WISH = FragmentWish(Level("L4", "L5"), Side.LEFT, "paracentral")
CURVE = DrawnCurve(np.array([[0.0, 0, 0], [10.0, 0, 0]]), None)
ROOT = "exiting_root:L4:left"
MASK = Path("mask.nii")
Act = Callable[[Session], Task[Any]]

ACTS: dict[str, Act] = {
    "place_wished": lambda s: editing.fragment_task(s, WISH, replacing=True),
    "place_drawn": lambda s: editing.contours_task(s, [MASK], replacing=True),
    "remove_fragment": editing.remove_fragment_task,
    "replace_mask": lambda s: editing.replace_mask_task(s, "vertebra:L4", MASK),
    "draw_root": lambda s: editing.draw_root_task(s, ROOT, CURVE, radius_mm=1.5),
}


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return opened_session(tmp_path)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """What the desk was told to change; the folder is another case afterwards."""
    given: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def listen(name: str) -> Callable[..., None]:
        return lambda *words, **named: given.append((name, words, named))

    for name in ACTS:
        monkeypatch.setattr(editing, name, listen(name))

    def read(folder: Path) -> object:
        made = made_checked(folder)
        return replace(made, case=replace(made.case, sha256="d" * 64))

    monkeypatch.setattr(editing, "read_checked_case", read)
    return given


@pytest.mark.parametrize("name", ACTS)
def test_the_change_that_was_asked_is_done_in_the_open_folder(
    session: Session, told: list[Any], tmp_path: Path, name: str
) -> None:
    run_now(ACTS[name](session))
    ((done, words, _),) = told
    assert done == name
    assert words[0] == tmp_path
    assert session.checked is not None
    assert session.checked.case.sha256 == "d" * 64


def test_every_value_is_handed_on(session: Session, told: list[Any]) -> None:
    for act in ACTS.values():
        run_now(act(session))
    given = {name: (words[1:], named) for name, words, named in told}
    assert given["place_wished"][0][0] is WISH
    assert given["place_wished"][1] == {"replacing": True}
    assert given["place_drawn"] == (([MASK],), {"replacing": True})
    assert given["remove_fragment"] == ((), {})
    assert given["replace_mask"] == ((StructureKey("vertebra", "L4"), MASK), {})
    assert given["draw_root"] == ((StructureKey.parse(ROOT), CURVE), {"radius_mm": 1.5})


def test_nothing_old_is_replaced_unasked(session: Session, told: list[Any]) -> None:
    run_now(editing.fragment_task(session, WISH))
    run_now(editing.contours_task(session, [MASK]))
    assert [named["replacing"] for _, _, named in told] == [False, False]


@pytest.mark.parametrize("name", ACTS)
def test_what_hangs_on_the_old_anatomy_goes_and_place_and_path_stay(
    session: Session, told: list[Any], name: str
) -> None:
    heard: list[str] = []
    session.subscribe(heard.append)
    place, history = session.place, session.history
    run_now(ACTS[name](session))
    assert len(told) == 1
    assert session.anatomy is session.ground is session.draft is None
    assert place is not None
    # plans aim at a fragment that was just put in, and no longer at a zone
    aims = name in {"place_drawn", "place_wished"}
    assert session.place == (replace(place, zone=None) if aims else place)
    assert session.history is history
    assert {"case", "anatomy"} <= set(heard)


@pytest.mark.parametrize("name", ACTS)
def test_without_a_case_nothing_is_changed(told: list[Any], name: str) -> None:
    with pytest.raises(RequestError) as refused:
        ACTS[name](Session())
    assert refused.value.code == "RQ-181"
    assert told == []


@pytest.mark.parametrize("name", ACTS)
def test_the_change_of_a_case_that_was_left_is_not_taken(
    session: Session, told: list[Any], tmp_path: Path, name: str
) -> None:
    task = ACTS[name](session)
    changed = task.work(SilentProgress())
    assert told[0][1][0] == tmp_path
    other = made_checked(tmp_path / "other")
    session.folder, session.checked = other.folder, other
    anatomy = session.anatomy
    task.take(changed)
    assert session.checked is other
    assert session.anatomy is anatomy


@pytest.mark.parametrize("name", ACTS)
def test_a_change_that_failed_leaves_the_session_as_it_was(
    session: Session, told: list[Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError(code="ST-001", what="a", where="b", why="c", next_step="d")

    monkeypatch.setattr(editing, name, fail)
    before = (session.checked, session.anatomy, session.ground)
    with pytest.raises(StoreError):
        run_now(ACTS[name](session))
    assert (session.checked, session.anatomy, session.ground) == before
    assert told == []


@pytest.mark.parametrize("key", ["", "exiting_root:L4:up", "pedicle:L4:left:again"])
def test_what_is_no_structure_is_refused_before_the_work(
    session: Session, told: list[Any], key: str
) -> None:
    acts: tuple[Act, ...] = (
        lambda s: editing.replace_mask_task(s, key, MASK),
        lambda s: editing.draw_root_task(s, key, CURVE),
    )
    for act in acts:
        with pytest.raises(KambinError) as refused:
            act(session)
        assert refused.value.code == "AN-010"
    assert told == []


def test_hiding_is_heard_of_and_twice_is_once(session: Session) -> None:
    heard: list[str] = []
    session.subscribe(heard.append)
    for shown in (False, False, True, True):
        editing.show_structure(session, "skin", shown=shown)
    assert heard == ["anatomy"] * 4
    editing.show_structure(session, "aorta", shown=False)
    assert session.hidden == {"aorta"}
