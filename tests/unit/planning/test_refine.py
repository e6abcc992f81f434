"""Finer lists around the best candidate: inside what was asked, and never worse."""

import itertools

import numpy as np
import pytest
from tests.unit.planning.small_problems import (
    FRAME,
    MIRROR,
    a_body,
    a_hazard,
    a_level,
    ball,
    mirror_problem,
    mirrored,
    some_targets,
    the_tools,
)

from kambin.anatomy import StructureKey
from kambin.imaging import Grid
from kambin.knowledge import values
from kambin.planning import Group
from kambin.planning.corridor import find_path_angles
from kambin.planning.entries import Entries, find_entries
from kambin.planning.fields import HazardSet
from kambin.planning.refine import _narrow_targets, _symmetric, narrow, search
from kambin.planning.search import Candidate, Problem, SearchResult, find_best_path
from kambin.planning.skin import Skin
from kambin.planning.targets import Targets

CENTRE = np.array([10.0, 16.0, 0.0])
CORRIDOR = {
    "axial_inclination_min_deg": 44.0,
    "axial_inclination_max_deg": 62.0,
    "craniocaudal_min_deg": -4.0,
    "craniocaudal_max_deg": 12.0,
    "lateral_min_mm": 20.0,
    "length_max_mm": 80.0,
}
NERVE = ("exiting_root:L4:left", Group.NERVE, ball((24.0, 24.0, -4.0), 4.0))


@pytest.fixture(scope="module")
def a_round_body() -> Skin:
    return a_body(lambda x, y, z: (x / 56) ** 2 + (y / 50) ** 2 + 0 * z <= 1, half_mm=(64, 60, 48))


def a_box_of_targets() -> Targets:
    """Eight corners and the middle of a box of 4 mm."""
    corners = list(itertools.product((-2.0, 2.0), repeat=3))
    return some_targets(CENTRE + np.array([(0.0, 0, 0), *corners]))


def a_question(skin: Skin, hazards=(NERVE,), corridor=None) -> Problem:
    """A small problem whose grid holds the whole left back of the body."""
    tools = the_tools(corridor=CORRIDOR | (corridor or {}))
    grid = Grid(np.array([-4.0, 2, -24]), 1.0, (68, 60, 60), FRAME)
    made = tuple(a_hazard(name, group, grid, formula) for name, group, formula in hazards)
    found = find_entries(skin, a_level(), tools.technique, CENTRE)
    every_fourth = Entries(found.points_lps_mm[::4], found.rays)
    return Problem(a_level(), every_fourth, a_box_of_targets(), tools, HazardSet(grid, made))


@pytest.fixture(scope="module")
def the_coarse_answer(a_round_body: Skin) -> SearchResult:
    return find_best_path(a_question(a_round_body))


@pytest.fixture(scope="module")
def the_fine_answer(a_round_body: Skin) -> SearchResult:
    return search(a_question(a_round_body), a_round_body)


def around(problem: Problem) -> Candidate:
    """The best of the coarse list."""
    best = find_best_path(problem).best
    assert best is not None
    return best


def test_counts_stand_on_both_sides_of_none() -> None:
    assert _symmetric((2.0, 1.0)).tolist() == [-2, -1, 0, 1, 2]
    assert _symmetric(()).tolist() == [0]


def test_refining_never_makes_it_worse(a_round_body: Skin) -> None:
    problem = a_question(a_round_body, ())
    coarse, fine = find_best_path(problem), search(problem, a_round_body)
    assert fine.rank >= coarse.rank
    assert fine.is_feasible


def test_refining_finds_what_the_coarse_list_misses(
    the_coarse_answer: SearchResult, the_fine_answer: SearchResult
) -> None:
    assert the_fine_answer.best.objective_mm > the_coarse_answer.best.objective_mm + 0.01


def test_everything_that_was_tried_is_counted(
    the_coarse_answer: SearchResult, the_fine_answer: SearchResult
) -> None:
    coarse, fine = the_coarse_answer, the_fine_answer
    rounds = len(values("planning.refine_deg"))
    rays = (2 * len(values("planning.refine_turns")) + 1) ** 2
    targets = (2 * len(values("planning.refine_shifts")) + 1) ** 3
    assert coarse.paths < fine.paths <= coarse.paths + rounds * rays * targets
    assert fine.candidates == 8 * fine.paths


def test_without_a_candidate_nothing_is_refined(a_round_body: Skin) -> None:
    problem = a_question(a_round_body, corridor={"length_max_mm": 20.0})
    assert len(problem.entries.points_lps_mm) == 0
    found = search(problem, a_round_body)
    assert found.best is None
    assert (found.candidates, found.paths) == (0, 0)


def test_what_is_left_out_is_left_out_of_every_round(
    a_round_body: Skin, the_fine_answer: SearchResult
) -> None:
    blocked = ("iap:L4:left", Group.NEVER, lambda x, *_: 0 * x + 1.0)
    problem = a_question(a_round_body, (NERVE, blocked))
    assert not search(problem, a_round_body).is_feasible
    without = frozenset({StructureKey("iap", "L4", problem.geometry.side)})
    free = search(problem, a_round_body, without)
    assert free.is_feasible
    assert free.best.objective_mm == pytest.approx(the_fine_answer.best.objective_mm, abs=1e-6)


