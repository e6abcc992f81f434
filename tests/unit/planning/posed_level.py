"""One straight path beside surfaces given by formulas, for contact and tolerance."""

from collections.abc import Sequence

import numpy as np
from tests.unit.planning.small_problems import FRAME, Formula, a_field, a_level, a_structure

from kambin.anatomy import StructureKey
from kambin.imaging import Grid
from kambin.planning import Group, Path, Toolset
from kambin.planning.evaluate import Doubt, measure_tools
from kambin.planning.fields import Hazard
from kambin.planning.models import Stage
from kambin.planning.poses import Surroundings
from kambin.planning.tools import Tool

LENGTH_MM = 60.0
TARGET = np.array([10.0, 0.0, 0.0])
PATH = Path(TARGET + LENGTH_MM * np.eye(3)[0], TARGET, 0.0)
"""A path from the left, level with the disc, through the foramen of ``small_problems.a_level``."""

GRID = Grid.around(
    (-8, -22, -22), (80, 22, 22), spacing_mm=0.5, anchor_lps_mm=(0, 0, 0), frame_id=FRAME
)
"""Fine: between nodes 1 mm apart the distance to a ball of 6 mm is 0.02 mm too large."""

REACH_MM = 15.0
ROOT = "exiting_root:L4:left"


def a_hazard_near(
    formula: Formula,
    *,
    name: str = ROOT,
    group: Group = Group.NERVE,
    sigma_mm: float = 1.0,
    reach_mm: float = REACH_MM,
) -> Hazard:
    """A structure whose distance is a formula, known to a sigma."""
    structure = a_structure(name, sigma_mm=sigma_mm)
    return Hazard(StructureKey.parse(name), group, structure, a_field(GRID, formula), reach_mm)


def a_tool(stage: str = "needle", radius_mm: float = 0.5) -> Tool:
    return Tool(stage, f"{stage}-made", radius_mm)


def surroundings(
    tools: Toolset, hazards: Sequence[Hazard], path: Path = PATH
) -> tuple[Surroundings, tuple[Stage, ...]]:
    """A path's surroundings and its stages."""
    stages = measure_tools(path, tools, hazards, Doubt(False, 2.9))
    return Surroundings.of(path, tools, hazards), stages


def plane(height_mm: float) -> Formula:
    """A wall above the path, level with it."""
    return lambda x, y, z: height_mm - z + 0 * x


GEOMETRY = a_level()
