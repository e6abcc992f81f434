"""Each check of the masks fires at its limit and is silent before it."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.tiny_column import (
    BOTTOM,
    NUMBER_OF,
    PLANE,
    SPACING_MM,
    tiny_case,
    tiny_values,
)

from kambin.anatomy.check_masks import check_masks
from kambin.anatomy.levels import stack_vertebrae
from kambin.anatomy.survey import survey_labels
from kambin.core import Finding, Severity

NAMES = {n: f"vertebra:{v}" for v, n in NUMBER_OF.items()}


def masks(values=None, names=None, **more) -> tuple[Finding, ...]:
    case = tiny_case(values, names, **more)
    survey = survey_labels(case)
    middle = PLANE.point_lps_mm * case.labels.spacing_mm[0] / SPACING_MM
    plane = replace(PLANE, point_lps_mm=middle)
    return check_masks(survey, stack_vertebrae(survey), plane)


def of(findings: tuple[Finding, ...], code: str) -> list[tuple[Severity, str]]:
    return [(f.severity, f.where) for f in findings if f.code == code]


def test_the_tiny_column_is_clean():
    assert masks() == ()


@pytest.mark.parametrize(("height", "fires"), [(6, False), (3, True)])
def test_an120_a_vertebra_much_smaller_than_its_neighbours_blocks(height, fires):
    values = tiny_values()
    values[:, :, BOTTOM["L4"] + height : BOTTOM["L3"]] = 0
    found = of(masks(values), "AN-120")
    assert ((Severity.BLOCK, "vertebra:L4") in found) is fires
    assert bool(found) is fires


def test_an120_the_share_of_the_volume_is_told_with_its_limits():
    values = tiny_values()
    values[:, :, BOTTOM["L4"] + 2 : BOTTOM["L3"]] = 0
    findings = [f for f in masks(values) if f.code == "AN-120"]
    (why,) = [f.why for f in findings if f.where == "vertebra:L4"]
    assert why.endswith("of L3, L5; 0.58 to 1.6 is expected.")


def test_an120_a_vertebra_that_the_image_cuts_is_not_compared():
    values = np.roll(tiny_values(), -BOTTOM["L5"] - 4, axis=2)
    values[:, :, -10:] = 0
    findings = masks(values)
    assert of(findings, "AN-120") == []
    assert of(findings, "AN-124") == [(Severity.CONFIRM, "vertebra:L5")]


def test_an121_one_name_on_two_values_blocks_a_vertebra():
    values = tiny_values()
    values[5:10][values[5:10] == NUMBER_OF["L4"]] = 9
    findings = masks(values, NAMES | {9: "vertebra:L4"})
    assert of(findings, "AN-121") == [(Severity.BLOCK, "vertebra:L4")]


def test_an121_one_name_on_two_values_is_usual_for_an_organ():
    values = tiny_values()
    values[0:2, 1:3, 1:3], values[2:4, 1:3, 1:3] = 8, 9
    assert of(masks(values, NAMES | {8: "aorta", 9: "aorta"}), "AN-121") == []


@pytest.mark.parametrize(("voxels", "severity"), [(3, None), (30, "NOTE"), (60, "BLOCK")])
def test_an121_a_loose_piece_is_judged_by_its_share(voxels, severity):
    values = tiny_values()
    block = values[0:2, 12:16, 0:10]
    places = np.argwhere(np.ones(block.shape, dtype=bool))[:voxels]
    block[tuple(places.T)] = NUMBER_OF["L3"]
    found = of(masks(values), "AN-121")
    assert [s for s, _ in found] == ([] if severity is None else [Severity(severity)])


@pytest.mark.parametrize("kind", ["colon", "rib:12:left", "skin", "ilium:left"])
def test_an121_some_structures_come_in_pieces(kind):
    values = tiny_values()
    values[0, 0, 5], values[0, 0, 25] = 9, 9
    assert of(masks(values, NAMES | {9: kind}), "AN-121") == []


def test_an121_loose_organs_are_noted_together_in_the_order_of_their_names():
    values = tiny_values()
    values[0, 0, 5], values[0, 0, 25] = 8, 8
    values[2, 0, 5], values[2, 0, 25] = 9, 9
    ((severity, where),) = of(masks(values, NAMES | {8: "spleen", 9: "liver"}), "AN-121")
    assert severity is Severity.NOTE
    assert where == "liver (2 pieces, 50.0% loose), spleen (2 pieces, 50.0% loose)"


def test_an121_pieces_of_a_vertebra_that_the_image_cuts_are_noted():
    """The same share of loose bone blocks while the larger piece lies inside the image."""
    values = tiny_values()
    whole = values == NUMBER_OF["L3"]
    values[9:11, 9:10][values[9:11, 9:10] == NUMBER_OF["L3"]] = 0
    values[0:2, 12:16, 0:10] = NUMBER_OF["L3"]
    assert of(masks(values), "AN-121")[0][0] is Severity.BLOCK
    below = int(np.argwhere(whole)[:, 1].min())
    cut = values[:, below + 1 :]
    assert of(masks(cut), "AN-121")[0][0] is Severity.NOTE


def test_an122_a_vertebra_missing_from_its_row_blocks_and_an_empty_organ_is_noted():
    values = tiny_values()
    values[values == NUMBER_OF["L4"]] = 0
    findings = masks(values, NAMES | {21: "liver", 22: "aorta"})
    assert of(findings, "AN-122") == [
        (Severity.BLOCK, "vertebra:L4"),
        (Severity.NOTE, "aorta, liver"),
    ]


def test_an122_a_vertebra_above_all_that_are_shown_may_lie_outside_the_image():
    assert of(masks(names=NAMES | {20: "vertebra:L2"}), "AN-122") == []


@pytest.mark.parametrize("name", ["T12", "T10", "L6"])
def test_an122_a_vertebra_that_not_everybody_shows_may_be_empty(name):
    assert of(masks(names=NAMES | {20: f"vertebra:{name}"}), "AN-122") == []


@pytest.mark.parametrize(("size", "fires"), [(1, False), (3, True)])
def test_an123_a_cavity_asks(size, fires):
    values = tiny_values()
    k = BOTTOM["L4"] + 1
    values[7 : 7 + 2 * size, 4 : 4 + size, k : k + size] = 0
    expected = [(Severity.CONFIRM, "vertebra:L4")] if fires else []
    assert of(masks(values), "AN-123") == expected


def test_an123_a_hole_that_is_open_to_the_outside_is_no_cavity():
    values = tiny_values()
    values[9:11, 0:7, BOTTOM["L4"] + 2 : BOTTOM["L4"] + 4] = 0
    assert of(masks(values), "AN-123") == []


def test_an124_a_cut_kidney_asks_and_a_cut_aorta_does_not():
    values = tiny_values()
    values[0:3, 0:3, 10:14], values[0:3, 10:14, 0:29] = 8, 9
    findings = masks(values, NAMES | {8: "kidney:right", 9: "aorta"})
    assert of(findings, "AN-124") == [(Severity.CONFIRM, "kidney:right")]


@pytest.mark.parametrize("factor", [0.1, 0.45, 2.2, 10.0])
def test_an126_a_body_of_inhuman_width_blocks(factor):
    ((severity, where),) = of(masks(spacing_mm=SPACING_MM * factor), "AN-126")
    assert severity is Severity.BLOCK
    assert set(where.split(", ")) == {"L3", "L4", "L5"}


@pytest.mark.parametrize("factor", [0.55, 1.9])
def test_an126_small_and_large_people_pass(factor):
    assert of(masks(spacing_mm=SPACING_MM * factor), "AN-126") == []


def test_an127_vertebrae_that_touch_are_noted_with_the_area():
    values = tiny_values()
    values[9:11, 12:14, BOTTOM["L4"] + 4 : BOTTOM["L3"] + 1] = NUMBER_OF["L4"]
    ((severity, where),) = of(masks(values), "AN-127")
    assert severity is Severity.NOTE
    assert where.startswith("L3-L4 (")
    assert where.endswith(" mm2)")


def test_an127_a_gap_of_one_voxel_is_a_joint_space():
    values = tiny_values()
    values[9:11, 12:14, BOTTOM["L4"] + 4 : BOTTOM["L3"]] = NUMBER_OF["L4"]
    assert of(masks(values), "AN-127") == []


def test_an127_the_sacrum_is_the_last_of_the_column():
    values = tiny_values()
    values[5:15, 3:9, 1 : BOTTOM["L5"]] = 9
    ((_, where),) = of(masks(values, NAMES | {9: "sacrum"}), "AN-127")
    assert where == f"L5-S1 ({10 * 6 * SPACING_MM**2:.0f} mm2)"


@pytest.mark.parametrize("height", [1, 3])
def test_masks_are_judged_alike_in_the_mirror(height):
    values = tiny_values()
    values[2:5, 12:16, 0:height] = NUMBER_OF["L3"]
    values[:, :, BOTTOM["L4"] + 2 : BOTTOM["L3"]] = 0
    assert masks(values) == masks(values[::-1].copy())
