"""The level as the surgeon sees it: lateral to the asked side, posterior, cranial."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.anatomy import Anatomy, DiscFrame, Level, StructureKey, VertebraFrame
from kambin.core import AnatomyError
from kambin.frames import RigidTransform, Side
from kambin.knowledge import value

PARALLEL_EPSILON = 10.0**-6
"""Below this many mm of lateral travel a path runs along the sagittal plane."""


@dataclass(frozen=True, slots=True)
class WaistPlane:
    """The plane of the least closed section of a foramen, surgical disc frame.

    Parameters
    ----------
    centre_mm : float array, shape (3,), mm, middle of the section
    normal : float array, shape (3,), unit vector, outwards
    area_mm2 : float, mm2, of the section
    """

    centre_mm: NDArray[np.float64]
    normal: NDArray[np.float64]
    area_mm2: float


@dataclass(frozen=True, slots=True)
class LevelGeometry:
    """Disc, pedicle lines and foramen of one level on one side.

    Parameters
    ----------
    level, side : what is planned
    lps_from_disc : RigidTransform, disc frame: left, posterior, cranial
    medial_pedicle_mm, pedicle_centre_mm : float, mm, lateral of the midline, mean of the
        pedicles above and below
    pedicle_width_mm : float, mm, mean of both
    foramen_top_mm, foramen_floor_mm : float, mm, cranial of the mid-disc plane: lower border
        of the upper pedicle, upper border of the caudal pedicle
    wall_mm : float, mm, posterior of the disc's centre: the posterior rim of the disc
    half_width_mm : float, mm, half the width of the disc
    waist : WaistPlane, or none where it was not looked for or is not closed
    root_mm : float array, shape (N, 3), mm, surgical frame, middle line of the exiting root from
        the sac outwards, or none where it is not known
    """

    level: Level
    side: Side
    lps_from_disc: RigidTransform
    medial_pedicle_mm: float
    pedicle_centre_mm: float
    pedicle_width_mm: float
    foramen_top_mm: float
    foramen_floor_mm: float
    wall_mm: float
    half_width_mm: float
    waist: WaistPlane | None = None
    root_mm: NDArray[np.float64] | None = field(default=None, compare=False)

    def surgical_mm(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Map LPS points, shape (..., 3), mm, to (lateral, posterior, cranial) of the disc."""
        local = self.lps_from_disc.inverse().points(points_lps_mm)
        return local * [self.side.lateral_sign_lps, 1, 1]

    def lps_mm(self, points_surgical_mm: ArrayLike) -> NDArray[np.float64]:
        """Map (lateral, posterior, cranial) of the disc, shape (..., 3), mm, to LPS."""
        signed = np.asarray(points_surgical_mm, dtype=np.float64) * [
            self.side.lateral_sign_lps,
            1,
            1,
        ]
        return self.lps_from_disc.points(signed)


def find_level_geometry(anatomy: Anatomy, *, level: Level, side: Side) -> LevelGeometry:
    """Return disc, pedicle lines and foramen of a level.

    Parameters
    ----------
    anatomy : Anatomy
    level : Level
    side : Side

    Raises
    ------
    AnatomyError  (AN-011) if the disc or the vertebrae of the level are not assessed, or
        no pedicle is known on the side
    """
    disc = _require_disc(anatomy, level)
    above = _find_pedicle(anatomy, disc, level.upper, side)
    below = _find_pedicle(anatomy, disc, level.lower, side)
    known = [pedicle for pedicle in (above, below) if pedicle is not None]
    if not known:
        raise _not_assessed(StructureKey("pedicle", level.lower, side))
    lateral, width = (float(np.mean([p[i] for p in known])) for i in (0, 1))
    # S1 has no pedicle of its own in some label sets; the end plates then bound the foramen.
    top = above[2] if above else value("planning.foramen_height_mm")
    floor = below[3] if below else -0.5 * disc.height_mm
    geometry = LevelGeometry(
        level=level,
        side=side,
        lps_from_disc=disc.lps_from_disc,
        medial_pedicle_mm=lateral - 0.5 * width,
        pedicle_centre_mm=lateral,
        pedicle_width_mm=width,
        foramen_top_mm=top,
        foramen_floor_mm=floor,
        wall_mm=disc.posterior_rim_y_mm,
        half_width_mm=disc.half_width_mm,
    )
    return with_root(anatomy, geometry)


