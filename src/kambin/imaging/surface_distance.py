"""Exact distances from points and straight tools to a surface: the second way to measure."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.imaging._triangle_kernels import (
    deepest_on_segment,
    segment_distance,
    segments_clear,
    signed_distances,
    signed_point,
)
from kambin.imaging._vector_kernels import vector
from kambin.imaging.surface import Surface

DEPTH_TOLERANCE_MM = 1e-3
"""How much deeper a segment may run inside a structure than the depth that is returned."""


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

    References
    ----------
    Ericson 2005, Real-Time Collision Detection, section 5.1.5 (nearest point of a triangle)
    Baerentzen and Aanaes 2005, IEEE TVCG 11:243, doi 10.1109/TVCG.2005.49 (the sign)
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
    the structure, the depth is found to 0.001 mm by halving the segment.

    References
    ----------
    Ericson 2005, Real-Time Collision Detection, sections 5.1.5 and 5.1.9
    """
    start = vector(np.array(start_lps_mm, dtype=np.float64).reshape(3))
    end = vector(np.array(end_lps_mm, dtype=np.float64).reshape(3))
    tree, normals = surface.tree
    gap, point = segment_distance(start, end, tree)
    # A path that touches no triangle may still lie wholly inside.
    if gap <= 0.0 or signed_point(start, tree, normals)[0] <= 0.0:
        gap, point = deepest_on_segment(start, end, tree, normals, DEPTH_TOLERANCE_MM)
    return float(gap), np.array(point)


def keep_clear(
    starts_lps_mm: ArrayLike, ends_lps_mm: ArrayLike, surface: Surface, limit_mm: float
) -> NDArray[np.bool_]:
    """Return which straight tools stay outside a structure by at least a limit, shape (P,).

    Parameters
    ----------
    starts_lps_mm, ends_lps_mm : float array, shape (P, 3), mm, LPS, the ends of centre lines
    surface : Surface, closed
    limit_mm : float, mm; below 0 the lines may run inside by as much

    Raises
    ------
    InputError  (IN-044) if the surface is not closed

    Notes
    -----
    As ``segment_surface_clearance`` of each line compared with the limit, but a line is given up
    at the first triangle that is too near.

    References
    ----------
    Ericson 2005, Real-Time Collision Detection, sections 5.1.5 and 5.1.9
    """
    starts, ends = (
        np.ascontiguousarray(np.asarray(points, dtype=np.float64).reshape(-1, 3))
        for points in (starts_lps_mm, ends_lps_mm)
    )
    clear: NDArray[np.bool_] = segments_clear(starts, ends, *surface.tree, max(limit_mm, 0.0))
    if limit_mm < 0:
        for p in np.flatnonzero(~clear):
            clear[p] = segment_surface_clearance(starts[p], ends[p], surface)[0] >= limit_mm
    return clear
