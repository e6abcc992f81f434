"""A person's answers: to what a case asks, and to what a plan asks."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from kambin.anatomy import Case, Confirmation, Level
from kambin.anatomy.levels import INDEX_CODE, SCHEME_CODE, find_levels
from kambin.core import Clock, RequestError, Severity, read_codes
from kambin.desk.gate import read_checked_case
from kambin.exchange import read_plan_confirmations, write_bytes_atomically
from kambin.planning import FindingRecord, Plan, Refusal

INDEX_PICTURE = "index_level.png"
"""The picture in the case folder in which the level that a person named is marked."""

COUNT_PICTURE = "levels.png"
"""The picture in the case folder of the count that a person confirmed."""

_ACCEPTED = "accepted"


def make_answers(
    by: str,
    scheme: str | None,
    accept: list[str],
    clock: Clock,
    *,
    index: Level | None = None,
) -> tuple[Confirmation, ...]:
    """Return the answers of one call, all of the same moment.

    Parameters
    ----------
    by : str, who answers
    scheme : str such as ``5 lumbar``, or none
    accept : codes that are accepted
    clock : Clock
    index : Level that a person marked, or none

    Raises
    ------
    RequestError  (RQ-006) without a person or an answer, or for a code that does not exist
    """
    name, said = by.strip(), (scheme or "").strip()
    unknown = [code for code in accept if code not in read_codes()]
    # a yes counts only with the name of who gave it
    if not name or unknown or not (said or accept or index):
        why = "Nobody is named." if not name else "No answer is given."
        raise RequestError(
            code="RQ-006",
            what="Nothing to confirm was given",
            where=f"--accept {unknown[0][:20]}" if unknown else "kambin confirm",
            why="There is no such code." if unknown else why,
            next_step="Add --by NAME and --scheme or --accept CODE, as kambin check prints it.",
        )
    # one moment for all: they were given in one call
    moment = clock.now().isoformat(timespec="seconds")
    given = [(SCHEME_CODE, said)] if said else []
    given += [(INDEX_CODE, str(index))] if index else []
    given += [(code, _ACCEPTED) for code in accept]
    return tuple(Confirmation(name, moment, code, value) for code, value in given)


def with_answers(case: Case, answer: Plan | Refusal, file: Path) -> Case:
    """Return the case with the answers a person gave to this very plan added to its own.

    Raises
    ------
    PlanError, StoreError  as ``read_plan_confirmations``
    """
    # a refusal asks nobody anything
    if isinstance(answer, Refusal):
        return case
    answers = (*case.confirmations, *read_plan_confirmations(file))
    return replace(case, confirmations=answers)


def require_asked(findings: Iterable[FindingRecord], answers: tuple[Confirmation, ...]) -> None:
    """Refuse an answer to what a plan does not ask.

    Parameters
    ----------
    findings : of the plan
    answers : of a person

    Raises
    ------
    RequestError  (RQ-006)
    """
    # an answer to what was never asked would look like a check that a person has made
    asked = {finding.code for finding in findings if finding.severity == Severity.CONFIRM}
    strange = [answer.code for answer in answers if answer.code not in asked]
    if strange:
        raise RequestError(
            code="RQ-006",
            what="The plan does not ask this",
            where=f"--accept {strange[0]}",
            why=f"It asks {', '.join(sorted(asked)) or 'nothing'}; the count of the vertebrae is "
            "confirmed on the case.",
            next_step="Accept what the plan asks, or confirm on the case folder.",
        )


def draw_counted(folder: Path) -> None:
    """Draw what the count was confirmed on, so that it stays beside the answer.

    Parameters
    ----------
    folder : the case folder

    Raises
    ------
    StoreError, InputError  as ``read_checked_case``; (ST-001) if it cannot be written
    """
    # drawn here only: whoever confirms a code waits for no renderer
    from kambin.report import draw_level_picture  # noqa: PLC0415

    checked = read_checked_case(folder)
    picture = draw_level_picture(checked.case, checked.check)
    write_bytes_atomically(folder / COUNT_PICTURE, picture)


def draw_marked(folder: Path, level: Level) -> None:
    """Draw the level that stands for all, or refuse it where levels are counted.

    Parameters
    ----------
    folder : the case folder
    level : Level that a person marked

    Raises
    ------
    RequestError  (RQ-062) where levels are counted, or this one is not labelled
    StoreError, InputError  as ``read_checked_case``; (ST-001) if it cannot be written
    """
    # drawn here only: whoever confirms a code waits for no renderer
    from kambin.report import draw_level_picture  # noqa: PLC0415

    checked = read_checked_case(folder)
    # a level that was marked before may be marked anew
    unmarked = replace(checked.check.scheme, index_level="")
    is_asked = {"AN-115", "AN-151"} & {finding.code for finding in checked.findings}
    if not is_asked or str(level) not in find_levels(unmarked):
        present = ", ".join(find_levels(unmarked)) or "none"
        why = f"Labelled are {present}." if is_asked else f"Counted are {present}."
        raise RequestError(
            code="RQ-062",
            what="This level cannot be marked as the index level",
            where=f"--index {level}",
            why=why,
            next_step="Where levels are counted, confirm the count with --scheme.",
        )
    picture = draw_level_picture(checked.case, checked.check, mark=level)
    write_bytes_atomically(folder / INDEX_PICTURE, picture)
