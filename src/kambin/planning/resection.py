"""Bone the reamer takes away on its way to the docking point, and what it leaves."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy
from kambin.knowledge import constant, value
from kambin.planning.bone_kernels import union_shares
from kambin.planning.bone_models import Resection
from kambin.planning.evaluate import Path
from kambin.planning.geometry import LevelGeometry
from kambin.planning.grains import FLAT, Voxels, measure_volume_mm3, voxel_mm3
from kambin.planning.level_bone import LevelBone, ProcessGrains

Stability = Literal["intact", "minor", "moderate", "at_risk", "not_assessed"]
"""What is left of the facet joint."""

HALF_TAKEN = 0.5
"""A voxel of bone that must stay counts as touched when half of it goes: less is its corner."""


def measure_resection(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    path: Path,
    radius_mm: float,
    *,
    rim_is_removed: bool = False,
) -> Resection:
    """Measure the bone inside one reamer swept along the axis and what stays of the facet.

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
    """
    capsules = find_capsule(path, radius_mm)[None]
    return measure_removed(anatomy, geometry, capsules, rim_is_removed=rim_is_removed)


def measure_removed(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    capsules: NDArray[np.float64],
    *,
    rim_is_removed: bool,
    bone: LevelBone | None = None,
) -> Resection:
    """Measure the bone inside the union of swept reamers and what stays of the facet.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    capsules : float array, shape (K, 7), mm, LPS: tip, outer end and radius of each reamer
    rim_is_removed : bool, whether the plan declares that the rim goes too
    bone : LevelBone that was prepared before, or none

    Returns
    -------
    Resection; null where the superior process is not assessed

    Notes
    -----
    Voxels that a surface cuts are divided into grains of a quarter of a millimetre. Ventro-dorsal
    depth is that of the deepest removed grain at mid-height of the process, counted from its
    ventral face; full thickness is the share of the height at which no more than a trace of the
    process is left.
    """
    bone = bone or LevelBone(anatomy, geometry)
    process = bone.process
    if process is None:
        why = f"sap:{geometry.level.lower}:{geometry.side} is not assessed."
        return no_resection(why, rim_is_removed=rim_is_removed)
    removed = union_shares(process.points_lps_mm, FLAT, capsules, 1) > 0
    fraction = float(removed.mean())
    rim = sum(voxels.measure_taken_mm3(capsules) for voxels in bone.rims)
    taken = fraction * measure_volume_mm3(process.sap) + (rim if rim_is_removed else 0.0)
    ventral, whole = _measure_depths(process, removed)
    kept = _measure_facet_kept(process, capsules)
    iap, pars, pars_left = _measure_kept_bone(bone, capsules)
    return Resection(
        volume_mm3=taken,
        sap_fraction=fraction,
        ventrodorsal_fraction=ventral,
        full_thickness_fraction=whole,
        facet_kept_fraction=kept,
        stability_class=classify_stability(kept, touched=iap + pars > 0),
        rim_volume_mm3=rim,
        rim_is_removed=rim_is_removed,
        pars_left_mm=pars_left,
        iap_volume_mm3=iap,
        pars_volume_mm3=pars,
        stability_source=find_stability_source(),
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


def find_stability_source() -> str:
    """Return where the limits of the stability classes come from, with their tag."""
    row = constant("margins.facet_moderate")
    return f"{row.source} [{row.tag}]"


def find_capsule(path: Path, radius_mm: float) -> NDArray[np.float64]:
    """Return the swept tool of an axis, shape (7,): tip, outer end, radius, mm, LPS.

    Parameters
    ----------
    path : Path; the tool ends at its docking point
    radius_mm : float, mm; 0 sweeps nothing
    """
    return np.array([*path.tip_lps_mm(path.stop_mm), *path.entry_lps_mm, radius_mm])


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
    points = np.asarray(points_lps_mm, dtype=np.float64)
    capsules = find_capsule(path, radius_mm)[None]
    inside: NDArray[np.bool_] = union_shares(points, FLAT, capsules, 1) > 0
    return inside


def _measure_depths(process: ProcessGrains, removed: NDArray[np.bool_]) -> tuple[float, float]:
    """Return ventro-dorsal depth at mid-height and the share of height that is all gone."""
    behind, height, grain_mm = process.behind_mm, process.height_mm, process.grain_mm
    band = value("planning.sap_middle_band_mm")
    middle = np.abs(height - 0.5 * (height.min() + height.max())) <= band
    gone = middle & removed
    depth = 0.0
    if gone.any():
        face = behind[middle].min() - 0.5 * grain_mm
        thickness = behind[middle].max() + 0.5 * grain_mm - face
        depth = (behind[gone].max() + 0.5 * grain_mm - face) / thickness
    slices = np.rint((height - height.min()) / grain_mm).astype(int)
    left = np.bincount(slices[~removed], minlength=slices.max() + 1)
    there = np.bincount(slices, minlength=slices.max() + 1)
    whole = (left <= value("planning.full_thickness_trace") * there) & (there > 0)
    return float(depth), float(whole.sum() / (there > 0).sum())


def _measure_facet_kept(process: ProcessGrains, capsules: NDArray[np.float64]) -> float | None:
    """Return the share of the facet's surface voxels that stay, or none without a facet."""
    if process.facet is None or not len(process.facet.ijk):
        return None
    return float(1 - process.facet.measure_shares(capsules).mean())


def _measure_kept_bone(
    bone: LevelBone, capsules: NDArray[np.float64]
) -> tuple[float, float, float | None]:
    """Return what goes of IAP and pars, mm3, and the least thickness left of a pars, mm."""
    iap_mm3 = 0.0 if bone.iap is None else _cut(bone.iap, capsules)[0]
    pars_mm3, left = 0.0, []
    for pars in bone.pars:
        taken, gone = _cut(pars.voxels, capsules)
        pars_mm3 += taken
        left.append(pars.measure_left_mm(gone))
    return iap_mm3, pars_mm3, min(left) if left else None


def _cut(voxels: Voxels, capsules: NDArray[np.float64]) -> tuple[float, NDArray[np.bool_]]:
    """Return what is taken of bone that must stay, mm3, and which of its voxels are gone."""
    shares = voxels.measure_shares(capsules)
    gone: NDArray[np.bool_] = shares >= HALF_TAKEN
    return float(shares.sum()) * voxel_mm3(voxels.structure) if gone.any() else 0.0, gone
