"""Distance fields of everything the tools must respect, on one grid of the region."""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from kambin.anatomy import Anatomy, Structure, StructureKey
from kambin.core import FieldStore, Progress
from kambin.imaging import Field, Grid, LabelMap, signed_distance, tube_distance
from kambin.knowledge import value
from kambin.planning.axis_kernels import nearest_to_segment
from kambin.planning.bundle import Bundle
from kambin.planning.margin_field import MarginField
from kambin.planning.policy import Group

if TYPE_CHECKING:
    from kambin.planning.gap_meter import GapMeter

MARGINS_BATCH = 6
"""Margin fields that are kept: those of all tools with and without what a person may confirm."""


class Faces:
    """The faces between a structure's voxels and its surroundings, found when first asked for.

    Parameters
    ----------
    region : LabelMap of 0 and 1
    """

    _bounds_lps_mm: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None

    def __init__(self, region: LabelMap) -> None:
        """Keep the region; most structures are never asked for."""
        self._region = region
        self._points_lps_mm: NDArray[np.float64] | None = None

    @property
    def bounds_lps_mm(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the lower and upper corner of the region, each shape (3,), mm, LPS."""
        if self._bounds_lps_mm is None:
            self._bounds_lps_mm = self._region.bounds_lps_mm()
        return self._bounds_lps_mm

    @property
    def points_lps_mm(self) -> NDArray[np.float64]:
        """Return the middles of the faces, shape (N, 3), mm, LPS."""
        if self._points_lps_mm is None:
            self._points_lps_mm = find_faces(self._region)
        return self._points_lps_mm


@dataclass(frozen=True, slots=True)
class Hazard:
    """One structure the tools must respect, and how far things are from it.

    Parameters
    ----------
    key : StructureKey
    group : Group
    structure : Structure
    field : Field on the structure's neighbourhood, none where no path comes near
    reach_mm : float, mm, distances below this are exact in the field
    """

    key: StructureKey
    group: Group
    structure: Structure
    field: Field | None
    reach_mm: float
    faces: Faces = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep one set of faces for all that is asked of the hazard later."""
        object.__setattr__(self, "faces", Faces(self.structure.region))

    def distances_mm(self, points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distance of points to the structure, shape (N,), mm, positive outside.

        Parameters
        ----------
        points_lps_mm : float array, shape (N, 3), mm, LPS

        Notes
        -----
        Near the structure its signed field answers; at every point beyond its reach the distance
        to the faces between its voxels and the background does.
        """
        near = self._find_near_mm(points_lps_mm)
        beyond = near >= self.reach_mm
        if beyond.any():
            faces = cKDTree(self.faces.points_lps_mm)
            near[beyond] = np.maximum(faces.query(points_lps_mm[beyond])[0], self.reach_mm)
        return near

    def holds(self, points_lps_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which points lie inside the structure, shape (N,).

        Parameters
        ----------
        points_lps_mm : float array, shape (N, 3), mm, LPS
        """
        inside: NDArray[np.bool_] = self._find_near_mm(points_lps_mm) < 0
        return inside

    def find_gaps(
        self, points_lps_mm: NDArray[np.float64], firsts: Sequence[int]
    ) -> list[tuple[float, NDArray[np.float64]]]:
        """Return how near parts of a straight axis come to the structure, and where.

        Parameters
        ----------
        points_lps_mm : float array, shape (N, 3), mm, LPS, samples of the axis, target first
        firsts : the first sample of each part; every part ends at the last sample

        Returns
        -------
        for each part its least distance, mm, and the point of the axis, shape (3,), mm, LPS

        Notes
        -----
        The field answers at the samples; where a part lies wholly beyond its reach, the faces
        between the structure's voxels and the background do, for the axis as a line.
        """
        near = self._find_near_mm(points_lps_mm)
        found = []
        for first in firsts:
            at = first + int(np.argmin(near[first:]))
            gap, point = float(near[at]), points_lps_mm[at]
            # A tool that docks short may lie wholly beyond the field that its needle enters.
            if gap >= self.reach_mm:
                start, end = points_lps_mm[first], points_lps_mm[-1]
                far_mm, share = nearest_to_segment(self.faces.points_lps_mm, start, end)
                gap, point = max(far_mm, self.reach_mm), start + share * (end - start)
            found.append((gap, point))
        return found

    def _find_near_mm(self, points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the field at points, shape (N,), mm; infinity where it says nothing."""
        near = np.full(len(points_lps_mm), np.inf)
        if self.field is not None:
            nodes = self.field.grid.ijk(points_lps_mm)
            held = ((nodes >= 0) & (nodes <= np.array(self.field.grid.shape) - 1)).all(axis=1)
            near[held] = self.field.sample(points_lps_mm[held])
        return near


@dataclass(frozen=True, slots=True)
class HazardSet:
    """All hazards of one request on one region of interest.

    Parameters
    ----------
    grid : Grid of the region of interest
    hazards : tuple of Hazard, in the order of their keys
    bundle : Bundle of the paths that may be asked about, or none if all in the region may be
    """

    grid: Grid
    hazards: tuple[Hazard, ...]
    bundle: Bundle | None = None
    kept: dict[tuple[tuple[StructureKey, float], ...], MarginField] = dataclasses.field(
        init=False, default_factory=dict, repr=False, compare=False
    )
    meters: list["GapMeter"] = dataclasses.field(
        init=False, default_factory=list, repr=False, compare=False
    )

    def recall(
        self, least_mm: Mapping[StructureKey, float | None], leave_out: frozenset[StructureKey]
    ) -> MarginField:
        """Return ``combined``, the same one for the same demands as long as it is kept.

        Parameters
        ----------
        least_mm, leave_out : as ``combined``

        Notes
        -----
        The searches of one question differ in lists and weights far more often than in margins.
        """
        demands = tuple(
            (hazard.key, margin)
            for hazard in self.hazards
            if hazard.field is not None
            and hazard.key not in leave_out
            and (margin := least_mm.get(hazard.key)) is not None
        )
        found = self.kept.pop(demands, None) or MarginField(self.combined(least_mm, leave_out))
        # The latest stand last, so that the first one has been asked for least lately.
        self.kept[demands] = found
        while len(self.kept) > MARGINS_BATCH:
            del self.kept[next(iter(self.kept))]
        return found

    def combined(
        self, least_mm: Mapping[StructureKey, float | None], leave_out: frozenset[StructureKey]
    ) -> NDArray[np.float32]:
        """Return one margin field: the least of distance minus margin over the hazards.

        Parameters
        ----------
        least_mm : mapping of StructureKey to the distance its surface must keep from a tool's
            centre line, mm; none or absent where nothing is demanded
        leave_out : keys that are ignored

        Returns
        -------
        float32 array, shape ``grid.shape``, mm, capped where everything is far
        """
        cap = value("planning.field_reach_mm")
        total = np.full(self.grid.shape, cap, dtype=np.float32)
        for hazard in self.hazards:
            margin = least_mm.get(hazard.key)
            if margin is None or hazard.field is None or hazard.key in leave_out:
                continue
            ours, theirs = find_overlap(self.grid, hazard.field.grid)
            part = total[ours]
            np.minimum(part, hazard.field.values[theirs] - np.float32(margin), out=part)
        return total


def build_hazards(
    anatomy: Anatomy,
    groups: Mapping[StructureKey, Group],
    bundle: Bundle,
    *,
    progress: Progress,
    store: FieldStore,
) -> HazardSet:
    """Compute or recall the distance fields of all hazards around a region of interest.

    Parameters
    ----------
    anatomy : Anatomy
    groups : mapping of StructureKey to Group, the hazards
    bundle : Bundle of all paths that may be asked about
    progress : Progress
    store : FieldStore

    Returns
    -------
    HazardSet
    """
    hazards = []
    grid = bundle.grid
    for done, (key, group) in enumerate(groups.items()):
        progress.step("fields", done, len(groups))
        structure = anatomy.structures[key]
        reach = find_reach_mm(group)
        is_near = bundle.distance_mm(structure.region) <= reach
        field = find_field(structure, grid, reach, store) if is_near else None
        hazards.append(Hazard(key, group, structure, field, reach))
    progress.step("fields", len(groups), len(groups))
    return HazardSet(grid, tuple(hazards), bundle)


def find_field(
    structure: Structure, grid: Grid, reach_mm: float, store: FieldStore
) -> Field | None:
    """Return a structure's distance field near a region of interest, or none if it is far.

    Parameters
    ----------
    structure : Structure
    grid : Grid of the region of interest
    reach_mm : float, mm, up to where distances are wanted
    store : FieldStore
    """
    box = find_field_grid(structure.region, grid, reach_mm)
    if box is None:
        return None
    region = crop_to_grid(structure.region, box)
    if not region.values.any():
        return None
    key = _name(structure, region, box)
    kept = store.find(key)
    if kept is not None and kept.shape == box.shape:
        return Field.measured(box, kept, structure.sigma_mm)
    tube = structure.tube
    field = (
        signed_distance(region, box, is_local=True)
        if tube is None
        else tube_distance(tube.points_lps_mm, tube.radii_mm, box)
    )
    store.keep(key, field.values)
    return field


def crop_to_grid(region: LabelMap, grid: Grid) -> LabelMap:
    """Return the part of a structure that lies on a grid, and three voxels more.

    Parameters
    ----------
    region : LabelMap of 0 and 1
    grid : Grid

    Returns
    -------
    LabelMap of 0 and 1, at least one voxel; a colon of 30 cm is not smoothed as a whole
    """
    low, high = grid.origin_lps_mm, grid.high_lps_mm
    corners = region.ijk(
        [[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])]
    )
    last = np.array(region.shape) - 1
    first = np.clip(np.floor(corners.min(axis=0)).astype(int) - 3, 0, last)
    stop = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 4, first + 1, last + 1)
    box = tuple(slice(int(a), int(b)) for a, b in zip(first, stop, strict=True))
    affine = region.lps_from_ijk.copy()
    affine[:3, 3] = region.lps_mm(first)
    return LabelMap(region.values[box], affine, region.frame_id)


def find_reach_mm(group: Group) -> float:
    """Return how far from a structure of a group its distances must be exact, mm."""
    wide = {Group.ORGAN: "margins.organ_mm", Group.VESSEL: "margins.vessel_mm"}
    margin = value(wide[group]) if group in wide else value("margins.needle_root_hard_mm")
    # One more for the sigma that widens a margin, see hard_margin_mm.
    return margin + value("planning.field_reach_mm") + 1


def find_field_grid(region: LabelMap, grid: Grid, reach_mm: float) -> Grid | None:
    """Return the part of the lattice near a structure and near the region of interest.

    Parameters
    ----------
    region : LabelMap of 0 and 1
    grid : Grid of the region of interest, whose lattice is kept
    reach_mm : float, mm

    Returns
    -------
    Grid, or none if the structure is nowhere within reach of the region of interest

    Notes
    -----
    The box goes beyond the region of interest by the reach: what lies just outside it can
    still be too near to a path inside it.
    """
    low, high = region.bounds_lps_mm()
    is_apart = (low - reach_mm > grid.high_lps_mm) | (high + reach_mm < grid.origin_lps_mm)
    if is_apart.any():
        return None
    low = np.maximum(low, grid.origin_lps_mm) - reach_mm
    high = np.minimum(high, grid.high_lps_mm) + reach_mm
    return Grid.around(
        low,
        high,
        spacing_mm=grid.spacing_mm,
        anchor_lps_mm=grid.origin_lps_mm,
        frame_id=grid.frame_id,
    )


def find_overlap(ours: Grid, theirs: Grid) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Return the slices of two grids of one lattice that are the same nodes.

    Parameters
    ----------
    ours, theirs : Grid with the same spacing and nodes at the same places
    """
    shift = np.rint((theirs.origin_lps_mm - ours.origin_lps_mm) / ours.spacing_mm).astype(int)
    mine, other = [], []
    for axis in range(3):
        start = max(int(shift[axis]), 0)
        stop = max(start, min(int(shift[axis]) + theirs.shape[axis], ours.shape[axis]))
        mine.append(slice(start, stop))
        other.append(slice(start - int(shift[axis]), stop - int(shift[axis])))
    return tuple(mine), tuple(other)


def find_faces(region: LabelMap) -> NDArray[np.float64]:
    """Return the middles of the faces between a structure and its surroundings.

    Parameters
    ----------
    region : LabelMap of 0 and 1

    Returns
    -------
    float array, shape (N, 3), mm, LPS
    """
    mask = np.pad(region.values > 0, 1)
    found: list[NDArray[np.float64]] = []
    for axis in range(3):
        turned = np.moveaxis(mask, axis, 0)
        # Views: a copy of a bowel's array for each axis takes longer than the comparison.
        changes = np.moveaxis(turned[1:] != turned[:-1], 0, axis)
        middle = np.argwhere(changes).astype(np.float64)
        middle[:, axis] += 0.5
        found.append(middle - 1)
    return region.lps_mm(np.concatenate(found))


def _name(structure: Structure, region: LabelMap, grid: Grid) -> str:
    """Return a name that changes with everything the field depends on."""
    parts: Sequence[ArrayLike] = (
        region.values,
        region.lps_from_ijk,
        grid.origin_lps_mm,
        np.array([*grid.shape, grid.spacing_mm]),
    )
    tube = structure.tube
    more = () if tube is None else (tube.points_lps_mm, tube.radii_mm)
    # How fields are made: one that was kept when they were made otherwise has another name.
    digest = hashlib.sha256(b"local, labelled middles held")
    for part in (*parts, *more):
        digest.update(np.ascontiguousarray(part).tobytes())
    return f"field-{structure.key}-{digest.hexdigest()}"
