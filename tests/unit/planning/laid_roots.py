"""Exiting roots laid by hand or at random in the surgical frame of a made level."""

from dataclasses import replace

import numpy as np

from kambin.anatomy import Anatomy, StructureKey
from kambin.anatomy.structures import Tube
from kambin.planning.geometry import LevelGeometry
from kambin.planning.root_side import AHEAD

COURSE = np.array([0.5, -0.6, -0.6])
"""Lateral, ventral and caudal, as roots run; lengths do not matter."""


def a_line(through_mm, ahead_mm: float, count: int = 7) -> np.ndarray:
    """A straight root so far ahead of a point."""
    along = np.linspace(-20.0, 20.0, count)[:, None] * COURSE
    return np.asarray(through_mm) + ahead_mm * AHEAD + along


def a_random_line(rng: np.random.Generator, middle_mm, away_mm: float = 6.0) -> np.ndarray:
    """A crooked root near a point, ahead of it or behind, of two to eighty points."""
    count = int(rng.integers(2, 81))
    along = np.sort(rng.uniform(-30, 30, count))
    crooked = np.cumsum(rng.normal(0, 2.0 / np.sqrt(count), (count, 3)), axis=0)
    turn = rng.normal(0, 0.3, 3)
    middle = np.asarray(middle_mm) + rng.uniform(-away_mm, away_mm) * AHEAD
    return middle + along[:, None] * (COURSE + turn) + crooked


def lay_root(
    anatomy: Anatomy, geometry: LevelGeometry, line_mm: np.ndarray | None
) -> tuple[Anatomy, LevelGeometry]:
    """Lay a root along points of the surgical frame, or leave it without a line."""
    key = StructureKey("exiting_root", geometry.level.upper, geometry.side)
    tube = None
    if line_mm is not None:
        tube = Tube(geometry.lps_mm(line_mm), np.full(len(line_mm), 2.0))
    root = replace(anatomy.structures[key], tube=tube)
    laid = replace(anatomy, structures={**anatomy.structures, key: root})
    return laid, replace(geometry, root_mm=line_mm)
