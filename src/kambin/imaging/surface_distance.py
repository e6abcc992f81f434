"""Exact distances from points and straight tools to a surface: the second way to measure."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.imaging._triangle_kernels import segment_distance, signed_distances
from kambin.imaging.surface import Surface

PROBE_STEP_MM = 0.25
"""Spacing of probes along the part of a segment that may lie inside; then refined."""

REFINE_ITERATIONS = 12
"""Halvings of the probe spacing around the deepest probe: 0.25 mm / 2^12 = 0.1 micrometre."""


def surface_distance(points_lps_mm: ArrayLike, surface: Surface) -> NDArray[np.float64]:
    """Measure how far points lie from a surface: positive outside, negative inside.

    Parameters
    ----------
    points_lps_mm : float array, shape (N, 3), mm, LPS
    surface : Surface, closed

    Returns
    -------
    float array, shape (N,), mm, exact for the given triangles

    Raises
    ------
    InputError  (IN-044) if the surface is not closed
    """
    return nearest_on_surface(points_lps_mm, surface)[0]


def nearest_on_surface(
    points_lps_mm: ArrayLike, surface: Surface
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return signed distances, shape (N,), mm, and nearest surface points, shape (N, 3).

    Parameters
    ----------
    points_lps_mm : float array, shape (N, 3), mm, LPS
    surface : Surface, closed

    Raises
    ------
    InputError  (IN-044) if the surface is not closed
    """
    points = np.ascontiguousarray(np.asarray(points_lps_mm, dtype=np.float64).reshape(-1, 3))
    gaps, feet = signed_distances(points, *surface.tree)
    return gaps, feet


def segment_surface_clearance(
    start_lps_mm: ArrayLike, end_lps_mm: ArrayLike, surface: Surface
) -> tuple[float, NDArray[np.float64]]:
    """Measure the least signed distance from a tool's centre line to a surface, and where.

    Parameters
    ----------
    start_lps_mm, end_lps_mm : float array, shape (3,), mm, LPS, the ends of the centre line
    surface : Surface, closed

    Returns
    -------
    clearance : float, mm, of the centre line; negative by the depth of its deepest point
    point : float array, shape (3,), mm, LPS, the point of the surface where it lies

    Raises
    ------
    InputError  (IN-044) if the surface is not closed

    Notes
    -----
    Outside it is the exact distance of a segment and triangles. Where the segment enters
    the structure, the depth is found on probes every 0.25 mm and refined by halving.
    """
    start = np.array(start_lps_mm, dtype=np.float64).reshape(3)
    end = np.array(end_lps_mm, dtype=np.float64).reshape(3)
    tree = surface.tree
    point = np.empty(3)
    gap = segment_distance(start, end, tree.corners, *tree[2:], point)
    if gap > 0.0 and surface_distance(start, surface)[0] > 0.0:
        return float(gap), point
    return _deepest(start, end, surface)


def _deepest(
    start: NDArray[np.float64], end: NDArray[np.float64], surface: Surface
) -> tuple[float, NDArray[np.float64]]:
    """Return the most negative signed distance along a segment and its surface point."""
    count = max(2, int(np.ceil(np.linalg.norm(end - start) / PROBE_STEP_MM)) + 1)
    places = np.linspace(0.0, 1.0, count)
    step = places[1]
    best = 0.0
    for _ in range(REFINE_ITERATIONS + 1):
        gaps, feet = nearest_on_surface(start + places[:, None] * (end - start), surface)
        deepest = int(np.argmin(gaps))
        best, depth, point = float(places[deepest]), float(gaps[deepest]), feet[deepest]
        step *= 0.5
        places = np.clip([best - step, best, best + step], 0.0, 1.0)
    return min(depth, 0.0), point
