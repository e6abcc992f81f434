"""The whole report: one page to take along, escaped, self-contained, the same bytes twice."""

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from kambin.anatomy import Anatomy, Case, Confirmation
from kambin.core import KambinError, PlanError, StoreError
from kambin.planning import Plan, Refusal
from kambin.report import ReportPaths, write_report
from kambin.report.compare_page import ComparePage
from kambin.report.content import report_content
from kambin.report.html import html_report
from kambin.report.pdf import pdf_report
from kambin.report.pictures import Picture
from kambin.report.rows import Table
from kambin.report.words import BANNER

ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "javascript:alert(1)",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "'; DROP TABLE cases; --",
    '#import "evil.typ"',
    "$ sqrt(2) $ *bold* _it_ @ref <label>",
    "</style><svg onload=alert(1)>",
    "&lt;b&gt; & \x00".replace("\x00", ""),
)
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)


class CountedProgress:
    """Remembers what was reported."""

    def __init__(self) -> None:
        self.steps: list[tuple[str, int, int]] = []

    def step(self, title: str, done: int, total: int) -> None:
        self.steps.append((title, done, total))


class Tags(HTMLParser):
    """Collects tags and attributes as a browser would see them."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@pytest.fixture(scope="module")
def progress() -> CountedProgress:
    return CountedProgress()


@pytest.fixture(scope="module")
def the_report(
    a_small_case: Case,
    a_small_anatomy: Anatomy,
    a_plan: Callable[[str], Plan],
    tmp_path_factory: pytest.TempPathFactory,
    progress: CountedProgress,
) -> ReportPaths:
    folder = tmp_path_factory.mktemp("report")
    return write_report(a_small_case, a_small_anatomy, a_plan("left"), folder, progress=progress)


@pytest.fixture(scope="module")
def the_refusal_report(
    a_label_only_case: Case,
    a_small_anatomy: Anatomy,
    a_refusal: Refusal,
    tmp_path_factory: pytest.TempPathFactory,
) -> ReportPaths:
    folder = tmp_path_factory.mktemp("refusal")
    return write_report(a_label_only_case, a_small_anatomy, a_refusal, folder)


def pdf_pages(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    try:
        return [re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in document]
    finally:
        document.close()


def tags_of(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Tags()
    parser.feed(html)
    return parser.seen


def a_picture(name: str) -> Picture:
    return Picture(name, name, name, PIXEL)


def test_all_files_are_there(the_report: ReportPaths) -> None:
    assert the_report.html.name == "report.html"
    assert the_report.pdf.read_bytes().startswith(b"%PDF")
    names = {path.stem for path in the_report.pictures}
    assert {"axial", "sagittal", "coronal", "along-flat", "along-upright", "probe-eye"} <= names
    assert {"projection-ap", "projection-lateral", "space-side", "space-along"} <= names
    assert list(the_report.html.parent.rglob("*.part")) == []


def test_progress_counts_to_the_end(the_report: ReportPaths, progress: CountedProgress) -> None:
    drawn = [step for step in progress.steps if step[0] == "Drawing the report"]
    assert [step[1] for step in drawn] == list(range(1, drawn[-1][2] + 1))


def test_the_page_fetches_nothing(the_report: ReportPaths) -> None:
    html = the_report.html.read_text("utf-8")
    for tag, attributes in tags_of(html):
        assert tag not in ("script", "link", "iframe", "object", "embed", "base", "form")
        for name in ("src", "href", "action", "data", "poster", "srcset"):
            assert (attributes.get(name) or "data:").startswith("data:")
        assert not any(name.startswith("on") or name == "style" for name in attributes)
    assert "http" not in re.sub(r'src="data:[^"]*"', "", html).replace("http-equiv", "")
    assert "@import" not in html
    assert "url(" not in html


def test_the_page_allows_only_its_own_style(the_report: ReportPaths) -> None:
    html = the_report.html.read_text("utf-8")
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    (policy,) = (a["content"] for t, a in tags_of(html) if a.get("http-equiv"))
    assert policy is not None
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_every_picture_is_inline_and_described(the_report: ReportPaths) -> None:
    html = the_report.html.read_text("utf-8")
    images = [a for tag, a in tags_of(html) if tag == "img"]
    assert len(images) == len(the_report.pictures)
    assert all("L4-L5 LEFT side" in (a["alt"] or "") for a in images)


def test_the_page_prints_findings_not_assessed_modelled_and_provenance(
    the_report: ReportPaths,
) -> None:
    html = the_report.html.read_text("utf-8")
    for text in (
        BANNER,
        "A root lies within 2 mm",
        "PL-010",
        "vena cava",
        "A made-up root.",
        "5a" * 32,
        "inside uncertainty",
        "to the horizontal",
        "Signature",
    ):
        assert text in html, text


def test_the_first_printed_page_says_side_level_and_banner(the_report: ReportPaths) -> None:
    pages = pdf_pages(the_report.pdf.read_bytes())
    for text in ("L4-L5, LEFT side", BANNER, "read back aloud", "Signature"):
        assert text in pages[0], text
    assert "to the horizontal" in pages[0]
    assert "vena cava" in pages[0]


def test_the_card_is_one_page_and_the_details_follow(the_report: ReportPaths) -> None:
    pages = pdf_pages(the_report.pdf.read_bytes())
    assert len(pages) >= 2
    assert "Pictures" in pages[1]
    assert "Provenance" not in pages[0]
    assert sum("read back aloud" in page for page in pages) == 1


def test_every_printed_page_says_side_level_banner_and_number(the_report: ReportPaths) -> None:
    pages = pdf_pages(the_report.pdf.read_bytes())
    for number, page in enumerate(pages, start=1):
        assert BANNER in page
        assert "L4-L5 LEFT side" in page
        assert f"page {number} / {len(pages)}" in page


def test_the_print_has_all_details(the_report: ReportPaths) -> None:
    text = " ".join(pdf_pages(the_report.pdf.read_bytes()))
    for wanted in ("A made-up root.", "PL-011", "NumPy", "Every clearance, stage by stage"):
        assert wanted in text


def test_the_six_ways_stand_on_a_page_of_their_own_and_only_where_they_were_asked_for(
    a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> None:
    content = report_content(a_small_case, a_small_anatomy, a_plan("left"))
    costs = Table("six-ways-costs", "What they cost", ("", "First way"), (("skin, mm", "11.8"),))
    page = ComparePage((costs,), a_picture("six-ways"))
    html = html_report(content, [], page)
    assert '<h2 id="six-ways">' in html
    assert "11.8" in html
    assert html.count("<img") == 1
    printed = pdf_pages(pdf_report(content, [], page))
    # the picture of this test is a square and takes a page of its own
    assert "Six ways to operate: L4-L5, LEFT side" in " ".join(printed)
    assert "skin, mm 11.8" in printed[-1]
    assert all(BANNER in text for text in printed)
    for text in (html_report(content, []), *pdf_pages(pdf_report(content, []))):
        assert "Six ways" not in text


def test_where_the_six_ways_cannot_be_compared_the_report_says_why(
    a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan], tmp_path: Path
) -> None:
    # this patient's parts of a vertebra are not known, and no way from behind without a lamina
    made = write_report(a_small_case, a_small_anatomy, a_plan("left"), tmp_path, compares=True)
    assert "The six ways are not compared" in made.html.read_text("utf-8")
    assert "six-ways" not in {path.stem for path in made.pictures}


def test_a_long_plan_still_has_a_card_of_one_page(
    a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> None:
    plan = a_plan("left")
    stage = plan.stages[0]
    rows = tuple(
        stage.clearances[0].model_copy(update={"structure": f"iliac_vein:L{n}", "clearance_mm": n})
        for n in range(40)
    )
    findings = tuple(
        plan.findings[1].model_copy(update={"what": f"Finding number {n} " + "with words " * 6})
        for n in range(12)
    )
    stages = tuple(stage.model_copy(update={"clearances": rows}) for _ in range(10))
    missing = tuple(f"segmental_artery:L{n}:left" for n in range(1, 6)) * 3
    update = {"stages": stages, "findings": findings, "not_assessed": missing}
    content = report_content(a_small_case, a_small_anatomy, plan.model_copy(update=update))
    names = (
        "along-flat",
        "along-upright",
        "probe-eye",
        "projection-ap",
        "space-behind",
        "skin-map",
    )
    pages = pdf_pages(pdf_report(content, [a_picture(name) for name in names]))
    assert "read back aloud" in pages[0]
    assert "31 more, all larger" in pages[0]
    assert "more on the next pages" in pages[0]


def test_a_refusal_gets_a_report_with_reason_and_where(the_refusal_report: ReportPaths) -> None:
    pages = pdf_pages(the_refusal_report.pdf.read_bytes())
    assert "No plan: L4-L5, RIGHT side" in pages[0]
    assert "Cannot be decided at this resolution" in pages[0]
    assert "0.8 mm" in pages[0]
    assert BANNER in pages[0]
    names = {path.stem for path in the_refusal_report.pictures}
    assert {"axial", "sagittal", "coronal", "space-side"} <= names
    html = the_refusal_report.html.read_text("utf-8")
    assert "What stands in the way" in html
    assert "exiting root L4 right" in html


def test_the_same_input_gives_the_same_bytes(
    the_report: ReportPaths,
    a_small_case: Case,
    a_small_anatomy: Anatomy,
    a_plan: Callable[[str], Plan],
    tmp_path: Path,
) -> None:
    again = write_report(a_small_case, a_small_anatomy, a_plan("left"), tmp_path / "again")
    assert again.html.read_bytes() == the_report.html.read_bytes()
    assert again.pdf.read_bytes() == the_report.pdf.read_bytes()
    for one, other in zip(again.pictures, the_report.pictures, strict=True):
        assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("attack", ATTACKS)
def test_w14_every_value_is_escaped_on_the_page(
    attack: str, a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> None:
    html = html_report(attacked(attack, a_small_case, a_small_anatomy, a_plan), [])
    honest = html_report(attacked("name", a_small_case, a_small_anatomy, a_plan), [])
    assert [tag for tag, _ in tags_of(html)] == [tag for tag, _ in tags_of(honest)]
    if "<" in attack:
        assert attack not in html
    assert "49" not in re.findall(r"{{.*?}}", html)


def attacked(attack: str, case: Case, anatomy: Anatomy, a_plan: Callable[[str], Plan]):
    """A report whose structure names, findings and answers are hostile."""
    plan = a_plan("left")
    stage = plan.stages[0]
    row = stage.clearances[0].model_copy(update={"structure": attack, "origin": attack})
    finding = plan.findings[0].model_copy(update={"what": attack, "where": attack, "why": attack})
    plan = plan.model_copy(
        update={
            "technique": attack,
            "stages": (stage.model_copy(update={"clearances": (row,), "instrument": attack}),),
            "not_assessed": (attack,),
            "findings": (finding,),
            "evidence": (attack,),
        }
    )
    hostile = replace(
        case, dialect=attack, confirmations=(Confirmation(attack, attack, "PL-010", attack),)
    )
    return report_content(hostile, anatomy, plan)


def test_w14_every_value_reaches_the_print_as_text(
    a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> None:
    for attack in ATTACKS[6:8]:
        content = attacked(attack, a_small_case, a_small_anatomy, a_plan)
        text = " ".join(pdf_pages(pdf_report(content, [])))
        assert attack[:8] in text


def test_p01_a_plan_of_another_case_is_refused(
    a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan], tmp_path: Path
) -> None:
    with pytest.raises(PlanError, match="RP-001") as raised:
        write_report(replace(a_small_case, sha256="00"), a_small_anatomy, a_plan("left"), tmp_path)
    assert raised.value.exit_code == 5
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_said_to_be_one(
    a_small_case: Case,
    a_small_anatomy: Anatomy,
    a_plan: Callable[[str], Plan],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kambin.report.write.draw_pictures", _no_pictures)
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StoreError, match="RP-002") as raised:
        write_report(a_small_case, a_small_anatomy, a_plan("left"), tmp_path / "taken")
    assert isinstance(raised.value, KambinError)
    assert raised.value.exit_code == 6


def _no_pictures(*_: object) -> Iterator[Picture]:
    return iter(())


def test_the_card_is_readable_in_grey(the_report: ReportPaths) -> None:
    """Printed in grey, the tool still differs from what lies around it."""
    document = pypdfium2.PdfDocument(the_report.pdf.read_bytes())
    try:
        page = np.asarray(document[0].render(scale=2.0).to_pil().convert("RGB"), np.float64)
    finally:
        document.close()
    cyan = (page[..., 2] - page[..., 0] > 90) & (page[..., 1] > 140)
    assert cyan.sum() > 300
    grey = page @ [0.299, 0.587, 0.114]
    rows, columns = np.nonzero(cyan)
    contrast = [
        np.ptp(grey[max(r - 5, 0) : r + 6, max(c - 5, 0) : c + 6])
        for r, c in zip(rows[::50], columns[::50], strict=True)
    ]
    assert np.quantile(contrast, 0.1) > 60
