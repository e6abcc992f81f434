"""Transitional junctions and displaced kidneys, at both sides of each limit."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.tiny_column import PLANE, tiny_case

from kambin.anatomy.check_variants import check_variants
from kambin.anatomy.levels import stack_vertebrae
from kambin.anatomy.survey import survey_labels
from kambin.core import Finding, Severity
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.knowledge import value

SPACING_MM = 2.0
SHAPE = (80, 30, 40)
NAMES = {
    1: "vertebra:L4",
    2: "vertebra:L5",
    3: "sacrum",
    4: "kidney:left",
    5: "kidney:right",
    6: "vertebra:S1",
    7: "ilium:left",
}
MIDDLE_MM = 79.0


def column() -> np.ndarray:
    """L4, L5 and a sacrum with wide alae, 8 mm apart, and two kidneys beside L4."""
    array = np.zeros(SHAPE, dtype=np.uint8)
    array[28:52, 6:18, 28:38] = 1
    array[28:52, 6:18, 14:24] = 2
    array[16:64, 6:18, 2:10] = 3
    array[68:76, 6:14, 30:38] = 4
    array[4:12, 6:14, 30:38] = 5
    return array


def found(array: np.ndarray, names: dict[int, str] | None = None) -> tuple[Finding, ...]:
    survey = survey_labels(tiny_case(array, names or NAMES, spacing_mm=SPACING_MM))
    plane = replace(PLANE, point_lps_mm=np.array([MIDDLE_MM, 0.0, 0.0]))
    return check_variants(survey, stack_vertebrae(survey), plane)


def of(findings: tuple[Finding, ...], code: str) -> list[tuple[Severity, str]]:
    return [(f.severity, f.where) for f in findings if f.code == code]


def with_process(side: Side, faces: int, *, lateral: int = 16, low: int = 10) -> np.ndarray:
    """A bar from L5 outwards and down to the ala that meets it over some faces of 4 mm2."""
    array = column()
    start, stop = 40 + lateral, 40 + lateral + faces
    bar = np.zeros(SHAPE, dtype=bool)
    bar[40:stop, 10, 16:18] = True
    bar[start:stop, 10, low:18] = True
    if side is Side.RIGHT:
        bar = bar[::-1]
    array[bar & (array == 0)] = 2
    return array


def test_a_plain_column_is_asked_nothing() -> None:
    assert found(column()) == ()


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(("faces", "fires"), [(4, False), (6, True)])
def test_an143_a_process_that_meets_the_ala_is_asked_about(
    side: Side, faces: int, fires: bool
) -> None:
    """Two rows of faces of 4 mm2 each: four in a row are 32 mm2, six are 48."""
    array = with_process(side, faces)
    array[:, 11, :][with_process(side, faces)[:, 10, :] == 2] = 2
    findings = found(array)
    assert of(findings, "AN-143") == ([(Severity.CONFIRM, f"L5, {side}")] if fires else [])


def test_an143_both_sides_are_named_together() -> None:
    array = with_process(Side.LEFT, 8)
    other = with_process(Side.RIGHT, 8)
    array[other == 2] = 2
    array[:, 11][array[:, 10] == 2] = 2
    ((_, where),) = of(found(array), "AN-143")
    assert where == f"L5, {' and '.join(str(side) for side in Side)}"


def test_an143_a_process_that_ends_before_the_ala_meets_nothing() -> None:
    """One free voxel between them is no contact."""
    array = with_process(Side.LEFT, 8, low=11)
    array[:, 11][array[:, 10] == 2] = 2
    assert of(found(array), "AN-143") == []


def test_an143_the_facets_of_the_last_joint_are_no_junction() -> None:
    """Contact within 28 mm of the midline is where the joint lies."""
    reach = value("checks.junction_aside_mm")
    array = with_process(Side.LEFT, 8, lateral=4)
    array[:, 11][array[:, 10] == 2] = 2
    contact_mm = np.argwhere(array[:, :, 10] == 2)[:, 0].max() * SPACING_MM - MIDDLE_MM
    assert contact_mm < reach
    assert of(found(array), "AN-143") == []


@pytest.mark.parametrize(("thick_mm", "fires"), [(2.0, False), (4.0, True)])
def test_an143_a_slice_counts_with_its_own_thickness(thick_mm: float, fires: bool) -> None:
    """Eight upright faces of 2 mm by one slice: 32 mm2, and twice that in slices twice as thick.

    A face was once the mean face of a voxel, the same in all directions.
    """
    array = column()
    array[60:62, 6:18, 14:24] = 7
    array[52:60, 6:14, 17] = 2
    case = tiny_case(array, NAMES, spacing_mm=SPACING_MM)
    affine = case.labels.lps_from_ijk @ np.diag([1, 1, thick_mm / SPACING_MM, 1])
    survey = survey_labels(replace(case, labels=LabelMap(array, affine, "tiny")))
    plane = replace(PLANE, point_lps_mm=np.array([MIDDLE_MM, 0.0, 0.0]))
    findings = check_variants(survey, stack_vertebrae(survey), plane)
    assert of(findings, "AN-143") == ([(Severity.CONFIRM, "L5, left")] if fires else [])


def test_an143_an_ilium_counts_as_well() -> None:
    array = column()
    array[58:62, 6:16, 14:24] = 7
    array[52:58, 6:16, 16:22] = 2
    assert of(found(array), "AN-143") == [(Severity.CONFIRM, "L5, left")]


def test_an143_the_lowest_thoracic_vertebra_has_no_such_junction() -> None:
    array = with_process(Side.LEFT, 8)
    array[:, 11][array[:, 10] == 2] = 2
    names = NAMES | {1: "vertebra:T11", 2: "vertebra:T12"}
    assert of(found(array, names), "AN-143") == []


@pytest.mark.parametrize(("gap", "fires"), [(0, False), (1, False), (2, True)])
def test_an144_an_s1_apart_from_the_sacrum_is_asked_about(gap: int, fires: bool) -> None:
    """One free plane of 2 mm is the limit itself, and two are more."""
    array = column()
    array[28:52, 6:18, 10:12] = 6
    array[:, :, 10 - gap : 10][array[:, :, 10 - gap : 10] == 3] = 0
    findings = found(array)
    assert of(findings, "AN-144") == ([(Severity.CONFIRM, "S1 and sacrum")] if fires else [])


def test_an144_an_s1_far_from_any_sacrum_is_asked_about() -> None:
    array = column()
    array[array == 3] = 0
    array[2:4, 2:4, 2:4] = 3
    array[28:52, 6:18, 8:12] = 6
    assert of(found(array), "AN-144") == [(Severity.CONFIRM, "S1 and sacrum")]


def cut_in_s1(slices: int) -> np.ndarray:
    """A lumbar scan that ends so many slices under the top of S1, with tips of the alae in it.

    Of the sacrum only what lies lateral of S1 is in the image, 8 mm away from it.
    """
    array = column()
    array[array == 3] = 0
    array[28:52, 6:18, 2:10] = 6
    array[16:24, 6:18, 2:6] = array[56:64, 6:18, 2:6] = 3
    return array[:, :, 10 - slices :]


@pytest.mark.parametrize("slices", [5, 6])
def test_an144_an_s1_that_the_image_cuts_is_not_asked_about(slices: int) -> None:
    array = cut_in_s1(slices)
    assert (array == 3).any()
    assert of(found(array), "AN-144") == []


def test_an144_a_resampled_edge_without_bone_cuts_as_well() -> None:
    array = cut_in_s1(6)
    array[:, :, 0] = 0
    assert of(found(array), "AN-144") == []


@pytest.mark.parametrize("free", [2, 3])
def test_an144_an_s1_that_ends_inside_the_image_is_asked_about(free: int) -> None:
    """The same bones with room below S1: nothing is cut, and they stay apart."""
    array = cut_in_s1(6)
    array[:, :, :free][array[:, :, :free] == 6] = 0
    assert of(found(array), "AN-144") == [(Severity.CONFIRM, "S1 and sacrum")]


def test_an144_a_sacrum_that_the_image_cuts_still_stands_apart_from_a_lumbarised_s1() -> None:
    """Most lumbar scans end in the sacrum; that explains no gap above it."""
    array = column()
    array[28:52, 6:18, 10:13] = 6
    array[:, :, 7:10][array[:, :, 7:10] == 3] = 0
    cut = array[:, :, 4:]
    assert (cut[:, :, 0] == 3).any()
    assert of(found(cut), "AN-144") == [(Severity.CONFIRM, "S1 and sacrum")]


@pytest.mark.parametrize("number", [3, 6])
def test_an144_with_one_of_the_two_nothing_is_compared(number: int) -> None:
    array = column()
    array[28:52, 6:18, 10:12] = 6
    array[array == number] = 0
    assert of(found(array), "AN-144") == []


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(("down", "fires"), [(1, False), (2, True)])
def test_an149_a_kidney_below_the_middle_of_l4_is_asked_about(
    side: Side, down: int, fires: bool
) -> None:
    """L4's middle lies one and a half voxels below that of the kidneys."""
    array = column()
    number = 4 if side is Side.LEFT else 5
    array[28:52, 6:18, 28:38] = 0
    array[28:52, 6:18, 28:37] = 1
    mask = array == number
    array[mask] = 0
    array[np.roll(mask, -down, axis=2)] = number
    findings = found(array)
    assert bool(of(findings, "AN-149")) is fires
    if fires:
        assert f"kidney:{side} lies below" in findings[0].why


