"""What the report says of the fragment: what can be grasped, what is seen, what stays behind."""

from kambin.planning import Plan
from kambin.report.rows import Table
from kambin.report.words import fraction_words, mm_words


def reach_tables(plan: Plan) -> tuple[Table, ...]:
    """Return what of the fragment can be reached and seen from the docked cannula.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    tuple of one Table, percent and mm3
    """
    r = plan.reach
    rows = (
        ("Fragment within reach", fraction_words(r.reachable_fraction)),
        ("Fragment in view", fraction_words(r.visible_fraction)),
        ("Fragment left behind", mm_words(r.residual_mm3, "mm³")),
    )
    note = r.not_assessed_reason or ""
    return (Table("reach", "Reach and sight", ("What", "Value"), rows, note),)
