"""The exiting root: how it leaves the sac, its size, its ganglion, and what it lies beside."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Structure
from kambin.knowledge import value
from kambin.measure.ganglia import find_ganglion_size
from kambin.measure.nearness import nearest_gap_mm
from kambin.measure.nerve_balls import find_balls
from kambin.measure.rows import Reading
from kambin.measure.site import SideView, Site, lps_from_plate, require_level, require_side

HEIGHT_STEP_MM = 1.0
"""Height of the slices in which the edge of the sac is looked for; about a voxel."""

LEAST_SLOPE = 1 / 3
"""A root nearly within a plane is taken as three times as uncertain there, and not more."""

COURSE = ("root_takeoff_height", "root_plate_distance", "root_plate_angle", "root_takeoff_angle")
"""What describes how a root leaves the sac."""

FACET = ("facet_root_upper", "facet_root_lower", "facet_root_gate")
"""Root to superior process at both borders of the disc, and the gate of the lower one."""

BESIDE = ("medial", "middle", "lateral")
"""Where the distance of root and disc is taken, across the foramen."""

PLACES = ("intraspinal", "foraminal", "extraforaminal")
"""What ``drg_place`` 0 to 2 means."""


@dataclass(frozen=True, slots=True)
class _Root:
    """An exiting root as balls, and the side view of the caudal end plate."""

    structure: Structure
    places_lps_mm: NDArray[np.float64]
    radii_mm: NDArray[np.float64]
    view: SideView

    @property
    def local_mm(self) -> NDArray[np.float64]:
        """Return the balls from the caudal plate, shape (N, 3): lateral, posterior, cranial."""
        return self.view.local_mm(self.places_lps_mm)


def measure_root_course(site: Site) -> Mapping[str, Reading]:
    """Measure where the exiting root leaves the sac and how steeply it runs to the disc.

    Parameters
    ----------
    site : Site at a disc level and side; the root is that of the upper vertebra

    Returns
    -------
    ``root_takeoff_height`` (a), mm, from the caudal end plate up to where the medial edge of
    the root leaves the sac; ``root_plate_distance`` (b), mm, from the edge of the sac to the
    medial edge of the root where it passes that plate; ``root_plate_angle`` (alpha), degrees,
    of the root to that plate over the 10 mm above it; ``root_takeoff_angle``, degrees,
    off the caudal direction over its first 10 mm

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing

    Notes
    -----
    As on a coronal picture: a root leaves the edge that the sac has at its depth, not the
    widest one; b begins at the widest, since the root passes the plate before the sac. Alpha
    is the angle of the triangle at the plate; above it the root bends round its pedicle.

    References
    ----------
    Guan 2015, doi 10.1097/bsd.0000000000000145 (A6): a, b and alpha; (A40): take-off angle.
    """
    root, sac = _find_root(site), site.anatomy.find("dural_sac")
    if root is None or sac is None:
        return dict.fromkeys(COURSE, site.not_assessed("the exiting root or the sac"))
    if root.structure.centre_line is None:
        # The voxels of a mask have no order: the first of them would be any.
        return dict.fromkeys(COURSE, site.not_assessed("the line of the exiting root"))
    local = root.local_mm
    voxels = root.view.local_mm(sac.region.lps_mm(np.argwhere(sac.region.values != 0)))
    edge = _sac_edge_mm(root, sac, voxels)
    parted = np.flatnonzero(local[:, 0] - root.radii_mm > edge)
    passed = np.flatnonzero(local[:, 2] <= 0)
    if not len(parted) or not len(passed) or passed[0] <= parted[0]:
        return dict.fromkeys(COURSE, site.not_assessed("where the root leaves the sac"))
    first, last = int(parted[0]), int(passed[0])
    # A sac that ends above the plate leaves b without a beginning.
    found = dict.fromkeys(COURSE, site.not_assessed("the sac at the caudal plate"))
    found |= _measure_takeoff(root, sac, first)
    return found | _measure_passing(root, sac, voxels, (first, last))


def _measure_takeoff(root: _Root, sac: Structure, first: int) -> dict[str, Reading]:
    """Return height and angle at which a root leaves the sac, at the ball that has left it."""
    local, sigma = root.local_mm, root.structure.sigma_mm
    step = value("measure.takeoff_length_mm")
    beyond = np.linalg.norm(local - local[first], axis=1)
    # The first ball beyond the length, or the end of a short root.
    after = first + int(np.argmax(beyond[first:] >= min(step, beyond[first:].max())))
    way = local[after] - local[first]
    across = math.hypot(sigma, sac.sigma_mm)
    # A slanting line parts from the sac higher or lower when it errs sideways.
    up = across * math.hypot(1.0, abs(way[2]) / max(way[0], sigma))
    place = root.places_lps_mm[first]
    return {
        "root_takeoff_height": Reading(float(local[first, 2]), up, point_lps_mm=place),
        "root_takeoff_angle": Reading(
            math.degrees(math.atan2(way[0], -way[2])),
            math.degrees(math.atan2(math.sqrt(2) * sigma, step)),
            point_lps_mm=place,
        ),
    }


def _measure_passing(
    root: _Root, sac: Structure, voxels: NDArray[np.float64], between: tuple[int, int]
) -> dict[str, Reading]:
    """Return where and how steeply a root passes the plate, between two of its balls."""
    local, sigma = root.local_mm, root.structure.sigma_mm
    first, last = between
    length = value("measure.takeoff_length_mm")
    near = np.flatnonzero(np.linalg.norm(local - local[last], axis=1) <= length)
    upper = min(max(first, int(near[0])), last - 1)
    run, fall = local[last, 0] - local[upper, 0], local[upper, 2] - local[last, 2]
    turn = math.degrees(math.atan2(math.sqrt(2) * sigma, math.hypot(run, fall)))
    # Where the plate cuts the root, and not at its centre: b ends at its medial edge.
    cut = np.abs(local[:, 2]) < root.radii_mm
    cut[:first] = False
    inner = local[cut, 0] - np.sqrt(root.radii_mm[cut] ** 2 - local[cut, 2] ** 2)
    along = math.hypot(sigma, sac.sigma_mm) * math.hypot(1.0, run / max(fall, sigma))
    place = root.places_lps_mm[last]
    found = {
        "root_plate_angle": Reading(math.degrees(math.atan2(fall, run)), turn, point_lps_mm=place)
    }
    at_plate = voxels[np.abs(voxels[:, 2]) <= _slice_mm(sac) / 2, 0]
    if len(at_plate):
        away = float(inner.min() - at_plate.max()) - _half_voxel_mm(sac)
        found["root_plate_distance"] = Reading(away, along, point_lps_mm=place)
    return found


def measure_root_size(site: Site) -> Mapping[str, Reading]:
    """Measure the exiting root and its ganglion.

    Parameters
    ----------
    site : Site at a disc level and side; the root is that of the upper vertebra

    Returns
    -------
    ``root_diameter``, ``drg_width``, ``drg_length``, mm; ``drg_volume``, mm3; ``drg_place``,
    0 to 2, see ``PLACES``: the middle of the ganglion against the borders of the pedicle

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing

    Notes
    -----
    The sizes of a modelled root are the literature's: their uncertainty is the spread
    between persons, not an error of measurement.

    References
    ----------
    Diameters (A18), volumes (A16) and places (A17) of evidence 3.4.
    """
    root = _find_root(site)
    ganglion = site.structure("drg", require_level(site).upper, sided=True)
    names = ("drg_width", "drg_length", "drg_volume", "drg_place")
    line = None if root is None else root.structure.centre_line
    if root is None or line is None:
        found = {"root_diameter": site.not_assessed("the line of the exiting root")}
    else:
        sigma = value("measure.root_diameter_sigma_mm")
        size = 2 * float(np.median(line.radii_mm))
        found = {
            "root_diameter": Reading(size, sigma if root.structure.is_modelled else _spread(root))
        }
    if ganglion is None:
        return found | dict.fromkeys(names, site.not_assessed("the ganglion"))
    return found | _measure_ganglion(site, ganglion)


def measure_root_neighbours(site: Site) -> Mapping[str, Reading]:
    """Measure how far the exiting root keeps from the disc across the foramen.

    Parameters
    ----------
    site : Site at a disc level and side

    Returns
    -------
    ``root_disc_medial``, ``root_disc_middle``, ``root_disc_lateral``, mm, gap between root
    and disc where the root passes the medial border, the middle and the lateral border of
    the upper pedicle; negative where they overlap

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing

    References
    ----------
    Distances of disc and root in three parts of the foramen: evidence 3.3 (A10).
    """
    root = _find_root(site)
    level, side = require_level(site), require_side(site)
    disc, frame = site.structure("disc", str(level)), site.frame(level.upper)
    names = [f"root_disc_{word}" for word in BESIDE]
    if root is None or disc is None or side not in frame.pedicles:
        return dict.fromkeys(names, site.not_assessed("the exiting root, disc or pedicle"))
    lateral, _, _, breadth, _ = frame.pedicles[side]
    seen = SideView(frame.lps_from_vertebra, side).local_mm(root.places_lps_mm)[:, 0]
    found = {}
    for name, share in zip(names, (-0.5, 0.0, 0.5), strict=True):
        at = np.abs(seen - lateral - share * breadth)
        here = at <= at.min() + HEIGHT_STEP_MM / 2
        gap, place = nearest_gap_mm(root.places_lps_mm[here], root.radii_mm[here], disc)
        sigma = math.hypot(_passing_sigma_mm(root, seen, here), disc.sigma_mm)
        found[name] = Reading(gap, sigma, point_lps_mm=place)
    return found


def measure_facet_root(site: Site) -> Mapping[str, Reading]:
    """Measure the distance of root and superior process at both borders of the disc.

    Parameters
    ----------
    site : Site at a disc level and side

    Returns
    -------
    ``facet_root_upper``, ``facet_root_lower``, mm, from the root where it passes the upper
    and the lower border of the disc to the process; the lower one is "distance C".
    ``facet_root_gate``: 0 under 4.4 mm, 1 under 6.4, 2 above. All none above 1.5 mm label
    spacing; the gate also none where the root is modelled.

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing

    References
    ----------
    Choi I 2013, Eur Spine J 22:2481, doi 10.1007/s00586-013-2849-7 (C14): group means.
    """
    root = _find_root(site)
    process = site.structure("sap", require_level(site).lower, sided=True)
    if root is None or process is None:
        return dict.fromkeys(FACET, site.not_assessed("the exiting root or the process"))
    if site.is_coarse:
        return dict.fromkeys(FACET, site.not_resolved("distance of facet and root"))
    disc = site.disc()
    heights = SideView(disc.lps_from_disc, require_side(site)).local_mm(root.places_lps_mm)[:, 2]
    found = {}
    for name, share in (("facet_root_upper", 0.5), ("facet_root_lower", -0.5)):
        here = np.abs(heights - share * disc.height_mm) <= HEIGHT_STEP_MM / 2
        if not here.any():
            found[name] = site.not_assessed("the root at the border of the disc")
            continue
        gap, place = nearest_gap_mm(root.places_lps_mm[here], root.radii_mm[here], process)
        sigma = math.hypot(_passing_sigma_mm(root, heights, here), process.sigma_mm)
        found[name] = Reading(gap, sigma, point_lps_mm=place)
    found["facet_root_gate"] = _gate(site, root, found["facet_root_lower"])
    return found


def _passing_sigma_mm(root: _Root, along_mm: NDArray[np.float64], here: NDArray[np.bool_]) -> float:
    """Return the standard deviation of where a root passes a plane, mm.

    ``along_mm`` are the distances of its balls to the plane, ``here`` those that pass it.
    """
    sigma = root.structure.sigma_mm
    if root.structure.centre_line is None:
        return sigma
    steps = np.linalg.norm(np.gradient(root.places_lps_mm, axis=0), axis=1)
    slopes = np.abs(np.gradient(along_mm)) / np.maximum(steps, 1e-9)
    # A line that slants through a plane meets it further off when it errs sideways.
    return sigma / max(float(np.median(slopes[here])), LEAST_SLOPE)


def _find_root(site: Site) -> _Root | None:
    level = require_level(site)
    root = site.structure("exiting_root", level.upper, sided=True)
    if root is None:
        return None
    frame = site.frame(level.lower)
    view = SideView(lps_from_plate(frame, frame.upper_plate), require_side(site))
    return _Root(root, *find_balls(root), view)


def _sac_edge_mm(root: _Root, sac: Structure, voxels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the lateral edge of the sac at height and depth of each ball, shape (N,), mm."""
    edges = np.full(len(root.radii_mm), np.nan)
    for number, (ball, radius) in enumerate(zip(root.local_mm, root.radii_mm, strict=True)):
        level = np.abs(voxels[:, 2] - ball[2]) <= _slice_mm(sac) / 2
        deep = level & (np.abs(voxels[:, 1] - ball[1]) < radius)
        if deep.any():
            edges[number] = voxels[deep, 0].max()
    known = np.flatnonzero(np.isfinite(edges))
    if not len(known):
        return edges
    every = np.interp(np.arange(len(edges)), known, edges[known])
    found: NDArray[np.float64] = every + _half_voxel_mm(sac)
    return found


