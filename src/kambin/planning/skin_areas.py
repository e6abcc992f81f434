"""How much real skin each entry stands for."""

import numpy as np
from numpy.typing import NDArray

from kambin.frames import Side
from kambin.knowledge import value


def find_patch_areas_mm2(
    entries_lps_mm: NDArray[np.float64], origin_lps_mm: NDArray[np.float64], side: Side
) -> NDArray[np.float64]:
    """Return the area of the skin's surface that belongs to each entry.

    Parameters
    ----------
    entries_lps_mm : float array, shape (E, 3), mm, LPS, where rays of a lattice of angles met the
        skin
    origin_lps_mm : float array, shape (3,), mm, LPS, from which the rays were cast
    side : Side, towards which the lattice's inclination counts

    Returns
    -------
    float array, shape (E,), mm2

    Notes
    -----
    Four neighbours of the lattice span a patch of the surface, whose area is the mean of its two
    triangulations; each of them has a quarter of it. Half a cell at the rim of the corridor is
    not counted, nor a patch that bridges a fold of the skin.
    """
    areas = np.zeros(len(entries_lps_mm))
    step_deg = value("planning.lattice_step_deg")
    found = _find_lattice(entries_lps_mm, origin_lps_mm, side, step_deg)
    limit = value("skin_map.patch_stretch") * np.sqrt(2.0) * np.radians(step_deg)
    for (row, column), first in found.items():
        corners = [found.get((row + a, column + b)) for a, b in ((0, 0), (0, 1), (1, 1), (1, 0))]
        if any(corner is None for corner in corners):
            continue
        members = [first, *(int(c) for c in corners[1:] if c is not None)]
        points = entries_lps_mm[members]
        reach = float(np.linalg.norm(points - origin_lps_mm, axis=1).max())
        edges = np.linalg.norm(points - np.roll(points, 1, axis=0), axis=1)
        if float(edges.max()) <= limit * reach:
            areas[members] += _area_mm2(points) / len(members)
    return areas


def _find_lattice(
    entries_lps_mm: NDArray[np.float64],
    origin_lps_mm: NDArray[np.float64],
    side: Side,
    step_deg: float,
) -> dict[tuple[int, int], int]:
    """Return the index of the entry at each place of the lattice of angles."""
    way = entries_lps_mm - origin_lps_mm
    inclination = np.degrees(np.arctan2(way[:, 0] * side.lateral_sign_lps, way[:, 1]))
    length = np.maximum(np.linalg.norm(way, axis=1), np.finfo(float).tiny)
    slope = np.degrees(np.arcsin(way[:, 2] / length))
    nodes = np.rint(np.column_stack([inclination, slope]) / step_deg).astype(int)
    return {(int(row), int(column)): at for at, (row, column) in enumerate(nodes)}


def _area_mm2(corners_lps_mm: NDArray[np.float64]) -> float:
    """Return the area of a patch with four corners, shape (4, 3), mm, in their order around it."""
    a, b, c, d = corners_lps_mm
    triangles = ((a, b, c), (a, c, d), (a, b, d), (b, c, d))
    twice = [float(np.linalg.norm(np.cross(q - p, r - p))) for p, q, r in triangles]
    return sum(twice) / len(corners_lps_mm)
