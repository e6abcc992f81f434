"""Facet joints made of two parallel plates turned by a known angle, and the process's section."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.measure.conftest import SpineBuilder
from tests.unit.measure.sites import at_disc, changed, codes, dropped, values_of

from kambin.anatomy import Anatomy, StructureKey
from kambin.core import AnatomyError
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.knowledge import value
from kambin.measure.facet import measure_facet
from kambin.measure.joints import measure_joint, measure_tropism

MIDDLE_MM = np.array([16.0, 32.0, 0.0])
HALF_LENGTH_MM, HALF_HEIGHT_MM = 7.0, 9.0


def plate(side: Side, angle_deg: float, from_mm: float, to_mm: float) -> LabelMap:
    """A plate along a joint, between two distances from its middle plane.

    0 degrees is sagittal and 90 coronal; distances are positive behind and medially, where the
    inferior process lies.
    """
    first = np.array([-2.0, 14.0, -14.0])
    shape = (36, 36, 28)
    lateral, y, z = (
        np.reshape(first[k] + np.arange(shape[k]), [-1 if a == k else 1 for a in range(3)])
        for k in range(3)
    )
    turn_rad = math.radians(angle_deg)
    x, y = lateral - MIDDLE_MM[0], y - MIDDLE_MM[1]
    # Behind the joint of a coronal facet, medial of a sagittal one.
    across = y * math.sin(turn_rad) - x * math.cos(turn_rad)
    along = y * math.cos(turn_rad) + x * math.sin(turn_rad)
    filled = (across >= from_mm) & (across < to_mm) & (np.abs(along) <= HALF_LENGTH_MM)
    values = np.broadcast_to(filled & (np.abs(z) <= HALF_HEIGHT_MM), shape).astype(np.uint8)
    affine = np.eye(4)
    affine[:3, 3] = first
    if side is Side.RIGHT:
        values = np.ascontiguousarray(values[::-1])
        affine[0, 3] = -(first[0] + shape[0] - 1)
    return LabelMap(values, affine, "patient")


def jointed(anatomy: Anatomy, left_deg: float, right_deg: float | None = None) -> Anatomy:
    """The spine of boxes with a turned joint on each side."""
    angles = {Side.LEFT: left_deg, Side.RIGHT: left_deg if right_deg is None else right_deg}
    for side, angle in angles.items():
        anatomy = changed(anatomy, f"sap:L5:{side}", region=plate(side, angle, -6.0, -0.6))
        anatomy = changed(anatomy, f"iap:L4:{side}", region=plate(side, angle, 0.6, 6.0))
    return anatomy


def one_sided(anatomy: Anatomy, side: Side, angle_deg: float) -> Anatomy:
    """One turned joint whose upper vertebra is its inferior process alone."""
    both = jointed(anatomy, angle_deg)
    return changed(both, "vertebra:L4", region=both.require(f"iap:L4:{side}").region)


@pytest.mark.parametrize("angle_deg", [0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0])
@pytest.mark.parametrize("side", list(Side))
def test_a_joint_has_the_angle_it_was_turned_by(
    a_spine_of_boxes: Anatomy, side: Side, angle_deg: float
) -> None:
    found = measure_joint(at_disc(one_sided(a_spine_of_boxes, side, angle_deg), side))
    assert found["facet_angle"].value == pytest.approx(angle_deg, abs=2.0)
    assert 0 < found["facet_angle"].uncertainty < 10


@pytest.mark.parametrize("side", list(Side))
def test_the_place_of_the_angle_lies_in_the_joint(a_spine_of_boxes: Anatomy, side: Side) -> None:
    found = measure_joint(at_disc(one_sided(a_spine_of_boxes, side, 45.0), side))
    place = found["facet_angle"].point_lps_mm
    assert place == pytest.approx(MIDDLE_MM * [side.lateral_sign_lps, 1, 1], abs=1.0)


def test_the_boxes_have_coronal_joints_without_tropism(a_spine_of_boxes: Anatomy) -> None:
    for side in Side:
        found = measure_joint(at_disc(a_spine_of_boxes, side))
        assert found["facet_angle"].value == pytest.approx(90.0, abs=1.0)
    tropism = measure_tropism(at_disc(a_spine_of_boxes, None))["facet_tropism"]
    assert tropism.value == pytest.approx(0.0, abs=1.0)


@pytest.mark.parametrize(("left_deg", "right_deg"), [(30.0, 30.0), (30.0, 50.0), (60.0, 35.0)])
def test_tropism_is_the_difference_of_both_sides(
    a_spine_of_boxes: Anatomy, left_deg: float, right_deg: float
) -> None:
    both = jointed(a_spine_of_boxes, left_deg, right_deg)
    # Both inferior processes in one bone.
    left, right = (both.require(f"iap:L4:{side}").region for side in Side)
    places = np.concatenate([right.lps_mm(np.argwhere(right.values != 0)),
                             left.lps_mm(np.argwhere(left.values != 0))])  # fmt: skip
    affine = np.eye(4)
    affine[:3, 3] = places.min(axis=0) - 1
    values = np.zeros((*(np.ptp(places, axis=0).astype(int) + 3),), np.uint8)
    values[tuple((places - affine[:3, 3]).round().astype(int).T)] = 1
    bone = changed(both, "vertebra:L4", region=LabelMap(values, affine, "patient"))
    angles = [measure_joint(at_disc(bone, side))["facet_angle"] for side in Side]
    found = measure_tropism(at_disc(bone, None))["facet_tropism"]
    assert found.value == pytest.approx(abs(left_deg - right_deg), abs=3.0)
    assert found.value == pytest.approx(abs(angles[0].value - angles[1].value))
    assert found.uncertainty == pytest.approx(math.hypot(*(a.uncertainty for a in angles)))


def test_processes_far_apart_make_no_joint(build_spine: SpineBuilder) -> None:
    site = at_disc(build_spine(vertebra__L4=((-22, 22, -17, 17, 5, 33),)))
    found = measure_joint(site)
    assert found["facet_angle"].value is None
    assert "a joint between both processes" in found["facet_angle"].findings[0].why
    # The section of the process needs no joint.
    assert found["sap_section"].value is not None


@pytest.mark.parametrize("gap_mm", [4.0, 5.0, 9.0])
def test_surfaces_face_each_other_up_to_a_known_gap(
    build_spine: SpineBuilder, gap_mm: float
) -> None:
    # The process ends behind at y = 33; centres of voxels lie a voxel further apart.
    behind = ((-22, 22, -17, 17, 5, 33), (12, 20, 33 + gap_mm, 45 + gap_mm, -10, 12))
    found = measure_joint(at_disc(build_spine(vertebra__L4=behind)))["facet_angle"]
    assert (found.value is None) is (gap_mm + 1 > 4.0)


@pytest.mark.parametrize("missing", ["sap:L5:left", "iap:L4:left"])
def test_a_joint_needs_both_processes(a_spine_of_boxes: Anatomy, missing: str) -> None:
    gone = dropped(a_spine_of_boxes, missing)
    found = measure_joint(at_disc(gone))
    assert values_of(found) == {None}
    assert codes(found) == {"AN-300"}
    # The other side is as it was, and tropism says what is missing.
    assert None not in values_of(measure_joint(at_disc(gone, Side.RIGHT)))
    tropism = measure_tropism(at_disc(gone, None))
    assert tropism["facet_tropism"].value is None
    assert "left" in tropism["facet_tropism"].findings[0].where


@pytest.mark.parametrize(("spacing_mm", "said"), [(1.5, True), (1.6, False)])
def test_coarse_labels_say_nothing_of_the_joint(
    a_spine_of_boxes: Anatomy, spacing_mm: float, said: bool
) -> None:
    found = measure_joint(at_disc(replace(a_spine_of_boxes, label_spacing_mm=spacing_mm)))
    assert (None not in values_of(found)) is said
    assert codes(found) == (set() if said else {"AN-302"})


def test_a_joint_needs_a_side_and_a_frame(a_spine_of_boxes: Anatomy) -> None:
    assert codes(measure_joint(at_disc(a_spine_of_boxes, None))) == {"AN-300"}
    with pytest.raises(AnatomyError, match="AN-304"):
        measure_joint(at_disc(replace(a_spine_of_boxes, disc_frames={})))


@pytest.mark.parametrize(("width_mm", "depth_mm"), [(6, 6), (8, 6), (10, 8)])
def test_the_section_is_that_of_the_box(
    build_spine: SpineBuilder, width_mm: float, depth_mm: float
) -> None:
    box = ((12, 12 + width_mm, 27, 27 + depth_mm, -20, 3),)
    found = measure_joint(at_disc(build_spine(sap__L5__left=box)))["sap_section"]
    area = width_mm * depth_mm
    # Edges of a box are rounded by a fraction of a square millimetre each.
    assert found.value == pytest.approx(area, abs=2.5)
    assert found.uncertainty == pytest.approx(math.sqrt(math.pi * area) * 0.3, rel=0.05)
    middle = [12 + width_mm / 2, 27 + depth_mm / 2, -8.5]
    assert found.point_lps_mm == pytest.approx(middle, abs=0.3)


def test_a_process_cut_by_a_rule_states_the_cut_as_well(a_spine_of_boxes: Anatomy) -> None:
    """A given mask has the error of its surface, a cut one that of its border too."""
    key = StructureKey("sap", "L5", Side.LEFT)
    given = a_spine_of_boxes.structures[key]
    cut = replace(given, method="Part of the segmented vertebra.")
    anatomy = replace(a_spine_of_boxes, structures={**a_spine_of_boxes.structures, key: cut})
    share = value("measure.process_cut_share")
    for quantity, measure in (("sap_volume", measure_facet), ("sap_section", measure_joint)):
        plain, parted = (measure(at_disc(one))[quantity] for one in (a_spine_of_boxes, anatomy))
        assert parted.value == plain.value
        added = math.sqrt(parted.uncertainty**2 - plain.uncertainty**2)
        assert added == pytest.approx(share * plain.value)


def test_a_process_that_is_hollow_in_the_middle_has_no_section(build_spine: SpineBuilder) -> None:
    ends = ((12, 20, 27, 33, -20, -15), (12, 20, 27, 33, -2, 3))
    found = measure_joint(at_disc(build_spine(sap__L5__left=ends)))["sap_section"]
    assert found.value is None
    assert "middle of the process" in found.findings[0].why
