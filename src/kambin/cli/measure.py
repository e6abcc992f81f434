"""``kambin measure``: disc heights, foramina, crest, each with error and source."""

from kambin.cli.app import CaseArgument, JsonOption, LevelOption, SideOption, app, examples
from kambin.cli.asking import find_level, find_side
from kambin.cli.gate import read_checked_case, require_answered
from kambin.cli.output import print_document, print_findings, print_lines, print_table
from kambin.cli.progress import shown_progress
from kambin.cli.workbench import complete_once
from kambin.measure import Quantity, measure_case
from kambin.measure.herniation_words import describe_herniation


@app.command(
    epilog=examples("kambin measure case", "kambin measure case --level L4-L5 --side left --json")
)
def measure(
    case: CaseArgument,
    level: LevelOption = None,
    side: SideOption = None,
    json: JsonOption = False,
) -> None:
    """Measure the foramen, the disc and the iliac crest beside what papers report.

    Exit code 4 while a finding stops the case or waits for a person.
    """
    # before the case is read, so that a mistyped level costs no waiting
    asked_level, asked_side = find_level(level), find_side(side)
    checked = read_checked_case(case)
    require_answered(checked)
    with shown_progress() as progress:
        anatomy = complete_once(checked.case, progress)
    require_answered(checked, anatomy.findings)
    measured = measure_case(anatomy, checked.case, level=asked_level, side=asked_side)
    if json:
        print_document(measured.as_document())
        return
    columns = ("level", "side", "quantity", "value", "+-", "unit", "papers")
    print_table("Measurements", columns, (_cells(row) for row in measured))
    if measured.herniation is not None:
        lines = describe_herniation(measured.herniation)
        print_lines(*(f"{head:11}{line}" for head, line in lines))
    print_findings(measured.findings)


def _cells(row: Quantity) -> tuple[str, ...]:
    paper = row.literature
    known = "" if paper is None else f"{paper.mean:g}" + (f" +- {paper.sd:g}" if paper.sd else "")
    return (
        row.level,
        "" if row.side is None else str(row.side),
        row.quantity,
        "not assessed" if row.value is None else f"{row.value:.2f}",
        "" if row.uncertainty is None else f"{row.uncertainty:.2f}",
        row.unit,
        known,
    )
