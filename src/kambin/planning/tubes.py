"""Distance from a straight tool to a nerve drawn as a tube, in closed form and without fields."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.anatomy import Tube

SEGMENT_EPSILON = 10.0**-12
"""Squared mm below which a piece of a centre line is a point."""

ROUND_SAMPLES = 33
"""Points along one piece of a tube whose radius changes; its pieces are a few mm long."""


def measure_tube_clearance(
    start_lps_mm: ArrayLike, end_lps_mm: ArrayLike, tube: Tube
) -> tuple[float, NDArray[np.float64]]:
    """Measure the least distance from a tool's centre line to a tube, and where.

    Parameters
    ----------
    start_lps_mm, end_lps_mm : float array, shape (3,), mm, LPS, the ends of the centre line
    tube : Tube

    Returns
    -------
    distance, mm, negative inside, and the point of the centre line, shape (3,), mm, LPS

    Notes
    -----
    Balls set densely along the tube, each measured exactly to the segment; where the radius
    changes by 0.2 mm over a piece of 5 mm the balls miss the round cone by 0.01 mm.
    """
    centres, radii = _fill(tube)
    start = np.asarray(start_lps_mm, dtype=np.float64)
    way = np.asarray(end_lps_mm, dtype=np.float64) - start
    share = np.clip((centres - start) @ way / max(float(way @ way), SEGMENT_EPSILON), 0, 1)
    feet = start + share[:, None] * way
    gaps = np.linalg.norm(centres - feet, axis=1) - radii
    at = int(np.argmin(gaps))
    return float(gaps[at]), feet[at]


def _fill(tube: Tube) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return balls along the tube: centres, shape (N, 3), and radii, shape (N,), mm."""
    if len(tube.points_lps_mm) == 1:
        return tube.points_lps_mm, tube.radii_mm
    places = np.linspace(0, len(tube.radii_mm) - 1, (len(tube.radii_mm) - 1) * ROUND_SAMPLES + 1)
    nodes = np.arange(len(tube.radii_mm))
    centres = np.stack(
        [np.interp(places, nodes, tube.points_lps_mm[:, axis]) for axis in range(3)], axis=1
    )
    return centres, np.interp(places, nodes, tube.radii_mm)
