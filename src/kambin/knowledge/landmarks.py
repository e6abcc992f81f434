"""What the C-arm shows of a tip, and what is done about it, as an editable policy."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

Line = Literal["", "SL", "half", "MPL", "midPL", "LPL"]
"""A vertical line of the AP picture; empty is open."""

Policy = Literal["allow", "note", "confirm", "exclude"]
"""What follows where a row holds."""


class LandmarkRow(BaseModel):
    """One state of a tip in the two true pictures.

    Parameters
    ----------
    name, title : str
    stages : tuple of str, the stages it speaks of
    medial, lateral : Line, the lines between which the tip lies
    slack_mm : float, mm, how far beyond a line still counts as at it; a row that stops begins
        so far beyond it
    of_pvl_mm : pair of float, mm, in lateral view, positive behind the posterior vertebral line
    of_disc : pair of float, the same in depths of the disc, instead
    along : str, ``tip``, or ``path`` where the whole way of the tool counts
    action : str, one sentence
    policy : Policy
    confirm_zones : tuple of str, zones in which an excluding row asks instead
    guards : str, what a row that stops keeps the tool off, with ``{upper}`` and ``{side}``
    tag, source : str
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    stages: tuple[str, ...]
    medial: Line
    lateral: Line
    slack_mm: float
    of_pvl_mm: tuple[float, float] | None = None
    of_disc: tuple[float, float] | None = None
    along: Literal["tip", "path"]
    action: str
    policy: Policy
    confirm_zones: tuple[str, ...] = ()
    guards: str = ""
    tag: Literal["V", "V2", "M", "D"]
    source: str

    @model_validator(mode="after")
    def _has_one_depth(self) -> "LandmarkRow":
        if (self.of_pvl_mm is None) is (self.of_disc is None):
            msg = f"landmark {self.name} needs of_pvl_mm or of_disc, and not both"
            raise ValueError(msg)
        return self

    @property
    def is_verified(self) -> bool:
        """Return whether the row was read in a source."""
        return self.tag == "V"

    @property
    def stops(self) -> bool:
        """Return whether no tool should be so."""
        return self.policy in ("exclude", "confirm")


@cache
def landmarks() -> Mapping[str, LandmarkRow]:
    """Return every landmark state by its name, in the order in which they are asked."""
    table = resources.files("kambin.knowledge").joinpath("tables", "landmarks.toml")
    rows = tomllib.loads(table.read_text("utf-8"))
    return MappingProxyType({name: LandmarkRow(name=name, **row) for name, row in rows.items()})
