"""What the data cannot say is none, with a finding that says why."""

from dataclasses import replace

import numpy as np
import pytest

from kambin.anatomy import Anatomy, Level, Origin
from kambin.core import AnatomyError, Severity
from kambin.frames import Side
from kambin.knowledge import value
from kambin.measure import Site
from kambin.measure.bodies import measure_posterior_height
from kambin.measure.crest import measure_crest_height, measure_ilium_angle, target_lps_mm
from kambin.measure.discs import measure_alignment, measure_disc_heights
from kambin.measure.facet import measure_facet
from kambin.measure.foramen import measure_foramen
from kambin.measure.obstacles import build_lattice
from kambin.measure.site import require_level, require_side
from kambin.measure.vertebrae import measure_canal, measure_pedicle

LEVEL = Level("L4", "L5")
LOWER = ((-22, 22, -17, 17, -33, -5), (-20, 20, 27, 33, -33, -10))


def _left(anatomy: Anatomy) -> Site:
    return Site(anatomy, level=LEVEL, side=Side.LEFT)


def _codes(readings) -> set[str]:
    return {found.code for reading in readings.values() for found in reading.findings}


def _without_pedicles(anatomy: Anatomy, *names: str) -> Anatomy:
    frames = {
        name: replace(frame, pedicles={}) if name in names else frame
        for name, frame in anatomy.vertebra_frames.items()
    }
    return replace(anatomy, vertebra_frames=frames)


def test_a_foramen_filled_with_bone_is_closed(build_spine) -> None:
    plug = ((-22, 22, 17, 27, -7, 12), (12, 20, 27, 33, -20, 3))
    readings = measure_foramen(_left(build_spine(vertebra__L5=plug)))
    assert {reading.value for reading in readings.values()} == {None}
    assert _codes(readings) == {"AN-301"}
    found = readings["foramen_area"].findings[0]
    assert found.severity is Severity.CONFIRM
    assert "left" in found.where


def test_a_foramen_under_40_mm2_is_closed_and_says_its_area(build_spine) -> None:
    narrow = (
        (-22, 22, -17, 17, -33, -5),
        (12, 20, 17, 27, -20, -7),
        (12, 20, 27, 33, -20, 3),
        (12, 20, 19, 27, -7, 12),
        (-20, 20, 27, 33, -33, -10),
    )
    readings = measure_foramen(_left(build_spine(vertebra__L5=narrow)))
    assert {reading.value for reading in readings.values()} == {None}
    assert "40 mm2" in readings["foramen_area"].findings[0].why


def test_a_foramen_without_a_posterior_wall_is_not_closed_all_round(build_spine) -> None:
    open_behind = ((-22, 22, -17, 17, -33, -5), (12, 20, 17, 27, -20, -7))
    bare = ((-22, 22, -17, 17, 5, 33), (12, 20, 17, 27, 12, 26))
    spine = build_spine(vertebra__L4=bare, vertebra__L5=open_behind)
    readings = measure_foramen(_left(spine))
    assert _codes(readings) == {"AN-301"}
    assert "bounded all round" in readings["foramen_area"].findings[0].why


def test_the_joint_gap_does_not_open_the_foramen(a_spine_of_boxes: Anatomy) -> None:
    lattice = build_lattice(_left(a_spine_of_boxes))
    gap = lattice.sample(np.array([[16.0, 30.0, 4.0]]))
    assert gap[0] > 0.5


def test_the_bodies_are_not_closed(a_spine_of_boxes: Anatomy) -> None:
    without_disc = replace(
        a_spine_of_boxes,
        structures={
            key: one for key, one in a_spine_of_boxes.structures.items() if key.kind != "disc"
        },
    )
    lattice = build_lattice(_left(without_disc))
    assert lattice.sample(np.array([[16.0, 12.0, 3.5]]))[0] < 0.5


def test_the_body_is_told_by_the_posterior_wall_when_no_part_gives_it(build_spine) -> None:
    site = _left(build_spine(without=("body:L4", "body:L5")))
    whole = measure_foramen(_left(build_spine()))["foramen_area"].value
    assert measure_foramen(site)["foramen_area"].value == pytest.approx(whole, abs=1.0)


def test_without_the_lower_pedicle_the_lumen_is_still_found(a_spine_of_boxes: Anatomy) -> None:
    for names in (("L5",), ("L4",), ("L4", "L5")):
        site = _left(_without_pedicles(a_spine_of_boxes, *names))
        found = measure_foramen(site)["foramen_area"].value
        assert found == pytest.approx(190.0, abs=8.0)


