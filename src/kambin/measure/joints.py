"""Direction of the facet joints and the section of the superior process."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.spatial import cKDTree

from kambin.anatomy import Structure
from kambin.frames import Side
from kambin.knowledge import value
from kambin.measure.facet import find_joint, is_cut
from kambin.measure.nearness import surface_voxels_lps_mm
from kambin.measure.rows import Reading
from kambin.measure.site import SideView, Site, require_level, require_side

PIXEL_STEP_MM = 0.25
"""Pixel of the section through the process."""

TRIM_ITERATIONS = 6
"""Plane fits, each without what lies far off the plane before it; three are enough."""

LEAST_SAMPLES = 8
"""Voxels that must face each other across a joint before its direction means anything."""


def measure_joint(site: Site) -> Mapping[str, Reading]:
    """Measure the direction of the facet joint and the section of its superior process.

    Parameters
    ----------
    site : Site at a disc level and side

    Returns
    -------
    ``facet_angle``, degrees, of the joint to the sagittal plane, in the plane of the disc:
    0 is sagittal, 90 coronal; ``sap_section``, mm2, of the superior process at half its
    height, parallel to the disc. Both none above 1.5 mm label spacing.

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing

    Notes
    -----
    The joint is a plane through the middles between voxels of both processes that face each
    other within 2.5 mm, ``measure.joint_reach_mm``.

    References
    ----------
    Section and direction at L4-L5 on MR: evidence 3.5 (A27).
    """
    joint = find_joint(site, "direction of the facet and the section of its process")
    if isinstance(joint, Reading):
        return {"facet_angle": joint, "sap_section": joint}
    superior, upper = joint[0], require_level(site).upper
    view = SideView(site.disc().lps_from_disc, require_side(site))
    return {
        "facet_angle": _direction(site, view, superior, site.anatomy.require(f"vertebra:{upper}")),
        "sap_section": _section(site, view, superior),
    }


def measure_tropism(site: Site) -> Mapping[str, Reading]:
    """Measure how differently the two facet joints of a level are turned.

    Parameters
    ----------
    site : Site at a disc level

    Returns
    -------
    ``facet_tropism``, degrees, the difference of both facet angles, never negative

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing

    References
    ----------
    Tropism at L4-L5: evidence 3.5 (A27).
    """
    both = [measure_joint(replace(site, side=side))["facet_angle"] for side in Side]
    for one in both:
        if one.value is None:
            return {"facet_tropism": one}
    left, right = ((one.value or 0.0, one.uncertainty or 0.0) for one in both)
    return {"facet_tropism": Reading(abs(left[0] - right[0]), math.hypot(left[1], right[1]))}


def _direction(site: Site, view: SideView, superior: Structure, inferior: Structure) -> Reading:
    own, other = (surface_voxels_lps_mm(one.region) for one in (superior, inferior))
    # An eighth of a voxel more: voxels just at the limit must not be in or out by rounding.
    reach = value("measure.joint_reach_mm") + float(superior.region.spacing_mm.min()) / 2**3
    distances, at = cKDTree(other).query(own)
    facing = distances <= reach
    if facing.sum() < LEAST_SAMPLES:
        return site.not_assessed("a joint between both processes")
    middles = view.local_mm((own[facing] + other[at[facing]]) / 2)
    for _ in range(TRIM_ITERATIONS):
        away = middles - middles.mean(axis=0)
        _, _, axes = np.linalg.svd(away, full_matrices=False)
        off = np.abs(away @ axes[2])
        # A tip that touches the lamina below is no part of the joint.
        kept = off <= max(2 * float(np.median(off)), float(superior.region.spacing_mm.min()))
        if kept.all() or kept.sum() < LEAST_SAMPLES:
            break
        middles = middles[kept]
    lateral, backward = float(axes[2, 0]), float(axes[2, 1])
    # The joint runs at a right angle to its normal, backward; its height over the disc falls out.
    along = np.array([-backward * math.copysign(1.0, lateral), abs(lateral)])
    along /= max(float(np.linalg.norm(along)), np.finfo(float).tiny)
    length = float(np.ptp(away[:, :2] @ along))
    sigma = math.hypot(superior.sigma_mm, inferior.sigma_mm)
    place = view.lps_mm(middles.mean(axis=0))
    angle_rad = math.atan2(along[0], along[1])
    # A coronal joint has no front and back: both ways along it are at a right angle.
    angle = math.degrees(angle_rad + (math.pi if angle_rad < -math.pi / 4 else 0.0))
    # Both ends of the joint err by as much as its surfaces, and by what the rule cuts off.
    cut = value("measure.joint_cut_sigma_deg") if is_cut(superior) else 0.0
    spread = math.hypot(math.degrees(math.atan2(sigma, length)), cut)
    return Reading(angle, spread, point_lps_mm=place)


def _section(site: Site, view: SideView, process: Structure) -> Reading:
    voxels = view.local_mm(process.region.lps_mm(np.argwhere(process.region.values != 0)))
    low, high = voxels.min(axis=0), voxels.max(axis=0)
    # A rim of a voxel: the surface lies half a voxel beyond the centres.
    spare = float(process.region.spacing_mm.max())
    axes = [np.arange(low[k] - spare, high[k] + spare, PIXEL_STEP_MM) for k in (0, 1)]
    x, y = np.meshgrid(*axes, indexing="ij")
    points = np.stack([x, y, np.full_like(x, (low[2] + high[2]) / 2)], axis=-1)
    inside = site.shapes.sample(process.region, view.lps_mm(points)) >= 0.5
    area = float(inside.sum()) * PIXEL_STEP_MM**2
    if area == 0:
        return site.not_assessed("the middle of the process")
    # As a circle of that area: half its perimeter times sigma, as for the foramen.
    sigma = math.sqrt(math.pi * area) * process.sigma_mm
    cut = value("measure.process_cut_share") * area if is_cut(process) else 0.0
    return Reading(
        area, math.hypot(sigma, cut), point_lps_mm=view.lps_mm(points[inside].mean(axis=0))
    )
