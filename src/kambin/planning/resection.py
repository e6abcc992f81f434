"""Bone the reamer takes away on its way to the docking point, and what it leaves."""

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from kambin.anatomy import Anatomy, Structure, StructureKey
from kambin.knowledge import constant, value
from kambin.planning.bone_kernels import union_shares
from kambin.planning.bone_models import Resection
from kambin.planning.evaluate import Path
from kambin.planning.geometry import LevelGeometry
from kambin.planning.policy import Group, find_group

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


@dataclass(frozen=True, slots=True)
class ProcessGrains:
    """The superior process as grains, which are the same for every path of a level.

    Parameters
    ----------
    points_lps_mm : float array, shape (N, 3), mm, LPS, the middles of the grains
    behind_mm, height_mm : float arrays, shape (N,), mm, of the same in the vertebra's frame
    grain_mm : float, mm, their width
    facet_ijk : int array, shape (M, 3), voxels of the joint's surface, or none without an IAP
    """

    points_lps_mm: NDArray[np.float64]
    behind_mm: NDArray[np.float64]
    height_mm: NDArray[np.float64]
    grain_mm: float
    facet_ijk: NDArray[np.int64] | None


def find_process_grains(anatomy: Anatomy, geometry: LevelGeometry) -> ProcessGrains | None:
    """Return the superior process of the level's side as grains, or none if it is not assessed.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    """
    level, side = geometry.level, geometry.side
    sap = anatomy.find(StructureKey("sap", level.lower, side))
    frame = anatomy.vertebra_frames.get(level.lower)
    if sap is None or frame is None:
        return None
    grains, grain_mm = cut_into_grains(sap)
    local = frame.lps_from_vertebra.inverse().points(grains)
    facet = _find_facet(anatomy, geometry, sap)
    return ProcessGrains(grains, local[:, 1], local[:, 2], grain_mm, facet)


def measure_removed(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    capsules: NDArray[np.float64],
    *,
    rim_is_removed: bool,
    process: ProcessGrains | None = None,
) -> Resection:
    """Measure the bone inside the union of swept reamers and what stays of the facet.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    capsules : float array, shape (K, 7), mm, LPS: tip, outer end and radius of each reamer
    rim_is_removed : bool, whether the plan declares that the rim goes too
    process : ProcessGrains that were made before, or none

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
    level, side = geometry.level, geometry.side
    sap = anatomy.find(StructureKey("sap", level.lower, side))
    process = process or find_process_grains(anatomy, geometry)
    if sap is None or process is None:
        why = f"sap:{level.lower}:{side} is not assessed."
        return no_resection(why, rim_is_removed=rim_is_removed)
    removed = union_shares(process.points_lps_mm, np.zeros((3, 3)), capsules, 1) > 0
    fraction = float(removed.mean())
    rim = sum(
        measure_taken_mm3(s, capsules)
        for key, s in anatomy.structures.items()
        if find_group(key, level=level, side=side) is Group.RIM
    )
    taken = fraction * measure_volume_mm3(sap) + (rim if rim_is_removed else 0.0)
    ventral, whole = _measure_depths(process, removed)
    kept = _measure_facet_kept(sap, process, capsules)
    iap, pars, pars_left = _measure_kept_bone(anatomy, geometry, capsules)
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
    inside: NDArray[np.bool_] = union_shares(points, np.zeros((3, 3)), capsules, 1) > 0
    return inside


def measure_taken_mm3(structure: Structure, capsules: NDArray[np.float64]) -> float:
    """Return the volume of a structure inside swept tools, mm3.

    Parameters
    ----------
    structure : Structure
    capsules : float array, shape (K, 7), mm, LPS: tip, outer end and radius
    """
    shares = measure_shares(structure, np.argwhere(structure.region.values > 0), capsules)
    return float(shares.sum()) * voxel_mm3(structure)


def measure_shares(
    structure: Structure, voxels_ijk: NDArray[np.int64], capsules: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return which share of some voxels of a structure lies inside swept tools, shape (N,).

    Parameters
    ----------
    structure : Structure
    voxels_ijk : int array, shape (N, 3), indices of its region
    capsules : float array, shape (K, 7), mm, LPS: tip, outer end and radius
    """
    region = structure.region
    axes = np.ascontiguousarray(region.lps_from_ijk[:3, :3])
    centres = np.ascontiguousarray(region.lps_mm(voxels_ijk))
    shares: NDArray[np.float64] = union_shares(centres, axes, capsules, _grain_count(structure))
    return shares


