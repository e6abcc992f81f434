"""What the pictures of one report are made from, prepared once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import affine_transform, gaussian_filter

from kambin.anatomy import Anatomy, Case, Level, StructureKey
from kambin.imaging import LabelMap, Volume
from kambin.report.palette import BONE_KINDS

_OUTLINE_SIGMA_VOXELS = 0.6
_AIR_HU, _FAT_HU, _SOFT_HU, _DISC_HU, _BONE_HU, _GAS_HU = -1000.0, -90.0, 45.0, 90.0, 480.0, -60.0
_MUSCLE_KINDS = frozenset({"psoas", "multifidus", "erector_spinae", "quadratus", "iliacus"})


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

    @property
    def ijk_from_lps(self) -> NDArray[np.float64]:
        """Return the inverse of the affine, shape (4, 4)."""
        inverse: NDArray[np.float64] = np.linalg.inv(self.lps_from_ijk)
        return inverse

    def corners_lps_mm(self) -> NDArray[np.float64]:
        """Return the eight corners of the region's box, shape (8, 3), mm, LPS."""
        high = np.array(self.share.shape) - 1.0
        corners = np.array(
            [[a, b, c] for a in (0, high[0]) for b in (0, high[1]) for c in (0, high[2])]
        )
        points: NDArray[np.float64] = (
            corners @ self.lps_from_ijk[:3, :3].T + self.lps_from_ijk[:3, 3]
        )
        return points


def soften(key: StructureKey, region: LabelMap, *, modelled: bool) -> SoftRegion:
    """Return a structure's region lightly smoothed for outlines; thin parts stay.

    Parameters
    ----------
    key : StructureKey
    region : LabelMap of 0 and 1
    modelled : bool
    """
    occupied = (region.values > 0).astype(np.float32)
    smooth = gaussian_filter(occupied, _OUTLINE_SIGMA_VOXELS)
    if smooth.max(initial=0.0) <= 0.55:
        smooth = occupied
    return SoftRegion(key, smooth, region.lps_from_ijk, modelled)


def outlined_structures(anatomy: Anatomy, level: Level) -> tuple[SoftRegion, ...]:
    """Return the structures that the sections of a level outline.

    Whole vertebrae rather than their many parts, except the superior articular process of
    the lower vertebra, which is what the reamer takes; nerves and disc of this level only.

    Parameters
    ----------
    anatomy : Anatomy
    level : Level
    """
    chosen = [
        soften(key, structure.region, modelled=structure.is_modelled)
        for key, structure in sorted(anatomy.structures.items(), key=lambda item: str(item[0]))
        if _is_outlined(key, level)
    ]
    return tuple(chosen)


def _is_outlined(key: StructureKey, level: Level) -> bool:
    if key.kind in ("sap", "iap"):
        return (key.kind, key.place) in (("sap", level.lower), ("iap", level.upper))
    if key.kind in BONE_KINDS:
        return key.kind in ("vertebra", "sacrum", "ilium", "hip", "rib")
    if key.kind in ("exiting_root", "drg"):
        return key.place in (level.upper, level.lower)
    if key.kind == "traversing_root":
        return key.place == level.lower
    return key.kind not in ("canal", "flavum") and key.kind not in _MUSCLE_KINDS


def shown_volume(case: Case, anatomy: Anatomy) -> Volume:
    """Return the image, or for a label-only case a grey picture painted from the labels.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy, for the skin

    Returns
    -------
    Volume, HU; painted values only look like HU and are never measured
    """
    if case.image is not None:
        return case.image
    paint = np.full(int(case.labels.values.max(initial=0)) + 1, _SOFT_HU, np.float32)
    for number, key in case.names.items():
        if 0 < number < len(paint):
            paint[number] = _paint_value(key)
    painted = paint[case.labels.values]
    inside = _skin_on_labels(case.labels, anatomy)
    empty = case.labels.values == 0
    painted[empty] = np.where(inside[empty], _FAT_HU, _AIR_HU)
    return Volume(painted, case.labels.lps_from_ijk, case.labels.frame_id)


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
        return np.ones(labels.shape, bool)
    to_skin = skin.region.ijk_from_lps @ labels.lps_from_ijk
    inside: NDArray[np.uint8] = affine_transform(
        (skin.region.values > 0).astype(np.uint8),
        to_skin[:3, :3],
        offset=to_skin[:3, 3],
        output_shape=labels.shape,
        order=0,
        mode="nearest",
    )
    return inside > 0
