"""What a plan of the spine of boxes says, and what it may not do."""

from dataclasses import replace

import numba
import numpy as np
import pytest
from tests.unit.planning.conftest import Planned
from tests.unit.planning.simple_spine import LEVEL, Recipe, build_case, build_simple_spine

import kambin.planning.plan as plan_module
from kambin.anatomy import Anatomy
from kambin.core import AnatomyError, RequestError
from kambin.frames import Side, angles_from_direction
from kambin.planning import Plan, PlanRequest, Refusal, plan_trajectory, seal_plan, verify_plan
from kambin.planning.certainty import find_slack_mm
from kambin.planning.question import Question
from kambin.planning.reach_choice import ReachChoice


def test_the_plan_passes_its_own_margins(a_planned_spine: Planned) -> None:
    assert find_slack_mm(a_planned_spine.plan.stages) >= -0.05


def test_more_than_a_million_candidates_are_tried(a_planned_spine: Planned) -> None:
    certificate = a_planned_spine.plan.certificate
    assert certificate.candidates >= 1_000_000
    assert certificate.gap_mm == 0
    assert certificate.upper_bound_mm == certificate.objective_mm


def test_the_entry_lies_on_the_skin_of_the_asked_side(a_planned_spine: Planned) -> None:
    x, y, _ = a_planned_spine.plan.trajectory.entry_lps_mm
    assert x > 50
    assert (x / 165) ** 2 + ((y + 10) / 110) ** 2 == pytest.approx(1, abs=0.05)
    assert a_planned_spine.plan.entry.lateral_of_midline_mm == pytest.approx(x, abs=1e-3)


def test_the_tape_is_longer_than_the_chord(a_planned_spine: Planned) -> None:
    entry = a_planned_spine.plan.entry
    assert entry.lateral_of_midline_mm < entry.along_skin_lateral_mm
    assert entry.along_skin_lateral_mm < 1.5 * entry.lateral_of_midline_mm
    assert entry.spinous_tip in {"L4", "L5"}


def test_angles_are_those_of_the_trajectory(a_planned_spine: Planned) -> None:
    plan = a_planned_spine.plan
    way = np.subtract(plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm)
    theta, phi = angles_from_direction(way)
    assert plan.angles.axial_inclination_to_patient_deg == pytest.approx(theta, abs=1e-4)
    assert plan.angles.craniocaudal_to_disc_deg == pytest.approx(phi, abs=1e-4)


def test_the_sequence_goes_from_needle_to_forceps(a_planned_spine: Planned) -> None:
    stages = a_planned_spine.plan.stages
    assert stages[0].tool == "needle"
    assert stages[0].stop_mm == 0
    cannula = next(s for s in stages if s.tool == "cannula")
    assert all(s.stop_mm == cannula.stop_mm for s in stages if s.tool == "reamer")


def test_what_is_missing_is_not_assessed_and_never_clear(a_planned_spine: Planned) -> None:
    plan = a_planned_spine.plan
    assert "aorta" in plan.not_assessed
    assert not any("aorta" in row.structure for s in plan.stages for row in s.clearances)
    assert "PL-010" in {f.code for f in plan.findings}


def test_modelled_roots_are_named(a_planned_spine: Planned) -> None:
    assert "PL-009" in {f.code for f in a_planned_spine.plan.findings}


def test_probabilities_lie_between_none_and_one(a_planned_spine: Planned) -> None:
    chances = a_planned_spine.plan.certainty.contact_probability
    assert 0 < chances["exiting_root:L4:left"] < 0.5
    assert all(0 <= p <= 1 for p in chances.values())


def test_the_tolerance_is_what_the_margins_leave(a_planned_spine: Planned) -> None:
    plan = a_planned_spine.plan
    slack = find_slack_mm(plan.stages)
    if slack > 0:
        # A shift of the axis moves no point by more; most directions bear more than the worst.
        assert plan.certainty.tolerance_entry_mm >= slack - 0.02


def test_sealing_twice_changes_nothing(a_planned_spine: Planned) -> None:
    assert seal_plan(a_planned_spine.plan) == a_planned_spine.plan


def test_the_second_checker_agrees(a_planned_spine: Planned) -> None:
    answer = verify_plan(a_planned_spine.case, a_planned_spine.anatomy, a_planned_spine.plan)
    assert answer.valid, answer
    assert answer.max_difference_mm is not None
    assert answer.max_difference_mm <= answer.agreement_mm + 0.3


