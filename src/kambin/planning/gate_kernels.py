"""What no path of two balls can be: bounds on corridor, foramen and docking, without the fields."""

import math
from dataclasses import dataclass, field

import numpy as np
from numba import njit
from numpy.typing import NDArray

from kambin.planning.cost_kernels import find_cone
from kambin.planning.kernels import Scalar
from kambin.planning.root_kernels import runs_ahead_of_root

(
    PHI_HIGH,
    SIGN,
    LINE,
    TOP,
    FLOOR,
    BEHIND,
    MOUTH,
    ALLOWANCE,
    NORMAL_X,
    NORMAL_Y,
    NORMAL_Z,
    PLANE,
    SURGICAL,
) = range(5, 18)
"""Places in ``Gate.numbers``."""

ROOT = SURGICAL + 3 * 4
"""Where the line of the exiting root begins there."""

GATE_EPSILON_MM = 1e-3
"""Room for rounding: a gate may let pass what the corridor stops, never stop what it lets pass."""

GATE_EPSILON_DEG = 1e-3
"""The same for angles."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The necessary conditions of the corridor; what passes them may still be outside of it.

    Parameters
    ----------
    longest_mm, shortest_mm : float, mm, of paths
    theta_deg, phi_deg : pair of float, degrees, patient frame, convention ``kambin-1``
    lateral_sign : float, of the asked side in LPS
    surgical_from_lps : float array, shape (3, 4), to lateral, posterior, cranial of the disc
    line_mm : float, mm lateral, where a path must be inside the foramen
    top_mm, floor_mm, behind_mm : float, mm, of the foramen there
    waist : float array, shape (4,), unit normal in the surgical frame and its distance from the
        origin, mm; zeros where the mouth bounds docking
    mouth_mm : float, mm lateral
    allowance_mm : float, mm, how far beyond waist or mouth a cannula may end
    root : float array, as ``root_side.pack_root`` gives it
    """

    longest_mm: float
    shortest_mm: float
    theta_deg: tuple[float, float]
    phi_deg: tuple[float, float]
    lateral_sign: float
    surgical_from_lps: NDArray[np.float64]
    line_mm: float
    top_mm: float
    floor_mm: float
    behind_mm: float
    waist: NDArray[np.float64]
    mouth_mm: float
    allowance_mm: float
    root: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    @property
    def numbers(self) -> NDArray[np.float64]:
        """Return what the kernels read of it, shape (29 + N,)."""
        return np.array(
            [
                self.longest_mm,
                self.shortest_mm,
                *self.theta_deg,
                *self.phi_deg,
                self.lateral_sign,
                self.line_mm,
                self.top_mm,
                self.floor_mm,
                self.behind_mm,
                self.mouth_mm,
                self.allowance_mm,
                *self.waist,
                *np.asarray(self.surgical_from_lps).reshape(-1),
                *self.root,
            ]
        )


@njit(nogil=True)
def to_surgical(
    numbers: Scalar, axis: Scalar, x: Scalar, y: Scalar, z: Scalar
) -> Scalar:  # pragma: no cover
    """Return one surgical coordinate of a point, mm."""
    at = SURGICAL + 4 * axis
    return numbers[at] * x + numbers[at + 1] * y + numbers[at + 2] * z + numbers[at + 3]


@njit(nogil=True)
def find_shares(  # pragma: no cover
    line: Scalar, e: Scalar, reach_e: Scalar, t: Scalar, reach_t: Scalar
) -> Scalar:
    """Return between which shares of their way paths cross a sagittal line.

    The share (line - t) / (e - t) falls with e, and with t as long as the entry lies lateral of
    the line, so that the corners of the box bound it.
    """
    if e - reach_e - t - reach_t <= 1e-3 or e - reach_e <= line:
        return 0.0, 1.0
    high = (line - t + reach_t) / (e - reach_e - t + reach_t)
    low = (line - t - reach_t) / (e + reach_e - t - reach_t)
    return max(0.0, min(1.0, low)), max(0.0, min(1.0, high))


