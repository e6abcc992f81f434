"""The promises of the technique are quoted with figures that exist, and none is said to hold."""

import pytest
from pydantic import ValidationError

from kambin.knowledge import find_keys, published
from kambin.knowledge.promises import Promise, promises

ROWS = tuple(promises().values())


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_a_promise_is_weighed_by_published_figures_for_and_against(row: Promise) -> None:
    assert set(row.speaks_for) | set(row.against) <= set(published())
    assert not set(row.speaks_for) & set(row.against)
    assert row.speaks_for
    assert row.against


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_the_sources_of_a_verdict_are_those_of_its_figures(row: Promise) -> None:
    shown = (*row.speaks_for, *row.against)
    known = {key for name in shown for key in find_keys(published()[name].source)}
    assert set(find_keys(row.source)) <= known
    assert row.tag == "D"


def test_the_nine_promises_of_the_technique_are_there() -> None:
    assert list(promises()) == [
        "lamina", "muscle", "stability", "all_types", "local_anaesthesia", "blood", "walking",
        "work", "skin",
    ]  # fmt: skip


def test_verdicts_are_those_of_the_evidence() -> None:
    verdicts = {row.name: row.verdict for row in ROWS}
    assert verdicts["all_types"] == "false_as_stated"
    assert verdicts["blood"] == "misleading"
    assert verdicts["work"] == "weak"


def test_a_figure_from_memory_stands_beside_its_tag() -> None:
    tags = {published()[name].tag for name in promises()["work"].speaks_for}
    assert "M" in tags


def test_a_promise_shows_something_of_a_plan_or_says_why_not() -> None:
    row = promises()["blood"].model_dump()
    with pytest.raises(ValidationError, match="why nothing"):
        Promise(**(row | {"unseen": ""}))
    with pytest.raises(ValidationError, match="why nothing"):
        Promise(**(row | {"shows": "skin"}))


def test_no_verdict_of_the_list_says_that_a_promise_holds() -> None:
    with pytest.raises(ValidationError, match="verdict"):
        Promise(**(promises()["skin"].model_dump() | {"verdict": "true"}))
