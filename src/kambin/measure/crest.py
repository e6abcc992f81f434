"""The iliac crest: how high it stands, and how flat a path it lets through."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Structure
from kambin.anatomy.fragment_lattice import sample_region
from kambin.frames import direction_from_angles
from kambin.knowledge import value, values
from kambin.measure.rows import Curve, Reading
from kambin.measure.site import (
    SACRUM,
    SideView,
    Site,
    bone_sigma_mm,
    first_crossing_mm,
    require_level,
    require_side,
)

RAY_STEP_MM = 1.0
"""About one voxel; the ilium is thicker than 3 mm wherever a path can meet it."""

TURN_SAMPLES = 65
"""Lines between the last free and the first blocked one; leaves 0.01 degrees."""

CREST_CLASSES = (
    "below the lower line of the lower pedicle",
    "between the lines of the lower pedicle",
    "above the lower pedicle, up to the disc line",
    "above the disc line, up to the upper pedicle",
    "above the lower line of the upper pedicle",
)
"""What ``crest_class`` 0 to 4 means, at the level where the crest is judged."""


def measure_crest_height(site: Site) -> Mapping[str, Reading]:
    """Measure how far the iliac crest stands above the disc, as seen from in front.

    Parameters
    ----------
    site : Site at a disc level and side

    Returns
    -------
    ``crest_height``, mm along the patient's cranial axis, from the centre of the disc to
    the highest point of the ilium of this side, negative below; ``crest_class``, how many
    of four lines it passes, see ``CREST_CLASSES``

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing

    References
    ----------
    Song 2021, doi 10.3892/etm.2021.10298 (T7): the crest against lines of the pedicles.
    """
    ilium = site.structure("ilium", sided=True)
    if ilium is None:
        gone = site.not_assessed("the ilium of this side")
        return {"crest_height": gone, "crest_class": gone}
    level, top = require_level(site), _top_lps_mm(ilium)
    disc_mm = float(site.disc().lps_from_disc.origin_mm[2])
    # Height is a poor surrogate for the path itself (T6): the curve of angles stands beside it.
    # The disc's centre lies between two plates, which err apart.
    plates = math.hypot(*(bone_sigma_mm(site, name) for name in (level.upper, level.lower))) / 2
    sigma = math.hypot(ilium.sigma_mm, plates)
    height = Reading(float(top[2]) - disc_mm, sigma, point_lps_mm=top)
    lines = _lines_mm(site, disc_mm)
    if lines is None:
        return {"crest_height": height, "crest_class": site.not_assessed("a pedicle")}
    # Strictly above: a crest on a line has not passed it, on either side of the patient.
    passed = sum(float(top[2]) > line for line in lines)
    return {"crest_height": height, "crest_class": Reading(float(passed), 0.0, point_lps_mm=top)}


def measure_ilium_angle(site: Site) -> Mapping[str, Reading]:
    """Measure the flattest path to the disc that the ilium lets through.

    Parameters
    ----------
    site : Site at a disc level and side

    Returns
    -------
    ``ilium_axial_angle``, degrees, patient frame, convention ``kambin-1``: the largest axial
    inclination at cranio-caudal angle 0 before a line to the target meets the ilium, with
    the point it meets; 90 if it meets none. The curve gives it for other cranio-caudal
    angles.

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing

    Notes
    -----
    The target is the posterior margin of the disc at the medial line of the lower pedicle.
    The sacrum has none of its own: at L5-S1 the upper one is taken, and the place assumed for
    that of S1 only where L5 has none either.
    The line has no width: a tool of radius r needs the angle at which its distance to the
    ilium is r.

    References
    ----------
    Tezuka 2017, Spine J 17:1875, doi 10.1016/j.spinee.2017.06.012 (T5): angles at L4-L5, L5-S1.
    """
    found = site.shapes.once(("ilium", site.place, site.side), lambda: _ilium_curve(site))
    return {"ilium_axial_angle": found}


def _ilium_curve(site: Site) -> Reading:
    """Return the angle in the axial plane, and the curve over cranio-caudal angles."""
    ilium = site.structure("ilium", sided=True)
    if ilium is None:
        return site.not_assessed("the ilium of this side")
    target = target_lps_mm(site)
    steps = values("measure.ilium_craniocaudal_deg")
    found = [largest_angle_deg(site, ilium, target, phi) for phi in steps]
    curve = tuple((phi, angle) for phi, (angle, _) in zip(steps, found, strict=True))
    # The one value printed beside the curve is that of the axial plane, as in (T5).
    angle, point = found[steps.index(0.0)]
    distance_mm = value("measure.ilium_search_mm") if point is None else _length(point - target)
    # Both ends of the line err: the ilium, and the target at pedicle and disc margin.
    ends = math.hypot(ilium.sigma_mm, bone_sigma_mm(site, require_level(site).upper))
    ends = math.hypot(ends, value("measure.pedicle_sigma_share") * site.anatomy.label_spacing_mm)
    # A target too high or too low errs by as much, times the slope of the curve there.
    sigma = math.degrees(ends / distance_mm) * math.hypot(1.0, _slope(curve))
    return Reading(angle, sigma, None, point, curve)


def _slope(curve: Curve) -> float:
    """Return how much the largest angle changes with the cranio-caudal angle, about 0."""
    at = [phi for phi, _ in curve].index(0.0)
    steps = zip(curve[max(at - 1, 0) : at + 2], curve[max(at - 1, 0) + 1 : at + 2], strict=False)
    # The steeper side: where a path just clears the crest, one degree decides.
    return max((abs(b[1] - a[1]) / (b[0] - a[0]) for a, b in steps), default=0.0)


def target_lps_mm(site: Site) -> NDArray[np.float64]:
    """Return the posterior margin of the disc at the medial pedicle line, shape (3,), mm, LPS.

    Parameters
    ----------
    site : Site at a disc level and side

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing
    """
    level, side, disc = require_level(site), require_side(site), site.disc()
    view = SideView(disc.lps_from_disc, side)
    # Paracentral paths dock at the caudal pedicle; at L5-S1 only the cranial one can be seen.
    order = (level.lower, level.upper)
    for vertebra in reversed(order) if level.lower == SACRUM else order:
        frame = site.frame(vertebra)
        if side in frame.pedicles:
            lateral, backward, up, breadth, _ = frame.pedicles[side]
            medial = [side.lateral_sign_lps * (lateral - breadth / 2), backward, up]
            line = view.local_mm(frame.lps_from_vertebra.points(medial))
            return view.lps_mm([line[0], disc.posterior_rim_y_mm, 0.0])
    return view.lps_mm([0.0, disc.posterior_rim_y_mm, 0.0])


def _top_lps_mm(structure: Structure) -> NDArray[np.float64]:
    """Return the highest point of a structure, the middle of its highest voxels."""
    places = structure.region.lps_mm(np.argwhere(structure.region.values != 0))
    step = float(structure.region.spacing_mm.min())
    # A mean over the top layer: a single highest voxel would depend on the voxel order.
    highest: NDArray[np.float64] = places[places[:, 2] > places[:, 2].max() - step / 2].mean(axis=0)
    # Centres lie half a voxel under the surface.
    highest[2] += step / 2
    return highest


def _lines_mm(site: Site, disc_mm: float) -> tuple[float, ...] | None:
    """Return the four lines the crest is judged by, mm along S, from caudal to cranial."""
    level, side = require_level(site), require_side(site)
    found = []
    for vertebra in (level.lower, level.upper):
        frame = site.frame(vertebra)
        if side not in frame.pedicles:
            return None
        lateral, backward, up, _, height = frame.pedicles[side]
        ends = [[side.lateral_sign_lps * lateral, backward, up + s * height / 2] for s in (-1, 1)]
        # A tilted vertebra may turn its pedicle: which end is higher is asked in LPS.
        found.append(np.sort(frame.lps_from_vertebra.points(ends)[:, 2]))
    lower, upper = found
    return float(lower[0]), float(lower[1]), disc_mm, float(upper[0])


def largest_angle_deg(
    site: Site, obstacle: Structure, target: NDArray[np.float64], craniocaudal_deg: float
) -> tuple[float, NDArray[np.float64] | None]:
    """Return the axial inclination at which a line to the target first meets a structure.

    Parameters
    ----------
    site : Site at a disc level and side
    obstacle : Structure
    target : float array, shape (3,), mm, LPS
    craniocaudal_deg : float, degrees, patient frame, ``kambin-1``

    Returns
    -------
    degrees, coming from the midline, 90 if it meets nothing; and where it meets it, shape
    (3,), mm, LPS, or none
    """
    start, stop = value("measure.ilium_start_deg"), value("measure.ilium_stop_deg")
    step = value("measure.ilium_angle_step_deg")
    # Outward from the midline: beyond the bone a flatter line may be free again, out of reach.
    coarse = np.arange(start, stop + step / 2, step)
    first = _first_blocked(site, obstacle, target, (coarse, craniocaudal_deg))
    if first is None:
        return stop, None
    # All fine lines at once: halving would cast one ray fan per step.
    fine = np.linspace(first[0] - step, first[0], TURN_SAMPLES)
    return _first_blocked(site, obstacle, target, (fine, craniocaudal_deg)) or first


def _first_blocked(
    site: Site,
    obstacle: Structure,
    target: NDArray[np.float64],
    angles_deg: tuple[NDArray[np.float64], float],
) -> tuple[float, NDArray[np.float64]] | None:
    """Return the first of ascending inclinations whose line meets a structure, and where."""
    sign = require_side(site).lateral_sign_lps
    inclinations, craniocaudal = angles_deg
    outward = np.array([direction_from_angles(a, craniocaudal) for a in inclinations.tolist()])
    # LPS x grows to the left; lateral grows to the asked side.
    outward = outward * [sign, 1.0, 1.0]
    along = np.arange(0.0, value("measure.ilium_search_mm"), RAY_STEP_MM)
    places = target + along[None, :, None] * outward[:, None, :]
    entered = first_crossing_mm(sample_region(obstacle.region, places), along)
    blocked = np.flatnonzero(np.isfinite(entered))
    if not len(blocked):
        return None
    first = int(blocked[0])
    return float(inclinations[first]), target + entered[first] * outward[first]


def _length(vector_mm: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(vector_mm))