@pytest.mark.parametrize(("planes", "fires"), [(1, True), (2, False), (3, False)])
def test_an149_kidneys_that_come_near_each_other_are_asked_about(planes: int, fires: bool) -> None:
    """Free voxels between two arms before the spine: from centre to centre one spacing more."""
    array = column()
    array[12:40, 2:5, 32:36] = 5
    array[4:12, 2:6, 32:36] = 5
    array[40 + planes : 68, 2:5, 32:36] = 4
    array[68:76, 2:6, 32:36] = 4
    assert fires is ((planes + 1) * SPACING_MM <= value("checks.kidney_bridge_mm"))
    assert bool(of(found(array), "AN-149")) is fires


def test_an149_a_single_kidney_is_no_horseshoe() -> None:
    array = column()
    array[array == 5] = 0
    assert found(array) == ()


def test_an149_without_l4_no_kidney_is_too_low() -> None:
    array = np.zeros(SHAPE, dtype=np.uint8)
    array[28:52, 6:18, 28:38] = 2
    array[68:76, 6:14, 2:10] = 4
    assert of(found(array), "AN-149") == []


def test_a_mirrored_patient_has_the_mirrored_sides() -> None:
    array = with_process(Side.LEFT, 8)
    array[:, 11][array[:, 10] == 2] = 2
    ((_, left),) = of(found(array), "AN-143")
    ((_, right),) = of(found(array[::-1].copy()), "AN-143")
    assert (left, right) == ("L5, left", "L5, right")
