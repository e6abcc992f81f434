"""Local anaesthetics for infiltration, and the ceilings that labels and practice set them."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from kambin.core import RequestError

CeilingTable = Literal["us-label", "uk", "practice"]
"""Where a ceiling comes from: a country's label or preset, or figures in use."""

Jurisdiction = Literal["lowest", "us-label", "uk"]
"""What a person may choose; ``lowest`` is the least of all tables."""

JURISDICTIONS: tuple[Jurisdiction, ...] = ("lowest", "us-label", "uk")
"""All choices, the default first."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Strength(_Row):
    """A concentration that a source names for infiltration, percent (10 mg/mL each)."""

    percent: float
    tag: Literal["V", "V2", "M", "D"]
    source: str


class Ceiling(_Row):
    """What one table allows of a preparation, by weight and in all.

    Parameters
    ----------
    table : CeilingTable
    mg_per_kg : float or none, mg for each kg of body weight
    cap_mg : float or none, mg, whatever the weight
    tag, source, note : str
    """

    table: CeilingTable
    mg_per_kg: float | None = None
    cap_mg: float | None = None
    tag: Literal["V", "V2", "M", "D"]
    source: str
    note: str = ""

    @model_validator(mode="after")
    def _says_something(self) -> "Ceiling":
        if self.mg_per_kg is None and self.cap_mg is None:
            msg = f"the ceiling of {self.table} has neither mg_per_kg nor cap_mg"
            raise ValueError(msg)
        return self


class Preparation(_Row):
    """One local anaesthetic, plain or with epinephrine.

    Parameters
    ----------
    name : str, the row of the table
    agent : str, the drug itself, the same with and without epinephrine
    title : str, as printed
    epinephrine : bool
    mixing : str, what its label says about a second local anaesthetic, or empty
    concentrations : those that a source names for infiltration
    ceilings : one a table
    """

    name: str
    agent: str
    title: str
    epinephrine: bool
    mixing: str
    concentrations: tuple[Strength, ...]
    ceilings: tuple[Ceiling, ...]


@cache
def preparations() -> Mapping[str, Preparation]:
    """Return every preparation of the table by its name, in table order."""
    table = resources.files("kambin.knowledge").joinpath("tables", "drugs.toml")
    rows = tomllib.loads(table.read_text("utf-8"))
    return MappingProxyType({name: Preparation(name=name, **row) for name, row in rows.items()})


def find_preparation(name: str) -> Preparation:
    """Return a preparation by its name.

    Parameters
    ----------
    name : str, such as ``lidocaine`` or ``lidocaine+epinephrine``

    Raises
    ------
    RequestError  (RQ-140) if no table has it: an unknown drug has no ceiling
    """
    found = preparations().get(name)
    if found is None:
        raise RequestError(
            code="RQ-140",
            what="This drug is in no table",
            where=f"--drug {name[:30]!r}",
            why="Without a ceiling no sum of doses means anything, and none is assumed.",
            next_step=f"Use one of {', '.join(preparations())}.",
        )
    return found
