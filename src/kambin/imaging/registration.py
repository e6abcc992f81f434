"""Rigid registration of points and surfaces, and motions blended between neighbours."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from kambin.core import InputError
from kambin.frames import RigidTransform
from kambin.imaging.field import Field

FIT_ITERATIONS = 40
"""Gauss-Newton steps; from ten degrees and five millimetres the fit rests after about 15."""
FIT_TOLERANCE_MM = 1e-4
"""A step that moves no point by more than this ends the fit."""
WIDE_START = 6.0
NARROWING = 0.8
"""The weights begin six times as wide and reach their width after eight steps."""
SLOPE_STEP_MM = 0.5
"""Half the way over which the slope of a distance is taken."""
LEAST_TURN_RAD = 1e-9
"""Below this turn a motion is a mere shift, and has no axis."""


@dataclass(frozen=True, slots=True)
class RigidFit:
    """One rigid motion found from data, and how well the data hold it.

    Parameters
    ----------
    transform : RigidTransform, target from source, mm
    residuals_mm : float array, shape (N,), mm, what is left at every point
    conditioning : float; of a surface, 0 to 1: the smallest singular value of the normals and
        their levers, over the root of their number; of points, mm: their smallest spread
    """

    transform: RigidTransform
    residuals_mm: NDArray[np.float64]
    conditioning: float


def fit_points(source_mm: ArrayLike, target_mm: ArrayLike, *, target: str, source: str) -> RigidFit:
    """Find the rigid motion that brings paired points together with least squares.

    Parameters
    ----------
    source_mm, target_mm : float array, shape (N, 3), mm, pairs in the same order, N >= 3
    target, source : str, the two frames

    Returns
    -------
    RigidFit, its conditioning the second smallest spread of the source points, mm: points on
        a line have none and leave the turn about it open

    Raises
    ------
    InputError  (IN-092) if there are fewer than three pairs, or if the mirrored points fit three
        times better: left and right were exchanged, and no rigid motion can mend that

    References
    ----------
    Kabsch 1976, Acta Cryst A32:922; Umeyama 1991, IEEE TPAMI 13:376, doi 10.1109/34.88573
    """
    a, b = np.asarray(source_mm, dtype=np.float64), np.asarray(target_mm, dtype=np.float64)
    if len(a) != len(b) or len(a) < 3:
        why = f"{len(a)} and {len(b)} points; three pairs are needed."
        raise _no_pairs(why)
    centre_a, centre_b = a.mean(axis=0), b.mean(axis=0)
    u, _, vt = np.linalg.svd((b - centre_b).T @ (a - centre_a))
    proper = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    transform = _about(u @ proper @ vt, centre_a, centre_b, target, source)
    residuals = np.linalg.norm(transform.points(a) - b, axis=1)
    mirrored = np.linalg.norm((a - centre_a) @ (u @ vt).T + centre_b - b, axis=1)
    if np.linalg.det(u @ vt) < 0 and _rms(residuals) > 3.0 * max(_rms(mirrored), 0.1):
        why = f"A mirror fits to {_rms(mirrored):.1f} mm, a motion to {_rms(residuals):.1f} mm."
        raise _no_pairs(why)
    spread = np.linalg.svd(a - centre_a, compute_uv=False) / np.sqrt(len(a))
    return RigidFit(transform, residuals, float(spread[1]))


def fit_surface(
    points_mm: NDArray[np.float64], surface: Field, start: RigidTransform, *, scale_mm: float
) -> RigidFit:
    """Move points of one surface onto another, given as its signed distance.

    Parameters
    ----------
    points_mm : float array, shape (N, 3), mm, in the source frame of ``start``
    surface : Field, mm, in the target frame of ``start``
    start : RigidTransform, good to about ten degrees
    scale_mm : float, mm, residual at which a point has lost three quarters of its pull

    Returns
    -------
    RigidFit; residuals are distances to the surface, without sign

    Notes
    -----
    Gauss-Newton with the weights of Geman and McClure, all points at every step: nothing is
    drawn by chance. The fit is local: half of a surface that started inside its target stayed
    about 2 mm from its place. What one of the two images does not show pulls hardly at all.

    References
    ----------
    Chen and Medioni 1992, Image Vis Comput 10:145, doi 10.1016/0262-8856(92)90066-C
    """
    transform, reach = start, float(np.ptp(points_mm, axis=0).max()) / 2
    jacobian = np.zeros((len(points_mm), 6))
    for number in range(FIT_ITERATIONS):
        moved = transform.points(points_mm)
        centre = moved.mean(axis=0)
        distance, slope = surface.sample(moved), _slope(surface, moved)
        # A turn by one unit moves the outermost points by one millimetre, like a shift.
        jacobian = np.hstack([slope, np.cross(moved - centre, slope) / reach])
        # Wide at first, or a face that starts far away would be taken for another bone.
        width_mm = scale_mm * max(1.0, WIDE_START * NARROWING**number)
        weight = 1.0 / (1.0 + (distance / width_mm) ** 2) ** 2
        normal = (jacobian * weight[:, None]).T @ jacobian
        # A hair of damping: a sphere, or a plane, leaves some motions open.
        normal += np.eye(6) * 1e-6 * max(float(np.trace(normal)), 1.0)
        step = -np.linalg.solve(normal, (jacobian * weight[:, None]).T @ distance)
        turn = Rotation.from_rotvec(step[3:] / reach).as_matrix()
        shift = centre + step[:3] - turn @ centre
        transform = _matrix(transform.target, transform.target, turn, shift) @ transform
        if width_mm == scale_mm and np.abs(step).max() < FIT_TOLERANCE_MM:
            break
    residuals = np.abs(surface.sample(transform.points(points_mm)))
    spread = np.linalg.svd(jacobian, compute_uv=False) / np.sqrt(len(points_mm))
    return RigidFit(transform, residuals, float(spread[-1]))


def blend_points(
    points_mm: NDArray[np.float64],
    first: RigidTransform,
    second: RigidTransform,
    share: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Move every point by a motion between two, along the screw that joins them.

    Parameters
    ----------
    points_mm : float array, shape (N, 3), mm, in the common source frame
    first, second : RigidTransform between the same two frames
    share : float array, shape (N,), 0 moves as the first, 1 as the second

    Returns
    -------
    float array, shape (N, 3), mm, in the target frame

    References
    ----------
    Kavan et al. 2008, ACM Trans Graph 27:105, doi 10.1145/1409625.1409627 (ScLERP)
    """
    begun = first.points(points_mm)
    between = second @ first.inverse()
    vector = Rotation.from_matrix(between.rotation).as_rotvec()
    angle = float(np.linalg.norm(vector))
    if angle < LEAST_TURN_RAD:
        return begun + share[:, None] * between.origin_mm
    axis = vector / angle
    along = float(between.origin_mm @ axis)
    across = between.origin_mm - along * axis
    # The axis of the screw passes where the turn alone undoes the rest of the shift.
    on_axis = (across + np.cross(axis, across) / np.tan(angle / 2)) / 2
    turned = Rotation.from_rotvec(share[:, None] * vector).apply(begun - on_axis)
    moved: NDArray[np.float64] = turned + on_axis + share[:, None] * along * axis
    return moved


