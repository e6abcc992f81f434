"""Parts of vertebrae that labels give: whose they are, and how they win over the rules."""

import numpy as np
import pytest

from kambin.anatomy import Origin, Structure, StructureKey, WorkingBone
from kambin.anatomy.bone_parts import (
    ARCH_PARTS,
    BODY_PARTS,
    BONE_PARTS,
    is_part_of_vertebra,
    whole_vertebrae,
)
from kambin.anatomy.given_parts import absorbed_keys, settle_parts
from kambin.imaging import Grid, region_from_mask

key = StructureKey.parse
SHAPE = (24, 24, 24)
GRID = Grid(np.zeros(3), 1.0, SHAPE, "given")

Box = tuple[slice, slice, slice]
BONE: Box = (slice(4, 20), slice(4, 20), slice(4, 20))
FRONT: Box = (slice(4, 20), slice(4, 12), slice(4, 20))
BACK: Box = (slice(4, 20), slice(12, 20), slice(4, 20))
BACK_LEFT: Box = (slice(12, 20), slice(12, 20), slice(4, 20))


def mask_of(*boxes: Box) -> np.ndarray:
    mask = np.zeros(SHAPE, dtype=bool)
    for box in boxes:
        mask[box] = True
    return mask


def bone_of(name: str = "L4") -> WorkingBone:
    """One vertebra that is a cube of 16 mm."""
    labels = mask_of(BONE).astype(np.uint8)
    return WorkingBone(GRID, (name,), labels, labels.astype(np.float32))


def made(**boxes: Box) -> dict[StructureKey, Structure]:
    """Structures by name; a colon is written as two underscores."""
    found = {}
    for text, box in boxes.items():
        name = key(text.replace("__", ":"))
        region = region_from_mask(mask_of(box), GRID)
        found[name] = Structure(name, region, Origin.SEGMENTED, 0.9, method="as told")
    return found


def nodes(structure: Structure) -> set[tuple[int, ...]]:
    places = structure.region.lps_mm(np.argwhere(structure.region.values))
    return {tuple(row) for row in np.rint(GRID.ijk(places)).astype(int).tolist()}


def nodes_of(*boxes: Box) -> set[tuple[int, ...]]:
    return {tuple(row) for row in np.argwhere(mask_of(*boxes)).tolist()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("body:L4", True),
        ("upper_end_plate:L4", True),
        ("sap:L5:left", True),
        ("arch:L3", True),
        ("vertebra:L4", False),
        ("body:S1", False),
        ("sap:S1:right", False),
        ("disc:L4-L5", False),
        ("aorta", False),
    ],
)
def test_a_part_belongs_to_the_vertebra_it_names(text: str, expected: bool) -> None:
    assert is_part_of_vertebra(key(text)) is expected


def test_bodies_and_arches_hold_parts_that_no_other_holds() -> None:
    assert set(ARCH_PARTS).isdisjoint(BODY_PARTS)
    assert set(ARCH_PARTS) | set(BODY_PARTS) < BONE_PARTS


def test_a_vertebra_is_all_the_labels_of_its_bone() -> None:
    names = {
        7: key("vertebra:L4"),
        3: key("body:L4"),
        9: key("sap:L4:left"),
        4: key("arch:L5"),
        5: key("sacrum"),
        6: key("body:S1"),
        8: key("vertebra:S1"),
    }
    assert whole_vertebrae(names) == {"L4": (3, 7, 9), "L5": (4,), "S1": (8,)}
    assert whole_vertebrae({}) == {}


def test_labels_that_give_no_part_settle_nothing() -> None:
    parts = made(body__L4=FRONT, arch__L4=BACK)
    assert settle_parts(parts, made(aorta=FRONT), bone_of(), 1.0) == {}
    assert settle_parts(parts, {}, bone_of(), 1.0) == {}
    assert settle_parts({}, made(body__L4=FRONT), bone_of(), 1.0) == {}


def test_the_sacrum_is_not_settled() -> None:
    parts, given = made(body__S1=FRONT), made(body__S1=BACK)
    assert settle_parts(parts, given, bone_of("S1"), 1.0) == {}


def test_a_given_process_wins_node_by_node_and_stays_untouched() -> None:
    parts = made(body__L4=FRONT, lamina__L4=BACK)
    given = made(sap__L4__left=BACK_LEFT)
    settled = settle_parts(parts, given, bone_of(), 1.0)
    assert settled[key("sap:L4:left")] is given[key("sap:L4:left")]
    rest = nodes_of(BACK) - nodes_of(BACK_LEFT)
    assert nodes(settled[key("lamina:L4")]) == rest
    assert nodes(settled[key("body:L4")]) == nodes_of(FRONT)


