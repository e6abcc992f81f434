"""Tools with an end of their own: how far past the target forceps may go."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, StructureKey
from kambin.knowledge import stages, value
from kambin.planning.evaluate import Path
from kambin.planning.fields import HazardSet
from kambin.planning.tools import Tool, Toolset


def with_ends(anatomy: Anatomy, hazards: HazardSet, path: Path, tools: Toolset) -> Path:
    """Return the path with the ends of the tools that go on into the fragment.

    Parameters
    ----------
    anatomy : Anatomy
    hazards : HazardSet, whose margins hold past the target, too
    path : Path
    tools : Toolset
    """
    past = {
        tool.instrument: -find_past_mm(anatomy, hazards, path, tool, tools)
        for tool in tools.tools
        if stages()[tool.stage].end == "fragment"
    }
    own = {**path.own_stops_mm, **{name: stop for name, stop in past.items() if stop < 0}}
    return replace(path, own_stops_mm=own)


def find_past_mm(
    anatomy: Anatomy, hazards: HazardSet, path: Path, tool: Tool, tools: Toolset
) -> float:
    """Return how far past the target a tool may go, mm: as deep as the fragment lies there.

    Parameters
    ----------
    anatomy : Anatomy
    hazards : HazardSet
    path : Path
    tool : Tool
    tools : Toolset

    Notes
    -----
    At most 15 mm (architecture 8.4), and never nearer to organs and vessels than its margins.
    """
    step_mm = value("planning.evaluation_step_mm")
    depth_mm = min(_find_depth_mm(anatomy, path, tool), value("planning.forceps_past_mm"))
    count = int(depth_mm / step_mm)
    if not count:
        return 0.0
    inward = np.subtract(path.target_lps_mm, path.entry_lps_mm) / path.length_mm
    points = path.target_lps_mm + step_mm * np.arange(1, count + 1)[:, None] * inward
    free = np.ones(count, dtype=bool)
    for hazard in hazards.hazards:
        margin = tools.margin_mm(tool, hazard.group, hazard.structure)
        if margin is not None:
            free &= hazard.distances_mm(points) >= tool.radius_mm + margin
    blocked = np.flatnonzero(~free)
    return step_mm * float(blocked[0] if len(blocked) else count)


def _find_depth_mm(anatomy: Anatomy, path: Path, tool: Tool) -> float:
    """Return how far past the target the fragment lies in the way of a tool, mm."""
    fragment = anatomy.find(StructureKey("fragment"))
    if fragment is None:
        return 0.0
    voxels = fragment.region.lps_mm(np.argwhere(fragment.region.values > 0))
    inward = np.subtract(path.target_lps_mm, path.entry_lps_mm) / path.length_mm
    way: NDArray[np.float64] = voxels - path.target_lps_mm
    along = way @ inward
    off = np.linalg.norm(way - along[:, None] * inward, axis=1)
    ahead = along[(off <= tool.radius_mm) & (along > 0)]
    return float(ahead.max()) if len(ahead) else 0.0
