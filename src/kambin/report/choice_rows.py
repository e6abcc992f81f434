"""What the report says of the choice: why this path, what else there is, and which rules hold."""

from kambin.planning import Plan
from kambin.planning.choice_models import Objectives
from kambin.report.rows import Table
from kambin.report.words import (
    fraction_words,
    mm_words,
    plain_words,
    point_words,
    quantity_words,
    unit_words,
)


def choice_tables(plan: Plan) -> tuple[Table, ...]:
    """Return why a path was picked, its alternatives, what is usual, and every hard rule.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    tuple of Table; without the parts that a plan does not have, such as one of an older schema
    """
    tables = (_reasons(plan), _alternatives(plan), _usual(plan), _rules(plan))
    return tuple(table for table in tables if table.rows)


def _reasons(plan: Plan) -> Table:
    # What an alternative gains and costs stands in its own table.
    others = tuple(f"{other.name}:" for other in plan.alternatives)
    rows = tuple(
        (plain_words(sentence),) for sentence in plan.explanation if not sentence.startswith(others)
    )
    choice = plan.target_choice
    note = ""
    if choice is not None and choice.title is not None:
        note = (
            f"Aimed at: {choice.title}, {choice.off_goal_mm:.1f} mm off the rule's goal"
            f"{'' if choice.is_verified else ' (rule unverified)'}."
        )
    return Table("why", "Why this path", ("Because",), rows, note)


def _alternatives(plan: Plan) -> Table:
    """Return the plan and every way that is better in something, one row each."""
    rows: tuple[tuple[str, ...], ...] = ()
    if plan.objectives is not None:
        rows = (("this plan", *_numbers(plan.objectives), ""),)
    rows += tuple(
        (other.name, *_numbers(other.objectives), plain_words(other.why))
        for other in plan.alternatives
    )
    columns = ("Way", "To nerve", "Bone in the way", "Docks short", "In muscle", "Reached",
               "Hand at skin", "Against the plan")  # fmt: skip
    note = "None of them is better in everything. Entries: " + "; ".join(
        f"{other.name} at {point_words(other.entry_lps_mm)}" for other in plan.alternatives
    )
    note += "."
    if not plan.alternatives:
        note = "No other way is better in anything that is compared."
    note += f" {_bone_words(plan)}"
    return Table("alternatives", "What else there is", columns, rows, note)


def _bone_words(plan: Plan) -> str:
    """Return what the bone of an alternative is, and what it is not."""
    if plan.resection.volume_mm3 is None:
        return f"Bone in the way is not assessed: {plan.resection.not_assessed_reason}"
    return (
        "Bone in the way is the search's own count, alike for every way; what the reamers take "
        "stands under Bone to remove."
    )


def _numbers(of: Objectives) -> tuple[str, ...]:
    return (
        mm_words(of.nerve_clearance_mm),
        "not assessed" if of.bone_mm3 is None else f"{of.bone_mm3:.0f} mm³",
        f"{of.docking_mm:.1f} mm",
        f"{of.muscle_mm3 / 10.0**3:.1f} cm³",
        fraction_words(of.reachable_fraction),
        mm_words(of.tolerance_entry_mm),
    )


def _usual(plan: Plan) -> Table:
    rows = tuple(
        (
            quantity_words(one.name, one.unit),
            f"{one.value:.0f} {unit_words(one.unit)}",
            f"{one.low:.0f} to {one.high:.0f} {unit_words(one.unit)}",
            # Not "left": the word belongs to the patient's side.
            "outside" if one.is_left else "inside",
            one.source,
        )
        for one in plan.preferences
    )
    columns = ("What", "This plan", "Usual", "It is", "From")
    note = "Nothing is demanded of these; they say what surgeons usually do."
    return Table("usual", "Beside what is usual", columns, rows, note)


def _rules(plan: Plan) -> Table:
    rows = tuple(
        (
            rule.id,
            plain_words(rule.what),
            "not assessed" if rule.value is None else _amount(rule.value, rule.unit),
            f"{rule.comparison} {_amount(rule.threshold, rule.unit)}",
            " ".join(
                plain_words(word) for word in (rule.stage or "", rule.structure or "")
            ).strip(),
            "holds" if rule.passed else rule.severity,
            rule.source,
        )
        for rule in plan.rules
    )
    columns = ("Rule", "What", "Here", "Demanded", "Where", "Answer", "From")
    return Table("rules", "Every hard rule", columns, rows)


def _amount(value: float, unit: str) -> str:
    # A share or a count has the unit 1, which nobody says.
    return f"{value:.2f}".rstrip("0").rstrip(".") + ("" if unit == "1" else f" {unit_words(unit)}")
