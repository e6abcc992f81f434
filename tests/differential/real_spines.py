"""Real spines as cases, read with SimpleITK, completed once for all tests of this folder."""

import json
import re
from functools import cache
from pathlib import Path

import numpy as np
from benchmarks.refit_parts import read_labels

from kambin.anatomy import BonyAnatomy, Case, StructureKey
from kambin.anatomy.completion import complete_bones
from kambin.frames import Side
from kambin.imaging import LabelMap

ATLAS = "atlas_vhp_male/vhp_male_lumbar_labels_1mm.nii.gz"
CT = "ct_ts_abdopelvis_3mm/labels_totalseg117.nii.gz"
BONES_AND_HOLLOW = ("vertebra", "sacrum", "ilium", "disc", "colon")


@cache
def atlas(folder: Path) -> Case:
    """The 1 mm atlas: five lumbar vertebrae, sacrum, hip bones without a side, discs."""
    return _case(folder / ATLAS)


@cache
def ct(folder: Path) -> Case:
    """The labels of the 3 mm CT."""
    return _case(folder / CT)


@cache
def atlas_bones(folder: Path) -> BonyAnatomy:
    """The atlas completed without its discs, so that they are modelled."""
    return complete_bones(without_discs(atlas(folder)))


@cache
def ct_bones(folder: Path) -> BonyAnatomy:
    return complete_bones(ct(folder))


@cache
def coarse_atlas_bones(folder: Path) -> BonyAnatomy:
    """The atlas averaged to 3 mm: the same patient, only less resolved."""
    return complete_bones(without_discs(block_averaged(atlas(folder))))


def without_discs(case: Case) -> Case:
    names = {v: k for v, k in case.names.items() if k.kind != "disc"}
    return Case(None, case.labels, names, case.dialect)


def block_averaged(case: Case, factor: int = 3) -> Case:
    """Each block of voxels takes the label that most of its voxels carry."""
    labels = case.labels
    shape = [n // factor for n in labels.shape]
    inner = labels.values[tuple(slice(0, n * factor) for n in shape)]
    blocks = inner.reshape(shape[0], factor, shape[1], factor, shape[2], factor)
    blocks = blocks.transpose(0, 2, 4, 1, 3, 5).reshape(*shape, factor**3)
    coarse, most = np.zeros(shape, labels.values.dtype), np.zeros(shape, np.int64)
    for label in np.unique(inner):
        count = (blocks == label).sum(axis=-1)
        coarse[count > most] = label
        np.maximum(most, count, out=most)
    affine = labels.lps_from_ijk.copy()
    affine[:3, 3] = labels.lps_mm(np.full(3, (factor - 1) / 2))
    affine[:3, :3] *= factor
    return Case(None, LabelMap(coarse, affine, labels.frame_id), case.names, case.dialect)


def mirrored(case: Case) -> Case:
    """Voxels mirrored and left and right exchanged in the names: the mirror patient."""
    names = {v: other_side(k) for v, k in case.names.items()}
    values = case.labels.values[::-1].copy()
    labels = LabelMap(values, case.labels.lps_from_ijk, case.labels.frame_id)
    return Case(None, labels, names, case.dialect)


def other_side(key: StructureKey) -> StructureKey:
    return StructureKey(key.kind, key.place, key.side.opposite if key.side else None)


def _case(path: Path) -> Case:
    labels = read_labels(path)
    words = json.loads((path.parent / "labels.json").read_text("utf-8"))
    present = set(np.unique(labels.values).tolist())
    keys = {int(v): _key(word) for v, word in words.items() if int(v) in present}
    kept = {v: k for v, k in keys.items() if k.kind in BONES_AND_HOLLOW}
    return Case(None, labels, kept, "sidecar")


def _key(word: str) -> StructureKey:
    word = word.replace("vertebrae_", "vertebra_").replace("hip_bones", "hip")
    side = next((s for s in Side if word.endswith(f"_{s}")), None)
    word = word.removesuffix(f"_{side}")
    match = re.fullmatch(r"(vertebra|disc)_(.+)", word)
    if match:
        return StructureKey(match[1], match[2])
    return StructureKey({"hip": "ilium"}.get(word, word), "", side)
