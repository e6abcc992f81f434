"""A patient made of boxes and ellipsoids, clean in every check, for one corruption at a time."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from kambin.anatomy import Case, Confirmation, StructureKey
from kambin.core import Severity
from kambin.frames import Side
from kambin.imaging import LabelMap, Volume

SPACING = 1.5
LOW = np.array([-126.0, -102.0, 0.0])
SHAPE = (169, 112, 176)
FRAME = "a made-up frame"
BODIES = {"T12": 220.0, "L1": 187.0, "L2": 154.0, "L3": 121.0, "L4": 88.0, "L5": 55.0}

NAMES = {
    number: StructureKey.parse(text)
    for number, text in enumerate(
        (
            *(f"vertebra:{name}" for name in BODIES),
            *("sacrum", "rib:12:left", "rib:12:right", "liver", "spleen", "aorta", "vena_cava"),
            *(f"iliac_{kind}:{side}" for kind in ("artery", "vein") for side in Side),
            *(f"{kind}:{side}" for kind in ("kidney", "psoas", "ilium") for side in Side),
            *("colon", "small_bowel"),
        ),
        start=1,
    )
}
VALUES = {str(key): number for number, key in NAMES.items()}


def box_spine() -> Case:
    """Return the clean patient: five lumbar vertebrae, sacrum, ribs, organs, skin in the image."""
    values = np.zeros(SHAPE, dtype=np.uint8)
    axes = np.meshgrid(
        *(low + SPACING * np.arange(n) for low, n in zip(LOW, SHAPE, strict=True)),
        indexing="ij",
        sparse=True,
    )
    for key, shapes in _shapes().items():
        for inside in shapes:
            values[inside(*axes)] = VALUES[key]
    body = _ball(0, -20, 135, 112, 72, 10_000)(*axes)
    hu = np.where(np.broadcast_to(body, SHAPE), 40.0, -1000.0).astype(np.float32)
    hu[np.isin(values, bone_values())] = 300.0
    return Case(Volume(hu, affine(), FRAME), LabelMap(values, affine(), FRAME), NAMES, "boxes")


def affine() -> np.ndarray:
    """Return the affine of the box patient, shape (4, 4), mm, LPS from voxel."""
    matrix = np.diag([SPACING, SPACING, SPACING, 1.0])
    matrix[:3, 3] = LOW
    return matrix


def bone_values() -> list[int]:
    """Return the label values of bone."""
    return [v for v, k in NAMES.items() if k.kind in ("vertebra", "sacrum", "rib", "ilium")]


def with_labels(case: Case, change: Callable[[np.ndarray], None]) -> Case:
    """Return the case after a change of its label array."""
    values = case.labels.values.copy()
    change(values)
    return replace(case, labels=LabelMap(values, case.labels.lps_from_ijk, case.labels.frame_id))


def with_image(case: Case, change: Callable[[np.ndarray], None]) -> Case:
    """Return the case after a change of its image array."""
    assert case.image is not None
    values = case.image.values.copy()
    change(values)
    return replace(case, image=Volume(values, case.image.lps_from_ijk, case.image.frame_id))


def with_names(case: Case, names: Mapping[int, StructureKey]) -> Case:
    """Return the case with other names for its labels."""
    return replace(case, names=names)


def renamed(case: Case, new_names: Mapping[str, str]) -> Case:
    """Return the case with some structures called otherwise."""
    return with_names(
        case,
        {v: StructureKey.parse(new_names.get(str(k), str(k))) for v, k in case.names.items()},
    )


def without(case: Case, *kinds: str) -> Case:
    """Return the case without the structures of some kinds, or of some whole keys."""
    gone = [v for v, k in case.names.items() if k.kind in kinds or str(k) in kinds]

    def erase(values: np.ndarray) -> None:
        values[np.isin(values, gone)] = 0

    kept = {v: k for v, k in case.names.items() if v not in gone}
    return with_names(with_labels(case, erase), kept)


def with_sides_swapped(case: Case) -> Case:
    """Return the case with left and right exchanged in every name."""
    return with_names(
        case,
        {
            v: StructureKey(k.kind, k.place, k.side.opposite if k.side else None)
            for v, k in case.names.items()
        },
    )


def mirrored(case: Case) -> Case:
    """Return the case with the voxels of image and labels mirrored left to right."""
    labels = LabelMap(case.labels.values[::-1].copy(), case.labels.lps_from_ijk, FRAME)
    image = case.image and Volume(case.image.values[::-1].copy(), case.image.lps_from_ijk, FRAME)
    return replace(case, labels=labels, image=image)


def with_scheme(case: Case, text: str) -> Case:
    """Return the case after a person confirmed a scheme."""
    said = Confirmation("Dr A", "2026-01-01T00:00:00Z", "scheme", text)
    return replace(case, confirmations=(*case.confirmations, said))


def severities(findings: tuple, code: str) -> list[Severity]:
    """Return the severities with which a code occurs."""
    return [f.severity for f in findings if f.code == code]


def _shapes() -> dict[str, list[Callable[..., np.ndarray]]]:
    shapes = {f"vertebra:{name}": _vertebra(z) for name, z in BODIES.items()}
    shapes["sacrum"] = [_box(-45, 45, 0, 35, 15, 47)]
    shapes["liver"] = [_ball(-60, -45, 235, 38, 30, 25)]
    shapes["spleen"] = [_ball(72, -5, 235, 18, 18, 20)]
    shapes["aorta"] = [_box(6, 20, -40, -26, 70, 250)]
    shapes["vena_cava"] = [_box(-22, -8, -40, -26, 70, 250)]
    shapes["colon"] = [_box(-60, 60, -84, -70, 100, 140)]
    shapes["small_bowel"] = [_box(-40, 40, -68, -50, 80, 160)]
    for side in Side:
        sign = side.lateral_sign_lps
        lower = 0 if side is Side.LEFT else 15
        shapes[f"rib:12:{side}"] = [_sided(sign, 26, 75, 8, 16, 228, 236)]
        shapes[f"kidney:{side}"] = [_ball(sign * 66, 15, 190 - lower, 18, 18, 30)]
        shapes[f"psoas:{side}"] = [_sided(sign, 26, 42, -12, 12, 60, 150)]
        shapes[f"ilium:{side}"] = [_sided(sign, 56, 70, 0, 30, 10, 70)]
        shapes[f"iliac_artery:{side}"] = [_sided(sign, 22, 30, -40, -32, 20, 60)]
        shapes[f"iliac_vein:{side}"] = [_sided(sign, 22, 30, -30, -22, 20, 60)]
    return shapes


def _vertebra(z: float) -> list[Callable[..., np.ndarray]]:
    """Return body, pedicles, lamina, transverse and spinous process above a height."""
    arch = [_sided(s, 8, 16, 17, 25, z + 12, z + 23) for s in (-1, 1)]
    wings = [_sided(s, 14, 36, 21, 27, z + 8, z + 16) for s in (-1, 1)]
    return [
        _box(-22, 22, -17, 17, z, z + 25),
        *arch,
        _box(-18, 18, 25, 32, z + 2, z + 20),
        *wings,
        _box(-3, 3, 32, 46, z + 1, z + 13),
    ]


def _box(x0: float, x1: float, y0: float, y1: float, z0: float, z1: float):
    def inside(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return (x >= x0) & (x < x1) & (y >= y0) & (y < y1) & (z >= z0) & (z < z1)

    return inside


def _sided(sign: float, x0: float, x1: float, *rest: float):
    """Return a box on one side; the side's sign mirrors it exactly."""
    y0, y1, z0, z1 = rest

    def inside(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return (x * sign >= x0) & (x * sign < x1) & (y >= y0) & (y < y1) & (z >= z0) & (z < z1)

    return inside


def _ball(x0: float, y0: float, z0: float, a: float, b: float, c: float):
    def inside(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return ((x - x0) / a) ** 2 + ((y - y0) / b) ** 2 + ((z - z0) / c) ** 2 <= 1.0

    return inside
