"""On which side of the exiting root a path runs: below and behind it, or not."""

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, StructureKey
from kambin.planning.evaluate import Path
from kambin.planning.geometry import LevelGeometry

_DIAGONAL = np.sqrt(0.5)

AHEAD = np.array([0.0, -_DIAGONAL, _DIAGONAL])
"""Ventral and cranial, surgical frame: where the root lies of all that is in the triangle."""

ALONG = np.array([0.0, _DIAGONAL, _DIAGONAL])
"""Dorsal and cranial: across ``AHEAD``, and across the lateral axis."""


def measure_root_ahead_mm(anatomy: Anatomy, geometry: LevelGeometry, path: Path) -> float | None:
    """Measure how far the exiting root lies ventral and cranial of an axis that it crosses, mm.

    Parameters
    ----------
    anatomy : Anatomy
    geometry : LevelGeometry
    path : Path, of which the way from the target to the skin counts

    Returns
    -------
    float or none
        mm, from the axis to the root's middle line, half ventral, half cranial of the disc;
        negative where the axis runs on the far side of the root. None where the line of the root
        is not known, or where axis and root do not cross

    Notes
    -----
    The root is the hypotenuse of Kambin's triangle: tools belong below and behind it. Seen along
    ``AHEAD`` axis and root are two lines of one plane; where these cross, one lies before the
    other. Margins alone do not tell the two sides of a root apart.
    """
    root = anatomy.find(StructureKey("exiting_root", geometry.level.upper, geometry.side))
    if root is None or root.tube is None:
        return None
    line = geometry.surgical_mm(root.tube.points_lps_mm)
    start, end = (
        geometry.surgical_mm(np.asarray(p)) for p in (path.target_lps_mm, path.entry_lps_mm)
    )
    shares, places = _cross(_flatten(start), _flatten(end), _flatten(line))
    if not len(shares):
        return None
    index = np.arange(len(line))
    crossed = np.stack([np.interp(places, index, column) for column in line.T], axis=1)
    gaps = (crossed - (start + shares[:, None] * (end - start))) @ AHEAD
    return float(gaps.min())


def _flatten(points_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return points as seen along ``AHEAD``, shape (..., 2), mm."""
    return np.stack([points_mm[..., 0], points_mm @ ALONG], axis=-1)


def _cross(
    start: NDArray[np.float64], end: NDArray[np.float64], line: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return shares of a way, and places on a poly-line in points, where they cross."""
    way, parts = end - start, np.diff(line, axis=0)
    offsets = line[:-1] - start
    area = way[0] * parts[:, 1] - way[1] * parts[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = (offsets[:, 0] * parts[:, 1] - offsets[:, 1] * parts[:, 0]) / area
        within = (offsets[:, 0] * way[1] - offsets[:, 1] * way[0]) / area
    is_met = (area != 0) & (shares >= 0) & (shares <= 1) & (within >= 0) & (within <= 1)
    return shares[is_met], np.flatnonzero(is_met) + within[is_met]
