"""R01 and S08: killed at any moment the last state is whole, and side and level are asked again."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.unit.app.logic.made_session import BY, NoonClock, made_checked, made_ground, made_path

from kambin.app.logic import autosave, moving
from kambin.app.logic.autosave import SAVED_FILE
from kambin.app.logic.opening import take_case
from kambin.app.logic.placing import confirm_place
from kambin.app.logic.session import Session
from kambin.app.logic.undo import UNDO_STEPS
from kambin.frames import Side

MOST_STEPS = 12
"""More calls of the file system than one write makes."""


class _Killed(BaseException):
    """The process ends here; nothing of ours may catch it."""


def _open(folder: Path, side: Side = Side.LEFT) -> Session:
    """Open the folder in a new session, as after a start."""
    session = Session(clock=NoonClock())
    take_case(session, made_checked(folder, side))
    autosave.attach(session)
    return session


def _work(session: Session) -> None:
    """Confirm the place and put the path under the hand."""
    confirm_place(session, "L4-L5", "left", BY, zone="paracentral")
    session.ground = made_ground()


def _worked(folder: Path) -> Session:
    session = _open(folder)
    _work(session)
    moving.begin_path(session, made_path())
    return session


def test_what_was_worked_on_is_there_again_but_for_side_and_level(tmp_path: Path) -> None:
    session = _worked(tmp_path)
    moving.nudge(session, "target", "cranial", 1)
    moving.nudge(session, "target", "left", 2)
    moving.undo(session)
    moving.set_lock(session, locked=True)
    session.hidden = frozenset({"dural_sac"})
    session.step = "examine"
    session.publish("case")
    again = _open(tmp_path)
    assert again.place is None
    assert again.history is None
    assert again.step == "place"
    assert again.hidden == {"dural_sac"}
    assert any("Confirm side and level" in m.next_step for m in again.messages)
    _work(again)
    assert again.history == session.history
    assert again.is_locked


def test_a_hundred_steps_of_undo_survive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.unit.app.logic.test_any_sequence import unmeasured  # noqa: PLC0415

    with unmeasured():
        session = _worked(tmp_path)
        monkeypatch.setattr(os, "fsync", lambda _: None)
        for _ in range(UNDO_STEPS + 20):
            moving.nudge(session, "target", "cranial", 1)
    again = _open(tmp_path)
    _work(again)
    assert again.history == session.history
    assert again.history is not None
    assert len(again.history.past) == UNDO_STEPS


def test_nowhere_in_the_file_stands_who_confirmed_the_place(tmp_path: Path) -> None:
    session = _worked(tmp_path)
    text = (tmp_path / SAVED_FILE).read_text("utf-8")
    assert BY not in text
    assert session.place is not None
    assert session.place.at not in text


def test_another_side_has_paths_of_its_own_and_both_are_kept(tmp_path: Path) -> None:
    session = _worked(tmp_path)
    confirm_place(session, "L4-L5", "right", BY, zone="paracentral")
    assert session.history is None
    confirm_place(session, "L4-L5", "left", BY, zone="paracentral")
    assert session.history is not None
    assert session.history.present == made_path()


def _kill_at(patch: pytest.MonkeyPatch, step: int) -> Callable[[], int]:
    """End the process at a call of the file system, and tell how many were made."""
    calls = 0

    def guard(operation: Callable[..., object]) -> Callable[..., object]:
        def guarded(*words: object, **options: object) -> object:
            nonlocal calls
            calls += 1
            if calls > step:
                raise _Killed
            return operation(*words, **options)

        return guarded

    for owner, name in ((os, "fsync"), (Path, "open"), (Path, "replace"), (Path, "mkdir")):
        patch.setattr(owner, name, guard(getattr(owner, name)))
    return lambda: calls


def test_killed_at_any_call_of_a_save_the_old_or_the_new_state_is_whole(tmp_path: Path) -> None:
    seen = set()
    for step in range(MOST_STEPS):
        folder = tmp_path / str(step)
        folder.mkdir()
        session = _worked(folder)
        assert session.history is not None
        old = session.history
        with pytest.MonkeyPatch.context() as patch:
            made = _kill_at(patch, step)
            try:
                moving.nudge(session, "target", "cranial", 1)
                was_killed = False
            except _Killed:
                was_killed = True
            count = made()
        again = _open(folder)
        _work(again)
        assert again.history is not None
        assert again.history in (old, old.do(session.history.present))
        assert not [m for m in again.messages if "set aside" in m.what]
        seen.add(again.history == old)
        if not was_killed:
            assert count <= step
            break
    else:
        pytest.fail("one save makes more calls than that")
    # some ends came before the new state was there, and some after
    assert seen == {True, False}


def test_a_full_disk_is_told_once_and_work_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = _worked(tmp_path)
    before = (tmp_path / SAVED_FILE).read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        moving.nudge(session, "target", "cranial", 1)
        moving.nudge(session, "target", "cranial", 1)
    told = [m for m in session.messages if m.code == "ST-001"]
    assert len(told) == 1
    assert "bytes" in told[0].why
    assert (tmp_path / SAVED_FILE).read_bytes() == before
    moving.nudge(session, "target", "cranial", 1)
    assert (tmp_path / SAVED_FILE).read_bytes() != before


def _of_another_case(document: dict[str, object]) -> str:
    return json.dumps({**document, "case_sha256": "d" * 64})


def _of_a_newer_version(document: dict[str, object]) -> str:
    return json.dumps({**document, "schema_version": 2, "more": 1})


def _cut(document: dict[str, object]) -> str:
    return json.dumps(document)[:-20]


def _with_nan(document: dict[str, object]) -> str:
    return json.dumps({**document, "cursor_lps_mm": [float("nan"), 0, 0]})


def _of_another_shape(document: dict[str, object]) -> str:
    return json.dumps([document])


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_of_another_case, "another content"),
        (_of_a_newer_version, "newer version"),
        (_cut, "damaged"),
        (_with_nan, "damaged"),
        (_of_another_shape, "damaged"),
    ],
)
def test_a_file_that_cannot_be_taken_up_is_set_aside_and_said(
    tmp_path: Path, spoil: Callable[[dict[str, object]], str], why: str
) -> None:
    _worked(tmp_path)
    file = tmp_path / SAVED_FILE
    spoiled = spoil(json.loads(file.read_text("utf-8")))
    file.write_text(spoiled, "utf-8")
    again = _open(tmp_path)
    (message,) = [m for m in again.messages if "set aside" in m.what]
    assert why in message.why
    assert (tmp_path / message.where).read_text("utf-8") == spoiled
    _work(again)
    assert again.history is None
    assert json.loads(file.read_text("utf-8"))["schema_version"] == 1


def test_no_state_is_written_while_a_hand_drags(tmp_path: Path) -> None:
    session = _worked(tmp_path)
    before = (tmp_path / SAVED_FILE).stat().st_mtime_ns
    moving.drag(session, "target", (10.0, 16.0, 1.0), done=False)
    assert (tmp_path / SAVED_FILE).stat().st_mtime_ns == before
