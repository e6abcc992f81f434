"""Every generated page has the same shape: what it is, for whom, and whole tables."""

import pytest
from tests.docs.generated_pages import DOCS, load_writer, ragged_rows

WRITERS = sorted(path.stem for path in DOCS.glob("pages_*.py"))
PAGES = {
    name: text for writer in WRITERS for name, text in load_writer(writer).pages().items()
}  # fmt: skip


def test_all_writers_are_known() -> None:
    assert {"pages_codes", "pages_drugs", "pages_knowledge", "pages_published"} <= set(WRITERS)


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_opens_with_a_title_and_who_it_is_for(name: str) -> None:
    generated, title, blank, reader, *_ = PAGES[name].split("\n")
    assert "Generated" in generated
    assert title.startswith("# ")
    assert blank == ""
    assert reader.startswith("For ")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_table_of_a_page_is_ragged(name: str) -> None:
    assert ragged_rows(PAGES[name]) == []


@pytest.mark.parametrize(
    ("page", "ragged"),
    [
        ("| a | b |\n| 1 | 2 |", []),
        ("| a | b |\n| 1 |", ["| 1 |"]),
        ("| a | b |\n| 1\\|2 | 3 |", []),
        ("| a |\n\n| b | c |", []),
    ],
)
def test_a_ragged_row_is_found(page: str, ragged: list[str]) -> None:
    assert ragged_rows(page) == ragged


@pytest.mark.parametrize("writer", ["pages_knowledge", "pages_published"])
def test_a_bar_in_a_cell_does_not_break_the_table(writer: str) -> None:
    line = load_writer(writer)._line(("a|b", "c"))
    assert line == "| a\\|b | c |"
