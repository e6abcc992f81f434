"""Every quantity of the spine of boxes, against what its drawing says."""

import math
from dataclasses import replace

import pytest

from kambin.anatomy import Anatomy, Level
from kambin.frames import RigidTransform, Side
from kambin.measure import Measurements, Site
from kambin.measure.discs import measure_alignment
from kambin.measure.foramen import measure_foramen

LEFT, RIGHT = Side.LEFT, Side.RIGHT

# quantity, level, side, value, largest error. The closing rounds two corners of the foramen
# by 3 mm, (1 - pi/4) * 9 mm2 each: up to 4 mm2 are lost. A voxel is 1 mm.
KNOWN = [
    ("disc_height_anterior", "L4-L5", None, 10.0, 0.2),
    ("disc_height_middle", "L4-L5", None, 10.0, 0.1),
    ("disc_height_posterior", "L4-L5", None, 10.0, 0.2),
    ("segmental_lordosis", "L4-L5", None, 0.0, 1e-9),
    ("body_slip", "L4-L5", None, 0.0, 0.05),
    ("foramen_height", "L4-L5", LEFT, 19.0, 0.3),
    ("foramen_height", "L4-L5", RIGHT, 19.0, 0.3),
    ("foramen_width", "L4-L5", LEFT, 10.0, 0.3),
    ("foramen_width", "L4-L5", RIGHT, 8.0, 0.3),
    ("foramen_area", "L4-L5", LEFT, 190.0, 6.0),
    ("foramen_area", "L4-L5", RIGHT, 152.0, 6.0),
    ("facet_gap", "L4-L5", LEFT, 1.0, 0.5),
    ("facet_gap", "L4-L5", RIGHT, 1.0, 0.5),
    ("sap_volume", "L4-L5", LEFT, 8 * 6 * 23.0, 1e-6),
    ("sap_volume", "L4-L5", RIGHT, 8 * 8 * 23.0, 1e-6),
    ("crest_height", "L4-L5", LEFT, 8.0, 0.01),
    ("crest_height", "L4-L5", RIGHT, -3.0, 0.01),
    ("crest_class", "L4-L5", LEFT, 3.0, 0.0),
    ("crest_class", "L4-L5", RIGHT, 2.0, 0.0),
    ("ilium_axial_angle", "L4-L5", LEFT, math.degrees(math.atan2(60 - 12, 60 - 17)), 0.6),
    ("ilium_axial_angle", "L4-L5", RIGHT, 90.0, 0.0),
    ("canal_width", "L4", None, 24.0, 0.2),
    ("canal_width", "L5", None, 24.0, 0.2),
    ("canal_depth", "L4", None, 10.0, 0.2),
    ("canal_depth", "L5", None, 10.0, 0.2),
    ("posterior_body_height", "L4", None, 28.0, 0.45),
    ("posterior_body_height", "L5", None, 28.0, 0.45),
    ("anterior_body_height", "L4", None, 28.0, 0.45),
    ("body_wedge", "L5", None, 0.0, 0.1),
    ("upper_plate_width", "L4", None, 44.0, 0.45),
    ("upper_plate_depth", "L4", None, 34.0, 0.45),
    ("transverse_span", "L4", None, 36.0 + 34.0, 1e-6),
    ("transverse_span", "L5", None, 80.0, 1e-6),
    ("disc_wedge", "L4-L5", None, 0.0, 1e-9),
    ("disc_height_index", "L4-L5", None, 10.0 / 34.0, 0.01),
    ("canal_area", "L4-L5", None, 20.0 * 10.0, 8.0),
    ("sac_area", "L4-L5", None, 16.0 * 8.0, 6.0),
    ("facet_angle", "L4-L5", LEFT, 90.0, 0.5),
    ("facet_angle", "L4-L5", RIGHT, 90.0, 0.5),
    ("facet_tropism", "L4-L5", None, 0.0, 0.5),
    ("flavum_thickness", "L4-L5", LEFT, 4.0, 0.3),
    ("root_diameter", "L4-L5", LEFT, 3.0, 1e-9),
    ("drg_width", "L4-L5", LEFT, 4.5, 1e-9),
    ("drg_place", "L4-L5", LEFT, 1.0, 0.0),
    # From z = 12 down to the ganglion at the medial end of the middle two thirds.
    ("root_below_pedicle", "L4-L5", LEFT, 12 - 8.62 - 2.25, 0.3),
    ("root_above_pedicle", "L4-L5", LEFT, 5.4 - 1.5 + 7, 0.3),
    ("dura_medial_of_pedicle", "L4-L5", LEFT, 4.0, 0.5),
    ("pedicle_height", "L4", LEFT, 14.0, 1e-9),
    ("pedicle_height", "L5", RIGHT, 13.0, 1e-9),
    ("pedicle_width", "L4", RIGHT, 8.0, 1e-9),
    ("pedicle_width", "L5", LEFT, 8.0, 1e-9),
]


