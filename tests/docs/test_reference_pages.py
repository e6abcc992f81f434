"""The generated pages hold every row of the tables, as text a surgeon can read."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from kambin.knowledge import (
    constant_tables,
    instruments,
    literature_rows,
    read_constants,
    techniques,
)
from kambin.measure import CREST_CLASSES, QUANTITIES

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def page_writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pages_knowledge", DOCS / "pages_knowledge.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def written(page_writer: ModuleType) -> dict[str, str]:
    return page_writer.pages()


def test_every_page_opens_with_a_title_and_who_it_is_for(written: dict[str, str]) -> None:
    for text in written.values():
        generated, title, blank, reader, *_ = text.split("\n")
        assert "Generated" in generated
        assert title.startswith("# ")
        assert blank == ""
        assert reader.startswith("For ")


def test_every_constant_stands_on_its_page(written: dict[str, str]) -> None:
    page = written["reference/constants.md"]
    for table in constant_tables():
        section = page.partition(f"\n## {table}\n")[2].partition("\n## ")[0]
        for name, row in read_constants(table).items():
            assert f"| `{name}` | " in section
            assert row.source.replace("|", "\\|") in section


def test_every_instrument_stands_on_its_page(written: dict[str, str]) -> None:
    page = written["reference/instruments.md"]
    for name, one in instruments().items():
        line = next(line for line in page.splitlines() if f"`{name}`" in line)
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
    page = written["reference/literature.md"]
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) == len(literature_rows())


def test_a_bar_in_a_cell_does_not_break_the_table(page_writer: ModuleType) -> None:
    assert page_writer._line(("a|b", "c\nd")) == "| a\\|b | c d |"


def test_no_table_has_a_ragged_row(written: dict[str, str]) -> None:
    for text in written.values():
        width = None
        for line in text.splitlines():
            if not line.startswith("| "):
                width = None
                continue
            cells = line.replace("\\|", "").count("|")
            width = width or cells
            assert cells == width
