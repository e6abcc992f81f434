"""``kambin claims``: the promises of the technique, put to the test."""

from kambin.approaches.claims_models import Claim, Claims, RegistryPart
from kambin.approaches.claims_patient import show_patient
from kambin.approaches.indications_models import FigureRecord
from kambin.imaging import LabelMap
from kambin.knowledge import cite, find_keys, published
from kambin.knowledge.promises import Promise, promises
from kambin.planning import Plan

NOTICE = (
    "Promises are quoted to be tested, and none is made here. Figures are of groups of patients, "
    "from abstracts and single tables, and no forecast for this one. Verdicts are this project's."
)

NO_REGISTRY = "no registry given: the place of your own patients' figures"
"""What stands where the user's own figures will."""


def weigh_claims(plan: Plan | None = None, body: LabelMap | None = None) -> Claims:
    """Return every promise with what the literature makes of it and what a plan shows.

    Parameters
    ----------
    plan : Plan, or none for the literature alone
    body : LabelMap, above 0 inside the body, or none if nothing shows the skin
    """
    return Claims(
        case_sha256=None if plan is None else plan.case_sha256,
        plan_sha256=None if plan is None else plan.content_sha256,
        level=None if plan is None else plan.level,
        side=None if plan is None else plan.side,
        claims=tuple(_claim(one, plan, body) for one in promises().values()),
        notice=NOTICE,
    )


def _claim(promise: Promise, plan: Plan | None, body: LabelMap | None) -> Claim:
    return Claim(
        name=promise.name,
        promise=promise.promise,
        verdict=promise.verdict,
        words=promise.words,
        tag=promise.tag,
        unverified=promise.tag in ("M", "D"),
        source=promise.source,
        citations={key: cite(key) for key in find_keys(promise.source)},
        speaks_for=tuple(FigureRecord.of(published()[name]) for name in promise.speaks_for),
        against=tuple(FigureRecord.of(published()[name]) for name in promise.against),
        patient=show_patient(promise, plan, body),
        registry=RegistryPart(says=NO_REGISTRY),
    )
