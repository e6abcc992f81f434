"""The bundle of all paths of one question, and what lies near it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from kambin.anatomy import Anatomy
from kambin.imaging import Grid, LabelMap
from kambin.knowledge import value

PATH_SAMPLES = 97
"""Points along each path of the bundle; 190 mm / 96 is less than one coarse node."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """All straight lines from some entries to some targets, as a coarse map of distances.

    Parameters
    ----------
    grid : Grid of the region of interest, on which fine fields are made
    coarse : Grid over the same region
    distances_mm : float32 array, shape ``coarse.shape``, mm, to the nearest path, never too large
    """

    grid: Grid
    coarse: Grid
    distances_mm: NDArray[np.float32]

    @classmethod
    def around(
        cls, anatomy: Anatomy, entries_lps_mm: ArrayLike, targets_lps_mm: ArrayLike
    ) -> "Bundle":
        """Return the bundle of all paths between entries and targets.

        Parameters
        ----------
        anatomy : Anatomy, whose working grid anchors the nodes
        entries_lps_mm : float array, shape (E, 3), mm, LPS
        targets_lps_mm : float array, shape (T, 3), mm, LPS
        """
        entries = np.asarray(entries_lps_mm, dtype=np.float64).reshape(-1, 3)
        targets = np.asarray(targets_lps_mm, dtype=np.float64).reshape(-1, 3)
        ends = np.concatenate([entries, targets])
        fine = _grid(anatomy, ends, value("planning.field_spacing_mm"))
        coarse = _grid(anatomy, ends, value("planning.bundle_spacing_mm"))
        centre = targets.mean(axis=0)
        spread = float(np.linalg.norm(targets - centre, axis=1).max())
        shares = np.linspace(0, 1, PATH_SAMPLES)[:, None, None]
        points = centre + shares * (entries[None] - centre)
        nodes = np.rint(coarse.ijk(points.reshape(-1, 3))).astype(int)
        away = np.ones(coarse.shape, dtype=bool)
        away[tuple(nodes.T)] = False
        # A path of another target strays by the spread of the targets, a node by its diagonal.
        slack = spread + coarse.spacing_mm
        distances = ndimage.distance_transform_edt(away, sampling=coarse.spacing_mm) - slack
        return cls(fine, coarse, distances.astype(np.float32))

    def distance_mm(self, region: LabelMap) -> float:
        """Return a lower bound of the distance between a structure and all paths, mm.

        Parameters
        ----------
        region : LabelMap of 0 and 1
        """
        inside = region.values > 0
        if not inside.any():
            return np.inf
        steps = find_axis_steps(region.lps_from_ijk)
        if steps is None:
            nodes = self.coarse.ijk(region.lps_mm(np.argwhere(inside)))
            return float(self._find_away_mm(nodes).min())
        # Along axes that are parallel to the grid's, nodes are found axis by axis, not by voxel.
        box = find_box(inside)
        first = self.coarse.ijk(region.lps_mm([part.start for part in box]))
        order, per_voxel = steps
        held, beyond = [], []
        last = np.array(self.coarse.shape) - 1
        for axis, source in enumerate(order):
            count = box[source].stop - box[source].start
            nodes = first[axis] + np.arange(count) * per_voxel[axis] / self.coarse.spacing_mm
            clipped = np.clip(nodes, 0, last[axis])
            held.append(np.rint(clipped).astype(int))
            beyond.append(np.square(nodes - clipped))
        near = self.distances_mm[np.ix_(*held)]
        out = np.sqrt(beyond[0][:, None, None] + beyond[1][:, None] + beyond[2])
        out *= self.coarse.spacing_mm
        away = np.maximum(near - out, out)
        return float(away[inside[box].transpose(order)].min())

    def _find_away_mm(self, nodes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return a lower bound of the distance of coarse nodes to all paths, shape (N,), mm."""
        held = np.clip(nodes, 0, np.array(self.coarse.shape) - 1)
        beyond = np.linalg.norm(nodes - held, axis=1) * self.coarse.spacing_mm
        inside = self.distances_mm[tuple(np.rint(held).astype(int).T)]
        # Outside the region of interest both legs count, but not their sum.
        away: NDArray[np.float64] = np.maximum(inside - beyond, beyond)
        return away


def find_axis_steps(
    lps_from_ijk: NDArray[np.float64],
) -> tuple[tuple[int, int, int], NDArray[np.float64]] | None:
    """Return which voxel axis runs along L, P, S and by how much, mm; none if one runs askew.

    Parameters
    ----------
    lps_from_ijk : float array, shape (4, 4), mm per voxel

    Returns
    -------
    order : tuple of int, the voxel axis of each of L, P and S
    steps_mm : float array, shape (3,), mm, signed
    """
    linear = np.asarray(lps_from_ijk)[:3, :3]
    largest = np.abs(linear).argmax(axis=1)
    steps = linear[np.arange(3), largest]
    rest = linear.copy()
    rest[np.arange(3), largest] = 0.0
    if rest.any() or len(set(largest.tolist())) < len(largest):
        return None
    i, j, k = (int(axis) for axis in largest)
    return (i, j, k), steps


def find_box(inside: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    """Return the smallest box that holds all that is inside.

    Parameters
    ----------
    inside : bool array, shape (I, J, K), not empty
    """
    found = []
    for axis in range(3):
        held = np.flatnonzero(inside.any(axis=tuple({0, 1, 2} - {axis})))
        found.append(slice(int(held[0]), int(held[-1]) + 1))
    i, j, k = found
    return i, j, k


def _grid(anatomy: Anatomy, ends_lps_mm: NDArray[np.float64], spacing_mm: float) -> Grid:
    room = value("planning.fine_reach_mm")
    working = anatomy.working_grid
    return Grid.around(
        ends_lps_mm.min(axis=0) - room,
        ends_lps_mm.max(axis=0) + room,
        spacing_mm=max(working.spacing_mm, spacing_mm),
        anchor_lps_mm=working.origin_lps_mm,
        frame_id=working.frame_id,
    )
