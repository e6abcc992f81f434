"""Mirror, scale and move the patient: sides swap, units scale, and nothing else changes."""

import pytest

from kambin.anatomy import Anatomy, Case
from kambin.frames import Side
from kambin.measure import QUANTITIES, Measurements, Place, Quantity, measure_case

MEASURED = [name for name, kind in QUANTITIES.items() if kind.place is not Place.SPINE]
SCALE = 1.2
POWERS = {"mm": 1, "mm2": 2, "mm3": 3, "deg": 0, "1": 0}

# Lattice, pixels and the 3 mm closing do not scale with the patient; boundaries found on
# them may shift by a fifth of a millimetre.
TOLERANCES = {"mm": 0.25, "mm2": 6.0, "mm3": 1e-6, "deg": 0.3, "1": 0.0}
PATIENT_FRAME = (
    "crest_height",
    "crest_class",
    "ilium_axial_angle",
    "ilium_operable",
    "organ_free_angle",
    "organ_contact_angle",
)
# Lengths the definition fixes do not grow with the patient: the slab about the waist, the
# margin to organs, the gate, the first 10 mm of a root.
# A window is seen over a fixed depth: a larger patient shows other parts of its bones.
FIXED = (
    "organ_free_angle",
    "facet_root_gate",
    "root_takeoff_angle",
    "foramen_volume",
    *(q for q in MEASURED if "_window_" in q),
)
# Summed over pixels of a lattice that does not move along, or the rim found on its rays.
COARSE = {"foramen_volume": 12.0, "disc_height_index": 0.001}


@pytest.fixture(scope="module")
def mirrored(build_spine, a_case: Case) -> Measurements:
    return measure_case(build_spine(mirrored=True), a_case)


@pytest.fixture(scope="module")
def scaled(build_spine, a_case: Case) -> Measurements:
    return measure_case(build_spine(scale=SCALE), a_case)


@pytest.fixture(scope="module")
def moved(build_spine, a_case: Case, turn) -> Measurements:
    return measure_case(build_spine(moved=turn(2, 25.0, (31.0, -7.0, 113.0))), a_case)


def _partner(measurements: Measurements, row: Quantity, *, swap: bool = False) -> Quantity:
    side = row.side.opposite if swap and row.side else row.side
    found = measurements.find(row.quantity, row.level, side)
    assert found is not None
    return found


@pytest.mark.parametrize("quantity", MEASURED)
def test_mirroring_the_patient_swaps_the_sides_and_nothing_else(
    measured: Measurements, mirrored: Measurements, quantity: str
) -> None:
    for row in (r for r in measured if r.quantity == quantity):
        other = _partner(mirrored, row, swap=True)
        assert other.value == pytest.approx(row.value, abs=1e-6)
        assert other.uncertainty == pytest.approx(row.uncertainty, abs=1e-6)


def test_mirroring_the_patient_mirrors_the_points(
    measured: Measurements, mirrored: Measurements
) -> None:
    for row in (r for r in measured if r.reading.point_lps_mm is not None):
        other = _partner(mirrored, row, swap=True)
        assert other.reading.point_lps_mm == pytest.approx(
            row.reading.point_lps_mm * [-1, 1, 1], abs=1e-6
        )


@pytest.mark.parametrize("quantity", [q for q in MEASURED if q not in FIXED])
def test_a_larger_patient_scales_each_quantity_as_its_unit_says(
    measured: Measurements, scaled: Measurements, quantity: str
) -> None:
    unit = QUANTITIES[quantity].unit
    for row in (r for r in measured if r.quantity == quantity):
        expected = row.value * SCALE ** POWERS[unit]
        error = COARSE.get(quantity, TOLERANCES[unit]) + 1e-9
        assert _partner(scaled, row).value == pytest.approx(expected, abs=error)


def test_the_scaling_check_can_tell_a_wrong_unit(
    measured: Measurements, scaled: Measurements
) -> None:
    row = measured.find("foramen_area", "L4-L5", Side.LEFT)
    assert row is not None
    wrong = row.value * SCALE ** POWERS["mm"]
    assert abs(_partner(scaled, row).value - wrong) > 3 * TOLERANCES["mm2"]


@pytest.mark.parametrize("quantity", [q for q in MEASURED if q not in PATIENT_FRAME])
def test_a_patient_who_lies_differently_has_the_same_spine(
    measured: Measurements, moved: Measurements, quantity: str
) -> None:
    error = COARSE.get(quantity, TOLERANCES[QUANTITIES[quantity].unit]) + 1e-9
    for row in (r for r in measured if r.quantity == quantity):
        assert _partner(moved, row).value == pytest.approx(row.value, abs=error)


def test_two_measurements_are_the_same(
    measured: Measurements, a_spine_of_boxes: Anatomy, a_case: Case
) -> None:
    again = measure_case(a_spine_of_boxes, a_case, side=Side.LEFT)
    for row in again:
        assert row.as_document() == _partner(measured, row).as_document()
