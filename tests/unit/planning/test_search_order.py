"""What counts as best: ties, promises, and problems without any way."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.small_problems import (
    ANGLES,
    TARGET,
    a_level,
    a_problem,
    many_paths,
    one_path,
    random_balls,
    some_entries,
    some_targets,
    the_tools,
)

from kambin.anatomy import StructureKey
from kambin.knowledge import value
from kambin.planning import Group
from kambin.planning.entries import Entries
from kambin.planning.search import (
    Candidate,
    SearchResult,
    combine_margins,
    find_best_path,
    find_first_best,
)

QUANTUM = value("planning.objective_quantum_mm")
LEAST_SLACK = 3.0  # the longest way of the needle inside bone, with no bone at all


def test_of_two_equal_entries_the_first_is_taken() -> None:
    entries = some_entries(TARGET, [(55.0, 12.0), (55.0, 20.0), (50.0, 15.0)], 50.0)
    problem = a_problem(entries, some_targets(TARGET), geometry=a_level(foramen_top_mm=20.0))
    # Preferred angles cost nothing; the lateral distance is what differs, so take it away.
    free = replace(problem, tools=the_tools(weights={"lateral_per_mm": 0.0}))
    assert np.array_equal(find_best_path(free).best.entry_lps_mm, entries.points_lps_mm[0])
    turned = replace(free, entries=Entries(entries.points_lps_mm[::-1], 3))
    assert np.array_equal(find_best_path(turned).best.entry_lps_mm, entries.points_lps_mm[2])


def test_a_difference_below_the_quantum_is_a_tie() -> None:
    score = np.array([1.000, 1.004, 0.996, 0.98]).reshape(4, 1, 1)
    assert QUANTUM == 0.01
    assert find_first_best(score) == (0, 0, 0)


def test_a_difference_above_the_quantum_is_none() -> None:
    assert find_first_best(np.array([1.00, 1.02, 1.01]).reshape(1, 3, 1)) == (0, 1, 0)


def test_what_is_forbidden_is_never_the_best() -> None:
    score = np.full((2, 2, 2), -np.inf)
    score[1, 0, 1] = -50.0
    assert find_first_best(score) == (1, 0, 1)


# Empty and impossible


def test_without_entries_there_is_no_candidate() -> None:
    problem = replace(one_path(), entries=Entries(np.empty((0, 3)), 441))
    assert find_best_path(problem) == SearchResult(None, False, 0, 0)


def test_when_the_corridor_allows_no_path_none_is_marched() -> None:
    problem = one_path(20.0, 0.0)
    found = find_best_path(problem)
    assert found.best is None
    assert not found.is_feasible
    assert (found.candidates, found.paths) == (8, 1)
    assert found.rank == (False, -np.inf)


def test_candidates_are_paths_times_docking_distances() -> None:
    found = find_best_path(many_paths())
    assert found.paths == len(ANGLES) * 4
    assert found.candidates == found.paths * 8


def test_a_way_ranks_above_any_deficit() -> None:
    best = Candidate(np.zeros(3), np.zeros(3), 0.0, -0.1, -0.1, 0.0)
    none = SearchResult(best, False, 1, 1)
    way = SearchResult(replace(best, objective_mm=-9.0), True, 1, 1)
    assert way.rank > none.rank > SearchResult(None, False, 0, 0).rank


@pytest.mark.parametrize("deficit_mm", [0.5, 2.0])
def test_the_deficit_is_what_the_margins_lack(deficit_mm: float) -> None:
    hazards = [
        ("exiting_root:L4:left", Group.NERVE, lambda x, *_: 0 * x + 3.75 - deficit_mm),
        ("dural_sac", Group.SAC, lambda x, *_: 0 * x + 3.75 - deficit_mm + 0.2),
    ]
    found = find_best_path(many_paths(hazards))
    assert not found.is_feasible
    assert found.best.slack_mm == pytest.approx(-deficit_mm, abs=1e-4)
    assert found.best.objective_mm == found.best.slack_mm


@pytest.mark.parametrize("seed", range(4))
def test_no_hazard_alone_is_nearer_than_the_search_believes(seed: int) -> None:
    # The least at the nodes, interpolated, is never more than the least of the interpolated.
    problem = many_paths(list(random_balls(seed, (1.0, 4.0))))
    best = find_best_path(problem).best
    along = np.linspace(0, 1, 200)[:, None]
    points = best.target_lps_mm + along * (best.entry_lps_mm - best.target_lps_mm)
    for hazard in problem.hazards.hazards:
        named = {hazard.key: (hazard.group, hazard.structure)}
        least = problem.tools.least_distances_mm(named, full_length=True)[hazard.key]
        if least is not None:
            assert hazard.field.sample(points).min() - least >= best.slack_mm - 0.02


def test_the_combined_fields_are_the_least_of_all() -> None:
    nerve = ("exiting_root:L4:left", Group.NERVE, lambda x, *_: 0 * x + 5.0)
    bone = ("sap:L5:left", Group.REMOVABLE, lambda x, *_: 0 * x + 2.0)
    fields = combine_margins(one_path(hazards=[nerve, bone]), frozenset())
    assert np.unique(fields.full_length) == pytest.approx([min(5 - 1.635, 2 + 0.865)])
    assert np.unique(fields.docking) == pytest.approx([5 - 3.75])
    assert np.unique(fields.bone) == pytest.approx([2.0])
    assert np.unique(fields.removable) == pytest.approx([2.0])
    without = combine_margins(
        one_path(hazards=[nerve, bone]), frozenset({StructureKey.parse(bone[0])})
    )
    assert np.unique(without.bone) == pytest.approx([value("planning.field_reach_mm")])
    assert np.unique(without.full_length) == pytest.approx([5 - 1.635])
