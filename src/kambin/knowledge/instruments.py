"""The instruments of the sequence, from needle to forceps, and any size of one's own."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from kambin.core import RequestError
from kambin.knowledge.constants import value

Kind = Literal[
    "needle", "guidewire", "dilator", "reamer", "cannula", "scope", "forceps", "probe", "burr"
]
"""What an instrument is for."""

KINDS: tuple[str, ...] = get_args(Kind)
"""All kinds, in the order in which they go in."""

USER_SOURCE = "given by the user"
"""The source of an instrument that is in no table."""


class Instrument(BaseModel):
    """One instrument as the clearance computation sees it: a capsule of true outer size.

    Parameters
    ----------
    name : str, the row of the table, or made from kind and size
    kind : str, one of ``KINDS``
    title : str, as printed
    outer_diameter_mm : float, mm, the largest outer diameter of the shaft
    range : pair of float, mm, the spread of outer diameters seen
    bore_mm : float or none, mm, inner diameter or working channel
    length_mm : float or none, mm, usable length
    view_deg : float or none, degrees, viewing direction of a scope off its axis
    lateral_reach_mm : float or none, mm, reach of an articulated tip beside the axis
    bevel_deg : float or none, degrees between the plane of a tube's opening and its axis
    unit : str, always ``mm``
    tag : str, V, V2, M or D; M and D are shown as unverified
    source : str
    """

    # A misspelt field in the table must fail; dropped, it would leave a default in its place.
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    kind: Kind
    title: str
    outer_diameter_mm: float
    range: tuple[float, float]
    bore_mm: float | None = None
    length_mm: float | None = None
    view_deg: float | None = None
    lateral_reach_mm: float | None = None
    bevel_deg: float | None = None
    unit: Literal["mm"] = "mm"
    tag: Literal["V", "V2", "M", "D"]
    source: str

    @property
    def radius_mm(self) -> float:
        """Return the outer radius, mm."""
        return self.outer_diameter_mm / 2

    @property
    def is_verified(self) -> bool:
        """Return whether the size was read in a source, not taken from general knowledge."""
        return self.tag == "V"


@cache
def instruments() -> Mapping[str, Instrument]:
    """Return every instrument of the table by its name, in table order."""
    table = resources.files("kambin.knowledge").joinpath("tables", "instruments.toml")
    rows = tomllib.loads(table.read_text("utf-8"))
    return MappingProxyType({name: Instrument(name=name, **row) for name, row in rows.items()})


def find_instrument(name: str) -> Instrument:
    """Return the instrument of that name.

    Raises
    ------
    RequestError  (RQ-040) if the table has none of that name
    """
    found = instruments().get(name)
    if found is None:
        raise RequestError(
            code="RQ-040",
            what="The instrument is not in the table",
            # Cut off: a message stays readable whatever was typed.
            where=f"instrument {name[:40]!r}",
            why="Only instruments of the table have a name.",
            next_step=f"Use one of {', '.join(instruments())}, or give the outer diameter.",
        )
    return found


def user_instrument(kind: str, outer_diameter_mm: float) -> Instrument:
    """Return an instrument of a size somebody has on the table, whatever the maker.

    Parameters
    ----------
    kind : str, one of ``KINDS``
    outer_diameter_mm : float, mm, within the limits of the table ``sizes`` (1 to 15)

    Returns
    -------
    Instrument; one of the table if kind and size agree, else one tagged D

    Raises
    ------
    RequestError  (RQ-041) if the size is not a number within the limits or the kind is unknown
    """
    low, high = value("sizes.smallest_outer_diameter_mm"), value("sizes.largest_outer_diameter_mm")
    # Written as a negation so that not-a-number is refused, too.
    if kind not in KINDS or not low <= outer_diameter_mm <= high:
        raise RequestError(
            code="RQ-041",
            what="An instrument of this kind and size is not accepted",
            where=f"{kind[:20]} {outer_diameter_mm:g} mm",
            why=f"Outer diameters run from {low:g} to {high:g} mm.",
            next_step=f"Give the outer diameter in millimetres of a {', '.join(KINDS)}.",
        )
    # Exactly equal: a tube of 7.4 mm is not the 7.5 of the table.
    for known in instruments().values():
        if known.kind == kind and known.outer_diameter_mm == outer_diameter_mm:
            return known
    # Only a cannula lets other tools through, less a wall on either side.
    bore = outer_diameter_mm - 2 * value("sizes.cannula_wall_mm") if kind == "cannula" else None
    return Instrument.model_validate(
        {
            "name": f"{kind}-{outer_diameter_mm:g}",
            "kind": kind,
            "title": f"{kind.capitalize()} {outer_diameter_mm:g} mm, size given by the user",
            "outer_diameter_mm": outer_diameter_mm,
            "range": (outer_diameter_mm, outer_diameter_mm),
            "bore_mm": bore,
            "bevel_deg": value("sizes.cannula_bevel_deg") if kind == "cannula" else None,
            # A size that somebody typed was read in no paper.
            "tag": "D",
            "source": USER_SOURCE,
        }
    )
