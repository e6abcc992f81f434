"""The generated pages of figures, bibliography and rules hold every row of their tables."""

import pytest
from tests.docs.generated_pages import DOCS, count_rows, load_writer, row_of, section_of

from kambin.knowledge import published, sources
from kambin.knowledge.promises import promises
from kambin.knowledge.suitability import (
    difficulty_rows,
    facts,
    risk_rows,
    suitability_rules,
)


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return load_writer("pages_published").pages()


def test_three_pages_are_written(written: dict[str, str]) -> None:
    assert set(written) == {
        "reference/published.md", "reference/sources.md", "reference/suitability.md",
    }  # fmt: skip


def test_every_figure_stands_under_its_metric_with_definition_and_origin(
    written: dict[str, str],
) -> None:
    page = written["reference/published.md"]
    for row in published().values():
        line = row_of(section_of(page, row.metric), row.name)
        assert f"| {row.figure} | {row.definition} | {row.origin} |" in line


def test_every_source_stands_on_its_page(written: dict[str, str]) -> None:
    assert count_rows(written["reference/sources.md"]) == len(sources())


def test_every_rule_stands_on_its_page_with_its_conditions(written: dict[str, str]) -> None:
    section = section_of(written["reference/suitability.md"], "Rules")
    for row in suitability_rules().values():
        line = row_of(section, row.name)
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
