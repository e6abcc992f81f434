"""Mirror the patient left to right: sides swap, and nothing else changes."""

import numpy as np
import pytest
from tests.unit.anatomy.box_bones import GRID, box_bones, completed_boxes, mirrored_bones
from tests.unit.anatomy.box_spine import box_spine, mirrored, with_sides_swapped

from kambin.anatomy import StructureKey, check_case
from kambin.anatomy.canal import region_on_grid
from kambin.anatomy.laterality import find_witnesses, fit_midsagittal_plane
from kambin.anatomy.nerves import NerveCompletion, complete_nerves
from kambin.anatomy.survey import survey_labels


@pytest.fixture(scope="module")
def nerves_and_their_mirror_twin() -> tuple[NerveCompletion, NerveCompletion]:
    return completed_boxes(), complete_nerves(mirrored_bones(box_bones()))


def swapped(key: StructureKey) -> StructureKey:
    return StructureKey(key.kind, key.place, key.side.opposite if key.side else None)


def test_the_mirrored_patient_has_the_mirrored_roots(nerves_and_their_mirror_twin):
    nerves, twin = nerves_and_their_mirror_twin

    assert {swapped(k) for k in nerves.structures} == set(twin.structures)
    for key, structure in nerves.structures.items():
        if structure.tube is None:
            continue
        other = twin.structures[swapped(key)].tube
        assert other is not None
        np.testing.assert_allclose(
            structure.tube.points_lps_mm * [-1.0, 1.0, 1.0], other.points_lps_mm, atol=0.05
        )
        np.testing.assert_allclose(structure.tube.radii_mm, other.radii_mm, atol=0.05)


def test_the_mirrored_patient_has_the_mirrored_sac_and_flavum(nerves_and_their_mirror_twin):
    nerves, twin = nerves_and_their_mirror_twin

    for kind in ("dural_sac", "canal", "flavum"):
        for key in (k for k in nerves.structures if k.kind == kind):
            here = region_on_grid(nerves.structures[key], GRID)
            there = region_on_grid(twin.structures[key], GRID)[::-1]
            assert np.count_nonzero(here ^ there) <= 0.002 * np.count_nonzero(here), key


def test_quality_values_do_not_depend_on_the_side(nerves_and_their_mirror_twin):
    nerves, twin = nerves_and_their_mirror_twin

    for key, structure in nerves.structures.items():
        other = twin.structures[swapped(key)].quality
        for name, number in structure.quality.items():
            assert number == pytest.approx(other[name], abs=0.05), (key, name)


def test_the_mid_sagittal_plane_mirrors_with_the_patient():
    case = box_spine()
    plane = fit_midsagittal_plane(survey_labels(case))
    twin = fit_midsagittal_plane(survey_labels(mirrored(case)))

    np.testing.assert_allclose(twin.point_lps_mm, plane.point_lps_mm * [-1, 1, 1], atol=1e-6)
    np.testing.assert_allclose(twin.normal_lps, plane.normal_lps * [1, -1, -1], atol=1e-6)


def test_every_witness_changes_its_mind_in_the_mirror():
    case = box_spine()
    survey, twin = survey_labels(case), survey_labels(mirrored(with_sides_swapped(case)))
    here = find_witnesses(survey, fit_midsagittal_plane(survey))
    there = find_witnesses(twin, fit_midsagittal_plane(twin))

    assert {w.name: w.situs for w in here} == dict.fromkeys((w.name for w in here), "usual")
    assert {w.name: w.situs for w in there} == dict.fromkeys((w.name for w in here), "mirrored")


def test_apart_from_the_side_the_checks_say_the_same_of_the_mirrored_patient():
    case = box_spine()

    here = check_case(case)
    there = check_case(mirrored(with_sides_swapped(case)))

    assert there.scheme == here.scheme
    assert there.levels_present == here.levels_present
    assert [f.code for f in there.findings if f.code != "AN-103"] == [f.code for f in here.findings]
