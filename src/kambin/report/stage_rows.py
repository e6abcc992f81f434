"""What the C-arm shows of each tip, and how the bevel of the cannula is turned."""

from kambin.planning import Plan
from kambin.report.rows import Table
from kambin.report.words import plain_words

_UNVERIFIED = " (unverified)"


def stage_tables(plan: Plan) -> tuple[Table, ...]:
    """Return the landmarks of the tips and the turns of the bevel.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    tuple of Table, mm and degrees; without the parts that are not assessed
    """
    tables = (_landmarks(plan), _bevels(plan))
    return tuple(table for table in tables if table.rows)


def _landmarks(plan: Plan) -> Table:
    rows = tuple(
        (
            f"{stage.tool} {2 * stage.radius_mm:.1f}",
            f"{seen.ap_zone}, {seen.ap_lateral_mm:.0f} mm of SL",
            f"{abs(seen.lateral_mm_of_pvl):.0f} mm "
            f"{'behind' if seen.lateral_mm_of_pvl > 0 else 'in front'}",
            (seen.title or "nothing is said of this tool here")
            + (_UNVERIFIED if seen.is_verified is False else ""),
            seen.action or "",
        )
        for stage in plan.stages
        if (seen := stage.landmark) is not None
    )
    columns = ("Tip of", "True AP", "True lateral, of PVL", "State", "Action")
    note = (
        "SL spinous line, MPL, midPL and LPL medial, middle and lateral pedicle line, PVL "
        "posterior vertebral line. Unverified rows are editable policy without a source at hand."
    )
    return Table("landmarks", "What the C-arm shows of each tip", columns, rows, note)


def _bevels(plan: Plan) -> Table:
    bevel = next((stage.bevel for stage in plan.stages if stage.bevel is not None), None)
    if bevel is None:
        return Table("bevel", "Bevel of the cannula", ("What", "Value"), ())
    rows = (
        ("Going in, the opening looks to", _clock(bevel.insertion_deg, bevel.insertion_clock)),
        ("away from", plain_words(bevel.away_from or "not assessed")),
        ("At work, the opening looks to", _clock(bevel.working_deg, bevel.working_clock)),
        ("towards", plain_words(bevel.towards or "not assessed")),
    )
    note = " ".join(word for word in (bevel.convention, bevel.not_assessed_reason or "") if word)
    return Table("bevel", "Bevel of the cannula", ("What", "Value"), rows, note)


def _clock(turn_deg: float | None, clock: int | None) -> str:
    return "not assessed" if turn_deg is None else f"{turn_deg:.0f}° ({clock} o'clock)"
