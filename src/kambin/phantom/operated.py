"""What earlier operations and damaged masks leave behind, one pure function per finding."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from kambin.anatomy import StructureKey
from kambin.core import AnatomyError
from kambin.imaging import LabelMap, Volume
from kambin.knowledge import value, values
from kambin.phantom.corruptions import Scan, crop

CROSS = ndimage.generate_binary_structure(3, 1)
"""Neighbours by face."""


def put_screw(scan: Scan, head_lps_mm: ArrayLike, tip_lps_mm: ArrayLike) -> Scan:
    """Put a metal screw with its streaks into the image: row A10.

    Parameters
    ----------
    scan : Scan of a CT
    head_lps_mm, tip_lps_mm : float arrays, shape (3,), mm, LPS, ends of the shaft

    Returns
    -------
    Scan whose labels are unchanged: tools label metal as the bone it lies in
    """
    head, tip = (np.asarray(end, dtype=np.float64) for end in (head_lps_mm, tip_lps_mm))
    radius, reach = values("phantom_ct.screw_mm")
    low, high = np.minimum(head, tip) - radius, np.maximum(head, tip) + radius
    aside = np.array([reach, reach, 0.0])
    box = _box(scan.image, low - aside, high + aside)
    shape = tuple(s.stop - s.start for s in box)
    corner = [s.start for s in box]
    index = np.indices(shape).reshape(3, -1).T + corner
    points = scan.image.lps_mm(index)
    away = _distance_to_segment_mm(points, head, tip).reshape(shape)
    # Streaks lie in the slices of the metal, as rays from it that fade with distance.
    across = points - (head + tip) / 2
    angle = np.arctan2(across[:, 1], across[:, 0]).reshape(shape)
    rays, height = values("phantom_ct.streak")
    streak = height * np.cos(rays * angle) * np.exp(-away / (reach / 2))
    slab = np.abs(points[:, 2] - np.clip(points[:, 2], low[2], high[2])).reshape(shape) == 0
    image = scan.image.values.copy()
    part = image[box]
    part += np.where(slab, streak, 0).astype(image.dtype)
    part[away < radius] = value("phantom_ct.metal_hu")
    return replace(scan, image=_like(scan.image, image))


def fill_gas(scan: Scan, centre_lps_mm: ArrayLike, radius_mm: float) -> Scan:
    """Fill a ball of the image with gas, such as a vacuum in a disc: row A11.

    Parameters
    ----------
    scan : Scan of a CT
    centre_lps_mm : float array, shape (3,), mm, LPS
    radius_mm : float, mm
    """
    centre = np.asarray(centre_lps_mm, dtype=np.float64)
    box = _box(scan.image, centre - radius_mm, centre + radius_mm)
    index = np.indices(tuple(s.stop - s.start for s in box)).reshape(3, -1).T
    points = scan.image.lps_mm(index + [s.start for s in box])
    inside = np.linalg.norm(points - centre, axis=1) < radius_mm
    image = scan.image.values.copy()
    part = image[box]
    part[inside.reshape(part.shape)] = value("phantom_ct.gas_hu")
    return replace(scan, image=_like(scan.image, image))


def remove_bone(
    scan: Scan, key: StructureKey, low_lps_mm: ArrayLike, high_lps_mm: ArrayLike
) -> Scan:
    """Take the bone of one label away inside a box, as a laminectomy does: row A11.

    Parameters
    ----------
    scan : Scan
    key : StructureKey of the vertebra
    low_lps_mm, high_lps_mm : float arrays, shape (3,), mm, LPS, corners of the box

    Raises
    ------
    AnatomyError  (AN-180) if the scan has no such label
    """
    mask = scan.labels.values == _number(scan, key)
    box = _box(scan.labels, np.asarray(low_lps_mm, float), np.asarray(high_lps_mm, float))
    taken = np.zeros_like(mask)
    taken[box] = mask[box]
    labels, image = scan.labels.values.copy(), scan.image.values.copy()
    labels[taken] = 0
    # What grows in place of a lamina is scar, of about muscle's density.
    image[taken] = value("phantom_ct.scar_hu")
    return replace(scan, image=_like(scan.image, image), labels=_relabelled(scan.labels, labels))


def fuse_joint(scan: Scan, upper: StructureKey, lower: StructureKey, width: int = 2) -> Scan:
    """Fill the gaps between two neighbours with bone, as a fused facet does: row A11.

    Parameters
    ----------
    scan : Scan
    upper, lower : StructureKey of neighbouring vertebrae
    width : int, voxels, the widest gap that is filled from each side

    Raises
    ------
    AnatomyError  (AN-180) if the scan lacks one of them
    """
    first, second = (scan.labels.values == _number(scan, key) for key in (upper, lower))
    near = ndimage.binary_dilation(first, CROSS, width) & ndimage.binary_dilation(
        second, CROSS, width
    )
    gap = near & (scan.labels.values == 0)
    labels, image = scan.labels.values.copy(), scan.image.values.copy()
    labels[gap] = _number(scan, lower)
    image[gap] = value("phantom_ct.cortical_hu")
    return replace(scan, image=_like(scan.image, image), labels=_relabelled(scan.labels, labels))


def cut_off_below(scan: Scan, height_lps_mm: float) -> Scan:
    """End the scan at a height, so that the sacrum is cut off: row A03.

    Parameters
    ----------
    scan : Scan in canonical order
    height_lps_mm : float, mm, LPS z of the lowest plane that stays
    """
    corner = scan.labels.lps_mm([0, 0, 0])
    planes = scan.labels.ijk([corner[0], corner[1], height_lps_mm])[2]
    first = int(np.ceil(planes))
    return crop(scan, [0, 0, first], list(scan.labels.shape))


def hollow_out(scan: Scan, key: StructureKey, wall: int = 2) -> Scan:
    """Empty the inside of a label and leave its wall: row A06.

    Parameters
    ----------
    scan : Scan
    key : StructureKey of the label
    wall : int, voxels that stay

    Raises
    ------
    AnatomyError  (AN-180) if the scan has no such label
    """
    mask = scan.labels.values == _number(scan, key)
    labels = scan.labels.values.copy()
    labels[ndimage.binary_erosion(mask, CROSS, wall)] = 0
    return replace(scan, labels=_relabelled(scan.labels, labels))


def break_apart(scan: Scan, key: StructureKey, gap: int = 2) -> Scan:
    """Break a label into an upper and a lower piece: row A06.

    Parameters
    ----------
    scan : Scan in canonical order
    key : StructureKey of the label
    gap : int, planes that lose the label

    Raises
    ------
    AnatomyError  (AN-180) if the scan has no such label
    """
    mask = scan.labels.values == _number(scan, key)
    planes = np.flatnonzero(mask.any(axis=(0, 1)))
    middle = int(planes[len(planes) // 2])
    labels = scan.labels.values.copy()
    slab = slice(middle, middle + gap)
    labels[:, :, slab][mask[:, :, slab]] = 0
    return replace(scan, labels=_relabelled(scan.labels, labels))


def grow_mask(scan: Scan, key: StructureKey, by: int = 3) -> LabelMap:
    """Return one label as a mask of its own that reaches into its neighbours: row A06.

    Parameters
    ----------
    scan : Scan
    key : StructureKey of the label
    by : int, voxels

    Returns
    -------
    LabelMap of 0 and 1 on the grid of the scan; one map of labels cannot overlap, two can

    Raises
    ------
    AnatomyError  (AN-180) if the scan has no such label
    """
    mask = scan.labels.values == _number(scan, key)
    grown = ndimage.binary_dilation(mask, CROSS, by).astype(np.uint8)
    return _relabelled(scan.labels, grown)


def move_to_frame(scan: Scan, frame_id: str) -> Scan:
    """Give the labels another frame of reference than the image: row A07.

    Parameters
    ----------
    scan : Scan
    frame_id : str
    """
    labels = scan.labels
    return replace(scan, labels=LabelMap(labels.values, labels.lps_from_ijk, frame_id))


def _distance_to_segment_mm(
    points: NDArray[np.float64], start: NDArray[np.float64], stop: NDArray[np.float64]
) -> NDArray[np.float64]:
    run = stop - start
    share = np.clip((points - start) @ run / (run @ run), 0, 1)
    found: NDArray[np.float64] = np.linalg.norm(points - start - share[:, None] * run, axis=1)
    return found


def _box(
    grid: Volume | LabelMap, low_lps_mm: NDArray[np.float64], high_lps_mm: NDArray[np.float64]
) -> tuple[slice, slice, slice]:
    """Return the voxels between two corners, whichever way the axes of the grid run."""
    ends = np.array([grid.ijk(low_lps_mm), grid.ijk(high_lps_mm)])
    first = np.maximum(np.floor(ends.min(axis=0)).astype(int), 0)
    last = np.minimum(np.ceil(ends.max(axis=0)).astype(int) + 1, grid.shape)
    a, b, c = (slice(int(i), int(max(i, j))) for i, j in zip(first, last, strict=True))
    return a, b, c


def _number(scan: Scan, key: StructureKey) -> int:
    found = [number for number, name in scan.names.items() if name == key]
    if not found:
        raise AnatomyError(
            code="AN-180",
            what="The scan has no such label",
            where=str(key),
            why="No label carries this name.",
            next_step="Name a structure that the scan holds.",
        )
    return found[0]


def _like(image: Volume, voxels: NDArray[Any]) -> Volume:
    return Volume(voxels, image.lps_from_ijk, image.frame_id)


def _relabelled(labels: LabelMap, voxels: NDArray[Any]) -> LabelMap:
    return LabelMap(voxels, labels.lps_from_ijk, labels.frame_id)
