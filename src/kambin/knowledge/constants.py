"""Clinical and modelling numbers, each with unit, range, tag and source."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

TAGS = ("V", "V2", "M", "D")
"""V read in the source, V2 seen in a secondary source, M general knowledge, D derived here."""


@dataclass(frozen=True, slots=True)
class Constant:
    """One number the code may use, and why it may.

    Parameters
    ----------
    name : str, ``table.row``; the row name ends in the unit where there is one
    value : float, tuple of floats, or mapping of place (vertebra or level) to float
    unit : str, ``mm``, ``deg``, ``HU``, ``1`` and the like
    low, high : float, the range in which a person may set it
    tag : str, one of ``TAGS``; M and D are shown as unverified
    source : str, key of the evidence or the section it was derived in
    note : str, what it is used for
    """

    name: str
    value: float | tuple[float, ...] | Mapping[str, float]
    unit: str
    low: float
    high: float
    tag: str
    source: str
    note: str


NOT_CONSTANTS = (
    "dialects",
    "instruments",
    "techniques",
    "techniques_unplanned",
    "stages",
    "landmarks",
    "target_rules",
    "trade_offs",
    "rules",
    "literature",
    "published",
    "approaches",
    "sources",
    "suitability",
    "promises",
    "snomed",
    "drugs",
    "checkpoints",
    "procedure",
    "recovery",
)
"""Tables with rows of their own shape, each read by its own module."""


@cache
def constant_tables() -> tuple[str, ...]:
    """Return the names of all tables of constants, in alphabetical order.

    Returns
    -------
    names without ``.toml``; each is a key of ``read_constants``
    """
    folder = resources.files("kambin.knowledge").joinpath("tables")
    # The folder itself is the list: a new table cannot be forgotten in a second one.
    names = sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir())
    return tuple(name for name in names if name not in NOT_CONSTANTS)


@cache
def read_constants(table: str) -> Mapping[str, Constant]:
    """Return all rows of one table, ``knowledge/tables/<table>.toml``, by row name.

    Raises
    ------
    LookupError  if a row lacks a field or carries an unknown tag; a bug of ours
    """
    text = (
        resources.files("kambin.knowledge").joinpath("tables", f"{table}.toml").read_text("utf-8")
    )
    rows = tomllib.loads(text)
    return MappingProxyType({row: _constant(f"{table}.{row}", rows[row]) for row in rows})


def constant(name: str) -> Constant:
    """Return the constant ``table.row``.

    Parameters
    ----------
    name : str, such as ``margins.needle_root_hard_mm``

    Raises
    ------
    LookupError  if there is no such row
    """
    table, _, row = name.partition(".")
    found = read_constants(table).get(row)
    if found is None:
        msg = f"constant {name} is not in knowledge/tables/{table}.toml"
        raise LookupError(msg)
    return found


def value(name: str) -> float:
    """Return the single number of a constant, in the unit its name ends in.

    Parameters
    ----------
    name : str, ``table.row``; its ending says mm, degrees or HU, where it has a unit

    Raises
    ------
    LookupError  if there is no such row, or it is not a single number
    """
    # A list in place of a number must fail here, not in a comparison far away.
    number = constant(name).value
    if not isinstance(number, float):
        msg = f"constant {name} is not a single number"
        raise LookupError(msg)
    return number


def values(name: str) -> tuple[float, ...]:
    """Return the numbers of a constant that is a list, in its unit.

    Parameters
    ----------
    name : str, ``table.row``

    Returns
    -------
    tuple of float, in the unit the row states

    Raises
    ------
    LookupError  if there is no such row, or it is not a list
    """
    numbers = constant(name).value
    if not isinstance(numbers, tuple):
        msg = f"constant {name} is not a list"
        raise LookupError(msg)
    return numbers


def value_at(name: str, place: str) -> float:
    """Return the number of a constant for one vertebra or level, in its unit.

    Parameters
    ----------
    name : str, ``table.row``
    place : str, vertebra or disc level such as ``L5`` or ``L4-L5``

    Returns
    -------
    float, in the unit the row states

    Raises
    ------
    LookupError  if there is no such row, or it has no number for the place
    """
    numbers = constant(name).value
    if not isinstance(numbers, Mapping) or place not in numbers:
        msg = f"constant {name} has no number for {place}"
        raise LookupError(msg)
    return numbers[place]


def _constant(name: str, row: Mapping[str, Any]) -> Constant:
    raw = row["value"]
    number: float | tuple[float, ...] | Mapping[str, float]
    if isinstance(raw, list):
        # Tuples, so that a cached table cannot be changed by a caller.
        number = tuple(float(v) for v in raw)
    elif isinstance(raw, dict):
        number = MappingProxyType({place: float(v) for place, v in raw.items()})
    else:
        # TOML tells 2 from 2.0; what is compared must not depend on how it was typed.
        number = float(raw)
    # A number without a known tag could be shown as verified.
    if row["tag"] not in TAGS:
        msg = f"constant {name} has the unknown tag {row['tag']}"
        raise LookupError(msg)
    # That every value lies within its range is tested over all rows, not asked at each start.
    low, high = (float(v) for v in row["range"])
    return Constant(
        name, number, row["unit"], low, high, row["tag"], row["source"], row.get("note", "")
    )
