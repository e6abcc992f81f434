"""Rows of the tables of suitability and promises that are wrong are refused, never half read."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from kambin.knowledge import published, suitability
from kambin.knowledge.promises import Promise, promises
from kambin.knowledge.published import _published
from kambin.knowledge.suitability import (
    DifficultyRow,
    FactRow,
    RiskRow,
    SuitabilityRule,
    difficulty_rows,
    facts,
    risk_rows,
    suitability_rules,
)

Change = Callable[[dict[str, Any]], object]


def dumped(row: BaseModel) -> dict[str, Any]:
    return row.model_dump(by_alias=True)


GOOD: dict[type[BaseModel], dict[str, Any]] = {
    SuitabilityRule: dumped(suitability_rules()["R1"]),
    FactRow: dumped(facts()["age_years"]),
    DifficultyRow: dumped(difficulty_rows()["canal_share"]),
    RiskRow: dumped(risk_rows()["modic"]),
    Promise: dumped(promises()["skin"]),
}


@pytest.mark.parametrize("model", GOOD, ids=lambda m: m.__name__)
def test_the_row_that_is_broken_below_is_whole(model: type[BaseModel]) -> None:
    assert model(**GOOD[model])


@pytest.mark.parametrize("model", GOOD, ids=lambda m: m.__name__)
def test_a_row_with_a_field_nobody_reads_is_refused(model: type[BaseModel]) -> None:
    # a mistyped name would else be a rule without its border
    with pytest.raises(ValidationError, match="Extra inputs"):
        model(**GOOD[model], thresholds=3.0)


@pytest.mark.parametrize("model", GOOD, ids=lambda m: m.__name__)
def test_a_row_without_one_of_its_fields_is_refused(model: type[BaseModel]) -> None:
    for name in GOOD[model]:
        field = next(
            (f for n, f in model.model_fields.items() if name in (n, f.alias)), None
        )  # fmt: skip
        assert field is not None
        if field.is_required():
            fewer = {n: v for n, v in GOOD[model].items() if n != name}
            with pytest.raises(ValidationError, match="Field required"):
                model(**fewer)


@pytest.mark.parametrize(
    ("model", "changed"),
    [
        (SuitabilityRule, {"colour": "green"}),
        (SuitabilityRule, {"tag": "X"}),
        (SuitabilityRule, {"conditions": [{"fact": "zone", "is": "about", "words": ["x"]}]}),
        (SuitabilityRule, {"conditions": [{"fact": "zone", "is": "above"}]}),
        (FactRow, {"kind": "guessed"}),
        (DifficultyRow, {"weight": 0.0}),
        (DifficultyRow, {"weight": -1.0}),
        (DifficultyRow, {"easy": 0.75, "hard": 0.75}),
        (Promise, {"verdict": "holds"}),
        (Promise, {"shows": "smile"}),
        (Promise, {"shows": None}),
    ],
)
def test_a_row_that_says_what_it_may_not_is_refused(
    model: type[BaseModel], changed: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        model(**(GOOD[model] | changed))


def test_a_row_cannot_be_changed_once_it_is_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        suitability_rules()["R1"].colour = "info"
    with pytest.raises(TypeError):
        suitability_rules()["R99"] = suitability_rules()["R1"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        published()["stay_open"].value = 1.0  # type: ignore[misc]


@pytest.mark.parametrize(
    "name", ["metric", "approach", "unit", "design", "definition", "tag", "source"]
)
def test_a_figure_without_one_of_its_fields_is_refused(name: str) -> None:
    row = {
        "metric": "stay", "approach": "open", "unit": "d", "design": "series",
        "definition": "Length of stay", "tag": "V", "source": "O3",
    }  # fmt: skip
    assert _published("made", row).figure == ""
    fewer = {field: value for field, value in row.items() if field != name}
    with pytest.raises(KeyError, match=name):
        _published("made", fewer)


def test_each_part_of_the_table_is_read_by_its_own_model() -> None:
    assert suitability.facts() is facts()
    for rows, model in (
        (facts(), FactRow), (suitability_rules(), SuitabilityRule),
        (difficulty_rows(), DifficultyRow), (risk_rows(), RiskRow),
    ):  # fmt: skip
        assert all(type(row) is model and row.name == name for name, row in rows.items())
