"""Files that came over the page are read by a process of their own, which may be killed."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kambin.app.confined import too_much
from kambin.app.logic.sources import ImportWish
from kambin.core import InputError, KambinError, Progress

ASK_EVERY_S: Final = 0.2
"""Between two looks whether a person has cancelled."""


@dataclass(frozen=True, slots=True)
class Confines:
    """What a reader of an upload is given.

    Parameters
    ----------
    memory_bytes : int, beside the code that is loaded; a study of 2,000 slices takes a third of it
    cpu_s, wall_s : int, seconds of the processor, and of the clock
    """

    memory_bytes: int = 12 * 2**30
    cpu_s: int = 900
    wall_s: int = 900


def import_confined(
    wish: ImportWish, out: Path, progress: Progress, confines: Confines | None = None
) -> Path:
    """Make a case folder as ``import_case`` does, in a process with limits.

    Parameters
    ----------
    wish : ImportWish of an upload
    out : the case folder to make
    progress : Progress, asked again and again whether a person has cancelled
    confines : Confines, or the usual ones

    Raises
    ------
    InputError  (IN-122) if it took more than it was given; others as ``import_case``
    StoreError  as ``import_case``
    """
    given = confines or Confines()
    asked = {
        "image": wish.image and str(wish.image),
        "labels": [str(one) for one in wish.labels],
        "dialect": wish.dialect,
        "lowest": wish.lowest,
        "fragment": wish.fragment and str(wish.fragment),
        "out": str(out),
        "memory_bytes": given.memory_bytes,
        "cpu_s": given.cpu_s,
    }
    told = _ask(json.dumps(asked), given.wall_s, progress)
    if "case" in told:
        return Path(told["case"])
    raise _error_of(told)


def _ask(asked: str, wall_s: int, progress: Progress) -> dict[str, Any]:
    """Return what the reader told; one that was killed or fell over told nothing."""
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "kambin.app.confined"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # what a library says of a file may name the patient
        stderr=subprocess.DEVNULL,
        text=True,
    ) as reader:
        try:
            told = _wait(reader, asked, wall_s, progress)
        except BaseException:
            reader.kill()
            raise
    # what it cannot tell in words is a lack of memory that nobody caught, or a decoder that ended
    if reader.returncode != 0 or told is None:
        raise too_much()
    found: dict[str, Any] = json.loads(told)
    return found


def _wait(
    reader: "subprocess.Popen[str]", asked: str, wall_s: int, progress: Progress
) -> str | None:
    """Return what it printed, or none of a reader that was stopped since it took too long."""
    waits, told = int(wall_s / ASK_EVERY_S), None
    for n in range(waits):
        progress.step("reading images and labels", 0, 2)
        try:
            told, _ = reader.communicate(asked if n == 0 else None, timeout=ASK_EVERY_S)
        except subprocess.TimeoutExpired:
            continue
        return told
    reader.kill()
    return None


def _error_of(told: dict[str, Any]) -> KambinError:
    """Return the error of a reader as if it had been raised here."""
    words = {name: told["error"][name] for name in ("code", "what", "where", "why", "next_step")}
    kinds = {kind.exit_code: kind for kind in KambinError.__subclasses__()}
    return kinds.get(told["exit_code"], InputError)(**words)
