"""Kambin's window seen along a trajectory: a polygon of named limits and its largest circle."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kambin.core import Finding, Severity
from kambin.knowledge import value
from kambin.measure.foramen import find_site_waist, is_closed
from kambin.measure.polygon import (
    inscribed_circle,
    inscribed_radii_mm,
    intersect_half_planes,
    polygon_area_mm2,
)
from kambin.measure.silhouette import LineOfSight
from kambin.measure.site import Site
from kambin.measure.window_limits import Limits, Line, find_limits

WindowKind = Literal["neural", "bony"]
"""What limits the window medially: the dura, or the superior articular process as well."""

MEASURES = ("base", "height", "hypotenuse", "area", "diameter")
"""What is measured of a window; the area in mm2, all others in mm."""

EDGE_TOLERANCE = 1e-6
"""How far, in mm, a corner may lie beyond a line by rounding."""


@dataclass(frozen=True, slots=True)
class Window:
    """One window as seen along a trajectory.

    Parameters
    ----------
    kind : ``neural`` or ``bony``
    sight : LineOfSight, with both angles; nothing of a window is said without them
    medial_limit, lateral_limit : str, what limits it there
    vertices_mm : float array, shape (N, 2), mm, N is 3 or 4, in the picture: medial and
        lateral end of the base, then back along the root; empty if the window is shut
    centre_mm : float array, shape (2,), mm, centre of the largest circle, in the picture
    values, sigmas : mapping of each of ``MEASURES`` to its value and standard deviation, mm
        and mm2: along the caudal plate, from it to the top, along the root, area of the
        polygon, diameter of the largest circle in it; all 0 if the window is shut
    """

    kind: WindowKind
    sight: LineOfSight
    medial_limit: str
    lateral_limit: str
    vertices_mm: NDArray[np.float64]
    centre_mm: NDArray[np.float64]
    values: Mapping[str, float]
    sigmas: Mapping[str, float]

    @property
    def is_shut(self) -> bool:
        """Return whether its limits leave no room."""
        return not len(self.vertices_mm)

    def outline_lps_mm(self) -> NDArray[np.float64]:
        """Return the corners on the plane tangent to the disc, shape (N, 3), mm, LPS."""
        return self.sight.lps_mm(self.vertices_mm)

    def centre_lps_mm(self) -> NDArray[np.float64]:
        """Return the centre of the circle on that plane, shape (3,), mm, LPS."""
        return self.sight.lps_mm(self.centre_mm)


def measure_window(
    site: Site,
    *,
    axial_inclination_deg: float,
    craniocaudal_deg: float,
    kind: WindowKind,
    depth_mm: float | None = None,
) -> Window | Finding:
    """Measure Kambin's window of a level and side along a trajectory.

    Parameters
    ----------
    site : Site at a disc level and side
    axial_inclination_deg, craniocaudal_deg : float, degrees, disc frame, ``kambin-1``
    kind : ``neural``: between exiting root, caudal plate and dura; ``bony``: the superior
        articular process takes the place of the dura where it reaches further out
    depth_mm : float, mm, how far outward of the plane structures are seen; the whole way
        past the joint if not given

    Returns
    -------
    Window; or a Finding that says why there is none: the foramen is closed in the labels, a
    structure that limits it is not assessed, or the root is not in view

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing, (AN-011) if a vertebra has no mask

    Notes
    -----
    A silhouette on the plane orthogonal to the trajectory and tangent to the disc, over 36 mm
    outward (dura from 4 mm inside). Each side of the polygon is a straight line laid along
    one limit so that no part of that limit lies inside: the window is a little smaller than
    the free area, and its circle is free. A bony window is the neural one cut by the line
    of the process, so that it can never be the larger of the two.

    With a depth the picture is a section, and the lines are drawn as papers draw them: along
    the root from its axilla to the plate, with the ganglion reaching into the window, and
    along the middle of the process. Such a window compares with papers; it is not free.

    References
    ----------
    Definitions of both windows: evidence 3.1 (A31); trapezoid at the lower levels (A4).
    """
    if is_closed(find_site_waist(site)):
        return _no_window(site, "an open foramen in these labels")
    depth = value("measure.window_depth_mm") if depth_mm is None else depth_mm
    at = (axial_inclination_deg, craniocaudal_deg, depth)
    limits = site.shapes.once(
        ("window", site.place, site.side, *at), lambda: find_limits(site, *at)
    )
    if isinstance(limits, str):
        return _no_window(site, limits)
    lines = _lines(limits, kind)
    vertices, found = measure_lines(lines)
    sigmas = _sigmas(lines)
    if kind == "bony":
        sigmas = _widened(sigmas, found, limits)
    return Window(
        kind,
        limits.sight,
        lines[1].limit,
        limits.lateral_limit,
        vertices,
        inscribed_circle(vertices)[0] if len(vertices) else np.zeros(2),
        found,
        sigmas,
    )


Lines = tuple[Line, ...]
"""Base, medial limit, then the root from the top outward."""


def measure_lines(lines: Lines) -> tuple[NDArray[np.float64], dict[str, float]]:
    """Return the polygon between lines and what is measured of it.

    Parameters
    ----------
    lines : Line along the base, the medial limit and the root, in this order

    Returns
    -------
    corners from the medial end of the base, shape (N, 2), mm, empty without room, and
    ``MEASURES``, mm and mm2, all 0 without room
    """
    normals = np.array([line.normal for line in lines])
    offsets = np.array([line.offset_mm for line in lines])
    radius = float(inscribed_radii_mm(normals, offsets))
    # Lines that do not close, or leave no circle between them, make no window.
    if not 0.0 < radius < np.inf:
        return np.empty((0, 2)), dict.fromkeys(MEASURES, 0.0)
    corners, sides = intersect_half_planes(normals, offsets, value("measure.window_reach_mm"))
    lengths = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    # Counter-clockwise already; only where it begins has to be the medial end of the base.
    first = int(np.flatnonzero(sides == 0)[0])
    found = {
        "base": float(lengths[sides == 0].sum()),
        "height": float((offsets[0] - corners @ normals[0]).max()),
        "hypotenuse": float(lengths[sides > 1].sum()),
        "area": polygon_area_mm2(corners),
        "diameter": 2 * radius,
    }
    return np.roll(corners, -first, axis=0), found


def _lines(limits: Limits, kind: WindowKind) -> Lines:
    """Return the lines of one kind of window."""
    neural = bony = (limits.base, limits.medial, *limits.roots)
    if kind == "neural":
        return neural
    for process in limits.process:
        bony = (limits.base, process, *limits.roots)
        # Slanted, its line may leave the neural window; upright it cuts it and no more.
        if _contains(neural, measure_lines(bony)[0]):
            break
    # The last one stands if none leaves room: the process shuts the window.
    return bony


def _contains(lines: Lines, corners: NDArray[np.float64]) -> bool:
    """Return whether a polygon lies between all lines; one without room does not."""
    return len(corners) > 0 and all(
        float((corners @ line.normal).max()) <= line.offset_mm + EDGE_TOLERANCE for line in lines
    )


def _sigmas(lines: Lines) -> dict[str, float]:
    """Return the standard deviation of each measure: every limit errs on its own."""
    variances = dict.fromkeys(MEASURES, 0.0)
    # Both lines of a bent root lie along one nerve and move together.
    for limit in dict.fromkeys(line.limit for line in lines):
        ends = []
        for sign in (-1.0, 1.0):
            moved = tuple(
                replace(line, offset_mm=line.offset_mm + sign * line.sigma_mm)
                if line.limit == limit
                else line
                for line in lines
            )
            ends.append(measure_lines(moved)[1])
        for name in MEASURES:
            # By the whole sigma and not by a slope: a window may shut on the way.
            variances[name] += ((ends[1][name] - ends[0][name]) / 2) ** 2
    return {name: math.sqrt(variance) for name, variance in variances.items()}


def _widened(
    sigmas: Mapping[str, float], found: Mapping[str, float], limits: Limits
) -> dict[str, float]:
    """Return the standard deviations with what a slab a little less or more deep would show."""
    nearby = [
        measure_lines(_lines(replace(limits, process=lines), "bony"))[1]
        for lines in limits.process_nearby
    ]
    # The larger change and not the mean: the process enters a slab on one side of it only.
    moved = {
        name: max((abs(one[name] - found[name]) for one in nearby), default=0.0)
        for name in MEASURES
    }
    return {name: math.hypot(sigmas[name], moved[name]) for name in MEASURES}


def _no_window(site: Site, missing: str) -> Finding:
    return Finding(
        code="AN-306",
        severity=Severity.NOTE,
        what="Kambin's window was not measured",
        where=site.where,
        why=f"Not assessed: {missing}.",
        next_step="Look at the foramen on the image; give the root if it can be seen.",
    )
