"""Candidate entries: a lattice of angles cast onto the real skin."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.frames import Side, direction_from_angles
from kambin.knowledge import Corridor, Technique, value
from kambin.planning.geometry import LevelGeometry
from kambin.planning.skin import Skin


@dataclass(frozen=True, slots=True)
class Entries:
    """Points of the skin from which paths are tried.

    Parameters
    ----------
    points_lps_mm : float array, shape (E, 3), mm, LPS
    rays : int, how many rays were cast for them
    """

    points_lps_mm: NDArray[np.float64]
    rays: int


def find_entries(
    skin: Skin,
    geometry: LevelGeometry,
    technique: Technique,
    origin_lps_mm: NDArray[np.float64],
) -> Entries:
    """Return the skin points that a technique's corridor allows for a target.

    Parameters
    ----------
    skin : Skin
    geometry : LevelGeometry
    technique : Technique, its corridor gives the angles in the patient's frame, the least
        distance from the midline and the greatest length
    origin_lps_mm : float array, shape (3,), mm, LPS, the middle of the targets

    Notes
    -----
    The lattice is one of angles about the asked side, not of voxels, so that the mirrored
    patient gets the mirrored entries in the same order.
    """
    corridor = technique.corridor
    rays = cast_rays(corridor, geometry.side)
    points = skin.find_exits(origin_lps_mm, rays, corridor.length_max_mm)
    lateral = geometry.surgical_mm(points)[:, 0]
    allowed = np.isfinite(lateral) & (lateral >= corridor.lateral_min_mm)
    return Entries(points_lps_mm=points[allowed], rays=len(rays))


def cast_rays(corridor: Corridor, side: Side) -> NDArray[np.float64]:
    """Return the directions in which entries are looked for, shape (R, 3), unit vectors, LPS.

    Parameters
    ----------
    corridor : Corridor, its angles bound the lattice
    side : Side, towards which the rays go
    """
    lattice = itertools.product(
        _steps(corridor.axial_inclination_min_deg, corridor.axial_inclination_max_deg),
        _steps(corridor.craniocaudal_min_deg, corridor.craniocaudal_max_deg),
    )
    rays = np.array([direction_from_angles(theta, phi) for theta, phi in lattice])
    rays[:, 0] *= side.lateral_sign_lps
    return rays


def _steps(low_deg: float, high_deg: float) -> list[float]:
    """Return the lattice values from low to high, degrees."""
    step = value("planning.lattice_step_deg")
    return [low_deg + n * step for n in range(int((high_deg - low_deg) / step) + 1)]