@njit(nogil=True)
def find_stop_limit(  # pragma: no cover  # noqa: PLR0913, PLR0917
    ex: Scalar,
    ey: Scalar,
    ez: Scalar,
    reach_e: Scalar,
    tx: Scalar,
    ty: Scalar,
    tz: Scalar,
    reach_t: Scalar,
    numbers: Scalar,
) -> Scalar:
    """Return how far out a cannula of any path of two balls may dock, mm; -1 if no path passes."""
    vx, vy, vz = ex - tx, ey - ty, ez - tz
    rho = reach_e + reach_t
    length = math.sqrt(vx * vx + vy * vy + vz * vz)
    if length - rho > numbers[0] + GATE_EPSILON_MM or length + rho < numbers[1] - GATE_EPSILON_MM:
        return -1.0
    theta_low, theta_high, phi_low, phi_high = find_cone(vx, vy, vz, rho, numbers[SIGN])
    room = GATE_EPSILON_DEG
    if theta_high < numbers[2] - room or theta_low > numbers[3] + room:
        return -1.0
    if phi_high < numbers[4] - room or phi_low > numbers[PHI_HIGH] + room:
        return -1.0
    e0, t0 = to_surgical(numbers, 0, ex, ey, ez), to_surgical(numbers, 0, tx, ty, tz)
    e1, t1 = to_surgical(numbers, 1, ex, ey, ez), to_surgical(numbers, 1, tx, ty, tz)
    e2, t2 = to_surgical(numbers, 2, ex, ey, ez), to_surgical(numbers, 2, tx, ty, tz)
    low, high = find_shares(numbers[LINE], e0, reach_e, t0, reach_t)
    # Where a path crosses is linear in the share, so that its range ends at the two shares.
    back = min(
        t1 - reach_t + low * (e1 - reach_e - t1 + reach_t),
        t1 - reach_t + high * (e1 - reach_e - t1 + reach_t),
    )
    bottom = min(
        t2 - reach_t + low * (e2 - reach_e - t2 + reach_t),
        t2 - reach_t + high * (e2 - reach_e - t2 + reach_t),
    )
    upper = max(
        t2 + reach_t + low * (e2 + reach_e - t2 - reach_t),
        t2 + reach_t + high * (e2 + reach_e - t2 - reach_t),
    )
    if back > numbers[BEHIND] + GATE_EPSILON_MM or bottom > numbers[TOP] + GATE_EPSILON_MM:
        return -1.0
    if upper < numbers[FLOOR] - GATE_EPSILON_MM or runs_ahead_of_root(
        e0, e1, e2, reach_e, t0, t1, t2, reach_t, numbers, ROOT
    ):
        return -1.0
    return find_docking_room(numbers, e0 - t0, e1 - t1, e2 - t2, t0, t1, t2, e0, reach_e, reach_t)


@njit(nogil=True)
def find_docking_room(  # pragma: no cover  # noqa: PLR0913, PLR0917
    numbers: Scalar,
    vx: Scalar,
    vy: Scalar,
    vz: Scalar,
    t0: Scalar,
    t1: Scalar,
    t2: Scalar,
    e0: Scalar,
    reach_e: Scalar,
    reach_t: Scalar,
) -> Scalar:
    """Return the furthest docking of the paths of two balls by waist or mouth, mm."""
    rho = reach_e + reach_t
    length = math.sqrt(vx * vx + vy * vy + vz * vz)
    nx, ny, nz = numbers[NORMAL_X], numbers[NORMAL_Y], numbers[NORMAL_Z]
    if nx == 0.0 and ny == 0.0 and nz == 0.0:
        _, high = find_shares(numbers[MOUTH], e0, reach_e, t0, reach_t)
        return high * (length + rho) + numbers[ALLOWANCE] + GATE_EPSILON_MM
    ahead = max(numbers[PLANE] - (nx * t0 + ny * t1 + nz * t2) + reach_t, 0.0)
    if length <= rho:
        return 10.0**9
    cosine = max(-1.0, min(1.0, (vx * nx + vy * ny + vz * nz) / length))
    sine = rho / length
    # The smallest cosine with the normal within the cone of the paths.
    outward = cosine * math.sqrt(1.0 - sine * sine) - sine * math.sqrt(1.0 - cosine * cosine)
    if outward <= 1e-6:
        return 10.0**9
    return ahead / outward + numbers[ALLOWANCE] + GATE_EPSILON_MM
