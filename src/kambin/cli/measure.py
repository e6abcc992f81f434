"""``kambin measure``: every registered quantity with its error, its source and what papers say."""

from pathlib import Path
from typing import Annotated

import typer

from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.asking import find_level, find_side
from kambin.cli.opening import opened_case
from kambin.cli.output import print_document, print_findings, print_lines, print_table
from kambin.exchange.documents import require_writable
from kambin.measure import measure_case
from kambin.measure.herniation_words import describe_herniation
from kambin.report.measure_page import (
    COLUMNS,
    measure_cells,
    measure_csv,
    write_measure_page,
)
from kambin.report.write import write_file


@app.command(
    epilog=examples(
        "kambin measure case",
        "kambin measure case --level L4-L5 --side left --json",
        "kambin measure case --csv rows.csv --pages measured",
    )
)
def measure(
    case: options.Case,
    level: options.Level = None,
    side: options.Side = None,
    table: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="Write the rows as CSV.")
    ] = None,
    pages: Annotated[
        Path | None,
        typer.Option("-o", "--pages", metavar="DIR", help="Write a page of annotated slices."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Measure disc, foramen, window, root, joint, canal and crest beside what papers report.

    Exit code 4 while a finding stops the case or waits for a person. A field of view without
    skin stops kambin plan only; what is measured from the skin is then not assessed.
    """
    # before the case is read, so that a mistyped level costs no waiting
    asked_level, asked_side = find_level(level), find_side(side)
    for folder in ([] if table is None else [table.parent]) + ([] if pages is None else [pages]):
        require_writable(folder)
    with opened_case(case, asked_level, plans=False) as work:
        read, anatomy = work.case, work.anatomy
    measured = measure_case(anatomy, read, level=work.level, side=asked_side)
    if table is not None:
        write_file(table, measure_csv(measured).encode("utf-8"))
    if pages is not None:
        write_measure_page(read, anatomy, measured, pages)
    if json:
        print_document(measured.as_document())
        return
    print_table("Measurements", COLUMNS, (measure_cells(row) for row in measured))
    if measured.herniation is not None:
        lines = describe_herniation(measured.herniation)
        print_lines(*(f"{head:11}{line}" for head, line in lines))
    print_findings(measured.findings)
