"""``kambin check``: what the case says about levels, sides, masks and field of view."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from kambin.anatomy.check_drawn import check_drawn_roots
from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.output import print_document, print_findings, print_lines, with_version
from kambin.core import Severity, find_blocking
from kambin.desk.gate import (
    CheckedCase,
    confirm_call,
    find_questions,
    find_stopping,
    read_checked_case,
    stopped_words,
)
from kambin.exchange import write_bytes_atomically


@app.command(
    epilog=examples(
        "kambin check case", "kambin check case --json", "kambin check case --picture levels.png"
    )
)
def check(
    case: options.Case,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="PNG", help="Draw the spine, counted from both ends."),
    ] = None,
    json: options.Json = False,
) -> None:
    """List what stops a case, what a person must confirm, and what to know.

    Exit code 0 whatever is found: it is kambin measure and kambin plan that refuse.
    """
    checked = read_checked_case(case)
    # here as well, and not only where the completion finds it: this is where a person looks
    drawn = check_drawn_roots(checked.case, checked.check.survey)
    checked = replace(checked, findings=(*checked.findings, *drawn))
    if picture is not None:
        # drawn here only: whoever asks for no picture waits for no renderer
        from kambin.report import draw_level_picture  # noqa: PLC0415

        write_bytes_atomically(picture, draw_level_picture(checked.case, checked.check))
    if json:
        print_document(_document(checked))
    else:
        _print_text(checked)


def _document(checked: CheckedCase) -> dict[str, object]:
    scheme = checked.check.scheme
    return with_version(
        {
            "case_sha256": checked.case.sha256,
            "dialect": checked.case.dialect,
            "scheme": scheme.name,
            "counted_from_sacrum": scheme.counted_from_sacrum,
            "counted_from_rib": scheme.counted_from_rib,
            "confirmed_by": scheme.confirmed_by,
            "index_level": scheme.index_level,
            "levels_present": [*scheme.vertebrae, *checked.check.levels_present],
            "findings": [finding.as_document() for finding in checked.findings],
            "blocking": [f.code for f in find_blocking(checked.findings)],
            "unanswered": [f.code for f in find_questions(checked)],
        }
    )


def _print_text(checked: CheckedCase) -> None:
    scheme = checked.check.scheme
    # a count from one end only is worth less, so the ends are always named
    counted = [
        word
        for word, done in (
            ("the sacrum", scheme.counted_from_sacrum),
            ("the last rib", scheme.counted_from_rib),
        )
        if done
    ]
    print_lines(
        f"Scheme    {scheme.name}, counted from {' and '.join(counted) or 'nothing'}",
        f"Vertebrae {', '.join(scheme.vertebrae)}",
        f"Levels    {', '.join(checked.check.levels_present)}",
    )
    print_findings(checked.findings)
    _print_settled(checked)
    blocking = find_blocking(checked.findings)
    unanswered = find_questions(checked)
    if blocking:
        print_lines(f"{stopped_words(blocking)} until the BLOCK findings are gone.")
    # nobody should confirm anything of a case that cannot be used anyway
    if unanswered and not find_stopping(blocking, plans=False):
        call = confirm_call(checked.folder, unanswered, scheme.name)
        print_lines(f"Look at each CONFIRM, then: {call}")
    elif not blocking:
        print_lines("Nothing stands against measuring and planning.")


def _print_settled(checked: CheckedCase) -> None:
    """Print which CONFIRM findings ask nothing any more here: answered, or asked of each plan."""
    waiting = {finding.code for finding in find_questions(checked)}
    asked = [f.code for f in checked.findings if f.severity == Severity.CONFIRM]
    settled = [code for code in dict.fromkeys(asked) if code not in waiting]
    given = {answer.code: answer for answer in checked.case.confirmations}
    for code in settled:
        if code in given:
            print_lines(f"Answered  {code} by {given[code].by}, {given[code].at}")
        else:
            print_lines(f"Later     {code} is asked of each plan, with its numbers")
