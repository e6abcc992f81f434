"""Findings of checks, completion and plans, as rows of words."""

from collections.abc import Collection, Iterable

from kambin.app.state import FindingRow
from kambin.core import Finding
from kambin.planning import FindingRecord
from kambin.report.words import plain_words

_WORDS = {"BLOCK": "stop", "CONFIRM": "answer", "NOTE": "note"}
_ORDER = tuple(_WORDS)


def show_findings(
    findings: Iterable[Finding | FindingRecord], answered: Collection[str] = ()
) -> tuple[FindingRow, ...]:
    """Return one row a finding, what stops first; the same thing is said once.

    Parameters
    ----------
    findings : of a case, of its completion or of a plan
    answered : codes that a person has accepted
    """
    unique = dict.fromkeys(
        FindingRow(
            code=finding.code,
            severity=_WORDS[_name(finding)],
            what=plain_words(finding.what),
            where=plain_words(finding.where),
            why=plain_words(finding.why),
            next_step=plain_words(finding.next_step),
            asks=_name(finding) == "CONFIRM",
            answered=finding.code in answered,
        )
        for finding in sorted(findings, key=lambda one: _ORDER.index(_name(one)))
    )
    return tuple(unique)


def _name(finding: Finding | FindingRecord) -> str:
    severity = finding.severity
    return severity if severity in _WORDS else str(getattr(severity, "name", severity))
