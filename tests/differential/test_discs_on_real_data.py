"""Modelled discs against discs that somebody else segmented."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage
from tests.differential.real_spines import atlas, atlas_bones, ct_bones, read_labels

from kambin.anatomy import BonyAnatomy, Level, StructureKey
from kambin.frames import Side
from kambin.imaging import LabelMap

LEVELS = ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
TS_DISCS = "ct_ts_abdopelvis_3mm/labels_vertebra_body_disc_TSspine.nii.gz"


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def on_native_grid(region: LabelMap, labels: LabelMap) -> np.ndarray:
    """A 1 mm region on the voxels of other labels: a voxel counts when half of it is filled."""
    count = max(1, round(float(labels.spacing_mm[0])))
    offsets = (np.arange(count) - (count - 1) / 2) / count
    low, high = (labels.ijk(corner) for corner in region.bounds_lps_mm())
    low, high = np.floor(low).astype(int), np.ceil(high).astype(int) + 1
    ijk = np.stack(
        np.meshgrid(*(np.arange(a, b) for a, b in zip(low, high, strict=True)), indexing="ij"),
        axis=-1,
    )
    share = np.zeros(ijk.shape[:3])
    for shift in np.stack(np.meshgrid(offsets, offsets, offsets), axis=-1).reshape(-1, 3):
        places = region.ijk(labels.lps_mm(ijk + shift))
        share += ndimage.map_coordinates(
            region.values.astype(float), np.moveaxis(places, -1, 0), order=1
        )
    found = np.zeros(labels.shape, bool)
    found[tuple(ijk[share > 0.5 * count**3].T)] = True
    return found


def modelled(bony: BonyAnatomy, level: str) -> LabelMap:
    return bony.structures[StructureKey("disc", level)].region


@pytest.mark.parametrize("level", LEVELS)
def test_the_discs_of_the_atlas(shared_data: Path, level: str) -> None:
    case = atlas(shared_data)
    value = next(v for v, k in case.names.items() if k == StructureKey("disc", level))
    found = on_native_grid(modelled(atlas_bones(shared_data), level), case.labels)
    assert dice(found, case.labels.values == value) >= 0.90


def test_the_discs_of_the_ct(shared_data: Path) -> None:
    labels = read_labels(shared_data / TS_DISCS)
    pieces, count = ndimage.label(labels.values == 2, structure=np.ones((3, 3, 3)))
    bony = ct_bones(shared_data)
    for level in LEVELS:
        found = on_native_grid(modelled(bony, level), labels)
        best = max(dice(found, pieces == n) for n in range(1, count + 1))
        assert best >= 0.75, f"{level}: {best:.3f}"


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("level", LEVELS)
def test_the_disc_does_not_fill_the_foramen(shared_data: Path, level: str, side: Side) -> None:
    """Between the pedicles, behind the wall, less than 2 % is disc (recipes 3)."""
    for bony in (atlas_bones(shared_data), ct_bones(shared_data)):
        assert _disc_share_of_foramen(bony, Level.parse(level), side) < 0.02


def _disc_share_of_foramen(bony: BonyAnatomy, level: Level, side: Side) -> float:
    frame = bony.vertebra_frames[level.upper]
    below = bony.vertebra_frames[level.lower]
    x, _, z, width, height = frame.pedicles[side]
    grid = bony.working_grid
    middle = grid.ijk(bony.disc_frames[level].lps_from_disc.origin_mm).astype(int)
    low_ijk = np.maximum(middle - 45, 0)
    near = tuple(slice(a, b) for a, b in zip(low_ijk, middle + 45, strict=True))
    nodes = np.argwhere(bony.bone.labels[near] == 0) + low_ijk
    places = grid.origin_lps_mm + nodes * grid.spacing_mm
    local = frame.lps_from_vertebra.inverse().points(places)
    lateral = local[:, 0] * side.lateral_sign_lps
    behind = local[:, 1] - frame.posterior_wall_y_mm
    under = below.lps_from_vertebra.inverse().points(places)
    low = below.pedicles[side][2] + below.pedicles[side][4] / 2
    foramen = (np.abs(lateral - x) < width / 2) & (behind > 2.0) & (behind < 12.0)
    foramen &= (local[:, 2] < z - height / 2) & (under[:, 2] > low)
    foramen &= under[:, 1] > below.posterior_wall_y_mm + 2.0
    region = bony.structures[StructureKey("disc", str(level))].region
    ijk = np.round(region.ijk(places[foramen])).astype(int)
    inside = ((ijk >= 0) & (ijk < region.shape)).all(axis=1)
    return float(region.values[tuple(ijk[inside].T)].sum() / max(foramen.sum(), 1))
