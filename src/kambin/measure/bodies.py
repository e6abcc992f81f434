"""Upper end plate, anterior height and wedge of a body, and the span of its processes."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import VertebraFrame
from kambin.frames import Side
from kambin.knowledge import value, values
from kambin.measure.rows import Reading
from kambin.measure.site import (
    SACRUM,
    Site,
    bone_sigma_mm,
    corner_lps_mm,
    first_crossing_mm,
    lps_from_plate,
)

RAY_STEP_MM = 0.25
"""A quarter of the finest usual voxel; the crossing is interpolated between samples."""

ROW_SAMPLES = 9
"""Rays beside each other over which an extent is taken; odd, so that one is in the middle."""


def measure_plate(site: Site) -> Mapping[str, Reading]:
    """Measure the upper end plate.

    Parameters
    ----------
    site : Site at a vertebra

    Returns
    -------
    ``upper_plate_width``, mm, the largest extent across; ``upper_plate_depth``, mm, from the
        front to the posterior wall near the midline

    Raises
    ------
    AnatomyError  (AN-304) if the vertebra has no frame, (AN-011) if it has no mask

    Notes
    -----
    Rays run from the middle of the plate to the surface of the bone, in planes up to 4 mm
    under the plate; the largest counts, as a calliper finds it at the rim. The width of S1
    is not assessed: its body merges with the alae.

    References
    ----------
    Yadav 2020, Int J Spine Surg 14:175, in A49: width of the upper plate on CT.
    """
    frame = site.frame()
    sigma = math.sqrt(2) * bone_sigma_mm(site, site.vertebra)
    front, back = values("measure.plate_rows_share")
    rows = np.linspace(front, back, ROW_SAMPLES) * frame.posterior_wall_y_mm
    # Rows end before the pedicle: behind it the ray would run on into the process.
    width = _extent_mm(site, frame, np.stack([0 * rows, rows], axis=1), 0, inward=-1)
    depth = plate_depth_mm(site, frame, inward=-1)
    place = lps_from_plate(frame, frame.upper_plate).origin_mm
    found = {
        "upper_plate_width": Reading(width, sigma, point_lps_mm=place),
        "upper_plate_depth": Reading(depth, sigma, point_lps_mm=place),
    }
    for name, extent in (("upper_plate_width", width), ("upper_plate_depth", depth)):
        if not math.isfinite(extent):
            found[name] = site.not_assessed("the rim of the upper plate")
    if site.vertebra == SACRUM:
        found["upper_plate_width"] = site.not_assessed("the side of the body of S1")
    return found


def measure_body_shape(site: Site) -> Mapping[str, Reading]:
    """Measure the height of the body in front, and how much higher it is there than behind.

    Parameters
    ----------
    site : Site at a vertebra

    Returns
    -------
    ``anterior_body_height``, ``body_wedge``, mm, the latter anterior less posterior; not
        assessed for S1, which has no lower plate

    Raises
    ------
    AnatomyError  (AN-304) if the vertebra has no frame, (AN-011) if it has no mask

    References
    ----------
    Pooled anterior and posterior heights: literature row A49.
    """
    frame = site.frame()
    sigma = math.sqrt(2) * bone_sigma_mm(site, site.vertebra)
    if site.vertebra == SACRUM:
        gone = site.not_assessed("the lower plate of S1")
        return dict.fromkeys(("anterior_body_height", "body_wedge"), gone)
    front, behind = _rim_height_mm(site, -1), _rim_height_mm(site, 1)
    if not (math.isfinite(front) and math.isfinite(behind)):
        gone = site.not_assessed("a rim of the body")
        return dict.fromkeys(("anterior_body_height", "body_wedge"), gone)
    place = corner_lps_mm(frame, frame.lower_plate, -frame.posterior_wall_y_mm)
    return {
        "anterior_body_height": Reading(front, sigma, point_lps_mm=place),
        "body_wedge": Reading(front - behind, math.sqrt(2) * sigma, point_lps_mm=place),
    }


def measure_posterior_height(site: Site) -> Mapping[str, Reading]:
    """Measure the height of the body behind, from rim to rim.

    Parameters
    ----------
    site : Site at a vertebra

    Returns
    -------
    ``posterior_body_height``, mm; not assessed for S1, which has no lower plate

    Raises
    ------
    AnatomyError  (AN-304) if the vertebra has no frame, (AN-011) if it has no mask

    References
    ----------
    Posterior heights on CT of 100 healthy persons: literature row A49.
    """
    frame = site.frame()
    if site.vertebra == SACRUM:
        return {"posterior_body_height": site.not_assessed("the lower plate of S1")}
    height = _rim_height_mm(site, 1)
    if not math.isfinite(height):
        return {"posterior_body_height": site.not_assessed("the posterior rim of the body")}
    sigma = math.sqrt(2) * bone_sigma_mm(site, site.vertebra)
    place = corner_lps_mm(frame, frame.lower_plate, frame.posterior_wall_y_mm)
    return {"posterior_body_height": Reading(height, sigma, point_lps_mm=place)}


def _rim_height_mm(site: Site, sign: int) -> float:
    """Return the height of the body from rim to rim in front (-1) or behind (1), mm."""
    frame = site.frame()
    bone = site.anatomy.require(f"vertebra:{site.vertebra}").region
    half = value("measure.rim_half_width_mm")
    lateral = np.linspace(-half, half, ROW_SAMPLES)
    # From the wall inward: a calliper rests on the rims, not in the hollow of the plates.
    near, far = values("measure.rim_inset_mm")
    inset = np.linspace(near, far, ROW_SAMPLES)
    backward = sign * (frame.posterior_wall_y_mm - inset)
    along = np.arange(0.0, value("measure.slip_search_mm"), RAY_STEP_MM)
    total = np.zeros((ROW_SAMPLES, ROW_SAMPLES))
    for up in (-1.0, 1.0):
        x, y, z = np.meshgrid(lateral, backward, up * along, indexing="ij")
        rays = frame.lps_from_vertebra.points(np.stack([x, y, z], axis=-1))
        free = 1.0 - site.shapes.sample(bone, rays)
        # At half height the wall is hollow: a ray may begin outside and enter further up.
        inside = free < 0.5
        last = inside.shape[-1] - 1 - inside[..., ::-1].argmax(axis=-1)
        begun = np.arange(len(along)) > np.where(inside.any(axis=-1), last, 0)[..., None]
        total += np.where(
            inside.any(axis=-1), first_crossing_mm(np.where(begun, free, 0.0), along), np.nan
        )
    if not np.isfinite(total).any():
        return math.nan
    # The highest rim: across nearly so, since one ray may end in a spur.
    share = value("measure.rim_rank_share")
    rows = [np.quantile(row[np.isfinite(row)], share) for row in total.T if np.isfinite(row).any()]
    return float(np.max(rows))


def measure_transverse_span(site: Site) -> Mapping[str, Reading]:
    """Measure how far the transverse processes reach from tip to tip.

    Parameters
    ----------
    site : Site at a vertebra

    Returns
    -------
    ``transverse_span``, mm, along the left-right axis of the vertebra

    Raises
    ------
    AnatomyError  (AN-304) if the vertebra has no frame

    References
    ----------
    Panjabi 1992, Spine 17:299: evidence 3.5, general knowledge.
    """
    frame = site.frame()
    reach, sigmas = [], []
    for side in Side:
        process = site.anatomy.find(f"tp:{site.vertebra}:{side}")
        if process is None:
            return {"transverse_span": site.not_assessed("a transverse process")}
        voxels = process.region.lps_mm(np.argwhere(process.region.values != 0))
        local = frame.lps_from_vertebra.inverse().points(voxels)[:, 0] * side.lateral_sign_lps
        # From centres to the surface: half a voxel further.
        reach.append(float(local.max()) + float(process.region.spacing_mm.min()) / 2)
        sigmas.append(process.sigma_mm)
    return {"transverse_span": Reading(math.fsum(reach), math.hypot(*sigmas))}


def plate_depth_mm(site: Site, frame: VertebraFrame, *, inward: int) -> float:
    """Return the depth of an end plate near the midline, from rim to rim, mm; NaN without rims.

    Parameters
    ----------
    site : Site
    frame : VertebraFrame of the body
    inward : int, 1 for the lower plate, whose body lies above it, -1 for the upper one

    Raises
    ------
    AnatomyError  (AN-011) if the vertebra has no mask
    """
    lateral = np.linspace(-1, 1, ROW_SAMPLES) * value("measure.slip_half_width_mm")
    feet = np.stack([lateral, 0 * lateral], axis=1)
    return _extent_mm(site, frame, feet, 1, inward=inward)


def _extent_mm(
    site: Site, frame: VertebraFrame, feet_mm: NDArray[np.float64], axis: int, *, inward: int
) -> float:
    """Return the largest extent along an axis of a plate, over feet, shape (N, 2), mm."""
    plate = lps_from_plate(frame, frame.lower_plate if inward > 0 else frame.upper_plate)
    bone = site.anatomy.require(f"vertebra:{frame.vertebra}").region
    along = np.arange(0.0, value("measure.slip_search_mm"), RAY_STEP_MM)
    extents = []
    for under in values("measure.plate_under_mm"):
        starts = np.column_stack([feet_mm, np.full(len(feet_mm), inward * under)])
        total = np.zeros(len(starts))
        for sign in (-1.0, 1.0):
            rays = np.repeat(starts[:, None, :], len(along), axis=1)
            rays[..., axis] += sign * along
            # Looking for the way out of bone is looking for the way into what is not bone.
            free = 1.0 - site.shapes.sample(bone, plate.points(rays))
            # What begins outside the bone, over a hollow plate or beside it, has no way out.
            total += np.where(free[:, 0] < 0.5, first_crossing_mm(free, along), np.nan)
        extents.append(total[np.isfinite(total)])
    # Across, the widest row; front to back, the middle one of the rows beside the midline.
    pick = np.max if axis == 0 else np.median
    return max((float(pick(found)) for found in extents if len(found)), default=math.nan)
