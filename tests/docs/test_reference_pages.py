"""The generated pages hold every row of the tables, as text a surgeon can read."""

from types import ModuleType

import pytest
from tests.docs.generated_pages import count_rows, load_writer, row_of, section_of

from kambin.knowledge import (
    constant_tables,
    instruments,
    literature_rows,
    read_constants,
    techniques,
)
from kambin.measure import CREST_CLASSES, QUANTITIES


@pytest.fixture(scope="module")
def page_writer() -> ModuleType:
    return load_writer("pages_knowledge")


@pytest.fixture(scope="module")
def written(page_writer: ModuleType) -> dict[str, str]:
    return page_writer.pages()


def test_every_constant_stands_on_its_page(written: dict[str, str]) -> None:
    page = written["reference/constants.md"]
    for table in constant_tables():
        section = section_of(page, table)
        for name, row in read_constants(table).items():
            assert f"| `{name}` | " in section
            assert row.source.replace("|", "\\|") in section


def test_every_instrument_stands_on_its_page(written: dict[str, str]) -> None:
    page = written["reference/instruments.md"]
    for name, one in instruments().items():
        line = row_of(page, name)
        assert f"| {one.outer_diameter_mm:g} |" in line
        assert f"| {one.tag} |" in line


def test_every_technique_stands_on_its_page_with_corridor_and_levels(
    written: dict[str, str],
) -> None:
    page = written["reference/techniques.md"]
    for name, one in techniques().items():
        section = page.partition(f"\n## `{name}`")[2].partition("\n## ")[0]
        assert f"up to {one.corridor.length_max_mm:g} mm" in section
        for level in one.preferred:
            assert f"| {level} |" in section
        for tool in one.tools:
            assert f"`{tool.instrument}`" in section


def test_every_quantity_and_every_class_stands_on_its_page(written: dict[str, str]) -> None:
    page = written["reference/quantities.md"]
    for name, kind in QUANTITIES.items():
        assert f"| `{name}` | {kind.unit} | {kind.place} |" in page
    for number, words in enumerate(CREST_CLASSES):
        assert f"- {number}: {words}" in page


def test_every_paper_stands_on_its_page(written: dict[str, str]) -> None:
    assert count_rows(written["reference/literature.md"]) == len(literature_rows())


def test_a_line_break_in_a_cell_becomes_a_space(page_writer: ModuleType) -> None:
    assert page_writer._line(("a|b", "c\nd")) == "| a\\|b | c d |"
