"""Step 1: the case that is open, and what its checks say."""

from kambin.app.logic.session import Session
from kambin.app.shown.findings import show_findings
from kambin.app.state import CaseView, Fact
from kambin.desk.gate import CheckedCase


def show_case(session: Session) -> CaseView:
    """Return the panel of the case.

    Parameters
    ----------
    session : Session
    """
    checked = session.checked
    if checked is None:
        return CaseView()
    return CaseView(
        is_open=True,
        facts=_facts(checked),
        findings=show_findings(checked.findings, checked.case.accepted_codes),
    )


def _facts(checked: CheckedCase) -> tuple[Fact, ...]:
    case, check = checked.case, checked.check
    spacing = " x ".join(f"{length:.1f}" for length in case.labels.spacing_mm)
    return (
        Fact("Folder", checked.folder.name),
        Fact("Image", "none: labels only" if case.image is None else "there"),
        Fact("Labels", f"{' x '.join(str(n) for n in case.labels.shape)} at {spacing} mm"),
        Fact("Counted", check.scheme.name),
        Fact("Levels", ", ".join(check.levels_present) or "none"),
        Fact("Content", case.sha256[:12]),
    )
