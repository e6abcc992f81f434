"""A lumbar spine of boxes on the working grid, with known frames, for the nerve half."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np

from kambin.anatomy import (
    BonyAnatomy,
    DiscFrame,
    Level,
    Origin,
    Structure,
    StructureKey,
    VertebraFrame,
    WorkingBone,
)
from kambin.anatomy.nerves import NerveCompletion, complete_nerves
from kambin.frames import RigidTransform, Side
from kambin.imaging import Grid, LabelMap, region_from_mask

SPACING = 1.0
LOW = np.array([-60.0, -60.0, -70.0])
SHAPE = (121, 121, 231)
GRID = Grid(LOW, SPACING, SHAPE, "boxes")
WALL = 16.0
CANAL_DEPTH = 17.0
PEDICLE_Z, PEDICLE_WIDTH, PEDICLE_HEIGHT = 5.0, 8.0, 14.0
PEDICLE_X = {Side.LEFT: 13.0, Side.RIGHT: 14.5}
"""The right pedicles lie further out, so that left and right differ."""

CENTRES = {"L2": 111.0, "L3": 74.0, "L4": 37.0, "L5": 0.0, "S1": -37.0}
NAMES = tuple(CENTRES)
PARTS = list[Callable[..., np.ndarray]]


def box_bones() -> BonyAnatomy:
    """Return four lumbar vertebrae and a sacrum of boxes, with frames, pedicles and discs."""
    labels = np.zeros(SHAPE, dtype=np.uint8)
    axes = np.meshgrid(*GRID.axes_mm(), indexing="ij", sparse=True)
    for number, (name, z) in enumerate(CENTRES.items(), start=1):
        for inside in _sacrum(z) if name == "S1" else _vertebra(z):
            labels[inside(*axes)] = number
    discs: dict[StructureKey, Structure] = {}
    frames: dict[Level, DiscFrame] = {}
    for upper, lower in pairwise(NAMES):
        level = Level(upper, lower)
        middle = (CENTRES[upper] + CENTRES[lower]) / 2
        mask = np.broadcast_to(_body(middle - 4.6, middle + 4.6)(*axes), SHAPE)
        key = StructureKey("disc", str(level))
        discs[key] = Structure(key, region_from_mask(mask, GRID), Origin.MODELLED, 0.7)
        frames[level] = DiscFrame(level, _at("disc", middle), WALL, 22.0, 10.0)
    return BonyAnatomy(
        structures=discs,
        given=frozenset(),
        vertebra_frames={name: frame_of(name) for name in NAMES},
        disc_frames=frames,
        bone=with_occupancy(labels),
        label_spacing_mm=SPACING,
        labels=LabelMap(labels, GRID.lps_from_ijk, "boxes"),
        names={n: StructureKey("vertebra", name) for n, name in enumerate(NAMES, start=1)},
    )


@cache
def completed_boxes() -> NerveCompletion:
    """Return the nerves of the box spine, modelled once for all tests of a process."""
    return complete_nerves(box_bones())


def only_level(bony: BonyAnatomy, word: str) -> BonyAnatomy:
    """Return the spine with the disc frame of one level only."""
    level = Level.parse(word)
    return replace(bony, disc_frames={level: bony.disc_frames[level]})


def with_occupancy(labels: np.ndarray) -> WorkingBone:
    """Return the bone of a label array on the grid of the boxes."""
    return WorkingBone(GRID, NAMES, labels, (labels > 0).astype(np.float32))


def with_bone(bony: BonyAnatomy, change: Callable[[np.ndarray], None]) -> BonyAnatomy:
    """Return the spine after a change of its labels on the working grid."""
    labels = bony.bone.labels.copy()
    change(labels)
    return replace(bony, bone=with_occupancy(labels))


def with_given(bony: BonyAnatomy, key: str, mask: np.ndarray) -> BonyAnatomy:
    """Return the spine with one more structure that the labels gave."""
    name = StructureKey.parse(key)
    structure = Structure(name, region_from_mask(mask, GRID), Origin.SEGMENTED, 0.5)
    return replace(
        bony,
        structures={**bony.structures, name: structure},
        given=bony.given | {name},
    )


def without_pedicles(bony: BonyAnatomy, *vertebrae: str, side: Side | None = None) -> BonyAnatomy:
    """Return the spine in which the pedicles of some vertebrae were not found."""
    frames = {
        name: replace(
            frame,
            pedicles={
                s: p
                for s, p in frame.pedicles.items()
                if name not in vertebrae or (side is not None and s is not side)
            },
        )
        for name, frame in bony.vertebra_frames.items()
    }
    return replace(bony, vertebra_frames=frames)


def mirrored_bones(bony: BonyAnatomy) -> BonyAnatomy:
    """Return the mirror image: voxels flipped, pedicles and sided names exchanged."""
    frames = {
        name: replace(f, pedicles={s.opposite: p for s, p in f.pedicles.items()})
        for name, f in bony.vertebra_frames.items()
    }
    structures = {}
    for key, structure in bony.structures.items():
        side = key.side.opposite if key.side else None
        mask = np.zeros(SHAPE, dtype=bool)
        start = np.rint(GRID.ijk(structure.region.lps_from_ijk[:3, 3])).astype(int)
        box = tuple(slice(a, a + n) for a, n in zip(start, structure.region.shape, strict=True))
        mask[box] = structure.region.values > 0
        swapped = StructureKey(key.kind, key.place, side)
        structures[swapped] = replace(
            structure, key=swapped, region=region_from_mask(mask[::-1], GRID)
        )
    return replace(
        bony,
        structures=structures,
        vertebra_frames=frames,
        bone=with_occupancy(bony.bone.labels[::-1].copy()),
        labels=LabelMap(bony.labels.values[::-1].copy(), GRID.lps_from_ijk, "boxes"),
    )


def frame_of(name: str) -> VertebraFrame:
    """Return the frame of one vertebra; axes along L, P, S."""
    z = CENTRES[name]
    pedicles = {s: (x, WALL + 4, PEDICLE_Z, 8.0, PEDICLE_HEIGHT) for s, x in PEDICLE_X.items()}
    return VertebraFrame(
        name, _at(name, z), _at("upper", z + 13.5), _at("lower", z - 13.5), WALL, pedicles, 1.0
    )


def all_nodes() -> tuple[np.ndarray, ...]:
    """Return the LPS coordinates of the grid, three arrays that broadcast."""
    return tuple(np.meshgrid(*GRID.axes_mm(), indexing="ij", sparse=True))


def _at(name: str, z: float) -> RigidTransform:
    return RigidTransform.from_axes("lps", name, np.eye(3), [0.0, 0.0, z])


def _vertebra(z: float) -> PARTS:
    parts = [
        _body(z - 13.5, z + 13.5),
        _box(-20, 20, WALL + CANAL_DEPTH, 40, z - 14, z + 8),
        _box(-3, 3, 40, 58, z - 12, z + 2),
    ]
    for side, x in PEDICLE_X.items():
        sign, low, high = side.lateral_sign_lps, x - 4, x + 4
        parts += [
            _sided(sign, low, high, WALL - 1, 26, z - 2, z + 12),
            _sided(sign, low + 3, high + 4, 26, 38, z - 14, z + 14),
            _sided(sign, high, 40, 20, 27, z - 2, z + 6),
        ]
    return parts


def _sacrum(z: float) -> PARTS:
    parts = [
        _body(-70, z + 13.5),
        _box(-30, 30, WALL + CANAL_DEPTH, 40, -70, z + 2),
    ]
    for side, x in PEDICLE_X.items():
        parts.append(_sided(side.lateral_sign_lps, x - 4, 45, 6, 40, -70, z - 2))
    return parts


def _body(z0: float, z1: float):
    """Return a body: rounded in front and at the sides, its posterior wall nearly flat."""

    def inside(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        round_off = np.abs(x / 23) ** 2.5 + np.abs(y / 16) ** 2.5 <= 1.0
        return round_off & (z >= z0) & (z <= z1)

    return inside


def _box(x0: float, x1: float, y0: float, y1: float, z0: float, z1: float):
    def inside(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1) & (z >= z0) & (z <= z1)

    return inside


def _sided(sign: float, x0: float, x1: float, *rest: float):
    y0, y1, z0, z1 = rest

    def inside(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return _box(x0, x1, y0, y1, z0, z1)(x * sign, y, z)

    return inside
