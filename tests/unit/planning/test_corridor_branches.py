"""Distinct corridors: branches of the merge tree that persist, each with its own best plan."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.unit.planning.small_problems import a_problem, ball, some_entries, some_targets

from kambin.knowledge import value
from kambin.planning.branch_kernels import Branches, find_branches, find_neighbours
from kambin.planning.corridor import find_allowed, find_path_angles
from kambin.planning.corridor_branches import find_corridors, find_pair_slack_mm, thin_points
from kambin.planning.policy import Group
from kambin.planning.problem import Problem
from kambin.planning.search import (
    NO_KEYS,
    combine_margins,
    find_best_path,
    march_candidates,
)

LINE = np.array([[2.0 * n, 0.0, 0.0] for n in range(60)])
ONE = np.zeros((1, 3))


def branches_of(slack, entries=LINE, targets=ONE, *, persistence_mm=0.5, least=3) -> Branches:
    return find_branches(
        np.asarray(slack, dtype=np.float32).reshape(len(entries), len(targets)),
        entries,
        targets,
        near_mm=3.6,
        persistence_mm=persistence_mm,
        least_pairs=least,
    )


def branches_plainly(slack, entries, targets, near_mm, persistence_mm, least) -> dict:
    """Union in descending slack with sets of pairs: birth place to persistence and members."""
    components: list[dict] = []
    found = {}
    places = sorted(np.ndindex(slack.shape), key=lambda p: (-slack[p], p))
    for e, t in [p for p in places if slack[p] >= 0]:
        level = float(slack[e, t])

        def touches(pair, e=e, t=t) -> bool:
            if pair[1] == t:
                return bool(np.linalg.norm(entries[pair[0]] - entries[e]) <= near_mm)
            near = np.linalg.norm(targets[pair[1]] - targets[t]) <= near_mm
            return bool(pair[0] == e and near)

        met = [c for c in components if any(touches(pair) for pair in c["all"])]
        components = [c for c in components if not any(c is m for m in met)]
        # The eldest was born first and stands first: components keep the order of their birth.
        met.sort(key=lambda c: c["rank"])
        merged = {
            "rank": met[0]["rank"] if met else len(found) + 10_000 * places.index((e, t)),
            "birth": met[0]["birth"] if met else (e, t),
            "all": {(e, t)},
            "own": {(e, t)},
        }
        for n, c in enumerate(met):
            lost = float(slack[c["birth"]]) - level
            merged["all"] |= c["all"]
            if n and lost >= persistence_mm and len(c["own"]) >= least:
                found[c["birth"]] = (lost, c["own"])
            else:
                merged["own"] |= c["own"]
        components.append(merged)
    for c in components:
        top = float(slack[c["birth"]])
        if top >= persistence_mm and len(c["own"]) >= least:
            found[c["birth"]] = (top, c["own"])
    return found


# Branches


def test_two_hills_are_two_corridors() -> None:
    at = LINE[:, 0]
    slack = np.maximum(3 - np.abs(at - 20) / 5, 2 - np.abs(at - 90) / 5)
    found = branches_of(slack)
    assert found.persistence_mm == pytest.approx([3.0, 2.0])
    assert at[found.members[0]].min() >= 20 - 15
    assert at[found.members[0]].max() <= 20 + 15
    assert at[found.members[1]].tolist() == at[(at >= 80) & (at <= 100)].tolist()


def test_a_hill_counts_from_where_it_meets_a_higher_one() -> None:
    at = LINE[:, 0]
    slack = np.maximum(3 - np.abs(at - 40) / 20, 2.5 - np.abs(at - 70) / 20)
    for least_mm, persists in ((0.5, [3.0, 0.5]), (0.6, [3.0])):
        found = branches_of(slack, persistence_mm=least_mm)
        # They meet at 60 mm, at 2 mm of clearance.
        assert found.persistence_mm == pytest.approx(persists, abs=1e-5)
    lower = branches_of(slack).members[1]
    assert at[lower].min() > 60


def test_noise_on_one_hill_gives_one_corridor() -> None:
    rng = np.random.default_rng(0)
    slack = 3 - np.abs(LINE[:, 0] - 60) / 30 + rng.uniform(-0.24, 0.24, 60)
    found = branches_of(slack)
    assert len(found.members) == 1
    assert found.members[0].tolist() == list(range(60))


def test_specks_and_what_does_not_pass_are_no_corridors() -> None:
    slack = np.full(60, -1.0)
    slack[10:12] = 3.0
    assert not branches_of(slack).members
    assert len(branches_of(slack, least=2).members) == 1
    assert not branches_of(np.full(60, -0.1)).members
    assert not branches_of(np.full(60, 0.3)).members


def test_neighbours_are_looked_for_among_targets_too() -> None:
    slack = np.full((60, 3), -1.0)
    slack[5, :] = slack[40, :] = 2.0
    apart = np.array([[0.0, 0, 0], [2.0, 0, 0], [4.0, 0, 0]])
    assert len(branches_of(slack, targets=apart).members) == 2
    assert not branches_of(slack, targets=3 * apart).members


def test_equal_hills_are_told_in_the_order_of_the_list() -> None:
    at = LINE[:, 0]
    slack = np.maximum(2 - np.abs(at - 30) / 5, 2 - np.abs(at - 90) / 5)
    found = branches_of(slack)
    assert [int(members[0]) for members in found.members] == sorted(
        int(members[0]) for members in found.members
    )
    assert len(found.members) == 2


@pytest.mark.parametrize("seed", range(12))
def test_the_kernel_finds_the_branches_of_the_plain_merge_tree(seed: int) -> None:
    rng = np.random.default_rng(seed)
    entries = rng.uniform(0, 12, (int(rng.integers(3, 25)), 3))
    targets = rng.uniform(0, 8, (int(rng.integers(1, 5)), 3))
    slack = np.round(rng.uniform(-0.5, 3, (len(entries), len(targets))), int(seed % 3 + 1))
    slack = slack.astype(np.float32)
    least = int(rng.integers(1, 4))
    plain = branches_plainly(slack, entries, targets, 3.6, 0.5, least)
    found = branches_of(slack, entries, targets, least=least)
    assert found.persistence_mm == pytest.approx(
        sorted((lost for lost, _ in plain.values()), reverse=True), abs=1e-5
    )
    ours = {tuple(members.tolist()) for members in found.members}
    theirs = {tuple(sorted(e * len(targets) + t for e, t in own)) for _, own in plain.values()}
    assert ours == theirs
    # No pair belongs to two corridors.
    assert sum(map(len, ours)) == len(set().union(*ours)) if ours else True


def test_neighbours_stand_in_rows_by_point() -> None:
    starts, near = find_neighbours(np.array([[0.0, 0, 0], [9, 0, 0], [1, 0, 0], [2, 0, 0]]), 1.0)
    rows = [near[a:b].tolist() for a, b in pairwise(starts)]
    assert rows == [[2], [], [0, 3], [2]]


# Thinning


@pytest.mark.parametrize("seed", range(4))
def test_thinned_points_are_apart_and_leave_no_gap(seed: int) -> None:
    points = np.random.default_rng(seed).uniform(0, 10, (300, 3))
    kept = thin_points(points, 2.0)
    away = np.linalg.norm(points[:, None] - points[kept][None], axis=-1)
    assert (away.min(axis=1) < 2.0).all()
    assert (away[kept] + 9 * np.eye(len(kept)) >= 2.0 - 1e-5).all()
    assert (np.diff(kept) > 0).all()
    assert kept[0] == 0


def test_a_lattice_of_just_the_spacing_stays_whole() -> None:
    assert thin_points(LINE, 2.0).tolist() == list(range(60))
    assert thin_points(LINE, 4.0).tolist() == list(range(0, 60, 2))
    assert not len(thin_points(np.empty((0, 3)), 2.0))


# The planner's problem


@pytest.fixture(scope="module")
def a_wall_with_two_gaps() -> Problem:
    """Paths in a fan; balls close the middle of it and leave a window above and one below."""
    target = np.array([12.0, 16.0, 0.0])
    angles = [(theta, phi) for theta in np.arange(40, 66, 1.5) for phi in np.arange(-19, 35, 1.5)]
    entries = some_entries(target, [(float(a), float(b)) for a, b in angles], 80.0)
    targets = some_targets([target, target + np.array([0.0, 0.0, 2.0])])
    middles = some_entries(target, [(float(a), 8.0) for a in np.arange(38, 70, 4.0)], 50.0)
    balls = [
        (f"exiting_root:L{n % 5 + 1}:{side}", Group.NEVER, ball(point, 7.0))
        for n, point in enumerate(middles.points_lps_mm)
        for side in ("left" if n < 5 else "right",)
    ]
    return a_problem(entries, targets, balls)


def test_each_window_is_a_corridor_with_its_own_best_plan(a_wall_with_two_gaps: Problem) -> None:
    problem = a_wall_with_two_gaps
    corridors = find_corridors(problem)
    assert len(corridors) == 2
    above, below = sorted(corridors, key=lambda c: -c.entry_lps_mm[2])
    assert above.craniocaudal_deg[0] > below.craniocaudal_deg[1]
    assert min(c.persistence_mm for c in corridors) >= value("planning.corridor_persistence_mm")
    assert min(c.pairs for c in corridors) >= value("planning.corridor_pairs")
    best = find_best_path(problem)
    assert best.best is not None
    for corridor in corridors:
        assert corridor.slack_mm >= 0
        assert corridor.objective_mm <= best.best.objective_mm + 1e-9
        ends = np.array([corridor.entry_lps_mm]), np.array([corridor.target_lps_mm])
        theta, phi, _ = find_path_angles(*ends, problem.geometry.side)
        assert corridor.craniocaudal_deg[0] - 1e-9 <= phi[0, 0]
        assert phi[0, 0] <= corridor.craniocaudal_deg[1] + 1e-9
        low, high = corridor.axial_inclination_deg
        assert low - 1e-9 <= theta[0, 0] <= high + 1e-9
        assert corridor.lateral_mm[0] < corridor.lateral_mm[1]
    assert find_corridors(problem) == corridors


def test_without_the_wall_there_is_one(a_wall_with_two_gaps: Problem) -> None:
    free = a_wall_with_two_gaps
    only = find_corridors(replace(free, hazards=replace(free.hazards, hazards=())))
    assert len(only) == 1


def test_where_nothing_passes_there_is_none(a_wall_with_two_gaps: Problem) -> None:
    closed = a_wall_with_two_gaps
    target = closed.targets.points_lps_mm[0]
    wall = a_problem(
        closed.entries, closed.targets, [("dural_sac", Group.NEVER, ball(target, 9.0))]
    )
    assert find_corridors(wall) == ()


def test_pairs_have_the_slack_of_their_best_docking_that_is_allowed(
    a_wall_with_two_gaps: Problem,
) -> None:
    problem = a_wall_with_two_gaps
    slack = find_pair_slack_mm(problem)
    allowed = find_allowed(problem.entries, problem.targets, problem.geometry, problem.tools)
    fields, step_mm = combine_margins(problem, NO_KEYS), value("planning.path_step_mm")
    marched = march_candidates(problem, fields, problem.entries.points_lps_mm, step_mm)
    plainly = np.where(allowed, marched.slack_mm, -np.inf).max(axis=2)
    passes = plainly >= 0
    assert passes.any()
    assert not passes.all()
    assert np.array_equal(np.isfinite(slack), passes)
    assert slack[passes] == pytest.approx(plainly[passes], abs=2e-5)
