"""The rows of a plan and of a refusal, number by number."""

from collections.abc import Callable
from typing import Any

import pytest

from kambin.planning import Binding, Clearance, FindingRecord, Plan, Refusal, Stage
from kambin.planning.bone_models import DiameterVolume, ReamerPass, StopVolume
from kambin.planning.certainty_models import ErrorSource, Tolerance
from kambin.planning.choice_models import (
    Alternative,
    Bevel,
    Landmark,
    Objectives,
    Preference,
    Rule,
    TargetChoice,
)
from kambin.planning.reach_models import Residual
from kambin.report import plan_rows, refusal_rows
from kambin.report.rows import Row, Table


def a_clearance(structure: str, gap_mm: float, origin: str = "segmented") -> Clearance:
    return Clearance(
        structure=structure,
        group="any",
        clearance_mm=gap_mm,
        point_lps_mm=(1.0, 2.0, 3.0),
        sigma_mm=0.5,
        origin=origin,
        hard_margin_mm=1.0,
        uncertainty_mm=0.5,
        inside_uncertainty=gap_mm < 0.5,
    )


def a_stage(tool: str, *clearances: Clearance, stop_mm: float = 0.0, name: str = "own") -> Stage:
    return Stage(
        tool=tool,
        instrument=name,
        radius_mm=3.75,
        tip_lps_mm=(0.0, 0.0, 0.0),
        stop_mm=stop_mm,
        clearances=clearances,
    )


def a_record(code: str, severity: str, what: str = "What") -> FindingRecord:
    return FindingRecord(
        code=code, severity=severity, what=what, where="w", why="Why drg:L4:left.", next_step="n"
    )


def as_mapping(table: Table) -> dict[str, str]:
    return {row[0]: row[1] for row in table.rows}


def detail(plan: Plan, name: str) -> Table:
    (table,) = [table for table in plan_rows.detail_tables(plan) if table.name == name]
    return table


def changed(plan: Plan, part: str, **fields: Any) -> Plan:
    """The plan with some fields of one of its parts changed."""
    return plan.model_copy(update={part: getattr(plan, part).model_copy(update=fields)})


@pytest.fixture
def plan(a_plan: Callable[[str], Plan]) -> Plan:
    """A plan on the left."""
    return a_plan("left")


def test_rows_are_equal_by_their_cells_and_can_be_counted() -> None:
    assert Row("a", "b") == Row("a", "b") != Row("b", "a")
    assert len({Row("a"), Row("a"), Row()}) == 2
    with pytest.raises(AttributeError):
        Row("a").cells = ()  # type: ignore[misc]


@pytest.mark.parametrize(
    ("accepted", "left"),
    [((), "PL-004, PL-010"), (("PL-010",), "PL-004"), (("AN-114",), "PL-004, PL-010")],
)
def test_the_verdict_names_each_open_code_once_and_in_order(
    plan: Plan, accepted: tuple[str, ...], left: str
) -> None:
    records = [a_record(c, "CONFIRM") for c in ("PL-010", "PL-004", "PL-010")]
    asked = plan.model_copy(update={"findings": (*records, a_record("PL-011", "NOTE"))})
    assert plan_rows.verdict(asked, frozenset(accepted)) == (
        f"Needs a named person's confirmation of {left} before any use."
    )


def test_an_answered_plan_leaves_the_judgement_with_the_surgeon(plan: Plan) -> None:
    said = plan_rows.verdict(plan, frozenset({"PL-010"}))
    assert said.endswith("the judgement stays with the surgeon.")


@pytest.mark.parametrize(
    ("cranial_mm", "words"), [(12.4, "12 mm cranial"), (0.0, "0 mm cranial"), (-7.6, "8 mm caudal")]
)
def test_heights_have_a_word_for_their_direction(plan: Plan, cranial_mm: float, words: str) -> None:
    plan = changed(
        plan, "entry", cranial_of_disc_line_mm=cranial_mm, cranial_of_spinous_tip_mm=cranial_mm
    )
    facts = plan_rows.facts(plan)
    assert facts[2].cells == ("Height", words, "of the disc line on the skin")
    assert facts[3].cells == ("Height", words, "of the spinous process L4")


