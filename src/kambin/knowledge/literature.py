"""What papers measured of the same quantity, to print beside the patient's own number."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

POOLED = "pooled"
"""The place of a row that a paper gives for all levels together."""


@dataclass(frozen=True, slots=True)
class Literature:
    """One printed mean with its spread.

    Parameters
    ----------
    quantity : str, the quantity whose definition comes nearest to ours
    place : str, vertebra or disc level, or ``pooled``
    mean : float, in ``unit``
    sd : float or none, in ``unit``, standard deviation of persons; none if not printed
    n : int or none, number of persons or foramina; none if not stated
    unit : str
    low, high : float, the range in which such a mean is believable
    tag : str, V, V2, M or D
    source, note : str; the note says how the paper's definition differs from ours
    """

    quantity: str
    place: str
    mean: float
    sd: float | None
    n: int | None
    unit: str
    low: float
    high: float
    tag: str
    source: str
    note: str


@cache
def literature_rows() -> Mapping[tuple[str, str], Literature]:
    """Return every row of the literature table by quantity and place."""
    table = resources.files("kambin.knowledge").joinpath("tables", "literature.toml")
    rows = tomllib.loads(table.read_text("utf-8"))
    found = [_literature(q, p, row) for q, row in rows.items() for p in row["places"]]
    return MappingProxyType({(one.quantity, one.place): one for one in found})


def literature(quantity: str, place: str) -> Literature | None:
    """Return what papers found for a quantity at a place, or none if we know no paper.

    Parameters
    ----------
    quantity : str, name of a registered quantity such as ``disc_height_middle``
    place : str, vertebra or disc level; a pooled row answers where a place has none

    Returns
    -------
    Literature or none
    """
    # A mean of the level itself says more than one over all levels.
    rows = literature_rows()
    return rows.get((quantity, place)) or rows.get((quantity, POOLED))


def _literature(quantity: str, place: str, row: Mapping[str, Any]) -> Literature:
    mean, sd, n = row["places"][place]
    low, high = row["range"]
    return Literature(
        quantity,
        place,
        float(mean),
        # TOML has no null: 0 says that the paper does not print it.
        float(sd) or None,
        int(n) or None,
        row["unit"],
        float(low),
        float(high),
        row["tag"],
        row["source"],
        row.get("note", ""),
    )
