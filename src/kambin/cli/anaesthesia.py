"""``kambin anaesthesia``: layers on the way, drugs under their ceiling, what is asked."""

from kambin.approaches.anaesthesia import plan_anaesthesia
from kambin.approaches.anaesthesia_models import Anaesthesia, Mixture
from kambin.cli import doses, options
from kambin.cli.app import app, examples
from kambin.cli.opening import open_plan
from kambin.cli.output import print_document, print_lines, print_table
from kambin.cli.plan_members import refuse_doses
from kambin.cli.plan_words import print_records
from kambin.cli.verify_sets import find_set_file
from kambin.knowledge import JURISDICTIONS


@app.command(
    epilog=examples(
        "kambin anaesthesia case plan --weight-kg 70",
        'kambin anaesthesia case plan --weight-kg 70 --drug "lidocaine 0.5%" --reduce-for none',
        "kambin anaesthesia case plan --weight-kg 55 --drug lidocaine:1 "
        "--drug lidocaine:0.5@foramen --ceiling uk --json",
    )
)
def anaesthesia(
    case: options.Case,
    plan: options.Plan,
    weight_kg: doses.Weight = None,
    drug: doses.Drug = None,
    ceiling: doses.Ceiling = JURISDICTIONS[0],
    at_most: doses.Share = 1.0,
    reduce_for: doses.Reduce = None,
    json: options.Json = False,
) -> None:
    """List the layers on the way of a plan, what each is given, and what the patient is asked.

    Volumes of all drugs together stay under their ceilings. Nothing is assumed: not the weight,
    not the drug, not its concentration. Of a set one plan is named: one patient has one ceiling.
    """
    # asked before the case is read: what makes no sense is told at once
    request = doses.read_doses(weight_kg, drug, ceiling, at_most, reduce_for)
    if (file := find_set_file(plan)) is not None:
        raise refuse_doses(file)
    _, asked, anatomy = open_plan(case, plan)
    found = plan_anaesthesia(anatomy, asked, request)
    if json:
        print_document(found)
    else:
        print_anaesthesia(found)


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
