"""Which muscles the cannula passes, how far, and how much of each it displaces."""

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, StructureKey
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.knowledge import value
from kambin.planning.evaluate import Path

MUSCLES = ("psoas", "quadratus", "erector_spinae", "multifidus")
"""The muscles between skin and foramen."""

RINGS_SAMPLES = 4
"""Rings of the disc of samples across the cannula; each counts by its area."""

TURNS_SAMPLES = 12
"""Samples round each ring."""


def measure_muscles(
    anatomy: Anatomy,
    path: Path,
    radius_mm: float,
    side: Side,
    *,
    axes: NDArray[np.float64],
) -> dict[str, tuple[float, float]]:
    """Measure how far the axis runs in each muscle, and what the cannula displaces.

    Parameters
    ----------
    anatomy : Anatomy
    path : Path
    radius_mm : float, mm, of the cannula
    side : Side from which the tools come
    axes : float array, shape (3, 3), rows are axes of the disc as LPS directions; samples across
        the cannula begin at one of them, so that a patient who lies otherwise gets the same numbers

    Returns
    -------
    per muscle that is known: mm along the axis, mm3 of the cannula's cylinder from docking point
    to skin
    """
    step = value("planning.evaluation_step_mm")
    count = int((path.length_mm - path.stop_mm) / step)
    # Midpoints of equal pieces: their number times the step is the length.
    along = path.stop_mm + step * (np.arange(count) + 0.5)
    way = np.subtract(path.entry_lps_mm, path.target_lps_mm) / path.length_mm
    axis = path.target_lps_mm + along[:, None] * way
    offsets, areas = _find_disc(way, radius_mm, axes)
    found = {}
    for name in MUSCLES:
        muscle = anatomy.find(StructureKey(name, "", side))
        if muscle is not None:
            length = step * float(_is_inside(muscle.region, axis).sum())
            inside = _is_inside(muscle.region, axis[:, None, :] + offsets)
            found[name] = (length, step * float((inside * areas).sum()))
    return found


def _find_disc(
    way: NDArray[np.float64], radius_mm: float, axes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return samples of a disc across a direction, shape (N, 3), mm, and their areas, mm2."""
    other = axes[int(np.argmin(np.abs(axes @ way)))]
    first = np.cross(way, other)
    first /= np.linalg.norm(first)
    second = np.cross(way, first)
    edges = radius_mm * np.arange(RINGS_SAMPLES + 1) / RINGS_SAMPLES
    rings = np.repeat(0.5 * (edges[:-1] + edges[1:]), TURNS_SAMPLES)
    turns_rad = np.tile(2 * np.pi * np.arange(TURNS_SAMPLES) / TURNS_SAMPLES, RINGS_SAMPLES)
    areas = np.repeat(np.pi * np.diff(edges**2) / TURNS_SAMPLES, TURNS_SAMPLES)
    offsets = rings[:, None] * (
        np.cos(turns_rad)[:, None] * first + np.sin(turns_rad)[:, None] * second
    )
    return offsets, areas


def _is_inside(region: LabelMap, points_lps_mm: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points, shape (..., 3), mm, LPS, lie in a voxel of a structure."""
    nodes = np.rint(region.ijk(points_lps_mm.reshape(-1, 3))).astype(int)
    held = ((nodes >= 0) & (nodes < np.array(region.shape))).all(axis=1)
    inside = np.zeros(len(nodes), dtype=bool)
    inside[held] = region.values[tuple(nodes[held].T)] > 0
    return inside.reshape(points_lps_mm.shape[:-1])
