"""A level with next to nothing in it: whatever a test puts there, on a grid of its own."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from tests.unit.approaches.made_back import LEVEL, make_back, structure
from tests.unit.planning.simple_spine import build_case

from kambin.anatomy import Structure
from kambin.approaches.ground import Ground
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.planning import PlanRequest

SPACING_MM = 0.5


def ground_of(
    *parts: Structure,
    side: Side = Side.LEFT,
    target_mm: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Ground:
    """The disc's axes are those of the patient, its centre is the origin; target in LPS."""
    anatomy = make_back(side, without=("muscle", "sap", "disc"))
    kept = {key: one for key, one in anatomy.structures.items() if key.kind == "skin"}
    anatomy = replace(anatomy, structures={**kept, **{one.key: one for one in parts}})
    request = PlanRequest(LEVEL, side, target_lps_mm=target_mm)
    return Ground.of(build_case(anatomy), anatomy, request)


def region_where(
    inside: Mapping[str, float] | None = None,
    *,
    low: tuple[float, float, float] = (-16.0, -16.0, -16.0),
    high: tuple[float, float, float] = (16.0, 16.0, 16.0),
    spacing_mm: float = SPACING_MM,
) -> LabelMap:
    """A ball or a cylinder along z (radius, x, y, z of the ball), or all of the block."""
    size = np.rint((np.array(high) - low) / spacing_mm).astype(int)
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = np.array(low) + 0.5 * spacing_mm
    x, y, z = (affine[n, 3] + spacing_mm * grid for n, grid in enumerate(np.indices(tuple(size))))
    mask = np.ones(tuple(size), dtype=bool)
    if inside is not None:
        square = (x - inside.get("x", 0)) ** 2 + (y - inside.get("y", 0)) ** 2
        square = square + (z - inside["z"]) ** 2 if "z" in inside else square
        mask = square <= inside["radius"] ** 2
    return LabelMap(mask.astype(np.uint8), affine, "patient")


def mirrored(one: Structure) -> Structure:
    """The same structure seen in a mirror, under the same name."""
    affine = one.region.lps_from_ijk.copy()
    affine[0, 3] = -(affine[0, 3] + affine[0, 0] * (one.region.shape[0] - 1))
    values = np.ascontiguousarray(one.region.values[::-1])
    return replace(one, region=LabelMap(values, affine, one.region.frame_id))


def block(
    name: str,
    low: tuple[float, float, float],
    high: tuple[float, float, float],
    spacing_mm: float = SPACING_MM,
) -> Structure:
    """A structure that fills a block whose faces lie at its corners, tight in its array."""
    return structure(name, region_where(low=low, high=high, spacing_mm=spacing_mm))
