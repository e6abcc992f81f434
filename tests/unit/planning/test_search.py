"""The exhaustive search: it finds what loops find, and what it may try is what is allowed."""

import itertools

import numpy as np
import pytest
from tests.unit.planning.small_problems import (
    MIRROR,
    TARGET,
    a_level,
    ball,
    many_paths,
    mirror_problem,
    one_path,
    random_balls,
    some_entries,
    some_targets,
    the_tools,
)

from kambin.anatomy import StructureKey
from kambin.core import breathing
from kambin.frames import Side, angles_from_direction, direction_from_angles
from kambin.knowledge import techniques, value
from kambin.planning import Group
from kambin.planning.corridor import find_allowed, find_path_angles, find_stops_mm
from kambin.planning.corridor_kernels import keep_promising
from kambin.planning.kernels import sample_plainly
from kambin.planning.search import Candidate, Problem, find_best_path

QUANTUM = value("planning.objective_quantum_mm")
LEAST_SLACK = 3.0  # the longest way of the needle inside bone, with no bone at all


def path_cost(problem: Problem, theta: float, phi: float, length: float, lateral: float) -> float:
    """What angles, length and entry of a path cost, in plain numbers."""
    weights = problem.tools.technique.weights
    wish = problem.tools.technique.preferred["L4-L5"]
    outside = 0.0
    pairs = ((theta, wish.axial_inclination_deg), (phi, wish.craniocaudal_deg))
    for found, (low, high) in pairs:
        outside += weights.angle_per_deg * (max(low - found, 0) + max(found - high, 0))
    low, high = wish.lateral_mm
    outside += weights.lateral_per_mm * (max(low - lateral, 0) + max(lateral - high, 0))
    return outside + weights.length_per_mm * length


# Stops, architecture 8.4


@pytest.mark.parametrize("name", techniques())
def test_docking_distances_go_from_the_target_to_the_techniques_limit(name: str) -> None:
    stops = find_stops_mm(techniques()[name])
    assert stops[0] == 0
    assert stops[-1] == techniques()[name].stop_max_mm
    assert np.diff(stops) == pytest.approx(value("planning.stop_step_mm"))


def test_a_limit_between_two_steps_is_not_passed() -> None:
    technique = the_tools(stop_max_mm=5.0).technique
    assert find_stops_mm(technique) == pytest.approx([0, 2, 4])


def test_the_cannula_docks_no_further_out_than_the_mouth_of_the_foramen() -> None:
    # Straight lateral from 18 mm: 2 mm to the pedicles' lateral border, 2 mm allowance.
    problem = one_path(75.0, 0.0)
    target = some_targets((18.0, 16.0, 0.0))
    entries = some_entries(target.centre_lps_mm, [(75.0, 0.0)], 50.0)
    allowed = find_allowed(entries, target, problem.geometry, problem.tools)
    limit = 2 / np.sin(np.radians(75)) + 2
    assert allowed[0, 0].tolist() == (find_stops_mm(problem.tools.technique) <= limit).tolist()
    assert allowed[0, 0].sum() == 3


def test_deep_in_the_foramen_the_techniques_limit_binds() -> None:
    problem = one_path()
    deep = some_targets((0.0, 16.0, 0.0))
    entries = some_entries(deep.centre_lps_mm, [(55.0, 10.0)], 60.0)
    assert find_allowed(entries, deep, problem.geometry, problem.tools).all()


def test_outside_the_foramen_the_cannula_goes_to_the_target() -> None:
    tools = the_tools()
    lateral = some_targets((24.0, 8.0, 0.0))
    entries = some_entries(lateral.centre_lps_mm, [(55.0, 10.0)], 50.0)
    allowed = find_allowed(entries, lateral, a_level(), tools)
    assert find_stops_mm(tools.technique)[allowed[0, 0]].tolist() == [0.0, 2.0]


# Corridor


@pytest.mark.parametrize(
    ("theta", "phi", "length", "is_allowed"),
    [
        (55.0, 10.0, 50.0, True),
        (30.1, 10.0, 50.0, True),
        (29.9, 10.0, 50.0, False),
        (74.9, 10.0, 50.0, True),
        (75.1, 10.0, 50.0, False),
        (55.0, -19.9, 50.0, True),
        (55.0, -20.1, 50.0, False),
        (55.0, 49.9, 50.0, True),
        (55.0, 50.1, 50.0, False),
        (55.0, 10.0, 189.9, True),
        (55.0, 10.0, 190.1, False),
        (55.0, 10.0, 14.1, True),
        (55.0, 10.0, 13.9, False),  # shorter than the farthest docking distance
    ],
)
def test_the_corridor_is_a_hard_limit(
    theta: float, phi: float, length: float, is_allowed: bool
) -> None:
    for side in Side:
        target = np.array(TARGET) * (side.lateral_sign_lps, 1, 1)
        entries = some_entries(target, [(theta, phi)], length, side)
        # The pedicles are far apart, so that only the corridor can forbid the path.
        level = a_level(side, foramen_top_mm=40.0, foramen_floor_mm=-40.0)
        allowed = find_allowed(entries, some_targets(target), level, the_tools())
        assert bool(allowed[0, 0, 0]) is is_allowed


