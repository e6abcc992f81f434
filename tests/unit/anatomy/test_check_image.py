"""Each check of the image fires at its limit and is silent before it."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.tiny_column import BOTTOM, NUMBER_OF, PLANE, SHAPE, tiny_case, tiny_values

from kambin.anatomy import Case
from kambin.anatomy.check_image import check_image, is_ct
from kambin.anatomy.levels import stack_vertebrae
from kambin.anatomy.survey import survey_labels
from kambin.core import Finding, Severity
from kambin.imaging import LabelMap, Volume

NAMES = {n: f"vertebra:{v}" for v, n in NUMBER_OF.items()}
BONE_HU, TISSUE_HU, AIR_HU = 300.0, 40.0, -1000.0


def tiny_image(values: np.ndarray | None = None, bone_hu: float = BONE_HU) -> np.ndarray:
    """Bone in tissue, with two voxels of air all round."""
    labels = tiny_values() if values is None else values
    image = np.full(SHAPE, AIR_HU, dtype=np.float32)
    image[1:-1, 1:-1, :] = TISSUE_HU
    image[labels > 0] = bone_hu
    return image


def check(case: Case) -> tuple[Finding, ...]:
    survey = survey_labels(case)
    return check_image(case, survey, stack_vertebrae(survey), PLANE)


def of(case: Case, code: str) -> list[tuple[Severity, str]]:
    return [(f.severity, f.where) for f in check(case) if f.code == code]


def scanned(image: np.ndarray | None = None, values: np.ndarray | None = None, **more) -> Case:
    return tiny_case(values, image=tiny_image(values) if image is None else image, **more)


def spaced(labels_mm: tuple[float, float, float], image_mm: tuple[float, float, float]) -> Case:
    """The column on voxels of other sizes; only the spacing means something."""
    case = scanned()
    affines = (np.diag([*mm, 1.0]) for mm in (image_mm, labels_mm))
    image, labels = affines
    return replace(
        case,
        image=Volume(case.image.values, image, "tiny"),
        labels=LabelMap(case.labels.values, labels, "tiny"),
    )


def test_nothing_but_the_spacing_is_wrong_with_the_tiny_image():
    assert {f.code for f in check(scanned())} <= {"AN-201", "AN-136"}


@pytest.mark.parametrize(
    ("labels_mm", "image_mm", "codes"),
    [
        ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), []),
        ((1.5, 1.5, 1.5), (1.5, 1.5, 1.5), []),
        ((1.0, 1.0, 1.6), (1.0, 1.0, 1.0), ["AN-201"]),
        ((1.0, 1.0, 1.0), (1.0, 1.0, 3.0), ["AN-201"]),
        ((1.0, 1.0, 4.0), (1.0, 1.0, 1.0), ["AN-201"]),
        ((1.0, 1.0, 4.1), (1.0, 1.0, 1.0), ["AN-136", "AN-201"]),
        ((1.0, 1.0, 1.0), (1.0, 1.0, 5.0), ["AN-136", "AN-201"]),
    ],
)
def test_an201_an136_the_largest_spacing_of_labels_or_image_is_judged(labels_mm, image_mm, codes):
    findings = [f for f in check(spaced(labels_mm, image_mm)) if f.where == "spacing"]
    assert sorted(f.code for f in findings) == codes
    assert all(f.severity is Severity.CONFIRM for f in findings)


def test_an201_both_spacings_are_told():
    (finding,) = [
        f for f in check(spaced((1.0, 1.0, 2.0), (0.5, 0.5, 3.0))) if f.where == "spacing"
    ]
    assert finding.why.startswith("labels 1 x 1 x 2 mm; image 0.5 x 0.5 x 3 mm; ")


def test_an136_the_uncertainty_is_half_a_slice():
    (why,) = [f.why for f in check(spaced((1.0, 1.0, 5.0), (1.0, 1.0, 1.0))) if f.code == "AN-136"]
    assert why.endswith("uncertain by 2.5 mm.")


def test_an130_another_frame_of_reference_blocks_and_ends_the_comparison():
    case = scanned(image=np.full(SHAPE, np.nan, dtype=np.float32))
    case = replace(case, image=Volume(case.image.values, case.image.lps_from_ijk, "another"))
    codes = [f.code for f in check(case)]
    assert of(case, "AN-130") == [(Severity.BLOCK, "image and labels")]
    assert "AN-133" not in codes


def test_an130_long_names_of_frames_are_cut():
    case = scanned()
    case = replace(case, image=Volume(case.image.values, case.image.lps_from_ijk, "9" * 64))
    (why,) = [f.why for f in check(case) if f.code == "AN-130"]
    assert "9" * 20 in why
    assert "9" * 21 not in why


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_an133_what_is_no_number_near_the_spine_blocks(number):
    image = tiny_image()
    image[10, 6, 15] = number
    assert of(scanned(image), "AN-133") == [(Severity.BLOCK, "image")]


def test_an133_far_from_the_spine_it_asks_and_says_where():
    values = tiny_values()
    values[:, :, 12:] = 0
    image = tiny_image(values)
    image[3, 4, 29] = np.nan
    (finding,) = [f for f in check(scanned(image, values)) if f.code == "AN-133"]
    assert finding.severity is Severity.CONFIRM
    assert finding.why.startswith("1 voxels, 0 of them within 20 mm")
    assert "(12, 16, 116) mm" in finding.why


def test_an133_whole_numbers_are_always_numbers():
    assert of(scanned(tiny_image().astype(np.int16)), "AN-133") == []


@pytest.mark.parametrize(("contrast_hu", "fires"), [(41.0, False), (39.0, True), (-100.0, True)])
def test_an131_bone_must_be_brighter_than_what_surrounds_it(contrast_hu, fires):
    image = tiny_image(bone_hu=TISSUE_HU + contrast_hu)
    expected = [(Severity.BLOCK, "L3, L4, L5")] if fires else []
    assert of(scanned(image), "AN-131") == expected


def test_an131_a_single_dark_vertebra_asks():
    image = tiny_image()
    image[tiny_values() == NUMBER_OF["L4"]] = TISSUE_HU
    assert of(scanned(image), "AN-131") == [(Severity.CONFIRM, "L4")]


def test_an131_a_vertebra_beyond_the_image_has_no_contrast():
    case = scanned()
    part = case.image.values[:, :, : BOTTOM["L3"] - 2]
    case = replace(case, image=Volume(part, case.image.lps_from_ijk, "tiny"))
    assert of(case, "AN-131") == [(Severity.CONFIRM, "L3")]
    assert of(case, "AN-132") == [(Severity.BLOCK, "vertebra:L3 (100%)")]


def test_an131_bone_next_to_bone_is_not_its_surroundings():
    values = tiny_values()
    values[1:5, 1:15, :], values[15:19, 1:15, :] = 9, 9
    case = scanned(values=values, names=NAMES | {9: "ilium"})
    assert of(case, "AN-131") == []


def test_an131_an_image_on_other_voxels_is_compared_by_place():
    case = scanned()
    fine = np.repeat(np.repeat(np.repeat(case.image.values, 2, 0), 2, 1), 2, 2)
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = -1.0
    assert of(replace(case, image=Volume(fine, affine, "tiny")), "AN-131") == []


@pytest.mark.parametrize(("air_rows", "fires"), [(0, False), (1, True)])
def test_an132_a_solid_structure_in_air_blocks(air_rows, fires):
    image = tiny_image()
    image[:, 3 : 3 + air_rows, BOTTOM["L5"] : BOTTOM["L5"] + 6] = AIR_HU
    found = of(scanned(image), "AN-132")
    assert [severity for severity, _ in found] == ([Severity.BLOCK] if fires else [])
    assert all(where.startswith("vertebra:L5 (") for _, where in found)


def test_an132_gas_in_the_bowel_is_usual():
    values = tiny_values()
    values[1:4, 1:4, 10:14] = 9
    image = tiny_image(values)
    image[values == 9] = AIR_HU
    assert of(scanned(image, values, names=NAMES | {9: "colon"}), "AN-132") == []


def test_mr_is_not_judged_by_hounsfield_units():
    image = np.full(SHAPE, 100.0, dtype=np.float32)
    assert not {"AN-131", "AN-132"} & {f.code for f in check(scanned(image))}


@pytest.mark.parametrize(("darkest", "expected"), [(-200.0, True), (-199.0, False), (0.0, False)])
def test_a_ct_shows_fat_or_air(darkest, expected):
    image = Volume(np.array([[[darkest, 100.0]]], dtype=np.float32), np.eye(4), "tiny")
    assert is_ct(image) is expected


def test_an134_without_image_and_skin_no_entry_can_be_planned():
    (finding,) = [f for f in check(tiny_case()) if f.code == "AN-134"]
    assert (finding.severity, finding.where) == (Severity.BLOCK, "skin")
    assert finding.why == "Neither an image nor a skin mask is given."


def test_an134_a_skin_all_round_is_enough():
    assert of(scanned(), "AN-134") == []


@pytest.mark.parametrize(("flank", "side"), [(slice(-1, None), "left"), (slice(0, 1), "right")])
def test_an134_a_flank_that_leaves_the_image_is_named_by_its_side(flank, side):
    image = tiny_image()
    image[flank, 1:-1] = TISSUE_HU
    (finding,) = [f for f in check(scanned(image)) if f.code == "AN-134"]
    assert finding.severity is Severity.BLOCK
    other = "right" if side == "left" else "left"
    assert f"L4 {side} at " in finding.why
    assert other not in finding.why


def test_an134_a_back_that_leaves_the_image_is_missed_straight_behind():
    image = tiny_image()
    image[1:-1, -1] = TISSUE_HU
    (finding,) = [f for f in check(scanned(image)) if f.code == "AN-134"]
    assert "L3 left at 0, 15" in finding.why


def test_the_mirrored_image_has_the_mirrored_findings():
    image = tiny_image()
    image[-1, 1:-1] = TISSUE_HU
    here = [f.why for f in check(scanned(image)) if f.code == "AN-134"]
    mirrored = scanned(image[::-1].copy(), tiny_values()[::-1].copy())
    there = [f.why for f in check(mirrored) if f.code == "AN-134"]
    assert [text.replace("left", "right") for text in here] == there
