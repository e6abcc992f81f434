"""Every text stands for itself: none sends its reader to a document that nobody else has.

Designs, collections and issues of those who write the program are not part of it. A source is a key
of the bibliography, a paper, or the plain word that the number is this project's own.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.shown_texts import SOURCE, all_texts

from kambin.knowledge import find_keys

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
_INSIDE = re.compile(
    r"\b(?:architecture|evidence|recipes?|faults?|issues?|conventions?|house[- ]style)"
    r"(?: section)? [A-Z]?\d"
    r"|\bfault rows?\b|\b(?:of|in) the evidence(?: file)?\b"
    r"|\b(?:architecture|evidence|recipes|faults|conventions|house-style)\.md\b",
    re.IGNORECASE,
)
_PAPER = re.compile(r"\b[A-Z][a-z]+(?: [A-Z]{1,2})? (?:19|20)\d\d\b|\b(?:Zindrick|Ruetten)\b")


def cites_inside(text: str) -> list[str]:
    """Return what of a text names a document that its reader does not have."""
    return [found.group() for found in _INSIDE.finditer(text)]


def rows_of(value: object, name: str = "") -> Iterator[tuple[str, dict[str, object]]]:
    """Yield every row of a table that has a tag and a source."""
    if isinstance(value, dict):
        if "tag" in value and "source" in value:
            yield name, value
        for key, inner in value.items():
            yield from rows_of(inner, f"{name}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from rows_of(inner, f"{name}[{number}]")


def test_no_text_sends_its_reader_to_a_document_of_the_inside() -> None:
    found = [f"{place}: {cited!r} in {text[:90]!r}"
             for place, text in all_texts() for cited in cites_inside(text)]  # fmt: skip
    assert found == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_page_sends_its_reader_to_a_document_of_the_inside(page: Path) -> None:
    assert cites_inside(page.read_text("utf-8")) == []


def test_what_was_read_names_the_paper_it_was_read_in() -> None:
    unnamed = []
    for path in sorted((SOURCE / "knowledge" / "tables").glob("*.toml")):
        for name, row in rows_of(tomllib.loads(path.read_text("utf-8")), path.stem):
            source = str(row["source"])
            if row["tag"] in ("V", "V2") and not find_keys(source) and not _PAPER.search(source):
                unnamed.append(f"{name}: {source}")
    assert unnamed == []


def test_the_bibliography_says_what_a_source_without_a_paper_means() -> None:
    page = (ROOT / "docs" / "reference" / "sources.md").read_text("utf-8").partition("| key |")[0]
    said = {word for _, text in all_texts() for word in re.findall(r"(\w+) of this project", text)}
    assert {"design", "proposal", "trials", "definition", "limit"} <= said
    # what is told once, in a source that explains itself, needs no legend
    unexplained = {word for word in said - {"budget", "times"} if word not in page}
    assert unexplained == set()


@pytest.mark.parametrize(
    "text",
    [
        "architecture 8.10", "by evidence 5.6 R4", "recipes B1.2", "faults A07", "issue 5",
        "rule R4 of the evidence", "see house-style.md", "Evidence section 3", "conventions 3.1",
        "Fault rows G18.",
    ],
)  # fmt: skip
def test_the_lint_fires(text: str) -> None:
    assert cites_inside(text)


@pytest.mark.parametrize(
    "text",
    [
        "kambin-1 is the convention", "counts as evidence", "told by evidence, never guessed",
        "A22, A49", "1 issue", "design of this project",
    ],
)  # fmt: skip
def test_the_lint_stays_silent(text: str) -> None:
    assert cites_inside(text) == []


def test_rows_are_found_however_deep_they_lie() -> None:
    table = {"a": {"tag": "V", "source": "A1", "lines": [{"tag": "M", "source": "general"}]}}
    assert [name for name, _ in rows_of(table, "t")] == ["t.a", "t.a.lines[0]"]
