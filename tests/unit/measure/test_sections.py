"""Areas and thickness of boxes in the plane of the disc, against their edges."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.measure.conftest import SpineBuilder
from tests.unit.measure.sites import at_disc, changed, codes, dropped, values_of

from kambin.anatomy import Anatomy, Origin
from kambin.core import AnatomyError
from kambin.frames import Side
from kambin.knowledge import value
from kambin.measure.sections import (
    PIXEL_STEP_MM,
    measure_canal_sections,
    measure_flavum,
    section_of,
)

RIM_MM = 17.0


@pytest.mark.parametrize(("half_mm", "back_mm"), [(10, 27), (8, 27), (10, 31), (4, 21)])
def test_areas_are_those_of_the_boxes(
    build_spine: SpineBuilder, half_mm: float, back_mm: float
) -> None:
    box = ((-half_mm, half_mm, 17, back_mm, -33, 28),)
    found = measure_canal_sections(at_disc(build_spine(canal=box, dural_sac=box), None))
    area = 2 * half_mm * (back_mm - 17)
    for name in ("canal_area", "sac_area"):
        # Pixels of half a millimetre whose centres lie on the edges or beside them.
        assert found[name].value == pytest.approx(area, rel=0.06)
    middle = [0.0, (17 + back_mm) / 2, 0.0]
    assert found["canal_area"].point_lps_mm == pytest.approx(middle, abs=0.3)


def test_only_the_plane_of_the_disc_counts(build_spine: SpineBuilder) -> None:
    waist = ((-10, 10, 17, 27, -33, -3), (-5, 5, 17, 27, -3, 3), (-10, 10, 17, 27, 3, 28))
    found = measure_canal_sections(at_disc(build_spine(canal=waist), None))
    assert found["canal_area"].value == pytest.approx(100.0, rel=0.06)


def test_the_error_of_an_area_is_its_edge_times_sigma(a_spine_of_boxes: Anatomy) -> None:
    sure = measure_canal_sections(at_disc(a_spine_of_boxes, None))["canal_area"]
    assert sure.uncertainty == pytest.approx(math.sqrt(math.pi * sure.value) * 0.3)
    vague = changed(a_spine_of_boxes, "canal", sigma_mm=0.6)
    found = measure_canal_sections(at_disc(vague, None))["canal_area"]
    assert found.uncertainty == pytest.approx(2 * sure.uncertainty)


def test_a_modelled_area_errs_by_its_share_at_least(a_spine_of_boxes: Anatomy) -> None:
    share = value("measure.modelled_area_share")
    modelled = changed(a_spine_of_boxes, "dural_sac", origin=Origin.MODELLED)
    found = measure_canal_sections(at_disc(modelled, None))["sac_area"]
    assert found.uncertainty >= share * found.value
    vague = changed(modelled, "dural_sac", sigma_mm=9.0)
    worse = measure_canal_sections(at_disc(vague, None))["sac_area"]
    assert worse.uncertainty > share * worse.value


@pytest.mark.parametrize(
    ("missing", "gone"), [("canal", {"canal_area"}), ("dural_sac", {"sac_area"})]
)
def test_what_is_missing_takes_only_its_own_area(
    a_spine_of_boxes: Anatomy, missing: str, gone: set[str]
) -> None:
    found = measure_canal_sections(at_disc(dropped(a_spine_of_boxes, missing), None))
    assert {name for name, reading in found.items() if reading.value is None} == gone
    assert codes(found) == {"AN-300"}
    assert "_" not in found[gone.pop()].findings[0].why


def test_a_canal_that_ends_above_the_disc_has_no_area_there(build_spine: SpineBuilder) -> None:
    found = measure_canal_sections(at_disc(build_spine(canal=((-10, 10, 17, 27, 12, 28),)), None))
    assert found["canal_area"].value is None
    assert "canal at the disc" in found["canal_area"].findings[0].why
    assert found["sac_area"].value is not None


def test_sections_need_the_frame_of_the_disc(a_spine_of_boxes: Anatomy) -> None:
    bare = at_disc(replace(a_spine_of_boxes, disc_frames={}), Side.LEFT)
    for measure in (measure_canal_sections, measure_flavum):
        with pytest.raises(AnatomyError, match="AN-304"):
            measure(bare)


def test_a_section_lies_in_the_disc_round_its_posterior_rim(a_spine_of_boxes: Anatomy) -> None:
    site = at_disc(a_spine_of_boxes, None)
    inside, places = section_of(site, a_spine_of_boxes.require("canal"))
    assert places.shape == (*inside.shape, 3)
    assert places[..., 2] == pytest.approx(np.zeros(inside.shape))
    middle = places.reshape(-1, 3).mean(axis=0)
    assert middle == pytest.approx([0.0, RIM_MM, 0.0], abs=PIXEL_STEP_MM)
    reach = value("measure.section_half_mm")
    assert np.ptp(places[..., 0]) == pytest.approx(2 * reach, abs=PIXEL_STEP_MM)
    x, y = places[inside][:, 0], places[inside][:, 1]
    assert (np.abs(x).max(), y.min(), y.max()) == (
        pytest.approx(10, abs=0.5),
        pytest.approx(17, abs=0.5),
        pytest.approx(27, abs=0.5),
    )


@pytest.mark.parametrize("angle_deg", [0.0, 20.0, -35.0])
def test_a_turned_patient_has_the_same_areas(build_spine: SpineBuilder, turn, angle_deg) -> None:
    moved = build_spine(moved=turn(0, angle_deg, (12.0, -30.0, 250.0)))
    found = measure_canal_sections(at_disc(moved, None))
    assert found["canal_area"].value == pytest.approx(200.0, rel=0.06)
    assert found["sac_area"].value == pytest.approx(128.0, rel=0.06)


# The ligament


@pytest.mark.parametrize("thick_mm", [3, 4, 5])
@pytest.mark.parametrize("side", list(Side))
def test_the_ligament_is_as_thick_as_the_sheet(
    build_spine: SpineBuilder, side: Side, thick_mm: float
) -> None:
    sheet = ((1, 10, 27, 27 + thick_mm, -10, 5), (-10, -1, 27, 27 + thick_mm, -10, 5))
    found = measure_flavum(at_disc(build_spine(flavum__L4_L5=sheet), side))["flavum_thickness"]
    assert found.value == pytest.approx(thick_mm, abs=0.2)
    assert found.uncertainty == pytest.approx(0.3 * math.sqrt(2))
    middle = [side.lateral_sign_lps * 5.5, 27 + thick_mm / 2, -2.5]
    assert found.point_lps_mm == pytest.approx(middle, abs=0.1)


def test_each_half_of_the_ligament_has_its_own_thickness(build_spine: SpineBuilder) -> None:
    uneven = ((1, 10, 27, 30, -10, 5), (-10, -1, 27, 32, -10, 5))
    anatomy = build_spine(flavum__L4_L5=uneven)
    left, right = (measure_flavum(at_disc(anatomy, side))["flavum_thickness"] for side in Side)
    assert left.value == pytest.approx(3.0, abs=0.2)
    assert right.value == pytest.approx(5.0, abs=0.2)


def test_a_slanting_sheet_is_measured_across_and_not_backward(
    build_spine: SpineBuilder, turn
) -> None:
    upright = build_spine()
    slanted = build_spine(moved=turn(0, 40.0, (0.0, 0.0, 0.0)))
    # Only the ligament is turned; the disc it is seen from stays.
    mixed = changed(upright, "flavum:L4-L5", region=slanted.require("flavum:L4-L5").region)
    found = measure_flavum(at_disc(mixed))["flavum_thickness"]
    assert found.value == pytest.approx(4.0, abs=0.4)


def test_a_modelled_ligament_errs_as_its_literature(a_spine_of_boxes: Anatomy) -> None:
    modelled = changed(a_spine_of_boxes, "flavum:L4-L5", origin=Origin.MODELLED, sigma_mm=0.9)
    assert measure_flavum(at_disc(modelled))["flavum_thickness"].uncertainty == 0.9


@pytest.mark.parametrize(
    ("boxes", "words"),
    [
        (((-10, -1, 27, 31, -10, 5),), "this half"),
        (((1, 3, 27, 29, 0, 2), (-10, -1, 27, 31, -10, 5)), "this half"),
    ],
)
def test_a_ligament_without_this_half_is_not_assessed(
    build_spine: SpineBuilder, boxes: tuple[tuple[float, ...], ...], words: str
) -> None:
    anatomy = build_spine(flavum__L4_L5=boxes)
    found = measure_flavum(at_disc(anatomy, Side.LEFT))
    assert values_of(found) == {None}
    assert words in found["flavum_thickness"].findings[0].why
    assert measure_flavum(at_disc(anatomy, Side.RIGHT))["flavum_thickness"].value is not None


def test_no_ligament_is_not_assessed(a_spine_of_boxes: Anatomy) -> None:
    found = measure_flavum(at_disc(dropped(a_spine_of_boxes, "flavum:L4-L5")))
    assert values_of(found) == {None}
    assert "ligamentum flavum" in found["flavum_thickness"].findings[0].why
