"""What the pictures of one report are made from, prepared once."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from kambin.anatomy import Anatomy, Case, Level, StructureKey
from kambin.imaging import CutShape, LabelMap, Volume
from kambin.report.palette import BONE_KINDS

SHOWN_MM = 150.0
"""Half the side of the box that pictures show around the middle of the path, mm."""

_BORDER_VOXELS = 3
_OUTLINE_SIGMA_VOXELS = 0.6
# Greys for a case without an image: they look like a CT and are never measured.
_AIR_HU, _FAT_HU, _SOFT_HU, _DISC_HU, _BONE_HU, _GAS_HU = -1000.0, -90.0, 45.0, 90.0, 480.0, -60.0
_MUSCLE_KINDS = frozenset(
    {"psoas", "multifidus", "erector_spinae", "quadratus", "iliacus", "piriformis"}
    | {"gluteus_maximus", "gluteus_medius", "gluteus_minimus", "autochthon", "muscle"}
)


@dataclass(frozen=True, slots=True)
class SoftRegion:
    """A structure as a smooth share of 0 to 1 on its own voxels, ready to be cut.

    Parameters
    ----------
    key : StructureKey
    share : float32 array, shape (I, J, K), 0.5 at the surface
    lps_from_ijk : float array, shape (4, 4), mm
    modelled : bool, whether no image shows this surface
    """

    key: StructureKey
    share: NDArray[np.float32]
    lps_from_ijk: NDArray[np.float64]
    modelled: bool
    _cut_shapes: list[CutShape] = field(init=False, default_factory=list, repr=False, compare=False)

    @property
    def cut_shape(self) -> CutShape:
        """Return what planes cut; made when it is first asked for."""
        if not self._cut_shapes:
            self._cut_shapes.append(CutShape.of(self.share, self.lps_from_ijk))
        return self._cut_shapes[0]


def soften(key: StructureKey, region: LabelMap, *, modelled: bool) -> SoftRegion:
    """Return a structure's region lightly smoothed for outlines; thin parts stay.

    Parameters
    ----------
    key : StructureKey
    region : LabelMap of 0 and 1, shape (I, J, K), LPS, mm
    modelled : bool

    Returns
    -------
    SoftRegion, share of the same shape
    """
    occupied = (region.values > 0).astype(np.float32)
    smooth: NDArray[np.float32] = gaussian_filter(occupied, _OUTLINE_SIGMA_VOXELS)
    # Hardly anything is left above the level: the part is thinner than the smoothing.
    if smooth.max(initial=0.0) <= 0.55:
        smooth = occupied
    return SoftRegion(key, smooth, region.lps_from_ijk, modelled)


def outlined_structures(
    anatomy: Anatomy, level: Level, centre_lps_mm: NDArray[np.float64]
) -> tuple[SoftRegion, ...]:
    """Return the structures that the sections of a level outline.

    Whole vertebrae rather than their many parts, except the superior articular process of
    the lower vertebra, which is what the reamer takes; nerves and disc of this level only.

    Parameters
    ----------
    anatomy : Anatomy
    level : Level
    centre_lps_mm : float array, shape (3,), mm, LPS, the middle of what is shown
    """
    chosen = []
    for key, structure in sorted(anatomy.structures.items(), key=lambda item: str(item[0])):
        near = crop_near(structure.region, centre_lps_mm, SHOWN_MM)
        if near is not None and _is_outlined(key, level):
            chosen.append(soften(key, near, modelled=structure.is_modelled))
    return tuple(chosen)


def _is_outlined(key: StructureKey, level: Level) -> bool:
    if key.kind in ("sap", "iap"):
        return (key.kind, key.place) in (("sap", level.lower), ("iap", level.upper))
    if key.kind in BONE_KINDS:
        return key.kind in ("vertebra", "sacrum", "ilium", "hip", "rib")
    if key.kind == "facet_joint":
        return key.place == str(level)
    if key.kind in ("exiting_root", "drg", "segmental_artery"):
        return key.place in (level.upper, level.lower)
    if key.kind == "traversing_root":
        return key.place == level.lower
    return key.kind not in ("canal", "flavum", "facet_capsule") and key.kind not in _MUSCLE_KINDS


def crop_near(
    region: LabelMap, centre_lps_mm: NDArray[np.float64], half_mm: float
) -> LabelMap | None:
    """Return what a label map holds in a box about a point, cropped to it; none if nothing.

    Parameters
    ----------
    region : LabelMap
    centre_lps_mm : float array, shape (3,), mm, LPS
    half_mm : float, mm, from the point to each face of the box

    Returns
    -------
    LabelMap, LPS, mm, a part of the region with a border of background; or none
    """
    near = _window(region, centre_lps_mm, half_mm)
    filled = [np.flatnonzero(near.values.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    if not all(len(places) for places in filled):
        return None
    low = [max(int(places[0]) - _BORDER_VOXELS, 0) for places in filled]
    high = [int(places[-1]) + 1 + _BORDER_VOXELS for places in filled]
    return _cut(near, np.array(low), np.array(high))


def _window(region: LabelMap, centre_lps_mm: NDArray[np.float64], half_mm: float) -> LabelMap:
    """Return a label map within a box about a point; at least one voxel thick."""
    half = half_mm / region.spacing_mm
    middle = region.ijk(centre_lps_mm)
    last = np.array(region.shape) - 1
    low = np.clip(np.floor(middle - half).astype(int), 0, last)
    high = np.clip(np.ceil(middle + half).astype(int), low, last) + 1
    return _cut(region, low, high)


def _cut(region: LabelMap, low: NDArray[np.int_], high: NDArray[np.int_]) -> LabelMap:
    affine = region.lps_from_ijk.copy()
    affine[:3, 3] = region.lps_mm(low)
    window = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    return LabelMap(region.values[window], affine, region.frame_id)


def shown_volume(case: Case, anatomy: Anatomy, centre_lps_mm: NDArray[np.float64]) -> Volume:
    """Return the image, or for a label-only case a grey picture painted from the labels.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy, for the skin
    centre_lps_mm : float array, shape (3,), mm, LPS, the middle of what is painted

    Returns
    -------
    Volume, HU; painted values only look like HU and are never measured
    """
    if case.image is not None:
        return case.image
    labels = _window(case.labels, centre_lps_mm, SHOWN_MM)
    paint = np.full(int(labels.values.max(initial=0)) + 1, _SOFT_HU, np.float32)
    for number, key in case.names.items():
        if 0 < number < len(paint):
            paint[number] = _paint_value(key)
    painted = paint[labels.values]
    # What no label names is fat within the skin and air beyond it.
    outside = (labels.values == 0) & ~_skin_on_labels(labels, anatomy)
    painted[labels.values == 0] = _FAT_HU
    painted[outside] = _AIR_HU
    return Volume(painted, labels.lps_from_ijk, labels.frame_id)


def _paint_value(key: StructureKey) -> float:
    if key.kind in BONE_KINDS:
        return _BONE_HU
    if key.kind == "disc":
        return _DISC_HU
    if key.kind == "skin":
        return _FAT_HU
    return _GAS_HU if key.kind in ("colon", "small_bowel") else _SOFT_HU


def _skin_on_labels(labels: LabelMap, anatomy: Anatomy) -> NDArray[np.bool_]:
    skin = anatomy.find("skin")
    if skin is None:
        # Without a skin nothing is known to lie outside.
        return np.ones(labels.shape, bool)
    # Both arrays run along L, P, S, so that each axis is looked up by itself.
    index = []
    for axis, count in enumerate(labels.shape):
        ends = np.zeros((2, 3))
        ends[1, axis] = count - 1
        first, last = skin.region.ijk(labels.lps_mm(ends))[:, axis]
        index.append(np.rint(np.linspace(first, last, count)).astype(int))
    inside = np.ones(labels.shape, bool)
    grid = np.ix_(*(np.clip(i, 0, n - 1) for i, n in zip(index, skin.region.shape, strict=True)))
    inside &= skin.region.values[grid] > 0
    return inside
