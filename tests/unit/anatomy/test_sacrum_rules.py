"""The rules that part the sacrum, plane by plane, and the structures they give."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.box_bones import box_bones

from kambin.anatomy import BonyAnatomy, StructureKey
from kambin.anatomy.part_rules import PartPoints
from kambin.anatomy.partition_s1 import S1_PARTS, classify_sacrum, part_sacrum
from kambin.frames import Side
from kambin.knowledge import value, values

PEDICLE_X, WIDTH = 17.0, 10.0
MEDIAL = PEDICLE_X - WIDTH / 2
WALL = 16.0
EDGE = 0.01


def points(x: float, behind: float, above: float, under: float = 12.0) -> PartPoints:
    numbers = (x, behind, above, under, WALL + behind, PEDICLE_X, WIDTH, 14.0)
    return PartPoints(*(np.array([float(n)]) for n in numbers))


def part(x: float, behind: float, above: float, under: float = 12.0) -> str:
    return S1_PARTS[int(classify_sacrum(points(x, behind, above, under), WALL)[0])]


def sap_floor(behind: float) -> float:
    start, dorsal = values("completion_bone.s1_sap_floor")
    return start - dorsal * behind


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ((0, -10, 0), "body"),
        ((0, -1, 5, 1.0), "body_rim"),
        ((16, 8, 12, 2.0), "sap"),
        ((16, 8, -3), "arch_base"),
        ((28, -3, 4, 2.0), "pedicle_rim"),
        ((45, 0, -20, 30), "sacrum"),
        ((0, 25, -30, 40), "sacrum"),
    ],
)
def test_a_point_in_the_middle_of_a_part_belongs_to_it(
    place: tuple[float, ...], expected: str
) -> None:
    assert part(*place) == expected


@pytest.mark.parametrize(("x", "behind"), [(14.0, 6.0), (17.0, 12.0), (25.0, 9.0)])
def test_the_superior_process_stands_on_a_slanting_floor(x: float, behind: float) -> None:
    floor = sap_floor(behind)
    assert part(x, behind, floor + EDGE, 20) == "sap"
    assert part(x, behind, floor - EDGE, 20) == "arch_base"


def test_the_base_of_the_arch_is_as_deep_as_its_row() -> None:
    base = values("completion_bone.s1_part_rule")[3]
    floor = sap_floor(12)
    assert part(17, 12, floor - base + EDGE, 20) == "arch_base"
    assert part(17, 12, floor - base - EDGE, 20) == "sacrum"


def test_the_superior_process_begins_behind_the_wall() -> None:
    behind = values("completion_bone.s1_part_rule")[2]
    assert part(17, behind + EDGE, 40, 20) == "sap"
    assert part(17, behind - EDGE, 40, 20) != "sap"


def test_it_lies_between_its_joint_and_the_groove_to_the_ala() -> None:
    groove = values("completion_bone.s1_part_rule")[1]
    overhang = values("completion_bone.s1_part_rule")[4]
    assert part(MEDIAL - overhang + EDGE, 10, 40, 20) == "sap"
    assert part(MEDIAL - overhang - EDGE, 10, 40, 20) == "sacrum"
    assert part(MEDIAL + groove - EDGE, 10, 40, 20) == "sap"
    assert part(MEDIAL + groove + EDGE, 10, 40, 20) == "sacrum"


def test_the_body_ends_at_its_width_and_at_its_height() -> None:
    reach = values("completion_bone.s1_part_rule")[0]
    deep = 2 * value("completion_bone.s1_half_height_mm")
    assert part(MEDIAL + reach - 0.1, -12, 0, 12) == "body"
    assert part(MEDIAL + reach + 0.1, -12, 0, 12) == "sacrum"
    assert part(0, -10, 0, deep - EDGE) == "body"
    assert part(0, -10, 0, deep + EDGE) == "sacrum"


def test_the_rim_lies_under_the_plate_and_not_in_front() -> None:
    depth, _, front = values("completion_bone.body_rim_rule")
    assert part(0, -1, 5, depth - EDGE) == "body_rim"
    assert part(0, -1, 5, depth + EDGE) == "body"
    forward = -front * WALL - WALL
    assert part(23, forward + 0.1, 5, 1.0) == "body_rim"
    assert part(23, forward - 0.1, 5, 1.0) == "body"


def test_the_upper_border_of_the_pedicle_runs_beside_the_body() -> None:
    depth, breadth, _ = values("completion_bone.body_rim_rule")
    assert part(28, -breadth + EDGE, 0, depth - EDGE) == "pedicle_rim"
    assert part(28, -breadth - EDGE, 0, depth - EDGE) == "sacrum"
    assert part(28, 0, -9, depth + EDGE) == "sacrum"


def test_every_point_has_one_part_and_mirrored_ones_the_same() -> None:
    rng = np.random.default_rng(3)
    columns = [rng.uniform(a, b, 500) for a, b in ((0, 50), (-30, 40), (-40, 40), (-5, 50))]
    ones = np.ones(500)
    many = PartPoints(*columns, WALL + columns[1], PEDICLE_X * ones, WIDTH * ones, 14 * ones)
    found = classify_sacrum(many, WALL)
    assert found.dtype == np.uint8
    assert set(found) == set(range(len(S1_PARTS)))
    alone = [
        classify_sacrum(points(*(float(c[n]) for c in columns)), WALL)[0] for n in range(0, 500, 25)
    ]
    assert alone == found[::25].tolist()


@pytest.fixture(scope="module")
def a_spine_of_boxes() -> BonyAnatomy:
    return box_bones()


def test_the_parts_of_the_sacrum_fill_it_and_share_no_node(a_spine_of_boxes: BonyAnatomy) -> None:
    bony = a_spine_of_boxes
    parts = part_sacrum(bony.bone, bony.vertebra_frames["S1"], 1.0)
    count = np.zeros(bony.working_grid.shape, dtype=int)
    for structure in parts.values():
        places = structure.region.lps_mm(np.argwhere(structure.region.values))
        ijk = np.rint(bony.working_grid.ijk(places)).astype(int)
        np.add.at(count, tuple(ijk.T), 1)
    np.testing.assert_array_equal(count, bony.bone.mask("S1").astype(int))
    volumes = sum(structure.quality["volume_mm3"] for structure in parts.values())
    assert volumes == bony.bone.mask("S1").sum()


def test_what_is_left_carries_no_vertebra_and_the_rest_is_of_s1(
    a_spine_of_boxes: BonyAnatomy,
) -> None:
    parts = part_sacrum(a_spine_of_boxes.bone, a_spine_of_boxes.vertebra_frames["S1"], 3.0)
    assert StructureKey("sacrum") in parts
    named = {key for key in parts if key.kind != "sacrum"}
    assert {key.place for key in named} == {"S1"}
    assert {StructureKey("body", "S1"), StructureKey("body_rim", "S1")} <= named
    for side in Side:
        assert StructureKey("arch_base", "S1", side) in named
    assert parts[StructureKey("body", "S1")].sigma_mm == 0.7


@pytest.mark.parametrize("side", Side)
def test_without_both_sides_of_the_canal_nothing_is_parted(
    a_spine_of_boxes: BonyAnatomy, side: Side
) -> None:
    frame = a_spine_of_boxes.vertebra_frames["S1"]
    half = replace(frame, pedicles={side: frame.pedicles[side]})
    assert part_sacrum(a_spine_of_boxes.bone, half, 1.0) == {}
