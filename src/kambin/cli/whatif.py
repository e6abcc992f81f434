"""``kambin whatif``: what would become of a plan."""

from typing import Annotated

import typer

from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.opening import open_plan
from kambin.cli.output import print_document, print_lines, print_table
from kambin.cli.plan_words import print_records
from kambin.desk.workbench import MemoryStore
from kambin.planning import Assumption, WhatIf, what_if
from kambin.planning.what_if_models import WhatIfState

MOST_ROWS = 10
"""Rows of a table for a person; the document has them all."""


@app.command(
    epilog=examples(
        "kambin whatif case plan --prone 10",
        "kambin whatif case plan --flexion 8 --json",
        "kambin whatif case plan --cannula 6 --replan",
    )
)
def whatif(
    case: options.Case,
    plan: options.Plan,
    prone: Annotated[
        float, typer.Option("--prone", metavar="MM", help="Bowel this much nearer to the back.")
    ] = 0.0,
    flexion: Annotated[
        float, typer.Option("--flexion", metavar="DEG", help="Level flexed; negative extends.")
    ] = 0.0,
    cannula: Annotated[
        float | None, typer.Option("--cannula", metavar="MM", help="Another outer diameter.")
    ] = None,
    replan: Annotated[
        bool, typer.Option("--replan", help="Look for the best path under the assumption, too.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Measure the path of a plan again under an assumption, and leave the plan alone.

    Bowel that sinks in prone position, a level that is flexed, another cannula: before and after,
    with everything else equal. What comes out is an assumption and never a plan.
    """
    # asked before the case is read: what makes no sense is told at once
    assumption = Assumption(prone_mm=prone, flexion_deg=flexion, cannula_mm=cannula)
    read, asked, anatomy = open_plan(case, plan)
    found = what_if(read, anatomy, asked, assumption, replan=replan, store=MemoryStore())
    if json:
        print_document(found)
    else:
        print_what_if(found)


def print_what_if(found: WhatIf) -> None:
    """Print the path before and after, and what the assumption changes."""
    before, after = found.before, found.after
    print_lines(f"{found.level} {found.side.upper()}  -  an assumption, no plan")
    print_table(
        "The path of the plan",
        ("", "on the images", "assumed"),
        (
            ("passes", _yes(before.passes), _yes(after.passes)),
            ("room above the margins, mm", f"{before.slack_mm:.2f}", f"{after.slack_mm:.2f}"),
            ("least room at", _binding(before), _binding(after)),
            (
                "pedicle to pedicle, mm",
                f"{before.foramen_height_mm:.1f}",
                f"{after.foramen_height_mm:.1f}",
            ),
        ),
    )
    changed = [row for row in found.numbers if row.difference and row.better in ("a", "b")]
    if not changed:
        print_lines("What it changes: no number by more than the two checkers may disagree.")
    else:
        print_table(
            "What it changes",
            ("number", "images", "assumed", "better"),
            (
                (row.name, f"{row.a:.3f}", f"{row.b:.3f}", _better(row.better))
                for row in changed[:MOST_ROWS]
            ),
        )
    if found.nearer:
        print_lines("Nearer    " + ", ".join(found.nearer[:MOST_ROWS]))
    if found.farther:
        print_lines("Farther   " + ", ".join(found.farther[:MOST_ROWS]))
    _print_best(found)
    print_lines(*(f"Rule      {rule}" for rule in found.assumed.rules))
    print_records(found.findings)


def _print_best(found: WhatIf) -> None:
    best = found.new_best
    if best is None:
        return
    if best.passes and best.entry_moved_mm is not None:
        print_lines(
            f"Best      enters {best.entry_moved_mm:.1f} mm from the plan's entry at "
            f"{best.axial_inclination_to_patient_deg:.1f} deg, "
            f"{best.craniocaudal_to_patient_deg:+.1f} deg"
        )
    else:
        lack = "" if best.deficit_mm is None else f" by {best.deficit_mm:.2f} mm"
        print_lines(f"Best      nothing passes: {best.binding_structure} binds{lack}")


def _better(word: str) -> str:
    return "images" if word == "a" else "assumed"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else "NO"


def _binding(state: WhatIfState) -> str:
    return f"{state.binding_structure} ({state.binding_stage})"
