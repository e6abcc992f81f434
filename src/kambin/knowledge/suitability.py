"""The rules that speak for or against a way to operate, as data."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Tag = Literal["V", "V2", "M", "D"]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class FactRow(_Row):
    """One thing a rule asks for.

    Parameters
    ----------
    name, title : str
    unit : str, empty for a word
    kind : str, ``measured`` on the anatomy, ``herniation`` on the fragment, ``asked`` of a person,
        or ``plan`` where only a plan can tell
    option : str, how a person answers on the command line, or empty
    """

    name: str
    title: str
    unit: str
    kind: Literal["measured", "herniation", "asked", "plan"]
    option: str = ""


class Condition(_Row):
    """What one fact must be like.

    Parameters
    ----------
    fact : str
    comparison : str, ``above`` and ``below`` do not hold at the threshold itself
    threshold : float or none, in the unit of the fact
    words : tuple of str
    """

    fact: str
    comparison: Literal["above", "below", "one of", "none of"] = Field(alias="is")
    threshold: float | None = None
    words: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _compares_with_something(self) -> "Condition":
        is_number = self.comparison in ("above", "below")
        if is_number is (self.threshold is None) or is_number is bool(self.words):
            msg = f"condition on {self.fact} needs a threshold or words, and not both"
            raise ValueError(msg)
        return self


class SuitabilityRule(_Row):
    """One rule.

    Parameters
    ----------
    name : str, of the row
    rule : str, its number in the evidence; several rows may share it
    title, says : str
    conditions : tuple of Condition; all must hold
    levels : tuple of str, disc levels it is asked at; empty for all
    colour : str, ``red``, ``amber``, or ``info``, which changes no verdict
    against, speaks_for : tuple of str, ways to operate
    figures, others : tuple of str, published figures where it applies and where it does not
    tag, source : str
    """

    name: str
    rule: str
    title: str
    says: str
    conditions: tuple[Condition, ...]
    levels: tuple[str, ...] = ()
    colour: Literal["red", "amber", "info"]
    against: tuple[str, ...]
    speaks_for: tuple[str, ...] = ()
    figures: tuple[str, ...]
    others: tuple[str, ...] = ()
    tag: Tag
    source: str


class DifficultyRow(_Row):
    """One term of the difficulty.

    Parameters
    ----------
    name : str, the fact it is computed from
    easy, hard : float, in ``unit``; up to the one it counts nothing, from the other on fully
    weight : float, above 0
    unit, tag, source, note : str
    """

    name: str
    easy: float
    hard: float
    weight: float = Field(gt=0)
    unit: str
    tag: Tag
    source: str
    note: str

    @model_validator(mode="after")
    def _has_a_length(self) -> "DifficultyRow":
        if self.easy == self.hard:
            msg = f"difficulty of {self.name} has the same easy and hard end"
            raise ValueError(msg)
        return self


class RiskRow(_Row):
    """One flag of recurrence.

    Parameters
    ----------
    name, title : str
    figure : str, the published figure
    """

    name: str
    title: str
    figure: str


@cache
def facts() -> Mapping[str, FactRow]:
    """Return everything a rule may ask for, by its name."""
    return _read("facts", FactRow)


@cache
def suitability_rules() -> Mapping[str, SuitabilityRule]:
    """Return every row of the rules R1 to R16, by its name, in table order."""
    return _read("rules", SuitabilityRule)


@cache
def difficulty_rows() -> Mapping[str, DifficultyRow]:
    """Return the terms of the difficulty by the fact they are computed from."""
    return _read("difficulty", DifficultyRow)


@cache
def risk_rows() -> Mapping[str, RiskRow]:
    """Return the flags of recurrence by their name."""
    return _read("risks", RiskRow)


def contraindications() -> tuple[str, ...]:
    """Return the names a person may answer with under ``--contraindication``."""
    return tuple(n for n, row in facts().items() if row.option == "--contraindication")


def _read(part: str, model: type[Any]) -> Mapping[str, Any]:
    table = resources.files("kambin.knowledge").joinpath("tables", "suitability.toml")
    rows = tomllib.loads(table.read_text("utf-8"))[part]
    return MappingProxyType({name: model(name=name, **row) for name, row in rows.items()})
