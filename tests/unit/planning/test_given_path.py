"""A path set by hand becomes a plan only where every rule and the second checker let it pass."""

import numpy as np
import pytest
from tests.unit.planning.conftest import Planned
from tests.unit.planning.simple_spine import LEVEL

from kambin.core import PlanError, require_code
from kambin.desk.workbench import MemoryStore
from kambin.frames import Side
from kambin.planning import Path, Plan, PlanRequest, hash_content, verify_plan
from kambin.planning.given_path import BY_HAND, plan_given_path
from kambin.planning.question import Question, prepare_question

ASKED = PlanRequest(LEVEL, Side.LEFT, zone="paracentral")


@pytest.fixture(scope="module")
def a_store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="module")
def a_question(a_planned_spine: Planned, a_store: MemoryStore) -> Question:
    return prepare_question(a_planned_spine.case, a_planned_spine.anatomy, ASKED, store=a_store)


def _path(planned: Planned, *, entry: tuple[float, float, float] = (0, 0, 0)) -> Path:
    """Return the plan's own path with its entry moved."""
    plan = planned.plan
    docked = next(s.stop_mm for s in plan.stages if s.tool == "cannula")
    axis = plan.trajectory
    moved = np.add(axis.entry_lps_mm, entry)
    return Path(moved, np.array(axis.target_lps_mm), docked)


@pytest.fixture(scope="module")
def a_moved_plan(a_planned_spine: Planned, a_question: Question, a_store: MemoryStore) -> Plan:
    """The plan's path with its entry 3 mm further up, sealed once for all tests."""
    moved = _path(a_planned_spine, entry=(0.0, 0.0, 3.0))
    certificate = a_planned_spine.plan.certificate
    return plan_given_path(a_question, moved, certificate=certificate, store=a_store)


def test_a_moved_path_that_passes_is_sealed_as_it_was_set(
    a_planned_spine: Planned, a_moved_plan: Plan
) -> None:
    moved = _path(a_planned_spine, entry=(0.0, 0.0, 3.0))
    made, plan = a_moved_plan, a_planned_spine.plan
    assert made.trajectory.entry_lps_mm == pytest.approx(moved.entry_lps_mm, abs=1e-6)
    assert made.trajectory.target_lps_mm == plan.trajectory.target_lps_mm
    assert made.content_sha256 == hash_content(made) != plan.content_sha256
    assert made.certainty.contact_probability
    assert verify_plan(a_planned_spine.case, a_planned_spine.anatomy, made).valid


def test_it_says_that_a_hand_set_it_and_what_that_costs(
    a_planned_spine: Planned, a_moved_plan: Plan
) -> None:
    made, proved = a_moved_plan, a_planned_spine.plan.certificate
    assert made.objectives is not None
    assert proved.objective_mm is not None
    lost = proved.objective_mm - made.objectives.score_mm
    assert lost > 0
    (note,) = [f for f in made.findings if f.code == "PL-170"]
    assert f"{lost:.2f} mm less" in note.why
    assert note.severity == "NOTE"
    assert any("set by hand" in line for line in made.explanation)
    assert made.certificate.method.endswith(BY_HAND)
    # the hand changes nothing of what the search proved
    assert made.certificate.objective_mm == proved.objective_mm
    assert made.certificate.candidates == proved.candidates


def test_a_path_that_breaks_a_rule_is_refused_with_the_rule(
    a_planned_spine: Planned, a_question: Question, a_store: MemoryStore
) -> None:
    with pytest.raises(PlanError) as refused:
        plan_given_path(a_question, _path(a_planned_spine, entry=(0, 12.0, 0)), store=a_store)
    assert refused.value.code == "PL-171"
    assert refused.value.findings
    assert all(f.severity == "BLOCK" for f in refused.value.findings)
    assert all(require_code(f.code) for f in refused.value.findings)


def test_a_path_from_the_other_side_is_refused(
    a_planned_spine: Planned, a_question: Question, a_store: MemoryStore
) -> None:
    own = _path(a_planned_spine)
    across = Path(own.entry_lps_mm * (-1, 1, 1), own.target_lps_mm, own.stop_mm)
    with pytest.raises(PlanError) as refused:
        plan_given_path(a_question, across, store=a_store)
    assert "side" in refused.value.why


def test_a_path_without_length_has_no_plan(a_question: Question) -> None:
    with pytest.raises(PlanError) as refused:
        plan_given_path(a_question, Path(np.zeros(3), np.zeros(3), 0.0))
    assert refused.value.code == "PL-026"
