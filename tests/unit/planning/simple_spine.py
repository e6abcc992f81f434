"""A spine of boxes and tubes, small enough to check by eye: L4-L5 with its foramina."""

from dataclasses import dataclass, field, replace

import numpy as np

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
from kambin.frames import RigidTransform, Side
from kambin.imaging import Grid, LabelMap, region_from_mask

LEVEL = Level("L4", "L5")
FRAME = "patient"
GRID = Grid.around(
    (-60, -25, -42), (60, 76, 42), spacing_mm=1.0, anchor_lps_mm=(0, 0, 0), frame_id=FRAME
)
SKIN_GRID = Grid.around(
    (-176, -132, -112), (176, 116, 128), spacing_mm=4.0, anchor_lps_mm=(0, 0, 0), frame_id=FRAME
)

# kind, place, |x| from..to, y from..to, z from..to; mirrored to both sides, in order of priority
SIDED = (
    ("sap", "L5", (13, 22), (28, 35), (-10, 6)),
    ("arch_base", "L5", (12, 20), (25, 29), (-12, -8)),
    ("pedicle_rim", "L5", (11, 21), (17, 26), (-9, -7)),
    ("pedicle", "L5", (11, 21), (17, 26), (-21, -9)),
    ("pedicle", "L4", (11, 21), (17, 26), (13, 27)),
    ("pars", "L4", (10, 20), (27, 35), (10, 18)),
    ("iap", "L4", (8, 20), (37, 44), (-9, 8)),
)
MIDLINE = (
    ("lamina", "L4", (0, 10), (37, 43), (6, 22)),
    ("lamina", "L5", (0, 10), (37, 43), (-32, -14)),
    ("sp", "L4", (0, 3), (43, 70), (0, 14)),
    ("sp", "L5", (0, 3), (43, 68), (-36, -22)),
)
ROOT = ((8, 24, 13), (15, 22, 9.5), (24, 15, -1), (33, 6, -16), (40, -4, -30))


@dataclass(frozen=True)
class Recipe:
    """What a spine of boxes can be varied in."""

    root_shift_mm: float = 0.0
    root_scale: float = 1.0
    sap_extra_mm: float = 0.0
    skin_depth_mm: float = 100.0
    asymmetry_mm: float = 0.0
    without: tuple[str, ...] = ()
    label_spacing_mm: float = 1.0
    turn_deg: float = 0.0
    sigma: dict[str, float] = field(default_factory=dict)


def build_simple_spine(recipe: Recipe | None = None) -> Anatomy:
    """Return the anatomy of a spine of boxes."""
    recipe = recipe or Recipe()
    masks = _bones(recipe)
    structures = {}
    for key, mask in masks.items():
        structures[key] = _structure(key, region_from_mask(mask, GRID), recipe, 0.5)
    for key, tube in _tubes(recipe).items():
        region = region_from_mask(_near_tube(tube), GRID)
        origin = Origin.SEGMENTED if key.kind == "dural_sac" else Origin.MODELLED
        sigma = recipe.sigma.get(key.kind, 1.0 if key.kind == "dural_sac" else 2.5)
        structures[key] = Structure(key, region, origin, sigma, tube=tube)
    for key, mask in _soft(recipe).items():
        structures[key] = _structure(key, region_from_mask(mask, SKIN_GRID), recipe, 1.0)
    kept = {k: s for k, s in structures.items() if str(k) not in recipe.without}
    disc = DiscFrame(
        LEVEL, RigidTransform.from_axes("lps", "disc", np.eye(3), (0, 0, 0)), 18.0, 25.0, 10.0
    )
    return Anatomy(
        kept,
        {"L4": _frame("L4", 19, 1.0), "L5": _frame("L5", -19, 5.0)},
        {LEVEL: disc},
        LevelScheme("5 lumbar", ("L4", "L5"), True, False),
        GRID,
        recipe.label_spacing_mm,
    )


def build_case(anatomy: Anatomy, sha256: str = "c" * 64) -> Case:
    """Return a label-only case that carries the anatomy's body as its labels."""
    skin = anatomy.structures[StructureKey("skin")]
    return Case(None, skin.region, {1: StructureKey("skin")}, "own", (), sha256)


def mirror_spine(anatomy: Anatomy) -> Anatomy:
    """Return the spine seen in a mirror, with left and right exchanged in every name."""
    structures = {}
    for key, s in anatomy.structures.items():
        other = StructureKey(key.kind, key.place, key.side.opposite if key.side else None)
        tube = s.tube and Tube(s.tube.points_lps_mm * (-1, 1, 1), s.tube.radii_mm)
        structures[other] = replace(s, key=other, region=_mirror_map(s.region), tube=tube)
    frames = {
        v: replace(f, pedicles={side.opposite: p for side, p in f.pedicles.items()})
        for v, f in anatomy.vertebra_frames.items()
    }
    grid = anatomy.working_grid
    origin = grid.origin_lps_mm.copy()
    origin[0] = -grid.high_lps_mm[0]
    mirrored = Grid(origin, grid.spacing_mm, grid.shape, grid.frame_id)
    return replace(anatomy, structures=structures, vertebra_frames=frames, working_grid=mirrored)


