"""One made patient twice: as a CT sees it, and bent, turned and cut otherwise as an MR sees it."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from kambin.anatomy import Case, Level, StructureKey
from kambin.frames import RigidTransform, Side
from kambin.imaging import LabelMap
from kambin.phantom import PhantomParameters, SpineCase, paint_spine_case

NAMES = ("L3", "L4", "L5", "S1")
LEVELS = (Level("L3", "L4"), Level("L4", "L5"), Level("L5", "S1"))
SOFT = ("dural_sac", "disc", "exiting_root", "traversing_root", "drg", "fragment")


@dataclass(frozen=True)
class BentSpine:
    """The CT case, the MR case, and where everything of the CT truly lies in the MR."""

    made: SpineCase
    ct: Case
    mr: Case
    motions: dict[str, RigidTransform]
    lows: np.ndarray
    highs: np.ndarray

    def to_mr(self, points: np.ndarray) -> np.ndarray:
        """Move soft tissue: rigid beside the bodies, in the discs by a share of matrices.

        Another rule than that of the fusion: the share is linear over the height of the disc
        alone, and places are mixed, not screws.
        """
        moved = self.motions[NAMES[0]].points(points)
        for n in range(len(NAMES) - 1):
            share = np.clip((self.lows[n] - points[:, 2]) / (self.lows[n] - self.highs[n]), 0, 1)
            here = share > 0
            upper, lower = self.motions[NAMES[n]], self.motions[NAMES[n + 1]]
            a, b = upper.points(points[here]), lower.points(points[here])
            s = share[here, None]
            moved[here] = (1 - s) * a + s * b
        return moved


@cache
def bend(
    seed: int = 4,
    *,
    spacing_mm: float = 1.5,
    mr_spacing_mm: tuple[float, float, float] = (1.5, 1.5, 1.5),
    bend_deg: float = 3.0,
    levels: tuple[Level, ...] = LEVELS,
) -> BentSpine:
    """Make a patient, once a run, and bend the spine by some degrees at each disc for the MR."""
    parameters = PhantomParameters(Level("L4", "L5"), Side.LEFT, seed=seed, spacing_mm=spacing_mm)
    made = paint_spine_case(parameters, levels)
    return bend_made(made, mr_spacing_mm=mr_spacing_mm, bend_deg=bend_deg)


def bend_made(
    made: SpineCase,
    *,
    mr_spacing_mm: tuple[float, float, float] = (1.5, 1.5, 1.5),
    bend_deg: float = 3.0,
) -> BentSpine:
    """Bend a stretch of a patient that is painted already."""
    ct = made.case
    motions = _motions(made, bend_deg)
    frames = made.truth.vertebra_frames
    lows = np.array([frames[n].lower_plate.origin_mm[2] for n in NAMES[:-1]])
    highs = np.array([frames[n].upper_plate.origin_mm[2] for n in NAMES[1:]])
    spine = BentSpine(made, ct, ct, motions, lows, highs)
    labels, names = _paint_mr(spine, np.array(mr_spacing_mm))
    mr = Case(None, labels, names, "made")
    return BentSpine(made, ct, mr, motions, lows, highs)


def _motions(made: SpineCase, bend_deg: float) -> dict[str, RigidTransform]:
    whole = Rotation.from_euler("xyz", [6.0, -4.0, 5.0], degrees=True).as_matrix()
    motion = RigidTransform.from_axes("mr", "ct", whole, [12.0, -30.0, 8.0])
    motions = {NAMES[0]: motion}
    for upper, lower in pairwise(NAMES):
        pivot = made.truth.disc_frames[Level(upper, lower)].lps_from_disc.origin_mm
        # Mostly flexion, with a little side-bending and twist.
        turn = Rotation.from_rotvec(np.deg2rad([bend_deg, bend_deg / 4, bend_deg / 6])).as_matrix()
        about = RigidTransform.from_axes("ct", "ct", turn, pivot - turn @ pivot)
        motion = motion @ about
        motions[lower] = motion
    return motions


def _paint_mr(spine: BentSpine, spacing: np.ndarray) -> tuple[LabelMap, dict[int, StructureKey]]:
    parts = spine.made.truth.labels(float(spine.ct.labels.spacing_mm[0]))
    named = spine.made.truth.names
    corners = np.array(spine.ct.labels.bounds_lps_mm())
    box = np.array(
        [[corners[a, 0], corners[b, 1], corners[c, 2]] for a, b, c in np.ndindex(2, 2, 2)]
    )
    low, high = (f(spine.to_mr(box), axis=0) for f in (np.min, np.max))
    shape = np.ceil((high - low) / spacing).astype(int)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = low
    values = np.zeros(shape, dtype=np.uint8)
    names: dict[int, StructureKey] = {}
    for vertebra in NAMES:
        number = len(names) + 1
        names[number] = StructureKey("vertebra", vertebra)
        kinds = [("vertebra", vertebra)] + ([("sacrum", "")] if vertebra == "S1" else [])
        wanted = [v for v, k in spine.ct.names.items() if (k.kind, k.place) in kinds]
        mask = np.isin(spine.ct.labels.values, wanted)
        _paint(values, affine, spine.ct.labels, mask, spine, number, vertebra)
    for value, key in named.items():
        if key.kind in SOFT:
            number = len(names) + 1
            mask = parts.values == value
            if mask.any():
                names[number] = key
                _paint(values, affine, parts, mask, spine, number)
    return LabelMap(values, affine, "patient"), names


def _paint(
    values: np.ndarray,
    affine: np.ndarray,
    source: LabelMap,
    mask: np.ndarray,
    spine: BentSpine,
    number: int,
    name: str = "",
) -> None:
    """Paint one structure on the MR voxels, by its vertebra's motion or as soft tissue."""
    points = source.lps_mm(np.argwhere(mask))
    moved = spine.motions[name].points(points) if name else spine.to_mr(points)
    labels = LabelMap(values, affine, "patient")
    ijk = labels.ijk(moved)
    low = np.maximum(np.floor(ijk.min(axis=0)) - 2, 0).astype(int)
    high = np.minimum(np.ceil(ijk.max(axis=0)) + 3, labels.shape).astype(int)
    nodes = np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"), -1).reshape(-1, 3)
    places = labels.lps_mm(nodes)
    back = spine.motions[name].inverse().points(places) if name else _to_ct(spine, places)
    inside = ndimage.map_coordinates(mask.astype(np.float32), source.ijk(back).T, order=1) >= 0.5
    values[tuple(nodes[inside].T)] = number


def _to_ct(spine: BentSpine, points: np.ndarray) -> np.ndarray:
    back = spine.motions["L4"].inverse()
    found = back.points(points)
    for _ in range(8):
        found = found + back.vectors(points - spine.to_mr(found))
    return found
