"""The frame of S1, which has an upper plate and a wall but neither lower plate nor isthmus."""

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.mirror_plane import refine_axes
from kambin.anatomy.pedicles import find_sacral_pedicles
from kambin.anatomy.plates import FRAME_ITERATIONS, fit_plate, plate_frame
from kambin.anatomy.sampling import Sampler, find_exit_mm
from kambin.anatomy.structures import VertebraFrame
from kambin.frames import RigidTransform
from kambin.knowledge import value


def fit_s1_plate(
    occupancy: Sampler, above_lps_mm: NDArray[np.float64], axes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Fit the upper plate of S1 by rays from the body above.

    Parameters
    ----------
    occupancy : Sampler of the sacrum, smoothed
    above_lps_mm : float array, shape (3,), mm, LPS, middle of the lower plate above
    axes : float array, shape (3, 3), columns left, posterior, cranial of that plate

    Returns
    -------
    centre of the plate, shape (3,), mm, LPS, and its axes, shape (3, 3); or none when the
    rays find no plate

    Notes
    -----
    The rays go caudally and stop where they enter the sacrum. Wall and promontory, found
    by rays 8 mm under the plate, put the centre in the middle of the plate.
    """
    centre = above_lps_mm
    # The first axes are those of the plate above; each round turns the rays onto the sacrum.
    for _ in range(FRAME_ITERATIONS):
        start = centre + axes[:, 2] * value("completion_bone.s1_ray_start_mm")
        plate = fit_plate(occupancy, start, axes, cranial=False, entering=True)
        if plate is None:
            return None
        axes = plate_frame("plate", centre, plate.normal_lps, axes).rotation
        front, back = _find_rim_mm(occupancy, plate.centre_lps_mm, axes)
        if not np.isfinite(front + back):
            return None
        centre = plate.centre_lps_mm + axes[:, 1] * (back - front) / 2
    return centre, axes


def find_s1_frame(
    occupancy: Sampler,
    bone_distance: Sampler,
    plate: tuple[NDArray[np.float64], NDArray[np.float64]],
    sigma_deg: float,
) -> VertebraFrame | None:
    """Fit the frame of S1 to its upper plate and its mirror plane.

    Parameters
    ----------
    occupancy : Sampler of the sacrum, smoothed
    bone_distance : Sampler of its signed distance, mm
    plate : centre of the upper plate, shape (3,), mm, LPS, and its axes, shape (3, 3)
    sigma_deg : float, degrees, standard deviation of the tilt of a plate

    Returns
    -------
    VertebraFrame, or none when no posterior wall is found; its origin lies half the height
    of the S1 body under the plate
    """
    centre, axes = plate
    half = value("completion_bone.s1_half_height_mm")
    start = centre - axes[:, 2] * half
    origin, axes = refine_axes(bone_distance, start, axes, sigma_roll_deg=sigma_deg)
    return _finish(occupancy, origin, axes, half, sigma_deg)


def _finish(
    occupancy: Sampler,
    origin: NDArray[np.float64],
    axes: NDArray[np.float64],
    half_mm: float,
    sigma_deg: float,
) -> VertebraFrame | None:
    front, back = _find_rim_mm(occupancy, origin + axes[:, 2] * half_mm, axes)
    if not np.isfinite(front + back):
        return None
    origin = origin + axes[:, 1] * (back - front) / 2
    wall = (front + back) / 2
    frame = RigidTransform.from_axes("lps", "vertebra_S1", axes, origin)
    # The level at which wall and promontory were found, so that all three fit together.
    height = half_mm - value("completion_bone.s1_wall_depth_mm")
    return VertebraFrame(
        "S1",
        frame,
        plate_frame("upper_plate_S1", origin + axes[:, 2] * half_mm, axes[:, 2], axes),
        # There is none: a plane through the origin stands in.
        plate_frame("lower_plate_S1", origin, axes[:, 2], axes),
        wall,
        find_sacral_pedicles(occupancy, frame, wall, height),
        sigma_deg,
    )


def _find_rim_mm(
    occupancy: Sampler, plate_centre: NDArray[np.float64], axes: NDArray[np.float64]
) -> tuple[float, float]:
    """Return how far promontory and posterior wall lie from the middle of the plate, mm."""
    depth = value("completion_bone.s1_wall_depth_mm")
    x = np.arange(-4.0, 4.0 + 1.0)
    starts = plate_centre - axes[:, 2] * depth + x[:, None] * axes[:, 0]
    reach = value("completion_bone.plate_reach_mm")
    ends = [
        find_exit_mm(occupancy, starts, direction, reach_mm=reach)
        for direction in (-axes[:, 1], axes[:, 1])
    ]
    front, back = (float(np.median(e[np.isfinite(e)])) if np.isfinite(e).any() else np.nan
                   for e in ends)  # fmt: skip
    return front, back