def with_root(anatomy: Anatomy, geometry: LevelGeometry) -> LevelGeometry:
    """Return the geometry with the line of its exiting root, where one is known.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    """
    root = anatomy.find(StructureKey("exiting_root", geometry.level.upper, geometry.side))
    if root is None or root.tube is None:
        return replace(geometry, root_mm=None)
    return replace(geometry, root_mm=geometry.surgical_mm(root.tube.points_lps_mm))


def find_foramen_fault(
    geometry: LevelGeometry, entries_lps_mm: ArrayLike, targets_lps_mm: ArrayLike
) -> NDArray[np.bool_]:
    """Return which straight paths do not pass the foramen, shape (E, T).

    Parameters
    ----------
    geometry : LevelGeometry
    entries_lps_mm : float array, shape (E, 3), mm, LPS
    targets_lps_mm : float array, shape (T, 3), mm, LPS

    Notes
    -----
    Where the path crosses the sagittal plane through the pedicles (or at the target if that
    lies further lateral) it must run between the two pedicles, and not further behind the
    posterior wall than the foramen is deep: further back lie lamina and interlaminar window,
    where the optimum escapes to if nobody forbids it (recipes 6).
    """
    line_mm = geometry.pedicle_centre_mm
    crossing = cross_pedicle_line(geometry, entries_lps_mm, targets_lps_mm, line_mm)
    posterior, cranial = crossing[..., 1], crossing[..., 2]
    depth = value("planning.foramen_depth_mm")
    passes = (
        (cranial <= geometry.foramen_top_mm)
        & (cranial >= geometry.foramen_floor_mm)
        & (posterior <= geometry.wall_mm + depth)
    )
    fault: NDArray[np.bool_] = ~passes
    return fault


def cross_pedicle_line(
    geometry: LevelGeometry,
    entries_lps_mm: ArrayLike,
    targets_lps_mm: ArrayLike,
    line_mm: float,
) -> NDArray[np.float64]:
    """Return where paths cross a sagittal line, shape (E, T, 3), mm, surgical disc frame.

    Parameters
    ----------
    geometry : LevelGeometry
    entries_lps_mm : float array, shape (E, 3), mm, LPS
    targets_lps_mm : float array, shape (T, 3), mm, LPS
    line_mm : float, mm, lateral of the midline; a target beyond it is its own crossing
    """
    entries = geometry.surgical_mm(entries_lps_mm)[:, None, :]
    targets = geometry.surgical_mm(targets_lps_mm)[None, :, :]
    travel = np.maximum(entries[..., 0] - targets[..., 0], PARALLEL_EPSILON)
    share = np.clip((line_mm - targets[..., 0]) / travel, 0, 1)
    crossing: NDArray[np.float64] = targets + share[..., None] * (entries - targets)
    return crossing


def _require_disc(anatomy: Anatomy, level: Level) -> DiscFrame:
    disc = anatomy.disc_frames.get(level)
    if disc is None:
        raise _not_assessed(StructureKey("disc", str(level)))
    return disc


def _find_pedicle(
    anatomy: Anatomy, disc: DiscFrame, vertebra: str, side: Side
) -> tuple[float, float, float, float] | None:
    """Return lateral, width, lower and upper border of a pedicle in the disc frame, mm."""
    frame = anatomy.vertebra_frames.get(vertebra)
    if frame is None:
        raise _not_assessed(StructureKey("vertebra", vertebra))
    if side not in frame.pedicles:
        return None
    x, y, z, width, height = frame.pedicles[side]
    half = 0.5 * height
    borders = _to_disc(frame, disc, [[side.lateral_sign_lps * x, y, z + d] for d in (-half, half)])
    lateral = side.lateral_sign_lps * float(borders[:, 0].mean())
    return lateral, width, float(borders[0, 2]), float(borders[1, 2])


def _to_disc(frame: VertebraFrame, disc: DiscFrame, points_mm: ArrayLike) -> NDArray[np.float64]:
    return disc.lps_from_disc.inverse().points(frame.lps_from_vertebra.points(points_mm))


def _not_assessed(key: StructureKey) -> AnatomyError:
    return AnatomyError(
        code="AN-011",
        what="A structure that planning needs was not assessed",
        where=str(key),
        why="No mask gives it and it could not be modelled.",
        next_step="Add a mask for it, or ask for another level.",
    )
