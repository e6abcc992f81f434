"""Order of axes, motion, mirroring and voxel size change what is measured of a made patient by
less than its stated uncertainty."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.measure.test_orders_and_spacing import in_order

from kambin.anatomy import Anatomy, DiscFrame, Level, Tube, VertebraFrame, complete
from kambin.frames import RigidTransform, Side
from kambin.imaging import LabelMap
from kambin.measure import Reading, Site
from kambin.measure.crest import measure_ilium_angle
from kambin.measure.discs import measure_disc_heights
from kambin.measure.foramen import measure_foramen
from kambin.measure.sections import measure_canal_sections
from kambin.measure.window_rows import measure_windows
from kambin.phantom import PhantomParameters, PhantomTruth, build_truth, paint_spine_case

LEVEL = Level("L3", "L4")
SPACING_MM = 2.0


def asked(spacing_mm: float) -> PhantomParameters:
    return PhantomParameters(LEVEL, Side.RIGHT, seed=104, spacing_mm=spacing_mm)


def readings(anatomy: Anatomy, side: Side = Side.LEFT) -> dict[str, Reading]:
    """Waist, windows in a slab, disc, canal and ilium of one side."""
    site = Site(anatomy, level=LEVEL, side=side)
    found = dict(measure_foramen(site))
    for measure in (measure_disc_heights, measure_canal_sections, measure_ilium_angle):
        found |= measure(site)
    return found | dict(measure_windows(site, view="oblique"))


@pytest.fixture(scope="module")
def a_truth() -> PhantomTruth:
    return build_truth(asked(SPACING_MM))


@pytest.fixture(scope="module")
def a_coarse_patient(a_truth: PhantomTruth) -> Anatomy:
    return complete(paint_spine_case(asked(SPACING_MM), (LEVEL,), truth=a_truth).case)


@pytest.fixture(scope="module")
def as_painted(a_coarse_patient: Anatomy) -> dict[str, Reading]:
    return readings(a_coarse_patient)


def assert_within(
    found: dict[str, Reading], expected: dict[str, Reading], *, sigmas: float = 1.0
) -> None:
    """Every value that both have differs by less than so many of the stated deviations."""
    assert found.keys() == expected.keys()
    far = {}
    for name, reading in found.items():
        other = expected[name]
        assert (reading.value is None) == (other.value is None), name
        if reading.value is None or other.value is None:
            continue
        limit = sigmas * (reading.uncertainty or 0.0) + 1e-6
        if abs(reading.value - other.value) > limit:
            far[name] = (reading.value, other.value, limit)
    assert far == {}


@pytest.mark.parametrize(
    ("order", "flips"), [((1, 2, 0), (False, True, False)), ((0, 2, 1), (True, True, True))]
)
def test_another_order_of_axes_changes_next_to_nothing(
    a_coarse_patient: Anatomy, as_painted: dict[str, Reading], order, flips
) -> None:
    assert as_painted["foramen_width"].value > 5
    assert as_painted["neural_window_diameter_oblique"].value > 1
    assert_within(readings(in_order(a_coarse_patient, order, flips)), as_painted, sigmas=0.2)


def moved(anatomy: Anatomy, move: RigidTransform) -> Anatomy:
    """The patient and everything known of it carried along by a rigid motion of LPS."""

    def frame(one: RigidTransform) -> RigidTransform:
        return move @ one if one.target == move.source else one

    def region(one: LabelMap) -> LabelMap:
        return LabelMap(one.values, move.matrix @ one.lps_from_ijk, one.frame_id)

    def tube(one: Tube | None) -> Tube | None:
        return one and replace(one, points_lps_mm=move.points(one.points_lps_mm))

    def vertebra(one: VertebraFrame) -> VertebraFrame:
        return replace(
            one,
            lps_from_vertebra=frame(one.lps_from_vertebra),
            upper_plate=frame(one.upper_plate),
            lower_plate=frame(one.lower_plate),
        )

    def disc(one: DiscFrame) -> DiscFrame:
        return replace(one, lps_from_disc=frame(one.lps_from_disc))

    return replace(
        anatomy,
        structures={
            key: replace(one, region=region(one.region), tube=tube(one.tube))
            for key, one in anatomy.structures.items()
        },
        vertebra_frames={name: vertebra(one) for name, one in anatomy.vertebra_frames.items()},
        disc_frames={level: disc(one) for level, one in anatomy.disc_frames.items()},
    )


def test_a_patient_who_lies_elsewhere_has_the_same_sizes(
    a_coarse_patient: Anatomy, as_painted: dict[str, Reading]
) -> None:
    turn_rad = np.radians(17.0)
    matrix = np.eye(4)
    matrix[:2, :2] = [
        [np.cos(turn_rad), -np.sin(turn_rad)],
        [np.sin(turn_rad), np.cos(turn_rad)],
    ]
    matrix[:3, 3] = 31.0, -7.0, 113.0
    there = readings(moved(a_coarse_patient, RigidTransform("lps", "lps", matrix)))
    # The angle past the ilium is taken in the patient's own frame, which turned.
    kept = {name: one for name, one in as_painted.items() if not name.startswith("ilium")}
    there = {name: one for name, one in there.items() if name in kept}
    assert_within(there, kept, sigmas=0.2)


def mirrored(labels: LabelMap, centre_mm: float) -> LabelMap:
    """The labels as a mirror held sagittally shows them."""
    affine = labels.lps_from_ijk.copy()
    count = labels.shape[0] - 1
    affine[0, 3] = 2 * centre_mm - (affine[0, 3] + affine[0, 0] * count)
    return LabelMap(np.ascontiguousarray(labels.values[::-1]), affine, labels.frame_id)


def test_the_left_side_of_the_mirrored_patient_is_the_right_one(
    a_truth: PhantomTruth, a_coarse_patient: Anatomy
) -> None:
    case = paint_spine_case(asked(SPACING_MM), (LEVEL,), truth=a_truth).case
    names = {
        value: replace(key, side=key.side.opposite) if key.side else key
        for value, key in case.names.items()
    }
    other = complete(replace(case, labels=mirrored(case.labels, 0.0), names=names))
    assert_within(readings(other), readings(a_coarse_patient, Side.RIGHT))


def test_smaller_voxels_change_less_than_the_stated_error(
    a_truth: PhantomTruth, as_painted: dict[str, Reading]
) -> None:
    finer = complete(paint_spine_case(asked(1.6), (LEVEL,), truth=a_truth).case)
    # Two deviations, as of any two measurements that err apart; the bias at its larger end.
    found, expected = readings(finer), {}
    for name, one in as_painted.items():
        bias = max(map(abs, one.bias or (0.0,)))
        sigma = np.hypot(one.uncertainty or 0.0, found[name].uncertainty or 0.0)
        expected[name] = one
        found[name] = replace(found[name], uncertainty=float(2 * sigma + bias))
    assert_within(found, expected)
