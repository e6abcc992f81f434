"""The exiting root of the spine of boxes, by plane geometry and by exact distances to boxes."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.measure.conftest import (
    GANGLION_RADIUS_MM,
    ROOT_RADIUS_MM,
    ROOTS,
    SHAPES,
    SpineBuilder,
)
from tests.unit.measure.sites import (
    at_disc,
    box_distance_mm,
    changed,
    codes,
    dense_line_mm,
    dropped,
    values_of,
    without_pedicles,
)

from kambin.anatomy import Anatomy, Origin, Tube
from kambin.core import AnatomyError
from kambin.frames import Side
from kambin.knowledge import value
from kambin.measure.pedicle_gaps import PEDICLES, measure_pedicle_gaps
from kambin.measure.roots import (
    BESIDE,
    COURSE,
    FACET,
    PLACES,
    measure_facet_root,
    measure_root_course,
    measure_root_neighbours,
    measure_root_size,
)

ROOT, GANGLION = "exiting_root:L4:left", "drg:L4:left"
LEFT = np.array(ROOTS[ROOT], dtype=float)
SAC_EDGE_MM, PLATE_MM = 8.0, -5.0


def shifted(left_mm: float, back_mm: float, up_mm: float) -> np.ndarray:
    """The left root, moved."""
    return LEFT + np.array([left_mm, back_mm, up_mm])


def bent(anatomy: Anatomy, points: np.ndarray, radius_mm: float = ROOT_RADIUS_MM) -> Anatomy:
    """The anatomy with another line in the left root."""
    return changed(anatomy, ROOT, tube=Tube(points, np.full(len(points), radius_mm)))


# How it leaves the sac


@pytest.mark.parametrize("side", list(Side))
def test_the_course_is_that_of_plane_geometry(a_spine_of_boxes: Anatomy, side: Side) -> None:
    line = dense_line_mm(LEFT)
    start = line[np.argmax(line[:, 0] - ROOT_RADIUS_MM > SAC_EDGE_MM)]
    end = line[np.argmax(line[:, 2] <= PLATE_MM)]
    found = measure_root_course(at_disc(a_spine_of_boxes, side))
    assert tuple(found) == COURSE
    assert found["root_takeoff_height"].value == pytest.approx(start[2] - PLATE_MM, abs=0.3)
    cut = line[(np.abs(line[:, 2] - PLATE_MM) < ROOT_RADIUS_MM) & (line[:, 0] > start[0])]
    inner = cut[:, 0] - np.sqrt(ROOT_RADIUS_MM**2 - (cut[:, 2] - PLATE_MM) ** 2)
    assert found["root_plate_distance"].value == pytest.approx(inner.min() - SAC_EDGE_MM, abs=0.3)
    above = line[np.argmax(np.linalg.norm(line - end, axis=1) <= 10)]
    alpha = math.degrees(math.atan2(above[2] - PLATE_MM, end[0] - above[0]))
    assert found["root_plate_angle"].value == pytest.approx(alpha, abs=1.0)
    after = line[np.argmax((np.linalg.norm(line - start, axis=1) >= 10) & (line[:, 0] > start[0]))]
    steep = math.degrees(math.atan2(after[0] - start[0], start[2] - after[2]))
    assert found["root_takeoff_angle"].value == pytest.approx(steep, abs=1.0)


def test_a_root_before_the_widest_of_a_round_sac_leaves_it_higher(
    a_spine_of_boxes: Anatomy,
) -> None:
    """The sac is narrower at the depth of the root, and that is the edge one sees there."""
    sac = a_spine_of_boxes.require("dural_sac")
    places = sac.region.lps_mm(np.indices(sac.region.values.shape).reshape(3, -1).T)
    middle = float(places[sac.region.values.ravel() > 0, 1].mean())
    fore = ((places[:, 1] < middle) & (np.abs(places[:, 0]) > SAC_EDGE_MM - 2)).reshape(
        sac.region.values.shape
    )
    narrowed = replace(sac.region, values=np.where(fore, 0, sac.region.values))
    line = LEFT * [1, 0, 1] + [0, middle - 2 * ROOT_RADIUS_MM, 0]
    whole = measure_root_course(at_disc(bent(a_spine_of_boxes, line)))
    round_ = changed(bent(a_spine_of_boxes, line), "dural_sac", region=narrowed)
    higher = measure_root_course(at_disc(round_))
    rise = higher["root_takeoff_height"].value - whole["root_takeoff_height"].value
    # 2 mm further in on a way of 8 mm down to 6 mm outward.
    assert rise == pytest.approx(2 * 8 / 6, abs=0.5)
    # At the plate the root has long passed the sac; there its widest counts.
    assert higher["root_plate_distance"].value == whole["root_plate_distance"].value


def test_a_sac_that_ends_above_the_plate_leaves_the_distance_to_it_unsaid(
    a_spine_of_boxes: Anatomy,
) -> None:
    region = a_spine_of_boxes.require("dural_sac").region
    heights = region.lps_mm(np.indices(region.values.shape).reshape(3, -1).T)[:, 2]
    above = heights.reshape(region.values.shape) > PLATE_MM + 3
    cut = replace(region, values=np.where(above, region.values, 0))
    found = measure_root_course(at_disc(changed(a_spine_of_boxes, "dural_sac", region=cut)))
    assert found["root_plate_distance"].value is None
    assert "sac" in found["root_plate_distance"].findings[0].why
    assert found["root_takeoff_height"].value is not None


@pytest.mark.parametrize("shift_mm", [-2.0, -1.0, 1.0, 2.0])
def test_a_root_that_lies_higher_leaves_higher_by_as_much(
    a_spine_of_boxes: Anatomy, shift_mm: float
) -> None:
    before = measure_root_course(at_disc(a_spine_of_boxes))
    after = measure_root_course(at_disc(bent(a_spine_of_boxes, shifted(0, 0, shift_mm))))
    rise = after["root_takeoff_height"].value - before["root_takeoff_height"].value
    assert rise == pytest.approx(shift_mm, abs=0.3)
    turn = after["root_takeoff_angle"].value - before["root_takeoff_angle"].value
    assert turn == pytest.approx(0.0, abs=1.0)


def test_a_thicker_root_parts_from_the_sac_lower(a_spine_of_boxes: Anatomy) -> None:
    heights = [
        measure_root_course(at_disc(bent(a_spine_of_boxes, LEFT, radius)))["root_takeoff_height"]
        for radius in (1.0, 1.5, 2.5)
    ]
    found = [h.value for h in heights]
    assert found == sorted(found, reverse=True)
    # 8 mm down on 6 mm outward.
    assert found[0] - found[2] == pytest.approx(1.5 * 8 / 6, abs=0.4)


def test_a_vaguer_root_has_vaguer_numbers_and_the_same_values(a_spine_of_boxes: Anatomy) -> None:
    sure = measure_root_course(at_disc(a_spine_of_boxes))
    vague = measure_root_course(at_disc(changed(a_spine_of_boxes, ROOT, sigma_mm=2.5)))
    for name in COURSE:
        assert vague[name].value == sure[name].value
        assert vague[name].uncertainty > 3 * sure[name].uncertainty > 0


@pytest.mark.parametrize("missing", [ROOT, "dural_sac"])
def test_a_course_without_root_or_sac_is_not_assessed(
    a_spine_of_boxes: Anatomy, missing: str
) -> None:
    found = measure_root_course(at_disc(dropped(a_spine_of_boxes, missing)))
    assert tuple(found) == COURSE
    assert values_of(found) == {None}
    assert codes(found) == {"AN-300"}


@pytest.mark.parametrize(
    "points",
    [LEFT[:3], LEFT[::-1], shifted(-30.0, 0, 0)],
    ids=["ends above the plate", "runs the other way", "never leaves the sac"],
)
def test_a_root_that_does_not_leave_sac_then_plate_is_not_assessed(
    a_spine_of_boxes: Anatomy, points: np.ndarray
) -> None:
    found = measure_root_course(at_disc(bent(a_spine_of_boxes, points)))
    assert values_of(found) == {None}
    assert "leaves the sac" in found["root_plate_angle"].findings[0].why


def test_a_root_needs_the_frame_of_the_lower_vertebra(a_spine_of_boxes: Anatomy) -> None:
    frames = {"L4": a_spine_of_boxes.vertebra_frames["L4"]}
    with pytest.raises(AnatomyError, match="AN-304"):
        measure_root_course(at_disc(replace(a_spine_of_boxes, vertebra_frames=frames)))


# Its size, and the ganglion


@pytest.mark.parametrize("side", list(Side))
def test_sizes_are_those_of_the_tubes(a_spine_of_boxes: Anatomy, side: Side) -> None:
    found = measure_root_size(at_disc(a_spine_of_boxes, side))
    length = float(np.linalg.norm(LEFT[2] - LEFT[1]))
    assert found["root_diameter"].value == pytest.approx(2 * ROOT_RADIUS_MM)
    assert found["drg_width"].value == pytest.approx(2 * GANGLION_RADIUS_MM)
    assert found["drg_length"].value == pytest.approx(length)
    assert found["drg_volume"].value == pytest.approx(math.pi * GANGLION_RADIUS_MM**2 * length)
    assert PLACES[int(found["drg_place"].value)] == "foraminal"


def test_a_double_cone_has_the_volume_of_its_trapezia(a_spine_of_boxes: Anatomy) -> None:
    tube = Tube(np.array([[14.0, 22, 9], [16, 22, 9], [18, 22, 9]]), np.array([0.0, 3.0, 0.0]))
    found = measure_root_size(at_disc(changed(a_spine_of_boxes, GANGLION, tube=tube)))
    assert found["drg_volume"].value == pytest.approx(math.pi * 9 / 2 * 4)
    # It is widest at the middle point, and that is where it lies.
    assert found["drg_width"].point_lps_mm == pytest.approx([16, 22, 9])


@pytest.mark.parametrize(
    ("lateral_mm", "place"),
    [(4.0, 0), (11.9, 0), (12.1, 1), (16.0, 1), (19.9, 1), (20.1, 2), (40.0, 2)],
)
@pytest.mark.parametrize("side", list(Side))
def test_a_ganglion_lies_against_the_borders_of_the_pedicle(
    a_spine_of_boxes: Anatomy, side: Side, lateral_mm: float, place: int
) -> None:
    x = side.lateral_sign_lps * lateral_mm
    tube = Tube(np.array([[x, 22.0, 9.0], [x, 20.0, 3.0]]), np.array([3.0, 2.0]))
    anatomy = changed(a_spine_of_boxes, f"drg:L4:{side}", tube=tube)
    assert measure_root_size(at_disc(anatomy, side))["drg_place"].value == place


def test_a_modelled_size_has_the_spread_between_persons(a_spine_of_boxes: Anatomy) -> None:
    seen = measure_root_size(at_disc(a_spine_of_boxes))
    modelled = changed(a_spine_of_boxes, ROOT, origin=Origin.MODELLED)
    modelled = changed(modelled, GANGLION, origin=Origin.MODELLED)
    found = measure_root_size(at_disc(modelled))
    spread = value("measure.root_diameter_sigma_mm")
    assert found["root_diameter"].uncertainty == found["drg_width"].uncertainty == spread
    share = value("measure.drg_volume_sigma_share")
    assert found["drg_volume"].uncertainty == pytest.approx(share * found["drg_volume"].value)
    assert seen["root_diameter"].uncertainty == pytest.approx(0.3 * math.sqrt(2))
    assert seen["drg_width"].uncertainty == pytest.approx(0.3)
    assert seen["drg_volume"].uncertainty > 0


def test_without_lines_no_size_is_said(a_spine_of_boxes: Anatomy) -> None:
    found = measure_root_size(at_disc(dropped(a_spine_of_boxes, ROOT, GANGLION)))
    assert len(found) == 5
    assert values_of(found) == {None}
    assert codes(found) == {"AN-300"}


def test_masks_have_a_size_but_without_a_line_no_diameter_and_no_course(
    a_spine_of_boxes: Anatomy,
) -> None:
    masks = changed(changed(a_spine_of_boxes, ROOT, tube=None), GANGLION, tube=None)
    found = measure_root_size(at_disc(masks))
    assert found["root_diameter"].value is None
    whole = measure_root_size(at_disc(a_spine_of_boxes))
    assert found["drg_width"].value == pytest.approx(whole["drg_width"].value, abs=1.0)
    # voxels have no first one: a course from any of them would be a number without a meaning
    assert values_of(measure_root_course(at_disc(masks))) == {None}


def test_a_mask_with_a_line_has_the_course_of_its_line(a_spine_of_boxes: Anatomy) -> None:
    tube = a_spine_of_boxes.require(ROOT).tube
    laid = changed(a_spine_of_boxes, ROOT, tube=None, line=tube)
    for measure in (measure_root_course, measure_root_size):
        found, drawn = measure(at_disc(laid)), measure(at_disc(a_spine_of_boxes))
        assert [r.value for r in found.values()] == [r.value for r in drawn.values()]


def test_a_ganglion_without_a_pedicle_above_has_a_size_and_no_place(
    a_spine_of_boxes: Anatomy,
) -> None:
    found = measure_root_size(at_disc(without_pedicles(a_spine_of_boxes, "L4")))
    assert found["drg_place"].value is None
    assert found["drg_width"].value == pytest.approx(2 * GANGLION_RADIUS_MM)


# What it lies beside


@pytest.mark.parametrize("side", list(Side))
def test_root_and_disc_keep_the_distance_of_a_line_and_a_box(
    a_spine_of_boxes: Anatomy, side: Side
) -> None:
    line = dense_line_mm(ROOTS[f"exiting_root:L4:{side}"], 0.02)
    lateral = line[:, 0] * side.lateral_sign_lps
    found = measure_root_neighbours(at_disc(a_spine_of_boxes, side))
    for word, border in zip(BESIDE, (12.0, 16.0, 20.0), strict=True):
        here = line[np.abs(lateral - border) <= 0.5]
        gap = box_distance_mm(here, SHAPES["disc:L4-L5"][0]).min() - ROOT_RADIUS_MM
        assert found[f"root_disc_{word}"].value == pytest.approx(gap, abs=0.4)


@pytest.mark.parametrize(("forward_mm", "gap_mm"), [(4.0, -1.5), (9.0, -3.5), (18.0, -3.5)])
def test_a_root_in_the_disc_has_a_negative_distance_however_deep_it_lies(
    a_spine_of_boxes: Anatomy, forward_mm: float, gap_mm: float
) -> None:
    # Lateral at x = 20, two millimetres from the side of the disc; in front of y = 17.
    found = measure_root_neighbours(at_disc(bent(a_spine_of_boxes, shifted(0, -forward_mm, 0))))
    assert found["root_disc_lateral"].value == pytest.approx(gap_mm, abs=1.2)
    assert found["root_disc_lateral"].value < 0


@pytest.mark.parametrize("missing", [ROOT, "disc:L4-L5"])
def test_neighbours_need_root_and_disc(a_spine_of_boxes: Anatomy, missing: str) -> None:
    found = measure_root_neighbours(at_disc(dropped(a_spine_of_boxes, missing)))
    assert set(found) == {f"root_disc_{word}" for word in BESIDE}
    assert values_of(found) == {None}


def test_neighbours_need_the_pedicle_that_says_where(a_spine_of_boxes: Anatomy) -> None:
    found = measure_root_neighbours(at_disc(without_pedicles(a_spine_of_boxes, "L4")))
    assert codes(found) == {"AN-300"}


# Distance C and its gate


def facet_gap_mm(points: np.ndarray, height_mm: float) -> float:
    line = dense_line_mm(points, 0.02)
    here = line[np.abs(line[:, 2] - height_mm) <= 0.5]
    return float(box_distance_mm(here, SHAPES["sap:L5:left"][0]).min()) - ROOT_RADIUS_MM


def test_facet_and_root_keep_the_distance_of_a_line_and_a_box(a_spine_of_boxes: Anatomy) -> None:
    found = measure_facet_root(at_disc(a_spine_of_boxes))
    for name, height in (("facet_root_upper", 5.0), ("facet_root_lower", -5.0)):
        assert found[name].value == pytest.approx(facet_gap_mm(LEFT, height), abs=0.4)
        # The line slants through the border of the disc: root and process are each sure to 0.3.
        part = LEFT[np.argmax(LEFT[:, 2] <= height) - 1 :][:2]
        slope = abs(np.diff(part[:, 2])[0]) / float(np.linalg.norm(np.diff(part, axis=0)))
        expected = math.hypot(0.3 / slope, 0.3)
        assert found[name].uncertainty == pytest.approx(expected, rel=0.02)


def test_the_flatter_a_root_passes_the_less_sure_is_its_place(a_spine_of_boxes: Anatomy) -> None:
    found = []
    for fall_mm in (10.0, 4.0, 0.2):
        line = np.array([[7.0, 17.0, -5.0 + fall_mm], [27.0, 17.0, -5.0 - fall_mm]])
        rows = measure_facet_root(at_disc(bent(a_spine_of_boxes, line)))
        found.append(rows["facet_root_lower"].uncertainty)
    assert found == sorted(found)
    # Nearly in the plane: three times as unsure, and not without bound.
    assert found[-1] == pytest.approx(math.hypot(0.9, 0.3), abs=0.01)


@pytest.mark.parametrize("backward_mm", [-1.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
def test_the_gate_opens_at_both_published_means(
    a_spine_of_boxes: Anatomy, backward_mm: float
) -> None:
    found = measure_facet_root(at_disc(bent(a_spine_of_boxes, shifted(0, backward_mm, 0))))
    gap = found["facet_root_lower"].value
    expected = 0.0 if gap < 4.4 else 1.0 if gap <= 6.4 else 2.0
    assert found["facet_root_gate"].value == expected
    assert found["facet_root_gate"].uncertainty == 0.0


def test_every_answer_of_the_gate_occurs(a_spine_of_boxes: Anatomy) -> None:
    answers = {
        measure_facet_root(at_disc(bent(a_spine_of_boxes, shifted(0, y, 0))))[
            "facet_root_gate"
        ].value
        for y in (0.0, 2.5, 5.0)
    }
    assert answers == {0.0, 1.0, 2.0}


def test_a_modelled_root_passes_no_gate(a_spine_of_boxes: Anatomy) -> None:
    found = measure_facet_root(at_disc(changed(a_spine_of_boxes, ROOT, origin=Origin.MODELLED)))
    assert found["facet_root_lower"].value is not None
    assert found["facet_root_gate"].value is None
    assert "too uncertain" in found["facet_root_gate"].findings[0].why


@pytest.mark.parametrize(("spacing_mm", "said"), [(1.5, True), (1.51, False), (3.0, False)])
def test_coarse_labels_do_not_resolve_the_facet(
    a_spine_of_boxes: Anatomy, spacing_mm: float, said: bool
) -> None:
    found = measure_facet_root(at_disc(replace(a_spine_of_boxes, label_spacing_mm=spacing_mm)))
    assert tuple(found) == FACET
    assert (None not in values_of(found)) is said
    assert codes(found) == (set() if said else {"AN-302"})


def test_a_root_that_ends_above_the_lower_border_has_no_distance_c(
    a_spine_of_boxes: Anatomy,
) -> None:
    found = measure_facet_root(at_disc(bent(a_spine_of_boxes, LEFT[:3])))
    assert found["facet_root_upper"].value is not None
    assert found["facet_root_lower"].value is None
    assert found["facet_root_gate"] is found["facet_root_lower"]


@pytest.mark.parametrize("missing", [ROOT, "sap:L5:left"])
def test_distance_c_needs_root_and_process(a_spine_of_boxes: Anatomy, missing: str) -> None:
    found = measure_facet_root(at_disc(dropped(a_spine_of_boxes, missing)))
    assert values_of(found) == {None}
    assert codes(found) == {"AN-300"}


# Round the pedicles


def test_gaps_round_the_pedicles_are_those_of_boxes(a_spine_of_boxes: Anatomy) -> None:
    found = measure_pedicle_gaps(at_disc(a_spine_of_boxes))
    assert tuple(found) == PEDICLES
    line = dense_line_mm(LEFT, 0.02)
    under = np.abs(line[:, 0] - 16) < value("measure.pedicle_middle_share") * 4
    # The pedicle above ends at z = 12; all of its middle lies over the ganglion.
    below = 12 - line[under, 2].max() - GANGLION_RADIUS_MM
    assert found["root_below_pedicle"].value == pytest.approx(below, abs=0.3)
    # The pedicle below begins at z = -7.
    over = line[np.argmin(np.abs(line[:, 0] - 16)), 2] - ROOT_RADIUS_MM - -7
    assert found["root_above_pedicle"].value == pytest.approx(over, abs=0.3)
    # The sac ends at x = 8, the pedicle begins at 12.
    assert found["dura_medial_of_pedicle"].value == pytest.approx(4.0, abs=0.01)


def test_a_root_beside_a_pedicle_is_neither_below_nor_above_it(a_spine_of_boxes: Anatomy) -> None:
    medial = np.array([[9.0, 22, 30], [10.5, 22, -5]])
    lateral = np.array([[21.5, 22, 11], [23.0, 22, -30]])
    asked = {"root_below_pedicle", "root_above_pedicle"}
    for points in (medial, lateral):
        anatomy = dropped(bent(a_spine_of_boxes, points), "drg:L4:left")
        found = measure_pedicle_gaps(at_disc(anatomy))
        assert {found[name].value for name in asked} == {None}
    # The further course beside the pedicle below changes nothing over it.
    near = bent(a_spine_of_boxes, np.vstack([LEFT[:3], [[21.5, 20, -8], [22.0, 20, -18]]]))
    whole = measure_pedicle_gaps(at_disc(a_spine_of_boxes))["root_above_pedicle"]
    assert measure_pedicle_gaps(at_disc(near))["root_above_pedicle"].value == pytest.approx(
        whole.value, abs=0.1
    )


def test_a_root_in_the_bone_of_its_pedicle_has_less_than_no_room(a_spine_of_boxes: Anatomy) -> None:
    up = bent(a_spine_of_boxes, shifted(0, 0, 8))
    assert measure_pedicle_gaps(at_disc(up))["root_below_pedicle"].value < 0


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        (ROOT, {"root_below_pedicle", "root_above_pedicle"}),
        ("drg:L4:left", set()),
        ("dural_sac", {"dura_medial_of_pedicle"}),
        ("pedicle:L4:left", {"root_below_pedicle", "dura_medial_of_pedicle"}),
        ("pedicle:L5:left", {"root_above_pedicle"}),
        ("pedicle:L5:right", set()),
    ],
)
def test_what_is_missing_takes_only_its_own_gaps(
    a_spine_of_boxes: Anatomy, missing: str, gone: set[str]
) -> None:
    found = measure_pedicle_gaps(at_disc(dropped(a_spine_of_boxes, missing)))
    assert {name for name, reading in found.items() if reading.value is None} == gone


def test_no_measure_of_the_left_root_knows_the_right_one(
    a_spine_of_boxes: Anatomy, build_spine: SpineBuilder
) -> None:
    alone = build_spine(without=("exiting_root:L4:right",))
    for measure in (measure_root_course, measure_facet_root, measure_pedicle_gaps):
        here, there = measure(at_disc(a_spine_of_boxes)), measure(at_disc(alone))
        assert {n: r.value for n, r in here.items()} == {n: r.value for n, r in there.items()}
