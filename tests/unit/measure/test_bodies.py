"""Sizes of bodies and of their processes, against the edges of the boxes they are made of."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.measure.conftest import SpineBuilder
from tests.unit.measure.sites import at_vertebra, changed, codes, dropped, values_of

from kambin.anatomy import Anatomy, StructureKey
from kambin.core import AnatomyError
from kambin.imaging import LabelMap
from kambin.measure.bodies import (
    measure_body_shape,
    measure_plate,
    measure_posterior_height,
    measure_transverse_span,
)
from kambin.measure.site import SACRUM

BODY_MEASURES = (measure_plate, measure_body_shape, measure_posterior_height)
SURE_MM = 0.3 * math.sqrt(2)
RIM_MM = 0.5
"""The highest of many rays counts, and smoothing rounds the edges of a box."""


def alone(build_spine: SpineBuilder, *boxes: tuple[float, ...]) -> Anatomy:
    """The spine of boxes with another L4."""
    return build_spine(vertebra__L4=boxes)


@pytest.mark.parametrize(("half_mm", "back_mm"), [(22, 17), (20, 17), (24, 17)])
def test_the_plate_is_as_wide_and_deep_as_the_box(
    build_spine: SpineBuilder, half_mm: float, back_mm: float
) -> None:
    anatomy = alone(build_spine, (-half_mm, half_mm, -17, back_mm, 5, 33))
    found = measure_plate(at_vertebra(anatomy))
    assert found["upper_plate_width"].value == pytest.approx(2 * half_mm, abs=0.2)
    assert found["upper_plate_depth"].value == pytest.approx(34.0, abs=0.2)
    for reading in found.values():
        assert reading.uncertainty == pytest.approx(SURE_MM)
        assert reading.point_lps_mm == pytest.approx([0, 0, 33])


def test_the_widest_row_counts_across_and_the_middle_one_in_depth(
    build_spine: SpineBuilder,
) -> None:
    # A rim that juts out on the right only, in the front half of the plate.
    anatomy = alone(build_spine, (-22, 22, -17, 17, 5, 33), (-26, -22, -10, 0, 25, 33))
    found = measure_plate(at_vertebra(anatomy))
    assert found["upper_plate_width"].value == pytest.approx(48.0, abs=0.3)
    assert found["upper_plate_depth"].value == pytest.approx(34.0, abs=0.2)


@pytest.mark.parametrize("front_mm", [28, 26, 30])
def test_the_wedge_is_how_much_higher_the_body_is_in_front(
    build_spine: SpineBuilder, front_mm: float
) -> None:
    boxes = [(-22, 22, -17, 17, 5, 31)]
    if front_mm > 26:
        boxes.append((-22, 22, -17, -5, 31, 5 + front_mm))
    found = measure_body_shape(at_vertebra(alone(build_spine, *boxes)))
    assert found["anterior_body_height"].value == pytest.approx(front_mm, abs=RIM_MM)
    assert found["body_wedge"].value == pytest.approx(front_mm - 26, abs=0.3)
    assert found["anterior_body_height"].uncertainty == pytest.approx(SURE_MM)
    assert found["body_wedge"].uncertainty == pytest.approx(2 * 0.3)


def test_a_body_that_is_higher_behind_has_a_negative_wedge(build_spine: SpineBuilder) -> None:
    anatomy = alone(build_spine, (-22, 22, -17, 17, 5, 31), (-22, 22, 5, 17, 31, 34))
    found = measure_body_shape(at_vertebra(anatomy))
    assert found["body_wedge"].value == pytest.approx(-3.0, abs=0.3)
    behind = measure_posterior_height(at_vertebra(anatomy))["posterior_body_height"]
    assert behind.value == pytest.approx(29.0, abs=RIM_MM)


def test_front_height_less_wedge_is_the_height_behind(build_spine: SpineBuilder) -> None:
    anatomy = alone(build_spine, (-22, 22, -17, 17, 5, 31), (-22, 22, -17, -8, 31, 33))
    shape = measure_body_shape(at_vertebra(anatomy))
    behind = measure_posterior_height(at_vertebra(anatomy))["posterior_body_height"]
    front = shape["anterior_body_height"]
    assert front.value - shape["body_wedge"].value == pytest.approx(behind.value)
    # Each height names the corner it was taken at: in front and behind.
    assert front.point_lps_mm == pytest.approx([0, -17, 5])
    assert behind.point_lps_mm == pytest.approx([0, 17, 5])


def test_a_waist_of_the_wall_does_not_shorten_the_body(build_spine: SpineBuilder) -> None:
    hollow = ((-22, 22, -17, 17, 5, 15), (-22, 22, -10, 10, 15, 23), (-22, 22, -17, 17, 23, 33))
    found = measure_posterior_height(at_vertebra(alone(build_spine, *hollow)))
    assert found["posterior_body_height"].value == pytest.approx(28.0, abs=RIM_MM)


@pytest.mark.parametrize("measure", BODY_MEASURES)
def test_a_body_out_of_reach_has_no_size(build_spine: SpineBuilder, measure) -> None:
    away = alone(build_spine, (-22, 22, -17, 17, 150, 170))
    found = measure(at_vertebra(away))
    assert values_of(found) == {None}
    assert codes(found) == {"AN-300"}


@pytest.mark.parametrize("measure", BODY_MEASURES)
def test_a_vertebra_without_mask_or_frame_is_named(a_spine_of_boxes: Anatomy, measure) -> None:
    with pytest.raises(AnatomyError, match="AN-011"):
        measure(at_vertebra(dropped(a_spine_of_boxes, "vertebra:L4")))
    with pytest.raises(AnatomyError, match="AN-304"):
        measure(at_vertebra(a_spine_of_boxes, "L3"))


@pytest.fixture(scope="module")
def a_sacrum(a_spine_of_boxes: Anatomy) -> Anatomy:
    """The lower vertebra of the boxes, called S1."""
    frame = replace(a_spine_of_boxes.vertebra_frames["L5"], vertebra=SACRUM)
    key = StructureKey("vertebra", SACRUM)
    bone = replace(a_spine_of_boxes.require("vertebra:L5"), key=key)
    return replace(
        a_spine_of_boxes,
        vertebra_frames={**a_spine_of_boxes.vertebra_frames, SACRUM: frame},
        structures={**a_spine_of_boxes.structures, key: bone},
    )


def test_the_sacrum_has_a_plate_depth_and_no_heights(a_sacrum: Anatomy) -> None:
    plate = measure_plate(at_vertebra(a_sacrum, SACRUM))
    assert plate["upper_plate_depth"].value == pytest.approx(34.0, abs=0.2)
    assert plate["upper_plate_width"].value is None
    assert "S1" in plate["upper_plate_width"].findings[0].why
    for measure in (measure_body_shape, measure_posterior_height):
        found = measure(at_vertebra(a_sacrum, SACRUM))
        assert values_of(found) == {None}
        assert {r.findings[0].why for r in found.values()} == {
            "Not assessed: the lower plate of S1."
        }


# The transverse processes


@pytest.mark.parametrize(("name", "span_mm"), [("L4", 70.0), ("L5", 80.0)])
def test_the_span_is_from_tip_to_tip(a_spine_of_boxes: Anatomy, name: str, span_mm: float) -> None:
    found = measure_transverse_span(at_vertebra(a_spine_of_boxes, name))["transverse_span"]
    assert found.value == pytest.approx(span_mm, abs=1e-6)
    assert found.uncertainty == pytest.approx(SURE_MM)


@pytest.mark.parametrize("angle_deg", [10.0, -25.0, 60.0])
def test_the_span_is_seen_in_the_vertebra_and_not_in_the_patient(
    build_spine: SpineBuilder, turn, angle_deg: float
) -> None:
    moved = build_spine(moved=turn(2, angle_deg, (5.0, 6.0, 7.0)))
    found = measure_transverse_span(at_vertebra(moved))["transverse_span"]
    assert found.value == pytest.approx(70.0, abs=1e-6)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_span_needs_both_processes(a_spine_of_boxes: Anatomy, side: str) -> None:
    found = measure_transverse_span(at_vertebra(dropped(a_spine_of_boxes, f"tp:L4:{side}")))
    assert values_of(found) == {None}
    assert codes(found) == {"AN-300"}


def test_each_process_brings_its_own_error(a_spine_of_boxes: Anatomy) -> None:
    vague = changed(a_spine_of_boxes, "tp:L4:left", sigma_mm=0.4)
    found = measure_transverse_span(at_vertebra(vague))["transverse_span"]
    assert found.uncertainty == pytest.approx(0.5)


def test_the_span_ends_at_the_surface_of_the_last_voxel(a_spine_of_boxes: Anatomy) -> None:
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = [31.0, 25.0, 15.0]
    one = LabelMap(np.ones((1, 1, 1), np.uint8), affine, "patient")
    found = measure_transverse_span(
        at_vertebra(changed(a_spine_of_boxes, "tp:L4:left", region=one))
    )
    assert found["transverse_span"].value == pytest.approx(32.0 + 34.0)
