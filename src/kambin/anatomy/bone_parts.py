"""Which structures are part of a vertebra, whoever gave them their names."""

from collections.abc import Mapping

from kambin.anatomy.keys import StructureKey

END_PLATES = frozenset({"end_plate", "upper_end_plate", "lower_end_plate"})
"""The bony end plates, which some tools label apart from their body."""

ARCH_PARTS = ("arch", "lamina", "arch_base", "pars", "pedicle", "pedicle_rim")
"""What a tool's one label for the arch holds; the rules part it, so that pedicles stay known."""

BODY_PARTS = ("body", "body_rim")
"""What a tool's one label for the body holds."""

BONE_PARTS = END_PLATES | {*ARCH_PARTS, *BODY_PARTS, "sp", "tp", "sap", "iap"}
"""Kinds that are part of the vertebra they name."""

SACRAL = "S1"
"""The sacrum is parted by rules of its own; masks of its parts stand for themselves."""


def is_part_of_vertebra(key: StructureKey) -> bool:
    """Return whether a structure is part of the vertebra it names; the sacrum has no parts."""
    return key.kind in BONE_PARTS and key.place not in ("", SACRAL)


def whole_vertebrae(names: Mapping[int, StructureKey]) -> dict[str, tuple[int, ...]]:
    """Return the label values of each vertebra, those of its parts among them.

    Parameters
    ----------
    names : label value -> StructureKey
    """
    found: dict[str, list[int]] = {}
    for number, key in sorted(names.items()):
        if key.kind == "vertebra" or is_part_of_vertebra(key):
            found.setdefault(key.place, []).append(number)
    return {name: tuple(numbers) for name, numbers in found.items()}
