"""Bone the reamer takes away on its way to the docking point, and what it leaves."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from kambin.anatomy import Anatomy, Structure, StructureKey
from kambin.frames import RigidTransform
from kambin.knowledge import value
from kambin.planning.evaluate import Path
from kambin.planning.geometry import LevelGeometry
from kambin.planning.models import Resection
from kambin.planning.policy import Group, find_group

Stability = Literal["intact", "minor", "moderate", "at_risk", "not_assessed"]
"""What is left of the facet joint."""


def measure_resection(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    path: Path,
    radius_mm: float,
    *,
    rim_is_removed: bool = False,
) -> Resection:
    """Measure the bone inside the swept reamer and what stays of the facet.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    path : Path; the reamer stops where the cannula does
    radius_mm : float, mm, of the widest tool that docks; 0 if nothing is reamed
    rim_is_removed : bool, whether the plan declares that the rim goes too

    Returns
    -------
    Resection; null where the superior process is not assessed

    Notes
    -----
    Voxels whose centre lies in the capsule. Ventro-dorsal depth is that of the deepest
    removed voxel at mid-height of the process, counted from its ventral face; full thickness
    is the share of the height at which nothing of the process is left.
    """
    level, side = geometry.level, geometry.side
    sap = anatomy.find(StructureKey("sap", level.lower, side))
    frame = anatomy.vertebra_frames.get(level.lower)
    if sap is None or frame is None:
        why = f"sap:{level.lower}:{side} is not assessed."
        return no_resection(why, rim_is_removed=rim_is_removed)
    voxels = _voxels_lps_mm(sap)
    removed = is_in_capsule(voxels, path, radius_mm)
    taken = removed.sum() * _voxel_mm3(sap)
    rim = sum(
        float(is_in_capsule(_voxels_lps_mm(s), path, radius_mm).sum() * _voxel_mm3(s))
        for key, s in anatomy.structures.items()
        if find_group(key, level=level, side=side) is Group.RIM
    )
    ventral, whole = _measure_depths(voxels, removed, frame.lps_from_vertebra, sap)
    kept = _measure_facet_kept(anatomy, geometry, sap, path, radius_mm)
    iap, pars, pars_left = _measure_kept_bone(anatomy, geometry, path, radius_mm)
    return Resection(
        volume_mm3=float(taken) + rim,
        sap_fraction=float(removed.mean()),
        ventrodorsal_fraction=ventral,
        full_thickness_fraction=whole,
        facet_kept_fraction=kept,
        stability_class=classify_stability(kept, touched=iap + pars > 0),
        rim_volume_mm3=rim,
        rim_is_removed=rim_is_removed,
        pars_left_mm=pars_left,
        iap_volume_mm3=iap,
        pars_volume_mm3=pars,
        not_assessed_reason=None,
    )


def no_resection(reason: str, *, rim_is_removed: bool) -> Resection:
    """Return a resection that is not assessed, with the reason."""
    return Resection(
        volume_mm3=None,
        sap_fraction=None,
        ventrodorsal_fraction=None,
        full_thickness_fraction=None,
        facet_kept_fraction=None,
        stability_class="not_assessed",
        rim_volume_mm3=None,
        rim_is_removed=rim_is_removed,
        pars_left_mm=None,
        iap_volume_mm3=None,
        pars_volume_mm3=None,
        not_assessed_reason=reason,
    )


def classify_stability(facet_kept: float | None, *, touched: bool) -> Stability:
    """Return the stability class of a facet joint, architecture 8.10.

    Parameters
    ----------
    facet_kept : float, share of the facet surface that stays, or none if not assessed
    touched : bool, whether the inferior process or the pars is touched
    """
    if touched:
        return "at_risk"
    if facet_kept is None:
        return "not_assessed"
    lost = 1 - facet_kept
    if lost <= 0:
        return "intact"
    if lost <= value("margins.facet_minor"):
        return "minor"
    return "moderate" if lost <= value("margins.facet_moderate") else "at_risk"


def is_in_capsule(
    points_lps_mm: NDArray[np.float64], path: Path, radius_mm: float
) -> NDArray[np.bool_]:
    """Return which points lie inside the swept tool, shape (N,).

    Parameters
    ----------
    points_lps_mm : float array, shape (N, 3), mm, LPS
    path : Path; the tool ends at its docking point
    radius_mm : float, mm; 0 sweeps nothing
    """
    tip, entry = path.tip_lps_mm(path.stop_mm), np.asarray(path.entry_lps_mm)
    way = entry - tip
    along = np.clip((points_lps_mm - tip) @ way / (way @ way), 0, 1)
    gap = np.linalg.norm(points_lps_mm - tip - along[:, None] * way, axis=1)
    inside: NDArray[np.bool_] = (gap <= radius_mm) & (radius_mm > 0)
    return inside


def _voxels_lps_mm(structure: Structure) -> NDArray[np.float64]:
    return structure.region.lps_mm(np.argwhere(structure.region.values > 0))


def _voxel_mm3(structure: Structure) -> float:
    return float(np.prod(structure.region.spacing_mm))


def _measure_depths(
    voxels_lps_mm: NDArray[np.float64],
    removed: NDArray[np.bool_],
    lps_from_vertebra: RigidTransform,
    sap: Structure,
) -> tuple[float, float]:
    """Return ventro-dorsal depth at mid-height and the share of height that is all gone."""
    local = lps_from_vertebra.inverse().points(voxels_lps_mm)
    step = float(sap.region.spacing_mm.max())
    behind, height = local[:, 1], local[:, 2]
    middle = np.abs(height - 0.5 * (height.min() + height.max())) <= step
    face, back = behind[middle].min(), behind[middle].max()
    gone = middle & removed
    depth = (behind[gone].max() - face + step) / (back - face + step) if gone.any() else 0.0
    slices = np.rint((height - height.min()) / step).astype(int)
    left = np.bincount(slices[~removed], minlength=slices.max() + 1)
    there = np.bincount(slices, minlength=slices.max() + 1)
    return float(depth), float(((left == 0) & (there > 0)).sum() / (there > 0).sum())


def _measure_facet_kept(
    anatomy: Anatomy, geometry: LevelGeometry, sap: Structure, path: Path, radius_mm: float
) -> float | None:
    """Return the share of the facet's surface voxels that stay, or none without an IAP."""
    iap = anatomy.find(StructureKey("iap", geometry.level.upper, geometry.side))
    if iap is None:
        return None
    mask = sap.region.values > 0
    surface = sap.region.lps_mm(np.argwhere(mask & ~ndimage.binary_erosion(mask)))
    gap = cKDTree(_voxels_lps_mm(iap)).query(surface)[0]
    facet = surface[gap <= value("planning.facet_reach_mm")]
    if not len(facet):
        return None
    return float(1 - is_in_capsule(facet, path, radius_mm).mean())


