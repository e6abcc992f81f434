"""Hazards without a mask are named one by one, with how much each stops."""

import numpy as np
import pytest
from tests.unit.anatomy.tiny_column import NUMBER_OF, tiny_survey, tiny_values

from kambin.anatomy.check_presence import check_lumbar_spine, check_presence
from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.survey import Survey
from kambin.core import Severity, read_codes, require_code

VESSELS = ("aorta", "vena_cava", "iliac_artery:left", "iliac_vein:right")
ORGANS = ("colon", "small_bowel", "kidney:left")
NERVES = ("exiting_root:L4:left", "drg:L4:left")
ALL = (*VESSELS, *ORGANS, *NERVES)


def with_voxels_of(*names: str) -> Survey:
    """The column with one voxel for each further name."""
    values = tiny_values()
    keys = {n: f"vertebra:{v}" for v, n in NUMBER_OF.items()}
    for number, name in enumerate(names, start=10):
        values[0, 0, number] = number
        keys[number] = name
    return tiny_survey(values, keys)


def by_code(survey: Survey) -> dict[str, tuple[Severity, str]]:
    return {f.code: (f.severity, f.where) for f in check_presence(survey)}


def test_with_every_hazard_labelled_nothing_is_said():
    assert check_presence(with_voxels_of(*ALL)) == ()


def test_without_any_hazard_three_findings_name_all_kinds():
    assert by_code(with_voxels_of()) == {
        "AN-140": (Severity.CONFIRM, "aorta, vena_cava, iliac_artery, iliac_vein"),
        "AN-141": (Severity.CONFIRM, "colon, small_bowel, kidney"),
        "AN-142": (Severity.NOTE, "exiting_root, drg"),
    }


@pytest.mark.parametrize(
    ("missing", "code", "severity"),
    [
        *((name, "AN-140", Severity.CONFIRM) for name in VESSELS),
        *((name, "AN-141", Severity.CONFIRM) for name in ORGANS),
        *((name, "AN-142", Severity.NOTE) for name in NERVES),
    ],
)
def test_a_single_missing_hazard_is_named_alone(missing, code, severity):
    survey = with_voxels_of(*(name for name in ALL if name != missing))
    assert by_code(survey) == {code: (severity, missing.split(":")[0])}


def test_one_side_is_enough_to_say_that_the_kind_was_looked_at():
    assert by_code(with_voxels_of(*ALL)) == {}


def test_a_name_without_voxels_is_missing():
    keys = {n: f"vertebra:{v}" for v, n in NUMBER_OF.items()} | {50: "aorta"}
    assert "aorta" in by_code(tiny_survey(names=keys))["AN-140"][1]


def test_a_lumbar_vertebra_makes_a_lumbar_spine():
    assert check_lumbar_spine(with_voxels_of()) == ()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({1: "vertebra:T12", 2: "liver"}, "The labels hold liver, vertebra:T12."),
        ({1: "sacrum"}, "The labels hold sacrum."),
        ({99: "vertebra:L4"}, "The labels hold nothing."),
        ({}, "The labels hold nothing."),
    ],
)
def test_without_a_lumbar_vertebra_what_is_there_is_said(names, said):
    (finding,) = check_lumbar_spine(tiny_survey(names=names))
    assert (finding.code, finding.severity) == ("AN-100", Severity.BLOCK)
    assert (finding.where, finding.why) == ("labels", said)


def test_what_is_said_does_not_depend_on_the_numbers_of_the_labels():
    values = np.zeros((4, 4, 4), dtype=np.uint8)
    values[0, 0, 0], values[1, 1, 1] = 1, 2
    one = check_lumbar_spine(tiny_survey(values, {1: "liver", 2: "spleen"}))
    other = check_lumbar_spine(tiny_survey(values, {1: "spleen", 2: "liver"}))
    assert one == other


@pytest.mark.parametrize("code", [c for c in read_codes() if c.startswith("AN-1")])
def test_a_finding_takes_its_words_from_the_registry(code):
    finding = finding_of(code, Severity.NOTE, where="here", why="because")
    registered = require_code(code)
    assert (finding.what, finding.next_step) == (registered.title, registered.next_step)
    assert (finding.code, finding.where, finding.why) == (code, "here", "because")


def test_a_finding_of_no_registered_code_is_a_bug_of_ours():
    with pytest.raises(LookupError, match="AN-998"):
        finding_of("AN-998", Severity.NOTE, where="", why="")
