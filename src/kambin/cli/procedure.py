"""``kambin procedure``: the steps of the operation with the plan's numbers, to take along."""

from kambin.approaches.anaesthesia import plan_anaesthesia
from kambin.cli import doses, options
from kambin.cli.app import app, examples
from kambin.cli.opening import open_plan
from kambin.cli.output import print_document, print_lines
from kambin.cli.plan_words import print_records
from kambin.desk.answers import with_answers
from kambin.desk.procedures import write_procedure
from kambin.exchange import find_answer_file
from kambin.knowledge import JURISDICTIONS
from kambin.report.procedure import make_procedure


@app.command(
    epilog=examples(
        "kambin procedure case plan -o sheet",
        'kambin procedure case plan -o sheet --weight-kg 70 --drug "lidocaine 0.5%"',
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
    weight was told.
    """
    request = None
    # a drug without a weight is no sheet without doses: it is a weight that was forgotten
    if weight_kg is not None or drug or reduce_for:
        request = doses.read_doses(weight_kg, drug, ceiling, at_most, reduce_for)
    checked, asked, anatomy = open_plan(case, plan)
    accepted = with_answers(checked, asked, find_answer_file(plan)).accepted_codes
    given = None if request is None else plan_anaesthesia(anatomy, asked, request)
    found = make_procedure(anatomy, asked, accepted=accepted, anaesthesia=given)
    files = write_procedure(out, found, asked, anatomy)
    if json:
        print_document(found)
        return
    print_lines(*(f"Written   {file}" for file in files))
    if found.plan_status != "ready":
        print_lines(f"The plan's status is {found.plan_status}.")
    print_records(found.findings)
