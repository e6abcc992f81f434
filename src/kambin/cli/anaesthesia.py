"""``kambin anaesthesia``: layers on the way, drugs under their ceiling, what is asked."""

from pathlib import Path
from typing import Annotated

import typer

from kambin.anatomy import Anatomy, Case
from kambin.approaches.anaesthesia import DrugRequest, plan_anaesthesia
from kambin.approaches.anaesthesia_models import Anaesthesia, Mixture
from kambin.approaches.dose_remarks import REDUCE_FOR
from kambin.approaches.drug_words import read_drug, require_share, require_weight
from kambin.cli.app import CaseArgument, JsonOption, app, examples
from kambin.cli.output import print_document, print_lines, print_table
from kambin.cli.plan_words import print_records
from kambin.cli.progress import shown_progress
from kambin.cli.verify import PlanArgument, stale_plan
from kambin.core import RequestError
from kambin.desk.gate import read_checked_case, require_answered
from kambin.desk.workbench import complete_once
from kambin.exchange import find_answer_file, read_plan
from kambin.knowledge import JURISDICTIONS, Jurisdiction
from kambin.planning import Plan

WeightOption = Annotated[
    float | None,
    typer.Option("--weight-kg", metavar="KG", help="Body weight; there is no default."),
]
DrugOption = Annotated[
    list[str] | None,
    typer.Option(
        "--drug",
        metavar="DRUG",
        help='Such as "lidocaine 0.5%" or ropivacaine:0.3@foramen; repeat it. Without it every '
        "drug of the tables is told and none chosen.",
    ),
]
CeilingOption = Annotated[
    str, typer.Option("--ceiling", metavar="TABLE", help=f"{', '.join(JURISDICTIONS)}.")
]
ShareOption = Annotated[
    float, typer.Option("--at-most", metavar="SHARE", help="Share of the ceiling, 0 to 1.")
]
ReduceOption = Annotated[
    list[str] | None,
    typer.Option("--reduce-for", metavar="WORD", help=f"{', '.join(REDUCE_FOR)}; repeat it."),
]


@app.command(
    epilog=examples(
        "kambin anaesthesia case plan --weight-kg 70",
        'kambin anaesthesia case plan --weight-kg 70 --drug "lidocaine 0.5%" --reduce-for none',
        "kambin anaesthesia case plan --weight-kg 55 --drug lidocaine:1 "
        "--drug lidocaine:0.5@foramen --ceiling uk --json",
    )
)
def anaesthesia(
    case: CaseArgument,
    plan: PlanArgument,
    weight_kg: WeightOption = None,
    drug: DrugOption = None,
    ceiling: CeilingOption = JURISDICTIONS[0],
    at_most: ShareOption = 1.0,
    reduce_for: ReduceOption = None,
    json: JsonOption = False,
) -> None:
    """List the layers on the way of a plan, what each is given, and what the patient is asked.

    Volumes of all drugs together stay under their ceilings. Nothing is assumed: not the weight,
    not the drug, not its concentration.
    """
    # asked before the case is read: what makes no sense is told at once
    request = make_request(weight_kg, drug, ceiling, at_most, reduce_for)
    _, asked, anatomy = open_plan(case, plan)
    found = plan_anaesthesia(anatomy, asked, request)
    if json:
        print_document(found)
    else:
        print_anaesthesia(found)


def make_request(
    weight_kg: float | None,
    drugs: list[str] | None,
    ceiling: str,
    at_most: float,
    reduce_for: list[str] | None,
) -> DrugRequest:
    """Return what a person says of patient and drugs, refused where it makes no sense.

    Parameters
    ----------
    weight_kg : float or none, kg
    drugs : as written on the command line
    ceiling : name of the tables
    at_most : float, share of the ceiling
    reduce_for : words of ``REDUCE_FOR``

    Raises
    ------
    RequestError  (RQ-140 to RQ-145)
    """
    jurisdiction: Jurisdiction | None = next((n for n in JURISDICTIONS if n == ceiling), None)
    words = tuple(dict.fromkeys(reduce_for or ()))
    strange = [word for word in words if word not in REDUCE_FOR]
    contradicts = "none" in words and len(words) > 1
    if jurisdiction is None or strange or contradicts:
        raise RequestError(
            code="RQ-145",
            what="An option of the anaesthesia is not understood",
            where=f"--ceiling {ceiling[:20]!r}" if jurisdiction is None else "--reduce-for",
            why=f"Ceilings are {', '.join(JURISDICTIONS)}; reasons to reduce are "
            f"{', '.join(REDUCE_FOR)}, and none stands alone.",
            next_step="Use one of these words.",
        )
    return DrugRequest(
        require_weight(weight_kg),
        tuple(read_drug(word) for word in drugs or ()),
        jurisdiction,
        require_share(at_most),
        words,
    )


