"""Roots of a fine mask as lines with a radius, which keep what coarser voxels would lose."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from kambin.anatomy.drawn_roots import DRAWN_KINDS
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.structures import Tube
from kambin.anatomy.survey import Survey, voxel_volume_mm3
from kambin.imaging import LabelMap
from kambin.knowledge import value

_CORNER_TOLERANCE = 1e-2
"""Share by which voxels that meet at a corner may seem further apart than a voxel is long."""

_THROUGH = {"exiting_root": "drg"}
"""What a root runs through, though the labels give those voxels to another name."""


def trace_roots(mr: Survey, onto: LabelMap) -> dict[StructureKey, Tube]:
    """Return the roots that an image shows finer than another one could hold, as lines.

    Parameters
    ----------
    mr : Survey of the image that shows them
    onto : LabelMap of the image they are to be carried to

    Returns
    -------
    mapping of StructureKey to Tube, mm, in the frame of ``mr``; empty if its voxels are not
    the finer ones. A mask that is no line, or lies in pieces, stays a mask.
    """
    if float(mr.labels.spacing_mm.max()) >= float(onto.spacing_mm.max()):
        return {}
    lines = {}
    for kind in DRAWN_KINDS:
        for found in mr.of_kind(kind):
            own = found.points_lps_mm(mr.labels)
            key = StructureKey(_THROUGH.get(kind, ""), found.key.place, found.key.side)
            swelling = mr.found.get(key)
            lent = np.empty((0, 3)) if swelling is None else swelling.points_lps_mm(mr.labels)
            tube = trace_line(own, lent, mr.labels)
            if tube is not None:
                lines[found.key] = tube
    return lines


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
    Tube, mm, marked as traced; none if the mask is shorter than it is wide, or in pieces

    Notes
    -----
    Voxels are ordered by their distance along the mask from its far end, and each stretch of
    a few millimetres gives its centroid, and by its volume the radius.
    """
    points = np.vstack([own_lps_mm, lent_lps_mm])
    is_own = np.arange(len(points)) < len(own_lps_mm)
    reach_mm = (1 + _CORNER_TOLERANCE) * float(np.linalg.norm(labels.spacing_mm))
    near = cKDTree(points).sparse_distance_matrix(
        cKDTree(points), reach_mm, output_type="coo_matrix"
    )
    graph = csr_array(near)
    _, piece = connected_components(graph, directed=False)
    main = piece == np.bincount(piece[is_own]).argmax()
    if np.mean(main[is_own]) < value("fusion.traced_least_share"):
        return None
    along_mm = _along(graph, int(np.flatnonzero(main)[0]))
    stretch_mm = max(2.0 * float(labels.spacing_mm.max()), value("fusion.traced_stretch_mm"))
    length_mm = float(along_mm[main].max())
    count = int(length_mm // stretch_mm)
    if count < 2:
        return None
    number = np.minimum((along_mm[main] * count / length_mm).astype(int), count - 1)
    middles = np.array([points[main][number == n].mean(axis=0) for n in range(count)])
    filled = np.bincount(number[is_own[main]], minlength=count)
    share = filled / np.bincount(number, minlength=count)
    area_mm2 = filled * voxel_volume_mm3(labels) * count / length_mm
    # Inside the ganglion the root keeps the width it has on both sides.
    known = share > 0.5
    if not known.any():
        return None
    radii = np.interp(np.arange(count), np.flatnonzero(known), np.sqrt(area_mm2[known] / np.pi))
    line = _to_the_ends(middles)
    return Tube(line, np.concatenate([radii[:1], radii, radii[-1:]]), traced=True)


def _along(graph: csr_array, start: int) -> NDArray[np.float64]:
    """Return the distance of each voxel from the far end of its piece, along the mask, mm."""
    once = dijkstra(graph, directed=False, indices=start)
    far = int(np.argmax(np.where(np.isfinite(once), once, -1.0)))
    along: NDArray[np.float64] = dijkstra(graph, directed=False, indices=far)
    return along


def _to_the_ends(middles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a line that runs half a stretch beyond its first and last middle, shape (N + 2, 3)."""
    first = middles[0] + (middles[0] - middles[1]) / 2
    last = middles[-1] + (middles[-1] - middles[-2]) / 2
    return np.vstack([first, middles, last])


def share_in_bone(
    lines: Mapping[StructureKey, Tube], labels: LabelMap, bone: NDArray[np.bool_]
) -> dict[StructureKey, float]:
    """Return which share of the points of each line lies in bone.

    Parameters
    ----------
    lines : mapping of StructureKey to Tube, mm, frame of the labels
    labels : LabelMap
    bone : bool array, labels.shape
    """
    shares = {}
    for key, tube in lines.items():
        ijk = np.rint(labels.ijk(tube.points_lps_mm)).astype(int)
        inside = ((ijk >= 0) & (ijk < np.array(labels.shape))).all(axis=1)
        shares[key] = float(bone[tuple(ijk[inside].T)].sum() / len(ijk))
    return shares
