"""On which side of the exiting root a path runs: below and behind it, or not.

The root is the hypotenuse of Kambin's triangle, and the ventral face of its prism (evidence 3.1):
tools belong below and behind it. Seen along ``AHEAD`` axis and root are two lines of one plane;
where these cross, one lies before the other. Margins alone do not tell the two sides of a root
apart, so that the search asks this of every pair of entry and target.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kambin.planning.evaluate import Path
from kambin.planning.geometry import LevelGeometry
from kambin.planning.root_kernels import DIAGONAL

AHEAD = np.array([0.0, -DIAGONAL, DIAGONAL])
"""Ventral and cranial, surgical frame: where the root lies of all that is in the triangle."""

ALONG = np.array([0.0, DIAGONAL, DIAGONAL])
"""Dorsal and cranial: across ``AHEAD``, and across the lateral axis."""

CROSSINGS_BATCH = 2**20
"""Pairs of a path and a point of the root that are looked at together."""


def measure_root_ahead_mm(geometry: LevelGeometry, path: Path) -> float | None:
    """Measure how far the exiting root lies ventral and cranial of an axis that it crosses, mm.

    Parameters
    ----------
    geometry : LevelGeometry
    path : Path, of which the way from the target to the skin counts

    Returns
    -------
    float or none
        mm, from the axis to the root's middle line, half ventral, half cranial of the disc;
        negative where the axis runs on the far side of the root. None where the line of the root
        is not known, or where axis and root do not cross
    """
    ends = (np.asarray(p, dtype=np.float64)[None] for p in (path.entry_lps_mm, path.target_lps_mm))
    ahead_mm = float(measure_roots_ahead_mm(geometry, *ends)[0, 0])
    return ahead_mm if np.isfinite(ahead_mm) else None


def measure_far_side_beyond_mm(
    geometry: LevelGeometry, path: Path, beyond_mm: float
) -> float | None:
    """Measure how far on the far side of the exiting root an axis passes past its target, mm.

    Parameters
    ----------
    geometry : LevelGeometry
    path : Path
    beyond_mm : float, mm, how far past the target it is followed

    Returns
    -------
    float or none
        mm, from the root's middle line to the axis, half ventral, half cranial of the disc. None
        where the axis crosses the root on the way to the target, of which the rule asks, where it
        does not cross it past the target either, and where it passes below and behind it
    """
    if measure_root_ahead_mm(geometry, path) is not None:
        return None
    entry, target = (np.asarray(p, float) for p in (path.entry_lps_mm, path.target_lps_mm))
    farther = target + beyond_mm * (target - entry) / path.length_mm
    ahead_mm = measure_root_ahead_mm(geometry, replace(path, target_lps_mm=farther))
    return None if ahead_mm is None or ahead_mm >= 0 else -ahead_mm


def measure_roots_ahead_mm(
    geometry: LevelGeometry,
    entries_lps_mm: NDArray[np.float64],
    targets_lps_mm: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Measure the same of all paths, shape (E, T), mm; infinite where root and axis do not cross.

    Parameters
    ----------
    geometry : LevelGeometry, with or without a line of the root
    entries_lps_mm : float array, shape (E, 3), mm, LPS
    targets_lps_mm : float array, shape (T, 3), mm, LPS

    Notes
    -----
    The least of several crossings counts. The search asks ``root_kernels.find_root_ahead`` path by
    path, which goes through the same arithmetic: the two agree to the last bit.
    """
    least = np.full((len(entries_lps_mm), len(targets_lps_mm)), np.inf)
    if geometry.root_mm is None or len(geometry.root_mm) < 2 or not least.size:
        return least
    line = _look(geometry.root_mm)
    entries, targets = (
        _look(geometry.surgical_mm(points)) for points in (entries_lps_mm, targets_lps_mm)
    )
    rows = max(1, CROSSINGS_BATCH // (len(targets) * len(line)))
    for first in range(0, len(entries), rows):
        least[first : first + rows] = _find_least(entries[first : first + rows], targets, line)
    return least


def _find_least(
    entries: NDArray[np.float64], targets: NDArray[np.float64], line: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the least gap at crossings of paths and line, all as ``_look`` gives them."""
    ta, tb, td = np.moveaxis(targets[None, :, None], -1, 0)
    wa, wb, wd = np.moveaxis(entries[:, None, None] - targets[None, :, None], -1, 0)
    square = wa * wa + wb * wb
    a, b, d = line.T
    beside = wa * (b - tb) - wb * (a - ta)
    here, there = beside[..., :-1], beside[..., 1:]
    with np.errstate(divide="ignore", invalid="ignore"):
        within = here / (here - there)
        across = a[:-1] + within * np.diff(a)
        up = b[:-1] + within * np.diff(b)
        share = ((across - ta) * wa + (up - tb) * wb) / square
        gap = d[:-1] + within * np.diff(d) - (td + share * wd)
        is_met = ((here > 0) != (there > 0)) & (share >= 0) & (share <= 1)
    least: NDArray[np.float64] = np.where(is_met, gap, np.inf).min(axis=-1)
    return least


def pack_root(geometry: LevelGeometry) -> NDArray[np.float64]:
    """Return the root as the kernels read it: its longest part as seen, then its points, mm.

    Parameters
    ----------
    geometry : LevelGeometry

    Returns
    -------
    float array, shape (1 + 3 N,), or (0,) without a line of the root
    """
    if geometry.root_mm is None or len(geometry.root_mm) < 2:
        return np.empty(0)
    line = _look(geometry.root_mm)
    longest = np.linalg.norm(np.diff(line[:, :2], axis=0), axis=1).max()
    return np.concatenate([[longest], line.reshape(-1)])


def _look(points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points of the surgical frame as lateral, along and ahead, shape (..., 3), mm."""
    lateral, posterior, cranial = np.moveaxis(points_mm, -1, 0)
    along, ahead = (posterior + cranial) * DIAGONAL, (cranial - posterior) * DIAGONAL
    return np.stack([lateral, along, ahead], axis=-1)
