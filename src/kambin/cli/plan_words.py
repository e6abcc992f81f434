"""A plan or a refusal as a person reads it in the terminal."""

from collections.abc import Iterable
from pathlib import Path

from kambin.cli.output import print_findings, print_lines, print_table
from kambin.core import Finding, Severity
from kambin.planning import FindingRecord, Plan, Refusal


def print_plan(plan: Plan, case: Path, file: Path | None) -> None:
    """Print the plan: where to enter, at which angles, what comes how close, and what is open."""
    entry, angles, trajectory = plan.entry, plan.angles, plan.trajectory
    print_lines(
        f"{plan.level} {plan.side.upper()}  {plan.technique}, cannula {plan.cannula_mm:g} mm"
        f"  -  {plan.status.replace('_', ' ')}",
        f"Entry     {entry.lateral_of_midline_mm:.0f} mm {plan.side} of the midline, "
        f"{abs(entry.cranial_of_disc_line_mm):.0f} mm "
        f"{'cranial' if entry.cranial_of_disc_line_mm >= 0 else 'caudal'} of the disc line; "
        f"{entry.along_skin_lateral_mm:.0f} mm along the skin",
        f"Angles    axial inclination {angles.axial_inclination_to_patient_deg:.1f} deg, "
        f"cranio-caudal {angles.craniocaudal_to_patient_deg:+.1f} deg to the patient; "
        f"{angles.axial_inclination_to_disc_deg:.1f} and "
        f"{angles.craniocaudal_to_disc_deg:+.1f} deg to the disc ({angles.convention})",
        f"Depth     {entry.depth_mm:.0f} mm from skin to target, path "
        f"{trajectory.length_mm:.0f} mm",
        f"Bone      {_bone(plan)}",
    )
    columns = ("tool", "mm", "stops short", "closest structure", "clearance", "sigma", "origin")
    print_table("Tools", columns, (_stage_cells(plan, n) for n in range(len(plan.stages))))
    if plan.not_assessed:
        print_lines("Not assessed: " + ", ".join(plan.not_assessed))
    print_records(plan.findings)
    # nothing was written, so there is no file that a next step could name
    if file is None:
        return
    print_lines(f"Plan      {file}")
    if plan.status == "needs_confirmation":
        codes = dict.fromkeys(f.code for f in plan.findings if f.severity == Severity.CONFIRM)
        print_lines(
            f"Answer    kambin confirm {file} --by NAME "
            + " ".join(f"--accept {code}" for code in codes)
        )
    print_lines(
        f"Next      kambin verify {case} {file}", f"Then      kambin report {case} {file} -o report"
    )


def print_refusal(refusal: Refusal, case: Path, file: Path | None) -> None:
    """Print why there is no plan: what binds, at which stage, and by how much."""
    binding = refusal.binding
    lack_mm = binding.deficit_mm
    missing = "no skin is in the image" if lack_mm is None else f"{lack_mm:.2f} mm are missing"
    verdict = "no safe path" if refusal.decidable else "cannot be decided with these labels"
    print_lines(
        f"{refusal.level} {refusal.side.upper()}  {refusal.technique}, "
        f"cannula {refusal.cannula_mm:g} mm  -  {verdict}",
        f"Binds     {binding.structure} at the {binding.stage}, {missing}",
    )
    print_records(refusal.findings)
    if file is not None:
        print_lines(f"Refusal   {file}", f"Next      kambin report {case} {file} -o report")


def print_records(records: Iterable[FindingRecord]) -> None:
    """Print the findings of a document."""
    print_findings(_finding(record) for record in records)


def _bone(plan: Plan) -> str:
    taken = plan.resection
    if taken.volume_mm3 is None:
        return f"not assessed: {taken.not_assessed_reason}"
    share = "" if taken.sap_fraction is None else f", {100 * taken.sap_fraction:.0f} % of the SAP"
    return f"{taken.volume_mm3:.0f} mm3 to remove{share}; stability {taken.stability_class}"


def _stage_cells(plan: Plan, number: int) -> tuple[str, ...]:
    stage = plan.stages[number]
    # a margin of none marks what the tools take away
    # what is removed is not approached: the closest structure is the closest that stays
    kept = [c for c in stage.clearances if c.hard_margin_mm is not None]
    if not kept:
        return (stage.tool, f"{2 * stage.radius_mm:.2f}", f"{stage.stop_mm:.1f}", "", "", "", "")
    closest = min(kept, key=lambda c: c.clearance_mm)
    unsure = " (inside uncertainty)" if closest.inside_uncertainty else ""
    return (
        stage.tool,
        f"{2 * stage.radius_mm:.2f}",
        f"{stage.stop_mm:.1f}",
        closest.structure,
        f"{closest.clearance_mm:.1f}{unsure}",
        f"{closest.sigma_mm:.1f}",
        closest.origin,
    )


def _finding(record: FindingRecord) -> Finding:
    return Finding(
        record.code,
        Severity(record.severity),
        record.what,
        record.where,
        record.why,
        record.next_step,
    )