def turn_deg(transform: RigidTransform) -> float:
    """Return by how many degrees a motion turns."""
    return float(np.degrees(Rotation.from_matrix(transform.rotation).magnitude()))


def _slope(surface: Field, points: NDArray[np.float64]) -> NDArray[np.float64]:
    steps = np.eye(3) * SLOPE_STEP_MM
    up = np.stack([surface.sample(points + step) for step in steps], axis=1)
    down = np.stack([surface.sample(points - step) for step in steps], axis=1)
    slope: NDArray[np.float64] = (up - down) / (2 * SLOPE_STEP_MM)
    return slope


def _about(
    rotation: NDArray[np.float64],
    centre_source: NDArray[np.float64],
    centre_target: NDArray[np.float64],
    target: str,
    source: str,
) -> RigidTransform:
    return _matrix(target, source, rotation, centre_target - rotation @ centre_source)


def _matrix(
    target: str, source: str, rotation: NDArray[np.float64], shift_mm: NDArray[np.float64]
) -> RigidTransform:
    return RigidTransform.from_axes(target, source, rotation, shift_mm)


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _no_pairs(why: str) -> InputError:
    return InputError(
        code="IN-092",
        what="The landmarks of the two images do not pair",
        where="landmarks",
        why=why,
        next_step="Place at least three points with the same names, off one line, in both images.",
    )
