"""A stretch of spine painted on its own is the same patient as the whole one."""

import numpy as np
import pytest

from kambin.anatomy import Level, StructureKey
from kambin.core import AnatomyError
from kambin.phantom import Phantom, PhantomParameters, SpineCase, paint_spine_case
from kambin.phantom.given import name_given, paint_given

key = StructureKey.parse


@pytest.fixture(scope="module")
def a_stretch(a_usual_patient: PhantomParameters, a_phantom: Phantom) -> SpineCase:
    """L3-L4 of the usual patient, from L2 to L5."""
    return paint_spine_case(a_usual_patient, (Level("L3", "L4"),), truth=a_phantom.truth)


def test_its_voxels_are_those_of_the_whole_patient(a_stretch: SpineCase, a_phantom: Phantom):
    labels = a_stretch.case.labels
    corner = a_phantom.labels.ijk(labels.lps_mm([0, 0, 0])).tolist()
    np.testing.assert_allclose(corner, np.round(corner), atol=1e-9)
    box = tuple(slice(round(a), round(a) + n) for a, n in zip(corner, labels.shape, strict=True))
    whole = a_phantom.labels.values[box]
    assert whole.shape == labels.shape
    assert dict(a_stretch.case.names) == dict(a_phantom.names)
    assert (whole != labels.values).sum() <= 3
    assert a_phantom.labels.values.size > 5 * labels.values.size


def test_the_wanted_vertebrae_and_one_more_on_each_side_are_whole(
    a_stretch: SpineCase, a_phantom: Phantom
):
    numbers = {str(k): n for n, k in a_phantom.names.items()}
    ours, whole = (
        np.bincount(m.values.ravel(), minlength=256)
        for m in (a_stretch.case.labels, a_phantom.labels)
    )
    for name in ("L2", "L3", "L4", "L5"):
        number = numbers[f"vertebra:{name}"]
        assert ours[number] == pytest.approx(whole[number], abs=2)
    assert ours[numbers["vertebra:T12"]] < 0.5 * whole[numbers["vertebra:T12"]]
    assert ours[numbers["liver"]] < 0.1 * whole[numbers["liver"]]


def test_its_truth_lies_on_its_grid(a_stretch: SpineCase, a_usual_patient: PhantomParameters):
    parts = a_stretch.truth.labels(a_usual_patient.spacing_mm)
    np.testing.assert_array_equal(parts.lps_from_ijk, a_stretch.case.labels.lps_from_ijk)
    number = {k: n for n, k in a_stretch.truth.names.items()}[key("disc:L3-L4")]
    assert (parts.values == number).sum() > 200
    assert key("exiting_root:L3:left") in a_stretch.truth.centre_lines


def test_without_levels_it_is_that_of_the_herniation(a_usual_patient, a_phantom):
    stretch = paint_spine_case(a_usual_patient, truth=a_phantom.truth)
    numbers = {str(k): n for n, k in stretch.case.names.items()}
    counts = np.bincount(stretch.case.labels.values.ravel(), minlength=256)
    assert counts[numbers["sacrum"]] > 1000
    assert counts[numbers["vertebra:L1"]] < 0.3 * counts[numbers["vertebra:L4"]]


def test_a_level_this_patient_lacks_is_refused(a_usual_patient, a_phantom):
    with pytest.raises(AnatomyError, match="AN-180"):
        paint_spine_case(a_usual_patient, (Level("L6", "S1"),), truth=a_phantom.truth)


def test_a_part_gets_the_label_of_its_whole_and_what_is_not_given_none(
    a_phantom: Phantom, a_usual_patient: PhantomParameters
):
    truth = a_phantom.truth
    names = name_given(truth.shapes, a_usual_patient)
    assert names == dict(a_phantom.names)
    value_of = {str(k): n for n, k in truth.names.items()}
    parts = np.array([0, value_of["sap:L4:left"], value_of["dural_sac"]], dtype=np.uint8)
    found = paint_given(parts, truth.shapes, truth.names, a_usual_patient)
    assert found[0] == found[2] == 0
    assert str(names[int(found[1])]) == "vertebra:L4"
