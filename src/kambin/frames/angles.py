"""The angles of a trajectory in the one convention, ``kambin-1``."""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.core import InputError

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

    Raises
    ------
    InputError  (IN-046) if the direction has no length or is not finite
    """
    # Divided here, so that no caller divides by a length of zero unseen.
    lateral, posterior, cranial = _unit(direction)
    return (
        # atan2 keeps its sign and goes beyond 90 degrees, where a tangent would fold back.
        math.degrees(math.atan2(lateral, posterior)),
        # Rounding can leave 1 + 1e-16, of which there is no arc sine.
        math.degrees(math.asin(min(1.0, max(-1.0, cranial)))),
    )


def direction_from_angles(
    axial_inclination_deg: float, craniocaudal_deg: float
) -> NDArray[np.float64]:
    """Return the unit vector from target to entry for two ``kambin-1`` angles.

    Parameters
    ----------
    axial_inclination_deg, craniocaudal_deg : float, degrees, convention ``kambin-1``

    Returns
    -------
    float array, shape (3,), unit vector, target to entry, in a frame (lateral towards the
    asked side, posterior, cranial)
    """
    theta_rad, phi_rad = math.radians(axial_inclination_deg), math.radians(craniocaudal_deg)
    # What is left for the axial plane once the cranial part is taken.
    flat = math.cos(phi_rad)
    return np.array([flat * math.sin(theta_rad), flat * math.cos(theta_rad), math.sin(phi_rad)])


def _unit(vector: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(vector, dtype=np.float64)
    length = float(np.linalg.norm(array))
    # Written as a negation so that not-a-number is refused, too (fault P05).
    if not 0.0 < length < math.inf:
        raise InputError(
            code="IN-046",
            what="A direction has no length",
            where=f"vector of length {length}",
            why="Entry and target are the same point, or one of them is not finite.",
            next_step="Give an entry on the skin and a target inside.",
        )
    unit: NDArray[np.float64] = array / length
    return unit
