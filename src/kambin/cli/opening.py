"""How commands open a case or a plan: read, gated, completed once, with progress shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kambin.anatomy import Anatomy, Case, Level
from kambin.cli.progress import ShownProgress, shown_progress
from kambin.desk.gate import CheckedCase, read_checked_case, require_answered, settle_level
from kambin.desk.verifying import stale_plan
from kambin.desk.workbench import complete_once
from kambin.exchange import find_answer_file, read_plan
from kambin.planning import Plan


@dataclass(frozen=True, slots=True)
class Opened:
    """A case that nothing stops, with its completed anatomy.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy
    level : Level that was asked for, or the only one that is marked, or none for all
    progress : ShownProgress, while the case is open
    """

    case: Case
    anatomy: Anatomy
    level: Level | None
    progress: ShownProgress


@contextmanager
def opened_case(folder: Path, level: Level | None, *, plans: bool = True) -> Iterator[Opened]:
    """Read a case, pass the gate and complete its anatomy, with progress on standard error.

    Parameters
    ----------
    folder : the case folder
    level : Level that was asked for, or none for all
    plans : bool, false where no entry on the skin is looked for

    Raises
    ------
    AnatomyError  (AN-020, AN-021) while a finding of the case stops or waits for a person;
        (AN-152) if the patient has no such level
    StoreError, InputError  as ``read_case``
    """
    checked = read_checked_case(folder)
    require_answered(checked, plans=plans)
    settled = settle_level(checked, level)
    with shown_progress() as progress:
        anatomy = complete_once(checked.case, progress)
        # once more, because completing the anatomy may raise questions of its own
        require_answered(checked, anatomy.findings, plans=plans)
        yield Opened(checked.case, anatomy, settled, progress)


def open_plan(folder: Path, place: Path) -> tuple[Case, Plan, Anatomy]:
    """Return a case, a plan that was made on it, and its completed anatomy.

    Parameters
    ----------
    folder : the case folder
    place : plan file, or the folder that holds it

    Raises
    ------
    PlanError, AnatomyError, StoreError, InputError  as ``read_own_plan``
    """
    checked, asked = read_own_plan(folder, place)
    with shown_progress() as progress:
        return checked.case, asked, complete_once(checked.case, progress)


def read_own_plan(folder: Path, place: Path) -> tuple[CheckedCase, Plan]:
    """Return a case that nothing stops, and a plan that was made on it.

    Parameters
    ----------
    folder : the case folder
    place : plan file, or the folder that holds it

    Raises
    ------
    PlanError  (PL-020) if the case changed since the plan was made, or is another one
    AnatomyError  (AN-020, AN-021) while a finding of the case stops or waits for a person
    StoreError, InputError  as ``read_case`` and ``read_plan``
    """
    file = find_answer_file(place)
    asked = read_plan(file)
    checked = read_checked_case(folder)
    if checked.case.sha256 != asked.case_sha256:
        raise stale_plan(checked.case.sha256, asked, f"{file} on {folder}")
    require_answered(checked)
    return checked, asked
