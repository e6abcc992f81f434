"""Figures of papers in words: the way, the one it is compared with, and where it is from."""

import pytest
from tests.unit.exchange.made_plans import smallest

from kambin.approaches.indications_models import FigureRecord
from kambin.cli.figure_words import plain, tell_origin, tell_way


def a_figure(**fields: object) -> FigureRecord:
    given = {"design": "cohort", "n": 204, "source": "O8", "tag": "V", "comparator": ""}
    return smallest(FigureRecord, **(given | fields))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "cohort, n = 204 (O8) [V]"),
        ({"n": None}, "cohort (O8) [V]"),
        ({"source": "general", "tag": "M"}, "cohort, n = 204 (no source read) [M]"),
        ({"source": "derived", "tag": "D"}, "cohort, n = 204 (no source read) [D]"),
    ],
)
def test_the_origin_names_design_size_paper_and_tag(fields: dict[str, object], words: str) -> None:
    assert tell_origin(a_figure(**fields)) == words


def test_both_ways_of_a_comparison_are_named_in_words() -> None:
    alone = a_figure(approach="open_fenestration")
    assert tell_way(alone) == plain("open_fenestration") == "open fenestration"
    both = a_figure(approach="transforaminal", comparator="microdiscectomy_retractor")
    assert tell_way(both) == "transforaminal against microdiscectomy retractor"
