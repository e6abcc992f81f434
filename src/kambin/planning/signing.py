"""Whether a person may put a name under a plan."""

from collections.abc import Collection, Iterable

from kambin.core import Finding, PlanError, Severity, find_blocking, find_unanswered
from kambin.planning.documents import FindingRecord
from kambin.planning.models import Plan, Verification


def require_signable(plan: Plan, verification: Verification, accepted: Collection[str]) -> None:
    """Refuse to have a plan signed that does not hold, or that still asks something.

    Parameters
    ----------
    plan : Plan
    verification : Verification of this plan on the case as it is now
    accepted : codes that were answered on the case and on this plan

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
            next_step="Look at each, then: kambin confirm PLAN --by NAME "
            + " ".join(f"--accept {code}" for code in dict.fromkeys(f.code for f in unanswered)),
            findings=unanswered,
        )


def _to_findings(records: Iterable[FindingRecord]) -> tuple[Finding, ...]:
    # a severity in a document is its word; each finding once, however often it was told
    found = (Finding(**{**r.model_dump(), "severity": Severity(r.severity)}) for r in records)
    return tuple(dict.fromkeys(found))


def _codes(findings: Iterable[Finding]) -> str:
    return ", ".join(dict.fromkeys(finding.code for finding in findings))
