"""One evaluation of a path: the same numbers from fields that are there and from fresh ones."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.conftest import Planned
from tests.unit.planning.simple_spine import LEVEL, Recipe, build_case, build_simple_spine

from kambin.anatomy import Anatomy
from kambin.core import PlanError
from kambin.frames import Side
from kambin.knowledge import technique
from kambin.planning import Path, PlanRequest, evaluate, find_toolset
from kambin.planning.evaluator import Evaluator
from kambin.planning.reach import NO_FRAGMENT

REQUEST = PlanRequest(LEVEL, Side.LEFT, zone="paracentral")


@pytest.fixture(scope="module")
def evaluator(a_simple_spine: Anatomy) -> Evaluator:
    return Evaluator.prepare(build_case(a_simple_spine), a_simple_spine, REQUEST)


@pytest.fixture(scope="module")
def path(a_planned_spine: Planned) -> Path:
    trajectory, stages = a_planned_spine.plan.trajectory, a_planned_spine.plan.stages
    stop_mm = next(stage.stop_mm for stage in stages if stage.tool == "cannula")
    return Path(np.array(trajectory.entry_lps_mm), np.array(trajectory.target_lps_mm), stop_mm)


def _moved(path: Path, *by_mm: float) -> Path:
    return replace(path, entry_lps_mm=path.entry_lps_mm + by_mm)


def _numbers(evaluator: Evaluator, path: Path) -> tuple[object, ...]:
    """All numbers of a path while it is dragged."""
    found = evaluator.evaluate(path, certainty=False, quick=True)
    return (
        found.stages,
        found.entry,
        found.angles,
        found.resection,
        found.reach,
        found.slack_mm,
    )


def test_a_plan_says_what_the_evaluator_says(
    evaluator: Evaluator, a_planned_spine: Planned
) -> None:
    plan = a_planned_spine.plan
    own = [(stage.instrument, stage.stop_mm) for stage in plan.stages]
    trajectory = plan.trajectory
    stop_mm = next(stage.stop_mm for stage in plan.stages if stage.tool == "cannula")
    found = evaluator.evaluate(
        Path(
            np.array(trajectory.entry_lps_mm),
            np.array(trajectory.target_lps_mm),
            stop_mm,
            dict(own),
        )
    )
    assert found.entry.depth_mm == pytest.approx(plan.entry.depth_mm, abs=1e-5)
    assert found.angles.axial_inclination_to_disc_deg == pytest.approx(
        plan.angles.axial_inclination_to_disc_deg, abs=1e-5
    )
    for ours, theirs in zip(found.stages, plan.stages, strict=True):
        assert [row.structure for row in ours.clearances] == [
            row.structure for row in theirs.clearances
        ]
        for one, other in zip(ours.clearances, theirs.clearances, strict=True):
            assert one.clearance_mm == pytest.approx(other.clearance_mm, abs=1e-4)


def test_a_plan_names_its_weights_its_other_ways_and_why(a_planned_spine: Planned) -> None:
    plan = a_planned_spine.plan
    assert plan.weights == technique("outside-in").weights.model_dump()
    assert plan.objectives is not None
    own = (plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm)
    assert own not in {(a.entry_lps_mm, a.target_lps_mm) for a in plan.alternatives}
    assert [line for line in plan.explanation if ": Better" in line] == [
        f"{other.name}: {other.why}" for other in plan.alternatives
    ]


@pytest.mark.parametrize("by_mm", [(0, 0, 0), (4, 0, 0), (0, 2, -3), (-2, 1, 3)])
def test_a_moved_entry_has_the_numbers_of_a_path_evaluated_alone(
    evaluator: Evaluator, path: Path, by_mm: tuple[float, float, float]
) -> None:
    moved = _moved(path, *by_mm)
    assert evaluator.covers(moved)
    found = evaluator.evaluate(moved)
    alone = evaluate(
        evaluator.case, evaluator.anatomy, moved, evaluator.tools, level=LEVEL, side=Side.LEFT
    )
    for ours, theirs in zip(found.stages, alone, strict=True):
        other = {row.structure: row for row in theirs.clearances}
        for row in ours.clearances:
            assert row.clearance_mm == pytest.approx(other[row.structure].clearance_mm, abs=1e-3)
            assert row.hard_margin_mm == other[row.structure].hard_margin_mm


def test_a_path_out_of_the_corridor_gets_fields_of_its_own(
    evaluator: Evaluator, path: Path
) -> None:
    # From the other side of the body: nothing there lies in the region that was prepared.
    across = replace(path, entry_lps_mm=path.entry_lps_mm * (-1, 1, 1))
    assert not evaluator.covers(across)
    found = evaluator.evaluate(across)
    alone = evaluate(
        evaluator.case, evaluator.anatomy, across, evaluator.tools, level=LEVEL, side=Side.LEFT
    )
    assert found.stages == alone


def test_around_one_path_no_target_is_needed(a_simple_spine: Anatomy, path: Path) -> None:
    request = PlanRequest(LEVEL, Side.LEFT)
    case = build_case(a_simple_spine)
    narrow = Evaluator.prepare(case, a_simple_spine, request, around=path)
    assert narrow.covers(path)
    assert narrow.evaluate(path).stages == evaluate(
        case, a_simple_spine, path, narrow.tools, level=LEVEL, side=Side.LEFT
    )


def test_the_slack_is_the_least_above_the_margins(evaluator: Evaluator, path: Path) -> None:
    found = evaluator.evaluate(path)
    rows = [row for stage in found.stages for row in stage.clearances]
    margins = [r.clearance_mm - r.hard_margin_mm for r in rows if r.hard_margin_mm is not None]
    assert found.slack_mm == min(margins)


def test_another_cannula_needs_no_new_field(evaluator: Evaluator, path: Path) -> None:
    slim = find_toolset(replace(REQUEST, cannula_mm=6.0))
    other = evaluator.with_tools(slim)
    assert other.hazards is evaluator.hazards
    wide, narrow = (e.evaluate(path).stages for e in (evaluator, other))
    by = next(s.radius_mm for s in wide if s.tool == "cannula") - 3.0
    rows = [
        {r.structure: r.clearance_mm for s in stages if s.tool == "cannula" for r in s.clearances}
        for stages in (wide, narrow)
    ]
    assert by > 0
    for name, clearance_mm in rows[0].items():
        assert rows[1][name] == pytest.approx(clearance_mm + by, abs=1e-6)


def test_certainty_is_left_out_when_nobody_asks(evaluator: Evaluator, path: Path) -> None:
    assert evaluator.evaluate(path, certainty=False).certainty is None
    assert evaluator.evaluate(path).certainty is not None


def test_a_case_without_fragment_has_no_reach(evaluator: Evaluator, path: Path) -> None:
    assert evaluator.evaluate(path, certainty=False).reach.not_assessed_reason == NO_FRAGMENT


def test_coarse_labels_have_no_resection(path: Path) -> None:
    coarse = build_simple_spine(Recipe(label_spacing_mm=3.0))
    narrow = Evaluator.prepare(build_case(coarse), coarse, REQUEST, around=path)
    assert narrow.evaluate(path, certainty=False).resection.volume_mm3 is None


def test_a_path_without_direction_is_not_evaluated(path: Path) -> None:
    with pytest.raises(PlanError, match="PL-026"):
        replace(path, entry_lps_mm=path.target_lps_mm)


def test_a_quick_answer_differs_only_in_what_takes_long(evaluator: Evaluator, path: Path) -> None:
    whole, quick = evaluator.evaluate(path), evaluator.evaluate(path, quick=True)
    assert (quick.stages, quick.entry, quick.angles) == (whole.stages, whole.entry, whole.angles)
    assert quick.resection.needed_mm3 == whole.resection.needed_mm3
    assert quick.resection.volume_against_diameter == ()
    assert quick.certainty is not None
    assert whole.certainty is not None
    assert quick.certainty.tolerance is None
    assert whole.certainty.tolerance is not None
    for name, chance in whole.certainty.contact_probability.items():
        assert quick.certainty.contact_probability[name] == pytest.approx(chance, abs=0.02)


def test_a_dragged_path_has_the_numbers_of_a_first_look_also_dragged_back(
    evaluator: Evaluator, path: Path
) -> None:
    moves = [(0, 0, 0), (3, 0, -2), (-2, 0, 5), (0, 0, 0)]
    dragged = [_numbers(evaluator, _moved(path, *by)) for by in moves]
    for by, found in zip(moves, dragged, strict=True):
        assert found == _numbers(replace(evaluator, kept=[]), _moved(path, *by))
    assert dragged[0] == dragged[-1]
    assert dragged[0] != dragged[1]


def test_another_toolset_is_not_measured_with_the_margins_of_the_first(
    evaluator: Evaluator, path: Path
) -> None:
    usual = _numbers(evaluator, path)
    freed = replace(evaluator, tools=replace(evaluator.tools, frees_rim=True))
    assert freed.kept is evaluator.kept
    assert _numbers(freed, path) == _numbers(replace(freed, kept=[]), path)
    assert _numbers(freed, path) != usual


def test_the_setting_of_the_errors_reaches_contact_and_what_is_displayed(
    a_simple_spine: Anatomy, evaluator: Evaluator, path: Path
) -> None:
    gated = replace(REQUEST, errors="compensated")
    other = Evaluator.prepare(build_case(a_simple_spine), a_simple_spine, gated, around=path)
    usual, better = (
        each.assess_certainty(each.evaluate(path, certainty=False, quick=True), quick=True)
        for each in (evaluator, other)
    )
    assert (usual.setting, better.setting) == ("uncompensated", "compensated")
    assert better.displayed_uncertainty_mm < usual.displayed_uncertainty_mm
    assert sum(better.contact_probability.values()) < sum(usual.contact_probability.values())
