"""The line through the middle of a long mask, with the radius that its voxels fill."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from kambin.anatomy.structures import Tube
from kambin.anatomy.survey import voxel_volume_mm3
from kambin.imaging import LabelMap
from kambin.knowledge import value

CORNER_TOLERANCE = 1e-2
"""Share by which voxels that meet at a corner may seem further apart than a voxel is long."""

SAME_WAY_TOLERANCE_MM = 1e-6
"""Ways along a mask that differ by less are equally long: rounding must not choose an end."""

END_ITERATIONS = 3
"""Turns from end to end, after which the last layers no longer depend on where one began."""


def trace_line(
    own_lps_mm: NDArray[np.float64], lent_lps_mm: NDArray[np.float64], labels: LabelMap
) -> Tube | None:
    """Return the line through the middle of a long mask, with the radius its voxels fill.

    Parameters
    ----------
    own_lps_mm : float array, shape (N, 3), mm, voxel centres of the mask
    lent_lps_mm : float array, shape (M, 3), mm, voxel centres it runs through besides
    labels : LabelMap the voxels are of

    Returns
    -------
    Tube, mm, marked as traced, in either direction; none if the mask is shorter than two
    stretches, or in pieces

    Notes
    -----
    Voxels are ordered by their ways along the mask to both of its far ends, and each stretch of
    a few millimetres gives its centroid, and by its volume the radius. Both ends count alike, so
    that turning the array round or mirroring it moves the line with it.
    """
    points = np.vstack([own_lps_mm, lent_lps_mm])
    is_own = np.arange(len(points)) < len(own_lps_mm)
    graph = _join_neighbours(points, labels)
    _, piece = connected_components(graph, directed=False)
    main = piece == np.bincount(piece[is_own]).argmax()
    if np.mean(main[is_own]) < value("fusion.traced_least_share"):
        return None
    along_mm = _measure_along(points[main], graph[main][:, main], float(labels.spacing_mm.max()))
    stretch_mm = max(2.0 * float(labels.spacing_mm.max()), value("fusion.traced_stretch_mm"))
    length_mm = float(along_mm.max())
    count = int(length_mm // stretch_mm)
    if count < 2:
        return None
    number = np.minimum((along_mm * count / length_mm).astype(int), count - 1)
    voxels = np.bincount(number, minlength=count)
    filled = np.bincount(number[is_own[main]], minlength=count)
    # Inside the ganglion the root keeps the width it has on both sides.
    known = filled > voxels / 2
    if not known.any() or not voxels.all():
        return None
    middles = np.array([points[main][number == n].mean(axis=0) for n in range(count)])
    area_mm2 = filled * voxel_volume_mm3(labels) * count / length_mm
    radii = np.interp(np.arange(count), np.flatnonzero(known), np.sqrt(area_mm2[known] / np.pi))
    line = _to_the_ends(middles)
    return Tube(line, np.concatenate([radii[:1], radii, radii[-1:]]), traced=True)


def line_sigma_mm(labels: LabelMap) -> float:
    """Return the standard deviation of a traced line about the middle of its mask, mm.

    Parameters
    ----------
    labels : LabelMap the mask is of

    Notes
    -----
    A border that lies anywhere within a voxel with equal chance: spacing over the root of 12, of
    the coarsest axis. How well the mask shows the nerve is the sigma of its surface, and not this.
    """
    return float(labels.spacing_mm.max() / (2 * np.sqrt(3)))


def _join_neighbours(points: NDArray[np.float64], labels: LabelMap) -> csr_array:
    """Return the distances between voxels that meet at least at a corner, mm, as a graph."""
    reach_mm = (1 + CORNER_TOLERANCE) * float(np.linalg.norm(labels.spacing_mm))
    tree = cKDTree(points)
    return csr_array(tree.sparse_distance_matrix(tree, reach_mm, output_type="coo_matrix"))


def _measure_along(
    points: NDArray[np.float64], graph: csr_array, voxel_mm: float
) -> NDArray[np.float64]:
    """Return how far along one piece of mask each voxel lies, shape (N,), mm, from one end."""
    # The farthest from anywhere is an end; the farthest from that end is the other one.
    one = np.array([np.linalg.norm(points - points.mean(axis=0), axis=1).argmax()])
    other = one
    for _ in range(END_ITERATIONS):
        other = _find_end(_way_from(graph, one), voxel_mm)
        one = _find_end(_way_from(graph, other), voxel_mm)
    from_one, from_other = _way_from(graph, one), _way_from(graph, other)
    whole_mm = float(from_one.max())
    return np.asarray(np.clip((from_one - from_other + whole_mm) / 2, 0.0, whole_mm))


def _way_from(graph: csr_array, voxels: NDArray[np.int64]) -> NDArray[np.float64]:
    found: NDArray[np.float64] = dijkstra(graph, directed=False, indices=voxels, min_only=True)
    return found


def _find_end(ways_mm: NDArray[np.float64], voxel_mm: float) -> NDArray[np.int64]:
    """Return the last layer of voxels: a single one would be the array's choice, at a corner."""
    return np.flatnonzero(ways_mm >= ways_mm.max() - voxel_mm - SAME_WAY_TOLERANCE_MM)


def _to_the_ends(middles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a line that runs half a stretch beyond its first and last middle, shape (N + 2, 3)."""
    first = middles[0] + (middles[0] - middles[1]) / 2
    last = middles[-1] + (middles[-1] - middles[-2]) / 2
    return np.vstack([first, middles, last])
