"""``kambin procedure``: the steps of the operation with the plan's numbers, to take along."""

from collections.abc import Sequence
from pathlib import Path

from kambin.approaches.anaesthesia import DrugRequest, plan_anaesthesia
from kambin.cli import doses, options
from kambin.cli.app import app, examples
from kambin.cli.opening import open_plan
from kambin.cli.output import print_document, print_lines, with_version
from kambin.cli.plan_members import find_open_findings, find_plans, refuse_doses
from kambin.cli.plan_words import print_records
from kambin.cli.verify_sets import find_set_file
from kambin.desk.answers import with_answers
from kambin.desk.procedures import write_procedure
from kambin.exchange import find_answer_file, read_plan_set
from kambin.exchange.documents import require_writable
from kambin.knowledge import JURISDICTIONS
from kambin.planning import FindingRecord
from kambin.report.procedure import make_procedure
from kambin.report.procedure_models import Procedure


@app.command(
    epilog=examples(
        "kambin procedure case plan -o sheet",
        'kambin procedure case plan -o sheet --weight-kg 70 --drug "lidocaine 0.5%"',
        "kambin procedure case plans -o sheets",
    )
)
def procedure(  # noqa: PLR0913, PLR0917 - one option of the sheet each
    case: options.Case,
    plan: options.Plan,
    out: options.Folder,
    weight_kg: doses.Weight = None,
    drug: doses.Drug = None,
    ceiling: doses.Ceiling = JURISDICTIONS[0],
    at_most: doses.Share = 1.0,
    reduce_for: doses.Reduce = None,
    json: options.Json = False,
) -> None:
    """Write the procedure sheet of a plan: marks, C-arm, tools, steps, and what follows.

    Two or three pages to print, and the same as a document. Doses stand on it only where a
    weight was told. Of a set every plan has a sheet in a folder of its own, without doses.
    """
    request = None
    # a drug without a weight is no sheet without doses: it is a weight that was forgotten
    if weight_kg is not None or drug or reduce_for:
        request = doses.read_doses(weight_kg, drug, ceiling, at_most, reduce_for)
    require_writable(out)
    if (file := find_set_file(plan)) is not None:
        if request is not None:
            raise refuse_doses(file)
        _write_set(case, file, out, json=json)
        return
    found, files = _write_sheet(case, plan, out, request)
    if json:
        print_document(found)
        return
    _show(found, files)


def _write_sheet(
    case: Path,
    plan: Path,
    out: Path,
    request: DrugRequest | None = None,
    asked_of_set: tuple[FindingRecord, ...] = (),
) -> tuple[Procedure, tuple[Path, Path]]:
    """Write the sheet of one plan, and return it with its files."""
    checked, asked, anatomy = open_plan(case, plan)
    accepted = with_answers(checked, asked, find_answer_file(plan)).accepted_codes
    given = None if request is None else plan_anaesthesia(anatomy, asked, request)
    found = make_procedure(
        anatomy, asked, accepted=accepted, anaesthesia=given, asked_of_set=asked_of_set
    )
    return found, write_procedure(out, found, asked, anatomy)


def _write_set(case: Path, file: Path, out: Path, *, json: bool) -> None:
    """Write a sheet for every plan of a set, each into a folder of its own."""
    together = read_plan_set(file)
    asked = find_open_findings(together, file)
    made = {
        one.folder: _write_sheet(case, one.file, out / one.folder, asked_of_set=asked)
        for one in find_plans(together, file)
    }
    if json:
        sheets = {name: found.model_dump(mode="json") for name, (found, _) in made.items()}
        print_document(with_version({"sheets": sheets}))
        return
    for found, files in made.values():
        print_lines(f"{found.level} {found.side}")
        _show(found, files)
    refused = [f"{row.level} {row.side}" for row in together.members if row.status == "refused"]
    print_lines(*(f"{name}: refused, no sheet" for name in refused))


def _show(found: Procedure, files: Sequence[Path]) -> None:
    print_lines(*(f"Written   {file}" for file in files))
    if found.plan_status != "ready":
        print_lines(f"The plan's status is {found.plan_status}.")
    print_records(found.findings)
