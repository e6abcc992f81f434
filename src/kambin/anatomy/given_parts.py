"""Parts of vertebrae that a label tool gives: they belong to their bone and win over the rules."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.bone_parts import (
    ARCH_PARTS,
    BODY_PARTS,
    BONE_PARTS,
    SACRAL,
    is_part_of_vertebra,
)
from kambin.anatomy.completion_types import WorkingBone
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.sigma import surface_sigma_mm
from kambin.anatomy.structures import Origin, Structure
from kambin.anatomy.working import (
    SURFACE_EPSILON,
    region_of_nodes,
    resample_indicator,
)

_METHOD = "Given as a mask; what its label holds was parted by planes in the vertebral frame."


def settle_parts(
    parts: Mapping[StructureKey, Structure],
    given: Mapping[StructureKey, Structure],
    bone: WorkingBone,
    label_spacing_mm: float,
) -> dict[StructureKey, Structure]:
    """Let the given masks of vertebral parts win over the rules, node by node.

    Parameters
    ----------
    parts : mapping of StructureKey to Structure as the rules part the vertebrae
    given : mapping of StructureKey to Structure that the labels give
    bone : WorkingBone
    label_spacing_mm : float, mm, the largest spacing of the labels

    Returns
    -------
    mapping of StructureKey to Structure for the vertebrae that have both: the given masks
    untouched, and the modelled parts without them

    Notes
    -----
    A given body keeps its rim, and a given arch its pedicles, laminae and isthmus, because
    tools label both with what the rules tell apart. Where the rules see a process that is
    given and ends before, the node is arch.
    """
    settled: dict[StructureKey, Structure] = {}
    for name in bone.names:
        masks = {k: s for k, s in given.items() if is_part_of_vertebra(k) and k.place == name}
        ruled = {k: s for k, s in parts.items() if k.place == name and k.kind in BONE_PARTS}
        if masks and ruled and name != SACRAL:
            settled |= _settle_vertebra(name, ruled, masks, bone, label_spacing_mm)
    return settled


def absorbed_keys(
    given: Iterable[StructureKey], settled: Mapping[StructureKey, Structure]
) -> frozenset[StructureKey]:
    """Return the given labels of bodies and arches that live on in their parts."""
    places = {key.place for key in settled}
    return frozenset(key for key in given if key.kind in ("body", "arch") and key.place in places)


def _settle_vertebra(
    name: str,
    ruled: Mapping[StructureKey, Structure],
    masks: Mapping[StructureKey, Structure],
    bone: WorkingBone,
    label_spacing_mm: float,
) -> dict[StructureKey, Structure]:
    keys = sorted({*ruled, *masks, StructureKey("arch", name)})
    owner = _owners(ruled, keys, bone)
    told = _owners(masks, keys, bone)
    inside = bone.mask(name)
    for number, key in enumerate(keys, start=1):
        if key in masks:
            here = inside & (told == number)
            keeps = _family(key)
            # what the rules find within a body or an arch is finer than the label, and stays
            fine = [n for n, other in enumerate(keys, start=1) if other.kind in keeps]
            owner[here & ~np.isin(owner, fine)] = number
        if key in masks and key.kind not in (*ARCH_PARTS, *BODY_PARTS):
            # the rules went on where the mask ends: no process of this name is there
            owner[inside & (owner == number) & (told != number)] = (
                keys.index(StructureKey("arch", name)) + 1
            )
    structures = {key: masks[key] for key in masks if key.kind not in ("arch", "body")}
    for number, key in enumerate(keys, start=1):
        nodes = np.argwhere(owner == number)
        if key not in structures and len(nodes):
            structures[key] = _structure(key, nodes, bone, label_spacing_mm, ruled, masks)
    return structures


def _family(key: StructureKey) -> tuple[str, ...]:
    """Return the kinds that may stay within a given mask."""
    if key.kind == "arch":
        return ARCH_PARTS
    return BODY_PARTS if key.kind == "body" else (key.kind,)


def _owners(
    structures: Mapping[StructureKey, Structure], keys: list[StructureKey], bone: WorkingBone
) -> NDArray[np.int16]:
    """Return which structure each node belongs to, by the larger share; 0 for none."""
    owner = np.zeros(bone.grid.shape, dtype=np.int16)
    best = np.full(bone.grid.shape, 0.5 - SURFACE_EPSILON, dtype=np.float32)
    for key in sorted(structures):
        region = structures[key].region
        share, box = resample_indicator(region.values != 0, region, bone.grid)
        wins = share > best[box]
        owner[box][wins] = keys.index(key) + 1
        best[box][wins] = share[wins]
    return owner


def _structure(
    key: StructureKey,
    nodes: NDArray[np.int64],
    bone: WorkingBone,
    label_spacing_mm: float,
    ruled: Mapping[StructureKey, Structure],
    masks: Mapping[StructureKey, Structure],
) -> Structure:
    is_given = any(key.kind in _family(mask) for mask in masks)
    method = _METHOD if is_given or key not in ruled else ruled[key].method
    return Structure(
        key,
        region_of_nodes(bone.grid, nodes),
        Origin.SEGMENTED,
        surface_sigma_mm(key.kind, label_spacing_mm),
        method=method,
        quality={"volume_mm3": float(len(nodes)) * bone.grid.spacing_mm**3},
    )
