"""The process that reads what a page has sent: what it is asked, what it tells, what it may not."""

import json
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from kambin.app import confined

ASKED: dict[str, Any] = {
    "image": None,
    "labels": [],
    "dialect": "auto",
    "lowest": "",
    "fragment": None,
    "memory_bytes": 1,
    "cpu_s": 2,
}


def test_it_keeps_to_its_limits_before_it_reads_and_tells_an_error(tmp_path: Path) -> None:
    limits: list[tuple[int, int]] = []
    told = StringIO()
    asked = StringIO(json.dumps(ASKED | {"out": str(tmp_path / "case")}))
    confined.main(asked, told, lambda memory, cpu: limits.append((memory, cpu)))
    found = json.loads(told.getvalue())
    assert limits == [(1, 2)]
    assert (found["error"]["code"], found["exit_code"]) == ("RQ-003", 2)


def test_a_lack_of_memory_is_told_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    def _full(**_: object) -> Path:
        raise MemoryError

    monkeypatch.setattr(confined, "import_case", _full)
    told = confined.answer(ASKED | {"out": "case"})
    assert told["error"]["code"] == "IN-122"


ATTEMPTS = """
import os, socket, subprocess
from kambin.app.confined import confine
confine(2**34, 60)
for attempt in (
    lambda: socket.create_connection(("127.0.0.1", 9)),
    socket.socket,
    lambda: subprocess.run(["true"]),
    lambda: os.system("true"),
    os.fork,
):
    try:
        attempt()
    except PermissionError as refused:
        print(refused)
"""


def test_it_reaches_neither_the_network_nor_another_program() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ATTEMPTS], capture_output=True, text=True, check=True
    )
    refused = ended.stdout.split()
    assert len(refused) == 5
    assert {name.split(".")[0] for name in refused} == {"socket", "subprocess", "os"}
