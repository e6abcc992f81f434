"""Step 6: versions side by side, and six ways to operate."""

from kambin.app.logic.session import Session
from kambin.app.logic.versions import list_versions
from kambin.app.state import Choice, CompareRow, CompareView
from kambin.approaches import Comparison
from kambin.core import KambinError
from kambin.planning import PlanComparison

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
    """Return two plans side by side, number by number.

    Parameters
    ----------
    found : PlanComparison
    left, right : str, headings of its a and b
    """
    numbers = tuple(
        CompareRow(
            one.name.replace("_", " ").replace(".", ", "),
            (_number(one.a), _number(one.b)),
            differs=bool(one.difference) or (one.a is None) != (one.b is None),
        )
        for one in found.numbers
    )
    return (left, right), numbers


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


def _number(number: float | None) -> str:
    return "not assessed" if number is None else f"{number:.2f}"
