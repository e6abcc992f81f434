"""The steps of the operation and the way after it, as sentences with tags and sources."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StepLine(_Row):
    """One sentence of a step; names in braces are filled in from the plan.

    Parameters
    ----------
    text : str
    tag, source : str
    needs : names without which the sentence is left out
    unless : names with which it is left out
    otherwise : str, what stands in its place, or empty
    levels : levels at which it is said, or empty for all
    """

    text: str
    tag: Literal["V", "V2", "M", "D"]
    source: str
    needs: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    otherwise: str = ""
    levels: tuple[str, ...] = ()


class StepRow(_Row):
    """One step of the operation."""

    title: str
    lines: tuple[StepLine, ...]


class RecoveryRow(_Row):
    """One row of the way after the operation.

    Parameters
    ----------
    when, what, says : str
    against : str, what speaks against a published figure, or empty
    blank : bool, the surgeon fills in what holds for this patient
    flag : bool, a red flag
    tag, source : str
    """

    when: str
    what: str
    says: str
    against: str = ""
    blank: bool = False
    flag: bool = False
    tag: Literal["V", "V2", "M", "D"]
    source: str


@cache
def procedure_steps() -> Mapping[str, StepRow]:
    """Return every step by its name, in the order in which they are done."""
    rows = _read("procedure")
    return MappingProxyType({name: StepRow.model_validate(row) for name, row in rows.items()})


@cache
def recovery_rows() -> Mapping[str, RecoveryRow]:
    """Return every row of the way after the operation by its name, in order of time."""
    rows = _read("recovery")
    return MappingProxyType({name: RecoveryRow.model_validate(row) for name, row in rows.items()})


def _read(table: str) -> dict[str, object]:
    place = resources.files("kambin.knowledge").joinpath("tables", f"{table}.toml")
    return tomllib.loads(place.read_text("utf-8"))
