"""Names under a plan: whether a person may put one there, and whether it still counts."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from kambin.core import Finding, PlanError, Severity, find_blocking, find_unanswered
from kambin.planning.documents import FindingRecord
from kambin.planning.models import Plan, Verification


@dataclass(frozen=True, slots=True)
class Signature:
    """A person's signature under one content of a plan.

    Parameters
    ----------
    by : str, who signed
    at : str, moment, ISO 8601
    content_sha256, case_sha256 : str, what was signed, and on which case it was planned
    accepted : tuple of codes that had been accepted by then
    is_locked : bool, whether this content was locked
    is_valid : bool, whether it is the plan as it is now
    why_not : str, empty if valid
    """

    by: str
    at: str
    content_sha256: str
    case_sha256: str
    accepted: tuple[str, ...]
    is_locked: bool
    is_valid: bool
    why_not: str


def require_signable(
    plan: Plan, verification: Verification, accepted: Collection[str], place: str = "PLAN"
) -> None:
    """Refuse to have a plan signed that does not hold, or that still asks something.

    Parameters
    ----------
    plan : Plan
    verification : Verification of this plan on the case as it is now
    accepted : codes that were answered on the case and on this plan
    place : str, what names the plan in the call that answers

    Raises
    ------
    PlanError  (PL-100) if a finding blocks or the second checker does not confirm the plan;
        (PL-101) if a question is unanswered
    """
    findings = _to_findings((*plan.findings, *verification.findings))
    blocking = find_blocking(findings)
    if blocking or not verification.valid:
        raise PlanError(
            code="PL-100",
            what="The plan cannot be signed",
            where=f"{plan.level} {plan.side}",
            why=f"It does not hold: {_codes(blocking) or 'the second checker disagrees'}.",
            next_step="Run kambin verify, plan again on the case as it is, and sign that.",
            findings=blocking,
        )
    unanswered = find_unanswered(findings, accepted)
    if unanswered:
        raise PlanError(
            code="PL-101",
            what="The plan still asks something",
            where=f"{plan.level} {plan.side}",
            why=f"Nobody has answered {_codes(unanswered)}.",
            next_step=f"Look at each, then: kambin confirm {place} --by NAME "
            + " ".join(f"--accept {code}" for code in dict.fromkeys(f.code for f in unanswered)),
            findings=unanswered,
        )


def _to_findings(records: Iterable[FindingRecord]) -> tuple[Finding, ...]:
    # a severity in a document is its word; each finding once, however often it was told
    found = (Finding(**{**r.model_dump(), "severity": Severity(r.severity)}) for r in records)
    return tuple(dict.fromkeys(found))


def _codes(findings: Iterable[Finding]) -> str:
    return ", ".join(dict.fromkeys(finding.code for finding in findings))
