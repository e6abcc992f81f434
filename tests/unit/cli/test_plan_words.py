"""A plan and a refusal as a person reads them in the terminal."""

from pathlib import Path
from typing import Any

import pytest
from tests.unit.exchange.made_plans import a_plan, smallest

from kambin.cli.plan_words import MOST_ROWS, print_next, print_plan, print_records, print_refusal
from kambin.planning import (
    Angles,
    Binding,
    Clearance,
    Entry,
    FindingRecord,
    Plan,
    Refusal,
    Resection,
    Stage,
    Trajectory,
)
from kambin.planning.certainty_models import Certainty
from kambin.planning.choice_models import Alternative, Objectives
from kambin.planning.reach_models import Reach
from kambin.planning.search_models import CorridorBranch

CASE = Path("the/case")
FILE = Path("the/plan/plan.json")


def a_record(code: str = "PL-010", severity: str = "CONFIRM") -> FindingRecord:
    return FindingRecord(
        code=code,
        severity=severity,
        what="A root is near",
        where="exiting_root:L4:left",
        why="1.4 mm.",
        next_step="Confirm it.",
    )


def a_clearance(structure: str, gap_mm: float, **fields: Any) -> Clearance:
    content = {"hard_margin_mm": 1.0, "inside_uncertainty": False, "sigma_mm": 0.5} | fields
    return smallest(
        Clearance, structure=structure, clearance_mm=gap_mm, origin="segmented", **content
    )


def a_stage(tool: str, *clearances: Clearance) -> Stage:
    return smallest(Stage, tool=tool, radius_mm=3.75, stop_mm=8.0, clearances=clearances)


def an_entry(cranial_mm: float = 34.4) -> Entry:
    return smallest(
        Entry,
        lateral_of_midline_mm=102.4,
        cranial_of_disc_line_mm=cranial_mm,
        along_skin_lateral_mm=118.0,
        depth_mm=131.2,
    )


def a_whole_plan(**fields: Any) -> Plan:
    content: dict[str, Any] = {
        "level": "L4-L5",
        "side": "left",
        "technique": "outside-in",
        "cannula_mm": 7.5,
        "status": "ready",
        "entry": an_entry(),
        "angles": Angles(
            axial_inclination_to_disc_deg=50.0,
            craniocaudal_to_disc_deg=15.0,
            axial_inclination_to_patient_deg=51.04,
            craniocaudal_to_patient_deg=-3.0,
            convention="kambin-1",
        ),
        "trajectory": Trajectory(
            entry_lps_mm=(1.0, 2.0, 3.0), target_lps_mm=(4.0, 5.0, 6.0), length_mm=131.2
        ),
    }
    return a_plan().model_copy(update={"findings": ()} | content | fields)


def printed(plan: Plan, capsys: pytest.CaptureFixture[str], file: Path | None = None) -> str:
    print_plan(plan, file)
    if file is not None:
        print_next(plan, CASE, file)
    return capsys.readouterr().out


def line_of(text: str, start: str) -> str:
    """The one line that begins with a word."""
    (line,) = [line for line in text.splitlines() if line.startswith(start)]
    return line


@pytest.mark.parametrize(
    ("status", "words"), [("ready", "ready"), ("needs_confirmation", "needs confirmation")]
)
def test_the_first_line_says_level_side_and_status(
    capsys: pytest.CaptureFixture[str], status: str, words: str
) -> None:
    first = printed(a_whole_plan(status=status), capsys).splitlines()[0]
    assert first == f"L4-L5 LEFT  outside-in, cannula 7.5 mm  -  {words}"


@pytest.mark.parametrize(
    ("cranial_mm", "words"),
    [(34.4, "34 mm cranial"), (-12.0, "12 mm caudal"), (0.0, "0 mm cranial")],
)
def test_the_entry_is_told_in_words_and_never_by_a_sign(
    capsys: pytest.CaptureFixture[str], cranial_mm: float, words: str
) -> None:
    text = printed(a_whole_plan(entry=an_entry(cranial_mm)), capsys)
    line = line_of(text, "Entry")
    assert line.endswith(
        f"102 mm left of the midline, {words} of the disc line; 118 mm along the skin"
    )


