"""Organs, skin and ilium beside the path, against the angles and lengths of plane geometry."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.measure.conftest import SpineBuilder
from tests.unit.measure.sites import at_disc, box_distance_mm, changed, codes, dropped, values_of

from kambin.anatomy import Anatomy, Origin, Structure, StructureKey
from kambin.core import AnatomyError
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.knowledge import value, values
from kambin.measure.approach import (
    ORGANS,
    measure_operable,
    measure_organ_angle,
    measure_organ_contact,
    measure_skin_depth,
)
from kambin.measure.crest import measure_ilium_angle, target_lps_mm

STOP_DEG = 90.0
MARGIN_MM = 10.0


def region_of(box: tuple[int, ...]) -> LabelMap:
    """A box of 1 mm voxels whose array ends with it."""
    low, high = np.array(box[::2]), np.array(box[1::2])
    affine = np.eye(4)
    affine[:3, 3] = low + 0.5
    return LabelMap(np.ones(tuple(high - low), np.uint8), affine, "patient")


def with_organs(anatomy: Anatomy, **boxes: tuple[int, ...]) -> Anatomy:
    """The spine of boxes with these organs alone."""
    kept = {key: one for key, one in anatomy.structures.items() if key.kind not in ORGANS}
    for name, box in boxes.items():
        key = StructureKey(name)
        kept[key] = Structure(key, region_of(box), Origin.SEGMENTED, 1.0)
    return replace(anatomy, structures=kept)


def angle_of(anatomy: Anatomy, side: Side = Side.LEFT):
    """The reading of the organ-free angle."""
    return measure_organ_angle(at_disc(anatomy, side))["organ_free_angle"]


def exact_deg(target: np.ndarray, box: tuple[int, ...]) -> float:
    """The first angle whose line comes within the margin of a box, by a fine search."""
    # Surfaces are known by the centres of their voxels.
    inner = [v + (0.5 if k % 2 == 0 else -0.5) for k, v in enumerate(box)]
    along = np.arange(0.0, 200.0, 0.25)
    for angle in np.arange(0.0, 90.0, 0.05):
        turn_rad = math.radians(float(angle))
        way = np.array([math.sin(turn_rad), math.cos(turn_rad), 0.0])
        if box_distance_mm(target + along[:, None] * way, tuple(inner)).min() < MARGIN_MM:
            return float(angle)
    return STOP_DEG


@pytest.mark.parametrize(
    "box",
    [(60, 90, -20, 12, -20, 20), (45, 70, 20, 40, -5, 5), (60, 90, 30, 60, -20, 20)],
    ids=["flank", "beside", "behind"],
)
@pytest.mark.parametrize("side", list(Side))
def test_the_angle_is_where_a_line_comes_within_the_margin(
    a_spine_of_boxes: Anatomy, side: Side, box: tuple[int, ...]
) -> None:
    mirrored = box if side is Side.LEFT else (-box[1], -box[0], *box[2:])
    anatomy = with_organs(a_spine_of_boxes, colon=mirrored)
    target = target_lps_mm(at_disc(anatomy, side)) * [side.lateral_sign_lps, 1, 1]
    found = angle_of(anatomy, side)
    assert found.value == pytest.approx(exact_deg(target, box), abs=0.7)
    assert 0 < found.uncertainty < 5
    low, high = np.array(mirrored[::2]), np.array(mirrored[1::2])
    assert ((found.point_lps_mm >= low) & (found.point_lps_mm <= high)).all()


@pytest.mark.parametrize("kind", ORGANS)
def test_every_kind_of_organ_stops_the_path(a_spine_of_boxes: Anatomy, kind: str) -> None:
    anatomy = with_organs(a_spine_of_boxes, **{kind: (50, 80, -10, 30, -10, 10)})
    assert angle_of(anatomy).value < STOP_DEG - 10


def test_what_is_no_organ_does_not_stop_it(a_spine_of_boxes: Anatomy) -> None:
    anatomy = with_organs(a_spine_of_boxes, aorta=(50, 80, -10, 30, -10, 10))
    found = angle_of(anatomy)
    assert found.value is None
    assert "any organ" in found.findings[0].why


@pytest.mark.parametrize(("gap_mm", "met"), [(8, True), (12, False)])
def test_an_organ_above_the_plane_stops_the_path_within_the_margin_only(
    a_spine_of_boxes: Anatomy, gap_mm: int, met: bool
) -> None:
    anatomy = with_organs(a_spine_of_boxes, colon=(50, 80, -10, 30, gap_mm, 40))
    assert (float(angle_of(anatomy).value) < STOP_DEG) is met


def test_an_organ_on_the_other_side_leaves_this_one_free(a_spine_of_boxes: Anatomy) -> None:
    anatomy = with_organs(a_spine_of_boxes, colon=(-80, -50, -10, 30, -20, 20))
    assert angle_of(anatomy, Side.LEFT).value == STOP_DEG
    assert angle_of(anatomy, Side.RIGHT).value < STOP_DEG
    assert angle_of(anatomy, Side.LEFT).point_lps_mm is None


def test_the_nearer_of_two_organs_decides(a_spine_of_boxes: Anatomy) -> None:
    near, far = (60, 90, 30, 60, -20, 20), (60, 90, -20, 0, -20, 20)
    both = angle_of(with_organs(a_spine_of_boxes, colon=near, spleen=far))
    assert both.value == angle_of(with_organs(a_spine_of_boxes, colon=near)).value
    assert both.value < angle_of(with_organs(a_spine_of_boxes, spleen=far)).value


def test_an_organ_that_lies_on_the_target_leaves_no_free_line(a_spine_of_boxes: Anatomy) -> None:
    found = angle_of(with_organs(a_spine_of_boxes, colon=(0, 60, 10, 60, -20, 20)))
    assert found.value == value("measure.organ_start_deg")


# The skin


def skin_of(anatomy: Anatomy, box: tuple[int, ...], *, rim: int = 3) -> Anatomy:
    """The spine of boxes in another body, with a free rim round it."""
    full = region_of(box)
    affine = full.lps_from_ijk.copy()
    affine[:3, 3] -= rim
    return changed(
        anatomy, "skin", region=LabelMap(np.pad(full.values, rim), affine, "patient"), sigma_mm=1.0
    )


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(("flank_mm", "back_mm"), [(90, 90), (90, 50), (60, 90)])
def test_the_skin_is_as_deep_as_the_box_along_the_path(
    a_spine_of_boxes: Anatomy, side: Side, flank_mm: int, back_mm: int
) -> None:
    anatomy = skin_of(a_spine_of_boxes, (-flank_mm, flank_mm, -40, back_mm, -40, 40))
    site = at_disc(anatomy, side)
    x, y, _ = target_lps_mm(site) * [side.lateral_sign_lps, 1, 1]
    turn_rad = math.radians(values("measure.window_inclinations_deg")[-1])
    depth = min((flank_mm - x) / math.sin(turn_rad), (back_mm - y) / math.cos(turn_rad))
    found = measure_skin_depth(site)["skin_depth"]
    assert found.value == pytest.approx(depth, abs=0.2)
    assert found.uncertainty == 1.0
    assert found.angles_deg == (values("measure.window_inclinations_deg")[-1], 0.0)
    assert np.linalg.norm(found.point_lps_mm - target_lps_mm(site)) == pytest.approx(found.value)


def test_a_body_that_the_image_cuts_off_has_no_depth(a_spine_of_boxes: Anatomy) -> None:
    anatomy = skin_of(a_spine_of_boxes, (-60, 60, -40, 60, -40, 40), rim=0)
    found = measure_skin_depth(at_disc(anatomy))
    assert values_of(found) == {None}
    assert "in the image" in found["skin_depth"].findings[0].why


def test_a_target_outside_the_body_has_no_depth(a_spine_of_boxes: Anatomy) -> None:
    anatomy = skin_of(a_spine_of_boxes, (-60, 60, 40, 60, -40, 40))
    assert values_of(measure_skin_depth(at_disc(anatomy))) == {None}


def test_a_body_wider_than_the_search_has_no_depth(a_spine_of_boxes: Anatomy) -> None:
    reach = int(value("measure.skin_search_mm")) + 20
    huge = skin_of(a_spine_of_boxes, (-reach, reach, -40, reach, -4, 4))
    assert codes(measure_skin_depth(at_disc(huge))) == {"AN-300"}


def test_no_skin_is_not_assessed(a_spine_of_boxes: Anatomy) -> None:
    found = measure_skin_depth(at_disc(dropped(a_spine_of_boxes, "skin")))
    assert codes(found) == {"AN-300"}


# The ilium


@pytest.mark.parametrize("top_mm", [-30, -3, 8, 30])
def test_operable_is_the_angle_against_its_limit(build_spine: SpineBuilder, top_mm: int) -> None:
    site = at_disc(build_spine(ilium__left=((60, 75, -20, 60, -60, top_mm),)))
    angle = measure_ilium_angle(site)["ilium_axial_angle"]
    found = measure_operable(site)["ilium_operable"]
    assert found.value == float(angle.value >= value("measure.operable_deg"))
    assert found.uncertainty == 0.0


def test_a_high_ilium_is_not_operable_and_a_low_one_is(build_spine: SpineBuilder) -> None:
    answers = [
        measure_operable(at_disc(build_spine(ilium__left=((40, 75, -20, 80, -60, top),))))[
            "ilium_operable"
        ].value
        for top in (30, -40)
    ]
    assert answers == [0.0, 1.0]


def test_without_an_ilium_nothing_is_said_of_it(a_spine_of_boxes: Anatomy) -> None:
    found = measure_operable(at_disc(dropped(a_spine_of_boxes, "ilium:left")))
    assert values_of(found) == {None}
    assert codes(found) == {"AN-300"}


@pytest.mark.parametrize(
    "measure", [measure_organ_angle, measure_organ_contact, measure_skin_depth, measure_operable]
)
def test_a_path_needs_the_frames_of_its_level(a_spine_of_boxes: Anatomy, measure) -> None:
    with pytest.raises(AnatomyError, match="AN-304"):
        measure(at_disc(replace(a_spine_of_boxes, disc_frames={})))


def contact_of(anatomy: Anatomy, side: Side = Side.LEFT):
    """The reading of the angle at which a line touches an organ."""
    return measure_organ_contact(at_disc(anatomy, side))["organ_contact_angle"]


@pytest.mark.parametrize("side", list(Side))
def test_a_line_touches_the_near_edge_of_a_box(a_spine_of_boxes: Anatomy, side: Side) -> None:
    box = (45, 70, 20, 40, -20, 20)
    mirrored = box if side is Side.LEFT else (-box[1], -box[0], *box[2:])
    anatomy = with_organs(a_spine_of_boxes, kidney=mirrored)
    lateral, backward, _ = target_lps_mm(at_disc(anatomy, side)) * [side.lateral_sign_lps, 1, 1]
    found = contact_of(anatomy, side)
    # From the midline outward the medial edge at the back is met first.
    exact = math.degrees(math.atan2(box[0] - lateral, box[3] - backward))
    assert found.value == pytest.approx(exact, abs=1.0)
    assert found.value > angle_of(anatomy, side).value + 5
    assert 0 < found.uncertainty < 5
    assert found.point_lps_mm[0] * side.lateral_sign_lps == pytest.approx(box[0], abs=1.5)


def test_an_organ_beside_the_plane_is_passed_without_contact(a_spine_of_boxes: Anatomy) -> None:
    found = contact_of(with_organs(a_spine_of_boxes, colon=(50, 80, -10, 30, 8, 40)))
    assert found.value == STOP_DEG
    assert found.point_lps_mm is None


def test_the_first_organ_met_decides(a_spine_of_boxes: Anatomy) -> None:
    near, far = (45, 70, 20, 40, -20, 20), (80, 110, -20, 12, -20, 20)
    both = contact_of(with_organs(a_spine_of_boxes, colon=far, kidney=near))
    assert both.value == contact_of(with_organs(a_spine_of_boxes, kidney=near)).value
    assert both.value < contact_of(with_organs(a_spine_of_boxes, colon=far)).value


def test_the_ilium_angle_errs_more_where_its_curve_is_steep(a_spine_of_boxes: Anatomy) -> None:
    site = at_disc(a_spine_of_boxes)
    found = measure_ilium_angle(site)["ilium_axial_angle"]
    angles = dict(found.curve)
    slope = max(abs(angles[10.0] - angles[0.0]), abs(angles[0.0] - angles[-10.0])) / 10
    place = value("measure.ilium_search_mm")
    if found.point_lps_mm is not None:
        place = float(np.linalg.norm(found.point_lps_mm - target_lps_mm(site)))
    bone = site.anatomy.require("vertebra:L4").sigma_mm
    ilium = site.anatomy.require("ilium:left").sigma_mm
    border = value("measure.pedicle_sigma_share") * site.anatomy.label_spacing_mm
    ends = math.degrees(math.hypot(bone, ilium, border) / place)
    assert found.uncertainty == pytest.approx(ends * math.hypot(1.0, slope))
