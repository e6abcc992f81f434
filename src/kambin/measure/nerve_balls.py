"""A nerve as balls: along its line, or the voxels of its mask."""

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Structure

BALL_STEP_MM = 0.25
"""Spacing of the balls along a line; between them a root of 2 mm is thinner by 0.004 mm."""


def find_balls(nerve: Structure) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return balls that together make a nerve.

    Parameters
    ----------
    nerve : Structure with a line, or with a mask alone

    Returns
    -------
    centres, shape (N, 3), mm, LPS, from proximal to distal where a line is known, and
    radii, shape (N,), mm
    """
    line = nerve.centre_line
    if line is None:
        region = nerve.region
        centres = region.lps_mm(np.argwhere(region.values != 0))
        # A voxel as a ball of its own width.
        return centres, np.full(len(centres), float(region.spacing_mm.mean()) / 2)
    points, radii = line.points_lps_mm, line.radii_mm
    along = np.concatenate([[0.0], np.linalg.norm(np.diff(points, axis=0), axis=1).cumsum()])
    # At even steps and at both ends, so that reversing a line gives the same balls.
    count = max(2, int(np.ceil(along[-1] / BALL_STEP_MM)) + 1)
    at = np.linspace(0.0, along[-1], count)
    return (
        np.column_stack([np.interp(at, along, axis) for axis in points.T]),
        np.interp(at, along, radii),
    )
