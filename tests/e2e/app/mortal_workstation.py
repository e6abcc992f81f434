"""``python -m tests.e2e.app.mortal_workstation CASE FUSE``: a server that dies in a save.

It opens a case of the spine of boxes as ``kambin app`` does, and prints its address. Once there is
a file FUSE, which names a file, the process is killed, as by ``kill -9``, right before that file is
replaced by what was written beside it.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.unit.app.logic.made_session import made_anatomy, made_checked

from kambin.anatomy import Anatomy, Case
from kambin.app.binding import build_screens
from kambin.app.logic import completing, opening
from kambin.app.server import open_workstation
from kambin.core import Progress
from kambin.desk.gate import CheckedCase
from kambin.exchange import read_case


def light_fuse(fuse: Path) -> None:
    """Have this process killed before it replaces the file that another one names."""

    def watch(event: str, given: tuple[Any, ...]) -> None:
        if event == "os.rename" and fuse.is_file() and Path(given[1]).name == fuse.read_text():
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def stand_in() -> None:
    """Let the boxes pass for a patient: they are counted and completed without being looked at."""

    def complete(_case: Case, _progress: Progress) -> Anatomy:
        return made_anatomy()

    def read(folder: Path) -> CheckedCase:
        checked = made_checked(folder)
        return CheckedCase(folder, read_case(folder), checked.check, ())

    stand_ins: tuple[tuple[Any, str, Callable[..., Any]], ...] = (
        (completing, "complete_once", complete),
        (opening, "read_checked_case", read),
    )
    for module, name, function in stand_ins:
        setattr(module, name, function)


def say(address: str) -> None:
    """Tell the test where the server is."""
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    stand_in()
    light_fuse(Path(sys.argv[2]))
    open_workstation(
        Path(sys.argv[1]),
        screens=build_screens,
        browser=False,
        tell=say,
    )
