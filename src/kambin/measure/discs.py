"""Disc heights, segmental lordosis and slip of the upper body."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import DiscFrame, VertebraFrame
from kambin.frames import RigidTransform
from kambin.knowledge import value, values
from kambin.measure.rows import Reading
from kambin.measure.site import (
    Site,
    bone_sigma_mm,
    first_crossing_mm,
    lps_from_plate,
    require_level,
)

RAY_STEP_MM = 0.25
"""A quarter of the finest usual voxel; the crossing is interpolated between samples."""

COLUMN_SAMPLES = 7
"""Odd, so that the midline itself is a column; 49 columns make the median stable."""

BANDS = ("anterior", "middle", "posterior")
"""Where the disc height is taken, from front to back."""


def measure_disc_heights(site: Site) -> Mapping[str, Reading]:
    """Measure how high the disc space is in front, in the middle and behind.

    Parameters
    ----------
    site : Site at a disc level

    Returns
    -------
    mapping of ``disc_height_anterior``, ``_middle``, ``_posterior`` to Reading, mm

    Raises
    ------
    AnatomyError  (AN-304) if the level has no frame, (AN-011) if a vertebra has no mask

    Notes
    -----
    In each band of columns rays run up and down the disc's own axis from its middle plane
    to the two bodies as labelled; the median of the columns is the height. The modelled
    disc is not used: what is measured is the space between the segmented bones.

    References
    ----------
    CT and MRI means to compare with: literature rows A22 (anterior, posterior) and A49.
    """
    return site.shapes.once(
        ("disc heights", site.place),
        lambda: {_height_name(band): _height(site, band) for band in BANDS},
    )


def measure_alignment(site: Site) -> Mapping[str, Reading]:
    """Measure the lordosis of the segment and how far the upper body has slipped forward.

    Parameters
    ----------
    site : Site at a disc level

    Returns
    -------
    ``segmental_lordosis``, degrees, from the upper end plate of the upper vertebra to the
    upper end plate of the lower one, positive in lordosis; ``body_slip``, mm, posterior
    wall of the upper body in front of that of the lower one, along the disc

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing, (AN-011) if a vertebra has no mask

    Notes
    -----
    The walls are found 3 mm from the end plates: the wall's middle is hollow, and its
    rim flares backward, so that a plane through the middle shows a slip that is not there.

    References
    ----------
    Sci Rep 2022, doi 10.1038/s41598-022-21840-x, table 2 (A51): lordosis per segment, standing.
    """
    level = require_level(site)
    upper, lower = site.frame(level.upper), site.frame(level.lower)
    base = lps_from_plate(lower, lower.upper_plate)
    # Plate to next plate of the same kind, so that the segments add up to L1-S1 (A51).
    tilts = [
        _sagittal_tilt_deg(base.rotation, lps_from_plate(one, one.upper_plate).rotation[:, 2])
        for one in (upper, lower)
    ]
    tilt_sigma = math.hypot(upper.sigma_tilt_deg, lower.sigma_tilt_deg)
    return {
        "segmental_lordosis": Reading(tilts[0] - tilts[1], tilt_sigma),
        "body_slip": _slip(site),
    }


def _slip(site: Site) -> Reading:
    """Return how far the upper posterior wall stands in front of the lower one."""
    level, disc = require_level(site), site.disc()
    upper, lower = site.frame(level.upper), site.frame(level.lower)
    above = _wall_lps_mm(site, upper, lps_from_plate(upper, upper.lower_plate), inward=1)
    below = _wall_lps_mm(site, lower, lps_from_plate(lower, lower.upper_plate), inward=-1)
    if above is None or below is None:
        return site.not_assessed("a posterior wall beside the disc")
    backward_mm = float((above - below) @ disc.lps_from_disc.rotation[:, 1])
    sigma = math.hypot(*(bone_sigma_mm(site, name) for name in (level.upper, level.lower)))
    # Forward slip is the clinical case and reads positive; the axis runs backward.
    return Reading(-backward_mm, sigma, point_lps_mm=above)


def _wall_lps_mm(
    site: Site, frame: VertebraFrame, plate: RigidTransform, *, inward: int
) -> NDArray[np.float64] | None:
    """Return the posterior wall near a plate in the midline, shape (3,), mm, LPS, or none."""
    bone = site.anatomy.require(f"vertebra:{frame.vertebra}")
    half, depth = value("measure.slip_half_width_mm"), value("measure.slip_depth_mm")
    along = np.arange(0.0, value("measure.slip_search_mm"), RAY_STEP_MM)
    lateral, backward = np.meshgrid(np.linspace(-half, half, COLUMN_SAMPLES), along, indexing="ij")
    rays = np.stack([lateral, backward, np.full_like(lateral, inward * depth)], axis=-1)
    # Looking for the way out of bone is looking for the way into what is not bone.
    free = 1.0 - site.shapes.sample(bone.region, plate.points(rays))
    walls = first_crossing_mm(free, along)
    if not np.isfinite(walls).any():
        return None
    # The median over the width: one ray may run into a vein channel of the wall.
    return plate.points([0.0, float(np.nanmedian(walls)), inward * depth])


def _height_name(band: str) -> str:
    return f"disc_height_{band}"


def _height(site: Site, band: str) -> Reading:
    """Return the median height of the columns in one band of the disc."""
    level, disc = require_level(site), site.disc()
    upper = site.anatomy.require(f"vertebra:{level.upper}")
    lower = site.anatomy.require(f"vertebra:{level.lower}")
    along = np.arange(0.0, value("measure.disc_search_mm"), RAY_STEP_MM)
    starts = _columns(disc, values(f"measure.{band}_band"))
    up, down = (
        first_crossing_mm(site.shapes.sample(bone.region, _rays(disc, starts, along * sign)), along)
        for bone, sign in ((upper, 1.0), (lower, -1.0))
    )
    # Columns beside a body, at a worn rim, meet no bone; the median of the rest stands.
    heights = (up + down)[np.isfinite(up + down)]
    if not len(heights):
        return site.not_assessed(f"no column between both bodies in the {band} band of the disc")
    sigma = math.hypot(upper.sigma_mm, lower.sigma_mm)
    place = disc.lps_from_disc.points(starts.mean(axis=0))
    return Reading(float(np.median(heights)), sigma, point_lps_mm=place)


def _columns(disc: DiscFrame, band: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the feet of the columns on the middle plane, shape (N, 3), mm, disc frame."""
    half = disc.half_width_mm * value("measure.column_half_width_share")
    lateral = np.linspace(-half, half, COLUMN_SAMPLES)
    # In shares of the way to the rim: the bands fit a small disc and a large one.
    backward = np.linspace(band[0], band[1], COLUMN_SAMPLES) * disc.posterior_rim_y_mm
    x, y = np.meshgrid(lateral, backward, indexing="ij")
    return np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=-1)


def _rays(
    disc: DiscFrame, starts: NDArray[np.float64], along: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return points along the disc's axis from each foot, shape (N, M, 3), mm, LPS."""
    rays = np.repeat(starts[:, None, :], len(along), axis=1)
    rays[..., 2] += along
    return disc.lps_from_disc.points(rays)


def _sagittal_tilt_deg(axes: NDArray[np.float64], normal_lps: NDArray[np.float64]) -> float:
    """Return how far a plate's normal leans backward from the cranial axis, degrees."""
    # In the sagittal plane of the lower vertebra, so that a scoliotic tilt does not count.
    return math.degrees(math.atan2(float(normal_lps @ axes[:, 1]), float(normal_lps @ axes[:, 2])))
