"""What the report says of a plan."""

from kambin.knowledge import instruments, value
from kambin.planning import Clearance, Plan, Stage
from kambin.report.bone_rows import bone_tables
from kambin.report.certainty_rows import certainty_tables
from kambin.report.choice_rows import choice_tables
from kambin.report.proof_rows import corridor_table, proof_table
from kambin.report.reach_rows import reach_tables
from kambin.report.rows import Row, Table
from kambin.report.stage_rows import stage_tables
from kambin.report.words import (
    clearance_words,
    direction_words,
    mm_words,
    origin_words,
    point_words,
    structure_words,
)

# Less prints as 0.0 mm, of which neither short nor past is true.
_SAME_PLACE_MM = 0.05
# Eleven stages of eighty structures fill twenty pages; nobody reads "kidney, 91 mm" eleven times.
_STAGE_BY_STAGE_MM = 5.0
_ANGLE_NOTE = (
    "Convention {convention}: from target to entry. Axial inclination is measured from straight "
    "behind towards the asked side; cranio-caudal is positive when the entry is cranial. "
    "To the horizontal is 90 degrees minus the axial inclination, for the patient lying prone."
)


def verdict(plan: Plan, accepted: frozenset[str]) -> str:
    """Return in one sentence what the plan still needs.

    Parameters
    ----------
    plan : Plan
    accepted : codes of findings that a person has accepted
    """
    open_codes = sorted(
        {f.code for f in plan.findings if f.severity == "CONFIRM" and f.code not in accepted}
    )
    if open_codes:
        return f"Needs a named person's confirmation of {', '.join(open_codes)} before any use."
    return "All rules of the margin model are met; the judgement stays with the surgeon."


def facts(plan: Plan) -> tuple[Row, ...]:
    """Return the numbers one needs at the table: name, value, how it is meant.

    Returns
    -------
    rows of texts; lengths in mm
    """
    entry, side = plan.entry, plan.side
    tip = "not assessed"
    if entry.cranial_of_spinous_tip_mm is not None:
        tip = direction_words(entry.cranial_of_spinous_tip_mm, "cranial", "caudal")
    tip_name = f"of the spinous process {entry.spinous_tip}" if entry.spinous_tip else ""
    return (
        Row("Entry", f"{entry.lateral_of_midline_mm:.0f} mm {side.upper()}", "of the midline"),
        Row("Along the skin", f"{entry.along_skin_lateral_mm:.0f} mm", "from the midline, by tape"),
        Row(
            "Height",
            direction_words(entry.cranial_of_disc_line_mm, "cranial", "caudal"),
            "of the disc line on the skin",
        ),
        Row("Height", tip, tip_name or "of the nearest spinous process"),
        Row("Depth", f"{entry.depth_mm:.0f} mm", "skin to target along the axis"),
        Row(
            "Incision",
            f"{value('report.skin_incision_mm'):.0f} mm",
            "as papers print",
        ),
    )


def angle_table(plan: Plan) -> Table:
    """Return both angles in both frames and the complement to the horizontal.

    Returns
    -------
    Table, degrees, in the frame of the disc and in that of the patient
    """
    a = plan.angles
    rows = (
        (
            "Axial inclination",
            f"{a.axial_inclination_to_disc_deg:.1f}°",
            f"{a.axial_inclination_to_patient_deg:.1f}°",
        ),
        (
            # Some count from the table top: printed too, so that nobody converts in haste.
            "= to the horizontal",
            f"{90 - a.axial_inclination_to_disc_deg:.1f}°",
            f"{90 - a.axial_inclination_to_patient_deg:.1f}°",
        ),
        (
            "Cranio-caudal",
            _tilt_words(a.craniocaudal_to_disc_deg),
            _tilt_words(a.craniocaudal_to_patient_deg),
        ),
    )
    note = _ANGLE_NOTE.format(convention=a.convention)
    return Table("angles", "Angles", ("", "to the disc", "to the patient"), rows, note)


def summary_table(plan: Plan) -> Table:
    """Return each structure's least clearance over all stages, the closest first.

    Returns
    -------
    Table, mm, one row for each structure
    """
    best: dict[str, tuple[Clearance, Stage]] = {}
    for stage in plan.stages:
        for clearance in stage.clearances:
            known = best.get(clearance.structure)
            if known is None or clearance.clearance_mm < known[0].clearance_mm:
                best[clearance.structure] = (clearance, stage)
    # Equal gaps by name, so that the order is the same each time.
    ordered = sorted(best.values(), key=lambda pair: (pair[0].clearance_mm, pair[0].structure))
    return Table(
        "summary",
        "Least clearance of each structure",
        ("Structure", "Gap", "Stage", "Meaning"),
        tuple(
            (
                structure_words(clearance.structure) + (" (m)" if _modelled(clearance) else ""),
                f"{clearance.clearance_mm:.1f} mm",
                stage.tool,
                clearance_words(clearance),
            )
            for clearance, stage in ordered
        ),
        "(m) is modelled, not seen in the image.",
    )


