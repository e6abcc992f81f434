"""``kambin plan``: the best path through the foramen, or the reason there is none."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, cast

import typer

from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.asking import find_weights, require_request
from kambin.cli.opening import opened_case
from kambin.cli.output import print_document, print_lines
from kambin.cli.plan_sets import find_member_folder, find_requests, finish_set
from kambin.cli.plan_words import print_next, print_plan, print_refusal
from kambin.core import FieldStore, PlanError
from kambin.desk.planning import find_head, write_answer
from kambin.exchange import PLAN_FILE, REFUSAL_FILE
from kambin.exchange.documents import require_writable
from kambin.knowledge import Margins
from kambin.planning import Plan, PlanRequest, Refusal, plan_trajectory
from kambin.planning.certainty_models import DEFAULT_SETTING, Setting


@app.command(
    epilog=examples(
        "kambin plan case --level L4-L5 --side left --zone paracentral -o plan",
        "kambin plan case --level L5-S1 --side right --zone foraminal --technique inside-out",
        "kambin plan case --level L3-L4 --side left --target 4.5,-121,281 --cannula 7.0 --json",
        "kambin plan case --level L4-L5 --side left --zone paracentral --also L5-S1:left -o plans",
        "kambin plan case --level L4-L5 --side left --zone central --bilateral -o plans",
        "kambin plan case --level L4-L5 --side left --errors compensated --weight reach=3 -o plan",
    )
)
def plan(  # noqa: PLR0913, PLR0917 - one option of the contract each
    case: options.Case,
    level: options.Level = None,
    side: options.Side = None,
    zone: options.Zone = None,
    target: options.Target = None,
    technique: options.Technique = None,
    cannula: Annotated[
        float | None, typer.Option("--cannula", metavar="MM", help="Outer diameter, mm.")
    ] = None,
    margins: Annotated[
        str, typer.Option("--margins", help="fluoroscopy, or plan-only with wider neural margins.")
    ] = "fluoroscopy",
    errors: Annotated[
        str,
        typer.Option(
            "--errors",
            help="Errors of place: uncompensated, or compensated where breathing is gated.",
        ),
    ] = DEFAULT_SETTING,
    weight: Annotated[
        list[str] | None,
        typer.Option("--weight", metavar="NAME=N", help="Weight of the objective; repeat it."),
    ] = None,
    also: Annotated[
        list[str] | None,
        typer.Option("--also", metavar="LEVEL:SIDE[:ZONE]", help="Another place; repeat it."),
    ] = None,
    bilateral: Annotated[
        bool, typer.Option("--bilateral", help="Plan from the other side as well.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Folder for the plan.")
    ] = None,
    new_version: Annotated[
        bool, typer.Option("--new-version", help="Plan into a folder whose plan is locked.")
    ] = False,
    json: options.Json = False,
) -> int:
    """Plan entry, target, tools and docking distance for one level and side.

    Exit code 5 when there is no safe path; the refusal then names the structure that binds, the
    stage and the millimetres that are missing. With --also or --bilateral each place gets its own
    plan or refusal, and planset.json says what they mean for each other.
    """
    # asked before the case is read: what is missing is told at once
    place = require_request(
        level, side, zone=zone, target=target, technique=technique, cannula_mm=cannula
    )
    request = replace(
        place,
        margins=cast("Margins", margins),
        weights=find_weights(weight or []),
        errors=cast("Setting", errors),
    )
    requests = find_requests(request, also or [], bilateral=bilateral)
    if out is not None:
        require_writable(out)
    if len(requests) > 1:
        return _plan_several(case, requests, out, new_version=new_version, json=json)
    # whoever writes here while this one is computed shall not be replaced unseen
    expected = None if out is None else find_head(out, new_version=new_version)
    answer = make_plan(case, request)
    # a refusal is an answer as well, written and printed like a plan; only the status differs
    if out is not None:
        write_answer(answer, out, expected=expected, new_version=new_version)
    if json:
        print_document(answer)
    else:
        _print_answer(answer, case, out)
    return 0 if isinstance(answer, Plan) else PlanError.exit_code


def _plan_several(
    case: Path,
    requests: Sequence[PlanRequest],
    out: Path | None,
    *,
    new_version: bool,
    json: bool,
) -> int:
    """Answer several questions, each in a folder of its own, and say what they mean together."""
    folders = [find_member_folder(out, request) for request in requests]
    # all of them before the first is computed: a locked one stops the whole set at once
    heads = [None if out is None else find_head(f, new_version=new_version) for f in folders]
    answers: dict[Path, Plan | Refusal] = {}
    for request, folder, head in zip(requests, folders, heads, strict=True):
        answer = make_plan(case, request)
        file = folder
        if out is not None:
            file = write_answer(answer, folder, expected=head, new_version=new_version)
        if not json:
            _print_answer(answer, case, None if out is None else folder)
        answers[file] = answer
    return finish_set(answers, out, json=json)


def _print_answer(answer: Plan | Refusal, case: Path, folder: Path | None) -> None:
    name = PLAN_FILE if isinstance(answer, Plan) else REFUSAL_FILE
    file = None if folder is None else folder / name
    if isinstance(answer, Plan):
        print_plan(answer, file)
    else:
        print_refusal(answer, file)
    if file is None:
        print_lines("Not kept  -o DIR writes the answer, for kambin verify, report and sign")
    else:
        print_next(answer, case, file)


def make_plan(
    folder: Path, request: PlanRequest, *, store: FieldStore | None = None
) -> Plan | Refusal:
    """Read the case, complete its anatomy and plan, with progress on standard error.

    Parameters
    ----------
    folder : the case folder
    request : PlanRequest
    store : FieldStore that keeps the distance fields for a report, or none

    Raises
    ------
    AnatomyError  (AN-020, AN-021) while a finding of the case stops or waits for a person;
        (AN-152) if the patient has no such level
    StoreError, InputError  as ``read_case``
    RequestError, AnatomyError  as ``plan_trajectory``
    """
    with opened_case(folder, request.level) as work:
        return plan_trajectory(
            work.case, work.anatomy, request, progress=work.progress, store=store
        )
