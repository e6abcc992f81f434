"""``kambin demo``: a parametric patient, a plan, the second checker and a report."""

from pathlib import Path
from typing import Annotated

import typer

from kambin.anatomy import Level
from kambin.cli.app import RESEARCH_NOTICE, app, examples
from kambin.cli.output import print_lines
from kambin.cli.plan import make_plan
from kambin.cli.plan_words import print_plan, print_refusal
from kambin.cli.progress import shown_progress
from kambin.cli.report import make_report
from kambin.cli.verify import make_verdict, print_verdict
from kambin.core import PlanError
from kambin.desk.planning import write_answer
from kambin.desk.workbench import MemoryStore
from kambin.exchange import write_phantom
from kambin.exchange.documents import require_writable
from kambin.frames import Side
from kambin.phantom import PhantomParameters, build_phantom
from kambin.planning import Plan, PlanRequest

DEMO_LEVEL = Level("L4", "L5")
DEMO_SIDE = Side.LEFT
DEMO_ZONE = "paracentral"

FIRST_RUN = "The first run compiles the planner and is silent for some minutes; the next takes one."


@app.command(epilog=examples("kambin demo", "kambin demo -o somewhere"))
def demo(
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="DIR", help="Folder for case, plan and report.")
    ] = Path("demo"),
) -> int:
    """Show the main job on a patient made by code: L4-L5 left, a paracentral herniation.

    The planner sees what label tools give of a patient: vertebrae, organs and the image.
    """
    require_writable(out)
    print_lines(f"Kambin demo. {RESEARCH_NOTICE}", FIRST_RUN)
    case = out / "case"
    with shown_progress() as progress:
        progress.step("making the patient", 0, 1)
        parameters = PhantomParameters(level=DEMO_LEVEL, side=DEMO_SIDE, zone=DEMO_ZONE)
        # run twice, the demo replaces its own case; what is no case is never replaced
        write_phantom(build_phantom(parameters), case, force=True)
    store = MemoryStore()
    answer = make_plan(case, PlanRequest(DEMO_LEVEL, DEMO_SIDE, zone=DEMO_ZONE), store=store)
    file = write_answer(answer, out / "plan")
    if isinstance(answer, Plan):
        print_plan(answer, file)
        verdict = make_verdict(case, answer)
        print_verdict(verdict)
        # no report of a plan that the second checker does not confirm
        if not verdict.valid:
            return PlanError.exit_code
    else:
        print_refusal(answer, file)
    paths = make_report(case, answer, file, out / "report", store=store)
    verified = "verified " if isinstance(answer, Plan) else ""
    print_lines(
        f"Made      the patient {case}, the {verified}answer {file} and its report",
        f"Look at   {paths.html}",
        f"Print     {paths.pdf}",
    )
    return 0 if isinstance(answer, Plan) else PlanError.exit_code
