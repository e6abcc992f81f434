"""The working grid of one case and the vertebrae on it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from kambin.anatomy.completion_types import WorkingBone
from kambin.anatomy.keys import VERTEBRAE
from kambin.anatomy.masks import find_labelled
from kambin.anatomy.survey import Survey
from kambin.core import AnatomyError
from kambin.imaging import Grid, LabelMap, occupancy_on_grid
from kambin.knowledge import value

SURFACE_EPSILON = 1e-6
"""Occupancy within this of 0.5 counts as bone, so that rounding cannot prefer a side."""

REGION_MARGIN_VOXELS = 3
"""Background kept around a cropped structure, as the type ``Structure`` asks."""

SACRUM = "S1"
"""S1 stands for the whole sacrum; some label sets split ``vertebra:S1`` off ``sacrum``."""


def find_vertebra_regions(survey: Survey, *, first: str = "T12") -> dict[str, LabelMap]:
    """Cut the vertebrae out of the labels, from cranial to caudal, S1 with the whole sacrum.

    Parameters
    ----------
    survey : Survey of the labels
    first : str, the most cranial vertebra of interest

    Returns
    -------
    mapping of vertebra to a LabelMap of 0 and 1 with a margin, on the label grid

    Raises
    ------
    AnatomyError  (AN-200) if fewer than two vertebrae are there
    """
    regions = {}
    # Under a thirteenth thoracic vertebra T12 has no neighbour that a level could be named after.
    first = "L1" if survey.find("vertebra", "T13") and first == "T12" else first
    # Down from T12: the highest level that can be asked for is T12-L1.
    for name in VERTEBRAE[VERTEBRAE.index(first) :]:
        parts = [survey.find("vertebra", name)]
        if name == SACRUM:
            parts.append(survey.find("sacrum"))
        values = [v for part in parts if part is not None for v in part.values]
        boxes = [part.box for part in parts if part is not None]
        if boxes:
            regions[name] = _cut_out(survey.labels, values, boxes)
    if len(regions) < 2:
        raise AnatomyError(
            code="AN-200",
            what="The labels hold no lumbar spine",
            where=f"labels of the case: {', '.join(regions) or 'no vertebra'}",
            why="A disc level needs the vertebra above and the one below.",
            next_step="Import labels that name the lumbar vertebrae and the sacrum.",
        )
    return regions


def _cut_out(
    labels: LabelMap, values: list[int], boxes: list[tuple[slice, slice, slice]]
) -> LabelMap:
    low = np.min([[s.start for s in box] for box in boxes], axis=0) - REGION_MARGIN_VOXELS
    high = np.max([[s.stop for s in box] for box in boxes], axis=0) + REGION_MARGIN_VOXELS
    low, high = np.maximum(low, 0), np.minimum(high, labels.shape)
    box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    affine = labels.lps_from_ijk.copy()
    affine[:3, 3] = labels.lps_mm(low)
    mask = find_labelled(labels.values[box], values).astype(np.uint8)
    return LabelMap(mask, affine, labels.frame_id)


def make_working_grid(labels: LabelMap, low_lps_mm: ArrayLike, high_lps_mm: ArrayLike) -> Grid:
    """Return the isotropic grid of the completion around the spine.

    Parameters
    ----------
    labels : LabelMap in canonical order
    low_lps_mm, high_lps_mm : float array, shape (3,), mm, LPS, corners of the spine

    Returns
    -------
    Grid, nodes along L, P, S, spacing in mm

    Notes
    -----
    Along each axis the nodes lie symmetrically about the middle of the label array, and on
    voxel centres where the spacing allows. Mirroring the array about its own middle
    therefore mirrors the nodes exactly.
    """
    fine = float(labels.spacing_mm.max()) < value("completion_bone.fine_below_mm")
    spacing = value(f"completion_bone.{'fine' if fine else 'working'}_spacing_mm")
    margin = value("completion_bone.grid_margin_mm")
    low, high = labels.bounds_lps_mm()
    half = (high - low) / (2 * spacing)
    # Nodes on voxel centres where they fit: there nothing has to be interpolated.
    on_nodes = np.abs(half - np.round(half)) * 4 <= 1
    anchor = (low + high) / 2 + np.where(on_nodes, 0.0, spacing / 2)
    # No node lies beyond the labels: bone that leaves the image must not seem to end there.
    first = np.ceil((low - anchor) / spacing - SURFACE_EPSILON) + SURFACE_EPSILON
    last = np.floor((high - anchor) / spacing + SURFACE_EPSILON) - SURFACE_EPSILON
    return Grid.around(
        np.maximum(np.asarray(low_lps_mm) - margin, anchor + first * spacing),
        np.minimum(np.asarray(high_lps_mm) + margin, anchor + last * spacing),
        spacing_mm=spacing,
        anchor_lps_mm=anchor,
        frame_id=labels.frame_id,
    )


def sub_grid(grid: Grid, region: LabelMap) -> tuple[Grid, tuple[slice, slice, slice]]:
    """Return the part of a grid that a region covers, and the slices that cut it out.

    Parameters
    ----------
    grid : Grid
    region : LabelMap in the frame of the grid

    Returns
    -------
    Grid of the part, mm, LPS, and three slices into an array of grid.shape
    """
    low, high = (grid.ijk(corner) for corner in region.bounds_lps_mm())
    first = np.clip(np.floor(low + SURFACE_EPSILON).astype(int), 0, grid.shape)
    last = np.clip(np.ceil(high - SURFACE_EPSILON).astype(int) + 1, first, grid.shape)
    i, j, k = (slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
    shape = (i.stop - i.start, j.stop - j.start, k.stop - k.start)
    origin = grid.origin_lps_mm + first * grid.spacing_mm
    return Grid(origin, grid.spacing_mm, shape, grid.frame_id), (i, j, k)


def resample_indicator(
    mask: NDArray[np.bool_], region: LabelMap, grid: Grid
) -> tuple[NDArray[np.float32], tuple[slice, slice, slice]]:
    """Return a mask at the nodes of a grid, trilinear and not smoothed, and the box it fills.

    Parameters
    ----------
    mask : bool array, region.shape
    region : LabelMap that says where the voxels of the mask lie
    grid : Grid

    Returns
    -------
    float32 array of the shape of the box, 0 to 1
    tuple of slices into an array of grid.shape
    """
    part, box = sub_grid(grid, region)
    matrix = region.ijk_from_lps @ part.lps_from_ijk
    share = ndimage.affine_transform(
        mask.astype(np.float32), matrix[:3, :3], matrix[:3, 3], part.shape, order=1, mode="nearest"
    )
    return share, box


def region_of_nodes(grid: Grid, ijk: NDArray[np.int64]) -> LabelMap:
    """Return some nodes of a grid as a small map of 0 and 1 with a margin.

    Parameters
    ----------
    grid : Grid
    ijk : int array, shape (N, 3), N >= 1, nodes of the grid

    Returns
    -------
    LabelMap on nodes of the grid, mm, LPS
    """
    low = np.maximum(ijk.min(axis=0) - REGION_MARGIN_VOXELS, 0)
    high = np.minimum(ijk.max(axis=0) + REGION_MARGIN_VOXELS + 1, grid.shape)
    mask = np.zeros(tuple((high - low).tolist()), dtype=np.uint8)
    mask[tuple((ijk - low).T)] = 1
    affine = grid.lps_from_ijk
    affine[:3, 3] += low * grid.spacing_mm
    return LabelMap(mask, affine, grid.frame_id)


def make_working_bone(labels: LabelMap, regions: Mapping[str, LabelMap]) -> WorkingBone:
    """Put the vertebrae of a case on the working grid.

    Parameters
    ----------
    labels : LabelMap of the whole case
    regions : mapping of vertebra to its region of 0 and 1, from cranial to caudal

    Returns
    -------
    WorkingBone; where two vertebrae touch, the larger share of a node wins
    """
    bounds = np.array([region.bounds_lps_mm() for region in regions.values()])
    grid = make_working_grid(labels, bounds[:, 0].min(axis=0), bounds[:, 1].max(axis=0))
    # Strictly larger by more than rounding: otherwise mirroring could hand a node over.
    numbers = np.zeros(grid.shape, dtype=np.uint8)
    best = np.zeros(grid.shape, dtype=np.float32)
    total = np.zeros(grid.shape, dtype=np.float32)
    for number, region in enumerate(regions.values(), start=1):
        part, box = sub_grid(grid, region)
        occupancy = occupancy_on_grid(region, part)
        wins = (occupancy >= 0.5 - SURFACE_EPSILON) & (occupancy > best[box] + SURFACE_EPSILON)
        numbers[box][wins] = number
        np.maximum(best[box], occupancy, out=best[box])
        total[box] += occupancy
    # Smoothed neighbours overlap at a joint, and no node is more than full.
    return WorkingBone(grid, tuple(regions), numbers, np.minimum(total, 1.0))
