"""Labels that name no level get one from a file that names the vertebrae on the same grid."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy import VERTEBRAE, Level, StructureKey, is_part_of_vertebra
from kambin.core import InputError, RequestError
from kambin.exchange.dialects import needs_level, read_dialects
from kambin.exchange.sources import LabelSource
from kambin.imaging import LabelMap
from kambin.knowledge import value

_COLUMN = (*(f"C{n}" for n in range(1, 8)), *(f"T{n}" for n in range(1, 10)), *VERTEBRAE)
_TOUCHING = np.ones((3, 3, 3), dtype=bool)
"""Voxels of a disc that meet at a corner are one piece."""


@dataclass(frozen=True, slots=True)
class Levelled:
    """A source of which every name says which vertebra or level it belongs to.

    Parameters
    ----------
    source : LabelSource
    left_out_voxels : mapping of the name without a level to the voxels that got none
    """

    source: LabelSource
    left_out_voxels: Mapping[str, int]


def require_levels(sources: list[LabelSource], names: Mapping[int, StructureKey]) -> None:
    """Refuse labels that name no level when no other file says which vertebra is which.

    Parameters
    ----------
    sources : the sources that hold labels without a level
    names : label value -> StructureKey, what all sources together do name

    Raises
    ------
    InputError  (IN-083)
    """
    if not sources or any(key.kind == "vertebra" and key.place for key in names.values()):
        return
    first = sources[0]
    lost = sorted({str(key) for key in first.names.values() if needs_level(key)})
    table = read_dialects().get(first.dialect)
    title = table.title if table is not None else f"It holds {', '.join(lost)}"
    raise InputError(
        code="IN-083",
        what="The labels do not say which vertebra is which",
        where=first.where,
        why=f"{title}; no file given with it names the vertebrae.",
        next_step="Add a --labels file on the same grid that names them, such as seg-vert, "
        "vertebrae_mr or total.",
    )


def give_levels(
    source: LabelSource, labels: LabelMap, names: Mapping[int, StructureKey]
) -> Levelled:
    """Name parts by the vertebra they lie in, and discs by the two vertebrae they lie between.

    Parameters
    ----------
    source : LabelSource of labels that name no level, and no others
    labels : LabelMap on the same grid in which the vertebrae are named
    names : label value -> StructureKey of it

    Returns
    -------
    Levelled, with numbers of its own. A label for all vertebrae at once says nothing that the
    other file does not, and is dropped; so is a part that lies in no named vertebra.

    Notes
    -----
    A voxel of a part belongs to the vertebra whose label it carries in the other file: the
    intersection, as TPTBox means its pair of masks. A disc voxel belongs to the level whose
    two vertebrae together are nearest, among neighbours that its piece reaches.
    """
    parts = dict(source.names)
    discs = [v for v, key in parts.items() if key.kind == "disc"]
    owners, places = _owners(labels, names)
    # one table for kind and vertebra: two look-ups per voxel, however many parts there are
    table = np.zeros((int(source.labels.values.max()) + 1, len(places)), dtype=np.uint16)
    numbers: dict[StructureKey, int] = {}
    for value_, key in sorted(source.names.items()):
        for owner, place in enumerate(places):
            full = _with_place(key, place)
            if full is not None:
                table[value_, owner] = numbers.setdefault(full, len(numbers) + 1)
    found = table[source.labels.values, owners]
    left_out = {
        str(parts[v]): int(np.count_nonzero((source.labels.values == v) & (found == 0)))
        for v in parts
        if parts[v].kind not in ("vertebra", "disc")
    }
    if discs:
        mask = np.isin(source.labels.values, discs)
        left_out["disc"] = _name_discs(mask, labels, names, found, numbers)
    levelled = LabelMap(found, labels.lps_from_ijk, labels.frame_id)
    keys = {number: key for key, number in numbers.items() if (found == number).any()}
    return Levelled(replace(source, labels=levelled, names=keys), left_out)


def _owners(
    labels: LabelMap, names: Mapping[int, StructureKey]
) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Return the bone each voxel lies in as an index into the returned places; 0 for none."""
    bones = {number: place for number, key in names.items() if (place := _owning_place(key))}
    places = ("", *sorted(set(bones.values())))
    table = np.zeros(int(labels.values.max()) + 1, dtype=np.uint8)
    for number, place in bones.items():
        if number < table.size:
            table[number] = places.index(place)
    owners: NDArray[np.uint8] = table[labels.values]
    return owners, places


