"""The counts of the vertebrae from both ends, on stacks written down by hand."""

from dataclasses import replace

import numpy as np
import pytest

from kambin.anatomy import Confirmation, LevelScheme, StructureKey
from kambin.anatomy.levels import (
    VertebralStack,
    check_levels,
    find_levels,
    find_scheme,
    stack_vertebrae,
)
from kambin.anatomy.survey import FoundStructure, Survey
from kambin.core import Finding, Severity
from kambin.imaging import LabelMap

STEP_MM = 35.0
USUAL = ("T12", "L1", "L2", "L3", "L4", "L5")


def found(kind: str, place: str, z_mm: float, *, faces: int = 0, k: int = 0) -> FoundStructure:
    box = (slice(1, 2), slice(1, 2), slice(k, k + 1))
    centre = np.array([0.0, 0.0, z_mm])
    return FoundStructure(StructureKey(kind, place), (k + 1,), box, 1.0, centre, faces)


def stack_of(
    *names: str, sacrum: bool = True, rib: tuple[str, int] = ("T12", 12), step_mm: float = STEP_MM
) -> VertebralStack:
    """Vertebrae at even steps, as they lie from cranial to caudal."""
    column = tuple(
        found("vertebra", name, -step_mm * row, k=row + 2) for row, name in enumerate(names)
    )
    base = found("sacrum", "", -step_mm * len(names), k=len(names) + 2) if sacrum else None
    return VertebralStack(column, base, *rib)


def survey_of(stack: VertebralStack) -> Survey:
    """One voxel for each vertebra of a stack, 1 mm apart, so that all touch the sacrum."""
    values = np.zeros((3, 3, 16), dtype=np.uint8)
    parts = [*stack.vertebrae, *([stack.sacrum] if stack.sacrum else [])]
    for part in parts:
        values[part.box] = part.values[0]
    labels = LabelMap(values, np.eye(4), "stack")
    return Survey(labels, {part.key: part for part in parts}, (), ())


def findings_of(stack: VertebralStack, *said: Confirmation) -> tuple[Finding, ...]:
    return check_levels(survey_of(stack), stack, find_scheme(stack, said), said)


def codes_of(stack: VertebralStack, *said: Confirmation) -> list[tuple[str, Severity]]:
    return [(f.code, f.severity) for f in findings_of(stack, *said)]


def scheme_said(text: str, by: str = "Dr A") -> Confirmation:
    return Confirmation(by, "2026-01-01T00:00:00Z", "scheme", text)


def test_two_counts_that_agree_need_no_answer():
    assert codes_of(stack_of(*USUAL)) == []


@pytest.mark.parametrize(
    ("names", "sacrum", "rib", "code", "severity"),
    [
        ((*USUAL, "L6"), True, ("T12", 12), "AN-112", Severity.CONFIRM),
        (USUAL[:-1], True, ("T12", 12), "AN-112", Severity.CONFIRM),
        (USUAL, True, ("L1", 12), "AN-112", Severity.CONFIRM),
        ((*USUAL, "L6"), True, ("L1", 12), "AN-113", Severity.BLOCK),
        (USUAL, True, ("", 0), "AN-114", Severity.CONFIRM),
        (USUAL, False, ("T12", 12), "AN-114", Severity.CONFIRM),
        ((*USUAL, "L6"), True, ("", 0), "AN-112", Severity.CONFIRM),
        (USUAL[:-1], True, ("", 0), "AN-112", Severity.CONFIRM),
        (USUAL[:-2], True, ("", 0), "AN-113", Severity.BLOCK),
        (USUAL, False, ("L1", 12), "AN-113", Severity.BLOCK),
        (USUAL, False, ("", 0), "AN-115", Severity.BLOCK),
    ],
)
def test_the_counts_from_both_ends_decide(names, sacrum, rib, code, severity):
    assert codes_of(stack_of(*names, sacrum=sacrum, rib=rib)) == [(code, severity)]


def test_an_eleventh_rib_on_t11_fits_as_well():
    stack = stack_of("T11", *USUAL, rib=("T11", 11))
    assert codes_of(stack) == []


def test_a_count_is_told_in_words_with_what_was_expected():
    (finding,) = findings_of(stack_of(*USUAL, "L6"))
    assert finding.where == "6 lumbar; vertebrae T12, L1, L2, L3, L4, L5, L6, S1"
    assert "L6 stands on it (expected L5)" in finding.why
    assert "rib 12 belongs to T12 (expected T12)" in finding.why


