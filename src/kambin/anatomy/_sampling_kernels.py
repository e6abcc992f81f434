"""Jitted trilinear samples and slopes of a scalar on the working grid."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, inline="always")
def _split(at_node: float, nodes: int) -> tuple[int, int, float]:
    """Return the two nodes around a continuous index and the weight of the lower one."""
    below = math.floor(at_node)
    lower = int(below)
    # Beyond the border both are the last node there; the weights stay those of the place.
    return (
        min(max(lower, 0), nodes - 1),
        min(max(lower + 1, 0), nodes - 1),
        1.0 - (at_node - below),
    )


@njit(cache=True, inline="always")
def _sample(values: NDArray[np.float32], x: float, y: float, z: float) -> float:
    """Return the scalar at one continuous index, held beyond the border.

    Products and sums run in the order of ``scipy.ndimage.map_coordinates``: the same bits
    without its set-up for any order, mode and number of dimensions.
    """
    i0, i1, u0 = _split(x, values.shape[0])
    j0, j1, v0 = _split(y, values.shape[1])
    k0, k1, w0 = _split(z, values.shape[2])
    u1, v1, w1 = 1.0 - u0, 1.0 - v0, 1.0 - w0
    found = values[i0, j0, k0] * u0 * v0 * w0
    found += values[i0, j0, k1] * u0 * v0 * w1
    found += values[i0, j1, k0] * u0 * v1 * w0
    found += values[i0, j1, k1] * u0 * v1 * w1
    found += values[i1, j0, k0] * u1 * v0 * w0
    found += values[i1, j0, k1] * u1 * v0 * w1
    found += values[i1, j1, k0] * u1 * v1 * w0
    found += values[i1, j1, k1] * u1 * v1 * w1
    return float(found)


@njit(cache=True)
def sample_points(
    values: NDArray[np.float32],
    origin_lps_mm: NDArray[np.float64],
    spacing_mm: float,
    points_lps_mm: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the scalar at points, trilinear between nodes, held beyond the border.

    Parameters
    ----------
    values : float32 array, shape (I, J, K)
    origin_lps_mm : float array, shape (3,), mm, LPS, the node (0, 0, 0)
    spacing_mm : float, mm
    points_lps_mm : float array, shape (N, 3), mm, LPS

    Returns
    -------
    float array, shape (N,), in the unit of the values
    """
    found = np.empty(points_lps_mm.shape[0], dtype=np.float64)
    for n in range(points_lps_mm.shape[0]):
        x = (points_lps_mm[n, 0] - origin_lps_mm[0]) / spacing_mm
        y = (points_lps_mm[n, 1] - origin_lps_mm[1]) / spacing_mm
        z = (points_lps_mm[n, 2] - origin_lps_mm[2]) / spacing_mm
        found[n] = _sample(values, x, y, z)
    return found


@njit(cache=True)
def sample_slopes(
    values: NDArray[np.float32],
    origin_lps_mm: NDArray[np.float64],
    spacing_mm: float,
    points_lps_mm: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the central differences over one node spacing, shape (N, 3), per mm.

    Parameters
    ----------
    values : float32 array, shape (I, J, K)
    origin_lps_mm : float array, shape (3,), mm, LPS, the node (0, 0, 0)
    spacing_mm : float, mm
    points_lps_mm : float array, shape (N, 3), mm, LPS
    """
    found = np.empty(points_lps_mm.shape, dtype=np.float64)
    at, ends = np.empty(3), np.empty(2)
    for n in range(points_lps_mm.shape[0]):
        for axis in range(3):
            for end in range(2):
                for other in range(3):
                    step = spacing_mm * (2 * end - 1) if other == axis else 0.0
                    place_mm = points_lps_mm[n, other] + step
                    at[other] = (place_mm - origin_lps_mm[other]) / spacing_mm
                ends[end] = _sample(values, at[0], at[1], at[2])
            found[n, axis] = (ends[1] - ends[0]) / (2 * spacing_mm)
    return found
