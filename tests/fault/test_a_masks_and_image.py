"""Rows A05 to A08, A11, G10, G15, G17 and G18: masks and images that cannot carry a plan."""

import re
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.box_spine import (
    VALUES,
    box_spine,
    renamed,
    severities,
    with_image,
    with_labels,
    with_names,
    without,
)

from kambin.anatomy import Case, StructureKey, check_case
from kambin.anatomy.check_image import check_image
from kambin.anatomy.check_masks import check_masks
from kambin.anatomy.check_presence import check_presence
from kambin.anatomy.laterality import fit_midsagittal_plane
from kambin.anatomy.levels import stack_vertebrae
from kambin.anatomy.survey import survey_labels
from kambin.core import Severity
from kambin.exchange.merging import merge_sources
from kambin.exchange.sources import LabelSource
from kambin.imaging import LabelMap, Volume

L3, L4 = VALUES["vertebra:L3"], VALUES["vertebra:L4"]


@pytest.fixture(scope="module")
def a_clean_patient() -> Case:
    return box_spine()


def masks(case: Case) -> tuple:
    survey = survey_labels(case)
    return check_masks(survey, stack_vertebrae(survey), fit_midsagittal_plane(survey))


def image(case: Case) -> tuple:
    survey = survey_labels(case)
    return check_image(case, survey, stack_vertebrae(survey), fit_midsagittal_plane(survey))


def resized(case: Case, factor: float) -> Case:
    """Return the case with every length multiplied."""
    affine = np.diag([factor, factor, factor, 1.0]) @ case.labels.lps_from_ijk
    labels = LabelMap(case.labels.values, affine, case.labels.frame_id)
    return replace(case, labels=labels, image=None)


def test_a_clean_patient_passes_every_mask_and_image_check(a_clean_patient):
    assert masks(a_clean_patient) == ()
    assert image(a_clean_patient) == ()


def test_a05_two_vertebrae_merged_under_one_name_block(a_clean_patient):
    def merge(values: np.ndarray) -> None:
        values[values == L4] = L3

    findings = check_case(with_labels(a_clean_patient, merge)).findings

    assert severities(findings, "AN-111") == [Severity.BLOCK]
    merged = next(f for f in findings if f.code == "AN-120" and f.where == "vertebra:L3")
    assert merged.severity is Severity.BLOCK
    # about twice its neighbour, which is the only one left beside it but L5
    ratio = float(re.search(r"Its volume is ([\d.]+) of L2, L5;", merged.why).group(1))
    assert ratio == pytest.approx(2.0, abs=0.2)


