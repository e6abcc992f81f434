"""The instances that are measured: the real CT and the atlas at hand, else the phantom.

One margin field each, at 1 mm, with the skin and free nodes near the disc as entries and targets.
The CT has a crude sac and crude roots besides: a tube round its cord label, and two capsules. The
atlas has no nerves and no vessels here, so that its corridors are wide: an easy instance.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, Case, Level, Structure, StructureKey
from kambin.exchange import import_case, read_case
from kambin.frames import Side
from kambin.imaging import Grid, signed_distance, tube_distance

MARGINS_MM = {
    "vertebra": 3.0,
    "ilium": 3.0,
    "kidney": 5.0,
    "colon": 5.0,
    "small_bowel": 5.0,
    "aorta": 3.0,
    "vena_cava": 3.0,
    "iliac_artery": 3.0,
    "iliac_vein": 3.0,
}
"""Margin per kind, mm, as in the trial (recipes B0)."""

LOW_MM = np.array([33.0, 103.0, 103.0])
HIGH_MM = np.array([192.0, 122.0, 104.0])
"""The box around the middle of the disc, less a node on every side: 228 x 228 x 210 nodes."""

NERVE_RADIUS_MM, NERVE_MARGIN_MM = 3.5, 1.0
"""Of the crude sac, a tube 7 mm wide, and of the roots."""

TARGET_SLACK_MM = 0.6
TARGETS_FROM_DISC_MM = np.array([20.0, 18.0, 0.0])
TARGETS_SHAPE = np.array([1.4, 1.2, 1.0])
TARGETS_COUNT = 1856
"""The free nodes nearest to a point beside the middle of the disc, in ellipsoids around it."""

ENTRY_HALF_SLAB_MM = 0.5
LATERAL_MM = 50.0
CRANIOCAUDAL_MM = 44.0
"""Entries lie at least so far from the midline, on the back, and at most so far from the disc."""

SKIN_AXES, SPACE_AXES = (1, 2), (0, 1, 2)
"""Axes along which entries, and targets, are listed more finely (recipes B1.1)."""
SEED = 20261122


@dataclass(frozen=True)
class Instance:
    """One margin field with entries on the skin and targets in the free space of the level.

    Parameters
    ----------
    name : str
    field : float32 array, mm, on the grid
    grid : Grid, 1 mm
    entries, targets : float32 arrays, shape (N, 3), node coordinates
    structures : the structures of the field
    level : Level
    disc_ijk : float array, shape (3,), node coordinates of the middle of the disc
    goal_ijk : float32 array, shape (3,), node coordinates of the target that is wanted most
    """

    name: str
    field: NDArray[np.float32]
    grid: Grid
    entries: NDArray[np.float32]
    targets: NDArray[np.float32]
    structures: tuple[Structure, ...]
    level: Level
    disc_ijk: NDArray[np.float64]
    goal_ijk: NDArray[np.float32]


def find_shared_data() -> Path | None:
    """Return the folder of real images, or none."""
    root = Path(__file__).parents[1]
    folder = Path(os.environ.get("KAMBIN_DATA", root.parent / "shared" / "data"))
    return folder if (folder / "README.md").is_file() else None


def read_ct_case(folder: Path) -> Case | None:
    """Import the real CT into a folder and return it, or none without the shared data."""
    data = find_shared_data()
    if data is None:
        return None
    source = data / "ct_ts_abdopelvis_3mm"
    import_case(
        image=source / "ct.nii.gz",
        labels=[source / "labels_totalseg117.nii.gz"],
        dialect="auto",
        fragment=None,
        out=folder,
    )
    return read_case(folder)


def read_atlas_case(folder: Path) -> Case | None:
    """Import the labels of the real atlas into a folder and return it, or none without them."""
    data = find_shared_data()
    if data is None:
        return None
    source = data / "atlas_vhp_male"
    import_case(
        image=None,
        labels=[
            source / "vhp_male_lumbar_labels_1mm.nii.gz",
            f"skin={source / 'vhp_male_body_skin_1mm.nii.gz'}",
        ],
        dialect="auto",
        fragment=None,
        out=folder,
    )
    return read_case(folder)


def make_instance(
    name: str,
    anatomy: Anatomy,
    level: Level,
    *,
    has_nerves: bool = False,
) -> Instance:
    """Return the left instance of a level.

    Parameters
    ----------
    name : str
    anatomy : Anatomy
    level : Level
    has_nerves : bool, whether to add the crude sac and roots; their surfaces are not in
        ``structures``
    """
    centre = anatomy.disc_frames[level].lps_from_disc.origin_mm
    grid = Grid.around(
        centre - LOW_MM,
        centre + HIGH_MM,
        spacing_mm=1.0,
        anchor_lps_mm=centre,
        frame_id=anatomy.working_grid.frame_id,
    )
    kept = [s for k, s in anatomy.structures.items() if k.kind in MARGINS_MM]
    field = np.full(grid.shape, 1e3, dtype=np.float32)
    for structure in kept:
        distance = signed_distance(structure.region, grid).values
        np.minimum(field, distance - MARGINS_MM[structure.key.kind], out=field)
    if has_nerves:
        for points_mm in _nerves(anatomy, level):
            tube = tube_distance(points_mm, np.full(len(points_mm), NERVE_RADIUS_MM), grid).values
            np.minimum(field, tube - NERVE_MARGIN_MM, out=field)
    skin = signed_distance(anatomy.require(StructureKey("skin")).region, grid).values
    entries, targets = _find_ends(field, skin, grid.ijk(centre))
    disc_ijk = grid.ijk(centre)
    goal = targets[np.argmin(_find_away(targets, disc_ijk))]
    ends = _nodes(entries), _nodes(targets)
    return Instance(name, field, grid, *ends, tuple(kept), level, disc_ijk, _nodes(goal))


def drawn(instance: Instance, entries: int, targets: int) -> Instance:
    """Return an instance with some entries and targets, drawn and moved a little, seeded."""
    rng = np.random.default_rng(SEED)
    return replace(
        instance,
        entries=_nodes(_draw(rng, instance.entries, entries)),
        targets=_nodes(_draw(rng, instance.targets, targets)),
    )


def refined(instance: Instance) -> Instance:
    """Return an instance with entries and targets half as far apart, in the same field.

    Every entry becomes four, moved by half a node along two axes, every target eight.
    """
    return replace(
        instance,
        name=f"{instance.name}, 0.5 mm",
        entries=_moved(instance.entries, SKIN_AXES, (0.0, 0.5)),
        targets=_moved(instance.targets, SPACE_AXES, (0.0, 0.5)),
    )


def parted(instance: Instance, spacing_nodes: float) -> Instance:
    """Return an instance with the middles of the quarters and eighths of the cells of its points.

    Parameters
    ----------
    instance : Instance
    spacing_nodes : float, node spacings, edge of the square round every entry and of the cube
        round every target
    """
    shifts = (-0.25 * spacing_nodes, 0.25 * spacing_nodes)
    return replace(
        instance,
        entries=_moved(instance.entries, SKIN_AXES, shifts),
        targets=_moved(instance.targets, SPACE_AXES, shifts),
    )


def _moved(
    points: NDArray[np.float32], axes: tuple[int, ...], shifts: tuple[float, float]
) -> NDArray[np.float32]:
    """Return every point moved by either shift along each of the axes."""
    along = [shifts if axis in axes else (0.0,) for axis in range(3)]
    steps = np.stack(np.meshgrid(*along, indexing="ij"), axis=-1).reshape(-1, 3)
    return _nodes((points[:, None] + steps.astype(np.float32)).reshape(-1, 3))


def _nerves(anatomy: Anatomy, level: Level) -> list[NDArray[np.float64]]:
    """Return the lines of the crude nerves: through the cord label, and of both roots, mm, LPS."""
    region = anatomy.require(StructureKey("spinal_cord")).region
    nodes = np.argwhere(region.values)
    slices = np.unique(nodes[:, 2])
    middles = np.array([nodes[nodes[:, 2] == k].mean(axis=0) for k in slices])
    lines = [middles @ region.lps_from_ijk[:3, :3].T + region.lps_from_ijk[:3, 3]]
    for vertebra in (level.upper, level.lower):
        tube = anatomy.require(StructureKey("exiting_root", vertebra, Side.LEFT)).tube
        if tube is None:
            raise SystemExit(f"the root of {vertebra} has no line")
        points = tube.points_lps_mm
        lines.append(points[[0, len(points) // 2, -1]])
    return lines


def _find_ends(
    field: NDArray[np.float32], skin: NDArray[np.float32], disc_ijk: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the nodes of the skin that may be entries, and the free nodes near the disc."""
    inner = np.zeros(field.shape, dtype=bool)
    inner[1:-2, 1:-2, 1:-2] = True
    skins = np.argwhere(inner & (np.abs(skin) < ENTRY_HALF_SLAB_MM))
    x, y, z = (skins - disc_ijk).T
    back = (Side.LEFT.lateral_sign_lps * x > LATERAL_MM) & (y > 0) & (np.abs(z) < CRANIOCAUDAL_MM)
    free = np.argwhere(inner & (field > TARGET_SLACK_MM))
    near = np.sort(np.argsort(_find_away(free, disc_ijk), kind="stable")[:TARGETS_COUNT])
    return skins[back], free[near]


def _find_away(nodes: NDArray[np.int64], disc_ijk: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far nodes lie from the point beside the disc, in ellipsoids, shape (N,)."""
    shifts = (nodes - disc_ijk - TARGETS_FROM_DISC_MM) / TARGETS_SHAPE
    away: NDArray[np.float64] = np.linalg.norm(shifts, axis=1)
    return away


def _nodes(points: NDArray[np.generic]) -> NDArray[np.float32]:
    return np.ascontiguousarray(points, dtype=np.float32)


def _draw(rng: np.random.Generator, nodes: NDArray[np.float32], count: int) -> NDArray[np.float64]:
    chosen = rng.choice(len(nodes), size=min(count, len(nodes)), replace=False)
    return nodes[np.sort(chosen)] + rng.uniform(0.0, 0.5, size=(len(chosen), 3))
