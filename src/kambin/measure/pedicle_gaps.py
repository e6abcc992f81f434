"""The room round the pedicles of a foramen: nerve below and above, dura medially."""

import math
from collections.abc import Mapping

import numpy as np

from kambin.knowledge import value
from kambin.measure.nearness import nearest_gap_mm
from kambin.measure.nerve_balls import BALL_STEP_MM, find_balls
from kambin.measure.rows import Reading
from kambin.measure.site import (
    SACRUM,
    SideView,
    Site,
    first_crossing_mm,
    require_level,
    require_side,
)

RAY_STEP_MM = 0.25
"""A quarter of the finest usual voxel; the crossing is interpolated between samples."""

PASSING_MM = 1.0
"""How far beside the middle of a pedicle the nearest piece of a root may lie, about a voxel."""

PEDICLES = ("root_below_pedicle", "dura_medial_of_pedicle", "root_above_pedicle")
"""Gaps round the pedicles."""


def measure_pedicle_gaps(site: Site) -> Mapping[str, Reading]:
    """Measure the room round the pedicles of the foramen.

    Parameters
    ----------
    site : Site at a disc level and side

    Returns
    -------
    ``root_below_pedicle``, mm, free height straight up from the exiting root or its ganglion
    to the bone of the upper pedicle, least of the middle two thirds of that pedicle;
    ``dura_medial_of_pedicle``, mm, gap between the sac and that pedicle;
    ``root_above_pedicle``, mm, height of the exiting root straight over the middle of the
    upper border of the lower pedicle

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing, (AN-011) if a vertebra has no mask

    Notes
    -----
    What lies beside a pedicle is not below or above it: medially every root runs down along
    its own pedicle, laterally every root passes the next one.

    References
    ----------
    Root and pedicle in cadavers: evidence 3.3 (A36, A37, A38).
    """
    level, sac = require_level(site), site.anatomy.find("dural_sac")
    upper = site.structure("pedicle", level.upper, sided=True)
    gaps = (_gap_below(site), site.not_assessed("the sac or the pedicle"), _gap_above(site))
    found = dict(zip(PEDICLES, gaps, strict=True))
    if sac is not None and upper is not None:
        gap, place = nearest_gap_mm(*find_balls(sac), upper)
        sigma = math.hypot(sac.sigma_mm, upper.sigma_mm)
        found["dura_medial_of_pedicle"] = Reading(gap, sigma, point_lps_mm=place)
    return found


def _gap_below(site: Site) -> Reading:
    """Return the least free height between the nerve and the bone of its own pedicle."""
    level, side = require_level(site), require_side(site)
    root = site.structure("exiting_root", level.upper, sided=True)
    frame = site.frame(level.upper)
    pedicle = site.structure("pedicle", level.upper, sided=True)
    if root is None or pedicle is None or side not in frame.pedicles:
        return site.not_assessed("the exiting root or the pedicle over it")
    ganglion = site.structure("drg", level.upper, sided=True)
    nerves = [root] if ganglion is None else [root, ganglion]
    places, radii = (np.concatenate(part) for part in zip(*map(find_balls, nerves), strict=True))
    middle, _, _, breadth, _ = frame.pedicles[side]
    across = SideView(frame.lps_from_vertebra, side).local_mm(places)[:, 0]
    # Towards its borders a pedicle rounds off, and the root runs up beside it.
    under = np.abs(across - middle) < value("measure.pedicle_middle_share") * breadth / 2
    if not under.any():
        return site.not_assessed("the root under its pedicle")
    along = np.arange(0.0, value("measure.canal_search_mm"), RAY_STEP_MM)
    rays = places[under, None] + along[:, None] * frame.lps_from_vertebra.rotation[:, 2]
    bone = site.anatomy.require(f"vertebra:{level.upper}")
    met = first_crossing_mm(site.shapes.sample(bone.region, rays), along)
    if not np.isfinite(met).any():
        return site.not_assessed("bone over the root")
    gaps = met - radii[under]
    best = int(np.nanargmin(gaps))
    place = places[under][best] + met[best] * frame.lps_from_vertebra.rotation[:, 2]
    sigma = math.hypot(root.sigma_mm, pedicle.sigma_mm)
    return Reading(float(gaps[best]), sigma, point_lps_mm=place)


def _gap_above(site: Site) -> Reading:
    """Return the height of the root over the middle of the next lower pedicle."""
    level, side = require_level(site), require_side(site)
    root = site.structure("exiting_root", level.upper, sided=True)
    frame = site.frame(level.lower)
    pedicle = site.structure("pedicle", level.lower, sided=True)
    if root is None or pedicle is None or side not in frame.pedicles or level.lower == SACRUM:
        return site.not_assessed("the exiting root or the pedicle under it")
    middle, backward, up, breadth, height = frame.pedicles[side]
    view = SideView(frame.lps_from_vertebra, side)
    places, radii = find_balls(root)
    local = view.local_mm(places)
    beside = np.abs(local[:, 0] - middle)
    if beside.min() > PASSING_MM:
        return site.not_assessed("the root over the lower pedicle")
    here = beside <= beside.min() + BALL_STEP_MM / 2
    gap = float((local[here, 2] - radii[here]).min()) - up - height / 2
    # A steep root lies higher or lower by its slope where line or pedicle err sideways.
    over = beside <= breadth / 2
    run, rise = np.ptp(local[over, 0]), np.ptp(local[over, 2])
    sigma = math.hypot(root.sigma_mm, pedicle.sigma_mm)
    slope = float(rise) / max(float(run), sigma)
    place = view.lps_mm([middle, backward, up + height / 2])
    return Reading(gap, sigma * math.hypot(1.0, slope), point_lps_mm=place)