def _mirror_map(region: LabelMap) -> LabelMap:
    affine = region.lps_from_ijk.copy()
    affine[0, 3] = -(affine[0, 3] + affine[0, 0] * (region.shape[0] - 1))
    return LabelMap(region.values[::-1], affine, region.frame_id)


def _structure(key: StructureKey, region: LabelMap, recipe: Recipe, sigma_mm: float) -> Structure:
    return Structure(key, region, Origin.SEGMENTED, recipe.sigma.get(key.kind, sigma_mm))


def _bones(recipe: Recipe) -> dict[StructureKey, np.ndarray]:
    x, y, z = np.meshgrid(*GRID.axes_mm(), indexing="ij")
    oval = (x / 25) ** 2 + (y / 18) ** 2 <= 1
    masks: dict[StructureKey, np.ndarray] = {}
    taken = np.zeros(GRID.shape, bool)

    def put(key: StructureKey, mask: np.ndarray) -> None:
        masks[key] = mask & ~taken
        taken[mask] = True

    put(StructureKey("body_rim", "L5"), oval & (y > 12) & (z > -9) & (z <= -5))
    for kind, place, xs, ys, zs in SIDED:
        for side in Side:
            out = side.lateral_sign_lps * x
            ventral = ys[0] - (recipe.sap_extra_mm if kind == "sap" else 0)
            box = (out >= xs[0]) & (out <= xs[1]) & (y >= ventral) & (y <= ys[1])
            put(StructureKey(kind, place, side), box & (z >= zs[0]) & (z <= zs[1]))
    for kind, place, xs, ys, zs in MIDLINE:
        box = (abs(x) <= xs[1]) & (y >= ys[0]) & (y <= ys[1]) & (z >= zs[0]) & (z <= zs[1])
        put(StructureKey(kind, place), box)
    put(StructureKey("body", "L5"), oval & (z > -33) & (z <= -5))
    put(StructureKey("body", "L4"), oval & (z < 33) & (z >= 5))
    put(StructureKey("disc", "L4-L5"), oval & (abs(z) < 5))
    return masks


def _tubes(recipe: Recipe) -> dict[StructureKey, Tube]:
    sac = Tube(np.array([(0.0, 27, -40), (0, 27, 40)]), np.array([6.0, 6.0]))
    tubes = {StructureKey("dural_sac"): sac}
    for side in Side:
        sign = side.lateral_sign_lps
        more = recipe.asymmetry_mm if side is Side.RIGHT else 0.0
        points = np.add(ROOT, (0, 0, recipe.root_shift_mm + more))
        root = Tube(points * (sign, 1, 1), recipe.root_scale * np.array([1.5, 2.5, 2.0, 2.0, 2.0]))
        tubes[StructureKey("exiting_root", "L4", side)] = root
        down = np.array([(7.0, 23, 10), (9, 23, -15)]) * (sign, 1, 1)
        tubes[StructureKey("traversing_root", "L5", side)] = Tube(down, np.array([1.5, 1.5]))
    return tubes


def _near_tube(tube: Tube) -> np.ndarray:
    x, y, z = np.meshgrid(*GRID.axes_mm(), indexing="ij")
    nodes = np.stack([x, y, z], -1)
    inside = np.zeros(GRID.shape, bool)
    for a, b, r in zip(
        tube.points_lps_mm[:-1], tube.points_lps_mm[1:], tube.radii_mm, strict=False
    ):
        t = np.clip((nodes - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
        inside |= np.linalg.norm(nodes - a - t[..., None] * (b - a), axis=-1) <= r
    return inside


def _soft(recipe: Recipe) -> dict[StructureKey, np.ndarray]:
    x, y, z = np.meshgrid(*SKIN_GRID.axes_mm(), indexing="ij")
    depth = recipe.skin_depth_mm
    body = (x / 165) ** 2 + ((y + 10) / (depth + 10)) ** 2 <= 1
    colon = ((x - 85) / 22) ** 2 + ((y + 45) / 22) ** 2 <= 1
    return {StructureKey("skin"): body, StructureKey("colon"): colon & (abs(z) < 90)}


def _frame(vertebra: str, z: float, pedicle_z: float) -> VertebraFrame:
    here = RigidTransform.from_axes("lps", "vertebra", np.eye(3), (0, 0, z))
    plates = [
        RigidTransform.from_axes("lps", "plate", np.eye(3), (0, 0, z + d)) for d in (14.0, -14.0)
    ]
    pedicle = (16.0, 21.5, pedicle_z, 11.0, 14.0)
    return VertebraFrame(vertebra, here, *plates, 18.0, dict.fromkeys(Side, pedicle), 2.0)
