"""What a command prints: one JSON document, or text for a person."""

from collections.abc import Iterable, Mapping
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from kambin.core import Finding, Severity

SCHEMA_VERSION = 1
"""Version of the documents that the command line itself makes."""

_TEXT_WIDTH = 110
"""Columns when the output is not a terminal."""

_COLOURS = {Severity.BLOCK: "bold red", Severity.CONFIRM: "yellow", Severity.NOTE: "cyan"}


def print_document(document: object) -> None:
    """Print one JSON document on standard output."""
    # imported here, because it brings the image libraries, which the help does not need
    from kambin.exchange import to_json  # noqa: PLC0415

    # the document ends its own last line
    typer.echo(to_json(document), nl=False)


def print_lines(*lines: str) -> None:
    """Print text on standard output."""
    for line in lines:
        typer.echo(line)


def print_table(title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table on standard output."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(escape(cell) for cell in row))
    console().print(table)


def print_findings(findings: Iterable[Finding]) -> None:
    """Print findings on standard output, what stops first."""
    order = list(Severity)
    out = console()
    for finding in sorted(findings, key=lambda f: order.index(f.severity)):
        colour = _COLOURS[finding.severity]
        what = escape(f"{finding.code} {finding.what} ({finding.where})")
        out.print(f"[{colour}]{finding.severity:8}[/] {what}")
        out.print(f"         {escape(finding.why)}")
        out.print(f"         Next: {escape(finding.next_step)}")


def console(*, stderr: bool = False) -> Console:
    """Return a console that keeps its colours for terminals and does not decorate numbers."""
    # highlighting would colour millimetres and codes as if some mattered more
    # no hard line breaks, so that a command that is shown can be copied whole
    plain = Console(stderr=stderr, highlight=False, soft_wrap=True)
    # a pipe has no width, and what the library then assumes cuts tables
    if not plain.is_terminal:
        plain.width = _TEXT_WIDTH
    return plain


def with_version(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with the version of its schema."""
    return {"schema_version": SCHEMA_VERSION, **document}


def is_json_asked(words: Iterable[str]) -> bool:
    """Return whether the words of a call ask for JSON, before they are understood."""
    return "--json" in words
