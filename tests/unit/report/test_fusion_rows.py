"""The report of a fused case says what was carried over, from what, and how well."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from kambin.anatomy import Anatomy, Case, Confirmation, Structure, StructureKey
from kambin.anatomy.carried import add_registration_errors
from kambin.anatomy.check_wording import finding_of
from kambin.core import Severity
from kambin.planning import Plan, Refusal
from kambin.report.content import ReportContent, report_content

SAC = StructureKey("dural_sac")
ASKED = finding_of("AN-414", Severity.CONFIRM, where="both images", why="L4-L5: 0.83 mm.")


def a_level(upper: str, lower: str, error_mm: float, *, neighbours: bool = True) -> dict:
    row = {"upper": upper, "lower": lower, "neighbours": neighbours, "error_mm": error_mm}
    return row | {"turn_deg": 3.1, "shift_mm": 1.4}


def fused(case: Case, *levels: dict, **more: object) -> Case:
    document = {"ct_sha256": "c7" * 32, "mr_sha256": "3d" * 32, "levels": levels}
    source = {**case.source, "fusion": json.dumps(document)}
    return replace(case, source=source, registration_sigma_mm={SAC: 0.8}, **more)


def carried(anatomy: Anatomy) -> Anatomy:
    structures: dict[StructureKey, Structure] = dict(anatomy.structures)
    return replace(anatomy, structures=structures | add_registration_errors(structures, {SAC: 0.8}))


@pytest.fixture(scope="module")
def the_content(
    a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> ReportContent:
    answer = Confirmation("A. B.", "2026-11-22T12:00:00Z", "AN-414", "accepted")
    levels = a_level("L3", "L4", 0.71), a_level("L4", "L5", 0.83)
    case = fused(a_small_case, *levels, confirmations=(answer,))
    return report_content(case, carried(a_small_anatomy), a_plan("left"), (ASKED,))


def test_both_cases_and_the_error_of_each_level_are_provenance(the_content: ReportContent) -> None:
    said = {row.cells[0]: row.cells[1] for row in the_content.provenance}
    assert said["Fused, first image's case"] == "c7" * 32
    assert said["Fused, second image's case"] == "3d" * 32
    words = "stated error 0.83 mm; posture changed by 3.1 degrees and 1.4 mm"
    assert said["Fusion at L4-L5"] == words
    assert "0.71 mm" in said["Fusion at L3-L4"]


def test_the_error_at_the_planned_level_is_a_limit(the_content: ReportContent) -> None:
    (line,) = [line for line in the_content.limits if "fused" in line]
    assert line.endswith("The stated error at L4-L5 is 0.8 mm (standard deviation).")


def test_a_carried_structure_is_listed_with_both_parts_of_its_error(
    the_content: ReportContent,
) -> None:
    table = the_content.tables[0]
    assert table.name == "carried"
    # 0.5 mm of its mask and 0.8 mm of the fusion
    words = "0.9 mm, of which 0.8 mm by carrying it over; given by the labels in that image"
    assert table.rows == (("dural sac", words),)


def test_the_question_and_its_answer_are_printed(the_content: ReportContent) -> None:
    (row,) = [row for row in the_content.findings if row.cells[5] == "AN-414"]
    assert row.cells[0] == "CONFIRM"
    assert row.cells[6] == "accepted by A. B., 2026-11-22T12:00:00Z"


def test_a_level_that_was_not_registered_is_said_to_have_no_error(
    a_small_case: Case, a_small_anatomy: Anatomy, a_refusal: Refusal
) -> None:
    case = fused(a_small_case, a_level("L3", "L5", 0.71, neighbours=False))
    content = report_content(case, a_small_anatomy, a_refusal)
    (line,) = [line for line in content.limits if "fused" in line]
    assert "At L4-L5 not both vertebrae were registered" in line
    assert "Fusion at L3 to L5" in [row.cells[0] for row in content.provenance]


def test_a_case_of_one_image_says_nothing_of_it(
    a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> None:
    content = report_content(a_small_case, a_small_anatomy, a_plan("left"))
    assert "carried" not in [table.name for table in content.tables]
    assert not [line for line in content.limits if "fused" in line]
    assert not [row for row in content.provenance if "Fus" in row.cells[0]]
