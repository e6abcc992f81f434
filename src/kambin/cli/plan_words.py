"""A plan or a refusal as a person reads it in the terminal."""

from collections.abc import Iterable
from pathlib import Path

from kambin.cli.output import print_findings, print_lines, print_table
from kambin.core import Finding, Severity
from kambin.planning import FindingRecord, Plan, Refusal
from kambin.planning.choice_models import Objectives

MOST_ROWS = 4
"""Structures whose contact is told to a person; the document has them all."""


def print_plan(plan: Plan, file: Path | None) -> None:
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
        f"Reach     {_reach(plan)}",
        f"Hand      {_hand(plan)}",
    )
    columns = ("tool", "mm", "stops short", "closest structure", "clearance", "sigma", "origin")
    print_table("Tools", columns, (_stage_cells(plan, n) for n in range(len(plan.stages))))
    _print_contact(plan)
    _print_other_ways(plan)
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


def print_refusal(refusal: Refusal, file: Path | None) -> None:
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
        print_lines(f"Refusal   {file}")


def print_next(answer: Plan | Refusal, case: Path, file: Path) -> None:
    """Print what to call next with an answer that was written."""
    look = f"kambin report {case} {file} -o report"
    if isinstance(answer, Plan):
        print_lines(f"Next      kambin verify {case} {file}", f"Then      {look}")
    else:
        print_lines(f"Next      {look}")


def print_records(records: Iterable[FindingRecord]) -> None:
    """Print the findings of a document."""
    print_findings(_finding(record) for record in records)


def _bone(plan: Plan) -> str:
    taken = plan.resection
    if taken.volume_mm3 is None:
        return f"not assessed: {taken.not_assessed_reason}"
    share = "" if taken.sap_fraction is None else f", {100 * taken.sap_fraction:.0f} % of the SAP"
    return f"{taken.volume_mm3:.0f} mm3 to remove{share}; stability {taken.stability_class}"


def _reach(plan: Plan) -> str:
    reach = plan.reach
    if reach.reachable_fraction is None or reach.visible_fraction is None:
        return f"not assessed: {reach.not_assessed_reason or 'it was not asked'}"
    left = "" if reach.residual_mm3 is None else f"; {reach.residual_mm3:.0f} mm3 stay behind"
    return (
        f"forceps come to {reach.reachable_fraction:.0%} of the fragment, the scope shows "
        f"{reach.visible_fraction:.0%}{left}"
    )


def _hand(plan: Plan) -> str:
    found = plan.certainty
    if found.tolerance_entry_mm is None or found.tolerance_angle_deg is None:
        return f"no tolerance: {found.not_assessed_reason or 'it was not asked'}"
    limit = "" if found.tolerance is None else f"; {found.tolerance.limited_by} is met first"
    return (
        f"may be off by {found.tolerance_entry_mm:.1f} mm at the skin or by "
        f"{found.tolerance_angle_deg:.1f} deg about it before a margin breaks, after the second "
        f"check{limit}"
    )


def _print_contact(plan: Plan) -> None:
    """Print what is likeliest to be touched, with what the number is known to."""
    found = plan.certainty
    likely = sorted(found.contact_probability.items(), key=lambda pair: (-pair[1], pair[0]))
    rows = []
    for name, chance in likely[:MOST_ROWS]:
        low, high = found.contact_interval.get(name, (chance, chance))
        word = "at most " if name in found.contact_at_most else ""
        rows.append(
            (
                name,
                f"{word}{chance:.1%}",
                f"{low:.1%} to {high:.1%}",
                found.contact_worst_stage.get(name, ""),
            )
        )
    if not rows:
        return
    left = len(likely) - len(rows)
    title = f"Contact, errors {found.setting or 'not named'}"
    print_table(title, ("structure", "probability", "known to", "tool"), rows)
    if left > 0:
        print_lines(f"{left} more structures are less likely to be touched.")


def _print_other_ways(plan: Plan) -> None:
    """Print why this way was picked, the others there are, and the corridors they lie in."""
    if plan.explanation:
        print_lines(f"Picked    {plan.explanation[0]}")
    if plan.alternatives:
        columns = ("way", "room mm", "hand mm", "reach", "bone mm3", "short mm", "goal mm")
        ways = (
            ("this plan", plan.objectives),
            *((o.name, o.objectives) for o in plan.alternatives),
        )
        judged = [(name, o) for name, o in ways if o is not None]
        print_table("Alternatives", columns, (_way_cells(name, o) for name, o in judged))
        _print_what_ways_tell([o for _, o in judged])
    if plan.corridors:
        places = (
            f"{min(c.lateral_mm):.0f} to {max(c.lateral_mm):.0f} mm lateral, room "
            f"{c.slack_mm:.1f} mm"
            for c in plan.corridors
        )
        print_lines(f"Corridors {len(plan.corridors)} among the listed paths: {'; '.join(places)}")


def _print_what_ways_tell(judged: Iterable[Objectives]) -> None:
    """Print what hand and bone of the alternatives are, which other rows tell otherwise."""
    lacking = [o.not_measured["bone_mm3"] for o in judged if "bone_mm3" in o.not_measured]
    bone = (
        f"bone is not assessed: {lacking[0]}"
        if lacking
        else "bone is what lies in the cannula's way, not what the reamers take."
    )
    print_lines(f"Ways      hand is before the second check; {bone}")


def _way_cells(name: str, judged: Objectives) -> tuple[str, ...]:
    tolerance, reach = judged.tolerance_entry_mm, judged.reachable_fraction
    return (
        name,
        f"{judged.room_mm:.1f}",
        "-" if tolerance is None else f"{tolerance:.1f}",
        "-" if reach is None else f"{reach:.0%}",
        "-" if judged.bone_mm3 is None else f"{judged.bone_mm3:.0f}",
        f"{judged.docking_mm:.0f}",
        f"{judged.off_target_mm:.1f}",
    )


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
