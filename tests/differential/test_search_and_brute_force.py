"""The search finds what trying every candidate finds, and its bounds are never below that."""

from collections.abc import Callable
from dataclasses import replace

import numba
import numpy as np
import pytest
from tests.differential.phantom_crops import crop

from kambin.planning.ball_tree import BallTree
from kambin.planning.branch_and_bound import Forest
from kambin.planning.corridor_kernels import CorridorNumbers
from kambin.planning.cost_kernels import Costs, find_least_way_cost, find_way_cost
from kambin.planning.field_search import FieldProblem, measure_slack, search_field, try_all
from kambin.planning.gate_kernels import Gate
from kambin.planning.kernels import march_clearance_plainly, sample_plainly
from kambin.planning.slack import Slack, find_rises
from kambin.planning.staged_expand import bound_pairs
from kambin.planning.staged_search import StagedProblem, find_fixed, find_nodes, search_staged
from kambin.planning.walk_kernels import walk_bound, walk_exactly

SHAPE = (26, 24, 22)


def random_field(rng: np.random.Generator, steepness: float = 1.0) -> np.ndarray:
    """Distance to a few random balls minus a random margin; steeper than a distance if asked."""
    nodes = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), axis=-1)
    field = np.full(SHAPE, 7.0)
    for _ in range(int(rng.integers(1, 7))):
        centre, radius = rng.uniform(0, SHAPE), rng.uniform(0.5, 6.0)
        field = np.minimum(field, np.linalg.norm(nodes - centre, axis=-1) - radius)
    return (steepness * (field - rng.uniform(-1.0, 2.0))).astype(np.float32)


def random_margin(rng: np.random.Generator) -> float:
    return float(rng.uniform(-1.0, 2.0))


def a_crop_field(seed: int, steepness: float) -> np.ndarray:
    """What one tool of a random margin is away from nerves and bones of a made patient."""
    rng = np.random.default_rng(10_000 + seed)
    found = crop(rng, SHAPE)
    field = np.minimum(found["nerves"], found["bones"] + rng.uniform(0, 2)) - random_margin(rng)
    return (steepness * field).astype(np.float32)


def crop_fields(seed: int) -> tuple[np.ndarray, ...]:
    """Slim tools, wide tools, all bone, and the bone that may go, about one root."""
    rng = np.random.default_rng(20_000 + seed)
    found = crop(rng, SHAPE)
    slim, wide = (
        np.minimum(found["nerves"] - random_margin(rng), found["organs"] - random_margin(rng))
        for _ in range(2)
    )
    return tuple(f.astype(np.float32) for f in (slim, wide, found["bones"], found["bones"] + 0.5))


def random_points(rng: np.random.Generator, low, high, count: int) -> np.ndarray:
    return rng.uniform(low, high, size=(count, 3)).astype(np.float32)


def a_field_problem(seed: int) -> FieldProblem:
    """Entries on one face, targets at the other, random costs, cap and steepness.

    The field of every other problem is a piece of a made patient, else a few balls.
    """
    rng = np.random.default_rng(seed)
    entries = random_points(rng, (18, 2, 2), (23, 21, 19), int(rng.integers(1, 90)))
    targets = random_points(rng, (2, 5, 5), (6, 18, 16), int(rng.integers(1, 60)))
    costs = Costs(
        rng.uniform(0, 0.5, len(entries)) * rng.integers(0, 2),
        rng.uniform(0, 0.5, len(targets)) * rng.integers(0, 2),
        per_mm=float(rng.uniform(0, 0.1) * rng.integers(0, 2)),
        per_deg=float(rng.uniform(0, 0.1) * rng.integers(0, 2)),
        theta_deg=(40.0, 55.0),
        phi_deg=(-10.0, 10.0),
    )
    steepness = float(rng.choice([1.0, 1.0, 2.5]))
    cap = float(rng.choice([1.0, 3.0, np.inf]))
    field = a_crop_field(seed, steepness) if seed % 2 else random_field(rng, steepness)
    return FieldProblem(field, entries, targets, float(rng.choice([0.5, 1.0])), costs, cap)


