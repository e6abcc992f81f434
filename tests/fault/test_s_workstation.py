"""Rows R01 and S08 in the workstation: killed at any moment, and opened again by whoever comes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.app.logic.made_session import BY, NoonClock, made_checked

from kambin.app.logic.autosave import SAVED_FILE, attach
from kambin.app.logic.closed import STEPS
from kambin.app.logic.opening import take_case
from kambin.app.logic.placing import confirm_place
from kambin.app.logic.session import Session
from kambin.app.logic.steps import gate
from kambin.app.logic.undo import UNDO_STEPS

WORKER = """
import sys
from pathlib import Path
from tests.unit.app.logic.made_session import NoonClock, made_checked
from kambin.app.logic.autosave import attach
from kambin.app.logic.draft import HandPath
from kambin.app.logic.opening import take_case
from kambin.app.logic.placing import confirm_place
from kambin.app.logic.session import Session
from kambin.app.logic.undo import Undo

session = Session(clock=NoonClock())
take_case(session, made_checked(Path(sys.argv[1])))
attach(session)
confirm_place(session, "L4-L5", "left", "A. Surgeon")
number = 0
while True:
    path = HandPath((80.0, 60.0, float(number)), (8.0, 12.0, 0.0), 2.0)
    line = session.history
    session.history = Undo(path) if line is None else line.do(path)
    session.publish("draft")
    # only what was saved is told
    print(number, flush=True)
    number += 1
"""
"""Moves a path for ever, and tells the number of each move after it was saved."""


def _killed_after(folder: Path, moves: int) -> int:
    """Let a process move a path, kill it without a word, and return the last move it told."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(folder)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert process.stdout is not None
    told = -1
    for line in process.stdout:
        told = int(line)
        if told >= moves:
            break
    process.send_signal(signal.SIGKILL)
    # what it told before it died counts as well
    rest = process.stdout.read().split()
    process.stdout.close()
    assert process.wait(30) == -signal.SIGKILL
    return max([told, *(int(word) for word in rest)])


def _open(folder: Path) -> Session:
    session = Session(clock=NoonClock())
    take_case(session, made_checked(folder))
    attach(session)
    return session


@pytest.mark.parametrize("moves", [0, 7, UNDO_STEPS + 3])
def test_a_killed_server_loses_no_move_that_it_has_told(tmp_path: Path, moves: int) -> None:
    last = _killed_after(tmp_path, moves)
    session = _open(tmp_path)
    assert not [message for message in session.messages if message.kind == "error"]
    confirm_place(session, "L4-L5", "left", BY)
    assert session.history is not None
    height = session.history.present.entry_lps_mm[2]
    # the move after the last one that was told may have been on the disk already
    assert height in (last, last + 1)
    heights = [path.entry_lps_mm[2] for path in session.history.past]
    assert heights == [height - n for n in range(len(heights), 0, -1)]
    assert len(heights) == min(int(height), UNDO_STEPS)


def test_after_a_start_nothing_behind_the_place_is_open(tmp_path: Path) -> None:
    _killed_after(tmp_path, 3)
    session = _open(tmp_path)
    assert session.place is None
    for step in STEPS[STEPS.index("place") + 1 :]:
        closed = gate(session, step)
        assert closed is not None
        assert closed.mend == "place"
    # and not even the file knows who had confirmed it
    text = (tmp_path / SAVED_FILE).read_text("utf-8")
    assert BY not in text
    assert set(json.loads(text)) == {
        "case_sha256",
        "cursor_lps_mm",
        "hidden",
        "painting",
        "places",
        "schema_version",
        "step",
        "ticks",
    }