def test_a_path_beside_the_foramen_is_not_allowed() -> None:
    low = a_level(foramen_top_mm=1.0)
    problem = one_path(geometry=low)
    assert not find_allowed(problem.entries, problem.targets, low, problem.tools).any()


def test_entries_without_any_allowed_path_are_dropped() -> None:
    problem = many_paths(angles=[(55.0, 10.0), (20.0, 10.0), (50.0, 5.0), (80.0, 0.0)])
    kept = keep_promising(problem.entries, problem.targets, problem.geometry, problem.tools)
    assert np.array_equal(kept.points_lps_mm, problem.entries.points_lps_mm[[0, 2]])
    assert kept.rays == problem.entries.rays


@pytest.mark.parametrize("side", Side)
def test_angles_of_all_paths_are_those_of_each(side: Side, rng: np.random.Generator) -> None:
    entries, targets = rng.uniform(-90, 90, (5, 3)), rng.uniform(-20, 20, (4, 3))
    theta, phi, length = find_path_angles(entries, targets, side)
    for e, t in itertools.product(range(5), range(4)):
        way = (entries[e] - targets[t]) * (side.lateral_sign_lps, 1, 1)
        assert (theta[e, t], phi[e, t]) == pytest.approx(angles_from_direction(way))
        assert length[e, t] == pytest.approx(np.linalg.norm(way))


def test_a_path_without_length_has_angles_that_are_numbers() -> None:
    theta, phi, length = find_path_angles(np.ones((1, 3)), np.ones((1, 3)), Side.LEFT)
    assert (theta[0, 0], phi[0, 0], length[0, 0]) == (0, 0, 0)


# One path in closed form


def test_with_nothing_in_the_way_only_the_costs_count() -> None:
    problem = one_path()
    found = find_best_path(problem)
    lateral = problem.entries.points_lps_mm[0, 0]
    assert found.is_feasible
    assert found.best.slack_mm == pytest.approx(LEAST_SLACK)
    assert found.best.stop_mm == 0
    assert found.best.bone_mm3 == 0
    wish = 1.5  # of the wide tools, less than the needle's
    assert found.best.objective_mm == pytest.approx(
        wish - path_cost(problem, 55.0, 15.0, 50.0, lateral), abs=1e-5
    )


@pytest.mark.parametrize(("theta", "phi"), [(40.0, 15.0), (70.0, 15.0), (55.0, 0.0), (47.0, 25.0)])
def test_angles_outside_the_preferred_ones_cost(theta: float, phi: float) -> None:
    problem = one_path(theta, phi)
    found = find_best_path(problem)
    lateral = problem.entries.points_lps_mm[0, 0]
    assert found.best.objective_mm == pytest.approx(
        1.5 - path_cost(problem, theta, phi, 50.0, lateral), abs=1e-5
    )


@pytest.mark.parametrize("gap_mm", [0.3, 1.0, 1.4])
def test_the_gap_to_a_nerve_beside_the_path_is_the_slack(gap_mm: float) -> None:
    # A wall parallel to the path, 0.3 to 1.4 mm beyond the cannula's radius of 3.75 mm.
    def wall(x, y, z):
        u = np.array(TARGET)
        across = np.array([np.cos(np.radians(55)), -np.sin(np.radians(55)), 0])
        return 3.75 + gap_mm - ((x - u[0]) * across[0] + (y - u[1]) * across[1] + 0 * z)

    found = find_best_path(one_path(hazards=[("exiting_root:L4:left", Group.NERVE, wall)]))
    assert found.is_feasible
    assert found.best.slack_mm == pytest.approx(gap_mm, abs=1e-4)
    assert found.best.stop_mm == 0


def test_a_nerve_at_the_target_lets_the_cannula_dock_further_out() -> None:
    # 2 mm below the target, which the needle may pass and the cannula only further out.
    hazards = [("traversing_root:L5:left", Group.NERVE, ball((10, 12.5, 0), 1.5))]
    found = find_best_path(one_path(hazards=hazards))
    assert found.is_feasible
    assert found.best.stop_mm > 0