@pytest.mark.parametrize(
    ("quantity", "level", "side", "known", "error"),
    KNOWN,
    ids=[f"{row[0]}-{row[1]}-{row[2]}" for row in KNOWN],
)
def test_a_known_quantity_is_measured_within_its_error(
    measured: Measurements, quantity: str, level: str, side: Side | None, known: float, error: float
) -> None:
    row = measured.find(quantity, level, side)
    assert row is not None
    assert row.value == pytest.approx(known, abs=error + 1e-12)


def test_the_stated_uncertainty_covers_the_error_of_every_known_quantity(
    measured: Measurements,
) -> None:
    for quantity, level, side, known, _ in KNOWN:
        row = measured.find(quantity, level, side)
        assert row is not None
        assert row.value is not None
        assert row.uncertainty is not None
        assert abs(row.value - known) <= 2 * row.uncertainty + 1e-9, quantity


def test_the_ilium_is_met_at_its_posterior_edge(measured: Measurements) -> None:
    row = measured.find("ilium_axial_angle", "L4-L5", LEFT)
    assert row is not None
    assert row.reading.point_lps_mm == pytest.approx([60, 60, 0], abs=1.0)


def test_the_ilium_curve_ends_where_the_path_passes_above_the_crest(
    measured: Measurements,
) -> None:
    row = measured.find("ilium_axial_angle", "L4-L5", LEFT)
    assert row is not None
    assert row.reading.curve is not None
    curve = dict(row.reading.curve)
    assert curve[0.0] == row.value
    assert curve[40.0] == 90.0
    angles = [curve[phi] for phi in sorted(curve)]
    assert angles == sorted(angles)


def test_the_area_of_the_foramen_does_not_depend_on_the_voxel(build_spine) -> None:
    fine = Site(build_spine(spacing_mm=0.5), level=Level("L4", "L5"), side=LEFT)
    assert measure_foramen(fine)["foramen_area"].value == pytest.approx(190.0, abs=4.0)


def test_a_lordotic_segment_is_measured_with_its_sign(turn, a_spine_of_boxes: Anatomy) -> None:
    bent = _with_tilted_upper_plate(a_spine_of_boxes, turn(0, -12.0, (0, 0, 0)))
    readings = measure_alignment(Site(bent, level=Level("L4", "L5")))
    assert readings["segmental_lordosis"].value == pytest.approx(12.0, abs=1e-9)


@pytest.mark.parametrize("slip", [5, -3])
def test_an_upper_body_pushed_forward_has_a_positive_slip(build_spine, slip: int) -> None:
    body = (-22, 22, -17 - slip, 17 - slip, 5, 33)
    site = Site(build_spine(vertebra__L4=(body,)), level=Level("L4", "L5"))
    assert measure_alignment(site)["body_slip"].value == pytest.approx(slip, abs=0.1)


def _with_tilted_upper_plate(anatomy: Anatomy, move: RigidTransform) -> Anatomy:
    upper = anatomy.vertebra_frames["L4"]
    plate = upper.upper_plate
    tilted = RigidTransform.from_axes(
        plate.target, plate.source, move.rotation @ plate.rotation, plate.origin_mm
    )
    frames = dict(anatomy.vertebra_frames) | {"L4": replace(upper, upper_plate=tilted)}
    return replace(anatomy, vertebra_frames=frames)
