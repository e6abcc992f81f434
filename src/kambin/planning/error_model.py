"""How far the patient may lie, and the tool point, from where the plan has them."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.frames import Side
from kambin.knowledge import Constant, constant, value, value_at
from kambin.planning.certainty_models import DEFAULT_SETTING, ErrorSource, Setting
from kambin.planning.evaluate import Path
from kambin.planning.geometry import LevelGeometry
from kambin.planning.policy import Group

SHIFTS = ("registration_mm", "tracking_mm", "respiration_mm", "manipulation_mm")
"""The sources that shift the patient against the plan, rows of the table ``uncertainty``."""

SPACE_AXES, TILT_AXES = 3, 2
"""In how many axes a shift or a turn in space is free, and the tilt of a round tool."""

MEAN_PER_SIGMA = {SPACE_AXES: 2 * math.sqrt(2 / math.pi), TILT_AXES: math.sqrt(math.pi / 2)}
"""Mean length of an error with a standard deviation of 1 along each axis: Maxwell's in space,
Rayleigh's in a plane."""

STATES = SPACE_AXES + TILT_AXES
"""Numbers of a pose: shift of the entry along the path frame's axes, tilt about two of them."""


@dataclass(frozen=True, slots=True)
class PathFrame:
    """Three axes of a path: from target to entry, across it to the side, and the third.

    Parameters
    ----------
    axes : float array, shape (3, 3), rows are unit vectors, LPS
    """

    axes: NDArray[np.float64]

    @classmethod
    def of(cls, path: Path, side: Side) -> "PathFrame":
        """Return the frame of a path; mirrored with the patient for the other side.

        Parameters
        ----------
        path : Path
        side : Side
        """
        way = np.subtract(path.entry_lps_mm, path.target_lps_mm) / path.length_mm
        # Any axis that the path does not run along; a path is never level with the least one.
        up = np.array([0.0, 0.0, 1.0]) if abs(way[2]) <= abs(way[1]) else np.array([0.0, 1.0, 0.0])
        across = np.cross(up, way) * side.lateral_sign_lps
        across /= np.linalg.norm(across)
        third = np.cross(across, way) * side.lateral_sign_lps
        return cls(np.stack([way, across, third]))


@dataclass(frozen=True, slots=True)
class ErrorModel:
    """Named sources of error in one setting.

    Parameters
    ----------
    setting : ``compensated`` or ``uncompensated``
    """

    setting: Setting = DEFAULT_SETTING

    @property
    def displayed_mm(self) -> float:
        """Return the least uncertainty of a position that may be shown, mm."""
        return value_at("uncertainty.displayed_mm", self.setting)

    def mean_of(self, name: str) -> float:
        """Return the mean length of a source's error, in its unit.

        Parameters
        ----------
        name : str, row of the table ``uncertainty``
        """
        number = constant(f"uncertainty.{name}").value
        return (
            number if isinstance(number, float) else value_at(f"uncertainty.{name}", self.setting)
        )

    def sigma_of(self, name: str, axes: int = SPACE_AXES) -> float:
        """Return the standard deviation along each axis, in the source's unit.

        Parameters
        ----------
        name : str, row of the table ``uncertainty``
        axes : int, in how many axes the error is free

        Notes
        -----
        Papers print the mean length of an error vector. For a normal error that is the same
        along all axes, that mean is 1.596 sigma in space and 1.253 sigma in a plane.
        """
        return self.mean_of(name) / MEAN_PER_SIGMA[axes]

    def organ_sigma_mm(self, group: Group) -> float:
        """Return what turning prone adds to the sigma of a structure's surface, mm.

        Parameters
        ----------
        group : Group; only organs lie free enough to shift
        """
        return value("uncertainty.prone_shift_mm") if group is Group.ORGAN else 0.0

    def covariance(self, path: Path, geometry: LevelGeometry) -> NDArray[np.float64]:
        """Return the covariance of a pose, shape (5, 5): shift of the entry, mm, and tilt, rad.

        Parameters
        ----------
        path : Path
        geometry : LevelGeometry, about whose disc the registration turns

        Notes
        -----
        Sources are independent, so that their covariances add. A turn of the registration about
        the disc also shifts the entry, which lies a lever away: those two are correlated.
        """
        frame = PathFrame.of(path, geometry.side)
        total = np.zeros((STATES, STATES))
        shift = sum(self.sigma_of(name) ** 2 for name in SHIFTS)
        total[:SPACE_AXES, :SPACE_AXES] = shift * np.eye(SPACE_AXES)
        hand = math.radians(self.sigma_of("hand_turn_deg", TILT_AXES))
        total[SPACE_AXES:, SPACE_AXES:] = hand**2 * np.eye(TILT_AXES)
        lever = np.subtract(path.entry_lps_mm, geometry.lps_from_disc.origin_mm)
        turns = np.eye(SPACE_AXES)
        # What a turn of one radian about each axis does to the entry and to the direction.
        shifts = frame.axes @ np.cross(turns, lever).T
        tilts = frame.axes[1:] @ np.cross(turns, frame.axes[0]).T
        effect = np.concatenate([shifts, tilts])
        turn = math.radians(self.sigma_of("registration_turn_deg"))
        covariance: NDArray[np.float64] = total + turn**2 * effect @ effect.T
        return covariance

    def list_sources(self) -> tuple[ErrorSource, ...]:
        """Return all sources as the plan lists them, in the order they are added."""
        rows = [(name, SPACE_AXES) for name in SHIFTS]
        rows += [("registration_turn_deg", SPACE_AXES), ("hand_turn_deg", TILT_AXES)]
        listed = [
            self._source(name, self.mean_of(name), self.sigma_of(name, axes), axes)
            for name, axes in rows
        ]
        prone = value("uncertainty.prone_shift_mm")
        surface = ErrorSource(
            name="surface",
            value=None,
            sigma_per_axis=None,
            axes=1,
            unit="mm",
            tag="D",
            source="design of this project",
            note="Of each structure along its normal: sigma_mm beside each clearance",
        )
        return (*listed, self._source("prone_shift_mm", prone, prone, 1), surface)

    @staticmethod
    def _source(name: str, mean: float, sigma: float, axes: int) -> ErrorSource:
        row: Constant = constant(f"uncertainty.{name}")
        stem, _, unit = name.rpartition("_")
        return ErrorSource(
            name=stem,
            value=mean,
            sigma_per_axis=sigma,
            axes=axes,
            unit="deg" if unit == "deg" else "mm",
            tag=row.tag,
            source=row.source,
            note=row.note,
        )


USUAL_ERRORS = ErrorModel()
"""The errors that are assumed when nobody names the setting."""