def tool_table(plan: Plan) -> Table:
    """Return the sequence of tools with their true outer diameter and end point."""
    known = instruments()
    return Table(
        "tools",
        "Tools in sequence",
        ("Stage", "Instrument", "Outer Ø", "Ends, from target", "Depth"),
        tuple(
            (
                stage.tool,
                # A size of the user's own is in no table.
                known[stage.instrument].title if stage.instrument in known else stage.instrument,
                f"{2 * stage.radius_mm:.1f} mm",
                _stop_words(stage.stop_mm),
                f"{plan.trajectory.length_mm - stage.stop_mm:.0f} mm",
            )
            for stage in plan.stages
        ),
    )


def detail_tables(plan: Plan) -> tuple[Table, ...]:
    """Return the full tables: every clearance, the resection, reach, certainty, the points."""
    return (
        *choice_tables(plan),
        *(table for table in (corridor_table(plan),) if table.rows),
        proof_table(plan),
        _all_clearances(plan),
        *stage_tables(plan),
        *bone_tables(plan),
        *reach_tables(plan),
        *certainty_tables(plan),
        _points(plan),
    )


def _all_clearances(plan: Plan) -> Table:
    pairs = [(c, stage) for stage in plan.stages for c in stage.clearances]
    nearest: dict[str, tuple[Clearance, Stage]] = {}
    for c, stage in pairs:
        if c.structure not in nearest or c.clearance_mm < nearest[c.structure][0].clearance_mm:
            nearest[c.structure] = (c, stage)
    near = [(c, stage) for c, stage in pairs if _is_near(nearest[c.structure][0])]
    far = sorted(
        (pair for pair in nearest.values() if not _is_near(pair[0])),
        key=lambda pair: (pair[0].clearance_mm, pair[0].structure),
    )
    columns = ("Structure", "Stage", "Gap", "Margin", "Sigma", "Origin", "At (L, P, S)", "Meaning")
    note = (
        "Millimetres. The point lies on the tool's axis, in the patient's LPS frame. Structures "
        f"that stay {_STAGE_BY_STAGE_MM:.0f} mm or more beyond their margin come last, each with "
        "its nearest stage; plan.json has them stage by stage."
    )
    rows = tuple(_clearance_row(c, stage) for c, stage in near + far)
    return Table("clearances", "Every clearance, stage by stage", columns, rows, note)


def _is_near(c: Clearance) -> bool:
    return c.clearance_mm < _STAGE_BY_STAGE_MM + max(0.0, c.hard_margin_mm or 0.0)


def _clearance_row(c: Clearance, stage: Stage) -> tuple[str, ...]:
    return (
        structure_words(c.structure),
        f"{stage.tool} {2 * stage.radius_mm:.1f}",
        f"{c.clearance_mm:.2f}",
        "none" if c.hard_margin_mm is None else f"{c.hard_margin_mm:.1f}",
        f"{c.sigma_mm:.1f}",
        origin_words(c.origin),
        point_words(c.point_lps_mm),
        clearance_words(c),
    )


def _points(plan: Plan) -> Table:
    t, c, o = plan.trajectory, plan.certificate, plan.objectives
    gap = "not assessed" if c.continuum_gap_mm is None else f"{c.continuum_gap_mm:.2f} mm"
    rows = (
        ("Entry on the skin", point_words(t.entry_lps_mm)),
        ("Target", point_words(t.target_lps_mm)),
        ("Length", f"{t.length_mm:.1f} mm"),
        # Two witnesses of the side, and neither is computed from the other.
        ("Side by the entry's offset", _side_words(plan.side_witness.signed_offset_lps_mm)),
        ("Side by the guarded root", structure_words(plan.side_witness.guarded_root)),
        ("No listed candidate is worth more than", mm_words(c.upper_bound_mm)),
        ("Best found", f"{mm_words(c.objective_mm)} (gap {mm_words(c.gap_mm)})"),
        # Taken for its reach or for the room of the hand, a plan need not be the best found.
        *(() if o is None else (("This plan", mm_words(o.score_mm)),)),
        ("Between the listed candidates", gap),
    )
    note = "Points are millimetres in the patient's LPS frame: left, posterior, superior positive."
    return Table("points", "Points, side and search", ("What", "Value"), rows, note)


def _modelled(clearance: Clearance) -> bool:
    return clearance.origin == "modelled"


def _side_words(signed_offset_lps_mm: float) -> str:
    # LPS x grows to the patient's left.
    side = "LEFT" if signed_offset_lps_mm > 0 else "RIGHT"
    return f"{abs(signed_offset_lps_mm):.1f} mm to the patient's {side}"


def _stop_words(stop_mm: float) -> str:
    if abs(stop_mm) < _SAME_PLACE_MM:
        return "at it"
    return f"{abs(stop_mm):.1f} mm {'short' if stop_mm > 0 else 'past'}"


def _tilt_words(tilt_deg: float) -> str:
    return f"{abs(tilt_deg):.1f}° {'cranial' if tilt_deg >= 0 else 'caudal'}"
