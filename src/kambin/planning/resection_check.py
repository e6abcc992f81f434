"""The bone a plan says it takes, measured again from the masks alone."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, Structure, StructureKey
from kambin.core import Finding, Severity
from kambin.knowledge import value
from kambin.planning.bone_models import ReamerPass
from kambin.planning.geometry import LevelGeometry
from kambin.planning.models import Plan
from kambin.planning.policy import Group, find_group
from kambin.planning.remarks import make_finding

VOXEL_SAMPLES = 64
"""Pairs of places in each voxel that are asked: no lattice, unlike the planner's grains."""

TOUCHED = 0.5
"""Bone that must stay counts once half of a voxel goes, as the planner counts it."""

PLASTIC = float(np.roots([1, 0, 0, -1, -1]).real.max())
"""Its powers give the sequence of lowest discrepancy in space (Roberts 2018, R3)."""


def check_resection(anatomy: Anatomy, geometry: LevelGeometry, plan: Plan) -> Iterator[Finding]:
    """Yield volumes of removed bone that the masks and the reamers of a plan do not confirm.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    plan : Plan

    Notes
    -----
    Every reamer is a capsule from its tip to its outer end; a point of bone goes if it lies in
    one. Points are placed by a sequence, not by grains, each with its opposite so that their mean
    is the voxel's middle, and their distance to an axis is taken from the cross product: no line
    of code and no number is shared with the planner's volumes.
    Of plans that list no reamers (schema 1) nothing can be measured again.
    """
    stated = plan.resection
    if stated.volume_mm3 is None or stated.needed_mm3 is None:
        return
    level, side = geometry.level, geometry.side
    sap = anatomy.find(StructureKey("sap", level.lower, side))
    iap = anatomy.find(StructureKey("iap", level.upper, side))
    pars = [anatomy.find(StructureKey("pars", name, side)) for name in (level.upper, level.lower)]
    rims = [
        structure
        for key, structure in anatomy.structures.items()
        if find_group(key, level=level, side=side) is Group.RIM
    ]
    process = sum(measure_removed_mm3(s, stated.passes, 0.0) for s in (sap,) if s is not None)
    rim = sum(measure_removed_mm3(s, stated.passes, 0.0) for s in rims)
    rows = {
        "all bone that is removed": (
            stated.volume_mm3,
            process + (rim if stated.rim_is_removed else 0.0),
        ),
        "the rim": (stated.rim_volume_mm3, rim),
        "the inferior process": (
            stated.iap_volume_mm3,
            sum(measure_removed_mm3(s, stated.passes, TOUCHED) for s in (iap,) if s is not None),
        ),
        "the pars": (
            stated.pars_volume_mm3,
            sum(measure_removed_mm3(s, stated.passes, TOUCHED) for s in pars if s is not None),
        ),
    }
    for name, (told_mm3, found_mm3) in rows.items():
        told = told_mm3 or 0.0
        allowed = value("planning.agreement_bone_mm3")
        allowed += value("planning.agreement_bone_fraction") * max(told, found_mm3)
        if abs(told - found_mm3) > allowed:
            yield make_finding(
                "PL-027",
                Severity.BLOCK,
                what=f"Two computations disagree about {name}",
                where=f"resection {level} {side}",
                why=f"The plan says {told:.1f} mm3, the masks {found_mm3:.1f} mm3; "
                f"allowed {allowed:.1f} mm3.",
            )


def measure_removed_mm3(
    structure: Structure, passes: tuple[ReamerPass, ...], least_share: float
) -> float:
    """Return what reamers take of a structure, mm3; 0 if no voxel loses the least share.

    Parameters
    ----------
    structure : Structure
    passes : tuple of ReamerPass, mm, LPS
    least_share : float, what one voxel has to lose for the structure to count as touched
    """
    region = structure.region
    ijk = np.argwhere(region.values > 0)
    reach = float(np.linalg.norm(region.spacing_mm))
    centres = region.lps_mm(ijk)
    near = ijk[_is_taken(centres, passes, reach)]
    if not len(near):
        return 0.0
    shares = np.zeros(len(near))
    for n in range(1, VOXEL_SAMPLES + 1):
        offset = (n * PLASTIC ** -np.arange(1.0, 4.0)) % 1.0 - 0.5
        for place in (offset, -offset):
            shares += _is_taken(region.lps_mm(near + place), passes, 0.0)
    shares /= 2 * VOXEL_SAMPLES
    if shares.max() < least_share:
        return 0.0
    return float(shares.sum()) * float(np.prod(region.spacing_mm))


def _is_taken(
    points_lps_mm: NDArray[np.float64], passes: tuple[ReamerPass, ...], more_mm: float
) -> NDArray[np.bool_]:
    """Return which points, shape (N, 3), mm, LPS, lie in a reamer that is thicker by so much."""
    taken = np.zeros(len(points_lps_mm), dtype=bool)
    for one in passes:
        tip, outer = np.array(one.tip_lps_mm), np.array(one.outer_lps_mm)
        way = (outer - tip) / np.linalg.norm(outer - tip)
        from_tip, from_outer = points_lps_mm - tip, points_lps_mm - outer
        aside = np.linalg.norm(np.cross(from_tip, way), axis=1)
        is_beside = (from_tip @ way >= 0) & (from_outer @ way <= 0)
        ends = np.minimum(np.linalg.norm(from_tip, axis=1), np.linalg.norm(from_outer, axis=1))
        taken |= np.where(is_beside, aside, ends) <= one.radius_mm + more_mm
    return taken
