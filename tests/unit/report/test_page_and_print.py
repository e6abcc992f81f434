"""The page and what the print is made from, on a few rows and a one-pixel picture."""

import base64
import hashlib
import json
import re
import struct
from html import unescape

import pytest
from jinja2 import UndefinedError

from kambin.report.content import ReportContent
from kambin.report.html import html_report
from kambin.report.pdf import FRONT_PLAN, FRONT_REFUSAL, _data
from kambin.report.pictures import Picture
from kambin.report.rows import Row, Table
from kambin.report.words import LEGEND


def a_picture(name: str, width: int = 300, height: int = 200) -> Picture:
    """A picture of which only the header is a PNG's."""
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height)
    return Picture(name, f"Title of {name}", f"Alt of {name}", head)


def a_finding(number: int) -> Row:
    return Row("NOTE", f"what {number}", "where", "why " * 60, "next", f"PL-{number:03d}", "")


def a_content(**fields: object) -> ReportContent:
    """The words of a report, as few as there can be."""
    content: dict[str, object] = {
        "kind": "plan",
        "level": "L4-L5",
        "side": "left",
        "banner": "BANNER",
        "headline": "Plan: L4-L5, LEFT side",
        "verdict": "Verdict.",
        "herniation": "",
        "request": "Request.",
        "facts": (Row("Entry", "102 mm LEFT", "of the midline"),),
        "angles": None,
        "summary": None,
        "tools": None,
        "tables": (),
        "modelled": Table("modelled", "Modelled", ("a",), ()),
        "not_assessed": (),
        "limits": ("A limit.",),
        "findings": (),
        "provenance": (Row("Case SHA-256", "5a" * 32),),
    }
    return ReportContent(**(content | fields))  # type: ignore[arg-type]


def words_of(page: str) -> str:
    """The text of a page as a reader sees it."""
    body = page[page.index("<body>") :]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def a_summary(rows: int) -> Table:
    return Table(
        "summary", "Least", ("Structure",), tuple((f"s{n}",) for n in range(rows)), "Note."
    )


