"""What a path is judged by, other ways beside it, and the words for both."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.made_choices import OBJECTIVES
from tests.unit.planning.made_level import make_clearance, make_stage
from tests.unit.planning.simple_spine import GRID, LEVEL
from tests.unit.planning.small_problems import a_level, some_entries, some_targets, the_tools
from tests.unit.planning.small_questions import among_balls, skin_and

from kambin.anatomy import Anatomy, Origin, Structure, StructureKey
from kambin.core import RequestError
from kambin.frames import Side
from kambin.imaging import region_from_mask
from kambin.knowledge import TradeOff, Weights, find_target_rule, stages, technique, trade_offs
from kambin.planning import Group, Path, PlanRequest, find_toolset
from kambin.planning.alternatives import Way, find_front, is_bettered
from kambin.planning.choice_models import Objectives
from kambin.planning.choice_remarks import remark_preferences
from kambin.planning.explanation import compare_words, explain_pick, find_closest
from kambin.planning.kinds import Kind
from kambin.planning.muscles import measure_muscles
from kambin.planning.objective_rows import ROWS
from kambin.planning.objectives import find_least_mm, find_left, find_place, wide_stages
from kambin.planning.preferences import describe_preferences
from kambin.planning.reach_choice import ReachChoice
from kambin.planning.search import Candidate, SearchResult, find_best_path


def _objectives(**parts: float) -> Objectives:
    return OBJECTIVES.model_copy(update=parts)


def _way(**parts: float) -> Way:
    nowhere = np.zeros(3)
    candidate = Candidate(nowhere, nowhere, 0.0, 0.0, 0.0, 0.0)
    return Way(candidate, _objectives(**parts), None, technique("outside-in").weights)


def _with_muscle(anatomy: Anatomy, low: float, high: float) -> Anatomy:
    x, _, _ = np.meshgrid(*GRID.axes_mm(), indexing="ij")
    key = StructureKey("psoas", "", Side.LEFT)
    region = region_from_mask((x >= low) & (x <= high), GRID)
    made = Structure(key, region, Origin.SEGMENTED, 1.0)
    return replace(anatomy, structures={**anatomy.structures, key: made})


def test_the_way_through_a_slab_of_muscle_is_its_thickness_over_the_slant() -> None:
    # A slab from 20 to 40 mm, half a voxel more on either side; the path climbs 3 in 5.
    anatomy = _with_muscle(skin_and(), 20.0, 40.0)
    path = Path(np.array([55.0, 53.75, 0.0]), np.array([10.0, 20.0, 0.0]), 2.0)
    length, volume = measure_muscles(anatomy, path, 3.75, Side.LEFT, axes=np.eye(3))["psoas"]
    assert length == pytest.approx(21.0 / 0.8, abs=0.3)
    assert volume == pytest.approx(np.pi * 3.75**2 * 21.0 / 0.8, rel=0.02)


def test_a_muscle_that_the_cannula_only_grazes_is_displaced_in_part() -> None:
    anatomy = _with_muscle(skin_and(), 20.0, 40.0)
    path = Path(np.array([41.5, 20.0, 38.0]), np.array([41.5, 20.0, -38.0]), 0.0)
    length, volume = measure_muscles(anatomy, path, 3.75, Side.LEFT, axes=np.eye(3))["psoas"]
    assert length == 0.0
    # The face lies at 40.5 mm, 1 mm from the axis: a segment of the circle.
    r, d = 3.75, 1.0
    area = r**2 * np.arccos(d / r) - d * np.sqrt(r**2 - d**2)
    assert volume == pytest.approx(76.0 * area, rel=0.12)


def test_muscles_that_are_not_known_are_not_named() -> None:
    path = Path(np.array([55.0, 53.75, 0.0]), np.array([10.0, 20.0, 0.0]), 2.0)
    assert measure_muscles(skin_and(), path, 3.75, Side.LEFT, axes=np.eye(3)) == {}


def test_what_is_left_of_the_usual_is_counted_from_the_range() -> None:
    target = np.array([10.0, 18.0, 0.0])
    entry = some_entries(target, [(66.0, 5.0)], 200.0).points_lps_mm[0]
    path = Path(entry, target, 4.0)
    theta, phi, lateral = find_place(a_level(), path)
    assert (theta, phi) == pytest.approx((66.0, 5.0))
    angles, aside = find_left(a_level(), the_tools(), path)
    # Outside-in at L4-L5: 47 to 61 degrees, 10 to 25 degrees, 77 to 140 mm.
    assert angles == pytest.approx(5.0 + 5.0)
    assert aside == pytest.approx(max(lateral - 140.0, 0.0))


def test_pl_086_what_is_left_is_reported_and_what_is_kept_is_not() -> None:
    target = np.array([10.0, 18.0, 0.0])
    entry = some_entries(target, [(66.0, 15.0)], 120.0).points_lps_mm[0]
    geometry, rule = a_level(), find_target_rule("paracentral", "none")
    targets = replace(some_targets(target), kind=Kind("paracentral", "none"), rule=rule)
    found = describe_preferences(geometry, the_tools(), targets, Path(entry, target, 4.0))
    left = {one.name for one in found if one.is_left}
    assert "axial_inclination_to_patient_deg" in left
    assert "craniocaudal_to_patient_deg" not in left
    assert {one.is_weighed for one in found} == {True, False}
    (note,) = remark_preferences(found, "L4-L5 left")
    assert note.code == "PL-086"
    assert "66" in note.why
    assert remark_preferences([one for one in found if not one.is_left], "L4-L5 left") == []


def test_a_way_that_is_nowhere_better_is_bettered() -> None:
    plan, worse = _way(), _way(bone_mm3=400.0, docking_mm=8.0)
    assert is_bettered(worse, plan)
    assert not is_bettered(plan, worse)
    assert find_front([plan, worse]) == [plan]


def test_ways_that_trade_one_thing_for_another_both_stay() -> None:
    plan, other = _way(), _way(bone_mm3=100.0, docking_mm=10.0)
    assert find_front([plan, other]) == [plan, other]


def test_what_nobody_notices_makes_no_way_better() -> None:
    plan, other = _way(), _way(bone_mm3=OBJECTIVES.bone_mm3 - 1.0, room_mm=0.25)
    assert not is_bettered(plan, other)
    assert compare_words(plan.objectives, other.objectives) == (
        "Alike in everything that is compared."
    )


def test_what_is_not_known_is_compared_with_nothing() -> None:
    plan, other = _way(nerve_clearance_mm=1.0), _way()
    unknown = replace(other, objectives=_objectives(nerve_clearance_mm=None))
    assert all(row.find_steps(plan.objectives, unknown.objectives) == 0 for row in ROWS[1:2])


def test_the_words_name_gain_and_cost() -> None:
    words = compare_words(_objectives(), _objectives(bone_mm3=100.0, docking_mm=10.0))
    assert words == (
        "Better: 100 instead of 300 mm3 of bone in the way. "
        "It costs: 10.0 instead of 6.0 mm short of the target."
    )


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_every_objective_row_is_a_field_with_a_noticed_difference(row) -> None:
    assert row.name in Objectives.model_fields
    more = _objectives(**{row.name: 10.0 + 1000.0})
    steps = row.find_steps(_objectives(**{row.name: 10.0}), more)
    assert (steps > 1) is row.is_more_better
    assert abs(steps) > 1


@pytest.mark.parametrize("trade_off", trade_offs().values(), ids=lambda t: t.name)
def test_every_trade_off_multiplies_weights_and_seeks_an_objective(trade_off: TradeOff) -> None:
    usual = technique("outside-in").weights
    weighed = trade_off.weigh(usual)
    for name in Weights.model_fields:
        factor = trade_off.factors.get(name, 1.0)
        assert getattr(weighed, name) == pytest.approx(factor * getattr(usual, name))
    assert trade_off.most in {row.name for row in ROWS}


def test_a_factor_of_no_weight_is_refused() -> None:
    for factors in ({"bones": 1.0}, {"clearance": -1.0}):
        with pytest.raises(ValueError, match="multiplies no weight"):
            TradeOff(name="a", title="b", factors=factors, most="room_mm")


@pytest.mark.parametrize("seed", [2, 4, 7])
@pytest.mark.parametrize(
    ("weight", "measure"),
    [
        ("docking_per_mm", lambda best: best.stop_mm),
        ("bone_per_cm3", lambda best: best.bone_mm3),
        (
            "length_per_mm",
            lambda best: np.linalg.norm(best.entry_lps_mm - best.target_lps_mm),
        ),
    ],
    ids=["docking", "bone", "length"],
)
def test_what_weighs_more_is_never_larger(
    seed: int, weight: str, measure: Callable[[Candidate], float]
) -> None:
    problem = among_balls(seed)
    found = []
    for own in (0.0, 0.5, 50.0):
        request = PlanRequest(LEVEL, Side.LEFT, zone="paracentral", weights={weight: own})
        weights = find_toolset(request).technique.weights
        assert getattr(weights, weight) == own
        technique = problem.tools.technique.model_copy(update={"weights": weights})
        best = find_best_path(
            replace(problem, tools=replace(problem.tools, technique=technique))
        ).best
        assert best is not None
        found.append(float(measure(best)))
    # Values are rounded to the quantum of the search, which a weight divides.
    assert found[2] <= found[1] + 0.02 <= found[0] + 0.06


@pytest.mark.parametrize("weight", [-0.1, float("nan"), float("inf"), -float("inf")])
def test_pl_083_a_weight_below_nothing_or_no_number_is_refused(weight: float) -> None:
    with pytest.raises(RequestError, match="PL-083") as caught:
        PlanRequest(LEVEL, Side.LEFT, weights={"clearance": weight})
    assert "each 0 or more" in caught.value.next_step


def test_pl_083_a_weight_of_no_known_name_is_refused_with_the_names() -> None:
    with pytest.raises(RequestError, match="PL-083") as caught:
        PlanRequest(LEVEL, Side.LEFT, weights={"bone": 1.0})
    assert all(name in caught.value.next_step for name in Weights.model_fields)


def test_a_weight_of_zero_is_a_weight() -> None:
    request = PlanRequest(LEVEL, Side.LEFT, weights={"clearance": 0.0})
    assert find_toolset(request).technique.weights.clearance == 0.0


def test_the_least_clearance_is_that_of_the_groups_and_of_what_is_demanded() -> None:
    near, removed = make_clearance(clearance_mm=2.0), make_clearance(hard_margin_mm=None)
    bone = make_clearance("lamina:L4", group="never", clearance_mm=0.5, hard_margin_mm=0.0)
    removed = removed.model_copy(update={"clearance_mm": -1.0})
    stages = (make_stage("needle", near, bone), make_stage("cannula", removed))
    assert find_least_mm(stages, {Group.NERVE}) == 2.0
    assert find_least_mm(stages, {Group.NERVE, Group.NEVER}) == 0.5
    assert find_least_mm(stages, {Group.VESSEL}) is None
    assert find_least_mm((), Group) is None


def test_wide_stages_are_those_that_dock() -> None:
    made = [make_stage(name) for name in stages()]
    wide = [stage.tool for stage in wide_stages(made)]
    assert wide == [name for name, row in stages().items() if row.end == "docking"]


def test_without_a_usual_range_nothing_is_left() -> None:
    tools = replace(
        the_tools(), technique=technique("outside-in").model_copy(update={"preferred": {}})
    )
    target = np.array([10.0, 18.0, 0.0])
    entry = some_entries(target, [(80.0, -15.0)], 200.0).points_lps_mm[0]
    assert find_left(a_level(), tools, Path(entry, target, 4.0)) == (0.0, 0.0)


def _result(objective_mm: float) -> SearchResult:
    nowhere = np.zeros(3)
    best = Candidate(nowhere, nowhere, 0.0, 0.5, objective_mm, 0.0)
    return SearchResult(best, True, 1000, 100)


def test_a_pick_by_its_weights_is_the_most_worth_and_says_whose_they_are() -> None:
    chosen = ReachChoice(_result(1.0), _result(1.0))
    first, _ = explain_pick(the_tools(), chosen, (), (), ("bone_per_cm3",))
    assert first == (
        "It is worth the most of 1,000 listed candidates under the weights of outside-in with "
        "your own bone_per_cm3."
    )


def test_a_pick_for_reach_says_what_it_gives_up() -> None:
    chosen = ReachChoice(_result(0.7), _result(1.0), reasons=("reaches more of the fragment",))
    first, _ = explain_pick(the_tools(), chosen, (), (), ())
    assert "0.30 mm of clearance more; this one reaches more of the fragment." in first


def test_what_a_person_must_agree_to_is_said() -> None:
    tools = replace(the_tools(), docks_at_mouth=True, frees_rim=True)
    said = explain_pick(tools, ReachChoice(_result(1.0), _result(1.0)), (), (), ())
    assert "waist" in said[1]
    assert "rim bone" in said[2]


def test_what_binds_is_the_structure_with_the_least_to_spare() -> None:
    far = make_clearance().model_copy(update={"clearance_mm": 3.0, "hard_margin_mm": 1.0})
    near = far.model_copy(update={"structure": "dural_sac", "clearance_mm": 1.5})
    said = find_closest([make_stage("needle", far, near)])
    assert said == "dural_sac binds: 1.5 mm to the needle, 1.0 mm demanded, 0.5 mm to spare."
    assert find_closest([make_stage("needle")]) is None