def test_a_height_without_a_process_names_none(plan: Plan) -> None:
    plan = changed(plan, "entry", cranial_of_spinous_tip_mm=None, spinous_tip=None)
    assert plan_rows.facts(plan)[3].cells == (
        "Height",
        "not assessed",
        "of the nearest spinous process",
    )


@pytest.mark.parametrize("axial_deg", [0.0, 37.25, 90.0])
def test_an_angle_and_its_complement_make_ninety(plan: Plan, axial_deg: float) -> None:
    plan = changed(plan, "angles", axial_inclination_to_disc_deg=axial_deg)
    rows = as_mapping(plan_rows.angle_table(plan))
    total = sum(float(rows[n].rstrip("°")) for n in ("Axial inclination", "= to the horizontal"))
    assert total == pytest.approx(90.0, abs=0.11)


def test_the_summary_keeps_the_least_gap_and_the_stage_it_belongs_to(plan: Plan) -> None:
    stages = (
        a_stage("needle", a_clearance("dural_sac", 5.0), a_clearance("colon", 30.0)),
        a_stage("cannula", a_clearance("dural_sac", 2.0), a_clearance("colon", 31.0)),
    )
    rows = plan_rows.summary_table(plan.model_copy(update={"stages": stages})).rows
    assert [row[:3] for row in rows] == [
        ("dural sac", "2.0 mm", "cannula"),
        ("colon", "30.0 mm", "needle"),
    ]


def test_equal_gaps_are_ordered_by_name_and_belong_to_the_first_stage(plan: Plan) -> None:
    both = (a_clearance("dural_sac", 2.0), a_clearance("colon", 2.0))
    stages = (a_stage("needle", *both), a_stage("cannula", *reversed(both)))
    rows = plan_rows.summary_table(plan.model_copy(update={"stages": stages})).rows
    assert [(row[0], row[2]) for row in rows] == [("colon", "needle"), ("dural sac", "needle")]


def test_what_is_modelled_is_marked_in_the_summary(plan: Plan) -> None:
    stage = a_stage("needle", a_clearance("drg:L4:left", 2.0, "modelled"))
    rows = plan_rows.summary_table(plan.model_copy(update={"stages": (stage,)})).rows
    assert rows[0][0] == "ganglion (DRG) L4 left (m)"


@pytest.mark.parametrize(
    ("stop_mm", "words"),
    [(0.0, "at it"), (0.049, "at it"), (-0.049, "at it"), (8.0, "8.0 mm short"),
     (-10.0, "10.0 mm past")],
)  # fmt: skip
def test_where_a_tool_ends_is_told_from_the_target(plan: Plan, stop_mm: float, words: str) -> None:
    stage = a_stage("cannula", stop_mm=stop_mm)
    (row,) = plan_rows.tool_table(plan.model_copy(update={"stages": (stage,)})).rows
    assert row == (
        "cannula",
        "own",
        "7.5 mm",
        words,
        f"{plan.trajectory.length_mm - stop_mm:.0f} mm",
    )


@pytest.mark.parametrize(
    ("stability", "words"),
    [("at_risk", "at risk"), ("not_assessed", "not assessed"), ("minor", "minor")],
)
def test_a_class_of_stability_is_written_without_underscore(
    plan: Plan, stability: str, words: str
) -> None:
    table = detail(changed(plan, "resection", stability_class=stability), "resection")
    assert as_mapping(table)["Stability class"] == words


@pytest.mark.parametrize(("removed", "word"), [(True, "yes"), (False, "no")])
def test_removed_rim_bone_is_declared(plan: Plan, removed: bool, word: str) -> None:
    table = detail(changed(plan, "resection", rim_is_removed=removed), "resection")
    assert as_mapping(table)["Rim bone declared as removed"] == word


def test_each_reason_stands_under_its_own_table(plan: Plan) -> None:
    plan = changed(plan, "resection", not_assessed_reason="No joint.")
    assert detail(plan, "resection").note == "No joint."
    assert detail(plan, "reach").note == "The case has no fragment."
    assert detail(changed(plan, "reach", not_assessed_reason=None), "reach").note == ""


