"""``kambin report``: the plan as a page, a print and pictures."""

from pathlib import Path
from typing import Annotated

import typer

from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.output import print_document, print_lines, with_version
from kambin.cli.progress import shown_progress
from kambin.core import FieldStore
from kambin.desk.gate import read_checked_case
from kambin.desk.reporting import report_answer
from kambin.desk.workbench import complete_once
from kambin.exchange import (
    find_answer_file,
    read_answer,
)
from kambin.exchange.documents import require_writable
from kambin.planning import Plan, Refusal
from kambin.report import ReportPaths

CompareOption = Annotated[
    bool, typer.Option("--compare", help="Add a page with six ways to operate; takes longer.")
]


@app.command(
    epilog=examples(
        "kambin report case plan/plan.json -o report",
        "kambin report case plan/refusal.json -o report",
        "kambin report case plan -o report --compare",
    )
)
def report(
    case: options.Case,
    plan: options.Plan,
    out: options.Folder,
    compare: CompareOption = False,
    json: options.Json = False,
) -> None:
    """Write the report of a plan or of a refusal: HTML, PDF and the pictures."""
    file = find_answer_file(plan)
    require_writable(out)
    answer = read_answer(file)
    paths = make_report(case, answer, file, out, compares=compare)
    if json:
        files = {"html": str(paths.html), "pdf": str(paths.pdf)}
        print_document(with_version(files | {"pictures": [str(p) for p in paths.pictures]}))
        return
    print_lines(f"Page      {paths.html}", f"Print     {paths.pdf}")


def make_report(
    folder: Path,
    answer: Plan | Refusal,
    file: Path,
    out: Path,
    *,
    store: FieldStore | None = None,
    compares: bool = False,
) -> ReportPaths:
    """Write the report of an answer in a file, with the confirmations and signatures beside it.

    Parameters
    ----------
    folder : the case folder
    answer : Plan or Refusal
    file : where the answer was read from
    out : the folder to write
    store : FieldStore with the distance fields of the plan, or none
    compares : bool, whether a page sets the other ways to operate beside the answer

    Raises
    ------
    StoreError, InputError  as ``read_case``
    PlanError, StoreError  as ``write_report``, ``read_plan_confirmations``, ``read_signatures``
    """
    # no gate: a plan that still waits for an answer may be read, and its report says so
    checked = read_checked_case(folder)
    with shown_progress() as progress:
        anatomy = complete_once(checked.case, progress)
        return report_answer(
            checked,
            anatomy,
            answer,
            file,
            out,
            progress=progress,
            store=store,
            compares=compares,
        )