def _measure_kept_bone(
    anatomy: Anatomy, geometry: LevelGeometry, path: Path, radius_mm: float
) -> tuple[float, float, float | None]:
    """Return what goes of IAP and pars, mm3, and the least thickness left of a pars, mm."""
    level, side = geometry.level, geometry.side
    iap = anatomy.find(StructureKey("iap", level.upper, side))
    iap_mm3 = 0.0
    if iap is not None:
        gone = is_in_capsule(_voxels_lps_mm(iap), path, radius_mm)
        iap_mm3 = float(gone.sum()) * _voxel_mm3(iap)
    pars_mm3, left = 0.0, []
    for vertebra in (level.upper, level.lower):
        pars = anatomy.find(StructureKey("pars", vertebra, side))
        if pars is not None:
            mask = np.pad(pars.region.values > 0, 1)
            nodes = np.argwhere(mask)
            gone = is_in_capsule(pars.region.lps_mm(nodes - 1), path, radius_mm)
            pars_mm3 += float(gone.sum()) * _voxel_mm3(pars)
            mask[tuple(nodes[gone].T)] = False
            depth = ndimage.distance_transform_edt(mask, sampling=pars.region.spacing_mm)
            left.append(2 * float(depth.max()) - float(pars.region.spacing_mm.max()))
    return iap_mm3, pars_mm3, min(left) if left else None
