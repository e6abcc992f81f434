"""The resection of a plan with its reamers, and what other cannulas and depths would take."""

from dataclasses import replace

import numpy as np

from kambin.anatomy import Anatomy
from kambin.knowledge import value, values
from kambin.planning.bone_models import DiameterVolume, ReamerPass, Resection, StopVolume
from kambin.planning.evaluate import Path, to_point
from kambin.planning.fields import HazardSet
from kambin.planning.foraminoplasty import Foraminoplasty, find_grains, plan_foraminoplasty
from kambin.planning.geometry import LevelGeometry
from kambin.planning.grains import Grains
from kambin.planning.level_bone import LevelBone
from kambin.planning.resection import find_capsule, measure_removed
from kambin.planning.tools import Toolset


def plan_resection(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    path: Path,
    tools: Toolset,
    hazards: HazardSet,
    *,
    curves: bool = True,
    bone: LevelBone | None = None,
) -> tuple[Resection, Foraminoplasty]:
    """Plan the reamers of a path and measure what they take and leave.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    path : Path of the cannula
    tools : Toolset
    hazards : HazardSet, what no reamer may touch
    curves : bool, whether bone against diameter and docking distance is wanted, and reamers off
        the axis; without them a path that is dragged is answered in a tenth of a second
    bone : LevelBone that was prepared before, or none

    Returns
    -------
    Resection, null where the superior process is not assessed, and how its bone goes
    """
    bone = bone or LevelBone(anatomy, geometry)
    found = plan_foraminoplasty(anatomy, geometry, path, tools, hazards, tilted=curves, bone=bone)
    measured = measure_removed(
        anatomy, geometry, found.capsules, rim_is_removed=tools.frees_rim, bone=bone
    )
    if measured.not_assessed_reason is not None:
        return measured, found
    by_diameter: tuple[DiameterVolume, ...] = ()
    by_stop: tuple[StopVolume, ...] = ()
    if curves and tools.reams:
        by_diameter, by_stop = measure_bone_curves(anatomy, geometry, path, tools, bone)
    is_reamed = bool(found.passes)
    return measured.model_copy(
        update={
            "margin_mm": found.margin_mm,
            "needed_mm3": found.needed_mm3,
            "collateral_mm3": max(found.taken_mm3 + found.uncovered_mm3 - found.needed_mm3, 0.0)
            if is_reamed
            else 0.0,
            "uncovered_mm3": found.uncovered_mm3,
            "single_pass_mm3": found.single_pass_mm3,
            "passes": tuple(_describe_passes(found, path)),
            "volume_against_diameter": by_diameter,
            "volume_against_stop": by_stop,
        }
    ), found


def measure_bone_curves(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    path: Path,
    tools: Toolset,
    bone: LevelBone | None = None,
) -> tuple[tuple[DiameterVolume, ...], tuple[StopVolume, ...]]:
    """Measure the bone in the way of other cannulas on the same axis, and at other depths.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    path : Path
    tools : Toolset, whose cannula docks at other depths, and whose technique says how far
    bone : LevelBone that was prepared before, or none

    Returns
    -------
    tuple of DiameterVolume from 5 to 10 mm at the path's docking distance, and tuple of StopVolume
    from the target to the farthest docking distance for the path's cannula

    Notes
    -----
    Bone within the tool's radius and the margin of the table: the least that must go. Whether the
    other tool keeps all margins on this axis is not asked.
    """
    margin = value("planning.resection_margin_mm")
    diameters = values("planning.curve_diameter_mm")
    radius = tools.removal_radius_mm + margin
    deepest = replace(path, stop_mm=0.0)
    widest = max(radius, 0.5 * max(diameters) + margin)
    bone = bone or LevelBone(anatomy, geometry)
    grains = find_grains(bone, deepest, widest, frees_rim=tools.frees_rim)
    step = value("planning.stop_step_mm")
    stops = np.arange(0.0, tools.technique.stop_max_mm + 0.5 * step, step).tolist()
    return (
        tuple(
            DiameterVolume(
                diameter_mm=d, volume_mm3=_measure_in_way(grains, path, 0.5 * d + margin)
            )
            for d in diameters
        ),
        tuple(
            StopVolume(
                stop_mm=s, volume_mm3=_measure_in_way(grains, replace(path, stop_mm=s), radius)
            )
            for s in stops
            if path.length_mm > s
        ),
    )


def _measure_in_way(grains: Grains, path: Path, radius_mm: float) -> float:
    return grains.volume_mm3(grains.inside(find_capsule(path, radius_mm)[None]))


def _describe_passes(found: Foraminoplasty, path: Path) -> list[ReamerPass]:
    way = np.subtract(path.entry_lps_mm, path.target_lps_mm) / path.length_mm
    return [
        ReamerPass(
            instrument=one.instrument.name,
            radius_mm=one.instrument.radius_mm,
            tilt_deg=one.shaft.tilt_deg,
            pivot=one.pivot,
            tip_lps_mm=to_point(one.shaft.tip_lps_mm),
            outer_lps_mm=to_point(one.shaft.outer_lps_mm),
            stop_mm=float((one.shaft.tip_lps_mm - path.target_lps_mm) @ way),
            taken_mm3=one.taken_mm3,
        )
        for one in found.passes
    ]
