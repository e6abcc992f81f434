"""Findings of the case checks, worded once from the registry of codes."""

from kambin.core import Finding, Severity, require_code


def finding_of(code: str, severity: Severity, *, where: str, why: str) -> Finding:
    """Return a finding whose title and next step come from the registry of codes.

    Parameters
    ----------
    code : str, registered
    severity : Severity
    where : str, the structures, levels and sides it is about
    why : str, the measured value and the limit, with unit

    Raises
    ------
    LookupError  if nobody registered the code; that is a bug of ours
    """
    registered = require_code(code)
    return Finding(
        code=code,
        severity=severity,
        what=registered.title,
        where=where,
        why=why,
        next_step=registered.next_step,
    )
