"""The same patient in another position: bowel that sinks, a vertebra that tilts."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, Level, Structure, StructureKey, Tube, VertebraFrame
from kambin.anatomy.keys import VERTEBRAE
from kambin.frames import RigidTransform
from kambin.imaging import LabelMap

BOWEL = frozenset({"colon", "small_bowel", "duodenum", "stomach"})
"""Organs that hang free and move when the patient is turned over."""

STAYS = frozenset({"traversing_root", "flavum"})
"""Kinds that carry a vertebra's or level's name and are not carried along by it."""

BACK_LPS = np.array([0.0, 1.0, 0.0])
"""Towards the patient's back."""


def shift_bowel(anatomy: Anatomy, shift_mm: float) -> tuple[Anatomy, tuple[str, ...]]:
    """Return the patient with the bowel moved towards the back, and what was moved.

    Parameters
    ----------
    anatomy : Anatomy
    shift_mm : float, mm, straight to the back

    References
    ----------
    evidence 4.1: retrorenal colon in 2 % supine and 7 to 10 % prone (T15, T16)
    """
    motion = np.eye(4)
    motion[:3, 3] = shift_mm * BACK_LPS
    return _move(anatomy, motion, lambda key: key.kind in BOWEL)


def flex_level(
    anatomy: Anatomy, level: Level, flexion_deg: float
) -> tuple[Anatomy, tuple[str, ...]]:
    """Return the patient with one level flexed about the middle of its disc, and what turned.

    Parameters
    ----------
    anatomy : Anatomy
    level : Level
    flexion_deg : float, degrees; positive opens the foramen

    Raises
    ------
    KeyError  if the anatomy has no disc of the level

    Notes
    -----
    The upper vertebra turns forward about the left-right axis of the disc and takes along all
    vertebrae and levels above it and, since they leave under its pedicles, its exiting roots and
    ganglia. Disc, sac, traversing roots, flavum, organs, muscles and skin stay.
    """
    lps_from_disc = anatomy.disc_frames[level].lps_from_disc
    angle_rad = np.radians(flexion_deg)
    turn = np.eye(4)
    turn[1:3, 1:3] = [
        [np.cos(angle_rad), -np.sin(angle_rad)],
        [np.sin(angle_rad), np.cos(angle_rad)],
    ]
    motion = lps_from_disc.matrix @ turn @ lps_from_disc.inverse().matrix
    above = VERTEBRAE[: VERTEBRAE.index(level.upper) + 1]
    turned, names = _move(anatomy, motion, lambda key: _goes_along(key, above))
    frames = {
        name: _move_frame(frame, motion) if name in above else frame
        for name, frame in anatomy.vertebra_frames.items()
    }
    discs = {
        other: replace(frame, lps_from_disc=_carry(motion, frame.lps_from_disc))
        if other.lower in above
        else frame
        for other, frame in anatomy.disc_frames.items()
    }
    return replace(turned, vertebra_frames=frames, disc_frames=discs), names


def _goes_along(key: StructureKey, above: tuple[str, ...]) -> bool:
    """Return whether a structure turns with the vertebrae above the flexed disc."""
    if not key.place:
        return False
    if "-" in key.place:
        # a level turns if both of its vertebrae do
        return Level.parse(key.place).lower in above
    return key.place in above and key.kind not in STAYS


def _move(
    anatomy: Anatomy, motion: NDArray[np.float64], is_moved: Callable[[StructureKey], bool]
) -> tuple[Anatomy, tuple[str, ...]]:
    """Return the anatomy with some structures moved by a rigid motion, and their names."""
    moved = {
        key: _move_structure(structure, motion)
        for key, structure in anatomy.structures.items()
        if is_moved(key)
    }
    whole = {**anatomy.structures, **moved}
    return replace(anatomy, structures=whole), tuple(sorted(str(key) for key in moved))


def _move_structure(structure: Structure, motion: NDArray[np.float64]) -> Structure:
    region = structure.region
    # the voxels stay as they are and their grid is moved: nothing is resampled
    moved = LabelMap(region.values, motion @ region.lps_from_ijk, region.frame_id)
    tube, line = (
        None if t is None else Tube(_points(motion, t.points_lps_mm), t.radii_mm, t.traced)
        for t in (structure.tube, structure.line)
    )
    return replace(structure, region=moved, tube=tube, line=line)


def _move_frame(frame: VertebraFrame, motion: NDArray[np.float64]) -> VertebraFrame:
    return replace(
        frame,
        lps_from_vertebra=_carry(motion, frame.lps_from_vertebra),
        upper_plate=_carry(motion, frame.upper_plate),
        lower_plate=_carry(motion, frame.lower_plate),
    )


def _carry(motion: NDArray[np.float64], frame: RigidTransform) -> RigidTransform:
    """Return a frame in LPS after the motion."""
    return RigidTransform(frame.target, frame.source, motion @ frame.matrix)


def _points(motion: NDArray[np.float64], points_lps_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    moved: NDArray[np.float64] = points_lps_mm @ motion[:3, :3].T + motion[:3, 3]
    return moved
