"""What one search is asked."""

from dataclasses import dataclass

from kambin.planning.entries import Entries
from kambin.planning.fields import HazardSet
from kambin.planning.geometry import LevelGeometry
from kambin.planning.targets import Targets
from kambin.planning.tools import Toolset


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything one search needs.

    Parameters
    ----------
    geometry : LevelGeometry
    entries : Entries
    targets : Targets
    tools : Toolset
    hazards : HazardSet on a region of interest that holds all entries and targets
    """

    geometry: LevelGeometry
    entries: Entries
    targets: Targets
    tools: Toolset
    hazards: HazardSet
