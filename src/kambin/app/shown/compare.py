"""Step 6: versions side by side, and six ways to operate."""

from kambin.app.logic.session import Session
from kambin.app.logic.versions import list_versions
from kambin.app.state import Choice, CompareRow, CompareView
from kambin.core import KambinError

Columns = tuple[tuple[str, ...], tuple[CompareRow, ...]]
"""Headings and rows."""

_NOTE = (
    "Voxels counted on this patient, the same way for each. "
    "It tells what a way takes, not how a patient fares."
)


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
