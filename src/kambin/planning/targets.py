"""Where the needle should end: a zone of the disc, a fragment or a point."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, StructureKey
from kambin.core import RequestError
from kambin.knowledge import value, value_at, values
from kambin.planning.geometry import LevelGeometry
from kambin.planning.request import PlanRequest


@dataclass(frozen=True, slots=True)
class Targets:
    """The targets that are tried.

    Parameters
    ----------
    centre_lps_mm : float array, shape (3,), mm, LPS, what was asked for
    points_lps_mm : float array, shape (T, 3), mm, LPS
    offsets_mm : float array, shape (T,), mm, distance of each from the centre
    zone : str or none, as asked
    """

    centre_lps_mm: NDArray[np.float64]
    points_lps_mm: NDArray[np.float64]
    offsets_mm: NDArray[np.float64]
    zone: str | None


def find_targets(anatomy: Anatomy, geometry: LevelGeometry, request: PlanRequest) -> Targets:
    """Return the targets of a request: its point, its zone, or the case's fragment.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    request : PlanRequest

    Returns
    -------
    Targets, a box of points in the disc's frame, always in the same order from medial to
    lateral on either side

    Raises
    ------
    RequestError  (PL-032) if nothing says where the target is
    """
    if request.target_lps_mm is not None:
        centre = geometry.surgical_mm(request.target_lps_mm)
        return _box(geometry, centre, zone=None)
    if request.zone is not None:
        return _box(geometry, find_zone_centre(anatomy, geometry, request.zone), request.zone)
    fragment = anatomy.find(StructureKey("fragment"))
    if fragment is None:
        raise RequestError(
            code="PL-032",
            what="Nothing says where the target is",
            where=f"{request.level} {request.side}",
            why="Neither a zone nor a target was named, and the case has no fragment.",
            next_step="Name a zone or a target, or draw the fragment.",
        )
    voxels = fragment.region.lps_mm(np.argwhere(fragment.region.values > 0))
    return _box(geometry, geometry.surgical_mm(voxels.mean(axis=0)), zone=None)


def find_zone_centre(anatomy: Anatomy, geometry: LevelGeometry, zone: str) -> NDArray[np.float64]:
    """Return the middle of a zone on the posterior annulus, surgical disc frame, mm.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    zone : str, one of ``ZONES``

    Returns
    -------
    float array, shape (3,): lateral, posterior, cranial of the disc's centre

    Notes
    -----
    Zones are counted from the medial pedicle line in pedicle widths; the posterior annulus
    is the last disc voxel of the column there (recipes 6).
    """
    share = value_at("planning.zone_share", zone)
    lateral = geometry.medial_pedicle_mm + share * geometry.pedicle_width_mm
    lateral = 0.0 if share < 0 else min(lateral, geometry.half_width_mm)
    return np.array([lateral, _find_annulus(anatomy, geometry, lateral), 0])


def _find_annulus(anatomy: Anatomy, geometry: LevelGeometry, lateral_mm: float) -> float:
    """Return how far posterior the disc reaches at one lateral distance, mm."""
    region = anatomy.require(StructureKey("disc", str(geometry.level))).region
    voxels = geometry.surgical_mm(region.lps_mm(np.argwhere(region.values > 0)))
    band = value("planning.annulus_band_mm")
    columns = voxels[(np.abs(voxels[:, 0] - lateral_mm) <= band) & (np.abs(voxels[:, 2]) <= band)]
    if not len(columns):
        return geometry.wall_mm
    return float(columns[:, 1].max()) + 0.5 * float(region.spacing_mm.min())


def _box(geometry: LevelGeometry, centre: NDArray[np.float64], zone: str | None) -> Targets:
    """Return the box of targets around a centre given in the surgical disc frame."""
    if zone is None:
        axes = (values("planning.point_target_mm"),) * 3
    else:
        rows = ("lateral", "posterior", "cranial")
        axes = tuple(values(f"planning.target_{row}_mm") for row in rows)  # type: ignore[assignment]
    offsets = np.array(list(itertools.product(*axes)))
    return Targets(
        centre_lps_mm=geometry.lps_mm(centre),
        points_lps_mm=geometry.lps_mm(centre + offsets),
        offsets_mm=np.linalg.norm(offsets, axis=1),
        zone=zone,
    )
