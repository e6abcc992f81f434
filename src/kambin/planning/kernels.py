"""Brute-force marches of straight tools through distance fields, jitted for two cores."""

import math
from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
"""Flattened field or result of a march."""

Scalar = Any
"""A number whose machine type numba infers; numpy's stubs know no mixed arithmetic of them."""


def sample_lines(  # pragma: no cover - compiled; the plain twin below is measured
    field: Float32,
    row: Scalar,
    plane: Scalar,
    x: Scalar,
    y: Scalar,
    z: Scalar,
) -> Scalar:
    """Return the trilinear value at node coordinates inside the grid.

    Unsigned indices spare numba the wrap-around of negative ones; that, with the flat
    field, is what brings the loop level with C (recipes B1.1).
    """
    i, j, k = np.uint32(x), np.uint32(y), np.uint32(z)
    fx, fy, fz = x - np.float32(i), y - np.float32(j), z - np.float32(k)
    a = np.uint64(i) * plane + np.uint64(j) * row + np.uint64(k)
    b = a + row
    c = a + plane
    d = c + row
    one = np.uint64(1)
    low = field[a] + fz * (field[a + one] - field[a])
    high = field[b] + fz * (field[b + one] - field[b])
    near = low + fy * (high - low)
    low = field[c] + fz * (field[c + one] - field[c])
    high = field[d] + fz * (field[d + one] - field[d])
    far = low + fy * (high - low)
    return near + fx * (far - near)


_sample = njit(inline="always", fastmath=True)(sample_lines)


@njit(parallel=True, fastmath=True, cache=True)
def march_clearance(  # pragma: no cover
    field: Float32,
    shape: NDArray[np.int64],
    entries: Float32,
    targets: Float32,
    step: Scalar,
) -> Float32:
    """Return the least field value along every path from an entry to a target.

    Parameters
    ----------
    field : float32 array, flat, mm, C order of a grid
    shape : int array, shape (3,), of that grid
    entries : float32 array, shape (E, 3), node coordinates, strictly inside the grid
    targets : float32 array, shape (T, 3), node coordinates, strictly inside the grid
    step : float32, distance of samples, counted from the target, in node spacings

    Returns
    -------
    float32 array, shape (E, T), mm
    """
    row, plane = np.uint64(shape[2]), np.uint64(shape[1] * shape[2])
    found = np.empty((entries.shape[0], targets.shape[0]), dtype=np.float32)
    for e in prange(entries.shape[0]):
        for t in range(targets.shape[0]):
            x, y, z = targets[t, 0], targets[t, 1], targets[t, 2]
            dx, dy, dz = entries[e, 0] - x, entries[e, 1] - y, entries[e, 2] - z
            length = math.sqrt(dx * dx + dy * dy + dz * dz)
            unit = step / max(length, step)
            dx, dy, dz = dx * unit, dy * unit, dz * unit
            least = np.float32(np.inf)
            for n in range(np.int32(length / step) + 1):
                s = np.float32(n)
                least = min(least, _sample(field, row, plane, x + s * dx, y + s * dy, z + s * dz))
            found[e, t] = least
    return found


@njit(parallel=True, fastmath=True, cache=True)
def march_inside(  # pragma: no cover
    field: Float32,
    shape: NDArray[np.int64],
    entries: Float32,
    targets: Float32,
    step: Scalar,
    wanted: NDArray[np.bool_],
) -> Float32:
    """Return the length of every wanted path where the field is negative, node spacings.

    Parameters
    ----------
    field, shape, entries, targets, step : as ``march_clearance``
    wanted : bool array, shape (E, T); other paths are left at 0

    Returns
    -------
    float32 array, shape (E, T), node spacings
    """
    row, plane = np.uint64(shape[2]), np.uint64(shape[1] * shape[2])
    found = np.zeros((entries.shape[0], targets.shape[0]), dtype=np.float32)
    for e in prange(entries.shape[0]):
        for t in range(targets.shape[0]):
            if not wanted[e, t]:
                continue
            x, y, z = targets[t, 0], targets[t, 1], targets[t, 2]
            dx, dy, dz = entries[e, 0] - x, entries[e, 1] - y, entries[e, 2] - z
            length = math.sqrt(dx * dx + dy * dy + dz * dz)
            unit = step / max(length, step)
            dx, dy, dz = dx * unit, dy * unit, dz * unit
            inside = 0
            for n in range(np.int32(length / step) + 1):
                s = np.float32(n)
                if _sample(field, row, plane, x + s * dx, y + s * dy, z + s * dz) < 0:
                    inside += 1
            found[e, t] = inside * step
    return found


