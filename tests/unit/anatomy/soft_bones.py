"""Made bones with an aorta before them, muscles behind and beside them, and a skin around."""

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray
from tests.unit.anatomy.made_bones import lumbar_case

from kambin.anatomy import BonyAnatomy, Case, StructureKey
from kambin.anatomy.completion import complete_bones
from kambin.imaging import LabelMap

AORTA_LEFT_MM, AORTA_FRONT_MM, AORTA_RADIUS_MM = 7.0, -29.0, 7.0
MASS_FRONT_MM, MASS_BACK_MM, MASS_WIDTH_MM = 33.0, 64.0, 46.0
SOFT = {
    10: "aorta",
    11: "erector_spinae:left",
    12: "erector_spinae:right",
    13: "psoas:left",
    14: "psoas:right",
}


def paint_soft(labels: LabelMap) -> NDArray[np.uint8]:
    """The label values with soft parts where no bone is; they go through the whole image."""
    x, y, _ = np.moveaxis(labels.lps_mm(np.moveaxis(np.indices(labels.shape), 0, -1)), -1, 0)
    aorta = np.hypot(x - AORTA_LEFT_MM, y - AORTA_FRONT_MM) <= AORTA_RADIUS_MM
    back = (y >= MASS_FRONT_MM) & (y <= MASS_BACK_MM) & (np.abs(x) <= MASS_WIDTH_MM)
    beside = (np.hypot(np.abs(x) - 36, y) <= 10) & (np.abs(x) > 26)
    values = labels.values.copy()
    # The furrow between both sides stays free: no voxel is on neither side.
    for number, inside in (
        (10, aorta),
        (11, back & (x > 2)),
        (12, back & (x < -2)),
        (13, beside & (x > 0)),
        (14, beside & (x < 0)),
    ):
        values[inside & (values == 0)] = number
    return values


@cache
def soft_case(spacing_mm: float = 1.0) -> Case:
    """Two vertebrae, a sacrum, aorta, paraspinal mass and psoas as a label-only case."""
    case = lumbar_case(spacing_mm)
    return with_masks(case, paint_soft(case.labels), SOFT)


def with_masks(case: Case, values: NDArray[np.uint8], names: dict[int, str]) -> Case:
    """The case with other label values and more names."""
    labels = LabelMap(values, case.labels.lps_from_ijk, case.labels.frame_id)
    extra = {number: StructureKey.parse(name) for number, name in names.items()}
    return replace(case, labels=labels, names={**case.names, **extra})


@cache
def soft_bones(spacing_mm: float = 1.0) -> BonyAnatomy:
    """The same, its bones completed."""
    return complete_bones(soft_case(spacing_mm))
