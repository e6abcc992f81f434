"""The question behind a plan or a refusal, to be asked again of the same patient."""

from kambin.anatomy import Level
from kambin.frames import Side
from kambin.knowledge import techniques
from kambin.planning.certainty_models import DEFAULT_SETTING, Setting
from kambin.planning.models import Plan, Refusal
from kambin.planning.request import PlanRequest


def repeat_plan_request(plan: Plan) -> PlanRequest:
    """Return what was asked for: a zone, or the point that the plan came to.

    Parameters
    ----------
    plan : Plan

    Returns
    -------
    PlanRequest; target in mm, LPS

    Raises
    ------
    RequestError  (RQ-002) if the plan names no lumbar level
    """
    return _repeat(plan, None if plan.zone else plan.trajectory.target_lps_mm)


def repeat_request(
    document: Plan | Refusal, *, aims_at_fragment: bool = False
) -> PlanRequest | None:
    """Return what was asked, or none where a refusal's target is not known any more.

    Parameters
    ----------
    document : Plan or Refusal
    aims_at_fragment : bool, whether the case's fragment is the target where no zone was named;
        else it is the point that a plan came to, which a refusal does not have

    Returns
    -------
    PlanRequest; target in mm, LPS

    Raises
    ------
    RequestError  (RQ-002) if the document names no lumbar level
    """
    if document.zone is not None or aims_at_fragment:
        return _repeat(document, None)
    return repeat_plan_request(document) if isinstance(document, Plan) else None


def _repeat(
    document: Plan | Refusal, target_lps_mm: tuple[float, float, float] | None
) -> PlanRequest:
    return PlanRequest(
        Level.parse(document.level),
        Side(document.side),
        zone=document.zone,
        target_lps_mm=target_lps_mm,
        technique=document.technique,
        cannula_mm=document.cannula_mm,
        margins=document.margins,
        weights=find_own_weights(document),
        errors=find_setting(document),
    )


def find_own_weights(document: Plan | Refusal) -> dict[str, float]:
    """Return the weights that a surgeon gave: those that are not the technique's.

    Parameters
    ----------
    document : Plan or Refusal
    """
    known = techniques().get(document.technique)
    usual = {} if known is None else known.weights.model_dump()
    return {name: one for name, one in document.weights.items() if usual.get(name) != one}


def find_setting(document: Plan | Refusal) -> Setting:
    """Return what is done against errors of place, as a plan says; a refusal does not.

    Parameters
    ----------
    document : Plan or Refusal
    """
    if isinstance(document, Refusal):
        return DEFAULT_SETTING
    return document.certainty.setting or DEFAULT_SETTING
