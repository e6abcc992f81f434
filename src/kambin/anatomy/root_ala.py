"""The way of the last lumbar root beyond its foramen: over the patient's own ala."""

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.keys import Level
from kambin.anatomy.sampling import Sampler, find_exit_mm
from kambin.frames import Side
from kambin.knowledge import value, values

RAY_SAMPLES = 19
"""Directions in which the surface of the ala is looked for, from straight up to straight down."""


def find_way_over_ala(
    bony: BonyAnatomy,
    level: Level,
    side: Side,
    ganglion_lps_mm: NDArray[np.float64],
    room_mm: float,
) -> list[NDArray[np.float64]]:
    """Return the way of the last root from its ganglion down the front of the ala.

    Parameters
    ----------
    bony : BonyAnatomy
    level : Level whose lower vertebra is the sacrum
    side : Side
    ganglion_lps_mm : float array, shape (3,), mm, LPS
    room_mm : float, mm, between the bone and the middle of the root

    Returns
    -------
    points of shape (3,), mm, LPS, from above to the brim of the pelvis; empty where the labels
    show no ala

    Notes
    -----
    The root lies on the bone of the ala and turns down where the ala is most anterior. So it is
    laid as a string is pulled from the ganglion to the lowest place: along the convex outline of
    the ala's surface, which rays from inside the ala find. From the edge of the plate it moves
    outwards on its way down.

    References
    ----------
    Mirkovic 1991, Spine 16:S289 (0.1 mm between trunk and bone at the brim)
    Ebraheim 1997, Am J Orthop 26:105 (angle to the sagittal plane)
    Tamagawa 2022, J Spine Res 13:733 (the turn at the most anterior place)
    """
    frame = bony.vertebra_frames.get(level.lower)
    if frame is None:
        return []
    plate, sign = frame.upper_plate, side.lateral_sign_lps
    start = plate.inverse().points(ganglion_lps_mm) * [sign, 1.0, 1.0]
    beside, behind, below = values("completion_nerve.ala_inside_mm")
    outwards = float(np.tan(np.radians(value("completion_nerve.ala_outwards_deg"))))
    bone = Sampler(bony.bone.occupancy, bony.working_grid.origin_lps_mm, bony.bone.grid.spacing_mm)
    turn = np.linspace(0.0, np.pi, RAY_SAMPLES)
    ways = np.column_stack([np.zeros(RAY_SAMPLES), -np.sin(turn), np.cos(turn)])
    inside = np.tile([beside, behind, -below], (RAY_SAMPLES, 1))
    for _ in range(2):
        # The second round looks where the first one found the root to lie further out.
        reach = find_exit_mm(
            bone,
            plate.points(inside * [sign, 1.0, 1.0]),
            (ways * [sign, 1.0, 1.0]) @ plate.rotation.T,
            reach_mm=value("completion_nerve.ala_ray_mm"),
        )
        found = np.isfinite(reach)
        if found.sum() < RAY_SAMPLES / 2:
            return []
        surface = inside + ways * (np.where(found, reach, 0.0) + room_mm)[:, None]
        inside[:, 0] = beside + outwards * np.maximum(-surface[:, 2], 0.0)
    lowest = -value("completion_nerve.ala_down_mm")
    surface = surface[found & (surface[:, 2] >= lowest)]
    outline = np.vstack([start, surface])[_pulled(np.vstack([start, surface])[:, 1:])]
    return [plate.points(point * [sign, 1.0, 1.0]) for point in outline[1:]]


def _pulled(outline_mm: NDArray[np.float64]) -> list[int]:
    """Return which points a string touches that is pulled round them from first to last.

    Parameters
    ----------
    outline_mm : float array, shape (N, 2), mm, backwards and upwards, from above to below
    """
    kept: list[int] = []
    for index, point in enumerate(outline_mm):
        while len(kept) > 1:
            before, last = outline_mm[kept[-2]], outline_mm[kept[-1]]
            (ay, az), (by, bz) = last - before, point - last
            # A turn round the bone holds the string; at any other it lifts off.
            if ay * bz - az * by > 0:
                break
            kept.pop()
        kept.append(index)
    return kept
