"""Rows A02 to A05 and G19: no vertebra is called by a name that the counts deny."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.e2e.command_line import run_kambin
from tests.unit.anatomy.box_spine import (
    BODIES,
    VALUES,
    box_spine,
    renamed,
    severities,
    with_labels,
    with_scheme,
    without,
)

from kambin.anatomy import Anatomy, Case, LevelScheme, check_case
from kambin.anatomy.levels import check_levels, find_levels, find_scheme, stack_vertebrae
from kambin.anatomy.survey import survey_labels
from kambin.core import Severity, find_blocking, find_unanswered
from kambin.exchange import read_case, write_case
from kambin.imaging import Grid
from kambin.planning.remarks import remark_index

ORDER = [f"vertebra:{name}" for name in BODIES]


@pytest.fixture(scope="module")
def a_clean_patient() -> Case:
    return box_spine()


def levels(case: Case) -> tuple:
    survey = survey_labels(case)
    stack = stack_vertebrae(survey)
    return check_levels(survey, stack, find_scheme(stack, case.confirmations), case.confirmations)


def shifted(case: Case, names: list[str]) -> Case:
    """Return the case whose vertebrae, from above, carry these names."""
    return renamed(case, dict(zip(ORDER, [f"vertebra:{n}" for n in names], strict=True)))


def test_counts_from_both_ends_agree_in_a_clean_patient(a_clean_patient):
    stack = stack_vertebrae(survey_labels(a_clean_patient))
    scheme = find_scheme(stack, ())

    assert levels(a_clean_patient) == ()
    assert (scheme.name, scheme.counted_from_sacrum, scheme.counted_from_rib) == (
        "5 lumbar",
        True,
        True,
    )
    assert find_levels(scheme) == ("T12-L1", "L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
    assert (stack.rib_vertebra, stack.rib_number) == ("T12", 12)


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["T11", "T12", "L1", "L2", "L3", "L4"], id="up"),
        pytest.param(["L1", "L2", "L3", "L4", "L5", "L6"], id="down"),
    ],
)
def test_a04_a_shift_by_one_level_blocks_when_both_ends_can_be_counted(a_clean_patient, names):
    findings = levels(shifted(a_clean_patient, names))

    assert severities(findings, "AN-113") == [Severity.BLOCK]


def test_a04_a_shift_seen_from_the_sacrum_alone_asks(a_clean_patient):
    ribless = without(a_clean_patient, "rib")

    findings = levels(shifted(ribless, ["T11", "T12", "L1", "L2", "L3", "L4"]))

    assert severities(findings, "AN-112") == [Severity.CONFIRM]


def test_a04_a_shift_seen_from_the_rib_alone_blocks(a_clean_patient):
    no_sacrum = without(a_clean_patient, "sacrum")

    findings = levels(shifted(no_sacrum, ["T11", "T12", "L1", "L2", "L3", "L4"]))

    assert severities(findings, "AN-113") == [Severity.BLOCK]


def test_a04_a_shift_by_two_levels_blocks_without_ribs(a_clean_patient):
    ribless = without(a_clean_patient, "rib")

    findings = levels(shifted(ribless, ["T10", "T11", "T12", "L1", "L2", "L3"]))

    assert severities(findings, "AN-113") == [Severity.BLOCK]


def test_a02_six_lumbar_vertebrae_ask_and_name_the_scheme(a_clean_patient):
    names = {"rib:12:left": "rib:12:left", "vertebra:T12": "vertebra:L1"}
    down = dict(zip(ORDER[1:], [f"vertebra:L{n}" for n in range(2, 7)], strict=True))
    ribless = without(a_clean_patient, "rib")

    case = renamed(ribless, names | down)

    assert find_scheme(stack_vertebrae(survey_labels(case)), ()).name == "6 lumbar"
    assert severities(levels(case), "AN-112") == [Severity.CONFIRM]


def test_a02_four_lumbar_vertebrae_with_a_rib_ask(a_clean_patient):
    case = without(a_clean_patient, "vertebra:L5")

    def lower_the_rest(values: np.ndarray) -> None:
        values[:, :, :64] = np.where(values[:, :, :64] == VALUES["sacrum"], 0, values[:, :, :64])
        values[84 - 30 : 84 + 30, 70:90, 30:53] = VALUES["sacrum"]

    findings = levels(with_labels(case, lower_the_rest))

    assert severities(findings, "AN-112") == [Severity.CONFIRM]


def test_a02_the_scheme_confirmed_by_a_person_answers_the_question(a_clean_patient):
    ribless = without(a_clean_patient, "rib")

    asked = check_case(ribless)
    answered = check_case(with_scheme(ribless, "5 lumbar"))

    assert [f.code for f in find_unanswered(asked.findings, ())] == ["AN-114"]
    assert find_unanswered(answered.findings, ()) == ()
    assert answered.scheme.confirmed_by == "Dr A"


def test_a02_the_answer_and_its_picture_stay_with_the_case_and_the_plan(a_clean_patient, tmp_path):
    """What the row asks of a plan: the person's choice and the picture it was made on."""
    folder = write_case(without(a_clean_patient, "rib"), tmp_path / "case")
    assert not (folder / "levels.png").exists()
    assert run_kambin("confirm", folder, "--by", "Dr A", "--scheme", "5 lumbar").code == 0
    assert (folder / "levels.png").read_bytes().startswith(b"\x89PNG")

    scheme = check_case(read_case(folder)).scheme
    (kept,) = remark_index(an_anatomy_with(scheme))
    assert (kept.code, kept.severity, kept.where) == ("AN-114", Severity.NOTE, "5 lumbar")
    assert kept.why.startswith("Dr A confirmed the count; vertebrae T12, L1, L2, L3, L4, L5, S1")
    assert remark_index(an_anatomy_with(replace(scheme, confirmed_by=""))) == []


