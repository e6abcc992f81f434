"""Rows R01, R02, R03 and P02 for the versions, signatures and locks of a plan."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.exchange.made_plans import a_plan, a_refusal

from kambin.core import StoreError
from kambin.exchange import (
    SignRequest,
    find_answer_file,
    keep_answer,
    lock_plan_file,
    read_answer,
    read_history,
    read_plan,
    read_signatures,
    sign_plan_file,
    step_history,
)
from kambin.exchange.chains import add_entry, hash_entry, read_log
from kambin.planning import Plan

AT = "2026-03-04T12:00:00+00:00"
CASE = "c" * 64
MOST_STEPS = 40
"""More calls of the file system than any of these writes makes."""


class _Killed(BaseException):
    """The process ends here; nothing of ours may catch it."""


def _plan(level: str) -> Plan:
    return a_plan(level=level, case_sha256=CASE)


def _sign(folder: Path) -> None:
    content = read_plan(folder / "plan.json").content_sha256
    sign_plan_file(folder, SignRequest("A. Surgeon", AT, content, CASE, (), None))


def _lock(folder: Path) -> None:
    lock_plan_file(folder, at=AT, case_sha256=CASE)


def _replace(folder: Path) -> None:
    keep_answer(_plan("L5-S1"), folder, at=AT)


def _refuse(folder: Path) -> None:
    keep_answer(a_refusal(), folder, at=AT)


def _undo(folder: Path) -> None:
    step_history(folder, back=True, at=AT)


WRITES: dict[str, Callable[[Path], None]] = {
    "replace": _replace,
    "refuse": _refuse,
    "undo": _undo,
    "sign": _sign,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two versions of a plan."""
    keep_answer(_plan("L3-L4"), tmp_path, at=AT)
    keep_answer(_plan("L4-L5"), tmp_path, at=AT)
    return tmp_path


def _stop_at(step: int, error: BaseException) -> pytest.MonkeyPatch:
    """Let the n-th rename, unlink or flush of a file be the last one that is reached."""
    patch, calls = pytest.MonkeyPatch(), iter(range(MOST_STEPS))

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            if next(calls) == step:
                raise error
            return real(*args, **options)

        return call

    for owner, name in ((Path, "replace"), (Path, "unlink"), (os, "fsync")):
        patch.setattr(owner, name, counted(getattr(owner, name)))
    return patch


@pytest.mark.parametrize("name", WRITES)
def test_r01_a_stopped_write_leaves_a_whole_plan_and_a_whole_history(
    name: str, tmp_path: Path
) -> None:
    reached = 0
    for step in range(MOST_STEPS):
        folder = tmp_path / str(step)
        keep_answer(_plan("L3-L4"), folder, at=AT)
        keep_answer(_plan("L4-L5"), folder, at=AT)
        patch = _stop_at(step, _Killed())
        try:
            WRITES[name](folder)
        except _Killed:
            reached += 1
        finally:
            patch.undo()
        # what a reader finds is one whole answer, and the logs are whole
        found = [f for f in (folder / "plan.json", folder / "refusal.json") if f.exists()]
        assert found
        assert all(read_answer(file) for file in found)
        history = read_history(folder)
        read_signatures(folder)
        # and the next write goes on from there, losing no version that the history names
        keep_answer(_plan("L2-L3"), folder, at=AT)
        assert read_plan(folder / "plan.json").level == "L2-L3"
        if history.current is not None:
            step_history(folder, back=True, at=AT)
            assert read_history(folder).current == history.current
        if reached <= step:
            break
    assert reached >= 4


def test_r02_a_full_disk_is_told_at_every_step_and_the_plan_stays_whole(tmp_path: Path) -> None:
    told = 0
    for step in range(MOST_STEPS):
        folder = tmp_path / str(step)
        keep_answer(_plan("L4-L5"), folder, at=AT)
        patch = _stop_at(step, OSError(28, "No space left on device"))
        try:
            keep_answer(a_refusal(), folder, at=AT)
        except StoreError as error:
            told += error.code == "ST-001"
        finally:
            patch.undo()
        assert read_answer(find_answer_file(folder))
        keep_answer(a_refusal(), folder, at=AT)
        assert find_answer_file(folder).name == "refusal.json"
        if told <= step:
            break
    assert told >= 6


WRITER = """
import sys
from pathlib import Path
from tests.unit.exchange.made_plans import a_plan
from kambin.exchange import keep_answer
print("ready", flush=True)
for n in range(10**6):
    keep_answer(a_plan(level="L4-L5", cannula_mm=float(n)), Path(sys.argv[1]), at=str(n))
"""


