"""``kambin diff``: two plans side by side."""

from pathlib import Path
from typing import Annotated

import typer

from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.output import print_document, print_lines, print_table
from kambin.exchange import find_answer_file, read_plan
from kambin.planning import PlanComparison, compare_plans
from kambin.planning.comparison_models import ComparedClearance, ComparedPlan

MOST_ROWS = 12
"""Rows of a table for a person; the document has them all."""


@app.command(
    epilog=examples(
        "kambin diff plan-a plan-b",
        "kambin diff plan/plan.versions/0001.json plan/plan.json --json",
        "kambin diff left/plan.json other-level/plan.json --across",
    )
)
def diff(
    plan_a: Annotated[Path, typer.Argument(metavar="PLAN-A", help="Plan file or its folder.")],
    plan_b: Annotated[Path, typer.Argument(metavar="PLAN-B", help="Plan it is compared with.")],
    across: Annotated[
        bool, typer.Option("--across", help="Also plans of two levels or two cases.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Set two plans side by side: every number, and which plan it speaks for.

    Better by less than the two checkers may disagree counts as the same.
    """
    a, b = (read_plan(find_answer_file(place)) for place in (plan_a, plan_b))
    found = compare_plans(a, b, across=across)
    if json:
        print_document(found)
    else:
        print_comparison(found)


def print_comparison(found: PlanComparison) -> None:
    """Print what differs between two plans, first what matters most."""
    print_lines(f"A  {_words(found.a)}", f"B  {_words(found.b)}")
    move = found.move
    if move.entry_mm is None:
        print_lines(f"Axis      {move.not_assessed_reason}")
    else:
        print_lines(
            f"Axis      B enters {move.entry_mm:.1f} mm from A "
            f"({move.entry_towards_lateral_mm or 0.0:+.1f} lateral, "
            f"{move.entry_towards_cranial_mm or 0.0:+.1f} cranial), aims {move.target_mm:.1f} mm "
            f"from it, and is turned by {move.turned_deg:.1f} deg"
        )
    print_table(
        "Numbers that speak for a plan",
        ("number", "A", "B", "B - A", "better"),
        (
            (row.name, f"{row.a:.3f}", f"{row.b:.3f}", f"{row.difference:+.3f}", row.better.upper())
            for row in found.numbers
            if row.better in ("a", "b")
        ),
    )
    rows = sorted(
        (row for row in found.clearances if row.better in ("a", "b")),
        key=lambda row: min(row.a_mm or 0.0, row.b_mm or 0.0),
    )
    print_table(
        "Room to what must not be touched, nearest first",
        ("tool", "structure", "A mm", "B mm", "B - A", "better"),
        (_cells(row) for row in rows[:MOST_ROWS]),
    )
    if len(rows) > MOST_ROWS:
        print_lines(f"{len(rows) - MOST_ROWS} more with --json.")
    for name, codes in (("A", found.findings_only_a), ("B", found.findings_only_b)):
        if codes:
            print_lines(f"Only {name} says {', '.join(codes)}.")


def _words(plan: ComparedPlan) -> str:
    zone = plan.zone or "a target of its own"
    return (
        f"{plan.level} {plan.side.upper()}  {zone}, {plan.technique}, cannula "
        f"{plan.cannula_mm:g} mm, {plan.status.replace('_', ' ')} ({plan.content_sha256[:12]})"
    )


def _cells(row: ComparedClearance) -> tuple[str, ...]:
    numbers = (f"{row.a_mm:.2f}", f"{row.b_mm:.2f}", f"{row.difference_mm:+.2f}")
    return row.tool, row.structure, *numbers, row.better.upper()
