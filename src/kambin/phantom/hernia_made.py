"""What a made herniation is: its classes on exact shapes, apart from the classifier's own way."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Level
from kambin.frames import Side
from kambin.knowledge import value, values
from kambin.phantom.hernia_marks import (
    HerniaMarks,
    Wall,
    find_marks,
    find_wall,
    median_mm,
    sample_inside,
)
from kambin.phantom.organs import Spine
from kambin.phantom.parameters import ZONES, PhantomParameters
from kambin.phantom.shapes import Shape

MADE_STEP_MM = 0.4
"""Spacing of the points by which a made herniation is described."""

_HEIGHTS = ("far-down", "near-down", "none", "near-up", "far-up")


@dataclass(frozen=True, slots=True)
class MadeHerniation:
    """The classes of a herniation as it was made, with the numbers they rest on.

    Parameters
    ----------
    level, side : Level and Side it was made at
    morphology : str, protrusion, extrusion or sequestration
    zone : str, one of ``ZONES``
    msu_size, msu_location : int 1 to 3, none in front of the margin, and str A to C
    migration : str, Lee's zone
    migration_grade : str, none, low, high or very-high
    h_mm, d_mm : float, mm, depth behind the wall, and from there to the facet line
    middle_mm : float array, shape (3,), mm, median of the volume: lateral of the midline on
        the asked side, posterior, cranial of the disc
    tip_mm : float, mm, cranial of the disc: the end that is farthest from it
    volume_mm3 : float
    """

    level: Level
    side: Side
    morphology: str
    zone: str
    msu_size: int | None
    msu_location: str
    migration: str
    migration_grade: str
    h_mm: float
    d_mm: float
    middle_mm: NDArray[np.float64]
    tip_mm: float
    volume_mm3: float


def describe_made(
    parameters: PhantomParameters,
    spine: Spine,
    disc: Shape,
    fragment: Shape,
    bones: Iterable[Shape],
) -> MadeHerniation:
    """Classify a made fragment by the published definitions, on the shapes it is made of.

    Parameters
    ----------
    parameters : PhantomParameters
    spine : Spine
    disc, fragment : Shape
    bones : Shape of vertebrae and sacrum, which are painted over the fragment

    Returns
    -------
    MadeHerniation

    Notes
    -----
    No voxel, no label and no landmark of a completed anatomy is used: sizes of pedicles and
    joints are those the bones were made with.

    References
    ----------
    Fardon 2014, doi 10.1016/j.spinee.2014.04.022; Mysliwiec 2010,
    doi 10.1007/s00586-009-1274-4; Lee S 2007, Eur Spine J 16:431
    """
    marks = find_marks(parameters, spine)
    wall = wall_round(parameters, spine, disc, marks)
    inside = sample_inside(fragment, bones, marks, MADE_STEP_MM)
    middle = median_mm(inside, MADE_STEP_MM)
    h, d = depth_and_way_mm(inside, MADE_STEP_MM, marks, wall)
    migration = find_migration(float(middle[2]), marks)
    tip, grade = find_tip(inside, migration, marks)
    facet = marks.facet_mm
    quadrants = (value("herniation.msu_quadrant_share") * facet, facet)
    return MadeHerniation(
        parameters.level,
        parameters.side,
        judge_morphology(inside, marks, wall, disc),
        ZONES[int(np.searchsorted(marks.zone_borders_mm, middle[0]))],
        count_msu_size(h, d),
        "ABC"[int(np.searchsorted(quadrants, middle[0]))],
        migration,
        grade,
        h,
        d,
        middle,
        tip,
        len(inside) * MADE_STEP_MM**3,
    )


def count_msu_size(h_mm: float, d_mm: float) -> int | None:
    """Return the MSU size, none in front of the margin.

    Parameters
    ----------
    h_mm, d_mm : float, mm, depth behind the margin, and from there to the facet line
    """
    if h_mm <= 0 or d_mm <= 0:
        return None
    return 1 + sum(bool(h_mm > share * d_mm) for share in values("herniation.msu_size_shares"))


def find_migration(middle_mm: float, marks: HerniaMarks) -> str:
    """Return Lee's zone of a height.

    Parameters
    ----------
    middle_mm : float, mm, z in the disc's frame
    marks : HerniaMarks
    """
    return _HEIGHTS[int(np.searchsorted(marks.height_borders_mm, middle_mm))]


def wall_round(
    parameters: PhantomParameters, spine: Spine, disc: Shape, marks: HerniaMarks
) -> Wall:
    """Return the back of bodies and disc wherever a fragment of these parameters may lie.

    Parameters
    ----------
    parameters : PhantomParameters
    spine : Spine
    disc : Shape
    marks : HerniaMarks
    """
    half, tall = np.array(values("phantom_nerves.fragment_half_mm")).reshape(-1, 2).max(axis=0)
    below, above = marks.plates_mm[1], marks.plates_mm[0]
    low, high = below - tall, above + tall
    if parameters.migration.endswith("up"):
        high = marks.upper_pedicle_mm + value("phantom_nerves.very_high_mm") + 2 * tall
    if parameters.migration.endswith("down"):
        low = marks.lower_pedicle_mm[1] - value("phantom_nerves.very_high_mm") - 2 * tall
    box = ((-half, marks.lateral_mm + half), (low, high))
    return find_wall(marks, spine, parameters.level, disc, box)


def depth_and_way_mm(
    inside_mm: NDArray[np.float64], step_mm: float, marks: HerniaMarks, wall: Wall
) -> tuple[float, float]:
    """Return how far a fragment reaches behind the margin, and the way to the facet line there.

    Parameters
    ----------
    inside_mm : float array, shape (N, 3), mm, points of it, disc frame, x to the asked side
    step_mm : float, mm, spacing of the points
    marks : HerniaMarks
    wall : Wall
    """
    margin = _margin_mm(inside_mm, marks, wall)
    depth = inside_mm[:, 1] - margin
    deepest = depth >= depth.max() - 10.0**-6
    # Of equals the one nearest to the middle.
    away = np.abs(inside_mm - np.median(inside_mm, axis=0)).sum(axis=1)
    best = int(np.where(deepest, away, np.inf).argmin())
    way = marks.facet_line_mm(float(inside_mm[best, 0])) - float(margin[best])
    return float(depth[best]) + step_mm / 2, way


def _margin_mm(
    points_mm: NDArray[np.float64], marks: HerniaMarks, wall: Wall
) -> NDArray[np.float64]:
    """Return y of the margin from which depth is counted in front of points, mm."""
    # Lateral of the canal the margin curves away to the front and is no measure of depth.
    x = np.clip(points_mm[:, 0], -marks.medial_mm, marks.medial_mm)
    return wall.at(x, points_mm[:, 2])


def find_tip(
    inside_mm: NDArray[np.float64], migration: str, marks: HerniaMarks
) -> tuple[float, str]:
    """Return the end that is farthest from the disc, mm, and none, low, high or very-high.

    Parameters
    ----------
    inside_mm : float array, shape (N, 3), mm, disc frame
    migration : str, Lee's zone
    marks : HerniaMarks
    """
    above, below = marks.plates_mm
    low, high = float(inside_mm[:, 2].min()), float(inside_mm[:, 2].max())
    if migration == "none":
        return 0.0, "none"
    upwards = migration.endswith("up")
    tip = high if upwards else low
    beyond = tip - above if upwards else below - tip
    passed = tip > marks.upper_pedicle_mm if upwards else tip < marks.lower_pedicle_mm[1]
    if passed:
        return tip, "very-high"
    return tip, "high" if beyond > above - below else "low"


def judge_morphology(
    inside_mm: NDArray[np.float64],
    marks: HerniaMarks,
    wall: Wall,
    disc: Shape,
    *,
    depth_share: float = 1.0,
) -> str:
    """Return protrusion, extrusion or sequestration: depth against base in each plane.

    Parameters
    ----------
    inside_mm : float array, shape (N, 3), mm, points ``MADE_STEP_MM`` apart
    marks : HerniaMarks
    wall : Wall
    disc : Shape
    depth_share : float, depth against base from which it is an extrusion
    """
    touching = value("herniation.continuity_gap_mm")
    free = disc.distance(marks.lps_mm(inside_mm)) > touching + MADE_STEP_MM
    behind = inside_mm[:, 1] - wall.at(inside_mm[:, 0], inside_mm[:, 2])
    on_disc = wall.is_disc(inside_mm[:, 0], inside_mm[:, 2])
    based = ~free & on_disc & (behind <= touching + MADE_STEP_MM)
    if not based.any():
        return "sequestration"
    is_deeper = any(
        _is_deeper(inside_mm[behind >= 0], inside_mm[based], across, depth_share)
        for across in (0, 2)
    )
    return "extrusion" if is_deeper else "protrusion"


def _is_deeper(
    body_mm: NDArray[np.float64], base_mm: NDArray[np.float64], across: int, depth_share: float
) -> bool:
    """Return whether a fragment is deeper than its base is wide in any plane across an axis."""
    along = 2 - across
    planes = np.rint(base_mm[:, across] / MADE_STEP_MM)
    bases = {n: base_mm[planes == n][:, [along, 1]] for n in np.unique(planes)}
    wide = {n: float(np.ptp(base[:, 0])) + MADE_STEP_MM for n, base in bases.items()}
    least = value("herniation.judged_base_share") * max(wide.values())
    number = np.rint(body_mm[:, across] / MADE_STEP_MM)
    for n, base in bases.items():
        body = body_mm[number == n][:, [along, 1]]
        if wide[n] < least or not len(body):
            continue
        # The margin as the fragment touches it, oblique where the disc is.
        order = base[:, 0].argsort()
        nearest = np.clip(body[:, 0], base[:, 0].min(), base[:, 0].max())
        margin = np.interp(nearest, base[order, 0], base[order, 1])
        if np.hypot(body[:, 0] - nearest, body[:, 1] - margin).max() > depth_share * wide[n]:
            return True
    return False
