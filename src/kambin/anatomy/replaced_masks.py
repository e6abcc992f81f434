"""A structure given by another mask than the labels had."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.case import Case
from kambin.anatomy.keys import StructureKey
from kambin.imaging import LabelMap


def replace_structure(
    case: Case, key: StructureKey, mask: NDArray[np.bool_]
) -> tuple[Case, Mapping[StructureKey, int]]:
    """Return the case with a structure as a mask shows it, and what it took from others.

    Parameters
    ----------
    case : Case in canonical array order
    key : StructureKey, known to the labels or new to them
    mask : bool array, shape of the labels, at least one voxel; it keeps all its voxels

    Returns
    -------
    Case without a hash; it gets one when it is written. A line that was drawn for the structure
    is gone, and so is what is said of how its mask was carried over.
    mapping of StructureKey to int, how many voxels of other structures the mask took
    """
    values = case.labels.values.astype(np.uint16)
    number = next((n for n, known in case.names.items() if known == key), None)
    if number is None:
        number = max(case.names, default=0) + 1
    others = values[mask]
    taken = {
        case.names[int(n)]: int(count)
        for n, count in zip(*np.unique(others, return_counts=True), strict=True)
        if n not in (0, number)
    }
    values[values == number] = 0
    values[mask] = number
    left = set(np.unique(values).tolist())
    return replace(
        case,
        labels=LabelMap(values, case.labels.lps_from_ijk, case.labels.frame_id),
        # a structure whose last voxel was taken is no longer known
        names={n: k for n, k in {**case.names, number: key}.items() if n in left},
        sha256="",
        drawn={k: tube for k, tube in case.drawn.items() if k != key},
        registration_sigma_mm={k: s for k, s in case.registration_sigma_mm.items() if k != key},
    ), taken