def test_where_the_rules_went_on_beyond_a_given_process_is_arch() -> None:
    parts = made(body__L4=FRONT, sap__L4__left=BACK)
    settled = settle_parts(parts, made(sap__L4__left=BACK_LEFT), bone_of(), 1.0)
    assert nodes(settled[key("arch:L4")]) == nodes_of(BACK) - nodes_of(BACK_LEFT)


def test_a_given_body_keeps_the_rim_the_rules_found_in_it() -> None:
    rim: Box = (slice(4, 20), slice(4, 12), slice(16, 20))
    below: Box = (slice(4, 20), slice(4, 12), slice(4, 16))
    wide: Box = (slice(4, 20), slice(4, 14), slice(4, 20))
    parts = made(body__L4=below, body_rim__L4=rim, lamina__L4=BACK)
    settled = settle_parts(parts, made(body__L4=wide), bone_of(), 1.0)
    inside_rim = nodes(settled[key("body_rim:L4")])
    assert inside_rim == nodes_of(rim)
    body = nodes(settled[key("body:L4")])
    assert body | inside_rim == nodes_of(wide)
    assert not body & inside_rim
    assert nodes(settled[key("lamina:L4")]) == nodes_of(BACK) - nodes_of(wide)


@pytest.mark.parametrize("fine", ["pedicle:L4:left", "pars:L4:left", "lamina:L4"])
def test_a_given_arch_keeps_what_the_rules_tell_apart_in_it(fine: str) -> None:
    parts = made(body__L4=FRONT) | made(**{fine.replace(":", "__"): BACK})
    settled = settle_parts(parts, made(arch__L4=BACK), bone_of(), 1.0)
    assert nodes(settled[key(fine)]) == nodes_of(BACK)
    assert key("arch:L4") not in settled


def test_a_given_arch_takes_what_the_rules_call_body() -> None:
    deep: Box = (slice(4, 20), slice(10, 20), slice(4, 20))
    parts = made(body__L4=FRONT, lamina__L4=BACK)
    settled = settle_parts(parts, made(arch__L4=deep), bone_of(), 1.0)
    assert nodes(settled[key("body:L4")]) == nodes_of(FRONT) - nodes_of(deep)
    assert nodes(settled[key("arch:L4")]) == nodes_of(FRONT) & nodes_of(deep)


def test_every_node_of_the_bone_has_one_owner_afterwards() -> None:
    parts = made(body__L4=FRONT, lamina__L4=BACK)
    given = made(sap__L4__left=BACK_LEFT, body__L4=FRONT)
    settled = settle_parts(parts, given, bone_of(), 1.0)
    owned = [node for structure in settled.values() for node in nodes(structure)]
    assert len(owned) == len(set(owned))
    assert set(owned) == nodes_of(BONE)


@pytest.mark.parametrize(("spacing_mm", "sigma_mm"), [(1.0, 0.3), (3.0, 0.7)])
def test_a_settled_body_is_segmented_and_as_sharp_as_its_labels(
    spacing_mm: float, sigma_mm: float
) -> None:
    parts = made(body__L4=FRONT, lamina__L4=BACK)
    settled = settle_parts(parts, made(body__L4=FRONT), bone_of(), spacing_mm)
    body = settled[key("body:L4")]
    assert (body.origin, body.sigma_mm) == (Origin.SEGMENTED, sigma_mm)
    assert body.quality["volume_mm3"] == 16 * 8 * 16
    assert body.method.startswith("Given as a mask")
    assert settled[key("lamina:L4")].method == "as told"


def test_a_mask_outside_its_bone_takes_nothing() -> None:
    outside: Box = (slice(0, 3), slice(0, 3), slice(0, 3))
    parts = made(body__L4=FRONT, lamina__L4=BACK)
    settled = settle_parts(parts, made(tp__L4__left=outside), bone_of(), 1.0)
    assert nodes(settled[key("body:L4")]) == nodes_of(FRONT)
    assert nodes(settled[key("lamina:L4")]) == nodes_of(BACK)


def test_only_bodies_and_arches_live_on_in_their_parts() -> None:
    given = [key(t) for t in ("body:L4", "arch:L4", "sap:L4:left", "body:L3", "aorta")]
    settled = made(body_rim__L4=FRONT)
    assert absorbed_keys(given, settled) == {key("body:L4"), key("arch:L4")}
    assert absorbed_keys(given, {}) == frozenset()
