"""Distance to nerves and vessels that are drawn as a line with a radius at each point."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.core import InputError
from kambin.imaging._tube_kernels import tube_distances
from kambin.imaging.field import Field
from kambin.imaging.grid import Grid


def tube_distance(points_lps_mm: ArrayLike, radii_mm: ArrayLike, grid: Grid) -> Field:
    """Measure how far every node lies from a nerve or vessel given by its centre line.

    Parameters
    ----------
    points_lps_mm : float array, shape (N, 3), mm, LPS, N >= 1
    radii_mm : float, or float array, shape (N,), mm
    grid : Grid

    Returns
    -------
    Field, mm, positive outside; exact outside the tube, so that its sigma is zero

    Raises
    ------
    InputError  (IN-043) if there is no point, a number is not finite, or a radius negative

    Notes
    -----
    The tube is the union of the convex hulls of neighbouring balls (round cones).

    References
    ----------
    Quilez, distance functions, "round cone", https://iquilezles.org/articles/distfunctions
    (the closed form used per segment)
    """
    points = np.atleast_2d(np.asarray(points_lps_mm, dtype=np.float64))
    radii = np.broadcast_to(np.asarray(radii_mm, dtype=np.float64), points.shape[:1]).copy()
    _require_tube(points, radii)
    # A single point is a ball: a segment without length.
    if len(points) == 1:
        points, radii = np.repeat(points, 2, axis=0), np.repeat(radii, 2)
    values = np.empty(grid.shape, dtype=np.float32)
    nodes = (points - grid.origin_lps_mm) / grid.spacing_mm
    tube_distances(nodes, radii / grid.spacing_mm, values)
    values *= np.float32(grid.spacing_mm)
    # How well the line was drawn is the structure's sigma, not the field's.
    return Field.measured(grid, values, 0.0)


def _require_tube(points: NDArray[np.float64], radii: NDArray[np.float64]) -> None:
    bad = not (np.isfinite(points).all() and np.isfinite(radii).all() and (radii >= 0.0).all())
    if points.size == 0 or bad:
        raise InputError(
            code="IN-043",
            what="A centre line is not usable",
            where=f"line of {len(points)} points",
            why="It has no point, a number that is not finite, or a negative radius.",
            next_step="Draw the structure again with finite points and positive radii.",
        )
