"""How forceps and scope are handled, and how finely reach is asked."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.knowledge import instruments, value
from kambin.planning.tools import Toolset

SHARE_EPSILON = 10.0**-9
"""A ratio that is this near to a whole number is one."""


@dataclass(frozen=True, slots=True)
class Handling:
    """How forceps and scope are handled; the defaults are rows of the table ``reach``.

    Parameters
    ----------
    swivel_deg : float, degrees, largest tilt of the docked cannula
    azimuth_deg : float, degrees, step of the directions of the tilt
    bend_deg, bend_step_deg : float, degrees, of articulated forceps
    bend_radius_mm : float, mm, of their arc
    jaw_mm : float, mm, beside and ahead of the tip that an open jaw grasps
    rigid_mm, bent_mm : float, mm, radii of straight and articulated forceps
    past_mm : float, mm, how far past the target forceps go
    view_deg, field_deg : float, degrees, direction and full angle of the scope's view
    block_mm : float, mm, finer voxels are asked in blocks of this width
    spacing_mm : float, mm, of the fields of what blocks
    """

    swivel_deg: float
    azimuth_deg: float
    bend_deg: float
    bend_step_deg: float
    bend_radius_mm: float
    jaw_mm: float
    rigid_mm: float
    bent_mm: float
    past_mm: float
    view_deg: float
    field_deg: float
    block_mm: float
    spacing_mm: float

    @property
    def tilts_deg(self) -> NDArray[np.float64]:
        """Return the tilts that are tried after 0, rising; those of less swivel are among them."""
        step = value("reach.swivel_step_deg")
        count = int(self.swivel_deg / step + SHARE_EPSILON)
        return np.arange(1, count + 1, dtype=np.float64) * step

    @property
    def bends_rad(self) -> NDArray[np.float64]:
        """Return the bends that are tried, radians, rising from 0."""
        count = int(self.bend_deg / self.bend_step_deg + SHARE_EPSILON)
        bends: NDArray[np.float64] = np.radians(self.bend_step_deg * np.arange(count + 1))
        return bends

    @property
    def shape(self) -> NDArray[np.float64]:
        """Return the numbers of the kernel: cosines of the view, jaw, arc and radius."""
        half = 0.5 * self.field_deg
        narrow, wide = max(self.view_deg - half, 0.0), self.view_deg + half
        cosines = np.cos(np.radians([half, narrow, wide]))
        return np.array([*cosines, self.jaw_mm, self.bend_radius_mm, self.bent_mm])


def find_handling(tools: Toolset, *, quick: bool = False) -> Handling:
    """Return how the tools of a plan are handled.

    Parameters
    ----------
    tools : Toolset, whose scope and forceps count where it has them
    quick : bool, coarser, for dragging
    """
    named = {tool.stage: tool for tool in tools.tools}
    scope = instruments().get(named["scope"].instrument) if "scope" in named else None
    view = value("reach.view_deg") if scope is None else scope.view_deg
    bent = next(t for t in instruments().values() if t.lateral_reach_mm is not None)
    rigid = named.get("forceps")
    rows = ("quick_azimuth_deg", "quick_bend_step_deg", "quick_block_mm", "quick_spacing_mm")
    fine = ("swivel_azimuth_deg", "bend_step_deg", "block_mm", "obstacle_spacing_mm")
    azimuth, bend_step, block, spacing = (
        value(f"reach.{row}") for row in (rows if quick else fine)
    )
    return Handling(
        swivel_deg=value("reach.swivel_deg"),
        azimuth_deg=azimuth,
        bend_deg=value("reach.bend_deg"),
        bend_step_deg=bend_step,
        bend_radius_mm=bent.lateral_reach_mm or value("reach.bend_radius_mm"),
        jaw_mm=value("reach.jaw_reach_mm"),
        rigid_mm=bent.radius_mm if rigid is None else rigid.radius_mm,
        bent_mm=bent.radius_mm,
        past_mm=value("reach.past_target_mm"),
        view_deg=value("reach.view_deg") if view is None else view,
        field_deg=value("reach.field_of_view_deg"),
        block_mm=block,
        spacing_mm=spacing,
    )
