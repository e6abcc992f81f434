"""Sites on the spine of boxes, changes to it, and what a test asks of readings."""

import itertools
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from kambin.anatomy import Anatomy, Level, StructureKey
from kambin.frames import Side
from kambin.measure import Reading, Site

LEVEL = Level("L4", "L5")


def at_disc(anatomy: Anatomy, side: Side | None = Side.LEFT) -> Site:
    """The disc level of the spine of boxes."""
    return Site(anatomy, level=LEVEL, side=side)


def at_vertebra(anatomy: Anatomy, name: str = "L4") -> Site:
    """One of its vertebrae."""
    return Site(anatomy, vertebra=name)


def changed(anatomy: Anatomy, name: str, **parts: Any) -> Anatomy:
    """The anatomy with other fields in one structure."""
    key = StructureKey.parse(name)
    one = replace(anatomy.require(key), **parts)
    return replace(anatomy, structures={**anatomy.structures, key: one})


def only(anatomy: Anatomy, *kinds: str) -> Anatomy:
    """The anatomy with the structures of these kinds alone."""
    kept = {key: one for key, one in anatomy.structures.items() if key.kind in kinds}
    return replace(anatomy, structures=kept)


def dropped(anatomy: Anatomy, *names: str) -> Anatomy:
    """The anatomy without some structures."""
    gone = {StructureKey.parse(name) for name in names}
    kept = {key: one for key, one in anatomy.structures.items() if key not in gone}
    assert len(kept) == len(anatomy.structures) - len(names)
    return replace(anatomy, structures=kept)


def without_pedicles(anatomy: Anatomy, *names: str) -> Anatomy:
    """The anatomy whose frames of these vertebrae know no pedicle."""
    frames = {
        name: replace(frame, pedicles={}) if name in names else frame
        for name, frame in anatomy.vertebra_frames.items()
    }
    return replace(anatomy, vertebra_frames=frames)


def codes(readings: Mapping[str, Reading]) -> set[str]:
    """Every code that the readings carry."""
    return {found.code for reading in readings.values() for found in reading.findings}


def values_of(readings: Mapping[str, Reading]) -> set[float | None]:
    """Every value of the readings."""
    return {reading.value for reading in readings.values()}


def box_distance_mm(points_mm: ArrayLike, box: tuple[float, ...]) -> np.ndarray:
    """Exact distance of points to a box given as low and high x, y, z, mm."""
    low, high = np.array(box[::2]), np.array(box[1::2])
    points = np.asarray(points_mm, dtype=np.float64)
    away = np.maximum(np.maximum(low - points, points - high), 0.0)
    return np.asarray(np.linalg.norm(away, axis=-1))


def dense_line_mm(points_mm: ArrayLike, step_mm: float = 0.01) -> np.ndarray:
    """Points close together along a poly-line, shape (N, 3), mm."""
    points = np.asarray(points_mm, dtype=np.float64)
    parts = []
    for start, end in itertools.pairwise(points):
        count = int(np.linalg.norm(end - start) / step_mm) + 2
        parts.append(start + np.linspace(0, 1, count)[:, None] * (end - start))
    return np.concatenate(parts)
