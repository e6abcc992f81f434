"""The instances that are measured: the real CT where it is at hand, else the phantom."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Case, Structure, StructureKey, complete
from kambin.exchange import import_case, read_case
from kambin.frames import Side
from kambin.imaging import Grid, signed_distance

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

TARGET_SLACK_MM = 0.6
ENTRY_SLAB_MM = 1.0
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
    """

    name: str
    field: NDArray[np.float32]
    grid: Grid
    entries: NDArray[np.float32]
    targets: NDArray[np.float32]
    structures: tuple[Structure, ...]


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


def make_instance(name: str, case: Case, *, entries: int, targets: int) -> Instance:
    """Return the L4-L5 left instance of a case with random entries and targets, seeded."""
    anatomy = complete(case)
    level = next(level for level in anatomy.disc_frames if str(level) == "L4-L5")
    centre = anatomy.disc_frames[level].lps_from_disc.origin_mm
    frame_id = anatomy.working_grid.frame_id
    low = centre + np.array([-34.0, -104.0, -104.0])
    high = centre + np.array([193.0, 123.0, 105.0])
    grid = Grid.around(low, high, spacing_mm=1.0, anchor_lps_mm=centre, frame_id=frame_id)
    kept = [s for k, s in anatomy.structures.items() if k.kind in MARGINS_MM]
    field = np.full(grid.shape, 1e3, dtype=np.float32)
    for structure in kept:
        distance = signed_distance(structure.region, grid).values
        np.minimum(field, distance - MARGINS_MM[structure.key.kind], out=field)
    skin = signed_distance(anatomy.require(StructureKey("skin")).region, grid).values
    rng = np.random.default_rng(SEED)
    inner = _inside(grid)
    lateral = np.argwhere(inner & (np.abs(skin) < ENTRY_SLAB_MM))
    lateral = lateral[Side.LEFT.lateral_sign_lps * (lateral[:, 0] - 34.0) > 50.0]
    lateral = lateral[lateral[:, 1] > 104.0]
    free = np.argwhere(inner & (field > TARGET_SLACK_MM))
    near = free[np.linalg.norm((free - (54.0, 122.0, 104.0)) / (14.0, 12.0, 10.0), axis=1) < 1.0]
    return Instance(
        name,
        np.ascontiguousarray(field),
        grid,
        _draw(rng, lateral, entries),
        _draw(rng, near, targets),
        tuple(kept),
    )


def _inside(grid: Grid) -> NDArray[np.bool_]:
    inner = np.zeros(grid.shape, dtype=bool)
    inner[1:-2, 1:-2, 1:-2] = True
    return inner


def _draw(rng: np.random.Generator, nodes: NDArray[np.int64], count: int) -> NDArray[np.float32]:
    chosen = rng.choice(len(nodes), size=min(count, len(nodes)), replace=False)
    jitter = rng.uniform(0.0, 0.5, size=(len(chosen), 3))
    return np.ascontiguousarray(nodes[np.sort(chosen)] + jitter, dtype=np.float32)