def test_the_entry_of_a_right_plan_is_right_of_the_midline(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = printed(a_whole_plan(side="right"), capsys)
    assert "102 mm right of the midline" in line_of(text, "Entry")
    assert text.startswith("L4-L5 RIGHT")


def test_both_angles_are_told_in_both_frames_with_their_sign(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = line_of(printed(a_whole_plan(), capsys), "Angles")
    assert line.endswith(
        "axial inclination 51.0 deg, cranio-caudal -3.0 deg to the patient; "
        "50.0 and +15.0 deg to the disc (kambin-1)"
    )


def test_depth_and_path_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    line = line_of(printed(a_whole_plan(), capsys), "Depth")
    assert line.endswith("131 mm from skin to target, path 131 mm")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"volume_mm3": 481.4, "sap_fraction": 0.237, "stability_class": "minor"},
            "481 mm3 to remove, 24 % of the SAP; stability minor",
        ),
        (
            {"volume_mm3": 0.0, "sap_fraction": None, "stability_class": "intact"},
            "0 mm3 to remove; stability intact",
        ),
        (
            {"volume_mm3": None, "not_assessed_reason": "No joint is known."},
            "not assessed: No joint is known.",
        ),
    ],
)
def test_the_bone_to_remove_is_told_or_why_it_is_not_known(
    capsys: pytest.CaptureFixture[str], fields: dict[str, Any], words: str
) -> None:
    plan = a_whole_plan(resection=smallest(Resection, **fields))
    assert line_of(printed(plan, capsys), "Bone").endswith(words)


def test_each_tool_has_a_row_with_its_diameter_and_its_closest_structure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    near = a_clearance("dural_sac", 1.23)
    far = a_clearance("colon", 30.0)
    text = printed(a_whole_plan(stages=(a_stage("cannula", far, near),)), capsys)
    words = line_of(text, "cannula").split()
    assert words == ["cannula", "7.50", "8.0", "dural_sac", "1.2", "0.5", "segmented"]


def test_bone_that_is_removed_is_never_the_closest_structure(
    capsys: pytest.CaptureFixture[str],
) -> None:
    taken = a_clearance("sap:L5:left", -2.2, hard_margin_mm=None)
    kept = a_clearance("dural_sac", 4.4)
    text = printed(a_whole_plan(stages=(a_stage("reamer", taken, kept),)), capsys)
    assert "dural_sac" in line_of(text, "reamer")
    assert "sap:L5:left" not in text


def test_a_tool_near_nothing_has_an_empty_row(capsys: pytest.CaptureFixture[str]) -> None:
    taken = a_clearance("sap:L5:left", -2.2, hard_margin_mm=None)
    text = printed(a_whole_plan(stages=(a_stage("reamer", taken),)), capsys)
    assert line_of(text, "reamer").split() == ["reamer", "7.50", "8.0"]


def test_a_gap_within_its_uncertainty_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    unsure = a_clearance("dural_sac", 0.4, inside_uncertainty=True)
    text = printed(a_whole_plan(stages=(a_stage("cannula", unsure),)), capsys)
    assert "0.4 (inside uncertainty)" in line_of(text, "cannula")