def try_all_of(problem: FieldProblem) -> np.ndarray:
    """The value of every pair: all samples of all paths, with the kernel of the search."""
    row, plane = problem.lines
    clear = try_all(
        problem.field.reshape(-1),
        row,
        plane,
        problem.entries,
        problem.targets,
        np.float32(problem.step),
    ).astype(float)
    costs = np.array([[cost_of(problem, e, t) for t in problem.targets] for e in problem.entries])
    own = problem.costs.entries_mm[:, None] + problem.costs.targets_mm
    return np.minimum(clear, problem.cap_mm) - costs - own


def cost_of(problem: FieldProblem, entry: np.ndarray, target: np.ndarray) -> float:
    return find_way_cost(*(entry.astype(float) - target.astype(float)), problem.costs.numbers)


# One field


@pytest.mark.parametrize("block", range(10))
def test_two_hundred_small_problems_equal_brute_force(block: int) -> None:
    for seed in range(20 * block, 20 * block + 20):
        problem = a_field_problem(seed)
        values = try_all_of(problem)
        found = search_field(problem)
        assert found.value_mm == pytest.approx(values.max(), abs=1e-6)
        assert found.upper_mm == pytest.approx(values.max(), abs=1e-6)
        assert values[found.entry, found.target] == pytest.approx(values.max(), abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_the_kernel_equals_the_numpy_oracle(seed: int) -> None:
    problem = a_field_problem(seed)
    row, plane = problem.lines
    entries, targets = problem.entries[:9], problem.targets[:9]
    flat = problem.field.reshape(-1)
    ours = try_all(flat, row, plane, entries, targets, np.float32(problem.step))
    plain = march_clearance_plainly(flat, SHAPE, entries, targets, problem.step)
    assert np.abs(ours - plain).max() <= 2e-5 * max(1.0, np.abs(plain).max() / 10)


@pytest.mark.parametrize("seed", range(12))
def test_ties_go_to_the_first_of_the_list(seed: int) -> None:
    problem = a_field_problem(seed)
    steps = np.rint(try_all_of(problem) / 0.05)
    found = search_field(problem, quantum_mm=0.05)
    place = np.unravel_index(int(np.argmax(steps)), steps.shape)
    assert (found.entry, found.target) == place


@pytest.mark.parametrize("seed", range(12))
def test_no_proof_of_infeasibility_is_contradicted(seed: int) -> None:
    problem = a_field_problem(seed)
    most = try_all_of(problem).max()
    assert search_field(problem, reach_mm=most + 1e-4).entry == -1
    reached = search_field(problem, reach_mm=most - 1e-4)
    assert reached.value_mm == pytest.approx(most, abs=1e-6)


@pytest.mark.parametrize("seed", range(60))
def test_a_bound_is_never_below_a_path_of_its_balls(seed: int) -> None:
    rng = np.random.default_rng(seed)
    field = random_field(rng, float(rng.choice([1.0, 1.8, 4.0])))
    slack = Slack.measured(field)
    row, plane = np.uint64(SHAPE[2]), np.uint64(SHAPE[1] * SHAPE[2])
    middles = (
        random_points(rng, (17, 6, 6), (20, 16, 15), 1)[0],
        random_points(rng, (5, 7, 7), (7, 15, 14), 1)[0],
    )
    reaches = rng.uniform(0, 2.5, 2)
    offsets = rng.normal(size=(2, 200, 3))
    offsets *= (reaches * rng.uniform(0, 1, (200, 2)) ** 0.2).T[..., None] / np.linalg.norm(
        offsets, axis=-1, keepdims=True
    )
    entries, targets = (m + o for m, o in zip(middles, offsets, strict=True))
    step, steep, far = np.float32(0.5), np.float32(slack.steep_mm), np.float32(slack.far_mm)
    settings = (step, steep, far, np.float32(50.0))
    flat = field.reshape(-1)
    ends = (middles[0], np.float32(reaches[0] + 1e-4), middles[1], np.float32(reaches[1] + 1e-4))
    bound = walk_bound(flat, row, plane, *ends, *settings, np.float32(-99))
    pairs = list(zip(entries.astype(np.float32), targets.astype(np.float32), strict=True))
    for entry, target in pairs:
        least, is_exact, _ = walk_exactly(
            flat, row, plane, entry, target, *settings, np.float32(-99)
        )
        assert is_exact
        assert least <= bound + 1e-6
        # A walk that was stopped has seen at most what the whole walk has: never a lower bound.
        stopped, is_exact, _ = walk_exactly(
            flat, row, plane, entry, target, *settings, np.float32(least + 0.5)
        )
        assert not is_exact
        assert stopped >= least


@pytest.mark.parametrize("seed", range(8))
def test_two_points_differ_by_no_more_than_the_slack(seed: int) -> None:
    rng = np.random.default_rng(seed)
    field = random_field(rng) + (rng.normal(size=SHAPE) * seed / 8).astype(np.float32)
    slack = Slack.measured(field)
    here = rng.uniform(3, 18, (4000, 3))
    there = here + rng.normal(size=here.shape) * rng.choice([0.05, 0.3, 1.0, 3.0], (4000, 1))
    there = np.clip(there, 0.1, np.array(SHAPE) - 1.1)
    ours, theirs = (sample_plainly(field.reshape(-1), SHAPE, points) for points in (here, there))
    apart = np.linalg.norm(here - there, axis=1)
    assert (np.abs(ours - theirs) <= slack.at_mm(apart) + 1e-6).all()


def test_rises_are_those_of_all_neighbours() -> None:
    field = random_field(np.random.default_rng(5)) ** 2
    shifted = {
        k: np.abs(
            field[
                k[0] :,
                max(k[1], 0) : SHAPE[1] + min(k[1], 0),
                max(k[2], 0) : SHAPE[2] + min(k[2], 0),
            ]
            - field[
                : SHAPE[0] - k[0],
                max(-k[1], 0) : SHAPE[1] + min(-k[1], 0),
                max(-k[2], 0) : SHAPE[2] + min(-k[2], 0),
            ]
        ).max()
        for k in np.ndindex(2, 3, 3)
        for k in [(k[0], k[1] - 1, k[2] - 1)]
        if any(k)
    }
    by_kind = [shifted[1, 0, 0], shifted[0, 1, 0], shifted[0, 0, 1]]
    for steps in (2, 3):
        by_kind.append(max(v for k, v in shifted.items() if sum(map(abs, k)) == steps))
    assert find_rises(field) == pytest.approx(by_kind)


@pytest.mark.parametrize("seed", range(6))
def test_no_path_of_two_balls_costs_less_than_its_bound(seed: int) -> None:
    rng = np.random.default_rng(seed)
    costs = Costs(np.zeros(1), np.zeros(1), 0.1, 0.05, (40.0, 55.0), (5.0, 15.0), -1.0)
    for _ in range(40):
        way, reach = rng.uniform(-40, 40, 3), rng.uniform(0, 12)
        least = find_least_way_cost(*way, reach, costs.numbers)
        inside = rng.normal(size=(50, 3))
        inside *= reach * rng.uniform(0, 1, (50, 1)) / np.linalg.norm(inside, axis=1)[:, None]
        assert min(find_way_cost(*(way + w), costs.numbers) for w in inside) >= least


def find_on_both_counts(find: Callable[[], object]) -> list[object]:
    """What is found on one thread, and on two."""
    if numba.config.NUMBA_NUM_THREADS < 2:
        pytest.skip("one thread is all there is")
    before, answers = numba.get_num_threads(), []
    for threads in (1, 2):
        numba.set_num_threads(threads)
        try:
            answers.append(find())
        finally:
            numba.set_num_threads(before)
    return answers


@pytest.mark.parametrize("seed", [3, 4])
def test_threads_change_neither_answer_nor_work(seed: int) -> None:
    problem = a_field_problem(seed)
    one, two = find_on_both_counts(lambda: search_field(problem))
    assert one == two


# All stages


def a_staged_problem(seed: int) -> StagedProblem:
    """Random fields, costs, docking distances and limits; the corridor lets every path pass.

    The fields of every other problem are pieces of a made patient, else a few balls each.
    """
    rng = np.random.default_rng(seed)
    entries = random_points(rng, (18, 2, 2), (23, 21, 19), int(rng.integers(1, 25))).astype(float)
    targets = random_points(rng, (2, 5, 5), (6, 18, 16), int(rng.integers(1, 12))).astype(float)
    stops = np.arange(int(rng.integers(1, 7))) * 1.0
    limits = [
        99.0,
        -180,
        180,
        -90,
        90,
        1.0,
        0.0,
        99.0,
        -99.0,
        99.0,
        99.0,
        99.0,
        99.0,
        0,
        0,
        0,
        0,
        0,
    ]
    return StagedProblem(
        fields=crop_fields(seed) if seed % 2 else tuple(random_field(rng) for _ in range(4)),
        origin_mm=np.zeros(3),
        spacing_mm=1.0,
        stop_costs_mm=float(rng.uniform(0, 0.3)) * stops,
        stop_step_mm=1.0,
        step_mm=0.25,
        bone_step_mm=1.0,
        bone_reach_mm=float(rng.integers(4, 30)),
        radius_mm=float(rng.uniform(1.0, 4.0)),
        wished_mm=(float(rng.uniform(0.5, 3)), float(rng.uniform(0.5, 3))),
        bone_limit_mm=float(rng.uniform(0, 12)),
        gain=1.0,
        bone_cost_per_mm3=float(rng.choice([0.0, 0.002, 0.02])),
        costs=Costs(rng.uniform(0, 0.5, len(entries)), rng.uniform(0, 0.5, len(targets)), 0.005),
        gate=Gate(
            99, 0, (-180, 180), (-90, 90), 1.0, np.eye(3, 4), 99, 99, -99, 99, np.zeros(4), 99, 99
        ),
        corridor=CorridorNumbers(
            entries, targets, entries, targets, stops, np.array(limits), np.empty((0, 7))
        ),
    )


def measure_plainly(p: StagedProblem, require_mm: float) -> np.ndarray:
    """The value of every candidate, sample by sample in numpy; -inf below what is required."""
    entries, targets = p.corridor.entries_mm, p.corridor.targets_mm
    ways = entries[:, None] - targets
    lengths = np.linalg.norm(ways, axis=-1)
    # all samples of the longest way along each; what lies behind an entry counts nowhere
    along = p.step_mm * np.arange(int(lengths.max() / p.step_mm) + 1)
    held = np.arange(len(along)) <= (lengths / p.step_mm).astype(int)[..., None]
    shares = np.where(held, along / lengths[..., None], 0.0)
    points = targets[None, :, None] + shares[..., None] * ways[:, :, None]
    full, docking, bone, removable = (
        np.where(
            held,
            sample_plainly(f.reshape(-1), SHAPE, points.reshape(-1, 3)).reshape(held.shape),
            np.inf,
        )
        for f in p.fields
    )
    slim = np.minimum(full.min(axis=-1), p.bone_limit_mm - p.step_mm * (bone < 0).sum(axis=-1))
    d = np.clip(removable / p.radius_mm, -1, 1)
    section = p.radius_mm**2 * (np.arccos(d) - d * np.sqrt(1 - d * d))
    section[..., along > p.bone_reach_mm + 1e-9] = 0
    every = round(p.bone_step_mm / p.step_mm)
    values = np.full((*lengths.shape, len(p.corridor.stops_mm)), -np.inf)
    for s, stop in enumerate(p.corridor.stops_mm):
        used = along >= stop - 1e-9
        wide = docking[..., used].min(axis=-1, initial=np.inf)
        least = np.minimum(np.minimum(slim, p.wished_mm[0]), np.minimum(wide, p.wished_mm[1]))
        taken = (section * used)[..., ::every].sum(axis=-1) * p.bone_step_mm
        worth = p.gain * least - p.stop_costs_mm[s] - p.bone_cost_per_mm3 * taken
        values[..., s] = np.where(np.minimum(slim, wide) >= require_mm, worth, -np.inf)
    costs = p.costs.entries_mm[:, None] + p.costs.targets_mm + p.costs.per_mm * lengths
    return values - costs[..., None]


@pytest.mark.parametrize("block", range(10))
def test_two_hundred_staged_problems_equal_the_numpy_oracle(block: int) -> None:
    for seed in range(20 * block, 20 * block + 20):
        problem = a_staged_problem(seed)
        require = 0.0 if seed % 3 else -np.inf
        values = measure_plainly(problem, require)
        found = search_staged(problem, quantum_mm=0.0, require_mm=require)
        # A candidate whose clearance is what is required to the last bit may pass on one side only.
        if found.at is None:
            assert measure_plainly(problem, require + 1e-4).max() == -np.inf
            continue
        assert found.value_mm == pytest.approx(values.max(), abs=1e-4)
        assert found.upper_mm == found.value_mm
        assert values[found.at] == pytest.approx(values.max(), abs=1e-4)


@pytest.mark.parametrize("seed", range(6))
def test_threads_change_nothing_of_all_stages_either(seed: int) -> None:
    problem = a_staged_problem(seed)
    one, two = find_on_both_counts(lambda: search_staged(problem, quantum_mm=0.05))
    assert one == two


@pytest.mark.parametrize("seed", range(20))
def test_bounds_of_all_balls_hold_for_their_candidates(seed: int) -> None:
    problem = a_staged_problem(seed)
    values = measure_plainly(problem, -np.inf)
    forest = Forest(
        BallTree.of(problem.nodes(problem.corridor.entries_mm), 2),
        BallTree.of(problem.nodes(problem.corridor.targets_mm), 2),
    )
    counts = len(forest.entries.radii), len(forest.targets.radii)
    pairs = np.ascontiguousarray(np.array(list(np.ndindex(counts))).T)
    nodes = find_nodes(problem, forest)
    fixed = find_fixed(problem, -np.inf)
    bounds = bound_pairs(*fixed, problem.gate.numbers, *nodes, pairs, -np.inf)
    for (e, t), bound in zip(pairs.T, bounds, strict=True):
        mine, its = (
            tree.order[slice(*tree.spans[n])]
            for tree, n in ((forest.entries, e), (forest.targets, t))
        )
        assert bound >= values[np.ix_(mine, its)].max() - 1e-4


def test_a_tree_holds_every_point_in_every_ball_above_it() -> None:
    points = random_points(np.random.default_rng(1), (0, 0, 0), (9, 9, 9), 333)
    tree = BallTree.of(points, 8)
    assert np.array_equal(np.sort(tree.order), np.arange(333))
    assert np.array_equal(tree.points, points[tree.order])
    for node, (first, last) in enumerate(tree.spans):
        away = np.linalg.norm(tree.points[first:last] - tree.centres[node], axis=1)
        assert away.max() <= tree.radii[node]
        assert tree.children[node] >= 0 or last - first <= 8


@pytest.mark.parametrize("seed", range(6))
def test_a_cliff_that_no_path_meets_changes_nothing(seed: int) -> None:
    problem = a_field_problem(seed)
    found = search_field(problem)
    ends = np.concatenate([problem.entries, problem.targets])
    low = np.floor(ends.min(axis=0)).astype(int)
    field = problem.field.copy()
    field[: low[0]] += np.float32(40.0)
    field[:, :, : low[2]] -= np.float32(40.0)
    torn = replace(problem, field=field)
    assert Slack.measured(field).steep_mm > 30.0
    assert measure_slack(torn) == measure_slack(problem)
    assert search_field(torn) == found