def test_docking_further_out_costs_when_nothing_is_gained() -> None:
    problem = one_path()
    without = one_path(tools=the_tools(weights={"docking_per_mm": 0.0}))
    assert find_best_path(problem).best.stop_mm == 0
    assert find_best_path(without).best.objective_mm == pytest.approx(
        find_best_path(problem).best.objective_mm, abs=1e-5
    )


def test_a_needle_wholly_inside_bone_is_refused() -> None:
    bone = [("sap:L5:left", Group.REMOVABLE, lambda x, *_: 0 * x - 0.5)]
    found = find_best_path(one_path(hazards=bone))
    assert not found.is_feasible
    assert found.best.slack_mm == pytest.approx(LEAST_SLACK - 51, abs=1.1)


def test_the_bone_in_the_way_is_the_section_times_the_way() -> None:
    # A flat surface half a millimetre beside the axis, along 50 mm: a circular segment.
    bone = [("sap:L5:left", Group.REMOVABLE, lambda x, *_: 0 * x - 0.5)]
    found = find_best_path(one_path(hazards=bone))
    r, d = 3.75, -0.5
    section = r * r * np.arccos(d / r) - d * np.sqrt(r * r - d * d)
    assert found.best.bone_mm3 == pytest.approx(50 * section, rel=0.03)


def test_a_short_way_of_the_needle_inside_bone_is_allowed() -> None:
    # 0.4 mm inside a ball of 2.5 mm: a chord of 2.7 mm, 20 mm from the target.
    along = direction_from_angles(55.0, 15.0)
    beside = np.cross(along, (0, 0, 1)) / np.linalg.norm(np.cross(along, (0, 0, 1)))
    thin = [("sap:L5:left", Group.REMOVABLE, ball(TARGET + 20 * along + 2.1 * beside, 2.5))]
    found = find_best_path(one_path(hazards=thin))
    without = find_best_path(one_path())
    assert found.is_feasible
    assert found.best.bone_mm3 > 0
    spent = 2.0 / 1000 * found.best.bone_mm3
    # The needle slides 0.4 mm deep; 0.865 mm is what its margin and radius leave.
    assert found.best.slack_mm == pytest.approx(0.465, abs=0.1)
    lost = 1.5 - found.best.slack_mm
    assert found.best.objective_mm == pytest.approx(
        without.best.objective_mm - lost - spent, abs=1e-4
    )


# Against loops


def least_of(problem: Problem, margins: dict, leave_out: frozenset) -> np.ndarray:
    """The least of distance minus margin at every node, flat, by a loop over the hazards."""
    least = np.full(problem.hazards.grid.shape, value("planning.field_reach_mm"))
    for hazard in problem.hazards.hazards:
        if hazard.key not in leave_out and margins.get(hazard.key) is not None:
            least = np.minimum(least, hazard.field.values - margins[hazard.key])
    return least.ravel()


def loops(problem: Problem, leave_out=frozenset()) -> tuple[np.ndarray, np.ndarray]:
    """Slack and objective of every candidate, by loops over paths and samples."""
    tools, grid, geometry = problem.tools, problem.hazards.grid, problem.geometry
    entries, targets = problem.entries.points_lps_mm, problem.targets.points_lps_mm
    stops = find_stops_mm(tools.technique)
    named = {h.key: (h.group, h.structure) for h in problem.hazards.hazards}
    solid = {k: 0.0 for k, (g, _) in named.items() if g not in (Group.NERVE, Group.SAC)}
    slim_field, wide_field, bone_field = (
        least_of(problem, margins, leave_out)
        for margins in (
            tools.least_distances_mm(named, full_length=True),
            tools.least_distances_mm(named, full_length=False),
            solid,
        )
    )
    slack = np.full((len(entries), len(targets), len(stops)), -np.inf)
    objective = slack.copy()
    allowed = find_allowed(problem.entries, problem.targets, geometry, tools)
    for e, t in np.argwhere(allowed.any(axis=2)):
        entry, target = entries[e], targets[t]
        length = float(np.linalg.norm(entry - target))
        along = 0.25 * np.arange(int(length / 0.25) + 1)
        nodes = grid.ijk(target + along[:, None] * (entry - target) / length)
        slim, wide, bone = (
            sample_plainly(field, grid.shape, nodes)
            for field in (slim_field, wide_field, bone_field)
        )
        needle = min(slim.min(), LEAST_SLACK - 0.25 * (bone < 0).sum())
        way = (entry - target) * (geometry.side.lateral_sign_lps, 1, 1)
        lateral = float(geometry.surgical_mm(entry)[0])
        cost = path_cost(problem, *angles_from_direction(way), length, lateral)
        cost += 0.2 * problem.targets.offsets_mm[t]
        for s in np.flatnonzero(allowed[e, t]):
            cannula = wide[along >= stops[s]].min()
            slack[e, t, s] = min(needle, cannula)
            if slack[e, t, s] >= 0:
                objective[e, t, s] = min(needle, 2.0, cannula, 1.5) - cost - 0.1 * stops[s]
    return slack, objective


