"""``kambin claims``: the promises of the technique, the literature, and a patient's plan."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from kambin.anatomy import Case
from kambin.anatomy.skin import find_body_mask
from kambin.approaches.claims import weigh_claims
from kambin.approaches.claims_models import Claim, Claims
from kambin.approaches.indications_models import FigureRecord
from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.figure_words import tell_origin, tell_way
from kambin.cli.opening import read_own_plan
from kambin.cli.output import print_document, print_lines
from kambin.core import RequestError, require_code
from kambin.imaging import LabelMap
from kambin.planning import Plan


@app.command(epilog=examples("kambin claims", "kambin claims case plan", "kambin claims --json"))
def claims(
    case: Annotated[
        Path | None, typer.Argument(metavar="[CASE]", help="Case folder, with its plan.")
    ] = None,
    plan: Annotated[
        Path | None, typer.Argument(metavar="[PLAN]", help="Plan file, or its folder.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Put the promises of the technique to the test: papers for and against, and your plan.

    Without a case the literature alone. With case and plan what this plan shows: bone, muscle,
    stability, reach, and the cut in the skin as it follows from the cannula.
    """
    found = weigh_claims() if case is None else weigh_claims(*_read(case, plan))
    if json:
        print_document(found)
    else:
        print_claims(found)


def _read(folder: Path, place: Path | None) -> tuple[Plan, LabelMap | None]:
    """Return the plan, and the body of the case it was made on."""
    if place is None:
        raise RequestError(
            code="RQ-164",
            what="The plan is missing",
            where="PLAN",
            why="A case alone shows nothing of a promise: its numbers are those of a plan.",
            next_step=require_code("RQ-164").next_step,
        )
    checked, asked = read_own_plan(folder, place)
    return asked, _find_body(checked.case)


def _find_body(case: Case) -> LabelMap | None:
    return find_body_mask(case.image, case.labels, case.names)


def print_claims(found: Claims) -> None:
    """Print each promise with its verdict, the figures, and what the plan shows.

    Parameters
    ----------
    found : Claims
    """
    if found.level is not None and found.side is not None:
        print_lines(f"{found.level} {found.side.upper()}", "")
    for number, claim in enumerate(found.claims, start=1):
        _print_claim(number, claim)
    print_lines(found.notice)


def _print_claim(number: int, claim: Claim) -> None:
    verdict = claim.verdict.replace("_", " ").upper()
    print_lines(f'{number}. "{claim.promise}"  {verdict} [{claim.tag}] ({claim.source})')
    print_lines(f"   {claim.words}")
    _print_figures("for", claim.speaks_for)
    _print_figures("against", claim.against)
    print_lines(f"   plan     {claim.patient.says}")
    for one in claim.patient.numbers:
        print_lines(f"            {one.title}: {one.text} ({one.source})")
    print_lines(f"   registry {claim.registry.says}", "")


def _print_figures(word: str, figures: Iterable[FigureRecord]) -> None:
    for one in figures:
        origin = f"{tell_way(one)}; {tell_origin(one)}"
        print_lines(f"   {word:8} {one.definition}: {one.figure}; {origin}")
