"""``kambin verify``: the second checker, hashes and staleness."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.output import print_document, print_lines
from kambin.cli.plan_words import print_records
from kambin.cli.progress import shown_progress
from kambin.cli.signature_words import is_plan_locked, print_signatures
from kambin.cli.verify_sets import (
    describe_set,
    find_set_file,
    judge_set,
    print_set,
)
from kambin.core import PlanError, StoreError
from kambin.desk.gate import CheckedCase
from kambin.desk.verifying import check_plan, refuse_plan
from kambin.desk.workbench import complete_once
from kambin.exchange import find_answer_file, read_plan, read_signatures
from kambin.planning import Plan, Signature, Verification


@app.command(
    epilog=examples(
        "kambin verify case plan/plan.json",
        "kambin verify case plan --json",
        "kambin verify case plans/planset.json",
    )
)
def verify(case: options.Case, plan: options.Plan, json: options.Json = False) -> int:
    """Check a plan a second time, on surfaces, and that nothing changed since it was made.

    Exit code 5 when it is not valid, with the reason. Signatures are listed, and whether each
    still counts. Of a set every plan is checked, and that the set says what its members mean.
    """
    if (file := find_set_file(plan)) is not None:
        return _verify_set(case, file, json=json)
    verdict, signatures = judge_file(case, plan)
    if json:
        print_document(describe_verdict(verdict, signatures))
    else:
        _show(verdict, signatures)
    return 0 if verdict.valid else PlanError.exit_code


def _verify_set(case: Path, file: Path, *, json: bool) -> int:
    """Check every plan of a set, and the set itself."""
    verdict = judge_set(file, lambda member: judge_file(case, member))
    if json:
        print_document(describe_set(verdict, describe_verdict))
    else:
        print_set(verdict, _show)
    return 0 if verdict.valid else PlanError.exit_code


def _show(verdict: Verification, signatures: Sequence[Signature] | None) -> None:
    print_verdict(verdict)
    print_signatures(signatures or ())


def judge_file(folder: Path, place: Path) -> tuple[Verification, tuple[Signature, ...] | None]:
    """Return the second checker's answer on a plan file, and the signatures under it.

    Parameters
    ----------
    folder : the case folder
    place : plan file, or the folder that holds it

    Returns
    -------
    Verification, not valid for what cannot be opened; and the signatures, none where they could
    not be read or were changed, which makes the plan not valid as well

    Raises
    ------
    AnatomyError, InputError  as ``make_verdict``
    """
    try:
        file = find_answer_file(place)
        # an edited plan and a changed case are opened all the same, to be told as the verdict
        checked, verdict = check_case(folder, read_plan(file, verify=False))
    except (PlanError, StoreError) as error:
        # a file that is no plan of ours, or a case that no longer opens: not valid, with the reason
        return refuse_plan(error), None
    try:
        return verdict, read_signatures(file, case_sha256=checked.case.sha256)
    except StoreError as error:
        # whoever could change a signature could change what stands above it
        findings = (*verdict.findings, *refuse_plan(error).findings)
        return verdict.model_copy(update={"valid": False, "findings": findings}), None


def describe_verdict(
    verdict: Verification, signatures: Sequence[Signature] | None
) -> dict[str, Any]:
    """Return the verdict as a document, with the signatures; null where they were not read."""
    rows = None if signatures is None else [asdict(signature) for signature in signatures]
    locked = None if signatures is None else is_plan_locked(signatures)
    return {**verdict.model_dump(mode="json"), "locked": locked, "signatures": rows}


def make_verdict(folder: Path, plan: Plan) -> Verification:
    """Return the second checker's answer on a plan for the case as it is now.

    Parameters
    ----------
    folder : the case folder
    plan : Plan, edited or not

    Raises
    ------
    AnatomyError  (AN-020, AN-021) while a finding of the case stops or waits for a person
    StoreError, InputError  as ``read_case``
    """
    return check_case(folder, plan)[1]


def check_case(folder: Path, plan: Plan) -> tuple[CheckedCase, Verification]:
    """Return the case with its checks, and the second checker's answer, with progress shown.

    Parameters
    ----------
    folder : the case folder
    plan : Plan, edited or not

    Raises
    ------
    AnatomyError, StoreError, InputError  as ``check_plan``
    """
    with shown_progress() as progress:
        return check_plan(folder, plan, lambda case: complete_once(case, progress))


def print_verdict(verdict: Verification) -> None:
    """Print whether the plan is valid, how far the two computations differ, and why not."""
    print_lines("Valid" if verdict.valid else "NOT VALID")
    if verdict.max_difference_mm is not None:
        print_lines(
            f"The two computations differ by at most {verdict.max_difference_mm:.2f} mm; "
            f"{verdict.agreement_mm:.2f} mm is allowed."
        )
    if verdict.max_part_difference_mm is not None and verdict.part_agreement_mm is not None:
        print_lines(
            f"At the cut edges of bone parts they differ by at most "
            f"{verdict.max_part_difference_mm:.2f} mm; more room than the surface confirms by "
            f"{verdict.part_agreement_mm:.2f} mm would stop the plan."
        )
    print_records(verdict.findings)
