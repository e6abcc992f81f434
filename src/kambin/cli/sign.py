"""``kambin sign``: a person's name under a plan that holds."""

from dataclasses import asdict
from typing import Annotated

import typer

from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.output import print_document, print_lines, with_version
from kambin.cli.verify import check_case
from kambin.desk.clock import SystemClock
from kambin.desk.signing import sign_answer
from kambin.exchange import find_answer_file


@app.command(
    epilog=examples(
        'kambin sign case plan/plan.json --by "A. Surgeon"',
        'kambin sign case plan --by "A. Surgeon" --json',
    )
)
def sign(
    case: options.Case,
    plan: options.Plan,
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who signs.")] = "",
    json: options.Json = False,
) -> None:
    """Put a name under a plan that the second checker confirms.

    Refused with exit code 5 while a finding blocks, a question is unanswered, or the case changed.
    The signature counts for the plan as it is: a plan made anew is unsigned.
    """
    file = find_answer_file(plan)
    # the path may be told here: whoever called has typed it
    place = str(file)
    signature = sign_answer(file, by, SystemClock(), lambda one: check_case(case, one), place)
    if json:
        print_document(with_version({"plan": str(file), "signature": asdict(signature)}))
        return
    print_lines(
        f"{signature.by} signed {file} at {signature.at}",
        f"Content   {signature.content_sha256[:12]} on case {signature.case_sha256[:12]}",
        f"Next      kambin lock {case} {file}",
    )
