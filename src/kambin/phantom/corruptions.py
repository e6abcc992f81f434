"""What goes wrong with images and labels, one pure function per kind of fault."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.anatomy import VERTEBRAE, StructureKey
from kambin.core import AnatomyError
from kambin.imaging import LabelMap, Volume

_Voxels = TypeVar("_Voxels", Volume, LabelMap)


@dataclass(frozen=True, slots=True)
class Scan:
    """An image with its labels and their names, as a fault finds it.

    Parameters
    ----------
    image : Volume, HU
    labels : LabelMap on the same grid
    names : mapping of label value to StructureKey
    """

    image: Volume
    labels: LabelMap
    names: Mapping[int, StructureKey]


def mirror_voxels(scan: Scan) -> Scan:
    """Mirror the voxels left to right and keep all names: rows A01 and G11.

    Parameters
    ----------
    scan : Scan in canonical order, index i growing to the patient's left
    """
    return replace(
        scan,
        # The affine stays as it was: that is the fault.
        image=_with_values(scan.image, np.flip(scan.image.values, axis=0)),
        labels=_with_values(scan.labels, np.flip(scan.labels.values, axis=0)),
    )


def swap_sides(scan: Scan, kinds: Collection[str] = ()) -> Scan:
    """Exchange left and right in the names and keep all voxels: row A01.

    Parameters
    ----------
    scan : Scan
    kinds : kinds of structures whose sides are exchanged; all if empty
    """
    return replace(
        scan,
        names={
            number: _swapped(key) if not kinds or key.kind in kinds else key
            for number, key in scan.names.items()
        },
    )


def mirror_patient(scan: Scan) -> Scan:
    """Mirror the voxels and exchange the names: a patient with situs inversus, row A13.

    Parameters
    ----------
    scan : Scan in canonical order
    """
    return swap_sides(mirror_voxels(scan))


def shift_levels(scan: Scan, by: int = 1) -> Scan:
    """Name every vertebra like the one so many levels further down: row A04.

    Parameters
    ----------
    scan : Scan
    by : int, levels; negative names them further up

    Raises
    ------
    AnatomyError  (AN-181) if a vertebra would get a name that does not exist
    """
    return replace(scan, names={number: _shifted(key, by) for number, key in scan.names.items()})


def add_lumbar(scan: Scan) -> Scan:
    """Call T12 the first lumbar vertebra, so that the last one is L6: row A02.

    Parameters
    ----------
    scan : Scan of a patient with five lumbar vertebrae and T12

    Raises
    ------
    AnatomyError  (AN-181) if the scan names L6 already
    """
    return shift_levels(scan, 1)


def drop_slice(scan: Scan, index: int) -> Scan:
    """Lose one axial slice; everything above it seems one spacing lower: row G04.

    Parameters
    ----------
    scan : Scan
    index : int, position of the slice along k
    """
    return replace(
        scan,
        # The affine closes the gap, as readers do that trust the spacing of the header.
        image=_with_values(scan.image, np.delete(scan.image.values, index, axis=2)),
        labels=_with_values(scan.labels, np.delete(scan.labels.values, index, axis=2)),
    )


def rescale(scan: Scan, factor: float) -> Scan:
    """Multiply all spacings, as a file in the wrong unit does: row G10.

    Parameters
    ----------
    scan : Scan
    factor : float > 0, such as 10 for centimetres read as millimetres

    Raises
    ------
    InputError  (IN-014) if the factor is 0 or not finite
    """
    scale = np.diag([factor, factor, factor, 1])
    return replace(
        scan,
        image=_with_affine(scan.image, scale @ scan.image.lps_from_ijk),
        labels=_with_affine(scan.labels, scale @ scan.labels.lps_from_ijk),
    )


def crop(scan: Scan, low: ArrayLike, high: ArrayLike) -> Scan:
    """Keep a part of the field of view: rows G18, G19 and A03.

    Parameters
    ----------
    scan : Scan
    low, high : int array, shape (3,), voxels, first index kept and first index not kept

    Raises
    ------
    InputError  (IN-014) if nothing is kept
    """
    start, stop = np.asarray(low, dtype=int), np.asarray(high, dtype=int)
    box = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    affine = scan.image.lps_from_ijk.copy()
    # With the first voxel kept, or the crop would move the patient as well.
    affine[:3, 3] = scan.image.lps_mm(start)
    image = Volume(scan.image.values[box], affine, scan.image.frame_id)
    labels = LabelMap(scan.labels.values[box], affine, scan.labels.frame_id)
    return replace(scan, image=image, labels=labels)


def empty_label(scan: Scan, key: StructureKey) -> Scan:
    """Lose the voxels of one structure and keep its name: row A06.

    Parameters
    ----------
    scan : Scan
    key : StructureKey

    Raises
    ------
    AnatomyError  (AN-180) if the scan has no such structure
    """
    return _renumber(scan, _number(scan, key), 0)


def merge_labels(scan: Scan, key: StructureKey, into: StructureKey) -> Scan:
    """Give the voxels of one structure to another: row A05.

    Parameters
    ----------
    scan : Scan
    key : StructureKey whose voxels are given away
    into : StructureKey that gets them

    Raises
    ------
    AnatomyError  (AN-180) if the scan lacks one of them
    """
    return _renumber(scan, _number(scan, key), _number(scan, into))


def split_label(scan: Scan, key: StructureKey, into: StructureKey) -> Scan:
    """Give the upper half of a structure to another: row A05.

    Parameters
    ----------
    scan : Scan in canonical order
    key : StructureKey that is split at the middle of its height
    into : StructureKey that gets the upper half

    Raises
    ------
    AnatomyError  (AN-180) if the scan lacks one of them
    """
    number, other = _number(scan, key), _number(scan, into)
    values = scan.labels.values.copy()
    # By its own planes, not those of the image: both halves are then of a size.
    planes = np.flatnonzero((values == number).any(axis=(0, 1)))
    middle = int(planes[len(planes) // 2]) if len(planes) else 0
    upper = values[:, :, middle:]
    upper[upper == number] = other
    return replace(scan, labels=_with_values(scan.labels, values))


def spoil_voxels(scan: Scan, low: ArrayLike, high: ArrayLike) -> Scan:
    """Replace a block of the image by what is not a number: row G15.

    Parameters
    ----------
    scan : Scan
    low, high : int array, shape (3,), voxels, first index spoilt and first index not spoilt
    """
    values = scan.image.values.copy()
    pairs = zip(np.asarray(low, dtype=int), np.asarray(high, dtype=int), strict=True)
    values[tuple(slice(int(a), int(b)) for a, b in pairs)] = np.nan
    return replace(scan, image=_with_values(scan.image, values))


def shear_affine(lps_from_ijk: ArrayLike, shear: float) -> NDArray[np.float64]:
    """Return an affine whose slices slide over each other, as gantry tilt leaves it: G02, G03.

    Parameters
    ----------
    lps_from_ijk : float array, shape (4, 4), mm
    shear : float, shift of j per unit of k; the tangent of the tilt

    Returns
    -------
    float array, shape (4, 4), mm; no Volume accepts it
    """
    affine = np.array(lps_from_ijk, dtype=np.float64)
    # In the spacing of k over that of j: a tangent, however flat the voxels are.
    length = np.linalg.norm(affine[:3, 2]) / np.linalg.norm(affine[:3, 1])
    affine[:3, 2] += shear * length * affine[:3, 1]
    return affine


def tilt_affine(lps_from_ijk: ArrayLike, tilt_deg: float) -> NDArray[np.float64]:
    """Return an affine turned about the patient's left-right axis, oblique but legal: G01.

    Parameters
    ----------
    lps_from_ijk : float array, shape (4, 4), mm
    tilt_deg : float, degrees

    Returns
    -------
    float array, shape (4, 4), mm
    """
    angle = np.radians(tilt_deg)
    turn = np.eye(4)
    turn[1:3, 1:3] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    tilted: NDArray[np.float64] = turn @ np.asarray(lps_from_ijk, dtype=np.float64)
    return tilted


def _with_values(grid: _Voxels, values: NDArray[Any]) -> _Voxels:
    return type(grid)(np.ascontiguousarray(values), grid.lps_from_ijk, grid.frame_id)


def _with_affine(grid: _Voxels, affine: NDArray[np.float64]) -> _Voxels:
    return type(grid)(grid.values, affine, grid.frame_id)


def _renumber(scan: Scan, old: int, new: int) -> Scan:
    values = scan.labels.values.copy()
    values[values == old] = new
    return replace(scan, labels=_with_values(scan.labels, values))


def _number(scan: Scan, key: StructureKey) -> int:
    for number, name in scan.names.items():
        if name == key:
            return number
    raise AnatomyError(
        code="AN-180",
        what="The phantom has no such structure",
        where=str(key),
        why="The labels do not name it.",
        next_step="Ask for one of the names of the scan.",
    )


def _swapped(key: StructureKey) -> StructureKey:
    return replace(key, side=key.side.opposite) if key.side else key


def _shifted(key: StructureKey, by: int) -> StructureKey:
    if key.kind != "vertebra":
        return key
    # Without S1: it belongs to the sacrum, whose name does not shift.
    mobile = VERTEBRAE[:-1]
    index = mobile.index(key.place) + by
    if not 0 <= index < len(mobile):
        raise AnatomyError(
            code="AN-181",
            what="A vertebra cannot be named further along",
            where=str(key),
            why=f"There is no name {by:+d} levels from it.",
            next_step="Shift by fewer levels.",
        )
    return replace(key, place=mobile[index])
