"""A back of boxes on a grid of one millimetre, and a plan along a straight way through it."""

from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from tests.unit.exchange.made_plans import smallest

from kambin.anatomy import (
    Anatomy,
    DiscFrame,
    Level,
    LevelScheme,
    Origin,
    Structure,
    StructureKey,
    VertebraFrame,
)
from kambin.frames import RigidTransform, Side
from kambin.imaging import Grid, LabelMap
from kambin.planning import Plan, Stage, Trajectory

LEVEL = Level.parse("L4-L5")
SKIN_MM, MUSCLE_MM, MEDIAL_MM = 100.0, 70.5, 40.5
"""Where skin, muscle and its medial border lie on the way, mm lateral of the midline."""

SAP_MM, LPL_MM, DISC_MM = (24.5, 21.5), 18.0, 14.5


def box(
    low: tuple[float, float, float], high: tuple[float, float, float], spacing_mm: float = 1.0
) -> LabelMap:
    """A box of ones with a border of three voxels; its surface lies at the corners."""
    size = np.rint((np.array(high) - np.array(low)) / spacing_mm).astype(int)
    values = np.zeros(size + 6, dtype=np.uint8)
    values[3:-3, 3:-3, 3:-3] = 1
    affine = np.diag([spacing_mm] * 3 + [1.0])
    # the surface of a mask lies half a voxel beyond the centres of its voxels
    affine[:3, 3] = np.array(low) + (0.5 - 3.0) * spacing_mm
    return LabelMap(values, affine, "patient")


def _mirrored(region: LabelMap) -> LabelMap:
    affine = region.lps_from_ijk.copy()
    affine[0, 3] = -(affine[0, 3] + affine[0, 0] * (region.shape[0] - 1))
    return LabelMap(np.ascontiguousarray(region.values[::-1]), affine, region.frame_id)


def structure(name: str, region: LabelMap, origin: Origin = Origin.SEGMENTED) -> Structure:
    """A structure of the made back."""
    return Structure(StructureKey.parse(name), region, origin, 0.5)


def _frames(side: Side) -> dict[str, VertebraFrame]:
    found = {}
    for name, height in (("L4", 20.0), ("L5", -20.0)):
        lps = RigidTransform.from_axes("lps", name, np.eye(3), np.array([0.0, 0.0, height]))
        plate = RigidTransform.from_axes(name, "plate", np.eye(3), np.zeros(3))
        pedicles = MappingProxyType({one: (14.0, 6.0, 4.0, 8.0, 12.0) for one in Side})
        found[name] = VertebraFrame(name, lps, plate, plate, 0.0, pedicles, 1.0)
    return found


def make_back(side: Side = Side.LEFT, *, without: tuple[str, ...] = ()) -> Anatomy:
    """Skin, erector, superior process and disc on the way that comes level from one side."""
    wide = ((-30.0, 30.0), (-30.0, 30.0))

    def slab(outer: float, inner: float) -> LabelMap:
        (low_y, high_y), (low_z, high_z) = wide
        region = box((inner, low_y, low_z), (outer, high_y, high_z))
        return region if side is Side.LEFT else _mirrored(region)

    found = {
        "skin": structure("skin", slab(SKIN_MM, 0.0)),
        "muscle": structure(f"erector_spinae:{side}", slab(MUSCLE_MM, MEDIAL_MM)),
        "sap": structure(f"sap:L5:{side}", slab(*SAP_MM)),
        "disc": structure("disc:L4-L5", slab(DISC_MM, 0.5), Origin.MODELLED),
    }
    kept = [one for name, one in found.items() if name not in without]
    frame = RigidTransform.from_axes("lps", "disc", np.eye(3), np.zeros(3))
    return Anatomy(
        {one.key: one for one in kept},
        _frames(side),
        {LEVEL: DiscFrame(LEVEL, frame, 0.0, 22.0, 8.0)},
        LevelScheme("5 lumbar", ("L4", "L5"), True, False),
        Grid(np.zeros(3), 1.0, (2, 2, 2), "patient"),
        1.0,
    )


def make_way(
    side: Side = Side.LEFT,
    *,
    entry_mm: tuple[float, float, float] = (SKIN_MM, 0.0, 0.0),
    target_mm: tuple[float, float, float] = (10.0, 0.0, 0.0),
) -> Plan:
    """A plan along a straight way; millimetres lateral to the side, posterior, cranial."""
    sign = np.array([side.lateral_sign_lps, 1, 1])
    entry, target = np.array(entry_mm) * sign, np.array(target_mm) * sign
    length = round(float(np.linalg.norm(entry - target)), 6)
    stages = tuple(
        smallest(Stage, tool=tool, instrument=name, radius_mm=radius, stop_mm=stop)
        for tool, name, radius, stop in (
            ("needle", "needle-18g", 0.65, 0.0),
            ("dilator", "dilator-5", 2.5, 6.0),
            ("reamer", "reamer-7.5", 3.75, 7.0),
            ("cannula", "cannula-7.5", 3.75, 6.0),
        )
    )
    plan: Plan = smallest(
        Plan,
        status="ready",
        level="L4-L5",
        side=side.value,
        stages=stages,
        trajectory=Trajectory(
            entry_lps_mm=_point(entry), target_lps_mm=_point(target), length_mm=length
        ),
        findings=(),
    )
    return plan


def _point(place: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in place)
    return x, y, z