def _at(problem: Problem, best: Candidate) -> tuple[int, int, int]:
    """The indices of a candidate."""
    e = np.flatnonzero((problem.entries.points_lps_mm == best.entry_lps_mm).all(axis=1))[0]
    t = np.flatnonzero((problem.targets.points_lps_mm == best.target_lps_mm).all(axis=1))[0]
    s = np.flatnonzero(find_stops_mm(problem.tools.technique) == best.stop_mm)[0]
    return int(e), int(t), int(s)


@pytest.mark.parametrize("seed", range(8))
def test_the_search_finds_what_loops_find(seed: int) -> None:
    problem = many_paths(list(random_balls(seed)))
    found = find_best_path(problem)
    slack, objective = loops(problem)
    assert found.is_feasible is bool(np.isfinite(objective).any())
    at = _at(problem, found.best)
    if found.is_feasible:
        assert found.best.objective_mm == pytest.approx(objective[at], abs=2e-3)
        assert objective[at] >= objective.max() - QUANTUM - 2e-3
        assert found.best.slack_mm == pytest.approx(slack[at], abs=2e-3)
    else:
        assert found.best.slack_mm >= slack.max() - 1.1  # settled at the coarse step only


def test_some_of_these_problems_have_a_way_and_some_have_none() -> None:
    answers = {find_best_path(many_paths(list(random_balls(s)))).is_feasible for s in range(8)}
    assert answers == {True, False}


@pytest.mark.parametrize("seed", range(3))
def test_what_is_left_out_no_longer_binds(seed: int) -> None:
    problem = many_paths(list(random_balls(seed, (3.0, 5.0))))
    for key in ("exiting_root:L4:left", "iap:L4:left"):
        without = frozenset({StructureKey.parse(key)})
        found = find_best_path(problem, without)
        _, objective = loops(problem, without)
        assert found.is_feasible is bool(np.isfinite(objective).any())
        if found.is_feasible:
            assert found.best.objective_mm == pytest.approx(objective.max(), abs=QUANTUM + 2e-3)


@pytest.mark.parametrize("seed", range(3))
def test_leaving_something_out_never_makes_it_worse(seed: int) -> None:
    problem = many_paths(list(random_balls(seed)))
    whole = find_best_path(problem)
    for hazard in problem.hazards.hazards:
        assert find_best_path(problem, frozenset({hazard.key})).rank >= (
            whole.rank[0],
            whole.rank[1] - QUANTUM,
        )


@pytest.mark.parametrize("seed", range(3))
def test_the_mirrored_problem_has_the_mirrored_answer(seed: int) -> None:
    problem = many_paths(list(random_balls(seed)))
    here, there = find_best_path(problem), find_best_path(mirror_problem(problem))
    assert here.is_feasible is there.is_feasible
    assert there.best.objective_mm == pytest.approx(here.best.objective_mm, abs=1e-3)
    assert there.best.entry_lps_mm * MIRROR == pytest.approx(here.best.entry_lps_mm)
    assert there.best.target_lps_mm * MIRROR == pytest.approx(here.best.target_lps_mm)
    assert there.best.stop_mm == here.best.stop_mm


def test_the_same_problem_gives_the_same_bytes() -> None:
    first, second = (find_best_path(many_paths(list(random_balls(3)))) for _ in range(2))
    assert first.best.objective_mm == second.best.objective_mm
    assert first.best.slack_mm == second.best.slack_mm
    assert np.array_equal(first.best.entry_lps_mm, second.best.entry_lps_mm)


def test_the_search_breathes_between_its_batches_and_finds_the_same() -> None:
    problem, asked = many_paths(tuple(random_balls(3))), []
    alone = find_best_path(problem)
    with breathing(lambda: asked.append(1)):
        again = find_best_path(problem)
    assert asked
    assert (again.rank, again.nodes, again.upper_bound_mm) == (
        alone.rank,
        alone.nodes,
        alone.upper_bound_mm,
    )


def test_a_search_that_is_called_off_ends_within_it() -> None:
    def call_off() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError), breathing(call_off):
        find_best_path(many_paths())
