"""The reamers that may be used, and in which directions they keep every hard margin."""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kambin.knowledge import Instrument, instruments, user_instrument, value, values
from kambin.planning.evaluate import Path
from kambin.planning.fields import HazardSet
from kambin.planning.shafts import Shaft, measure_room_mm, turn_shaft
from kambin.planning.tools import Tool, Toolset

Pivot = Literal["axis", "docking", "skin"]
"""What a reamer was turned about."""

Wish = tuple[Instrument, Shaft, Pivot]
"""A reamer, its way to the docking depth, and what it is turned about."""

HALF_TURN_DEG = math.degrees(math.pi)
"""Directions about an axis run through two of them."""

SAME_TOLERANCE = 10.0**-6
"""Two radii that differ by less, mm, are one size."""


def find_radii_mm() -> list[float]:
    """Return the radii of the reamers that a single pass may have, mm, rising."""
    return sorted(tool.radius_mm for tool in find_reamers())


def find_reamers() -> list[Instrument]:
    """Return the reamers of the table that are allowed in one pass, from thin to wide."""
    widest = value("planning.single_pass_reamer_mm")
    thinnest = min(values("planning.curve_diameter_mm"))
    found = [
        tool
        for tool in instruments().values()
        if tool.kind == "reamer" and thinnest <= tool.outer_diameter_mm <= widest
    ]
    return sorted(found, key=lambda tool: tool.outer_diameter_mm)


def find_single_pass(radius_mm: float) -> Instrument | None:
    """Return the reamer of exactly that size, else the next larger one, or none.

    Parameters
    ----------
    radius_mm : float, mm, that must go
    """
    if 2 * radius_mm > value("planning.single_pass_reamer_mm"):
        return None
    wider = [tool for tool in find_reamers() if tool.radius_mm >= radius_mm - SAME_TOLERANCE]
    # A tube of the surgeon's own size comes with a reamer of that size.
    return wider[0] if wider else user_instrument("reamer", 2 * radius_mm)


def find_steps(tools: Toolset, last: Instrument) -> list[Instrument]:
    """Return the reamers of the technique that are thinner than the last, and the last.

    Parameters
    ----------
    tools : Toolset
    last : Instrument
    """
    named = instruments()
    thinner = [
        named[tool.instrument]
        for tool in tools.tools
        if tool.stage == "reamer"
        and tool.instrument in named
        and tool.radius_mm < last.radius_mm - SAME_TOLERANCE
    ]
    return [*thinner, last]


def find_widest_mm(hazards: HazardSet, tools: Toolset, shafts: list[Shaft]) -> NDArray[np.float64]:
    """Return the widest reamer that breaks no hard margin on each way, as radii, shape (N,), mm.

    Parameters
    ----------
    hazards : HazardSet
    tools : Toolset
    shafts : list of Shaft, the ways
    """
    points = [shaft.samples() for shaft in shafts]
    starts = np.cumsum([0, *(len(p) for p in points[:-1])])
    # A reamer without radius: what room is left is the radius it may have.
    line = Tool("reamer", "centre line", 0.0)
    room = measure_room_mm(hazards, tools, line, np.concatenate(points), None)
    least: NDArray[np.float64] = np.minimum.reduceat(room, starts)
    return least


def find_candidates(
    path: Path,
    axis: Shaft,
    hazards: HazardSet,
    tools: Toolset,
    *,
    axis_mm: float,
    tilted: bool,
) -> list[Wish]:
    """Return the reamers in all directions that keep every hard margin.

    Parameters
    ----------
    path : Path of the cannula
    axis : Shaft along it
    hazards : HazardSet
    tools : Toolset
    axis_mm : float, mm, radius of the widest reamer that may go along the axis
    tilted : bool, whether directions off the axis are wanted
    """
    step = value("planning.reamer_azimuth_deg")
    skin = np.asarray(path.entry_lps_mm)
    ways: list[tuple[Shaft, Pivot]] = []
    for azimuth in np.arange(0.0, 2 * HALF_TURN_DEG, step).tolist() if tilted else ():
        for tilt in values("planning.reamer_tilt_deg"):
            ways.append((turn_shaft(axis, axis.tip_lps_mm, tilt, azimuth), "docking"))
        for shift in values("planning.reamer_shift_mm"):
            tilt = float(np.degrees(np.arctan2(shift, axis.length_mm)))
            ways.append((turn_shaft(axis, skin, tilt, azimuth), "skin"))
    widest = find_widest_mm(hazards, tools, [shaft for shaft, _ in ways]).tolist() if ways else []
    found: list[tuple[Shaft, Pivot, float]] = [(axis, "axis", axis_mm)]
    found += [(shaft, pivot, mm) for (shaft, pivot), mm in zip(ways, widest, strict=True)]
    return [
        (tool, shaft, pivot)
        for shaft, pivot, widest_mm in found
        for tool in find_reamers()
        if tool.radius_mm <= widest_mm
    ]
