"""Numbers of a plan in the words of the sheet."""

import pytest
from tests.unit.approaches.made_back import make_way
from tests.unit.exchange.made_plans import smallest

from kambin.planning import Angles, Entry, Plan, Reach, Resection, Stage
from kambin.planning.bone_models import ReamerPass
from kambin.planning.choice_models import Bevel
from kambin.report.procedure_facts import find_facts
from kambin.report.procedure_models import CArmView
from kambin.report.procedure_tools import pass_rows, tool_rows

VIEWS = (
    CArmView(
        name="true AP",
        of="disc L4-L5",
        beam_lps=(0.0, 1.0, 0.0),
        tilt_deg=12.0,
        turn_deg=0.0,
        words="upper end 12 degrees towards the head, not turned to a side",
    ),
    CArmView(
        name="true lateral",
        of="disc L4-L5",
        beam_lps=(1.0, 0.0, 0.0),
        tilt_deg=0.0,
        turn_deg=0.0,
        words="left end not tilted, not turned",
    ),
)


def _facts(plan: Plan, *, doses: str | None = None) -> dict[str, str]:
    return find_facts(plan, tool_rows(plan), pass_rows(plan), VIEWS, doses=doses)


def _with(**fields: object) -> dict[str, str]:
    return _facts(make_way().model_copy(update=fields))


def _entry(**fields: object) -> Entry:
    entry: Entry = smallest(Entry, **fields)
    return entry


@pytest.mark.parametrize(
    ("way_mm", "words"),
    [
        (0.0, "0 mm cranial"),
        (0.6, "1 mm cranial"),
        (34.4, "34 mm cranial"),
        (-0.6, "1 mm caudal"),
        (-21.7, "22 mm caudal"),
    ],
)
def test_heights_are_cranial_or_caudal(way_mm: float, words: str) -> None:
    assert _with(entry=_entry(cranial_of_disc_line_mm=way_mm))["disc_line_words"] == words


@pytest.mark.parametrize(
    ("way_mm", "tip", "words"),
    [
        (8.6, "L4", "9 mm cranial of the spinous tip of L4"),
        (-12.2, "L3", "12 mm caudal of the spinous tip of L3"),
    ],
)
def test_the_height_over_the_nearest_tip_names_it(way_mm: float, tip: str, words: str) -> None:
    entry = _entry(cranial_of_spinous_tip_mm=way_mm, spinous_tip=tip)
    assert _with(entry=entry)["tip_words"] == words


@pytest.mark.parametrize(
    ("way_mm", "tip"),
    [(None, None), (None, "L4"), (3.0, None), (3.0, "")],
)
def test_without_a_tip_there_is_no_height_over_one(way_mm: float | None, tip: str | None) -> None:
    entry = _entry(cranial_of_spinous_tip_mm=way_mm, spinous_tip=tip)
    assert "tip_words" not in _with(entry=entry)


def test_angles_are_told_to_disc_and_patient() -> None:
    angles = Angles(
        axial_inclination_to_disc_deg=56.4,
        craniocaudal_to_disc_deg=13.2,
        axial_inclination_to_patient_deg=61.6,
        craniocaudal_to_patient_deg=-4.4,
        convention="kambin-1",
    )
    found = _with(angles=angles)
    assert (found["axial_disc"], found["axial_patient"]) == ("56", "62")
    assert found["craniocaudal_disc_words"] == "from 13 degrees cranial"
    assert found["craniocaudal_patient_words"] == "from 4 degrees caudal"


def test_the_c_arm_is_told_in_parts() -> None:
    found = _facts(make_way())
    assert found["ap_tilt_words"] == "12 degrees towards the head"
    assert found["ap_turn_words"] == "not turned to a side"
    assert found["lateral_words"] == "left end not tilted, not turned"


@pytest.mark.parametrize(
    ("stop_mm", "depth", "words"),
    [
        (0.0, "90", "at the target"),
        (0.04, "90", "at the target"),
        (14.0, "76", "14 mm short of the target"),
        (-10.0, "100", "10 mm past the target"),
    ],
)
def test_where_a_tool_ends_is_told_from_skin_and_target(
    stop_mm: float, depth: str, words: str
) -> None:
    stage = smallest(
        Stage, tool="cannula", instrument="cannula-7.5", radius_mm=3.75, stop_mm=stop_mm
    )
    found = _with(stages=(stage,))
    assert found["cannula_depth_mm"] == depth
    assert found["cannula_stop_words"] == words


def test_several_tools_of_a_stage_are_named_together() -> None:
    dilators = tuple(
        smallest(Stage, tool="dilator", instrument=name, radius_mm=radius, stop_mm=8.0)
        for name, radius in (("dilator-3", 1.5), ("dilator-5", 2.5), ("dilator-6.5", 3.25))
    )
    found = _with(stages=dilators)
    assert found["dilator_words"] == "Guiding rod 3 mm, Dilator 5 mm, Dilator 6.5 mm"
    assert "needle_words" not in found
    assert "scope_words" not in found