@njit(parallel=True, fastmath=True, cache=True)
def march_staged(  # pragma: no cover # noqa: PLR0913, PLR0917
    field: Float32,
    bone: Float32,
    shape: NDArray[np.int64],
    entries: Float32,
    targets: Float32,
    step: Scalar,
    every: int,
    stops: int,
    near: int,
    radius_mm: Scalar,
) -> tuple[Float32, Float32]:
    """Return, per path and docking distance, the least field value and the bone in the way.

    Parameters
    ----------
    field : float32 array, flat, mm, what the wide tools must keep clear of
    bone : float32 array, flat, mm, distance to bone that they may remove
    shape, entries, targets : as ``march_clearance``
    step : float32, distance of samples, node spacings
    every : int, samples between two docking distances
    stops : int, number of docking distances; the first is at the target
    near : int, samples from the target beyond which no removable bone lies
    radius_mm : float32, mm, of the tool that removes bone

    Returns
    -------
    two float32 arrays, shape (E, T, stops): mm, and mm2 of tool section summed over samples

    Notes
    -----
    The march runs from the skin inwards, so that one path answers all docking distances.
    The section of the tool inside a flat bone surface at distance d is the circular segment
    r^2 acos(d / r) - d sqrt(r^2 - d^2).
    """
    row, plane = np.uint64(shape[2]), np.uint64(shape[1] * shape[2])
    least = np.empty((entries.shape[0], targets.shape[0], stops), dtype=np.float32)
    taken = np.empty((entries.shape[0], targets.shape[0], stops), dtype=np.float32)
    for e in prange(entries.shape[0]):
        for t in range(targets.shape[0]):
            x, y, z = targets[t, 0], targets[t, 1], targets[t, 2]
            dx, dy, dz = entries[e, 0] - x, entries[e, 1] - y, entries[e, 2] - z
            length = math.sqrt(dx * dx + dy * dy + dz * dz)
            unit = step / max(length, step)
            dx, dy, dz = dx * unit, dy * unit, dz * unit
            worst = np.float32(np.inf)
            section = np.float32(0)
            last = np.int32(length / step)
            for n in range(last, -1, -1):
                s = np.float32(n)
                px, py, pz = x + s * dx, y + s * dy, z + s * dz
                worst = min(worst, _sample(field, row, plane, px, py, pz))
                if n <= near:
                    d = _sample(bone, row, plane, px, py, pz)
                    if d < radius_mm:
                        d = max(d, -radius_mm)
                        section += radius_mm * radius_mm * math.acos(d / radius_mm) - d * math.sqrt(
                            radius_mm * radius_mm - d * d
                        )
                    if n % every == 0 and n // every < stops:
                        least[e, t, n // every] = worst
                        taken[e, t, n // every] = section
            for late in range(last // every + 1, stops):
                least[e, t, late] = np.float32(np.inf)
                taken[e, t, late] = np.float32(0)
    return least, taken


def march_clearance_plainly(
    field: Float32, shape: tuple[int, int, int], entries: Float32, targets: Float32, step: float
) -> Float32:
    """Return what ``march_clearance`` returns, with numpy alone; its oracle.

    Parameters and result are those of ``march_clearance``.
    """
    found = np.empty((len(entries), len(targets)), dtype=np.float32)
    for e, entry in enumerate(entries):
        for t, target in enumerate(targets):
            length = float(np.linalg.norm(entry - target))
            along = step * np.arange(int(length / step) + 1) / max(length, step)
            points = target + along[:, None] * (entry - target)
            found[e, t] = sample_plainly(field, shape, points).min()
    return found


def sample_plainly(
    field: Float32, shape: tuple[int, int, int], points: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return trilinear values of a flat field at node coordinates, shape (N, 3), with numpy.

    Parameters
    ----------
    field : float32 array, flat, mm
    shape : int triple, of the grid
    points : float array, shape (N, 3), node coordinates strictly inside the grid
    """
    grid = field.reshape(shape).astype(np.float64)
    base = np.floor(points).astype(int)
    part = points - base
    total = np.zeros(len(points))
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(corner, part, 1 - part), axis=1)
        total += weight * grid[tuple((base + corner).T)]
    return total
