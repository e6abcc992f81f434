"""What the report says of the search: what it proves in plain words, and which ways there are."""

from kambin.knowledge import value
from kambin.planning import Certificate, Plan, Refusal
from kambin.report.rows import Table

_ONE = 1
_TIE_MM = 0.01


def proof_table(document: Plan | Refusal) -> Table:
    """Return what the certificate of a plan or a refusal proves, and what it does not.

    Parameters
    ----------
    document : Plan or Refusal

    Returns
    -------
    Table of two columns: what was asked, and the answer as a sentence
    """
    found = document.certificate
    listed = _of_plan(document) if isinstance(document, Plan) else _of_refusal(found)
    rows = (
        ("Among the listed paths", listed),
        ("Between the listed paths", _between(found, is_plan=isinstance(document, Plan))),
        (
            "How",
            f"{found.candidates:,} combinations of entry, target and docking distance were ruled "
            f"on in {found.nodes:,} steps; differences below 0.01 mm are ties.",
        ),
    )
    note = "A proof about these numbers, not about the patient: it is as good as the labels."
    return Table("proof", "What the search proves", ("Where", "What is known"), rows, note)


def corridor_table(plan: Plan) -> Table:
    """Return the distinct ways to the target, each with its own best path, one row each.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    Table, mm and degrees; without rows where none is told
    """
    rows = tuple(
        (
            str(n),
            f"{one.slack_mm:.1f} mm",
            f"{one.persistence_mm:.1f} mm",
            _range(one.lateral_mm, "mm"),
            _range(one.axial_inclination_deg, "°"),
            _range(one.craniocaudal_deg, "°"),
            ", ".join(f"{x:.0f}" for x in one.entry_lps_mm),
            f"{one.stop_mm:.0f} mm",
        )
        for n, one in enumerate(plan.corridors, _ONE)
    )
    columns = (
        "Way",
        "Room of its best",
        "Stays apart by",
        "Entry lateral",
        "Axial",
        "Cranio-caudal",
        "Best entry (L, P, S)",
        "Docks short",
    )
    counted = len(rows)
    note = (
        "There is one way; all paths that pass are its neighbours."
        if counted == _ONE
        else f"{counted} ways that do not run into each other while that much room is asked for."
    )
    return Table(
        "corridors",
        "Distinct ways to the target",
        columns,
        rows,
        f"{note} Room is above the hard margins; ranges are those of all paths that pass.",
    )


def _of_plan(plan: Plan) -> str:
    found, objectives = plan.certificate, plan.objectives
    best = "this plan"
    taken = ""
    if objectives is not None and found.objective_mm is not None:
        less_mm = found.objective_mm - objectives.score_mm
        if less_mm > _TIE_MM:
            best = "the best of the search"
            taken = (
                f" This plan is worth {less_mm:.2f} mm less than that best and was taken for its "
                "reach or for the room of the hand."
            )
    by = f" by over {found.gap_mm:.2f} mm" if found.gap_mm > 0 else ""
    return f"None is worth more than {best}{by}.{taken}"


def _of_refusal(found: Certificate) -> str:
    if found.objective_mm is None:
        return "None belongs to the technique's corridor."
    if found.objective_mm >= 0:
        return "Some pass the search; the best was stopped by a later check (see the findings)."
    return f"None passes; the nearest lacks {-found.objective_mm:.2f} mm of a hard margin."


def _between(found: Certificate, *, is_plan: bool) -> str:
    if found.continuum_gap_mm is None:
        return "Not bounded." if is_plan else "Not bounded: a path between them might pass."
    if found.continuum_gap_mm <= 0:
        return "None is worth more either."
    bound = (
        f"None is worth more by over {found.continuum_gap_mm:.2f} mm, a bound that holds and not "
        "an estimate: whether one is better at all was not asked."
    )
    wanted_mm = value("planning.continuum_gap_mm")
    if found.continuum_gap_mm <= wanted_mm:
        return bound
    # P06: a search that did not close is told as one
    todo = (
        "Look at the other plans to choose from as well, or move the path by hand and see whether "
        "it gains."
        if is_plan
        else "A path between them might pass."
    )
    return (
        "Not closed: the search between them ended at its limit of steps before its gap of "
        f"{wanted_mm:.1f} mm. {bound} {todo}"
    )


def _range(ends: tuple[float, float], unit: str) -> str:
    low, high = ends
    space = "" if unit == "°" else " "
    return f"{low:.0f} to {high:.0f}{space}{unit}"
