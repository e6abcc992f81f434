"""The generated pages of figures, bibliography and rules hold every row of their tables."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from kambin.knowledge import published, sources
from kambin.knowledge.promises import promises
from kambin.knowledge.suitability import (
    difficulty_rows,
    facts,
    risk_rows,
    suitability_rules,
)

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture(scope="module")
def page_writer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pages_published", DOCS / "pages_published.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def written(page_writer: ModuleType) -> dict[str, str]:
    return page_writer.pages()


def test_every_page_opens_with_a_title_and_who_it_is_for(written: dict[str, str]) -> None:
    assert set(written) == {
        "reference/published.md", "reference/sources.md", "reference/suitability.md",
    }  # fmt: skip
    for text in written.values():
        generated, title, blank, reader, *_ = text.split("\n")
        assert "Generated" in generated
        assert title.startswith("# ")
        assert blank == ""
        assert reader.startswith("For ")


def test_every_figure_stands_under_its_metric_with_definition_and_origin(
    written: dict[str, str],
) -> None:
    page = written["reference/published.md"]
    for row in published().values():
        section = page.partition(f"\n## {row.metric}\n")[2].partition("\n## ")[0]
        line = next(line for line in section.splitlines() if f"| `{row.name}` |" in line)
        assert f"| {row.figure} | {row.definition} | {row.origin} |" in line


def test_every_source_stands_on_its_page(written: dict[str, str]) -> None:
    page = written["reference/sources.md"]
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) == len(sources())


def test_every_rule_stands_on_its_page_with_its_conditions(written: dict[str, str]) -> None:
    page = written["reference/suitability.md"]
    section = page.partition("\n## Rules\n")[2].partition("\n## ")[0]
    for row in suitability_rules().values():
        line = next(line for line in section.splitlines() if f"| `{row.name}` |" in line)
        assert f"| {row.colour} |" in line
        assert row.title in line
        for one in row.conditions:
            border = ", ".join(one.words) if one.threshold is None else f"{one.threshold:g}"
            assert f"`{one.fact}` {one.comparison} {border}" in line


def test_facts_terms_and_flags_stand_on_the_page_of_rules(written: dict[str, str]) -> None:
    page = written["reference/suitability.md"]
    for name in (*facts(), *difficulty_rows(), *risk_rows()):
        assert f"| `{name}` |" in page
    assert "Flags of recurrence, shown and no gate" in page


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


def test_a_bar_in_a_cell_does_not_break_the_table(page_writer: ModuleType) -> None:
    assert page_writer._line(("a|b", "c")) == "| a\\|b | c |"


def test_the_page_of_claims_has_every_promise_with_its_verdict() -> None:
    page = (DOCS / "concepts" / "claims.md").read_text("utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    for one in promises().values():
        line = next(line for line in rows if line.startswith(f"| {one.promise} |"))
        assert one.verdict.replace("_", " ") in line


def test_the_page_of_indications_names_every_option_a_person_answers_with() -> None:
    page = (DOCS / "concepts" / "indications.md").read_text("utf-8")
    options = {row.option for row in facts().values() if row.option} | {"--risk", "--zone"}
    assert [option for option in options if option not in page] == []
