"""The outline of a disc: the rims of the two end plates it hangs between."""

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.sampling import Sampler, find_exit_mm
from kambin.anatomy.structures import VertebraFrame
from kambin.frames import RigidTransform
from kambin.knowledge import value, values

AZIMUTH_SAMPLES = 72
"""Rays round a plate, 5 degrees apart: 2 mm at the rim, about two voxels of a good CT."""

NEIGHBOUR_SAMPLES = 65
"""A ray counts for what lies up to this part of a turn beside it: a little over a step, so that
rounding cannot keep a neighbour exactly one step away on one side only."""

AZIMUTHS_RAD = 2 * np.pi * (np.arange(AZIMUTH_SAMPLES) + 0.5) / AZIMUTH_SAMPLES
"""From posterior towards left. Half a step off the midline: the set mirrors onto itself."""


def in_body(local_mm: NDArray[np.float64], wall_y_mm: float) -> NDArray[np.bool_]:
    """Return which points of a vertebra belong to the body as the disc sees it.

    Parameters
    ----------
    local_mm : float array, shape (..., 3), mm, in the vertebra frame
    wall_y_mm : float, mm, y of the posterior wall

    Notes
    -----
    Beside the canal the body rounds off in front of the pedicle, so the limit comes
    forward there (recipes 3).
    """
    beside = np.maximum(np.abs(local_mm[..., 0]) - value("completion_bone.disc_corner_x_mm"), 0.0)
    limit = wall_y_mm + value("completion_bone.disc_behind_wall_mm")
    inside: NDArray[np.bool_] = (
        local_mm[..., 1] < limit - value("completion_bone.disc_corner_slope") * beside
    )
    return inside


def find_margin_mm(
    bone: Sampler,
    frames: tuple[VertebraFrame, VertebraFrame],
    lps_from_disc: RigidTransform,
    across_mm: NDArray[np.float64],
) -> NDArray[np.float64] | None:
    """Return how far inside the outline of the disc each column stands.

    Parameters
    ----------
    bone : Sampler of the vertebrae
    frames : VertebraFrames of the vertebra above and below
    lps_from_disc : RigidTransform, the frame midway between the plates
    across_mm : float array, shape (U,), mm, left and posterior coordinate of the columns

    Returns
    -------
    float array, shape (U, U), mm, positive inside; or none where no rim is found

    Notes
    -----
    The walls of both bodies are carried on from their rims to the middle of the disc, and
    the outline lies midway between them. A pedicle or an ala hides the rim of the lower
    plate: there the difference of both rims is taken over from the azimuths beside it.
    """
    plates = frames[0].lower_plate, frames[1].upper_plate
    above_mm = _radii_mm(bone, frames[0], plates[0], inward=1.0)
    below_mm = _radii_mm(bone, frames[1], plates[1], inward=-1.0)
    below_mm[_is_pedicle(below_mm, frames[1])] = np.nan
    # What stands out by more is no rim: an ala, a bridge to the sacrum, a torn label.
    most = value("completion_bone.disc_rim_step_mm")
    below_mm[~(np.abs(below_mm - above_mm) <= most)] = np.nan
    above, below = (
        _polar_mm(_on_middle_plane_mm(radii, plate, lps_from_disc))
        for radii, plate in ((above_mm, plates[0]), (below_mm, plates[1]))
    )
    if not np.isfinite(below - above).any():
        return None
    outline = _round_mm(above) + _round_mm(below - above) / 2
    u, v = np.meshgrid(across_mm, across_mm, indexing="ij")
    # Along the radius: the outline is nearly round, and it is its zero that counts.
    reach = np.interp(np.arctan2(u, v), AZIMUTHS_RAD, outline, period=2 * np.pi)
    margin: NDArray[np.float64] = reach - np.hypot(u, v)
    return margin


def find_rims_behind_mm(
    bone: Sampler,
    frames: tuple[VertebraFrame, VertebraFrame],
    lps_from_disc: RigidTransform,
    half_width_mm: float,
) -> float:
    """Return how far back the canal begins behind a disc, mm along the disc's posterior axis.

    Parameters
    ----------
    bone : Sampler of the vertebrae
    frames : VertebraFrames of the vertebra above and below
    lps_from_disc : RigidTransform, the frame of the disc
    half_width_mm : float, mm, half the width of the canal

    Returns
    -------
    float, mm; NaN where neither plate shows a rim there

    Notes
    -----
    The line from rim to rim, where the ligament runs. Beside the midline, where the rims
    stand furthest back: between them disc and bodies are hollow.
    """
    ends = []
    for frame, plate, inward in (
        (frames[0], frames[0].lower_plate, 1.0),
        (frames[1], frames[1].upper_plate, -1.0),
    ):
        radii = _radii_mm(bone, frame, plate, inward=inward)
        rim = lps_from_disc.inverse().points(plate.points(_towards() * radii[:, None]))
        behind = (np.abs(rim[:, 0]) <= half_width_mm) & (_towards()[:, 1] > 0)
        # Each side for itself, so that a turned vertebra does not count as further back.
        sides = [rim[behind & (rim[:, 0] * sign > 0), 1] for sign in (-1.0, 1.0)]
        ends += [float(side.max()) for side in sides if len(side)]
    return float(np.mean(ends)) if ends else np.nan