def test_the_best_found_belongs_to_the_corridor(the_fine_answer: SearchResult) -> None:
    best = the_fine_answer.best
    side = a_level().side
    theta, phi, length = find_path_angles(best.entry_lps_mm[None], best.target_lps_mm[None], side)
    assert 44 <= theta[0, 0] <= 62
    assert -4 <= phi[0, 0] <= 12
    assert length[0, 0] <= 80
    assert best.entry_lps_mm[0] >= 20


def test_the_target_never_leaves_the_box_that_was_asked_for(the_fine_answer: SearchResult) -> None:
    best = the_fine_answer.best
    assert (np.abs(best.target_lps_mm - CENTRE) <= 2 + 1e-9).all()


def test_finer_targets_are_cut_at_the_box(a_round_body: Skin) -> None:
    problem = a_question(a_round_body)
    corner = CENTRE + np.array([2.0, 2.0, -2.0])
    best = Candidate(CENTRE + 40, corner, 0.0, 0.0, 0.0, 0.0)
    finer = _narrow_targets(problem, best, 0.75)
    local = finer.points_lps_mm - CENTRE
    assert local.max(axis=0) == pytest.approx([2.0, 2.0, -0.5])
    assert local.min(axis=0) == pytest.approx([0.5, 0.5, -2.0])
    assert finer.offsets_mm == pytest.approx(np.linalg.norm(local, axis=1))


def test_the_best_target_is_among_the_finer_ones(a_round_body: Skin) -> None:
    problem = a_question(a_round_body)
    best = around(problem)
    finer = _narrow_targets(problem, best, 0.4)
    assert len(finer.points_lps_mm) == 125
    assert np.abs(finer.points_lps_mm - best.target_lps_mm).max(axis=1).min() < 1e-9
    assert np.array_equal(finer.centre_lps_mm, problem.targets.centre_lps_mm)


def test_finer_entries_stand_around_the_best_angles(a_round_body: Skin) -> None:
    problem = a_question(a_round_body)
    best = around(problem)
    finer = narrow(problem, a_round_body, best, 0.5, 0.75)
    assert finer.entries.rays == 49
    aim = best.target_lps_mm[None]
    here = np.array(find_path_angles(best.entry_lps_mm[None], aim, a_level().side)[:2])[:, 0, 0]
    theta, phi, _ = find_path_angles(finer.entries.points_lps_mm, aim, a_level().side)
    turned = np.column_stack([theta[:, 0], phi[:, 0]]) - here
    assert np.abs(turned).max() == pytest.approx(1.5, abs=1e-6)
    assert turned / 0.5 == pytest.approx(np.rint(turned / 0.5), abs=1e-6)


def test_finer_entries_lie_on_the_skin_and_inside_the_fields(a_round_body: Skin) -> None:
    problem = a_question(a_round_body)
    finer = narrow(problem, a_round_body, around(problem), 0.5, 0.75)
    x, y, _ = finer.entries.points_lps_mm.T
    assert (x / 56) ** 2 + (y / 50) ** 2 == pytest.approx(1.0, abs=0.08)
    nodes = problem.hazards.grid.ijk(finer.entries.points_lps_mm)
    assert (nodes > 1).all()
    assert (nodes < np.array(problem.hazards.grid.shape) - 2).all()


def test_finer_entries_keep_the_distance_from_the_midline(a_round_body: Skin) -> None:
    problem = a_question(a_round_body, corridor={"lateral_min_mm": 36.0})
    best = Candidate(problem.entries.points_lps_mm[0], CENTRE, 0.0, 0.0, 0.0, 0.0)
    finer = narrow(problem, a_round_body, best, 0.5, 0.75)
    assert finer.entries.points_lps_mm[:, 0].min() >= 36.0
    assert len(finer.entries.points_lps_mm) < finer.entries.rays


def test_where_the_skin_is_unknown_no_finer_entry_is_made(a_round_body: Skin) -> None:
    problem = a_question(a_round_body)
    cut = a_body(lambda x, y, z: abs(x) + abs(y) + abs(z) < 999, half_mm=(64, 60, 48))
    finer = narrow(problem, cut, around(problem), 0.5, 0.75)
    assert finer.entries.points_lps_mm.shape == (0, 3)
    assert search(problem, cut).best.objective_mm == around(problem).objective_mm


def test_the_mirrored_patient_is_refined_to_the_mirrored_path(
    a_round_body: Skin, the_fine_answer: SearchResult
) -> None:
    problem, here = a_question(a_round_body), the_fine_answer
    there = search(mirror_problem(problem), Skin(mirrored(a_round_body.region)))
    assert there.best.objective_mm == pytest.approx(here.best.objective_mm, abs=0.011)
    assert there.best.entry_lps_mm * MIRROR == pytest.approx(here.best.entry_lps_mm, abs=0.05)
    assert there.best.target_lps_mm * MIRROR == pytest.approx(here.best.target_lps_mm, abs=0.05)
    assert (there.candidates, there.paths) == (here.candidates, here.paths)