def _owning_place(key: StructureKey) -> str:
    """Return the vertebra a bone is or belongs to, ``rib:12`` for a rib, or nothing."""
    # some tools number the ribs in one file, and say left and right in another
    if key.kind == "rib" and key.place:
        return f"rib:{key.place}"
    return key.place if _is_bone(key) else ""


def _is_bone(key: StructureKey) -> bool:
    return (key.kind == "vertebra" and key.place not in ("", "S1")) or is_part_of_vertebra(key)


def _with_place(key: StructureKey, place: str) -> StructureKey | None:
    """Return the key of a part in a vertebra or rib, or none where it can have no such part."""
    if not place or key.kind in ("vertebra", "disc"):
        return None
    if place.startswith("rib:"):
        return StructureKey("rib", place[4:], key.side) if key.kind == "rib" else None
    if key.kind == "rib":
        # a rib is numbered like the vertebra that bears it
        return StructureKey("rib", place[1:], key.side) if place[0] == "T" else None
    return StructureKey(key.kind, place, key.side)


def _name_discs(
    mask: NDArray[np.bool_],
    labels: LabelMap,
    names: Mapping[int, StructureKey],
    found: NDArray[np.uint16],
    numbers: dict[StructureKey, int],
) -> int:
    """Write the discs into ``found`` and return how many voxels got no level."""
    reach_mm = value("input_limits.disc_reach_mm")
    reach = np.ceil(reach_mm / labels.spacing_mm).astype(int)
    bones = _bones_in_order(names)
    pieces, _ = ndimage.label(mask, structure=_TOUCHING)
    left_out = 0
    for piece, box in enumerate(ndimage.find_objects(pieces), start=1):
        near = tuple(
            slice(max(0, s.start - r), min(n, s.stop + r))
            for s, r, n in zip(box, reach, mask.shape, strict=True)
        )
        inside = pieces[near] == piece
        voxels = labels.values[near]
        spans = {}
        for name, values in bones.items():
            bone = np.isin(voxels, values)
            if bone.any():
                distance = ndimage.distance_transform_edt(~bone, sampling=labels.spacing_mm)
                if float(distance[inside].min()) <= reach_mm:
                    spans[name] = distance[inside]
        levels = [pair for pair in pairwise(bones) if pair[0] in spans and pair[1] in spans]
        levels = [pair for pair in levels if _is_level(*pair)]
        # between two vertebrae, or nowhere: a disc that one vertebra is next to has two names
        if not levels:
            left_out += int(inside.sum())
            continue
        nearest = np.argmin([spans[a] + spans[b] for a, b in levels], axis=0)
        keys = [StructureKey("disc", f"{a}-{b}") for a, b in levels]
        own = np.array([numbers.setdefault(key, len(numbers) + 1) for key in keys])
        found[near][inside] = own[nearest]
    return left_out


def _bones_in_order(names: Mapping[int, StructureKey]) -> dict[str, list[int]]:
    """Return the label values of the vertebrae and the sacrum from cranial to caudal."""
    bones: dict[str, list[int]] = {}
    for number, key in sorted(names.items()):
        is_sacrum = key.kind == "sacrum" or (key.kind == "vertebra" and key.place == "S1")
        if is_sacrum or _is_bone(key):
            bones.setdefault("S1" if is_sacrum else key.place, []).append(number)
    return {name: bones[name] for name in _COLUMN if name in bones}


def _is_level(upper: str, lower: str) -> bool:
    """Return whether a disc lies between two vertebrae: neighbours by name, not by a gap."""
    try:
        Level.parse(f"{upper}-{lower}")
    except RequestError:
        return upper[0] in "CT" and _COLUMN.index(lower) - _COLUMN.index(upper) == 1
    return True
