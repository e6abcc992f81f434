"""Which structures of a made patient the labels for planning name, as a tool would."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import StructureKey
from kambin.phantom.parameters import PhantomParameters
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

MR_KINDS = ("vertebra", "sacrum", "ilium", "disc", "canal", "dural_sac", *_ORGANS)
"""What a segmentation of an MR gives: discs, canal and sac as well, but no ribs."""

MUSCLES_APART = ("multifidus", "quadratus")
"""Muscles that get labels of their own only when asked for."""


def given_kinds(parameters: PhantomParameters) -> tuple[str, ...]:
    """Return the kinds of whole structures that get a label, for an image and its muscles."""
    kinds = MR_KINDS if parameters.modality == "mr" else GIVEN_KINDS
    return (*kinds, *MUSCLES_APART) if parameters.muscles_apart else kinds


def given_key(key: StructureKey, parameters: PhantomParameters) -> StructureKey | None:
    """Return the name a tool gives a structure, or none if it gives it no label.

    Parameters
    ----------
    key : StructureKey of a whole structure of the truth
    parameters : PhantomParameters

    Returns
    -------
    StructureKey; multifidus and erector are one mass unless asked for apart, an L5 that is one
    with the sacrum on both sides is called sacrum, and an MR tool does not tell the roots in
    the canal from its fat
    """
    kinds = given_kinds(parameters)
    if key.kind == "multifidus" and "multifidus" not in kinds:
        return StructureKey("erector_spinae", "", key.side)
    whole = len(parameters.sacralised_sides) > 1
    if whole and key == StructureKey("vertebra", "L5"):
        return StructureKey("sacrum")
    if key.kind == "traversing_root" and "canal" in kinds:
        return StructureKey("canal")
    return key if key.kind in kinds else None


def name_given(shapes: Iterable[Shape], parameters: PhantomParameters) -> dict[int, StructureKey]:
    """Name the planning labels of a made patient.

    Parameters
    ----------
    shapes : Shape in the order of painting
    parameters : PhantomParameters

    Returns
    -------
    mapping of label value to StructureKey, in painting order
    """
    # In painting order and once each: label values must not depend on a set's order.
    found = dict.fromkeys(given_key(shape.key, parameters) for shape in shapes)
    return dict(enumerate((key for key in found if key is not None), start=1))


def paint_given(
    parts: NDArray[np.uint8],
    shapes: Iterable[Shape],
    part_names: Mapping[int, StructureKey],
    parameters: PhantomParameters,
) -> NDArray[np.uint8]:
    """Turn labels of every part into the labels for planning.

    Parameters
    ----------
    parts : uint8 array of any shape, label values of ``part_names``
    shapes : Shape the parts belong to, in the order of painting
    part_names : mapping of part value to StructureKey
    parameters : PhantomParameters

    Returns
    -------
    uint8 array of the same shape, values as in ``name_given``
    """
    shapes = tuple(shapes)
    value_of = {key: number for number, key in name_given(shapes, parameters).items()}
    whole_of = {part: shape.key for shape in shapes for part in shape.parts}
    # What has no label erases the one beneath: a root before a muscle is not muscle.
    table = np.zeros(max(part_names, default=0) + 1, dtype=np.uint8)
    for number, part in part_names.items():
        key = given_key(whole_of[part], parameters)
        table[number] = 0 if key is None else value_of[key]
    return table[parts]
