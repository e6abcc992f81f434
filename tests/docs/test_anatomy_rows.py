"""Every row of the catalogue of anatomy has code that answers it and a test named after it."""

import re
from pathlib import Path

import pytest

from kambin.core import read_codes

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "concepts" / "levels-and-sides.md").read_text("utf-8")
TESTS = sorted((ROOT / "tests").rglob("*.py"))
ROWS = [f"A{number:02d}" for number in range(1, 15)]


def table_row(row: str) -> str:
    """The line of the page that begins with the row's id."""
    return next((line for line in PAGE.splitlines() if line.startswith(f"| {row} |")), "")


@pytest.mark.parametrize("row", ROWS)
def test_a_test_is_named_after_each_row(row: str) -> None:
    named = re.compile(rf"def test_{row.lower()}_|\b{row.lower()}-")
    assert [f for f in TESTS if named.search(f.read_text("utf-8"))]


@pytest.mark.parametrize("row", ROWS)
def test_the_page_says_which_code_and_which_test_answer_each_row(row: str) -> None:
    line = table_row(row)
    codes = re.findall(r"[A-Z]{2}-\d{3}", line)
    files = re.findall(r"`(test_[a-z_0-9]+\.py)`", line)
    assert set(codes) <= set(read_codes())
    assert codes
    assert files
    known = {f.name: f.read_text("utf-8") for f in TESTS}
    assert any(code in known[name] for name in files for code in codes)


@pytest.mark.parametrize("number", range(1, 11))
def test_the_page_says_what_keeps_each_link_of_the_chain(number: int) -> None:
    line = next((t for t in PAGE.splitlines() if t.startswith(f"| {number} |")), "")
    files = re.findall(r"`(test_[a-z_0-9]+\.py)`", line)
    assert files or "not built yet" in line
    assert set(files) <= {f.name for f in TESTS}