def test_a05_a_split_vertebra_blocks(a_clean_patient):
    def give_half_of_l3_to_l4(values: np.ndarray) -> None:
        lower_half = values[:, :, : values.shape[2] // 2]
        lower_half[lower_half == L3] = L4

    findings = masks(with_labels(a_clean_patient, give_half_of_l3_to_l4))

    assert Severity.BLOCK in severities(findings, "AN-120") + severities(findings, "AN-121")


def test_a05_an_arch_given_to_the_neighbour_blocks(a_clean_patient):
    def give_the_arch_to_l4(values: np.ndarray) -> None:
        behind = values[:, 80:]
        behind[behind == L3] = L4

    findings = masks(with_labels(a_clean_patient, give_the_arch_to_l4))

    assert Severity.BLOCK in severities(findings, "AN-120") + severities(findings, "AN-121")


def test_a05_a_far_piece_with_the_same_label_blocks(a_clean_patient):
    def label_a_second_lump(values: np.ndarray) -> None:
        values[20:32, 60:72, 60:75] = L3

    findings = masks(with_labels(a_clean_patient, label_a_second_lump))

    assert severities(findings, "AN-121") == [Severity.BLOCK]


def cropped(case: Case, low: int, stop: int) -> Case:
    """Return the case without the slices before and after these."""
    affine = case.labels.lps_from_ijk.copy()
    affine[:3, 3] = case.labels.lps_mm((0, 0, low))
    kept = np.s_[:, :, low:stop]
    return replace(
        case,
        labels=LabelMap(case.labels.values[kept], affine, case.labels.frame_id),
        image=Volume(case.image.values[kept], affine, case.image.frame_id),
    )


@pytest.mark.parametrize("beyond", [0, 1])
def test_a_vertebra_that_the_image_ends_in_is_neither_split_nor_deformed(a_clean_patient, beyond):
    # from the pedicles of T12 down to those of L5: bodies and arches end apart, at the border or
    # with the last slice lost by resampling
    k = [round(z / 1.5) for z in (60.0, 232.0)]
    case = cropped(a_clean_patient, *k)
    ends = [0, k[1] - k[0] - 1]

    def part(values):
        # what holds arch and body together lies beyond the image
        for name in ("vertebra:T12", "vertebra:L5"):
            own = values == VALUES[name]
            own[:, :80] = False
            own[:, 84:] = False
            values[own] = 0
        if beyond:
            values[:, :, ends] = 0

    codes = {f.code for f in check_case(with_labels(case, part)).findings if f.severity == "BLOCK"}
    assert not codes & {"AN-111", "AN-120", "AN-121", "AN-145"}


def test_a05_one_name_on_two_label_values_blocks(a_clean_patient):
    def use_a_second_value(values: np.ndarray) -> None:
        right_half = values[: values.shape[0] // 2]
        right_half[right_half == L3] = 200

    case = with_labels(a_clean_patient, use_a_second_value)
    names = dict(case.names) | {200: StructureKey("vertebra", "L3")}

    assert Severity.BLOCK in severities(masks(with_names(case, names)), "AN-121")


def test_a06_a_named_vertebra_without_voxels_blocks(a_clean_patient):
    def erase(values: np.ndarray) -> None:
        values[values == L3] = 0

    findings = masks(with_labels(a_clean_patient, erase))

    assert severities(findings, "AN-122") == [Severity.BLOCK]


def test_a06_a_named_vertebra_beyond_the_labelled_ones_is_not_missed(a_clean_patient):
    case = without(a_clean_patient, "vertebra:T12", "vertebra:L1")
    named = {**case.names, 99: StructureKey("vertebra", "L1")}
    assert severities(masks(with_names(case, named)), "AN-122") == []


def test_a06_a_named_organ_without_voxels_is_noted(a_clean_patient):
    def erase(values: np.ndarray) -> None:
        values[values == VALUES["spleen"]] = 0

    findings = masks(with_labels(a_clean_patient, erase))

    assert severities(findings, "AN-122") == [Severity.NOTE]
    assert "spleen" in findings[0].where


def test_a06_a_hollow_vertebra_asks(a_clean_patient):
    def hollow_the_body(values: np.ndarray) -> None:
        inside = (slice(73, 96), slice(60, 76), slice(62, 73))
        assert (values[inside] == L4).all()
        values[inside] = 0

    findings = masks(with_labels(a_clean_patient, hollow_the_body))

    assert severities(findings, "AN-123") == [Severity.CONFIRM]


def test_a06_loose_voxels_of_an_organ_are_noted(a_clean_patient):
    def scatter(values: np.ndarray) -> None:
        values[20:30, 50:60, 80:90] = VALUES["liver"]

    findings = masks(with_labels(a_clean_patient, scatter))

    assert severities(findings, "AN-121") == [Severity.NOTE]


def test_a06_a_kidney_cut_by_the_border_asks(a_clean_patient):
    def grow_to_the_border(values: np.ndarray) -> None:
        values[:12, 75:80, 110:115] = VALUES["kidney:right"]

    findings = masks(with_labels(a_clean_patient, grow_to_the_border))

    assert severities(findings, "AN-124") == [Severity.CONFIRM]


@pytest.mark.parametrize(
    ("voxels", "severity"), [(1000, Severity.NOTE), (1001, Severity.CONFIRM), (0, None)]
)
def test_a06_masks_that_share_more_than_a_cubic_centimetre_ask(voxels, severity):
    values = np.zeros((20, 20, 20), dtype=np.uint8)
    values[:10] = 1
    shared = np.zeros_like(values)
    shared.reshape(-1)[:voxels] = 1
    shared[15:] = 1
    sources = [
        LabelSource(
            LabelMap(array, np.eye(4), "one"), {1: StructureKey.parse(name)}, {}, "own", "", name
        )
        for array, name in ((values, "vertebra:L3"), (shared, "vertebra:L4"))
    ]

    findings = merge_sources(sources)[2]

    assert severities(findings, "IN-023") == ([] if severity is None else [severity])
    assert all("vertebra:L3 keeps" in finding.why for finding in findings)
    assert all(f"{voxels} mm3" in finding.why for finding in findings)


def test_a07_labels_in_another_frame_block(a_clean_patient):
    labels = LabelMap(
        a_clean_patient.labels.values, a_clean_patient.labels.lps_from_ijk, "another frame"
    )

    findings = image(replace(a_clean_patient, labels=labels))

    assert severities(findings, "AN-130") == [Severity.BLOCK]


def test_a07_labels_of_another_patient_do_not_lie_on_bone(a_clean_patient):
    def show_a_spine_elsewhere(hu: np.ndarray) -> None:
        bone = hu > 200
        hu[bone] = 40
        hu[np.roll(bone, (24, -14, 11), axis=(0, 1, 2))] = 300

    findings = image(with_image(a_clean_patient, show_a_spine_elsewhere))

    assert severities(findings, "AN-131") == [Severity.BLOCK]


def test_a07_one_vertebra_off_the_bone_asks(a_clean_patient):
    def erase_the_bone_of_l3(hu: np.ndarray) -> None:
        hu[a_clean_patient.labels.values == L3] = 40

    findings = image(with_image(a_clean_patient, erase_the_bone_of_l3))

    assert severities(findings, "AN-131") == [Severity.CONFIRM]
    assert findings[0].where == "L3"


def test_a07_labels_outside_the_body_block(a_clean_patient):
    def take_the_liver_out_of_the_body(hu: np.ndarray) -> None:
        hu[a_clean_patient.labels.values == VALUES["liver"]] = -1000

    findings = image(with_image(a_clean_patient, take_the_liver_out_of_the_body))

    assert severities(findings, "AN-132") == [Severity.BLOCK]
    assert "liver" in findings[0].where


def test_a07_an_image_that_ends_before_the_labels_blocks(a_clean_patient):
    whole = a_clean_patient.image
    assert whole is not None
    part = Volume(whole.values[:, :, :100], whole.lps_from_ijk, whole.frame_id)

    findings = image(replace(a_clean_patient, image=part))

    assert severities(findings, "AN-132") == [Severity.BLOCK]


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        (("aorta",), "AN-140"),
        (("iliac_vein",), "AN-140"),
        (("colon",), "AN-141"),
        (("kidney",), "AN-141"),
    ],
)
def test_a08_a_missing_hazard_is_not_assessed_and_asks(a_clean_patient, kinds, code):
    findings = check_presence(survey_labels(without(a_clean_patient, *kinds)))

    assert severities(findings, code) == [Severity.CONFIRM]
    assert next(f for f in findings if f.code == code).where == ", ".join(kinds)