def _slice_mm(sac: Structure) -> float:
    """Return the height over which voxels of a sac count as beside a ball, mm."""
    return max(float(sac.region.spacing_mm.max()), HEIGHT_STEP_MM)


def _half_voxel_mm(sac: Structure) -> float:
    return float(sac.region.spacing_mm.min()) / 2


def _measure_ganglion(site: Site, ganglion: Structure) -> dict[str, Reading]:
    size = find_ganglion_size(ganglion)
    length, width, volume = size.length_mm, size.width_mm, size.volume_mm3
    middle = size.middle_lps_mm
    share = value("measure.drg_volume_sigma_share") if ganglion.is_modelled else 0.0
    spread = value("measure.root_diameter_sigma_mm") if ganglion.is_modelled else ganglion.sigma_mm
    return {
        "drg_width": Reading(width, spread, point_lps_mm=middle),
        "drg_length": Reading(length, 2 * spread, point_lps_mm=middle),
        "drg_volume": Reading(
            volume,
            max(share * volume, math.pi * width * length * ganglion.sigma_mm / 4 * (share == 0)),
            point_lps_mm=middle,
        ),
        "drg_place": _drg_place(site, middle),
    }


def _drg_place(site: Site, middle_lps_mm: NDArray[np.float64]) -> Reading:
    frame, side = site.frame(require_level(site).upper), require_side(site)
    if side not in frame.pedicles:
        return site.not_assessed("the pedicle above the ganglion")
    lateral, _, _, breadth, _ = frame.pedicles[side]
    at = float(SideView(frame.lps_from_vertebra, side).local_mm(middle_lps_mm)[0])
    # Borders of the pedicle are those of the foramen, as on a coronal picture.
    place = int(at > lateral - breadth / 2) + int(at > lateral + breadth / 2)
    return Reading(float(place), 0.0, point_lps_mm=middle_lps_mm)


def _spread(root: _Root) -> float:
    return math.sqrt(2) * root.structure.sigma_mm


def _gate(site: Site, root: _Root, lower: Reading) -> Reading:
    """Return the gate of distance C, or none where the root is modelled."""
    if root.structure.is_modelled:
        # 4.4 against 6.4 mm means nothing for a line known to 2.5 mm (recipes 4).
        return site.not_assessed("the root itself; a modelled one is too uncertain for the gate")
    if lower.value is None:
        return lower
    red, amber = value("measure.gate_red_mm"), value("measure.gate_amber_mm")
    passed = int(lower.value >= red) + int(lower.value > amber)
    return Reading(float(passed), 0.0, point_lps_mm=lower.point_lps_mm)
