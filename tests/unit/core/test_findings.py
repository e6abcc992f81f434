import pytest

from kambin.core import Finding, Severity, find_blocking, find_unanswered


def a_finding(severity: Severity, code: str = "IN-001") -> Finding:
    return Finding(code, severity, "what", "where", "why", "next step")


def test_only_block_stops() -> None:
    findings = [a_finding(severity) for severity in Severity]
    assert [f.severity for f in find_blocking(findings)] == [Severity.BLOCK]


def test_a_confirm_is_unanswered_until_its_code_is_accepted() -> None:
    asked = a_finding(Severity.CONFIRM, "IN-014")
    findings = [asked, a_finding(Severity.NOTE), a_finding(Severity.BLOCK)]
    assert find_unanswered(findings, []) == (asked,)
    assert find_unanswered(findings, ["IN-001"]) == (asked,)
    assert find_unanswered(findings, ["IN-014"]) == ()


def test_the_document_is_plain_text() -> None:
    assert a_finding(Severity.CONFIRM).as_document() == {
        "code": "IN-001",
        "severity": "CONFIRM",
        "what": "what",
        "where": "where",
        "why": "why",
        "next_step": "next step",
    }


def test_a_finding_with_an_unregistered_code_cannot_be_made() -> None:
    with pytest.raises(LookupError, match="AN-999"):
        a_finding(Severity.NOTE, "AN-999")