def test_what_was_not_assessed_is_listed_or_not_mentioned(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = printed(a_whole_plan(not_assessed=("vena_cava", "colon")), capsys)
    assert line_of(text, "Not assessed") == "Not assessed: vena_cava, colon"
    assert "Not assessed" not in printed(a_whole_plan(not_assessed=()), capsys)


def test_without_a_file_no_next_command_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(a_whole_plan(), capsys)
    assert not any(word in text for word in ("Next  ", "Then  ", "Answer"))


def test_with_a_file_the_next_two_commands_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(a_whole_plan(), capsys, FILE).splitlines()
    assert lines[-3:] == [
        f"Plan      {FILE}",
        f"Next      kambin verify {CASE} {FILE}",
        f"Then      kambin report {CASE} {FILE} -o report",
    ]


def test_a_plan_that_asks_prints_the_call_that_answers_each_code_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    records = (
        a_record("PL-010"),
        a_record("PL-004"),
        a_record("PL-010"),
        a_record("PL-011", "NOTE"),
    )
    text = printed(a_whole_plan(status="needs_confirmation", findings=records), capsys, FILE)
    assert line_of(text, "Answer") == (
        f"Answer    kambin confirm {FILE} --by NAME --accept PL-010 --accept PL-004"
    )


def test_a_ready_plan_asks_for_no_answer(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(a_whole_plan(findings=(a_record("PL-011", "NOTE"),)), capsys, FILE)
    assert "Answer" not in text


def a_whole_refusal(**fields: Any) -> Refusal:
    content: dict[str, Any] = {
        "level": "L5-S1",
        "side": "right",
        "technique": "inside-out",
        "cannula_mm": 7.0,
        "decidable": True,
        "binding": Binding(structure="exiting_root:L5:right", deficit_mm=0.834, stage="cannula"),
    }
    return smallest(Refusal, findings=(a_record("PL-001", "BLOCK"),), **(content | fields))


@pytest.mark.parametrize(
    ("decidable", "words"),
    [(True, "no safe path"), (False, "cannot be decided with these labels")],
)
def test_a_refusal_says_whether_the_labels_decide_it(
    capsys: pytest.CaptureFixture[str], decidable: bool, words: str
) -> None:
    print_refusal(a_whole_refusal(decidable=decidable), None)
    first = capsys.readouterr().out.splitlines()[0]
    assert first == f"L5-S1 RIGHT  inside-out, cannula 7 mm  -  {words}"


def test_a_refusal_names_what_binds_where_and_by_how_much(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_refusal(a_whole_refusal(), None)
    text = capsys.readouterr().out
    line = line_of(text, "Binds")
    assert line == "Binds     exiting_root:L5:right at the cannula, 0.83 mm are missing"
    assert "PL-001 A root is near (exiting_root:L4:left)" in text
    assert "Next      " not in text


def test_a_refusal_in_a_file_names_its_report(capsys: pytest.CaptureFixture[str]) -> None:
    print_refusal(a_whole_refusal(), Path("plan/refusal.json"))
    print_next(a_whole_refusal(), CASE, Path("plan/refusal.json"))
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "Refusal   plan/refusal.json",
        f"Next      kambin report {CASE} plan/refusal.json -o report",
    ]


def test_records_are_printed_with_reason_and_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    print_records([a_record("PL-011", "NOTE"), a_record("PL-001", "BLOCK")])
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [line[:2] for line in lines if line[0] in ("BLOCK", "NOTE")] == [
        ["BLOCK", "PL-001"],
        ["NOTE", "PL-011"],
    ]
    assert lines[1] == ["1.4", "mm."]
    assert lines[2] == ["Next:", "Confirm", "it."]


# What is in reach, how sure it is, and what else there is


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"reachable_fraction": 0.92, "visible_fraction": 0.81, "residual_mm3": 20.4},
            "forceps come to 92% of the fragment, the scope shows 81%; 20 mm3 stay behind",
        ),
        ({"not_assessed_reason": "No fragment."}, "not assessed: No fragment."),
    ],
)
def test_the_reach_is_told_or_why_it_is_not_known(
    capsys: pytest.CaptureFixture[str], fields: dict[str, Any], words: str
) -> None:
    plan = a_whole_plan(reach=smallest(Reach, **fields))
    assert line_of(printed(plan, capsys), "Reach").endswith(words)


