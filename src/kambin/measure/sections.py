"""Areas of canal and sac in the plane of a disc, and the thickness of the flavum."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Structure
from kambin.knowledge import value
from kambin.measure.rows import Reading
from kambin.measure.site import SideView, Site, require_level, require_side

PIXEL_STEP_MM = 0.5
"""Pixel of the axial section; the area of 100 mm2 is then right within 1 mm2."""

RAY_STEP_MM = 0.1
"""Step through the ligament, which is 3 to 4 mm thick."""

RAY_SAMPLES = 9
"""Rays beside each other through the ligament, in both directions."""


def measure_canal_sections(site: Site) -> Mapping[str, Reading]:
    """Measure canal and dural sac in the middle plane of a disc.

    Parameters
    ----------
    site : Site at a disc level

    Returns
    -------
    ``canal_area``, ``sac_area``, mm2

    Raises
    ------
    AnatomyError  (AN-304) if the level has no frame

    References
    ----------
    Sac at the level of the disc: evidence 3.5 (A25); with age (A46).
    """
    return {
        f"{word}_area": _area(site, key) for word, key in (("canal", "canal"), ("sac", "dural_sac"))
    }


def measure_flavum(site: Site) -> Mapping[str, Reading]:
    """Measure how thick the ligamentum flavum of one side is.

    Parameters
    ----------
    site : Site at a disc level and side

    Returns
    -------
    ``flavum_thickness``, mm, across the middle of this half of the ligament

    Raises
    ------
    AnatomyError  (AN-304) if the level has no frame

    Notes
    -----
    A modelled ligament has the thickness of the literature at its level: the uncertainty
    is then the spread between persons.

    References
    ----------
    Asian Spine J 2015;9:245, doi 10.4184/asj.2015.9.2.245 (A47): thickness on MR.
    """
    flavum = site.structure("flavum", str(require_level(site)))
    if flavum is None:
        return {"flavum_thickness": site.not_assessed("the ligamentum flavum")}
    view = SideView(site.disc().lps_from_disc, require_side(site))
    voxels = view.local_mm(flavum.region.lps_mm(np.argwhere(flavum.region.values != 0)))
    half = voxels[voxels[:, 0] > 0]
    if len(half) < RAY_SAMPLES:
        return {"flavum_thickness": site.not_assessed("this half of the ligamentum flavum")}
    middle = half.mean(axis=0)
    # A sheet: its least spread points across it.
    _, _, axes = np.linalg.svd(half - middle, full_matrices=False)
    reach = value("measure.flavum_window_mm")
    beside = np.linspace(-reach, reach, RAY_SAMPLES) / 2
    along = np.arange(-reach, reach, RAY_STEP_MM)
    u, v, w = np.meshgrid(beside, beside, along, indexing="ij")
    rays = middle + u[..., None] * axes[0] + v[..., None] * axes[1] + w[..., None] * axes[2]
    lengths = (site.shapes.sample(flavum.region, view.lps_mm(rays)) >= 0.5).sum(axis=-1)
    met = lengths[lengths > 0] * RAY_STEP_MM
    if not len(met):
        return {"flavum_thickness": site.not_assessed("this half of the ligamentum flavum")}
    # Two surfaces of one sheet.
    sigma = flavum.sigma_mm if flavum.is_modelled else math.sqrt(2) * flavum.sigma_mm
    place = view.lps_mm(middle)
    return {"flavum_thickness": Reading(float(np.median(met)), sigma, point_lps_mm=place)}


def _area(site: Site, key: str) -> Reading:
    """Return the area of a structure in the middle plane of the disc."""
    structure = site.anatomy.find(key)
    if structure is None:
        return site.not_assessed(key.replace("_", " "))
    inside, places = section_of(site, structure)
    area = float(inside.sum()) * PIXEL_STEP_MM**2
    if area == 0:
        return site.not_assessed(f"{key.replace('_', ' ')} at the disc")
    # Its walls err independently: half the perimeter, that of a circle, times sigma.
    sigma = math.sqrt(math.pi * area) * structure.sigma_mm
    if structure.is_modelled:
        # What no image shows differs between persons by more than its drawn surface.
        sigma = max(sigma, value("measure.modelled_area_share") * area)
    return Reading(area, sigma, point_lps_mm=places[inside].mean(axis=0))


def section_of(site: Site, structure: Structure) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Return which pixels of the middle plane of the disc a structure fills.

    Parameters
    ----------
    site : Site at a disc level
    structure : Structure

    Returns
    -------
    bool array, shape (A, B), and the places of its pixels, shape (A, B, 3), mm, LPS

    Raises
    ------
    AnatomyError  (AN-304) if the level has no frame
    """
    disc, reach = site.disc(), value("measure.section_half_mm")
    behind = disc.posterior_rim_y_mm
    side = np.arange(-reach, reach + PIXEL_STEP_MM / 2, PIXEL_STEP_MM)
    x, y = np.meshgrid(side, behind + side, indexing="ij")
    places = disc.lps_from_disc.points(np.stack([x, y, np.zeros_like(x)], axis=-1))
    return site.shapes.sample(structure.region, places) >= 0.5, places