def test_a_count_that_is_missing_is_told_in_words():
    (finding,) = findings_of(stack_of(*USUAL, sacrum=False, rib=("", 0)))
    assert "No sacrum is labelled" in finding.why
    assert "No rib reaches" in finding.why


@pytest.mark.parametrize("first", range(5))
def test_two_exchanged_neighbours_block(first):
    names = list(USUAL)
    names[first], names[first + 1] = names[first + 1], names[first]
    codes = codes_of(stack_of(*names))
    assert ("AN-110", Severity.BLOCK) in codes
    assert not {"AN-112", "AN-113", "AN-114", "AN-115"} & {code for code, _ in codes}


def test_names_that_run_backwards_are_head_and_feet():
    codes = codes_of(stack_of(*USUAL[::-1]))
    assert codes[0] == ("AN-106", Severity.BLOCK)
    assert "AN-110" not in {code for code, _ in codes}


@pytest.mark.parametrize("gone", USUAL[1:-1])
def test_a_name_that_is_skipped_blocks_and_says_between_whom(gone):
    (finding,) = findings_of(stack_of(*(name for name in USUAL if name != gone)))
    above, below = USUAL[USUAL.index(gone) - 1], USUAL[USUAL.index(gone) + 1]
    assert (finding.code, finding.severity) == ("AN-111", Severity.BLOCK)
    assert finding.where == f"between {above} and {below}"
    assert f"No voxel is named {gone}" in finding.why


@pytest.mark.parametrize(
    ("factor", "fires"), [(1.5, False), (1.7, True), (0.6, False), (0.4, True)]
)
def test_a_step_that_no_name_explains_blocks_beyond_its_limits(factor, fires):
    stack = stack_of(*USUAL)
    z = stack.vertebrae[2].centroid_lps_mm[2] - factor * STEP_MM
    moved = tuple(
        replace(v, centroid_lps_mm=np.array([0.0, 0.0, z - STEP_MM * row]))
        for row, v in enumerate(stack.vertebrae[3:])
    )
    codes = codes_of(replace(stack, vertebrae=(*stack.vertebrae[:3], *moved)))
    assert codes == ([("AN-111", Severity.BLOCK)] if fires else [])


def test_a_short_step_to_a_vertebra_that_the_image_cuts_is_no_gap():
    stack = stack_of(*USUAL)
    cut = found("vertebra", "T12", -0.8 * STEP_MM, faces=1, k=2)
    assert codes_of(replace(stack, vertebrae=(cut, *stack.vertebrae[1:]))) == []
    whole = replace(cut, border_faces=0)
    codes = codes_of(replace(stack, vertebrae=(whole, *stack.vertebrae[1:])))
    assert codes == [("AN-111", Severity.BLOCK)]


def test_a_hole_above_the_sacrum_blocks():
    stack = stack_of(*USUAL)
    survey = survey_of(stack)
    far = np.diag([1.0, 1.0, 40.0, 1.0])
    survey = replace(survey, labels=LabelMap(survey.labels.values, far, "stack"))
    (finding,) = check_levels(survey, stack, find_scheme(stack, ()))
    assert finding.code == "AN-111"
    assert finding.where == "between L5 and the sacrum"


def test_one_vertebra_on_a_sacrum_is_counted():
    assert codes_of(stack_of("L5", rib=("", 0))) == [("AN-114", Severity.CONFIRM)]


@pytest.mark.parametrize("said", ["6 lumbar", " 6 LUMBAR "])
def test_a_person_turns_a_question_into_a_note(said):
    (finding,) = findings_of(stack_of(*USUAL, "L6"), scheme_said(said))
    assert (finding.code, finding.severity) == ("AN-112", Severity.NOTE)
    assert finding.why.endswith("Confirmed by a person.")


def test_a_person_who_says_otherwise_blocks_and_keeps_the_question():
    stack = stack_of(*USUAL, "L6")
    assert codes_of(stack, scheme_said("5 lumbar")) == [
        ("AN-112", Severity.CONFIRM),
        ("AN-116", Severity.BLOCK),
    ]


def test_a_person_cannot_answer_what_blocks():
    stack = stack_of(*USUAL, sacrum=False, rib=("", 0))
    assert codes_of(stack, scheme_said("5 lumbar")) == [("AN-115", Severity.BLOCK)]


