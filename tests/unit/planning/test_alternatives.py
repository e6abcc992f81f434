"""Other ways beside a plan: exact, distinct, and none that another one betters."""

from dataclasses import replace
from functools import cache
from itertools import permutations

import numba
import numpy as np
import pytest
from tests.unit.planning.small_problems import MIRROR, mirror_problem
from tests.unit.planning.small_questions import a_question, among_balls

from kambin.knowledge import trade_offs
from kambin.planning.alternatives import Way, find_alternatives, find_front, is_bettered
from kambin.planning.choice_models import Alternative, Objectives
from kambin.planning.evaluate import Path, evaluate
from kambin.planning.explanation import compare_words
from kambin.planning.objective_rows import ROWS
from kambin.planning.objectives import measure_objectives
from kambin.planning.question import Question
from kambin.planning.search import Problem, SearchResult, find_best_path

FIELD_STEP_MM = 0.05
"""What a walk along a ray and one along the path differ by between samples."""

SEEDS = (1, 2, 3, 4, 7, 8, 9, 10)


def _judge(question: Question, found: SearchResult) -> Way:
    """The plan as a way, judged by its own stages."""
    problem, best = question.problem, found.best
    assert best is not None
    path = Path(best.entry_lps_mm, best.target_lps_mm, best.stop_mm)
    request = question.request
    stages = evaluate(
        question.case,
        question.anatomy,
        path,
        problem.tools,
        level=request.level,
        side=request.side,
        hazards=problem.hazards,
    )
    judged = measure_objectives(question.anatomy, problem, path, stages, best)
    return Way(best, judged, None, problem.tools.technique.weights)


def _find(problem: Problem) -> tuple[Way, tuple[Alternative, ...]]:
    question = a_question(problem)
    plan = _judge(question, find_best_path(problem))
    return plan, find_alternatives(question, plan)


@cache
def _found(seed: int) -> tuple[Way, tuple[Alternative, ...]]:
    return _find(among_balls(seed))


def _betters(one: Objectives, other: Objectives) -> bool:
    """Whether one is nowhere noticeably worse than another and somewhere noticeably better."""
    steps = np.array([row.find_steps(other, one) for row in ROWS])
    return bool((steps > -1).all() and (steps >= 1).any())


@pytest.mark.parametrize("seed", SEEDS)
def test_no_alternative_is_bettered_by_the_plan_or_by_another(seed: int) -> None:
    plan, others = _found(seed)
    everything = [plan.objectives, *(other.objectives for other in others)]
    for one, other in permutations(range(len(everything)), 2):
        # The plan itself stays, whatever else there is: it is the best by its weights.
        if other > 0:
            assert not _betters(everything[one], everything[other])


@pytest.mark.parametrize("seed", SEEDS)
def test_every_alternative_gains_something_and_says_what(seed: int) -> None:
    plan, others = _found(seed)
    sought = {trade_off.title: trade_off.most for trade_off in trade_offs().values()}
    for other in others:
        row = next(row for row in ROWS if row.name == sought[other.name])
        assert row.find_steps(plan.objectives, other.objectives) >= 1
        assert other.why == compare_words(plan.objectives, other.objectives)
        assert other.why.startswith("Better: ")


@pytest.mark.parametrize("seed", SEEDS)
def test_alternatives_are_ways_of_their_own(seed: int) -> None:
    plan, others = _found(seed)
    ends = [(o.entry_lps_mm, o.target_lps_mm, o.stop_mm) for o in others]
    own = (
        tuple(plan.candidate.entry_lps_mm),
        tuple(plan.candidate.target_lps_mm),
        plan.candidate.stop_mm,
    )
    assert len({own, *ends}) == 1 + len(others)


@pytest.mark.parametrize("seed", SEEDS)
def test_alternatives_keep_every_margin_and_the_order_of_the_table(seed: int) -> None:
    titles = [trade_off.title for trade_off in trade_offs().values()]
    _, others = _found(seed)
    assert all(other.objectives.room_mm >= 0 for other in others)
    places = [titles.index(other.name) for other in others]
    assert places == sorted(set(places))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_objective_is_measured_or_says_why_not(seed: int) -> None:
    for other in _found(seed)[1]:
        judged = other.objectives
        unknown = {name for name in Objectives.model_fields if getattr(judged, name) is None}
        assert set(judged.not_measured) == unknown
        assert judged.not_measured["reachable_fraction"] == "The case has no fragment."
        # The hand may be off by no less than what every point of the path has to spare.
        assert judged.tolerance_entry_mm is not None
        assert judged.tolerance_entry_mm >= judged.room_mm - FIELD_STEP_MM


@pytest.mark.parametrize("seed", SEEDS)
def test_each_alternative_is_the_best_under_the_weights_it_names(seed: int) -> None:
    problem = among_balls(seed)
    for other in _found(seed)[1]:
        usual = problem.tools.technique
        weights = usual.weights.model_copy(update=other.weights)
        tools = replace(problem.tools, technique=usual.model_copy(update={"weights": weights}))
        best = find_best_path(replace(problem, tools=tools)).best
        assert best is not None
        assert tuple(best.entry_lps_mm.tolist()) == other.entry_lps_mm
        assert best.objective_mm == other.objective_mm


def test_some_plan_has_two_alternatives_and_some_has_none() -> None:
    counts = {len(_found(seed)[1]) for seed in (*SEEDS, 5)}
    assert 0 in counts
    assert max(counts) >= 2


@pytest.mark.parametrize("seed", [2, 9])
def test_the_mirrored_patient_has_the_mirrored_alternatives(seed: int) -> None:
    plan, others = _found(seed)
    other_plan, mirrored = _find(mirror_problem(among_balls(seed)))
    assert other_plan.candidate.entry_lps_mm == pytest.approx(plan.candidate.entry_lps_mm * MIRROR)
    assert [o.name for o in mirrored] == [o.name for o in others]
    for here, there in zip(others, mirrored, strict=True):
        assert there.entry_lps_mm == pytest.approx(np.array(here.entry_lps_mm) * MIRROR)
        assert there.why == here.why


def test_one_and_two_threads_find_the_same_alternatives() -> None:
    before = numba.get_num_threads()
    found = []
    try:
        for threads in (1, min(2, numba.config.NUMBA_NUM_THREADS)):
            numba.set_num_threads(threads)
            found.append(_find(among_balls(9))[1])
    finally:
        numba.set_num_threads(before)
    assert found[0] == found[1] == _found(9)[1]


# The front


def _way(**parts: float | None) -> Way:
    plan, _ = _found(1)
    return replace(plan, objectives=plan.objectives.model_copy(update=parts))


def test_of_ways_all_alike_all_stay() -> None:
    ways = [_way(), _way(), _way()]
    assert find_front(ways) == ways


def test_a_way_bettered_by_one_that_is_bettered_itself_goes_too() -> None:
    best, middle, worst = (_way(docking_mm=stop) for stop in (2.0, 6.0, 10.0))
    assert find_front([worst, middle, best]) == [best]


def test_an_unknown_number_neither_saves_nor_condemns() -> None:
    known, unknown = _way(nerve_clearance_mm=9.0), _way(nerve_clearance_mm=None)
    assert not is_bettered(known, unknown)
    assert not is_bettered(unknown, known)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r.name)
def test_being_better_in_one_thing_alone_betters(row) -> None:
    low, high = _way(**{row.name: 10.0}), _way(**{row.name: 2000.0})
    worse, better = (low, high) if row.is_more_better else (high, low)
    assert is_bettered(worse, better)
    assert not is_bettered(better, worse)
