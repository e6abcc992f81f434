"""Step 6: versions side by side, and six ways to operate."""

from math import inf

from kambin.app.logic.session import Session
from kambin.app.logic.versions import list_versions
from kambin.app.state import Choice, CompareRow, CompareView
from kambin.approaches import Comparison
from kambin.core import KambinError
from kambin.planning import PlanComparison
from kambin.report.words import structure_words

Columns = tuple[tuple[str, ...], tuple[CompareRow, ...]]
"""Headings and rows."""

NOTHING: Columns = ((), ())

_NOTE = (
    "Voxels counted on this patient, the same way for each. "
    "It tells what a way takes, not how a patient fares."
)
_WAYS = {
    "transforaminal": "transforaminal",
    "interlaminar": "interlaminar",
    "microdiscectomy_tubular": "micro, tube",
    "microdiscectomy_retractor": "micro, retractor",
    "open_fenestration": "open fenestration",
    "open_laminectomy": "open laminectomy",
}
_TOLD = {
    "skin_mm": ("skin", "mm"),
    "muscle_dilated_mm3": ("muscle dilated", "mm³"),
    "muscle_detached_mm3": ("muscle detached", "mm³"),
    "lamina_mm3": ("lamina", "mm³"),
    "facet_mm3": ("facet", "mm³"),
    "flavum_mm3": ("flavum", "mm³"),
    "root_retraction_mm": ("root moved", "mm"),
    "reachable_fraction": ("reached", "%"),
    "visible_fraction": ("seen", "%"),
}


_NUMBERS = {
    "cannula_mm": ("cannula", "mm"),
    "entry.lateral_of_midline_mm": ("entry from the midline", "mm"),
    "entry.cranial_of_disc_line_mm": ("entry above the disc's line", "mm"),
    "entry.depth_mm": ("depth", "mm"),
    "angles.axial_inclination_to_disc_deg": ("inclination to the disc", "°"),
    "angles.craniocaudal_to_disc_deg": ("cranio-caudal to the disc", "°"),
    "docking.stop_mm": ("cannula ends before the target", "mm"),
    "resection.volume_mm3": ("bone taken", "mm³"),
    "resection.facet_kept_fraction": ("facet surface kept", "%"),
    "reach.reachable_fraction": ("reached", "%"),
    "reach.visible_fraction": ("seen", "%"),
    "objectives.nerve_clearance_mm": ("room to nerves", "mm"),
    "objectives.vessel_clearance_mm": ("room to vessels", "mm"),
    "objectives.organ_clearance_mm": ("room to organs", "mm"),
    "objectives.bone_clearance_mm": ("room to bone that stays", "mm"),
    "objectives.muscle_mm3": ("muscle on the way", "mm³"),
    "certainty.tolerance_entry_mm": ("the hand may err at the skin", "mm"),
    "certainty.tolerance_angle_deg": ("the hand may err", "°"),
    "objectives.score_mm": ("value by the plan's own weights", "mm"),
}
"""What is asked first, in the order of the panel; all other numbers are in ``kambin diff``."""

ROOM_DIFFERS_MM, MOST_ROOMS = 0.1, 8
"""Rooms that differ by less are alike at the eye, and so many are listed."""


def show_compare(session: Session, differences: Columns, ways: Columns) -> CompareView:
    """Return the panel of comparing.

    Parameters
    ----------
    session : Session
    differences : what was compared last of two versions
    ways : the six ways, once reckoned
    """
    try:
        versions = list_versions(session)
    except KambinError:
        # told where it is mended: at the step that reads them
        versions = ()
    return CompareView(
        versions=tuple(Choice(str(one.number), f"v{one.number} {one.kind}") for one in versions),
        columns=differences[0],
        rows=differences[1],
        ways=ways[0],
        way_rows=ways[1],
        note=_NOTE if ways[1] else "",
    )


def tell_differences(found: PlanComparison, left: str, right: str) -> Columns:
    """Return two plans side by side: what a surgeon asks first, then rooms, nearest first.

    Parameters
    ----------
    found : PlanComparison
    left, right : str, headings of its a and b
    """
    known = {one.name: one for one in found.numbers}
    numbers = tuple(
        _row(f"{words}, {unit}", known[name].a, known[name].b, unit)
        for name, (words, unit) in _NUMBERS.items()
        if name in known
    )
    return (left, right), numbers + _rooms(found)


def _rooms(found: PlanComparison) -> tuple[CompareRow, ...]:
    """Return to which structures the room of the nearest tool differs, the nearest first."""
    least: dict[str, tuple[float, float]] = {}
    for one in found.clearances:
        if one.a_mm is not None and one.b_mm is not None:
            a, b = least.get(one.structure, (inf, inf))
            least[one.structure] = (min(a, one.a_mm), min(b, one.b_mm))
    # what lies far from both paths differs most, and nobody asks about it
    nearest = sorted(
        (name for name, (a, b) in least.items() if abs(a - b) >= ROOM_DIFFERS_MM),
        key=lambda name: (min(least[name]), name),
    )
    return tuple(
        _row(f"to {structure_words(name)}, mm", *least[name], "mm") for name in nearest[:MOST_ROOMS]
    )


def _row(what: str, a: float | None, b: float | None, unit: str) -> CompareRow:
    values = _number(a, unit), _number(b, unit)
    # what differs by less than is shown would only make one look for it
    return CompareRow(what, values, differs=values[0] != values[1])


def tell_ways(found: Comparison) -> Columns:
    """Return what each way to operate takes, one column each.

    Parameters
    ----------
    found : Comparison
    """
    names = [name for name in _WAYS if name in found.approaches]
    rows = tuple(
        CompareRow(
            f"{words}, {unit}",
            tuple(_share(getattr(found.approaches[name], field), unit) for name in names),
        )
        for field, (words, unit) in _TOLD.items()
    )
    return tuple(_WAYS[name] for name in names), rows


def _share(number: float | None, unit: str) -> str:
    if number is None:
        return "n.a."
    return f"{100 * number:.0f}" if unit == "%" else f"{number:.0f}"


def _number(number: float | None, unit: str) -> str:
    if number is None:
        return "not assessed"
    return f"{100 * number:.0f}" if unit == "%" else f"{number:.2f}"
