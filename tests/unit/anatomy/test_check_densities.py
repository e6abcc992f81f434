"""Metal, gas and flat discs: each is found from its limit on and where it lies, and not before."""

import numpy as np
import pytest
from tests.unit.anatomy.tiny_column import BOTTOM, NUMBER_OF, SHAPE, tiny_case, tiny_values

from kambin.anatomy.check_densities import check_densities
from kambin.anatomy.levels import stack_vertebrae
from kambin.anatomy.survey import survey_labels
from kambin.core import Finding, Severity
from kambin.knowledge import value

NAMES = {n: f"vertebra:{v}" for v, n in NUMBER_OF.items()}
METAL = {9: "metal"}
GAP = {"L3-L4": slice(18, 20), "L4-L5": slice(10, 12)}
"""The two free planes between the bodies."""


def soft_tissue() -> np.ndarray:
    """An image in HU with air in one corner, so that it counts as a CT."""
    hu = np.full(SHAPE, 40.0, dtype=np.float32)
    hu[0, 0, 0] = -1000
    return hu


def found(
    hu: np.ndarray | None,
    values: np.ndarray | None = None,
    names: dict[int, str] | None = None,
    spacing_mm: float = 4.0,
) -> tuple[Finding, ...]:
    case = tiny_case(values, names or NAMES, hu, spacing_mm)
    survey = survey_labels(case)
    return check_densities(case.image, survey, stack_vertebrae(survey))


def of(findings: tuple[Finding, ...], code: str) -> list[tuple[Severity, str]]:
    return [(f.severity, f.where) for f in findings if f.code == code]


def test_soft_tissue_and_no_image_say_nothing() -> None:
    assert found(soft_tissue()) == ()
    assert found(None) == ()


@pytest.mark.parametrize(("count", "fires"), [(6, False), (7, True)])
def test_an150_metal_is_told_from_noise_by_its_volume(count: int, fires: bool) -> None:
    """Voxels of 8 mm3: six are 48 mm3 and seven 56, and 50 is the limit."""
    hu = soft_tissue()
    hu[8, 5, 5 : 5 + count] = 3000
    findings = found(hu, spacing_mm=2.0)
    assert bool(of(findings, "AN-150")) is fires


@pytest.mark.parametrize(("step", "fires"), [(-1.0, False), (0.0, True)])
def test_an150_metal_begins_at_its_hounsfield_units(step: float, fires: bool) -> None:
    hu = soft_tissue()
    hu[8:11, 5, 6] = value("checks.metal_hu") + step
    assert bool(of(found(hu), "AN-150")) is fires


@pytest.mark.parametrize(("i", "fires"), [(0, False), (19, False), (3, True), (16, True)])
def test_an150_metal_far_from_the_spine_is_none_of_its_business(i: int, fires: bool) -> None:
    """The vertebrae reach from 20 to 56 mm, and the margin is 10 mm."""
    hu = soft_tissue()
    hu[i, 4:7, 14:16] = 3000
    assert bool(of(found(hu), "AN-150")) is fires


@pytest.mark.parametrize("name", ["L3", "L4", "L5"])
def test_an150_metal_names_the_vertebra_at_its_height(name: str) -> None:
    hu = soft_tissue()
    hu[6:14, 4, BOTTOM[name] + 2] = 3000
    ((severity, where),) = of(found(hu), "AN-150")
    assert (severity, where) == (Severity.CONFIRM, name)


def test_an150_a_rod_names_every_vertebra_it_passes_and_its_heights() -> None:
    hu = soft_tissue()
    hu[6, 8, 6:24] = 3000
    (finding,) = [f for f in found(hu) if f.code == "AN-150"]
    assert finding.where == "L3, L4, L5"
    assert "From 24 to 92 mm" in finding.why


def test_an150_metal_between_two_vertebrae_lies_beside_them() -> None:
    hu = soft_tissue()
    hu[7:12, 5, 11] = 3000
    assert of(found(hu), "AN-150") == [(Severity.CONFIRM, "beside the labelled vertebrae")]


def test_an150_a_mask_of_metal_needs_no_image() -> None:
    values = tiny_values()
    values[9:11, 4:6, 14:16] = 9
    findings = found(None, values, NAMES | METAL)
    assert of(findings, "AN-150") == [(Severity.CONFIRM, "L4")]


