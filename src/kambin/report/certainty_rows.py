"""What the report says of how likely contact is and how far the hand may err."""

import math

from kambin.planning import Plan
from kambin.planning.certainty_models import Tolerance
from kambin.report.rows import Table
from kambin.report.words import mm_words, structure_words

# Less prints as 0.0 %, eighty times over.
_PRINTED_SHARE = 0.0005


def certainty_tables(plan: Plan) -> tuple[Table, ...]:
    """Return contact, tolerance and the sources of error.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    tuple of Table, percent, mm and degrees; without the parts that are not assessed
    """
    tables = (_contact(plan), _tolerance(plan), _sources(plan))
    return tuple(table for table in tables if table.rows)


def _contact(plan: Plan) -> Table:
    c = plan.certainty
    ordered = sorted(c.contact_probability.items(), key=lambda item: (-item[1], item[0]))
    rows = tuple(
        (
            structure_words(key),
            ("at most " if key in c.contact_at_most else "") + f"{100 * share:.1f} %",
            _interval_words(c.contact_interval.get(key)),
            c.contact_worst_stage.get(key, ""),
        )
        for key, share in ordered
        if share >= _PRINTED_SHARE
    )
    less = sum(share < _PRINTED_SHARE for _, share in ordered)
    if less:
        rows += ((f"each of {less} other structures", "below 0.05 %", "", ""),)
    note = "The largest over the stages, after the bone that is declared as removed."
    if c.setting is not None:
        note += (
            f" Errors of surface and pose, {c.setting}; {c.poses:,} poses. A position in the "
            f"patient is known to {c.displayed_uncertainty_mm or 0.0:.1f} mm at best."
        )
    columns = ("Structure", "Contact", "95 % interval", "Stage")
    return Table("certainty", "Probability of contact", columns, rows, note)


def _tolerance(plan: Plan) -> Table:
    c = plan.certainty
    rows: tuple[tuple[str, str], ...] = (
        ("The hand may err at the skin by", mm_words(c.tolerance_entry_mm)),
        ("The hand may err in angle by", mm_words(c.tolerance_angle_deg, "degrees")),
    )
    note = c.not_assessed_reason or ""
    if c.tolerance is not None:
        rows += (
            ("Both together: half axes of the ellipse",
             f"{c.tolerance.ellipse_entry_mm:.1f} mm, {c.tolerance.ellipse_angle_deg:.1f} degrees"),
            ("What limits it", structure_words(c.tolerance.limited_by)),
            ("Poses inside that the second checker passed", f"{c.tolerance.poses:,}"),
        )  # fmt: skip
        turned = "Turned about the skin entry; no hard margin is broken inside."
        note = f"{turned} {_in_words(c.tolerance)} {note}"
    return Table("tolerance", "Tolerance of the hand", ("What", "Value"), rows, note.strip())


def _in_words(of: Tolerance) -> str:
    """Return how far the angle may err where the entry already does."""
    entry_mm, angle_deg = of.ellipse_entry_mm, of.ellipse_angle_deg
    if entry_mm <= 0 or angle_deg <= 0:
        return "Neither entry nor angle may err."
    off_mm = entry_mm / 2
    left_deg = angle_deg * math.sqrt(1 - (off_mm / entry_mm) ** 2)
    return (
        f"In words: an entry that is {off_mm:.1f} mm off, to any side, leaves {left_deg:.1f} "
        f"degrees for the angle; one that is {entry_mm:.1f} mm off leaves none."
    )


def _sources(plan: Plan) -> Table:
    rows = tuple(
        (
            source.name.replace("_", " "),
            "per structure" if source.value is None else f"{source.value:.2g} {source.unit}",
            "" if source.sigma_per_axis is None
            else f"{source.sigma_per_axis:.2g} {source.unit} on {source.axes} axes",
            source.tag,
            source.source,
        )
        for source in plan.certainty.error_sources
    )  # fmt: skip
    columns = ("Source of error", "As quoted", "One sigma", "Tag", "From")
    note = "Tags: V read in the source, V2 seen second hand, M general knowledge, D derived."
    return Table("error-sources", "Where the uncertainty comes from", columns, rows, note)


def _interval_words(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f} %"