def test_the_likeliest_contact_comes_first_and_equal_ones_by_name(plan: Plan) -> None:
    shares = {"colon": 0.1, "dural_sac": 0.5, "aorta": 0.1}
    table = detail(changed(plan, "certainty", contact_probability=shares), "certainty")
    assert [row[0] for row in table.rows[:3]] == ["dural sac", "aorta", "colon"]
    assert table.rows[0][1] == "50.0 %"


def test_contacts_too_unlikely_to_print_share_one_row(plan: Plan) -> None:
    shares = {"colon": 0.0004, "dural_sac": 0.0005, "aorta": 0.0}
    rows = as_mapping(detail(changed(plan, "certainty", contact_probability=shares), "certainty"))
    assert rows["dural sac"] == "0.1 %"
    assert rows["each of 2 other structures"] == "below 0.05 %"
    assert not any("colon" in name for name in rows)


def test_a_contact_beyond_the_fields_is_an_upper_bound(plan: Plan) -> None:
    certain = changed(
        plan,
        "certainty",
        contact_probability={"colon": 0.02},
        contact_interval={"colon": (0.01, 0.03)},
        contact_worst_stage={"colon": "scope"},
        contact_at_most=("colon",),
    )
    assert detail(certain, "certainty").rows == (
        ("colon", "at most 2.0 %", "1.0 to 3.0 %", "scope"),
    )


def test_a_tolerance_that_is_none_is_not_assessed(plan: Plan) -> None:
    rows = as_mapping(detail(plan, "tolerance"))
    assert rows["The hand may err at the skin by"] == "1.5 mm"
    assert rows["The hand may err in angle by"] == "not assessed"


def test_the_joint_tolerance_names_what_limits_it_and_who_checked(plan: Plan) -> None:
    joint = Tolerance(
        pivot_lps_mm=(0.0, 0.0, 0.0),
        ellipse_entry_mm=2.04,
        ellipse_angle_deg=1.36,
        ellipse=(),
        limited_by="exiting_root:L4:left",
        is_capped=False,
        poses=1024,
        decided_by_displacement=1000,
        measured_on_surfaces=24,
        kept_share=1.0,
    )
    rows = as_mapping(detail(changed(plan, "certainty", tolerance=joint), "tolerance"))
    note = detail(changed(plan, "certainty", tolerance=joint), "tolerance").note
    # half of the way off, the ellipse leaves the root of three quarters of the angle
    assert "1.0 mm off, to any side, leaves 1.2 degrees" in note
    assert "2.0 mm off leaves none" in note
    assert rows["Both together: half axes of the ellipse"] == "2.0 mm, 1.4 degrees"
    assert rows["What limits it"] == "exiting root L4 left"
    assert rows["Poses inside that the second checker passed"] == "1,024"


def test_every_source_of_error_keeps_its_tag_and_its_source(plan: Plan) -> None:
    source = ErrorSource(
        name="hand_angle", value=2.0, sigma_per_axis=1.6, axes=2, unit="deg", tag="M",
        source="evidence 10.4", note="",
    )  # fmt: skip
    table = detail(changed(plan, "certainty", error_sources=(source,)), "error-sources")
    assert table.rows == (("hand angle", "2 deg", "1.6 deg on 2 axes", "M", "evidence 10.4"),)


def test_reamers_are_listed_with_direction_and_end(plan: Plan) -> None:
    one = ReamerPass(
        instrument="reamer-6.5", radius_mm=3.25, tilt_deg=6.0, pivot="skin",
        tip_lps_mm=(0.0, 0.0, 0.0), outer_lps_mm=(9.0, 0.0, 0.0), stop_mm=7.5, taken_mm3=81.4,
    )  # fmt: skip
    table = detail(changed(plan, "resection", passes=(one,)), "reamers")
    assert table.rows == (("reamer-6.5", "6.5 mm", "6° at skin", "7.5 mm short", "81 mm³"),)


def test_bone_curves_of_unequal_length_stand_side_by_side(plan: Plan) -> None:
    plan = changed(
        plan,
        "resection",
        volume_against_diameter=(
            DiameterVolume(diameter_mm=5.0, volume_mm3=10.0),
            DiameterVolume(diameter_mm=7.5, volume_mm3=40.0),
        ),
        volume_against_stop=(StopVolume(stop_mm=0.0, volume_mm3=55.0),),
    )
    assert detail(plan, "bone-curves").rows == (
        ("5 mm", "10 mm³", "0 mm", "55 mm³"),
        ("7.5 mm", "40 mm³", "", ""),
    )


