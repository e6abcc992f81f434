"""What the report says of the bone that goes, pass by pass, and of what other choices cost."""

from kambin.planning import Plan
from kambin.report.rows import Table
from kambin.report.words import fraction_words, mm_words

_CLASS_WORDS = {"at_risk": "at risk", "not_assessed": "not assessed"}
_PIVOT_WORDS = {"axis": "along the axis", "docking": "about the docking point", "skin": "at skin"}


def bone_tables(plan: Plan) -> tuple[Table, ...]:
    """Return the resection, its passes, and the curves against diameter and docking distance.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    tuple of Table, mm3, mm, degrees and percent; without the parts that are not assessed
    """
    tables = (_resection(plan), _passes(plan), _curves(plan))
    return tuple(table for table in tables if table.rows)


def _resection(plan: Plan) -> Table:
    r = plan.resection
    rows = (
        ("Bone removed", mm_words(r.volume_mm3, "mm³")),
        ("Least that lets the cannula pass", mm_words(r.needed_mm3, "mm³")),
        ("Share of the superior articular process", fraction_words(r.sap_fraction)),
        ("Ventro-dorsal share at mid-height", fraction_words(r.ventrodorsal_fraction)),
        ("Height over which the whole thickness goes", fraction_words(r.full_thickness_fraction)),
        ("Facet surface kept", fraction_words(r.facet_kept_fraction)),
        ("Rim bone removed", mm_words(r.rim_volume_mm3, "mm³")),
        ("Rim bone declared as removed", "yes" if r.rim_is_removed else "no"),
        ("Pars left", mm_words(r.pars_left_mm)),
        ("Pars removed", mm_words(r.pars_volume_mm3, "mm³")),
        ("Inferior process removed", mm_words(r.iap_volume_mm3, "mm³")),
        ("Stability class", _CLASS_WORDS.get(r.stability_class, r.stability_class)),
    )
    source = f"Stability: {r.stability_source}." if r.stability_source else ""
    note = " ".join(word for word in (r.not_assessed_reason or "", source) if word)
    return Table("resection", "Bone to remove", ("What", "Value"), rows, note)


def _passes(plan: Plan) -> Table:
    rows = tuple(
        (
            one.instrument,
            f"{2 * one.radius_mm:.1f} mm",
            f"{one.tilt_deg:.0f}° {_PIVOT_WORDS[one.pivot]}" if one.tilt_deg else "along the axis",
            f"{one.stop_mm:.1f} mm short",
            f"{one.taken_mm3:.0f} mm³",
        )
        for one in plan.resection.passes
    )
    columns = ("Reamer", "Outer Ø", "Direction", "Ends, from target", "Takes")
    note = (
        "Each takes what the ones before it left. A reamer ends where nothing to take lies ahead."
    )
    return Table("reamers", "Reaming, pass by pass", columns, rows, note)


def _curves(plan: Plan) -> Table:
    """Return both curves side by side, as long as the longer one."""
    wide = [(f"{p.diameter_mm:g} mm", f"{p.volume_mm3:.0f} mm³")
            for p in plan.resection.volume_against_diameter]  # fmt: skip
    deep = [(f"{p.stop_mm:g} mm", f"{p.volume_mm3:.0f} mm³")
            for p in plan.resection.volume_against_stop]  # fmt: skip
    longest = max(len(wide), len(deep))
    empty = [("", "")]
    rows = tuple(
        (*left, *right)
        for left, right in zip(
            wide + empty * (longest - len(wide)), deep + empty * (longest - len(deep)), strict=True
        )
    )
    columns = ("Cannula Ø", "Bone in its way", "Docks short by", "Bone in the way")
    note = f"On this axis. This plan: {plan.cannula_mm:g} mm."
    return Table("bone-curves", "Bone against diameter and docking distance", columns, rows, note)