def test_other_answers_say_nothing_of_the_scheme():
    other = Confirmation("Dr A", "2026-01-01T00:00:00Z", "AN-112", "6 lumbar")
    assert codes_of(stack_of(*USUAL, "L6"), other) == [("AN-112", Severity.CONFIRM)]


@pytest.mark.parametrize(
    ("names", "sacrum", "expected"),
    [
        (USUAL, True, "5 lumbar"),
        ((*USUAL, "L6"), True, "6 lumbar"),
        (USUAL[:-1], True, "4 lumbar"),
        (USUAL[:-1], False, "5 lumbar"),
        ((*USUAL, "L6"), False, "6 lumbar"),
        (("T11", "T12"), False, "no lumbar vertebra"),
        (("T11", "T12"), True, "no lumbar vertebra"),
    ],
)
def test_the_scheme_is_named_by_the_lowest_vertebra(names, sacrum, expected):
    assert find_scheme(stack_of(*names, sacrum=sacrum), ()).name == expected


def test_the_scheme_lists_what_is_there_and_how_it_was_counted():
    scheme = find_scheme(stack_of("L4", "L5", rib=("", 0)), ())
    assert scheme.vertebrae == ("L4", "L5", "S1")
    assert (scheme.counted_from_sacrum, scheme.counted_from_rib) == (True, False)
    assert scheme.confirmed_by == ""


@pytest.mark.parametrize(("said", "by"), [("5 lumbar", "Dr A"), ("6 lumbar", "")])
def test_a_scheme_carries_the_name_of_who_confirmed_it(said, by):
    assert find_scheme(stack_of(*USUAL), (scheme_said(said),)).confirmed_by == by


def test_the_last_word_on_the_scheme_counts():
    said = (scheme_said("6 lumbar", "Dr A"), scheme_said("5 lumbar", "Dr B"))
    assert find_scheme(stack_of(*USUAL), said).confirmed_by == "Dr B"


@pytest.mark.parametrize(
    ("vertebrae", "levels"),
    [
        (("L4", "L5", "S1"), ("L4-L5", "L5-S1")),
        (("L5", "L6", "S1"), ("L5-L6", "L6-S1")),
        (("T11", "T12", "L1"), ("T12-L1",)),
        (("L3", "L5"), ()),
        (("L4",), ()),
        ((), ()),
    ],
)
def test_a_level_needs_both_neighbours(vertebrae, levels):
    assert find_levels(LevelScheme("", vertebrae, True, True)) == levels


def a_survey_with(**places: tuple[int, int]) -> Survey:
    """Named structures of one voxel at (x, z) mm."""
    values = np.zeros((40, 3, 60), dtype=np.uint8)
    parts = {}
    for number, (name, (x, z)) in enumerate(places.items(), start=1):
        values[x, 1, z] = number
        key = StructureKey.parse(name.replace("_at_", ":"))
        box = (slice(x, x + 1), slice(1, 2), slice(z, z + 1))
        parts[key] = FoundStructure(key, (number,), box, 1.0, np.array([x, 1.0, z]), 0)
    return Survey(LabelMap(values, np.eye(4), "few"), parts, (), ())


def test_the_stack_goes_by_height_and_not_by_name():
    survey = a_survey_with(vertebra_at_L5=(0, 50), vertebra_at_L4=(0, 10), vertebra_at_L3=(0, 30))
    assert stack_vertebrae(survey).names == ("L5", "L3", "L4")


def test_vertebrae_beyond_the_known_names_are_not_stacked():
    survey = a_survey_with(vertebra_at_L5=(0, 20), vertebra_at_C7=(0, 55), vertebra_at_S1=(0, 5))
    stack = stack_vertebrae(survey)
    assert stack.names == ("L5",)
    assert str(stack.sacrum.key) == "vertebra:S1"


def test_s1_of_its_own_is_what_the_column_stands_on():
    survey = a_survey_with(vertebra_at_L5=(0, 20), sacrum=(0, 2), vertebra_at_S1=(0, 5))
    assert str(stack_vertebrae(survey).sacrum.key) == "vertebra:S1"


