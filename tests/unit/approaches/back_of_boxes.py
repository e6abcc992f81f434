"""The spine of boxes with muscles, flavum and a fragment: a back small enough to check by eye."""

from dataclasses import replace

import numpy as np
from tests.unit.planning.simple_spine import GRID, LEVEL, Recipe, build_case, build_simple_spine

from kambin.anatomy import Anatomy, Origin, Structure, StructureKey
from kambin.approaches.ground import Ground
from kambin.frames import Side
from kambin.imaging import region_from_mask
from kambin.planning import PlanRequest

FRAGMENT = ((6, 12), (17, 23), (-5, 5))
"""From and to along lateral, posterior and cranial of the asked side, mm."""


def build_back(
    side: Side = Side.LEFT,
    *,
    fragment: bool = True,
    muscles: bool = True,
    recipe: Recipe | None = None,
) -> Anatomy:
    """Return the spine of boxes with what lies behind it, the same on both sides."""
    anatomy = build_simple_spine(recipe)
    x, y, z = np.meshgrid(*GRID.axes_mm(), indexing="ij")
    bone = np.zeros(GRID.shape, dtype=bool)
    for key, structure in anatomy.structures.items():
        if key.kind not in ("skin", "colon"):
            nodes = np.rint(GRID.ijk(_points(structure))).astype(int)
            bone[tuple(nodes.T)] = True
    more = {}
    if muscles:
        for one in Side:
            out = one.lateral_sign_lps * x
            for kind, low, high in (("multifidus", 2, 25), ("erector_spinae", 25, 55)):
                mass = (out >= low) & (out < high) & (y >= 36) & (y < 76) & ~bone
                more[StructureKey(kind, "", one)] = (mass, Origin.MODELLED, 2.0)
    flavum = (abs(x) <= 15) & (y >= 34) & (y <= 36) & (z >= -16) & (z <= 8) & ~bone
    more[StructureKey("flavum", str(LEVEL))] = (flavum, Origin.MODELLED, 1.0)
    if fragment:
        out = side.lateral_sign_lps * x
        box = np.ones(GRID.shape, dtype=bool)
        for value, (low, high) in zip((out, y, z), FRAGMENT, strict=True):
            box &= (value >= low) & (value <= high)
        more[StructureKey("fragment")] = (box, Origin.DRAWN, 0.5)
    made = {
        key: Structure(key, region_from_mask(mask, GRID), origin, sigma)
        for key, (mask, origin, sigma) in more.items()
    }
    return replace(anatomy, structures={**anatomy.structures, **made})


def stand_on(anatomy: Anatomy, side: Side = Side.LEFT, zone: str | None = None) -> Ground:
    """Return the ground of a request at the level of the boxes."""
    return Ground.of(build_case(anatomy), anatomy, PlanRequest(LEVEL, side, zone=zone))


def _points(structure: Structure) -> np.ndarray:
    return structure.region.lps_mm(np.argwhere(structure.region.values > 0))