def test_a_tip_on_the_c_arm_says_when_its_row_has_no_source(plan: Plan) -> None:
    seen = Landmark(
        ap_zone="midPL to LPL", ap_lateral_mm=18.2, lateral_mm_of_pvl=-2.4, state="docking",
        title="Docking at the annulus", action="normal", policy="allow", is_verified=False,
        source="evidence 1.1",
    )  # fmt: skip
    stage = a_stage("needle").model_copy(update={"landmark": seen})
    table = detail(plan.model_copy(update={"stages": (stage,)}), "landmarks")
    assert table.rows[0] == (
        "needle 7.5",
        "midPL to LPL, 18 mm of SL",
        "2 mm in front",
        "Docking at the annulus (unverified)",
        "normal",
    )


def some_objectives(**fields: Any) -> Objectives:
    """What a path is judged by, with a few numbers of its own."""
    return Objectives(
        **{
            "nerve_clearance_mm": 1.1,
            "vessel_clearance_mm": None,
            "organ_clearance_mm": 30.0,
            "bone_clearance_mm": 0.5,
            "bone_mm3": 117.0,
            "docking_mm": 14.0,
            "length_mm": 102.0,
            "muscle_path_mm": {},
            "muscle_mm3": 1700.0,
            "angles_left_deg": 0.0,
            "lateral_left_mm": 0.0,
            "off_target_mm": 0.0,
            "room_mm": 0.5,
            "tolerance_entry_mm": None,
            "reachable_fraction": 0.625,
            "score_mm": -1.6,
            **fields,
        }
    )


def test_a_plan_without_choices_has_no_tables_of_them(plan: Plan) -> None:
    names = {table.name for table in plan_rows.detail_tables(plan)}
    assert names.isdisjoint({"why", "alternatives", "usual", "rules"})


def test_the_plan_stands_first_among_its_alternatives(plan: Plan) -> None:
    other = Alternative(
        name="Least bone", why="It costs: 0.2 mm to drg:L4:left.", entry_lps_mm=(90.0, 80.0, 2.0),
        target_lps_mm=(10.0, 20.0, 0.0), stop_mm=12.0, weights={"clearance": 1.0},
        objective_mm=-2.0, objectives=some_objectives(bone_mm3=19.0, reachable_fraction=None),
    )  # fmt: skip
    chosen = plan.model_copy(update={
        "objectives": some_objectives(tolerance_entry_mm=1.61), "alternatives": (other,)
    })  # fmt: skip
    table = detail(chosen, "alternatives")
    assert table.rows[0] == (
        "this plan", "1.1 mm", "117 mm³", "14.0 mm", "1.7 cm³", "62 %", "1.6 mm", ""
    )  # fmt: skip
    assert table.rows[1][:3] == ("Least bone", "1.1 mm", "19 mm³")
    assert table.rows[1][5:] == (
        "not assessed",
        "not assessed",
        "It costs: 0.2 mm to ganglion (DRG) L4 left.",
    )
    assert "90.0, 80.0, 2.0" in table.note


@pytest.mark.parametrize("volume_mm3", [None, 41.0])
def test_bone_in_the_way_is_not_taken_for_bone_that_is_removed(
    plan: Plan, volume_mm3: float | None
) -> None:
    reason = "The facet is not resolved." if volume_mm3 is None else None
    told = changed(plan, "resection", volume_mm3=volume_mm3, not_assessed_reason=reason)
    here = some_objectives(bone_mm3=volume_mm3)
    table = detail(told.model_copy(update={"objectives": here}), "alternatives")
    assert table.columns[2] == "Bone in the way"
    assert table.rows[0][2] == ("not assessed" if volume_mm3 is None else "41 mm³")
    assert ("not assessed: The facet is not resolved." in table.note) is (volume_mm3 is None)
    assert ("Bone to remove" in table.note) is (volume_mm3 is not None)


