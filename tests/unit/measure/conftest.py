"""A spine of boxes: two vertebrae, a disc and two iliac plates of known size."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from kambin.anatomy import (
    Anatomy,
    Case,
    DiscFrame,
    Level,
    LevelScheme,
    Origin,
    Structure,
    StructureKey,
    Tube,
    VertebraFrame,
)
from kambin.anatomy.root_shapes import rasterise_tube
from kambin.frames import RigidTransform, Side
from kambin.imaging import Grid, LabelMap
from kambin.measure import Measurements, measure_case

LEVEL = Level("L4", "L5")

Box = tuple[float, float, float, float, float, float]

# Low and high x, y, z in mm at scale 1. The left foramen is 10 mm wide and the right one 8;
# both are 19 mm high: from the lower pedicle at -7 to the upper one at 12.
UPPER_BODY: Box = (-22, 22, -17, 17, 5, 33)
LOWER_BODY: Box = (-22, 22, -17, 17, -33, -5)
DISC: Box = (-22, 22, -17, 17, -5, 5)
SHAPES: dict[str, tuple[Box, ...]] = {
    "vertebra:L4": (
        UPPER_BODY,
        (12, 20, 17, 27, 12, 26),
        (-20, -12, 17, 25, 12, 26),
        (-10, 20, 27, 33, 5, 28),
        (-20, -10, 25, 33, 5, 28),
        (12, 20, 34, 40, -10, 12),
        (-20, -12, 34, 40, -10, 12),
        (-20, 20, 33, 34, 8, 12),
    ),
    "vertebra:L5": (
        LOWER_BODY,
        (12, 20, 17, 27, -20, -7),
        (-20, -12, 17, 25, -20, -7),
        (-10, 20, 27, 33, -33, -10),
        (-20, -10, 25, 33, -33, -10),
        (12, 20, 27, 33, -20, 3),
        (-20, -12, 25, 33, -20, 3),
    ),
    "body:L4": (UPPER_BODY,),
    "body:L5": (LOWER_BODY,),
    "disc:L4-L5": (DISC,),
    "sap:L5:left": ((12, 20, 27, 33, -20, 3),),
    "sap:L5:right": ((-20, -12, 25, 33, -20, 3),),
    "iap:L4:left": ((12, 20, 34, 40, -10, 12),),
    "iap:L4:right": ((-20, -12, 34, 40, -10, 12),),
    "pedicle:L4:left": ((12, 20, 17, 27, 12, 26),),
    "pedicle:L4:right": ((-20, -12, 17, 25, 12, 26),),
    "pedicle:L5:left": ((12, 20, 17, 27, -20, -7),),
    "pedicle:L5:right": ((-20, -12, 17, 25, -20, -7),),
    "tp:L4:left": ((20, 36, 24, 28, 14, 20),),
    "tp:L4:right": ((-34, -20, 24, 28, 14, 20),),
    "tp:L5:left": ((20, 40, 24, 28, -18, -12),),
    "tp:L5:right": ((-40, -20, 24, 28, -18, -12),),
    "canal": ((-10, 10, 17, 27, -33, 28),),
    "dural_sac": ((-8, 8, 18, 26, -33, 28),),
    "flavum:L4-L5": ((1, 10, 27, 31, -10, 5), (-10, -1, 27, 31, -10, 5)),
    "kidney:left": ((40, 60, -20, 12, -20, 20),),
    "kidney:right": ((-60, -40, -20, 10, -20, 20),),
    "skin": ((-90, 90, -40, 90, -40, 40),),
    "ilium:left": ((60, 75, -20, 60, -30, 8),),
    "ilium:right": ((-75, -60, -20, 60, -30, -3),),
}
# From the edge of the sac under the upper pedicle, past the disc, over the lower one.
ROOTS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "exiting_root:L4:left": ((7, 22, 17), (13, 22, 9), (18, 21, 3), (25, 18, -8), (33, 15, -18)),
    "exiting_root:L4:right": (
        (-7, 21, 17),
        (-13, 21, 9),
        (-18, 20, 3),
        (-25, 17, -8),
        (-33, 14, -18),
    ),
}
GANGLION_POINTS = slice(1, 3)
ROOT_RADIUS_MM, GANGLION_RADIUS_MM = 1.5, 2.25
PEDICLES = {
    "L4": {Side.LEFT: (16, 22, 0, 8, 14), Side.RIGHT: (16, 21, 0, 8, 14)},
    "L5": {Side.LEFT: (16, 22, 5.5, 8, 13), Side.RIGHT: (16, 21, 5.5, 8, 13)},
}
CENTRES = {"L4": 19.0, "L5": -19.0}

SpineBuilder = Callable[..., Anatomy]


@pytest.fixture(scope="session")
def build_spine() -> SpineBuilder:
    """Return the builder, for tests that bend the spine of boxes."""
    return build


@pytest.fixture(scope="session")
def a_spine_of_boxes() -> Anatomy:
    """Two vertebrae at 1 mm whose foramina are rectangles."""
    return build()


@pytest.fixture(scope="session")
def a_case() -> Case:
    """The smallest case; measuring takes only its hash."""
    labels = LabelMap(np.zeros((1, 1, 1), dtype=np.uint8), np.eye(4), "patient")
    return Case(None, labels, {}, "kambin", sha256="ab" * 32)


@pytest.fixture(scope="session")
def measured(a_spine_of_boxes: Anatomy, a_case: Case) -> Measurements:
    """Everything registered, measured on the spine of boxes."""
    return measure_case(a_spine_of_boxes, a_case)


def build(
    *,
    scale: float = 1.0,
    mirrored: bool = False,
    spacing_mm: float = 1.0,
    without: tuple[str, ...] = (),
    moved: RigidTransform | None = None,
    **changed: tuple[Box, ...],
) -> Anatomy:
    """Return the anatomy of the boxes, scaled, mirrored with names exchanged, or moved.

    ``changed`` replaces shapes; colons of the key are written as double underscores, and
    hyphens as a single one.
    """
    move = moved or RigidTransform("patient", "patient", np.eye(4))
    shapes = SHAPES | {_key(name): boxes for name, boxes in changed.items()}
    structures = {}
    for name, boxes in shapes.items():
        if name in without:
            continue
        key = StructureKey.parse(name)
        if mirrored and key.side:
            key = replace(key, side=key.side.opposite)
        region = _region(boxes, scale, spacing_mm, mirrored, move)
        structures[key] = Structure(key, region, Origin.SEGMENTED, 0.3)
    structures |= {
        nerve.key: nerve
        for name in ROOTS
        for nerve in _nerves(name, scale, spacing_mm, mirrored, move)
        if name not in without
    }
    grid = Grid(np.zeros(3), 0.75, (2, 2, 2), "patient")
    return Anatomy(
        structures,
        {name: _vertebra_frame(name, scale, mirrored, move) for name in CENTRES},
        {LEVEL: _disc_frame(scale, move)},
        LevelScheme("5 lumbar", ("L4", "L5"), True, False),
        grid,
        spacing_mm * scale,
    )


def _key(name: str) -> str:
    return name.replace("__", ":").replace("L4_L5", "L4-L5")


def _region(
    boxes: tuple[Box, ...], scale: float, spacing: float, mirrored: bool, move: RigidTransform
) -> LabelMap:
    corners = np.array(boxes)
    low = corners[:, ::2].min(axis=0) - 3 * spacing
    high = corners[:, 1::2].max(axis=0) + 3 * spacing
    counts = np.round((high - low) / spacing).astype(int)
    axes = [low[a] + spacing * (np.arange(counts[a]) + 0.5) for a in range(3)]
    filled = np.zeros(tuple(counts), dtype=np.uint8)
    for x0, x1, y0, y1, z0, z1 in boxes:
        inside = [
            (axis > a) & (axis < b)
            for axis, a, b in zip(axes, (x0, y0, z0), (x1, y1, z1), strict=True)
        ]
        filled[np.ix_(*inside)] = 1
    first = np.array([axis[0] for axis in axes])
    if mirrored:
        filled = np.ascontiguousarray(filled[::-1])
        first[0] = -axes[0][-1]
    affine = np.diag([spacing * scale] * 3 + [1.0])
    affine[:3, 3] = first * scale
    return LabelMap(filled, move.matrix @ affine, "patient")


def _nerves(
    name: str, scale: float, spacing: float, mirrored: bool, move: RigidTransform
) -> list[Structure]:
    """An exiting root and the thicker ganglion on its second part."""
    points = np.array(ROOTS[name], dtype=np.float64) * scale
    key = StructureKey.parse(name)
    if mirrored:
        points = points * [-1, 1, 1]
        key = replace(key, side=key.side.opposite)
    points = move.points(points)
    ganglion = StructureKey("drg", key.place, key.side)
    lines = {key: (points, ROOT_RADIUS_MM), ganglion: (points[GANGLION_POINTS], GANGLION_RADIUS_MM)}
    found = []
    for one, (line, radius) in lines.items():
        tube = Tube(line, np.full(len(line), radius * scale))
        shape = tuple((np.ptp(line, axis=0) / (spacing * scale)).astype(int) + 9)
        grid = Grid(line.min(axis=0) - 4 * spacing * scale, spacing * scale, shape, "patient")
        region = rasterise_tube(tube, grid)
        found.append(Structure(one, region, Origin.SEGMENTED, 0.3, tube))
    return found


def _vertebra_frame(name: str, scale: float, mirrored: bool, move: RigidTransform) -> VertebraFrame:
    centre = CENTRES[name] * scale

    def plate(z: float, label: str) -> RigidTransform:
        return move @ RigidTransform.from_axes("patient", label, np.eye(3), [0, 0, centre + z])

    pedicles = {
        side.opposite if mirrored else side: tuple(scale * v for v in numbers)
        for side, numbers in PEDICLES[name].items()
    }
    return VertebraFrame(
        name,
        plate(0.0, "vertebra"),
        plate(14 * scale, "upper_plate"),
        plate(-14 * scale, "lower_plate"),
        17 * scale,
        pedicles,
        1.0,
    )


def _disc_frame(scale: float, move: RigidTransform) -> DiscFrame:
    frame = move @ RigidTransform.from_axes("patient", "disc", np.eye(3), np.zeros(3))
    return DiscFrame(LEVEL, frame, 17 * scale, 22 * scale, 10 * scale)


def turned(axis: int, angle_deg: float, shift_mm: tuple[float, float, float]) -> RigidTransform:
    """Return a rigid motion about one patient axis."""
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    axes: NDArray[np.float64] = np.eye(3)
    a, b = [i for i in range(3) if i != axis]
    axes[a, a], axes[a, b], axes[b, a], axes[b, b] = c, -s, s, c
    return RigidTransform.from_axes("patient", "patient", axes, shift_mm)


@pytest.fixture(scope="session")
def turn() -> Callable[..., RigidTransform]:
    """Return the maker of rigid motions."""
    return turned
