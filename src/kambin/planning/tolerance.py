"""How far the hand may err at the skin and in angle before a hard margin breaks."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.core import breathe
from kambin.knowledge import value
from kambin.planning.error_model import TILT_AXES, PathFrame
from kambin.planning.poses import Poses, Surroundings, across

AZIMUTH_SAMPLES = 64
"""Directions in which an offset, or an angle, alone is tried."""

JOINT_AZIMUTH_SAMPLES = 16
"""Directions of the offset, and of the angle, when both err."""

MIX_SAMPLES = 3
"""Mixtures of offset and angle between the one alone and the other alone."""

SLACK_TOLERANCE = 0.01
"""Millimetres of slack at which a ray has reached the border."""

RAY_ITERATIONS = 80
"""Steps along a ray; each takes at least the slack that is left."""


@dataclass(frozen=True, slots=True)
class Cone:
    """Errors of the hand that break no hard margin on the distance fields.

    Parameters
    ----------
    entry_mm : float, mm, offset across the axis at the entry, any way, at angle 0
    angle_rad : float, rad, tilt about the entry, any way, at offset 0
    joint_share : float, 0 to 1, of both as half axes of an ellipse inside which both may err
    limited_by : str, the structure that is met first
    is_capped : bool, whether one of the two reached the largest that is looked for
    """

    entry_mm: float
    angle_rad: float
    joint_share: float
    limited_by: str
    is_capped: bool

    def scaled(self, share: float) -> "Cone":
        """Return the cone with all errors reduced to a share, 0 to 1."""
        return Cone(
            share * self.entry_mm,
            share * self.angle_rad,
            self.joint_share,
            self.limited_by,
            self.is_capped,
        )


def find_cone(around: Surroundings, frame: PathFrame, *, joint: bool = True) -> Cone | None:
    """Return the errors of the hand that the fields grant, or none without slack.

    Parameters
    ----------
    around : Surroundings of the path
    frame : PathFrame
    joint : bool, also ask for both errors at once, which takes most of the time; else their share
        is 0

    Notes
    -----
    From the planned pose rays run into all directions of offset and angle. A step along a ray
    that moves no point by more than the slack left breaks no margin, so that steps of that
    length find the first pose that does: nothing between the planned pose and the border is
    leapt over. Directions between the rays are covered by the poses drawn afterwards.
    """
    needs = around.needs_mm()
    granted = float((around.gaps_mm - needs).min(initial=np.inf))
    if granted <= SLACK_TOLERANCE:
        return None
    turns = 2 * math.pi * np.arange(AZIMUTH_SAMPLES) / AZIMUTH_SAMPLES
    circle = np.stack([np.cos(turns), np.sin(turns)], axis=1)
    still = np.zeros_like(circle)
    entry_max = value("uncertainty.tolerance_entry_max_mm")
    angle_max = math.radians(value("uncertainty.tolerance_angle_max_deg"))
    offsets = _trace(around, needs, frame, circle * entry_max, still)
    tilts = _trace(around, needs, frame, still, circle * angle_max)
    entry_mm = entry_max * float(offsets.min())
    angle_rad = angle_max * float(tilts.min())
    both = _trace(around, needs, frame, *_mix(entry_mm, angle_rad)) if joint else np.zeros(1)
    at = int(np.argmin(offsets))
    return Cone(
        entry_mm=entry_mm,
        angle_rad=angle_rad,
        joint_share=float(both.min(initial=1.0)),
        limited_by=_find_limit(around, needs, frame, entry_max * offsets[at] * circle[at]),
        is_capped=bool(offsets.min() >= 1.0 or tilts.min() >= 1.0),
    )


def find_slacks_mm(
    around: Surroundings, needs_mm: NDArray[np.float64], poses: Poses
) -> NDArray[np.float64]:
    """Return the slack of poses above all hard margins, shape (P,), mm, never too large.

    Parameters
    ----------
    around : Surroundings of the path
    needs_mm : float array, shape (H, S), mm, from ``needs_mm``
    poses : Poses
    """
    moves = around.moves_mm(poses)
    slacks = np.full(len(poses), np.inf)
    room = around.gaps_mm - needs_mm
    nearest, farthest = room.min(axis=1), float(moves.max(initial=0.0))
    # Nearest first: what no pose can reach beyond the slack so far is not measured at all.
    for index in np.argsort(nearest, kind="stable"):
        if nearest[index] - farthest >= slacks.max(initial=-np.inf):
            break
        least = (room[index] - moves).min(axis=1)
        open_poses = least < slacks
        if not open_poses.any():
            continue
        gaps, _ = around.measure(int(index), poses.keep(open_poses), moves[open_poses])
        slacks[open_poses] = np.minimum(slacks[open_poses], (gaps - needs_mm[index]).min(axis=1))
    return slacks


def _trace(
    around: Surroundings,
    needs_mm: NDArray[np.float64],
    frame: PathFrame,
    offsets_mm: NDArray[np.float64],
    tilts_rad: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return how far along each ray the margins hold, shape (R,), 0 to 1 of its full length.

    ``offsets_mm`` and ``tilts_rad``, shape (R, 2), are the errors at the end of each ray. The
    least is exact; a ray that is past the border of another is followed no further.
    """
    deepest = around.path.length_mm - min(around.stops_mm)
    # The farthest that any point moves while the ray is run through.
    reach = np.linalg.norm(offsets_mm, axis=1) + deepest * np.linalg.norm(tilts_rad, axis=1)
    shares = np.zeros(len(reach))
    waiting = np.ones(len(reach), dtype=bool)
    for _ in range(RAY_ITERATIONS):
        breathe()
        scale = shares[waiting, None]
        poses = Poses.of(
            around.path, frame, across(scale * offsets_mm[waiting]), scale * tilts_rad[waiting]
        )
        slacks = find_slacks_mm(around, needs_mm, poses)
        # A field may fall a little faster than a millimetre per millimetre: then a step back.
        ahead = np.clip(shares[waiting] + slacks / reach[waiting], 0.0, 1.0)
        shares[waiting] = ahead
        waiting[waiting] = (slacks > SLACK_TOLERANCE) & (ahead < 1.0)
        waiting &= shares < shares[~waiting].min(initial=1.0)
        if not waiting.any():
            break
    return shares