def test_a08_roots_without_a_mask_are_noted_as_modelled(a_clean_patient):
    assert severities(check_presence(survey_labels(a_clean_patient)), "AN-142") == [Severity.NOTE]


def test_a11_facets_that_touch_are_noted(a_clean_patient):
    def let_l3_touch_l4(values: np.ndarray) -> None:
        column = values[82:86, 78:82]
        column[:, :, :90][column[:, :, :90] == 0] = L4

    findings = masks(with_labels(a_clean_patient, let_l3_touch_l4))

    assert severities(findings, "AN-127") == [Severity.NOTE]
    assert "L3-L4" in next(f for f in findings if f.code == "AN-127").where


@pytest.mark.parametrize("factor", [0.1, 10.0, 0.001])
def test_g10_a_spine_of_inhuman_size_blocks(a_clean_patient, factor):
    findings = masks(resized(a_clean_patient, factor))

    assert severities(findings, "AN-126") == [Severity.BLOCK]
    assert "20 to 80 mm" in findings[0].why


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_g15_a_voxel_that_is_no_number_blocks_near_the_spine(a_clean_patient, number):
    def spoil(hu: np.ndarray) -> None:
        hu[84, 70, 90] = number

    findings = image(with_image(a_clean_patient, spoil))

    assert severities(findings, "AN-133") == [Severity.BLOCK]
    assert "1 voxels" in findings[0].why


def test_g15_a_voxel_that_is_no_number_asks_far_from_the_spine(a_clean_patient):
    def spoil(hu: np.ndarray) -> None:
        hu[2, 2, 2] = np.nan

    findings = image(with_image(a_clean_patient, spoil))

    assert severities(findings, "AN-133") == [Severity.CONFIRM]


def test_g17_coarse_labels_say_that_the_facet_is_not_resolved(a_clean_patient):
    thin = a_clean_patient.labels
    affine = thin.lps_from_ijk @ np.diag([1.0, 1.0, 3.5, 1.0])
    labels = LabelMap(thin.values, affine, thin.frame_id)

    findings = image(replace(a_clean_patient, labels=labels, image=None))

    assert severities(findings, "AN-201") == [Severity.CONFIRM]
    assert severities(findings, "AN-136") == [Severity.CONFIRM]


def test_g18_without_image_and_skin_mask_no_entry_can_be_planned(a_clean_patient):
    findings = image(replace(a_clean_patient, image=None))

    assert severities(findings, "AN-134") == [Severity.BLOCK]


def test_g18_a_field_of_view_that_ends_inside_the_flank_blocks(a_clean_patient):
    whole = a_clean_patient.image
    assert whole is not None
    narrow = Volume(whole.values[:130], whole.lps_from_ijk, whole.frame_id)

    findings = image(replace(a_clean_patient, image=narrow))

    assert severities(findings, "AN-134") == [Severity.BLOCK]
    assert "left" in findings[0].why
    assert "right" not in findings[0].why


def test_g18_a_given_body_mask_is_enough_without_an_image(a_clean_patient):
    assert a_clean_patient.image is not None
    body = a_clean_patient.image.values > -300

    def add_the_body(values: np.ndarray) -> None:
        values[(values == 0) & body] = 100

    case = with_labels(a_clean_patient, add_the_body)
    case = with_names(case, dict(case.names) | {100: StructureKey("skin")})

    assert image(replace(case, image=None)) == ()


def test_an_image_without_air_is_not_judged_by_hounsfield_units(a_clean_patient):
    def look_like_magnetic_resonance(hu: np.ndarray) -> None:
        hu[:] = np.where(hu > 200, 10, 100)

    findings = image(with_image(a_clean_patient, look_like_magnetic_resonance))

    assert severities(findings, "AN-131") == []
    assert severities(findings, "AN-134") == [Severity.BLOCK]


def test_vertebrae_named_otherwise_do_not_enter_the_checks_of_the_lumbar_column(a_clean_patient):
    case = renamed(a_clean_patient, {"vertebra:T12": "vertebra:C7"})

    assert "C7" not in stack_vertebrae(survey_labels(case)).names