def cut_into_grains(
    structure: Structure, voxels_ijk: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.float64], float]:
    """Return the middles of equal grains of a structure, shape (N, 3), mm, LPS, and their width.

    Parameters
    ----------
    structure : Structure
    voxels_ijk : int array, shape (M, 3), indices of its region, or none for all its voxels
    """
    count = _grain_count(structure)
    steps = (np.arange(count) + 0.5) / count - 0.5
    offsets = np.array(list(itertools.product(steps, repeat=3)))
    voxels = np.argwhere(structure.region.values > 0) if voxels_ijk is None else voxels_ijk
    grains = structure.region.lps_mm((voxels[:, None] + offsets).reshape(-1, 3))
    return np.ascontiguousarray(grains), float(structure.region.spacing_mm.max()) / count


def voxel_mm3(structure: Structure) -> float:
    """Return the volume of one voxel of a structure, mm3."""
    return float(np.prod(structure.region.spacing_mm))


def measure_volume_mm3(structure: Structure) -> float:
    """Return the volume of a structure's voxels, mm3."""
    return float((structure.region.values > 0).sum()) * voxel_mm3(structure)


def _grain_count(structure: Structure) -> int:
    """Return into how many grains an edge of a voxel is cut."""
    wanted = float(structure.region.spacing_mm.max()) / value("planning.bone_grain_mm")
    return max(int(np.ceil(wanted - 10.0**-9)), 1)


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


def _find_facet(
    anatomy: Anatomy, geometry: LevelGeometry, sap: Structure
) -> NDArray[np.int64] | None:
    """Return the voxels of the facet's surface, shape (M, 3), or none without an IAP."""
    iap = anatomy.find(StructureKey("iap", geometry.level.upper, geometry.side))
    if iap is None:
        return None
    mask = sap.region.values > 0
    surface = np.argwhere(mask & ~ndimage.binary_erosion(mask))
    others = iap.region.lps_mm(np.argwhere(iap.region.values > 0))
    gap = cKDTree(others).query(sap.region.lps_mm(surface))[0]
    facet: NDArray[np.int64] = surface[gap <= value("planning.facet_reach_mm")]
    return facet


def _measure_facet_kept(
    sap: Structure, process: ProcessGrains, capsules: NDArray[np.float64]
) -> float | None:
    """Return the share of the facet's surface voxels that stay, or none without a facet."""
    facet = process.facet_ijk
    if facet is None or not len(facet):
        return None
    return float(1 - measure_shares(sap, facet, capsules).mean())


def _measure_kept_bone(
    anatomy: Anatomy, geometry: LevelGeometry, capsules: NDArray[np.float64]
) -> tuple[float, float, float | None]:
    """Return what goes of IAP and pars, mm3, and the least thickness left of a pars, mm."""
    level, side = geometry.level, geometry.side
    iap = anatomy.find(StructureKey("iap", level.upper, side))
    iap_mm3 = 0.0 if iap is None else _cut(iap, capsules)[0]
    pars_mm3, left = 0.0, []
    for vertebra in (level.upper, level.lower):
        pars = anatomy.find(StructureKey("pars", vertebra, side))
        if pars is not None:
            taken, mask = _cut(pars, capsules)
            pars_mm3 += taken
            depth = ndimage.distance_transform_edt(np.pad(mask, 1), sampling=pars.region.spacing_mm)
            left.append(2 * float(depth.max()) - float(pars.region.spacing_mm.max()))
    return iap_mm3, pars_mm3, min(left) if left else None


def _cut(structure: Structure, capsules: NDArray[np.float64]) -> tuple[float, NDArray[np.bool_]]:
    """Return what is taken of bone that must stay, mm3, and the voxels that are left."""
    voxels = np.argwhere(structure.region.values > 0)
    shares = measure_shares(structure, voxels, capsules)
    gone = shares >= HALF_TAKEN
    left = structure.region.values > 0
    left[tuple(voxels[gone].T)] = False
    return float(shares.sum()) * voxel_mm3(structure) if gone.any() else 0.0, left
