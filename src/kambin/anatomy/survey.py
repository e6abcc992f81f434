"""What a case holds: each named structure with its volume, centre and border, and the body."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from kambin.anatomy._survey_kernels import tally_labels
from kambin.anatomy.bone_parts import whole_vertebrae
from kambin.anatomy.case import Case
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.masks import find_labelled
from kambin.anatomy.skin import find_body_mask
from kambin.imaging import LabelMap

_ALL_NEIGHBOURS = np.ones((3, 3, 3), dtype=bool)

Slices = tuple[slice, slice, slice]


class Tally(NamedTuple):
    """What one pass over the labels counts, one row for each label value.

    Parameters
    ----------
    counts : int array, shape (N,), voxels
    sums_ijk : int array, shape (N, 3), summed voxel indices
    low_ijk, high_ijk : int array, shape (N, 3), first and last index
    """

    counts: NDArray[np.int64]
    sums_ijk: NDArray[np.int64]
    low_ijk: NDArray[np.int64]
    high_ijk: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class FoundStructure:
    """One structure as the labels show it.

    Parameters
    ----------
    key : StructureKey
    values : tuple of int, the label values that carry this name
    box : three slices, the smallest box in the label array that holds it
    volume_mm3 : float, mm3
    centroid_lps_mm : float array, shape (3,), mm, LPS
    border_faces : int, number of the six faces of the array it touches
    """

    key: StructureKey
    values: tuple[int, ...]
    box: Slices
    volume_mm3: float
    centroid_lps_mm: NDArray[np.float64]
    border_faces: int

    def mask(self, labels: LabelMap, *, margin_voxels: int = 0) -> NDArray[np.bool_]:
        """Return the structure inside its box, bool array, grown by a margin within the array.

        Parameters
        ----------
        labels : LabelMap in which it was found
        margin_voxels : int, voxels added on every side where the array has them

        Returns
        -------
        bool array, shape of the grown box
        """
        return find_labelled(labels.values[self.grown_box(labels, margin_voxels)], self.values)

    def grown_box(self, labels: LabelMap, margin_voxels: int) -> Slices:
        """Return the box with a margin, cut at the borders of the array, three slices."""
        i, j, k = (
            slice(max(0, s.start - margin_voxels), min(n, s.stop + margin_voxels))
            for s, n in zip(self.box, labels.shape, strict=True)
        )
        return i, j, k

    def points_lps_mm(self, labels: LabelMap) -> NDArray[np.float64]:
        """Return the voxel centres of the structure, shape (N, 3), mm, LPS."""
        start = np.array([s.start for s in self.box], dtype=np.float64)
        return labels.lps_mm(np.argwhere(self.mask(labels)) + start)


@dataclass(frozen=True, slots=True)
class Survey:
    """All named structures of a case that have at least one voxel, and its body.

    Parameters
    ----------
    labels : LabelMap, canonical
    found : mapping of StructureKey to FoundStructure
    empty : names that have no voxel
    repeated : names carried by more than one label value that both have voxels
    body : LabelMap of 0 and 1, the body inside its skin; none if nothing shows the skin
    """

    labels: LabelMap
    found: Mapping[StructureKey, FoundStructure]
    empty: tuple[StructureKey, ...]
    repeated: tuple[StructureKey, ...]
    body: LabelMap | None = None

    def find(self, kind: str, place: str = "") -> FoundStructure | None:
        """Return the unsided structure of a kind and place, or none."""
        return self.found.get(StructureKey(kind, place))

    def of_kind(self, kind: str) -> tuple[FoundStructure, ...]:
        """Return every structure of a kind, any place and side, in the order of their keys."""
        chosen = [f for key, f in self.found.items() if key.kind == kind]
        # By name: label values differ between the tools that may have written them.
        return tuple(sorted(chosen, key=lambda f: str(f.key)))


def survey_labels(case: Case) -> Survey:
    """Look through a case once and note where every named structure and the body lie.

    Parameters
    ----------
    case : Case with labels in canonical array order

    Returns
    -------
    Survey; names without voxels are in ``empty``, not in ``found``
    """
    labels = case.labels
    # Labels of one bit are no integers to the kernel.
    values = labels.values.view(np.uint8) if labels.values.dtype.kind == "b" else labels.values
    tally = Tally(*tally_labels(values, max([0, *case.names])))
    by_key: dict[StructureKey, list[int]] = {}
    empty: list[StructureKey] = []
    for value, key in sorted(case.names.items()):
        # A table may name values that the map never reaches.
        if value > 0 and tally.counts[value]:
            by_key.setdefault(key, []).append(value)
        else:
            empty.append(key)
    repeated = tuple(key for key, numbers in by_key.items() if len(numbers) > 1)
    # A vertebra is all of its bone, whatever parts of it the labels give names of their own.
    present = {n: key for key, numbers in by_key.items() for n in numbers}
    wholes = {StructureKey("vertebra", n): list(v) for n, v in whole_vertebrae(present).items()}
    by_key |= wholes
    found = {key: _measure(labels, key, numbers, tally) for key, numbers in by_key.items()}
    # Two values may share a name: empty under one, there under the other.
    body = find_body_mask(case.image, labels, case.names)
    return Survey(labels, found, tuple(k for k in empty if k not in found), repeated, body)


def component_volumes_mm3(structure: FoundStructure, labels: LabelMap) -> NDArray[np.float64]:
    """Return the volumes of the separate pieces of a structure, largest first, mm3.

    Parameters
    ----------
    structure : FoundStructure
    labels : LabelMap in which it was found

    Returns
    -------
    float array, shape (number of pieces,), mm3; voxels that meet at a corner are one piece
    """
    _, sizes = _find_pieces(structure, labels)
    return np.asarray(np.sort(sizes)[::-1] * voxel_volume_mm3(labels), dtype=np.float64)


def is_largest_piece_cut(structure: FoundStructure, labels: LabelMap) -> bool:
    """Return whether the largest piece of a structure ends where the labels do.

    Parameters
    ----------
    structure : FoundStructure
    labels : LabelMap in which it was found

    Notes
    -----
    A loose piece at the border says nothing about the rest. The slice before the first and the
    last counts as border, because a label that was resampled loses its last slice.
    """
    numbered, sizes = _find_pieces(structure, labels)
    starts = np.array([side.start for side in structure.box])
    ijk = np.argwhere(numbered == sizes.argmax() + 1) + starts
    slack = np.array([0, 0, 1])
    reaches = (ijk <= slack) | (ijk >= np.array(labels.shape) - 1 - slack)
    return bool(reaches.any())


def _find_pieces(
    structure: FoundStructure, labels: LabelMap
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the number of the piece each voxel of the box is in, from 1, and their voxels."""
    numbered, count = ndimage.label(structure.mask(labels), structure=_ALL_NEIGHBOURS)
    return numbered, np.bincount(numbered.ravel(), minlength=count + 1)[1:]


def voxel_volume_mm3(labels: LabelMap) -> float:
    """Return the volume of one voxel, mm3."""
    return float(np.prod(labels.spacing_mm))


def _measure(
    labels: LabelMap, key: StructureKey, numbers: list[int], tally: Tally
) -> FoundStructure:
    count = int(tally.counts[numbers].sum())
    low, stop = tally.low_ijk[numbers].min(axis=0), tally.high_ijk[numbers].max(axis=0) + 1
    # From the corner of its box, so that the centre does not depend on where the array begins.
    centre_ijk = low + (tally.sums_ijk[numbers].sum(axis=0) - low * count) / count
    i, j, k = (slice(a, b) for a, b in zip(low.tolist(), stop.tolist(), strict=True))
    faces = int((low == 0).sum() + (stop == labels.shape).sum())
    volume_mm3 = count * voxel_volume_mm3(labels)
    centroid_lps_mm = labels.lps_mm(centre_ijk)
    return FoundStructure(key, tuple(numbers), (i, j, k), volume_mm3, centroid_lps_mm, faces)
