"""Pieces of a made patient around a root, as fields on a small lattice."""

from functools import cache

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from kambin.anatomy import Level
from kambin.frames import Side
from kambin.phantom import PhantomParameters, paint_spine_case

LEVEL = Level("L4", "L5")
SPACING_MM = 2.0
ROOT_RADIUS_MM = 2.0
SEEN_NODES = 7.0
"""Beyond this a field says only that it is far, in nodes, as the random fields do."""


@cache
def _patient() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Signed distances, in nodes, from nerves, bones and organs, and where the left roots run."""
    made = paint_spine_case(PhantomParameters(LEVEL, Side.LEFT, spacing_mm=SPACING_MM), (LEVEL,))
    labels, names = made.case.labels, made.case.names
    bones = {v for v, key in names.items() if key.kind in ("vertebra", "sacrum", "ilium")}
    bone = np.isin(labels.values, list(bones))
    lines = [t.points_lps_mm for k, t in made.truth.centre_lines.items() if k.side is Side.LEFT]
    roots = labels.ijk(np.concatenate(lines))
    nodes = np.moveaxis(np.indices(labels.shape), 0, -1).reshape(-1, 3)
    away, _ = cKDTree(roots).query(nodes)
    distances = {
        "nerves": away.reshape(labels.shape) - ROOT_RADIUS_MM / SPACING_MM,
        "bones": _signed(bone),
        "organs": _signed((labels.values > 0) & ~bone),
    }
    return distances, roots


def _signed(inside: np.ndarray) -> np.ndarray:
    return distance_transform_edt(~inside) - distance_transform_edt(inside)


def crop(rng: np.random.Generator, shape: tuple[int, int, int]) -> dict[str, np.ndarray]:
    """Distances in nodes about a random place of a left root, which lies where targets lie.

    Parameters
    ----------
    rng : Generator
    shape : nodes of the piece; its first axis runs to the patient's left
    """
    distances, roots = _patient()
    most = np.array(next(iter(distances.values())).shape) - shape
    at = roots[rng.integers(len(roots))] - rng.uniform((1, 6, 6), (9, 18, 16))
    low = np.clip(np.rint(at).astype(int), 0, most)
    window = tuple(slice(a, a + n) for a, n in zip(low, shape, strict=True))
    return {name: np.minimum(d[window], SEEN_NODES) for name, d in distances.items()}
