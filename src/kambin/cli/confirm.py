"""``kambin confirm``: a named person's answers, recorded with the time."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from kambin.anatomy import Confirmation, Level
from kambin.anatomy.levels import INDEX_CODE, SCHEME_CODE, find_levels
from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.asking import find_level
from kambin.cli.output import print_document, print_lines, with_version
from kambin.core import Clock, RequestError, Severity, read_codes
from kambin.desk.clock import SystemClock
from kambin.desk.gate import read_checked_case
from kambin.exchange import (
    SET_FILE,
    find_answer_file,
    is_case_folder,
    read_plan,
    read_plan_set,
    record_confirmation,
    record_plan_confirmation,
    record_set_confirmation,
    write_bytes_atomically,
)
from kambin.planning import FindingRecord

INDEX_PICTURE = "index_level.png"
"""The picture in the case folder in which the level that a person named is marked."""

COUNT_PICTURE = "levels.png"
"""The picture in the case folder of the count that a person confirmed."""

_ACCEPTED = "accepted"


@app.command(
    epilog=examples(
        'kambin confirm case --by "A. Surgeon" --scheme "5 lumbar"',
        'kambin confirm case --by "A. Surgeon" --index L4-L5',
        'kambin confirm case --by "A. Surgeon" --accept AN-135 --accept AN-140',
        'kambin confirm plan/plan.json --by "A. Surgeon" --accept PL-004',
    )
)
def confirm(
    target: Annotated[
        Path, typer.Argument(metavar="CASE|PLAN", help="Case folder, or a plan file.")
    ],
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who answers.")] = "",
    scheme: Annotated[
        str | None,
        typer.Option("--scheme", metavar="SCHEME", help='How many lumbar bodies: "5 lumbar".'),
    ] = None,
    index: Annotated[
        str | None,
        typer.Option("--index", metavar="LEVEL", help="The one level, where none can be counted."),
    ] = None,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="CODE", help="Finding that is accepted; repeat it."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Record a person's answers to what a case or a plan asks.

    Answers of a plan count for the plan as it is: a plan made anew asks again. With --index the
    level is marked in the picture index_level.png of the case, with --scheme the count is drawn in
    levels.png: to be looked at.
    """
    marked = find_level(index)
    answers = make_answers(by, scheme, accept or [], SystemClock(), index=marked)
    file, plan_set = find_answer_file(target), _find_set(target)
    # a plan may have been written into the case folder: the folder itself means the case
    if is_case_folder(target) or (target.is_dir() and not (plan_set or file.exists())):
        if marked is not None:
            _draw_marked(target, marked)
        elif scheme is not None:
            _draw_counted(target)
        for answer in answers:
            record_confirmation(target, answer)
    elif plan_set is not None:
        _require_asked(read_plan_set(plan_set).findings, answers)
        for answer in answers:
            record_set_confirmation(plan_set, answer)
    else:
        _require_asked(read_plan(file).findings, answers)
        for answer in answers:
            record_plan_confirmation(file, answer)
    if json:
        print_document(with_version({"confirmations": answers}))
    else:
        print_lines(*(f"{a.by} confirmed {a.code}: {a.value}" for a in answers))


def _draw_counted(folder: Path) -> None:
    """Draw what the count was confirmed on, so that it stays beside the answer."""
    # drawn here only: whoever confirms a code waits for no renderer
    from kambin.report import draw_level_picture  # noqa: PLC0415

    checked = read_checked_case(folder)
    picture = draw_level_picture(checked.case, checked.check)
    write_bytes_atomically(folder / COUNT_PICTURE, picture)


def _draw_marked(folder: Path, level: Level) -> None:
    """Draw the level that stands for all, or refuse it where levels are counted."""
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


def _find_set(target: Path) -> Path | None:
    """Return the document of a set of plans, if that is what is meant."""
    file = target / SET_FILE if target.is_dir() else target
    return file if file.name == SET_FILE and file.is_file() else None


def _require_asked(findings: Iterable[FindingRecord], answers: tuple[Confirmation, ...]) -> None:
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
