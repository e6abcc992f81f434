"""The whole text of a plan's and of a refusal's report, compared with what a person has read.

The expected texts are changed by hand, after reading; nothing here rewrites them.
"""

import difflib
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from kambin.anatomy import Anatomy, Case
from kambin.planning import Plan, Refusal
from kambin.report.content import report_content
from kambin.report.html import html_report

FOLDER = Path(__file__).parent


def text_of(html: str) -> str:
    """The words of a page, one line per row of a table, paragraph or heading."""
    body = re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)
    body = re.sub(r"\s*\n\s*", " ", body)
    body = re.sub(r"</(tr|p|h1|h2|li|title|figcaption)>", "\n", body)
    body = re.sub(r"</t[dh]>", " | ", body)
    lines = (
        re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", line))) for line in body.split("\n")
    )
    return "\n".join(line.strip().removesuffix(" |") for line in lines if line.strip()) + "\n"


def require_same(found: str, name: str) -> None:
    expected = (FOLDER / name).read_text("utf-8")
    changes = difflib.unified_diff(expected.splitlines(), found.splitlines(), "read", "found")
    assert found == expected, "\n".join(changes)


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_report_of_a_plan_says_what_was_read(
    side: str, a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> None:
    content = report_content(a_small_case, a_small_anatomy, a_plan(side))
    require_same(text_of(html_report(content, [])), f"report_of_a_{side}_plan.txt")


def test_the_report_of_a_refusal_says_what_was_read(
    a_label_only_case: Case, a_small_anatomy: Anatomy, a_refusal: Refusal
) -> None:
    content = report_content(a_label_only_case, a_small_anatomy, a_refusal)
    require_same(text_of(html_report(content, [])), "report_of_a_refusal.txt")


def test_left_and_right_differ_in_their_side_only() -> None:
    """The two plans are mirror images, so their reports differ in the word and the sign."""
    left = (FOLDER / "report_of_a_left_plan.txt").read_text("utf-8")
    right = (FOLDER / "report_of_a_right_plan.txt").read_text("utf-8")
    assert "RIGHT" not in left
    assert "LEFT" not in right
    assert left.count("LEFT") == right.count("RIGHT") >= 5

    def unsided(text: str) -> str:
        return re.sub(r"(?i)\b(left|right)\b", "side", text).replace(" -", " ").replace("-", "")

    assert unsided(left) == unsided(right)
