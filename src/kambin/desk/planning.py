"""The folder in which the answers of planning are kept, version by version."""

from pathlib import Path

from kambin.anatomy import Level
from kambin.core import Clock
from kambin.desk.clock import SystemClock
from kambin.exchange import keep_answer, read_history, require_replaceable
from kambin.frames import Side
from kambin.planning import Plan, Refusal

PLANS_FOLDER = "plans"
"""Where the workstation keeps the answers of a case: in its own folder, one folder a place."""


def find_plan_folder(case: Path, level: Level, side: Side) -> Path:
    """Return the folder of the answers of one place of a case.

    Parameters
    ----------
    case : the case folder
    level : Level
    side : Side
    """
    return case / PLANS_FOLDER / f"{level}-{side}"


def find_head(out: Path, *, new_version: bool) -> str:
    """Return the state of a folder that an answer will be written into.

    Parameters
    ----------
    out : the folder, there or not
    new_version : bool, whether a locked plan may be followed by another version

    Raises
    ------
    StoreError  (ST-010) if the plan there is locked; (ST-011) if its history was changed
    """
    return read_history(out).head_sha256 if new_version else require_replaceable(out)


def write_answer(
    answer: Plan | Refusal,
    out: Path,
    *,
    clock: Clock | None = None,
    expected: str | None = None,
    new_version: bool = False,
) -> Path:
    """Write a plan or a refusal into a folder as its next version; the one before is kept.

    Parameters
    ----------
    answer : Plan or Refusal
    out : the folder
    clock : Clock, or none for that of the machine
    expected : str, head of the folder's history when the answer was asked for, or none
    new_version : bool, write although the version there is locked

    Returns
    -------
    the file that was written

    Raises
    ------
    StoreError  (ST-010, ST-011, ST-012, ST-001) as ``keep_answer``
    """
    moment = (clock or SystemClock()).now().isoformat(timespec="seconds")
    return keep_answer(answer, out, at=moment, expected=expected, new_version=new_version)
