"""What the report says of the fragment: what can be grasped, what is seen, what stays behind."""

from kambin.planning import Plan
from kambin.planning.reach_models import Reach
from kambin.report.rows import Table
from kambin.report.words import fraction_words, mm_words, point_words, structure_words


def reach_tables(plan: Plan) -> tuple[Table, ...]:
    """Return what of the fragment can be reached and seen from the docked cannula.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    tuple of one Table, percent, mm3, mm and degrees
    """
    r = plan.reach
    rows = (
        ("Fragment within reach", fraction_words(r.reachable_fraction)),
        ("Fragment in view", fraction_words(r.visible_fraction)),
        ("Fragment left behind", mm_words(r.residual_mm3, "mm³")),
        *(_details(r) if r.fragment_mm3 is not None else ()),
        *_residual(r),
    )
    note = r.not_assessed_reason or ""
    if r.blockers_modelled:
        named = ", ".join(structure_words(key) for key in r.blockers_modelled)
        note += f" In the way and modelled: {named}."
    return (Table("reach", "Reach and sight", ("What", "Value"), rows, note.strip()),)


def _details(r: Reach) -> tuple[tuple[str, str], ...]:
    turn = "" if r.best_rotation_deg is None else f" at {r.best_rotation_deg:.0f}°"
    return (
        ("Volume of the fragment", mm_words(r.fragment_mm3, "mm³")),
        ("Both reached and seen", fraction_words(r.both_fraction)),
        ("Neither", fraction_words(r.neither_fraction)),
        ("Reached by straight forceps alone", fraction_words(r.rigid_fraction)),
        ("Reached if nothing modelled were in the way",
         fraction_words(r.without_modelled_fraction)),
        ("Seen at the best rotation of the scope",
         fraction_words(r.visible_best_rotation_fraction) + turn),
        ("The cannula can be tilted by", mm_words(r.swivel_deg, "degrees")),
    )  # fmt: skip


def _residual(r: Reach) -> tuple[tuple[str, str], ...]:
    left = r.residual
    if left is None:
        return ()
    return (
        ("Largest piece left behind", f"{left.largest_mm3:.0f} mm³ of {left.pieces} pieces"),
        ("Its middle", point_words(left.centroid_lps_mm)),
        *(
            (f"Its gap to {structure_words(key)}", mm_words(gap))
            for key, gap in sorted(left.distances_mm.items())
        ),
    )
