"""The page of local anaesthetics holds every row of the table and every source in full."""

import pytest
from tests.docs.generated_pages import load_writer

from kambin.knowledge import cite, find_keys, preparations


@pytest.fixture(scope="module")
def the_page() -> str:
    pages: dict[str, str] = load_writer("pages_drugs").pages()
    return pages["reference/drugs.md"]


def test_it_is_the_page_of_local_anaesthetics(the_page: str) -> None:
    assert the_page.split("\n")[1] == "# Local anaesthetics"


def test_every_drug_has_a_row_for_each_table(the_page: str) -> None:
    rows = [line for line in the_page.split("\n") if line.startswith("| ")][1:]
    assert len(rows) == sum(len(one.ceilings) for one in preparations().values())
    for name in preparations():
        assert f"`{name}`" in the_page


def test_every_source_is_written_out(the_page: str) -> None:
    for one in preparations().values():
        for ceiling in one.ceilings:
            for key in find_keys(ceiling.source):
                assert f"- **{key}** {cite(key)}" in the_page


def test_what_labels_say_of_mixtures_is_listed(the_page: str) -> None:
    warned = [one for one in preparations().values() if one.mixing]
    assert warned
    for one in warned:
        assert f"- `{one.name}`: {one.mixing}" in the_page


def test_a_missing_figure_is_a_dash_and_no_zero(the_page: str) -> None:
    row = next(line for line in the_page.split("\n") if "`bupivacaine`" in line)
    cells = [cell.strip() for cell in row.split("|")]
    assert cells[3:6] == ["us-label", "-", "175"]
