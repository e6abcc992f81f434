"""Which structures of a made patient the labels for planning name, as a tool would."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.phantom.shapes import Shape

_ORGANS = (
    "aorta",
    "vena_cava",
    "iliac_artery",
    "iliac_vein",
    "kidney",
    "liver",
    "spleen",
    "colon",
    "small_bowel",
    "psoas",
    "erector_spinae",
)

GIVEN_KINDS = ("vertebra", "sacrum", "ilium", "rib", *_ORGANS)
"""What the planning labels name: what a segmentation of a patient's CT gives."""


def name_given(
    shapes: Iterable[Shape], given_kinds: Iterable[str] = GIVEN_KINDS
) -> dict[int, StructureKey]:
    """Name the planning labels of a made patient.

    Parameters
    ----------
    shapes : Shape in the order of painting
    given_kinds : kinds of whole structures that get a label

    Returns
    -------
    mapping of label value to StructureKey, in painting order
    """
    kinds = frozenset(given_kinds)
    # In painting order and once each: label values must not depend on a set's order.
    keys = dict.fromkeys(shape.key for shape in shapes if shape.key.kind in kinds)
    return dict(enumerate(keys, start=1))


def paint_given(
    parts: NDArray[np.uint8],
    shapes: Iterable[Shape],
    part_names: Mapping[int, StructureKey],
    given_names: Mapping[int, StructureKey],
) -> NDArray[np.uint8]:
    """Turn labels of every part into the labels for planning.

    Parameters
    ----------
    parts : uint8 array of any shape, label values of ``part_names``
    shapes : Shape the parts belong to
    part_names : mapping of part value to StructureKey
    given_names : mapping of planning value to StructureKey of a whole structure

    Returns
    -------
    uint8 array of the same shape
    """
    value_of = {key: number for number, key in given_names.items()}
    whole_of = {part: shape.key for shape in shapes for part in shape.parts}
    # What has no label erases the one beneath: a root before a muscle is not muscle.
    table = np.zeros(max(part_names, default=0) + 1, dtype=np.uint8)
    for number, part in part_names.items():
        table[number] = value_of.get(whole_of[part], 0)
    return table[parts]