def open_plan(folder: Path, place: Path) -> tuple[Case, Plan, Anatomy]:
    """Return a case, a plan that was made on it, and its completed anatomy.

    Parameters
    ----------
    folder : the case folder
    place : plan file, or the folder that holds it

    Raises
    ------
    PlanError  (PL-020) if the case changed since the plan was made, or is another one
    AnatomyError  (AN-020, AN-021) while a finding of the case stops or waits for a person
    StoreError, InputError  as ``read_case`` and ``read_plan``
    """
    asked = read_plan(find_answer_file(place))
    checked = read_checked_case(folder)
    if checked.case.sha256 != asked.case_sha256:
        raise stale_plan(checked.case.sha256, asked)
    require_answered(checked)
    with shown_progress() as progress:
        return checked.case, asked, complete_once(checked.case, progress)


def print_anaesthesia(found: Anaesthesia) -> None:
    """Print layers, volumes, ceilings, checkpoints and stop rules."""
    print_lines(
        f"{found.level} {found.side.upper()}  {found.weight_kg:g} kg, ceiling: {found.ceiling}",
        *([f"The plan's status is {found.plan_status}."] if found.plan_status != "ready" else []),
    )
    print_table(
        f"Layers on the way, {found.path_length_mm:.0f} mm from skin to target",
        ("layer", "from mm", "to mm", "mm", "origin"),
        (
            (x.title, f"{x.from_mm:.1f}", f"{x.to_mm:.1f}", f"{x.length_mm:.1f}", x.origin)
            for x in found.layers
        ),
    )
    if found.chosen is not None:
        _print_mixture(found.chosen)
    else:
        _print_alternatives(found)
    for checkpoint in found.checkpoints:
        depth = "" if checkpoint.to_mm is None else f", tip to {checkpoint.to_mm:.0f} mm"
        print_lines(f"{checkpoint.title}{depth} [{checkpoint.tag}]: {checkpoint.ask}")
        for row in checkpoint.reports:
            print_lines(f"    {row.says}: {row.means}. {row.action} [{row.tag}]")
    print_lines(*(f"Stop      {row.says} [{row.tag}]" for row in found.stop_rules))
    print_lines(*(f"{row.what}: {row.says} [{row.tag}]" for row in found.timing))
    print_records(found.findings)
    print_lines(found.notice)


def _print_mixture(mixture: Mixture) -> None:
    print_table(
        "What each part is given",
        ("part", "mm", "drug", "mL", "mg"),
        (
            (
                part.title,
                "-" if part.from_mm is None else f"{part.from_mm:.1f} to {part.to_mm:.1f}",
                "-" if part.drug is None else f"{part.drug} {part.percent:g} %",
                "-" if part.volume_ml is None else f"{part.volume_ml:.1f}",
                "-" if part.dose_mg is None else f"{part.dose_mg:.1f}",
            )
            for part in mixture.infiltration
        ),
    )
    for drug in mixture.drugs:
        share = "" if drug.fraction is None else f", {100 * drug.fraction:.1f} % of it given"
        print_lines(f"{drug.title}: at most {drug.limit_mg:g} mg{share}")
    if mixture.fraction_of_ceiling is not None:
        print_lines(f"Sum       {100 * mixture.fraction_of_ceiling:.1f} % of the ceiling")


def _print_alternatives(found: Anaesthesia) -> None:
    rows = [(one, drug) for one in found.alternatives for drug in one.drugs]
    print_table(
        "No drug was chosen; each by itself",
        ("drug", "%", "at most mg", "mL", "by", "least to most of ceiling"),
        (
            (
                drug.title,
                "-" if drug.percent is None else f"{drug.percent:g}",
                f"{drug.limit_mg:g}",
                "-" if drug.limit_ml is None else f"{drug.limit_ml:g}",
                ", ".join(f"{t.table} {t.source} [{t.tag}]" for t in drug.ceilings if t.rules),
                "-"
                if drug.percent is None
                else f"{one.least_fraction:.2f} to {one.most_fraction:.2f}",
            )
            for one, drug in rows
        ),
    )
