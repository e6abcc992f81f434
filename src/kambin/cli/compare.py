"""``kambin compare``: the same patient, six ways to operate."""

from pathlib import Path
from typing import Annotated

import typer

from kambin.approaches import Comparison, Ground, describe_comparison, measure_all
from kambin.approaches.compare_models import ApproachCost
from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.asking import require_request
from kambin.cli.figure_words import plain, tell_origin, tell_way
from kambin.cli.opening import opened_case
from kambin.cli.output import print_document, print_lines, print_table
from kambin.cli.plan_words import print_records
from kambin.desk.workbench import MemoryStore
from kambin.exchange import write_bytes_atomically, write_document
from kambin.exchange.documents import require_writable

COMPARE_FILE, PICTURE_FILE = "compare.json", "compare.png"
"""What is written into the folder of ``-o``."""

SHORT = {
    "transforaminal": "transforam.",
    "interlaminar": "interlam.",
    "microdiscectomy_tubular": "micro tube",
    "microdiscectomy_retractor": "micro retr.",
    "open_fenestration": "fenestr.",
    "open_laminectomy": "laminect.",
}
"""Heads of the columns of the table for a person."""


@app.command(
    epilog=examples(
        "kambin compare case --level L4-L5 --side left --zone paracentral",
        "kambin compare case --level L4-L5 --side left -o compared",
        "kambin compare case --level L5-S1 --side right --zone central --json",
    )
)
def compare(
    case: options.Case,
    level: options.Level = None,
    side: options.Side = None,
    zone: options.Zone = None,
    target: options.Target = None,
    technique: options.Technique = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", metavar="DIR", help="Folder for document and figure."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Measure what six ways to operate cost the same patient, and what each reaches.

    Transforaminal, interlaminar, microdiscectomy by tube and by retractor, open fenestration and
    open laminectomy, cut out of the same anatomy; what papers print stands beside it. It ranks
    nothing and says nothing of an outcome.
    """
    request = require_request(level, side, zone=zone, target=target, technique=technique)
    if out is not None:
        require_writable(out)
    with opened_case(case, request.level) as work:
        measured = measure_all(
            work.case, work.anatomy, request, progress=work.progress, store=MemoryStore()
        )
    ground = Ground.of(work.case, work.anatomy, request)
    found = describe_comparison(ground, measured)
    files = []
    if out is not None:
        # drawn here only: whoever wants the numbers waits for no renderer
        from kambin.report.compare_figure import draw_comparison  # noqa: PLC0415

        files = [out / COMPARE_FILE, out / PICTURE_FILE]
        # drawn before the first is written: a failed drawing leaves no file
        picture = draw_comparison(ground, measured)
        write_document(found, files[0])
        write_bytes_atomically(files[1], picture)
    if json:
        print_document(found)
        return
    print_comparison(found)
    print_published(found)
    print_lines(*(f"Written   {file}" for file in files))


def print_comparison(found: Comparison) -> None:
    """Print what each way costs with units, what the fields mean, and the differences.

    Parameters
    ----------
    found : Comparison
    """
    print_lines(f"{found.level} {found.side.upper()}  -  six ways to operate, measured")
    ways = list(found.approaches.values())
    rows = []
    for name in found.fields:
        rows.append((name, *(_tell(name, getattr(cost, name)) for cost in ways)))
        sigmas = [getattr(cost.sigma, name, None) for cost in ways]
        if any(sigmas):
            rows.append(("  +- 1 sd", *(_tell(name, sigma) for sigma in sigmas)))
    print_table(
        "Cost and reach; below each volume one standard deviation, from the surfaces alone",
        ("", *(SHORT[name] for name in found.approaches)),
        rows,
    )
    for name, note in found.fields.items():
        print_lines(f"{name:22}[{note.unit}] {note.meaning}")
    for name, cost in found.approaches.items():
        _print_remarks(SHORT[name], cost)
    _print_differences(found)
    print_records(found.findings)


def _tell(name: str, number: float | str | None) -> str:
    """Return one number of a field, with the digits that its uncertainty leaves."""
    if number is None:
        return "-"
    if isinstance(number, str):
        return number
    digits = 2 if name.endswith("_fraction") else 1 if name.endswith("_mm") else 0
    return f"{number:.{digits}f}"


def _print_remarks(title: str, cost: ApproachCost) -> None:
    """Print why fields are null, what limits a way, and where its numbers come from."""
    for why in dict.fromkeys(cost.not_assessed.values()):
        names = [name for name, said in cost.not_assessed.items() if said == why]
        print_lines(f"{title}: {', '.join(names)}: {why}")
    print_lines(*(f"{title}: {name}: {why}" for name, why in cost.incomplete.items()))
    if cost.limited_by:
        print_lines(f"{title}: limited by {', '.join(cost.limited_by)}")
    modelled = [name for name, word in cost.origins.items() if "modelled" in word]
    if modelled:
        print_lines(f"{title}: from modelled surfaces: {', '.join(modelled)}")


def _print_differences(found: Comparison) -> None:
    """Print how the other ways differ from the first that was measured."""
    base = next((name for name, cost in found.approaches.items() if cost.refused is None), "")
    print_table(
        f"More than {SHORT.get(base, base)}, mm3",
        ("", "difference", "+- 1 sd"),
        (
            # nothing added, so that no zero has a sign
            (f"{row.field} {SHORT[row.second]}", f"{0 - row.difference:.0f}", f"{row.sigma:.0f}")
            for row in found.differences
            if row.first == base
        ),
    )


def print_published(found: Comparison) -> None:
    """Print what papers say of the same ways, each figure as it stands there.

    Parameters
    ----------
    found : Comparison
    """
    print_table(
        "What papers print; none of it is of this patient, and nothing is averaged",
        ("metric", "way", "figure", "what was counted", "design, n, source"),
        (
            (
                plain(row.metric),
                tell_way(row),
                row.figure,
                row.definition,
                tell_origin(row),
            )
            for row in found.published
        ),
    )
