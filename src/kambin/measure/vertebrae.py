"""Canal, pedicles and height of one vertebra."""

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
    first_crossing_mm,
    wall_corner_lps_mm,
)

RAY_STEP_MM = 0.25
"""A quarter of the finest usual voxel; the crossing is interpolated between samples."""

HEIGHT_SAMPLES = 25
"""Rows between pedicle and lower plate on which the canal depth is looked for; about 1 mm."""

ROW_SAMPLES = 5
"""Rays beside each other between the pedicles, in height and in depth."""


def measure_canal(site: Site) -> Mapping[str, Reading]:
    """Measure the bony canal: between the pedicles, and from the body to the arch.

    Parameters
    ----------
    site : Site at a vertebra

    Returns
    -------
    ``canal_width``, mm, between the medial borders of the pedicles at half their height;
    ``canal_depth``, mm, the least distance in the midline from posterior wall to arch;
    neither of the sacrum, where nothing of its own says how high they are taken

    Raises
    ------
    AnatomyError  (AN-304) if the vertebra has no frame, (AN-011) if it has no mask

    References
    ----------
    Griffith 2016, Quant Imaging Med Surg 6:671, PMC5219964: both sizes on 1080 CT (A58).
    """
    frame = site.frame()
    both = [frame.pedicles[side] for side in Side if side in frame.pedicles]
    if site.vertebra == SACRUM:
        return dict.fromkeys(("canal_width", "canal_depth"), site.not_assessed("a pedicle"))
    # One pedicle mirrored would be a guess: a scoliotic canal is not symmetric.
    width = site.not_assessed("a pedicle") if len(both) < 2 else _canal_width(site, frame)
    return {"canal_width": width, "canal_depth": _canal_depth(site, frame)}


def measure_pedicle(site: Site) -> Mapping[str, Reading]:
    """Measure one pedicle where it is thinnest.

    Parameters
    ----------
    site : Site at a vertebra and side

    Returns
    -------
    ``pedicle_height``, ``pedicle_width``, mm

    Raises
    ------
    AnatomyError  (AN-304) if the vertebra has no frame

    Notes
    -----
    The width lies across the axis of the pedicle, at its isthmus. Bone too far from the medial
    border for a pedicle is the root of the transverse process and is not counted. The sacrum
    has no pedicle of its own; it is not assessed.

    References
    ----------
    Zindrick 1987, Spine 12:160: the cadaver means printed beside both sizes.
    """
    frame = site.frame()
    found = None if site.side is None else frame.pedicles.get(site.side)
    if found is None or site.side is None or site.vertebra == SACRUM:
        return dict.fromkeys(("pedicle_height", "pedicle_width"), site.not_assessed("the pedicle"))
    lateral, backward, up, breadth, height = found
    sign = site.side.lateral_sign_lps
    place = frame.lps_from_vertebra.points([sign * lateral, backward, up])
    sigma = math.sqrt(2) * _pedicle_sigma_mm(site)
    return {
        "pedicle_height": Reading(height, sigma, point_lps_mm=place),
        "pedicle_width": Reading(breadth, sigma, point_lps_mm=place),
    }


def _canal_width(site: Site, frame: VertebraFrame) -> Reading:
    """Return the distance between both pedicles at half their height."""
    bone = site.anatomy.require(f"vertebra:{site.vertebra}")
    middle = math.fsum(p[2] for p in frame.pedicles.values()) / len(frame.pedicles)
    reach = value("measure.pedicle_window_mm")
    heights = middle + np.linspace(-reach, reach, ROW_SAMPLES)
    near, far = values("measure.canal_rows_mm")
    behind = frame.posterior_wall_y_mm + np.linspace(near, far, ROW_SAMPLES)
    along = np.arange(0.0, value("measure.canal_search_mm"), RAY_STEP_MM)
    total = np.zeros((ROW_SAMPLES, ROW_SAMPLES))
    for side in Side:
        # Both ways from the midline: a shifted midline changes neither sum.
        x = side.lateral_sign_lps * along
        rays = np.stack(np.meshgrid(behind, heights, x, indexing="ij"), axis=-1)[..., [2, 0, 1]]
        filled = site.shapes.sample(bone.region, frame.lps_from_vertebra.points(rays))
        total += first_crossing_mm(filled, along)
    if not np.isfinite(total).any():
        return site.not_assessed("both walls of the canal")
    place = frame.lps_from_vertebra.points([0.0, frame.posterior_wall_y_mm, middle])
    return Reading(float(np.nanmedian(total)), math.sqrt(2) * bone.sigma_mm, point_lps_mm=place)


def _canal_depth(site: Site, frame: VertebraFrame) -> Reading:
    """Return the least depth in the midline between pedicle centre and lower plate."""
    bone = site.anatomy.require(f"vertebra:{site.vertebra}")
    # fsum and a mean: left and right in either order give the same bits.
    top = math.fsum(p[2] for p in frame.pedicles.values()) / max(len(frame.pedicles), 1)
    to_vertebra = frame.lps_from_vertebra.inverse()
    bottom = to_vertebra.points(wall_corner_lps_mm(frame, frame.lower_plate))[2]
    # The lamina lies behind the lower half; above the pedicle the canal is open behind.
    rows = np.linspace(min(top, bottom), max(top, bottom), HEIGHT_SAMPLES)
    along = np.arange(0.0, value("measure.canal_search_mm"), RAY_STEP_MM)
    # From inside the body: the wall itself is found, be it hollow or bulging.
    inside = frame.posterior_wall_y_mm - value("measure.wall_hollow_mm")
    points = _midline_rays(inside, rows, along)
    filled = site.shapes.sample(bone.region, frame.lps_from_vertebra.points(points))
    depths = np.array([_gap_mm(row, along) for row in filled])
    if not np.isfinite(depths).any():
        return site.not_assessed("no arch behind the canal")
    # The narrowest row, as a calliper finds it; the mean would hide a thick lamina.
    best = int(np.nanargmin(depths))
    place = frame.lps_from_vertebra.points([0.0, frame.posterior_wall_y_mm, rows[best]])
    sigma = math.sqrt(2) * bone.sigma_mm
    return Reading(float(depths[best]), sigma, point_lps_mm=place)


def _gap_mm(filled: NDArray[np.float64], along_mm: NDArray[np.float64]) -> float:
    """Return how long the free run behind the wall is on one ray; NaN if nothing ends it."""
    leaves = float(first_crossing_mm(1.0 - filled, along_mm))
    # Near a hollow plate a ray begins outside and would take the rim for the arch.
    if not math.isfinite(leaves) or filled[0] < 0.5:
        return math.nan
    # The ray starts in the body: bone before it is left does not end the canal.
    behind = np.where(along_mm > leaves, filled, 0.0)
    return float(first_crossing_mm(behind, along_mm)) - leaves


def _midline_rays(
    wall_mm: float, rows_mm: NDArray[np.float64], along_mm: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return points backward from the wall in the midline, shape (rows, N, 3), vertebra frame."""
    z, y = np.meshgrid(rows_mm, wall_mm + along_mm, indexing="ij")
    return np.stack([np.zeros_like(y), y, z], axis=-1)


def _pedicle_sigma_mm(site: Site) -> float:
    return value("measure.pedicle_sigma_share") * site.anatomy.label_spacing_mm