def test_r01_kill_9_in_the_middle_of_many_writes(tmp_path: Path) -> None:
    keep_answer(_plan("L3-L4"), tmp_path, at=AT)
    root = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)],
        cwd=root,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    log = tmp_path / "plan.history.json"
    while log.stat().st_size < 8_000:
        threading.Event().wait(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    history = read_history(tmp_path)
    assert len(history.versions) > 10
    assert read_plan(tmp_path / "plan.json")
    keep_answer(_plan("L5-S1"), tmp_path, at=AT)
    # every version that was ever named is there, byte for byte
    for version in history.versions:
        file = tmp_path / "plan.versions" / f"{version.number:04d}.json"
        assert read_plan(file).content_sha256 == version.content_sha256


def test_r03_of_two_who_planned_for_the_same_state_the_second_is_told(folder: Path) -> None:
    seen = read_history(folder).head_sha256
    keep_answer(_plan("L5-S1"), folder, at=AT, expected=seen)
    with pytest.raises(StoreError, match="ST-012"):
        keep_answer(_plan("L2-L3"), folder, at=AT, expected=seen)
    assert read_plan(folder / "plan.json").level == "L5-S1"


def test_r03_eight_writers_lose_no_version(tmp_path: Path) -> None:
    refused: list[StoreError] = []

    def write(writer: int) -> None:
        for n in range(4):
            seen = read_history(tmp_path).head_sha256
            try:
                answer = a_plan(level="L4-L5", cannula_mm=10.0 * writer + n)
                keep_answer(answer, tmp_path, at=AT, expected=seen)
            except StoreError as error:
                refused.append(error)

    writers = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    history = read_history(tmp_path)
    assert {error.code for error in refused} <= {"ST-012"}
    assert len(history.versions) + len(refused) == 32
    for version in history.versions[1:]:
        file = tmp_path / "plan.versions" / f"{version.number:04d}.json"
        assert read_plan(file).content_sha256 == version.content_sha256


# Tampering


def _edit(file: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    document = json.loads(file.read_text())
    change(document["entries"])
    file.write_text(json.dumps(document))


EDITS: dict[str, Callable[[list[dict[str, Any]]], object]] = {
    "a changed moment": lambda e: e[0].update(at="2020-01-01T00:00:00+00:00"),
    "an entry taken out": lambda e: e.pop(0),
    "an entry put in": lambda e: e.insert(1, dict(e[0])),
    "two exchanged": lambda e: e.reverse(),
    "a hash for itself": lambda e: e[0].update(sha256=hash_entry({**e[0], "at": "x"}), at="x"),
    "no entry at all": lambda e: e.append({}),
}


@pytest.mark.parametrize("edit", EDITS)
@pytest.mark.parametrize("log", ["plan.history.json", "plan.signatures.json"])
def test_p02_a_changed_log_is_seen(edit: str, log: str, folder: Path) -> None:
    _sign(folder)
    _lock(folder)
    _edit(folder / log, EDITS[edit])
    with pytest.raises(StoreError, match="ST-011"):
        read_signatures(folder)
    with pytest.raises(StoreError, match="ST-011"):
        keep_answer(_plan("L5-S1"), folder, at=AT)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema_version": 1}', "7"])
@pytest.mark.parametrize("log", ["plan.history.json", "plan.signatures.json"])
def test_p02_a_damaged_log_is_seen(text: str, log: str, folder: Path) -> None:
    _sign(folder)
    (folder / log).write_text(text)
    with pytest.raises(StoreError, match="ST-011"):
        read_signatures(folder)


def test_p02_a_newer_log_is_refused(folder: Path) -> None:
    file = folder / "plan.history.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"schema_version": 99}))
    with pytest.raises(StoreError, match="ST-004"):
        read_history(folder)


@pytest.mark.parametrize("log", ["plan.history.json", "plan.signatures.json"])
def test_p02_a_log_that_was_cut_or_thrown_away_is_named_by_the_other(
    log: str, folder: Path
) -> None:
    _sign(folder)
    _lock(folder)
    whole = (folder / log).read_bytes()
    (folder / log).unlink()
    with pytest.raises(StoreError, match="ST-011"):
        read_signatures(folder)
    (folder / log).write_bytes(whole)
    cut = 3 if log.startswith("plan.history") else 1
    _edit(folder / log, lambda entries: entries.__delitem__(slice(-cut, None)))
    assert read_log(folder / log)  # what is left is well linked in itself
    with pytest.raises(StoreError, match="ST-011"):
        read_signatures(folder)


def test_p02_a_locked_plan_that_was_replaced_is_seen(folder: Path) -> None:
    _sign(folder)
    _lock(folder)
    other = (folder / "plan.versions" / "0001.json").read_bytes()
    (folder / "plan.json").write_bytes(other.replace(b"L3-L4", b"L1-L2"))
    for write in (_replace, _undo, _lock):
        with pytest.raises(StoreError, match="ST-011"):
            write(folder)


def test_p02_a_kept_version_that_was_changed_does_not_come_back(folder: Path) -> None:
    kept = folder / "plan.versions" / "0001.json"
    kept.write_text(kept.read_text().replace("L3-L4", "L1-L2"))
    with pytest.raises(StoreError, match="ST-011"):
        _undo(folder)
    assert read_plan(folder / "plan.json").level == "L4-L5"


def test_p02_a_forged_step_leads_nowhere(folder: Path) -> None:
    file = folder / "plan.history.json"
    forged = add_entry(read_log(file), {"event": "undone", "version": 2, "at": AT})
    file.write_text(json.dumps({"schema_version": 1, "entries": forged}))
    with pytest.raises(StoreError, match="ST-011"):
        read_history(folder)
