"""The plane in which a bone mirrors itself best."""

from dataclasses import replace

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy.sampling import Sampler
from kambin.knowledge import value

MIRROR_ITERATIONS = 10
"""Gauss-Newton steps; a vertebra turned by 6 degrees is back within 0.1 after eight."""

MIRROR_STEP_MM = 0.5
"""Nodes within this distance of the surface take part: about one layer of them."""


def make_signed_distance(occupancy: Sampler) -> Sampler:
    """Return the signed distance of one bone, mm, positive outside, for fitting its frame.

    Parameters
    ----------
    occupancy : Sampler of 0 to 1, 0.5 at the surface

    Notes
    -----
    Voxel distances (Maurer), good to half a node: enough to find the depth of a body and
    to pull a mirror plane into place. Clearances use the fields of ``imaging``.

    References
    ----------
    Maurer 2003, IEEE Trans Pattern Anal Mach Intell 25:265, doi 10.1109/TPAMI.2003.1177156
    """
    inside = sitk.GetImageFromArray((occupancy.values > 0.5).astype(np.uint8))
    distance = sitk.SignedMaurerDistanceMap(  # type: ignore[no-untyped-call]
        inside, insideIsPositive=False, squaredDistance=False, useImageSpacing=False
    )
    values = sitk.GetArrayFromImage(distance) * np.float32(occupancy.spacing_mm)
    return Sampler(values, occupancy.origin_lps_mm, occupancy.spacing_mm)


def refine_axes(
    bone_distance: Sampler,
    origin_lps_mm: NDArray[np.float64],
    axes: NDArray[np.float64],
    *,
    sigma_roll_deg: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Turn and shift a frame until the bone mirrors itself in its sagittal plane.

    Parameters
    ----------
    bone_distance : Sampler of the signed distance of one vertebra, mm
    origin_lps_mm : float array, shape (3,), mm, LPS
    axes : float array, shape (3, 3), columns left, posterior, cranial in LPS
    sigma_roll_deg : float, degrees, how sure the end plates are of the cranial axis

    Returns
    -------
    origin_lps_mm : float array, shape (3,), mm, LPS, moved along the left axis only
    axes : float array, shape (3, 3)

    Notes
    -----
    Gauss-Newton on the distance of mirrored surface points to the surface, with priors
    on yaw, roll and shift. The sum runs over the whole bone and knows no first side.
    """
    # Smoothed, or the descent would stop at the steps of voxel distances.
    smooth = replace(bone_distance, values=ndimage.gaussian_filter(bone_distance.values, 1.0))
    near = np.abs(smooth.values) <= MIRROR_STEP_MM
    points = smooth.places_lps_mm(near)
    prior = np.array(
        [
            np.deg2rad(value("completion_bone.mirror_yaw_sigma_deg")),
            np.deg2rad(sigma_roll_deg),
            value("completion_bone.mirror_shift_sigma_mm"),
        ]
    )
    moved = np.zeros(3)
    start_axes, start_origin = axes, origin_lps_mm
    for _ in range(MIRROR_ITERATIONS):
        step = _mirror_step(smooth, points, origin_lps_mm, axes, moved, prior)
        moved = moved + step
        # From the start each time: the prior weighs the whole turn, not the last step.
        axes = start_axes @ _turn(moved[0], moved[1])
        origin_lps_mm = start_origin + start_axes[:, 0] * moved[2]
    return origin_lps_mm, axes


def _mirror_step(
    bone_distance: Sampler,
    points: NDArray[np.float64],
    origin: NDArray[np.float64],
    axes: NDArray[np.float64],
    moved: NDArray[np.float64],
    prior: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the Gauss-Newton step in yaw (rad), roll (rad) and shift (mm)."""
    left = axes[:, 0]
    local = (points - origin) @ axes
    mirrored = points - 2 * local[:, :1] * left
    residual = bone_distance.sample(mirrored)
    slope = bone_distance.gradient(mirrored)
    along = slope @ left
    # The mirror image of p moves by 2 (shift - dn.(p - o)) n - 2 (n.(p - o)) dn.
    d_yaw = -2 * (local[:, 1] * along + local[:, 0] * (slope @ axes[:, 1]))
    d_roll = -2 * (local[:, 2] * along + local[:, 0] * (slope @ axes[:, 2]))
    jacobian = np.column_stack([d_yaw, d_roll, 2 * along])
    limit = value("completion_bone.mirror_residual_mm")
    # Weight of Geman and McClure: an osteophyte of one side pulls hardly at all.
    weight = 1.0 / (1.0 + (residual / limit) ** 2) ** 2
    # Neighbouring surface nodes are not independent; the data counts as this many.
    scale = value("completion_bone.mirror_points") / len(points)
    normal = scale * (jacobian * weight[:, None]).T @ jacobian + np.diag(prior**-2.0)
    right = -scale * (jacobian * weight[:, None]).T @ residual - moved / prior**2
    return np.asarray(np.linalg.solve(normal, right), dtype=np.float64)


def _turn(yaw_rad: float, roll_rad: float) -> NDArray[np.float64]:
    """Return the rotation that tips the left axis towards posterior and cranial."""
    left = np.array([1.0, yaw_rad, roll_rad])
    left /= np.linalg.norm(left)
    posterior = np.array([-yaw_rad, 1.0, 0.0])
    posterior -= left * (left @ posterior)
    posterior /= np.linalg.norm(posterior)
    return np.column_stack([left, posterior, np.cross(left, posterior)])