def an_anatomy_with(scheme: LevelScheme) -> Anatomy:
    """An anatomy of which only the names of the levels are known."""
    grid = Grid(np.zeros(3), 1.0, (2, 2, 2), "patient")
    return Anatomy({}, {}, {}, scheme, grid, 1.0)


def test_a02_a_confirmed_scheme_that_the_labels_deny_blocks(a_clean_patient):
    findings = levels(with_scheme(a_clean_patient, "6 lumbar"))

    assert severities(findings, "AN-116") == [Severity.BLOCK]


def test_a02_the_last_confirmation_counts(a_clean_patient):
    twice = with_scheme(with_scheme(a_clean_patient, "6 lumbar"), "5 Lumbar ")

    assert levels(twice) == ()


def test_a03_without_sacrum_and_ribs_no_level_has_a_name(a_clean_patient):
    findings = levels(without(a_clean_patient, "rib", "sacrum"))

    assert severities(findings, "AN-115") == [Severity.BLOCK]


@pytest.mark.parametrize("missing", ["rib", "sacrum"])
def test_a03_a_count_from_one_end_alone_asks(a_clean_patient, missing):
    findings = levels(without(a_clean_patient, missing))

    assert severities(findings, "AN-114") == [Severity.CONFIRM]
    assert find_blocking(findings) == ()


def test_a03_ribs_far_from_the_labelled_vertebrae_are_not_counted(a_clean_patient):
    case = without(a_clean_patient, "vertebra:T12", "vertebra:L1")

    assert stack_vertebrae(survey_labels(case)).rib_number == 0


@settings(max_examples=15)
@given(first=st.integers(0, 4))
def test_a04_two_neighbours_exchanged_block(first):
    upper, lower = ORDER[first], ORDER[first + 1]

    findings = levels(renamed(_clean(), {upper: lower, lower: upper}))

    assert severities(findings, "AN-110") == [Severity.BLOCK]


@settings(max_examples=15)
@given(inner=st.integers(1, 4))
def test_a05_a_vertebra_missing_between_two_others_blocks(inner):
    findings = levels(without(_clean(), ORDER[inner]))

    assert severities(findings, "AN-111") == [Severity.BLOCK]


def test_a05_a_missing_lowest_vertebra_blocks(a_clean_patient):
    findings = levels(without(a_clean_patient, "vertebra:L5"))

    assert severities(findings, "AN-111") == [Severity.BLOCK]
    assert "sacrum" in findings[0].where


def test_a05_a_hole_that_the_names_hide_blocks(a_clean_patient):
    gone = without(a_clean_patient, "vertebra:L2")
    closed_up = {"vertebra:L1": "vertebra:L2", "vertebra:T12": "vertebra:L1"}

    findings = levels(renamed(gone, closed_up))

    assert severities(findings, "AN-111") == [Severity.BLOCK]


def test_g19_a_field_of_view_without_lumbar_spine_blocks_and_says_what_is_there(a_clean_patient):
    check = check_case(without(a_clean_patient, *(f"vertebra:L{n}" for n in range(1, 6))))

    assert severities(check.findings, "AN-100") == [Severity.BLOCK]
    assert "liver" in check.findings[0].why
    assert check.levels_present == ()


def test_g19_empty_labels_block(a_clean_patient):
    def erase(values: np.ndarray) -> None:
        values[:] = 0

    findings = check_case(with_labels(a_clean_patient, erase)).findings

    assert severities(findings, "AN-100") == [Severity.BLOCK]
    assert "nothing" in findings[0].why


def test_a03_a_marked_level_is_planned_on_by_name_with_its_picture(a_clean_patient, tmp_path):
    folder = write_case(without(a_clean_patient, "rib", "sacrum"), tmp_path / "case")
    stopped = run_kambin("plan", folder, "--level", "L3-L4", "--side", "left", "--json")
    assert (stopped.code, stopped.document["error"]["findings"][0]["code"]) == (4, "AN-115")

    unknown = run_kambin("confirm", folder, "--by", "Dr A", "--index", "L5-S1", "--json")
    assert (unknown.code, unknown.document["error"]["code"]) == (2, "RQ-062")
    nobody = run_kambin("confirm", folder, "--index", "L3-L4")
    assert nobody.code == 2
    assert not (folder / "index_level.png").exists()

    assert run_kambin("confirm", folder, "--by", "Dr A", "--index", "L3-L4").code == 0
    assert (folder / "index_level.png").read_bytes().startswith(b"\x89PNG")
    check = run_kambin("check", folder, "--json").document
    assert (check["scheme"], check["index_level"]) == ("index level, labelled L3-L4", "L3-L4")
    assert check["levels_present"][-1] == "L3-L4"
    assert "L4-L5" not in check["levels_present"]
    assert check["blocking"] == []
    # any other level of the same labels has no name at all
    other = run_kambin("plan", folder, "--level", "L4-L5", "--side", "left", "--zone", "central")
    assert other.code == 4
    assert "AN-152" in other.errors


def test_a03_a_level_is_not_marked_where_levels_are_counted(a_clean_patient, tmp_path):
    folder = write_case(without(a_clean_patient, "rib"), tmp_path / "case")
    refused = run_kambin("confirm", folder, "--by", "Dr A", "--index", "L3-L4", "--json")
    assert (refused.code, refused.document["error"]["code"]) == (2, "RQ-062")
    assert not (folder / "confirmations.json").exists()


_ONCE: list[Case] = []


def _clean() -> Case:
    """Return one clean patient for all hypothesis examples."""
    if not _ONCE:
        _ONCE.append(box_spine())
    return _ONCE[0]