def a_certainty(**fields: Any) -> Certainty:
    content = {
        "contact_probability": {"tp:L5:left": 0.4, "dural_sac": 0.017},
        "contact_interval": {"tp:L5:left": (0.398, 0.402), "dural_sac": (0.01, 0.02)},
        "contact_worst_stage": {"tp:L5:left": "reamer", "dural_sac": "needle"},
        "contact_at_most": ("dural_sac",),
        "tolerance_entry_mm": 0.62,
        "tolerance_angle_deg": 0.41,
        "setting": "compensated",
        "not_assessed_reason": None,
    }
    return smallest(Certainty, **(content | fields))


def test_the_tolerance_of_the_hand_is_told_or_why_there_is_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    some = line_of(printed(a_whole_plan(certainty=a_certainty()), capsys), "Hand")
    assert "off by 0.6 mm at the skin or by 0.4 deg about it before a margin breaks" in some
    assert some.endswith("after the second check")
    none = a_certainty(tolerance_entry_mm=None, not_assessed_reason="No room.")
    assert line_of(printed(a_whole_plan(certainty=none), capsys), "Hand").endswith("No room.")


def test_contact_is_told_with_its_interval_the_likeliest_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = printed(a_whole_plan(certainty=a_certainty()), capsys)
    assert "Contact, errors compensated" in text
    assert line_of(text, "tp:L5:left").split()[1:] == ["40.0%", "39.8%", "to", "40.2%", "reamer"]
    assert "at most 1.7%" in line_of(text, "dural_sac")
    assert text.index("tp:L5:left") < text.index("dural_sac")
    assert "less likely" not in text


def test_of_many_structures_only_the_likeliest_are_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    many = {f"body:L{n}": 0.1 * n for n in range(1, 6)}
    found = a_certainty(contact_probability=many, contact_interval={}, contact_at_most=())
    text = printed(a_whole_plan(certainty=found), capsys)
    assert "body:L5" in text
    assert "body:L1" not in text
    assert f"{len(many) - MOST_ROWS} more structures" in text


def test_alternatives_stand_beside_the_plan_in_one_table(
    capsys: pytest.CaptureFixture[str],
) -> None:
    here = smallest(Objectives, room_mm=0.6, tolerance_entry_mm=0.7, reachable_fraction=1.0)
    there = smallest(Objectives, room_mm=0.4, tolerance_entry_mm=None, reachable_fraction=None)
    other = smallest(Alternative, name="Least bone", objectives=there)
    plan = a_whole_plan(objectives=here, alternatives=(other,), explanation=("Because.", "More."))
    text = printed(plan, capsys)
    assert line_of(text, "Picked").endswith("Because.")
    assert line_of(text, "this plan").split()[2:5] == ["0.6", "0.7", "100%"]
    assert line_of(text, "Least bone").split()[2:5] == ["0.4", "-", "-"]
    assert "not what the reamers take" in line_of(text, "Ways")
    assert "room mm" not in printed(a_whole_plan(), capsys)


def test_bone_that_labels_do_not_resolve_is_no_number_of_an_alternative(
    capsys: pytest.CaptureFixture[str],
) -> None:
    why = "The facet is not resolved at this spacing."
    here = smallest(Objectives, bone_mm3=None, not_measured={"bone_mm3": why})
    text = printed(a_whole_plan(objectives=here, alternatives=(smallest(Alternative),)), capsys)
    assert line_of(text, "this plan").split()[5] == "-"
    assert line_of(text, "Ways").endswith(f"bone is not assessed: {why}")


def test_corridors_are_counted_with_where_they_lie(capsys: pytest.CaptureFixture[str]) -> None:
    branch = smallest(CorridorBranch, lateral_mm=(81.0, 112.0), slack_mm=0.62)
    text = printed(a_whole_plan(corridors=(branch,)), capsys)
    assert line_of(text, "Corridors").endswith(
        "1 among the listed paths: 81 to 112 mm lateral, room 0.6 mm"
    )
