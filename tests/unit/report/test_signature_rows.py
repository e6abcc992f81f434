"""Who signed, as page and print say it."""

from collections.abc import Callable

import pytest

from kambin.anatomy import Anatomy, Case
from kambin.planning import Plan, Refusal, Signature
from kambin.report.content import ReportContent, report_content
from kambin.report.html import html_report
from kambin.report.signature_rows import limits, provenance

AT = "2026-03-04T12:00:00+00:00"
EDITED = "The plan was changed after it was signed."


def _signature(by: str = "A. Surgeon", why_not: str = "", **parts: object) -> Signature:
    said: dict[str, object] = {
        "by": by,
        "at": AT,
        "content_sha256": "a" * 64,
        "case_sha256": "c" * 64,
        "accepted": (),
        "is_locked": False,
        "is_valid": not why_not,
        "why_not": why_not,
    }
    return Signature(**(said | parts))  # type: ignore[arg-type]


@pytest.fixture
def make_content(
    a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> Callable[..., ReportContent]:
    """The content of the report of one plan with the signatures given."""

    def make(*signatures: Signature) -> ReportContent:
        return report_content(a_small_case, a_small_anatomy, a_plan("left"), signatures=signatures)

    return make


def _signed(content: ReportContent) -> list[tuple[str, ...]]:
    return [row.cells for row in content.provenance if row.cells[0].startswith("Sign")]


def test_a_plan_that_nobody_signed_says_so(make_content: Callable[..., ReportContent]) -> None:
    assert _signed(make_content()) == [("Signed by", "nobody")]


def test_every_signature_has_a_row(make_content: Callable[..., ReportContent]) -> None:
    content = make_content(
        _signature(accepted=("PL-003", "PL-004"), is_locked=True), _signature("B. Surgeon")
    )
    assert _signed(content) == [
        ("Signed by", f"A. Surgeon, {AT}, locked, accepted by then: PL-003 PL-004"),
        ("Signed by", f"B. Surgeon, {AT}, not locked"),
    ]
    assert not any("signature" in line.lower() for line in content.limits)


def test_a_signature_under_a_former_content_is_no_longer_valid(
    make_content: Callable[..., ReportContent],
) -> None:
    # a lock of the former content says nothing of this one
    content = make_content(_signature(why_not=EDITED, is_locked=True))
    assert _signed(content) == [("Signature no longer valid", f"A. Surgeon, {AT}: {EDITED}")]
    assert f"The signature of A. Surgeon is no longer valid: {EDITED}" in content.limits


def test_who_did_not_look_for_signatures_says_nothing(
    a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> None:
    assert _signed(report_content(a_small_case, a_small_anatomy, a_plan("left"))) == []


def test_a_refusal_is_nothing_to_sign(a_refusal: Refusal) -> None:
    assert provenance(a_refusal, ()) == ()
    (row,) = provenance(a_refusal, [_signature(why_not=EDITED)])
    assert row.cells[0] == "Signature no longer valid"


def test_the_page_shows_names_as_text(make_content: Callable[..., ReportContent]) -> None:
    attack = "<img src=x onerror=alert(1)>"
    page = html_report(make_content(_signature(attack, EDITED)), ())
    assert attack not in page
    assert page.count("&lt;img src=x") == 2
    assert "Signature no longer valid" in page


@pytest.mark.parametrize("valid", [0, 1, 2, 3])
def test_a_sentence_for_each_name_that_fell(valid: int) -> None:
    rows = [_signature(f"S{n}", "" if n < valid else EDITED) for n in range(3)]
    assert len(limits(rows)) == 3 - valid
    assert limits(None) == ()
