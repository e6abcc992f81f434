"""What a path costs beside its clearance, and the least that any path of two balls costs."""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from kambin.planning.kernels import Scalar

PHI_HIGH, SIGN = range(5, 7)
"""Places in ``Costs.numbers``."""

RIGHT, HALF = 90.0, 180.0
"""A right angle and half a turn, degrees."""

COST_EPSILON_MM = 1e-6
"""Taken off every least cost, for the rounding of its own sums."""

ANGLE_EPSILON_DEG = 1e-6
"""Added to both ends of every range of angles, for the same reason."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What candidates cost, in mm of clearance.

    Parameters
    ----------
    entries_mm : float array, shape (E,), mm, what each entry costs by itself
    targets_mm : float array, shape (T,), mm, what each target costs by itself
    per_mm : float, mm per mm of path
    per_deg : float, mm per degree outside of the preferred angles
    theta_deg, phi_deg : pair of float, degrees, patient frame, convention ``kambin-1``
    lateral_sign : float, of the asked side in LPS
    entry_slope, target_slope : float, mm per mm, by how much the cost of a point by itself can
        change from one to the next
    """

    entries_mm: NDArray[np.float64]
    targets_mm: NDArray[np.float64]
    per_mm: float = 0.0
    per_deg: float = 0.0
    theta_deg: tuple[float, float] = (-HALF, HALF)
    phi_deg: tuple[float, float] = (-RIGHT, RIGHT)
    lateral_sign: float = 1.0
    entry_slope: float = 0.0
    target_slope: float = 0.0

    @property
    def numbers(self) -> NDArray[np.float64]:
        """Return what the kernels read of it, shape (7,)."""
        return np.array(
            [
                self.per_mm,
                self.per_deg,
                *self.theta_deg,
                *self.phi_deg,
                self.lateral_sign,
            ]
        )


@njit(nogil=True)
def find_length(vx: Scalar, vy: Scalar, vz: Scalar) -> Scalar:  # pragma: no cover
    """Return the length of a way, mm."""
    return math.sqrt(vx * vx + vy * vy + vz * vz)


@njit(nogil=True)
def find_angles(  # pragma: no cover
    vx: Scalar, vy: Scalar, vz: Scalar, length_mm: Scalar, sign: Scalar
) -> Scalar:
    """Return axial inclination and cranio-caudal angle of the way to the entry, degrees."""
    theta = math.degrees(math.atan2(vx * sign, vy))
    sine = max(-1.0, min(1.0, vz / max(length_mm, COST_EPSILON_MM)))
    return theta, math.degrees(math.asin(sine))


@njit(nogil=True)
def find_beyond(number: Scalar, low: Scalar, high: Scalar) -> Scalar:  # pragma: no cover
    """Return by how much a number lies outside a range."""
    return max(low - number, 0.0) + max(number - high, 0.0)


@njit(nogil=True)
def find_way_cost(
    vx: Scalar, vy: Scalar, vz: Scalar, numbers: Scalar
) -> Scalar:  # pragma: no cover
    """Return what length and angles of one path cost, mm; the way to the entry is in mm, LPS."""
    length = math.sqrt(vx * vx + vy * vy + vz * vz)
    cost = numbers[0] * length
    if numbers[1] > 0:
        theta, phi = find_angles(vx, vy, vz, length, numbers[SIGN])
        beyond = find_beyond(theta, numbers[2], numbers[3])
        cost += numbers[1] * (beyond + find_beyond(phi, numbers[4], numbers[PHI_HIGH]))
    return cost


@njit(nogil=True)
def find_cone(  # pragma: no cover
    vx: Scalar, vy: Scalar, vz: Scalar, rho: Scalar, sign: Scalar
) -> Scalar:
    """Return the ranges of both angles over all paths of a pair of balls, degrees.

    The ways fill a ball of radius rho around (vx, vy, vz), seen under a = asin(rho / l). The
    elevation phi changes by a at most, the azimuth theta by asin(sin a / cos phi), and by
    anything if the cone holds the axis.
    """
    length = math.sqrt(vx * vx + vy * vy + vz * vz)
    if length <= rho:
        return -HALF, HALF, -RIGHT, RIGHT
    theta, phi = find_angles(vx, vy, vz, length, sign)
    sine = rho / length
    cone = math.degrees(math.asin(sine)) + ANGLE_EPSILON_DEG
    across = math.cos(math.radians(phi))
    if sine >= across:
        return -HALF, HALF, phi - cone, phi + cone
    turn = math.degrees(math.asin(sine / across)) + ANGLE_EPSILON_DEG
    if abs(theta) + turn > HALF:
        return -HALF, HALF, phi - cone, phi + cone
    return theta - turn, theta + turn, phi - cone, phi + cone


@njit(nogil=True)
def find_least_way_cost(  # pragma: no cover
    vx: Scalar, vy: Scalar, vz: Scalar, rho: Scalar, numbers: Scalar
) -> Scalar:
    """Return the least that length and angles of a path of two balls can cost, mm."""
    length = math.sqrt(vx * vx + vy * vy + vz * vz)
    cost = numbers[0] * max(length - rho, 0.0)
    if numbers[1] > 0:
        theta_low, theta_high, phi_low, phi_high = find_cone(vx, vy, vz, rho, numbers[SIGN])
        beyond = max(numbers[2] - theta_high, theta_low - numbers[3], 0.0)
        beyond += max(numbers[4] - phi_high, phi_low - numbers[PHI_HIGH], 0.0)
        cost += numbers[1] * beyond
    return cost - COST_EPSILON_MM