def test_another_run_on_one_thread_gives_the_same_document(a_planned_spine: Planned) -> None:
    request = PlanRequest(LEVEL, Side.LEFT, zone="paracentral")
    before = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        again = plan_trajectory(a_planned_spine.case, a_planned_spine.anatomy, request)
    finally:
        numba.set_num_threads(before)
    assert again == a_planned_spine.plan


def test_a_root_in_the_way_is_a_refusal_that_cannot_be_decided() -> None:
    anatomy = build_simple_spine(Recipe(root_scale=5.0))
    request = PlanRequest(LEVEL, Side.LEFT, zone="paracentral")
    refusal = plan_trajectory(build_case(anatomy), anatomy, request)
    assert isinstance(refusal, Refusal)
    assert refusal.binding.deficit_mm is not None
    assert refusal.binding.deficit_mm > 0
    assert refusal.findings[0].code in {"PL-001", "PL-002"}
    assert refusal.decidable is (refusal.findings[0].code == "PL-001")


def test_a_corridor_without_skin_is_refused(a_simple_spine: Anatomy) -> None:
    request = PlanRequest(LEVEL, Side.LEFT, target_lps_mm=(0.0, 400.0, 0.0))
    refusal = plan_trajectory(build_case(a_simple_spine), a_simple_spine, request)
    assert isinstance(refusal, Refusal)
    assert refusal.binding.structure == "skin"
    assert refusal.binding.deficit_mm is None
    assert refusal.findings[0].code == "PL-014"


def test_a_target_that_no_line_through_the_foramen_sees_names_the_bound_and_the_way(
    a_simple_spine: Anatomy,
) -> None:
    request = PlanRequest(LEVEL, Side.LEFT, target_lps_mm=(-5.0, 10.0, 60.0))
    refusal = plan_trajectory(build_case(a_simple_spine), a_simple_spine, request)
    assert isinstance(refusal, Refusal)
    assert refusal.findings[0].code == "PL-014"
    assert refusal.binding.structure == "pedicle:L4:left"
    assert refusal.binding.deficit_mm is not None
    assert refusal.binding.deficit_mm > 0
    assert f"{refusal.binding.deficit_mm:.1f} mm" in refusal.findings[0].why


def test_without_zone_target_or_fragment_nothing_is_guessed(a_simple_spine: Anatomy) -> None:
    with pytest.raises(RequestError, match="PL-032"):
        plan_trajectory(build_case(a_simple_spine), a_simple_spine, PlanRequest(LEVEL, Side.LEFT))


@pytest.mark.parametrize("missing", ["skin", "disc:L4-L5"])
def test_a_level_that_is_not_assessed_is_not_planned(a_simple_spine: Anatomy, missing: str) -> None:
    anatomy, case = build_simple_spine(Recipe(without=(missing,))), build_case(a_simple_spine)
    request = PlanRequest(LEVEL, Side.LEFT, zone="paracentral")
    with pytest.raises(AnatomyError, match="AN-011"):
        plan_trajectory(case, anatomy, request)


def test_coarse_labels_leave_the_facet_unsaid(a_simple_spine: Anatomy) -> None:
    anatomy = build_simple_spine(Recipe(label_spacing_mm=3.0))
    answer = plan_trajectory(
        build_case(anatomy), anatomy, PlanRequest(LEVEL, Side.LEFT, zone="paracentral")
    )
    assert isinstance(answer, Plan)
    assert answer.resection.sap_fraction is None
    assert answer.resection.stability_class == "not_assessed"
    assert "PL-005" in {f.code for f in answer.findings}


def test_a_choice_that_the_second_checker_stops_gives_way_to_what_was_proved(
    a_simple_spine: Anatomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    proved = []

    def through_the_sac(question: Question, chosen: ReachChoice) -> ReachChoice:
        best = chosen.result.best
        assert best is not None
        proved.append(best)
        sac = a_simple_spine.require("dural_sac").region
        middle = sac.lps_mm(np.argwhere(sac.values > 0)).mean(axis=0)
        broken = replace(best, target_lps_mm=middle, stop_mm=0.0)
        return replace(chosen, result=replace(chosen.result, best=broken))

    monkeypatch.setattr(plan_module, "choose_for_room", through_the_sac)
    request = PlanRequest(LEVEL, Side.LEFT, zone="paracentral")
    answer = plan_trajectory(build_case(a_simple_spine), a_simple_spine, request)
    assert isinstance(answer, Plan)
    assert answer.trajectory.target_lps_mm == pytest.approx(proved[0].target_lps_mm, abs=1e-5)
    assert "PL-054" not in {finding.code for finding in answer.findings}