def test_the_page_allows_exactly_the_style_it_carries() -> None:
    page = html_report(a_content(), ())
    style = page[page.index("<style>") + 7 : page.index("</style>")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page
    assert "<script" not in page
    assert "http:" not in page
    assert "https:" not in page


def test_the_page_says_side_and_level_wherever_one_looks() -> None:
    words = words_of(html_report(a_content(side="right"), ()))
    assert words.startswith("BANNER Plan: L4-L5, LEFT side Request. Verdict.")
    assert "Pictures: L4-L5, RIGHT side" in words
    assert "Side and level read back aloud: L4-L5, RIGHT side" in words
    assert words.endswith("BANNER")


@pytest.mark.parametrize(
    ("kind", "words"), [("plan", "At the table"), ("refusal", "What stands in the way")]
)
def test_plan_and_refusal_have_their_own_heading(kind: str, words: str) -> None:
    assert words in words_of(html_report(a_content(kind=kind), ()))


@pytest.mark.parametrize(
    ("names", "says"),
    [(("vena cava",), "Not assessed is not clear. vena cava"), ((), "Nothing was left out")],
)
def test_what_was_not_assessed_is_never_silent(names: tuple[str, ...], says: str) -> None:
    assert says in words_of(html_report(a_content(not_assessed=names), ()))


def test_an_empty_table_says_none_and_a_full_one_has_its_note() -> None:
    words = words_of(html_report(a_content(summary=a_summary(2)), ()))
    assert "Least Structure s0 s1 Note." in words
    assert "Modelled None." in words


@pytest.mark.parametrize(("rows", "times"), [(20, 1), (21, 2)])
def test_the_whole_of_a_long_table_follows_the_pictures(rows: int, times: int) -> None:
    page = html_report(a_content(summary=a_summary(rows)), (a_picture("axial"),))
    head, tail = page.split("<figcaption>")
    # the front has what is nearest, and says that more follows
    assert f'<td class="code">s{rows - 1}</td>' in (head if times == 1 else tail)
    assert page.count('<td class="code">s19</td>') == times
    assert ("1 more, all larger, in the table below." in head) is (times == 2)
    anchors = re.findall(r'<h2 id="([^"]*)"', page)
    assert len(anchors) == len(set(anchors))


def test_findings_are_all_on_the_page() -> None:
    page = html_report(a_content(findings=tuple(map(a_finding, range(1, 13)))), ())
    assert all(f"PL-{n:03d}" in page for n in range(1, 13))


def test_a_picture_is_inline_and_described() -> None:
    picture = a_picture("axial")
    page = html_report(a_content(), (picture,))
    assert f"data:image/png;base64,{base64.b64encode(picture.png).decode()}" in page
    assert 'alt="Alt of axial"' in page
    assert "<figcaption>Title of axial</figcaption>" in page


@pytest.mark.parametrize("field", ["headline", "verdict", "request", "banner", "level"])
def test_w14_every_text_is_escaped(field: str) -> None:
    page = html_report(a_content(**{field: "<b>&'\""}), ())
    assert "<b>" not in page
    assert "&lt;b&gt;&amp;&#39;&#34;" in page


def test_a_row_with_too_few_cells_is_a_bug_and_not_an_empty_cell() -> None:
    with pytest.raises((UndefinedError, ValueError)):
        html_report(a_content(facts=(Row("only one"),)), ())


@pytest.mark.parametrize(("width", "height"), [(300, 200), (1, 4)])
def test_the_shape_of_a_picture_is_read_from_its_file(width: int, height: int) -> None:
    assert a_picture("x", width, height).aspect == width / height


@pytest.mark.parametrize(("kind", "rows"), [("plan", FRONT_PLAN), ("refusal", FRONT_REFUSAL)])
def test_the_front_page_has_its_pictures_in_their_rows(
    kind: str, rows: tuple[tuple[str, ...], ...]
) -> None:
    names = [name for row in reversed(rows) for name in row]
    data = _data(a_content(kind=kind), [a_picture(name) for name in (*names, "extra")], None)
    files = [[picture["file"].removesuffix(".png") for picture in row] for row in data["front"]]
    assert files == [list(row) for row in rows]
    assert [[p["file"] for p in row] for row in data["rest"]] == [["extra.png"]]


def test_pictures_that_were_not_drawn_leave_no_empty_row() -> None:
    data = _data(a_content(), [a_picture("skin-map")], None)
    assert [[picture["file"] for picture in row] for row in data["front"]] == [["skin-map.png"]]


@pytest.mark.parametrize(("count", "shape"), [(0, []), (3, [3]), (4, [3, 1]), (7, [3, 3, 1])])
def test_the_other_pictures_stand_three_in_a_row(count: int, shape: list[int]) -> None:
    data = _data(a_content(), [a_picture(f"p{n}") for n in range(count)], None)
    assert [len(row) for row in data["rest"]] == shape


@pytest.mark.parametrize(("rows", "left"), [(9, 0), (10, 1), (30, 21)])
def test_the_card_has_nine_rows_and_says_how_many_follow(rows: int, left: int) -> None:
    short = _data(a_content(summary=a_summary(rows)), (), None)["summary_short"]
    assert len(short["rows"]) == 9
    told = f"Note. {left} more, all larger, on the next pages." if left else "Note."
    assert short["note"] == told


def test_a_refusal_has_no_short_table() -> None:
    assert _data(a_content(summary=None), (), None)["summary_short"] is None


@pytest.mark.parametrize(
    ("count", "note"),
    [(0, ""), (5, ""), (6, "1 more on the next pages."), (9, "4 more on the next pages.")],
)
def test_the_card_has_five_findings_and_says_how_many_follow(count: int, note: str) -> None:
    data = _data(a_content(findings=tuple(map(a_finding, range(count)))), (), None)
    assert len(data["findings_short"]) == min(count, 5)
    assert data["findings_note"] == note


def test_a_long_reason_is_cut_on_the_card_and_whole_behind_it() -> None:
    data = _data(a_content(findings=(a_finding(1),)), (), None)
    kind, what, code, why, step = data["findings_short"][0]
    assert (kind, what, code, step) == ("NOTE", "what 1", "(PL-001)", "next")
    assert len(why) <= 180
    assert why.endswith(" ...")
    assert data["content"]["findings"][0][3] == "why " * 60


def test_the_card_carries_the_beginning_of_the_hash_of_the_case() -> None:
    assert _data(a_content(), (), None)["case_short"] == "5a" * 8
    assert _data(a_content(provenance=()), (), None)["case_short"] == ""


def test_rows_reach_the_typesetter_as_plain_lists() -> None:
    data = json.loads(json.dumps(_data(a_content(), (), None)))
    assert data["content"]["facts"] == [["Entry", "102 mm LEFT", "of the midline"]]
    assert data["content"]["provenance"] == [["Case SHA-256", "5a" * 32]]


def test_the_legend_is_one_sentence_per_line_of_the_table() -> None:
    legend = _data(a_content(), (), None)["legend"]
    assert legend.count(". ") == len(LEGEND) - 1
    assert legend.endswith(".")