def _mix(entry_mm: float, angle_rad: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return offsets and tilts, shape (R, 2) each, on the ellipse of both, in all directions."""
    turns = 2 * math.pi * np.arange(JOINT_AZIMUTH_SAMPLES) / JOINT_AZIMUTH_SAMPLES
    mixes = 0.5 * math.pi * np.arange(1, MIX_SAMPLES + 1) / (MIX_SAMPLES + 1)
    mix, first, second = (a.ravel() for a in np.meshgrid(mixes, turns, turns, indexing="ij"))
    offsets = entry_mm * np.cos(mix)[:, None] * np.stack([np.cos(first), np.sin(first)], axis=1)
    tilts = angle_rad * np.sin(mix)[:, None] * np.stack([np.cos(second), np.sin(second)], axis=1)
    return offsets, tilts


def _find_limit(
    around: Surroundings,
    needs_mm: NDArray[np.float64],
    frame: PathFrame,
    offset_mm: NDArray[np.float64],
) -> str:
    """Return the structure that has the least slack at one offset, shape (2,), mm."""
    pose = Poses.of(around.path, frame, across(offset_mm[None]), np.zeros((1, TILT_AXES)))
    moves = around.moves_mm(pose)
    slacks = [
        float((around.measure(index, pose, moves)[0][0] - needs_mm[index]).min())
        for index in range(len(around.hazards))
    ]
    least = int(np.argmin(slacks))
    return str(around.hazards[least].key)