@pytest.mark.parametrize(("gap", "bearer"), [(11, ("T12", 12)), (13, ("", 0))])
def test_a_rib_belongs_to_a_vertebra_within_reach(gap, bearer):
    survey = a_survey_with(vertebra_at_T12=(10, 40), vertebra_at_L1=(10, 5))
    rib = a_survey_with(rib_at_12=(10 + gap, 40))
    values = survey.labels.values.copy()
    values[10 + gap, 1, 40] = 9
    part = replace(rib.found[StructureKey("rib", "12")], values=(9,))
    labels = LabelMap(values, np.eye(4), "few")
    both = Survey(labels, {**survey.found, part.key: part}, (), ())
    stack = stack_vertebrae(both)
    assert (stack.rib_vertebra, stack.rib_number) == bearer


def test_the_lowest_rib_counts_and_names_that_are_no_number_do_not():
    survey = a_survey_with(
        vertebra_at_T11=(10, 50),
        vertebra_at_T12=(10, 30),
        rib_at_11=(14, 50),
        rib_at_12=(14, 30),
        rib_at_last=(14, 10),
    )
    stack = stack_vertebrae(survey)
    assert (stack.rib_vertebra, stack.rib_number) == ("T12", 12)


def test_four_lumbar_vertebrae_have_a_level_of_their_own_and_no_l4_l5():
    stack = stack_of(*USUAL[:-1])
    scheme = find_scheme(stack, ())

    assert find_levels(scheme)[-1] == "L4-S1"
    assert not {"L4-L5", "L5-S1"} & set(find_levels(scheme))
    assert codes_of(stack) == [("AN-112", Severity.CONFIRM)]
    assert codes_of(stack, scheme_said("4 lumbar")) == [("AN-112", Severity.NOTE)]


THIRTEEN = ("T11", "T12", "T13", *USUAL[1:])


@pytest.mark.parametrize("rib", [("T13", 13), ("T12", 12), ("", 0)])
def test_a_thirteenth_thoracic_vertebra_is_in_order_and_asks(rib):
    stack = stack_of(*THIRTEEN, rib=rib)
    findings = findings_of(stack)

    assert find_levels(find_scheme(stack, ()))[0] == "L1-L2"
    expected = [] if rib[1] == 12 else [Severity.CONFIRM]
    assert [f.severity for f in findings] == expected
    assert not {f.code for f in findings} & {"AN-110", "AN-111", "AN-113"}


def test_a_rib_on_l1_is_a_thirteenth_and_asks():
    (finding,) = findings_of(stack_of(*USUAL, rib=("L1", 13)))
    assert (finding.code, finding.severity) == ("AN-112", Severity.CONFIRM)
    assert "There is a rib 13, on L1 (12 expected)." in finding.why


def marked(level: str, by: str = "Dr A") -> Confirmation:
    return Confirmation(by, "2026-01-01T00:00:00Z", "index", level)


def test_a03_a_marked_level_stands_alone_where_nothing_can_be_counted():
    stack = stack_of(*USUAL, sacrum=False, rib=("", 0))
    scheme = find_scheme(stack, (marked("L3-L4"),))

    assert (scheme.name, scheme.index_level) == ("index level, labelled L3-L4", "L3-L4")
    assert scheme.confirmed_by == "Dr A"
    assert find_levels(scheme) == ("L3-L4",)
    (finding,) = findings_of(stack, marked("L3-L4"))
    assert (finding.code, finding.severity, finding.where) == ("AN-151", Severity.NOTE, "L3-L4")
    assert "Dr A marked the level that the labels call L3-L4" in finding.why


def test_a03_the_last_mark_counts():
    stack = stack_of(*USUAL, sacrum=False, rib=("", 0))
    assert find_scheme(stack, (marked("L3-L4"), marked("L2-L3"))).index_level == "L2-L3"


@pytest.mark.parametrize(
    ("stack", "level", "code"),
    [
        (stack_of(*USUAL, sacrum=False, rib=("", 0)), "L5-S1", "AN-115"),
        (stack_of(*USUAL, rib=("", 0)), "L3-L4", "AN-114"),
        (stack_of(*USUAL, "L6"), "L3-L4", "AN-112"),
    ],
)
def test_a03_a_mark_counts_for_nothing_where_levels_are_counted_or_not_labelled(stack, level, code):
    assert find_scheme(stack, (marked(level),)).index_level == ""
    assert [f.code for f in findings_of(stack, marked(level))] == [code]


def test_a03_a_mark_does_not_mend_a_gap():
    stack = stack_of("L1", "L2", "L4", "L5", sacrum=False, rib=("", 0))
    assert ("AN-111", Severity.BLOCK) in codes_of(stack, marked("L1-L2"))
