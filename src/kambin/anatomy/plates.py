"""End plates: planes fitted to where rays from the body leave the bone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.sampling import Sampler, find_exit_mm
from kambin.frames import RigidTransform
from kambin.knowledge import value, values

REJECTION_ITERATIONS = 4
"""Rounds of outlier rejection; the set of kept rays no longer changes after two or three."""

FRAME_ITERATIONS = 4
"""Rounds of plate fitting; the axis moves by less than 0.1 degree after three."""

GRID_SAMPLES = 15
"""Rays per axis of the elliptic grid: one about every 2 mm, finer than any label voxel."""


@dataclass(frozen=True, slots=True)
class Plate:
    """A plane fitted to one end plate.

    Parameters
    ----------
    centre_lps_mm : float array, shape (3,), mm, LPS, on the axis the rays were cast around
    normal_lps : float array, shape (3,), unit, cranial
    rms_mm : float, mm, scatter of the kept rays
    rays : int, how many rays were kept
    """

    centre_lps_mm: NDArray[np.float64]
    normal_lps: NDArray[np.float64]
    rms_mm: float
    rays: int


def plate_starts_mm() -> NDArray[np.float64]:
    """Return where the rays start, in the plane of the body, shape (N, 2), mm, left and posterior.

    Notes
    -----
    An elliptic grid that covers most of the plate and stays off its rim, where
    osteophytes and the ring apophysis bend it.
    """
    half_width, half_depth = (size / 2 for size in values("completion_bone.plate_ellipse_mm"))
    unit = np.linspace(-1.0, 1.0, GRID_SAMPLES)
    u, v = (a.ravel() for a in np.meshgrid(unit, unit, indexing="ij"))
    # A hair beyond the ellipse, so that rounding takes no ray from one side only.
    inside = u**2 + v**2 <= 1.0 + 1.0 / GRID_SAMPLES**2
    return np.column_stack([u[inside] * half_width, v[inside] * half_depth])


def fit_plate(
    occupancy: Sampler,
    centre_lps_mm: NDArray[np.float64],
    axes: NDArray[np.float64],
    *,
    cranial: bool,
    entering: bool = False,
) -> Plate | None:
    """Fit the plane of one end plate by rays from the middle of the body.

    Parameters
    ----------
    occupancy : Sampler of one vertebra
    centre_lps_mm : float array, shape (3,), mm, LPS, where the rays start
    axes : float array, shape (3, 3), columns left, posterior, cranial in LPS
    cranial : bool, cast the rays cranially
    entering : bool, look for the way into the bone: the rays start in the disc above

    Returns
    -------
    Plate, or none when fewer than half of the rays leave the bone
    """
    starts = centre_lps_mm + plate_starts_mm() @ axes[:, :2].T
    direction = axes[:, 2] if cranial else -axes[:, 2]
    reach = value("completion_bone.plate_reach_mm")
    exits = find_exit_mm(occupancy, starts, direction, reach_mm=reach, entering=entering)
    # Heights are signed along the cranial axis, so both plates get a cranial normal.
    heights = exits if cranial else -exits
    flat = plate_starts_mm()
    kept = np.isfinite(heights)
    # With fewer the rays look past the body, or the image ends in it.
    if kept.sum() * 2 < len(heights):
        return None
    design = np.column_stack([flat, np.ones(len(flat))])
    slope, kept, rms = _fit_plane(design, heights, kept)
    # The plane z = a x + b y + c has the normal (-a, -b, 1).
    normal = axes @ np.array([-slope[0], -slope[1], 1.0])
    return Plate(
        centre_lps_mm + axes[:, 2] * slope[2],
        normal / np.linalg.norm(normal),
        rms,
        int(kept.sum()),
    )


def _fit_plane(
    design: NDArray[np.float64], heights: NDArray[np.float64], kept: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], float]:
    """Fit a plane, dropping rays that lie far off it, but never below the voxel terraces.

    A scale floor keeps the fit from locking on one layer of voxels, where the scatter
    is zero and everything else would count as an outlier (recipes 1, trap a).
    """
    finite = kept
    floor = value("completion_bone.plate_scale_floor_mm")
    limit = value("completion_bone.plate_rejection_sigma")
    slope = _solve_plane(design[kept], heights[kept])
    for _ in range(REJECTION_ITERATIONS):
        residual = np.abs(heights - design @ slope)
        scale = max(floor, float(np.sqrt(np.mean(residual[kept] ** 2))))
        # From all rays each time: what a bad first fit dropped may come back.
        kept = finite & (residual <= limit * scale)
        slope = _solve_plane(design[kept], heights[kept])
    residual = (heights - design @ slope)[kept]
    return slope, kept, float(np.sqrt(np.mean(residual**2)))


def _solve_plane(design: NDArray[np.float64], heights: NDArray[np.float64]) -> NDArray[np.float64]:
    found, *_ = np.linalg.lstsq(design, heights, rcond=None)
    return np.asarray(found, dtype=np.float64)


def axes_towards(
    posterior: NDArray[np.float64], cranial: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the left, posterior and cranial axes of a frame as columns, shape (3, 3).

    Parameters
    ----------
    posterior : float array, shape (3,), LPS, any length; it is made orthogonal
    cranial : float array, shape (3,), unit, LPS

    Returns
    -------
    float array, shape (3, 3), unit columns in LPS, determinant +1
    """
    y = posterior - cranial * (cranial @ posterior)
    y = y / np.linalg.norm(y)
    # Posterior x cranial is left: right-handed, never a mirror.
    return np.column_stack([np.cross(y, cranial), y, cranial])


def plate_frame(
    name: str,
    centre_lps_mm: NDArray[np.float64],
    normal_lps: NDArray[np.float64],
    axes: NDArray[np.float64],
) -> RigidTransform:
    """Return the frame of a plate: z its cranial normal, y posterior, x left.

    Parameters
    ----------
    name : str, the name of the plate's frame
    centre_lps_mm : float array, shape (3,), mm, LPS
    normal_lps : float array, shape (3,), unit, cranial
    axes : float array, shape (3, 3), columns left, posterior, cranial of the vertebra

    Returns
    -------
    RigidTransform, LPS from the plate, mm
    """
    return RigidTransform.from_axes(
        "lps", name, axes_towards(axes[:, 1], normal_lps), centre_lps_mm
    )
