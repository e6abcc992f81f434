"""The register of hard rules: what each demands, and what breaking it means."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict


class RuleRow(BaseModel):
    """One hard rule.

    Parameters
    ----------
    name : str, its id
    what : str, one sentence
    comparison : str, ``at least`` or ``at most``
    unit : str, of value and threshold
    severity : str, ``BLOCK``, or ``CONFIRM`` where a person decides
    source : str, rows of the tables its threshold comes from, or the section of the design
    code : str, under which breaking it is said
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    what: str
    comparison: Literal["at least", "at most"]
    unit: Literal["mm", "mm3", "deg", "1"]
    severity: Literal["BLOCK", "CONFIRM"]
    source: str
    code: str


@cache
def rules() -> Mapping[str, RuleRow]:
    """Return every hard rule by its id, in the order in which plans list them."""
    table = resources.files("kambin.knowledge").joinpath("tables", "rules.toml")
    rows = tomllib.loads(table.read_text("utf-8"))
    return MappingProxyType({name: RuleRow(name=name, **row) for name, row in rows.items()})
