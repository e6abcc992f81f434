"""Organs and other given structures: hollow ones filled, unsided bones parted by the midline."""

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.keys import StructureKey
from kambin.anatomy.laterality import MidsagittalPlane
from kambin.anatomy.masks import close_in_slices, fill_slices
from kambin.anatomy.sigma import surface_sigma_mm
from kambin.anatomy.structures import Origin, Structure
from kambin.anatomy.survey import FoundStructure, Survey
from kambin.anatomy.working import REGION_MARGIN_VOXELS
from kambin.frames import Side
from kambin.imaging import LabelMap, region_from_mask
from kambin.knowledge import value

HOLLOW_KINDS = frozenset({"colon", "small_bowel", "duodenum", "stomach"})
"""Organs whose lumen some label sets leave out; a path through it is not clear."""

PAIRED_BONES = frozenset({"ilium"})
"""Bones that some label sets give without a side."""

_BONE_OF_THE_SPINE = frozenset({"vertebra", "sacrum"})


def fill_hollow(region: LabelMap) -> LabelMap:
    """Close and fill a hollow organ, slice by slice.

    Parameters
    ----------
    region : LabelMap of 0 and 1

    Returns
    -------
    LabelMap of 0 and 1 on the same voxels

    Notes
    -----
    Closing by 2 mm within the slice mends the wall of a thin shell, filling per axial
    slice takes the lumen in even where the gut leaves the volume (recipes 0.3).
    """
    radius = value("completion_bone.hollow_closing_mm")
    reach = np.ceil(radius / region.spacing_mm[:2]).astype(int).tolist()
    x, y = (np.arange(-n, n + 1) * s for n, s in zip(reach, region.spacing_mm, strict=False))
    disc = x[:, None] ** 2 + y[None, :] ** 2 <= radius**2
    # A rim of background lets the outside of a slice be one piece even where gut touches it.
    filled = fill_slices(close_in_slices(region.values != 0, disc))
    return LabelMap(filled[1:-1, 1:-1].astype(np.uint8), region.lps_from_ijk, region.frame_id)


def split_by_midline(
    mask: NDArray[np.bool_], region: LabelMap, plane: MidsagittalPlane
) -> dict[Side, NDArray[np.bool_]]:
    """Part a mask into what lies left and what lies right of the mid-sagittal plane.

    Parameters
    ----------
    mask : bool array, region.shape
    region : LabelMap that says where the voxels lie
    plane : MidsagittalPlane

    Returns
    -------
    mapping of Side to bool array, region.shape
    """
    left = np.zeros(mask.shape)
    ijk = np.argwhere(mask)
    left[tuple(ijk.T)] = plane.left_mm(region.lps_mm(ijk))
    return {Side.LEFT: mask & (left > 0), Side.RIGHT: mask & (left < 0)}


def collect_given(
    survey: Survey, plane: MidsagittalPlane, label_spacing_mm: float
) -> dict[StructureKey, Structure]:
    """Return every labelled structure that is no vertebra, ready for planning.

    Parameters
    ----------
    survey : Survey of the labels
    plane : MidsagittalPlane
    label_spacing_mm : float, mm, the largest spacing of the labels

    Returns
    -------
    mapping of StructureKey to Structure, origin segmented
    """
    given = {}
    for key, found in survey.found.items():
        # Vertebrae come by a way of their own, on which S1 joins the sacrum.
        if key.kind in _BONE_OF_THE_SPINE:
            continue
        region = _crop(survey, found)
        # By the plane, not by the order of pieces: both halves may touch at the symphysis.
        if key.kind in PAIRED_BONES and key.side is None:
            for side, mask in split_by_midline(region.values != 0, region, plane).items():
                if mask.any():
                    sided = StructureKey(key.kind, key.place, side)
                    part = region_from_mask(mask, region, REGION_MARGIN_VOXELS)
                    method = "Segmented without a side; parted by the mid-sagittal plane."
                    given[sided] = _structure(sided, part, label_spacing_mm, method)
        elif key.kind in HOLLOW_KINDS:
            method = "Segmented; closed by 2 mm and filled slice by slice."
            given[key] = _structure(key, fill_hollow(region), label_spacing_mm, method)
        else:
            given[key] = _structure(key, region, label_spacing_mm, "Segmented.")
    return given


def _crop(survey: Survey, found: FoundStructure) -> LabelMap:
    box = found.grown_box(survey.labels, REGION_MARGIN_VOXELS)
    affine = survey.labels.lps_from_ijk.copy()
    # The crop starts at another voxel, at the same place in the patient.
    affine[:3, 3] = survey.labels.lps_mm([s.start for s in box])
    mask = found.mask(survey.labels, margin_voxels=REGION_MARGIN_VOXELS)
    return LabelMap(mask.astype(np.uint8), affine, survey.labels.frame_id)


def _structure(
    key: StructureKey, region: LabelMap, label_spacing_mm: float, method: str
) -> Structure:
    sigma = surface_sigma_mm(key.kind, label_spacing_mm)
    return Structure(key, region, Origin.SEGMENTED, sigma, method=method)
