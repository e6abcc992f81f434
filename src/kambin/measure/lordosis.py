"""Wedge of a disc, its height index, and the lordosis of the whole lumbar spine."""

import math
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import DISC_LEVELS, Anatomy, Level, VertebraFrame
from kambin.knowledge import value_at
from kambin.measure.bodies import plate_depth_mm
from kambin.measure.discs import BANDS, measure_disc_heights
from kambin.measure.rows import Reading
from kambin.measure.site import Site, lps_from_plate, require_level

SPINE = "L1-S1"
"""The place of what is measured of a whole lumbar spine of five vertebrae."""

_USUAL = ("L1", "L2", "L3", "L4", "L5", "S1")


def name_spine(anatomy: Anatomy) -> str:
    """Return the place of the whole lumbar spine as printed, with the count where it is unusual.

    Parameters
    ----------
    anatomy : Anatomy, whose scheme says how many lumbar vertebrae there are
    """
    column = _lumbar_column(anatomy)
    # A lordosis over four or six vertebrae is another quantity than the papers' over five.
    return SPINE if column == _USUAL else f"{SPINE}, {len(column) - 1} lumbar"


def _lumbar_column(anatomy: Anatomy) -> tuple[str, ...]:
    """Return the vertebrae from L1 to S1: those that are there, or five where ends are missing."""
    names = tuple(
        name for name in anatomy.scheme.vertebrae if name == _USUAL[-1] or name.startswith("L")
    )
    is_whole = names[:1] == _USUAL[:1] and names[-1:] == _USUAL[-1:]
    if is_whole and all(f"{upper}-{lower}" in DISC_LEVELS for upper, lower in pairwise(names)):
        return names
    return _USUAL


def measure_disc_shape(site: Site) -> Mapping[str, Reading]:
    """Measure how far a disc opens to the front and how high it is for its depth.

    Parameters
    ----------
    site : Site at a disc level

    Returns
    -------
    ``disc_wedge``, degrees, between the two end plates of the disc in the sagittal plane,
    positive when it opens to the front; ``disc_height_index``, mean of the three heights
    over the mean depth of its two end plates, unit 1

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing, (AN-011) if a vertebra has no mask
    """
    level = require_level(site)
    upper, lower = site.frame(level.upper), site.frame(level.lower)
    base = lps_from_plate(lower, lower.upper_plate)
    above = lps_from_plate(upper, upper.lower_plate)
    sigma = math.hypot(upper.sigma_tilt_deg, lower.sigma_tilt_deg)
    wedge = sagittal_tilt_deg(base.rotation, above.rotation[:, 2])
    return {"disc_wedge": Reading(wedge, sigma), "disc_height_index": _height_index(site)}


def measure_lordosis(site: Site) -> Mapping[str, Reading]:
    """Measure the lordosis from L1 to S1, as imaged and as on the table with flexed hips.

    It is taken over the lumbar vertebrae that are there, four, five or six.

    Parameters
    ----------
    site : Site, of the whole spine

    Returns
    -------
    ``lumbar_lordosis``, degrees, between the upper plates of L1 and S1;
    ``lumbar_lordosis_hips_flexed``, the same with the segments scaled by the position model

    References
    ----------
    Spine positions on the frame: evidence 3.6 (T29, T30); segments sum to L1-S1 (A51).
    """
    frames = site.anatomy.vertebra_frames
    segments = {}
    for upper, lower in pairwise(_lumbar_column(site.anatomy)):
        name = str(Level(upper, lower))
        if upper not in frames or lower not in frames:
            gone = site.not_assessed(f"the segment {name}")
            return dict.fromkeys(("lumbar_lordosis", "lumbar_lordosis_hips_flexed"), gone)
        segments[name] = segment_deg(frames[upper], frames[lower])
    # Plates in between cancel: only the first and the last err.
    sigma = math.hypot(frames["L1"].sigma_tilt_deg, frames["S1"].sigma_tilt_deg)
    return {
        "lumbar_lordosis": Reading(math.fsum(segments.values()), sigma),
        "lumbar_lordosis_hips_flexed": Reading(math.fsum(flex_hips_deg(segments).values()), sigma),
    }


def flex_hips_deg(segments_deg: Mapping[str, float]) -> dict[str, float]:
    """Return the segmental lordosis of a prone patient with hips flexed by 30 degrees.

    Parameters
    ----------
    segments_deg : mapping of disc level to segmental lordosis lying supine, degrees

    References
    ----------
    Choi CH 2000 (T30): L1-L2 to L4-L5 fall, L5-S1 stays; (T29): how much is kept. The last
    segment of four or six lumbar vertebrae is taken as L5-S1.
    """
    return {
        level: angle * value_at("measure.hips_flexed_share", level)
        for level, angle in segments_deg.items()
    }


def segment_deg(upper: VertebraFrame, lower: VertebraFrame) -> float:
    """Return the lordosis of a segment, degrees, upper plate to next upper plate.

    Parameters
    ----------
    upper, lower : VertebraFrame of neighbours
    """
    base = lps_from_plate(lower, lower.upper_plate)
    above = lps_from_plate(upper, upper.upper_plate)
    # In the sagittal plane of the lower vertebra, so that a scoliotic tilt does not count.
    return sagittal_tilt_deg(base.rotation, above.rotation[:, 2])


def sagittal_tilt_deg(axes: NDArray[np.float64], normal_lps: NDArray[np.float64]) -> float:
    """Return how far a normal leans backward from the cranial axis, degrees.

    Parameters
    ----------
    axes : float array, shape (3, 3), columns left, posterior, cranial in LPS
    normal_lps : float array, shape (3,), LPS
    """
    return math.degrees(math.atan2(float(normal_lps @ axes[:, 1]), float(normal_lps @ axes[:, 2])))


def _height_index(site: Site) -> Reading:
    """Return the mean height of the disc over the mean depth of its plates."""
    heights = [measure_disc_heights(site)[f"disc_height_{band}"] for band in BANDS]
    level = require_level(site)
    depths = (
        plate_depth_mm(site, site.frame(level.upper), inward=1),
        plate_depth_mm(site, site.frame(level.lower), inward=-1),
    )
    known = [(h.value, h.uncertainty) for h in heights if h.value is not None]
    if len(known) < len(BANDS):
        return site.not_assessed("a height of the disc")
    # Of the plates and not of the disc, whose margin is modelled where no image shows it.
    depth = math.fsum(depths) / len(depths)
    if not math.isfinite(depth):
        return site.not_assessed("the rim of an end plate")
    mean = math.fsum(h for h, _ in known) / len(known)
    # All three err with the same two plates; the depth errs with its rims.
    sigma = math.fsum(s or 0.0 for _, s in known) / len(known)
    return Reading(mean / depth, math.hypot(sigma, mean / depth * math.sqrt(2) * sigma) / depth)