def _bone(**fields: object) -> Resection:
    bone: Resection = smallest(Resection, **fields)
    return bone


def test_bone_that_the_labels_cannot_tell_says_why() -> None:
    bone = _bone(not_assessed_reason="The facet is not resolved at this spacing.")
    found = _with(resection=bone)
    assert found["resection_words"] == "the facet is not resolved at this spacing"
    assert "reamer_words" not in found


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (None, "162 mm³, stability minor"),
        (0.087, "162 mm³, 9 % of the process, stability minor"),
    ],
)
def test_bone_is_told_in_volume_share_and_class(share: float | None, words: str) -> None:
    bone = _bone(
        volume_mm3=162.4, sap_fraction=share, stability_class="minor", not_assessed_reason=None
    )
    assert _with(resection=bone)["resection_words"] == words


def test_passes_of_reamers_have_their_own_depth_and_tilt() -> None:
    passes = tuple(
        smallest(
            ReamerPass,
            instrument=name,
            radius_mm=radius,
            tilt_deg=tilt,
            stop_mm=stop,
            taken_mm3=taken,
        )
        for name, radius, tilt, stop, taken in (
            ("reamer-5.5", 2.75, 0.0, 9.0, 40.0),
            ("reamer-6.5", 3.25, 0.0, 8.0, 30.0),
            ("reamer-7.5", 3.75, 5.0, 7.0, 20.0),
        )
    )
    plan = make_way().model_copy(update={"resection": _bone(passes=passes)})
    rows = pass_rows(plan)
    assert [row.number for row in rows] == [1, 2, 3]
    assert [row.depth_mm for row in rows] == [81.0, 82.0, 83.0]
    assert [row.taken_mm3 for row in rows] == [40.0, 30.0, 20.0]
    text = _facts(plan)["reamer_words"]
    assert text == "5.5 mm to 81 mm, 6.5 mm to 82 mm, 7.5 mm to 83 mm tilted by 5 degrees"


@pytest.mark.parametrize(
    ("reachable", "visible", "words"),
    [
        (None, None, None),
        (0.5, None, "50 % of the fragment"),
        (1.0, 0.25, "100 % of the fragment, 25 % in sight"),
    ],
)
def test_reach_is_told_where_there_is_a_fragment(
    reachable: float | None, visible: float | None, words: str | None
) -> None:
    reach = smallest(Reach, reachable_fraction=reachable, visible_fraction=visible)
    assert _with(reach=reach).get("reach_words") == words


def test_reach_behind_modelled_nerves_and_a_class_of_two_words_are_told_in_words() -> None:
    reach = smallest(
        Reach, reachable_fraction=0.5, visible_fraction=None, blockers_modelled=("dural_sac",)
    )
    told = _with(reach=reach)["reach_words"]
    assert told == "50 % of the fragment; nerves that block are modelled, not seen"
    bone = _bone(
        volume_mm3=20.0, sap_fraction=None, stability_class="at_risk", not_assessed_reason=None
    )
    assert _with(resection=bone)["resection_words"] == "20 mm³, stability at risk"


def _bevelled(**fields: object) -> dict[str, str]:
    bevel = smallest(Bevel, **fields)
    stage = smallest(
        Stage, tool="cannula", instrument="cannula-7.5", radius_mm=3.75, stop_mm=6.0, bevel=bevel
    )
    return _with(stages=(stage,))


def test_the_bevel_is_told_by_the_clock() -> None:
    found = _bevelled(insertion_clock=12, working_clock=6, away_from="exiting_root:L5:right")
    assert (found["insertion_clock"], found["working_clock"]) == ("12", "6")
    assert found["away_from"] == "exiting root L5 right"


def test_a_bevel_that_is_not_known_says_why() -> None:
    found = _bevelled(
        insertion_clock=None,
        working_clock=None,
        away_from=None,
        not_assessed_reason="The exiting root is not assessed.",
    )
    assert "insertion_clock" not in found
    assert "away_from" not in found
    assert found["bevel_reason"] == "The exiting root is not assessed."


def test_doses_are_known_only_where_they_were_worked_out() -> None:
    assert "doses" not in _facts(make_way())
    assert _facts(make_way(), doses="yes")["doses"] == "yes"


def test_what_the_tables_say_is_taken_from_them() -> None:
    found = _facts(make_way())
    assert (found["incision_mm"], found["near_root_percent"]) == ("8", "0.5")


def test_no_fact_is_an_empty_text() -> None:
    assert all(_facts(make_way()).values())
