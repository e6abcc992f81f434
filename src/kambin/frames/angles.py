"""The angles of a trajectory in the one convention, ``kambin-1``."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONVENTION = "kambin-1"
"""u from target to entry in (lateral to the asked side, posterior, cranial):
axial inclination = atan2(u_lateral, u_posterior), cranio-caudal = asin(u_cranial)."""


def angles_from_direction(direction: ArrayLike) -> tuple[float, float]:
    """Return axial inclination and cranio-caudal angle of a trajectory, in degrees.

    Parameters
    ----------
    direction : float array, shape (3,), target to entry, any length, in a frame
        (lateral towards the asked side, posterior, cranial)

    Returns
    -------
    axial inclination and cranio-caudal angle, degrees, convention ``kambin-1``
    """
    lateral, posterior, cranial = _unit(direction)
    return (
        math.degrees(math.atan2(lateral, posterior)),
        math.degrees(math.asin(min(1.0, max(-1.0, cranial)))),
    )


def direction_from_angles(
    axial_inclination_deg: float, craniocaudal_deg: float
) -> NDArray[np.float64]:
    """Return the unit vector target to entry for two ``kambin-1`` angles, shape (3,)."""
    theta_rad, phi_rad = math.radians(axial_inclination_deg), math.radians(craniocaudal_deg)
    flat = math.cos(phi_rad)
    return np.array([flat * math.sin(theta_rad), flat * math.cos(theta_rad), math.sin(phi_rad)])


def _unit(vector: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(vector, dtype=np.float64)
    unit: NDArray[np.float64] = array / np.linalg.norm(array)
    return unit
