"""``kambin sign``: a person's name under a plan that holds."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from kambin.anatomy import Case
from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.output import print_document, print_lines, with_version
from kambin.cli.report import with_answers
from kambin.cli.verify import check_plan
from kambin.core import Clock, RequestError
from kambin.desk.clock import SystemClock
from kambin.exchange import SignRequest, find_answer_file, read_answer, sign_plan_file
from kambin.exchange.plan_files import not_a_plan, read_sealed_plan
from kambin.planning import Refusal, Signature, require_signable

LONGEST_NAME = 200
"""Characters; what is longer is a pasted text and no name."""


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
    signature = sign_answer(case, file, by, SystemClock())
    if json:
        print_document(with_version({"plan": str(file), "signature": asdict(signature)}))
        return
    print_lines(
        f"{signature.by} signed {file} at {signature.at}",
        f"Content   {signature.content_sha256[:12]} on case {signature.case_sha256[:12]}",
        f"Next      kambin lock {case} {file}",
    )


def sign_answer(folder: Path, file: Path, by: str, clock: Clock) -> Signature:
    """Check a plan a second time on its case, and sign it.

    Parameters
    ----------
    folder : the case folder
    file : plan file
    by : str, who signs
    clock : Clock

    Raises
    ------
    RequestError  (RQ-100) without a name
    PlanError  (PL-100, PL-101) as ``require_signable``; (PL-090, PL-091) as ``read_plan``
    AnatomyError  (AN-020, AN-021) while a finding of the case stops or waits for a person
    StoreError  as ``sign_plan_file`` and ``read_case``
    """
    name = _require_name(by)
    answer = read_answer(file)
    if isinstance(answer, Refusal):
        raise not_a_plan(file, "It is a refusal; there is nothing to sign.")
    # before the minute that the check takes: what a person looks at is this content
    plan, content = read_sealed_plan(file)
    checked, verdict = check_plan(folder, plan)
    case: Case = with_answers(checked.case, plan, file)
    accepted = case.accepted_codes
    require_signable(plan, verdict, accepted)
    asked = {finding.code for finding in plan.findings}
    request = SignRequest(
        by=name,
        at=clock.now().isoformat(timespec="seconds"),
        content_sha256=content,
        case_sha256=case.sha256,
        accepted=tuple(code for code in accepted if code in asked),
        max_difference_mm=verdict.max_difference_mm,
    )
    return sign_plan_file(file, request)


def _require_name(by: str) -> str:
    name = " ".join(by.split())
    if not name or len(name) > LONGEST_NAME:
        raise RequestError(
            code="RQ-100",
            what="A signature needs a name",
            where="--by",
            why="Nobody is named." if not name else "It is longer than a name.",
            next_step='Add --by NAME, for example --by "A. Surgeon".',
        )
    return name
