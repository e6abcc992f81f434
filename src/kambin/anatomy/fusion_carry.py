"""Carrying what the second image shows over to the voxels of the first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy.fusion_bones import cut_out
from kambin.anatomy.fusion_warp import SpineWarp
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.masks import find_labelled
from kambin.anatomy.structures import Tube
from kambin.anatomy.survey import Survey
from kambin.imaging import LabelMap
from kambin.knowledge import value

CARRIED_KINDS = frozenset(
    [
        "dural_sac",
        "spinal_cord",
        "canal",
        "disc",
        "exiting_root",
        "traversing_root",
        "drg",
        "fragment",
        "flavum",
    ]
)
"""What an MR shows better than a CT; bones and organs stay those of the first image."""

BONES = frozenset({"vertebra", "sacrum", "ilium", "rib"})

BOX_MARGIN_MM = 2.0
"""Room round the carried points of a structure, in which its voxels are looked for."""


@dataclass(frozen=True, slots=True)
class CarriedLabels:
    """The labels of the fused case.

    Parameters
    ----------
    labels : LabelMap on the voxels of the first image
    names : mapping of label value to StructureKey
    in_bone : mapping of carried StructureKey to the share of it that fell on bone
    places : mapping of carried StructureKey to float array, shape (N,), where along the
        column its voxels lie: 0 at the first vertebra, 1 at the second
    """

    labels: LabelMap
    names: Mapping[int, StructureKey]
    in_bone: Mapping[StructureKey, float]
    places: Mapping[StructureKey, NDArray[np.float64]]


def carry_labels(
    labels: LabelMap,
    names: Mapping[int, StructureKey],
    mr: Survey,
    warp: SpineWarp,
    traced: Collection[StructureKey] = (),
) -> CarriedLabels:
    """Put the soft structures of the second image into the labels of the first.

    Parameters
    ----------
    labels, names : the labels of the first image and what they mean
    mr : Survey of the second image
    warp : SpineWarp
    traced : what is carried as a line, and takes no voxels

    Returns
    -------
    CarriedLabels; what the second image shows replaces the same kind of the first, bone of
    the first is never overwritten

    Notes
    -----
    The signed distance to each mask is read between its voxels, so that thick slices do not
    come out as steps; where two structures claim a voxel, the one it is deeper in has it.
    """
    keys = [key for key in mr.found if key.kind in CARRIED_KINDS]
    kinds = {key.kind for key in keys}
    # The cord of a CT tool is sac below L2: an MR that shows either replaces it.
    replaced = kinds | ({"spinal_cord"} if "dural_sac" in kinds else set())
    kept = {v: key for v, key in names.items() if key.kind not in replaced}
    gone = [v for v in names if v not in kept]
    values = labels.values.astype(np.uint16)
    values[find_labelled(labels.values, gone)] = 0
    is_bone = [v for v, key in kept.items() if key.kind in BONES]
    depth = np.zeros(labels.shape, dtype=np.float32)
    in_bone, places = {}, {}
    number = max([0, *names])
    for key in sorted(set(keys) - set(traced), key=str):
        found = _distances_on(labels, cut_out(mr.labels, [mr.found[key]]), warp)
        if found is None:
            continue
        box, distance, place = found
        inside = distance < 0
        bone = inside & find_labelled(values[box], is_bone)
        wins = inside & ~bone & (distance < depth[box])
        if not wins.any():
            continue
        number += 1
        values[box][wins] = number
        depth[box][wins] = distance[wins]
        kept[number] = key
        in_bone[key] = float(bone.sum() / inside.sum())
        places[key] = place[inside]
    small = LabelMap(values, labels.lps_from_ijk, labels.frame_id)
    return CarriedLabels(small, kept, in_bone, places)


def carry_lines(
    drawn: Mapping[StructureKey, Tube], warp: SpineWarp
) -> tuple[dict[StructureKey, Tube], dict[StructureKey, NDArray[np.float64]]]:
    """Carry drawn roots over, point by point.

    Parameters
    ----------
    drawn : mapping of StructureKey to Tube, mm, second image
    warp : SpineWarp

    Returns
    -------
    mapping of StructureKey to Tube, mm, first image
    mapping of StructureKey to float array, where along the column its points lie
    """
    lines, places = {}, {}
    for key, tube in drawn.items():
        points = warp.to_ct(tube.points_lps_mm)
        lines[key] = replace(tube, points_lps_mm=points)
        places[key] = warp.shares(points)
    return lines, places


def _distances_on(
    labels: LabelMap, region: LabelMap, warp: SpineWarp
) -> tuple[tuple[slice, ...], NDArray[np.float32], NDArray[np.float64]] | None:
    """Return the box of a carried structure, and there its distance and place in the column."""
    carried = warp.to_ct(region.lps_mm(np.argwhere(region.values != 0)))
    near = warp.beyond_mm(carried) <= value("fusion.reach_beyond_mm")
    if not near.any():
        return None
    ijk = labels.ijk(carried[near])
    margin = np.ceil((BOX_MARGIN_MM + region.spacing_mm.max()) / labels.spacing_mm)
    low = np.maximum(np.floor(ijk.min(axis=0) - margin), 0).astype(int)
    high = np.minimum(np.ceil(ijk.max(axis=0) + margin) + 1, labels.shape).astype(int)
    if (high <= low).any():
        return None
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    nodes = np.stack(np.meshgrid(*(np.arange(s.start, s.stop) for s in box), indexing="ij"), -1)
    points = labels.lps_mm(nodes.reshape(-1, 3))
    distance = _signed(region)
    at = region.ijk(warp.to_mr(points)).T
    # Beyond its own crop a structure is not: the margin of the crop is background.
    read = ndimage.map_coordinates(distance, at, order=1, mode="nearest")
    outside = ((at < 0) | (at > np.array(region.shape)[:, None] - 1)).any(axis=0)
    far = warp.beyond_mm(points) > value("fusion.reach_beyond_mm")
    read[outside | far] = float(region.spacing_mm.max())
    shape = tuple((high - low).tolist())
    return box, read.reshape(shape).astype(np.float32), warp.shares(points).reshape(shape)


def _signed(region: LabelMap) -> NDArray[np.float64]:
    """Return the signed distance of a mask to its own border, mm, halfway between voxels."""
    inside = region.values != 0
    spacing = region.spacing_mm
    within = ndimage.distance_transform_edt(inside, sampling=spacing)
    without = ndimage.distance_transform_edt(~inside, sampling=spacing)
    signed: NDArray[np.float64] = without - within
    return signed