def test_coarse_labels_state_the_bias_and_do_not_subtract_it(a_spine_of_boxes: Anatomy) -> None:
    fine = measure_foramen(_left(a_spine_of_boxes))
    readings = measure_foramen(_left(replace(a_spine_of_boxes, label_spacing_mm=2.0)))
    assert _codes(readings) == {"AN-303"}
    area = readings["foramen_area"]
    assert area.value == fine["foramen_area"].value
    assert area.bias is not None
    share = 2.0 / 3.0
    assert area.bias == pytest.approx((0.04 * share * area.value, 0.26 * share * area.value))
    width = readings["foramen_width"]
    assert width.bias == pytest.approx((0.8 * share, 3.0 * share))
    assert {reading.bias for reading in fine.values()} == {None}
    assert _codes(fine) == set()


def test_coarse_labels_cannot_say_gap_and_volume_of_the_facet(build_spine) -> None:
    readings = measure_facet(_left(build_spine(spacing_mm=2.0)))
    assert {reading.value for reading in readings.values()} == {None}
    assert _codes(readings) == {"AN-302"}
    assert "2.00 mm" in readings["facet_gap"].findings[0].why


def test_a_facet_without_its_parts_is_not_assessed(build_spine) -> None:
    readings = measure_facet(_left(build_spine(without=("sap:L5:left",))))
    assert _codes(readings) == {"AN-300"}


def test_touching_processes_have_no_visible_joint_space(build_spine) -> None:
    touching = ((12, 20, 33, 40, -10, 12),)
    readings = measure_facet(_left(build_spine(iap__L4__left=touching)))
    assert readings["facet_gap"].value == 0.0
    assert _codes(readings) == {"AN-305"}


def test_a_spine_without_ilium_does_not_say_that_the_way_is_free(build_spine) -> None:
    site = _left(build_spine(without=("ilium:left",)))
    readings = {**measure_crest_height(site), **measure_ilium_angle(site)}
    assert {reading.value for reading in readings.values()} == {None}
    assert _codes(readings) == {"AN-300"}


def test_without_pedicles_the_crest_has_a_height_and_no_class(a_spine_of_boxes: Anatomy) -> None:
    readings = measure_crest_height(_left(_without_pedicles(a_spine_of_boxes, "L4")))
    assert readings["crest_height"].value is not None
    assert readings["crest_class"].value is None


def test_the_target_lies_at_the_medial_pedicle_line(a_spine_of_boxes: Anatomy) -> None:
    assert target_lps_mm(_left(a_spine_of_boxes)) == pytest.approx([12, 17, 0])
    right = Site(a_spine_of_boxes, level=LEVEL, side=Side.RIGHT)
    assert target_lps_mm(right) == pytest.approx([-12, 17, 0])


def test_without_any_pedicle_the_target_lies_in_the_midline(a_spine_of_boxes: Anatomy) -> None:
    site = _left(_without_pedicles(a_spine_of_boxes, "L4", "L5"))
    assert target_lps_mm(site) == pytest.approx([0, 17, 0])


def _at_the_sacrum(anatomy: Anatomy, *bare: str) -> Site:
    """The level of boxes as L5-S1, the assumed pedicle of S1 2 mm further out than that of L5."""
    pedicles = {"L5": (16, 22, 0, 8, 14), "S1": (18, 22, 5.5, 8, 13)}
    frames = {
        name: replace(
            anatomy.vertebra_frames[like],
            vertebra=name,
            pedicles={} if name in bare else {Side.LEFT: pedicles[name]},
        )
        for name, like in (("L5", "L4"), ("S1", "L5"))
    }
    sacral = Level("L5", "S1")
    discs = {sacral: replace(anatomy.disc_frames[LEVEL], level=sacral)}
    made = replace(anatomy, vertebra_frames=frames, disc_frames=discs)
    return Site(made, level=sacral, side=Side.LEFT)


@pytest.mark.parametrize(("bare", "lateral_mm"), [((), 12), (("L5",), 14), (("L5", "S1"), 0)])
def test_the_assumed_pedicle_of_s1_yields_to_that_of_l5(
    a_spine_of_boxes: Anatomy, bare: tuple[str, ...], lateral_mm: float
) -> None:
    site = _at_the_sacrum(a_spine_of_boxes, *bare)
    assert target_lps_mm(site) == pytest.approx([lateral_mm, 17, 0])


