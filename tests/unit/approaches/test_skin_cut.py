"""The cut in the skin follows from the cannula, its slant and the stretch of skin."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ellipe

from kambin.approaches.skin_cut import (
    ellipse_circumference_mm,
    find_skin_slant_deg,
    find_stretch_for,
    measure_skin_cut,
)
from kambin.imaging import LabelMap
from kambin.knowledge import published, value

STRETCH = value("skin_cut.stretch")
diameters = st.floats(2.0, 12.0)
slants = st.floats(0.0, 70.0)


def a_body(spacing_mm: float = 1.0, tilt_deg: float = 0.0) -> LabelMap:
    """Half a space: body where y' < 0, the skin tilted about x, entry at the origin."""
    count = round(80 / spacing_mm)
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = -40.0 + spacing_mm / 2
    axis = affine[0, 3] + spacing_mm * np.arange(count)
    _, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    turn = math.radians(tilt_deg)
    inside = y * math.cos(turn) + z * math.sin(turn) < 0
    return LabelMap(inside.astype(np.uint8), affine, "patient")


@pytest.mark.parametrize("diameter", [5.0, 6.3, 7.5, 8.0])
def test_an_upright_cannula_asks_half_of_its_circumference(diameter: float) -> None:
    found = measure_skin_cut(diameter, 0.0)
    assert found.half_circumference_mm == pytest.approx(math.pi * diameter / 2, rel=1e-12)
    assert found.cut_mm == pytest.approx(math.pi * diameter / 2 / (1 + STRETCH), rel=1e-12)
    assert found.not_assessed_reason is None


def test_the_usual_cut_is_shorter_than_the_usual_cannula_asks() -> None:
    # 11.8 mm must pass: a cut of 8 mm stretches by 47 %, near the 54 % at which skin tears
    found = measure_skin_cut(7.5, 0.0)
    assert found.half_circumference_mm == pytest.approx(11.78, abs=0.01)
    assert found.cut_mm == pytest.approx(9.82, abs=0.01)
    printed = published()["incision_tezuka"].value
    assert printed == 8.0
    stretch = find_stretch_for(printed, found.half_circumference_mm)
    assert stretch == pytest.approx(0.473, abs=0.001)
    tears = published()["skin_tears"]
    assert tears.value - tears.spread < 100 * stretch < tears.value


def test_a_cut_as_long_as_what_passes_asks_no_stretch() -> None:
    assert find_stretch_for(12.0, 11.78) == 0.0
    assert find_stretch_for(11.78, 11.78) == 0.0


@given(width=diameters, slant=slants)
def test_the_rim_is_the_ellipse_of_the_slanted_cannula(width: float, slant: float) -> None:
    length = width / math.cos(math.radians(slant))
    # the complete elliptic integral of the second kind, computed another way
    exact = 2 * length * float(ellipe(1 - (width / length) ** 2))
    assert ellipse_circumference_mm(width, length) == pytest.approx(exact, rel=1e-9)
    assert measure_skin_cut(width, slant).half_circumference_mm == pytest.approx(exact / 2)


@given(width=diameters, slant=slants)
def test_a_slant_never_shortens_the_cut(width: float, slant: float) -> None:
    upright, slanted = measure_skin_cut(width, 0.0), measure_skin_cut(width, slant)
    assert slanted.cut_mm >= upright.cut_mm * (1 - 1e-9)
    # between what the width alone and a circle of the length would ask
    length = width / math.cos(math.radians(slant))
    assert slanted.half_circumference_mm <= math.pi * length / 2 * (1 + 1e-9)


@given(width=diameters, factor=st.floats(0.5, 3.0), slant=slants)
def test_the_cut_scales_with_the_cannula(width: float, factor: float, slant: float) -> None:
    one, other = measure_skin_cut(width, slant), measure_skin_cut(factor * width, slant)
    assert other.cut_mm == pytest.approx(factor * one.cut_mm)


def test_a_skin_that_was_not_seen_counts_as_upright_and_says_so() -> None:
    found = measure_skin_cut(7.5, None)
    assert found.slant_deg is None
    assert found.cut_mm == measure_skin_cut(7.5, 0.0).cut_mm


def test_too_flat_a_cannula_has_no_cut() -> None:
    steepest = value("skin_cut.steepest_deg")
    assert measure_skin_cut(7.5, steepest).cut_mm is not None
    found = measure_skin_cut(7.5, steepest + 0.1)
    assert found.cut_mm is found.half_circumference_mm is None
    assert found.not_assessed_reason == "the cannula runs too flat under the skin"


@pytest.mark.parametrize("tilt", [0.0, 15.0, -30.0])
@pytest.mark.parametrize("slant", [0.0, 20.0, 55.0])
def test_the_slant_is_that_to_the_normal_of_the_skin(tilt: float, slant: float) -> None:
    # the normal of the skin is (0, cos tilt, sin tilt); the path leans from it in its own plane
    turn = math.radians(tilt + slant)
    outward = np.array([0.0, math.cos(turn), math.sin(turn)])
    found = find_skin_slant_deg(a_body(tilt_deg=tilt), (0.0, 0.0, 0.0), -60.0 * outward)
    assert found == pytest.approx(slant, abs=1.0)


def test_coarse_labels_still_say_how_the_skin_lies() -> None:
    outward = np.array([0.0, math.cos(0.5), math.sin(0.5)])
    found = find_skin_slant_deg(a_body(3.0, tilt_deg=10.0), (0.0, 0.0, 0.0), -60.0 * outward)
    assert found == pytest.approx(math.degrees(0.5) - 10.0, abs=4.0)


def test_an_entry_without_skin_has_no_slant() -> None:
    body = a_body()
    # in the air, off the image, and deep in the body
    assert find_skin_slant_deg(body, (0.0, 30.0, 0.0), (0.0, -10.0, 0.0)) is None
    assert find_skin_slant_deg(body, (0.0, 300.0, 0.0), (0.0, -10.0, 0.0)) is None
    assert find_skin_slant_deg(body, (0.0, -22.0, 0.0), (0.0, -35.0, 0.0)) is None


def test_a_path_without_a_length_has_no_slant() -> None:
    assert find_skin_slant_deg(a_body(), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)) is None


def test_left_and_right_lean_alike() -> None:
    body = a_body()
    left = find_skin_slant_deg(body, (0.0, 0.0, 0.0), (30.0, -50.0, 5.0))
    right = find_skin_slant_deg(body, (0.0, 0.0, 0.0), (-30.0, -50.0, 5.0))
    assert left == pytest.approx(right, abs=1e-6)
