"""The facet joint: its gap and the size of the superior articular process."""

import math
from collections.abc import Mapping

import numpy as np
from scipy.spatial import cKDTree

from kambin.anatomy import Structure
from kambin.core import Finding, Severity
from kambin.knowledge import value
from kambin.measure.nearness import surface_voxels_lps_mm
from kambin.measure.rows import Reading
from kambin.measure.site import Site, require_level


def measure_facet(site: Site) -> Mapping[str, Reading]:
    """Measure the gap of the facet joint and the volume of the process that bounds the foramen.

    Parameters
    ----------
    site : Site at a disc level and side

    Returns
    -------
    ``facet_gap``, mm, least distance between the inferior process above and the superior
    one below; ``sap_volume``, mm3. Both none above 1.5 mm label spacing, with the reason.

    Raises
    ------
    AnatomyError  (AN-304) if the site is no disc level

    Notes
    -----
    The gap is measured between surface voxels less one voxel, so it is known to half a
    voxel. A gap under half a voxel is said to be not visible (AN-305).
    """
    joint = find_joint(site, "gap of the facet and the volume of its superior process")
    if isinstance(joint, Reading):
        return {"facet_gap": joint, "sap_volume": joint}
    superior, inferior = joint
    return {"facet_gap": _gap(site, superior, inferior), "sap_volume": _volume(superior)}


def find_joint(site: Site, wanted: str) -> tuple[Structure, Structure] | Reading:
    """Return both processes of the joint of a site, superior first, or why there is none.

    Parameters
    ----------
    site : Site at a disc level and side
    wanted : str, what is not said where the labels are too coarse for the joint

    Returns
    -------
    pair of Structure; or an empty Reading with the reason

    Raises
    ------
    AnatomyError  (AN-304) if the site is no disc level
    """
    level = require_level(site)
    superior = site.structure("sap", level.lower, sided=True)
    inferior = site.structure("iap", level.upper, sided=True)
    if superior is None or inferior is None:
        return site.not_assessed("an articular process")
    # At 3 mm the process loses a fifth of its volume and the joint its space (recipes 2, 7).
    return site.not_resolved(wanted) if site.is_coarse else (superior, inferior)


def _gap(site: Site, superior: Structure, inferior: Structure) -> Reading:
    own, other = surface_voxels_lps_mm(superior.region), surface_voxels_lps_mm(inferior.region)
    distances, _ = cKDTree(other).query(own)
    nearest = float(distances.min())
    # Voxel centres that touch are one voxel apart; their surfaces are not.
    voxel = float(superior.region.spacing_mm.min())
    # The mean of all equally near places: an argmin would depend on the voxel order.
    place = own[distances <= nearest + voxel / 4].mean(axis=0)
    # Separate masks may share voxels at the joint; a negative gap is no anatomy.
    gap = max(nearest - voxel, 0.0)
    said = (_fused(site, gap, voxel),) if gap < voxel / 2 else ()
    sigma = math.hypot(superior.sigma_mm, inferior.sigma_mm)
    return Reading(gap, sigma, point_lps_mm=place, findings=said)


def _volume(process: Structure) -> Reading:
    voxels = int((process.region.values != 0).sum())
    cell = float(np.prod(process.region.spacing_mm))
    # Surface voxels times one face: enough for an uncertainty, which moves by sigma.
    surface = len(surface_voxels_lps_mm(process.region)) * cell ** (2 / 3)
    # A modelled process is cut from its arch by a rule, which moves more than its surface does.
    cut = value("measure.process_cut_share") * voxels * cell if is_cut(process) else 0.0
    return Reading(voxels * cell, math.hypot(surface * process.sigma_mm / 2, cut))


def is_cut(process: Structure) -> bool:
    """Return whether a process was cut from its bone by a rule; given masks are as they are.

    Parameters
    ----------
    process : Structure
    """
    return process.method.startswith("Part of")


def _fused(site: Site, gap_mm: float, voxel_mm: float) -> Finding:
    return Finding(
        code="AN-305",
        severity=Severity.NOTE,
        what="The joint space is not visible",
        where=site.where,
        why=f"The processes come within {gap_mm:.2f} mm at a voxel of {voxel_mm:.2f} mm.",
        next_step="Look at the image: fused, worn, or not resolved by the labels.",
    )
