"""The mid-sagittal plane comes from the bones alone, the witnesses from organs alone."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.box_spine import box_spine, without

from kambin.anatomy import Case
from kambin.anatomy.laterality import (
    MidsagittalPlane,
    Situs,
    Witness,
    enough_weight,
    find_witnesses,
    fit_midsagittal_plane,
    weight_of,
)
from kambin.anatomy.survey import survey_labels
from kambin.imaging import LabelMap


@pytest.fixture(scope="module")
def a_clean_patient() -> Case:
    return box_spine()


def turned(case: Case, yaw_deg: float) -> Case:
    """Return the case turned about its long axis, by its affine alone."""
    angle = np.radians(yaw_deg)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    labels = case.labels
    moved = LabelMap(labels.values, turn @ labels.lps_from_ijk, labels.frame_id)
    return replace(case, labels=moved, image=None)


def test_bodies_without_processes_have_the_plane_of_the_file(a_clean_patient):
    values = np.zeros_like(a_clean_patient.labels.values)
    numbers = {str(name): number for number, name in a_clean_patient.names.items()}
    for name, low in (("vertebra:L4", 20), ("vertebra:L3", 40)):
        values[30:51, 40:61, low : low + 10] = numbers[name]
    labels = replace(a_clean_patient.labels, values=values)
    bodies = replace(a_clean_patient, labels=labels, image=None)
    plane = fit_midsagittal_plane(survey_labels(bodies))
    assert np.abs(plane.normal_lps) == pytest.approx([1.0, 0.0, 0.0], abs=1e-6)


def test_distances_left_of_a_plane_are_signed():
    plane = MidsagittalPlane(np.array([5.0, 0, 0]), np.array([1.0, 0, 0]))

    assert plane.left_mm([[8.0, 1, 2], [1.0, 1, 2]]).tolist() == [3.0, -4.0]


def test_the_plane_lies_in_the_middle_of_the_bones(a_clean_patient):
    plane = fit_midsagittal_plane(survey_labels(a_clean_patient))

    np.testing.assert_allclose(plane.normal_lps, [1, 0, 0], atol=0.02)
    assert plane.left_mm([0.0, 0, 100]) == pytest.approx(0.0, abs=0.8)


@pytest.mark.parametrize("yaw_deg", [-25.0, 10.0])
def test_the_plane_turns_with_the_patient(a_clean_patient, yaw_deg):
    plane = fit_midsagittal_plane(survey_labels(turned(a_clean_patient, yaw_deg)))

    angle = np.degrees(np.arctan2(plane.normal_lps[1], plane.normal_lps[0]))
    assert angle == pytest.approx(yaw_deg, abs=1.0)


@pytest.mark.parametrize("yaw_deg", [0.0, -25.0, 10.0])
def test_every_witness_of_a_usual_patient_says_so(a_clean_patient, yaw_deg):
    survey = survey_labels(turned(a_clean_patient, yaw_deg))
    witnesses = find_witnesses(survey, fit_midsagittal_plane(survey))

    assert {w.name for w in witnesses} == {
        "liver",
        "spleen",
        "aorta left of vena cava",
        "right kidney lower",
    }
    assert {w.situs for w in witnesses} == {Situs.USUAL}
    assert weight_of(witnesses, Situs.USUAL) == 3.25


def test_a_missing_organ_is_no_witness(a_clean_patient):
    survey = survey_labels(without(a_clean_patient, "liver", "vena_cava", "kidney:left"))

    names = {w.name for w in find_witnesses(survey, fit_midsagittal_plane(survey))}

    assert names == {"spleen"}


def test_vessels_beside_other_levels_are_no_witness(a_clean_patient):
    survey = survey_labels(without(a_clean_patient, *(f"vertebra:L{n}" for n in range(1, 5))))

    names = {w.name for w in find_witnesses(survey, fit_midsagittal_plane(survey))}

    assert "aorta left of vena cava" not in names


def test_weights_are_summed_by_what_the_witnesses_say():
    said = (
        Witness("liver", Situs.USUAL, 1.0, -60.0),
        Witness("spleen", Situs.MIRRORED, 1.0, -60.0),
        Witness("stomach", Situs.USUAL, 0.5, 20.0),
    )

    assert weight_of(said, Situs.USUAL) == 1.5
    assert weight_of(said, Situs.MIRRORED) == 1.0
    assert weight_of(said, Situs.UNDECIDED) == 0.0
    assert enough_weight() == 2.0


def test_an_organ_in_the_midline_stays_undecided(a_clean_patient):
    values = a_clean_patient.labels.values.copy()
    liver = next(v for v, k in a_clean_patient.names.items() if k.kind == "liver")
    values[values == liver] = 0
    values[80:90, 10:20, 150:160] = liver
    case = replace(
        a_clean_patient,
        labels=LabelMap(values, a_clean_patient.labels.lps_from_ijk, "f"),
        image=None,
    )
    survey = survey_labels(case)

    witness = next(
        w for w in find_witnesses(survey, fit_midsagittal_plane(survey)) if w.name == "liver"
    )

    assert witness.situs is Situs.UNDECIDED
