"""The report says everything the plan says: numbers, limits, findings, provenance."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from kambin.anatomy import Anatomy, Case, Confirmation
from kambin.planning import Binding, Plan, Refusal
from kambin.report.content import ReportContent, report_content
from kambin.report.rows import Row, Table
from kambin.report.words import BANNER


@pytest.fixture(scope="module")
def the_content(
    a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> ReportContent:
    return report_content(a_small_case, a_small_anatomy, a_plan("left"))


@pytest.fixture(scope="module")
def the_refused(
    a_label_only_case: Case, a_small_anatomy: Anatomy, a_refusal: Refusal
) -> ReportContent:
    return report_content(a_label_only_case, a_small_anatomy, a_refusal)


def table_of(content: ReportContent, name: str) -> Table:
    return next(table for table in content.tables if table.name == name)


def column(table: Table | None, number: int) -> list[str]:
    assert table is not None
    return [row[number] for row in table.rows]


def as_mapping(rows: tuple[Row, ...]) -> dict[str, str]:
    return {row.cells[0]: row.cells[1] for row in rows}


def test_the_headline_says_level_and_side_in_words(
    the_content: ReportContent, the_refused: ReportContent
) -> None:
    assert the_content.headline == "Plan: L4-L5, LEFT side"
    assert the_refused.headline == "No plan: L4-L5, RIGHT side"
    assert the_content.banner == the_refused.banner == BANNER
    assert the_content.side_word == "LEFT"


def test_the_request_is_repeated(the_content: ReportContent) -> None:
    for word in ("outside-in", "paracentral", "7.5 mm"):
        assert word in the_content.request


def test_a_given_target_is_said_to_be_given(
    a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> None:
    plan = a_plan("left").model_copy(update={"zone": None})
    assert "given target" in report_content(a_small_case, a_small_anatomy, plan).request


def test_entry_is_in_the_surgeons_terms(
    the_content: ReportContent, a_plan: Callable[[str], Plan]
) -> None:
    entry = a_plan("left").entry
    facts = [row.cells for row in the_content.facts]
    assert facts[0] == ("Entry", f"{entry.lateral_of_midline_mm:.0f} mm LEFT", "of the midline")
    assert facts[2][1] == f"{entry.cranial_of_disc_line_mm:.0f} mm cranial"
    assert facts[3][1:] == ("12 mm caudal", "of the spinous process L4")
    assert facts[4][1] == f"{entry.depth_mm:.0f} mm"
    assert facts[5][:2] == ("Incision", "8 mm")


def test_without_a_spinous_process_its_height_is_not_assessed(
    a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> None:
    plan = a_plan("left")
    update = {"cranial_of_spinous_tip_mm": None, "spinous_tip": None}
    plan = plan.model_copy(update={"entry": plan.entry.model_copy(update=update)})
    facts = report_content(a_small_case, a_small_anatomy, plan).facts
    assert facts[3].cells[1] == "not assessed"


def test_angles_are_in_two_conventions_with_the_complement(the_content: ReportContent) -> None:
    assert the_content.angles is not None
    rows = dict((row[0], row[1:]) for row in the_content.angles.rows)
    assert rows["Axial inclination"] == ("50.0°", "51.0°")
    assert rows["= to the horizontal"] == ("40.0°", "39.0°")
    assert rows["Cranio-caudal"] == ("15.0° cranial", "3.0° caudal")
    assert "kambin-1" in the_content.angles.note


def test_every_tool_has_diameter_end_and_depth(the_content: ReportContent) -> None:
    assert column(the_content.tools, 0) == ["needle", "dilator", "reamer", "cannula", "forceps"]
    assert column(the_content.tools, 2) == ["1.3 mm", "5.0 mm", "7.5 mm", "7.5 mm", "3.5 mm"]
    ends = column(the_content.tools, 3)
    assert ends[0] == "at it"
    assert ends[3] == "8.0 mm short"
    assert ends[4] == "10.0 mm past"


def test_a_tool_of_ones_own_is_named_as_given(
    a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> None:
    plan = a_plan("left")
    own = plan.stages[0].model_copy(update={"instrument": "needle-own"})
    content = report_content(
        a_small_case, a_small_anatomy, plan.model_copy(update={"stages": (own,)})
    )
    assert column(content.tools, 1) == ["needle-own"]


def test_the_summary_has_each_structure_once_and_the_closest_first(
    the_content: ReportContent,
) -> None:
    structures = column(the_content.summary, 0)
    assert len(structures) == len(set(structures)) == 4
    gaps = [float(text.removesuffix(" mm")) for text in column(the_content.summary, 1)]
    assert gaps == sorted(gaps)
    assert "exiting root L4 left (m)" in structures


def test_the_full_table_has_every_stage_with_point_sigma_and_origin(
    the_content: ReportContent,
) -> None:
    table = table_of(the_content, "clearances")
    # Five stages of three near structures, and the colon, far away, once.
    assert len(table.rows) == 5 * 3 + 1
    first = dict(zip(table.columns, table.rows[0], strict=True))
    assert first["Structure"] == "exiting root L4 left"
    assert first["Stage"] == "needle 1.3"
    assert (first["Gap"], first["Margin"], first["Sigma"]) == ("1.40", "1.0", "2.5")
    assert first["Origin"] == "modelled, not seen in the image"
    assert first["At (L, P, S)"] == "8.0, 1.0, 0.0"
    assert "inside uncertainty" in first["Meaning"]


def test_every_row_has_a_cell_for_every_column(the_content: ReportContent) -> None:
    for table in (*the_content.tables, the_content.modelled, the_content.summary):
        assert table is not None
        assert all(len(row) == len(table.columns) for row in table.rows), table.name


def test_resection_reach_and_certainty_say_what_was_not_assessed(
    the_content: ReportContent,
) -> None:
    resection = dict(table_of(the_content, "resection").rows)
    assert resection["Bone removed"] == "481.0 mm³"
    assert resection["Rim bone declared as removed"] == "no"
    assert resection["Facet surface kept"] == "not assessed"
    reach = dict(table_of(the_content, "reach").rows)
    assert reach["Fragment within reach"] == "not assessed"
    assert "no fragment" in table_of(the_content, "reach").note
    contact = {row[0]: row[1] for row in table_of(the_content, "certainty").rows}
    assert contact["exiting root L4 left"] == "23.0 %"
    tolerance = dict(table_of(the_content, "tolerance").rows)
    assert tolerance["The hand may err at the skin by"] == "1.5 mm"
    assert tolerance["The hand may err in angle by"] == "not assessed"


def test_the_side_is_witnessed_three_times(the_content: ReportContent) -> None:
    points = dict(table_of(the_content, "points").rows)
    assert points["Side by the entry's offset"].endswith("patient's LEFT")
    assert points["Side by the guarded root"] == "exiting root L4 left"


def test_what_is_modelled_is_listed_with_its_method(the_content: ReportContent) -> None:
    rows = the_content.modelled.rows
    assert ("exiting root L4 left", "2.5 mm", "A made-up root.") in rows
    assert not any("disc" in row[0] for row in rows)


def test_what_was_not_assessed_is_listed(the_content: ReportContent) -> None:
    assert the_content.not_assessed == ("vena cava", "iliac vein left")


def test_findings_of_plan_and_anatomy_come_gravest_first(the_content: ReportContent) -> None:
    rows = [row.cells for row in the_content.findings]
    assert [row[0] for row in rows] == ["CONFIRM", "NOTE", "NOTE"]
    assert [row[5] for row in rows] == ["PL-010", "PL-011", "AN-011"]
    assert rows[0][6] == "open"
    assert all(all(cell for cell in row[:6]) for row in rows)


def test_an_open_confirmation_is_the_verdict_and_an_answer_clears_it(
    a_small_case: Case, a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> None:
    plan = a_plan("left")
    open_content = report_content(a_small_case, a_small_anatomy, plan)
    assert "PL-010" in open_content.verdict
    answer = Confirmation("A. B.", "2026-11-22T12:00:00Z", "PL-010", "accepted")
    answered = report_content(replace(a_small_case, confirmations=(answer,)), a_small_anatomy, plan)
    assert "PL-010" not in answered.verdict
    assert answered.findings[0].cells[6] == "accepted by A. B., 2026-11-22T12:00:00Z"


def test_provenance_names_hashes_versions_and_method(the_content: ReportContent) -> None:
    provenance = as_mapping(the_content.provenance)
    assert provenance["Case SHA-256"] == "5a" * 32
    assert provenance["Plan SHA-256"] == "c0" * 32
    assert "Kambin 0.1.0" in provenance["Software"]
    assert provenance["Candidates tried"] == "1,200"
    assert provenance["Levels"] == "5 lumbar, counted from the sacrum"
    assert provenance["Evidence"] == "T1, C29"


def test_a_refusal_says_what_binds_by_how_much_and_whether_it_is_decidable(
    the_refused: ReportContent,
) -> None:
    facts = as_mapping(the_refused.facts)
    assert facts["Binding structure"] == "exiting root L4 right"
    assert facts["Deficit"] == "0.8 mm"
    assert facts["Decidable"] == "NO"
    assert the_refused.verdict.startswith("Cannot be decided at this resolution")
    assert the_refused.angles is None
    assert [table.name for table in the_refused.tables] == ["proof"]


def test_a_decidable_refusal_says_no_path(
    a_small_case: Case, a_small_anatomy: Anatomy, a_refusal: Refusal
) -> None:
    sure = a_refusal.model_copy(update={"decidable": True})
    verdict = report_content(a_small_case, a_small_anatomy, sure).verdict
    assert verdict.startswith("No path keeps the margins. Exiting root L4 right binds")


def test_a_refusal_without_any_line_says_so(
    a_small_case: Case, a_small_anatomy: Anatomy, a_refusal: Refusal
) -> None:
    nothing = Binding(structure="skin", deficit_mm=None, stage="needle")
    refusal = a_refusal.model_copy(update={"binding": nothing})
    content = report_content(a_small_case, a_small_anatomy, refusal)
    assert content.verdict.startswith("No straight path")
    assert as_mapping(content.facts)["Deficit"] == "not assessed"


def test_a_plan_that_the_second_checker_refused_says_so(
    a_small_case: Case, a_small_anatomy: Anatomy, a_refusal: Refusal
) -> None:
    doubt = a_refusal.findings[0].model_copy(
        update={"code": "PL-027", "what": "Two computations disagree about body:L5"}
    )
    refusal = a_refusal.model_copy(update={"findings": (doubt,)})
    verdict = report_content(a_small_case, a_small_anatomy, refusal).verdict
    assert verdict.startswith("No plan is offered: Two computations disagree about body L5.")


def test_painted_pictures_are_declared(
    the_refused: ReportContent, the_content: ReportContent
) -> None:
    assert any("painted from the labels" in line for line in the_refused.limits)
    assert not any("painted" in line for line in the_content.limits)