def test_reasons_name_the_rule_that_says_where_to_aim(plan: Plan) -> None:
    aim = TargetChoice(
        rule="paracentral", title="Posterior annulus at the medial pedicle line", zone=None,
        migration=None, goal_lps_mm=(0.0, 0.0, 0.0), off_goal_mm=1.26, usual_techniques=(),
        is_usual_technique=None, is_verified=False, source="evidence 2.2",
    )  # fmt: skip
    told = plan.model_copy(update={"explanation": ("sap:L5:left binds.",), "target_choice": aim})
    table = detail(told, "why")
    assert table.rows == (("superior articular process L5 left binds.",),)
    assert "1.3 mm off the rule's goal (rule unverified)" in table.note


def test_what_lies_outside_the_usual_is_said_without_a_word_for_a_side(plan: Plan) -> None:
    one = Preference(
        name="axial_inclination", value=63.2, low=47.0, high=61.0, unit="deg", is_left=True,
        is_weighed=True, source="evidence 2.1",
    )  # fmt: skip
    table = detail(plan.model_copy(update={"preferences": (one,)}), "usual")
    assert table.rows == (
        ("axial inclination", "63 deg", "47 to 61 deg", "outside", "evidence 2.1"),
    )


@pytest.mark.parametrize(("passed", "word"), [(True, "holds"), (False, "BLOCK")])
def test_a_rule_that_is_broken_says_what_that_means(plan: Plan, passed: bool, word: str) -> None:
    rule = Rule(
        id="nerve-needle", what="Needle keeps off root", value=0.5, threshold=1.0,
        comparison="at least", unit="mm", source="margins", stage="needle",
        structure="drg:L4:left", severity="BLOCK", passed=passed, not_assessed_reason=None,
    )  # fmt: skip
    (row,) = detail(plan.model_copy(update={"rules": (rule,)}), "rules").rows
    assert row[2:6] == ("0.5 mm", "at least 1 mm", "needle ganglion (DRG) L4 left", word)


def test_what_stays_behind_is_told_with_its_gaps(plan: Plan) -> None:
    left = Residual(
        volume_mm3=210.0, pieces=3, largest_mm3=180.2, centroid_lps_mm=(4.0, 5.0, 6.0),
        distances_mm={"exiting_root:L4:left": 3.25, "dural_sac": None},
    )  # fmt: skip
    plan = changed(
        plan, "reach", fragment_mm3=840.0, reachable_fraction=0.75, best_rotation_deg=90.0,
        residual=left, blockers_modelled=("dural_sac",), not_assessed_reason=None,
    )  # fmt: skip
    table = detail(plan, "reach")
    rows = as_mapping(table)
    assert rows["Fragment within reach"] == "75 %"
    assert rows["Largest piece left behind"] == "180 mm³ of 3 pieces"
    assert rows["Its gap to exiting root L4 left"] == "3.2 mm"
    assert rows["Its gap to dural sac"] == "not assessed"
    assert table.note == "In the way and modelled: dural sac."


def test_the_bevel_is_told_as_a_clock(plan: Plan) -> None:
    bevel = Bevel(
        bevel_deg=30.0, lip_mm=4.3, heel_lps_mm=None, insertion_deg=181.0, insertion_clock=6,
        working_deg=None, working_clock=None, turn_deg=None, away_from="exiting_root:L4:left",
        towards=None, convention="bevel-1", not_assessed_reason="Nothing to aim at.",
    )  # fmt: skip
    stage = a_stage("cannula").model_copy(update={"bevel": bevel})
    table = detail(plan.model_copy(update={"stages": (stage,)}), "bevel")
    rows = as_mapping(table)
    assert rows["Going in, the opening looks to"] == "181° (6 o'clock)"
    assert rows["away from"] == "exiting root L4 left"
    assert rows["At work, the opening looks to"] == "not assessed"
    assert table.note.endswith("Nothing to aim at.")


@pytest.mark.parametrize(
    ("offset_mm", "words"),
    [(62.34, "62.3 mm to the patient's LEFT"), (-62.34, "62.3 mm to the patient's RIGHT")],
)
def test_the_side_follows_the_sign_of_the_offset(plan: Plan, offset_mm: float, words: str) -> None:
    table = detail(changed(plan, "side_witness", signed_offset_lps_mm=offset_mm), "points")
    assert as_mapping(table)["Side by the entry's offset"] == words