def test_an150_what_image_and_mask_show_is_one_finding() -> None:
    values, hu = tiny_values(), soft_tissue()
    values[9:11, 4:6, 14:16] = 9
    hu[9:11, 4:6, 22:24] = 3000
    assert of(found(hu, values, NAMES | METAL), "AN-150") == [(Severity.CONFIRM, "L3, L4")]


def test_intensities_that_are_no_hounsfield_units_show_neither_metal_nor_gas() -> None:
    """Without anything below zero the image may be an MR, whose numbers mean nothing here."""
    signal = np.full(SHAPE, 400.0, dtype=np.float32)
    signal[8:11, 4:7, 14:16] = 3000
    assert found(signal) == ()


@pytest.mark.parametrize("level", sorted(GAP))
def test_an147_gas_between_two_bodies_names_its_level(level: str) -> None:
    hu = soft_tissue()
    hu[9:11, 4:6, GAP[level]] = -800
    findings = found(hu)
    assert of(findings, "AN-147") == [(Severity.NOTE, level)]
    assert "Gas between the bodies" in findings[0].why


@pytest.mark.parametrize(("count", "fires"), [(3, False), (4, True)])
def test_an147_gas_is_told_from_noise_by_its_volume(count: int, fires: bool) -> None:
    """Voxels of 8 mm3: three are 24 mm3 and four 32, and 30 is the limit."""
    hu = soft_tissue()
    hu[8 : 8 + count, 4, 10] = -800
    assert bool(of(found(hu, spacing_mm=2.0), "AN-147")) is fires


@pytest.mark.parametrize(("step", "fires"), [(0.0, False), (-1.0, True)])
def test_an147_fat_is_no_gas(step: float, fires: bool) -> None:
    hu = soft_tissue()
    hu[9:11, 4:6, GAP["L4-L5"]] = value("checks.gas_hu") + step
    assert bool(of(found(hu), "AN-147")) is fires


@pytest.mark.parametrize(("i", "fires"), [(6, False), (7, True), (12, True), (13, False)])
def test_an147_bowel_gas_beside_the_disc_is_none_of_it(i: int, fires: bool) -> None:
    """The line runs at 38 mm from the right border: 10 mm away is inside, 14 mm is not."""
    hu = soft_tissue()
    hu[i, 4:6, GAP["L4-L5"]] = -800
    assert bool(of(found(hu), "AN-147")) is fires


def test_an147_gas_above_the_uppermost_body_lies_in_no_disc() -> None:
    hu = soft_tissue()
    hu[9:11, 4:6, 27:29] = -800
    assert found(hu) == ()


@pytest.mark.parametrize(("planes", "fires"), [(1, False), (2, True)])
def test_an147_a_disc_without_height_is_noted(planes: int, fires: bool) -> None:
    """Of two free planes of 4 mm one still is 4 mm high, and 3 is the limit."""
    values = tiny_values()
    values[5:15, 3:9, 12 - planes : 12] = NUMBER_OF["L4"]
    findings = found(None, values)
    assert of(findings, "AN-147") == ([(Severity.NOTE, "L4-L5")] if fires else [])


def test_an147_the_sacral_level_is_not_measured_by_the_front_of_the_sacrum() -> None:
    values = tiny_values()
    values[5:15, 3:9, 0:4] = 4
    findings = found(None, values, NAMES | {4: "sacrum"})
    assert findings == ()


def test_an147_gas_above_the_sacrum_is_found_there() -> None:
    values, hu = tiny_values(), soft_tissue()
    values[5:15, 3:9, 0:2] = 4
    hu[9:11, 4:6, 2:4] = -800
    findings = found(hu, values, NAMES | {4: "sacrum"})
    assert of(findings, "AN-147") == [(Severity.NOTE, "L5-S1")]


def test_a_flat_disc_and_gas_in_another_are_two_notes() -> None:
    values, hu = tiny_values(), soft_tissue()
    values[5:15, 3:9, 10:12] = NUMBER_OF["L4"]
    hu[9:11, 4:6, GAP["L3-L4"]] = -800
    assert of(found(hu, values), "AN-147") == [
        (Severity.NOTE, "L4-L5"),
        (Severity.NOTE, "L3-L4"),
    ]


def test_a_mirrored_column_says_the_same() -> None:
    hu = soft_tissue()
    hu[5:8, 5, 13:16] = 3000
    hu[8:10, 4:6, GAP["L4-L5"]] = -800
    one, other = found(hu), found(hu[::-1].copy(), tiny_values()[::-1].copy())
    assert one == other
    assert {f.code for f in one} == {"AN-147", "AN-150"}
