"""Distance from a straight tool to a nerve drawn as a tube, in closed form and without fields."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.anatomy import Tube

SEGMENT_EPSILON = 10.0**-12
"""Squared mm below which a piece of a centre line is a point."""


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
    Exact for a chain of round cones. With s along the tool and t along a piece of the tube, the
    gap |tool(s) - nerve(t)| - radius(t) is a norm of a linear expression less a linear one, hence
    convex: its least value lies inside the square of s and t or on one of its four edges, and
    each of these five has a closed form.
    """
    start = np.asarray(start_lps_mm, dtype=np.float64)
    way = np.asarray(end_lps_mm, dtype=np.float64) - start
    origins, spans, radii, growth = _pieces(tube)
    ahead = start - origins
    shares = np.stack(
        [
            np.zeros(len(radii)),
            np.ones(len(radii)),
            _find_nearest_share(ahead, spans, growth),
            _find_nearest_share(ahead + way, spans, growth),
            # Seen along the tool, the tool is a point.
            _find_nearest_share(_across(ahead, way), _across(spans, way), growth),
        ]
    )
    centres = (origins + shares[..., None] * spans).reshape(-1, 3)
    along = (centres - start) @ way / max(float(way @ way), SEGMENT_EPSILON)
    feet = start + np.clip(along, 0.0, 1.0)[:, None] * way
    gaps = np.linalg.norm(centres - feet, axis=1) - (radii + shares * growth).ravel()
    at = int(np.argmin(gaps))
    return float(gaps[at]), feet[at]


def _pieces(
    tube: Tube,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return start and way, shape (N, 3), radius at the start and its growth, shape (N,), mm."""
    points, radii = tube.points_lps_mm, tube.radii_mm
    if len(points) == 1:
        return points, np.zeros((1, 3)), radii, np.zeros(1)
    return points[:-1], np.diff(points, axis=0), radii[:-1], np.diff(radii)


def _across(vectors: NDArray[np.float64], way: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the parts of vectors, shape (N, 3), mm, that stand at right angles to a way."""
    along = vectors @ way / max(float(way @ way), SEGMENT_EPSILON)
    across: NDArray[np.float64] = vectors - along[:, None] * way
    return across


def _find_nearest_share(
    points: NDArray[np.float64], spans: NDArray[np.float64], growth: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the t, 0 to 1, where |point - t span| - t growth is least, shape (N,).

    Parameters
    ----------
    points, spans : float arrays, shape (N, 3), mm, from the start of each piece
    growth : float array, shape (N,), mm, of the radius over the piece

    Notes
    -----
    At the foot of the perpendicular of length h, a cone's nearest ball lies tan(a) h further,
    where sin(a) is the growth per length; a piece that grows faster than it is long is one ball.
    """
    lengths = np.sqrt(np.maximum(np.einsum("ij,ij->i", spans, spans), SEGMENT_EPSILON))
    feet = np.einsum("ij,ij->i", points, spans) / lengths**2
    beside = np.linalg.norm(points - feet[:, None] * spans, axis=1)
    sine = np.clip(growth / lengths, -1.0, 1.0)
    cosine = np.sqrt(np.maximum(1.0 - sine**2, SEGMENT_EPSILON))
    share: NDArray[np.float64] = np.clip(feet + beside * sine / cosine / lengths, 0.0, 1.0)
    return share