def test_a_missing_pedicle_leaves_width_and_pedicle_unmeasured(a_spine_of_boxes: Anatomy) -> None:
    bare = _without_pedicles(a_spine_of_boxes, "L4")
    assert measure_canal(Site(bare, vertebra="L4"))["canal_width"].value is None
    site = Site(bare, vertebra="L4", side=Side.LEFT)
    assert _codes(measure_pedicle(site)) == {"AN-300"}


def test_a_vertebra_without_an_arch_has_no_canal_depth(build_spine) -> None:
    spine = build_spine(vertebra__L4=((-22, 22, -17, 17, 5, 33),))
    reading = measure_canal(Site(spine, vertebra="L4"))["canal_depth"]
    assert reading.value is None
    assert reading.findings[0].code == "AN-300"


def test_a_solid_block_behind_the_wall_has_no_canal(build_spine) -> None:
    spine = build_spine(vertebra__L4=((-22, 22, -17, 80, 0, 40),))
    assert measure_canal(Site(spine, vertebra="L4"))["canal_depth"].value is None


def test_a_modelled_disc_makes_the_width_of_the_foramen_less_certain(
    a_spine_of_boxes: Anatomy,
) -> None:
    disc = a_spine_of_boxes.require("disc:L4-L5")
    bone = a_spine_of_boxes.require("vertebra:L5").sigma_mm
    found = {}
    for origin in (Origin.SEGMENTED, Origin.MODELLED):
        one = replace(disc, origin=origin, sigma_mm=0.4)
        spine = replace(a_spine_of_boxes, structures={**a_spine_of_boxes.structures, one.key: one})
        found[origin] = measure_foramen(_left(spine))
    assert found[Origin.SEGMENTED]["foramen_width"].uncertainty == pytest.approx(
        np.hypot(0.4, bone)
    )
    assert found[Origin.MODELLED]["foramen_width"].uncertainty == pytest.approx(
        np.hypot(value("measure.disc_margin_sigma_mm"), bone)
    )
    # Height runs from pedicle to pedicle: no disc bounds it.
    heights = {one["foramen_height"].uncertainty for one in found.values()}
    assert len(heights) == 1


def test_the_sacrum_has_no_lower_plate_and_no_pedicle(build_spine) -> None:
    spine = build_spine(vertebra__S1=LOWER)
    frames = dict(spine.vertebra_frames)
    frames["S1"] = frames["L5"]
    sacrum = Site(replace(spine, vertebra_frames=frames), vertebra="S1", side=Side.LEFT)
    readings = {
        **measure_posterior_height(sacrum),
        **measure_pedicle(sacrum),
        **measure_canal(sacrum),
    }
    assert {reading.value for reading in readings.values()} == {None}
    assert _codes(readings) == {"AN-300"}


def test_a_disc_without_a_lower_body_in_reach_has_no_height(build_spine) -> None:
    away = ((-22, 22, -17, 17, -90, -60),)
    readings = measure_disc_heights(_left(build_spine(vertebra__L5=away)))
    assert {reading.value for reading in readings.values()} == {None}
    assert _codes(readings) == {"AN-300"}


def test_a_body_without_a_wall_in_reach_has_no_slip(build_spine) -> None:
    solid = ((-22, 22, -17, 80, -40, 0),)
    reading = measure_alignment(_left(build_spine(vertebra__L5=solid)))["body_slip"]
    assert reading.value is None
    assert reading.findings[0].code == "AN-300"


def test_bodies_that_touch_have_a_disc_height_of_zero(build_spine) -> None:
    grown = ((-22, 22, -17, 17, -33, 6),)
    readings = measure_disc_heights(_left(build_spine(vertebra__L5=grown)))
    assert readings["disc_height_middle"].value == pytest.approx(5.0, abs=0.2)


def test_a_vertebra_without_a_mask_is_named(build_spine) -> None:
    spine = build_spine(without=("vertebra:L4",))
    with pytest.raises(AnatomyError, match="AN-011"):
        measure_disc_heights(_left(spine))
    with pytest.raises(AnatomyError, match="AN-011"):
        measure_foramen(_left(spine))


def test_a_site_without_level_or_side_is_refused(a_spine_of_boxes: Anatomy) -> None:
    vertebra = Site(a_spine_of_boxes, vertebra="L4")
    with pytest.raises(AnatomyError, match="AN-304"):
        require_level(vertebra)
    with pytest.raises(AnatomyError, match="no side"):
        require_side(vertebra)
    with pytest.raises(AnatomyError, match="AN-304"):
        vertebra.disc()
