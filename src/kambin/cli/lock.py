"""``kambin lock``: a signed plan that nothing replaces any more."""

from dataclasses import asdict

from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.output import print_document, print_lines, with_version
from kambin.desk.clock import SystemClock
from kambin.exchange import find_answer_file, lock_plan_file, read_case


@app.command(epilog=examples("kambin lock case plan/plan.json"))
def lock(case: options.Case, plan: options.Plan, json: options.Json = False) -> None:
    """Lock a signed plan: nothing replaces it unasked from now on.

    A plan that is made anew needs another folder, or --new-version, which keeps the locked one.
    """
    file = find_answer_file(plan)
    moment = SystemClock().now().isoformat(timespec="seconds")
    case_sha256 = read_case(case).sha256
    signatures = lock_plan_file(file, at=moment, case_sha256=case_sha256)
    if json:
        rows = [asdict(signature) for signature in signatures]
        print_document(with_version({"plan": str(file), "locked": True, "signatures": rows}))
        return
    print_lines(f"Locked    {file}, signed by {', '.join(s.by for s in signatures)}")
