"""What lies beside the path: organs, and how deep the target is under the skin."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from kambin.anatomy.fragment_lattice import sample_region
from kambin.frames import direction_from_angles
from kambin.knowledge import value, values
from kambin.measure.crest import largest_angle_deg, measure_ilium_angle, target_lps_mm
from kambin.measure.nearness import surface_voxels_lps_mm
from kambin.measure.rows import Reading
from kambin.measure.site import SideView, Site, require_side

RAY_STEP_MM = 1.0
"""Step along a path; the margin to organs is ten times as wide."""

ORGANS = (
    "colon", "small_bowel", "duodenum", "stomach", "kidney", "ureter", "liver", "spleen",
    "pancreas", "gallbladder", "adrenal", "lung", "pleura",
)  # fmt: skip
"""Kinds of structures a path has to keep the wide margin from."""


def measure_organ_angle(site: Site) -> Mapping[str, Reading]:
    """Measure the flattest path to the disc that keeps its margin from all organs.

    Parameters
    ----------
    site : Site at a disc level and side

    Returns
    -------
    ``organ_free_angle``, degrees, patient frame, ``kambin-1``: the largest axial inclination
    at cranio-caudal angle 0 before a line to the target comes within 10 mm of an organ; 90 if
    none does. With the place on the organ.

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing

    Notes
    -----
    The bound of a plan. Papers let the line touch the organ: ``organ_contact_angle``.
    """
    organs = [one for key, one in site.anatomy.structures.items() if key.kind in ORGANS]
    if not organs:
        return {"organ_free_angle": site.not_assessed("any organ")}
    target = target_lps_mm(site)
    start, stop = value("measure.organ_start_deg"), value("measure.ilium_stop_deg")
    step = value("measure.ilium_angle_step_deg")
    angles = np.arange(start, stop + step / 2, step)
    sigma = max(one.sigma_mm for one in organs)
    # Once a patient: the bowel alone has more voxels than the whole spine.
    surface = site.shapes.once(
        "organ_surface",
        lambda: np.concatenate([surface_voxels_lps_mm(one.region) for one in organs]),
    )
    margin = value("margins.organ_mm")
    # The lines lie in one axial plane; what is further from it than the margin is clear.
    surface = surface[np.abs(surface[:, 2] - target[2]) <= margin]
    along = np.arange(0.0, value("measure.ilium_search_mm"), RAY_STEP_MM)
    outward = np.array([direction_from_angles(a, 0.0) for a in angles.tolist()])
    outward = outward * [require_side(site).lateral_sign_lps, 1.0, 1.0]
    gaps, at = _gaps(surface, target + along[None, :, None] * outward[:, None, :])
    blocked = np.flatnonzero(gaps.min(axis=1, initial=np.inf) < margin)
    if not len(blocked):
        return {"organ_free_angle": Reading(stop, math.degrees(sigma / along[-1]))}
    first = int(blocked[0])
    near = int(np.argmin(gaps[first]))
    # Between the last free line and the first blocked one the gap falls evenly.
    last_free = gaps[first - 1].min() if first else margin
    share = (last_free - margin) / max(last_free - gaps[first].min(), np.finfo(float).tiny)
    angle = float(angles[first]) - (1 - min(max(share, 0.0), 1.0)) * step * (first > 0)
    place = surface[at[first, near]]
    spread = math.degrees(sigma / max(float(np.linalg.norm(place - target)), margin))
    return {"organ_free_angle": Reading(angle, spread, point_lps_mm=place)}


def measure_organ_contact(site: Site) -> Mapping[str, Reading]:
    """Measure the flattest path to the disc that meets no organ.

    Parameters
    ----------
    site : Site at a disc level and side

    Returns
    -------
    ``organ_contact_angle``, degrees, patient frame, ``kambin-1``: the largest axial
    inclination at cranio-caudal angle 0 before a line to the target meets an organ; 90 if it
    meets none. With the place on the organ.

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing

    Notes
    -----
    A line without width and without margin, as it is drawn on a CT: no bound for a plan.

    References
    ----------
    Tezuka, organ-free angles on CT (T4), evidence 13 V9.
    """
    organs = [one for key, one in site.anatomy.structures.items() if key.kind in ORGANS]
    if not organs:
        return {"organ_contact_angle": site.not_assessed("any organ")}
    target = target_lps_mm(site)
    stop, reach = value("measure.ilium_stop_deg"), value("measure.ilium_search_mm")
    found = Reading(stop, math.degrees(max(one.sigma_mm for one in organs) / reach))
    for organ in organs:
        angle, place = largest_angle_deg(site, organ, target, 0.0)
        if place is not None and angle < (found.value or 0.0):
            away = max(float(np.linalg.norm(place - target)), RAY_STEP_MM)
            found = Reading(angle, math.degrees(organ.sigma_mm / away), point_lps_mm=place)
    return {"organ_contact_angle": found}


def measure_skin_depth(site: Site) -> Mapping[str, Reading]:
    """Measure how deep the target lies along the usual trajectory.

    Parameters
    ----------
    site : Site at a disc level and side

    Returns
    -------
    ``skin_depth``, mm, from the skin to the posterior disc margin at the medial pedicle line,
    along the second usual inclination in the plane of the disc; with both angles

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing
    """
    skin = site.anatomy.find("skin")
    angles = (values("measure.window_inclinations_deg")[-1], 0.0)
    if skin is None:
        return {"skin_depth": site.not_assessed("the skin")}
    view = SideView(site.disc().lps_from_disc, require_side(site))
    start = view.local_mm(target_lps_mm(site))
    along = np.arange(0.0, value("measure.skin_search_mm"), RAY_STEP_MM)
    places = view.lps_mm(start + along[:, None] * direction_from_angles(*angles))
    inside = sample_region(skin.region, places) >= 0.5
    # The last way out: an arm or a fold further on is not looked for.
    outside = np.flatnonzero(~inside)
    if (
        not inside[0]
        or not len(outside)
        or not _within(skin.region.ijk(places[outside[0]]), skin.region.shape)
    ):
        return {"skin_depth": site.not_assessed("the skin along this path, in the image")}
    fine = np.linspace(along[outside[0] - 1], along[outside[0]], 2**4)
    edge = sample_region(
        skin.region, view.lps_mm(start + fine[:, None] * direction_from_angles(*angles))
    )
    depth = float(fine[int(np.argmax(edge < 0.5))])
    place = view.lps_mm(start + depth * direction_from_angles(*angles))
    return {"skin_depth": Reading(depth, skin.sigma_mm, None, place, angles_deg=angles)}


def measure_operable(site: Site) -> Mapping[str, Reading]:
    """Say whether the ilium lets the usual flat path through.

    Parameters
    ----------
    site : Site at a disc level and side

    Returns
    -------
    ``ilium_operable``: 1 if the largest axial inclination before the ilium, at cranio-caudal
    angle 0, reaches 65 degrees, else 0

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing

    References
    ----------
    Tezuka 2017, doi 10.1016/j.spinee.2017.06.012 (T5), evidence 13 V8.
    """
    angle = measure_ilium_angle(site)["ilium_axial_angle"]
    if angle.value is None:
        return {"ilium_operable": angle}
    passes = float(angle.value >= value("measure.operable_deg"))
    return {"ilium_operable": Reading(passes, 0.0, point_lps_mm=angle.point_lps_mm)}


def _gaps(
    surface_lps_mm: NDArray[np.float64], places_lps_mm: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the distance of each place to the surface, and which of its points is nearest."""
    if not len(surface_lps_mm):
        shape = places_lps_mm.shape[:-1]
        return np.full(shape, np.inf), np.zeros(shape, dtype=np.intp)
    # Beyond the margin nothing is asked, which cuts the search short.
    reach = value("margins.organ_mm") * 2
    found, at = cKDTree(surface_lps_mm).query(places_lps_mm, distance_upper_bound=reach)
    return np.minimum(found, reach), at


def _within(ijk: NDArray[np.float64], shape: tuple[int, int, int]) -> bool:
    """Return whether a place lies inside the array, so that what ends there is seen to end."""
    return bool((ijk >= 0).all() and (ijk <= np.array(shape) - 1).all())
