"""Surfaces for pictures: smooth skins of label regions and the round bodies of tools."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter
from scipy.sparse import coo_array, csr_array
from skimage.measure import marching_cubes

from kambin.imaging import LabelMap

_SMOOTH_SIGMA_VOXELS = 0.6
# The second step is a little stronger and undoes the shrinking of the first.
_TAUBIN_SHRINK, _TAUBIN_GROW, _TAUBIN_ROUNDS = 0.5, -0.53, 8
_SIDES = 32


@dataclass(frozen=True, slots=True)
class PictureSurface:
    """A triangle surface made to be looked at, not to be measured.

    Parameters
    ----------
    vertices_lps_mm : float array, shape (N, 3), mm, LPS
    faces : int array, shape (M, 3), vertex numbers
    """

    vertices_lps_mm: NDArray[np.float64]
    faces: NDArray[np.int64]


def region_surface(region: LabelMap) -> PictureSurface:
    """Return the smoothed skin of a region, for pictures only.

    Parameters
    ----------
    region : LabelMap of 0 and 1, shape (I, J, K)

    Returns
    -------
    PictureSurface, mm, LPS

    Notes
    -----
    Marching cubes at half occupancy after a light Gaussian, then Taubin's smoothing, which
    does not shrink. Where the Gaussian would make a thin part vanish the raw region is used
    instead.

    References
    ----------
    Taubin 1995, A signal processing approach to fair surface design, doi 10.1145/218380.218473
    Lewiner et al. 2003, J Graphics Tools 8:1, doi 10.1080/10867651.2003.10487582
    """
    # A border of background, or a region cut by its array would stay open.
    occupied = np.pad(region.values > 0, 2).astype(np.float32)
    smooth = gaussian_filter(occupied, _SMOOTH_SIGMA_VOXELS)
    if smooth.max() <= 0.6:
        smooth = occupied
    # Marching cubes refuses an array without a surface.
    if occupied.max() == 0:
        return PictureSurface(np.zeros((0, 3)), np.zeros((0, 3), np.int64))
    vertices, faces, _, _ = marching_cubes(smooth, 0.5)  # type: ignore[no-untyped-call]
    points = region.lps_mm(vertices.astype(np.float64) - 2.0)
    return PictureSurface(_taubin(points, faces.astype(np.int64)), faces.astype(np.int64))


def capsule_surface(
    start_lps_mm: ArrayLike, end_lps_mm: ArrayLike, radius_mm: float
) -> PictureSurface:
    """Return a rod with flat ends and true radius, such as a cannula.

    Parameters
    ----------
    start_lps_mm, end_lps_mm : float array, shape (3,), mm, LPS, its axis
    radius_mm : float, mm
    """
    start, end = np.asarray(start_lps_mm, np.float64), np.asarray(end_lps_mm, np.float64)
    axis = (end - start) / np.linalg.norm(end - start)
    # Any direction across will do; that of the least component is never parallel.
    helper = np.eye(3)[int(np.argmin(np.abs(axis)))]
    across = np.cross(axis, helper)
    across /= np.linalg.norm(across)
    other = np.cross(axis, across)
    turn_rad = 2.0 * np.pi * np.arange(_SIDES) / _SIDES
    ring = radius_mm * (np.outer(np.cos(turn_rad), across) + np.outer(np.sin(turn_rad), other))
    # The rings are doubled so that the flat ends do not bend the normals of the wall.
    vertices = np.concatenate([start + ring, end + ring, start + ring, end + ring, [start], [end]])
    here, after = np.arange(_SIDES), (np.arange(_SIDES) + 1) % _SIDES
    n = _SIDES
    faces = np.concatenate(
        [
            np.column_stack([here, after, here + n]),
            np.column_stack([after, after + n, here + n]),
            np.column_stack([after + 2 * n, here + 2 * n, np.full(n, 4 * n)]),
            np.column_stack([here + 3 * n, after + 3 * n, np.full(n, 4 * n + 1)]),
        ]
    )
    return PictureSurface(vertices, faces.astype(np.int64))


def _taubin(points: NDArray[np.float64], faces: NDArray[np.int64]) -> NDArray[np.float64]:
    mean = _neighbour_mean(len(points), faces)
    for _ in range(_TAUBIN_ROUNDS):
        for weight in (_TAUBIN_SHRINK, _TAUBIN_GROW):
            points = points + weight * (mean @ points - points)
    return points


def _neighbour_mean(count: int, faces: NDArray[np.int64]) -> csr_array:
    """Return the matrix that replaces each vertex by the mean of its neighbours."""
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    ones = np.ones(2 * len(pairs))
    rows, columns = np.concatenate([pairs, pairs[:, ::-1]]).T
    links = coo_array((ones, (rows, columns)), shape=(count, count)).tocsr()
    # An edge belongs to two triangles and was counted by both.
    links.data[:] = 1.0
    degree = np.diff(links.indptr)
    links.data /= np.repeat(degree, degree)
    return links
