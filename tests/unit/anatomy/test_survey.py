"""The survey of the labels notes what is there, where, and how much of it."""

from dataclasses import replace

import numpy as np
import pytest

from kambin.anatomy import Case, StructureKey
from kambin.anatomy._survey_kernels import tally_labels
from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.survey import component_volumes_mm3, survey_labels, voxel_volume_mm3
from kambin.core import Severity, require_code
from kambin.imaging import LabelMap

AFFINE = np.array(
    [[2.0, 0, 0, 10.0], [0, 1.0, 0, 20.0], [0, 0, 3.0, 30.0], [0, 0, 0, 1.0]], dtype=float
)
NAMES = {
    1: StructureKey("liver"),
    2: StructureKey("spleen"),
    5: StructureKey("liver"),
    7: StructureKey("colon"),
}


@pytest.fixture
def a_tiny_case() -> Case:
    values = np.zeros((6, 6, 6), dtype=np.int16)
    values[1:3, 1, 1] = 1
    values[4, 4, 4] = 5
    values[0, 5, 2] = 2
    return Case(None, LabelMap(values, AFFINE, "f"), NAMES, "tiny")


def test_values_with_one_name_are_one_structure(a_tiny_case):
    survey = survey_labels(a_tiny_case)
    liver = survey.find("liver")

    assert liver is not None
    assert liver.values == (1, 5)
    assert liver.volume_mm3 == 3 * 6.0
    assert survey.repeated == (StructureKey("liver"),)


def test_centre_and_border_contact_are_in_the_patient_frame(a_tiny_case):
    survey = survey_labels(a_tiny_case)
    spleen, liver = survey.find("spleen"), survey.find("liver")

    assert spleen is not None
    assert liver is not None
    np.testing.assert_allclose(spleen.centroid_lps_mm, [10.0, 25.0, 36.0])
    assert spleen.border_faces == 2
    assert liver.border_faces == 0
    np.testing.assert_allclose(liver.centroid_lps_mm, [10 + 2 * 7 / 3, 22.0, 36.0])


def test_names_without_voxels_are_empty_not_found(a_tiny_case):
    survey = survey_labels(a_tiny_case)

    assert survey.empty == (StructureKey("colon"),)
    assert survey.find("colon") is None
    assert survey.of_kind("colon") == ()


def test_mask_and_points_agree(a_tiny_case):
    survey = survey_labels(a_tiny_case)
    liver = survey.find("liver")

    assert liver is not None
    assert liver.mask(survey.labels).sum() == 3
    assert liver.mask(survey.labels, margin_voxels=1).shape == (6, 6, 6)
    np.testing.assert_allclose(
        liver.points_lps_mm(survey.labels).mean(axis=0), liver.centroid_lps_mm
    )


def test_pieces_are_measured_from_the_largest_down(a_tiny_case):
    survey = survey_labels(a_tiny_case)
    liver = survey.find("liver")

    assert liver is not None
    assert component_volumes_mm3(liver, survey.labels).tolist() == [12.0, 6.0]
    assert voxel_volume_mm3(survey.labels) == 6.0


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64])
def test_every_label_is_counted_and_placed_in_one_pass(rng, dtype):
    values = rng.integers(0, 6, (7, 5, 9)).astype(dtype)
    values[3, 2, :] = 200 if dtype is np.uint8 else -4

    counts, sums, low, high = tally_labels(values, 4)

    assert counts[0] == 0
    for number in range(1, 5):
        ijk = np.argwhere(values == number)
        assert counts[number] == len(ijk)
        assert sums[number].tolist() == ijk.sum(axis=0).tolist()
        assert low[number].tolist() == ijk.min(axis=0).tolist()
        assert high[number].tolist() == ijk.max(axis=0).tolist()


def test_the_body_is_part_of_the_survey_where_something_shows_it(a_tiny_case):
    assert survey_labels(a_tiny_case).body is None

    skinned = survey_labels(replace(a_tiny_case, names={**NAMES, 2: StructureKey("skin")}))
    assert skinned.body is not None
    assert skinned.body.values.sum() == 4


def test_labels_of_one_bit_are_understood():
    values = np.zeros((3, 3, 3), dtype=bool)
    values[1, 1, 1] = True
    case = Case(None, LabelMap(values, AFFINE, "f"), {1: StructureKey("liver")}, "tiny")

    assert survey_labels(case).find("liver") is not None


def test_a_finding_takes_its_words_from_the_registry():
    finding = finding_of("AN-101", Severity.BLOCK, where="kidney:left", why="It lies right.")

    assert finding.what == require_code("AN-101").title
    assert finding.next_step == require_code("AN-101").next_step


def test_a_finding_with_an_unregistered_code_is_a_bug():
    with pytest.raises(LookupError, match="AN-999"):
        finding_of("AN-999", Severity.NOTE, where="", why="")
