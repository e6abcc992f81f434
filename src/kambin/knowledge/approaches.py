"""The ways to operate that are compared on one patient, as data."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator


class _Row(BaseModel):
    # Frozen: a row is shared by all comparisons of a process.
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Row):
    """One number of an approach, and why it may be used.

    Parameters
    ----------
    value : float
    unit : str
    range : pair of float, in which a person may set it
    tag : str, V, V2, M or D; M and D are shown as unverified
    source, note : str
    """

    value: float
    unit: str
    range: tuple[float, float]
    tag: Literal["V", "V2", "M", "D"]
    source: str
    note: str

    @model_validator(mode="after")
    def _require_inside(self) -> "Figure":
        if not self.range[0] <= self.value <= self.range[1]:
            msg = f"{self.value} is outside of its own range"
            raise ValueError(msg)
        return self


class Approach(_Row):
    """One way to operate: its skin incision, its corridor and what it takes away.

    Parameters
    ----------
    name, title : str
    corridor : str, ``foramen`` (what the planner finds), ``tube`` or ``retractor``
    muscle : str, ``dilated``, ``split`` or ``detached``
    bone : str, ``reamed``, ``tube``, ``window`` or ``laminectomy``
    flavum : str, ``cut`` (inside tube or window), ``side`` or ``all``
    sight : str, ``scope`` or ``microscope``
    both_sides : bool, muscle is taken off on both sides
    scope : str, its name in the instrument table, empty without one
    tube_mm : outer diameter of the tube
    incision_mm : skin incision, where no tube says it
    blade_mm : how far from the midline a retractor's blade holds the muscle
    window_width_mm, window_height_mm : window in lamina and flavum
    facet_share : medial share of the joint's width that may be cut
    flavum_opening_mm : diameter of an opening in the flavum, where the tube does not say it
    room_mm : diameter of what has to get to the fragment beside the root
    dock_mm : how far short of the target a tube ends that goes into the canal
    retraction_max_mm : how far root and sac are moved medially at the most
    tag, source, note : str, of the row
    """

    name: str
    title: str
    corridor: Literal["foramen", "tube", "retractor"]
    muscle: Literal["dilated", "split", "detached"]
    bone: Literal["reamed", "tube", "window", "laminectomy"]
    flavum: Literal["cut", "side", "all"]
    sight: Literal["scope", "microscope"]
    both_sides: bool
    scope: str = ""
    tube_mm: Figure | None = None
    incision_mm: Figure | None = None
    blade_mm: Figure | None = None
    window_width_mm: Figure | None = None
    window_height_mm: Figure | None = None
    facet_share: Figure | None = None
    flavum_opening_mm: Figure | None = None
    room_mm: Figure | None = None
    dock_mm: Figure | None = None
    retraction_max_mm: Figure
    tag: Literal["V", "V2", "M", "D"]
    source: str
    note: str

    def require(self, field: str) -> float:
        """Return one number of the row.

        Parameters
        ----------
        field : str, such as ``tube_mm``

        Raises
        ------
        LookupError  if the row has none; a bug of ours
        """
        found = getattr(self, field)
        if not isinstance(found, Figure):
            msg = f"the approach {self.name} has no {field}"
            raise LookupError(msg)
        return found.value


@cache
def approaches() -> Mapping[str, Approach]:
    """Return every way to operate by its name, in table order."""
    table = resources.files("kambin.knowledge").joinpath("tables", "approaches.toml")
    rows = tomllib.loads(table.read_text("utf-8"))
    return MappingProxyType({name: Approach(name=name, **row) for name, row in rows.items()})
