"""Shares of voxels inside swept tools, jitted, with a plain twin."""

import itertools
import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Float = NDArray[np.float64]
"""Points, lengths or shares."""


@njit(cache=True, inline="always")
def segment_distance(  # pragma: no cover - compiled; the plain twin below is measured
    x: float, y: float, z: float, capsule: Float
) -> float:
    """Return the distance of a point to the axis of a capsule (tip, outer end, radius)."""
    ax, ay, az = capsule[0], capsule[1], capsule[2]
    wx, wy, wz = capsule[3] - ax, capsule[4] - ay, capsule[3 + 2] - az
    square = wx * wx + wy * wy + wz * wz
    px, py, pz = x - ax, y - ay, z - az
    share = 0.0
    if square > 0.0:
        share = min(max((px * wx + py * wy + pz * wz) / square, 0.0), 1.0)
    dx, dy, dz = px - share * wx, py - share * wy, pz - share * wz
    return math.sqrt(dx * dx + dy * dy + dz * dz)


@njit(cache=True)
def segment_distances(  # pragma: no cover - compiled
    points: Float, capsule: Float
) -> Float:
    """Return the distance of points to the axis of a capsule, shape (N,), mm.

    Parameters
    ----------
    points : float array, shape (N, 3), mm, LPS
    capsule : float array, shape (7,), mm: tip, outer end and radius
    """
    found = np.empty(points.shape[0])
    for n in range(points.shape[0]):
        found[n] = segment_distance(points[n, 0], points[n, 1], points[n, 2], capsule)
    return found


@njit(cache=True)
def weigh_rows(  # pragma: no cover - compiled
    rows: NDArray[np.bool_], weights: Float
) -> Float:
    """Return the sum of the weights that are true in each row, shape (K,).

    Parameters
    ----------
    rows : bool array, shape (K, N)
    weights : float array, shape (N,)
    """
    sums = np.zeros(rows.shape[0])
    for k in range(rows.shape[0]):
        for n in range(rows.shape[1]):
            if rows[k, n]:
                sums[k] += weights[n]
    return sums


@njit(cache=True)
def union_shares(  # pragma: no cover - compiled
    centres: Float, axes: Float, capsules: Float, count: int
) -> Float:
    """Return which share of each voxel lies in at least one capsule, shape (N,).

    Parameters
    ----------
    centres : float array, shape (N, 3), mm, LPS, of the voxels
    axes : float array, shape (3, 3), mm, columns are the edges of a voxel
    capsules : float array, shape (K, 7), mm: tip, outer end and radius; a radius of 0 or less
        sweeps nothing
    count : int, grains along each edge of a voxel that a surface cuts

    Notes
    -----
    A voxel wholly inside or outside is told by its centre and half its diagonal; the others are
    cut into ``count`` cubed grains. Grains of a larger capsule hold those of a smaller one, so
    that shares never fall with the radius.
    """
    half = 0.0
    for corner in range(4):
        a, b = 1.0 if corner & 1 else -1.0, 1.0 if corner & 2 else -1.0
        long = 0.0
        for row in range(3):
            long += (axes[row, 0] + a * axes[row, 1] + b * axes[row, 2]) ** 2
        half = max(half, 0.5 * math.sqrt(long))
    shares = np.zeros(centres.shape[0])
    near = np.zeros(capsules.shape[0], dtype=np.bool_)
    for n in range(centres.shape[0]):
        x, y, z = centres[n, 0], centres[n, 1], centres[n, 2]
        is_cut, is_inside = False, False
        for k in range(capsules.shape[0]):
            radius = capsules[k, -1]
            gap = segment_distance(x, y, z, capsules[k]) - radius
            near[k] = radius > 0.0 and gap < half
            is_cut = is_cut or near[k]
            is_inside = is_inside or (radius > 0.0 and gap <= -half)
        if is_inside:
            shares[n] = 1.0
        elif is_cut:
            inside = 0
            for grain in range(count * count * count):
                u = (grain // (count * count) + 0.5) / count - 0.5
                v = (grain // count % count + 0.5) / count - 0.5
                w = (grain % count + 0.5) / count - 0.5
                gx = x + axes[0, 0] * u + axes[0, 1] * v + axes[0, 2] * w
                gy = y + axes[1, 0] * u + axes[1, 1] * v + axes[1, 2] * w
                gz = z + axes[2, 0] * u + axes[2, 1] * v + axes[2, 2] * w
                for k in range(capsules.shape[0]):
                    if near[k] and segment_distance(gx, gy, gz, capsules[k]) <= capsules[k, -1]:
                        inside += 1
                        break
            shares[n] = inside / (count * count * count)
    return shares


def union_shares_plainly(centres: Float, axes: Float, capsules: Float, count: int) -> Float:
    """Return what ``union_shares`` returns, with numpy alone; its oracle.

    Parameters and result are those of ``union_shares``.
    """
    steps = (np.arange(count) + 0.5) / count - 0.5
    total = np.zeros(len(centres))
    for grain in itertools.product(steps, repeat=3):
        points = centres + axes @ np.array(grain)
        inside = np.zeros(len(centres), dtype=bool)
        for capsule in capsules:
            tip, way = capsule[:3], capsule[3:-1] - capsule[:3]
            along = np.clip((points - tip) @ way / max(way @ way, np.finfo(float).tiny), 0, 1)
            gap = np.linalg.norm(points - tip - along[:, None] * way, axis=1)
            inside |= (gap <= capsule[-1]) & (capsule[-1] > 0)
        total += inside
    shares: Float = total / count**3
    return shares
