"""Rows A02, A09 to A11, A13 and A14: variants and shapes that a person has to decide about."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.box_spine import (
    BODIES,
    LOW,
    SPACING,
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
from kambin.anatomy.check_densities import check_densities
from kambin.anatomy.check_spine_shape import check_spine_shape
from kambin.anatomy.check_variants import check_variants
from kambin.anatomy.laterality import fit_midsagittal_plane
from kambin.anatomy.levels import stack_vertebrae
from kambin.anatomy.survey import survey_labels
from kambin.core import Finding, Severity
from kambin.frames import Side
from kambin.imaging import LabelMap, Volume

L5, SACRUM = VALUES["vertebra:L5"], VALUES["sacrum"]


@pytest.fixture(scope="module")
def a_clean_patient() -> Case:
    return box_spine()


def found(case: Case) -> tuple[Finding, ...]:
    """What the checks of variants, shape and densities say."""
    survey = survey_labels(case)
    stack, plane = stack_vertebrae(survey), fit_midsagittal_plane(survey)
    return (
        *check_variants(survey, stack, plane),
        *check_spine_shape(survey, stack, plane),
        *check_densities(case.image, survey, stack),
    )


def box(x: tuple[float, float], y: tuple[float, float], z: tuple[float, float]) -> tuple:
    """The voxels of a box given in mm, LPS."""
    ends = zip((x, y, z), LOW, strict=True)
    return tuple(slice(*(round((e - low) / SPACING) for e in pair)) for pair, low in ends)


def moved(case: Case, shift: dict[str, tuple[int, int]]) -> Case:
    """Return the labels with some vertebrae moved by voxels to the left and backwards."""

    def move(values: np.ndarray) -> None:
        before = values.copy()
        for name in shift:
            values[before == VALUES[f"vertebra:{name}"]] = 0
        for name, (left, back) in shift.items():
            mask = np.roll(before == VALUES[f"vertebra:{name}"], (left, back), axis=(0, 1))
            values[mask] = VALUES[f"vertebra:{name}"]

    return replace(with_labels(case, move), image=None)


def test_a_clean_patient_is_asked_nothing(a_clean_patient):
    assert found(a_clean_patient) == ()


@pytest.mark.parametrize("sides", [("left",), ("right",), ("left", "right")])
def test_a02_a_sacralised_l5_asks_and_names_its_sides(a_clean_patient, sides):
    def grow_the_wings_into_the_ala(values: np.ndarray) -> None:
        for side in sides:
            sign = Side(side).lateral_sign_lps
            x = tuple(sorted((sign * 30.0, sign * 42.0)))
            values[box(x, (20, 28), (47, 72))] = L5

    findings = found(with_labels(a_clean_patient, grow_the_wings_into_the_ala))

    (finding,) = [f for f in findings if f.code == "AN-143"]
    assert finding.severity is Severity.CONFIRM
    assert finding.where == f"L5, {' and '.join(sides)}"


def test_a02_a_lumbarised_s1_asks(a_clean_patient):
    def part_the_sacrum(values: np.ndarray) -> None:
        upper = values[:, :, round(33 / SPACING) :]
        upper[upper == SACRUM] = 100
        values[:, :, round(27 / SPACING) : round(33 / SPACING)][
            values[:, :, round(27 / SPACING) : round(33 / SPACING)] == SACRUM
        ] = 0

    case = with_labels(a_clean_patient, part_the_sacrum)
    case = with_names(case, dict(case.names) | {100: StructureKey("vertebra", "S1")})

    assert severities(found(case), "AN-144") == [Severity.CONFIRM]


def test_a02_an_s1_that_runs_on_into_the_sacrum_asks_nothing(a_clean_patient):
    def name_its_upper_half(values: np.ndarray) -> None:
        upper = values[:, :, round(30 / SPACING) :]
        upper[upper == SACRUM] = 100

    case = with_labels(a_clean_patient, name_its_upper_half)
    case = with_names(case, dict(case.names) | {100: StructureKey("vertebra", "S1")})

    assert severities(found(case), "AN-144") == []


@pytest.mark.parametrize(
    ("left", "severity"),
    [(1, None), (6, Severity.CONFIRM), (16, Severity.BLOCK)],
    ids=["straight", "curved", "beyond the limit"],
)
def test_a09_scoliosis_is_accepted_by_a_person_up_to_a_limit(a_clean_patient, left, severity):
    """A bow of the column to the left, whose top and bottom stay."""
    bow = {"L1": (left, 0), "L2": (2 * left, 0), "L3": (2 * left, 0), "L4": (left, 0)}

    findings = found(moved(without(a_clean_patient, "psoas", "kidney"), bow))

    assert severities(findings, "AN-145") == ([] if severity is None else [severity])
    if severity is not None:
        assert "up to 50 degrees" in next(f for f in findings if f.code == "AN-145").why


def test_a09_a_listhesis_asks(a_clean_patient):
    slipped = {name: (0, -10) for name in ("T12", "L1", "L2", "L3", "L4")}

    findings = found(moved(without(a_clean_patient, "aorta", "vena_cava"), slipped))

    (finding,) = [f for f in findings if f.code == "AN-145"]
    assert finding.severity is Severity.CONFIRM
    assert "step in the sagittal plane 15 mm" in finding.why


def test_a09_a_turned_vertebra_asks(a_clean_patient):
    def turn_the_arch_of_l3(values: np.ndarray) -> None:
        number = VALUES["vertebra:L3"]
        behind = np.argwhere((values == number) & (np.arange(values.shape[1])[:, None] > 83))
        values[tuple(behind.T)] = 0
        pivot = np.array([84, 68])
        turn = np.radians(50.0)
        for i, j, k in behind:
            x, y = (i, j) - pivot
            a = round(x * np.cos(turn) - y * np.sin(turn)) + pivot[0]
            b = round(x * np.sin(turn) + y * np.cos(turn)) + pivot[1]
            values[a, b, k] = number

    findings = found(replace(with_labels(a_clean_patient, turn_the_arch_of_l3), image=None))

    assert severities(findings, "AN-145") == [Severity.CONFIRM]
    assert "rotation" in next(f for f in findings if f.code == "AN-145").why


def test_a09_a_hemivertebra_is_no_vertebra_like_its_neighbours(a_clean_patient):
    def lose_its_right_half(values: np.ndarray) -> None:
        right = values[: values.shape[0] // 2]
        right[right == VALUES["vertebra:L3"]] = 0

    findings = check_case(with_labels(a_clean_patient, lose_its_right_half)).findings

    assert Severity.BLOCK in severities(findings, "AN-120")


def test_a10_a_screw_asks_and_names_its_level(a_clean_patient):
    def drive_a_screw_into_l4(hu: np.ndarray) -> None:
        hu[box((10, 14), (-10, 25), (104, 108))] = 3071

    findings = found(with_image(a_clean_patient, drive_a_screw_into_l4))

    (finding,) = [f for f in findings if f.code == "AN-150"]
    assert (finding.severity, finding.where) == (Severity.CONFIRM, "L4")


def test_a10_a_mask_of_metal_asks_without_any_image(a_clean_patient):
    def label_a_cage(values: np.ndarray) -> None:
        values[box((-8, 8), (-8, 8), (113, 121))] = 100

    case = with_labels(a_clean_patient, label_a_cage)
    case = replace(with_names(case, dict(case.names) | {100: StructureKey("metal")}), image=None)

    assert severities(found(case), "AN-150") == [Severity.CONFIRM]


def test_a10_a_few_bright_voxels_are_no_metal(a_clean_patient):
    def brighten(hu: np.ndarray) -> None:
        hu[84, 70, 60:65] = 3071

    assert severities(found(with_image(a_clean_patient, brighten)), "AN-150") == []


def test_a11_a_laminectomy_asks(a_clean_patient):
    def open_the_canal_of_l4(values: np.ndarray) -> None:
        behind = values[box((-8, 8), (25, 60), (80, 115))]
        behind[behind == VALUES["vertebra:L4"]] = 0

    findings = found(with_labels(a_clean_patient, open_the_canal_of_l4))

    (finding,) = [f for f in findings if f.code == "AN-146"]
    assert (finding.severity, finding.where) == (Severity.CONFIRM, "L4")


def test_a11_gas_in_a_disc_is_noted(a_clean_patient):
    def let_gas_into_l4_l5(hu: np.ndarray) -> None:
        hu[box((-6, 6), (-6, 6), (81, 86))] = -800

    findings = found(with_image(a_clean_patient, let_gas_into_l4_l5))

    (finding,) = [f for f in findings if f.code == "AN-147"]
    assert (finding.severity, finding.where) == (Severity.NOTE, "L4-L5")


def test_a11_a_collapsed_disc_is_noted(a_clean_patient):
    def grow_l4_down_onto_l5(values: np.ndarray) -> None:
        values[box((-20, 20), (-16, 16), (81, 88))] = VALUES["vertebra:L4"]

    findings = found(with_labels(a_clean_patient, grow_l4_down_onto_l5))

    (finding,) = [f for f in findings if f.code == "AN-147"]
    assert finding.where == "L4-L5"


def test_a13_a_ptotic_kidney_asks(a_clean_patient):
    def let_the_left_kidney_sink(values: np.ndarray) -> None:
        kidney = values == VALUES["kidney:left"]
        values[kidney] = 0
        values[np.roll(kidney, -78, axis=2) & (values == 0)] = VALUES["kidney:left"]

    findings = found(with_labels(a_clean_patient, let_the_left_kidney_sink))

    (finding,) = [f for f in findings if f.code == "AN-149"]
    assert finding.severity is Severity.CONFIRM
    assert "kidney:left lies below" in finding.why


def test_a13_a_horseshoe_kidney_asks(a_clean_patient):
    def bridge_them_before_the_spine(values: np.ndarray) -> None:
        arch = values[box((-60, 0), (-26, -18), (165, 175))]
        arch[arch == 0] = VALUES["kidney:right"]
        arch = values[box((0, 60), (-26, -18), (165, 175))]
        arch[arch == 0] = VALUES["kidney:left"]

    findings = found(with_labels(a_clean_patient, bridge_them_before_the_spine))

    (finding,) = [f for f in findings if f.code == "AN-149"]
    assert "horseshoe" in finding.why


def scaled(case: Case, factor: float) -> Case:
    """Return the patient smaller or larger in every direction."""
    affine = np.diag([factor, factor, factor, 1.0]) @ case.labels.lps_from_ijk
    assert case.image is not None
    return replace(
        case,
        labels=LabelMap(case.labels.values, affine, case.labels.frame_id),
        image=Volume(case.image.values, affine, case.image.frame_id),
    )


@pytest.mark.parametrize("factor", [0.6, 1.7])
def test_a14_a_child_and_a_giant_ask(a_clean_patient, factor):
    findings = found(scaled(a_clean_patient, factor))

    (finding,) = [f for f in findings if f.code == "AN-148"]
    assert finding.severity is Severity.CONFIRM
    assert "mm wide" in finding.why


def test_a14_a_very_thin_back_asks(a_clean_patient):
    def take_the_fat_away(hu: np.ndarray) -> None:
        hu[:, round((36 - LOW[1]) / SPACING) :] = -1000

    findings = found(with_image(a_clean_patient, take_the_fat_away))

    (finding,) = [f for f in findings if f.code == "AN-148"]
    assert "skin of the back" in finding.why


def test_every_check_of_a_case_runs_these_too(a_clean_patient):
    """What the parts find, the whole finds: none of them is left out of ``check_case``."""

    def drive_a_screw_into_l4(hu: np.ndarray) -> None:
        hu[box((10, 14), (-10, 25), (104, 108))] = 3071

    broken = with_image(without(a_clean_patient, "kidney"), drive_a_screw_into_l4)
    codes = {f.code for f in check_case(scaled(broken, 1.7)).findings}

    assert {"AN-148", "AN-150"} <= codes
    assert len(BODIES) == 6
    assert renamed(broken, {}).names == broken.names
