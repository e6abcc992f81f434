"""Technique presets as data: tools in order, corridor, preferred angles, weights."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Literal

from pydantic import BaseModel, ConfigDict

from kambin.core import RequestError
from kambin.knowledge.instruments import Instrument, find_instrument, user_instrument


class _Row(BaseModel):
    # Frozen: a preset is shared by all plans of a process.
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tool(_Row):
    """One step of the sequence: what is done, with which instrument.

    Parameters
    ----------
    stage : str, ``needle``, ``guidewire``, ``dilator``, ``reamer``, ``cannula``, ``scope`` or
        ``forceps``
    instrument : str, a name in the instrument table
    """

    stage: Literal["needle", "guidewire", "dilator", "reamer", "cannula", "scope", "forceps"]
    instrument: str


class Corridor(_Row):
    """What a path must be to belong to the technique at all; hard limits.

    Parameters
    ----------
    axial_inclination_min_deg, axial_inclination_max_deg : float, degrees, patient frame,
        convention ``kambin-1``
    craniocaudal_min_deg, craniocaudal_max_deg : float, degrees, patient frame, positive when
        the entry is cranial of the target
    lateral_min_mm : float, mm, least distance of the entry from the midline
    length_max_mm : float, mm, largest distance from entry to target
    """

    axial_inclination_min_deg: float
    axial_inclination_max_deg: float
    craniocaudal_min_deg: float
    craniocaudal_max_deg: float
    lateral_min_mm: float
    length_max_mm: float


class Preferred(_Row):
    """What surgeons of the technique usually do at one level; soft, low and high.

    Parameters
    ----------
    axial_inclination_deg, craniocaudal_deg : pair of float, degrees, patient frame,
        convention ``kambin-1``
    lateral_mm : pair of float, mm, entry from the midline
    """

    axial_inclination_deg: tuple[float, float]
    craniocaudal_deg: tuple[float, float]
    lateral_mm: tuple[float, float]


class Weights(_Row):
    """How much one unit of each penalty costs, in mm of clearance; all are >= 0.

    Parameters
    ----------
    clearance : float, 1, gain per mm of the smallest clearance above its margin, capped
    bone_per_cm3 : float, mm, per cubic centimetre of bone to remove
    length_per_mm : float, mm, per mm of path
    docking_per_mm : float, mm, per mm that the cannula stops short of the target
    angle_per_deg : float, mm, per degree outside the preferred angles
    lateral_per_mm : float, mm, per mm outside the preferred entry distance
    target_per_mm : float, mm, per mm between the path's target and the ideal target
    reach : float, mm, what grasping the whole fragment is worth; the search does not know of it,
        paths that it finds are compared by it
    """

    clearance: float
    bone_per_cm3: float
    length_per_mm: float
    docking_per_mm: float
    angle_per_deg: float
    lateral_per_mm: float
    target_per_mm: float
    reach: float


class Provenance(_Row):
    """Where one number of a preset comes from, where its row's own source does not say it.

    Parameters
    ----------
    tag : str, V, V2, M or D
    source, note : str
    """

    tag: Literal["V", "V2", "M", "D"]
    source: str
    note: str


class Technique(_Row):
    """One way of going through the foramen.

    Parameters
    ----------
    name, title : str
    tools : tuple of Tool, in the order in which they go in
    corridor : Corridor, hard limits
    preferred : mapping of disc level to Preferred, soft
    stop_max_mm : float, mm, how far short of the target the cannula may dock
    weights : Weights
    reach_source : Provenance of the weight of reach
    target_zone_default : str, axial zone that is aimed at when nothing is asked for
    tag : str, V, V2, M or D, the weakest tag of the numbers in the row
    source, note : str
    """

    name: str
    title: str
    tools: tuple[Tool, ...]
    corridor: Corridor
    preferred: Mapping[str, Preferred]
    stop_max_mm: float
    weights: Weights
    reach_source: Provenance
    target_zone_default: Literal["central", "paracentral", "foraminal", "extraforaminal"]
    tag: Literal["V", "V2", "M", "D"]
    source: str
    note: str = ""

    def instruments_for(self, cannula_mm: float) -> tuple[tuple[str, Instrument], ...]:
        """Return the sequence for a cannula of the surgeon's own size.

        Parameters
        ----------
        cannula_mm : float, mm, outer diameter of the working cannula

        Returns
        -------
        pairs of stage and Instrument in order. Dilators larger than the cannula are left
        out; the last reamer has the size of the cannula, because bone must give way to it;
        a scope that does not fit the cannula's bore is left out.

        Raises
        ------
        RequestError  (RQ-041) if the size is not accepted
        RequestError  (RQ-040) if the row names an instrument that the table lacks
        """
        cannula = user_instrument("cannula", cannula_mm)
        # The order of the row is the order of use, and of the stages of a plan.
        chosen = [self._fitted(tool, cannula) for tool in self.tools]
        return tuple(pair for pair in chosen if pair is not None)

    def _fitted(self, tool: Tool, cannula: Instrument) -> tuple[str, Instrument] | None:
        """Return the tool beside the cannula, or none where it does not belong."""
        instrument = find_instrument(tool.instrument)
        if tool.stage == "cannula":
            return tool.stage, cannula
        # Bone must give way to the cannula itself, whatever size of reamer the preset names.
        if tool.stage == "reamer" and tool == self._last_reamer():
            return tool.stage, user_instrument("reamer", cannula.outer_diameter_mm)
        # A scope goes through the cannula; dilators go in before it and must leave room.
        limit = cannula.bore_mm if tool.stage == "scope" else cannula.outer_diameter_mm
        # An unknown bore leaves nothing out: that a tool does not fit must be known.
        if limit is not None and instrument.outer_diameter_mm > limit:
            return None
        return tool.stage, instrument

    def _last_reamer(self) -> Tool | None:
        reamers = [tool for tool in self.tools if tool.stage == "reamer"]
        return reamers[-1] if reamers else None


class UnplannedTechnique(_Row):
    """A technique of the literature that Kambin names and does not plan.

    Parameters
    ----------
    title : str
    why : str, one sentence
    tag, source : str
    """

    title: str
    why: str
    tag: Literal["V", "V2", "M", "D"]
    source: str


@cache
def unplanned_techniques() -> Mapping[str, UnplannedTechnique]:
    """Return every technique that is named and not planned, by its name."""
    table = resources.files("kambin.knowledge").joinpath("tables", "techniques_unplanned.toml")
    rows = tomllib.loads(table.read_text("utf-8"))
    return MappingProxyType({name: UnplannedTechnique(**row) for name, row in rows.items()})


@cache
def techniques() -> Mapping[str, Technique]:
    """Return every technique preset by its name, in table order."""
    table = resources.files("kambin.knowledge").joinpath("tables", "techniques.toml")
    rows = tomllib.loads(table.read_text("utf-8"))
    return MappingProxyType({name: Technique(name=name, **row) for name, row in rows.items()})


def technique(name: str) -> Technique:
    """Return the technique preset of that name.

    Raises
    ------
    RequestError  (RQ-042) if there is none, (PL-082) if it is known and not planned
    """
    found = techniques().get(name)
    if name in unplanned_techniques():
        row = unplanned_techniques()[name]
        raise RequestError(
            code="PL-082",
            what="The technique is known and not planned",
            where=f"technique {name}",
            why=row.why,
            next_step=f"Use one of {', '.join(techniques())}.",
        )
    if found is None:
        raise RequestError(
            code="RQ-042",
            what="The technique is not known",
            where=f"--technique {name[:40]!r}",
            why="Techniques are presets of a table.",
            next_step=f"Use one of {', '.join(techniques())}.",
        )
    return found
