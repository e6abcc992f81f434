"""The six ways as tables: units, deviations, what is not known, and no sign on nothing."""

import pytest
from tests.unit.approaches.back_of_boxes import build_back, stand_on
from tests.unit.planning.simple_spine import Recipe
from tests.unit.planning.test_models import REFUSAL

from kambin.anatomy import Anatomy
from kambin.approaches import Comparison, describe_comparison
from kambin.approaches.compare import measure
from kambin.approaches.fields import tell_number
from kambin.knowledge import find_keys
from kambin.knowledge.sources import NO_PAPER
from kambin.report.compare_rows import comparison_tables
from kambin.report.rows import Table

WAYS = ("transforaminal", "microdiscectomy_tubular", "microdiscectomy_retractor")


def compare(anatomy: Anatomy) -> Comparison:
    ground = stand_on(anatomy)
    return describe_comparison(ground, {name: measure(ground, name, REFUSAL) for name in WAYS})


def tables(found: Comparison) -> dict[str, Table]:
    return {table.name.removeprefix("six-ways-"): table for table in comparison_tables(found)}


@pytest.fixture(scope="module")
def found() -> Comparison:
    return compare(build_back())


@pytest.fixture(scope="module")
def shown(found: Comparison) -> dict[str, Table]:
    return tables(found)


def test_every_table_is_as_wide_as_its_heads(shown: dict[str, Table]) -> None:
    assert list(shown) == ["costs", "remarks", "differences", "meanings", "papers", "sources"]
    for table in shown.values():
        assert {len(row) for row in table.rows} == {len(table.columns)}
        assert all(isinstance(cell, str) for row in table.rows for cell in row)


def test_each_number_has_its_unit_and_one_standard_deviation(found, shown) -> None:
    rows = {row[0]: row[1:] for row in shown["costs"].rows}
    assert len(rows) == len(found.fields) + 1
    cost = found.approaches["microdiscectomy_retractor"]
    told = f"{cost.muscle_detached_mm3:.0f} +- {cost.sigma.muscle_detached_mm3:.0f}"
    assert rows["muscle detached, mm³"][2] == told
    # nothing is taken off by the tube: a number, and no deviation of it
    assert rows["muscle detached, mm³"][1] == "0"
    assert rows["skin, mm"][2] == "25.0"
    assert rows["stability class"][2] == "at risk"
    assert rows["stability class by the joint's face alone"][2] == (
        tell_number("", cost.stability_by_surface)
    )


def test_a_refused_way_says_no_way_and_what_binds(shown) -> None:
    assert {row[1] for row in shown["costs"].rows} == {"no way"}
    remarks = {row[0]: row for row in shown["remarks"].rows}
    what, ways, why = remarks["no way"]
    assert ways == "Transforaminal endoscopic"
    assert "binds at the needle" in why
    assert "exiting root L4 left" in why
    assert what == "no way"


def test_differences_are_to_the_first_way_that_is_there_and_zero_has_no_sign(found, shown) -> None:
    table = shown["differences"]
    assert table.columns == ("", "Microdiscectomy, retractor")
    assert "microdiscectomy, tube" in table.title
    rows = dict(table.rows)
    assert rows["lamina, mm³"] == rows["other bone, mm³"] == "0 +- 0"
    more = found.approaches["microdiscectomy_retractor"].muscle_detached_mm3
    assert rows["muscle detached, mm³"].startswith(f"{more:.0f} +- ")


def test_what_is_modelled_and_why_a_field_is_null_is_told_once_for_all_ways(shown) -> None:
    remarks = {row[0]: row[1:] for row in shown["remarks"].rows}
    both = "Microdiscectomy, tube, Microdiscectomy, retractor"
    assert remarks["modelled: flavum"][0] == both
    assert "modelled" in remarks["modelled: flavum"][1]
    coarse = tables(compare(build_back(fragment=True, recipe=Recipe(label_spacing_mm=3.0))))
    told = {row[0]: row[1:] for row in coarse["remarks"].rows}
    ways, why = told["not assessed: facet, facet fraction, stability class"]
    assert ways == both
    assert "PL-005" in why
    null = {row[0]: row[1:] for row in coarse["costs"].rows}["facet, mm³"]
    assert null == ("no way", "not assessed", "not assessed")


def test_what_a_number_was_counted_without_stands_beside_it() -> None:
    table = tables(compare(build_back(recipe=Recipe(without=("sp:L5",)))))["remarks"]
    whys = [row[2] for row in table.rows if row[0] == "incomplete: lamina"]
    assert whys == ["Counted without spinous process L5: not assessed."]


def test_papers_keep_their_words_and_say_of_whom_they_are(found, shown) -> None:
    papers = shown["papers"]
    assert len(papers.rows) == len(found.published)
    assert "None of it is of this patient" in papers.note
    assert all(row[5].endswith("]") for row in papers.rows)
    # each key at a figure leads to what it stands for, on the same pages
    sources = dict(shown["sources"].rows)
    keys = {key for row in found.published for key in find_keys(row.source)} - set(NO_PAPER)
    assert keys <= set(sources)
    assert "http" not in " ".join(sources.values())


@pytest.mark.parametrize(
    ("name", "number", "told"),
    [
        ("skin_mm", 11.78, "11.8"),
        ("lamina_mm3", 31.4, "31"),
        ("facet_fraction", 0.333, "0.33"),
        ("stability_class", "at_risk", "at risk"),
        ("lamina_mm3", None, "-"),
    ],
)
def test_a_number_has_the_digits_of_its_field(name, number, told) -> None:
    assert tell_number(name, number) == told
