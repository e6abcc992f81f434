"""From every published figure that is shown one can walk to its source, in document and page."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.unit.approaches.test_claims import a_plan
from tests.unit.approaches.test_indications import CENTRAL_SEVERE, a_case, judge, spine
from tests.unit.approaches.test_skin_cut import a_body

from kambin.anatomy import Case
from kambin.approaches.claims import weigh_claims
from kambin.cli.claims import print_claims
from kambin.cli.indications import print_indications
from kambin.knowledge import TAGS, cite, find_keys, published, sources

__all__ = ["a_case"]

ORIGIN = re.compile(r"\(([^()]+)\) \[(V2?|M|D)\]")
"""How the page names source and tag of a figure."""


def figures_in(part: Any) -> Iterator[dict[str, Any]]:
    """Every figure of a document, wherever it stands."""
    if isinstance(part, dict):
        if "figure" in part and "citations" in part:
            yield part
        for inner in part.values():
            yield from figures_in(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from figures_in(inner)


@pytest.fixture(scope="module")
def documents(a_case: Case) -> list[dict[str, Any]]:
    """What both commands print of a patient, as JSON."""
    found = (judge(spine(CENTRAL_SEVERE), a_case), weigh_claims(a_plan(), a_body()))
    return [json.loads(one.model_dump_json()) for one in found]


def test_every_figure_of_a_document_carries_what_its_keys_stand_for(documents) -> None:
    shown = [figure for document in documents for figure in figures_in(document)]
    assert len(shown) > 80
    for figure in shown:
        keys = find_keys(figure["source"])
        assert keys
        assert figure["citations"] == {key: cite(key) for key in keys}
        assert figure["tag"] in TAGS
        assert figure["definition"]
        assert figure["design"]


def test_every_figure_of_a_document_is_the_row_of_the_table(documents) -> None:
    for document in documents:
        for figure in figures_in(document):
            row = published()[figure["name"]]
            assert figure["value"] == row.value
            assert (figure["low"], figure["high"]) == (row.low, row.high)
            assert figure["figure"] == row.figure
            assert figure["unverified"] is (row.tag in ("M", "D"))


def test_every_number_of_a_row_stands_in_its_text() -> None:
    for row in published().values():
        numbers = [n for n in (row.value, row.spread) if n is not None]
        if row.low is not None and row.high is not None:
            numbers += [row.low, row.high]
        for number in numbers:
            assert f"{number:g}" in row.figure, row.name


def test_each_source_on_the_page_is_in_the_bibliography(
    a_case: Case, capsys: pytest.CaptureFixture[str]
) -> None:
    print_claims(weigh_claims(a_plan(), a_body()))
    print_indications(judge(spine(CENTRAL_SEVERE), a_case))
    # a table breaks its cells over lines; those who read it find the same rows in the document
    words = ("   for ", "   against ", "    published:", "    otherwise:")
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith(words)]
    named = {source for line in lines for source, _ in ORIGIN.findall(line)}
    assert len(named) > 25
    for source in named - {"no source read"}:
        keys = [word.strip() for word in source.split(",")]
        assert [key for key in keys if key not in sources()] == []


def test_what_no_source_was_read_for_says_so_on_the_page(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_claims(weigh_claims())
    lines = [line for line in capsys.readouterr().out.splitlines() if line.endswith("[M]")]
    assert lines
    # two are from memory of a paper that is named, the others of none
    assert all("(no source read)" in line or "(O2)" in line for line in lines)


def test_every_line_of_a_figure_ends_with_its_source(capsys: pytest.CaptureFixture[str]) -> None:
    print_claims(weigh_claims())
    figures = [
        line
        for line in capsys.readouterr().out.splitlines()
        if line.startswith(("   for ", "   against "))
    ]
    assert len(figures) == sum(len(c.speaks_for) + len(c.against) for c in weigh_claims().claims)
    assert [line for line in figures if not ORIGIN.search(line[-60:])] == []
