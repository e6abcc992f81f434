"""How the bevelled end of the cannula is turned: away from the root, then to the target."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, Structure, StructureKey
from kambin.knowledge import value
from kambin.planning.choice_models import Bevel
from kambin.planning.evaluate import Path, to_point
from kambin.planning.geometry import LevelGeometry

CONVENTION = "bevel-1"
"""Turn of the opening, seen from the skin along the axis: 0 cranial, clockwise, degrees."""

FULL_TURN_DEG = float(np.degrees(2 * np.pi))
"""Degrees of a full turn."""

TURN_DECIMALS = 6
"""Turns are told apart as finely as documents print them."""

HOURS = 3 * 4
"""Hours on a clock."""


@dataclass(frozen=True, slots=True)
class Dial:
    """The face of a clock across the axis of the tools, seen from the skin.

    Parameters
    ----------
    inward : float array, shape (3,), unit vector, LPS, the way the tools go
    up : float array, shape (3,), unit vector, LPS, twelve o'clock: cranial
    """

    inward: NDArray[np.float64]
    up: NDArray[np.float64]

    @classmethod
    def of(cls, path: Path) -> "Dial":
        """Return the dial of a path.

        Parameters
        ----------
        path : Path
        """
        inward = np.subtract(path.target_lps_mm, path.entry_lps_mm) / path.length_mm
        cranial = np.array([0.0, 0.0, 1.0])
        up = cranial - (cranial @ inward) * inward
        return cls(inward, up / np.linalg.norm(up))

    def turn_deg(self, direction: NDArray[np.float64]) -> float:
        """Return the turn of a direction, degrees clockwise from cranial, 0 to less than 360.

        Parameters
        ----------
        direction : float array, shape (3,), LPS; what of it runs along the axis does not count
        """
        right = np.cross(self.inward, self.up)
        turn = float(np.degrees(np.arctan2(direction @ right, direction @ self.up)))
        # A hair before cranial is cranial, and never a full turn.
        return round(turn, TURN_DECIMALS) % FULL_TURN_DEG

    def across(self, vector_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what of a vector, shape (..., 3), mm, lies across the axis."""
        along = (vector_mm @ self.inward)[..., None] * self.inward
        across: NDArray[np.float64] = vector_mm - along
        return across


def find_clock(turn_deg: float | None) -> int | None:
    """Return the hour nearest to a turn, 1 to 12.

    Parameters
    ----------
    turn_deg : float, degrees clockwise from cranial, or none
    """
    if turn_deg is None:
        return None
    hour = round(turn_deg * HOURS / FULL_TURN_DEG) % HOURS
    return hour or HOURS


def find_lip_mm(outer_diameter_mm: float, bevel_deg: float) -> float:
    """Return how far the longer lip of a tube stands out beyond the shorter one, mm.

    Parameters
    ----------
    outer_diameter_mm : float, mm
    bevel_deg : float, degrees between the plane of the opening and the axis of the tube
    """
    return float(outer_diameter_mm / np.tan(np.radians(bevel_deg)))


def describe_bevel(
    anatomy: Anatomy,
    geometry: LevelGeometry,
    path: Path,
    *,
    cannula_mm: float,
    bevel_deg: float,
    aim_lps_mm: NDArray[np.float64],
    aim: str,
) -> Bevel:
    """Say how the bevel of the cannula is turned going in, and then to the target.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    path : Path
    cannula_mm : float, mm, outer diameter
    bevel_deg : float, degrees between the plane of the opening and the axis
    aim_lps_mm : float array, shape (3,), mm, LPS, what the opening looks at when it has docked
    aim : str, its name
    """
    dial, lip_mm = Dial.of(path), find_lip_mm(cannula_mm, bevel_deg)
    root, to_root = _find_root(anatomy, geometry, path, dial, lip_mm)
    to_aim = dial.across(aim_lps_mm - path.tip_lps_mm(path.stop_mm))
    off_axis = float(np.linalg.norm(to_aim)) > value("planning.bevel_aim_mm")
    going_in = None if to_root is None else dial.turn_deg(-to_root)
    working = dial.turn_deg(to_aim) if off_axis else None
    heel = path.tip_lps_mm(path.stop_mm + lip_mm)
    if to_root is not None:
        heel = heel - 0.5 * cannula_mm * to_root / np.linalg.norm(to_root)
    missing = []
    if going_in is None:
        missing.append("The exiting root is not assessed.")
    if working is None:
        missing.append("What is aimed at lies on the axis: every turn shows it.")
    turn = None
    if going_in is not None and working is not None:
        half = 0.5 * FULL_TURN_DEG
        turn = (working - going_in + half) % FULL_TURN_DEG - half
    return Bevel(
        bevel_deg=bevel_deg,
        lip_mm=lip_mm,
        heel_lps_mm=None if to_root is None else to_point(heel),
        insertion_deg=going_in,
        insertion_clock=find_clock(going_in),
        working_deg=working,
        working_clock=find_clock(working),
        turn_deg=turn,
        away_from=root,
        towards=aim if working is not None else None,
        convention=CONVENTION,
        not_assessed_reason=" ".join(missing) or None,
    )


def _find_root(
    anatomy: Anatomy, geometry: LevelGeometry, path: Path, dial: Dial, lip_mm: float
) -> tuple[str | None, NDArray[np.float64] | None]:
    """Return the exiting root or ganglion nearest to the bevel, and the way across to it."""
    found: list[tuple[float, str, NDArray[np.float64]]] = []
    for kind in ("exiting_root", "drg"):
        structure = anatomy.find(StructureKey(kind, geometry.level.upper, geometry.side))
        if structure is None:
            continue
        points = _middle_lps_mm(structure)
        behind = (points - path.tip_lps_mm(path.stop_mm)) @ -dial.inward
        # Only the part of the root that the bevelled end passes, else the nearest to it.
        beside = np.maximum(np.maximum(-behind, behind - lip_mm), 0)
        across = dial.across(points - path.target_lps_mm)
        gap = np.hypot(np.linalg.norm(across, axis=1), beside)
        at = int(np.argmin(gap))
        if np.linalg.norm(across[at]) > 0:
            found.append((float(gap[at]), str(structure.key), across[at]))
    if not found:
        return None, None
    _, name, across = min(found, key=lambda one: one[:2])
    return name, across


def _middle_lps_mm(structure: Structure) -> NDArray[np.float64]:
    """Return points along the middle of a nerve, shape (N, 3), mm, LPS: its line or its voxels."""
    if structure.tube is None:
        return structure.region.lps_mm(np.argwhere(structure.region.values > 0))
    points = structure.tube.points_lps_mm
    shares = np.linspace(0, 1, TUBE_SAMPLES)[:, None, None]
    pieces: NDArray[np.float64] = points[:-1] + shares * (points[1:] - points[:-1])
    return pieces.reshape(-1, 3)


TUBE_SAMPLES = 17
"""Points per piece of a nerve's line: a piece of 8 mm is sampled every half millimetre."""
