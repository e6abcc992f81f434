"""The request behind a plan or a refusal, to be asked again of the same patient."""

from kambin.anatomy import Level
from kambin.frames import Side
from kambin.planning import Plan, PlanRequest, Refusal


def find_request(document: Plan | Refusal, *, aims_at_fragment: bool = False) -> PlanRequest | None:
    """Return what was asked, or none where nobody knows the target any more.

    Parameters
    ----------
    document : Plan or Refusal
    aims_at_fragment : bool, whether the case's fragment is the target where no zone was named;
        else it is the point that a plan came to, which a refusal does not have

    Returns
    -------
    PlanRequest; target in mm, LPS
    """
    target = None
    if document.zone is None and not aims_at_fragment:
        if isinstance(document, Refusal):
            return None
        target = document.trajectory.target_lps_mm
    return PlanRequest(
        Level.parse(document.level),
        Side(document.side),
        zone=document.zone,
        target_lps_mm=target,
        technique=document.technique,
        cannula_mm=document.cannula_mm,
        margins=document.margins,
    )