@pytest.mark.parametrize(("gap_mm", "words"), [(None, "not assessed"), (0.126, "0.13 mm")])
def test_the_gap_of_the_search_is_told_or_said_to_be_unknown(
    plan: Plan, gap_mm: float | None, words: str
) -> None:
    table = detail(changed(plan, "certificate", continuum_gap_mm=gap_mm), "points")
    assert as_mapping(table)["Between the listed candidates"] == words


def test_what_a_tool_comes_near_has_a_row_for_every_stage(plan: Plan) -> None:
    table = detail(plan, "clearances")
    sacs = [row for row in table.rows if row[0] == "dural sac"]
    assert [row[1].split()[0] for row in sacs] == [stage.tool for stage in plan.stages]
    assert table.rows[0][6] == "8.0, 1.0, 0.0"
    taken = next(row for row in table.rows if row[0].startswith("superior articular"))
    assert taken[3] == "none"


def test_what_stays_far_has_one_row_with_its_nearest_stage(plan: Plan) -> None:
    stages = (
        a_stage("needle", a_clearance("colon", 6.5), a_clearance("aorta", 5.9)),
        a_stage("reamer", a_clearance("colon", 6.2), a_clearance("aorta", 9.0)),
    )
    table = detail(plan.model_copy(update={"stages": stages}), "clearances")
    # Five millimetres beyond a margin of one: the aorta is near in one stage, so all are shown.
    assert [row[:3] for row in table.rows] == [
        ("aorta", "needle 7.5", "5.90"),
        ("aorta", "reamer 7.5", "9.00"),
        ("colon", "reamer 7.5", "6.20"),
    ]


def with_reason(refusal: Refusal, code: str, **fields: Any) -> Refusal:
    record = a_record(code, "BLOCK", "Two computations disagree about vena_cava")
    return refusal.model_copy(update={"findings": (record,)} | fields)


@pytest.mark.parametrize("code", ["PL-001", "PL-002"])
def test_a_broken_margin_is_told_by_what_binds(a_refusal: Refusal, code: str) -> None:
    said = refusal_rows.verdict(with_reason(a_refusal, code, decidable=True))
    assert said == (
        "No path keeps the margins. Exiting root L4 right binds at the cannula: "
        "the best candidate lacks 0.8 mm."
    )


def test_an_empty_corridor_is_told_by_the_bound_that_the_nearest_line_misses(
    a_refusal: Refusal,
) -> None:
    said = refusal_rows.verdict(with_reason(a_refusal, "PL-014"))
    assert said.startswith("No straight path of this technique runs from the skin")
    assert said.endswith("Why ganglion (DRG) L4 left.")


def test_what_the_labels_cannot_tell_is_said_so(a_refusal: Refusal) -> None:
    said = refusal_rows.verdict(with_reason(a_refusal, "PL-002"))
    assert said.startswith("Cannot be decided at this resolution. Exiting root L4 right binds")
    assert said.endswith("within the uncertainty of these labels.")


@pytest.mark.parametrize("decidable", [True, False])
def test_another_reason_goes_before_what_binds_and_is_in_words(
    a_refusal: Refusal, decidable: bool
) -> None:
    said = refusal_rows.verdict(with_reason(a_refusal, "PL-027", decidable=decidable))
    assert said == (
        "No plan is offered: Two computations disagree about vena cava. Why ganglion (DRG) L4 left."
    )


def test_a_refusal_without_a_blocking_finding_still_says_what_binds(a_refusal: Refusal) -> None:
    bare = a_refusal.model_copy(update={"findings": (), "decidable": True})
    assert refusal_rows.verdict(bare).startswith("No path keeps the margins.")


@pytest.mark.parametrize(("decidable", "word"), [(True, "yes"), (False, "NO")])
def test_the_facts_of_a_refusal(a_refusal: Refusal, decidable: bool, word: str) -> None:
    nothing = Binding(structure="skin", deficit_mm=None, stage="needle")
    fields = {"decidable": decidable, "binding": nothing}
    facts = refusal_rows.facts(a_refusal.model_copy(update=fields))
    assert [row.cells[:2] for row in facts] == [
        ("Binding structure", "skin"),
        ("Stage", "needle"),
        ("Deficit", "not assessed"),
        ("Decidable", word),
        ("Candidates", "1,200"),
    ]
