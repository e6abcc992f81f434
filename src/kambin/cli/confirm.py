"""``kambin confirm``: a named person's answers, recorded with the time."""

from pathlib import Path
from typing import Annotated

import typer

from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.asking import find_level
from kambin.cli.output import print_document, print_lines, with_version
from kambin.desk.answers import draw_counted, draw_marked, make_answers, require_asked
from kambin.desk.clock import SystemClock
from kambin.exchange import (
    SET_FILE,
    find_answer_file,
    is_case_folder,
    read_plan,
    read_plan_set,
    record_confirmation,
    record_plan_confirmation,
    record_set_confirmation,
)


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
            draw_marked(target, marked)
        elif scheme is not None:
            draw_counted(target)
        for answer in answers:
            record_confirmation(target, answer)
    elif plan_set is not None:
        require_asked(read_plan_set(plan_set).findings, answers)
        for answer in answers:
            record_set_confirmation(plan_set, answer)
    else:
        require_asked(read_plan(file).findings, answers)
        for answer in answers:
            record_plan_confirmation(file, answer)
    if json:
        print_document(with_version({"confirmations": answers}))
    else:
        print_lines(*(f"{a.by} confirmed {a.code}: {a.value}" for a in answers))


def _find_set(target: Path) -> Path | None:
    """Return the document of a set of plans, if that is what is meant."""
    file = target / SET_FILE if target.is_dir() else target
    return file if file.name == SET_FILE and file.is_file() else None
