"""What must hold of the search for any scores, any fields and any bundle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.unit.planning.small_problems import (
    TARGET,
    a_problem,
    a_structure,
    ball,
    many_paths,
    mirror_problem,
    random_balls,
    some_entries,
    some_targets,
    the_tools,
)

from kambin.anatomy import Origin
from kambin.knowledge import techniques, value
from kambin.planning import Group
from kambin.planning.corridor import find_stops_mm
from kambin.planning.search import find_best_path, find_first_best
from kambin.planning.tools import find_margin_mm

QUANTUM = value("planning.objective_quantum_mm")
SCORES = arrays(np.float64, (4, 3, 2), elements=st.one_of(st.floats(-9.0, 3.0), st.just(-np.inf)))
SEEDS = st.integers(0, 200)
STAGES = ("needle", "dilator", "reamer", "cannula", "scope", "forceps")


@given(SCORES)
@settings(max_examples=20)
def test_the_best_is_within_a_quantum_of_the_largest(score) -> None:
    at = find_first_best(score)
    if np.isfinite(score).any():
        assert score[at] >= score.max() - QUANTUM
    else:
        assert at == (0, 0, 0)


@given(SCORES)
@settings(max_examples=20)
def test_the_first_of_equals_is_taken(score) -> None:
    steps = np.rint(score / QUANTUM)
    at = np.ravel_multi_index(find_first_best(score), score.shape)
    assert (steps.ravel()[:at] < steps.ravel()[at]).all()


@given(SCORES, st.floats(-0.0049, 0.0049))
@settings(max_examples=20)
def test_noise_below_half_a_quantum_does_not_change_a_clear_answer(score, noise) -> None:
    clear = np.where(np.isfinite(score), np.rint(score / QUANTUM) * QUANTUM, score)
    assert find_first_best(clear + noise) == find_first_best(clear)


@given(SEEDS)
@settings(max_examples=5)
def test_the_answer_is_the_mirror_image_in_the_mirror(seed) -> None:
    problem = many_paths(list(random_balls(seed)))
    here, there = find_best_path(problem), find_best_path(mirror_problem(problem))
    assert here.is_feasible is there.is_feasible
    assert there.best.objective_mm == pytest.approx(here.best.objective_mm, abs=QUANTUM + 1e-3)
    assert (there.candidates, there.paths) == (here.candidates, here.paths)


@given(SEEDS, st.floats(0.2, 2.0))
@settings(max_examples=5)
def test_a_thicker_nerve_never_gives_a_better_path(seed, thicker) -> None:
    rng = np.random.default_rng(seed)
    centre = np.array(TARGET) + rng.uniform(-3, 22, 3)
    ranks = []
    for radius in (2.0 + thicker, 2.0):
        hazards = [("exiting_root:L4:left", Group.NERVE, ball(centre, radius))]
        ranks.append(find_best_path(many_paths(hazards)).rank)
    assert ranks[0] <= (ranks[1][0], ranks[1][1] + QUANTUM)


@given(SEEDS, st.integers(1, 4))
@settings(max_examples=5)
def test_more_entries_never_give_a_worse_path(seed, fewer) -> None:
    angles = [(50.0, 12.0), (58.0, 20.0), (45.0, 5.0), (62.0, -5.0), (38.0, 15.0)]
    hazards = list(random_balls(seed))
    targets = some_targets([TARGET, (12.0, 17.0, 1.0)])
    all_of_them = a_problem(some_entries(TARGET, angles, 45.0), targets, hazards)
    some = a_problem(some_entries(TARGET, angles[:fewer], 45.0), targets, hazards)
    few, many = find_best_path(some).rank, find_best_path(all_of_them).rank
    assert many >= (few[0], few[1] - QUANTUM - 1e-3)


@given(st.sampled_from(list(techniques())), st.floats(3.0, 9.5))
@settings(max_examples=20)
def test_a_wider_cannula_never_needs_less_room(name, cannula_mm) -> None:
    thing = a_structure("exiting_root:L4:left")
    hazards = {thing.key: (Group.NERVE, thing)}
    slim, wide = (
        the_tools(name, cannula_mm=size).least_distances_mm(hazards, full_length=False)[thing.key]
        for size in (cannula_mm, cannula_mm + 0.5)
    )
    assert wide >= slim
    assert wide == pytest.approx((cannula_mm + 0.5) / 2)


@given(
    st.sampled_from(STAGES),
    st.sampled_from([g for g in Group if g is not Group.IGNORED]),
    st.floats(0.0, 4.0),
    st.booleans(),
)
@settings(max_examples=20)
def test_freeing_the_rim_never_asks_for_more(stage, group, sigma, reams) -> None:
    thing = a_structure("colon", sigma_mm=sigma)
    kept = find_margin_mm(stage, group, thing, reams=reams, frees_rim=False)
    freed = find_margin_mm(stage, group, thing, reams=reams, frees_rim=True)
    assert freed is None or freed == kept


@given(st.sampled_from(STAGES), st.sampled_from(list(Group)[:-1]), st.floats(0.0, 4.0))
@settings(max_examples=20)
def test_sigma_never_makes_a_margin_smaller(stage, group, sigma) -> None:
    bare, unsure, modelled = (
        find_margin_mm(stage, group, thing, reams=True, frees_rim=False)
        for thing in (
            a_structure("colon"),
            a_structure("colon", sigma_mm=sigma),
            a_structure("colon", sigma_mm=sigma, origin=Origin.MODELLED),
        )
    )
    assert modelled == bare
    assert (unsure is None) == (bare is None)
    assert bare is None or unsure >= bare


@given(st.floats(0.0, 20.0))
@settings(max_examples=20)
def test_no_docking_distance_is_beyond_the_limit(limit) -> None:
    stops = find_stops_mm(the_tools(stop_max_mm=limit).technique)
    assert stops[0] == 0
    assert stops[-1] <= limit < stops[-1] + value("planning.stop_step_mm")