def _towards() -> NDArray[np.float64]:
    """Return the directions of the rays in the frame of a plate, shape (N, 3), unit."""
    return np.stack([np.sin(AZIMUTHS_RAD), np.cos(AZIMUTHS_RAD), 0 * AZIMUTHS_RAD], axis=-1)


def _radii_mm(
    bone: Sampler, frame: VertebraFrame, plate: RigidTransform, *, inward: float
) -> NDArray[np.float64]:
    """Return how far the rim lies from the middle of its plate, shape (N,), mm; NaN for none."""
    reach = value("completion_bone.plate_reach_mm")
    radii = np.full(AZIMUTH_SAMPLES, np.nan)
    # In several planes under the plate, as a calliper finds the rim: it is rounded off.
    for depth in values("completion_bone.disc_rim_depths_mm"):
        starts = np.tile(plate.points([0.0, 0.0, inward * depth]), (AZIMUTH_SAMPLES, 1))
        exits = find_exit_mm(bone, starts, _towards() @ plate.rotation.T, reach_mm=reach)
        radii = np.fmax(radii, np.where(_is_body(exits, frame, plate), exits, np.nan))
    return radii


def _on_middle_plane_mm(
    radii_mm: NDArray[np.float64], plate: RigidTransform, lps_from_disc: RigidTransform
) -> NDArray[np.float64]:
    """Return a rim carried to the middle plane of the disc, shape (N, 2), mm."""
    rim = lps_from_disc.inverse().points(plate.points(_towards() * radii_mm[:, None]))
    # Along the wall, which stands on its plate: in a wedge both walls lean over the disc.
    wall = lps_from_disc.rotation.T @ plate.rotation[:, 2]
    carried: NDArray[np.float64] = (rim - wall * (rim[:, 2:] / wall[2]))[:, :2]
    return carried


def _is_body(
    exits_mm: NDArray[np.float64], frame: VertebraFrame, plate: RigidTransform
) -> NDArray[np.bool_]:
    """Return which rays leave the bone at a wall of the body, not in a pedicle or an ala."""
    places = plate.points(_towards() * np.nan_to_num(exits_mm)[:, None])
    local = frame.lps_from_vertebra.inverse().points(places)
    beside = np.abs(local[:, 0]) <= value("completion_bone.disc_half_width_limit_mm")
    return np.isfinite(exits_mm) & beside & in_body(local, frame.posterior_wall_y_mm)


def _is_pedicle(exits_mm: NDArray[np.float64], frame: VertebraFrame) -> NDArray[np.bool_]:
    """Return which rays of an upper plate end where its pedicles leave the body."""
    if not frame.pedicles:
        return np.zeros(len(exits_mm), dtype=bool)
    medial = min(x - width / 2 for x, _, _, width, _ in frame.pedicles.values())
    # The fillet of a pedicle begins before its border.
    medial -= value("completion_bone.disc_rim_fillet_mm")
    towards = _towards()
    lateral: NDArray[np.bool_] = np.abs(towards[:, 0] * exits_mm) > medial
    return lateral & (towards[:, 1] > 0)


def _polar_mm(rim_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far a rim lies from the axis by azimuth, shape (N,), mm; NaN in gaps."""
    known = np.isfinite(rim_mm).all(axis=1)
    if not known.any():
        return np.full(AZIMUTH_SAMPLES, np.nan)
    offset = rim_mm[known]
    azimuth = np.arctan2(offset[:, 0], offset[:, 1])
    order = np.argsort(azimuth)
    radius = np.interp(AZIMUTHS_RAD, azimuth[order], np.hypot(*offset.T)[order], period=2 * np.pi)
    apart = np.abs((AZIMUTHS_RAD[:, None] - azimuth + np.pi) % (2 * np.pi) - np.pi)
    near = apart.min(axis=1) <= 2 * np.pi / NEIGHBOUR_SAMPLES
    return np.where(near, radius, np.nan)


def _round_mm(by_azimuth_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fill gaps of a quantity by azimuth from both sides, shape (N,), mm."""
    known = np.isfinite(by_azimuth_mm)
    filled: NDArray[np.float64] = np.interp(
        AZIMUTHS_RAD, AZIMUTHS_RAD[known], by_azimuth_mm[known], period=2 * np.pi
    )
    return filled
